//! Where the weights lie in the kernel's own memory: rows padded to whole vectors, and transposes beside them.

use super::lanes::LANES;
use crate::network::{Architecture, LEVEL_FREQUENCIES, level_frequencies};
use std::ops::Range;

/// The sizes of a network and its padded weights. Gradients use the same places, up to [`Plan::gradients`].
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub tokens: usize,
    pub width: usize,
    pub heads: usize,
    pub head_width: usize,
    pub attention: usize,
    /// The frequencies of a value's features.
    pub value_frequencies: Vec<f32>,
    /// The frequencies of a time's features.
    pub time_frequencies: Vec<f32>,
    /// The frequencies of the noise level's features.
    pub level_frequencies: [f32; LEVEL_FREQUENCIES],
    /// Padded lengths of a row.
    pub rows: RowSizes,
    /// `[2K + 2 + (2L + 1), D]`: the linear term, the sines, the cosines, the condition bit; where tokens have times the
    /// same of them, without a bit.
    pub embed: Place,
    /// `[T, D]`.
    pub id: Place,
    /// The noise level's features to D.
    pub level_in: Linear,
    pub level_out: Linear,
    /// `[D, layers · 2 · (padded D)]`: for each block shift, then 1 + scale.
    pub modulation: Linear,
    pub blocks: Vec<BlockPlan>,
    /// `[D]`: the last norm's gain times the head; and the bias with the norm's shift in it.
    pub head: Place,
    pub head_bias: Place,
    /// How many tokens' states come out of a body; none of a score network.
    pub states: Option<usize>,
    /// For each token which of the summaries is its own, if any.
    pub summaries: Vec<Option<usize>>,
    /// How many numbers have gradients.
    pub gradients: usize,
    /// How many numbers there are, transposes included.
    pub numbers: usize,
}

/// Lengths of rows, padded to whole vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowSizes {
    /// A token, D.
    pub token: usize,
    /// Queries, keys and values of all heads, 3A.
    pub qkv: usize,
    /// What attention gives, A.
    pub attention: usize,
    /// The hidden layer, F.
    pub hidden: usize,
    /// Attention weights or mask of one key, T.
    pub queries: usize,
    /// Shifts and scales of all blocks.
    pub levels: usize,
}

/// One block's weights.
#[derive(Clone, Debug)]
pub(super) struct BlockPlan {
    /// `[D, 3A]`, with the norm's gain and shift and the queries' 1/√head_width in it.
    pub qkv: Linear,
    /// `[A, D]`.
    pub out: Linear,
    /// Gain and shift `[D]` of the second norm.
    pub gain: Place,
    pub shift: Place,
    /// `[D, F]`.
    pub up: Linear,
    /// `[F, D]`.
    pub down: Linear,
}

/// A matrix and the bias that goes with it.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub weight: Place,
    pub bias: Place,
    /// The matrix transposed, for the way back.
    pub transposed: Place,
}

/// A matrix with padded rows in a flat vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub start: usize,
    pub rows: usize,
    /// Columns in use.
    pub columns: usize,
    /// Numbers from row to row.
    pub stride: usize,
}

impl Place {
    /// The numbers of the matrix, padding included.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.rows * self.stride
    }

    /// The columns in use of a row.
    pub fn row(&self, row: usize) -> Range<usize> {
        let start = self.start + row * self.stride;
        start..start + self.columns
    }

    /// The first `rows` rows, and the rest.
    pub fn split(&self, rows: usize) -> (Place, Place) {
        let rest = Place { start: self.start + rows * self.stride, rows: self.rows - rows, ..*self };
        (Place { rows, ..*self }, rest)
    }

    /// Columns `first..first + columns`.
    pub fn columns(&self, first: usize, columns: usize) -> Place {
        Place { start: self.start + first, columns, ..*self }
    }
}

/// Hands out consecutive places.
struct Placer {
    next: usize,
}

impl Placer {
    fn matrix(&mut self, rows: usize, columns: usize) -> Place {
        let place = Place { start: self.next, rows, columns, stride: columns.next_multiple_of(LANES) };
        self.next = place.range().end;
        place
    }

    /// The transposed matrix is placed later, behind everything that has a gradient.
    fn linear(&mut self, rows: usize, columns: usize) -> Linear {
        let (weight, bias) = (self.matrix(rows, columns), self.matrix(1, columns));
        Linear { weight, bias, transposed: Place { start: 0, rows: 0, columns: 0, stride: 0 } }
    }

    fn transpose(&mut self, linear: &mut Linear) {
        linear.transposed = self.matrix(linear.weight.columns, linear.weight.rows);
    }
}

impl Plan {
    /// Which of the features the condition bit is.
    pub fn given(&self) -> usize {
        2 * self.value_frequencies.len() + 1
    }

    /// How many numbers of a sample are added to tokens that stand for modalities.
    pub fn summary_numbers(&self) -> usize {
        self.summaries.iter().flatten().count() * self.width
    }

    /// How many numbers of a sample come out of a body.
    pub fn state_numbers(&self) -> usize {
        self.states.unwrap_or(0) * self.width
    }

    pub fn new(architecture: &Architecture) -> Plan {
        let &Architecture { tokens, width, layers, heads, head_width, hidden, frequencies, .. } =
            architecture;
        let attention = architecture.attention_width();
        let pad = |n: usize| n.next_multiple_of(LANES);
        let rows = RowSizes {
            token: pad(width),
            qkv: pad(3 * attention),
            attention: pad(attention),
            hidden: pad(hidden),
            queries: pad(tokens),
            levels: layers * 2 * pad(width),
        };
        let mut place = Placer { next: 0 };
        // A body has none of the ends.
        let of_score = |size: usize| if architecture.states.is_none() { size } else { 0 };
        let features = 2 * frequencies + 2 + architecture.time_features();
        let embed = place.matrix(of_score(features), width);
        let id = place.matrix(of_score(tokens), width);
        let level_in = place.linear(of_score(2 * LEVEL_FREQUENCIES), of_score(width));
        let mut level_out = place.linear(of_score(width), of_score(width));
        let mut modulation = place.linear(of_score(width), of_score(rows.levels));
        let mut blocks: Vec<BlockPlan> = (0..layers)
            .map(|_| BlockPlan {
                qkv: place.linear(width, 3 * attention),
                out: place.linear(attention, width),
                gain: place.matrix(1, width),
                shift: place.matrix(1, width),
                up: place.linear(width, hidden),
                down: place.linear(hidden, width),
            })
            .collect();
        let head = place.matrix(of_score(1), width);
        let head_bias = place.matrix(of_score(1), 1);
        let gradients = place.next;
        place.transpose(&mut level_out);
        place.transpose(&mut modulation);
        for block in &mut blocks {
            for linear in [&mut block.qkv, &mut block.out, &mut block.up, &mut block.down] {
                place.transpose(linear);
            }
        }
        let numbers = place.next;
        Plan {
            tokens,
            width,
            heads,
            head_width,
            attention,
            value_frequencies: architecture.value_frequencies().collect(),
            time_frequencies: architecture.time_frequencies().collect(),
            level_frequencies: level_frequencies(),
            rows,
            states: architecture.states,
            summaries: (0..tokens)
                .map(|token| architecture.summaries.iter().position(|own| *own == token))
                .collect(),
            embed,
            id,
            level_in,
            level_out,
            modulation,
            blocks,
            head,
            head_bias,
            gradients,
            numbers,
        }
    }
}
