//! Where tokens stand along the sides of a heat map: all alike, but that runs of absent ones are drawn together.

use crate::cli::graph::view::{Asked, Block};
use crate::cli::graph::words;
use std::ops::Range;

/// About how long a side is.
const LONG: f64 = 500.0;
/// No cell is larger.
const LARGEST: f64 = 22.0;
/// Absent tokens of a node beside each other are drawn together from this many on.
const TOGETHER: usize = 4;
/// As many cells as such a run takes, and as many pixels at least.
const RUN: (f64, f64) = (2.0, 14.0);

/// The places of tokens along a side.
pub struct Ruler {
    /// Where each token begins, and last where the side ends.
    edges: Vec<f64>,
    /// The side of a cell.
    pub cell: f64,
    /// The runs that are drawn together.
    pub runs: Vec<Range<usize>>,
}

impl Ruler {
    /// The ruler of a query: cells are so large that the side is about as long as it should be, and that there is room
    /// for the name of every node, of which each takes `line`.
    pub fn of(asked: &Asked, line: f64) -> Ruler {
        let blocks = asked.blocks();
        let runs: Vec<Range<usize>> = blocks.iter().flat_map(|block| absent(asked, block)).collect();
        let together: usize = runs.iter().map(ExactSizeIterator::len).sum();
        let single = (asked.tokens.len() - together) as f64;
        let room = (LONG - RUN.1 * runs.len() as f64).max(LONG / 2.0);
        let names = line * (blocks.len() + runs.len()) as f64;
        let cell =
            (room / single.max(1.0)).max((names - RUN.1 * runs.len() as f64) / single.max(1.0)).min(LARGEST);
        let run = (RUN.0 * cell).clamp(RUN.1, 2.0 * RUN.1);
        let mut edges = Vec::with_capacity(asked.tokens.len() + 1);
        let mut end = 0.0;
        for token in 0..asked.tokens.len() {
            edges.push(end);
            let own = runs.iter().find(|own| own.contains(&token));
            end += own.map_or(cell, |own| run / own.len() as f64);
        }
        edges.push(end);
        Ruler { edges, cell, runs }
    }

    /// How long the side is.
    pub fn size(&self) -> f64 {
        self.edges.last().copied().unwrap_or(0.0)
    }

    /// From where to where these tokens stand.
    pub fn span(&self, tokens: &Range<usize>) -> (f64, f64) {
        let edge = |token: usize| self.edges.get(token).copied().unwrap_or_else(|| self.size());
        (edge(tokens.start), edge(tokens.end))
    }

    /// The run that a token is drawn in with others.
    pub fn run(&self, token: usize) -> Option<&Range<usize>> {
        self.runs.iter().find(|run| run.contains(&token))
    }
}

/// The long runs of absent tokens of a node.
fn absent(asked: &Asked, block: &Block) -> Vec<Range<usize>> {
    let gone = |token: usize| asked.states.get(token).is_some_and(|state| words::state(state) == "absent");
    let tokens: Vec<usize> = block.range.clone().collect();
    let runs = tokens.chunk_by(|one, next| gone(*one) == gone(*next));
    let runs = runs.filter_map(|run| Some(*run.first()?..run.last()? + 1));
    runs.filter(|run| gone(run.start) && run.len() >= TOGETHER).collect()
}
