//! Answers for many data sets at once, as studies ask for them: each is read and answered like a query, a batch together.

use super::plan::{PosteriorPlan, Reals};
use super::rows::Rows;
use crate::backend::{Bodies, ScoreBackend};
use crate::device::{Machine, on_device};
use crate::draw::DrawError;
use crate::subject::Subject;
use crate::table::Table;
use crate::weights::Weights;
use burn::tensor::{Tensor, TensorData};
use sbi_sim::rng::Stream;
use std::borrow::Cow;
use std::sync::Arc;

/// Data sets that are read together.
const AT_ONCE: usize = 256;

/// A trained posterior before many data sets, each a row of a table with all scalars of the model, NaN of what it lacks.
#[derive(Clone, Copy)]
pub struct Sets<'a> {
    /// The network.
    pub weights: &'a Weights<PosteriorPlan>,
    /// What is read.
    pub subject: &'a Subject,
    /// The way between parameters and the real line.
    pub reals: &'a Reals,
    /// The seed of draws.
    pub seed: u64,
}

impl Sets<'_> {
    /// So many draws of all parameters for each data set, `[data sets · draws · parameters]`.
    ///
    /// # Errors
    /// [`DrawError::Device`].
    pub fn draw(&self, table: &Table, draws: usize, machine: &Machine) -> Result<Vec<f64>, DrawError> {
        let (plan, reals) = (&self.weights.plan, self.reals.bijection.reals());
        let stream = Stream::new(self.seed, "@sets");
        let made = on_device!(machine.device, DrawError::Device, B => {
            self.each::<B, f32>(table, machine, |rows, flow, context, _| {
                let numbers: Vec<u64> =
                    rows.iter().flat_map(|row| (0..draws).map(move |draw| (row * draws + draw) as u64)).collect();
                let mut normal = vec![0.0; numbers.len() * reals];
                for (number, row) in numbers.iter().zip(normal.chunks_exact_mut(reals)) {
                    stream.fill_normal_f32(*number, 0, row);
                }
                let normal = TensorData::new(normal, [numbers.len(), reals]);
                let normal = Tensor::from_data(normal, &flow.device());
                let [count, width] = context.dims();
                let context = context.reshape([count, 1, width]).expand([count, draws, width]);
                numbers_of(plan.flow.draw(flow, normal, &context.reshape([count * draws, width])))
            })
        });
        let moments = plan.reals.iter().cycle();
        let real: Vec<f64> =
            made.iter().zip(moments).map(|(u, (mean, sd))| mean + sd * f64::from(*u)).collect();
        Ok(self.reals.bijection.from_real(&real, machine.threads).values)
    }

    /// The log-density of each data set's own parameters, in the user's units.
    ///
    /// # Errors
    /// [`DrawError::Device`].
    pub fn log_density(&self, table: &Table, machine: &Machine) -> Result<Vec<f64>, DrawError> {
        let plan = &self.weights.plan;
        let log = on_device!(machine.device, DrawError::Device, B => {
            self.each::<B, f32>(table, machine, |rows, flow, context, from| {
                let wanted = from.wanted_of(plan, rows);
                let wanted = TensorData::new(wanted, [rows.len(), plan.reals.len()]);
                let wanted = Tensor::from_data(wanted, &flow.device());
                numbers_of(plan.flow.log_density(flow, wanted, &context))
            })
        });
        let scales: f64 = plan.reals.iter().map(|(_, sd)| sd.ln()).sum();
        let slopes = self.reals.log_slopes(table, machine.threads);
        Ok(log.iter().zip(slopes).map(|(log, slope)| f64::from(*log) - scales - slope).collect())
    }

    /// What `work` makes of some data sets at a time: their rows, the parameters of the flow, and contexts.
    fn each<B: ScoreBackend, T>(
        &self,
        table: &Table,
        machine: &Machine,
        work: impl Fn(&[usize], &Tensor<B, 1>, Tensor<B, 2>, &Rows) -> Vec<T>,
    ) -> Vec<T> {
        let plan = &self.weights.plan;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(machine.threads.max(1)).build();
        let pool = Arc::new(pool.expect("the system lets us start a few threads"));
        let bodies = Bodies::new(pool.clone());
        let (fusion, flow) = plan.sizes();
        let parameters = TensorData::from(self.weights.parameters.as_slice());
        let parameters = Tensor::<B, 1>::from_data(parameters, &B::Device::default());
        let (read, flow) = (parameters.clone().narrow(0, 0, fusion), parameters.narrow(0, fusion, flow));
        let from = Rows::of(plan, (self.subject, self.reals), Cow::Borrowed(table), machine.threads);
        let rows: Vec<usize> = (0..table.rows()).collect();
        let batch = |rows: &[usize]| {
            let readings = pool.install(|| from.readings(self.subject, rows));
            work(rows, &flow, plan.fusion.context(&read, &bodies, &readings), &from)
        };
        rows.chunks(AT_ONCE).flat_map(batch).collect()
    }
}

fn numbers_of<B: ScoreBackend>(tensor: Tensor<B, 2>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("the network's tensors are of type f32")
}
