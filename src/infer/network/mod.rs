//! The score network: one description for the plain composition and for the fused kernel.
//!
//! A transformer over scalar tokens after Simformer (Gloeckler et al. 2024, section 3.1), with the mends that made a
//! small one accurate. For sample `b` and token `i` with network input `v`, condition bit `g` and noise level `c`:
//!
//! ```text
//! h_i   = v·E_0 + Σ_k sin(ω_k v)·E_{1+k} + cos(ω_k v)·E_{1+K+k} + id_i + g·given         ω_k = 2^k / 2, k < K
//!       + τ·T_0 + Σ_k sin(ν_k τ)·T_{1+k} + cos(ν_k τ)·T_{1+L+k}                          ν_k = π 2^k / 2, k < L
//! ctx   = silu(W2·silu(W1·[sin(f c), cos(f c)] + b1) + b2)
//! block:  h += O·attention(LN1(h)) ;  h += down(gelu(up((1 + scale)·LN2(h) + shift)))      [shift, scale] = M·ctx
//! F_i   = head·LN(h_i)
//! ```
//!
//! The body of an encoder is the same without the ends: states h go in, those of the first tokens come out, and no noise level
//! modulates the blocks.
//!
//! What an encoder makes of a modality (`crate::encoder`) is added to the h of the token that stands for it. Tokens of one kind, elements of a set or readings at times that differ, share an identity `id`; τ is when a token is.
//!
//! Attention has `heads` heads of `head_width`, logits scaled by 1/√head_width, and looks only where the sample's
//! mask allows; a row whose mask is empty (an absent token) attends to nothing and gets zero. LN has gain and shift and
//! adds 1e-5 to the variance; gelu is the exact one (erf). Weight matrices are stored input × output, row-major.

mod batch;
mod operations;
pub mod plain;
mod probes;

pub use batch::{Inputs, Looks, Masks, Targets};
pub use operations::{Operations, Pieces, gelu, masked_attention, normalise};
pub use probes::Probes;

use statrs::distribution::{ContinuousCDF, Normal};
use std::ops::Range;

/// Half the number of features of the noise level; the features are sines, then cosines.
pub const LEVEL_FREQUENCIES: usize = 32;

/// Added to the variance in every layer norm.
pub const NORM_EPSILON: f32 = 1e-5;

/// The sizes of a network; together with a flat vector of parameters this is the network.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Architecture {
    /// Number of tokens, T.
    pub tokens: usize,
    /// For each token the row of the table of identities that is its own, or that of its kind.
    pub identities: Vec<usize>,
    /// Number of rows of that table.
    pub kinds: usize,
    /// Number L of frequencies of a token's time; none where no token has one.
    pub times: usize,
    /// Width of a token, D.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Attention heads, H.
    pub heads: usize,
    /// Width of one head's queries, keys and values.
    pub head_width: usize,
    /// Hidden width of the feed-forward part.
    pub hidden: usize,
    /// Number K of value frequencies.
    pub frequencies: usize,
    /// The tokens that encoders make of modalities, rising: what they make is added to h.
    pub summaries: Vec<usize>,
    /// Of the body of an encoder how many tokens' states come out: the first so many. None of a score network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<usize>,
}

/// A named piece of the flat parameter vector: a `rows` × `columns` matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// `value.w`, `block.0.qkv.b`, …
    pub name: String,
    /// Rows (inputs); 1 for vectors.
    pub rows: usize,
    /// Columns (outputs).
    pub columns: usize,
    /// Where it lies in the flat vector.
    pub range: Range<usize>,
}

impl Piece {
    /// The matrices that it is in a block: queries, keys and values are three.
    pub fn of_block(&self) -> Option<Matrices> {
        let ends = [".qkv.w", ".out.w", ".up.w", ".down.w"];
        let count = if self.name.ends_with(".qkv.w") { 3 } else { 1 };
        let own = self.name.contains("block.") && ends.iter().any(|end| self.name.ends_with(end));
        own.then(|| Matrices {
            range: self.range.clone(),
            rows: self.rows,
            columns: self.columns / count,
            count,
        })
    }
}

