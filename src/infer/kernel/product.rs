//! Products of matrices, C = start + A·B: one, or the same one for each head of each sample.
//!
//! Matrices are row-major with any stride. A may be given transposed, which makes gradients of weights the same loop.
//! C is cut into panels as wide as a tile, panels into tiles; small matrices of one kind go through the same tile one
//! after the other, so that sizes and addresses are worked out once for all of them.
#![allow(unsafe_code)] // Tiles walk pointers; `product` checks once that they stay inside.

use super::lanes::{LANES, Simd};
use super::tile::Tile;

/// How many matrices there are.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub samples: usize,
    pub heads: usize,
}

/// Where matrices lie in memory: where the first one starts, and the steps to the next row, head and sample.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub first: usize,
    pub row: usize,
    pub head: usize,
    pub sample: usize,
}

/// Matrices in somebody's memory.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub data: &'a [f32],
    pub places: Places,
}

/// Matrices to write to.
pub(super) struct MatrixMut<'a> {
    pub data: &'a mut [f32],
    pub places: Places,
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
    /// For each sample a matrix of the size of C: the one with this index, counted in samples of `places`.
    Chosen { from: &'a [f32], places: Places, index: &'a [u32] },
}

/// The sizes of a product: C is `rows × columns`, sums have `terms` terms.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub rows: usize,
    pub terms: usize,
    pub columns: usize,
}

impl Count {
    /// A single matrix.
    pub const ONE: Count = Count { samples: 1, heads: 1 };
}

impl Places {
    /// A single matrix at the beginning.
    pub fn one(row: usize) -> Places {
        Places { first: 0, row, head: 0, sample: 0 }
    }

    /// The same matrices from this row and column on.
    pub fn at(self, row: usize, column: usize) -> Places {
        Places { first: self.first + row * self.row + column, ..self }
    }

    /// The matrices at these places of `data`.
    pub fn view(self, data: &[f32]) -> Matrix<'_> {
        Matrix { data, places: self }
    }

    /// The matrices at these places of `data`, to write to.
    pub fn view_mut(self, data: &mut [f32]) -> MatrixMut<'_> {
        MatrixMut { data, places: self }
    }

    /// Panics unless matrices of `rows × columns` lie inside of `len` numbers.
    pub fn check(self, len: usize, count: Count, rows: usize, columns: usize) {
        let last = (count.samples - 1) * self.sample + (count.heads - 1) * self.head;
        let needed = self.first + last + (rows - 1) * self.row + columns;
        assert!(len >= needed, "matrices end at {needed} in a memory of {len} numbers");
    }

    /// Where the matrix of a head of a sample starts.
    #[inline(always)]
    pub fn of(self, sample: usize, head: usize) -> usize {
        self.first + sample * self.sample + head * self.head
    }
}

impl<'a> Matrix<'a> {
    /// A single matrix.
    pub fn new(data: &'a [f32], stride: usize) -> Matrix<'a> {
        Matrix { data, places: Places::one(stride) }
    }
}

impl<'a> MatrixMut<'a> {
    /// A single matrix.
    pub fn new(data: &'a mut [f32], stride: usize) -> MatrixMut<'a> {
        MatrixMut { data, places: Places::one(stride) }
    }
}

/// C = start + A·B for each of `count` matrices. Of B and of the start whole vectors are read: up to 15 numbers beyond a
/// row's end.
pub(super) fn product<S: Simd>(
    s: S,
    count: Count,
    sizes: Sizes,
    a: Left,
    b: Matrix,
    c: MatrixMut,
    start: Start,
) {
    let Sizes { rows, terms, columns } = sizes;
    assert!(terms > 0, "sums have terms");
    if count.samples * count.heads * rows * columns == 0 {
        return;
    }
    let whole = columns.next_multiple_of(LANES);
    b.places.check(b.data.len(), count, terms, whole);
    let adds = matches!(start, Start::Add | Start::AddBias(_));
    c.places.check(c.data.len(), count, rows, if adds { whole } else { columns });
    start.check(count, rows, whole);
    let (a, transposed) = match a {
        Left::Plain(a) => {
            a.places.check(a.data.len(), count, rows, terms);
            (a, false)
        }
        Left::Transposed(a) => {
            a.places.check(a.data.len(), count, terms, rows);
            (a, true)
        }
    };
    let work = Work { count, sizes, a, b, c: c.data.as_mut_ptr(), of_c: c.places, start };
    if transposed {
        s.enter(
            #[inline(always)]
            || work.panels(s, 1, a.places.row),
        );
    } else {
        s.enter(
            #[inline(always)]
            || work.panels(s, a.places.row, 1),
        );
    }
}

impl Start<'_> {
    /// Panics unless there are enough numbers for matrices of `rows × whole`.
    fn check(self, count: Count, rows: usize, whole: usize) {
        match self {
            Start::Zero | Start::Add => {}
            Start::Bias(bias) | Start::AddBias(bias) => {
                assert!(bias.len() >= whole, "a bias of {} numbers for rows of {whole}", bias.len());
            }
            Start::Chosen { from, places, index } => {
                assert!(index.len() >= count.samples, "every sample has a start");
                let last = index.iter().max().map_or(0, |last| *last as usize);
                places.check(from.len(), Count { samples: last + 1, heads: 1 }, rows, whole);
            }
        }
    }
}

/// A checked product.
#[derive(Clone, Copy)]
struct Work<'a> {
    count: Count,
    sizes: Sizes,
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: *mut f32,
    of_c: Places,
    start: Start<'a>,
}

