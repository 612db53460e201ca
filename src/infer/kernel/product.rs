//! Products of matrices: C = start + A·B, in tiles that live in registers.
//!
//! A tile is a few rows of C, one to four vectors wide. For every term k of the sum it reads one row of B's vectors and
//! multiplies it with one number of A for each of its rows, so that the sums never leave the registers. Matrices are
//! row-major with any stride; A may be given transposed, which makes gradients of weights the same loop.
#![allow(unsafe_code)] // The innermost loop walks pointers; `product` checks once that they stay inside.

use super::lanes::{LANES, Lanes, Simd};

/// A row-major matrix in somebody's memory; a row starts `stride` numbers after the one before.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub data: &'a [f32],
    pub stride: usize,
}

/// A matrix to write to.
pub(super) struct MatrixMut<'a> {
    pub data: &'a mut [f32],
    pub stride: usize,
}

/// The left factor A, `rows × terms`.
#[derive(Clone, Copy)]
pub(super) enum Left<'a> {
    /// As it is.
    Plain(Matrix<'a>),
    /// As its transpose, `terms × rows`.
    Transposed(Matrix<'a>),
}

/// What the sums start from.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// Nothing.
    Zero,
    /// The same row for all.
    Bias(&'a [f32]),
    /// What is in C.
    Add,
    /// What is in C, and the same row for all.
    AddBias(&'a [f32]),
}

/// The sizes of a product: C is `rows × columns`, sums have `terms` terms.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub rows: usize,
    pub terms: usize,
    pub columns: usize,
}

impl<'a> Matrix<'a> {
    pub fn new(data: &'a [f32], stride: usize) -> Matrix<'a> {
        Matrix { data, stride }
    }

    /// Panics unless `rows × columns` lie inside.
    fn check(&self, rows: usize, columns: usize, what: &str) {
        let needed = if rows == 0 { 0 } else { (rows - 1) * self.stride + columns };
        assert!(self.data.len() >= needed, "{what} has {} numbers, {needed} are needed", self.data.len());
    }
}

impl<'a> MatrixMut<'a> {
    pub fn new(data: &'a mut [f32], stride: usize) -> MatrixMut<'a> {
        MatrixMut { data, stride }
    }
}

/// C = start + A·B. Of B and of the start, whole vectors are read: up to 15 numbers beyond a row's end.
pub(super) fn product<S: Simd>(s: S, sizes: Sizes, a: Left, b: Matrix, c: MatrixMut, start: Start) {
    let Sizes { rows, terms, columns } = sizes;
    if rows == 0 || columns == 0 {
        return;
    }
    let whole = columns.next_multiple_of(LANES);
    b.check(terms, whole, "the right factor");
    let adds = matches!(start, Start::Add | Start::AddBias(_));
    Matrix::new(c.data, c.stride).check(rows, if adds { whole } else { columns }, "the result");
    let null = std::ptr::null();
    let result = c.data.as_mut_ptr();
    let (from, from_stride) = match start {
        Start::Zero | Start::Bias(_) => (null, 0),
        Start::Add | Start::AddBias(_) => (result.cast_const(), c.stride),
    };
    let bias = match start {
        Start::Bias(bias) | Start::AddBias(bias) => {
            Matrix::new(bias, 0).check(1, whole, "the bias");
            bias.as_ptr()
        }
        Start::Zero | Start::Add => null,
    };
    let (b, b_stride, c_stride) = (b.data.as_ptr(), b.stride, c.stride);
    let walk =
        Walk { terms, a: null, b, b_stride, c: result, c_stride, from, from_stride, bias, lanes: LANES };
    match a {
        Left::Plain(a) => {
            a.check(rows, terms, "the left factor");
            let walk = Walk { a: a.data.as_ptr(), ..walk };
            s.enter(
                #[inline(always)]
                || unsafe { panels(s, walk, rows, columns, a.stride, 1) },
            );
        }
        Left::Transposed(a) => {
            a.check(terms, rows, "the left factor");
            let walk = Walk { a: a.data.as_ptr(), ..walk };
            s.enter(
                #[inline(always)]
                || unsafe { panels(s, walk, rows, columns, 1, a.stride) },
            );
        }
    }
}

/// Where a tile's matrices start.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub terms: usize,
    pub a: *const f32,
    pub b: *const f32,
    pub b_stride: usize,
    pub c: *mut f32,
    pub c_stride: usize,
    /// Null: start from zero.
    pub from: *const f32,
    pub from_stride: usize,
    /// Null: no bias.
    pub bias: *const f32,
    /// How many lanes of the last vector are stored.
    pub lanes: usize,
}

impl Walk {
    /// The same, for the columns from `column` on.
    #[inline(always)]
    unsafe fn right(self, column: usize) -> Walk {
        unsafe {
            Walk {
                b: self.b.add(column),
                c: self.c.add(column),
                from: if self.from.is_null() { self.from } else { self.from.add(column) },
                bias: if self.bias.is_null() { self.bias } else { self.bias.add(column) },
                ..self
            }
        }
    }

    /// The same, for the rows from `row` on.
    #[inline(always)]
    unsafe fn down(self, row: usize, a_row: usize) -> Walk {
        unsafe {
            Walk {
                a: self.a.add(row * a_row),
                c: self.c.add(row * self.c_stride),
                from: if self.from.is_null() { self.from } else { self.from.add(row * self.from_stride) },
                ..self
            }
        }
    }
}

/// Splits C into panels as wide as a tile. `a_row` and `a_term` are the steps in A from row to row and term to term.
#[inline(always)]
unsafe fn panels<S: Simd>(s: S, walk: Walk, rows: usize, columns: usize, a_row: usize, a_term: usize) {
    let mut column = 0;
    while column < columns {
        let left = (columns - column).div_ceil(LANES);
        let wide = panel_width::<S>(left);
        let last = wide == left;
        let lanes = if last { columns - column - (wide - 1) * LANES } else { LANES };
        unsafe {
            let walk = Walk { lanes, ..walk.right(column) };
            match wide {
                1 => tiles::<S, 1>(s, walk, rows, a_row, a_term),
                2 => tiles::<S, 2>(s, walk, rows, a_row, a_term),
                3 => tiles::<S, 3>(s, walk, rows, a_row, a_term),
                _ => tiles::<S, 4>(s, walk, rows, a_row, a_term),
            }
        }
        column += wide * LANES;
    }
}

/// How many of the `left` vectors the next panel takes: three make the best tile, but one must not be left over.
#[inline(always)]
fn panel_width<S: Simd>(left: usize) -> usize {
    if S::TILE_ROWS[1] == 0 {
        1
    } else if left == 4 || left == 8 {
        4
    } else {
        left.min(3)
    }
}

/// One panel from top to bottom: tiles of the full height, then lower ones for the rows left over.
#[inline(always)]
unsafe fn tiles<S: Simd, const WIDE: usize>(s: S, walk: Walk, rows: usize, a_row: usize, a_term: usize) {
    let mut row = 0;
    macro_rules! of_height {
        ($($height:literal)*) => {$(
            if const { S::TILE_ROWS[WIDE - 1] >= $height } {
                while rows - row >= $height {
                    unsafe { tile::<S, $height, WIDE>(s, walk.down(row, a_row), a_row, a_term) };
                    row += $height;
                }
            }
        )*};
    }
    of_height!(16 12 8 6 4 2 1);
}

/// One tile of C.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, const ROWS: usize, const WIDE: usize>(
    s: S,
    walk: Walk,
    a_row: usize,
    a_term: usize,
) {
    unsafe {
        let mut sums = [[s.zero(); WIDE]; ROWS];
        if !walk.from.is_null() {
            for (i, row) in sums.iter_mut().enumerate() {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = load(s, walk.from.add(i * walk.from_stride + j * LANES));
                }
            }
        }
        if !walk.bias.is_null() {
            for j in 0..WIDE {
                let bias = load(s, walk.bias.add(j * LANES));
                for row in &mut sums {
                    row[j] = row[j] + bias;
                }
            }
        }
        for k in 0..walk.terms {
            let mut right = [s.zero(); WIDE];
            for (j, right) in right.iter_mut().enumerate() {
                *right = load(s, walk.b.add(k * walk.b_stride + j * LANES));
            }
            for (i, row) in sums.iter_mut().enumerate() {
                let left = s.splat(*walk.a.add(i * a_row + k * a_term));
                for (sum, right) in row.iter_mut().zip(right) {
                    *sum = left.mul_add(right, *sum);
                }
            }
        }
        for (i, row) in sums.into_iter().enumerate() {
            for (j, sum) in row.into_iter().enumerate() {
                let to = walk.c.add(i * walk.c_stride + j * LANES);
                if j + 1 < WIDE || walk.lanes == LANES {
                    sum.store(&mut *to.cast());
                } else {
                    sum.store_first(std::slice::from_raw_parts_mut(to, walk.lanes));
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn load<S: Simd>(s: S, from: *const f32) -> S::V {
    s.load(unsafe { &*from.cast() })
}
