//! The stage of draws: the answer to one query, kept as the very CSV file that users get; while it is made, in shards.

use super::case::{Asked, Case};
use super::failure::{Failure, Outcome};
use super::interrupt;
use super::numbers::{exact, listed, rounded};
use super::progress::grouped;
use super::shards::{Effort, Shards, place, room};
use super::stage::{Bench, Found, Stage};
use super::store::{Change, Damage, Entry, Held, Kind, Manifest, Store};
use super::weights::{Trained, reals};
use sbi_infer::{
    Conditional, DrawError, Draws, Fitted, How, Levels, PosteriorPlan, Probe, Scale, Tilted, Under, Weights,
};
use sbi_model::{Approximator, ChangedPrior, Query, State, Token};
use sbi_sim::Restriction;
use serde::{Deserialize, Serialize};
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

const DRAWS: &str = "draws.csv";

/// A shard takes about so long to make, once it is known how fast that goes.
const SHARD_TIME: Duration = Duration::from_secs(10);
const FIRST_SHARD: usize = 64;

/// Draws without guidance and with it by which it is known how often the conditions hold, and how likely draws are under changed
/// priors; and as many of the former where one of them has more than this share of all weight.
const PROBES: usize = 2_000;
const GUIDED_PROBES: usize = 200;
const MOST_PROBES: usize = 20_000;
const LARGEST: f64 = 0.01;

/// Where fewer draws than this share satisfy the conditions, or are worth less than so many, the others are not made again and again,
/// but guided.
const GUIDED_BELOW: f64 = 0.02;
const MOST_GROWTH: f64 = 16.0;

/// The draws of one query.
pub struct Drawing<'a> {
    entry: Entry,
    query: &'a Query,
    approximator: &'a Approximator,
    asked: &'a Asked<'a>,
    restriction: Option<&'a Restriction>,
    tilted: Option<&'a Tilted>,
    seed: u64,
}

/// The draws of a query and how they came about.
pub struct Answer {
    /// One name for each inferred quantity, in the order asked.
    pub names: Vec<String>,
    /// `[draws, names]`, row-major.
    pub values: Vec<f64>,
    /// The same as a CSV file.
    pub csv: Vec<u8>,
    /// How they came about.
    pub notes: Notes,
}

/// What is noted with draws: all that a summary says beside the draws, so that it needs no other entry of the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Seconds spent on simulations.
    pub simulate_seconds: f64,
    /// Seconds spent on training.
    pub train_seconds: f64,
    /// Steps of training.
    pub steps: usize,
    /// Seconds spent on drawing.
    pub draw_seconds: f64,
    /// Looks at the network from noise to a draw.
    pub solver_steps: usize,
    /// Draws that were made again: outside the prior's support, not as the conditions say, or too unlikely under a changed prior.
    pub redrawn: usize,
    /// How draws came to satisfy the conditions, if there are any.
    pub restricted: Option<Restricted>,
    /// How draws came to have changed priors, if there are any.
    pub reweighed: Option<Restricted>,
    /// What was chosen for the network and its training.
    pub plan: serde_json::Value,
    /// The choice in a line.
    pub choice: String,
    /// Why the answer should be taken with care, a sentence each.
    pub cautions: Vec<String>,
}

/// How draws came to be as a query says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restricted {
    /// The share of draws without its conditions that satisfy them; of draws without its changed priors, what share of equally weighed
    /// ones they are worth.
    pub share_without: f64,
    /// Whether draws were guided, which is approximate; else others were made again.
    pub guided: bool,
    /// The share of guided draws within the prior's support that satisfy them at once, where some were tried.
    pub share_guided: Option<f64>,
}

impl Notes {
    /// The notes of an answer of which nothing is drawn yet.
    fn of(trained: &Trained, drawing: &Drawing) -> Notes {
        Notes {
            simulate_seconds: trained.notes.simulate_seconds,
            train_seconds: trained.notes.train_seconds,
            steps: trained.notes.step,
            plan: trained.weights.plan(),
            choice: trained.weights.summary(),
            cautions: drawing.unseen(trained.weights.scales()),
            ..Notes::default()
        }
    }
}

fn value(notes: &Notes) -> serde_json::Value {
    serde_json::to_value(notes).expect("notes are plain data")
}

