//! `depends` statements: dependencies that are told instead of derived.

use crate::{Index, NodeId};
use sbi_syntax::Span;

/// `depends a from b, c[i]`: what the elements of `a` depend on, instead of what was derived for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Depends {
    /// What depends.
    pub target: NodeId,
    /// On what. The target itself means its own earlier elements.
    pub sources: Vec<Reading>,
    /// All of the statement.
    pub span: Span,
}

/// Which elements of a node are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The node.
    pub node: NodeId,
    /// One entry for each of its axes; `None` means all elements along it.
    pub index: Vec<Option<Index>>,
}
