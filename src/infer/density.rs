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

/// Steps of the classical Runge-Kutta method from a point to noise; more for the published processes, whose networks say more.
const STEPS: usize = 24;
const PUBLISHED_STEPS: usize = 96;

/// Steps are even in x with λ = MIDDLE + sinh x: shortest about σ = .37, where what is drawn parts and takes shape.
const MIDDLE: f64 = -1.0;

/// Weights of the first and the last values in a sum that integrates (Gregory's, of the fourth order); those between have 1.
const ENDS: [f64; 3] = [3.0 / 8.0, 7.0 / 6.0, 23.0 / 24.0];

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
        let looks = Looks {
            outputs: |values: &[f64], sigma| self.bound.outputs(known, values, sigma),
            slopes: |values: &[f64], sigma| self.bound.slopes(known, values, sigma, &self.probes),
        };
        let count = unknown.iter().filter(|unknown| **unknown).count() as f64;
        let flowed = climb(values, count, &process, &looks);
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

/// What a network says of scaled values at a level: F alone, or its slopes besides, which take a way back for each token.
struct Looks<O, S> {
    outputs: O,
    slopes: S,
}

/// The way from the lowest level of noise to the highest, in steps.
struct Way {
    /// Where it starts, in x.
    start: f64,
    /// How long a step is, in x.
    step: f64,
    steps: usize,
}

impl Way {
    fn of(process: &Process) -> Way {
        let (lowest, highest) = process.range();
        let [start, end] = [lowest, highest].map(|sigma| (sigma.ln() - MIDDLE).asinh());
        let steps = if process.is_published() { PUBLISHED_STEPS } else { STEPS };
        Way { start, step: (end - start) / steps as f64, steps }
    }

    /// The level after so many steps, and how long a step is there, in λ.
    fn at(&self, steps: f64) -> (f64, f64) {
        let x = self.start + steps * self.step;
        ((MIDDLE + x.sinh()).exp(), x.cosh() * self.step)
    }
}

/// Takes scaled values from the lowest level of noise to the highest, so many of each sample.
///
/// Slopes are asked for where steps meet, and F alone within them. The sum over where they meet is as good an integral as four times as many
/// slopes would give: they are smooth, and flat at both ends.
fn climb(
    values: Vec<f64>,
    count: f64,
    process: &Process,
    looks: &Looks<impl Fn(&[f64], f64) -> Vec<f64>, impl Fn(&[f64], f64) -> Slopes>,
) -> Flowed {
    let way = Way::of(process);
    let coefficients = |sigma: f64| {
        let scaling = process.coefficients(sigma);
        (scaling.input * scaling.output, process.linear(sigma))
    };
    let rates = |outputs: &[f64], values: &[f64], at: f64| -> Vec<f64> {
        let (sigma, pace) = way.at(at);
        let (factor, linear) = coefficients(sigma);
        outputs.iter().zip(values).map(|(output, u)| pace * (linear * u - factor * output)).collect()
    };
    let looked = |values: &[f64], at: f64| rates(&(looks.outputs)(values, way.at(at).0), values, at);
    let mut at = Flowed { values, integrals: Vec::new() };
    for number in 0..=way.steps {
        let from = number as f64;
        let (sigma, pace) = way.at(from);
        let (factor, linear) = coefficients(sigma);
        let Slopes { outputs, sums } = (looks.slopes)(&at.values, sigma);
        let weight = pace * ENDS.get(number.min(way.steps - number)).unwrap_or(&1.0);
        at.integrals.resize(sums.len(), 0.0);
        let terms = sums.iter().map(|sum| weight * (factor * sum - count * linear));
        at.integrals.iter_mut().zip(terms).for_each(|(integral, term)| *integral += term);
        if number < way.steps {
            let first = rates(&outputs, &at.values, from);
            let second = looked(&moved(&at.values, &first, 0.5), from + 0.5);
            let third = looked(&moved(&at.values, &second, 0.5), from + 0.5);
            let fourth = looked(&moved(&at.values, &third, 1.0), from + 1.0);
            for (weight, rates) in [1.0, 2.0, 2.0, 1.0].into_iter().zip([first, second, third, fourth]) {
                at.values = moved(&at.values, &rates, weight / 6.0);
            }
        }
    }
    at
}

