//! The stage of weights: a network trained on simulations, with a checkpoint kept beside while it trains.

use super::failure::{Failure, Outcome};
use super::interrupt;
use super::network::Network;
use super::progress::{Bar, grouped};
use super::simulations::Simulated;
use super::source::{self, Source};
use super::stage::{Bench, Found, Stage};
use super::store::{Change, Damage, Entry, Held, Kind, Manifest, Store};
use sbi_infer::{
    Fitted, Fresh, Hooks, Material, Plan, PosteriorError, PosteriorPlan, Progress, Reals, Subject, Table,
    TrainError,
};
use sbi_model::{Approximator, Estimator, Model};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

const WEIGHTS: &str = "weights.safetensors";
const CHECKPOINT: &str = "checkpoint-";

/// Checkpoints come as often as they cost a hundredth of the time, but no more often than each half second
/// and at least every twenty.
const SHARE: u32 = 100;
const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(20);

/// The network of one approximator.
pub struct Training<'a> {
    entry: Entry,
    approximator: &'a Approximator,
    model: &'a Model,
    subject: &'a Subject,
    source: Source<'a>,
}

/// Simulates while a network is trained.
struct Online<'a> {
    source: Source<'a>,
    subject: &'a Subject,
    threads: usize,
}

impl Fresh for Online<'_> {
    fn simulate(&self, numbers: Range<usize>) -> Result<Table, Box<sbi_sim::Failure>> {
        let (mut table, rows) = (Table::default(), numbers.len());
        // What a program from outside has given before it broke comes first; asked for the rest, it says why.
        while table.rows() < rows {
            let rest = numbers.start + table.rows()..numbers.end;
            let made = self.source.simulate(rest, self.threads, &mut |_| interrupt::flow())?;
            if made.rows == 0 || interrupt::flow().is_break() {
                return Err(Box::new(sbi_sim::Failure::Interrupted));
            }
            table.columns = made.columns;
            table.values.extend(made.values);
        }
        Ok(first(&table, rows, self.subject).into_owned())
    }
}

/// What is chosen for a training.
enum Chosen {
    Joint(Box<Plan>),
    Posterior(Box<(PosteriorPlan, Reals)>),
}

impl Chosen {
    fn summary(&self) -> String {
        match self {
            Chosen::Joint(plan) => plan.summary(),
            Chosen::Posterior(chosen) => chosen.0.summary(),
        }
    }

    fn steps(&self) -> usize {
        match self {
            Chosen::Joint(plan) => plan.course.steps,
            Chosen::Posterior(chosen) => chosen.0.course.steps,
        }
    }
}

/// A network and how long it took.
pub struct Trained {
    /// The network.
    pub weights: Fitted,
    /// How it came about.
    pub notes: Notes,
}

/// What is noted with weights and checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Seconds spent on the simulations.
    pub simulate_seconds: f64,
    /// Seconds of training, over all runs that took part.
    pub train_seconds: f64,
    /// Steps done.
    pub step: usize,
    /// Steps planned, as far as that is known.
    pub steps: usize,
}

impl Stage for Training<'_> {
    type Input = Simulated;
    type Product = Trained;

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn title(&self) -> String {
        format!("`{}`", self.approximator.name)
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Trained>, Damage> {
        let damage =
            |what: &str| Damage(format!("what is kept of the network `{}` {what}", self.approximator.name));
        if manifest.lists(WEIGHTS) {
            let bytes = self.entry.read(manifest, WEIGHTS)?;
            let notes = manifest.notes().ok_or_else(|| damage("has no notes"))?;
            let weights = Fitted::from_bytes(&bytes, &self.approximator.estimator);
            let weights = weights.map_err(|e| damage(&format!("cannot be used: {e}")))?;
            return Ok(Found::Whole(Trained { weights, notes }));
        }
        match checkpoints(manifest).last() {
            Some(name) => {
                self.entry.read(manifest, name)?;
                let Notes { step, steps, .. } = manifest.notes().ok_or_else(|| damage("has no notes"))?;
                Ok(Found::Part(format!("from step {} of {}", grouped(step), grouped(steps)), None))
            }
            None => Ok(Found::Nothing),
        }
    }

    fn make(&self, simulated: &Simulated, bench: &Bench, held: &mut Held) -> Outcome<Trained> {
        let table = first(&simulated.table, self.approximator.train.simulations, self.subject);
        let plan = self.chosen(&table, bench)?;
        let new = Notes {
            simulate_seconds: simulated.made.effort.seconds,
            steps: plan.steps(),
            ..Notes::default()
        };
        if let Some((bytes, notes)) = self.checkpoint(held.manifest()) {
            let kept = Notes { simulate_seconds: simulated.made.effort.seconds, ..notes };
            match self.attempt(&plan, &table, Some(&bytes), kept, bench, held) {
                Err(Stop::Checkpoint(why)) => bench.progress.say(&format!("{why}: training starts anew")),
                Err(Stop::Failure(failure)) => return Err(failure),
                Ok(trained) => return Ok(trained),
            }
        }
        held.clear()?;
        self.attempt(&plan, &table, None, new, bench, held).map_err(Stop::into_failure)
    }
}

