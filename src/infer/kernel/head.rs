//! The last linear map, from a normalised token to one number.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::lanes::{LANES, Lanes, Simd};

/// F = bias + x·w for every row x, as long as `weight`.
pub(super) fn forward<S: Simd>(s: S, rows: &[f32], weight: &[f32], bias: f32, out: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let weight = weight.as_chunks::<LANES>().0;
            let rows = rows.as_chunks::<LANES>().0.chunks_exact(weight.len());
            for (row, out) in rows.zip(out) {
                let mut sum = s.zero();
                for (x, w) in row.iter().zip(weight) {
                    sum = s.load(x).mul_add(s.load(w), sum);
                }
                *out = bias + sum.sum();
            }
        },
    );
}

/// Adds Σ ∂F x to the weight's gradient and Σ ∂F to the bias's, and writes ∂x = ∂F w.
pub(super) fn backward<S: Simd>(
    s: S,
    (rows, weight): (&[f32], &[f32]),
    of_out: &[f32],
    of_rows: &mut [f32],
    (of_weight, of_bias): (&mut [f32], &mut f32),
) {
    s.enter(
        #[inline(always)]
        || {
            let (weight, of_weight) = (weight.as_chunks::<LANES>().0, of_weight.as_chunks_mut::<LANES>().0);
            let vectors = weight.len();
            let (rows, of_rows) = (rows.as_chunks::<LANES>().0, of_rows.as_chunks_mut::<LANES>().0);
            for (j, (w, of_w)) in weight.iter().zip(of_weight).enumerate() {
                let w = s.load(w);
                let mut sum = s.load(of_w);
                for (i, d) in of_out.iter().enumerate() {
                    let (d, at) = (s.splat(*d), i * vectors + j);
                    sum = d.mul_add(s.load(&rows[at]), sum);
                    (d * w).store(&mut of_rows[at]);
                }
                sum.store(of_w);
            }
        },
    );
    *of_bias += of_out.iter().sum::<f32>();
}