/// Matrices of a block, side by side: those of queries, keys and values, or one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrices {
    /// Where they lie in the flat vector.
    pub range: Range<usize>,
    /// Rows (inputs).
    pub rows: usize,
    /// Columns (outputs) of each.
    pub columns: usize,
    /// How many there are.
    pub count: usize,
}

/// Where each piece of a network lies in its flat parameter vector; a body has blocks alone.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// `[1 + 2K, D]`: the linear term, the sines, the cosines.
    pub value: Range<usize>,
    /// `[kinds, D]`: which token it is.
    pub id: Range<usize>,
    /// `[1 + 2L, D]`: the linear term of its time, the sines, the cosines; empty without frequencies of time.
    pub time: Range<usize>,
    /// `[D]`: added where a token is given.
    pub given: Range<usize>,
    /// `[2·LEVEL_FREQUENCIES, D]` and its bias `[D]`.
    pub level_in: [Range<usize>; 2],
    /// `[D, D]` and its bias `[D]`.
    pub level_out: [Range<usize>; 2],
    /// The blocks, first to last.
    pub blocks: Vec<BlockLayout>,
    /// Gain and shift `[D]` of the last layer norm.
    pub norm: [Range<usize>; 2],
    /// `[D, 1]` and its bias `[1]`.
    pub head: [Range<usize>; 2],
    /// All pieces in order.
    pub pieces: Vec<Piece>,
}

/// Where the pieces of one block lie. A = heads · head_width, F = hidden.
#[derive(Clone, Debug)]
pub struct BlockLayout {
    /// Gain and shift `[D]` before attention.
    pub norm1: [Range<usize>; 2],
    /// `[D, 3A]` (queries of all heads, then keys, then values) and its bias.
    pub qkv: [Range<usize>; 2],
    /// `[A, D]` and its bias.
    pub out: [Range<usize>; 2],
    /// Gain and shift `[D]` before the feed-forward part.
    pub norm2: [Range<usize>; 2],
    /// `[D, 2D]` (shift, then scale) and its bias; empty in a body.
    pub modulation: [Range<usize>; 2],
    /// `[D, F]` and its bias.
    pub up: [Range<usize>; 2],
    /// `[F, D]` and its bias.
    pub down: [Range<usize>; 2],
}

impl Architecture {
    /// The body of an encoder: `layers` blocks over so many tokens, of which the states of the first `states` come out.
    pub fn body(
        tokens: usize,
        states: usize,
        width: usize,
        [layers, heads, hidden]: [usize; 3],
    ) -> Architecture {
        Architecture {
            tokens,
            identities: Vec::new(),
            kinds: 0,
            times: 0,
            width,
            layers,
            heads,
            head_width: (width / heads).max(1),
            hidden,
            frequencies: 0,
            summaries: (0..tokens).collect(),
            states: Some(states),
        }
    }

    /// Width of all heads together, A.
    pub fn attention_width(&self) -> usize {
        self.heads * self.head_width
    }

    /// The frequencies ω_k of the value features, in radians per unit of network input.
    pub fn value_frequencies(&self) -> impl Iterator<Item = f32> + use<> {
        (0..self.frequencies).map(|k| 0.5 * (1u64 << k) as f32)
    }

    /// The frequencies ν_k of the features of time, in radians per half of the range of times.
    pub fn time_frequencies(&self) -> impl Iterator<Item = f32> + use<> {
        (0..self.times).map(|k| std::f32::consts::FRAC_PI_2 * (1u64 << k) as f32)
    }

    /// Number of features of a token's time.
    pub fn time_features(&self) -> usize {
        if self.times == 0 { 0 } else { 1 + 2 * self.times }
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.layout().pieces.last().map_or(0, |piece| piece.range.end)
    }

    /// The matrices of the linear maps between a block's tokens, in the order of the flat vector. Modulations are not among them.
    pub fn matrices(&self) -> Vec<Matrices> {
        self.layout().pieces.iter().filter_map(Piece::of_block).collect()
    }

