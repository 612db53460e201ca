//! Draws that satisfy conditions, or have changed priors, by guidance: on their way from noise, denoised values are pushed to where
//! the conditions hold (Gloeckler et al. 2024, algorithm 1), and each step is taken several times over, with fresh noise, so that what
//! is not conditioned follows.
//!
//! Where a value denoised at level σ is about normal with a standard deviation of s = σ / √(1 + σ²), that it lies beyond a bound at
//! a distance −m moves its mean by s φ(m/s) / Φ(m/s) towards it: this is the mean of the normal law cut off there. It takes the place of
//! the published scaling of a logistic function, which pushes by a unit however near the bound is. As there, no gradient goes
//! through the network: the conditions alone are differentiated, by central differences, at the denoised values.
//!
//! Under changed priors denoised values move to the means of their weighed laws ([`crate::tilt`]), with the covariances that the network's
//! slopes give: σ² ∂D/∂x. As these means are right wherever laws are normal, draws follow them by Heun's steps of the probability flow: by
//! the steps of conditions alone, which take a denoised value for what is drawn, normal laws come out a tenth too narrow.

use crate::backend::ScoreBackend;
use crate::bound::Bound;
use crate::draw::{Conditional, Try};
use crate::noise::level;
use crate::scale::Scale;
use crate::tilt::{Pull, Tilted, follow};
use crate::under::Under;
use sbi_model::Margin;
use sbi_sim::Restriction;
use sbi_sim::rng::Stream;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Levels of noise, from the highest to the lowest, of conditions and of changed priors, and their curvature (Karras et al. 2022,
/// equation 5).
const LEVELS: usize = 32;
const TILTED_LEVELS: usize = 32;
const RHO: f64 = 7.0;

/// How often each step is taken again. Conditions push nothing but what they read; the rest learns of them by this alone, the more of each
/// step the longer it is: with 64 levels and steps taken four times again, draws of two moons lay too often at the ends of its
/// crescents (C2ST .67 to exact ones in place of .56).
const AGAIN: u32 = 15;
const TILTED_AGAIN: u32 = 4;

/// The reach of the differences by which the network's slopes are found, in parts of the level of noise.
const SLOPE_REACH: f64 = 0.05;

/// The farthest that one condition pushes at a step, in standard deviations of the simulations: where a condition is far from a
/// plane, its border is not where its slope says.
pub(crate) const FARTHEST: f64 = 2.0;

/// The reach of the differences, in standardised units.
const REACH: f64 = 1e-4;

/// A query's solver under its conditions. Token values are `[draws · tokens]`, standardised.
pub struct Guide<'a, B: ScoreBackend> {
    bound: Bound<'a, B>,
    restriction: Option<&'a Restriction>,
    /// The weights of what has a changed prior.
    pulls: Vec<Pull>,
    /// For each token how it is standardised.
    scales: Vec<Scale>,
    /// What conditions know of tokens whatever is drawn.
    known: Vec<Option<f64>>,
    stream: Stream,
}

/// How often a guided draw looks at the network, with so many numbers whose prior is changed.
pub fn looks(tilted: usize) -> usize {
    match tilted {
        0 => (AGAIN as usize + 1) * (LEVELS - 1) + 1,
        tilted => 2 * (TILTED_AGAIN as usize + 1) * (TILTED_LEVELS - 1) + 1 + tilted * TILTED_LEVELS,
    }
}

impl<'a, B: ScoreBackend> Guide<'a, B> {
    /// A solver for what is asked, whose network computes on `threads` threads.
    pub fn new(of: &Conditional<'a>, under: &Under<'a>, threads: usize) -> Self {
        let Conditional { weights, subject, question, seed, .. } = *of;
        Guide {
            bound: Bound::new(of, threads),
            restriction: under.restriction,
            pulls: under.tilted.map_or_else(Vec::new, |tilted: &Tilted| tilted.pulls(of)),
            scales: subject.identities.iter().map(|kind| *weights.plan.scale(*kind)).collect(),
            known: of.known(),
            stream: Stream::new(seed, &format!("@guide/{}", question.name)),
        }
    }

    /// Makes these tries; another attempt at the same number gives another draw.
    pub fn draw(&self, tries: &[Try]) -> Vec<f64> {
        match self.pulls.is_empty() {
            true => self.step_by_step(tries),
            false => self.flow(tries),
        }
    }

    /// Pure noise for these tries.
    fn start(&self, tries: &[Try]) -> Vec<f64> {
        let mut values = vec![0.0; tries.len() * self.bound.tokens()];
        self.noise(tries, 0, &mut values);
        let start = self.bound.plan.process.start_variance().sqrt();
        values.iter_mut().for_each(|x| *x *= start);
        self.bound.pin(self.bound.own(), &mut values);
        values
    }

    /// The pairs of neighbouring levels, of so many, from the highest on.
    fn steps(&self, count: usize) -> impl Iterator<Item = (f64, f64)> {
        let (lowest, highest) = self.bound.plan.process.range();
        let level = move |step: usize| level(step as f64 / (count - 1) as f64, [highest, lowest], RHO);
        (0..count - 1).map(move |step| (level(step), level(step + 1)))
    }

