//! Answers of a posterior: draws, and exact log-densities.

use super::plan::{PosteriorPlan, Reals};
use super::rows::wanted;
use crate::backend::{Bodies, ScoreBackend};
use crate::device::{Machine, on_device};
use crate::draw::{DrawError, Draws, Question};
use crate::subject::Subject;
use crate::weights::Weights;
use burn::tensor::{Tensor, TensorData};
use sbi_sim::rng::Stream;
use std::ops::{ControlFlow, Range};

/// Draws that are made together.
const AT_ONCE: usize = 4_096;

/// A trained posterior, asked one query.
#[derive(Clone, Copy)]
pub struct Posterior<'a> {
    /// The network.
    pub weights: &'a Weights<PosteriorPlan>,
    /// What is read, with the kinds that the network was trained on.
    pub subject: &'a Subject,
    /// The way between parameters and the real line.
    pub reals: &'a Reals,
    /// What is given, and which parameters are reported.
    pub question: &'a Question,
    /// The seed: draw number n is the same whichever others are made, on any number of threads.
    pub seed: u64,
}

/// A flow and the context of one question.
struct Asked<B: ScoreBackend> {
    flow: Tensor<B, 1>,
    context: Tensor<B, 2>,
}

impl Posterior<'_> {
    /// Makes the draws with these numbers. `go_on` hears how many are done and may stop the work.
    ///
    /// # Errors
    /// [`DrawError::Stopped`], [`DrawError::NotFinite`], [`DrawError::Device`].
    pub fn draw(
        &self,
        numbers: Range<usize>,
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Draws, DrawError> {
        on_device!(machine.device, DrawError::Device, B => {
            let asked = self.asked::<B>(machine);
            let mut values = Vec::with_capacity(numbers.len() * self.question.infer.len());
            for start in numbers.clone().step_by(AT_ONCE) {
                let end = numbers.end.min(start + AT_ONCE);
                values.extend(self.made(&asked, start..end, machine)?);
                if go_on(end - numbers.start).is_break() {
                    return Err(DrawError::Stopped);
                }
            }
            Ok(Draws { values, redrawn: 0 })
        })
    }

    /// The log-density of points in the user's units, `[points · reported]`; minus infinity outside the prior's support. All parameters
    /// are reported.
    ///
    /// # Errors
    /// [`DrawError::Device`].
    pub fn log_density(&self, points: &[f64], machine: &Machine) -> Result<Vec<f64>, DrawError> {
        let places: Vec<usize> = self.reported().collect();
        let ordered = |point: &[f64]| {
            let mut row = vec![f64::NAN; places.len()];
            for (x, place) in point.iter().zip(&places) {
                row.get_mut(*place).into_iter().for_each(|to| *to = *x);
            }
            row
        };
        let points: Vec<f64> = points.chunks_exact(places.len().max(1)).flat_map(ordered).collect();
        on_device!(machine.device, DrawError::Device, B => {
            let asked = self.asked::<B>(machine);
            let (plan, reals) = (&self.weights.plan, self.reals.bijection.reals());
            let mapped = self.reals.bijection.to_real(&points, machine.threads);
            let inside = mapped.values.chunks_exact(reals).map(|row| row.iter().all(|x| x.is_finite()));
            let inside: Vec<bool> = inside.collect();
            let held: Vec<f64> =
                mapped.values.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
            let rows = wanted(plan, &held);
            let count = inside.len();
            let rows = Tensor::from_data(TensorData::new(rows, [count, reals]), &asked.flow.device());
            let context = asked.for_rows(count);
            let log: Vec<f32> = numbers(plan.flow.log_density(&asked.flow, rows, &context));
            let scales: f64 = plan.reals.iter().map(|(_, sd)| sd.ln()).sum();
            let slopes = mapped.log_slopes.iter().zip(&inside);
            let whole = |(log, (slope, inside)): (&f32, (&f64, &bool))| match inside {
                true => f64::from(*log) - scales - slope,
                false => f64::NEG_INFINITY,
            };
            Ok(log.iter().zip(slopes).map(whole).collect())
        })
    }

    fn asked<B: ScoreBackend>(&self, machine: &Machine) -> Asked<B> {
        let plan = &self.weights.plan;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(machine.threads.max(1)).build();
        let bodies = Bodies::new(pool.expect("the system lets us start a few threads").into());
        let parameters = TensorData::from(self.weights.parameters.as_slice());
        let parameters = Tensor::<B, 1>::from_data(parameters, &B::Device::default());
        let (fusion, flow) = plan.sizes();
        let readings = self.question.readings(self.subject, &plan.scales);
        let context = plan.fusion.context(&parameters.clone().narrow(0, 0, fusion), &bodies, &readings);
        Asked { flow: parameters.narrow(0, fusion, flow), context }
    }

    /// The draws with these numbers, `[draws · reported]`.
    fn made<B: ScoreBackend>(
        &self,
        asked: &Asked<B>,
        draws: Range<usize>,
        machine: &Machine,
    ) -> Result<Vec<f64>, DrawError> {
        let (plan, reals) = (&self.weights.plan, self.reals.bijection.reals());
        let stream = Stream::new(self.seed, &format!("@draw/{}", self.question.name));
        let mut normal = vec![0.0; draws.len() * reals];
        for (draw, row) in draws.clone().zip(normal.chunks_exact_mut(reals)) {
            stream.fill_normal_f32(draw as u64, 0, row);
        }
        let normal = Tensor::from_data(TensorData::new(normal, [draws.len(), reals]), &asked.flow.device());
        let made: Vec<f32> = numbers(plan.flow.draw(&asked.flow, normal, &asked.for_rows(draws.len())));
        let moments = plan.reals.iter().cycle();
        let real = made.iter().zip(moments).map(|(u, (mean, sd))| mean + sd * f64::from(*u));
        let mapped = self.reals.bijection.from_real(&real.collect::<Vec<f64>>(), machine.threads);
        let reported: Vec<usize> = self.reported().collect();
        let mut values = Vec::with_capacity(draws.len() * reported.len());
        for row in mapped.values.chunks_exact(mapped.columns) {
            for (number, column) in reported.iter().enumerate() {
                let value = row.get(*column).copied().unwrap_or(f64::NAN);
                if !value.is_finite() {
                    let name =
                        self.question.infer.get(number).and_then(|own| self.subject.tokens().get(*own));
                    let name = name.map(|token| token.name.clone()).unwrap_or_default();
                    return Err(DrawError::NotFinite { name });
                }
                values.push(value);
            }
        }
        Ok(values)
    }

    /// Which of the parameters each of those reported is.
    fn reported(&self) -> impl Iterator<Item = usize> {
        let own = |token: &usize| self.reals.columns.iter().position(|column| column == token);
        self.question.infer.iter().map(move |token| own(token).expect("a posterior infers parameters"))
    }
}

impl<B: ScoreBackend> Asked<B> {
    /// The context for so many rows.
    fn for_rows(&self, rows: usize) -> Tensor<B, 2> {
        let [_, width] = self.context.dims();
        self.context.clone().expand([rows, width])
    }
}

fn numbers<B: ScoreBackend>(tensor: Tensor<B, 2>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("the network's tensors are of type f32")
}
