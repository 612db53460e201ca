//! Answers: draws of the tokens that a query infers, by running the noise process backwards.

use crate::backend::{Readings, ScoreBackend};
use crate::device::{Machine, on_device};
use crate::guide::Guide;
use crate::levels::Levels;
use crate::parts::side_by_side;
use crate::plan::Plan;
use crate::scale::Scale;
use crate::solver::Solver;
use crate::subject::Subject;
use crate::under::{How, Probe, Under};
use crate::weights::Weights;
use sbi_model::{NodeId, State, Token};
use sbi_sim::rng::Stream;
use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};

/// The share of data sets that must lack what is hidden from a network.
const SEEN_LACKING: f64 = 0.03;

/// Tokens that are drawn together: enough to keep all threads busy, few enough that progress is heard of often.
const CHUNK_TOKENS: usize = 16_384;

/// Tries between two reports of progress.
const AT_ONCE: usize = 100;

/// After so many tries, less than this share of them within the prior's support is too little to go on.
const TRIES: usize = 20_000;
const GUIDED_TRIES: usize = 2_000;
const LEAST_SHARE: f64 = 1e-3;

/// One try at a draw: those outside the prior's support are tried again, with other noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    /// The number of the draw.
    pub(crate) number: usize,
    /// How often it was tried before.
    pub(crate) attempt: u32,
}

/// Draws of a query's inferred tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[draws · inferred]`, row-major, in the order the query asks, in the user's units.
    pub values: Vec<f64>,
    /// Draws that were made again: they fell outside the prior's support, did not satisfy the conditions, or were too unlikely under a
    /// changed prior.
    pub redrawn: usize,
}

/// Why there are no draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawError {
    /// The caller stopped it.
    Stopped,
    /// Hardly any of very many tries lay within the support.
    OutsideSupport {
        /// How many did.
        kept: usize,
        /// Of how many.
        tries: usize,
    },
    /// Hardly any of very many tries satisfied the conditions.
    Unmet {
        /// How many did.
        kept: usize,
        /// Of how many.
        tries: usize,
    },
    /// Hardly any of very many tries were likely enough under the changed priors.
    Unlikely {
        /// How many were.
        kept: usize,
        /// Of how many.
        tries: usize,
    },
    /// The network gave something that is not a number.
    NotFinite {
        /// For which quantity.
        name: String,
    },
    /// The device cannot be used, and why.
    Device(String),
}

impl std::fmt::Display for DrawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DrawError::Stopped => write!(f, "drawing was stopped"),
            DrawError::OutsideSupport { kept, tries } => write!(
                f,
                "of {tries} draws only {kept} lie within the prior's support: the network has not learnt this model"
            ),
            DrawError::Unmet { kept, tries } => {
                write!(f, "of {tries} draws only {kept} satisfy what `where` says")
            }
            DrawError::Unlikely { kept, tries } => {
                write!(f, "of {tries} draws only {kept} are likely enough under the changed prior")
            }
            DrawError::NotFinite { name } => write!(f, "the network's draws of `{name}` are not numbers"),
            DrawError::Device(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DrawError {}

/// What a network is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Part of the key of its random stream.
    pub name: String,
    /// What is said of each token.
    pub states: Vec<State>,
    /// Which token of the training each is, if any.
    pub origins: Vec<Option<usize>>,
    /// The tokens to report, in the order asked.
    pub infer: Vec<usize>,
    /// When readings at scattered times are, as in [`Subject::coordinates`]; NaN of places that are not there.
    pub coordinates: Vec<f64>,
    /// What is given of each scalar of the model, NaN of others: read where modalities have encoders, else it may be empty.
    pub known: Vec<f64>,
}

impl Question {
    /// A question about the scalars of a model: what is said of each, which scalar of the model that was `trained` it is, and which are
    /// reported.
    pub fn of(
        name: String,
        (subject, trained): (&Subject, &Subject),
        (states, origins, infer): (&[State], &[Option<usize>], &[usize]),
        coordinates: Vec<f64>,
    ) -> Question {
        let value = |state: &State| match state {
            State::Given(value) => *value,
            State::Inferred | State::Absent => f64::NAN,
        };
        let origin = |own: &Option<usize>| trained.token_of(origins.get((*own)?).copied().flatten()?);
        Question {
            name,
            states: subject.states(states),
            origins: subject.scalar_of().iter().map(origin).collect(),
            infer: infer.iter().filter_map(|own| subject.token_of(*own)).collect(),
            coordinates,
            known: states.iter().map(value).collect(),
        }
    }

