//! Training a posterior: the mean of −log q over simulations.

use super::plan::{PosteriorPlan, Reals};
use crate::backend::{Bodies, Gear, Readings, ScoreBackend};
use crate::device::{Machine, on_device};
use crate::example::JUDGED;
use crate::modality::Reading;
use crate::network::{Matrices, Piece};
use crate::plan::standardise;
use crate::schedule::Course;
use crate::subject::Subject;
use crate::table::Table;
use crate::train::{Hooks, Lesson, TrainError, initial, learn, parted};
use crate::weights::Weights;
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;
use sbi_sim::rng::Stream;

/// Trains a posterior on simulations (columns in the order of scalars), from the start or from the bytes of a checkpoint.
///
/// # Errors
/// See [`TrainError`].
pub fn train_posterior(
    plan: &PosteriorPlan,
    (subject, reals): (&Subject, &Reals),
    table: &Table,
    machine: &Machine,
    resume: Option<&[u8]>,
    hooks: &mut dyn Hooks,
) -> Result<Weights<PosteriorPlan>, TrainError> {
    if table.rows() < 20 {
        return Err(TrainError::TooFew { rows: table.rows() });
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(machine.threads.max(1)).build();
    let pool = std::sync::Arc::new(pool.expect("the system lets us start a few threads"));
    let (unseen, seen) = parted(table.rows());
    let values = standardise(&plan.scales, &subject.scaling, table);
    let lesson = Amortised {
        plan,
        subject,
        table,
        values,
        wanted: wanted(plan, &reals.of_rows(table, machine.threads)),
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
    table: &'a Table,
    /// Standardised scalars, `[rows · scalars]`.
    values: Vec<f32>,
    /// Standardised real numbers of parameters, `[rows · reals]`.
    wanted: Vec<f32>,
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
    fn of(&self, rows: &[usize], weight: f64) -> Batch {
        let (scalars, reals) = (self.subject.scaling.len(), self.plan.reals.len());
        let read = |row: &usize| -> Vec<Option<Reading>> {
            let own = self.values.get(row * scalars..(row + 1) * scalars).expect("rows are rows");
            let value = |scalar: usize| own.get(scalar).copied().unwrap_or(f32::NAN);
            let modalities = self.subject.modalities.iter();
            modalities.map(|modality| modality.read(value, self.table.coordinates(*row))).collect()
        };
        let read: Vec<Vec<Option<Reading>>> = self.gear.install(|| rows.par_iter().map(read).collect());
        let mut readings: Vec<Readings> =
            self.subject.modalities.iter().map(|modality| modality.readings(Vec::new())).collect();
        for own in read {
            readings.iter_mut().zip(own).for_each(|(all, own)| all.samples.push(own));
        }
        let wanted = rows.iter().flat_map(|row| self.wanted.get(row * reals..(row + 1) * reals));
        Batch { readings, wanted: wanted.flatten().copied().collect(), weight }
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

    fn batch(&self, step: u32, size: usize) -> Batch {
        let pick = |place: usize| {
            let share = self.choices.uniform(place as u64, step, 0) * self.seen.len() as f64;
            self.seen.get(share as usize).copied().expect("a uniform number is below one")
        };
        let rows: Vec<usize> = (0..size).map(pick).collect();
        self.of(&rows, 1.0 / size as f64)
    }

    fn held_out(&self) -> Vec<Batch> {
        let weight = 1.0 / self.unseen.len() as f64;
        self.unseen.chunks(JUDGED).map(|rows| self.of(rows, weight)).collect()
    }

    fn loss<B: ScoreBackend>(&self, parameters: &Tensor<B, 1>, batch: &Batch) -> Tensor<B, 1> {
        let (fusion, flow) = self.plan.sizes();
        let context =
            self.plan.fusion.context(&parameters.clone().narrow(0, 0, fusion), &self.bodies, &batch.readings);
        let reals = self.plan.reals.len();
        let wanted = TensorData::new(batch.wanted.clone(), [batch.wanted.len() / reals.max(1), reals]);
        let wanted = Tensor::from_data(wanted, &parameters.device());
        let log = self.plan.flow.log_density(&parameters.clone().narrow(0, fusion, flow), wanted, &context);
        log.sum() * -batch.weight
    }
}

/// Real numbers as the flow sees them.
pub(super) fn wanted(plan: &PosteriorPlan, reals: &[f64]) -> Vec<f32> {
    let moments = plan.reals.iter().cycle();
    reals.iter().zip(moments).map(|(x, (mean, sd))| ((x - mean) / sd) as f32).collect()
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
