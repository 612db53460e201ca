//! Draws under changed priors: their weights, and how the law of a denoised value changes when it is weighed.
//!
//! A changed prior multiplies a conditional by w(θ), the ratio of both densities at each parameter. Where a value that is denoised at
//! some level is normal with mean D and variance s² (Efron 2011: s² = σ² ∂D/∂x), the weighed law has the mean E[z w(z)] / E[w(z)], and
//! what hangs together with it moves along by its covariance. Of a normal conditional and a normal w this is exact, and so are then
//! draws that follow these means down from noise.

use crate::draw::{Conditional, Question};
use crate::guide::FARTHEST;
use crate::scale::Scale;
use crate::subject::Subject;
use sbi_model::{State, Support};
use sbi_sim::Tilt;

/// Standardised values lie within this of zero, both ways.
const REACH: f64 = 12.0;

/// Points at which a law is sought, so many rounds, each where the one before found any of it; and points at which its weights are
/// kept.
const SOUGHT: usize = 8_192;
const ROUNDS: usize = 3;
const POINTS: usize = 1_024;

/// What a network says of the variance of a denoised value is taken for no less and no more than these parts of what it is where nothing
/// is known but the simulations. With a hundredth of this least part a small network threw one draw in 400 twenty widths off.
const LEAST: f64 = 1e-2;
const MOST: f64 = 2.0;

/// Where the logarithm of a density is so much lower than at its top there is nothing of it.
const DEPTH: f64 = 50.0;

/// The parameters of a question whose priors are changed.
pub struct Tilted {
    tilt: Tilt,
    /// For each element of the tilt its token, where that is drawn.
    tokens: Vec<Option<usize>>,
}

/// The weights of one token's standardised values, at points evenly apart.
#[derive(Clone, Debug)]
pub struct Pull {
    /// The token.
    pub token: usize,
    first: f64,
    step: f64,
    logs: Vec<f64>,
}

impl Tilted {
    /// The changed priors of what a question draws.
    pub fn of(tilt: Tilt, subject: &Subject, question: &Question) -> Tilted {
        let drawn = |&(node, element): &(sbi_model::NodeId, usize)| {
            let mut tokens = subject.tokens().iter().zip(&question.states);
            tokens.position(|(token, state)| {
                *state == State::Inferred && (token.node, token.element) == (node, element)
            })
        };
        let tokens = tilt.elements().iter().map(drawn).collect();
        Tilted { tilt, tokens }
    }

    /// How many numbers are drawn whose prior is changed.
    pub fn count(&self) -> usize {
        self.tokens.iter().flatten().count()
    }

    /// The logarithm of each row's weight, from the values of so many tokens in a row, in the user's units.
    pub(crate) fn log_weights(&self, rows: &[f64], tokens: usize) -> Vec<f64> {
        let value = |row: &[f64], token: &Option<usize>| token.and_then(|token| row.get(token).copied());
        let values: Vec<f64> = rows
            .chunks_exact(tokens)
            .flat_map(|row| self.tokens.iter().map(move |token| value(row, token).unwrap_or(f64::NAN)))
            .collect();
        let logs = self.tilt.log_weights(&values);
        let of_row = |logs: &[f64]| {
            let drawn = logs.iter().zip(&self.tokens).filter(|(_, token)| token.is_some());
            drawn.map(|(log, _)| log).sum()
        };
        logs.chunks_exact(self.tokens.len().max(1)).map(of_row).collect()
    }