    /// What it gives of the modalities that have encoders, in the network's units.
    pub(crate) fn readings(&self, subject: &Subject, scales: &[Scale]) -> Vec<Readings> {
        let value = |scalar: usize| {
            let known = self.known.get(scalar).zip(subject.scaling.get(scalar));
            let scale = known.and_then(|(x, scaling)| Some((x, scales.get(*scaling)?)));
            scale.map_or(f32::NAN, |(x, scale)| scale.standardise(*x) as f32)
        };
        let readings = subject.modalities.iter();
        readings.map(|modality| modality.readings(vec![modality.read(value, &self.coordinates)])).collect()
    }

    /// The tokens that a query leaves out and a network was trained to do without: the mask hides them. Others that
    /// are left out are drawn along and forgotten, as every pattern of given and hidden tokens is trained, and of absent
    /// ones only those that data sets have. Elements of a set beyond those that are given are not there.
    ///
    /// Node by node, tokens are hidden as long as some of the data sets that were noted lack all that is hidden.
    pub fn hidden(&self, subject: &Subject, plan: &Plan) -> Vec<bool> {
        let given: Vec<bool> = self.states.iter().map(|state| matches!(state, State::Given(_))).collect();
        let absent = |token: usize| self.states.get(token) == Some(&State::Absent);
        let beyond = subject.beyond(&given).into_iter().enumerate();
        // What stands for a modality is never drawn along.
        let lumped = |token: usize| subject.scalar_of().get(token) == Some(&None);
        let mut hidden: Vec<bool> =
            beyond.map(|(token, beyond)| (beyond || lumped(token)) && absent(token)).collect();
        let mut lacking: Vec<&Vec<usize>> = plan.lacking.iter().collect();
        let enough = (SEEN_LACKING * plan.noted as f64).max(1.0);
        let mut nodes: Vec<(NodeId, Vec<(usize, usize)>)> = Vec::new();
        for (number, token) in subject.tokens().iter().enumerate() {
            let left_out = absent(number) && hidden.get(number) == Some(&false);
            let Some(origin) = self.origins.get(number).copied().flatten().filter(|_| left_out) else {
                continue;
            };
            match nodes.iter_mut().find(|(node, _)| *node == token.node) {
                Some((_, own)) => own.push((number, origin)),
                None => nodes.push((token.node, vec![(number, origin)])),
            }
        }
        for (_, tokens) in &nodes {
            let all =
                |lacks: &&&Vec<usize>| tokens.iter().all(|(_, origin)| lacks.binary_search(origin).is_ok());
            let left: Vec<&Vec<usize>> = lacking.iter().filter(all).copied().collect();
            if left.len() as f64 >= enough {
                lacking = left;
                for (number, _) in tokens {
                    hidden.get_mut(*number).into_iter().for_each(|place| *place = true);
                }
            }
        }
        hidden
    }
}

/// What is drawn from: a trained network, asked one query.
#[derive(Clone, Copy)]
pub struct Conditional<'a> {
    /// The network.
    pub weights: &'a Weights,
    /// The tokens, with the kinds that the network was trained on.
    pub subject: &'a Subject,
    /// What is given, inferred and left out of them.
    pub question: &'a Question,
    /// The seed: draw number n is the same whichever others are made, on any number of threads.
    pub seed: u64,
    /// What draws satisfy besides, and how they are made to.
    pub under: Option<Under<'a>>,
    /// At which levels of noise draws look at the network; none are those that suit most.
    pub levels: Option<&'a Levels>,
}

/// What makes draws.
enum Maker<'a, B: ScoreBackend> {
    Plain(Solver<'a, B>),
    Guided(Guide<'a, B>),
}

impl<B: ScoreBackend> Maker<'_, B> {
    fn draw(&self, tries: &[Try]) -> Vec<f64> {
        match self {
            Maker::Plain(solver) => solver.draw(tries),
            Maker::Guided(guide) => guide.draw(tries),
        }
    }
}

impl<'a> Conditional<'a> {
    /// A question to a network, without conditions.
    pub fn new(weights: &'a Weights, subject: &'a Subject, question: &'a Question, seed: u64) -> Self {
        Conditional { weights, subject, question, seed, under: None, levels: None }
    }
}

