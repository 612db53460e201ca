//! Answers of a posterior: draws, and exact log-densities.

use super::loaded::{Loaded, repeated};
use super::plan::{PosteriorPlan, Reals};
use crate::device::{Machine, on_device};
use crate::draw::{DrawError, Draws, Question};
use crate::subject::Subject;
use crate::weights::Weights;
use sbi_sim::rng::Stream;
use std::ops::{ControlFlow, Range};

/// Draws, or points, that are worked on together.
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
    /// How often a draw looks at a network that takes several looks; as often as suits most where it is silent.
    pub steps: Option<usize>,
    /// The seed: draw number n is the same whichever others are made, on any number of threads.
    pub seed: u64,
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
        let stream = Stream::new(self.seed, &format!("@draw/{}", self.question.name));
        on_device!(machine.device, DrawError::Device, B => {
            let loaded = Loaded::<B>::new(self.weights, self.reals, machine.threads).in_steps(self.steps);
            let context = loaded.context(&self.question.readings(self.subject, &self.weights.plan.scales));
            let mut values = Vec::with_capacity(numbers.len() * self.question.infer.len());
            for start in numbers.clone().step_by(AT_ONCE) {
                let end = numbers.end.min(start + AT_ONCE);
                let own: Vec<u64> = (start as u64..end as u64).collect();
                self.report(&loaded.draws(repeated(&context, own.len()), &stream, &own), &mut values)?;
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
        let width = places.len().max(1);
        let points: Vec<f64> = points.chunks_exact(width).flat_map(ordered).collect();
        on_device!(machine.device, DrawError::Device, B => {
            let loaded = Loaded::<B>::new(self.weights, self.reals, machine.threads);
            let context = loaded.context(&self.question.readings(self.subject, &self.weights.plan.scales));
            let some = |points: &[f64]| loaded.log_densities(repeated(&context, points.len() / width), points);
            Ok(points.chunks(AT_ONCE * width).flat_map(some).collect())
        })
    }

    /// Puts what is reported of draws of all parameters behind `values`.
    fn report(&self, draws: &[f64], values: &mut Vec<f64>) -> Result<(), DrawError> {
        let reported: Vec<usize> = self.reported().collect();
        for row in draws.chunks_exact(self.reals.columns.len()) {
            for (number, column) in reported.iter().enumerate() {
                let value = row.get(*column).copied().unwrap_or(f64::NAN);
                if !value.is_finite() {
                    let token =
                        self.question.infer.get(number).and_then(|own| self.subject.tokens().get(*own));
                    let name = token.map(|token| token.name.clone()).unwrap_or_default();
                    return Err(DrawError::NotFinite { name });
                }
                values.push(value);
            }
        }
        Ok(())
    }

    /// Which of the parameters each of those reported is.
    fn reported(&self) -> impl Iterator<Item = usize> {
        let own = |token: &usize| self.reals.columns.iter().position(|column| column == token);
        self.question.infer.iter().map(move |token| own(token).expect("a posterior infers parameters"))
    }
}
