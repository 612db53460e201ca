//! From the flat parameter vector to the kernel's padded weights, and from padded gradients back.
//!
//! What can be done once a step is not done once a token: a norm's gain γ and shift β, and the 1/√head_width of the
//! queries, are folded into the weights that follow,
//!
//! ```text
//! ((γ ⊙ x̂ + β)·W + b)·S = x̂·W′ + b′        W′ = diag(γ)·W·S,  b′ = (β·W + b)·S
//! ```
//!
//! (S the diagonal of column scales), and the chain rule undoes it on the gradients:
//!
//! ```text
//! ∂γ_i = Σ_j W_ij S_j ∂W′_ij    ∂β_i = Σ_j W_ij S_j ∂b′_j    ∂W_ij = S_j (γ_i ∂W′_ij + β_i ∂b′_j)    ∂b_j = S_j ∂b′_j
//! ```
#![allow(clippy::indexing_slicing)] // Ranges come from the two layouts, made of the same sizes.

use super::lanes::Simd;
use super::plan::{Linear, Place, Plan};
use super::product::{Count, Matrix, MatrixMut};
use super::transpose::transpose;
use crate::network::{Architecture, BlockLayout, Layout};
use std::ops::Range;

/// The way between the flat parameters and the padded weights.
#[derive(Default)]
pub(super) struct Packing {
    /// Pieces that are the same in both: where they lie in the flat vector, and in the padded one.
    copies: Vec<(Place, Place)>,
    /// For each token its identity in both, which other tokens may have too.
    identities: Vec<(Range<usize>, Range<usize>)>,
    /// The table of identities, of which some may be nobody's.
    kinds: Range<usize>,
    folds: Vec<Fold>,
    /// Biases of the scales, stored as 1 + scale.
    scales: Vec<Range<usize>>,
    /// How many parameters there are.
    pub parameters: usize,
}

/// A linear map with the norm before it folded in.
struct Fold {
    /// γ and β.
    norm: [Range<usize>; 2],
    /// W and b.
    linear: [Range<usize>; 2],
    /// W′ and b′.
    folded: [Place; 2],
    /// The diagonal of S.
    scale: Vec<f32>,
}

impl Packing {
    pub fn new(architecture: &Architecture, plan: &Plan) -> Packing {
        let layout = architecture.layout();
        let (parameters, kinds) = (architecture.parameters(), layout.id.clone());
        let mut packing = Packing { parameters, kinds, ..Packing::default() };
        let scale = 1.0 / (architecture.head_width as f32).sqrt();
        for (layer, from) in layout.blocks.iter().enumerate() {
            packing.block(plan, layer, from, scale);
        }
        if plan.states.is_none() {
            packing.ends(architecture, plan, &layout);
        }
        packing
    }

    /// What a score network has before and behind its blocks.
    fn ends(&mut self, architecture: &Architecture, plan: &Plan, layout: &Layout) {
        let (values, rest) = plan.embed.split(plan.given());
        let (given, time) = rest.split(1);
        self.piece(&layout.value, values);
        self.piece(&layout.given, given);
        self.piece(&layout.time, time);
        for (token, kind) in architecture.identities.iter().enumerate() {
            let start = layout.id.start + kind * plan.width;
            self.identities.push((start..start + plan.width, plan.id.row(token)));
        }
        self.linear(&layout.level_in, &plan.level_in);
        self.linear(&layout.level_out, &plan.level_out);
        for (layer, from) in layout.blocks.iter().enumerate() {
            self.modulation(plan, layer, from);
        }
        self.folds.push(Fold {
            norm: layout.norm.clone(),
            linear: layout.head.clone(),
            folded: [Place { rows: plan.width, columns: 1, stride: 1, ..plan.head }, plan.head_bias],
            scale: vec![1.0],
        });
    }

    fn piece(&mut self, from: &Range<usize>, to: Place) {
        self.copies.push((flat(from.start, to.rows, to.columns), to));
    }

    fn linear(&mut self, from: &[Range<usize>; 2], to: &Linear) {
        let [weight, bias] = from;
        self.piece(weight, to.weight);
        self.piece(bias, to.bias);
    }

    fn block(&mut self, plan: &Plan, layer: usize, from: &BlockLayout, query_scale: f32) {
        let to = &plan.blocks[layer];
        self.linear(&from.out, &to.out);
        self.linear(&from.up, &to.up);
        self.linear(&from.down, &to.down);
        self.piece(&from.norm2[0], to.gain);
        self.piece(&from.norm2[1], to.shift);
        let mut scale = vec![1.0; 3 * plan.attention];
        scale[..plan.attention].fill(query_scale);
        let folded = [to.qkv.weight, to.qkv.bias];
        self.folds.push(Fold { norm: from.norm1.clone(), linear: from.qkv.clone(), folded, scale });
    }

