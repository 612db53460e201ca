//! What the formulas of densities share.

use crate::ssa::{Program, Special, Value};
use sbi_model::{Binary, Unary};
use std::f64::consts::TAU;

/// `log(2 π)`.
pub(super) const LN_TAU: f64 = 1.837_877_066_409_345_5;

impl Program {
    /// The natural logarithm.
    pub(super) fn ln(&mut self, x: Value) -> Value {
        self.unary(Unary::Log, x)
    }

    /// `factor x`.
    pub(super) fn times(&mut self, x: Value, factor: f64) -> Value {
        let factor = self.number(factor);
        self.mul(x, factor)
    }

    /// `x + shift`.
    pub(super) fn plus(&mut self, x: Value, shift: f64) -> Value {
        let shift = self.number(shift);
        self.add(x, shift)
    }

    /// Whether `x op y`, with a number.
    pub(super) fn is(&mut self, x: Value, op: Binary, y: f64) -> Value {
        let y = self.number(y);
        self.binary(op, x, y)
    }

    /// Whether all of these hold.
    pub(super) fn all(&mut self, truths: &[Value]) -> Value {
        let holds = self.number(1.0);
        let mut truths = truths.iter().filter(|truth| self.known_number(**truth) != Some(1.0));
        let Some(first) = truths.next() else { return holds };
        let rest: Vec<Value> = truths.copied().collect();
        rest.into_iter().fold(*first, |all, truth| self.binary(Binary::And, all, truth))
    }

    /// Whether all of these are finite and above zero.
    pub(super) fn all_positive(&mut self, values: &[Value]) -> Value {
        let mut truths = Vec::new();
        for value in values {
            truths.extend([self.is(*value, Binary::Gt, 0.0), self.is(*value, Binary::Lt, f64::INFINITY)]);
        }
        self.all(&truths)
    }

    /// Whether all of these are finite.
    pub(super) fn all_finite(&mut self, values: &[Value]) -> Value {
        let truths: Vec<Value> = values.iter().map(|value| self.is_finite(*value)).collect();
        self.all(&truths)
    }

    /// The sum of these; zero of none.
    pub(super) fn sum_of(&mut self, values: &[Value]) -> Value {
        let zero = self.number(0.0);
        values.iter().fold(zero, |sum, value| self.add(*value, sum))
    }

    /// `(x - from) / scale`.
    pub(super) fn standard(&mut self, x: Value, from: Value, scale: Value) -> Value {
        let off = self.sub(x, from);
        self.div(off, scale)
    }

    /// `log(1 + x)` for `x` from -1, finite: what rounding takes from `1 + x` is given back (Kahan).
    pub(super) fn ln_1p(&mut self, x: Value) -> Value {
        let more = self.plus(x, 1.0);
        let kept = self.plus(more, -1.0);
        let nothing = self.is(kept, Binary::Eq, 0.0);
        let log = self.ln(more);
        let share = self.div(x, kept);
        let mended = self.mul(log, share);
        // At -1 the share is one, and the logarithm infinite.
        self.select(nothing, x, mended)
    }

    /// `log(1 + z²) / 2`.
    pub(super) fn ln_hypotenuse(&mut self, z: Value) -> Value {
        /// Beyond this the one is lost.
        const FAR: f64 = 1e8;
        let size = self.unary(Unary::Abs, z);
        let far = self.is(size, Binary::Gt, FAR);
        let alone = self.ln(size);
        let square = self.mul(z, z);
        let log = self.ln_1p(square);
        let half = self.times(log, 0.5);
        self.select(far, alone, half)
    }

    /// The logarithm of the slope of `1 / (1 + exp(-x))`, which is also the density of the standard logistic law.
    pub(super) fn ln_logistic_slope(&mut self, x: Value) -> Value {
        let size = self.unary(Unary::Abs, x);
        let less = self.unary(Unary::Neg, size);
        let fallen = self.unary(Unary::Exp, less);
        let more = self.plus(fallen, 1.0);
        let log = self.ln(more);
        let twice = self.times(log, -2.0);
        self.sub(twice, size)
    }

