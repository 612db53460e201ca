//! Nodes: the named quantities of a model, drawn or computed.

use crate::{AxisId, ExprId};
use sbi_syntax::Span;

/// Names a node of one model: an index into [`crate::Model::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// A named quantity with one value for each combination of elements of its axes.
/// Elements are numbered row-major: the last axis varies fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name: part of the model, hashed, and the key of its random stream.
    pub name: String,
    /// What the statement's first word says it is.
    pub role: Role,
    /// The axes it runs over: those of the draw that it belongs to, then those written.
    pub axes: Vec<AxisId>,
    /// Whether it is a function of time, read with a time in parentheses.
    pub curve: bool,
    /// How its values come about.
    pub definition: Definition,
    /// The unit, as written: a label.
    pub unit: Option<String>,
    /// The text of its doc comment.
    pub doc: Option<String>,
    /// The span of its name where it is declared.
    pub span: Span,
}

impl Node {
    /// The expressions that its definition is made of.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        self.definition.exprs()
    }
}

/// What a node is by default; a query may treat it otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Asked about.
    Param,
    /// Seen.
    Data,
    /// Drawn and integrated out: never a token.
    Latent,
    /// A name for an expression (`let`) or for fixed numbers (`const`): never a token.
    Let,
    /// A state of a dynamics: never a token.
    State,
    /// A noise of a dynamics: never a token.
    Noise,
}

/// How the values of a node come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// Drawn, independently for each element given what the arguments read.
    Draw(Draw),
    /// Computed for each element.
    Equals(ExprId),
    /// Fixed numbers, one for each element.
    Table(Vec<f64>),
    /// The increments of a Wiener process over its time.
    Noise,
    /// An array that a program from outside gives.
    External {
        /// Index into [`crate::Model::externals`].
        external: usize,
        /// Which of its outputs.
        output: usize,
        /// The values of its inputs.
        inputs: Vec<ExprId>,
    },
}

impl Definition {
    /// The expressions it is made of.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        let (arguments, value, inputs) = match self {
            Definition::Draw(draw) => (draw.arguments.as_slice(), None, &[][..]),
            Definition::Equals(value) => (&[][..], Some(*value), &[][..]),
            Definition::Table(_) | Definition::Noise => (&[][..], None, &[][..]),
            Definition::External { inputs, .. } => (&[][..], None, inputs.as_slice()),
        };
        arguments.iter().flat_map(Argument::exprs).chain(value).chain(inputs.iter().copied())
    }

    /// As [`Definition::exprs`], to renumber them.
    pub(crate) fn exprs_mut(&mut self) -> impl Iterator<Item = &mut ExprId> {
        let (arguments, value, inputs) = match self {
            Definition::Draw(draw) => (draw.arguments.as_mut_slice(), None, &mut [][..]),
            Definition::Equals(value) => (&mut [][..], Some(value), &mut [][..]),
            Definition::Table(_) | Definition::Noise => (&mut [][..], None, &mut [][..]),
            Definition::External { inputs, .. } => (&mut [][..], None, inputs.as_mut_slice()),
        };
        arguments.iter_mut().flat_map(Argument::exprs_mut).chain(value).chain(inputs)
    }
}

/// A distribution with its arguments in the order that [`Family`] states.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Which family.
    pub family: Family,
    /// Its arguments. `normal(var = v)` arrives here as `sd = sqrt(v)`.
    pub arguments: Vec<Argument>,
    /// The span of the call.
    pub span: Span,
}

impl Draw {
    /// The expressions it is made of.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        self.arguments.iter().flat_map(Argument::exprs)
    }

    /// As [`Draw::exprs`], to renumber them.
    pub(crate) fn exprs_mut(&mut self) -> impl Iterator<Item = &mut ExprId> {
        self.arguments.iter_mut().flat_map(Argument::exprs_mut)
    }
}

/// An argument of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// One number.
    Scalar(ExprId),
    /// One number for each element of the node's last axis.
    Vector(Vec<ExprId>),
    /// A matrix over the node's last axis, row by row.
    Matrix(Vec<Vec<ExprId>>),
}

impl Argument {
    /// The expressions it is made of, row by row.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        let (scalar, rows) = match self {
            Argument::Scalar(expr) => (Some(*expr), &[][..]),
            Argument::Vector(row) => (None, std::slice::from_ref(row)),
            Argument::Matrix(rows) => (None, rows.as_slice()),
        };
        scalar.into_iter().chain(rows.iter().flatten().copied())
    }

    fn exprs_mut(&mut self) -> impl Iterator<Item = &mut ExprId> {
        let (scalar, rows) = match self {
            Argument::Scalar(expr) => (Some(expr), &mut [][..]),
            Argument::Vector(row) => (None, std::slice::from_mut(row)),
            Argument::Matrix(rows) => (None, rows.as_mut_slice()),
        };
        scalar.into_iter().chain(rows.iter_mut().flatten())
    }
}

/// A family of distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `uniform(low, high)`.
    Uniform,
    /// `normal(mean, sd)`.
    Normal,
    /// `bernoulli(probability)`: 1 with that probability, else 0.
    Bernoulli,
    /// `multivariate_normal(mean, cov)`: a vector over the node's last axis.
    MultivariateNormal,
}
