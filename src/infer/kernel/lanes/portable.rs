//! Sixteen lanes in plain Rust, for machines without the instruction sets below; the compiler vectorises what it can.
#![allow(clippy::indexing_slicing)] // Of arrays, by constants once the loops are unrolled.

use super::{LANES, Lanes, Simd};
use std::array::from_fn;
use std::ops::{Add, Mul, Sub};

/// Adding and subtracting it rounds to a whole number.
const ROUNDER: f32 = 12_582_912.0;

/// The instructions every machine has.
#[derive(Clone, Copy)]
pub(in super::super) struct Portable;

/// Sixteen numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct PortableLanes([f32; LANES]);

impl Simd for Portable {
    type V = PortableLanes;

    // With more rows the compiler mixes up the lanes of different rows.
    const TILE_ROWS: [usize; 4] = [1, 0, 0, 0];

    fn enter<R>(self, operation: impl FnOnce() -> R) -> R {
        operation()
    }

    #[inline(always)]
    fn splat(self, x: f32) -> PortableLanes {
        PortableLanes([x; LANES])
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> PortableLanes {
        PortableLanes(*from)
    }
}

impl PortableLanes {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> PortableLanes {
        PortableLanes(self.0.map(f))
    }

    #[inline(always)]
    fn zip(self, other: PortableLanes, f: impl Fn(f32, f32) -> f32) -> PortableLanes {
        PortableLanes(from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Add for PortableLanes {
    type Output = PortableLanes;

    #[inline(always)]
    fn add(self, other: PortableLanes) -> PortableLanes {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for PortableLanes {
    type Output = PortableLanes;

    #[inline(always)]
    fn sub(self, other: PortableLanes) -> PortableLanes {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for PortableLanes {
    type Output = PortableLanes;

    #[inline(always)]
    fn mul(self, other: PortableLanes) -> PortableLanes {
        self.zip(other, |a, b| a * b)
    }
}

impl Lanes for PortableLanes {
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }

    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        for (to, x) in to.iter_mut().zip(self.0) {
            *to = x;
        }
    }

    // Two roundings: a fused one would be a call into the mathematics library.
    #[inline(always)]
    fn mul_add(self, factor: PortableLanes, term: PortableLanes) -> PortableLanes {
        self * factor + term
    }

    #[inline(always)]
    fn max(self, other: PortableLanes) -> PortableLanes {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, other: PortableLanes) -> PortableLanes {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn abs(self) -> PortableLanes {
        self.map(f32::abs)
    }

    #[inline(always)]
    fn reciprocal(self) -> PortableLanes {
        self.map(|x| 1.0 / x)
    }

    #[inline(always)]
    fn round(self) -> PortableLanes {
        self.map(|x| (x + ROUNDER) - ROUNDER)
    }

    // Adding the rounder leaves the whole number in the lowest bits of the significand.
    #[inline(always)]
    fn times_two_to(self, power: PortableLanes) -> PortableLanes {
        self.zip(power, |x, n| x * f32::from_bits((n + (ROUNDER + 127.0)).to_bits() << 23))
    }

    #[inline(always)]
    fn where_above(self, key: PortableLanes, bound: PortableLanes) -> PortableLanes {
        PortableLanes(from_fn(|i| if key.0[i] > bound.0[i] { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    fn where_negative(self, key: PortableLanes, other: PortableLanes) -> PortableLanes {
        PortableLanes(from_fn(|i| if key.0[i] < 0.0 { self.0[i] } else { other.0[i] }))
    }

    #[inline(always)]
    fn keep_first(self, count: usize) -> PortableLanes {
        PortableLanes(from_fn(|i| if i < count { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    fn transpose(rows: [PortableLanes; LANES]) -> [PortableLanes; LANES] {
        from_fn(|i| PortableLanes(from_fn(|j| rows[j].0[i])))
    }

    #[inline(always)]
    fn transpose_four(rows: [PortableLanes; 4]) -> [PortableLanes; LANES] {
        from_fn(|i| PortableLanes(from_fn(|j| if j < 4 { rows[j].0[i] } else { 0.0 })))
    }

    #[inline(always)]
    fn sum_four(vectors: [PortableLanes; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        for (sum, mut vector) in sums.iter_mut().zip(vectors) {
            for half in [8, 4, 2, 1] {
                for i in 0..half {
                    vector.0[i] += vector.0[i + half];
                }
            }
            *sum = vector.0[0];
        }
        sums
    }
}
