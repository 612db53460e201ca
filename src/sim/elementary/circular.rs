//! Sine, cosine, tangent and the inverse tangent.

use super::double::Double;
use super::{MAGIC, polynomial};

/// Angles up to this size, in radians, are reduced without branches; beyond it [`sin`], [`cos`] and [`tan`] take a
/// slower way with as many digits of pi as the angle needs.
pub const MODERATE: f64 = 1_600_000.0;

/// `(sin r - r) / r^3` in r^2, for |r| <= pi / 4; the error is 2^-55 of the sine.
const SIN: [f64; 6] = [
    -0.16666666666666666,
    0.008333333333330948,
    -0.00019841269836758574,
    2.755731610255244e-06,
    -2.5051131845003624e-08,
    1.5918129294866608e-10,
];

/// `(cos r - 1 + r^2 / 2) / r^4` in r^2, for |r| <= pi / 4; the error is 2^-59.
const COS: [f64; 6] = [
    0.041666666666666664,
    -0.0013888888888887398,
    2.480158729876569e-05,
    -2.7557317271729793e-07,
    2.08761462684032e-09,
    -1.1382632425521717e-11,
];

/// `(atan t - t) / t^3` in t^2, for |t| <= tan(pi / 8); the error is 2^-57 of the arc.
const ATAN: [f64; 11] = [
    -0.3333333333333333,
    0.1999999999999552,
    -0.14285714284666542,
    0.11111111015256361,
    -0.09090904578123903,
    0.07692183190826087,
    -0.06664511447381948,
    0.0585814891280221,
    -0.0508544973794026,
    0.03923165829558719,
    -0.01917688711906226,
];

/// pi / 2 in four parts of 33, 33, 33 and 53 bits: a quarter turn below 2^20 times one of the first three is exact.
const QUARTER: [f64; 4] =
    [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];

/// pi / 2 and pi / 4 to twice the precision.
const HALF_PI: Double = Double { hi: std::f64::consts::FRAC_PI_2, lo: 6.123233995736766e-17 };
const QUARTER_PI: Double = Double { hi: std::f64::consts::FRAC_PI_4, lo: 3.061616997868383e-17 };

/// The sine and cosine of an angle.
#[derive(Clone, Copy)]
pub(crate) struct SinCos {
    pub sin: f64,
    pub cos: f64,
}

/// Sine and cosine of a reduced angle, `|r| <= pi / 4`, turned by `quadrant` quarters (its low two bits).
#[inline(always)]
fn quadrant(r: Double, quadrant: u64) -> SinCos {
    let z = r.hi * r.hi;
    let sin = r.hi + (z * r.hi * polynomial(z, &SIN) + r.lo);
    let half = 0.5 * z;
    let near = 1.0 - half;
    let cos = near + (((1.0 - near) - half) + (z * z * polynomial(z, &COS) - r.hi * r.lo));
    // Every odd quarter swaps the two; the signs follow the second bit of the quarter and of the next one.
    let odd = 0u64.wrapping_sub(quadrant & 1);
    let (s, c) = (sin.to_bits(), cos.to_bits());
    let (s, c) = ((s & !odd) | (c & odd), (c & !odd) | (s & odd));
    SinCos {
        sin: f64::from_bits(s ^ ((quadrant & 2) << 62)),
        cos: f64::from_bits(c ^ ((quadrant.wrapping_add(1) & 2) << 62)),
    }
}

/// Sine and cosine of `u` whole turns, for u in `[0, 1]`.
#[inline(always)]
pub(crate) fn turn(u: f64) -> SinCos {
    let quarters = u * 4.0 + MAGIC;
    let r = (u - (quarters - MAGIC) * 0.25) * std::f64::consts::TAU;
    quadrant(Double { hi: r, lo: 0.0 }, quarters.to_bits())
}

/// Sine and cosine for `|x| <= MODERATE`; NaN for NaN and infinities.
#[inline(always)]
pub(crate) fn sin_cos_moderate(x: f64) -> SinCos {
    // Cody and Waite: the nearest multiple of pi / 2 is taken away part by part, and what each step rounds off is kept.
    let rounded = x * std::f64::consts::FRAC_2_PI + MAGIC;
    let n = rounded - MAGIC;
    let first = Double::sum(x - n * QUARTER[0], -n * QUARTER[1]);
    let second = Double::sum(first.hi, -n * QUARTER[2]);
    let r = Double::ordered_sum(second.hi, (first.lo + second.lo) - n * QUARTER[3]);
    quadrant(r, rounded.to_bits())
}

/// [`sin`] for angles up to [`MODERATE`], without branches; meaningless beyond.
#[inline(always)]
pub fn sin_moderate(x: f64) -> f64 {
    sin_cos_moderate(x).sin
}

