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
use crate::noise::level;
use crate::scale::Scale;
use sbi_model::Margin;
use sbi_sim::Restriction;
use sbi_sim::rng::Stream;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Levels of noise, from the highest to the lowest, and their curvature (Karras et al. 2022, equation 5).
const LEVELS: usize = 32;
const RHO: f64 = 7.0;

/// How often each step is taken again. Conditions push nothing but what they read; the rest learns of them by this alone, the more of each
/// step the longer it is: with 64 levels and steps taken four times again, draws of two moons lay too often at the ends of its
/// crescents (C2ST .67 to exact ones in place of .56).
const AGAIN: u32 = 15;

/// How often a draw looks at the network.
pub const LOOKS: usize = (AGAIN as usize + 1) * (LEVELS - 1) + 1;

/// The farthest that one condition pushes at a step, in standard deviations of the simulations: where a condition is far from a
/// plane, its border is not where its slope says.
const FARTHEST: f64 = 2.0;

/// The reach of the differences, in standardised units.
const REACH: f64 = 1e-4;

/// A query's solver under its conditions. Token values are `[draws · tokens]`, standardised.
pub struct Guide<'a, B: ScoreBackend> {
    bound: Bound<'a, B>,
    restriction: &'a Restriction,
    /// For each token how it is standardised.
    scales: Vec<Scale>,
    /// What conditions know of tokens whatever is drawn.
    known: Vec<Option<f64>>,
    stream: Stream,
}

impl<'a, B: ScoreBackend> Guide<'a, B> {
    /// A solver for what is asked, whose network computes on `threads` threads.
    pub fn new(of: &Conditional<'a>, restriction: &'a Restriction, threads: usize) -> Self {
        let Conditional { weights, subject, question, seed, .. } = *of;
        Guide {
            bound: Bound::new(of, threads),
            restriction,
            scales: subject.identities.iter().map(|kind| *weights.plan.scale(*kind)).collect(),
            known: of.known(),
            stream: Stream::new(seed, &format!("@guide/{}", question.name)),
        }
    }

