//! How the noise level modulates a block's second norm.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::lanes::{LANES, Lanes, Simd};
use std::ops::Range;

/// x = (1 + scale) ⊙ (gain ⊙ x̂ + shift) + offset, where the noise level of the sample gives scale and offset.
#[derive(Clone, Copy)]
pub(super) struct Modulation<'a> {
    /// Vectors in a row.
    pub vectors: usize,
    /// Rows of each sample.
    pub counts: &'a [u32],
    /// The norm's gain and shift.
    pub gain: &'a [f32],
    pub shift: &'a [f32],
    /// For each sample a row of `stride` numbers that begins with the block's offset, then 1 + scale.
    pub levels: &'a [f32],
    pub stride: usize,
}

/// Where the gradients of a modulation go.
pub(super) struct Gradient<'a> {
    /// Offset and scale of each sample, laid out as [`Modulation::levels`].
    pub levels: &'a mut [f32],
    /// Added to.
    pub gain: &'a mut [f32],
    pub shift: &'a mut [f32],
}

impl<'a> Modulation<'a> {
    /// The vectors of each sample's rows.
    #[inline(always)]
    fn samples(self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let (vectors, mut end) = (self.vectors, 0);
        self.counts.iter().map(move |count| {
            let start = end;
            end += *count as usize * vectors;
            start..end
        })
    }

    /// The modulated rows of x̂.
    pub fn forward<S: Simd>(self, s: S, normal: &[f32], out: &mut [f32]) {
        let vectors = self.vectors;
        s.enter(
            #[inline(always)]
            || {
                let (gain, shift) = (self.gain.as_chunks::<LANES>().0, self.shift.as_chunks::<LANES>().0);
                let (normal, out) = (normal.as_chunks::<LANES>().0, out.as_chunks_mut::<LANES>().0);
                for (level, rows) in self.levels.chunks(self.stride).zip(self.samples()) {
                    let level = level.as_chunks::<LANES>().0;
                    for j in 0..vectors {
                        let scale = s.load(&level[vectors + j]);
                        let factor = scale * s.load(&gain[j]);
                        let offset = scale.mul_add(s.load(&shift[j]), s.load(&level[j]));
                        for at in rows.clone().skip(j).step_by(vectors) {
                            s.load(&normal[at]).mul_add(factor, offset).store(&mut out[at]);
                        }
                    }
                }
            },
        );
    }

    /// Turns the gradient with respect to x, in place, into that with respect to x̂.
    pub fn backward<S: Simd>(self, s: S, normal: &[f32], of_x: &mut [f32], to: Gradient) {
        let vectors = self.vectors;
        s.enter(
            #[inline(always)]
            || {
                let (gain, shift) = (self.gain.as_chunks::<LANES>().0, self.shift.as_chunks::<LANES>().0);
                let of_gain = to.gain.as_chunks_mut::<LANES>().0;
                let of_shift = to.shift.as_chunks_mut::<LANES>().0;
                let (normal, of_x) = (normal.as_chunks::<LANES>().0, of_x.as_chunks_mut::<LANES>().0);
                let levels = self.levels.chunks(self.stride).zip(to.levels.chunks_mut(self.stride));
                for ((level, of_level), rows) in levels.zip(self.samples()) {
                    let (level, of_level) =
                        (level.as_chunks::<LANES>().0, of_level.as_chunks_mut::<LANES>().0);
                    for j in 0..vectors {
                        let (gain, shift) = (s.load(&gain[j]), s.load(&shift[j]));
                        let scale = s.load(&level[vectors + j]);
                        let factor = scale * gain;
                        let (mut sum, mut along) = (s.zero(), s.zero());
                        for at in rows.clone().skip(j).step_by(vectors) {
                            let d = s.load(&of_x[at]);
                            sum = sum + d;
                            along = d.mul_add(s.load(&normal[at]), along);
                            (d * factor).store(&mut of_x[at]);
                        }
                        sum.store(&mut of_level[j]);
                        along.mul_add(gain, sum * shift).store(&mut of_level[vectors + j]);
                        along.mul_add(scale, s.load(&of_gain[j])).store(&mut of_gain[j]);
                        sum.mul_add(scale, s.load(&of_shift[j])).store(&mut of_shift[j]);
                    }
                }
            },
        );
    }
}
