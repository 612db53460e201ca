//! What each operation does to single numbers: the one place where its meaning is written.
//! The compiler folds constants with it, the engine inlines it into its loops.

use crate::elementary as own;
use crate::ssa::Special;
use sbi_model::{Binary, Series, Unary};

/// A truth as a number.
#[inline(always)]
fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// `op x`.
#[inline(always)]
pub(crate) fn unary(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Neg => -x,
        Unary::Not => truth(x == 0.0),
        Unary::Abs => x.abs(),
        Unary::Sign => own::sign(x),
        Unary::Floor => own::floor(x),
        Unary::Ceil => own::ceil(x),
        Unary::Round => own::round(x),
        Unary::Sqrt => own::sqrt(x),
        Unary::Exp => own::exp(x),
        Unary::Log => own::ln(x),
        Unary::Sin => own::sin(x),
        Unary::Cos => own::cos(x),
        Unary::Tan => own::tan(x),
        Unary::Atan => own::atan(x),
        Unary::Tanh => own::tanh(x),
        Unary::Logistic => own::logistic(x),
    }
}

/// `x op y`. Comparisons with NaN do not hold, except that NaN differs from everything.
#[inline(always)]
pub(crate) fn binary(op: Binary, x: f64, y: f64) -> f64 {
    match op {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Pow => own::pow(x, y),
        Binary::Min => own::min(x, y),
        Binary::Max => own::max(x, y),
        Binary::Lt => truth(x < y),
        Binary::Le => truth(x <= y),
        Binary::Gt => truth(x > y),
        Binary::Ge => truth(x >= y),
        Binary::Eq => truth(x == y),
        Binary::Ne => truth(x != y),
        Binary::And => truth((x != 0.0) & (y != 0.0)),
        Binary::Or => truth((x != 0.0) | (y != 0.0)),
    }
}

/// A special function of two numbers; one of a single number looks at the first.
pub(crate) fn special(function: Special, x: f64, y: f64) -> f64 {
    match function {
        Special::Stirling => own::stirling(x),
        Special::Deviance => own::deviance(x, y),
        Special::Bessel => own::ln_bessel(x),
        Special::NormalBetween => own::ln_normal_between(x, y),
    }
}

/// `if condition then yes else no`.
#[inline(always)]
pub(crate) fn select(condition: f64, yes: f64, no: f64) -> f64 {
    if condition == 0.0 { no } else { yes }
}

/// A fixed function of time at a time: linear between its times, and as at its ends outside of them.
pub(crate) fn interpolate(series: &Series, time: f64) -> f64 {
    if time.is_nan() {
        return f64::NAN;
    }
    let after = series.times.partition_point(|known| *known < time);
    let at = |place: usize| (series.times.get(place), series.values.get(place));
    match (after.checked_sub(1).map(at), at(after)) {
        (Some((Some(t0), Some(x0))), (Some(t1), Some(x1))) => x0 + (x1 - x0) * ((time - t0) / (t1 - t0)),
        (None, (_, Some(x))) | (Some((_, Some(x))), _) => *x,
        _ => f64::NAN,
    }
}
