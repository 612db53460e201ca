//! The graph of a model some of whose modalities are a token or a few each: its quotient by them.
//!
//! What reads an element of a modality reads all of its tokens, and what an element reads all of them read. Tokens of one modality
//! read those before them, so that a moral mask joins them.

use crate::bits::Bits;
use crate::graph::Support;
use crate::{Graph, Mask, NodeId, Role, Token};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A modality that is a token or a few.
#[derive(Clone, Debug, PartialEq)]
pub struct Lump {
    /// The name of its tokens: alone, or with a number behind.
    pub name: String,
    /// Its data, one at least.
    pub nodes: Vec<NodeId>,
    /// How many tokens it is, at least one.
    pub tokens: usize,
}

/// Which tokens the tokens of a graph become.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotient {
    /// The tokens: those that stay, in their order, then those of each lump.
    pub tokens: Arc<[Token]>,
    /// How many stay.
    pub singles: usize,
    /// For each token of the graph what it becomes: itself, or all tokens of its lump.
    pub becomes: Vec<Range<usize>>,
}

impl Quotient {
    /// The quotient of a graph by some of its modalities.
    pub fn of(graph: &Graph, lumps: &[Lump]) -> Quotient {
        let lump_of = |token: &Token| lumps.iter().position(|lump| lump.nodes.contains(&token.node));
        let stays = graph.tokens.iter().filter(|token| lump_of(token).is_none());
        let mut tokens: Vec<Token> = stays.cloned().collect();
        let (singles, mut ranges) = (tokens.len(), Vec::new());
        for lump in lumps {
            ranges.push(tokens.len()..tokens.len() + lump.tokens);
            tokens.extend((1..=lump.tokens).map(|number| lump.token(number)));
        }
        let mut next = 0;
        let becomes = graph.tokens.iter().map(|token| match lump_of(token).and_then(|own| ranges.get(own)) {
            Some(range) => range.clone(),
            None => {
                next += 1;
                next - 1..next
            }
        });
        Quotient { becomes: becomes.collect(), tokens: tokens.into(), singles }
    }

    /// That of a graph with the tokens it was made of.
    ///
    /// # Errors
    /// The names of tokens that read each other in a circle, which no order of tokens undoes.
    pub fn graph(&self, graph: &Graph) -> Result<Graph, Vec<String>> {
        // What all of a lump read, before it is asked what that becomes: of two long series there are many pairs.
        let mut reads: BTreeMap<usize, (Range<usize>, Bits)> = BTreeMap::new();
        for (own, rows) in graph.base.rows().iter().zip(&self.becomes) {
            let (_, all) =
                reads.entry(rows.start).or_insert_with(|| (rows.clone(), Bits::new(self.becomes.len())));
            all.union(own);
        }
        let mut base = Mask::empty(self.tokens.len());
        for (rows, read) in reads.into_values() {
            for columns in read.iter().filter_map(|column| self.becomes.get(column)) {
                for (row, column) in
                    rows.clone().flat_map(|row| columns.clone().map(move |column| (row, column)))
                {
                    // In a lump the later reads the earlier: a graph has no circle, and what is made of it joins them anyway.
                    if rows != *columns || column <= row {
                        base.set(row, column);
                    }
                }
            }
        }
        let order = self.order(&base)?;
        Ok(Graph { tokens: self.tokens.clone(), base, order })
    }

    /// The tokens so that each comes after those it reads; of several that may come, the first.
    fn order(&self, base: &Mask) -> Result<Vec<usize>, Vec<String>> {
        let mut come = vec![false; self.tokens.len()];
        let mut order = Vec::with_capacity(self.tokens.len());
        while order.len() < self.tokens.len() {
            let waits =
                |token: usize| base.row(token).any(|read| read != token && come.get(read) == Some(&false));
            let left = come.iter().enumerate().filter(|(_, come)| !**come).map(|(token, _)| token);
            let next = left.clone().find(|token| !waits(*token));
            let Some(next) = next else {
                return Err(left
                    .filter_map(|token| self.tokens.get(token))
                    .map(|token| token.name.clone())
                    .collect());
            };
            order.push(next);
            come.get_mut(next).into_iter().for_each(|come| *come = true);
        }
        Ok(order)
    }
}

impl Lump {
    fn token(&self, number: usize) -> Token {
        let name = match self.tokens {
            1 => self.name.clone(),
            _ => format!("{}[{number}]", self.name),
        };
        let node = self.nodes.first().copied().expect("a modality has data");
        Token { name, role: Role::Data, node, element: number - 1, support: Support::REAL }
    }
}
