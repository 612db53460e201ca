//! Training: Muon and AdamW on batches of noisy simulations, an average of the weights, the best of it by held-out loss.

use crate::backend::{Batch, Network, ScoreBackend, objective, update};
use crate::device::{Machine, on_device};
use crate::encoder::Encoder;
use crate::example::{Data, Examples};
use crate::optimiser::{Moving, Update};
use crate::pattern::Patterns;
use crate::plan::{Plan, standardise};
use crate::schedule::{Fall, Schedule};
use crate::subject::Subject;
use crate::table::{Table, is_validation};
use crate::weights::{Damaged, Point, Weights, decode, encode, take};
use burn::backend::Autodiff;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Held-out examples in one measurement: at least the first, at most the second number.
pub const VALIDATION_EXAMPLES: usize = 2_000;
pub const VALIDATION_ROWS: usize = 20_000;

/// Training stops when held-out loss was this much above its best for [`PATIENCE`] measurements in a row.
const WORSE: f64 = 1.1;
const PATIENCE: usize = 5;

/// Decay of the average of the weights once it is warm.
const AVERAGE: f64 = 0.998;

/// The share of an initial identity that is its own and not that of its node; shared ones are drawn from this element on.
const OWN: f64 = 0.3;
const SHARED: u64 = 1 << 32;

/// What a caller sees of a training, and how it steers it.
pub trait Hooks {
    /// Called after each step; `Break` stops the training after a last checkpoint.
    fn step(&mut self, at: &Progress) -> ControlFlow<()>;

    /// Asked after each step; where it says so, [`Hooks::checkpoint`] follows.
    fn wants_checkpoint(&mut self) -> bool;

    /// Keeps the bytes from which [`train`] can go on.
    fn checkpoint(&mut self, bytes: Vec<u8>);
}

/// Where a training stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Steps there will be, as far as it is known: at most so many.
    pub steps: usize,
    /// Smoothed loss of the training batches.
    pub loss: f64,
    /// The last held-out loss.
    pub validation: Option<f64>,
}

/// Why there are no weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainError {
    /// The caller stopped it; a checkpoint was handed over.
    Stopped,
    /// The checkpoint to go on from is of another training, or damaged.
    Checkpoint(Damaged),
    /// The loss became infinite or NaN after this many steps.
    Diverged {
        /// Steps done.
        step: usize,
    },
    /// Fewer simulations than training and judging need.
    TooFew {
        /// How many there are.
        rows: usize,
    },
    /// The device cannot be used, and why.
    Device(String),
}

impl std::fmt::Display for TrainError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TrainError::Stopped => write!(f, "training was stopped"),
            TrainError::Checkpoint(why) => write!(f, "the checkpoint cannot be used: {why}"),
            TrainError::Diverged { step } => {
                write!(f, "training diverged: the loss is not a number after {step} steps")
            }
            TrainError::TooFew { rows } => {
                write!(f, "{rows} simulations are too few to train on: at least 20 are needed")
            }
            TrainError::Device(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for TrainError {}

/// Trains a network on simulations (columns in token order), from the start or from the bytes of a checkpoint.
///
/// # Errors
/// See [`TrainError`].
pub fn train(
    plan: &Plan,
    subject: &Subject,
    table: &Table,
    machine: &Machine,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights, TrainError> {
    if table.rows() < 20 {
        return Err(TrainError::TooFew { rows: table.rows() });
    }
    on_device!(machine.device, TrainError::Device, B => {
        train_on::<Autodiff<B>>(plan, subject, table, machine, resume, hooks)
    })
}

fn train_on<B>(
    plan: &Plan,
    subject: &Subject,
    table: &Table,
    machine: &Machine,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights, TrainError>
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    // `@` is in no name of a model, so no site of a simulation has these streams.
    let stream = |purpose: &str| Stream::new(plan.seed, &format!("@{}/{purpose}", plan.name));
    let patterns = Patterns::new(subject, plan.mask, &plan.mixture, &stream("train.patterns"));
    let values = standardise(&plan.scales, &subject.scaling, table);
    let network = Network::new(&plan.architecture, &plan.encoders, machine.threads);
    let data = network.install(|| Data::new(subject, table, &values, &patterns));
    let examples = |rows: Vec<usize>, name: &str| Examples {
        data: &data,
        rows,
        process: plan.process,
        patterns: &patterns,
        choices: stream(&format!("{name}.choices")),
        noise: stream(&format!("{name}.noise")),
    };
    let (mut held_out, seen): (Vec<usize>, Vec<usize>) =
        (0..table.rows()).partition(|row| is_validation(*row));
    held_out.truncate(VALIDATION_ROWS);
    let training = examples(seen, "train");
    let validation = examples(held_out, "validation");
    let times = VALIDATION_EXAMPLES.div_ceil(validation.rows.len());
    let validation = network.install(|| validation.sweep(times));

    let device = B::Device::default();
    let mut trainer = Trainer::<B> {
        plan,
        network,
        state: match resume {
            Some(bytes) => State::from_bytes(bytes, plan, &device).map_err(TrainError::Checkpoint)?,
            None => {
                State::new(plan, &initial(plan, &subject.nodes_of_kinds(), &stream("train.weights")), &device)
            }
        },
    };
    while trainer.state.header.step < trainer.schedule().end() && !trainer.overfitted() {
        trainer.step(&training)?;
        let step = trainer.state.header.step;
        if trainer.schedule().checks_after(step) {
            trainer.judge(&validation)?;
            if let Some(fall) = trainer.schedule().falls_after(&trainer.state.header.curve) {
                trainer.state.fall(fall);
            }
        }
        let go_on = hooks.step(&trainer.progress());
        if go_on.is_break() || hooks.wants_checkpoint() {
            hooks.checkpoint(trainer.state.to_bytes());
        }
        if go_on.is_break() {
            return Err(TrainError::Stopped);
        }
    }
    if trainer.state.header.best.is_infinite() {
        trainer.judge(&validation)?;
    }
    Ok(Weights {
        plan: plan.clone(),
        parameters: numbers(&trainer.state.best),
        curve: trainer.state.header.curve,
    })
}

/// A training in flight.
struct Trainer<'a, B: AutodiffBackend> {
    plan: &'a Plan,
    network: Network,
    state: State<B::InnerBackend>,
}

/// Everything that a step changes.
struct State<B: Backend> {
    header: Header,
    moving: Moving<Tensor<B, 1>>,
    /// The average when held-out loss was lowest.
    best: Tensor<B, 1>,
}

/// The part of the state that is no tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    plan: Plan,
    step: usize,
    smoothed: Option<f64>,
    /// How the learning rate falls, once it does.
    fall: Option<Fall>,
    #[serde(with = "infinite")]
    best: f64,
    curve: Vec<Point>,
}

