//! Expressions while they are gathered: equal ones are stored once, so that a `fn` used many times cannot blow up.

use crate::{Binary, Expr, ExprId, Index, Reducer, Unary};
use std::collections::HashMap;

/// How many expressions a model may have. Nested `fn`s can ask for exponentially many.
const LIMIT: usize = 100_000;

/// The expressions of a model in the making.
#[derive(Default)]
pub(super) struct Arena {
    pub(super) exprs: Vec<Expr>,
    known: HashMap<Key, ExprId>,
    /// Whether an expression was refused because there were too many.
    pub(super) full: bool,
}

/// What tells expressions apart: numbers by their bits.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Number(u64),
    Coordinate(usize),
    Element(usize, Vec<Index>),
    Clock,
    Curve(usize, Vec<Index>),
    End(usize, Vec<Index>),
    At(ExprId, ExprId),
    Crossings(ExprId, ExprId),
    Gained(ExprId, usize, ExprId),
    Unary(Unary, ExprId),
    Binary(Binary, ExprId, ExprId),
    Select(ExprId, ExprId, ExprId),
    Reduce(Reducer, usize, ExprId),
}

impl Arena {
    /// The expression's number; the same for an equal one. A full arena gives the number of its first expression.
    pub(super) fn add(&mut self, expr: Expr) -> ExprId {
        let next = ExprId(self.exprs.len());
        let exprs = &mut self.exprs;
        if exprs.len() >= LIMIT {
            self.full = true;
            return ExprId(0);
        }
        *self.known.entry(key(&expr)).or_insert_with(|| {
            exprs.push(expr);
            next
        })
    }

    pub(super) fn number(&mut self, value: f64) -> ExprId {
        self.add(Expr::Number(value))
    }

    pub(super) fn unary(&mut self, function: Unary, operand: ExprId) -> ExprId {
        self.add(Expr::Unary(function, operand))
    }

    pub(super) fn binary(&mut self, function: Binary, left: ExprId, right: ExprId) -> ExprId {
        self.add(Expr::Binary(function, left, right))
    }
}

fn key(expr: &Expr) -> Key {
    match expr {
        Expr::Number(value) => Key::Number(value.to_bits()),
        Expr::Coordinate(axis) => Key::Coordinate(axis.0),
        Expr::Element { node, index } => Key::Element(node.0, index.clone()),
        Expr::Clock => Key::Clock,
        Expr::Curve { node, index } => Key::Curve(node.0, index.clone()),
        Expr::End { dynamics, index } => Key::End(*dynamics, index.clone()),
        Expr::At(curve, time) => Key::At(*curve, *time),
        Expr::Crossings(curve, level) => Key::Crossings(*curve, *level),
        Expr::Gained { curve, axis, time } => Key::Gained(*curve, axis.0, *time),
        Expr::Unary(function, operand) => Key::Unary(*function, *operand),
        Expr::Binary(function, left, right) => Key::Binary(*function, *left, *right),
        Expr::Select { condition, yes, no } => Key::Select(*condition, *yes, *no),
        Expr::Reduce { reducer, axis, body } => Key::Reduce(*reducer, axis.0, *body),
    }
}
