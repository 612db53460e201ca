//! The log-density of a conditional: along the probability flow from a point to pure noise, whose density is known
//! (Song et al. 2021, equation 39), with the exact trace of the flow's Jacobian.
//!
//! Of values u as the network sees them, scaled by c_in, the flow is du/dλ = r u − c_in c_out F with λ = ln σ. So over the n tokens
//! that are asked about `log p(u) = log p(u_end) − ∫ (c_in c_out Σ ∂F_i/∂u_i − n r) dλ`. The preconditioned process has r = 0, and where
//! its network says nothing the solver has nothing to do.
//!
//! Tokens b that a query leaves out enter by Bayes' rule, `p(a | given) = p(a, b | given) / p(b | a, given)`, which holds at any b:
//! at some that are drawn from the divisor, where the network is surest, and the logarithms averaged. A margin of which training has
//! seen little is not asked for.

use crate::backend::ScoreBackend;
use crate::bound::{Bound, Slopes};
use crate::device::{Machine, on_device};
use crate::draw::{Conditional, Try};
use crate::network::{Operations, Probes};
use crate::noise::Process;
use crate::parts::side_by_side;
use crate::solver::Solver;
use burn::backend::Autodiff;
use sbi_model::State;
use std::f64::consts::TAU;
use std::ops::ControlFlow;

/// Steps of the classical Runge-Kutta method from a point to noise, evenly in λ; more for the published processes, whose
/// networks say more.
const STEPS: usize = 24;
const PUBLISHED_STEPS: usize = 96;

/// Draws of what is left out at which Bayes' rule is read for each point, the same random numbers for all points: so the density
/// is a function of the place alone.
const SIDES: usize = 8;

/// No draw lies so many standard deviations from the mean of the simulations.
const FARTHEST: f64 = 1e4;

/// Points between two reports of progress.
const CHUNK: usize = 256;

/// Why there is no density.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DensityError {
    /// The caller stopped it.
    Stopped,
    /// This quantity is asked about, or left out, and takes whole numbers only.
    Discrete {
        /// Which.
        name: String,
    },
    /// This quantity is asked about, or left out, and was the same in all simulations.
    Constant {
        /// Which.
        name: String,
    },
    /// Draws satisfy conditions or have changed priors, and how much of the density these leave is not known.
    Restricted,
    /// The device cannot be used, and why.
    Device(String),
}

