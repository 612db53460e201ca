//! Matrices made nearly orthogonal: all singular values are brought close to one, by the quintic Newton-Schulz iteration of
//! Muon (Jordan et al. 2024).
#![allow(clippy::indexing_slicing)] // Rows are cut once, by the sizes of a matrix.

use super::buffer::Buffer;
use super::instructions::{InstructionSet, Work};
use super::lanes::{LANES, Simd};
use super::product::{Count, Left, Matrix, MatrixMut, Sizes, Start, product};
use crate::network::Matrices;
use crate::optimiser::{LEAST_NORM, NEWTON_SCHULZ, NEWTON_SCHULZ_STEPS};
use rayon::prelude::*;

/// Makes matrices nearly orthogonal, on the threads of the pool around it. The bits do not hang on how many there are.
pub fn orthogonalise(matrices: Vec<(&Matrices, &mut [f32])>) {
    let set = InstructionSet::detect();
    matrices.into_par_iter().for_each_init(Scratch::default, |scratch, (sizes, numbers)| {
        set.run(Task { sizes, numbers, scratch });
    });
}

/// What one thread needs for a matrix that is no less tall than wide.
#[derive(Default)]
struct Scratch {
    /// The matrix, and what becomes of it.
    tall: [Buffer; 2],
    /// G = XᵀX, and its polynomial.
    square: Buffer,
    polynomial: Buffer,
}

/// Matrices that stand side by side.
struct Task<'a> {
    sizes: &'a Matrices,
    numbers: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Work for Task<'_> {
    type Result = ();

    fn on<S: Simd>(self, s: S) {
        let Matrices { rows, columns, count, .. } = *self.sizes;
        let sizes = [rows.max(columns), rows.min(columns)];
        let stride = self.scratch.resize(sizes);
        for number in 0..count {
            // The place of an entry here, and in the scratch, where the matrix lies on its side if it is wide.
            let from = |row: usize, column: usize| (row * count + number) * columns + column;
            let to = |row: usize, column: usize| match rows < columns {
                true => column * stride + row,
                false => row * stride + column,
            };
            let entries = || (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            let squares: f32 = entries().map(|(i, j)| self.numbers[from(i, j)].powi(2)).sum();
            let scale = squares.sqrt().max(LEAST_NORM).recip();
            entries().for_each(|(i, j)| self.scratch.tall[0][to(i, j)] = scale * self.numbers[from(i, j)]);
            for _ in 0..NEWTON_SCHULZ_STEPS {
                self.scratch.step(s, sizes);
            }
            entries().for_each(|(i, j)| self.numbers[from(i, j)] = self.scratch.tall[0][to(i, j)]);
        }
    }
}

impl Scratch {
    /// Makes room for a matrix, and says how long its rows are there.
    fn resize(&mut self, [high, wide]: [usize; 2]) -> usize {
        let stride = wide.next_multiple_of(LANES);
        self.tall.iter_mut().for_each(|tall| tall.resize(high * stride));
        self.square.resize(wide * stride);
        self.polynomial.resize(wide * stride);
        stride
    }

    /// One step of the iteration: X ← X (a + b G + c G²), which is the same on the other side.
    fn step<S: Simd>(&mut self, s: S, [high, wide]: [usize; 2]) {
        let ([a, b, c], stride) = (NEWTON_SCHULZ, wide.next_multiple_of(LANES));
        let by = |rows: usize, terms: usize| Sizes { rows, terms, columns: wide };
        let Scratch { tall: [tall, next], square, polynomial } = self;
        let x = Matrix::new(tall, stride);
        let to = MatrixMut::new(square, stride);
        product(s, Count::ONE, by(wide, high), Left::Transposed(x), x, to, Start::Zero);
        let (g, to) = (Matrix::new(square, stride), MatrixMut::new(polynomial, stride));
        product(s, Count::ONE, by(wide, wide), Left::Plain(g), g, to, Start::Zero);
        for (row, (p, g)) in polynomial.chunks_mut(stride).zip(square.chunks(stride)).take(wide).enumerate() {
            p.iter_mut().zip(g).for_each(|(p, g)| *p = b * g + c * *p);
            p[row] += a;
        }
        let (p, to) = (Matrix::new(polynomial, stride), MatrixMut::new(next, stride));
        product(s, Count::ONE, by(high, wide), Left::Plain(x), p, to, Start::Zero);
        std::mem::swap(tall, next);
    }
}
