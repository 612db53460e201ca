//! Between a random number or vector and the real line: one-to-one, smooth, and the same whichever family lies there.
//!
//! | values | real number |
//! |---|---|
//! | the line | themselves |
//! | above `low`, below `high` | `log(x - low)`, `-log(high - x)` |
//! | from `low` to `high` | `log((x - low) / (high - x))` |
//! | shares that add up to one | of each but the last `log(x / rest)`, where the rest is what comes after it; less the same of equal shares |
//!
//! What `|>` bends is straightened first. At an end the real number is infinite, and outside of both it is NaN. The other
//! way ends at the last number that there is: never beyond an end.

use super::{Variate, range};
use crate::ssa::{Program, Value};
use sbi_model::{Binary, Range, Unary};

/// Values, or the real numbers they stand for, with the logarithm of the size of the derivative of the values with
/// respect to the real numbers; of a vector, of the determinant (for shares over all but the last).
pub(crate) struct Straight {
    pub values: Vec<Value>,
    pub log_slope: Value,
}

impl Variate {
    /// The real numbers that stand for these values.
    pub fn straighten(&self, p: &mut Program, values: &[Value]) -> Straight {
        let bare: Vec<Value> = values
            .iter()
            .zip(&self.bends)
            .map(|(value, bends)| bends.iter().rev().fold(*value, |x, bend| bend.undo(p, x).value))
            .collect();
        let real = match self.family.range() {
            Range::Simplex => shares_to_real(p, &bare),
            range => {
                let ends = range::ends(p, range, &self.arguments);
                bare.iter().map(|x| to_real(p, ends, *x)).collect()
            }
        };
        let log_slope = self.log_slope(p, &bare, &real);
        Straight { values: real, log_slope }
    }

    /// The values that these real numbers stand for.
    pub fn bend_back(&self, p: &mut Program, real: &[Value]) -> Straight {
        let bare = match self.family.range() {
            Range::Simplex => shares_from_real(p, real),
            range => {
                let ends = range::ends(p, range, &self.arguments);
                real.iter().map(|y| from_real(p, ends, *y)).collect()
            }
        };
        let log_slope = self.log_slope(p, &bare, real);
        let bent = bare.iter().zip(&self.bends);
        let values = bent.map(|(x, bends)| bends.iter().fold(*x, |x, bend| bend.apply(p, x))).collect();
        Straight { values, log_slope }
    }

    fn log_slope(&self, p: &mut Program, bare: &[Value], real: &[Value]) -> Value {
        let mut logs: Vec<Value> = match self.family.range() {
            Range::Simplex => vec![shares_log_slope(p, bare, real)],
            range => {
                let ends = range::ends(p, range, &self.arguments);
                real.iter().map(|y| log_slope(p, ends, *y)).collect()
            }
        };
        // Of shares, the last follows from the others.
        for (x, bends) in bare.iter().zip(&self.bends).take(real.len()) {
            let mut x = *x;
            for bend in bends {
                logs.push(bend.log_slope(p, x));
                x = bend.apply(p, x);
            }
        }
        p.sum_of(&logs)
    }
}

/// Which of two ends are finite.
fn bounded(p: &Program, ends: [Value; 2]) -> [bool; 2] {
    ends.map(|end| !p.known_number(end).is_some_and(f64::is_infinite))
}

fn to_real(p: &mut Program, [low, high]: [Value; 2], x: Value) -> Value {
    let [above, below] = [(x, low), (high, x)].map(|(more, less)| {
        let off = p.sub(more, less);
        p.ln(off)
    });
    match bounded(p, [low, high]) {
        [false, false] => x,
        [true, false] => above,
        [false, true] => p.unary(Unary::Neg, below),
        [true, true] => p.sub(above, below),
    }
}

fn from_real(p: &mut Program, [low, high]: [Value; 2], y: Value) -> Value {
    match bounded(p, [low, high]) {
        [false, false] => y,
        [true, false] => {
            let above = p.unary(Unary::Exp, y);
            p.add(above, low)
        }
        [false, true] => {
            let less = p.unary(Unary::Neg, y);
            let below = p.unary(Unary::Exp, less);
            p.sub(high, below)
        }
        [true, true] => {
            let share = p.unary(Unary::Logistic, y);
            let width = p.sub(high, low);
            let above = p.mul(width, share);
            let x = p.add(above, low);
            // Rounding must not carry it over its end, and ends out of order have nothing between them.
            let x = p.binary(Binary::Min, x, high);
            let ordered = p.binary(Binary::Lt, low, high);
            p.require(ordered, x)
        }
    }
}

/// The logarithm of the slope of [`from_real`].
fn log_slope(p: &mut Program, [low, high]: [Value; 2], y: Value) -> Value {
    match bounded(p, [low, high]) {
        [false, false] => p.number(0.0),
        [true, false] => y,
        [false, true] => p.unary(Unary::Neg, y),
        [true, true] => {
            let width = p.sub(high, low);
            let (log, slope) = (p.ln(width), p.ln_logistic_slope(y));
            p.add(slope, log)
        }
    }
}

/// `log` of how many shares come after the one at a place: what the real number of equal shares would be, negative.
fn level(count: usize, place: usize) -> f64 {
    crate::elementary::ln((count - 1 - place) as f64)
}

fn shares_to_real(p: &mut Program, x: &[Value]) -> Vec<Value> {
    let mut rest = p.number(0.0);
    let mut real: Vec<Value> = Vec::with_capacity(x.len());
    // From the last one on: so the rests are sums, not differences.
    for (place, share) in x.iter().enumerate().rev() {
        if place + 1 < x.len() {
            let (log, of) = (p.ln(*share), p.ln(rest));
            let odds = p.sub(log, of);
            real.push(p.plus(odds, level(x.len(), place)));
        }
        rest = p.add(*share, rest);
    }
    real.reverse();
    real
}

fn shares_from_real(p: &mut Program, real: &[Value]) -> Vec<Value> {
    let mut rest = p.number(1.0);
    let mut shares: Vec<Value> = Vec::with_capacity(real.len() + 1);
    for (place, y) in real.iter().enumerate() {
        let odds = p.plus(*y, -level(real.len() + 1, place));
        let less = p.unary(Unary::Neg, odds);
        let [here, behind] = [odds, less].map(|odds| {
            let part = p.unary(Unary::Logistic, odds);
            p.mul(part, rest)
        });
        shares.push(here);
        rest = behind;
    }
    shares.push(rest);
    shares
}

/// Each share is its part of what is left, times that.
fn shares_log_slope(p: &mut Program, x: &[Value], real: &[Value]) -> Value {
    let mut rest = p.number(0.0);
    let mut logs = Vec::new();
    for (place, share) in x.iter().enumerate().rev() {
        rest = p.add(*share, rest);
        if let Some(y) = real.get(place) {
            let odds = p.plus(*y, -level(x.len(), place));
            let (slope, left) = (p.ln_logistic_slope(odds), p.ln(rest));
            logs.extend([slope, left]);
        }
    }
    p.sum_of(&logs)
}