impl std::fmt::Display for DensityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DensityError::Stopped => write!(f, "the work was stopped"),
            DensityError::Discrete { name } => {
                write!(f, "`{name}` takes whole numbers only, which have no density")
            }
            DensityError::Constant { name } => {
                write!(f, "`{name}` was the same in all simulations, and has no density")
            }
            DensityError::Restricted => {
                write!(
                    f,
                    "its draws satisfy a `where` or a changed prior, and what that leaves of the density is not known"
                )
            }
            DensityError::Device(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DensityError {}

impl Conditional<'_> {
    /// The log-density of points `[points · inferred]`, in the order asked and in the user's units: a number each, minus
    /// infinity outside the prior's support. Tokens that the question leaves out are integrated over. What mass the network leaves outside is not made up for: draws that are made
    /// again until they are within have a density larger by one over the share of tries that were. `go_on` hears how many
    /// are done and may stop the work.
    ///
    /// # Errors
    /// See [`DensityError`].
    pub fn log_density(
        &self,
        points: &[f64],
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Vec<f64>, DensityError> {
        self.ensure_density()?;
        on_device!(machine.device, DensityError::Device, B => self.log_density_on::<B>(points, machine, go_on))
    }

    /// Fails where what is asked about has no density.
    ///
    /// # Errors
    /// [`DensityError::Discrete`], [`DensityError::Constant`], [`DensityError::Restricted`].
    pub fn ensure_density(&self) -> Result<(), DensityError> {
        if self.under.is_some() {
            return Err(DensityError::Restricted);
        }
        for token in self.drawn_along() {
            let (token, kind) = self.token(token);
            if token.support.whole {
                return Err(DensityError::Discrete { name: token.name.clone() });
            }
            if !self.weights.plan.scale(kind).varies() {
                return Err(DensityError::Constant { name: token.name.clone() });
            }
        }
        Ok(())
    }

    fn log_density_on<B: ScoreBackend>(
        &self,
        points: &[f64],
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Vec<f64>, DensityError>
    where
        Autodiff<B>: Operations,
    {
        let (workers, threads) = machine.workers();
        let asked = |number: &usize| self.question.infer.contains(number);
        let others = self.drawn_along().into_iter().filter(|number| !asked(number)).collect::<Vec<usize>>();
        let mut joint = self.question.clone();
        let mut rest = self.question.clone();
        (joint.infer, rest.infer) = (self.drawn_along(), others.clone());
        for &number in &joint.infer {
            let given = if asked(&number) { State::Given(0.0) } else { State::Inferred };
            rest.states.get_mut(number).into_iter().for_each(|state| *state = given);
        }
        let of = |question| Conditional { question, ..*self };
        let new = |_| Margin {
            joint: Flow::new(&of(&joint), threads),
            rest: (!others.is_empty())
                .then(|| (Solver::new(&of(&rest), threads), Flow::new(&of(&rest), threads))),
        };
        let mut margins: Vec<Margin<B>> = (0..workers).map(new).collect();
        let tokens = self.subject.tokens().len();
        let points: Vec<Point> =
            points.chunks(self.question.infer.len()).map(|point| self.place(point)).collect();
        let mut densities = Vec::with_capacity(points.len());
        for chunk in points.chunks(CHUNK) {
            let made =
                side_by_side(&mut margins, chunk, tokens, 1, |margin, points| margin.log_density(points));
            let sum = |(made, point): (&f64, &Point)| made + point.log_slope;
            densities.extend(
                made.iter().zip(chunk).map(sum).map(|log| if log.is_nan() { f64::NEG_INFINITY } else { log }),
            );
            if go_on(densities.len()).is_break() {
                return Err(DensityError::Stopped);
            }
        }
        Ok(densities)
    }

    /// The tokens that draws are made of.
    pub(crate) fn drawn_along(&self) -> Vec<usize> {
        let states = self.question.states.iter().zip(self.hidden()).enumerate();
        let drawn = states.filter(|(_, (state, hidden))| !matches!(state, State::Given(_)) && !hidden);
        drawn.map(|(number, _)| number).collect()
    }

    /// A point in the network's units.
    fn place(&self, point: &[f64]) -> Point {
        let mut values = vec![0.0; self.subject.tokens().len()];
        let mut log_slope = 0.0;
        for (&number, &x) in self.question.infer.iter().zip(point) {
            let (token, kind) = self.token(number);
            let scale = self.weights.plan.scale(kind);
            let (z, slope) = (scale.unfold(x), scale.log_slope(x));
            let inside = token.support.contains(x) && slope.is_finite() && z.abs() < FARTHEST;
            log_slope = if inside { log_slope + slope } else { f64::NEG_INFINITY };
            // Where there is no density, the flow starts from anywhere.
            values.get_mut(number).into_iter().for_each(|value| *value = if inside { z } else { 0.0 });
        }
        Point { values, log_slope }
    }
}

/// A point of the tokens that are asked about.
struct Point {
    /// `[tokens]`, standardised; zero of others.
    values: Vec<f64>,
    /// The logarithm of how much faster the standardised values change than the user's; minus infinity outside the support.
    log_slope: f64,
}

/// What gives the density of some of the tokens that are drawn.
struct Margin<'a, B: ScoreBackend> {
    joint: Flow<'a, B>,
    /// Of the others, given these.
    rest: Option<(Solver<'a, B>, Flow<'a, B>)>,
}

impl<B: ScoreBackend> Margin<'_, B>
where
    Autodiff<B>: Operations,
{
    /// The log-density of each point's standardised values.
    fn log_density(&self, points: &[Point]) -> Vec<f64> {
        let mut values: Vec<f64> = points.iter().flat_map(|point| &point.values).copied().collect();
        let mut known = values.clone();
        let Some((solver, rest)) = &self.rest else {
            self.joint.bound.pin(self.joint.bound.own(), &mut values);
            return self.joint.log_density(self.joint.bound.own(), values);
        };
        // What is given of all points stands beside what is given of each.
        self.joint.bound.pin(self.joint.bound.own(), &mut known);
        let mut sums = vec![0.0; points.len()];
        for number in 0..SIDES {
            let drawn = solver.draw_given(&known, &vec![Try { number, attempt: 0 }; points.len()]);
            let of_joint = self.joint.log_density(self.joint.bound.own(), drawn.clone());
            let of_rest = rest.log_density(&known, drawn);
            let logs = of_joint.iter().zip(of_rest).map(|(joint, rest)| joint - rest);
            sums.iter_mut().zip(logs).for_each(|(sum, log)| *sum += log / SIDES as f64);
        }
        sums
    }
}

/// The probability flow of a question.
struct Flow<'a, B: ScoreBackend> {
    bound: Bound<'a, B>,
    probes: Probes,
}