    /// Draws under conditions alone.
    fn step_by_step(&self, tries: &[Try]) -> Vec<f64> {
        let mut values = self.start(tries);
        let mut noise = vec![0.0; values.len()];
        let mut round = 0;
        for (sigma, next) in self.steps(LEVELS) {
            let (keep, fresh) = ((next / sigma).powi(2), (sigma * sigma - next * next).sqrt());
            for again in 0..=AGAIN {
                let denoised = self.guided(&values, sigma, &mut None);
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
        self.guided(&values, self.bound.plan.process.range().0, &mut None)
    }

    /// Draws under changed priors, by Heun's steps. At each level the network's slopes are looked at once for a draw.
    fn flow(&self, tries: &[Try]) -> Vec<f64> {
        let mut values = self.start(tries);
        let mut noise = vec![0.0; values.len()];
        let (mut round, mut here) = (0, None);
        for (sigma, next) in self.steps(TILTED_LEVELS) {
            let mut ahead = None;
            for again in 0..=TILTED_AGAIN {
                let first = self.guided(&values, sigma, &mut here);
                let slopes: Vec<f64> = values.iter().zip(first).map(|(x, d)| (x - d) / sigma).collect();
                let mut moved: Vec<f64> =
                    values.iter().zip(&slopes).map(|(x, slope)| x + (next - sigma) * slope).collect();
                self.bound.pin(self.bound.own(), &mut moved);
                let second = self.guided(&moved, next, &mut ahead);
                for (((x, slope), moved), d) in values.iter_mut().zip(slopes).zip(moved).zip(second) {
                    *x += 0.5 * (next - sigma) * (slope + (moved - d) / next);
                }
                if again < TILTED_AGAIN {
                    round += 1;
                    self.noise(tries, round, &mut noise);
                    let back = (sigma * sigma - next * next).sqrt();
                    values.iter_mut().zip(&noise).for_each(|(x, n)| *x += back * n);
                }
                self.bound.pin(self.bound.own(), &mut values);
            }
            here = ahead;
        }
        self.guided(&values, self.bound.plan.process.range().0, &mut here)
    }

    /// Denoised values, moved by changed priors and then pushed to where the conditions hold. `covariances` are those at this level,
    /// once they have been looked at.
    fn guided(&self, values: &[f64], sigma: f64, covariances: &mut Option<Vec<f64>>) -> Vec<f64> {
        let mut denoised = self.bound.denoised(self.bound.own(), values, sigma);
        let spread = sigma / (1.0 + sigma * sigma).sqrt();
        if !self.pulls.is_empty() {
            let tokens = self.bound.tokens();
            let known = covariances.get_or_insert_with(|| self.covariances(values, &denoised, sigma));
            let known = known.chunks_exact(self.pulls.len() * tokens);
            for (row, known) in denoised.chunks_exact_mut(tokens).zip(known) {
                follow(&self.pulls, row, known, spread * spread);
            }
        }
        if let Some(restriction) = self.restriction {
            let pushes = self.pushes(restriction, &denoised, spread);
            denoised.iter_mut().zip(pushes).for_each(|(d, push)| *d += push);
        }
        denoised
    }

    /// For each draw the covariances of the tokens with a changed prior with all tokens, `[draws · pulls · tokens]`: σ² ∂D/∂x, by
    /// differences.
    fn covariances(&self, values: &[f64], denoised: &[f64], sigma: f64) -> Vec<f64> {
        let tokens = self.bound.tokens();
        let mut covariances = vec![0.0; self.pulls.len() * values.len()];
        for (own, pull) in self.pulls.iter().enumerate() {
            let mut moved = values.to_vec();
            let places = moved.chunks_exact_mut(tokens).filter_map(|row| row.get_mut(pull.token));
            places.for_each(|x| *x += SLOPE_REACH * sigma);
            let moved = self.bound.denoised(self.bound.own(), &moved, sigma);
            let differences = moved.chunks_exact(tokens).zip(denoised.chunks_exact(tokens));
            let columns = covariances.chunks_exact_mut(tokens).skip(own).step_by(self.pulls.len());
            for (column, (moved, denoised)) in columns.zip(differences) {
                let ends = moved.iter().zip(denoised);
                column
                    .iter_mut()
                    .zip(ends)
                    .for_each(|(to, (end, start))| *to = sigma * (end - start) / SLOPE_REACH);
            }
        }
        covariances
    }

    /// How far the conditions push each value that is spread so much.
    fn pushes(&self, restriction: &Restriction, denoised: &[f64], spread: f64) -> Vec<f64> {
        let (tokens, margins) = (self.bound.tokens(), restriction.margins());
        let free: Vec<usize> =
            self.bound.unknown().iter().enumerate().filter(|(_, free)| **free).map(|(at, _)| at).collect();
        let mut rows = Vec::with_capacity((2 * free.len() + 1) * denoised.len());
        for point in denoised.chunks_exact(tokens) {
            let restored = self.scales.iter().zip(point).zip(&self.known).take(restriction.columns());
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
        let judged = restriction.judge(&rows).margins;
        let mut pushes = vec![0.0; denoised.len()];
        let points = judged.chunks_exact((2 * free.len() + 1) * margins.max(1));
        for (judged, pushes) in points.zip(pushes.chunks_exact_mut(tokens)) {
            let bounds: Vec<Border> =
                (0..margins).map(|own| Border::of(judged, own, margins, free.len())).collect();
            let mut push = vec![0.0; free.len()];
            enforce(restriction.whole(), &bounds, spread, &mut push);
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
