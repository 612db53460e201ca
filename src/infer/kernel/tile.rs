//! One tile of a product: a few rows of C, one to four vectors wide, whose sums live in registers.
#![allow(unsafe_code)] // Walks pointers; `product` has checked that they stay inside their matrices.

use super::lanes::{LANES, Lanes, Simd};

/// Where a tile of C = start + A·B lies, and what it is computed from. Rows are so many numbers apart.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// How many terms the sums have.
    pub terms: usize,
    /// The tile's rows of A: steps from row to row, and from term to term.
    pub a: *const f32,
    pub a_row: usize,
    pub a_term: usize,
    /// The tile's columns of B.
    pub b: *const f32,
    pub b_row: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// Where the sums start, for each number of the tile; null for zero, with rows no numbers apart.
    pub start: *const f32,
    pub start_row: usize,
    /// The same for all rows; null for zero.
    pub bias: *const f32,
    /// How many lanes of a row's last vector are stored.
    pub lanes: usize,
}

impl Tile {
    /// Computes `ROWS` rows of `WIDE` vectors.
    ///
    /// For every term it reads a row of B's vectors and multiplies it with one number of A for each row of the tile.
    ///
    /// # Safety
    ///
    /// The pointers lead to matrices of these sizes, of which those of B, start and bias have whole vectors.
    #[inline(always)]
    pub unsafe fn compute<S: Simd, const ROWS: usize, const WIDE: usize>(self, s: S) {
        unsafe {
            let mut sums = self.starts::<S, ROWS, WIDE>(s);
            for k in 0..self.terms {
                let mut right = [s.zero(); WIDE];
                for (j, right) in right.iter_mut().enumerate() {
                    *right = load(s, self.b.add(k * self.b_row + j * LANES));
                }
                for (i, row) in sums.iter_mut().enumerate() {
                    let left = s.splat(*self.a.add(i * self.a_row + k * self.a_term));
                    for (sum, right) in row.iter_mut().zip(right) {
                        *sum = left.mul_add(right, *sum);
                    }
                }
            }
            self.store(sums);
        }
    }

    /// The tile below one of so many rows; it may lie outside as long as it is not computed.
    #[inline(always)]
    pub fn below<const ROWS: usize>(self) -> Tile {
        Tile {
            a: self.a.wrapping_add(ROWS * self.a_row),
            c: self.c.wrapping_add(ROWS * self.c_row),
            start: self.start.wrapping_add(ROWS * self.start_row),
            ..self
        }
    }

    #[inline(always)]
    unsafe fn starts<S: Simd, const ROWS: usize, const WIDE: usize>(self, s: S) -> [[S::V; WIDE]; ROWS] {
        let mut sums = [[s.zero(); WIDE]; ROWS];
        if !self.start.is_null() {
            for (i, row) in sums.iter_mut().enumerate() {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = unsafe { load(s, self.start.add(i * self.start_row + j * LANES)) };
                }
            }
        }
        if !self.bias.is_null() {
            let mut bias = [s.zero(); WIDE];
            for (j, bias) in bias.iter_mut().enumerate() {
                *bias = unsafe { load(s, self.bias.add(j * LANES)) };
            }
            for row in &mut sums {
                for (sum, bias) in row.iter_mut().zip(bias) {
                    *sum = *sum + bias;
                }
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn store<V: Lanes, const ROWS: usize, const WIDE: usize>(self, sums: [[V; WIDE]; ROWS]) {
        for (i, row) in sums.iter().enumerate() {
            for (j, sum) in row.iter().enumerate() {
                unsafe {
                    let to = self.c.add(i * self.c_row + j * LANES);
                    if j + 1 < WIDE || self.lanes == LANES {
                        sum.store(&mut *to.cast());
                    } else {
                        sum.store_first(std::slice::from_raw_parts_mut(to, self.lanes));
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn load<S: Simd>(s: S, from: *const f32) -> S::V {
    s.load(unsafe { &*from.cast() })
}
