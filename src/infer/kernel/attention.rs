//! Masked attention of the tokens of each sample, all heads, forward and back.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::functions::exp_negative;
use super::lanes::{LANES, Lanes, Simd};
use super::plan::Plan;
use super::product::{Left, Matrix, MatrixMut, Sizes, Start, product_inside};
use crate::network::Masks;

/// The logit of a pair that may not attend; far below every real one, and still a number.
const FORBIDDEN: f32 = -1e30;

/// The distinct masks of a batch as what the logits start from: zero or [`FORBIDDEN`].
#[derive(Default)]
pub(super) struct MaskTable {
    /// `[masks, T, padded T]`.
    starts: Vec<f32>,
    size: usize,
}

impl MaskTable {
    /// Fills the table.
    pub fn set(&mut self, plan: &Plan, masks: &Masks) {
        let (t, keys) = (plan.tokens, plan.rows.keys);
        self.size = t * keys;
        self.starts.clear();
        self.starts.resize(masks.masks.len() * self.size, FORBIDDEN);
        for (mask, starts) in masks.masks.iter().zip(self.starts.chunks_exact_mut(self.size)) {
            assert_eq!(mask.size(), t, "a mask has as many tokens as the network");
            for (i, row) in starts.chunks_exact_mut(keys).enumerate() {
                for (j, start) in row.iter_mut().enumerate().take(t) {
                    if mask.get(i, j) {
                        *start = 0.0;
                    }
                }
            }
        }
    }

    fn get(&self, mask: u32) -> &[f32] {
        let start = mask as usize * self.size;
        self.starts.get(start..start + self.size).expect("a sample's mask is in the table")
    }
}

/// Attention of a micro-batch: weights `[samples, heads, T, padded T]` and outputs `[tokens, padded A]`.
pub(super) fn attend<S: Simd>(
    s: S,
    plan: &Plan,
    (masks, mask): (&MaskTable, &[u32]),
    qkv: &[f32],
    weights: &mut [f32],
    out: &mut [f32],
    turned: &mut [f32],
) {
    s.enter(#[inline(always)] || {
        let shape = Shape::new(plan);
        for (sample, &mask) in mask.iter().enumerate() {
            let start = Matrix::new(masks.get(mask), shape.keys);
            let qkv = &qkv[sample * shape.tokens * shape.qkv..];
            let out = &mut out[sample * shape.tokens * shape.out..];
            for head in 0..plan.heads {
                let at = head * shape.head;
                let weights = shape.weights(weights, sample, head);
                shape.transpose(&qkv[shape.attention + at..], turned);
                let keys = Matrix::new(turned, shape.keys);
                let queries = Left::Plain(Matrix::new(&qkv[at..], shape.qkv));
                let logits = MatrixMut::new(weights, shape.keys);
                product_inside(s, shape.pairs(), queries, keys, logits, Start::From(start));
                for row in weights.chunks_exact_mut(shape.keys) {
                    softmax(s, row);
                }
                let values = Matrix::new(&qkv[2 * shape.attention + at..], shape.qkv);
                let left = Left::Plain(Matrix::new(weights, shape.keys));
                let to = MatrixMut::new(&mut out[at..], shape.out);
                product_inside(s, shape.mixture(), left, values, to, Start::Zero);
            }
        }
    });
}

