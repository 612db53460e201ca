//! Layer norm without gain and shift, forward and back.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::buffer::Buffer;
use super::lanes::{LANES, Lanes, Simd};
use crate::network::NORM_EPSILON;

/// So many rows of `width` numbers, each in whole vectors; what fills them up is zero.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub count: usize,
    pub width: usize,
}

impl Rows {
    /// Vectors in a row.
    #[inline(always)]
    pub fn vectors(self) -> usize {
        self.width.div_ceil(LANES)
    }

    /// Numbers in a row, padding included.
    #[inline(always)]
    pub fn stride(self) -> usize {
        self.vectors() * LANES
    }

    /// Numbers in all rows.
    #[inline(always)]
    pub fn len(self) -> usize {
        self.count * self.stride()
    }

    /// How many lanes of a row's vector are in use.
    #[inline(always)]
    fn used(self, vector: usize) -> usize {
        LANES.min(self.width - vector * LANES)
    }
}

/// Normalised rows x̂ and what they were multiplied with, 1/√(variance + ε).
pub(super) struct Normal {
    pub rows: Buffer,
    scale: Vec<f32>,
}

impl Normal {
    /// Room for so many rows.
    pub fn new(rows: Rows) -> Normal {
        Normal { rows: Buffer::new(rows.len()), scale: vec![0.0; rows.count] }
    }

    /// x̂ = (h − mean) · r with r = 1/√(variance + ε), for every row of h.
    pub fn forward<S: Simd>(&mut self, s: S, rows: Rows, h: &[f32]) {
        s.enter(
            #[inline(always)]
            || {
                let (h, normal) = (h.as_chunks::<LANES>().0, self.rows.as_chunks_mut::<LANES>().0);
                let (fours, rest) = self.scale[..rows.count].as_chunks_mut::<4>();
                let singles = fours.len() * 4;
                for (i, scale) in fours.iter_mut().enumerate() {
                    let at = i * 4 * rows.vectors();
                    normalise(s, rows, &h[at..], &mut normal[at..], scale);
                }
                for (i, scale) in rest.iter_mut().enumerate() {
                    let at = (singles + i) * rows.vectors();
                    normalise(s, rows, &h[at..], &mut normal[at..], std::array::from_mut(scale));
                }
            },
        );
    }

    /// dh += r · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ ⊙ x̂)), for every row.
    pub fn backward<S: Simd>(&self, s: S, rows: Rows, of_normal: &[f32], of_h: &mut [f32]) {
        s.enter(
            #[inline(always)]
            || {
                let (of_normal, of_h) = (of_normal.as_chunks::<LANES>().0, of_h.as_chunks_mut::<LANES>().0);
                let normal = self.rows.as_chunks::<LANES>().0;
                let (fours, rest) = self.scale[..rows.count].as_chunks::<4>();
                let singles = fours.len() * 4;
                for (i, scale) in fours.iter().enumerate() {
                    let at = i * 4 * rows.vectors();
                    normalise_back(s, rows, &of_normal[at..], (&normal[at..], scale), &mut of_h[at..]);
                }
                for (i, scale) in rest.iter().enumerate() {
                    let at = (singles + i) * rows.vectors();
                    let normal = (&normal[at..], std::array::from_ref(scale));
                    normalise_back(s, rows, &of_normal[at..], normal, &mut of_h[at..]);
                }
            },
        );
    }
}

/// A few rows together, so that the sums across vectors of one hide behind those of the others.
#[inline(always)]
fn normalise<S: Simd, const N: usize>(
    s: S,
    rows: Rows,
    h: &[[f32; LANES]],
    normal: &mut [[f32; LANES]],
    scale: &mut [f32; N],
) {
    let (vectors, share) = (rows.vectors(), 1.0 / rows.width as f32);
    let (h, normal) = (&h[..N * vectors], &mut normal[..N * vectors]);
    let mut sums = [s.zero(); N];
    for (i, sum) in sums.iter_mut().enumerate() {
        for x in &h[i * vectors..][..vectors] {
            *sum = *sum + s.load(x);
        }
    }
    let means = totals::<S, N>(sums);
    let mut squares = [s.zero(); N];
    for i in 0..N {
        let mean = s.splat(means[i] * share);
        for j in 0..vectors {
            let centred = (s.load(&h[i * vectors + j]) - mean).keep_first(rows.used(j));
            squares[i] = centred.mul_add(centred, squares[i]);
            centred.store(&mut normal[i * vectors + j]);
        }
    }
    *scale = totals::<S, N>(squares);
    for r in scale.iter_mut() {
        *r = 1.0 / (*r * share + NORM_EPSILON).sqrt();
    }
    for i in 0..N {
        let r = s.splat(scale[i]);
        for x in &mut normal[i * vectors..][..vectors] {
            (s.load(x) * r).store(x);
        }
    }
}

#[inline(always)]
fn normalise_back<S: Simd, const N: usize>(
    s: S,
    rows: Rows,
    of_normal: &[[f32; LANES]],
    (normal, scale): (&[[f32; LANES]], &[f32; N]),
    of_h: &mut [[f32; LANES]],
) {
    let (vectors, share) = (rows.vectors(), 1.0 / rows.width as f32);
    let (of_normal, normal) = (&of_normal[..N * vectors], &normal[..N * vectors]);
    let of_h = &mut of_h[..N * vectors];
    let (mut sums, mut dots) = ([s.zero(); N], [s.zero(); N]);
    for i in 0..N {
        for j in i * vectors..(i + 1) * vectors {
            let d = s.load(&of_normal[j]);
            sums[i] = sums[i] + d;
            dots[i] = d.mul_add(s.load(&normal[j]), dots[i]);
        }
    }
    let (sums, dots) = (totals::<S, N>(sums), totals::<S, N>(dots));
    for i in 0..N {
        let (mean, along) = (s.splat(sums[i] * share), s.splat(dots[i] * share));
        let r = s.splat(scale[i]);
        for j in 0..vectors {
            let at = i * vectors + j;
            let rest = s.load(&of_normal[at]) - mean - s.load(&normal[at]) * along;
            ((r * rest).keep_first(rows.used(j)) + s.load(&of_h[at])).store(&mut of_h[at]);
        }
    }
}

/// The sum of the lanes of every vector.
#[inline(always)]
fn totals<S: Simd, const N: usize>(vectors: [S::V; N]) -> [f32; N] {
    let mut totals = [0.0; N];
    if let (Some(vectors), Some(totals)) = (vectors.first_chunk(), totals.first_chunk_mut()) {
        *totals = S::V::sum_four(*vectors);
    } else {
        for (total, vector) in totals.iter_mut().zip(vectors) {
            *total = vector.sum();
        }
    }
    totals
}