impl Stage for Drawing<'_> {
    type Input = Trained;
    type Product = Answer;

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn title(&self) -> String {
        format!("{} draws for `{}`", grouped(self.query.draws), self.query.name)
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Answer>, Damage> {
        if !manifest.lists(DRAWS) {
            let kept = self.shards().read(manifest, self.query.draws, &mut |_, _| ());
            return Ok(kept.part(self.query.draws));
        }
        let damage = || Damage(format!("the kept answer to `{}` is damaged", self.query.name));
        let csv = self.entry.read(manifest, DRAWS)?;
        let names = self.asked.names();
        let values = parse(&csv, &names).ok_or_else(damage)?;
        let whole = values.len() == self.query.draws * names.len();
        let notes = manifest.notes().filter(|_| whole).ok_or_else(damage)?;
        Ok(Found::Whole(Answer { names, values, csv, notes }))
    }

    fn make(&self, trained: &Trained, bench: &Bench, held: &mut Held) -> Outcome<Answer> {
        if held.manifest().lists(DRAWS) {
            held.clear()?;
        }
        match &trained.weights {
            Fitted::Joint(weights) => self.make_joint(weights, trained, bench, held),
            Fitted::Posterior(weights) => self.make_posterior(weights, trained, bench, held),
        }
    }
}

/// What is known of draws before any is made.
struct Known {
    /// What draws without guidance show.
    plain: Probe,
    /// The share of guided ones that hold at once, where some were tried.
    share_guided: Option<f64>,
    how: How,
}

/// What makes the draws with some numbers, heard of as they are done.
type Make<'m> =
    dyn Fn(Range<usize>, &mut dyn FnMut(usize) -> ControlFlow<()>) -> Result<Draws, DrawError> + 'm;

impl Drawing<'_> {
    fn make_joint(
        &self,
        weights: &Weights,
        trained: &Trained,
        bench: &Bench,
        held: &mut Held,
    ) -> Outcome<Answer> {
        let began = Instant::now();
        let free = self.asked.conditional(weights, self.seed);
        let levels = self.levels(free, bench)?;
        let conditional = Conditional { levels: Some(&levels), ..free };
        let known = self.probed(conditional, bench)?;
        let under = known.as_ref().map(|known| self.under(known.how));
        let looked = began.elapsed().as_secs_f64();
        let conditional = Conditional { under, ..conditional };
        let make: &Make = &|gap, go_on| conditional.draw(gap, &bench.machine, go_on);
        let (values, effort) = self.finish(make, bench, held)?;
        let mut notes = Notes::of(trained, self);
        if let Some(known) = known {
            notes.restricted = self.restriction.map(|_| known.of(known.plain.holding()));
            notes.reweighed = self.tilted.map(|_| known.of(known.plain.share()));
            let tilted = notes.reweighed.and_then(|reweighed| self.weighing(reweighed));
            let restricted =
                notes.restricted.and_then(|restricted| restricted.caution(&effort, self.query.draws));
            notes.cautions.extend(tilted.into_iter().chain(restricted));
        }
        (notes.draw_seconds, notes.redrawn) = (looked + effort.seconds, effort.again as usize);
        let guided = under.filter(|under| under.how == How::Guidance);
        notes.solver_steps = guided.map_or(levels.count(), |under| under.looks());
        self.keep(values, notes, held)
    }

    fn make_posterior(
        &self,
        weights: &Weights<PosteriorPlan>,
        trained: &Trained,
        bench: &Bench,
        held: &mut Held,
    ) -> Outcome<Answer> {
        let reals = reals(&self.asked.model, self.approximator, &self.asked.subject)?;
        let posterior = self.asked.posterior(weights, &reals, (self.query.steps, self.seed));
        let make: &Make = &|gap, go_on| posterior.draw(gap, &bench.machine, go_on);
        let (values, effort) = self.finish(make, bench, held)?;
        let mut notes = Notes::of(trained, self);
        (notes.draw_seconds, notes.solver_steps) = (effort.seconds, weights.plan.looks(self.query.steps));
        self.keep(values, notes, held)
    }

    /// The answer of all draws, which is kept.
    fn keep(&self, values: Vec<f64>, notes: Notes, held: &mut Held) -> Outcome<Answer> {
        let names = self.asked.names();
        let csv = csv_of(&names, &values);
        let drop = Shards::names(held.manifest());
        held.commit(Change { put: vec![(DRAWS.into(), csv.clone())], drop, notes: value(&notes) })?;
        Ok(Answer { names, values, csv, notes })
    }
}

impl Known {
    fn of(&self, share_without: f64) -> Restricted {
        Restricted { share_without, guided: self.how == How::Guidance, share_guided: self.share_guided }
    }
}

