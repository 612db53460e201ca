//! Functions with the same bits on every machine: made of sums, products, quotients and roots, as those of a system's
//! library differ in their last bits from one to the next.

use std::f64::consts::{FRAC_PI_2, LN_2};

/// `base` to the power of a whole number.
pub fn power(base: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// Ten to the power of a whole number, correctly rounded.
pub fn ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::NAN)
}

/// The exponent of the first decimal digit: 2 of 512, -3 of 0.004. Zero has 0.
pub fn exponent(x: f64) -> i32 {
    let written = format!("{x:e}");
    written.rsplit_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// Two to the power of a whole number between -1022 and 1023.
fn two(exponent: i64) -> f64 {
    f64::from_bits(((exponent.clamp(-1022, 1023) + 1023) as u64) << 52)
}

/// The exponential function, to about 1e-13 of its value.
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    // Beyond, the result is zero or infinite anyway.
    let x = x.clamp(-800.0, 800.0);
    let halvings = (x / LN_2).round();
    let rest = x - halvings * LN_2;
    let series = (1..=16).rev().fold(1.0, |sum, n| 1.0 + rest * sum / f64::from(n));
    let (half, whole) = ((halvings / 2.0).floor() as i64, halvings as i64);
    series * two(half) * two(whole - half)
}

/// The natural logarithm, to about 1e-15; not a number below zero.
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return if x == 0.0 {
            f64::NEG_INFINITY
        } else if x > 0.0 {
            x
        } else {
            f64::NAN
        };
    }
    if x < f64::MIN_POSITIVE {
        return ln(x * two(60)) - 60.0 * LN_2;
    }
    let exponent = (x.to_bits() >> 52) as i64 - 1023;
    let fraction = x * two(-exponent / 2) * two(-exponent + exponent / 2);
    let (fraction, exponent) = if fraction > std::f64::consts::SQRT_2 {
        (fraction / 2.0, exponent + 1)
    } else {
        (fraction, exponent)
    };
    let ratio = (fraction - 1.0) / (fraction + 1.0);
    let square = ratio * ratio;
    let series = (0..=14).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    2.0 * ratio * series + exponent as f64 * LN_2
}

/// `base`, which is positive, to any power.
pub fn pow(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// The cosine of `part / whole` of a quarter turn, for parts of 0 to `whole`.
pub fn quarter_cosine(part: usize, whole: usize) -> f64 {
    let angle = |part: usize| FRAC_PI_2 * part as f64 / whole.max(1) as f64;
    if 2 * part <= whole {
        let square = angle(part) * angle(part);
        (1..=10).rev().fold(1.0, |sum, n| 1.0 - square * sum / f64::from((2 * n - 1) * (2 * n)))
    } else {
        let angle = angle(whole.saturating_sub(part));
        let square = angle * angle;
        angle * (1..=10).rev().fold(1.0, |sum, n| 1.0 - square * sum / f64::from((2 * n) * (2 * n + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_the_library() {
        for step in -700..700 {
            let x = f64::from(step) * 1.0007;
            let expected = x.exp();
            assert!((exp(x) - expected).abs() <= 2e-13 * expected, "{x}: {} for {expected}", exp(x));
            assert!((ln(expected) - x).abs() <= 1e-13 * x.abs().max(1.0), "{x}");
        }
        assert_eq!((exp(-1e9), exp(1e9), exp(0.0)), (0.0, f64::INFINITY, 1.0));
        assert!(exp(f64::NAN).is_nan() && ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        assert_eq!((ln(0.0), ln(1.0), ln(f64::INFINITY)), (f64::NEG_INFINITY, 0.0, f64::INFINITY));
        assert!((ln(5e-324) - 5e-324_f64.ln()).abs() < 1e-10);
        assert!((pow(2.0, 0.5) - 2.0_f64.sqrt()).abs() < 1e-14);
        for part in 0..=100 {
            let expected = (FRAC_PI_2 * part as f64 / 100.0).cos();
            assert!((quarter_cosine(part, 100) - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn decimal_exponents_are_exact() {
        for (x, expected) in [(512.0, 2), (0.004, -3), (1.0, 0), (-99.9, 1), (0.0, 0), (1e-300, -300)] {
            assert_eq!(exponent(x), expected);
        }
        assert_eq!((ten(-3), ten(0), ten(6), power(3.0, 4)), (0.001, 1.0, 1e6, 81.0));
    }
}
