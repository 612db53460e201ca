//! The dependency graph of a model, element by element, with latents eliminated.

use crate::bits::Bits;
use crate::vertices::{Cycle, Vertices};
use crate::{Model, NodeId, Role, eliminate};

/// One scalar the network sees: an element of a parameter or a datum.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// `theta[1]`, `x[2,3]`, or the bare name of a node without axes.
    pub name: String,
    /// Whether it is a parameter or a datum.
    pub role: Role,
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
    /// The base graph with self-loops; a token's parents come before it.
    pub base: Mask,
}

impl Support {
    /// The real line.
    pub const REAL: Support = Support { low: f64::NEG_INFINITY, high: f64::INFINITY, whole: false };

    /// Whether `value` can occur.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high && (!self.whole || value.fract() == 0.0)
    }
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
        assert!(
            row < self.size && column < self.size,
            "a mask of {} tokens has no entry ({row}, {column})",
            self.size
        );
        if let Some(bit) = self.bits.get_mut(row * self.size + column) {
            *bit = true;
        }
    }

    /// All entries, row by row.
    pub fn entries(&self) -> &[bool] {
        &self.bits
    }

    pub(crate) fn from_rows(rows: &[Bits]) -> Mask {
        let mut mask = Mask::empty(rows.len());
        for (row, columns) in rows.iter().enumerate() {
            columns.iter().for_each(|column| mask.set(row, column));
        }
        mask
    }

    pub(crate) fn rows(&self) -> Vec<Bits> {
        (0..self.size).map(|row| Bits::filter(self.size, |column| self.get(row, column))).collect()
    }
}

impl Graph {
    /// The tokens and the base graph of a checked model, by the exact rule.
    ///
    /// Deterministic nodes are substituted; a node that merely equals one element of a latent is that element;
    /// latents without a token below them are dropped and the others eliminated.
    pub fn of(model: &Model) -> Graph {
        Graph::try_of(model).expect("a checked model has no cycle")
    }

    /// As [`Graph::of`], for a model whose `depends` statements have not been checked for cycles.
    pub(crate) fn try_of(model: &Model) -> Result<Graph, Cycle> {
        let vertices = Vertices::of(model)?;
        let mut parents = vertices.parents;
        let size = parents.len();
        let kept: Vec<usize> = vertices.tokens.iter().map(|(vertex, _)| *vertex).collect();
        let mut gone = Bits::filter(size, |_| true);
        kept.iter().for_each(|&vertex| gone.remove(vertex));
        eliminate::eliminate(&mut parents, &gone);
        let mut number = vec![None; size];
        for (token, &vertex) in kept.iter().enumerate() {
            if let Some(place) = number.get_mut(vertex) {
                *place = Some(token);
            }
        }
        let mut base = Mask::empty(kept.len());
        for (row, &vertex) in kept.iter().enumerate() {
            base.set(row, row);
            let family = parents.get(vertex).into_iter().flat_map(Bits::iter);
            family
                .filter_map(|parent| number.get(parent).copied().flatten())
                .for_each(|column| base.set(row, column));
        }
        Ok(Graph { tokens: vertices.tokens.into_iter().map(|(_, token)| token).collect(), base })
    }

    /// The base graph of the tokens that are present: absent ones are eliminated by the exact rule. Rows and columns
    /// of absent tokens are empty. `absent` has an entry for each token.
    pub fn without(&self, absent: &[bool]) -> Mask {
        let absent = self.members(absent);
        let mut rows = self.base.rows();
        eliminate::eliminate(&mut rows, &absent);
        absent.iter().for_each(|token| rows.iter_mut().for_each(|row| row.remove(token)));
        Mask::from_rows(&rows)
    }

    pub(crate) fn members(&self, absent: &[bool]) -> Bits {
        assert_eq!(absent.len(), self.tokens.len(), "every token is absent or present");
        Bits::filter(absent.len(), |token| absent.get(token).copied().unwrap_or(false))
    }
}
