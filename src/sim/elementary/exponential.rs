//! `exp`, `ln` and what is made of them.

use super::double::Double;
use super::{MAGIC, polynomial};

/// ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact.
pub(super) const LN2: [f64; 2] = [0.6931471803691238, 1.9082149292705877e-10];

/// `(e^r - 1 - r) / r^2` for |r| <= ln 2 / 2; the error is 2^-56 of `e^r`.
const EXP: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666669,
    0.041666666666624164,
    0.008333333333330065,
    0.0013888888917196719,
    0.00019841269863040545,
    2.4801521322368692e-05,
    2.7557268480310024e-06,
    2.7620075879983367e-07,
    2.5100375832561234e-08,
];

/// `(2 atanh(s) / s - 2) / s^2` in s^2, for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1); the error is 2^-57 of the logarithm.
const LN: [f64; 7] = [
    0.666666666666667,
    0.39999999999899505,
    0.28571428625975487,
    0.2222221113479508,
    0.18182889125261723,
    0.15331721600556042,
    0.14616449685043406,
];

/// 2^k for whole k from -1022 to 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + (MAGIC + 1023.0)).to_bits() << 52)
}

/// `x * 2^k` for whole k from -2044 to 2046, in two steps so that the result may be subnormal or infinite.
#[inline(always)]
pub(super) fn scale(x: f64, k: f64) -> f64 {
    let half = (k * 0.5 + MAGIC) - MAGIC;
    x * power_of_two(half) * power_of_two(k - half)
}

/// `x = k ln 2 + hi - lo` with whole k and |hi - lo| at most about ln 2 / 2; for |x| below 1100.
#[inline(always)]
fn reduce(x: f64) -> (f64, f64, f64) {
    let k = (x * std::f64::consts::LOG2_E + MAGIC) - MAGIC;
    (k, x - k * LN2[0], k * LN2[1])
}

/// `e^(hi + lo) - 1 - hi` for a reduced argument and a correction `lo` below its last place.
#[inline(always)]
fn exp_beyond_first(hi: f64, lo: f64) -> f64 {
    let r = hi + lo;
    r * r * polynomial(r, &EXP) + lo
}

/// `e^(x + tail)`, where `tail` is a correction below the last place of `x`.
#[inline(always)]
pub(super) fn exp_with_tail(x: f64, tail: f64) -> f64 {
    // Beyond these bounds the result is infinite or zero; NaN passes both comparisons unchanged.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let (k, hi, lo) = reduce(x);
    scale(1.0 + (hi + exp_beyond_first(hi, tail - lo)), k)
}

/// `e^x`; infinite from 709.79, subnormal below -708.4, zero below -745.2.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    exp_with_tail(x, 0.0)
}

/// The mantissa in `[sqrt(1/2), sqrt 2)` and the exponent of a positive, normal number.
#[inline(always)]
pub(super) fn split(x: f64) -> (f64, f64) {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    // The exponent plus 1024, so that a logical shift does: vector units lack the arithmetic one for 64 bits.
    let exponent = bits.wrapping_sub(SQRT_HALF).wrapping_add(1024 << 52) >> 52;
    let mantissa = f64::from_bits(bits.wrapping_sub(exponent.wrapping_sub(1024) << 52));
    (mantissa, f64::from_bits(exponent.wrapping_add(MAGIC.to_bits())) - (MAGIC + 1024.0))
}

/// The natural logarithm of a positive, normal, finite number: the kernel of [`ln`].
#[inline(always)]
pub(crate) fn ln_normal(x: f64) -> f64 {
    let (m, k) = split(x);
    ln_parts(m, k)
}

/// `k ln 2 + ln m` for m in `[sqrt(1/2), sqrt 2)`.
#[inline(always)]
fn ln_parts(m: f64, k: f64) -> f64 {
    // With s = f / (2 + f): ln(1 + f) = 2 atanh(s) = f - (f^2 / 2 - s (f^2 / 2 + R(s^2))).
    // The largest terms, f and k ln 2, are exact and added last.
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let square = 0.5 * f * f;
    let small = s * (square + z * polynomial(z, &LN)) + k * LN2[1];
    k * LN2[0] - ((square - small) - f)
}

/// The natural logarithm; minus infinity at 0, NaN below.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let (m, k) = split(if subnormal { x * TWO_54 } else { x });
    let value = ln_parts(m, if subnormal { k - 54.0 } else { k });
    let value = if x < f64::INFINITY { value } else { x };
    let outside = if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    if x > 0.0 { value } else { outside }
}

/// `e^x - 1` for x <= 0, to a few places more than a number has, near zero as well.
#[inline(always)]
fn exp_minus_one_below_zero(x: f64) -> Double {
    // e^-50 is less than half of the last place of 1.
    let x = if x < -50.0 { -50.0 } else { x };
    let (k, hi, lo) = reduce(x);
    let two_k = power_of_two(k);
    let part = Double::ordered_sum(hi, exp_beyond_first(hi, -lo));
    Double::sum(two_k - 1.0, two_k * part.hi).plus_small(two_k * part.lo)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    // tanh |x| = -e / (2 + e) with e = exp(-2 |x|) - 1.
    let e = exp_minus_one_below_zero(-2.0 * x.abs());
    let ratio = e.over(Double::sum(2.0, e.hi).plus_small(e.lo));
    ratio.hi.copysign(x)
}

/// The logistic function `1 / (1 + e^-x)`.
#[inline(always)]
pub fn logistic(x: f64) -> f64 {
    // The exponential of minus the size never overflows, and keeps small values precise.
    let e = exp(-x.abs());
    let top = if x < 0.0 { e } else { 1.0 };
    top / (1.0 + e)
}
