//! The steps of `|>`: what they do to a number, how it is undone, and how they stretch.

use crate::ssa::{Program, Value};
use sbi_model::{Binary, Map, Unary};

/// One step of `|>`, with its numbers computed for one draw.
pub(crate) struct Bend {
    pub map: Map,
    pub arguments: Vec<Value>,
}

/// A number before a step, where there is one.
pub(super) struct Undone {
    /// Not a number outside of `possible`.
    pub value: Value,
    /// Whether the step comes to the number at all.
    pub possible: Value,
    /// Whether the step has arguments that it is one-to-one with.
    pub sound: Value,
    /// The logarithm of the size of the step's slope there.
    pub log_slope: Value,
}

impl Bend {
    /// The bent number.
    pub fn apply(&self, p: &mut Program, x: Value) -> Value {
        match (self.map, self.arguments.as_slice()) {
            (Map::Affine, [scale, shift]) => {
                let scaled = p.binary(Binary::Mul, *scale, x);
                p.binary(Binary::Add, scaled, *shift)
            }
            (Map::Between, [low, high]) => {
                let share = p.unary(Unary::Logistic, x);
                let width = p.binary(Binary::Sub, *high, *low);
                let above = p.binary(Binary::Mul, width, share);
                p.binary(Binary::Add, above, *low)
            }
            (Map::Exp, []) => p.unary(Unary::Exp, x),
            (Map::Logistic, []) => p.unary(Unary::Logistic, x),
            (map, _) => panic!("the checker gives {map:?} its numbers"),
        }
    }

    /// What is bent into a number.
    pub(super) fn undo(&self, p: &mut Program, bent: Value) -> Undone {
        match (self.map, self.arguments.as_slice()) {
            (Map::Affine, [scale, shift]) => {
                let size = p.unary(Unary::Abs, *scale);
                let (straight, positive) = (p.is_finite(*shift), p.all_positive(&[size]));
                Undone {
                    value: p.standard(bent, *shift, *scale),
                    possible: p.is_finite(bent),
                    sound: p.all(&[straight, positive]),
                    log_slope: p.ln(size),
                }
            }
            (Map::Between, [low, high]) => between(p, bent, [*low, *high]),
            (Map::Exp, []) => {
                let log = p.ln(bent);
                let possible = p.all_positive(&[bent]);
                Undone { value: log, possible, sound: p.number(1.0), log_slope: log }
            }
            (Map::Logistic, []) => {
                let ends = [0.0, 1.0].map(|end| p.number(end));
                between(p, bent, ends)
            }
            (map, _) => panic!("the checker gives {map:?} its numbers"),
        }
    }

    /// The logarithm of the size of the slope at a number that is not bent yet.
    pub(super) fn log_slope(&self, p: &mut Program, x: Value) -> Value {
        match (self.map, self.arguments.as_slice()) {
            (Map::Affine, [scale, _]) => {
                let size = p.unary(Unary::Abs, *scale);
                p.ln(size)
            }
            (Map::Between, [low, high]) => {
                let width = p.sub(*high, *low);
                let size = p.unary(Unary::Abs, width);
                let (log, slope) = (p.ln(size), p.ln_logistic_slope(x));
                p.add(slope, log)
            }
            (Map::Exp, []) => x,
            (Map::Logistic, []) => p.ln_logistic_slope(x),
            (map, _) => panic!("the checker gives {map:?} its numbers"),
        }
    }
}

/// Undoes `low + (high - low) / (1 + exp(-x))`; the ends may stand in either order.
fn between(p: &mut Program, bent: Value, [low, high]: [Value; 2]) -> Undone {
    let (least, most) = (p.binary(Binary::Min, low, high), p.binary(Binary::Max, low, high));
    let (above, below) = (p.binary(Binary::Gt, bent, least), p.binary(Binary::Lt, bent, most));
    let apart = p.binary(Binary::Lt, least, most);
    let finite = p.all_finite(&[low, high]);
    let [from, to, width] = [(bent, low), (high, bent), (high, low)].map(|(x, y)| {
        let off = p.sub(x, y);
        let size = p.unary(Unary::Abs, off);
        p.ln(size)
    });
    let both = p.add(from, to);
    Undone {
        value: p.sub(from, to),
        possible: p.all(&[above, below]),
        sound: p.all(&[apart, finite]),
        log_slope: p.sub(both, width),
    }
}
