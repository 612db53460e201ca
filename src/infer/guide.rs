//! Draws that satisfy conditions, by guidance: on their way from noise, denoised values are pushed to where the conditions
//! hold (Gloeckler et al. 2024, algorithm 1), and each step is taken several times over, with fresh noise, so that what is not
//! conditioned follows.
//!
//! Where a value denoised at level σ is about normal with a standard deviation of s = σ / √(1 + σ²), that it lies beyond a bound at
//! a distance −m moves its mean by s φ(m/s) / Φ(m/s) towards it: this is the mean of the normal law cut off there. It takes the place of
//! the published scaling of a logistic function, which pushes by a unit however near the bound is. As there, no gradient goes
//! through the network: the conditions alone are differentiated, by central differences, at the denoised values.

use crate::backend::ScoreBackend;
use crate::bound::Bound;
use crate::draw::{Conditional, Try};
use crate::scale::Scale;
use sbi_sim::Restriction;
use sbi_sim::rng::Stream;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Levels of noise, from the highest to the lowest, and their curvature (Karras et al. 2022, equation 5).
const LEVELS: usize = 64;
const RHO: f64 = 7.0;

/// How often each step is taken again.
const AGAIN: u32 = 4;

/// The reach of the differences, in standardised units.
const REACH: f64 = 1e-4;

/// A query's solver under its conditions. Token values are `[draws · tokens]`, standardised.
pub struct Guide<'a, B: ScoreBackend> {
    bound: Bound<'a, B>,
    restriction: &'a Restriction,
    /// For each token how it is standardised.
    scales: Vec<Scale>,
    stream: Stream,
}

impl<'a, B: ScoreBackend> Guide<'a, B> {
    /// A solver for what is asked, whose network computes on `threads` threads.
    pub fn new(of: &Conditional<'a>, restriction: &'a Restriction, threads: usize) -> Self {
        let Conditional { weights, subject, question, seed, .. } = *of;
        let hidden = question.hidden(subject, &weights.plan);
        Guide {
            bound: Bound::new(of, hidden, threads),
            restriction,
            scales: subject.identities.iter().map(|kind| *weights.plan.scale(*kind)).collect(),
            stream: Stream::new(seed, &format!("@guide/{}", question.name)),
        }
    }

    /// Makes these tries; another attempt at the same number gives another draw.
    pub fn draw(&self, tries: &[Try]) -> Vec<f64> {
        let process = self.bound.plan.process;
        let (lowest, highest) = process.range();
        let level = |step: usize| {
            let share = step as f64 / (LEVELS - 1) as f64;
            let (first, last) = (highest.powf(RHO.recip()), lowest.powf(RHO.recip()));
            (first + share * (last - first)).powf(RHO)
        };
        let mut values = vec![0.0; tries.len() * self.bound.tokens()];
        let mut noise = values.clone();
        self.noise(tries, 0, &mut values);
        let start = process.start_variance().sqrt();
        values.iter_mut().for_each(|x| *x *= start);
        self.bound.pin(self.bound.own(), &mut values);
        let mut round = 0;
        for step in 0..LEVELS - 1 {
            let (sigma, next) = (level(step), level(step + 1));
            let (keep, fresh) = ((next / sigma).powi(2), next * (1.0 - (next / sigma).powi(2)).sqrt());
            for again in 0..=AGAIN {
                let denoised = self.guided(&values, sigma);
                round += 1;
                self.noise(tries, round, &mut noise);
                // The law of a value at the next level, given this one and what it is without noise.
                let ahead = values.iter_mut().zip(&denoised).zip(&noise);
                ahead.for_each(|((x, d), n)| *x = d + keep * (*x - d) + fresh * n);
                if again < AGAIN {
                    round += 1;
                    self.noise(tries, round, &mut noise);
                    let back = (sigma * sigma - next * next).sqrt();
                    values.iter_mut().zip(&noise).for_each(|(x, n)| *x += back * n);
                }
                self.bound.pin(self.bound.own(), &mut values);
            }
        }
        self.guided(&values, lowest)
    }

