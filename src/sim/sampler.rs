//! Numbers of the laws that no formula gives: rejection and search, one draw after the other.
//!
//! The random numbers of an attempt have a key of their own ([`Stream::attempt`]), so that a draw depends on its place
//! alone, however many attempts others need.

use crate::elementary::{atan, cos, exp, floor, ln, sqrt, stirling_series};
use crate::rng::Stream;
use crate::ssa::Sampler;
use std::f64::consts::PI;

/// Attempts before a draw is given up as NaN; each of the methods accepts more than a third of its attempts.
const ATTEMPTS: u64 = 1_000;

/// Below this mean a count is searched for from zero, above it is rejected from a hat.
const FEW: f64 = 10.0;

/// Above this mean a count is a rounded normal number: its skewness, below 1e-5, shows in no feasible number of draws,
/// and the logarithms of the hat's ratio would lose more.
const MANY: f64 = 1e10;

/// Where a number is drawn: its stream, draw, step and element.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub stream: Stream,
    pub draw: u64,
    pub step: u32,
    pub element: u32,
}

impl Site {
    /// A number of a law; NaN where the arguments name none.
    pub fn draw(self, law: Sampler, x: f64, y: f64) -> f64 {
        match law {
            Sampler::LogGamma => self.log_gamma(x),
            Sampler::Poisson => self.poisson(x),
            Sampler::Binomial => self.binomial(x, y),
            Sampler::NormalBetween => self.normal_between(x, y),
            Sampler::VonMises => self.von_mises(x),
        }
    }

    /// The uniform number of an attempt, of which there are several kinds.
    fn uniform(self, attempt: u64) -> f64 {
        self.stream.attempt(attempt).uniform(self.draw, self.step, self.element)
    }

    fn normal(self, attempt: u64) -> f64 {
        self.stream.attempt(attempt).normal(self.draw, self.step, self.element)
    }

    /// The first of the attempts that gives something.
    fn first(self, mut attempt: impl FnMut(Site, [u64; 2]) -> Option<f64>) -> f64 {
        (1..=ATTEMPTS).find_map(|n| attempt(self, [2 * n, 2 * n + 1])).unwrap_or(f64::NAN)
    }

    /// Marsaglia and Tsang 2000; shapes below one by `gamma(a) = gamma(a + 1) u^(1 / a)`, on the scale of logarithms.
    fn log_gamma(self, shape: f64) -> f64 {
        if !(shape > 0.0 && shape.is_finite()) {
            return f64::NAN;
        }
        let (raised, boost) =
            if shape < 1.0 { (shape + 1.0, ln(self.uniform(0)) / shape) } else { (shape, 0.0) };
        let d = raised - 1.0 / 3.0;
        let c = 1.0 / sqrt(9.0 * d);
        let log = self.first(|site, [first, second]| {
            let z = site.normal(first);
            let root = 1.0 + c * z;
            if root <= 0.0 {
                return None;
            }
            let log = 3.0 * ln(root);
            let accepted = ln(site.uniform(second)) < 0.5 * z * z + d - d * exp(log) + d * log;
            accepted.then_some(ln(d) + log)
        });
        log + boost
    }

