//! Experiment 2: decisions by drift and diffusion, and a slope of the EEG in each trial that is noisy about its drift (Ghaderi-Kangavari,
//! Rad & Nunez 2023, model 7).
//!
//! ```text
//! δ_i ~ N(μ, η²)    (time, choice)_i ~ first passage of αβ + δ_i t + W through 0 or α, later by τ    z_i ~ N(δ_i, σ²)
//! ```
//!
//! The drift of a trial is integrated out. At the lower bound after t, with b = αw, w = β, and g₀ the density of first passage without drift,
//!
//! ```text
//! p(t, z) = g₀(t; α, w) N(z; μ, σ² + η²) (1 + s²t)^(−½) exp((−m²t − 2mb + s²b²) / (2 (1 + s²t))),
//! s² = σ²η² / (σ² + η²),   m = (z η² + μ σ²) / (σ² + η²);
//! ```
//!
//! at the upper one w = 1 − β, and μ and z change their signs. Without a slope N(z; …) is left out, s² = η² and m = μ; without a decision
//! N(z; …) is all there is.

use crate::uniform;
use std::f64::consts::{PI, TAU};

/// The parameters, in the order of `examples/decision_paired.sbi`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// The mean drift μ.
    pub drift: f64,
    /// The distance α of the bounds.
    pub bound: f64,
    /// Where evidence starts, β: a share of it.
    pub bias: f64,
    /// The time τ that is no decision, in s.
    pub onset: f64,
    /// The noise σ of slopes.
    pub blur: f64,
    /// The standard deviation η of drifts over trials.
    pub spread: f64,
}

/// What is seen of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// When the decision was told, in s, and whether it was the upper bound; none where it is missing.
    pub decision: Option<(f64, bool)>,
    /// The slope; none where it is missing.
    pub slope: Option<f64>,
}

/// How trials are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Decision and slope of a trial together.
    Kept,
    /// As if nobody knew which slope belongs to which decision, and each trial's were of trials of their own: what is left to summaries
    /// that pool each by itself.
    Lost,
}

/// Where the two series for the density of first passage take turns, in units of the squared distance.
const TURN: f64 = 0.4;
/// Terms of each: what follows is below the last digit.
const TERMS: i32 = 6;

impl Parameters {
    /// Those at a place whose numbers are independent and standard normal in the prior.
    pub fn at([drift, bound, bias, onset, blur, spread]: &[f64; 6]) -> Parameters {
        Parameters {
            drift: uniform(*drift, 0.01, 3.0),
            bound: uniform(*bound, 0.5, 2.0),
            bias: uniform(*bias, 0.1, 0.9),
            onset: uniform(*onset, 0.1, 1.0),
            blur: uniform(*blur, 0.0, 2.0),
            spread: uniform(*spread, 0.0, 2.0),
        }
    }

    /// The numbers, in the order of the file.
    pub fn values(&self) -> [f64; 6] {
        [self.drift, self.bound, self.bias, self.onset, self.blur, self.spread]
    }

    /// The logarithm of the density of these trials.
    pub fn log_likelihood(&self, trials: &[Trial], pairing: Pairing) -> f64 {
        let whole = |trial: &Trial| match pairing {
            Pairing::Kept => self.log_density(trial),
            Pairing::Lost => {
                self.log_density(&Trial { slope: None, ..*trial })
                    + self.log_density(&Trial { decision: None, ..*trial })
            }
        };
        trials.iter().map(whole).sum()
    }

    /// The logarithm of the density of a trial.
    pub fn log_density(&self, trial: &Trial) -> f64 {
        let (noise, spread) = (self.blur.powi(2), self.spread.powi(2));
        let of_slope = trial.slope.map_or(0.0, |z| log_normal(z, self.drift, noise + spread));
        let Some((told, upper)) = trial.decision else { return of_slope };
        let time = told - self.onset;
        if time <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let (share, sign) = if upper { (1.0 - self.bias, -1.0) } else { (self.bias, 1.0) };
        let start = self.bound * share;
        let (variance, mean) = match trial.slope {
            Some(z) => {
                let both = noise + spread;
                (noise * spread / both, (z * spread + self.drift * noise) / both)
            }
            None => (spread, self.drift),
        };
        let (mean, growth) = (sign * mean, 1.0 + variance * time);
        let exponent = (-mean * mean * time - 2.0 * mean * start + variance * start * start) / (2.0 * growth);
        of_slope + log_passage(time, self.bound, share) - 0.5 * growth.ln() + exponent
    }
}

fn log_normal(x: f64, mean: f64, variance: f64) -> f64 {
    -0.5 * ((x - mean).powi(2) / variance + (TAU * variance).ln())
}

