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
//! Lanes behind the last query are queries that may attend to nothing, with weights of zero. Panel by panel (see
//! [`Arrangement`](super::arrangement::Arrangement)), only keys that some of its queries look at are computed.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::arrangement::Panel;
use super::buffer::Buffer;
use super::functions::exp_negative;
use super::lanes::{LANES, Lanes, Simd};
use super::masks::{FORBIDDEN, Looks};
use super::plan::Plan;
use super::product::{Count, Left, Places, Sizes, Start, product};
use super::transpose::transpose;
use std::ops::Range;

/// How many numbers of one kind a group of samples may have, so that its stages find them in the first cache.
const GROUP_NUMBERS: usize = 4096;

/// The sizes that attention works with.
#[derive(Clone, Copy)]
pub(super) struct Attention {
    /// Tokens of a sample, which all are keys, and how many of them are queries.
    tokens: usize,
    asked: usize,
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

/// A few samples that go through the stages together, as their panels are the same.
#[derive(Clone, Copy)]
struct Group<'a> {
    first: usize,
    count: Count,
    masks: &'a [u32],
    panels: &'a [Panel],
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
        // A group has one sample at least.
        let of = |rows: usize| (plan.heads * rows * plan.rows.queries).max(GROUP_NUMBERS);
        [of(plan.head_width), of(plan.tokens)]
    }
}

impl Attention {
    /// Attention of all tokens.
    pub fn new(plan: &Plan) -> Attention {
        Attention::of(plan, plan.tokens)
    }

    /// Attention of so many tokens of each sample.
    pub fn of(plan: &Plan, asked: usize) -> Attention {
        Attention {
            tokens: plan.tokens,
            asked,
            heads: plan.heads,
            head: plan.head_width,
            all: plan.attention,
            queries: asked.next_multiple_of(LANES),
            qkv: plan.rows.qkv,
            out: plan.rows.attention,
        }
    }

    /// Weights `[samples, heads, T, padded queries]` and outputs `[queries, padded A]` of the samples with these masks. Both
    /// inputs have rows of queries, keys and values, of which the first gives the queries. Weights outside of panels are
    /// left alone, and nobody reads them.
    pub fn forward<S: Simd>(
        self,
        s: S,
        masks: (&Looks, &[u32]),
        (queries, qkv): (&[f32], &[f32]),
        (weights, out): (&mut [f32], &mut [f32]),
        scratch: &mut Scratch,
    ) {
        for group in self.groups(masks) {
            let (count, turned) = (group.count, self.by_query(0, self.head));
            let [_, k, v] = self.parts(group, self.tokens);
            let [q, ..] = self.parts(group, self.asked);
            let (pairs, outputs) = (self.by_query(group.first, self.tokens), self.outputs(group));
            let to = turned.view_mut(&mut scratch.turned);
            transpose(s, count, [self.asked, self.head], q.view(queries), to);
            for panel in group.panels {
                let first = panel.queries.start;
                for keys in &panel.keys {
                    let start = masks.0.start(group.masks, [keys.start, first]);
                    let rows = Left::Plain(k.at(keys.start, 0).view(qkv));
                    let queries = turned.at(0, first).view(&scratch.turned);
                    let to = pairs.at(keys.start, first).view_mut(weights);
                    product(s, count, self.pairs(keys, panel), rows, queries, to, start);
                }
                self.each(group, |matrix, _| softmax(s, panel, self.queries, &mut weights[matrix]));
                for (number, keys) in panel.keys.iter().enumerate() {
                    let sizes = self.mixture(panel.queries.len(), keys.len());
                    let weights = Left::Transposed(pairs.at(keys.start, first).view(weights));
                    let to = outputs.at(first, 0).view_mut(out);
                    product(s, count, sizes, weights, v.at(keys.start, 0).view(qkv), to, sum(number));
                }
            }
        }
    }