    /// Searched from zero for small rates, else transformed rejection (Hörmann 1993, PTRS).
    fn poisson(self, rate: f64) -> f64 {
        if !(rate >= 0.0 && rate.is_finite()) {
            return f64::NAN;
        }
        if rate < FEW {
            return self.searched(exp(-rate), |count| rate / count);
        }
        if rate > MANY {
            return floor(rate + sqrt(rate) * self.normal(0) + 0.5);
        }
        let b = 0.931 + 2.53 * sqrt(rate);
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let log_rate = ln(rate);
        self.first(|site, [first, second]| {
            let (u, v) = (site.uniform(first) - 0.5, site.uniform(second));
            let us = 0.5 - u.abs();
            let count = floor((2.0 * a / us + b) * u + rate + 0.43);
            if us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2.0) {
                return Some(count);
            }
            if count < 0.0 || (us < 0.013 && v > us) {
                return None;
            }
            let hat = ln(v * inverse_alpha / (a / (us * us) + b));
            (hat <= count * log_rate - rate - ln_factorial(count)).then_some(count)
        })
    }

    /// Searched from zero for few successes, else transformed rejection (Hörmann 1993, BTRS); probabilities above a
    /// half count the failures.
    fn binomial(self, trials: f64, probability: f64) -> f64 {
        let possible = trials >= 0.0 && trials.is_finite() && floor(trials) == trials;
        if !(possible && (0.0..=1.0).contains(&probability)) {
            return f64::NAN;
        }
        if probability > 0.5 {
            return trials - self.successes(trials, 1.0 - probability);
        }
        self.successes(trials, probability)
    }

    /// Successes at a probability of a half at most.
    fn successes(self, n: f64, p: f64) -> f64 {
        let (q, mean) = (1.0 - p, n * p);
        if mean < FEW {
            let odds = p / q;
            let none = exp(n * ln(q));
            return self.searched(none, |count| odds * (n - count + 1.0) / count).min(n);
        }
        let sd = sqrt(mean * q);
        if mean > MANY {
            return floor(mean + sd * self.normal(0) + 0.5);
        }
        let b = 1.15 + 2.53 * sd;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = mean + 0.5;
        let limit = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * sd;
        let log_odds = ln(p / q);
        let mode = floor((n + 1.0) * p);
        let at_mode = ln_factorial(mode) + ln_factorial(n - mode);
        self.first(|site, [first, second]| {
            let (u, v) = (site.uniform(first) - 0.5, site.uniform(second));
            let us = 0.5 - u.abs();
            let count = floor((2.0 * a / us + b) * u + c);
            if us >= 0.07 && v <= limit {
                return Some(count);
            }
            if !(0.0..=n).contains(&count) {
                return None;
            }
            let hat = ln(v * alpha / (a / (us * us) + b));
            let ratio = at_mode - ln_factorial(count) - ln_factorial(n - count) + (count - mode) * log_odds;
            (hat <= ratio).then_some(count)
        })
    }

    /// The count at which the summed probabilities pass a uniform number: `none` is that of zero, and `ratio` takes a
    /// count to its probability over that of the one before.
    fn searched(self, none: f64, ratio: impl Fn(f64) -> f64) -> f64 {
        /// Beyond this the rest of the probabilities is less than a uniform number resolves.
        const FARTHEST: f64 = 200.0;
        let u = self.uniform(0);
        let (mut count, mut probability, mut sum) = (0.0, none, none);
        while u > sum && count < FARTHEST {
            count += 1.0;
            probability *= ratio(count);
            sum += probability;
        }
        count
    }

    /// Robert 1995: uniform proposals for short stretches, normal ones about zero, exponential ones in a tail.
    fn normal_between(self, low: f64, high: f64) -> f64 {
        if low.partial_cmp(&high) != Some(std::cmp::Ordering::Less) {
            return f64::NAN;
        }
        if high <= 0.0 {
            return -self.normal_between(-high, -low);
        }
        let width = high - low;
        if low <= 0.0 {
            if width > sqrt(2.0 * PI) {
                return self
                    .first(|site, [first, _]| Some(site.normal(first)).filter(|z| (low..=high).contains(z)));
            }
            return self.even(low, width, 0.0);
        }
        let root = sqrt(low * low + 4.0);
        let rate = 0.5 * (low + root);
        let short = 2.0 / (low + root) * exp(0.25 * (low * low - low * root) + 0.5);
        if width <= short {
            return self.even(low, width, low * low);
        }
        self.first(|site, [first, second]| {
            let z = low - ln(site.uniform(first)) / rate;
            let accepted = ln(site.uniform(second)) <= -0.5 * (z - rate) * (z - rate);
            (accepted && z <= high).then_some(z)
        })
    }

    /// A normal number from uniform proposals; `nearest` is the square of the place at which the density is largest.
    fn even(self, low: f64, width: f64, nearest: f64) -> f64 {
        self.first(|site, [first, second]| {
            let z = low + width * site.uniform(first);
            (ln(site.uniform(second)) <= 0.5 * (nearest - z * z)).then_some(z)
        })
    }

    /// Best and Fisher 1979; nearly uniform for tiny concentrations, normal for huge ones.
    fn von_mises(self, concentration: f64) -> f64 {
        const TINY: f64 = 1e-8;
        const HUGE: f64 = 1e6;
        if !(concentration > 0.0 && concentration.is_finite()) {
            return f64::NAN;
        }
        if concentration < TINY {
            return PI * (2.0 * self.uniform(0) - 1.0);
        }
        if concentration > HUGE {
            return self.normal(0) / sqrt(concentration);
        }
        let tau = 1.0 + sqrt(1.0 + 4.0 * concentration * concentration);
        let rho = (tau - sqrt(2.0 * tau)) / (2.0 * concentration);
        // The difference above loses its digits for small concentrations.
        let r = if concentration < 1e-5 { 1.0 / concentration } else { (1.0 + rho * rho) / (2.0 * rho) };
        let size = self.first(|site, [first, second]| {
            let z = cos(PI * site.uniform(first));
            let f = (1.0 + r * z) / (r + z);
            let c = concentration * (r - f);
            let u = site.uniform(second);
            let accepted = c * (2.0 - c) - u > 0.0 || ln(c / u) + 1.0 - c >= 0.0;
            accepted.then(|| 2.0 * atan(sqrt(((1.0 - f) / (1.0 + f)).max(0.0))))
        });
        if self.uniform(0) < 0.5 { -size } else { size }
    }
}

/// `log(n!)` for whole n: products up to ten, then Stirling's series, which is right to 1e-13 of the sum's terms there.
fn ln_factorial(n: f64) -> f64 {
    if n < 10.0 {
        let mut product = 1.0;
        let mut factor = 2.0;
        while factor <= n {
            product *= factor;
            factor += 1.0;
        }
        return ln(product);
    }
    let x = n + 1.0;
    (x - 0.5) * ln(x) - x + 0.918_938_533_204_672_8 + stirling_series(x)
}
