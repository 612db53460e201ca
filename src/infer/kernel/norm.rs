//! Layer norm, forward and back, and the modulation of its output by the noise level.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::lanes::{LANES, Lanes, Simd};
use crate::network::NORM_EPSILON;

/// Rows of `width` numbers in whole vectors.
#[derive(Clone, Copy)]
pub(super) struct RowShape {
    width: usize,
    pub vectors: usize,
    /// 1 / width.
    share: f32,
}

impl RowShape {
    pub fn new(width: usize) -> RowShape {
        RowShape { width, vectors: width.div_ceil(LANES), share: 1.0 / width as f32 }
    }

    /// How many lanes of a row's vector are in use.
    #[inline(always)]
    fn used(self, vector: usize) -> usize {
        LANES.min(self.width - vector * LANES)
    }
}

/// x̂ = (h − mean) · r with r = 1/√(variance + ε), for every row; padding of `h` and x̂ is zero.
pub(super) fn normalise<S: Simd>(s: S, shape: RowShape, h: &[f32], normal: &mut [f32], scale: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let (h, normal) = (h.as_chunks::<LANES>().0, normal.as_chunks_mut::<LANES>().0);
            let (fours, rest) = scale.as_chunks_mut::<4>();
            let ones = fours.len() * 4 * shape.vectors;
            for (i, scale) in fours.iter_mut().enumerate() {
                let at = i * 4 * shape.vectors;
                normalise_rows(s, shape, &h[at..], &mut normal[at..], scale);
            }
            for (i, scale) in rest.iter_mut().enumerate() {
                let at = ones + i * shape.vectors;
                normalise_rows(s, shape, &h[at..], &mut normal[at..], std::array::from_mut(scale));
            }
        },
    );
}

/// A few rows together, so that the sums across vectors of one hide behind those of the others.
#[inline(always)]
fn normalise_rows<S: Simd, const ROWS: usize>(
    s: S,
    shape: RowShape,
    h: &[[f32; LANES]],
    normal: &mut [[f32; LANES]],
    scale: &mut [f32; ROWS],
) {
    let vectors = shape.vectors;
    let (h, normal) = (&h[..ROWS * vectors], &mut normal[..ROWS * vectors]);
    let mut sums = [s.zero(); ROWS];
    for (i, sum) in sums.iter_mut().enumerate() {
        for x in &h[i * vectors..][..vectors] {
            *sum = *sum + s.load(x);
        }
    }
    let means = totals::<S, ROWS>(sums);
    let mut squares = [s.zero(); ROWS];
    for i in 0..ROWS {
        let mean = s.splat(means[i] * shape.share);
        for j in 0..vectors {
            let centred = (s.load(&h[i * vectors + j]) - mean).keep_first(shape.used(j));
            squares[i] = centred.mul_add(centred, squares[i]);
            centred.store(&mut normal[i * vectors + j]);
        }
    }
    *scale = totals::<S, ROWS>(squares);
    for r in scale.iter_mut() {
        *r = 1.0 / (*r * shape.share + NORM_EPSILON).sqrt();
    }
    for i in 0..ROWS {
        let r = s.splat(scale[i]);
        for x in &mut normal[i * vectors..][..vectors] {
            (s.load(x) * r).store(x);
        }
    }
}

/// dh += r · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ ⊙ x̂)), for every row.
pub(super) fn normalise_back<S: Simd>(
    s: S,
    shape: RowShape,
    of_normal: &[f32],
    (normal, scale): (&[f32], &[f32]),
    of_h: &mut [f32],
) {
    s.enter(
        #[inline(always)]
        || {
            let (of_normal, normal) = (of_normal.as_chunks::<LANES>().0, normal.as_chunks::<LANES>().0);
            let of_h = of_h.as_chunks_mut::<LANES>().0;
            let (fours, rest) = scale.as_chunks::<4>();
            let ones = fours.len() * 4 * shape.vectors;
            for (i, scale) in fours.iter().enumerate() {
                let at = i * 4 * shape.vectors;
                normalise_rows_back(s, shape, &of_normal[at..], (&normal[at..], scale), &mut of_h[at..]);
            }
            for (i, scale) in rest.iter().enumerate() {
                let at = ones + i * shape.vectors;
                let scale = std::array::from_ref(scale);
                normalise_rows_back(s, shape, &of_normal[at..], (&normal[at..], scale), &mut of_h[at..]);
            }
        },
    );
}

#[inline(always)]
fn normalise_rows_back<S: Simd, const ROWS: usize>(
    s: S,
    shape: RowShape,
    of_normal: &[[f32; LANES]],
    (normal, scale): (&[[f32; LANES]], &[f32; ROWS]),
    of_h: &mut [[f32; LANES]],
) {
    let vectors = shape.vectors;
    let (of_normal, normal) = (&of_normal[..ROWS * vectors], &normal[..ROWS * vectors]);
    let of_h = &mut of_h[..ROWS * vectors];
    let (mut sums, mut dots) = ([s.zero(); ROWS], [s.zero(); ROWS]);
    for i in 0..ROWS {
        for j in i * vectors..(i + 1) * vectors {
            let d = s.load(&of_normal[j]);
            sums[i] = sums[i] + d;
            dots[i] = d.mul_add(s.load(&normal[j]), dots[i]);
        }
    }
    let (sums, dots) = (totals::<S, ROWS>(sums), totals::<S, ROWS>(dots));
    for i in 0..ROWS {
        let (mean, along) = (s.splat(sums[i] * shape.share), s.splat(dots[i] * shape.share));
        let r = s.splat(scale[i]);
        for j in 0..vectors {
            let at = i * vectors + j;
            let rest = s.load(&of_normal[at]) - mean - s.load(&normal[at]) * along;
            ((r * rest).keep_first(shape.used(j)) + s.load(&of_h[at])).store(&mut of_h[at]);
        }
    }
}

/// The sum of the lanes of every vector.
#[inline(always)]
fn totals<S: Simd, const ROWS: usize>(vectors: [S::V; ROWS]) -> [f32; ROWS] {
    let mut totals = [0.0; ROWS];
    if let (Some(vectors), Some(totals)) = (vectors.first_chunk(), totals.first_chunk_mut()) {
        *totals = S::V::sum_four(*vectors);
    } else {
        for (total, vector) in totals.iter_mut().zip(vectors) {
            *total = vector.sum();
        }
    }
    totals
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
        s.enter(
            #[inline(always)]
            || {
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
            },
        );
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
        s.enter(
            #[inline(always)]
            || {
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
                        along
                            .mul_add(s.load(&gain[j]), sum * s.load(&shift[j]))
                            .store(&mut of_by[vectors + j]);
                        along.mul_add(scale, s.load(&of_gain[j])).store(&mut of_gain[j]);
                        sum.mul_add(scale, s.load(&of_shift[j])).store(&mut of_shift[j]);
                    }
                }
            },
        );
    }
}
