//! Nodes: the named quantities of a model, drawn or computed.

use crate::{AxisId, ExprId, Family, Kernel, Map};
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
    /// The axes it runs over: those of the draw that it belongs to, then those written; of a function of time the axis
    /// on which its readings are placed.
    pub axes: Vec<AxisId>,
    /// Whether it is a function of time, read with a time in parentheses.
    pub curve: bool,
    /// How its values come about.
    pub definition: Definition,
    /// The unit that its values are in, as the user wrote it.
    pub unit: Option<String>,
    /// The same in base units, however it is written: what the normal form has of it.
    pub reduced: Option<String>,
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
    /// A fixed function of time.
    Series(Series),
}

impl Definition {
    /// The expressions it is made of.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        let (draw, value, inputs) = match self {
            Definition::Draw(draw) => (Some(draw), None, &[][..]),
            Definition::Equals(value) => (None, Some(*value), &[][..]),
            Definition::Table(_) | Definition::Series(_) | Definition::Noise => (None, None, &[][..]),
            Definition::External { inputs, .. } => (None, None, inputs.as_slice()),
        };
        draw.into_iter().flat_map(Draw::exprs).chain(value).chain(inputs.iter().copied())
    }

    /// As [`Definition::exprs`], to renumber them.
    pub(crate) fn exprs_mut(&mut self) -> impl Iterator<Item = &mut ExprId> {
        let (draw, value, inputs) = match self {
            Definition::Draw(draw) => (Some(draw), None, &mut [][..]),
            Definition::Equals(value) => (None, Some(value), &mut [][..]),
            Definition::Table(_) | Definition::Series(_) | Definition::Noise => (None, None, &mut [][..]),
            Definition::External { inputs, .. } => (None, None, inputs.as_mut_slice()),
        };
        draw.into_iter().flat_map(Draw::exprs_mut).chain(value).chain(inputs)
    }
}

/// A distribution with its arguments in the order that [`Family`] states.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Which family.
    pub family: Family,
    /// Its arguments. `normal(var = v)` arrives here as `sd = sqrt(v)`.
    pub arguments: Vec<Argument>,
    /// What bends the draw, in order: `|> exp()`.
    pub transforms: Vec<Transform>,
    /// The span of the call.
    pub span: Span,
}

impl Draw {
    /// The expressions it is made of.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        let bends = self.transforms.iter().flat_map(|transform| transform.arguments.iter().copied());
        self.arguments.iter().flat_map(Argument::exprs).chain(bends)
    }

    /// As [`Draw::exprs`], to renumber them.
    pub(crate) fn exprs_mut(&mut self) -> impl Iterator<Item = &mut ExprId> {
        let bends = self.transforms.iter_mut().flat_map(|transform| &mut transform.arguments);
        self.arguments.iter_mut().flat_map(Argument::exprs_mut).chain(bends)
    }
}

/// One step of `|>`: a function of the draw, number by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Which function.
    pub map: Map,
    /// Its arguments, in the order that [`Map`] states.
    pub arguments: Vec<ExprId>,
}

/// An argument of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// One number.
    Scalar(ExprId),
    /// Several numbers: one for each element of the node's last axis, or one for each category or component.
    Vector(Vec<ExprId>),
    /// A matrix over the node's last axis, row by row.
    Matrix(Vec<Vec<ExprId>>),
    /// A kernel with its numbers, in the order that [`Kernel`] states.
    Kernel(Kernel, Vec<ExprId>),
    /// The distributions that a mixture is made of.
    Components(Vec<Draw>),
}

impl Argument {
    /// The expressions it is made of, row by row.
    pub fn exprs(&self) -> Box<dyn Iterator<Item = ExprId> + '_> {
        match self {
            Argument::Scalar(expr) => Box::new(std::iter::once(*expr)),
            Argument::Vector(row) | Argument::Kernel(_, row) => Box::new(row.iter().copied()),
            Argument::Matrix(rows) => Box::new(rows.iter().flatten().copied()),
            Argument::Components(draws) => Box::new(draws.iter().flat_map(Draw::exprs)),
        }
    }

    fn exprs_mut(&mut self) -> Box<dyn Iterator<Item = &mut ExprId> + '_> {
        match self {
            Argument::Scalar(expr) => Box::new(std::iter::once(expr)),
            Argument::Vector(row) | Argument::Kernel(_, row) => Box::new(row.iter_mut()),
            Argument::Matrix(rows) => Box::new(rows.iter_mut().flatten()),
            Argument::Components(draws) => Box::new(draws.iter_mut().flat_map(Draw::exprs_mut)),
        }
    }
}

/// Fixed values of a function of time, linearly interpolated; before the first and after the last time it stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The times, rising; at least two.
    pub times: Vec<f64>,
    /// The value at each time.
    pub values: Vec<f64>,
}
