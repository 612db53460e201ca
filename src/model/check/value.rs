//! What an expression turned out to be: its number in the arena, its sort and its unit.

use crate::units::{Measure, Unit};
use crate::{AxisId, ExprId, NodeId};
use std::rc::Rc;

/// What sort of thing an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A number.
    Number,
    /// True or false: a comparison, or several joined.
    Truth,
    /// 0 or 1, which passes for both: a `bernoulli` node, or one that equals a condition.
    Either,
    /// A function of time.
    Curve,
    /// What a function is checked with before it is called: it passes for anything.
    Any,
    /// Something that has been refused: nothing more is said of it.
    Refused,
}

/// A checked expression.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// Its number in the arena, in its own unit: what is computed of it goes through [`super::units`], which converts.
    pub(super) raw: ExprId,
    pub(super) sort: Sort,
    pub(super) measure: Measure,
    /// What it is a reading of, and of nothing else.
    pub(super) read: Option<Read>,
    /// Whether that is declared in its unit: a number that is compared with it is in that.
    pub(super) declared: bool,
    /// Whether it is made of numbers that are written without a unit, and of nothing else.
    pub(super) unitless: bool,
    /// Of a function of time, the unit in which it is declared where that is not its own: its readings are in that.
    pub(super) view: Option<Rc<Unit>>,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Node(NodeId),
    Axis(AxisId),
    /// The time within a dynamics, or when it ended.
    Clock(usize),
}

impl Value {
    /// A number in a unit.
    pub(super) fn number(raw: ExprId, measure: Measure) -> Value {
        let unitless = matches!(measure, Measure::Bare { .. });
        Value { raw, sort: Sort::Number, measure, read: None, declared: false, unitless, view: None }
    }

    /// A pure number.
    pub(super) fn pure(raw: ExprId) -> Value {
        Value::number(raw, Measure::pure())
    }

    /// The reading of something that is declared in its unit.
    pub(super) fn declared(raw: ExprId, measure: Measure, read: Read) -> Value {
        Value { read: Some(read), declared: true, ..Value::number(raw, measure) }
    }

    /// The same number, and no reading any more.
    pub(super) fn unread(self) -> Value {
        Value { read: None, declared: false, ..self }
    }

    pub(super) fn truth(raw: ExprId) -> Value {
        Value { sort: Sort::Truth, ..Value::pure(raw) }
    }
}