impl<B> Trainer<'_, B>
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    fn step(&mut self, examples: &Examples) -> Result<(), TrainError> {
        let step = self.state.header.step;
        let size = self.schedule().batch(step);
        let batch = self.network.install(|| examples.batch(step as u32, size));
        let parameters = Tensor::<B, 1>::from_inner(self.state.moving.parameters.clone()).require_grad();
        let loss = objective(&parameters, &self.network, &batch);
        let gradient = parameters.grad(&loss.backward()).expect("the loss depends on the parameters");
        let loss = f64::from(loss.into_scalar_f32());
        if !loss.is_finite() {
            return Err(TrainError::Diverged { step });
        }
        drop(parameters);
        let rate = self.schedule().rate(step);
        let state = &mut self.state;
        let keep = AVERAGE.min((step as f64 + 1.0) / (step as f64 + 10.0));
        let far = Update { rate, step, keep };
        update(far, &self.network, &mut state.moving, gradient);
        state.header.step += 1;
        state.header.smoothed = Some(state.header.smoothed.map_or(loss, |old| 0.99 * old + 0.01 * loss));
        Ok(())
    }

    /// Measures the averaged weights on held-out simulations and keeps them where they are the best so far.
    fn judge(&mut self, validation: &[Batch]) -> Result<(), TrainError> {
        let loss = |batch| objective(&self.state.moving.average, &self.network, batch).into_scalar_f32();
        let validation: f64 = validation.iter().map(|batch| f64::from(loss(batch))).sum();
        let state = &mut self.state;
        if !validation.is_finite() {
            return Err(TrainError::Diverged { step: state.header.step });
        }
        if validation < state.header.best {
            state.header.best = validation;
            state.best = state.moving.average.clone();
        }
        let training = state.header.smoothed.unwrap_or(validation);
        state.header.curve.push(Point { step: state.header.step, training, validation });
        Ok(())
    }

    /// Whether the last measurements were all far above the best.
    fn overfitted(&self) -> bool {
        let header = &self.state.header;
        let worse = header.curve.iter().rev().take_while(|point| point.validation > WORSE * header.best);
        self.schedule().may_overfit() && worse.count() >= PATIENCE
    }

    fn schedule(&self) -> Schedule<'_> {
        Schedule { plan: self.plan, fall: self.state.header.fall }
    }

    fn progress(&self) -> Progress {
        let header = &self.state.header;
        Progress {
            step: header.step,
            steps: self.schedule().end(),
            loss: header.smoothed.unwrap_or(f64::NAN),
            validation: header.curve.last().map(|point| point.validation),
        }
    }
}

/// One number out of a tensor of one number.
trait IntoScalarF32 {
    fn into_scalar_f32(self) -> f32;
}

