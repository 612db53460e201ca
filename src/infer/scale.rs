//! Between the user's units and the network's: each token is standardised by the moments of its simulations, heavy-tailed
//! ones after their tails are drawn in.

use crate::subject::Subject;
use crate::table::{Table, is_validation};
use sbi_model::Support;
use serde::{Deserialize, Serialize};

/// Sample kurtosis above which a token counts as heavy-tailed (a normal has 3).
const HEAVY: f64 = 5.0;

/// The kurtosis of what was normal before it was squeezed between bounds, give or take what a thousand draws are off.
const NORMAL: std::ops::Range<f64> = 2.5..3.6;

/// How strongly two tails are drawn in: `asinh(2 z)` is linear within half a spread.
const SQUASH: f64 = 2.0;

/// Quartiles of a normal law lie this many standard deviations apart.
const QUARTILES_APART: f64 = 1.349;

/// Of a standard deviation this many times that of a normal law with the same quartiles, a few values make all.
const LOOSE: f64 = 3.0;

/// A warped value beyond this is no draw of a network that has learnt anything; its exponential is still a number.
const FARTHEST: f64 = 700.0;

/// The map of one token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    warp: Warp,
    /// Mean of the warped values.
    mean: f64,
    /// Standard deviation of the warped values; 1 where the token never varies.
    sd: f64,
    /// The least and the greatest value simulated.
    range: (f64, f64),
}

/// What is done to a token's values before they are standardised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Warp {
    /// Nothing.
    Plain,
    /// `asinh(2 (x - centre) / spread)`: two heavy tails.
    TwoTails { centre: f64, spread: f64 },
    /// `log((x - low) / (high - x))`: what was squeezed between two bounds, as by `|> between(low, high)`.
    Logit { low: f64, high: f64 },
    /// `log(x - from)`, of what is above `from` by `least` at least: a heavy tail upwards.
    Log { from: f64, least: f64 },
}

impl Warp {
    fn apply(self, x: f64) -> f64 {
        match self {
            Warp::Plain => x,
            Warp::TwoTails { centre, spread } => (SQUASH * (x - centre) / spread).asinh(),
            Warp::Log { from, least } => (x - from).max(least).ln(),
            Warp::Logit { low, high } => {
                let share = ((x - low) / (high - low)).clamp(f64::EPSILON, 1.0 - f64::EPSILON);
                (share / (1.0 - share)).ln()
            }
        }
    }

    /// The inverse of [`Warp::undo`].
    fn unfold(self, x: f64) -> f64 {
        match self {
            Warp::Plain | Warp::TwoTails { .. } => self.apply(x),
            Warp::Log { from, .. } => (x - from).ln(),
            Warp::Logit { low, high } => ((x - low) / (high - x)).ln(),
        }
    }

    /// The logarithm of the derivative of [`Warp::unfold`], which is positive.
    fn log_slope(self, x: f64) -> f64 {
        match self {
            Warp::Plain => 0.0,
            Warp::TwoTails { centre, spread } => {
                (SQUASH / spread).ln() - 0.5 * (SQUASH * (x - centre) / spread).powi(2).ln_1p()
            }
            Warp::Log { from, .. } => -(x - from).ln(),
            Warp::Logit { low, high } => ((high - low) / ((x - low) * (high - x))).ln(),
        }
    }

    fn undo(self, warped: f64) -> f64 {
        let held = warped.clamp(-FARTHEST, FARTHEST);
        match self {
            Warp::Plain => warped,
            Warp::TwoTails { centre, spread } => centre + spread * held.sinh() / SQUASH,
            Warp::Log { from, .. } => from + held.exp(),
            Warp::Logit { low, high } => low + (high - low) / (1.0 + (-held).exp()),
        }
    }