/// Why an attempt at training gave no weights.
enum Stop {
    /// The checkpoint to go on from is no use.
    Checkpoint(String),
    /// Anything else.
    Failure(Failure),
}

impl Stop {
    fn into_failure(self) -> Failure {
        match self {
            Stop::Checkpoint(why) => Failure::failed(why),
            Stop::Failure(failure) => failure,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

impl<'a> Training<'a> {
    /// The training of a network.
    pub fn of(network: &'a Network<'_>, store: &Store) -> Training<'a> {
        let entry = store.entry(Kind::Weights, &network.weights);
        let Network { approximator, model, subject, .. } = network;
        Training { entry, approximator, model, subject, source: network.source() }
    }

    fn chosen(&self, table: &Table, bench: &Bench) -> Outcome<Chosen> {
        let Approximator { name, estimator, train, .. } = self.approximator;
        Ok(match estimator {
            Estimator::Joint(transformer) => {
                Chosen::Joint(Box::new(sbi_infer::plan(name, self.subject, transformer, train, table)))
            }
            Estimator::Posterior(_) => {
                let reals = reals(self.model, self.approximator, self.subject)?;
                let threads = bench.machine.threads;
                let plan = PosteriorPlan::of(self.approximator, self.subject, &reals, table, threads);
                Chosen::Posterior(Box::new((plan, reals)))
            }
        })
    }

    /// The kept checkpoint with its notes; none where there is none or it cannot be believed.
    fn checkpoint(&self, manifest: &Manifest) -> Option<(Vec<u8>, Notes)> {
        let bytes = self.entry.read(manifest, checkpoints(manifest).last()?).ok()?;
        Some((bytes, manifest.notes()?))
    }

    fn attempt(
        &self,
        chosen: &Chosen,
        table: &Table,
        resume: Option<&[u8]>,
        notes: Notes,
        bench: &Bench,
        held: &mut Held,
    ) -> Result<Trained, Stop> {
        let bar = bench.progress.start("train", &chosen.summary(), notes.step, chosen.steps());
        let mut watch = Watch { held, bar, notes, last: Instant::now(), pause: SOONEST, failure: None };
        let (machine, watching) = (&bench.machine, &mut watch);
        let online = Online { source: self.source, subject: self.subject, threads: machine.threads };
        let fresh = self.approximator.train.online.then_some(&online as &dyn Fresh);
        let material = Material { table, fresh };
        let result = match chosen {
            Chosen::Joint(plan) => {
                let made = sbi_infer::train(plan, self.subject, material, machine, resume, watching);
                made.map(Fitted::Joint)
            }
            Chosen::Posterior(chosen) => {
                let (plan, reals) = &**chosen;
                let read = (self.subject, reals);
                let made = sbi_infer::train_posterior(plan, read, material, machine, resume, watching);
                made.map(Fitted::Posterior)
            }
        };
        let Watch { held, bar, mut notes, last, failure, .. } = watch;
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let weights = match result {
            Ok(weights) => weights,
            Err(TrainError::Stopped) => return Err(Failure::interrupted().into()),
            Err(error @ TrainError::Checkpoint(_)) => return Err(Stop::Checkpoint(error.to_string())),
            Err(error) => return Err(self.failed(&error).into()),
        };
        notes.train_seconds += last.elapsed().as_secs_f64();
        let put = vec![(WEIGHTS.to_string(), weights.to_bytes())];
        held.commit(Change { put, drop: checkpoints(held.manifest()), notes: value(&notes) })?;
        bar.finish(&validated(&weights));
        Ok(Trained { weights, notes })
    }

    fn failed(&self, error: &TrainError) -> Failure {
        if let TrainError::Simulation(failure) = error {
            return source::failed(failure);
        }
        let name = &self.approximator.name;
        let failure = Failure::failed(format!("`{name}` was not trained: {error}"));
        match error {
            TrainError::Diverged { .. } => {
                failure.help(format!("lower the learning rate: `learning_rate 0.0005` in `train {name}`"))
            }
            TrainError::TooFew { .. } => failure.help(format!("`simulations 10_000` in `train {name}`")),
            TrainError::Device(_) => failure.help("leave `--device cuda` out to train on the processor"),
            _ => failure,
        }
    }
}

/// The way between the parameters of a model and the real line.
///
/// # Errors
/// A parameter that no real number can stand for.
pub fn reals(model: &Model, approximator: &Approximator, subject: &Subject) -> Outcome<Reals> {
    Reals::of(model, approximator, subject).map_err(|why| {
        let failure = Failure::wrong(format!("`{}` is not trained: {why}", approximator.name));
        failure.help(match why {
            PosteriorError::Prior(_) => {
                "write `joint with diffusion_transformer()`, which infers whatever is drawn"
            }
            PosteriorError::Rows { .. } => {
                "leave their `encode` out, or write `late(…)`, which joins one summary of each"
            }
        })
    })
}

/// Looks on while a network trains: moves the bar, keeps checkpoints, stops on request.
struct Watch<'a, 'b> {
    held: &'a mut Held<'b>,
    bar: Bar,
    notes: Notes,
    /// When the last checkpoint was kept, or training began.
    last: Instant,
    /// How long to wait with the next.
    pause: Duration,
    failure: Option<Failure>,
}

impl Hooks for Watch<'_, '_> {
    fn step(&mut self, at: &Progress) -> ControlFlow<()> {
        (self.notes.step, self.notes.steps) = (at.step, at.steps);
        self.bar.set_total(at.steps);
        self.bar.set(at.step);
        if let Some(validation) = at.validation {
            self.bar.note(&format!("validation loss {validation:.4}"));
        }
        if self.failure.is_some() { ControlFlow::Break(()) } else { interrupt::flow() }
    }

    fn wants_checkpoint(&mut self) -> bool {
        self.last.elapsed() >= self.pause
    }

    fn checkpoint(&mut self, bytes: Vec<u8>) {
        // After a checkpoint could not be kept, another one comes with the stop: nothing is better about it.
        if self.failure.is_some() {
            return;
        }
        let began = Instant::now();
        self.notes.train_seconds += (began - self.last).as_secs_f64();
        let name = format!("{CHECKPOINT}{}", self.notes.step);
        let drop = checkpoints(self.held.manifest());
        // Stopped just after one was kept, it is there already.
        if !drop.contains(&name) {
            let change = Change { put: vec![(name, bytes)], drop, notes: value(&self.notes) };
            self.failure = self.held.commit(change).err();
        }
        self.last = Instant::now();
        self.pause = (began.elapsed() * SHARE).clamp(SOONEST, LATEST);
    }
}

/// `done, validation loss 0.1234`: of the weights that are kept, the best of the training.
fn validated(weights: &Fitted) -> String {
    let best = weights.curve().iter().map(|point| point.validation).reduce(f64::min);
    best.map_or_else(|| "done".into(), |loss| format!("done, validation loss {loss:.4},"))
}

/// The first `rows` rows as a network takes them: a smaller budget is a prefix of a larger one, and behind the scalars of
/// a row come the coordinates of its data set, and whether its draw failed.
pub fn first<'t>(all: &'t Table, rows: usize, subject: &Subject) -> Cow<'t, Table> {
    let (scalars, places) = (subject.scalars().len(), subject.coordinates);
    if all.columns == scalars && all.rows() <= rows {
        return Cow::Borrowed(all);
    }
    let part = |columns: Range<usize>| -> Vec<f64> {
        all.iter().take(rows).flat_map(|row| row.get(columns.clone()).unwrap_or_default()).copied().collect()
    };
    let (values, coordinates) = (part(0..scalars), part(scalars..scalars + places));
    Cow::Owned(Table { columns: scalars, values, places, coordinates })
}

fn checkpoints(manifest: &Manifest) -> Vec<String> {
    manifest.names().filter(|name| name.starts_with(CHECKPOINT)).map(String::from).collect()
}

fn value(notes: &Notes) -> serde_json::Value {
    serde_json::to_value(notes).expect("notes are plain data")
}