    /// Denoised values, pushed to where the conditions hold.
    fn guided(&self, values: &[f64], sigma: f64) -> Vec<f64> {
        let mut denoised = self.bound.denoised(self.bound.own(), values, sigma);
        let spread = sigma / (1.0 + sigma * sigma).sqrt();
        let pushes = self.pushes(&denoised, spread);
        denoised.iter_mut().zip(pushes).for_each(|(d, push)| *d += push);
        denoised
    }

    /// How far the conditions push each value that is spread so much.
    fn pushes(&self, denoised: &[f64], spread: f64) -> Vec<f64> {
        let (tokens, margins) = (self.bound.tokens(), self.restriction.margins());
        let free: Vec<usize> =
            self.bound.unknown().iter().enumerate().filter(|(_, free)| **free).map(|(at, _)| at).collect();
        let mut rows = Vec::with_capacity((2 * free.len() + 1) * denoised.len());
        for point in denoised.chunks_exact(tokens) {
            let plain: Vec<f64> = self.scales.iter().zip(point).map(|(scale, z)| scale.restore(*z)).collect();
            rows.extend(&plain);
            for (own, reach) in free.iter().flat_map(|own| [(*own, -REACH), (*own, REACH)]) {
                let moved =
                    self.scales.get(own).zip(point.get(own)).map(|(scale, z)| scale.restore(z + reach));
                let start = rows.len();
                rows.extend(&plain);
                rows.get_mut(start + own).into_iter().zip(moved).for_each(|(x, moved)| *x = moved);
            }
        }
        let judged = self.restriction.judge(&rows).margins;
        let mut pushes = vec![0.0; denoised.len()];
        let points = judged.chunks_exact((2 * free.len() + 1) * margins.max(1));
        for (judged, pushes) in points.zip(pushes.chunks_exact_mut(tokens)) {
            let at = |row: usize, margin: usize| judged.get(row * margins + margin).copied().unwrap_or(0.0);
            for margin in 0..margins {
                let slope = |k: usize| (at(2 * k + 2, margin) - at(2 * k + 1, margin)) / (2.0 * REACH);
                let slopes: Vec<f64> = (0..free.len()).map(slope).collect();
                let steep = slopes.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
                // Where nothing changes it, or it is no number, there is nowhere to go.
                if !steep.is_normal() {
                    continue;
                }
                let far = spread * cut(at(0, margin) / steep / spread);
                for (own, slope) in free.iter().zip(&slopes) {
                    pushes.get_mut(*own).into_iter().for_each(|push| *push += far * slope / steep);
                }
            }
        }
        pushes
    }

    /// Standard normal numbers for these tries in one round.
    fn noise(&self, tries: &[Try], round: u32, out: &mut [f64]) {
        let rounds = 2 * (AGAIN + 1) * LEVELS as u32;
        for (row, Try { number, attempt }) in out.chunks_exact_mut(self.bound.tokens()).zip(tries) {
            self.stream.fill_normal(*number as u64, attempt * rounds + round, row);
        }
    }
}

/// φ(m) / Φ(m): how far the mean of a standard normal law moves that is cut off below −m.
fn cut(margin: f64) -> f64 {
    // Far out the quotient of two tiny numbers is that of their expansions.
    if margin < -30.0 {
        return -margin;
    }
    let normal = Normal::standard();
    normal.pdf(margin) / normal.cdf(margin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_law_has_its_mean() {
        assert!((cut(0.0) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-12);
        assert!(cut(8.0) < 1e-10);
        // Mills' ratio far out: 30 + 1/30 and 31.
        assert!((cut(-29.99) - 30.0233).abs() < 1e-3 && (cut(-31.0) - 31.0).abs() < 0.04);
    }
}
