//! Masked attention of the tokens of each sample, all heads, forward and back.
//!
//! Queries lie along the lanes: logits and weights are kept as `[keys, queries]`, so that a softmax goes down the rows
//! and never across a vector, and the products with values, keys and queries read them either way round. With weights
//! w, queries q, keys k, values v and outputs o (q holds the 1/√head_width already):
//!
//! ```text
//! w = softmax over keys of k·qᵀ        o = wᵀ·v
//! ∂v = w·∂o        ∂w = v·∂oᵀ        ∂l = w ⊙ (∂w − Σ_keys w ⊙ ∂w)        ∂q = ∂lᵀ·k        ∂k = ∂l·q
//! ```
//!
//! Lanes behind the last query are queries that may attend to nothing, with weights of zero.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::buffer::Buffer;
use super::functions::exp_negative;
use super::lanes::{LANES, Lanes, Simd};
use super::plan::Plan;
use super::product::{Count, Left, Places, Sizes, Start, product};
use super::transpose::transpose;
use crate::network::Masks;

/// The logit of a pair that may not attend; far below every real one, and still a number.
const FORBIDDEN: f32 = -1e30;

/// The distinct masks of a batch as what the logits start from: zero or [`FORBIDDEN`].
#[derive(Default)]
pub(super) struct MaskTable {
    /// `[masks, keys, padded queries]`.
    starts: Vec<f32>,
}

impl MaskTable {
    /// Fills the table.
    pub fn set(&mut self, plan: &Plan, masks: &Masks) {
        let (t, queries) = (plan.tokens, plan.rows.queries);
        self.starts.clear();
        self.starts.resize(masks.masks.len() * t * queries, FORBIDDEN);
        for (mask, starts) in masks.masks.iter().zip(self.starts.chunks_exact_mut(t * queries)) {
            assert_eq!(mask.size(), t, "a mask has as many tokens as the network");
            for (key, row) in starts.chunks_exact_mut(queries).enumerate() {
                for (query, start) in row.iter_mut().enumerate().take(t) {
                    if mask.get(query, key) {
                        *start = 0.0;
                    }
                }
            }
        }
    }
}

/// How many numbers of one kind a group of samples may have, so that its stages find them in the first cache.
const GROUP_NUMBERS: usize = 4096;

/// The sizes that attention works with.
#[derive(Clone, Copy)]
pub(super) struct Attention {
    tokens: usize,
    heads: usize,
    /// Width of a head, and of all heads together.
    head: usize,
    all: usize,
    /// Lengths of a row of weights, of queries with keys and values, of outputs.
    queries: usize,
    qkv: usize,
    out: usize,
}

/// What the stages hand to each other.
pub(super) struct Scratch {
    /// One kind of rows of every head, `[head width, tokens]`.
    turned: Buffer,
    /// Gradients of weights, then of logits.
    pairs: Buffer,
}

/// A few samples that go through the stages together.
#[derive(Clone, Copy)]
struct Group {
    first: usize,
    count: Count,
}

impl Scratch {
    pub fn new(plan: &Plan) -> Scratch {
        let [turned, pairs] = Scratch::sizes(plan).map(Buffer::new);
        Scratch { turned, pairs }
    }

    /// How many numbers [`Scratch::new`] makes room for.
    pub fn numbers(plan: &Plan) -> f64 {
        Scratch::sizes(plan).iter().map(|size| *size as f64).sum()
    }

    fn sizes(plan: &Plan) -> [usize; 2] {
        let attention = Attention::new(plan);
        let rows = attention.group() * attention.heads * attention.queries;
        [rows * attention.head, rows * attention.tokens]
    }
}

impl Attention {
    pub fn new(plan: &Plan) -> Attention {
        Attention {
            tokens: plan.tokens,
            heads: plan.heads,
            head: plan.head_width,
            all: plan.attention,
            queries: plan.rows.queries,
            qkv: plan.rows.qkv,
            out: plan.rows.attention,
        }
    }

    /// Weights `[samples, heads, T, padded T]` and outputs `[tokens, padded A]` of the samples with these masks.
    pub fn forward<S: Simd>(
        self,
        s: S,
        (table, masks): (&MaskTable, &[u32]),
        qkv: &[f32],
        (weights, out): (&mut [f32], &mut [f32]),
        scratch: &mut Scratch,
    ) {
        for group in self.groups(masks.len()) {
            let (count, turned) = (group.count, self.by_query(0, self.head));
            let [q, k, v] = self.parts(group);
            let pairs = self.by_query(group.first, self.tokens);
            transpose(s, count, [self.tokens, self.head], q.view(qkv), turned.view_mut(&mut scratch.turned));
            let index = &masks[group.first..group.first + count.samples];
            let start = Start::Chosen { from: &table.starts, stride: self.queries, index };
            let (keys, queries) = (Left::Plain(k.view(qkv)), turned.view(&scratch.turned));
            product(s, count, self.pairs(), keys, queries, pairs.view_mut(weights), start);
            let of_group = pairs.first..pairs.first + count.samples * pairs.sample;
            softmax(s, self.tokens, self.queries, &mut weights[of_group]);
            let weights = Left::Transposed(pairs.view(weights));
            let to = self.outputs(group).view_mut(out);
            product(s, count, self.mixture(), weights, v.view(qkv), to, Start::Zero);
        }
    }

