//! The special functions of densities: what is left of the gamma function when Stirling's formula is taken off, how far
//! two means of counts are apart, the Bessel function of angles, and the normal law between two ends.
//!
//! Densities of counts and shares are made of the first two (Loader 2000, Fast and accurate computation of binomial
//! probabilities): large logarithms that nearly cancel are never taken, so that what comes out keeps its digits at any
//! size of the arguments. All is right to about 1e-13 of the larger of itself and one.

use super::{exp, ln, polynomial, sqrt};
use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

/// `1 / x` times a series in `1 / x²`: what Stirling's formula lacks of `log Γ(x)`, to 1e-13 from ten on and to 1e-16 from
/// sixteen on.
#[inline(always)]
pub(crate) fn stirling_series(x: f64) -> f64 {
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    inverse
        * (1.0 / 12.0
            - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))))
}

/// `log Γ(x + 1) - (x + 1/2) log x + x - log(2 π) / 2` for `x` above zero; infinite at zero.
#[inline(always)]
pub fn stirling(x: f64) -> f64 {
    const SHIFT: f64 = 16.0;
    let near = x < SHIFT;
    let y = if near { x + SHIFT } else { x };
    let series = stirling_series(y);
    // Γ(y) = Γ(x + 1) (x + 1) (x + 2) … (x + 15).
    let product = (1..16).fold(1.0, |product, k| product * (x + f64::from(k)));
    let shifted = ((y - 0.5) * ln(y) - SHIFT - ln(product)) - (x + 0.5) * ln(x) + series;
    if near { shifted } else { series }
}

/// `x log(x / m) + m - x` for numbers from zero: the deviance of a count from its mean. Infinite at `m = 0` but for `x = 0`.
#[inline(always)]
pub fn deviance(x: f64, m: f64) -> f64 {
    /// 1 / 3, 1 / 5, …, 1 / 17.
    const ODD: [f64; 8] = odd_inverses();
    let v = (x - m) / (x + m);
    let square = v * v;
    // log(x / m) = 2 atanh(v).
    let near = v * (x - m) + 2.0 * x * v * square * polynomial(square, &ODD);
    let ratio = x / m;
    let lost = ratio == 0.0 || ratio == f64::INFINITY;
    let log = if lost { ln(x) - ln(m) } else { ln(ratio) };
    let far = x * log + m - x;
    let apart = if v.abs() < 0.1 { near } else { far };
    if x == 0.0 { m } else { apart }
}

/// `log I0(x) - x` for `x` from zero, with the modified Bessel function of the first kind and order zero.
#[inline(always)]
pub fn ln_bessel(x: f64) -> f64 {
    /// `1 / (k!)²`: the series in `x² / 4`, to 1e-19 up to twenty.
    const NEAR: [f64; 36] = inverse_squares();
    /// `(1² 3² … (2 k - 1)²) / (8^k k!)`: the asymptotic series in `1 / x` of `sqrt(2 π x) exp(-x) I0(x)`, to 1e-16 from twenty.
    const FAR: [f64; 24] = hankel();
    let near = ln(polynomial(0.25 * x * x, &NEAR)) - x;
    let far = ln(polynomial(1.0 / x, &FAR)) - 0.5 * ln(TAU * x);
    if x < 20.0 { near } else { far }
}

/// The logarithm of the integral of `exp((nearest² - t²) / 2)` over `t` from `low` to `high`, where `nearest` is the place
/// between them nearest to zero: far out nothing underflows. NaN unless `low < high`.
pub fn ln_normal_between(low: f64, high: f64) -> f64 {
    let ordered = low < high;
    if !ordered {
        return f64::NAN;
    }
    if high <= 0.0 {
        return ln_normal_between(-high, -low);
    }
    /// `sqrt(π / 2)`.
    const ROOT: f64 = 1.253_314_137_315_500_3;
    let [a, b] = [low, high].map(|end| end * FRAC_1_SQRT_2);
    if low < 0.0 {
        return ln(ROOT * (erf(-a) + erf(b)));
    }
    let width = high - low;
    let fall = width * (low + 0.5 * width);
    ln(if fall <= 1.0 {
        quadrature(low, width)
    } else {
        ROOT * (scaled_erfc(a) - exp(-fall) * scaled_erfc(b))
    })
}

/// The integral of `exp(-low t - t² / 2)` over `t` from 0 to `width`, by Gauss and Legendre's rule with eight nodes; to 1e-14
/// where the exponent does not fall below -1.
fn quadrature(low: f64, width: f64) -> f64 {
    /// Half of the nodes between 0 and 1, with the weights of these and their mirror images.
    const RULE: [[f64; 2]; 4] = [
        [0.019855071751231884, 0.05061426814518813],
        [0.10166676129318663, 0.11119051722668724],
        [0.2372337950418355, 0.15685332293894364],
        [0.4082826787521751, 0.181341891689181],
    ];
    let at = |share: f64| exp(-width * share * (low + 0.5 * width * share));
    width * RULE.iter().map(|[node, weight]| weight * (at(*node) + at(1.0 - node))).sum::<f64>()
}

/// Below this the error function comes from its series, above from a continued fraction.
const FAR: f64 = 1.5;

/// The error function of a number from zero.
fn erf(x: f64) -> f64 {
    if x < FAR { exp(-x * x) * erf_series(x) } else { 1.0 - exp(-x * x) * scaled_erfc(x) }
}

/// `exp(x²) (1 - erf(x))` for `x` from zero.
fn scaled_erfc(x: f64) -> f64 {
    if x < FAR {
        return exp(x * x) - erf_series(x);
    }
    // Laplace's continued fraction; so many levels are right to 1e-17 at 1.5, and soon more.
    let below = (1..=100).rev().fold(x, |below, level| x + 0.5 * f64::from(level) / below);
    1.0 / (sqrt(PI) * below)
}

/// `exp(x²) erf(x)`: `2 / sqrt(π)` times the sum of `2^k x^(2 k + 1) / (1 · 3 · 5 … (2 k + 1))`.
fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..40 {
        term *= 2.0 * x * x / (2.0 * f64::from(k) + 1.0);
        sum += term;
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

#[allow(clippy::indexing_slicing)] // Places of an array run while it is compiled.
const fn odd_inverses<const N: usize>() -> [f64; N] {
    let mut all = [0.0; N];
    let mut k = 0;
    while k < N {
        all[k] = 1.0 / (2 * k + 3) as f64;
        k += 1;
    }
    all
}

#[allow(clippy::indexing_slicing)] // As above.
const fn inverse_squares<const N: usize>() -> [f64; N] {
    let mut all = [1.0; N];
    let mut k = 1;
    while k < N {
        all[k] = all[k - 1] / (k * k) as f64;
        k += 1;
    }
    all
}

#[allow(clippy::indexing_slicing)] // As above.
const fn hankel<const N: usize>() -> [f64; N] {
    let mut all = [1.0; N];
    let mut k = 1;
    while k < N {
        all[k] = all[k - 1] * ((2 * k - 1) * (2 * k - 1)) as f64 / (8 * k) as f64;
        k += 1;
    }
    all
}