    /// The warp of a token by its simulated values.
    ///
    /// Between bounds it is taken apart where it then looks normal, as what a normal number was squeezed into; uniform numbers
    /// are not, whose logits have a kurtosis of 4.2. The logarithm is taken where it tames the tail, of what has a lower end or has never been seen below zero. Two
    /// tails are measured by their moments, but by their median and quartiles where a few values make the sd.
    fn fitting(values: &[f64], support: &Support) -> Warp {
        let plain = kurtosis(values);
        let bounded = support.low.is_finite() && support.high.is_finite();
        if bounded && !support.whole {
            let logit = Warp::Logit { low: support.low, high: support.high };
            let freed: Vec<f64> = values.iter().map(|x| logit.apply(*x)).collect();
            if kurtosis(&freed).is_some_and(|kurtosis| NORMAL.contains(&kurtosis)) {
                return logit;
            }
        }
        if bounded || plain.is_none_or(|kurtosis| kurtosis <= HEAVY) {
            return Warp::Plain;
        }
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let at =
            |share: f64| sorted.get((share * (sorted.len() - 1) as f64) as usize).copied().unwrap_or(0.0);
        let least = at(0.0);
        // Counts start at a number that they take.
        let low =
            if support.low.is_finite() { support.low - if support.whole { 0.5 } else { 0.0 } } else { 0.0 };
        if least > low {
            let log = Warp::Log { from: low, least: least - low };
            let tamed: Vec<f64> = values.iter().map(|x| log.apply(*x)).collect();
            if kurtosis(&tamed) < plain {
                return log;
            }
        }
        if support.low.is_finite() || support.high.is_finite() || support.whole {
            return Warp::Plain;
        }
        let (mean, sd) = moments(values);
        let spread = (at(0.75) - at(0.25)) / QUARTILES_APART;
        match spread > 0.0 && sd > LOOSE * spread {
            true => Warp::TwoTails { centre: at(0.5), spread },
            false => Warp::TwoTails { centre: mean, spread: sd },
        }
    }
}

impl Scale {
    /// Whether the token takes more than one value.
    pub fn varies(&self) -> bool {
        self.range.0 < self.range.1
    }

    /// The least and the greatest value simulated, in the user's units.
    pub fn range(&self) -> (f64, f64) {
        self.range
    }

    /// From the user's units to about zero mean and unit variance.
    pub fn standardise(&self, x: f64) -> f64 {
        (self.warp.apply(x) - self.mean) / self.sd
    }

    /// The inverse of [`Scale::restore`] over all that draws can be: beyond the ends of the simulations too, where
    /// [`Scale::standardise`] stays at the end. Not finite where no draw is.
    pub fn unfold(&self, x: f64) -> f64 {
        (self.warp.unfold(x) - self.mean) / self.sd
    }

    /// ln dz/dx of [`Scale::unfold`].
    pub fn log_slope(&self, x: f64) -> f64 {
        self.warp.log_slope(x) - self.sd.ln()
    }

    /// The inverse of [`Scale::standardise`].
    pub fn restore(&self, z: f64) -> f64 {
        self.warp.undo(z * self.sd + self.mean)
    }

    /// The map of a token by its simulated values.
    fn of(values: &[f64], support: &Support) -> Scale {
        let warp = Warp::fitting(values, support);
        let warped: Vec<f64> = values.iter().map(|x| warp.apply(*x)).collect();
        let (mean, sd) = moments(&warped);
        let end = |start: f64, pick: fn(f64, f64) -> f64| values.iter().copied().fold(start, pick);
        let range = match values.is_empty() {
            true => (0.0, 0.0),
            false => (end(f64::INFINITY, f64::min), end(f64::NEG_INFINITY, f64::max)),
        };
        Scale { warp, mean, sd: if sd > f64::EPSILON * mean.abs() { sd } else { 1.0 }, range }
    }
}

/// The maps of all kinds of tokens, from the simulations that are trained on.
pub fn scales(subject: &Subject, table: &Table) -> Vec<Scale> {
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); subject.scales()];
    let mut supports = vec![Support::REAL; subject.scales()];
    for (token, &kind) in subject.scalars().iter().zip(&subject.scaling) {
        supports.get_mut(kind).into_iter().for_each(|support| *support = token.support);
    }
    for (_, row) in table.iter().enumerate().filter(|(row, _)| !is_validation(*row)) {
        for (&value, &kind) in row.iter().zip(&subject.scaling).filter(|(value, _)| value.is_finite()) {
            values.get_mut(kind).into_iter().for_each(|values| values.push(value));
        }
    }
    values.iter().zip(&supports).map(|(values, support)| Scale::of(values, support)).collect()
}