    /// Makes these tries; another attempt at the same number gives another draw.
    pub fn draw(&self, tries: &[Try]) -> Vec<f64> {
        let process = self.bound.plan.process;
        let (lowest, highest) = process.range();
        let level = |step: usize| level(step as f64 / (LEVELS - 1) as f64, [highest, lowest], RHO);
        let mut values = vec![0.0; tries.len() * self.bound.tokens()];
        let mut noise = values.clone();
        self.noise(tries, 0, &mut values);
        let start = process.start_variance().sqrt();
        values.iter_mut().for_each(|x| *x *= start);
        self.bound.pin(self.bound.own(), &mut values);
        let mut round = 0;
        for step in 0..LEVELS - 1 {
            let (sigma, next) = (level(step), level(step + 1));
            let (keep, fresh) = ((next / sigma).powi(2), (sigma * sigma - next * next).sqrt());
            for again in 0..=AGAIN {
                let denoised = self.guided(&values, sigma);
                round += 1;
                self.noise(tries, round, &mut noise);
                // A step of the reverse equation, whose noise is as much as a step back adds. The law of a value at the next level,
                // were it known without noise, has less: steps taken again would make draws narrower each time.
                let ahead = values.iter_mut().zip(&denoised).zip(&noise);
                ahead.for_each(|((x, d), n)| *x = d + keep * (*x - d) + fresh * n);
                if again < AGAIN {
                    round += 1;
                    self.noise(tries, round, &mut noise);
                    values.iter_mut().zip(&noise).for_each(|(x, n)| *x += fresh * n);
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
            let restored = self.scales.iter().zip(point).zip(&self.known);
            let plain: Vec<f64> =
                restored.map(|((scale, z), known)| known.unwrap_or_else(|| scale.restore(*z))).collect();
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
            let bounds: Vec<Border> =
                (0..margins).map(|own| Border::of(judged, own, margins, free.len())).collect();
            let mut push = vec![0.0; free.len()];
            enforce(self.restriction.whole(), &bounds, spread, &mut push);
            for (own, push) in free.iter().zip(push) {
                pushes.get_mut(*own).into_iter().for_each(|to| *to = push);
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

/// Where a comparison turns, seen from a point, as if it were a plane.
struct Border {
    /// How far within it the point lies; negative outside.
    within: f64,
    /// The direction inwards, of length one; zero where nothing that is free changes the comparison, or it is no number.
    inwards: Vec<f64>,
}

impl Border {
    /// That of margin `own`, of so many margins of rows: at the point, then a reach below and above it for each free token.
    fn of(judged: &[f64], own: usize, margins: usize, free: usize) -> Border {
        let at = |row: usize| judged.get(row * margins + own).copied().unwrap_or(0.0);
        let slopes: Vec<f64> =
            (0..free).map(|token| (at(2 * token + 2) - at(2 * token + 1)) / (2.0 * REACH)).collect();
        let steep = slopes.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        match steep.is_normal() {
            true => {
                Border { within: at(0) / steep, inwards: slopes.iter().map(|slope| slope / steep).collect() }
            }
            // As far as can be: no push changes it.
            false => Border { within: f64::INFINITY.copysign(at(0)), inwards: vec![0.0; free] },
        }
    }

    /// How far within it the point lies once it is pushed.
    fn after(&self, push: &[f64]) -> f64 {
        self.within + self.inwards.iter().zip(push).map(|(inwards, push)| inwards * push).sum::<f64>()
    }
}

/// Adds to a push what the conditions add, one after the other: of those that say the same only the first pushes.
fn enforce(margin: &Margin, borders: &[Border], spread: f64, push: &mut [f64]) {
    match margin {
        Margin::Of(own) => {
            let Some(border) = borders.get(*own) else { return };
            let far = (spread * cut(border.after(push) / spread)).min(FARTHEST);
            if far.is_finite() {
                push.iter_mut().zip(&border.inwards).for_each(|(push, inwards)| *push += far * inwards);
            }
        }
        Margin::All(all) => all.iter().for_each(|margin| enforce(margin, borders, spread, push)),
        Margin::Any(any) => {
            let nearest =
                any.iter().max_by(|a, b| within(a, borders, push).total_cmp(&within(b, borders, push)));
            nearest.into_iter().for_each(|margin| enforce(margin, borders, spread, push));
        }
    }
}

/// How far within all that has to hold a point lies once it is pushed.
fn within(margin: &Margin, borders: &[Border], push: &[f64]) -> f64 {
    let of = |margin: &Margin| within(margin, borders, push);
    match margin {
        Margin::Of(own) => borders.get(*own).map_or(0.0, |border| border.after(push)),
        Margin::All(all) => all.iter().map(of).fold(f64::INFINITY, f64::min),
        Margin::Any(any) => any.iter().map(of).fold(f64::NEG_INFINITY, f64::max),
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

    fn border(within: f64, inwards: [f64; 2]) -> Border {
        Border { within, inwards: inwards.into() }
    }

    /// Conditions that say the same push once, of alternatives the nearest does, and none pushes beyond the farthest.
    #[test]
    fn conditions_push_one_after_the_other() {
        let pushed = |margin: &Margin, borders: &[Border]| {
            let mut push = vec![0.0; 2];
            enforce(margin, borders, 0.01, &mut push);
            push
        };
        let both = Margin::All(vec![Margin::Of(0), Margin::Of(1)]);
        let same = pushed(&both, &[border(-0.5, [1.0, 0.0]), border(-0.49, [1.0, 0.0])]);
        assert!((same[0] - 0.5).abs() < 0.01 && same[1] == 0.0, "{same:?}");
        let apart = pushed(&both, &[border(-0.5, [1.0, 0.0]), border(-0.4, [0.0, 1.0])]);
        assert!((apart[0] - 0.5).abs() < 0.03 && (apart[1] - 0.4).abs() < 0.03, "{apart:?}");
        let either = Margin::Any(vec![Margin::Of(0), Margin::Of(1)]);
        let one = pushed(&either, &[border(-0.5, [1.0, 0.0]), border(-0.4, [0.0, 1.0])]);
        assert!(one[0] == 0.0 && (one[1] - 0.4).abs() < 0.03, "{one:?}");
        let far = pushed(&Margin::Of(0), &[border(-1e9, [1.0, 0.0])]);
        assert_eq!(far, [FARTHEST, 0.0]);
        let stuck = pushed(&Margin::Of(0), &[border(f64::NEG_INFINITY, [0.0, 0.0])]);
        assert_eq!(stuck, [0.0, 0.0]);
    }

    #[test]
    fn a_cut_law_has_its_mean() {
        assert!((cut(0.0) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-12);
        assert!(cut(8.0) < 1e-10);
        // Mills' ratio far out: 30 + 1/30 and 31.
        assert!((cut(-29.99) - 30.0233).abs() < 1e-3 && (cut(-31.0) - 31.0).abs() < 0.04);
    }
}
