//! A mask too wide for a line, node by node: whether all, some or none of their tokens look at each other.

use super::view::{Asked, Block};
use sbi_model::Mask;
use std::ops::Range;

/// How many of the pairs of two nodes' tokens a mask keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// No pair.
    None,
    /// Some pairs.
    Some,
    /// Every pair.
    All,
}

impl Share {
    /// Its sign in a line of text.
    pub fn sign(self) -> char {
        match self {
            Share::None => '.',
            Share::Some => '+',
            Share::All => '#',
        }
    }
}

/// The nodes and modalities that have tokens in a query, with the tokens that are there.
pub fn present(asked: &Asked) -> Vec<(Block, Vec<usize>)> {
    let there = |range: &Range<usize>| range.clone().filter(|token| asked.present.get(*token) == Some(&true));
    let blocks = asked.blocks().into_iter().map(|block| {
        let tokens: Vec<usize> = there(&block.range).collect();
        (block, tokens)
    });
    blocks.filter(|(_, tokens)| !tokens.is_empty()).collect()
}

/// Whether these tokens look at those.
pub fn share(mask: &Mask, rows: &[usize], columns: &[usize]) -> Share {
    let kept = rows.iter().flat_map(|row| columns.iter().filter(|column| mask.get(*row, **column))).count();
    match kept {
        0 => Share::None,
        all if all == rows.len() * columns.len() => Share::All,
        _ => Share::Some,
    }
}
