//! Checked expressions: a shared arena, so that a `fn` or a `let` used twice is stored once.

use crate::{AxisId, NodeId};

/// Names an expression of one model: an index into [`crate::Model::exprs`].
/// The operands of an expression always come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub usize);

/// An expression over the elements of nodes. Truth is 1, falsehood 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A number.
    Number(f64),
    /// The coordinate of the current element of an axis; of an `index` axis its position, from 1.
    Coordinate(AxisId),
    /// One element of a node; `index` has one entry for each axis of the node.
    Element {
        /// The node read.
        node: NodeId,
        /// Which element, axis by axis.
        index: Vec<Index>,
    },
    /// The time, inside a dynamics.
    Clock,
    /// A node as a function of time: a state, a `let` of a dynamics, a parameter or a constant over time. Not a number.
    Curve {
        /// The node.
        node: NodeId,
        /// Which element, axis by axis.
        index: Vec<Index>,
    },
    /// When a dynamics ended: at a `stop when`, or with its clock.
    End {
        /// Index into [`crate::Model::dynamics`].
        dynamics: usize,
        /// Which run, by the axes of the draw that it belongs to.
        index: Vec<Index>,
    },
    /// The value of a curve at a time.
    At(ExprId, ExprId),
    /// How often a curve rises through a level: `crossings(curve, level)`.
    Crossings(ExprId, ExprId),
    /// How much a curve rose since the coordinate before on an axis of instants: `gained(curve, t)`.
    Gained {
        /// The curve.
        curve: ExprId,
        /// The axis.
        axis: AxisId,
        /// The coordinate of the current element of the axis, in the unit of the curve's time.
        time: ExprId,
    },
    /// A function of one operand.
    Unary(Unary, ExprId),
    /// A function of two operands.
    Binary(Binary, ExprId, ExprId),
    /// `if condition then yes else no`: both sides are computed and one is selected.
    Select {
        /// Nonzero selects `yes`.
        condition: ExprId,
        /// The value where the condition holds.
        yes: ExprId,
        /// The value elsewhere.
        no: ExprId,
    },
    /// A reduction over all elements of one axis: `mean over i (theta[i])`.
    Reduce {
        /// How elements are combined.
        reducer: Reducer,
        /// The axis that is bound in `body`.
        axis: AxisId,
        /// What is reduced.
        body: ExprId,
    },
}

impl Expr {
    /// The expressions it is computed from.
    pub fn operands(&self) -> impl Iterator<Item = ExprId> + use<> {
        let operands = match *self {
            Expr::Number(_)
            | Expr::Coordinate(_)
            | Expr::Element { .. }
            | Expr::Clock
            | Expr::Curve { .. }
            | Expr::End { .. } => [None; 3],
            Expr::Unary(_, operand) | Expr::Reduce { body: operand, .. } => [Some(operand), None, None],
            Expr::Binary(_, left, right)
            | Expr::At(left, right)
            | Expr::Crossings(left, right)
            | Expr::Gained { curve: left, time: right, .. } => [Some(left), Some(right), None],
            Expr::Select { condition, yes, no } => [Some(condition), Some(yes), Some(no)],
        };
        operands.into_iter().flatten()
    }

    /// As [`Expr::operands`], to renumber them.
    pub(crate) fn operands_mut(&mut self) -> impl Iterator<Item = &mut ExprId> {
        let operands = match self {
            Expr::Number(_)
            | Expr::Coordinate(_)
            | Expr::Element { .. }
            | Expr::Clock
            | Expr::Curve { .. }
            | Expr::End { .. } => [None, None, None],
            Expr::Unary(_, operand) | Expr::Reduce { body: operand, .. } => [Some(operand), None, None],
            Expr::Binary(_, left, right)
            | Expr::At(left, right)
            | Expr::Crossings(left, right)
            | Expr::Gained { curve: left, time: right, .. } => [Some(left), Some(right), None],
            Expr::Select { condition, yes, no } => [Some(condition), Some(yes), Some(no)],
        };
        operands.into_iter().flatten()
    }
}

/// Which element along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// The element at which the statement (or a reduction) stands.
    Same(AxisId),
    /// A fixed position, counted from zero (the language counts from one).
    At(usize),
}

/// Functions of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Unary {
    Neg,
    Not,
    Abs,
    Sign,
    Floor,
    Ceil,
    Round,
    Sqrt,
    Exp,
    /// Natural logarithm.
    Log,
    Sin,
    Cos,
    Tan,
    Atan,
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Logistic,
}

/// Functions of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    And,
    Or,
}

/// How a reduction combines the elements of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Reducer {
    Sum,
    Mean,
    Max,
    Min,
    /// The number of elements that are true.
    Count,
    /// The integral over the coordinates, by trapezoids.
    Integral,
}