    /// The gradient with respect to queries, keys and values, from that with respect to the outputs.
    pub fn backward<S: Simd>(
        self,
        s: S,
        samples: usize,
        (qkv, weights): (&[f32], &[f32]),
        of_out: &[f32],
        of_qkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        for group in self.groups(samples) {
            let (count, turned) = (group.count, self.by_query(0, self.head));
            let [q, k, v] = self.parts(group);
            let (pairs, of_pairs) = (self.by_query(group.first, self.tokens), self.by_query(0, self.tokens));
            let of_out = self.outputs(group).view(of_out);
            let mut mix = |left, right, to: Places| {
                product(s, count, self.mixture(), left, right, to.view_mut(of_qkv), Start::Zero);
            };
            mix(Left::Plain(pairs.view(weights)), of_out, v);
            transpose(s, count, [self.tokens, self.head], of_out, turned.view_mut(&mut scratch.turned));
            let (values, right) = (Left::Plain(v.view(qkv)), turned.view(&scratch.turned));
            let to = of_pairs.view_mut(&mut scratch.pairs);
            product(s, count, self.pairs(), values, right, to, Start::Zero);
            let of_group = pairs.first..pairs.first + count.samples * pairs.sample;
            softmax_back(s, self.tokens, self.queries, &weights[of_group], &mut scratch.pairs);
            mix(Left::Transposed(of_pairs.view(&scratch.pairs)), k.view(qkv), q);
            mix(Left::Plain(of_pairs.view(&scratch.pairs)), q.view(qkv), k);
        }
    }

    /// How many samples go through the stages together.
    fn group(self) -> usize {
        (GROUP_NUMBERS / (self.heads * self.head.max(self.tokens) * self.queries)).max(1)
    }

    fn groups(self, samples: usize) -> impl Iterator<Item = Group> {
        let (size, heads) = (self.group(), self.heads);
        (0..samples).step_by(size).map(move |first| {
            let samples = size.min(samples - first);
            Group { first, count: Count { samples, heads } }
        })
    }

    /// Queries, keys and values.
    fn parts(self, group: Group) -> [Places; 3] {
        let sample = self.tokens * self.qkv;
        [0, 1, 2].map(|part| Places {
            first: group.first * sample + part * self.all,
            row: self.qkv,
            head: self.head,
            sample,
        })
    }

    /// Rows of outputs.
    fn outputs(self, group: Group) -> Places {
        let sample = self.tokens * self.out;
        Places { first: group.first * sample, row: self.out, head: self.head, sample }
    }

    /// So many rows with queries along them, from this sample on.
    fn by_query(self, sample: usize, rows: usize) -> Places {
        let head = rows * self.queries;
        Places { first: sample * self.heads * head, row: self.queries, head, sample: self.heads * head }
    }

    /// Products of every key with every query.
    fn pairs(self) -> Sizes {
        Sizes { rows: self.tokens, terms: self.head, columns: self.queries }
    }

    /// Mixtures of a head's rows by weights.
    fn mixture(self) -> Sizes {
        Sizes { rows: self.tokens, terms: self.tokens, columns: self.head }
    }
}

/// exp(l − max) / sum down every column of every matrix `keys × queries`; exactly zero where forbidden, also where a
/// whole column is.
fn softmax<S: Simd>(s: S, keys: usize, queries: usize, logits: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let vectors = queries / LANES;
            for matrix in logits.as_chunks_mut::<LANES>().0.chunks_exact_mut(keys * vectors) {
                for column in 0..vectors {
                    softmax_column(s, &mut matrix[column..], vectors);
                }
            }
        },
    );
}

#[inline(always)]
fn softmax_column<S: Simd>(s: S, logits: &mut [[f32; LANES]], step: usize) {
    let mut largest = s.splat(0.5 * FORBIDDEN);
    for l in logits.iter().step_by(step) {
        largest = largest.max(s.load(l));
    }
    let mut sum = s.zero();
    for l in logits.iter_mut().step_by(step) {
        let weight = exp_negative(s, s.load(l) - largest);
        sum = sum + weight;
        weight.store(l);
    }
    // The largest adds one, so that a smaller sum is that of a forbidden column.
    let share = sum.max(s.splat(1.0)).reciprocal();
    for l in logits.iter_mut().step_by(step) {
        (s.load(l) * share).store(l);
    }
}

/// From the gradient with respect to weights w, in place, that with respect to logits: w ⊙ (∂w − Σ w ⊙ ∂w).
fn softmax_back<S: Simd>(s: S, keys: usize, queries: usize, weights: &[f32], gradient: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let vectors = queries / LANES;
            let weights = weights.as_chunks::<LANES>().0.chunks_exact(keys * vectors);
            let gradient = gradient.as_chunks_mut::<LANES>().0.chunks_exact_mut(keys * vectors);
            for (weights, gradient) in weights.zip(gradient) {
                for column in 0..vectors {
                    softmax_column_back(s, &weights[column..], &mut gradient[column..], vectors);
                }
            }
        },
    );
}

#[inline(always)]
fn softmax_column_back<S: Simd>(s: S, weights: &[[f32; LANES]], gradient: &mut [[f32; LANES]], step: usize) {
    let mut mean = s.zero();
    for (w, d) in weights.iter().step_by(step).zip(gradient.iter().step_by(step)) {
        mean = s.load(w).mul_add(s.load(d), mean);
    }
    for (w, d) in weights.iter().step_by(step).zip(gradient.iter_mut().step_by(step)) {
        (s.load(w) * (s.load(d) - mean)).store(d);
    }
}