/// The gradient with respect to queries, keys and values, from that with respect to attention's outputs.
pub(super) fn attend_back<S: Simd>(
    s: S,
    plan: &Plan,
    samples: usize,
    qkv: &[f32],
    weights: &[f32],
    of_out: &[f32],
    of_qkv: &mut [f32],
    scratch: (&mut [f32], &mut [f32]),
) {
    let (turned, of_weights) = scratch;
    s.enter(#[inline(always)] || {
        let shape = Shape::new(plan);
        for sample in 0..samples {
            let qkv = &qkv[sample * shape.tokens * shape.qkv..];
            let of_qkv = &mut of_qkv[sample * shape.tokens * shape.qkv..];
            let of_out = &of_out[sample * shape.tokens * shape.out..];
            for head in 0..plan.heads {
                let (q, k, v) = shape.columns(head);
                let size = shape.tokens * shape.keys;
                let weights = &weights[(sample * shape.heads + head) * size..][..size];
                let weights = Matrix::new(weights, shape.keys);
                let of_out = Matrix::new(&of_out[q..], shape.out);
                let to = MatrixMut::new(&mut of_qkv[v..], shape.qkv);
                product_inside(s, shape.mixture(), Left::Transposed(weights), of_out, to, Start::Zero);
                shape.transpose(&qkv[v..], turned);
                let values = Matrix::new(turned, shape.keys);
                let to = MatrixMut::new(of_weights, shape.keys);
                product_inside(s, shape.pairs(), Left::Plain(of_out), values, to, Start::Zero);
                for (of_row, row) in
                    of_weights.chunks_exact_mut(shape.keys).zip(weights.data.chunks_exact(shape.keys))
                {
                    softmax_back(s, row, of_row);
                }
                let of_logits = Matrix::new(of_weights, shape.keys);
                let (queries, keys) = (Matrix::new(&qkv[q..], shape.qkv), Matrix::new(&qkv[k..], shape.qkv));
                let to = MatrixMut::new(&mut of_qkv[q..], shape.qkv);
                product_inside(s, shape.mixture(), Left::Plain(of_logits), keys, to, Start::Zero);
                let to = MatrixMut::new(&mut of_qkv[k..], shape.qkv);
                product_inside(s, shape.mixture(), Left::Transposed(of_logits), queries, to, Start::Zero);
            }
        }
    });
}

/// The sizes that attention works with.
#[derive(Clone, Copy)]
struct Shape {
    tokens: usize,
    heads: usize,
    head: usize,
    attention: usize,
    keys: usize,
    qkv: usize,
    out: usize,
}

impl Shape {
    #[inline(always)]
    fn new(plan: &Plan) -> Shape {
        Shape {
            tokens: plan.tokens,
            heads: plan.heads,
            head: plan.head_width,
            attention: plan.attention,
            keys: plan.rows.keys,
            qkv: plan.rows.qkv,
            out: plan.rows.attention,
        }
    }

    /// Where a head's queries, keys and values start in a row.
    #[inline(always)]
    fn columns(self, head: usize) -> (usize, usize, usize) {
        let at = head * self.head;
        (at, self.attention + at, 2 * self.attention + at)
    }

    #[inline(always)]
    fn weights(self, all: &mut [f32], sample: usize, head: usize) -> &mut [f32] {
        let size = self.tokens * self.keys;
        &mut all[(sample * self.heads + head) * size..][..size]
    }

    /// Products of every query with every key.
    #[inline(always)]
    fn pairs(self) -> Sizes {
        Sizes { rows: self.tokens, terms: self.head, columns: self.keys }
    }

    /// Mixtures of values by weights.
    #[inline(always)]
    fn mixture(self) -> Sizes {
        Sizes { rows: self.tokens, terms: self.tokens, columns: self.head }
    }

    /// One head's columns as rows; what is behind the last token stays zero.
    #[inline(always)]
    fn transpose(self, from: &[f32], to: &mut [f32]) {
        for i in 0..self.tokens {
            for d in 0..self.head {
                to[d * self.keys + i] = from[i * self.qkv + d];
            }
        }
    }
}

/// exp(x − max) / sum over the row; exactly zero where forbidden, all zero where everything is.
#[inline(always)]
fn softmax<S: Simd>(s: S, row: &mut [f32]) {
    let row = row.as_chunks_mut::<LANES>().0;
    let mut largest = s.splat(0.5 * FORBIDDEN);
    for x in row.iter() {
        largest = largest.max(s.load(x));
    }
    let (largest, mut sum) = (s.splat(largest.largest()), s.zero());
    for x in row.iter_mut() {
        let weight = exp_negative(s, s.load(x) - largest);
        sum = sum + weight;
        weight.store(x);
    }
    let sum = sum.sum();
    let share = s.splat(if sum > 0.0 { 1.0 / sum } else { 0.0 });
    for x in row {
        (s.load(x) * share).store(x);
    }
}

/// From the gradient with respect to weights w, in place, that with respect to logits: w ⊙ (d − Σ w d).
#[inline(always)]
fn softmax_back<S: Simd>(s: S, weights: &[f32], gradient: &mut [f32]) {
    let weights = weights.as_chunks::<LANES>().0;
    let gradient = gradient.as_chunks_mut::<LANES>().0;
    let mut mean = s.zero();
    for (w, d) in weights.iter().zip(gradient.iter()) {
        mean = s.load(w).mul_add(s.load(d), mean);
    }
    let mean = s.splat(mean.sum());
    for (w, d) in weights.iter().zip(gradient) {
        (s.load(w) * (s.load(d) - mean)).store(d);
    }
}
