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
//! Lanes behind the last query hold numbers without meaning, which nothing reads.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::batch::{Count, Places, Starts, products, transposes};
use super::functions::exp_negative;
use super::lanes::{LANES, Lanes, Simd};
use super::plan::Plan;
use super::product::Sizes;
use crate::network::Masks;

/// The logit of a pair that may not attend; far below every real one, and still a number.
const FORBIDDEN: f32 = -1e30;

/// The distinct masks of a batch as what the logits start from: zero or [`FORBIDDEN`].
#[derive(Default)]
pub(super) struct MaskTable {
    /// `[masks, keys, padded queries]`.
    starts: Vec<f32>,
    size: usize,
}

impl MaskTable {
    /// Fills the table.
    pub fn set(&mut self, plan: &Plan, masks: &Masks) {
        let (t, queries) = (plan.tokens, plan.rows.queries);
        self.size = t * queries;
        self.starts.clear();
        self.starts.resize(masks.masks.len() * self.size, FORBIDDEN);
        for (mask, starts) in masks.masks.iter().zip(self.starts.chunks_exact_mut(self.size)) {
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

    /// How many samples go through the stages together.
    fn group(self) -> usize {
        (GROUP_NUMBERS / (self.heads * self.head.max(self.tokens) * self.queries)).max(1)
    }

    /// How many numbers of scratch the stages need for each of their two kinds.
    pub fn scratch(self) -> usize {
        self.group() * self.heads * self.head.max(self.tokens) * self.queries
    }

    /// Queries, keys or values.
    fn part(self, part: usize) -> Places {
        let (row, head) = (self.qkv, self.head);
        Places { first: part * self.all, row, head, sample: self.tokens * row }
    }

    /// Rows of outputs.
    fn outputs(self) -> Places {
        Places { first: 0, row: self.out, head: self.head, sample: self.tokens * self.out }
    }

    /// `rows` rows of queries for each head of each sample.
    fn queries(self, rows: usize) -> Places {
        let head = rows * self.queries;
        Places { first: 0, row: self.queries, head, sample: self.heads * head }
    }

    /// Weights `[samples, heads, T, padded T]` and outputs `[tokens, padded A]` of the samples with these masks.
    pub fn forward<S: Simd>(
        self,
        s: S,
        (table, masks): (&MaskTable, &[u32]),
        qkv: &[f32],
        weights: &mut [f32],
        out: &mut [f32],
        turned: &mut [f32],
    ) {
        let (pairs, rows) = (self.queries(self.tokens), self.queries(self.head));
        let [q, k, v] = [0, 1, 2].map(|part| self.part(part));
        for (group, masks) in masks.chunks(self.group()).enumerate() {
            let (first, samples) = (group * self.group(), masks.len());
            let count = Count { samples, heads: self.heads };
            let qkv = &qkv[first * q.sample..];
            let weights = &mut weights[first * pairs.sample..][..samples * pairs.sample];
            transposes(s, count, [self.tokens, self.head], (qkv, q), (turned, rows));
            let starts = Starts { data: &table.starts, index: masks, stride: self.queries };
            products::<S, false>(
                s,
                count,
                self.pairs(),
                (qkv, k),
                (turned, rows),
                (weights, pairs),
                Some(starts),
            );
            softmax(s, self.tokens, self.queries, weights);
            let out = (&mut out[first * self.outputs().sample..], self.outputs());
            products::<S, true>(s, count, self.mixture(), (weights, pairs), (qkv, v), out, None);
        }
    }

    /// The gradient with respect to queries, keys and values, from that with respect to the outputs.
    pub fn backward<S: Simd>(
        self,
        s: S,
        qkv: &[f32],
        weights: &[f32],
        of_out: &[f32],
        of_qkv: &mut [f32],
        [turned, of_pairs]: [&mut [f32]; 2],
    ) {
        let (pairs, rows, outputs) = (self.queries(self.tokens), self.queries(self.head), self.outputs());
        let [q, k, v] = [0, 1, 2].map(|part| self.part(part));
        for (group, weights) in weights.chunks(self.group() * pairs.sample).enumerate() {
            let (first, samples) = (group * self.group(), weights.len() / pairs.sample);
            let count = Count { samples, heads: self.heads };
            let (qkv, of_qkv) = (&qkv[first * q.sample..], &mut of_qkv[first * q.sample..]);
            let of_out = &of_out[first * outputs.sample..];
            let (mixture, all_pairs) = (self.mixture(), self.pairs());
            products::<S, false>(s, count, mixture, (weights, pairs), (of_out, outputs), (of_qkv, v), None);
            transposes(s, count, [self.tokens, self.head], (of_out, outputs), (turned, rows));
            products::<S, false>(s, count, all_pairs, (qkv, v), (turned, rows), (of_pairs, pairs), None);
            softmax_back(s, self.tokens, self.queries, weights, of_pairs);
            products::<S, true>(s, count, mixture, (of_pairs, pairs), (qkv, k), (of_qkv, q), None);
            products::<S, false>(s, count, mixture, (of_pairs, pairs), (qkv, q), (of_qkv, k), None);
        }
    }

    /// Products of every key with every query.
    fn pairs(self) -> Sizes {
        Sizes { rows: self.tokens, terms: self.head, columns: self.queries }
    }

    /// Mixtures of rows of a head by weights.
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