    /// The gradient with respect to queries, keys and values, from that with respect to the outputs, where all tokens are
    /// queries.
    pub fn backward<S: Simd>(
        self,
        s: S,
        masks: (&Looks, &[u32]),
        (qkv, weights): (&[f32], &[f32]),
        of_out: &[f32],
        of_qkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        for group in self.groups(masks) {
            let (count, turned) = (group.count, self.by_query(0, self.head));
            let [q, k, v] = self.parts(group, self.tokens);
            let (pairs, of_pairs) = (self.by_query(group.first, self.tokens), self.by_query(0, self.tokens));
            let outputs = self.outputs(group);
            transpose(
                s,
                count,
                [self.tokens, self.head],
                outputs.view(of_out),
                turned.view_mut(&mut scratch.turned),
            );
            if group.panels.len() > 1 {
                self.clear_keys(group, of_qkv);
            }
            for (number_of_panel, panel) in group.panels.iter().enumerate() {
                let first = panel.queries.start;
                for keys in &panel.keys {
                    let rows = Left::Plain(v.at(keys.start, 0).view(qkv));
                    let right = turned.at(0, first).view(&scratch.turned);
                    let to = of_pairs.at(keys.start, first).view_mut(&mut scratch.pairs);
                    product(s, count, self.pairs(keys, panel), rows, right, to, Start::Zero);
                }
                self.each(group, |matrix, own| {
                    let of_matrix = &mut scratch.pairs[own];
                    softmax_back(s, panel, self.queries, &weights[matrix], of_matrix);
                });
                for (number, keys) in panel.keys.iter().enumerate() {
                    let of_logits = of_pairs.at(keys.start, first).view(&scratch.pairs);
                    let of_queries = self.mixture(panel.queries.len(), keys.len());
                    let of_keys = self.mixture(keys.len(), panel.queries.len());
                    let mut mix = |sizes, left, right, to: Places, start| {
                        product(s, count, sizes, left, right, to.view_mut(of_qkv), start);
                    };
                    let key = |part: Places| part.at(keys.start, 0);
                    let query = |part: Places| part.at(first, 0);
                    let added = sum(number_of_panel);
                    let left = Left::Plain(pairs.at(keys.start, first).view(weights));
                    mix(of_keys, left, query(outputs).view(of_out), key(v), added);
                    mix(of_keys, Left::Plain(of_logits), query(q).view(qkv), key(k), added);
                    mix(of_queries, Left::Transposed(of_logits), key(k).view(qkv), query(q), sum(number));
                }
            }
        }
    }

    /// How many samples go through the stages together, at most.
    fn group(self) -> usize {
        (GROUP_NUMBERS / (self.heads * self.head.max(self.tokens) * self.queries)).max(1)
    }

    fn groups<'a>(self, (looks, masks): (&'a Looks, &'a [u32])) -> impl Iterator<Item = Group<'a>> {
        let mut first = 0;
        std::iter::from_fn(move || {
            let rest = &masks[first..];
            let (mask, most) = (*rest.first()?, rest.len().min(self.group()));
            let samples = rest[..most].iter().take_while(|other| looks.alike(mask, **other)).count();
            let count = Count { samples, heads: self.heads };
            let group = Group { first, count, masks: &rest[..samples], panels: looks.panels(mask) };
            first += samples;
            Some(group)
        })
    }

    /// For each head of each sample where its matrix of pairs lies among those of all samples, and of the group.
    fn each(self, group: Group, mut work: impl FnMut(Range<usize>, Range<usize>)) {
        let size = self.tokens * self.queries;
        for matrix in 0..group.count.samples * self.heads {
            let (own, of_all) = (matrix * size, (group.first * self.heads + matrix) * size);
            work(of_all..of_all + size, own..own + size);
        }
    }

    /// Forgets the gradients with respect to keys and values.
    fn clear_keys(self, group: Group, of_qkv: &mut [f32]) {
        let tokens = group.first * self.tokens..(group.first + group.count.samples) * self.tokens;
        for token in of_qkv[tokens.start * self.qkv..tokens.end * self.qkv].chunks_exact_mut(self.qkv) {
            token[self.all..3 * self.all].fill(0.0);
        }
    }

    /// Queries, keys and values, in rows for so many tokens of each sample.
    fn parts(self, group: Group, tokens: usize) -> [Places; 3] {
        let sample = tokens * self.qkv;
        [0, 1, 2].map(|part| Places {
            first: group.first * sample + part * self.all,
            row: self.qkv,
            head: self.head,
            sample,
        })
    }

