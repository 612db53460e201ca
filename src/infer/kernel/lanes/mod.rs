//! Sixteen numbers at a time: what every instruction set must offer, and nothing else.
//!
//! A kernel is written once, generic over a token `S: Simd`. The token can only be had where the machine knows the
//! instruction set, and vectors can only be made from a token, so that code using them is safe. Two conventions make
//! it fast: an operation runs inside `Simd::enter`, the one place where the compiler may use the instruction set, and
//! everything generic below it, the closure given to `enter` first of all, is `#[inline(always)]`, so that it is
//! compiled there. What is forgotten becomes a function call for every instruction, hundreds of times slower; closures
//! given to array methods such as `map` are forgotten easily.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

pub(super) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(super) use {avx2::Avx2, avx512::Avx512};

use std::ops::{Add, Mul, Sub};

/// Numbers in a vector, for every instruction set: rows of matrices are padded to a multiple of it.
pub(super) const LANES: usize = 16;

/// Evidence that the machine has an instruction set.
pub(super) trait Simd: Copy + Send + Sync + 'static {
    /// Sixteen numbers in registers.
    type V: Lanes;

    /// How many rows a register tile of 1, 2, 3 or 4 vectors' width has; 0 where that width is not worth a tile.
    const TILE_ROWS: [usize; 4];

    /// Runs `operation` compiled for the instruction set.
    fn enter<R>(self, operation: impl FnOnce() -> R) -> R;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;

    /// The lanes at `from`.
    fn load(self, from: &[f32; LANES]) -> Self::V;

    /// Zero in every lane.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
}

/// Sixteen numbers; operators act lane by lane.
pub(super) trait Lanes: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// Writes all lanes.
    fn store(self, to: &mut [f32; LANES]);

    /// Writes as many of the first lanes as `to` is long, at most sixteen.
    fn store_first(self, to: &mut [f32]);

    /// `self · factor + term`, rounded once where the instruction set can.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// The larger of each pair.
    fn max(self, other: Self) -> Self;

    /// The smaller of each pair.
    fn min(self, other: Self) -> Self;

    /// The magnitude of each lane.
    fn abs(self) -> Self;

    /// 1 / self, with a relative error below 3e-7.
    fn reciprocal(self) -> Self;

    /// The nearest whole number, for magnitudes below 2^22.
    fn round(self) -> Self;

    /// `self · 2^power`, for whole powers between −126 and 127.
    fn times_two_to(self, power: Self) -> Self;

    /// `self` where `key` is above `bound`, zero elsewhere (also where `key` is not a number).
    fn where_above(self, key: Self, bound: Self) -> Self;

    /// `self` where `key` is negative, `other` elsewhere.
    fn where_negative(self, key: Self, other: Self) -> Self;

    /// The first `count` lanes, zero in the others.
    fn keep_first(self, count: usize) -> Self;

    /// Lane j of result i is lane i of row j.
    fn transpose(rows: [Self; LANES]) -> [Self; LANES];

    /// The same for four rows and twelve of zeros.
    fn transpose_four(rows: [Self; 4]) -> [Self; LANES];

    /// The sums of the lanes of four vectors, each as if it were alone.
    fn sum_four(vectors: [Self; 4]) -> [f32; 4];

    /// The sum of the lanes, in the same order as [`Lanes::sum_four`].
    #[inline(always)]
    fn sum(self) -> f32 {
        let [sum, ..] = Self::sum_four([self; 4]);
        sum
    }
}
