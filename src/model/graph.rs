//! The dependency graph of a model, element by element, with latents eliminated.

use crate::bits::Bits;
use crate::draft::Draft;
use crate::mechanism::{Base, Mechanism};
use crate::quotient::{Lump, Quotient};
use crate::vertices::{Cycle, Vertices};
use crate::{AxisId, GraphRule, Model, NodeId, Role, eliminate};
use std::ops::Range;
use std::sync::Arc;

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
    rows: Vec<Bits>,
}

/// Tokens in order, and the base graph: row = child, columns = itself and its parents.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The tokens, in topological order of nodes (Kahn, smallest natural name first).
    pub tokens: Arc<[Token]>,
    /// The base graph with self-loops.
    pub base: Mask,
    /// The tokens so that each comes after its parents: as they are, but where readings of states look at each other.
    pub order: Vec<usize>,
}

/// What depends on what in a model, by one of the two rules, before it is known when its readings are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    graph: Graph,
    mechanism: Option<Mechanism>,
    /// Where modalities are a token or a few: the tokens before, and what they become.
    quotient: Option<(Arc<[Token]>, Quotient)>,
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
        Mask { rows: vec![Bits::new(size); size] }
    }

    /// Number of tokens.
    pub fn size(&self) -> usize {
        self.rows.len()
    }

    /// Whether `row` attends to `column`; false outside the mask.
    pub fn get(&self, row: usize, column: usize) -> bool {
        self.rows.get(row).is_some_and(|columns| columns.contains(column))
    }

    /// Lets `row` attend to `column`.
    pub fn set(&mut self, row: usize, column: usize) {
        let size = self.size();
        assert!(row < size && column < size, "a mask of {size} tokens has no entry ({row}, {column})");
        self.rows.get_mut(row).into_iter().for_each(|columns| columns.insert(column));
    }

    /// The columns that `row` attends to, rising.
    pub fn row(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        self.rows.get(row).into_iter().flat_map(Bits::iter)
    }

    /// How many entries allow attention.
    pub fn count(&self) -> usize {
        self.rows.iter().map(Bits::count).sum()
    }

    pub(crate) fn rows(&self) -> &[Bits] {
        &self.rows
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
        // Tokens in a row stay so: rows of bits are moved by runs of them.
        let mut next = 0;
        let runs = kept.chunk_by(|one, next| one + 1 == *next).filter_map(|run| {
            next += run.len();
            Some((*run.first()?, next - run.len(), run.len()))
        });
        let runs: Vec<(usize, usize, usize)> = runs.collect();
        let mut base = Mask::empty(kept.len());
        for (row, (&vertex, own)) in kept.iter().zip(&mut base.rows).enumerate() {
            own.insert(row);
            let family = parents.get(vertex).expect("a token is a vertex");
            runs.iter().for_each(|run| own.add_run(family, *run));
        }
        let order = (0..kept.len()).collect();
        Ok(Graph { tokens: vertices.tokens.into_iter().map(|(_, token)| token).collect(), base, order })
    }

    /// The base graph of the tokens that are present: absent ones are eliminated by the exact rule. Rows and columns
    /// of absent tokens are empty. `absent` has an entry for each token.
    pub fn without(&self, absent: &[bool]) -> Mask {
        self.settled(&self.left(&self.members(absent)))
    }

    /// The same over places in `order`, of places that are gone.
    pub(crate) fn left(&self, gone: &Bits) -> Vec<Bits> {
        let mut rows = self.arranged();
        eliminate::eliminate(&mut rows, gone);
        gone.iter().for_each(|place| rows.iter_mut().for_each(|row| row.remove(place)));
        rows
    }

    /// The base graph with tokens numbered by their places in `order`, so that parents come before children.
    pub(crate) fn arranged(&self) -> Vec<Bits> {
        let ranks = self.ranks();
        let row = |token: &usize| {
            let mut row = Bits::new(ranks.len());
            self.base.row(*token).filter_map(|column| ranks.get(column)).for_each(|place| row.insert(*place));
            row
        };
        self.order.iter().map(row).collect()
    }

    /// Rows over places in `order` as a mask over tokens.
    pub(crate) fn settled(&self, rows: &[Bits]) -> Mask {
        let mut mask = Mask::empty(rows.len());
        for (row, &token) in rows.iter().zip(&self.order) {
            row.iter().filter_map(|place| self.order.get(place)).for_each(|column| mask.set(token, *column));
        }
        mask
    }

    /// The place of each token in `order`.
    fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.order.len()];
        for (place, token) in self.order.iter().enumerate() {
            if let Some(rank) = ranks.get_mut(*token) {
                *rank = place;
            }
        }
        ranks
    }

    /// The places in `order` of the tokens that are marked; `marked` has an entry for each token.
    pub(crate) fn members(&self, marked: &[bool]) -> Bits {
        assert_eq!(marked.len(), self.tokens.len(), "every token is marked or not");
        let token = |place: usize| self.order.get(place).and_then(|token| marked.get(*token));
        Bits::filter(marked.len(), |place| token(place).copied().unwrap_or(false))
    }
}

