//! Derivatives of values of a program, and linear equations between them, written into the program.

use crate::ssa::{Op, Program, Value};
use sbi_model::{Binary, Unary};
use std::collections::HashMap;

/// A square matrix; what is known to be zero is none.
pub(crate) type Matrix = Vec<Vec<Option<Value>>>;

impl Program {
    /// The derivatives of `outputs` with respect to `by`, which is made of nothing. None is known to be zero.
    pub fn derivatives(&mut self, outputs: &[Value], by: Value) -> Vec<Option<Value>> {
        let one = self.number(1.0);
        let mut slopes: HashMap<Value, Value> = HashMap::from([(by, one)]);
        for value in self.behind(outputs) {
            let op = self.op(value);
            let slope = |x: Value| slopes.get(&x).copied();
            let found = match op {
                Op::Unary(op, x) => slope(x).and_then(|dx| self.of_unary(op, value, x, dx)),
                Op::Binary(op, x, y) => self.of_binary(op, value, [x, y], [slope(x), slope(y)]),
                Op::Select { condition, yes, no } if slope(yes).is_some() || slope(no).is_some() => {
                    let zero = self.number(0.0);
                    let [yes, no] = [yes, no].map(|x| slope(x).unwrap_or(zero));
                    Some(self.select(condition, yes, no))
                }
                Op::Special(..) => unreachable!("densities stand in no equation that is derived"),
                _ => None,
            };
            slopes.extend(found.map(|found| (value, found)));
        }
        outputs.iter().map(|output| slopes.get(output).copied()).collect()
    }

    /// The derivative of `value = op(x)` where that of `x` is `dx`.
    fn of_unary(&mut self, op: Unary, value: Value, x: Value, dx: Value) -> Option<Value> {
        let one = self.number(1.0);
        let outer = match op {
            Unary::Neg => self.number(-1.0),
            Unary::Abs => self.unary(Unary::Sign, x),
            Unary::Sqrt => {
                let half = self.number(0.5);
                self.div(half, value)
            }
            Unary::Exp => value,
            Unary::Log => self.div(one, x),
            Unary::Sin => self.unary(Unary::Cos, x),
            Unary::Cos => {
                let sine = self.unary(Unary::Sin, x);
                self.unary(Unary::Neg, sine)
            }
            Unary::Tan => {
                let square = self.mul(value, value);
                self.add(square, one)
            }
            Unary::Atan => {
                let square = self.mul(x, x);
                let sum = self.add(square, one);
                self.div(one, sum)
            }
            Unary::Tanh => {
                let square = self.mul(value, value);
                self.sub(one, square)
            }
            Unary::Logistic => {
                let rest = self.sub(one, value);
                self.mul(value, rest)
            }
            Unary::Not | Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round => return None,
        };
        Some(self.mul(outer, dx))
    }

    /// The derivative of `value = x op y` where those of `x` and `y` are these.
    fn of_binary(
        &mut self,
        op: Binary,
        value: Value,
        [x, y]: [Value; 2],
        slopes: [Option<Value>; 2],
    ) -> Option<Value> {
        let [dx, dy] = slopes;
        match op {
            Binary::Add => self.sum(dx, dy),
            Binary::Sub => {
                let less = dy.map(|dy| self.unary(Unary::Neg, dy));
                self.sum(dx, less)
            }
            Binary::Mul => {
                let [left, right] =
                    [(dx, y), (dy, x)].map(|(slope, by)| slope.map(|slope| self.mul(slope, by)));
                self.sum(left, right)
            }
            Binary::Div => {
                let left = dx.map(|dx| self.div(dx, y));
                let right = dy.map(|dy| {
                    let share = self.div(value, y);
                    let product = self.mul(share, dy);
                    self.unary(Unary::Neg, product)
                });
                self.sum(left, right)
            }
            Binary::Pow => {
                let left = dx.map(|dx| {
                    let one = self.number(1.0);
                    let lower = self.sub(y, one);
                    let power = self.binary(Binary::Pow, x, lower);
                    let outer = self.mul(power, y);
                    self.mul(outer, dx)
                });
                let right = dy.map(|dy| {
                    let log = self.unary(Unary::Log, x);
                    let outer = self.mul(value, log);
                    self.mul(outer, dy)
                });
                self.sum(left, right)
            }
            Binary::Min | Binary::Max if dx.is_some() || dy.is_some() => {
                let zero = self.number(0.0);
                let first = self.binary(Binary::Eq, value, x);
                Some(self.select(first, dx.unwrap_or(zero), dy.unwrap_or(zero)))
            }
            _ => None,
        }
    }

    fn sum(&mut self, x: Option<Value>, y: Option<Value>) -> Option<Value> {
        match (x, y) {
            (Some(x), Some(y)) => Some(self.add(x, y)),
            (x, y) => x.or(y),
        }
    }

    /// Eliminates below the diagonal of a matrix in place, without exchanging rows: the factors stay where zeros would be
    /// (LU decomposition).
    pub fn eliminate(&mut self, matrix: &mut Matrix) {
        let count = matrix.len();
        for k in 0..count {
            let pivot_row = matrix.get(k).cloned().unwrap_or_default();
            let Some(pivot) = entry(&pivot_row, k) else { continue };
            for row in matrix.iter_mut().skip(k + 1) {
                let Some(below) = entry(row, k) else { continue };
                let factor = self.div(below, pivot);
                for (column, place) in row.iter_mut().enumerate().skip(k) {
                    if column == k {
                        *place = Some(factor);
                    } else if let Some(above) = entry(&pivot_row, column) {
                        let product = self.mul(factor, above);
                        *place = Some(match *place {
                            Some(value) => self.sub(value, product),
                            None => self.unary(Unary::Neg, product),
                        });
                    }
                }
            }
        }
    }

    /// The solution of an eliminated system for one right side.
    pub fn solve(&mut self, eliminated: &Matrix, right: &[Value]) -> Vec<Value> {
        let mut x = right.to_vec();
        let count = x.len();
        let less =
            |program: &mut Program, x: &mut Vec<Value>, row: usize, columns: std::ops::Range<usize>| {
                for column in columns {
                    let factor = eliminated.get(row).and_then(|row| entry(row, column));
                    let (Some(factor), Some(known)) = (factor, x.get(column).copied()) else { continue };
                    let product = program.mul(factor, known);
                    if let Some(place) = x.get_mut(row) {
                        *place = program.sub(*place, product);
                    }
                }
            };
        for row in 0..count {
            less(self, &mut x, row, 0..row);
        }
        for row in (0..count).rev() {
            less(self, &mut x, row, row + 1..count);
            let pivot = eliminated.get(row).and_then(|values| entry(values, row));
            if let (Some(pivot), Some(place)) = (pivot, x.get_mut(row)) {
                *place = self.div(*place, pivot);
            }
        }
        x
    }
}

fn entry(row: &[Option<Value>], column: usize) -> Option<Value> {
    row.get(column).copied().flatten()
}
