//! Readings: a state at a time. The mechanistic rule asks which comes before which.

use crate::{Axis, AxisId, Binary, Expr, ExprId, Model};
use std::collections::BTreeMap;

/// When a state is read: a number, or the coordinate of an element of an axis and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct When {
    instant: Option<(AxisId, usize)>,
    /// The bits of the number, so that it can be a key.
    plus: u64,
}

/// Readings, each with a number that is no vertex: they count down from the largest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readings {
    numbers: BTreeMap<(u32, When), u32>,
    all: Vec<(u32, When)>,
}

impl When {
    /// Of what reads a whole path, or at a time that is itself drawn or computed from what differs: after all that can
    /// be dated.
    pub(crate) const EVER: When = When::at(None, f64::INFINITY);

    const fn at(instant: Option<(AxisId, usize)>, plus: f64) -> When {
        When { instant, plus: plus.to_bits() }
    }

    /// At an element of an axis of instants.
    pub(crate) fn at_element(axis: &Axis, id: AxisId, place: usize) -> When {
        match axis.coordinate(place) {
            Some(time) => When::at(None, time),
            None => When::at(Some((id, place)), 0.0),
        }
    }

    /// What an expression of time says: `constant` is the value of an expression in which no draw enters, `place` where
    /// the statement stands along an axis.
    pub(crate) fn of(
        model: &Model,
        time: ExprId,
        constant: impl Fn(ExprId) -> Option<f64>,
        place: impl Fn(AxisId) -> usize,
    ) -> When {
        if let Some(time) = constant(time) {
            return When::at(None, time);
        }
        let (axis, plus) = match *model.expr(time) {
            Expr::Coordinate(axis) => (Some(axis), Some(0.0)),
            Expr::Binary(Binary::Add, left, right) => match *model.expr(left) {
                Expr::Coordinate(axis) => (Some(axis), constant(right)),
                _ => (coordinate(model, right), constant(left)),
            },
            Expr::Binary(Binary::Sub, left, right) => {
                (coordinate(model, left), constant(right).map(|number| -number))
            }
            _ => (None, None),
        };
        match (axis, plus) {
            (Some(axis), Some(plus)) => When::at(Some((axis, place(axis))), plus),
            _ => When::EVER,
        }
    }

    /// The time, where the coordinates of axes are known; none where the element that it hangs on is not there.
    pub(crate) fn time(self, coordinate: impl Fn(AxisId, usize) -> Option<f64>) -> Option<f64> {
        let start = match self.instant {
            Some((axis, place)) => coordinate(axis, place)?,
            None => 0.0,
        };
        Some(start + f64::from_bits(self.plus))
    }

    /// Whether it differs from data set to data set.
    pub(crate) fn varies(self) -> bool {
        self.instant.is_some()
    }
}

fn coordinate(model: &Model, expr: ExprId) -> Option<AxisId> {
    match *model.expr(expr) {
        Expr::Coordinate(axis) => Some(axis),
        _ => None,
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