impl Structure {
    /// The structure of a checked model.
    pub fn of(model: &Model, rule: GraphRule) -> Structure {
        let graph = Graph::of(model);
        let mechanism = (rule == GraphRule::Mechanistic).then(|| {
            let draft = Draft::of(model, true);
            let vertices = Vertices::exact(&draft).expect("a checked model has no cycle");
            Mechanism::of(&draft, &vertices)
        });
        let structure = Structure { graph, mechanism, quotient: None };
        let spread = |axis: AxisId, place: usize| model.axis(axis).spread(place);
        Structure { graph: structure.graph(&spread), ..structure }
    }

    /// The structure of a graph that is the same in every data set.
    pub fn fixed(graph: Graph) -> Structure {
        Structure { graph, mechanism: None, quotient: None }
    }

    /// The same where some modalities are a token or a few each.
    ///
    /// # Errors
    /// The names of tokens that would read each other in a circle.
    pub fn lumped(self, lumps: &[Lump]) -> Result<Structure, Vec<String>> {
        if lumps.is_empty() {
            return Ok(self);
        }
        let quotient = Quotient::of(&self.graph, lumps);
        let graph = quotient.graph(&self.graph)?;
        Ok(Structure { quotient: Some((self.graph.tokens, quotient)), graph, ..self })
    }

    /// The tokens of the model: those of its graphs, where no modality is a token.
    pub fn scalars(&self) -> &Arc<[Token]> {
        self.quotient.as_ref().map_or(&self.graph.tokens, |(scalars, _)| scalars)
    }

    /// How many tokens are scalars of the model: those come first, and behind them those that stand for modalities.
    pub fn singles(&self) -> usize {
        self.quotient.as_ref().map_or(self.graph.tokens.len(), |(_, quotient)| quotient.singles)
    }

    /// The tokens that a scalar stands in: itself, or all of its modality.
    pub fn stands_in(&self, scalar: usize) -> Range<usize> {
        let own = |(_, quotient): &(_, Quotient)| quotient.becomes.get(scalar).cloned();
        self.quotient.as_ref().and_then(own).unwrap_or(scalar..scalar + 1)
    }

    /// The graph where readings whose times differ from data set to data set are spread evenly, in the order of their
    /// elements. All graphs of a structure have the same tokens.
    pub fn nominal(&self) -> &Graph {
        &self.graph
    }

    /// Whether the graph differs from data set to data set.
    pub fn varies(&self) -> bool {
        self.mechanism.as_ref().is_some_and(Mechanism::varies)
    }

    /// The graph of a data set: `coordinate` says when the elements of axes of scattered instants are; one that is not
    /// there has none, and nothing looks at it.
    pub fn graph(&self, coordinate: &dyn Fn(AxisId, usize) -> Option<f64>) -> Graph {
        let Some(mechanism) = &self.mechanism else { return self.graph.clone() };
        let Base { mask, order } = mechanism.base(coordinate);
        let graph = Graph { tokens: self.scalars().clone(), base: mask, order };
        match &self.quotient {
            None => graph,
            // Readings at other times may read each other in a circle; then what the even ones read holds.
            Some((_, quotient)) => quotient.graph(&graph).unwrap_or_else(|_| self.graph.clone()),
        }
    }
}
