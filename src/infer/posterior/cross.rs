//! Rows of one source in the light of others: each looks at all rows of the others, before its own encoder reads it.
//!
//! ```text
//! h_i = Q·u_i + C·code(i) + Σ_k L_k·v_i^k         v^k: rows of a source that shares its axis, of which row i goes with row i
//! g_j = K·v_j + C_k·code(j)
//! A′  = a block of attention in which h looks at g alone
//! ```
//!
//! Attention over a bag cannot find the row that goes with another; L hands it over. Where nothing is there to be looked at, attention adds
//! nothing.

use crate::backend::{Bodies, ScoreBackend, states};
use crate::encoder::{Table, code, code_features};
use crate::network::{Architecture, Looks, Pieces, Placer};
use burn::tensor::Tensor;
use sbi_model::Mask;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;

/// Width of an attention head.
const HEAD_WIDTH: usize = 16;

/// What puts one part of a fusion in the light of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cross {
    /// Among those of the fusion.
    pub number: usize,
    /// Which of the parts looks.
    pub query: usize,
    /// Width of its rows from here on.
    pub width: usize,
    /// Of the part that looks the numbers of a row, and along how many axes it is somewhere.
    pub own: (usize, usize),
    /// The same of those that are looked at.
    pub keys: Vec<(usize, usize)>,
    /// Whether rows of these go with rows of the part that looks.
    pub paired: Vec<bool>,
}

/// Where its parameters lie.
pub struct CrossLayers {
    own: Entry,
    keys: Vec<Entry>,
    /// From rows that go with others to these; empty of others.
    links: Vec<Range<usize>>,
    body: Range<usize>,
}

/// What takes rows in.
struct Entry {
    linear: [Range<usize>; 2],
    code: Range<usize>,
    axes: usize,
}

/// What networks are bound to.
#[derive(Clone, Copy)]
pub struct Light<'a, B: ScoreBackend> {
    /// All parameters of the fusion.
    pub parameters: &'a Tensor<B, 1>,
    /// What blocks of attention are made of.
    pub bodies: &'a Bodies,
}

impl Cross {
    /// Hands out places for its parameters.
    pub fn layers(&self, placer: &mut Placer) -> CrossLayers {
        let name = format!("cross.{}", self.number);
        let mut entry = |name: String, (inputs, axes): (usize, usize)| Entry {
            linear: placer.linear(&format!("{name}.in"), inputs, self.width),
            code: match axes {
                0 => 0..0,
                _ => placer.matrix(&format!("{name}.place"), code_features(axes), self.width),
            },
            axes,
        };
        let own = entry(format!("{name}.query"), self.own);
        let numbered = || self.keys.iter().copied().enumerate();
        let keys = numbered().map(|(number, key)| entry(format!("{name}.key.{number}"), key)).collect();
        let links = numbered().zip(&self.paired).map(|((number, (inputs, _)), paired)| match paired {
            true => placer.matrix(&format!("{name}.link.{number}"), inputs, self.width),
            false => 0..0,
        });
        let links = links.collect();
        CrossLayers { own, keys, links, body: placer.pieces_of(&name, &self.body(1, 1)) }
    }

    fn body(&self, tokens: usize, queries: usize) -> Architecture {
        let heads = (self.width / HEAD_WIDTH).max(1);
        Architecture::body(tokens, queries, self.width, [1, heads, 2 * self.width])
    }

    /// The rows of the part that looks, in the light of those of the others.
    pub fn apply<B: ScoreBackend>(
        &self,
        layers: &CrossLayers,
        light: &Light<B>,
        query: &Table<B>,
        keys: &[&Table<B>],
    ) -> Table<B> {
        let (pieces, width, tables) = (Pieces(light.parameters), self.width, query.tables);
        let mut own = layers.own.take(&pieces, query);
        for (link, key) in layers.links.iter().zip(keys).filter(|(link, _)| !link.is_empty()) {
            let [_, inputs] = key.inputs.dims();
            own = own + key.inputs.clone().matmul(pieces.matrix(link, inputs));
        }
        let sets = layers.keys.iter().zip(keys).map(|(entry, key)| (entry.take(&pieces, key), key.rows));
        let all = std::iter::once((own, query.rows)).chain(sets);
        let all: Vec<Tensor<B, 3>> = all.map(|(rows, count)| rows.reshape([tables, count, width])).collect();
        let tokens = query.rows + keys.iter().map(|key| key.rows).sum::<usize>();
        let body = light.bodies.of(self.body(tokens, query.rows));
        let own = light.parameters.clone().slice([layers.body.clone()]);
        let seen = states(own, Tensor::cat(all, 1).flatten(0, 2), body, looks(query, keys));
        Table { inputs: seen.reshape([tables * query.rows, width]), ..query.clone() }
    }
}

impl Entry {
    /// Rows as attention takes them, `[tables · rows, width]`.
    fn take<B: ScoreBackend>(&self, pieces: &Pieces<B>, rows: &Table<B>) -> Tensor<B, 2> {
        let states = pieces.linear(rows.inputs.clone(), &self.linear);
        match rows.positions.is_empty() {
            true => states,
            false => states + code(pieces, &self.code, &rows.positions, self.axes),
        }
    }
}

/// Rows that are there look at all of the others that are there. Data sets that have the same rows share a mask.
fn looks<B: ScoreBackend>(query: &Table<B>, keys: &[&Table<B>]) -> Looks {
    let (mut known, mut looks) = (HashMap::new(), Looks::default());
    for table in 0..query.tables {
        let there = |rows: &Table<B>| -> Vec<bool> {
            rows.there.get(table * rows.rows..(table + 1) * rows.rows).unwrap_or_default().to_vec()
        };
        let queries = there(query);
        let keys: Vec<bool> = keys.iter().flat_map(|key| there(key)).collect();
        let next = known.len() as u32;
        let number = *known.entry((queries.clone(), keys.clone())).or_insert_with(|| {
            looks.masks.masks.push(mask(&queries, &keys).into());
            next
        });
        looks.mask.push(number);
    }
    looks
}

fn mask(queries: &[bool], keys: &[bool]) -> Mask {
    let mut mask = Mask::empty(queries.len() + keys.len());
    let there = |rows: &[bool]| -> Vec<usize> {
        rows.iter().enumerate().filter(|(_, there)| **there).map(|(row, _)| row).collect()
    };
    let keys = there(keys);
    for query in there(queries) {
        keys.iter().for_each(|key| mask.set(query, queries.len() + key));
    }
    mask
}