    /// Where each piece lies.
    pub fn layout(&self) -> Layout {
        let (d, mut place) = (self.width, Placer::default());
        if self.states.is_some() {
            let blocks = (0..self.layers).map(|layer| self.block_layout(&mut place, layer)).collect();
            return Layout { blocks, pieces: place.pieces, ..Layout::default() };
        }
        let value = place.matrix("value.w", 1 + 2 * self.frequencies, d);
        let id = place.matrix("id", self.kinds, d);
        let given = place.matrix("given", 1, d);
        let time = match self.time_features() {
            0 => given.end..given.end,
            features => place.matrix("time.w", features, d),
        };
        let level_in = place.linear("level.in", 2 * LEVEL_FREQUENCIES, d);
        let level_out = place.linear("level.out", d, d);
        let blocks = (0..self.layers).map(|layer| self.block_layout(&mut place, layer)).collect();
        let norm = place.norm("norm", d);
        let head = place.linear("head", d, 1);
        Layout { value, id, given, time, level_in, level_out, blocks, norm, head, pieces: place.pieces }
    }

    fn block_layout(&self, place: &mut Placer, layer: usize) -> BlockLayout {
        let (d, a, f) = (self.width, self.attention_width(), self.hidden);
        BlockLayout {
            norm1: place.norm(&format!("block.{layer}.norm1"), d),
            qkv: place.linear(&format!("block.{layer}.qkv"), d, 3 * a),
            out: place.linear(&format!("block.{layer}.out"), a, d),
            norm2: place.norm(&format!("block.{layer}.norm2"), d),
            modulation: match self.states {
                None => place.linear(&format!("block.{layer}.modulation"), d, 2 * d),
                Some(_) => Default::default(),
            },
            up: place.linear(&format!("block.{layer}.up"), d, f),
            down: place.linear(&format!("block.{layer}.down"), f, d),
        }
    }
}

/// The fixed frequencies `f` of the noise-level features: quantiles of a half normal of scale 2, so that a level
/// (a quarter of the log of sigma, within about ±1.6) is resolved coarsely by many and finely by a few.
pub fn level_frequencies() -> [f32; LEVEL_FREQUENCIES] {
    let share = |k: usize| (k as f64 + 0.5) / LEVEL_FREQUENCIES as f64;
    std::array::from_fn(|k| 2.0 * Normal::standard().inverse_cdf(0.5 + 0.5 * share(k)) as f32)
}

/// Hands out consecutive places in the flat vector.
#[derive(Default)]
pub struct Placer {
    /// The pieces so far.
    pub pieces: Vec<Piece>,
}

impl Placer {
    /// A matrix.
    pub fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Range<usize> {
        let start = self.pieces.last().map_or(0, |piece| piece.range.end);
        let range = start..start + rows * columns;
        self.pieces.push(Piece { name: name.to_owned(), rows, columns, range: range.clone() });
        range
    }

    /// All pieces of a network, with a name before theirs.
    pub fn pieces_of(&mut self, name: &str, architecture: &Architecture) -> Range<usize> {
        let start = self.pieces.last().map_or(0, |piece| piece.range.end);
        for piece in architecture.layout().pieces {
            let range = start + piece.range.start..start + piece.range.end;
            self.pieces.push(Piece { name: format!("{name}.{}", piece.name), range, ..piece });
        }
        start..self.pieces.last().map_or(start, |piece| piece.range.end)
    }

    /// Weights and biases of a linear map.
    pub fn linear(&mut self, name: &str, rows: usize, columns: usize) -> [Range<usize>; 2] {
        [self.matrix(&format!("{name}.w"), rows, columns), self.matrix(&format!("{name}.b"), 1, columns)]
    }

    /// Gain and shift of a norm.
    pub fn norm(&mut self, name: &str, width: usize) -> [Range<usize>; 2] {
        [self.matrix(&format!("{name}.gain"), 1, width), self.matrix(&format!("{name}.shift"), 1, width)]
    }
}
