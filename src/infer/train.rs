//! Training: Muon and AdamW on batches of noisy simulations, an average of the weights, the best of it by held-out loss.

use crate::backend::{Batch, Gear, Network, ScoreBackend, objective, update};
use crate::device::{Machine, on_device};
use crate::encoder::Encoder;
use crate::example::{Data, Examples};
use crate::network::Piece;
use crate::optimiser::{Moving, Update};
use crate::pattern::Patterns;
use crate::plan::{Plan, standardise};
use crate::schedule::{Course, Fall, Schedule};
use crate::subject::Subject;
use crate::table::{Table, is_validation};
use crate::weights::{Damaged, Point, Weights, decode, encode, take};
use burn::backend::Autodiff;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use sbi_sim::rng::Stream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ops::{ControlFlow, Range};

/// Held-out examples in one measurement: at least the first, at most the second number.
pub const VALIDATION_EXAMPLES: usize = 2_000;
pub const VALIDATION_ROWS: usize = 20_000;

/// Training stops when held-out loss was this share above its best for [`PATIENCE`] measurements in a row; a log-density may be zero by
/// chance, and a share of it nothing.
const WORSE: f64 = 0.1;
const LEAST_LOSS: f64 = 0.05;
const PATIENCE: usize = 5;

/// Decay of the average of the weights once it is warm.
const AVERAGE: f64 = 0.998;

/// The share of an initial identity that is its own and not that of its node; shared ones are drawn from this element on.
const OWN: f64 = 0.3;
const SHARED: u64 = 1 << 32;

/// What makes simulations while a network is trained on them.
pub trait Fresh: Sync {
    /// Simulations with these numbers, as the rows that are held out; the same whenever they are asked for.
    ///
    /// # Errors
    /// What went wrong in one.
    fn simulate(&self, numbers: Range<usize>) -> Result<Table, Box<sbi_sim::Failure>>;
}

/// The simulations that a network is trained on.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// Those that are kept, columns in the order of scalars.
    pub table: &'a Table,
    /// What makes those that are seen but once, where there is one: then all that are kept are held out.
    pub fresh: Option<&'a dyn Fresh>,
}

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
#[derive(Clone, Debug, PartialEq)]
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
    /// A simulation failed while a network was trained on it.
    Simulation(Box<sbi_sim::Failure>),
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
            TrainError::Simulation(failure) => write!(f, "{failure}"),
            TrainError::Device(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for TrainError {}

/// Trains a network on simulations, from the start or from the bytes of a checkpoint.
///
/// # Errors
/// See [`TrainError`].
pub fn train(
    plan: &Plan,
    subject: &Subject,
    material: Material,
    machine: &Machine,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights, TrainError> {
    material.ensure_enough()?;
    on_device!(machine.device, TrainError::Device, B => {
        train_on::<Autodiff<B>>(plan, subject, material, machine, resume, hooks)
    })
}

/// What a training minimises, on which examples.
pub(crate) trait Lesson {
    /// What was chosen before; checkpoints go on for the same alone.
    type Plan: Clone + PartialEq + Serialize + DeserializeOwned;
    /// What a step looks at.
    type Batch;

    fn plan(&self) -> &Self::Plan;

    fn course(&self) -> &Course;

    /// What moves the network.
    fn gear(&self) -> &Gear;

    /// The initial parameters.
    fn initial(&self) -> Vec<f32>;

    /// The examples of a step.
    fn batch(&self, step: u32, size: usize) -> Result<Self::Batch, TrainError>;

    /// Held-out examples; their losses add up to that of all.
    fn held_out(&self) -> Vec<Self::Batch>;

    /// The loss of parameters on a batch, `[1]`.
    fn loss<B: ScoreBackend>(&self, parameters: &Tensor<B, 1>, batch: &Self::Batch) -> Tensor<B, 1>;
}

/// Trains a joint network.
struct Joint<'a> {
    plan: &'a Plan,
    subject: &'a Subject,
    network: Network,
    patterns: &'a Patterns<'a>,
    fresh: Option<&'a dyn Fresh>,
    seen: Examples<'a>,
    unseen: Examples<'a>,
}

impl Lesson for Joint<'_> {
    type Plan = Plan;
    type Batch = Batch;

    fn plan(&self) -> &Plan {
        self.plan
    }

    fn course(&self) -> &Course {
        &self.plan.course
    }

    fn gear(&self) -> &Gear {
        &self.network.gear
    }

    fn initial(&self) -> Vec<f32> {
        let pieces = self.plan.architecture.layout().pieces.into_iter();
        let pieces = pieces.chain(self.plan.encoders.iter().flat_map(Encoder::pieces));
        initial(pieces, &self.subject.nodes_of_kinds(), &self.plan.course.stream("train.weights"))
    }

    fn batch(&self, step: u32, size: usize) -> Result<Batch, TrainError> {
        let Some(fresh) = self.fresh else {
            return Ok(self.gear().install(|| self.seen.batch(step, size)));
        };
        let table = fresh.simulate(self.course().fresh(step, size)).map_err(TrainError::Simulation)?;
        let values = standardise(&self.plan.scales, &self.subject.scaling, &table);
        Ok(self.gear().install(|| {
            let data = Data::new(self.subject, &table, &values, self.patterns);
            Examples { data: &data, rows: (0..size).collect(), ..self.seen }.all(step)
        }))
    }

    fn held_out(&self) -> Vec<Batch> {
        let times = VALIDATION_EXAMPLES.div_ceil(self.unseen.rows.len());
        self.gear().install(|| self.unseen.sweep(times))
    }

    fn loss<B: ScoreBackend>(&self, parameters: &Tensor<B, 1>, batch: &Batch) -> Tensor<B, 1> {
        objective(parameters, &self.network, batch)
    }
}

