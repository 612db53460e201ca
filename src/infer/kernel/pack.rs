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
use super::plan::{Place, Plan};
use super::product::{Count, Matrix, MatrixMut};
use super::transpose::transpose;
use crate::network::Architecture;
use std::ops::Range;

/// The way between the flat parameters and the padded weights.
pub(super) struct Packing {
    /// Pieces that are the same in both: where they lie in the flat vector, and in the padded one.
    copies: Vec<(Place, Place)>,
    folds: Vec<Fold>,
    /// Biases of the scales, stored as 1 + scale.
    scales: Vec<Range<usize>>,
    /// How many parameters there are.
    pub parameters: usize,
}

/// A linear map with the norm before it folded in.
struct Fold {
    gain: Range<usize>,
    shift: Range<usize>,
    weight: Range<usize>,
    bias: Range<usize>,
    /// `W′` and `b′`.
    folded: [Place; 2],
    /// The first so many columns are scaled, by this.
    scaled: (usize, f32),
}

impl Packing {
    pub fn new(architecture: &Architecture, plan: &Plan) -> Packing {
        let layout = &architecture.layout();
        let piece = |range: &Range<usize>, to: &Place| (flat(range.start, to.rows, to.columns), *to);
        let (values, given) = plan.embed.split(plan.embed.rows - 1);
        let mut copies =
            vec![piece(&layout.value, &values), piece(&layout.given, &given), piece(&layout.id, &plan.id)];
        let mut linear = |from: &[Range<usize>; 2], to: &super::plan::Linear| {
            copies.extend([piece(&from[0], &to.weight), piece(&from[1], &to.bias)]);
        };
        linear(&layout.level_in, &plan.level_in);
        linear(&layout.level_out, &plan.level_out);
        for (from, to) in layout.blocks.iter().zip(&plan.blocks) {
            linear(&from.out, &to.out);
            linear(&from.up, &to.up);
            linear(&from.down, &to.down);
        }
        let width = plan.width;
        let mut scales = Vec::new();
        let mut folds = Vec::new();
        for (layer, (from, to)) in layout.blocks.iter().zip(&plan.blocks).enumerate() {
            copies.extend([piece(&from.norm2[0], &to.gain), piece(&from.norm2[1], &to.shift)]);
            for half in [0, 1] {
                let column = (2 * layer + half) * plan.rows.token;
                for (range, whole) in
                    from.modulation.iter().zip([&plan.modulation.weight, &plan.modulation.bias])
                {
                    let from =
                        Place { stride: 2 * width, ..flat(range.start + half * width, whole.rows, width) };
                    copies.push((from, whole.columns(column, width)));
                }
            }
            let scale = plan.modulation.bias.start + (2 * layer + 1) * plan.rows.token;
            scales.push(scale..scale + width);
            folds.push(Fold {
                gain: from.norm1[0].clone(),
                shift: from.norm1[1].clone(),
                weight: from.qkv[0].clone(),
                bias: from.qkv[1].clone(),
                folded: [to.qkv.weight, to.qkv.bias],
                scaled: (plan.attention, 1.0 / (architecture.head_width as f32).sqrt()),
            });
        }
        folds.push(Fold {
            gain: layout.norm[0].clone(),
            shift: layout.norm[1].clone(),
            weight: layout.head[0].clone(),
            bias: layout.head[1].clone(),
            folded: [Place { rows: width, columns: 1, stride: 1, ..plan.head }, plan.head_bias],
            scaled: (0, 1.0),
        });
        Packing { copies, folds, scales, parameters: layout.head[1].end }
    }

    /// Pads and folds `parameters` into `weights`, whose padding is zero.
    pub fn pack(&self, parameters: &[f32], weights: &mut [f32]) {
        for (from, to) in &self.copies {
            copy(from, parameters, to, weights);
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
        for fold in &self.folds {
            fold.unpack(parameters, padded, gradient);
        }
    }
}

/// Transposes the weights that the way back needs; `weights` are packed.
pub(super) fn transpose_weights<S: Simd>(s: S, plan: &Plan, weights: &mut [f32]) {
    let (weights, transposed) = weights.split_at_mut(plan.gradients);
    let of_blocks = plan.blocks.iter().flat_map(|block| [&block.qkv, &block.out, &block.up, &block.down]);
    for linear in [&plan.level_out, &plan.modulation].into_iter().chain(of_blocks) {
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
    fn scale(&self, column: usize) -> f32 {
        if column < self.scaled.0 { self.scaled.1 } else { 1.0 }
    }

    fn pack(&self, parameters: &[f32], weights: &mut [f32]) {
        let columns = self.bias.len();
        let [weight, bias] = &self.folded;
        weights[bias.start..bias.start + columns].copy_from_slice(&parameters[self.bias.clone()]);
        let rows = parameters[self.weight.clone()].chunks_exact(columns);
        let norms = parameters[self.gain.clone()].iter().zip(&parameters[self.shift.clone()]);
        for (i, (row, (gain, shift))) in rows.zip(norms).enumerate() {
            let start = weight.start + i * weight.stride;
            for (to, w) in weights[start..start + columns].iter_mut().zip(row) {
                *to = gain * w;
            }
            for (to, w) in weights[bias.start..bias.start + columns].iter_mut().zip(row) {
                *to += shift * w;
            }
        }
        let (scaled, scale) = self.scaled;
        for i in 0..weight.rows {
            let start = weight.start + i * weight.stride;
            weights[start..start + scaled].iter_mut().for_each(|w| *w *= scale);
        }
        weights[bias.start..bias.start + scaled].iter_mut().for_each(|b| *b *= scale);
    }

    fn unpack(&self, parameters: &[f32], padded: &[f32], gradient: &mut [f32]) {
        let [weight, bias] = &self.folded;
        for (j, to) in gradient[self.bias.clone()].iter_mut().enumerate() {
            *to = self.scale(j) * padded[bias.start + j];
        }
        let columns = self.bias.len();
        let (before, of_bias) = gradient.split_at_mut(self.bias.start);
        let of_bias = &of_bias[..columns];
        for i in 0..weight.rows {
            let row = self.weight.start + i * columns..self.weight.start + (i + 1) * columns;
            let (scaled, rest) = padded[weight.row(i)].split_at(self.scaled.0);
            let (gain, shift) = (parameters[self.gain.start + i], parameters[self.shift.start + i]);
            let to = &mut before[row.clone()];
            for (to, d) in to.iter_mut().zip(scaled) {
                *to = self.scaled.1 * d;
            }
            to[self.scaled.0..].copy_from_slice(rest);
            let of_gain = dot(&parameters[row.clone()], to);
            let of_shift = dot(&parameters[row], of_bias);
            for (to, of_bias) in to.iter_mut().zip(of_bias) {
                *to = gain * *to + shift * of_bias;
            }
            before[self.gain.start + i] = of_gain;
            before[self.shift.start + i] = of_shift;
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
