//! sbi-model: from a tree to a checked file: names, axes, checks, graph, masks, normal form, hashes.
//! Pure: it reads files only through [`World`] and knows no tensors.

mod approximator;
mod axis;
mod expr;
mod graph;
mod node;
mod query;

pub use approximator::{Approximator, Estimator, MaskKind, Noise, Train, Transformer};
pub use axis::{Axis, AxisId, AxisKind};
pub use expr::{Binary, Expr, ExprId, Index, Reducer, Unary};
pub use graph::{Graph, Mask, Support, Token};
pub use node::{Argument, Definition, Draw, Family, Node, NodeId, Role};
pub use query::{Query, State};

/// A checked model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its axes.
    pub axes: Vec<Axis>,
    /// Its nodes, in the order written.
    pub nodes: Vec<Node>,
    /// Its expressions; operands come before what uses them.
    pub exprs: Vec<Expr>,
    /// All nodes so that each comes after what it reads (Kahn, smallest natural name first).
    pub order: Vec<NodeId>,
}

/// A checked file: models, approximators and queries, with everything resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The models.
    pub models: Vec<Model>,
    /// The approximators, the default one included where a query needs it.
    pub approximators: Vec<Approximator>,
    /// The queries.
    pub queries: Vec<Query>,
}