impl<B: Backend> IntoScalarF32 for Tensor<B, 1> {
    fn into_scalar_f32(self) -> f32 {
        numbers(&self).first().copied().unwrap_or(f32::NAN)
    }
}

/// Initial parameters: projections into the residual stream, the modulation and the head start at zero, so that the
/// untrained network says nothing; other weights are uniform within one over the square root of their inputs. Identities of one node's
/// kinds begin alike, so that what is learnt of one element tells of the others.
fn initial(plan: &Plan, nodes: &[usize], stream: &Stream) -> Vec<f32> {
    let mut values = Vec::with_capacity(plan.parameters());
    let pieces = plan.architecture.layout().pieces.into_iter();
    let pieces = pieces.chain(plan.encoders.iter().flat_map(Encoder::pieces));
    for (number, piece) in (0u32..).zip(pieces) {
        let name = piece.name.as_str();
        let silent = [".out.w", ".down.w", ".modulation.w"].iter().any(|end| name.ends_with(end));
        let zero = (name.contains("block.") && silent) || name == "head.w";
        let bound = (piece.rows as f64).sqrt().recip();
        for element in 0..piece.range.len() as u64 {
            let uniform = || stream.uniform(element, 0, number);
            let value = match name {
                // Another step: a uniform and a normal number of one block are functions of each other.
                _ if name.ends_with(".seeds") => 0.3 * stream.normal(element, 1, number),
                "id" => {
                    let kind = element as usize / piece.columns;
                    let node = *nodes.get(kind).expect("each kind is of a node") as u64;
                    let shared = SHARED + node * piece.columns as u64 + element % piece.columns as u64;
                    let [own, shared] = [element, shared].map(|element| stream.normal(element, 1, number));
                    0.3 * (OWN * own + (1.0 - OWN * OWN).sqrt() * shared)
                }
                "given" => 0.3 * stream.normal(element, 1, number),
                _ if name.ends_with(".gain") => 1.0,
                _ if zero || name.ends_with(".b") || name.ends_with(".shift") => 0.0,
                _ => bound * (2.0 * uniform() - 1.0),
            };
            values.push(value as f32);
        }
    }
    values
}

fn numbers<B: Backend>(tensor: &Tensor<B, 1>) -> Vec<f32> {
    tensor.to_data().to_vec().expect("the network's tensors are of type f32")
}

impl<B: Backend> State<B> {
    fn new(plan: &Plan, parameters: &[f32], device: &B::Device) -> State<B> {
        let parameters: Tensor<B, 1> = Tensor::from_data(TensorData::from(parameters), device);
        let (zeros, best) = (parameters.zeros_like(), parameters.clone());
        let moving = Moving { first: zeros.clone(), second: zeros, average: parameters.clone(), parameters };
        let header = Header {
            plan: plan.clone(),
            step: 0,
            smoothed: None,
            fall: None,
            best: f64::INFINITY,
            curve: Vec::new(),
        };
        State { header, moving, best }
    }

    /// Lets the learning rate fall. The moments stay: they are those of the gradient nearby.
    fn fall(&mut self, fall: Fall) {
        self.header.fall = Some(fall);
        if fall.back {
            self.moving.parameters = self.best.clone();
            self.moving.average = self.best.clone();
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Moving { parameters, first, second, average } = &self.moving;
        let tensors = [parameters, first, second, average, &self.best];
        let arrays: Vec<(&str, Vec<f32>)> = NAMES.into_iter().zip(tensors.map(numbers)).collect();
        let arrays: Vec<(&str, &[f32])> =
            arrays.iter().map(|(name, values)| (*name, values.as_slice())).collect();
        encode(&self.header, &arrays)
    }

    fn from_bytes(bytes: &[u8], plan: &Plan, device: &B::Device) -> Result<State<B>, Damaged> {
        let (header, mut arrays): (Header, _) = decode(bytes)?;
        if header.plan != *plan {
            return Err(Damaged("it belongs to another training".to_owned()));
        }
        let length = plan.parameters();
        let tensor = |name: &str| -> Result<Tensor<B, 1>, Damaged> {
            Ok(Tensor::from_data(TensorData::from(take(&mut arrays, name, length)?.as_slice()), device))
        };
        let tensors: Vec<Tensor<B, 1>> = NAMES.into_iter().map(tensor).collect::<Result<_, _>>()?;
        let [parameters, first, second, average, best] =
            tensors.try_into().expect("there is one for each name");
        Ok(State { header, moving: Moving { parameters, first, second, average }, best })
    }
}

/// What a checkpoint calls the tensors of a state.
const NAMES: [&str; 5] = ["parameters", "moment_1", "moment_2", "average", "best"];

/// JSON has no infinity: it stands as null.
mod infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
    }
}
