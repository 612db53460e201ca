//! Axes: the named dimensions that nodes run over.

use sbi_syntax::Span;

/// Names an axis of one model: an index into [`crate::Model::axes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisId(pub usize);

/// A named dimension, declared by `axis name : kind(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The name as written; not part of the model's meaning.
    pub name: String,
    /// What the elements of the axis are.
    pub kind: AxisKind,
    /// Where it was declared.
    pub span: Span,
}

/// What the elements of an axis are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    /// Distinct elements named by position: `index(n)`.
    Index {
        /// How many elements there are, at least one.
        size: usize,
    },
}

impl Axis {
    /// The number of elements, at its largest where it varies.
    pub fn size(&self) -> usize {
        match self.kind {
            AxisKind::Index { size } => size,
        }
    }
}
