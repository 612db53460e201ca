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
        levels: plan.course.stream("train.levels"),
        noises: plan.course.stream("train.noise"),
        bodies: Bodies::new(pool.clone()),
        gear: Gear { matrices: matrices(plan), pool },
    };
    on_device!(machine.device, TrainError::Device, B => learn::<Autodiff<B>, _>(&lesson, resume, hooks))
}

/// Steps of random numbers of what is held out, those of no training: each held-out row is judged under so many.
const HELD_OUT: u32 = u32::MAX;
const SWEEPS: u32 = 8;

/// The smallest distance from one that such a number has.
const LEAST: f32 = 1.0 / 16_777_216.0;

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
    levels: Stream,
    noises: Stream,
    bodies: Bodies,
    gear: Gear,
}

/// What a step looks at.
struct Batch {
    /// Of each source.
    readings: Vec<Readings>,
    /// `[examples · reals]`.
    wanted: Vec<f32>,
    /// Random numbers of each, if its loss takes any.
    noise: Vec<f32>,
    /// What each example weighs.
    weight: f64,
}

impl Amortised<'_> {
    /// The examples of these rows, with the random numbers of a step, or of what is held out.
    fn of(&self, from: &Rows, rows: &[usize], step: u32, weight: f64) -> Batch {
        let readings = self.gear.install(|| from.readings(self.subject, rows));
        let noise = match step {
            _ if step > HELD_OUT - SWEEPS => {
                rows.iter().flat_map(|row| self.noise(*row as u64, step)).collect()
            }
            _ => (0..rows.len() as u64).flat_map(|place| self.noise(place, step)).collect(),
        };
        Batch { readings, wanted: from.wanted_of(self.plan, rows), noise, weight }
    }

    /// The random numbers of an example.
    fn noise(&self, example: u64, step: u32) -> Vec<f32> {
        let mut noise = vec![0.0; self.plan.density.noises()];
        if let Some((uniform, normal)) = noise.split_first_mut() {
            // Rounded it may be one, which no level belongs to.
            *uniform = (self.levels.uniform(example, step, 0) as f32).clamp(LEAST, 1.0 - LEAST);
            self.noises.fill_normal_f32(example, step, normal);
        }
        noise
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
            return Ok(self.of(&made, &(0..size).collect::<Vec<usize>>(), step, weight));
        }
        let pick = |place: usize| {
            let share = self.choices.uniform(place as u64, step, 0) * self.seen.len() as f64;
            self.seen.get(share as usize).copied().expect("a uniform number is below one")
        };
        let rows: Vec<usize> = (0..size).map(pick).collect();
        Ok(self.of(&self.kept, &rows, step, weight))
    }

    fn held_out(&self) -> Vec<Batch> {
        let sweeps = if self.plan.density.noises() > 0 { SWEEPS } else { 1 };
        let weight = 1.0 / (self.unseen.len() as f64 * f64::from(sweeps));
        let chunks = (0..sweeps)
            .flat_map(|sweep| self.unseen.chunks(JUDGED).map(move |rows| (rows, HELD_OUT - sweep)));
        chunks.map(|(rows, step)| self.of(&self.kept, rows, step, weight)).collect()
    }

    fn loss<B: ScoreBackend>(&self, parameters: &Tensor<B, 1>, batch: &Batch) -> Tensor<B, 1> {
        let numbers = (&batch.wanted[..], &batch.noise[..]);
        self.plan.loss_of(parameters, &self.bodies, &batch.readings, numbers) * batch.weight
    }
}

/// The matrices of blocks of attention, and of what lies within couplings, or the blocks of a diffusion.
fn matrices(plan: &PosteriorPlan) -> Vec<Matrices> {
    let (_, density) = plan.pieces();
    let (start, _) = plan.sizes();
    let inner = |piece: &&Piece| piece.name.contains(".layer.") && piece.name.ends_with(".w");
    let moved = |piece: &Piece| Matrices {
        range: start + piece.range.start..start + piece.range.end,
        rows: piece.rows,
        columns: piece.columns,
        count: 1,
    };
    plan.fusion.matrices().into_iter().chain(density.iter().filter(inner).map(moved)).collect()
}
