//! Powers.

use super::double::Double;
use super::exponential::{LN2, exp_with_tail, split};
use super::{floor, polynomial};

/// `(atanh(s) / s - 1 - s^2 / 3) / s^4` in s^2, for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1); the error is 2^-62 of `atanh(s) / s`.
const TAIL: [f64; 7] = [
    0.20000000000000012,
    0.1428571428566928,
    0.11111111135538725,
    0.09090904125803699,
    0.07692787250229415,
    0.06642983636945307,
    0.06456748033401576,
];

/// 1 / 3 to twice the precision.
const THIRD: Double = Double { hi: 0.3333333333333333, lo: 1.850371707708594e-17 };

/// ln 2 to twice the precision, the first part with 32 bits.
const LN2_PARTS: Double = Double { hi: LN2[0], lo: LN2[1] };

/// The natural logarithm of a positive, finite number to about 2^-64.
#[inline(always)]
fn ln_double(x: f64) -> Double {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let (m, k) = split(if subnormal { x * TWO_54 } else { x });
    let k = if subnormal { k - 54.0 } else { k };
    // ln m = 2 atanh(s), s = (m - 1) / (m + 1).
    let s = Double { hi: m - 1.0, lo: 0.0 }.over(Double::sum(m, 1.0));
    let z = s.times(s);
    let series = z.times(THIRD).plus(Double { hi: z.hi * z.hi * polynomial(z.hi, &TAIL), lo: 0.0 });
    let atanh = s.plus(s.times(series));
    let whole = Double { hi: k * LN2_PARTS.hi, lo: 0.0 }.plus(Double { hi: k * LN2_PARTS.lo, lo: 0.0 });
    whole.plus(Double { hi: 2.0 * atanh.hi, lo: 2.0 * atanh.lo })
}

/// `x` to the power `y`, with the special values of IEEE 754: 1 for `y = 0` and for `x = 1` whatever the other is,
/// NaN for a negative `x` unless `y` is whole.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    const HUGE: f64 = 1_180_591_620_717_411_303_424.0; // 2^70, at which every x but 1 has over- or underflown
    let exponent = if y.abs() > HUGE { HUGE.copysign(y) } else { y };
    let size = x.abs();
    let ln = ln_double(if size < f64::INFINITY { size } else { f64::MAX });
    let product = Double::product(ln.hi, exponent);
    // Where the power over- or underflows the correction would be large, and is of no use.
    let tail = if product.hi.abs() < 800.0 { product.lo + ln.lo * exponent } else { 0.0 };
    let power = exp_with_tail(product.hi, tail);
    // Zero and infinity, which have no logarithm.
    let end = if (size == 0.0) == (y < 0.0) { f64::INFINITY } else { 0.0 };
    let power = if size == 0.0 || size == f64::INFINITY { end } else { power };
    // A negative base: the sign of odd powers, and nothing real for broken ones.
    let whole = floor(y) == y;
    let odd = whole && y.abs() < 9_007_199_254_740_992.0 && floor(y * 0.5) != y * 0.5;
    let power = if x.is_sign_negative() && odd { -power } else { power };
    let power = if x < 0.0 && !whole && size < f64::INFINITY { f64::NAN } else { power };
    let power = if x.is_nan() || y.is_nan() { f64::NAN } else { power };
    if y == 0.0 || x == 1.0 { 1.0 } else { power }
}
