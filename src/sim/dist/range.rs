//! Where the values of a family lie, computed for one draw.

use super::{Argument, Bend, SLACK, Variate};
use crate::ssa::{Program, Value};
use sbi_model::{Binary, Map, Range, Unary};
use std::f64::consts::PI;

/// Whether the family has these values; they are finite.
pub(super) fn holds(p: &mut Program, range: Range, arguments: &[Argument], values: &[Value]) -> Value {
    let mut truths = vec![p.all_finite(values)];
    for x in values {
        match range {
            // What is said of its components says it all.
            Range::Real | Range::Components(_) => {}
            Range::Positive => truths.push(p.is(*x, Binary::Ge, 0.0)),
            Range::Unit | Range::Simplex => {
                truths.extend([p.is(*x, Binary::Ge, 0.0), p.is(*x, Binary::Le, 1.0)])
            }
            Range::Circle => truths.extend([p.is(*x, Binary::Ge, -PI), p.is(*x, Binary::Le, PI)]),
            Range::Between(low, high) => {
                let [low, high] = [low, high].map(|slot| number(arguments, slot));
                truths.extend([p.binary(Binary::Ge, *x, low), p.binary(Binary::Le, *x, high)]);
            }
            Range::Truth | Range::Counts | Range::UpTo(_) | Range::Categories(_) => {
                let [least, most] = match range {
                    Range::Truth => [0.0, 1.0].map(|end| p.number(end)),
                    Range::UpTo(slot) => [p.number(0.0), number(arguments, slot)],
                    Range::Categories(slot) => [p.number(1.0), p.number(length(arguments, slot) as f64)],
                    _ => [0.0, f64::INFINITY].map(|end| p.number(end)),
                };
                let below = p.unary(Unary::Floor, *x);
                truths.extend([
                    p.binary(Binary::Eq, *x, below),
                    p.binary(Binary::Ge, *x, least),
                    p.binary(Binary::Le, *x, most),
                ]);
            }
        }
    }
    if range == Range::Simplex {
        let sum = p.sum_of(values);
        let off = p.plus(sum, -1.0);
        let size = p.unary(Unary::Abs, off);
        truths.push(p.is(size, Binary::Lt, SLACK));
    }
    p.all(&truths)
}

/// The least and the greatest real number of a family, infinite as known numbers. Of a mixture these are the ends of all
/// its components together.
pub(super) fn ends(p: &mut Program, range: Range, arguments: &[Argument]) -> [Value; 2] {
    let known = |p: &mut Program, ends: [f64; 2]| ends.map(|end| p.number(end));
    match range {
        Range::Real => known(p, [f64::NEG_INFINITY, f64::INFINITY]),
        Range::Positive => known(p, [0.0, f64::INFINITY]),
        Range::Unit => known(p, [0.0, 1.0]),
        Range::Circle => known(p, [-PI, PI]),
        Range::Between(low, high) => [low, high].map(|slot| number(arguments, slot)),
        Range::Components(slot) => {
            let Some(Argument::Components(components)) = arguments.get(slot) else {
                panic!("the checker gives a mixture its components");
            };
            let all: Vec<[Value; 2]> = components.iter().map(|component| bent(p, component)).collect();
            let hull = all.into_iter().reduce(|[low, high], [lower, higher]| {
                [outer(p, Binary::Min, low, lower), outer(p, Binary::Max, high, higher)]
            });
            hull.expect("a mixture has a component")
        }
        Range::Simplex | Range::Truth | Range::Counts | Range::UpTo(_) | Range::Categories(_) => {
            unreachable!("these are no stretch of the real line")
        }
    }
}

/// The ends of a component of a mixture.
fn bent(p: &mut Program, component: &Variate) -> [Value; 2] {
    let bare = ends(p, component.family.range(), &component.arguments);
    component.bends.iter().flatten().fold(bare, |ends, bend| through(p, bend, ends))
}

/// The ends behind a step of `|>`. Where it is not known which way an infinite end goes, both are infinite.
fn through(p: &mut Program, bend: &Bend, ends: [Value; 2]) -> [Value; 2] {
    let infinite = ends.map(|end| p.known_number(end).filter(|end| end.is_infinite()));
    if let (Map::Affine, [scale, _]) = (bend.map, bend.arguments.as_slice())
        && infinite.iter().any(Option::is_some)
    {
        let Some(scale) = p.known_number(*scale) else {
            return [f64::NEG_INFINITY, f64::INFINITY].map(|end| p.number(end));
        };
        let [low, high] = [0, 1].map(|k| match (infinite.get(k).copied().flatten(), ends.get(k)) {
            (None, Some(end)) => bend.apply(p, *end),
            (end, _) => p.number(end.unwrap_or(f64::NAN) * scale),
        });
        return if scale < 0.0 { [high, low] } else { [low, high] };
    }
    let [low, high] = ends.map(|end| bend.apply(p, end));
    match bend.map {
        Map::Exp | Map::Logistic => [low, high],
        // These may turn around.
        Map::Affine | Map::Between => [p.binary(Binary::Min, low, high), p.binary(Binary::Max, low, high)],
    }
}

/// The farther out of two ends; what is infinite stays known to be.
fn outer(p: &mut Program, farther: Binary, end: Value, other: Value) -> Value {
    let infinite = |end: &Value| p.known_number(*end).is_some_and(f64::is_infinite);
    let known = [end, other].into_iter().find(infinite);
    known.unwrap_or_else(|| p.binary(farther, end, other))
}

fn number(arguments: &[Argument], slot: usize) -> Value {
    match arguments.get(slot) {
        Some(Argument::Scalar(value)) => *value,
        _ => panic!("the checker gives a family the numbers that say where it lies"),
    }
}

fn length(arguments: &[Argument], slot: usize) -> usize {
    match arguments.get(slot) {
        Some(Argument::Vector(values)) => values.len(),
        _ => panic!("the checker gives a family the list that says where it lies"),
    }
}