impl Conditional<'_> {
    /// Makes the draws with these numbers. `go_on` hears how many are done and may stop the work.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn draw(
        &self,
        numbers: Range<usize>,
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Draws, DrawError> {
        on_device!(machine.device, DrawError::Device, B => self.draw_on::<B>(numbers, machine, go_on))
    }

    fn draw_on<B: ScoreBackend>(
        &self,
        numbers: Range<usize>,
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Draws, DrawError> {
        let mut makers = self.makers::<B>(machine);
        let (tokens, width) = (self.subject.tokens().len(), self.question.infer.len());
        let most = (CHUNK_TOKENS / tokens.max(1)).clamp(16, 1_024);
        let first = numbers.start;
        let mut values = vec![0.0; numbers.len() * width];
        let mut waiting: VecDeque<Try> = numbers.map(|number| Try { number, attempt: 0 }).collect();
        let most_tries = match self.under {
            Some(Under { how: How::Guidance, .. }) => GUIDED_TRIES,
            _ => TRIES,
        };
        let (mut kept, mut inside, mut tries) = (0, 0, 0);
        while !waiting.is_empty() {
            let chunk: Vec<Try> = waiting.drain(..most.min(waiting.len())).collect();
            let made = side_by_side(&mut makers, &chunk, tokens, tokens, |maker, tries| maker.draw(tries));
            for (&own, made) in chunk.iter().zip(self.sound(&made)?) {
                let Try { number, attempt } = own;
                inside += usize::from(made.is_some());
                if let Some(made) = made.filter(|made| self.keeps(own, made)) {
                    let place = (number - first) * width;
                    let place = values.get_mut(place..place + width).expect("numbers are of the range");
                    place.copy_from_slice(&self.asked_of(&made.values));
                    kept += 1;
                } else {
                    waiting.push_back(Try { number, attempt: attempt + 1 });
                }
            }
            tries += chunk.len();
            if go_on(kept).is_break() {
                return Err(DrawError::Stopped);
            }
            let least = LEAST_SHARE * tries as f64;
            if tries >= most_tries && (kept as f64) < least {
                return Err(match (inside as f64) < least {
                    true => DrawError::OutsideSupport { kept: inside, tries },
                    false if self.under.is_some_and(|under| under.restriction.is_none()) => {
                        DrawError::Unlikely { kept, tries }
                    }
                    false => DrawError::Unmet { kept, tries },
                });
            }
        }
        Ok(Draws { values, redrawn: tries - kept })
    }

    /// What the first attempts at the draws with these numbers show, of those within the prior's support. `go_on` hears how many are made and
    /// may stop the work.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn probe(
        &self,
        numbers: Range<usize>,
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Probe, DrawError> {
        let guided = self.under.is_some_and(|under| under.how == How::Guidance);
        let weight = |made: Made| match made.log_weight > f64::NEG_INFINITY && guided {
            true => 0.0,
            false => made.log_weight,
        };
        on_device!(machine.device, DrawError::Device, B => {
            let tokens = self.subject.tokens().len();
            let tries: Vec<Try> = numbers.map(|number| Try { number, attempt: 0 }).collect();
            let mut makers = self.makers::<B>(machine);
            let (mut log_weights, mut done) = (Vec::with_capacity(tries.len()), 0);
            for tries in tries.chunks(AT_ONCE) {
                let made = side_by_side(&mut makers, tries, tokens, tokens, |maker, tries| maker.draw(tries));
                log_weights.extend(self.sound(&made)?.into_iter().flatten().map(weight));
                done += tries.len();
                if go_on(done).is_break() {
                    return Err(DrawError::Stopped);
                }
            }
            Ok(Probe { log_weights })
        })
    }

    /// Whether a draw within the prior's support is one of the answer.
    fn keeps(&self, of: Try, made: &Made) -> bool {
        let possible = made.log_weight > f64::NEG_INFINITY;
        match self.under {
            Some(Under { tilted: Some(_), how: How::Rejection { most }, .. }) if possible => {
                let stream = Stream::new(self.seed, &format!("@prior/{}", self.question.name));
                stream.uniform(of.number as u64, of.attempt, 0) < (made.log_weight - most).exp()
            }
            _ => possible,
        }
    }

    /// What makes draws, one for each worker.
    fn makers<B: ScoreBackend>(&self, machine: &Machine) -> Vec<Maker<'_, B>> {
        let (makers, threads) = machine.workers();
        let maker = |_| match self.under {
            Some(under) if under.how == How::Guidance => Maker::Guided(Guide::new(self, &under, threads)),
            _ => Maker::Plain(Solver::new(self, threads)),
        };
        (0..makers).map(maker).collect()
    }

    /// A token of the question, and its kind.
    pub(crate) fn token(&self, number: usize) -> (&Token, usize) {
        let kind = self.subject.identities.get(number).copied();
        self.subject.tokens().get(number).zip(kind).expect("questions name tokens of their graph")
    }

    /// What was made, `[tries · tokens]` standardised, in the user's units; none where any token that is asked about lies outside
    /// its support. What is drawn along and forgotten may lie where it likes.
    fn sound(&self, made: &[f64]) -> Result<Vec<Option<Made>>, DrawError> {
        let tokens = self.subject.tokens();
        let mut sound = Vec::new();
        for made in made.chunks_exact(tokens.len()) {
            let kinds = tokens.iter().zip(&self.subject.identities);
            let scaled =
                kinds.zip(made).map(|((token, kind), &z)| value(token, self.weights.plan.scale(*kind), z));
            let values: Vec<f64> = scaled.collect::<Result<_, _>>()?;
            let inside = tokens.iter().zip(&values).zip(&self.question.states);
            let inside = inside
                .into_iter()
                .all(|((token, x), state)| *state != State::Inferred || token.support.contains(*x));
            sound.push(inside.then_some(Made { values, log_weight: 0.0 }));
        }
        if let Some(under) = self.under {
            // Conditions and priors know nothing of what stands for a modality.
            let (known, singles) = (self.known(), self.subject.singles());
            let row = |made: &Made| -> Vec<f64> {
                let values = known.iter().zip(&made.values).take(singles);
                values.map(|(known, x)| known.unwrap_or(*x)).collect()
            };
            let rows: Vec<f64> = sound.iter().flatten().flat_map(row).collect();
            if let Some(tilted) = under.tilted {
                let logs = tilted.log_weights(&rows, singles);
                sound.iter_mut().flatten().zip(logs).for_each(|(made, log)| made.log_weight = log);
            }
            if let Some(restriction) = under.restriction {
                let holds = restriction.judge(&rows).holds;
                let failing = sound.iter_mut().flatten().zip(holds).filter(|(_, holds)| !holds);
                failing.for_each(|(made, _)| made.log_weight = f64::NEG_INFINITY);
            }
        }
        Ok(sound)
    }

    /// The values of tokens that conditions know whatever is drawn: given ones theirs, and none of what is not there.
    pub(crate) fn known(&self) -> Vec<Option<f64>> {
        let states = self.question.states.iter().zip(self.hidden());
        let known = states.map(|(state, hidden)| match state {
            State::Given(x) => Some(*x),
            _ => hidden.then_some(f64::NAN),
        });
        known.collect()
    }

    /// The tokens that the network does not see: those that [`Question::hidden`] says, and those that have no place.
    pub(crate) fn hidden(&self) -> Vec<bool> {
        let hidden = self.question.hidden(self.subject, &self.weights.plan).into_iter().enumerate();
        let there = |token: usize| self.subject.has_place(token, &self.question.coordinates);
        hidden.map(|(token, hidden)| hidden || !there(token)).collect()
    }

    /// Of all tokens' values those asked for.
    fn asked_of(&self, values: &[f64]) -> Vec<f64> {
        let asked = self.question.infer.iter();
        asked.map(|&token| *values.get(token).expect("queries name tokens of their graph")).collect()
    }
}

/// A draw within the prior's support.
struct Made {
    /// Of all tokens.
    values: Vec<f64>,
    /// The logarithm of its weight under changed priors; minus infinity where these exclude it, or a condition does not hold.
    log_weight: f64,
}

/// A network's number in the user's units; whole numbers are the nearest that can occur.
fn value(token: &Token, scale: &Scale, z: f64) -> Result<f64, DrawError> {
    let x = scale.restore(z);
    match x.is_finite() {
        // Adding zero makes a zero of a minus zero, which tables would show as a class of its own.
        true if token.support.whole => Ok(x.round().clamp(token.support.low, token.support.high) + 0.0),
        true => Ok(x),
        false => Err(DrawError::NotFinite { name: token.name.clone() }),
    }
}