impl Work<'_> {
    /// Panel by panel. `a_row` and `a_term` are the steps in A from row to row and from term to term.
    #[inline(always)]
    fn panels<S: Simd>(self, s: S, a_row: usize, a_term: usize) {
        let mut column = 0;
        while column < self.sizes.columns {
            let wide = panel_width::<S>((self.sizes.columns - column).div_ceil(LANES));
            match wide {
                1 => self.panel::<S, 1>(s, column, a_row, a_term),
                2 => self.panel::<S, 2>(s, column, a_row, a_term),
                3 => self.panel::<S, 3>(s, column, a_row, a_term),
                _ => self.panel::<S, 4>(s, column, a_row, a_term),
            }
            column += wide * LANES;
        }
    }

    /// From top to bottom: tiles of the full height, then lower ones for the rows left over.
    #[inline(always)]
    fn panel<S: Simd, const WIDE: usize>(self, s: S, column: usize, a_row: usize, a_term: usize) {
        let mut row = 0;
        macro_rules! of_height {
            ($($height:literal)*) => {$(
                if const { tile_rows::<S>(WIDE) >= $height } && self.sizes.rows - row >= $height {
                    let tiles = (self.sizes.rows - row) / $height;
                    self.tiles::<S, $height, WIDE>(s, [row, column], tiles, a_row, a_term);
                    row += tiles * $height;
                }
            )*};
        }
        of_height!(16 12 8 6 4 2 1);
        debug_assert_eq!(row, self.sizes.rows, "tiles cover all rows");
    }

    /// So many tiles below each other, from this row and column on, of every matrix.
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize, const WIDE: usize>(
        self,
        s: S,
        [row, column]: [usize; 2],
        tiles: usize,
        a_row: usize,
        a_term: usize,
    ) {
        let lanes = LANES.min(self.sizes.columns - column - (WIDE - 1) * LANES);
        let (a, b) = (self.a.data.as_ptr(), self.b.data.as_ptr());
        for sample in 0..self.count.samples {
            for head in 0..self.count.heads {
                // Inside: the last row and column of the last matrix are.
                unsafe {
                    let c = self.c.add(self.of_c.of(sample, head) + row * self.of_c.row + column);
                    let (start, start_row) = self.start_of(sample, [row, column], c);
                    let mut tile = Tile {
                        terms: self.sizes.terms,
                        a: a.add(self.a.places.of(sample, head) + row * a_row),
                        a_row,
                        a_term,
                        b: b.add(self.b.places.of(sample, head) + column),
                        b_row: self.b.places.row,
                        c,
                        c_row: self.of_c.row,
                        start,
                        start_row,
                        bias: self.bias(column),
                        lanes,
                    };
                    for _ in 0..tiles {
                        tile.compute::<S, ROWS, WIDE>(s);
                        tile = tile.below::<ROWS>();
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn start_of(self, sample: usize, [row, column]: [usize; 2], c: *mut f32) -> (*const f32, usize) {
        match self.start {
            Start::Zero | Start::Bias(_) => (std::ptr::null(), 0),
            Start::Add | Start::AddBias(_) => (c, self.of_c.row),
            Start::Chosen { from, places, index } => unsafe {
                let first = places.of(*index.get_unchecked(sample) as usize, 0);
                (from.as_ptr().add(first + row * places.row + column), places.row)
            },
        }
    }

    #[inline(always)]
    unsafe fn bias(self, column: usize) -> *const f32 {
        match self.start {
            Start::Bias(bias) | Start::AddBias(bias) => unsafe { bias.as_ptr().add(column) },
            Start::Zero | Start::Add | Start::Chosen { .. } => std::ptr::null(),
        }
    }
}

/// How many of the `left` vectors the next panel takes: three make the best tile, but one must not be left over.
#[inline(always)]
fn panel_width<S: Simd>(left: usize) -> usize {
    if const { tile_rows::<S>(2) == 0 } {
        1
    } else if left == 4 || left == 8 {
        4
    } else {
        left.min(3)
    }
}

/// The rows of a tile `wide` vectors wide.
const fn tile_rows<S: Simd>(wide: usize) -> usize {
    let [one, two, three, four] = S::TILE_ROWS;
    match wide {
        1 => one,
        2 => two,
        3 => three,
        _ => four,
    }
}
