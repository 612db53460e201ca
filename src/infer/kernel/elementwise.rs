//! Operations that go through memory once: activations with their derivatives, sums of columns, features.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::functions::{fractions, sine_cosine};
use super::lanes::{LANES, Lanes, Simd};
use std::f64::consts::TAU;

/// `value` = f(x) and, in the place of x, f′(x).
pub(super) fn activate<S: Simd>(
    s: S,
    x: &mut [f32],
    value: &mut [f32],
    function: impl Fn(S, S::V) -> (S::V, S::V),
) {
    s.enter(
        #[inline(always)]
        || {
            for (x, value) in x.as_chunks_mut::<LANES>().0.iter_mut().zip(value.as_chunks_mut::<LANES>().0) {
                let (y, slope) = function(s, s.load(x));
                y.store(value);
                slope.store(x);
            }
        },
    );
}

/// x ⊙= y.
pub(super) fn multiply<S: Simd>(s: S, x: &mut [f32], y: &[f32]) {
    s.enter(
        #[inline(always)]
        || {
            for (x, y) in x.as_chunks_mut::<LANES>().0.iter_mut().zip(y.as_chunks::<LANES>().0) {
                (s.load(x) * s.load(y)).store(x);
            }
        },
    );
}

/// x += y.
pub(super) fn add<S: Simd>(s: S, x: &mut [f32], y: &[f32]) {
    s.enter(
        #[inline(always)]
        || {
            for (x, y) in x.as_chunks_mut::<LANES>().0.iter_mut().zip(y.as_chunks::<LANES>().0) {
                (s.load(x) + s.load(y)).store(x);
            }
        },
    );
}

/// `sums` += the sum of the rows of `matrix`, whose rows are as long as `sums`.
pub(super) fn add_rows<S: Simd>(s: S, matrix: &[f32], sums: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let sums = sums.as_chunks_mut::<LANES>().0;
            let (matrix, vectors) = (matrix.as_chunks::<LANES>().0, sums.len());
            let rows = matrix.len() / vectors.max(1);
            for (j, to) in sums.iter_mut().enumerate() {
                let (mut even, mut odd) = (s.load(to), s.zero());
                for i in 0..rows / 2 {
                    even = even + s.load(&matrix[2 * i * vectors + j]);
                    odd = odd + s.load(&matrix[(2 * i + 1) * vectors + j]);
                }
                if rows % 2 == 1 {
                    even = even + s.load(&matrix[(rows - 1) * vectors + j]);
                }
                (even + odd).store(to);
            }
        },
    );
}

/// The features of tokens, one feature a row of `stride` numbers: the value v, sin(ω_k v), cos(ω_k v), the condition
/// bit, with ω_k = 2^k / 2 for k < `frequencies`.
pub(super) fn token_features<S: Simd>(
    s: S,
    frequencies: usize,
    value: &[f32],
    given: &[f32],
    features: &mut [f32],
    stride: usize,
) {
    features[..value.len()].copy_from_slice(value);
    let last = (2 * frequencies + 1) * stride;
    features[last..last + given.len()].copy_from_slice(given);
    for k in 0..frequencies {
        let (sine, rest) = features[(1 + k) * stride..].split_at_mut(frequencies * stride);
        waves(s, 0.5 * (1_u64 << k) as f64, value, sine, rest);
    }
}

/// The features of noise levels, one feature a row of `stride` numbers: sines, then cosines.
pub(super) fn level_features<S: Simd>(
    s: S,
    frequencies: &[f32],
    level: &[f32],
    features: &mut [f32],
    stride: usize,
) {
    let (sines, cosines) = features.split_at_mut(frequencies.len() * stride);
    for ((frequency, sine), cosine) in
        frequencies.iter().zip(sines.chunks_mut(stride)).zip(cosines.chunks_mut(stride))
    {
        waves(s, f64::from(*frequency), level, sine, cosine);
    }
}

/// sin(frequency · x) and cos(frequency · x), with an absolute error below 5e-7 while the angle is below 10^7.
fn waves<S: Simd>(s: S, frequency: f64, x: &[f32], sine: &mut [f32], cosine: &mut [f32]) {
    let per_unit = frequency / TAU;
    s.enter(
        #[inline(always)]
        || {
            let outputs = sine.as_chunks_mut::<LANES>().0.iter_mut().zip(cosine.as_chunks_mut::<LANES>().0);
            for (x, (sine, cosine)) in x.chunks(LANES).zip(outputs) {
                let mut turns = [0.0; LANES];
                for (turns, x) in turns.iter_mut().zip(x) {
                    *turns = f64::from(*x) * per_unit;
                }
                let (a, b) = sine_cosine(s, s.load(&fractions(turns)));
                a.store(sine);
                b.store(cosine);
            }
        },
    );
}
