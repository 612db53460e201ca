//! Elementary functions in plain IEEE arithmetic: the same bits on every machine.
//!
//! A library's `exp` differs between systems and their versions, and a fused multiply-add rounds once where two
//! instructions round twice. So everything here is made of `+ - * /`, square roots, comparisons and operations on bits,
//! each of which IEEE 754 defines to the last bit. None of the functions branches (but for angles beyond
//! [`circular::MODERATE`], and the [`special`] ones of densities), so that a loop over a column becomes vector code for whatever
//! instruction set the loop is compiled for.
//!
//! Every function is right on its whole domain, within two units in the last place (the special ones say theirs), and NaN
//! goes in and out.
//! The polynomials interpolate their function at Chebyshev nodes (computed in 80 digits), which is within
//! a hair of the best polynomial of the degree; each constant's comment gives the interval and the error.

mod circular;
mod double;
mod exponential;
mod power;
mod special;

pub use circular::{MODERATE, atan, cos, cos_moderate, sin, sin_moderate, tan, tan_moderate};
pub(crate) use circular::{SinCos, sin_cos, sin_cos_moderate, turn};
pub(crate) use exponential::ln_normal;
pub use exponential::{exp, ln, logistic, tanh};
pub use power::pow;
pub(crate) use special::stirling_series;
pub use special::{deviance, ln_bessel, ln_normal_between, stirling};

/// 1.5 * 2^52. Adding it to a number below 2^51 in size rounds to the nearest integer (halves to even),
/// which then stands, in two's complement, in the low bits of the sum.
pub(crate) const MAGIC: f64 = 6_755_399_441_055_744.0;

/// The polynomial with `coefficients` from the constant upwards, at `x` (Horner).
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut rest = coefficients.iter().rev();
    let mut sum = rest.next().copied().unwrap_or(0.0);
    for c in rest {
        sum = sum * x + c;
    }
    sum
}

/// The square root, correctly rounded.
#[inline(always)]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// The largest integer not above `x`.
#[inline(always)]
pub fn floor(x: f64) -> f64 {
    let near = nearest(x);
    let below = if near > x { near - 1.0 } else { near };
    below.copysign(x)
}

/// The smallest integer not below `x`.
#[inline(always)]
pub fn ceil(x: f64) -> f64 {
    -floor(-x)
}

/// The nearest integer, halves away from zero.
#[inline(always)]
pub fn round(x: f64) -> f64 {
    let size = x.abs();
    let below = floor(size);
    let rounded = if size - below >= 0.5 { below + 1.0 } else { below };
    rounded.copysign(x)
}

/// The nearest integer, halves to even; larger numbers, infinities and NaN as they are.
#[inline(always)]
fn nearest(x: f64) -> f64 {
    const WHOLE: f64 = 4_503_599_627_370_496.0; // 2^52: no f64 at or above it has a fraction
    let size = x.abs();
    let near = (size + WHOLE) - WHOLE;
    // Written so that NaN takes the second way.
    let near = if size < WHOLE { near } else { size };
    near.copysign(x)
}

/// -1, 0 or 1; NaN for NaN.
#[inline(always)]
pub fn sign(x: f64) -> f64 {
    let size = if x == 0.0 { 0.0 } else { 1.0 };
    if x.is_nan() { x } else { f64::copysign(size, x) }
}

/// The smaller of two numbers; NaN if either is NaN, so that a failure stays visible.
#[inline(always)]
pub fn min(x: f64, y: f64) -> f64 {
    if x < y || x.is_nan() { x } else { y }
}

/// The larger of two numbers; NaN if either is NaN, so that a failure stays visible.
#[inline(always)]
pub fn max(x: f64, y: f64) -> f64 {
    if x > y || x.is_nan() { x } else { y }
}
