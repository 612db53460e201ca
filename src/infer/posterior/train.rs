//! Training a posterior: the mean of −log q over simulations.

use super::plan::{PosteriorPlan, Reals};
use super::rows::Rows;
use crate::backend::{Bodies, Gear, Readings, ScoreBackend};
use crate::device::{Machine, on_device};
use crate::example::JUDGED;
use crate::network::{Matrices, Piece};
use crate::schedule::Course;
use crate::subject::Subject;
use crate::train::{Fresh, Hooks, Lesson, Material, TrainError, initial, learn};
use crate::weights::Weights;
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use sbi_sim::rng::Stream;
use std::borrow::Cow;

/// Trains a posterior on simulations (columns in the order of scalars), from the start or from the bytes of a checkpoint.
///
/// # Errors
/// See [`TrainError`].
pub fn train_posterior(
    plan: &PosteriorPlan,
    (subject, reals): (&Subject, &Reals),
    material: Material,
    machine: &Machine,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights<PosteriorPlan>, TrainError> {
    material.ensure_enough()?;
    let table = material.table;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(machine.threads.max(1)).build();
    let pool = std::sync::Arc::new(pool.expect("the system lets us start a few threads"));
    let (unseen, seen) = material.parted();
    let lesson = Amortised {
        plan,
        subject,
        reals,
        threads: machine.threads,
        kept: Rows::of(plan, (subject, reals), Cow::Borrowed(table), machine.threads),
        fresh: material.fresh,
        seen,
        unseen,
        choices: plan.course.stream("train.choices"),
        bodies: Bodies::new(pool.clone()),
        gear: Gear { matrices: matrices(plan), pool },
    };
    on_device!(machine.device, TrainError::Device, B => learn::<Autodiff<B>, _>(&lesson, resume, hooks))
}

/// Trains an amortised posterior.
struct Amortised<'a> {
    plan: &'a PosteriorPlan,
    subject: &'a Subject,
    reals: &'a Reals,
    threads: usize,
    kept: Rows<'a>,
    fresh: Option<&'a dyn Fresh>,
    seen: Vec<usize>,
    unseen: Vec<usize>,
    choices: Stream,
    bodies: Bodies,
    gear: Gear,
}

/// What a step looks at.
struct Batch {
    /// Of each source.
    readings: Vec<Readings>,
    /// `[examples · reals]`.
    wanted: Vec<f32>,
    /// What each example weighs.
    weight: f64,
}

impl Amortised<'_> {
    /// The examples of these rows.
    fn of(&self, from: &Rows, rows: &[usize], weight: f64) -> Batch {
        let readings = self.gear.install(|| from.readings(self.subject, rows));
        Batch { readings, wanted: from.wanted_of(self.plan, rows), weight }
    }
}

impl Lesson for Amortised<'_> {
    type Plan = PosteriorPlan;
    type Batch = Batch;

    fn plan(&self) -> &PosteriorPlan {
        self.plan
    }

    fn course(&self) -> &Course {
        &self.plan.course
    }

    fn gear(&self) -> &Gear {
        &self.gear
    }

    fn initial(&self) -> Vec<f32> {
        let (fusion, flow) = self.plan.pieces();
        initial(fusion.into_iter().chain(flow), &[], &self.plan.course.stream("train.weights"))
    }

    fn batch(&self, step: u32, size: usize) -> Result<Batch, TrainError> {
        let weight = 1.0 / size as f64;
        if let Some(fresh) = self.fresh {
            let table = fresh.simulate(self.course().fresh(step, size)).map_err(TrainError::Simulation)?;
            let read = (self.subject, self.reals);
            let made = Rows::of(self.plan, read, Cow::Owned(table), self.threads);
            return Ok(self.of(&made, &(0..size).collect::<Vec<usize>>(), weight));
        }
        let pick = |place: usize| {
            let share = self.choices.uniform(place as u64, step, 0) * self.seen.len() as f64;
            self.seen.get(share as usize).copied().expect("a uniform number is below one")
        };
        let rows: Vec<usize> = (0..size).map(pick).collect();
        Ok(self.of(&self.kept, &rows, weight))
    }

    fn held_out(&self) -> Vec<Batch> {
        let weight = 1.0 / self.unseen.len() as f64;
        self.unseen.chunks(JUDGED).map(|rows| self.of(&self.kept, rows, weight)).collect()
    }

    fn loss<B: ScoreBackend>(&self, parameters: &Tensor<B, 1>, batch: &Batch) -> Tensor<B, 1> {
        self.plan.loss_of(parameters, &self.bodies, &batch.readings, &batch.wanted) * batch.weight
    }
}

/// The matrices of blocks of attention, and of what lies within couplings.
fn matrices(plan: &PosteriorPlan) -> Vec<Matrices> {
    let (_, flow) = plan.pieces();
    let (start, _) = plan.sizes();
    let inner = |piece: &&Piece| piece.name.contains(".layer.") && piece.name.ends_with(".w");
    let moved = |piece: &Piece| Matrices {
        range: start + piece.range.start..start + piece.range.end,
        rows: piece.rows,
        columns: piece.columns,
        count: 1,
    };
    plan.fusion.matrices().into_iter().chain(flow.iter().filter(inner).map(moved)).collect()
}