    /// Rows of outputs.
    fn outputs(self, group: Group) -> Places {
        let sample = self.asked * self.out;
        Places { first: group.first * sample, row: self.out, head: self.head, sample }
    }

    /// So many rows with queries along them, from this sample on.
    fn by_query(self, sample: usize, rows: usize) -> Places {
        let head = rows * self.queries;
        Places { first: sample * self.heads * head, row: self.queries, head, sample: self.heads * head }
    }

    /// Products of some keys with the queries of a panel.
    fn pairs(self, keys: &Range<usize>, panel: &Panel) -> Sizes {
        Sizes { rows: keys.len(), terms: self.head, columns: panel.lanes() }
    }

    /// So many mixtures of so many rows of a head.
    fn mixture(self, rows: usize, terms: usize) -> Sizes {
        Sizes { rows, terms, columns: self.head }
    }
}

/// The first part of a sum sets it, the others add to it.
fn sum(part: usize) -> Start<'static> {
    if part == 0 { Start::Zero } else { Start::Add }
}

/// exp(l − max) / sum over the keys of a panel, for each of its queries; exactly zero where forbidden, also where all are. Keys
/// are `row` numbers apart.
fn softmax<S: Simd>(s: S, panel: &Panel, row: usize, logits: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let logits = logits.as_chunks_mut::<LANES>().0;
            for vector in vectors(panel) {
                softmax_of_vector(s, panel, [vector, row / LANES], logits);
            }
        },
    );
}

#[inline(always)]
fn softmax_of_vector<S: Simd>(s: S, panel: &Panel, [vector, row]: [usize; 2], logits: &mut [[f32; LANES]]) {
    let mut largest = s.splat(0.5 * FORBIDDEN);
    for keys in &panel.keys {
        for l in logits[keys.start * row + vector..].iter().step_by(row).take(keys.len()) {
            largest = largest.max(s.load(l));
        }
    }
    let mut sum = s.zero();
    for keys in &panel.keys {
        for l in logits[keys.start * row + vector..].iter_mut().step_by(row).take(keys.len()) {
            let weight = exp_negative(s, s.load(l) - largest);
            sum = sum + weight;
            weight.store(l);
        }
    }
    // The largest adds one, so that a smaller sum is that of a query that may look at nothing.
    let share = sum.max(s.splat(1.0)).reciprocal();
    for keys in &panel.keys {
        for l in logits[keys.start * row + vector..].iter_mut().step_by(row).take(keys.len()) {
            (s.load(l) * share).store(l);
        }
    }
}

/// From the gradient with respect to weights w, in place, that with respect to logits: w ⊙ (∂w − Σ w ⊙ ∂w).
fn softmax_back<S: Simd>(s: S, panel: &Panel, row: usize, weights: &[f32], gradient: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let weights = weights.as_chunks::<LANES>().0;
            let gradient = gradient.as_chunks_mut::<LANES>().0;
            for vector in vectors(panel) {
                softmax_of_vector_back(s, panel, [vector, row / LANES], weights, gradient);
            }
        },
    );
}

#[inline(always)]
fn softmax_of_vector_back<S: Simd>(
    s: S,
    panel: &Panel,
    [vector, row]: [usize; 2],
    weights: &[[f32; LANES]],
    gradient: &mut [[f32; LANES]],
) {
    let mut mean = s.zero();
    for keys in &panel.keys {
        let first = keys.start * row + vector;
        let gradient = gradient[first..].iter().step_by(row).take(keys.len());
        for (w, d) in weights[first..].iter().step_by(row).zip(gradient) {
            mean = s.load(w).mul_add(s.load(d), mean);
        }
    }
    for keys in &panel.keys {
        let first = keys.start * row + vector;
        let gradient = gradient[first..].iter_mut().step_by(row).take(keys.len());
        for (w, d) in weights[first..].iter().step_by(row).zip(gradient) {
            (s.load(w) * (s.load(d) - mean)).store(d);
        }
    }
}

/// The vectors of a panel's queries.
fn vectors(panel: &Panel) -> Range<usize> {
    let first = panel.queries.start / LANES;
    first..first + panel.lanes() / LANES
}
