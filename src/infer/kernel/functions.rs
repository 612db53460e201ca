//! The functions of the network, sixteen numbers at a time.
//!
//! Polynomials interpolate at Chebyshev nodes, unless they say otherwise; bounds are for exact coefficients, rounding adds
//! a few units in the last place.

use super::lanes::{LANES, Lanes, Simd};
use std::f32::consts::{LOG2_E, TAU};

/// A polynomial, coefficients from the highest power down.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: S::V, coefficients: [f32; N]) -> S::V {
    let mut sum = s.zero();
    for c in coefficients {
        sum = sum.mul_add(x, s.splat(c));
    }
    sum
}

/// e^x for x <= 0, exactly 0 below −60: what is too small to matter must not become subnormal, which is slow.
///
/// Relative error below 3e-7 + 1e-7·|x|.
#[inline(always)]
pub(super) fn exp_negative<S: Simd>(s: S, x: S::V) -> S::V {
    let bits = s.splat(LOG2_E);
    let power = (x * bits).round();
    let rest = x.mul_add(bits, s.zero() - power);
    // 2^rest for |rest| <= 1/2, to 3e-9.
    let fraction = polynomial(
        s,
        rest,
        [1.546_144_5e-4, 1.340_042_8e-3, 9.618_057e-3, 5.550_327e-2, 2.402_265e-1, 6.931_472e-1, 1.0],
    );
    fraction.times_two_to(power).where_above(x, s.splat(-60.0))
}

/// gelu(x) = x·Φ(x), where Φ is the normal distribution function, and its derivative Φ(x) + x·φ(x).
#[inline(always)]
pub(super) fn gelu<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let below = normal_cdf(s, x);
    let density = exp_negative(s, x * x * s.splat(-0.5)) * s.splat(0.398_942_3);
    (x * below, x.mul_add(density, below))
}

/// gelu(x) alone.
#[inline(always)]
pub(super) fn gelu_value<S: Simd>(s: S, x: S::V) -> S::V {
    x * normal_cdf(s, x)
}

/// Φ(x), to 4e-7; exactly 0 below −5.2.
///
/// Φ(x) − 1/2 is odd: x times a fraction of polynomials in x², fitted to 6e-8 between −5.2 and 5.2.
#[inline(always)]
fn normal_cdf<S: Simd>(s: S, x: S::V) -> S::V {
    let (low, high) = (s.splat(-5.2), s.splat(5.2));
    let inside = x.min(high).max(low);
    let square = inside * inside;
    let above =
        polynomial(s, square, [5.840_73e-6, 3.142_689_5e-4, 5.518_767e-3, 4.959_395_5e-2, 3.989_419e-1]);
    let under = polynomial(
        s,
        square,
        [5.019_079e-7, 1.127_429_5e-4, 2.703_778_7e-3, 3.734_012e-2, 2.909_743_8e-1, 1.0],
    );
    (inside * above).mul_add(under.reciprocal(), s.splat(0.5)).where_above(x, low)
}

/// silu(x) = x·σ(x) and its derivative σ(x)·(1 + x·(1 − σ(x))), where σ is the logistic function.
#[inline(always)]
pub(super) fn silu<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let one = s.splat(1.0);
    let small = exp_negative(s, s.zero() - x.abs());
    let larger = (one + small).reciprocal();
    let smaller = small * larger;
    let (sigma, rest) = (smaller.where_negative(x, larger), larger.where_negative(x, smaller));
    (x * sigma, sigma.mul_add(x * rest, sigma))
}

/// sin(2π·turns) and cos(2π·turns), for turns between −1/2 and 1/2; absolute error below 4e-7.
#[inline(always)]
pub(super) fn sine_cosine<S: Simd>(s: S, turns: S::V) -> (S::V, S::V) {
    let (quarter, half) = (s.splat(0.25), s.splat(0.5));
    // Both are the sine of at most a quarter turn: sin(π − a) = sin a, cos a = sin(π/2 − |a|).
    let folded = turns.min(half - turns).max(s.zero() - half - turns);
    (quarter_sine(s, folded), quarter_sine(s, quarter - turns.abs()))
}

/// sin(2π·turns) for |turns| <= 1/4, to 7e-9.
#[inline(always)]
fn quarter_sine<S: Simd>(s: S, turns: S::V) -> S::V {
    let series = polynomial(s, turns * turns, [39.759_827, -76.581_17, 81.602_48, -41.341_68, TAU]);
    turns * series
}

/// What is left of `turns` in each lane when whole turns are taken away, between −1/2 and 1/2.
///
/// In double precision, so that an angle of 10^6 turns still has an error below 1e-7 turns.
#[inline(always)]
pub(super) fn fractions(turns: [f64; LANES]) -> [f32; LANES] {
    // Adding and subtracting it rounds to a whole number.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let mut fractions = [0.0; LANES];
    for (fraction, t) in fractions.iter_mut().zip(turns) {
        *fraction = (t - ((t + ROUNDER) - ROUNDER)) as f32;
    }
    fractions
}
