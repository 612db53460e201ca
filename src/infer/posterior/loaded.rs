//! A trained posterior on a device: from what is read to draws and log-densities in the user's units.

use super::plan::{PosteriorPlan, Reals};
use super::rows::wanted;
use crate::backend::{Bodies, Readings, ScoreBackend};
use crate::network::Operations;
use crate::weights::Weights;
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use rayon::ThreadPool;
use sbi_sim::rng::Stream;
use std::sync::Arc;

/// A trained posterior on a device.
pub struct Loaded<'a, B: ScoreBackend> {
    plan: &'a PosteriorPlan,
    reals: &'a Reals,
    fusion: Tensor<B, 1>,
    density: Tensor<B, 1>,
    bodies: Bodies,
    /// How often a draw looks at the network, where a query says so.
    steps: Option<usize>,
    /// The threads that it works on.
    pub pool: Arc<ThreadPool>,
}

impl<'a, B: ScoreBackend> Loaded<'a, B>
where
    Autodiff<B>: Operations,
{
    /// The networks of these weights.
    pub fn new(weights: &'a Weights<PosteriorPlan>, reals: &'a Reals, threads: usize) -> Loaded<'a, B> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
        let pool = Arc::new(pool.expect("the system lets us start a few threads"));
        let (fusion, density) = weights.plan.sizes();
        let parameters = TensorData::from(weights.parameters.as_slice());
        let parameters = Tensor::<B, 1>::from_data(parameters, &B::Device::default());
        Loaded {
            plan: &weights.plan,
            reals,
            fusion: parameters.clone().narrow(0, 0, fusion),
            density: parameters.narrow(0, fusion, density),
            bodies: Bodies::new(pool.clone()),
            steps: None,
            pool,
        }
    }

    /// The same, whose draws look at the network so often.
    pub fn in_steps(self, steps: Option<usize>) -> Loaded<'a, B> {
        Loaded { steps, ..self }
    }

    /// What the density is given of data sets, `[data sets, width]`.
    pub fn context(&self, readings: &[Readings]) -> Tensor<B, 2> {
        self.plan.fusion.context(&self.fusion, &self.bodies, readings)
    }

    /// A draw of all parameters for each row of the context, from the random numbers with these numbers, `[rows · parameters]`.
    pub fn draws(&self, context: Tensor<B, 2>, stream: &Stream, numbers: &[u64]) -> Vec<f64> {
        let reals = self.plan.reals.len();
        let mut normal = vec![0.0; numbers.len() * reals];
        for (number, row) in numbers.iter().zip(normal.chunks_exact_mut(reals)) {
            stream.fill_normal_f32(*number, 0, row);
        }
        let normal =
            Tensor::from_data(TensorData::new(normal, [numbers.len(), reals]), &self.density.device());
        let made = values(self.plan.density.draw(&self.density, normal, &context, self.steps));
        let moments = self.plan.reals.iter().cycle();
        let real = made.iter().zip(moments).map(|(u, (mean, sd))| mean + sd * f64::from(*u));
        self.reals.bijection.from_real(&real.collect::<Vec<f64>>(), self.threads()).values
    }

    /// The log-density of a point `[rows · parameters]` for each row of the context; minus infinity outside the prior's support.
    pub fn log_densities(&self, context: Tensor<B, 2>, points: &[f64]) -> Vec<f64> {
        let reals = self.plan.reals.len();
        let mapped = self.reals.bijection.to_real(points, self.threads());
        let finite = |x: &f64| if x.is_finite() { *x } else { 0.0 };
        let held: Vec<f64> = mapped.values.iter().map(finite).collect();
        let rows = TensorData::new(wanted(self.plan, &held), [mapped.values.len() / reals, reals]);
        let rows = Tensor::from_data(rows, &self.density.device());
        let log = values(self.plan.density.log_density(&self.density, rows, &context));
        let scales: f64 = self.plan.reals.iter().map(|(_, sd)| sd.ln()).sum();
        let inside = mapped.values.chunks_exact(reals).map(|row| row.iter().all(|x| x.is_finite()));
        let whole = |((log, slope), inside): ((&f32, &f64), bool)| match inside {
            true => f64::from(*log) - scales - slope,
            false => f64::NEG_INFINITY,
        };
        log.iter().zip(&mapped.log_slopes).zip(inside).map(whole).collect()
    }

    fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }
}

/// The context of one data set for so many rows, or of each of several for so many rows each.
pub fn repeated<B: ScoreBackend>(context: &Tensor<B, 2>, rows: usize) -> Tensor<B, 2> {
    let [sets, width] = context.dims();
    context.clone().reshape([sets, 1, width]).expand([sets, rows, width]).reshape([sets * rows, width])
}

fn values<B: ScoreBackend>(tensor: Tensor<B, 2>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("the network's tensors are of type f32")
}
