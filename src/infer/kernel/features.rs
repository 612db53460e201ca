//! What numbers are fed to the network as: themselves, and sines and cosines of many frequencies.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::buffer::Buffer;
use super::functions::{fractions, sine_cosine};
use super::lanes::{LANES, Lanes, Simd};
use super::product::{Left, Matrix};
use std::f64::consts::TAU;

/// Features of tokens or of noise levels; each feature is a row, so that sixteen numbers make sixteen sines at once.
pub(super) struct Features {
    pub(super) rows: Buffer,
    /// Length of a row.
    stride: usize,
}

impl Features {
    /// Room for so many features of so many numbers.
    pub fn new(features: usize, numbers: usize) -> Features {
        let stride = numbers.next_multiple_of(LANES);
        Features { rows: Buffer::new(features * stride), stride }
    }

    /// The features as a left factor with a row for each number.
    pub fn by_number(&self) -> Left<'_> {
        Left::Transposed(Matrix::new(&self.rows, self.stride))
    }

    /// The features as a left factor with a row for each feature.
    pub fn by_feature(&self) -> Left<'_> {
        Left::Plain(Matrix::new(&self.rows, self.stride))
    }

    /// Feature `row` of every number, and whatever fills it up.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.stride..][..self.stride]
    }

    /// Feature `row` is x itself.
    pub fn set(&mut self, row: usize, x: &[f32]) {
        self.rows[row * self.stride..][..x.len()].copy_from_slice(x);
    }

    /// The features from `row` on are sin(ω x) for every frequency ω, then cos(ω x).
    ///
    /// Absolute error below 5e-7 while |ω x| is below 10^8: angles are computed and reduced in double precision.
    pub fn set_waves<S: Simd>(&mut self, s: S, row: usize, frequencies: &[f32], x: &[f32]) {
        let stride = self.stride;
        let rows = &mut self.rows[row * stride..][..2 * frequencies.len() * stride];
        let (sines, cosines) = rows.split_at_mut(frequencies.len() * stride);
        let rows = sines.chunks_exact_mut(stride).zip(cosines.chunks_exact_mut(stride));
        for (frequency, (sines, cosines)) in frequencies.iter().zip(rows) {
            waves(s, f64::from(*frequency) / TAU, x, sines, cosines);
        }
    }
}

/// sin and cos of 2π · `turns` · x.
fn waves<S: Simd>(s: S, turns: f64, x: &[f32], sines: &mut [f32], cosines: &mut [f32]) {
    s.enter(
        #[inline(always)]
        || {
            let (sines, cosines) = (sines.as_chunks_mut::<LANES>().0, cosines.as_chunks_mut::<LANES>().0);
            for (x, (sine, cosine)) in x.chunks(LANES).zip(sines.iter_mut().zip(cosines)) {
                let mut angles = [0.0; LANES];
                for (angle, x) in angles.iter_mut().zip(x) {
                    *angle = f64::from(*x) * turns;
                }
                let (a, b) = sine_cosine(s, s.load(&fractions(angles)));
                a.store(sine);
                b.store(cosine);
            }
        },
    );
}