    /// The weights of every token's standardised values.
    pub(crate) fn pulls(&self, of: &Conditional) -> Vec<Pull> {
        let scale = |token: usize| {
            let kind = of.subject.identities.get(token).copied();
            *of.weights.plan.scale(kind.expect("tokens have their kinds"))
        };
        let laws = self.tokens.iter().zip(self.tilt.supports());
        let mut laws: Vec<Option<Law>> =
            laws.map(|(token, support)| token.map(|token| Law::within(support, scale(token)))).collect();
        for _ in 0..ROUNDS {
            let logs = self.at_points(&laws, SOUGHT, |values| self.tilt.after(values));
            laws.iter_mut()
                .zip(&logs)
                .for_each(|(law, logs)| law.iter_mut().for_each(|law| law.narrow(logs)));
        }
        let logs = self.at_points(&laws, POINTS, |values| self.tilt.log_weights(values));
        let pull = |((law, logs), token): ((&Option<Law>, Vec<f64>), &Option<usize>)| {
            let (law, token) = (law.as_ref()?, (*token)?);
            let step = law.width() / POINTS as f64;
            Some(Pull { token, first: law.low + 0.5 * step, step, logs })
        };
        laws.iter().zip(logs).zip(&self.tokens).filter_map(pull).collect()
    }

    /// What a law says at so many points of each element's range, element by element.
    fn at_points(
        &self,
        laws: &[Option<Law>],
        count: usize,
        say: impl Fn(&[f64]) -> Vec<f64>,
    ) -> Vec<Vec<f64>> {
        let value = |law: &Option<Law>, k: usize| {
            law.as_ref().map_or(f64::NAN, |law| law.scale.restore(law.point(k, count)))
        };
        let rows = (0..count).flat_map(|k| laws.iter().map(move |law| value(law, k)));
        let said = say(&rows.collect::<Vec<f64>>());
        let column = |own: usize| said.iter().skip(own).step_by(laws.len()).copied().collect();
        (0..laws.len()).map(column).collect()
    }
}

/// Where one element's new law is sought, in standardised values.
struct Law {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Law {
    fn within(support: &Support, scale: Scale) -> Law {
        let end = |x: f64, other: f64| {
            let z = scale.unfold(x);
            if z.is_nan() { other } else { z.clamp(-REACH, REACH) }
        };
        Law { low: end(support.low, -REACH), high: end(support.high, REACH), scale }
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The middle of one of so many equal parts.
    fn point(&self, k: usize, count: usize) -> f64 {
        self.low + self.width() * (k as f64 + 0.5) / count as f64
    }

    /// Narrows it to where there is any of the law, whose logarithms at its points these are, in the user's units.
    fn narrow(&mut self, logs: &[f64]) {
        let count = logs.len();
        let density = |(k, log): (usize, &f64)| {
            let density = log - self.scale.log_slope(self.scale.restore(self.point(k, count)));
            if density.is_nan() { f64::NEG_INFINITY } else { density }
        };
        let densities: Vec<f64> = logs.iter().enumerate().map(density).collect();
        let top = densities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let some = |density: &f64| *density > top - DEPTH;
        let (Some(first), Some(last)) = (densities.iter().position(some), densities.iter().rposition(some))
        else {
            return;
        };
        let part = self.width() / count as f64;
        // The parts beside these may have some of it too.
        let ends = [first.saturating_sub(1) as f64, (last + 2).min(count) as f64];
        [self.low, self.high] = ends.map(|end| self.low + part * end);
    }
}

impl Pull {
    /// How far the mean of a normal law moves when it is weighed, and the variance that it has then.
    pub fn weighed(&self, mean: f64, variance: f64) -> (f64, f64) {
        if variance < self.step * self.step {
            // Narrower than the points are apart: weights change it by their slope.
            let place = (mean - self.first) / self.step;
            let at = |k: f64| self.logs.get(k as usize).copied().filter(|log| *log > f64::NEG_INFINITY);
            let slope = (place >= 0.0).then(|| at(place.floor()).zip(at(place.floor() + 1.0))).flatten();
            return match slope {
                Some((low, high)) => (variance * (high - low) / self.step, variance),
                None => (self.nearest(mean).map_or(0.0, |nearest| nearest - mean), variance),
            };
        }
        let log = |(k, log): (usize, &f64)| log - 0.5 * (self.point(k) - mean).powi(2) / variance;
        let top = self.logs.iter().enumerate().map(log).fold(f64::NEG_INFINITY, f64::max);
        if top == f64::NEG_INFINITY {
            return (0.0, variance);
        }
        let [mut mass, mut first, mut second] = [0.0; 3];
        for (k, own) in self.logs.iter().enumerate() {
            let (off, weight) = (self.point(k) - mean, (log((k, own)) - top).exp());
            mass += weight;
            first += weight * off;
            second += weight * off * off;
        }
        let shift = first / mass;
        (shift, (second / mass - shift * shift).max(0.0))
    }