impl<'a, B: ScoreBackend> Flow<'a, B>
where
    Autodiff<B>: Operations,
{
    fn new(of: &Conditional<'a>, threads: usize) -> Self {
        let bound = Bound::new(of, threads);
        Flow { probes: bound.probes(), bound }
    }

    /// The log-density of the tokens that are not known, for each row of standardised values.
    fn log_density(&self, known: &[f64], mut values: Vec<f64>) -> Vec<f64> {
        let (process, unknown) = (self.bound.plan.process, self.bound.unknown());
        let (lowest, highest) = process.range();
        let scale = |sigma: f64| process.coefficients(sigma).input;
        values.iter_mut().for_each(|value| *value *= scale(lowest));
        let field = |values: &[f64], sigma| self.bound.slopes(known, values, sigma, &self.probes);
        let count = unknown.iter().filter(|unknown| **unknown).count() as f64;
        let flowed = climb(values, count, &process, field);
        let variance = process.start_variance() * scale(highest).powi(2);
        let constant = count * (scale(lowest).ln() - 0.5 * (TAU * variance).ln());
        let rows = flowed.values.chunks_exact(self.bound.tokens()).zip(flowed.integrals);
        rows.map(|(row, integral)| {
            let unknown = row.iter().zip(unknown).filter(|(_, unknown)| **unknown);
            let squares: f64 = unknown.map(|(value, _)| value * value).sum();
            constant - 0.5 * squares / variance - integral
        })
        .collect()
    }
}

/// Where the flow ends.
struct Flowed {
    /// Values at the highest level, scaled.
    values: Vec<f64>,
    /// For each sample ∫ (c_in c_out Σ ∂F_i/∂u_i − n r) dλ.
    integrals: Vec<f64>,
}

/// Takes scaled values from the lowest level of noise to the highest, so many of each sample; `field` gives F and its slopes at
/// a level.
fn climb(values: Vec<f64>, count: f64, process: &Process, field: impl Fn(&[f64], f64) -> Slopes) -> Flowed {
    let (lowest, highest) = process.range();
    let steps = if process.is_published() { PUBLISHED_STEPS } else { STEPS };
    let step = (highest / lowest).ln() / steps as f64;
    let rates = |values: &[f64], at: f64| {
        let sigma = lowest * (at * step).exp();
        let scaling = process.coefficients(sigma);
        let (factor, linear) = (scaling.input * scaling.output, process.linear(sigma));
        let Slopes { mut outputs, mut sums } = field(values, sigma);
        outputs.iter_mut().zip(values).for_each(|(output, u)| *output = linear * u - factor * *output);
        sums.iter_mut().for_each(|sum| *sum = factor * *sum - count * linear);
        Slopes { outputs, sums }
    };
    let moved = |from: &[f64], rates: &[f64], by: f64| -> Vec<f64> {
        from.iter().zip(rates).map(|(value, rate)| value + by * rate).collect()
    };
    let mut at = Flowed { values, integrals: Vec::new() };
    for number in 0..steps {
        let from = number as f64;
        let first = rates(&at.values, from);
        let second = rates(&moved(&at.values, &first.outputs, 0.5 * step), from + 0.5);
        let third = rates(&moved(&at.values, &second.outputs, 0.5 * step), from + 0.5);
        let fourth = rates(&moved(&at.values, &third.outputs, step), from + 1.0);
        at.integrals.resize(first.sums.len(), 0.0);
        for (weight, rates) in [1.0, 2.0, 2.0, 1.0].into_iter().zip([first, second, third, fourth]) {
            at.values = moved(&at.values, &rates.outputs, weight / 6.0 * step);
            at.integrals = moved(&at.integrals, &rates.sums, weight / 6.0 * step);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use sbi_model::Noise;

    /// Normal laws of width s have D = x s² / (s² + σ²): their densities, in one and in three dimensions at once.
    #[test]
    fn normal_laws_have_their_density() {
        let processes =
            [(Process::fitting(Noise::Edm, 0.1), 0.004), (Process::Ve, 0.03), (Process::Vp, 0.05)];
        let widths = [2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.03_f64];
        for (width, (process, tolerance)) in
            widths.into_iter().flat_map(|width| processes.map(|process| (width, process)))
        {
            let (lowest, highest) = process.range();
            let field = |values: &[f64], sigma: f64| {
                let c = process.coefficients(sigma);
                let slope = (width * width / (width * width + sigma * sigma) - c.skip) / (c.output * c.input);
                Slopes {
                    outputs: values.iter().map(|u| slope * u).collect(),
                    sums: vec![slope; values.len()],
                }
            };
            for x in [0.0, 0.7 * width, 2.0 * width] {
                let start = x * process.coefficients(lowest).input;
                let Flowed { values, integrals } = climb(vec![start], 1.0, &process, field);
                let variance = process.start_variance() * process.coefficients(highest).input.powi(2);
                let found = process.coefficients(lowest).input.ln()
                    - 0.5 * (TAU * variance).ln()
                    - 0.5 * values[0] * values[0] / variance
                    - integrals[0];
                // What the lowest level adds to the width is no error of the solver.
                let exact_variance = width * width + lowest * lowest;
                let exact = -0.5 * (TAU * exact_variance).ln() - 0.5 * x * x / exact_variance;
                assert!((found - exact).abs() < tolerance, "width {width}, x {x}: {found} is not {exact}");
            }
        }
    }
}