/// Values after so large a share of a step at these rates.
fn moved(from: &[f64], rates: &[f64], share: f64) -> Vec<f64> {
    from.iter().zip(rates).map(|(value, rate)| value + share * rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sbi_model::Noise;

    /// The log-density that the flow gives at a point, of a law whose D and dD/dx at a level are known.
    fn density(process: &Process, x: f64, law: impl Fn(f64, f64) -> (f64, f64)) -> f64 {
        let (lowest, highest) = process.range();
        let slopes = |values: &[f64], sigma: f64| {
            let c = process.coefficients(sigma);
            let of = |u: &f64| {
                let (denoised, slope) = law(u / c.input, sigma);
                ((denoised - c.skip * u / c.input) / c.output, (slope - c.skip) / (c.output * c.input))
            };
            let (outputs, sums) = values.iter().map(of).unzip();
            Slopes { outputs, sums }
        };
        let looks = Looks { outputs: |values: &[f64], sigma| slopes(values, sigma).outputs, slopes };
        let scale = process.coefficients(lowest).input;
        let Flowed { values, integrals } = climb(vec![x * scale], 1.0, process, &looks);
        let variance = process.start_variance() * process.coefficients(highest).input.powi(2);
        scale.ln() - 0.5 * (TAU * variance).ln() - 0.5 * values[0] * values[0] / variance - integrals[0]
    }

    fn normal(x: f64, variance: f64) -> f64 {
        -0.5 * (TAU * variance).ln() - 0.5 * x * x / variance
    }

    /// Normal laws of width s have D = x s² / (s² + σ²).
    #[test]
    fn normal_laws_have_their_density() {
        let processes =
            [(Process::fitting(Noise::Edm, 0.1), 0.004), (Process::Ve, 0.03), (Process::Vp, 0.05)];
        let widths = [2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.03_f64];
        for (width, (process, tolerance)) in
            widths.into_iter().flat_map(|width| processes.map(|process| (width, process)))
        {
            let (lowest, _) = process.range();
            let law = |x: f64, sigma: f64| {
                let share = width * width / (width * width + sigma * sigma);
                (share * x, share)
            };
            for x in [0.0, 0.7 * width, 2.0 * width] {
                let found = density(&process, x, law);
                // What the lowest level adds to the width is no error of the solver.
                let exact = normal(x, width * width + lowest * lowest);
                assert!((found - exact).abs() < tolerance, "width {width}, x {x}: {found} is not {exact}");
            }
        }
    }

    /// Of two narrow peaks at ±1 the flow parts where noise lets it choose, and its slope rises and falls within a step or two.
    #[test]
    fn two_peaks_have_their_density() {
        let process = Process::fitting(Noise::Edm, 0.1);
        let (lowest, _) = process.range();
        for width in [0.3, 0.1, 0.05_f64] {
            let law = |x: f64, sigma: f64| {
                let total = width * width + sigma * sigma;
                let (share, side) = (width * width / total, (x / total).tanh());
                (side + share * (x - side), share + (1.0 - share) * (1.0 - side * side) / total)
            };
            for x in [1.0 - 2.0 * width, 1.0 - width, 1.0, 1.0 + 0.5 * width, -1.0 - 2.0 * width] {
                let found = density(&process, x, law);
                let variance = width * width + lowest * lowest;
                let exact =
                    (0.5 * normal(x - 1.0, variance).exp() + 0.5 * normal(x + 1.0, variance).exp()).ln();
                assert!((found - exact).abs() < 0.01, "width {width}, x {x}: {found} is not {exact}");
            }
        }
    }
}
