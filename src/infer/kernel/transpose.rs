//! Matrices transposed: one, or one for each head of each sample.
#![allow(unsafe_code)] // The loops walk pointers; `transpose` checks once that they stay inside.

use super::lanes::{LANES, Lanes, Simd};
use super::product::{Count, Matrix, MatrixMut};

/// `to` = `from`ᵀ for each of `count` matrices, `from` being `rows × columns`; what fills up the rows of `to` to whole
/// vectors is zero. Of `from` whole vectors are read: up to 15 numbers beyond a row's end.
pub(super) fn transpose<S: Simd>(
    s: S,
    count: Count,
    [rows, columns]: [usize; 2],
    from: Matrix,
    to: MatrixMut,
) {
    if count.samples * count.heads * rows * columns == 0 {
        return;
    }
    from.places.check(from.data.len(), count, rows, columns.next_multiple_of(LANES));
    to.places.check(to.data.len(), count, columns, rows.next_multiple_of(LANES));
    let (of_from, of_to) = (from.places, to.places);
    let (from, to) = (from.data.as_ptr(), to.data.as_mut_ptr());
    s.enter(
        #[inline(always)]
        || {
            for sample in 0..count.samples {
                for head in 0..count.heads {
                    let (first, first_to) = (of_from.of(sample, head), of_to.of(sample, head));
                    for row in (0..rows).step_by(LANES) {
                        for column in (0..columns).step_by(LANES) {
                            let size = [LANES.min(rows - row), LANES.min(columns - column)];
                            // Inside: the last row and column of the last matrix are.
                            unsafe {
                                let from = from.add(first + row * of_from.row + column);
                                let to = to.add(first_to + column * of_to.row + row);
                                block(s, size, from, of_from.row, to, of_to.row);
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
unsafe fn block<S: Simd>(
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
