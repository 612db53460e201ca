//! Readings: a state at a time. The mechanistic rule asks which comes before which.

use crate::survey::is_vertex;
use crate::{Axis, AxisId, Binary, Definition, Expr, ExprId, Gauge, Index, Model, Unary};
use std::collections::BTreeMap;

/// How many operations deep an expression of time is looked into.
const DEEPEST: usize = 32;

/// When a state is read, in base units so that times in different units compare: a number, or a linear function of the
/// coordinate of an element of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct When {
    instant: Option<(AxisId, usize)>,
    /// The bits of what the coordinate is multiplied by and of what is added, so that they can be a key.
    times: u64,
    plus: u64,
}

/// Readings, each with a number that is no vertex: they count down from the largest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readings {
    numbers: BTreeMap<(u32, When), u32>,
    all: Vec<(u32, When)>,
}

/// A linear function of the coordinate of one axis, where the statement stands along it.
struct Linear {
    axis: Option<AxisId>,
    times: f64,
    plus: f64,
}

impl When {
    /// Of what reads a whole path, or at a time that is itself drawn or computed from what differs: after all that can
    /// be dated.
    pub(crate) const EVER: When = When::at(None, 0.0, f64::INFINITY);

    const fn at(instant: Option<(AxisId, usize)>, times: f64, plus: f64) -> When {
        When { instant, times: times.to_bits(), plus: plus.to_bits() }
    }

    /// At an element of an axis of instants.
    pub(crate) fn at_element(axis: &Axis, id: AxisId, place: usize) -> When {
        let size = axis.gauge.size();
        match axis.coordinate(place) {
            Some(time) => When::at(None, 0.0, time * size),
            None => When::at(Some((id, place)), size, 0.0),
        }
    }

    /// What an expression of time on a clock says: `constant` is the value of an expression in which no draw enters,
    /// `place` where the statement stands along an axis.
    pub(crate) fn of(
        model: &Model,
        time: ExprId,
        clock: &Gauge,
        constant: impl Fn(ExprId) -> Option<f64>,
        place: impl Fn(AxisId) -> usize,
    ) -> When {
        let size = clock.size();
        match linear(model, time, &constant, DEEPEST) {
            Some(Linear { axis, times, plus }) => {
                When::at(axis.map(|axis| (axis, place(axis))), times * size, plus * size)
            }
            None => When::EVER,
        }
    }

    /// The time, where the coordinates of axes are known; none where the element that it hangs on is not there.
    pub(crate) fn time(self, coordinate: impl Fn(AxisId, usize) -> Option<f64>) -> Option<f64> {
        let start = match self.instant {
            Some((axis, place)) => coordinate(axis, place)? * f64::from_bits(self.times),
            None => 0.0,
        };
        Some(start + f64::from_bits(self.plus))
    }

    /// Whether it differs from data set to data set.
    pub(crate) fn varies(self) -> bool {
        self.instant.is_some()
    }
}

/// An expression of time as a linear function of a coordinate, if it is one. Units put factors into it.
fn linear(
    model: &Model,
    expr: ExprId,
    constant: &impl Fn(ExprId) -> Option<f64>,
    depth: usize,
) -> Option<Linear> {
    if let Some(plus) = constant(expr) {
        return Some(Linear { axis: None, times: 0.0, plus });
    }
    let depth = depth.checked_sub(1)?;
    let part = |expr| linear(model, expr, constant, depth);
    match *model.expr(expr) {
        Expr::Coordinate(axis) => Some(Linear { axis: Some(axis), times: 1.0, plus: 0.0 }),
        // A name for a time at the same place.
        Expr::Element { node, ref index } => {
            let node = model.node(node);
            let here = node.axes.iter().zip(index).all(|(axis, index)| *index == Index::Same(*axis));
            match node.definition {
                Definition::Equals(value) if here && !is_vertex(node) => part(value),
                _ => None,
            }
        }
        Expr::Unary(Unary::Neg, of) => Some(part(of)?.scaled(-1.0)),
        Expr::Binary(Binary::Add, left, right) => part(left)?.plus(part(right)?),
        Expr::Binary(Binary::Sub, left, right) => part(left)?.plus(part(right)?.scaled(-1.0)),
        Expr::Binary(Binary::Mul, left, right) => match (constant(left), constant(right)) {
            (Some(factor), _) => Some(part(right)?.scaled(factor)),
            (None, Some(factor)) => Some(part(left)?.scaled(factor)),
            (None, None) => None,
        },
        Expr::Binary(Binary::Div, left, right) => Some(part(left)?.scaled(constant(right)?.recip())),
        _ => None,
    }
}

impl Linear {
    fn scaled(self, factor: f64) -> Linear {
        Linear { times: self.times * factor, plus: self.plus * factor, ..self }
    }

    /// The sum, unless it hangs on two axes.
    fn plus(self, other: Linear) -> Option<Linear> {
        let axis = match (self.axis, other.axis) {
            (Some(one), Some(two)) if one != two => return None,
            (one, two) => one.or(two),
        };
        Some(Linear { axis, times: self.times + other.times, plus: self.plus + other.plus })
    }
}

impl Readings {
    /// The number of the reading of a state, a vertex, at a time.
    pub(crate) fn number(&mut self, state: u32, when: When) -> u32 {
        *self.numbers.entry((state, when)).or_insert_with(|| {
            let count =
                u32::try_from(self.all.len()).expect("the number of readings is bounded by the checker");
            self.all.push((state, when));
            u32::MAX - count
        })
    }

    /// The reading of a number, if it is one: the state's vertex, and when.
    pub(crate) fn get(&self, number: u32) -> Option<(u32, When)> {
        self.all.get((u32::MAX - number) as usize).copied()
    }
}