/// The logarithm of the density of first passage without drift through the lower of two bounds, from a share of the way between them
/// (Navarro & Fuss 2009): by images for short times, by sines for long ones.
fn log_passage(time: f64, bound: f64, share: f64) -> f64 {
    let scaled = time / (bound * bound);
    let log = if scaled < TURN {
        // The nearest image is taken out, so that nothing vanishes.
        let term = |image: i32| {
            let from = share + 2.0 * f64::from(image);
            from * ((share * share - from * from) / (2.0 * scaled)).exp()
        };
        let sum: f64 = (-TERMS..=TERMS).map(term).sum();
        sum.ln() - share * share / (2.0 * scaled) - 0.5 * (TAU * scaled.powi(3)).ln()
    } else {
        let term = |k: i32| {
            let k = f64::from(k);
            k * (-(k * k - 1.0) * PI * PI * scaled / 2.0).exp() * (k * share * PI).sin()
        };
        let sum: f64 = (1..=TERMS).map(term).sum();
        sum.ln() - PI * PI * scaled / 2.0 + PI.ln()
    };
    log - 2.0 * bound.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::StandardNormal;

    const WHERE: Parameters =
        Parameters { drift: 1.5, bound: 1.2, bias: 0.5, onset: 0.4, blur: 0.8, spread: 0.7 };

    /// The integral of a function by Simpson's rule.
    fn integral(from: f64, to: f64, steps: usize, f: impl Fn(f64) -> f64) -> f64 {
        let step = (to - from) / steps as f64;
        let weight = |at: usize| {
            if at == 0 || at == steps {
                1.0
            } else if at % 2 == 1 {
                4.0
            } else {
                2.0
            }
        };
        step / 3.0 * (0..=steps).map(|at| weight(at) * f(from + step * at as f64)).sum::<f64>()
    }

    #[test]
    fn both_series_are_one_function() {
        for share in [0.1, 0.5, 0.85] {
            let [short, long] = [TURN - 1e-9, TURN + 1e-9].map(|time| log_passage(time, 1.0, share));
            assert!((short - long).abs() < 1e-6, "{share}: {short} and {long}");
        }
    }

    /// Decisions and slopes together, decisions alone, and slopes alone have densities whose integral is one.
    #[test]
    fn densities_integrate_to_one() {
        for own in
            [WHERE, Parameters { drift: 0.2, bound: 0.7, bias: 0.8, onset: 0.1, blur: 1.9, spread: 1.5 }]
        {
            let decided = |slope: Option<f64>| -> f64 {
                // In roots of time, as decisions near a bound are quick.
                let density = |root: f64, upper: bool| {
                    2.0 * root
                        * own
                            .log_density(&Trial { decision: Some((own.onset + root * root, upper)), slope })
                            .exp()
                };
                let at = |upper: bool| integral(1e-3, 3.0, 2_000, |root| density(root, upper));
                at(true) + at(false)
            };
            assert!((decided(None) - 1.0).abs() < 1e-3, "{}", decided(None));
            let (low, high) =
                (own.drift - 9.0 * (own.blur + own.spread), own.drift + 9.0 * (own.blur + own.spread));
            let whole = integral(low, high, 200, |z| decided(Some(z)));
            assert!((whole - 1.0).abs() < 2e-3, "{whole}");
        }
    }

    /// Choices and times of paths in small steps with the continuity correction of Broadie, Glasserman & Kou (1997), against the
    /// density: the mean time and the share of upper choices.
    #[test]
    fn simulated_decisions_follow_the_density() {
        let (mut rng, step, count) = (StdRng::seed_from_u64(3), 1e-3_f64, 20_000);
        let shift = 0.5826 * step.sqrt();
        let mut decided = || {
            let drift = WHERE.drift + WHERE.spread * rng.sample::<f64, _>(StandardNormal);
            let (mut x, mut time) = (WHERE.bias * WHERE.bound, 0.0);
            while x > shift && x < WHERE.bound - shift {
                x += drift * step + step.sqrt() * rng.sample::<f64, _>(StandardNormal);
                time += step;
            }
            (time, x > WHERE.bound / 2.0)
        };
        let made: Vec<(f64, bool)> = (0..count).map(|_| decided()).collect();
        let time = made.iter().map(|own| own.0).sum::<f64>() / f64::from(count);
        let upper = made.iter().filter(|own| own.1).count() as f64 / f64::from(count);
        let density = |t: f64, upper: bool| {
            WHERE.log_density(&Trial { decision: Some((WHERE.onset + t, upper)), slope: None }).exp()
        };
        let exact_time = integral(1e-6, 8.0, 4_000, |t| t * (density(t, true) + density(t, false)));
        let exact_upper = integral(1e-6, 8.0, 4_000, |t| density(t, true));
        // Four standard errors: times have a standard deviation of about .2.
        assert!((time - exact_time).abs() < 0.007, "{time} and {exact_time}");
        assert!((upper - exact_upper).abs() < 0.012, "{upper} and {exact_upper}");
        // What was found before by other code: .2847 s and .8302.
        assert!(
            (exact_time - 0.2847).abs() < 5e-4 && (exact_upper - 0.8302).abs() < 5e-4,
            "{exact_time} {exact_upper}"
        );
    }

    #[test]
    fn what_is_missing_is_integrated_out() {
        let slopes = |decision| {
            integral(-12.0, 15.0, 2_000, |z| WHERE.log_density(&Trial { decision, slope: Some(z) }).exp())
        };
        for decision in [Some((0.6, true)), Some((0.9, false)), None] {
            let alone = WHERE.log_density(&Trial { decision, slope: None }).exp();
            assert!((slopes(decision) / alone - 1.0).abs() < 1e-6, "{decision:?}");
        }
        let trials = [Trial { decision: Some((0.6, true)), slope: Some(2.0) }];
        let [kept, lost] =
            [Pairing::Kept, Pairing::Lost].map(|pairing| WHERE.log_likelihood(&trials, pairing));
        assert!(
            (kept - lost).abs() > 0.01,
            "a quick upper choice goes with a steep slope: {kept} and {lost}"
        );
    }
}