fn train_on<B>(
    plan: &Plan,
    subject: &Subject,
    material: Material,
    machine: &Machine,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights, TrainError>
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    let (table, stream) = (material.table, |purpose: &str| plan.course.stream(purpose));
    let patterns = Patterns::new(subject, plan.mask, &plan.mixture, &stream("train.patterns"));
    let values = standardise(&plan.scales, &subject.scaling, table);
    let network = Network::new(&plan.architecture, &plan.encoders, machine.threads);
    let data = network.gear.install(|| Data::new(subject, table, &values, &patterns));
    let examples = |rows: Vec<usize>, name: &str| Examples {
        data: &data,
        rows,
        process: plan.process,
        patterns: &patterns,
        choices: stream(&format!("{name}.choices")),
        noise: stream(&format!("{name}.noise")),
    };
    let (unseen, seen) = material.parted();
    let (seen, unseen) = (examples(seen, "train"), examples(unseen, "validation"));
    let (patterns, fresh) = (&patterns, material.fresh);
    learn::<B, _>(&Joint { plan, subject, network, patterns, fresh, seen, unseen }, resume, hooks)
}

impl<'a> Material<'a> {
    /// Simulations that are all kept.
    pub fn kept(table: &'a Table) -> Material<'a> {
        Material { table, fresh: None }
    }

    pub(crate) fn ensure_enough(&self) -> Result<(), TrainError> {
        match self.table.rows() {
            rows @ 0..20 => Err(TrainError::TooFew { rows }),
            _ => Ok(()),
        }
    }

    /// Which of those that are kept are held out, and which are not.
    pub(crate) fn parted(&self) -> (Vec<usize>, Vec<usize>) {
        let all = 0..self.table.rows();
        if self.fresh.is_some() {
            return (all.take(VALIDATION_EXAMPLES).collect(), Vec::new());
        }
        let (mut unseen, seen): (Vec<usize>, Vec<usize>) = all.partition(|row| is_validation(*row));
        unseen.truncate(VALIDATION_ROWS);
        (unseen, seen)
    }
}

/// Trains a network from the start, or from the bytes of a checkpoint.
pub(crate) fn learn<B, L: Lesson>(
    lesson: &L,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights<L::Plan>, TrainError>
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    let held_out = lesson.held_out();
    let device = B::Device::default();
    let initial = lesson.initial();
    let state = match resume {
        Some(bytes) => {
            let state = State::from_bytes(bytes, lesson.plan(), initial.len(), &device);
            state.map_err(TrainError::Checkpoint)?
        }
        None => State::new(lesson.plan(), &initial, &device),
    };
    let mut trainer = Trainer::<B, L> { lesson, state };
    while trainer.state.header.step < trainer.schedule().end() && !trainer.overfitted() {
        trainer.step()?;
        let step = trainer.state.header.step;
        if trainer.schedule().checks_after(step) {
            trainer.judge(&held_out)?;
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
        trainer.judge(&held_out)?;
    }
    Ok(Weights {
        plan: lesson.plan().clone(),
        parameters: numbers(&trainer.state.best),
        curve: trainer.state.header.curve,
    })
}

/// A training in flight.
struct Trainer<'a, B: AutodiffBackend, L: Lesson> {
    lesson: &'a L,
    state: State<B::InnerBackend, L::Plan>,
}

/// Everything that a step changes.
struct State<B: Backend, P> {
    header: Header<P>,
    moving: Moving<Tensor<B, 1>>,
    /// The average when held-out loss was lowest.
    best: Tensor<B, 1>,
}

/// The part of the state that is no tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header<P> {
    plan: P,
    step: usize,
    smoothed: Option<f64>,
    /// How the learning rate falls, once it does.
    fall: Option<Fall>,
    #[serde(with = "infinite")]
    best: f64,
    curve: Vec<Point>,
}

