//! Operations that go through memory once: activations with their derivatives, sums of rows.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::buffer::Buffer;
use super::lanes::{LANES, Lanes, Simd};

/// The outputs of an activation, and its derivatives for the way back.
pub(super) struct Activated {
    pub value: Buffer,
    /// The derivatives; until [`Activated::forward`], the inputs.
    pub slope: Buffer,
}

impl Activated {
    /// Room for so many numbers.
    pub fn new(len: usize) -> Activated {
        Activated { value: Buffer::new(len), slope: Buffer::new(len) }
    }

    /// Applies a function that gives its value and its derivative to the first `len` numbers.
    pub fn forward<S: Simd>(&mut self, s: S, len: usize, function: impl Fn(S, S::V) -> (S::V, S::V)) {
        let (x, value) = (&mut self.slope[..len], &mut self.value[..len]);
        s.enter(
            #[inline(always)]
            || {
                for (x, value) in
                    x.as_chunks_mut::<LANES>().0.iter_mut().zip(value.as_chunks_mut::<LANES>().0)
                {
                    let (y, slope) = function(s, s.load(x));
                    y.store(value);
                    slope.store(x);
                }
            },
        );
    }

    /// Applies a function without its derivative to the first `len` numbers.
    pub fn apply<S: Simd>(&mut self, s: S, len: usize, function: impl Fn(S, S::V) -> S::V) {
        let (x, value) = (&self.slope[..len], &mut self.value[..len]);
        s.enter(
            #[inline(always)]
            || {
                for (x, value) in x.as_chunks::<LANES>().0.iter().zip(value.as_chunks_mut::<LANES>().0) {
                    function(s, s.load(x)).store(value);
                }
            },
        );
    }

    /// Turns the gradient with respect to the outputs, in place, into that with respect to the inputs.
    pub fn backward<S: Simd>(&self, s: S, gradient: &mut [f32]) {
        s.enter(
            #[inline(always)]
            || {
                let slope = self.slope.as_chunks::<LANES>().0;
                for (d, slope) in gradient.as_chunks_mut::<LANES>().0.iter_mut().zip(slope) {
                    (s.load(d) * s.load(slope)).store(d);
                }
            },
        );
    }
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
                // Two sums, because an addition takes longer than the next load.
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