    fn modulation(&mut self, plan: &Plan, layer: usize, from: &BlockLayout) {
        let width = plan.width;
        for half in [0, 1] {
            let column = (2 * layer + half) * plan.rows.token;
            for (range, all) in from.modulation.iter().zip([plan.modulation.weight, plan.modulation.bias]) {
                let from = flat(range.start, all.rows, 2 * width).columns(half * width, width);
                self.copies.push((from, all.columns(column, width)));
            }
        }
        let scales = plan.modulation.bias.start + (2 * layer + 1) * plan.rows.token;
        self.scales.push(scales..scales + width);
    }

    /// Pads and folds `parameters` into `weights`, whose padding is zero.
    pub fn pack(&self, parameters: &[f32], weights: &mut [f32]) {
        for (from, to) in &self.copies {
            copy(from, parameters, to, weights);
        }
        for (from, to) in &self.identities {
            weights[to.clone()].copy_from_slice(&parameters[from.clone()]);
        }
        for range in &self.scales {
            for scale in &mut weights[range.clone()] {
                *scale += 1.0;
            }
        }
        for fold in &self.folds {
            fold.pack(parameters, weights);
        }
    }

    /// The gradient with respect to `parameters`, from that with respect to the padded weights.
    pub fn unpack(&self, parameters: &[f32], padded: &[f32], gradient: &mut [f32]) {
        for (to, from) in &self.copies {
            copy(from, padded, to, gradient);
        }
        gradient[self.kinds.clone()].fill(0.0);
        for (to, from) in &self.identities {
            for (sum, part) in gradient[to.clone()].iter_mut().zip(&padded[from.clone()]) {
                *sum += part;
            }
        }
        for fold in &self.folds {
            fold.unpack(parameters, padded, gradient);
        }
    }
}

/// Transposes the weights that the way back needs; `weights` are packed.
pub(super) fn transpose_weights<S: Simd>(s: S, plan: &Plan, weights: &mut [f32]) {
    let (weights, transposed) = weights.split_at_mut(plan.gradients);
    let of_blocks = plan.blocks.iter().flat_map(|block| [&block.qkv, &block.out, &block.up, &block.down]);
    let of_levels = [&plan.level_out, &plan.modulation].into_iter().filter(|_| plan.states.is_none());
    for linear in of_levels.chain(of_blocks) {
        let (from, to) = (linear.weight, linear.transposed);
        let source = Matrix::new(&weights[from.start..], from.stride);
        let target = MatrixMut::new(&mut transposed[to.start - plan.gradients..], to.stride);
        transpose(s, Count::ONE, [from.rows, from.columns], source, target);
    }
}

/// A matrix without padding.
fn flat(start: usize, rows: usize, columns: usize) -> Place {
    Place { start, rows, columns, stride: columns }
}

fn copy(from: &Place, source: &[f32], to: &Place, target: &mut [f32]) {
    if from.stride == to.stride && from.columns == from.stride {
        return target[to.range()].copy_from_slice(&source[from.range()]);
    }
    for i in 0..from.rows {
        let (from, to) = (from.row(i), to.row(i));
        target[to].copy_from_slice(&source[from]);
    }
}

impl Fold {
    fn pack(&self, parameters: &[f32], weights: &mut [f32]) {
        let [weight, bias] = &self.folded;
        let [gain, shift] = self.norm.clone().map(|range| &parameters[range]);
        let [w, b] = self.linear.clone().map(|range| &parameters[range]);
        weights[bias.row(0)].copy_from_slice(b);
        for (i, row) in w.chunks_exact(b.len()).enumerate() {
            for ((to, w), scale) in weights[weight.row(i)].iter_mut().zip(row).zip(&self.scale) {
                *to = gain[i] * w * scale;
            }
            for (to, w) in weights[bias.row(0)].iter_mut().zip(row) {
                *to += shift[i] * w;
            }
        }
        for (to, scale) in weights[bias.row(0)].iter_mut().zip(&self.scale) {
            *to *= scale;
        }
    }

    fn unpack(&self, parameters: &[f32], padded: &[f32], gradient: &mut [f32]) {
        let [weight, bias] = &self.folded;
        let [gain, shift] = &self.norm;
        let columns = self.scale.len();
        let (before, of_bias) = gradient.split_at_mut(self.linear[1].start);
        let of_bias = &mut of_bias[..columns];
        for ((to, d), scale) in of_bias.iter_mut().zip(&padded[bias.row(0)]).zip(&self.scale) {
            *to = scale * d;
        }
        for (i, at) in self.linear[0].clone().step_by(columns).enumerate() {
            let (w, to) = (&parameters[at..at + columns], &mut before[at..at + columns]);
            for ((to, d), scale) in to.iter_mut().zip(&padded[weight.row(i)]).zip(&self.scale) {
                *to = scale * d;
            }
            let (of_gain, of_shift) = (dot(w, to), dot(w, of_bias));
            for (to, of_bias) in to.iter_mut().zip(of_bias.iter()) {
                *to = parameters[gain.start + i] * *to + parameters[shift.start + i] * of_bias;
            }
            before[gain.start + i] = of_gain;
            before[shift.start + i] = of_shift;
        }
    }
}

/// Σ x y, in eight partial sums that the compiler can keep in vectors.
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for (x, y) in x.chunks(8).zip(y.chunks(8)) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum()
}