/// Mean and standard deviation in two passes.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// The mean fourth power of standardised values; none where they do not vary.
fn kurtosis(values: &[f64]) -> Option<f64> {
    let (mean, sd) = moments(values);
    let fourth = values.iter().map(|x| ((x - mean) / sd).powi(4)).sum::<f64>() / values.len().max(1) as f64;
    (sd > f64::EPSILON * mean.abs()).then_some(fourth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sbi_sim::rng::Stream;

    const POSITIVE: Support = Support { low: 0.0, ..Support::REAL };

    fn normals(count: u64) -> Vec<f64> {
        let stream = Stream::new(3, "scale");
        (0..count).map(|draw| stream.normal(draw, 0, 0)).collect()
    }

    fn mapped(values: &[f64], support: &Support) -> (Scale, Vec<f64>) {
        let scale = Scale::of(values, support);
        (scale, values.iter().map(|x| scale.standardise(*x)).collect())
    }

    #[test]
    fn every_map_is_undone() {
        let z = normals(2_000);
        let exp = |spread: f64| -> Vec<f64> { z.iter().map(|z| (spread * z).exp()).collect() };
        let cubes: Vec<f64> = z.iter().map(|z| z.powi(3)).collect();
        for (values, support) in [
            (z.clone(), Support::REAL),
            (exp(1.0), POSITIVE),
            (exp(10.0), Support::REAL),
            (cubes, Support::REAL),
        ] {
            let (scale, standard) = mapped(&values, &support);
            let back =
                values.iter().zip(&standard).map(|(x, z)| (scale.restore(*z) - x).abs() / (1.0 + x.abs()));
            assert!(back.fold(0.0, f64::max) < 1e-9, "{scale:?}");
        }
    }

    #[test]
    fn slopes_are_those_of_the_maps() {
        let bounded = Support { low: -1.0, high: 2.0, whole: false };
        let z = normals(2_000);
        let squeezed: Vec<f64> = z.iter().map(|z| -1.0 + 3.0 / (1.0 + (-2.0 * z).exp())).collect();
        let tails: Vec<f64> = z.iter().map(|z| z.powi(3)).collect();
        let skewed: Vec<f64> = z.iter().map(|z| z.exp()).collect();
        for (values, support) in
            [(z, Support::REAL), (tails, Support::REAL), (skewed, POSITIVE), (squeezed, bounded)]
        {
            let scale = Scale::of(&values, &support);
            // Below the least simulation as well.
            for x in values.iter().step_by(100).copied().chain([1e-4]) {
                let step = 1e-5 * x.abs();
                let difference = (scale.unfold(x + step) - scale.unfold(x - step)) / (2.0 * step);
                assert!((scale.restore(scale.unfold(x)) - x).abs() < 1e-9 * (1.0 + x.abs()));
                assert!((scale.log_slope(x) - difference.ln()).abs() < 1e-4, "{scale:?} at {x}");
            }
        }
    }

    /// A law over forty decades, and one without a mean: what enters the network is spread out as a normal is.
    #[test]
    fn heavy_tails_are_tamed() {
        let z = normals(4_000);
        let decades: Vec<f64> = z.iter().map(|z| (10.0 * z).exp()).collect();
        let cauchy: Vec<f64> = z.iter().zip(normals(8_000).iter().skip(4_000)).map(|(a, b)| a / b).collect();
        for values in [decades, cauchy] {
            let (_, standard) = mapped(&values, &Support::REAL);
            let inner = standard.iter().filter(|z| z.abs() < 0.1).count() as f64 / standard.len() as f64;
            assert!(inner < 0.15, "{inner} of the values are all but one");
            assert!(kurtosis(&standard).unwrap() < 6.0);
        }
    }

    /// A normal number squeezed between bounds is freed again; a uniform one is left alone.
    #[test]
    fn what_was_squeezed_between_bounds_is_freed() {
        let support = Support { low: 1.0, high: 3.0, whole: false };
        let z = normals(4_000);
        let squeezed: Vec<f64> = z.iter().map(|z| 1.0 + 2.0 / (1.0 + (-2.5 * z).exp())).collect();
        let (scale, standard) = mapped(&squeezed, &support);
        let off = standard.iter().zip(&z).map(|(found, z)| (found - z).abs());
        assert!(off.fold(0.0, f64::max) < 0.1, "{scale:?}");
        assert!([-80.0, 0.0, 80.0].iter().all(|z| support.contains(scale.restore(*z))));
        let stream = Stream::new(4, "scale");
        let uniform: Vec<f64> = (0..4_000).map(|draw| 1.0 + 2.0 * stream.uniform(draw, 0, 0)).collect();
        assert_eq!(Scale::of(&uniform, &support).warp, Warp::Plain);
    }

    #[test]
    fn light_tails_are_left_alone() {
        let values = normals(4_000);
        assert_eq!(Scale::of(&values, &Support::REAL).warp, Warp::Plain);
        let sizes: Vec<f64> = values.iter().map(|z| z.abs()).collect();
        assert_eq!(Scale::of(&sizes, &POSITIVE).warp, Warp::Plain);
        assert_eq!(Scale::of(&[2.0; 50], &POSITIVE).standardise(2.0), 0.0);
    }
}
