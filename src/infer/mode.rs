//! The mode of a conditional: where its density, in the user's units, is largest.
//!
//! From the densest of some draws a search goes on by Newton's method along the axes of the draws' covariance, in which a normal
//! law is round, so that one step finds its mode. Slopes and curvatures are differences of log-densities; a step is taken
//! only where it leads up, and is shorter each time that it does not. What is found is the densest place that the search has met.

use crate::density::DensityError;
use crate::device::Machine;
use crate::draw::Conditional;
use std::ops::ControlFlow;

/// Draws whose density is looked at.
const DRAWS: usize = 256;

/// Rounds of the search, and the first and last length of its differences, in standard deviations of the draws.
const ROUNDS: usize = 16;
const FIRST_REACH: f64 = 0.5;
const LAST_REACH: f64 = 0.02;

/// The farthest that a round goes along an axis, in reaches.
const FARTHEST: f64 = 4.0;

/// A place and its density.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// The inferred tokens, in the order asked and in the user's units.
    pub values: Vec<f64>,
    /// The log-density there.
    pub log_density: f64,
}

impl Conditional<'_> {
    /// The mode that `draws` of the same question lead to, `[draws · inferred]`. `go_on` hears how many densities of about
    /// [`Conditional::mode_work`] are known and may stop the work.
    ///
    /// # Errors
    /// See [`DensityError`].
    pub fn mode(
        &self,
        draws: &[f64],
        machine: &Machine,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Mode, DensityError> {
        let width = self.question.infer.len();
        let axes = axes(draws, width);
        let stride = (draws.len() / width).div_ceil(DRAWS).max(1);
        let starts: Vec<f64> = draws.chunks_exact(width).step_by(stride).flatten().copied().collect();
        let mut known = 0;
        let mut densest = |places: &[f64]| -> Result<Vec<Mode>, DensityError> {
            let before = known;
            let densities = self.log_density(places, machine, &mut |more| go_on(before + more))?;
            known += densities.len();
            let places = places.chunks_exact(width).map(<[f64]>::to_vec);
            Ok(places.zip(densities).map(|(values, log_density)| Mode { values, log_density }).collect())
        };
        let mut best = highest(densest(&starts)?).expect("an answer has draws");
        let mut reach = FIRST_REACH;
        for _ in 0..ROUNDS {
            let probes: Vec<Vec<f64>> = axes
                .iter()
                .flat_map(|axis| [moved(&best.values, axis, -reach), moved(&best.values, axis, reach)])
                .collect();
            let around = densest(&probes.concat())?;
            let mut ahead = best.values.clone();
            for (axis, pair) in axes.iter().zip(around.chunks_exact(2)) {
                let [below, above] = pair else { continue };
                let far = newton(below.log_density, best.log_density, above.log_density);
                ahead = moved(&ahead, axis, far * reach);
            }
            let candidates = around.into_iter().chain(densest(&ahead)?);
            match highest(candidates.collect()).filter(|found| found.log_density > best.log_density) {
                Some(found) => best = found,
                None if reach < LAST_REACH => break,
                None => reach *= 0.5,
            }
        }
        Ok(best)
    }

    /// How many densities [`Conditional::mode`] asks for at most, of so many draws.
    pub fn mode_work(&self, draws: usize) -> usize {
        draws.min(DRAWS) + ROUNDS * (2 * self.question.infer.len() + 1)
    }
}

fn highest(found: Vec<Mode>) -> Option<Mode> {
    found
        .into_iter()
        .filter(|mode| !mode.log_density.is_nan())
        .max_by(|a, b| a.log_density.total_cmp(&b.log_density))
}

fn moved(from: &[f64], axis: &[f64], far: f64) -> Vec<f64> {
    from.iter().zip(axis).map(|(x, along)| x + far * along).collect()
}

/// Where the parabola through three log-densities, one reach apart, is highest; up the slope where it is not bent down.
fn newton(below: f64, here: f64, above: f64) -> f64 {
    if !below.is_finite() || !above.is_finite() {
        return 0.0;
    }
    let (slope, bend) = (0.5 * (above - below), above - 2.0 * here + below);
    let far = if bend < 0.0 { -slope / bend } else { slope.signum() };
    far.clamp(-FARTHEST, FARTHEST)
}

/// Directions in which the draws' law is round, were it normal: the columns of the Cholesky factor of their covariance.
fn axes(draws: &[f64], width: usize) -> Vec<Vec<f64>> {
    let count = (draws.len() / width.max(1)) as f64;
    let rows = || draws.chunks_exact(width);
    let means: Vec<f64> =
        (0..width).map(|own| rows().filter_map(|row| row.get(own)).sum::<f64>() / count).collect();
    let centred: Vec<Vec<f64>> =
        rows().map(|row| row.iter().zip(&means).map(|(x, mean)| x - mean).collect()).collect();
    let mut axes: Vec<Vec<f64>> = Vec::with_capacity(width);
    for own in 0..width {
        // Of the covariance's column what the axes before it leave.
        let mut left: Vec<f64> = vec![0.0; width];
        for row in &centred {
            let factor = row.get(own).copied().unwrap_or(0.0) / count;
            left.iter_mut().zip(row).for_each(|(left, x)| *left += factor * x);
        }
        let variance = left.get(own).copied().unwrap_or(0.0);
        for axis in &axes {
            let factor = axis.get(own).copied().unwrap_or(0.0);
            left.iter_mut().zip(axis).for_each(|(left, along)| *left -= factor * along);
        }
        // What follows from the others has hardly a direction of its own.
        let rest = left.get(own).copied().unwrap_or(0.0).max(1e-12 * variance);
        let scale = if rest > 0.0 { rest.sqrt().recip() } else { 0.0 };
        axes.push(
            left.into_iter().enumerate().map(|(at, x)| if at < own { 0.0 } else { scale * x }).collect(),
        );
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L Lᵀ of the axes is the covariance of the draws.
    #[test]
    fn axes_are_those_of_the_covariance() {
        let stream = sbi_sim::rng::Stream::new(2, "mode");
        let draws: Vec<f64> = (0..500)
            .flat_map(|row| {
                let z = |element| stream.normal(row, 0, element);
                [1.0 + z(0), 2.0 * z(0) + z(1), z(1) - 0.5 * z(2)]
            })
            .collect();
        let axes = axes(&draws, 3);
        let mean = |own: usize| draws.iter().skip(own).step_by(3).sum::<f64>() / 500.0;
        for (a, b) in (0..3).flat_map(|a| (0..3).map(move |b| (a, b))) {
            let rows = draws.chunks_exact(3);
            let covariance = rows.map(|row| (row[a] - mean(a)) * (row[b] - mean(b))).sum::<f64>() / 500.0;
            let product: f64 = axes.iter().map(|axis| axis[a] * axis[b]).sum();
            assert!((product - covariance).abs() < 1e-9, "{a}, {b}: {product} is not {covariance}");
        }
    }

    #[test]
    fn a_parabola_is_climbed_at_once() {
        let parabola = |x: f64| -0.7 * (x - 1.3) * (x - 1.3);
        assert!((newton(parabola(-1.0), parabola(0.0), parabola(1.0)) - 1.3).abs() < 1e-12);
        assert_eq!(newton(f64::NEG_INFINITY, 0.0, -1.0), 0.0);
        assert_eq!(newton(0.0, 1.0, 3.0), 1.0);
    }
}
