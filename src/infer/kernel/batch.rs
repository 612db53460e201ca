//! The same small operation on many matrices: one for each head of each sample.
//!
//! What a single small matrix needs by way of sizes and addresses is worked out once for all of them.
#![allow(unsafe_code)] // The loops walk pointers; `Places::check` has made sure that they stay inside.

use super::lanes::{LANES, Lanes, Simd};
use super::product::{Sizes, Walk, tile};

/// How many matrices there are.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub samples: usize,
    pub heads: usize,
}

/// Where the matrices lie: the first one, and the steps to the next row, head and sample.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub first: usize,
    pub row: usize,
    pub head: usize,
    pub sample: usize,
}

impl Places {
    /// Panics unless matrices of `rows × columns` lie inside `len` numbers.
    fn check(self, len: usize, count: Count, rows: usize, columns: usize) {
        let last = (count.samples - 1) * self.sample + (count.heads - 1) * self.head + (rows - 1) * self.row;
        let needed = self.first + last + columns;
        assert!(len >= needed, "matrices end at {needed} in a memory of {len} numbers");
    }

    #[inline(always)]
    fn of(self, sample: usize, head: usize) -> usize {
        self.first + sample * self.sample + head * self.head
    }
}

/// Where the sums start: matrix `index[sample]` of those that follow each other in `data`, for all heads.
#[derive(Clone, Copy)]
pub(super) struct Starts<'a> {
    pub data: &'a [f32],
    pub index: &'a [u32],
    pub stride: usize,
}

/// C = start + A·B for every head of every sample, or Aᵀ·B where A is given transposed. Of B and the starts, whole
/// vectors are read: up to 15 numbers beyond a row's end.
pub(super) fn products<S: Simd, const TRANSPOSED: bool>(
    s: S,
    count: Count,
    sizes: Sizes,
    (a, of_a): (&[f32], Places),
    (b, of_b): (&[f32], Places),
    (c, of_c): (&mut [f32], Places),
    starts: Option<Starts>,
) {
    let Sizes { rows, terms, columns } = sizes;
    if count.samples == 0 || count.heads == 0 || rows == 0 || columns == 0 || terms == 0 {
        return;
    }
    let whole = columns.next_multiple_of(LANES);
    let (a_rows, a_columns) = if TRANSPOSED { (terms, rows) } else { (rows, terms) };
    of_a.check(a.len(), count, a_rows, a_columns);
    of_b.check(b.len(), count, terms, whole);
    of_c.check(c.len(), count, rows, columns);
    if let Some(starts) = starts {
        let masks = starts.data.len() / (rows * starts.stride);
        assert!(starts.stride >= whole && starts.index.len() >= count.samples, "every sample has a start");
        assert!(starts.index.iter().all(|&mask| (mask as usize) < masks), "a sample's mask is in the table");
    }
    let (a_row, a_term) = if TRANSPOSED { (1, of_a.row) } else { (of_a.row, 1) };
    let walks = Walks { count, a: a.as_ptr(), of_a, b: b.as_ptr(), of_b, c: c.as_mut_ptr(), of_c, starts };
    s.enter(
        #[inline(always)]
        || {
            for column in (0..columns).step_by(LANES) {
                let lanes = LANES.min(columns - column);
                let mut row = 0;
                macro_rules! of_height {
                    ($($height:literal)*) => {$(
                        if const { S::TILE_ROWS[0] >= $height } {
                            while rows - row >= $height {
                                walks.each(sizes, [row, column], a_row, lanes, #[inline(always)] |walk| unsafe {
                                    tile::<S, $height, 1>(s, walk, a_row, a_term);
                                });
                                row += $height;
                            }
                        }
                    )*};
                }
                of_height!(16 12 8 6 4 2 1);
            }
        },
    );
}

/// The matrices of [`products`].
#[derive(Clone, Copy)]
struct Walks<'a> {
    count: Count,
    a: *const f32,
    of_a: Places,
    b: *const f32,
    of_b: Places,
    c: *mut f32,
    of_c: Places,
    starts: Option<Starts<'a>>,
}