    /// The logarithm of the standard normal density.
    pub(super) fn ln_normal(&mut self, z: Value) -> Value {
        let square = self.mul(z, z);
        let half = self.times(square, -0.5);
        self.plus(half, -0.5 * LN_TAU)
    }

    /// What Stirling's formula lacks of `log Γ(x + 1)`.
    pub(super) fn stirling(&mut self, x: Value) -> Value {
        self.special(Special::Stirling, x, x)
    }

    /// `x log(x / m) + m - x`.
    pub(super) fn deviance(&mut self, x: Value, m: Value) -> Value {
        self.special(Special::Deviance, x, m)
    }

    /// The logarithm of `m^x exp(-m) / Γ(x + 1)` for `x` and `m` from zero (Loader 2000): a count's probability where `x` is
    /// whole.
    pub(super) fn ln_count(&mut self, x: Value, m: Value) -> Value {
        let none = self.is(x, Binary::Eq, 0.0);
        let at_none = self.unary(Unary::Neg, m);
        let (rest, apart) = (self.stirling(x), self.deviance(x, m));
        let circle = self.times(x, TAU);
        let log = self.ln(circle);
        let half = self.times(log, -0.5);
        let less = self.sub(half, rest);
        let some = self.sub(less, apart);
        self.select(none, at_none, some)
    }

    /// The logarithm of `Γ(n + 1) Π p^x / Γ(x + 1)` over the `x` and their `p`, where `n` is the sum of all `x`, each above
    /// zero, and the `p` add up to one (Loader 2000). The `p` come times `n`.
    pub(super) fn ln_multinomial(&mut self, n: Value, parts: &[(Value, Value)]) -> Value {
        let (rest, log) = (self.stirling(n), self.ln(n));
        let half = self.times(log, 0.5);
        let mut sum = self.add(rest, half);
        for (x, expected) in parts {
            let (rest, apart, log) = (self.stirling(*x), self.deviance(*x, *expected), self.ln(*x));
            let half = self.times(log, 0.5);
            for less in [rest, apart, half] {
                sum = self.sub(sum, less);
            }
        }
        self.plus(sum, -0.5 * (parts.len() as f64 - 1.0) * LN_TAU)
    }

    /// `(shape - 1) log x` and what keeps it near its size: `-deviance(shape, rate x) - log x`, and at zero its limit.
    pub(super) fn ln_power(&mut self, shape: Value, rate: Value, x: Value) -> Value {
        let expected = self.mul(rate, x);
        let (apart, log) = (self.deviance(shape, expected), self.ln(x));
        let both = self.add(apart, log);
        let within = self.unary(Unary::Neg, both);
        let log = self.ln(rate);
        let limit = self.plus(log, 1.0);
        let limit = self.limit(shape, limit);
        let end = self.is(x, Binary::Eq, 0.0);
        self.select(end, limit, within)
    }

    /// What a density of the order `x^(shape - 1)` comes to at zero: `at_one` for the shape one.
    pub(super) fn limit(&mut self, shape: Value, at_one: Value) -> Value {
        let (least, most) = (self.number(f64::NEG_INFINITY), self.number(f64::INFINITY));
        let falls = self.is(shape, Binary::Gt, 1.0);
        let flat = self.is(shape, Binary::Eq, 1.0);
        let other = self.select(falls, least, most);
        self.select(flat, at_one, other)
    }

    /// The logarithm of a sum, from the logarithms of what is summed.
    pub(super) fn ln_sum(&mut self, logs: &[Value]) -> Value {
        let least = self.number(f64::NEG_INFINITY);
        let largest = logs.iter().fold(least, |most, log| self.binary(Binary::Max, *log, most));
        // Infinities have no difference.
        let finite = self.is_finite(largest);
        let zero = self.number(0.0);
        let from = self.select(finite, largest, zero);
        let parts: Vec<Value> = logs
            .iter()
            .map(|log| {
                let below = self.sub(*log, from);
                self.unary(Unary::Exp, below)
            })
            .collect();
        let sum = self.sum_of(&parts);
        let log = self.ln(sum);
        let whole = self.add(log, from);
        self.select(finite, whole, largest)
    }
}