impl<B, L: Lesson> Trainer<'_, B, L>
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    fn step(&mut self) -> Result<(), TrainError> {
        let step = self.state.header.step;
        let batch = self.lesson.batch(step as u32, self.schedule().batch(step))?;
        let parameters = Tensor::<B, 1>::from_inner(self.state.moving.parameters.clone()).require_grad();
        let loss = self.lesson.loss(&parameters, &batch);
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
        update(far, self.lesson.gear(), &mut state.moving, gradient);
        state.header.step += 1;
        state.header.smoothed = Some(state.header.smoothed.map_or(loss, |old| 0.99 * old + 0.01 * loss));
        Ok(())
    }

    /// Measures the averaged weights on held-out simulations and keeps them where they are the best so far.
    fn judge(&mut self, held_out: &[L::Batch]) -> Result<(), TrainError> {
        let loss = |batch| self.lesson.loss(&self.state.moving.average, batch).into_scalar_f32();
        let validation: f64 = held_out.iter().map(|batch| f64::from(loss(batch))).sum();
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
        let far = header.best + WORSE * header.best.abs().max(LEAST_LOSS);
        let worse = header.curve.iter().rev().take_while(|point| point.validation > far);
        self.schedule().may_overfit() && worse.count() >= PATIENCE
    }

    fn schedule(&self) -> Schedule<'_> {
        Schedule { course: self.lesson.course(), fall: self.state.header.fall }
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
pub(crate) fn initial(pieces: impl IntoIterator<Item = Piece>, nodes: &[usize], stream: &Stream) -> Vec<f32> {
    let mut values = Vec::new();
    for (number, piece) in (0u32..).zip(pieces) {
        let name = piece.name.as_str();
        let silent = [".out.w", ".down.w", ".modulation.w"].iter().any(|end| name.ends_with(end));
        let zero = (name.contains("block.") && silent) || name.ends_with("head.w");
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

impl<B: Backend, P: Clone + PartialEq + Serialize + DeserializeOwned> State<B, P> {
    fn new(plan: &P, parameters: &[f32], device: &B::Device) -> State<B, P> {
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

    fn from_bytes(bytes: &[u8], plan: &P, length: usize, device: &B::Device) -> Result<State<B, P>, Damaged> {
        let (header, mut arrays): (Header<P>, _) = decode(bytes)?;
        if header.plan != *plan {
            return Err(Damaged("it belongs to another training".to_owned()));
        }
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
