//! Layer norm, forward and back, and the modulation of its output by the noise level.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::lanes::{LANES, Lanes, Simd};
use crate::network::NORM_EPSILON;

/// Rows of `vectors` vectors each; the last vector of a row has `last` lanes in use.
#[derive(Clone, Copy)]
pub(super) struct RowShape {
    pub width: usize,
    pub vectors: usize,
    pub last: usize,
}

impl RowShape {
    pub fn new(width: usize) -> RowShape {
        let vectors = width.div_ceil(LANES);
        RowShape { width, vectors, last: width - (vectors - 1) * LANES }
    }
}

/// x̂ = (h − mean) · r with r = 1/√(variance + ε), for every row; padding of `h` and x̂ is zero.
pub(super) fn normalise<S: Simd>(s: S, shape: RowShape, h: &[f32], normal: &mut [f32], scale: &mut [f32]) {
    s.enter(#[inline(always)] || {
        let h = h.as_chunks::<LANES>().0.chunks_exact(shape.vectors);
        let normal = normal.as_chunks_mut::<LANES>().0.chunks_exact_mut(shape.vectors);
        let share = 1.0 / shape.width as f32;
        for ((h, normal), scale) in h.zip(normal).zip(scale) {
            let mut sum = s.zero();
            for x in h {
                sum = sum + s.load(x);
            }
            let mean = s.splat(sum.sum() * share);
            let mut squares = s.zero();
            for (j, (x, to)) in h.iter().zip(normal.iter_mut()).enumerate() {
                let lanes = if j + 1 == shape.vectors { shape.last } else { LANES };
                let centred = (s.load(x) - mean).keep_first(lanes);
                squares = centred.mul_add(centred, squares);
                centred.store(to);
            }
            *scale = 1.0 / (squares.sum() * share + NORM_EPSILON).sqrt();
            for to in normal {
                (s.load(to) * s.splat(*scale)).store(to);
            }
        }
    });
}

/// dh += r · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ ⊙ x̂)), for every row.
pub(super) fn normalise_back<S: Simd>(
    s: S,
    shape: RowShape,
    of_normal: &[f32],
    normal: &[f32],
    scale: &[f32],
    of_h: &mut [f32],
) {
    s.enter(#[inline(always)] || {
        let of_normal = of_normal.as_chunks::<LANES>().0.chunks_exact(shape.vectors);
        let normal = normal.as_chunks::<LANES>().0.chunks_exact(shape.vectors);
        let of_h = of_h.as_chunks_mut::<LANES>().0.chunks_exact_mut(shape.vectors);
        let share = 1.0 / shape.width as f32;
        for (((of_normal, normal), scale), of_h) in of_normal.zip(normal).zip(scale).zip(of_h) {
            let (mut sum, mut dot) = (s.zero(), s.zero());
            for (d, x) in of_normal.iter().zip(normal) {
                let d = s.load(d);
                sum = sum + d;
                dot = d.mul_add(s.load(x), dot);
            }
            let (mean, along) = (s.splat(sum.sum() * share), s.splat(dot.sum() * share));
            let scale = s.splat(*scale);
            for (j, ((d, x), to)) in of_normal.iter().zip(normal).zip(of_h).enumerate() {
                let lanes = if j + 1 == shape.vectors { shape.last } else { LANES };
                let rest = s.load(d) - mean - s.load(x) * along;
                (scale * rest).keep_first(lanes).mul_add(s.splat(1.0), s.load(to)).store(to);
            }
        }
    });
}

/// How one block modulates its second norm: x = (1 + scale) ⊙ (gain ⊙ x̂ + shift) + offset.
#[derive(Clone, Copy)]
pub(super) struct Modulation<'a> {
    pub vectors: usize,
    pub tokens: usize,
    /// The norm's gain and shift.
    pub gain: &'a [f32],
    pub shift: &'a [f32],
    /// For each sample a row of `stride` numbers that begins with the block's offset, then 1 + scale.
    pub samples: &'a [f32],
    pub stride: usize,
}

/// What a norm has by way of gain and shift, and the gradients that go there.
pub(super) struct NormGradient<'a> {
    pub gain: &'a mut [f32],
    pub shift: &'a mut [f32],
}

impl Modulation<'_> {
    /// The modulated rows of `normal`, sample by sample.
    pub fn forward<S: Simd>(self, s: S, normal: &[f32], out: &mut [f32]) {
        let Modulation { vectors, tokens, .. } = self;
        s.enter(#[inline(always)] || {
            let (gain, shift) = (self.gain.as_chunks::<LANES>().0, self.shift.as_chunks::<LANES>().0);
            let normal = normal.as_chunks::<LANES>().0.chunks_exact(vectors * tokens);
            let out = out.as_chunks_mut::<LANES>().0.chunks_exact_mut(vectors * tokens);
            for ((by, normal), out) in self.samples.chunks(self.stride).zip(normal).zip(out) {
                let by = by.as_chunks::<LANES>().0;
                for j in 0..vectors {
                    let scale = s.load(&by[vectors + j]);
                    let factor = scale * s.load(&gain[j]);
                    let offset = scale.mul_add(s.load(&shift[j]), s.load(&by[j]));
                    for i in 0..tokens {
                        let at = i * vectors + j;
                        s.load(&normal[at]).mul_add(factor, offset).store(&mut out[at]);
                    }
                }
            }
        });
    }

    /// From the gradient with respect to the modulated rows, in place, that with respect to x̂; those of the samples'
    /// offsets and scales are written, those of gain and shift added.
    pub fn backward<S: Simd>(
        self,
        s: S,
        normal: &[f32],
        gradient: &mut [f32],
        of_samples: &mut [f32],
        of_norm: NormGradient,
    ) {
        let Modulation { vectors, tokens, .. } = self;
        s.enter(#[inline(always)] || {
            let (gain, shift) = (self.gain.as_chunks::<LANES>().0, self.shift.as_chunks::<LANES>().0);
            let of_gain = of_norm.gain.as_chunks_mut::<LANES>().0;
            let of_shift = of_norm.shift.as_chunks_mut::<LANES>().0;
            let normal = normal.as_chunks::<LANES>().0.chunks_exact(vectors * tokens);
            let gradient = gradient.as_chunks_mut::<LANES>().0.chunks_exact_mut(vectors * tokens);
            let samples = self.samples.chunks(self.stride).zip(of_samples.chunks_mut(self.stride));
            for (((by, of_by), normal), gradient) in samples.zip(normal).zip(gradient) {
                let (by, of_by) = (by.as_chunks::<LANES>().0, of_by.as_chunks_mut::<LANES>().0);
                for j in 0..vectors {
                    let scale = s.load(&by[vectors + j]);
                    let factor = scale * s.load(&gain[j]);
                    let (mut sum, mut along) = (s.zero(), s.zero());
                    for i in 0..tokens {
                        let at = i * vectors + j;
                        let d = s.load(&gradient[at]);
                        sum = sum + d;
                        along = d.mul_add(s.load(&normal[at]), along);
                        (d * factor).store(&mut gradient[at]);
                    }
                    sum.store(&mut of_by[j]);
                    along.mul_add(s.load(&gain[j]), sum * s.load(&shift[j])).store(&mut of_by[vectors + j]);
                    along.mul_add(scale, s.load(&of_gain[j])).store(&mut of_gain[j]);
                    sum.mul_add(scale, s.load(&of_shift[j])).store(&mut of_shift[j]);
                }
            }
        });
    }
}