/// [`cos`] for angles up to [`MODERATE`], without branches; meaningless beyond.
#[inline(always)]
pub fn cos_moderate(x: f64) -> f64 {
    sin_cos_moderate(x).cos
}

/// [`tan`] for angles up to [`MODERATE`], without branches; meaningless beyond.
#[inline(always)]
pub fn tan_moderate(x: f64) -> f64 {
    let SinCos { sin, cos } = sin_cos_moderate(x);
    sin / cos
}

/// The sine of `x` radians, however large; NaN for infinities.
pub fn sin(x: f64) -> f64 {
    sin_cos(x).sin
}

/// The cosine of `x` radians, however large; NaN for infinities.
pub fn cos(x: f64) -> f64 {
    sin_cos(x).cos
}

/// The tangent of `x` radians, however large; NaN for infinities.
pub fn tan(x: f64) -> f64 {
    let SinCos { sin, cos } = sin_cos(x);
    sin / cos
}

/// Sine and cosine of any angle.
pub(crate) fn sin_cos(x: f64) -> SinCos {
    if x.abs() <= MODERATE || !x.is_finite() { sin_cos_moderate(x) } else { sin_cos_large(x) }
}

/// Sine and cosine of a finite angle beyond [`MODERATE`] (Payne and Hanek 1983).
///
/// With `x = m 2^e`, only the bits of 2 / pi from `2^(2 - e)` downwards matter: higher ones make whole turns. A window
/// of 192 of them times `m`, modulo four quarters, leaves 190 bits of fraction, of which at most about 62 are zeros.
fn sin_cos_large(x: f64) -> SinCos {
    let bits = x.abs().to_bits();
    let m = (bits & ((1 << 52) - 1)) | (1 << 52);
    let exponent = (bits >> 52) as usize;
    // e + 62 with e = exponent - 1075; the table begins 64 bits above the point.
    let window = window(exponent + 62 - 1075);
    let [high, middle, low] = window.map(|w| u128::from(w) * u128::from(m));
    let middle = middle + (low >> 64);
    let top = (high as u64).wrapping_add((middle >> 64) as u64);
    let product = (u128::from(top) << 64) | u128::from(middle as u64);
    // The two high bits count quarters; what follows, read as signed, is the fraction from the nearest one.
    let fraction = ((product << 2) | ((low as u64) >> 62) as u128).cast_signed();
    let quarters = (product >> 126) as u64 + u64::from(fraction < 0);
    let hi = fraction as f64;
    let lo = (fraction - hi as i128) as f64;
    const UNIT: f64 = 1.0 / (u128::MAX as f64); // 2^-128: the maximum rounds up to 2^128
    let r = Double { hi: hi * UNIT, lo: lo * UNIT }.times(HALF_PI);
    let SinCos { sin, cos } = quadrant(r, quarters);
    SinCos { sin: if x < 0.0 { -sin } else { sin }, cos }
}

/// 192 bits of 2 / pi, from `start` on, where bit 64 is the first after the point.
fn window(start: usize) -> [u64; 3] {
    /// 2 / pi to 1280 bits, after a word of zeros.
    #[rustfmt::skip]
    const TWO_OVER_PI: [u64; 21] = [
        0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
        0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
        0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
        0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
    ];
    let word = |k: usize| {
        u128::from(TWO_OVER_PI.get(start / 64 + k).copied().expect("2 / pi has bits for every f64"))
    };
    [0, 1, 2].map(|k| ((((word(k) << 64) | word(k + 1)) << (start % 64)) >> 64) as u64)
}

/// The angle between -pi/2 and pi/2 whose tangent is `x`.
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    const TAN_PI_8: f64 = 0.41421356237309503;
    const TAN_3_PI_8: f64 = 2.414213562373095;
    let size = x.abs();
    // atan x = pi/4 + atan((x - 1) / (x + 1)) = pi/2 + atan(-1 / x): whichever leaves a small argument.
    let (far, near) = (size > TAN_3_PI_8, size > TAN_PI_8);
    let (top, bottom) = if near { (size - 1.0, size + 1.0) } else { (size, 1.0) };
    let (top, bottom) = if far { (-1.0, size) } else { (top, bottom) };
    let (hi, lo) = if near { (QUARTER_PI.hi, QUARTER_PI.lo) } else { (0.0, 0.0) };
    let (hi, lo) = if far { (HALF_PI.hi, HALF_PI.lo) } else { (hi, lo) };
    let t = top / bottom;
    let z = t * t;
    (hi + (t + (z * t * polynomial(z, &ATAN) + lo))).copysign(x)
}