    /// The nearest point that has any weight.
    fn nearest(&self, to: f64) -> Option<f64> {
        let points = self.logs.iter().enumerate().filter(|(_, log)| **log > f64::NEG_INFINITY);
        let points = points.map(|(k, _)| self.point(k));
        points.min_by(|a, b| (a - to).abs().total_cmp(&(b - to).abs()))
    }

    fn point(&self, k: usize) -> f64 {
        self.first + self.step * k as f64
    }
}

/// Moves the denoised values of a draw to the means that they have when weighed, one changed prior after the other: each moves, by
/// their covariance, what hangs together with its token, and what the others know of theirs.
///
/// `covariances` are those of each token with a changed prior with all tokens, `[pulls · tokens]`, as a network says, and so taken
/// for no more than they can be beside `unit`, the variance where nothing is known but the simulations.
pub fn follow(pulls: &[Pull], denoised: &mut [f64], covariances: &[f64], unit: f64) {
    let mut columns: Vec<Vec<f64>> = covariances.chunks_exact(denoised.len()).map(<[f64]>::to_vec).collect();
    for (own, pull) in pulls.iter().enumerate() {
        let Some((column, others)) = columns.get_mut(own..).and_then(<[Vec<f64>]>::split_first_mut) else {
            return;
        };
        let at = |values: &[f64]| values.get(pull.token).copied().unwrap_or(0.0);
        let variance = at(column).clamp(LEAST * unit, MOST * unit);
        let (shift, after) = pull.weighed(at(denoised), variance);
        let shift = shift.clamp(-FARTHEST, FARTHEST);
        let most = (MOST * unit / variance).sqrt();
        let shares = column.iter().enumerate().map(|(token, covariance)| match token == pull.token {
            true => 1.0,
            false => (covariance / variance).clamp(-most, most),
        });
        let shares: Vec<f64> = shares.collect();
        denoised.iter_mut().zip(&shares).for_each(|(value, share)| *value += share * shift);
        for other in others {
            let known = (1.0 - after / variance) * at(other);
            other.iter_mut().zip(&shares).for_each(|(covariance, share)| *covariance -= known * share);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights of N(m, t²) over N(0, 1), or of being within two ends, at the points of a pull from one end to the other.
    fn pull([low, high]: [f64; 2], log: impl Fn(f64) -> f64) -> Pull {
        let step = (high - low) / POINTS as f64;
        let first = low + 0.5 * step;
        Pull { token: 0, first, step, logs: (0..POINTS).map(|k| log(first + step * k as f64)).collect() }
    }

    /// Mean and variance of w times N(mean, variance), by the sums of a fine grid.
    fn quadrature(log: impl Fn(f64) -> f64, mean: f64, variance: f64) -> (f64, f64) {
        let sd = variance.sqrt();
        let points = || (-40_000..=40_000).map(|k| mean + sd * f64::from(k) * 5e-4);
        let logs: Vec<f64> = points().map(|z| log(z) - 0.5 * (z - mean) * (z - mean) / variance).collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = |of: &dyn Fn(f64) -> f64| {
            points().zip(&logs).map(|(z, log)| of(z) * (log - top).exp()).sum::<f64>()
        };
        let mass = sum(&|_| 1.0);
        let first = sum(&|z| z) / mass;
        (first - mean, sum(&|z| (z - first) * (z - first)) / mass)
    }

    #[test]
    fn a_weighed_normal_law_has_the_moments_of_its_quadrature() {
        let normal = |m: f64, t: f64| move |z: f64| 0.5 * z * z - 0.5 * ((z - m) / t).powi(2);
        for (m, t) in [(0.3, 0.1), (-1.0, 0.5), (2.0, 2.0_f64)] {
            let ends = [(m - 10.0 * t).max(-12.0), (m + 10.0 * t).min(12.0)];
            let pull = pull(ends, normal(m, t));
            for (mean, sd) in [(0.0, 0.9), (0.2, 0.3), (0.25, 0.05), (m + t, 0.002 * t)] {
                let (shift, variance) = pull.weighed(mean, sd * sd);
                let (wanted, exact) = quadrature(normal(m, t), mean, sd * sd);
                assert!(
                    (shift - wanted).abs() < 1e-3 * sd,
                    "N({m}, {t}) on N({mean}, {sd}): {shift}, not {wanted}"
                );
                assert!((variance / exact - 1.0).abs() < 2e-3, "{variance}, not {exact}");
            }
        }
        let within = |z: f64| if (0.2..=0.5).contains(&z) { 0.0 } else { f64::NEG_INFINITY };
        let cut = pull([0.2, 0.5], |_| 0.0);
        for (mean, sd) in [(0.3, 0.8), (0.0, 0.1), (0.45, 0.02)] {
            let ((shift, variance), (wanted, exact)) =
                (cut.weighed(mean, sd * sd), quadrature(within, mean, sd * sd));
            assert!((shift - wanted).abs() < 2e-3 * sd, "N({mean}, {sd}) cut: {shift}, not {wanted}");
            assert!((variance / exact - 1.0).abs() < 5e-3, "{variance}, not {exact}");
        }
    }

    /// Where all weight is far away, the nearest of it draws; where there is none, nothing does.
    #[test]
    fn what_is_far_away_draws_and_what_is_nowhere_does_not() {
        let cut = pull([0.2, 0.5], |_| 0.0);
        assert!(
            (cut.weighed(-3.0, 1e-10).0 - 3.2).abs() < 1e-3 && (cut.weighed(0.7, 1e-10).0 + 0.2).abs() < 1e-3
        );
        assert!((cut.weighed(-3.0, 0.01).0 - 3.2).abs() < 5e-3);
        let nothing = pull([0.2, 0.5], |_| f64::NEG_INFINITY);
        assert_eq!((nothing.weighed(0.0, 0.1), nothing.weighed(0.3, 1e-12)), ((0.0, 0.1), (0.0, 1e-12)));
    }

    /// Three numbers that hang together, two of them weighed by normal laws: the mean of the product of all.
    #[test]
    fn what_hangs_together_moves_as_its_covariance_says() {
        let normal = |m: f64, t: f64| move |z: f64| -0.5 * ((z - m) / t).powi(2);
        let pulls = [
            Pull { token: 0, ..pull([-4.0, 6.0], normal(1.0, 0.5)) },
            Pull { token: 2, ..pull([-5.0, 3.0], normal(-1.0, 0.4)) },
        ];
        let columns = [0.5, 0.3, -0.2, -0.2, 0.1, 0.6];
        let mut values = [0.1, 0.2, 0.3];
        follow(&pulls, &mut values, &columns, 1.0);
        // Of a linear observation of the first and the third with noise: gain = C (S + R)⁻¹.
        let (s00, s02, s22) = (0.5 + 0.25, -0.2, 0.6 + 0.16);
        let det = s00 * s22 - s02 * s02;
        let off = [1.0 - 0.1, -1.0 - 0.3];
        let solved = [(s22 * off[0] - s02 * off[1]) / det, (s00 * off[1] - s02 * off[0]) / det];
        for (token, start) in [0.1, 0.2, 0.3].into_iter().enumerate() {
            let wanted = start + columns[token] * solved[0] + columns[3 + token] * solved[1];
            assert!((values[token] - wanted).abs() < 1e-6, "{values:?}: {token} is not at {wanted}");
        }
    }
}
