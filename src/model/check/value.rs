//! What an expression turned out to be: its number in the arena, its sort and its unit.

use super::codes::UNIT_MISMATCH;
use crate::ExprId;
use sbi_syntax::{Diagnostic, Span};
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
    pub(super) expr: ExprId,
    pub(super) sort: Sort,
    /// The label of its unit, where one is known.
    pub(super) unit: Option<Rc<str>>,
}

impl Value {
    pub(super) fn number(expr: ExprId) -> Value {
        Value { expr, sort: Sort::Number, unit: None }
    }

    pub(super) fn truth(expr: ExprId) -> Value {
        Value { expr, sort: Sort::Truth, unit: None }
    }
}

/// A value with where it is written.
pub(super) type Placed<'v> = (&'v Value, Span);

/// The unit of two values that must agree, where one is known.
///
/// # Errors
/// Both are known and differ.
pub(super) fn common_unit(
    (left, left_span): Placed<'_>,
    (right, right_span): Placed<'_>,
    at: Span,
) -> Result<Option<Rc<str>>, Diagnostic> {
    common_label((left.unit.as_ref(), left_span), (right.unit.as_ref(), right_span), at)
}

/// As [`common_unit`], of labels.
///
/// # Errors
/// Both are known and differ.
pub(super) fn common_label(
    (left, left_span): (Option<&Rc<str>>, Span),
    (right, right_span): (Option<&Rc<str>>, Span),
    at: Span,
) -> Result<Option<Rc<str>>, Diagnostic> {
    match (left, right) {
        (Some(l), Some(r)) if l != r => Err(UNIT_MISMATCH
            .at(at, format!("`{l}` and `{r}` do not agree"))
            .label(left_span, l.to_string())
            .label(right_span, r.to_string())
            .help(format!("units are labels in this version: write both in `{l}` or both in `{r}`"))),
        (l, r) => Ok(l.or(r).cloned()),
    }
}