impl Restricted {
    /// That guided draws are approximate.
    fn caution(self, effort: &Effort, draws: usize) -> Option<String> {
        let kept = 100.0 * draws as f64 / (draws as f64 + effort.again as f64).max(1.0);
        self.guided.then(|| {
            format!(
                "draws are guided to where `where` holds, which is approximate: {} % of draws without guidance satisfy it, and {} % of guided ones were kept",
                rounded(100.0 * self.share_without, 1.0),
                rounded(kept, 1.0)
            )
        })
    }
}

impl<'a> Drawing<'a> {
    /// The draws for a case.
    pub fn of(case: &'a Case<'_>, store: &Store) -> Drawing<'a> {
        let entry = store.entry(Kind::Draws, &case.key);
        let (restriction, tilted) = (case.restriction.as_ref(), case.tilted.as_ref());
        let Case { query, asked, network, .. } = case;
        Drawing {
            entry,
            query,
            approximator: network.approximator,
            asked,
            restriction,
            tilted,
            seed: case.network.seed(),
        }
    }

    fn shards(&self) -> Shards<'_> {
        Shards::of(&self.entry, self.asked.question.infer.len())
    }

    /// All draws, those made that the store lacks, and what making them took.
    fn finish(&self, make: &Make, bench: &Bench, held: &mut Held) -> Outcome<(Vec<f64>, Effort)> {
        let (width, draws) = (self.asked.question.infer.len(), self.query.draws);
        let mut values = room(draws * width).ok_or_else(|| {
            Failure::failed(format!("{} need more memory than there is", self.title()))
                .help("ask for fewer: `--draws N`")
        })?;
        let mut keep = |start, rows: &[f64]| place(&mut values, start * width, rows);
        let mut filling = self.shards().fill(held, draws, &mut keep)?;
        let mut bar = bench.progress.start("draw", &self.title(), filling.done, draws);
        let mut size = FIRST_SHARD;
        while let Some(gap) = filling.gap(size) {
            let (start, began) = (gap.start, Instant::now());
            let made = make(gap, &mut |more| {
                bar.set(filling.done + more);
                interrupt::flow()
            });
            let made = made.map_err(|e| self.failed(&e))?;
            let effort = Effort { seconds: began.elapsed().as_secs_f64(), again: made.redrawn as u64 };
            filling.put(&made.values, effort)?;
            keep(start, &made.values);
            let growth = SHARD_TIME.div_duration_f64(began.elapsed()).clamp(0.25, MOST_GROWTH);
            size = ((size as f64 * growth) as usize).max(1);
        }
        bar.finish("done");
        let effort = filling.effort;
        Ok((values, effort))
    }

    /// The levels of noise that draws visit: as many as the query says, else by a tolerance.
    fn levels(&self, conditional: Conditional, bench: &Bench) -> Outcome<Levels> {
        match self.query.steps {
            Some(steps) => Ok(Levels::of(&conditional.weights.plan.process, Some(steps))),
            None => conditional.levels(&bench.machine, &mut interrupt::flow).map_err(|e| self.failed(&e)),
        }
    }

    /// What draws are under.
    fn under(&self, how: How) -> Under<'_> {
        Under { restriction: self.restriction, tilted: self.tilted, how }
    }

    /// How draws will come to be as the query says, by how many are without help.
    fn probed(&self, conditional: Conditional, bench: &Bench) -> Outcome<Option<Known>> {
        let what = match (self.restriction, self.tilted) {
            (None, None) => return Ok(None),
            (Some(_), _) => format!("how often `where` holds in `{}`", self.query.name),
            (None, Some(_)) => format!("what draws of `{}` are worth under its prior", self.query.name),
        };
        let mut bar = bench.progress.start("look", &what, 0, PROBES + GUIDED_PROBES);
        let mut probe = |how: How, numbers: Range<usize>, done: usize| {
            let conditional = Conditional { under: Some(self.under(how)), ..conditional };
            let probe = conditional.probe(numbers, &bench.machine, &mut |more| {
                bar.set((done + more).min(PROBES + GUIDED_PROBES));
                interrupt::flow()
            });
            probe.map_err(|e| self.failed(&e))
        };
        let free = How::Rejection { most: 0.0 };
        let mut plain = probe(free, 0..PROBES, 0)?;
        let rare = plain.share() < GUIDED_BELOW;
        if self.tilted.is_some() && !rare && plain.largest() > LARGEST {
            plain.log_weights.extend(probe(free, PROBES..MOST_PROBES, PROBES)?.log_weights);
        }
        let levels = conditional.levels.map_or(1, Levels::count);
        let cost = self.under(How::Guidance).looks() as f64 / levels as f64;
        // Guidance does not help where nothing says which way to go: then the others are made again all the same.
        let guide = || Ok::<f64, Failure>(probe(How::Guidance, 0..GUIDED_PROBES, PROBES)?.holding());
        let share_guided = rare.then(guide).transpose()?;
        let guided = share_guided.is_some_and(|share_guided| share_guided > cost * plain.share());
        let how = if guided { How::Guidance } else { How::Rejection { most: plain.most() } };
        bar.finish(&match self.restriction {
            Some(_) => format!("in {} % of draws,", rounded(100.0 * plain.holding(), 1.0)),
            None => format!("{} % of as many,", rounded(100.0 * plain.share(), 1.0)),
        });
        Ok(Some(Known { plain, share_guided, how }))
    }

    /// That draws which are guided to a changed prior are approximate.
    fn weighing(&self, reweighed: Restricted) -> Option<String> {
        let name = |prior: &ChangedPrior| self.asked.model.node(prior.node).name.clone();
        let names: Vec<String> = self.query.priors.iter().map(name).collect();
        reweighed.guided.then(|| {
            format!(
                "draws are guided to the changed prior of {}, which is approximate: draws under the model's own are worth {} % of their number under it",
                listed(&names, "and"),
                rounded(100.0 * reweighed.share_without, 1.0)
            )
        })
    }

    /// Given values that no simulation reached: the network has never seen their like, and answers all the same.
    fn unseen(&self, scales: &[Scale]) -> Vec<String> {
        let sentence = |((token, state), kind): ((&Token, &State), &usize)| {
            let (low, high) = scales.get(*kind)?.range();
            match *state {
                State::Given(value) if !(low..=high).contains(&value) => {
                    // As many digits as tell the value from the end next to it.
                    let scale = (high - low).min((low - value).max(value - high));
                    Some(format!(
                        "{} = {} lies outside all simulations ({} to {}), so these draws are a guess",
                        token.name,
                        exact(value),
                        rounded(low, scale),
                        rounded(high, scale)
                    ))
                }
                _ => None,
            }
        };
        let scalars = self.asked.subject.scalars().iter().zip(&self.asked.states);
        scalars.zip(&self.asked.subject.scaling).filter_map(sentence).collect()
    }

    fn failed(&self, error: &DrawError) -> Failure {
        let failure = Failure::failed(format!("`{}` was not answered: {error}", self.query.name));
        match error {
            DrawError::Stopped => Failure::interrupted(),
            DrawError::Device(_) => failure.help("leave `--device cuda` out to draw on the processor"),
            DrawError::Unlikely { .. } => {
                failure.help("change the prior less, or in the model itself, which simulates and trains anew")
            }
            DrawError::Unmet { .. } => failure.help("ask for less in `where`, or look whether it can hold with what is given"),
            DrawError::OutsideSupport { .. } | DrawError::NotFinite { .. } => failure
                .help("train longer or on more simulations (`steps`, `simulations` in `train`), and look whether the \
                       given values are ones that the model can produce"),
        }
    }
}

/// A header, then one row a draw, each number in the shortest form that reads back the same.
pub fn csv_of(names: &[String], values: &[f64]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(names).and_then(|()| {
        values
            .chunks_exact(names.len().max(1))
            .try_for_each(|row| writer.write_record(row.iter().map(|x| exact(*x))))
    });
    written.expect("rows of equal length are written to memory");
    writer.into_inner().expect("memory is flushed without error")
}

/// The numbers of a CSV file with this very header.
fn parse(csv: &[u8], names: &[String]) -> Option<Vec<f64>> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.headers().ok()?.iter().eq(names).then_some(())?;
    let mut values = Vec::new();
    for record in reader.records() {
        for cell in &record.ok()? {
            values.push(cell.parse().ok()?);
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_come_back_bit_for_bit() {
        let names = ["theta[1,2]".to_string(), "x".to_string()];
        let values = [0.1 + 0.2, -0.0, 1e-300, 7.0];
        let csv = csv_of(&names, &values);
        assert!(csv.starts_with(b"\"theta[1,2]\",x\n"));
        let back = parse(&csv, &names).unwrap();
        assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(parse(&csv, &names[1..]), None, "another header");
    }
}