impl Walks<'_> {
    /// The same tile of every matrix, whose first row and column are given.
    #[inline(always)]
    fn each(self, sizes: Sizes, [row, column]: [usize; 2], a_row: usize, lanes: usize, tile: impl Fn(Walk)) {
        for sample in 0..self.count.samples {
            // In bounds: the sizes were checked for the last sample and head.
            let (from, from_stride) = match self.starts {
                Some(starts) => {
                    let first = starts.index[sample] as usize * sizes.rows * starts.stride;
                    let from = unsafe { starts.data.as_ptr().add(first + row * starts.stride + column) };
                    (from, starts.stride)
                }
                None => (std::ptr::null(), 0),
            };
            for head in 0..self.count.heads {
                tile(unsafe {
                    Walk {
                        terms: sizes.terms,
                        a: self.a.add(self.of_a.of(sample, head) + row * a_row),
                        b: self.b.add(self.of_b.of(sample, head) + column),
                        b_stride: self.of_b.row,
                        c: self.c.add(self.of_c.of(sample, head) + row * self.of_c.row + column),
                        c_stride: self.of_c.row,
                        from,
                        from_stride,
                        bias: std::ptr::null(),
                        lanes,
                    }
                });
            }
        }
    }
}

/// Every matrix of `rows × columns` transposed; what fills up the rows of the result to whole vectors is zero. Of the
/// matrices, whole vectors are read: up to 15 numbers beyond a row's end.
pub(super) fn transposes<S: Simd>(
    s: S,
    count: Count,
    [rows, columns]: [usize; 2],
    (from, of_from): (&[f32], Places),
    (to, of_to): (&mut [f32], Places),
) {
    if count.samples == 0 || count.heads == 0 || rows == 0 || columns == 0 {
        return;
    }
    of_from.check(from.len(), count, rows, columns.next_multiple_of(LANES));
    of_to.check(to.len(), count, columns, rows.next_multiple_of(LANES));
    let (from_base, to_base) = (from.as_ptr(), to.as_mut_ptr());
    s.enter(
        #[inline(always)]
        || {
            for sample in 0..count.samples {
                for head in 0..count.heads {
                    let (from, to) = (of_from.of(sample, head), of_to.of(sample, head));
                    for row in (0..rows).step_by(LANES) {
                        for column in (0..columns).step_by(LANES) {
                            let corner = [LANES.min(rows - row), LANES.min(columns - column)];
                            unsafe {
                                let from = from_base.add(from + row * of_from.row + column);
                                let to = to_base.add(to + column * of_to.row + row);
                                transpose_corner(s, corner, from, of_from.row, to, of_to.row);
                            }
                        }
                    }
                }
            }
        },
    );
}

/// At most sixteen rows and columns.
#[inline(always)]
unsafe fn transpose_corner<S: Simd>(
    s: S,
    [rows, columns]: [usize; 2],
    from: *const f32,
    from_row: usize,
    to: *mut f32,
    to_row: usize,
) {
    unsafe {
        let turned = if rows <= 4 {
            S::V::transpose_four(load_rows(s, rows, from, from_row))
        } else {
            S::V::transpose(load_rows(s, rows, from, from_row))
        };
        for (j, row) in turned.iter().enumerate() {
            if j < columns {
                row.store(&mut *to.add(j * to_row).cast());
            }
        }
    }
}

/// The vectors that begin N rows, zero from `rows` on.
#[inline(always)]
unsafe fn load_rows<S: Simd, const N: usize>(
    s: S,
    rows: usize,
    from: *const f32,
    stride: usize,
) -> [S::V; N] {
    let mut loaded = [s.zero(); N];
    for (i, to) in loaded.iter_mut().enumerate() {
        if i < rows {
            *to = s.load(unsafe { &*from.add(i * stride).cast() });
        }
    }
    loaded
}
