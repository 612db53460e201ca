//! Sixteen lanes in two AVX2 registers.
#![allow(unsafe_code)] // Intrinsics: the token proves that the machine has them, and `enter` compiles for them.
#![allow(clippy::indexing_slicing)] // Of arrays, by constants once the loops are unrolled.

use super::{LANES, Lanes, Simd};
use std::arch::x86_64::*;
use std::ops::{Add, Mul, Sub};

/// Evidence of AVX2 and FMA.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2(());

/// Sixteen numbers. Made by the token only, so that its methods may use the instructions.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2Lanes(__m256, __m256);

impl Avx2 {
    /// The token, where the machine has the instructions.
    pub fn detect() -> Option<Avx2> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn with_avx2<R>(operation: impl FnOnce() -> R) -> R {
    operation()
}

impl Simd for Avx2 {
    type V = Avx2Lanes;

    // 16 registers: six rows of two sums, a row of the right matrix, and the broadcast.
    const TILE_ROWS: [usize; 4] = [6, 0, 0, 0];

    #[inline]
    fn enter<R>(self, operation: impl FnOnce() -> R) -> R {
        unsafe { with_avx2(operation) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Avx2Lanes {
        let half = unsafe { _mm256_set1_ps(x) };
        Avx2Lanes(half, half)
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Avx2Lanes {
        unsafe { Avx2Lanes(_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))) }
    }
}

/// All bits set in the first `count` of eight lanes.
#[inline(always)]
fn first(count: i32) -> __m256i {
    unsafe { _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) }
}

impl Avx2Lanes {
    /// Applies a function of eight lanes to both halves.
    #[inline(always)]
    fn halves(self, f: impl Fn(__m256) -> __m256) -> Avx2Lanes {
        Avx2Lanes(f(self.0), f(self.1))
    }
}

/// Transposes eight rows of eight.
#[inline(always)]
fn eight(rows: [__m256; 8]) -> [__m256; 8] {
    let mut columns = rows;
    unsafe {
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
        let (upper, lower) = (blocks([r0, r1, r2, r3]), blocks([r4, r5, r6, r7]));
        for m in 0..4 {
            columns[m] = _mm256_permute2f128_ps::<0x20>(upper[m], lower[m]);
            columns[4 + m] = _mm256_permute2f128_ps::<0x31>(upper[m], lower[m]);
        }
    }
    columns
}

/// Transposes the two 4×4 blocks that four rows of eight consist of, each in its place.
#[inline(always)]
fn blocks([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
    unsafe {
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(ab_low, cd_low),
            _mm256_shuffle_ps::<0xee>(ab_low, cd_low),
            _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
        ]
    }
}

impl Add for Avx2Lanes {
    type Output = Avx2Lanes;

    #[inline(always)]
    fn add(self, other: Avx2Lanes) -> Avx2Lanes {
        unsafe { Avx2Lanes(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }
}

impl Sub for Avx2Lanes {
    type Output = Avx2Lanes;

    #[inline(always)]
    fn sub(self, other: Avx2Lanes) -> Avx2Lanes {
        unsafe { Avx2Lanes(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }
}

impl Mul for Avx2Lanes {
    type Output = Avx2Lanes;

    #[inline(always)]
    fn mul(self, other: Avx2Lanes) -> Avx2Lanes {
        unsafe { Avx2Lanes(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }
}

impl Lanes for Avx2Lanes {
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), self.0);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), self.1);
        }
    }

    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        debug_assert!(to.len() <= LANES, "a vector has sixteen lanes");
        let count = to.len().min(LANES) as i32;
        unsafe {
            _mm256_maskstore_ps(to.as_mut_ptr(), first(count), self.0);
            // The address of lanes that are not stored may lie outside of the slice.
            _mm256_maskstore_ps(to.as_mut_ptr().wrapping_add(8), first(count - 8), self.1);
        }
    }

    #[inline(always)]
    fn mul_add(self, factor: Avx2Lanes, term: Avx2Lanes) -> Avx2Lanes {
        unsafe {
            Avx2Lanes(_mm256_fmadd_ps(self.0, factor.0, term.0), _mm256_fmadd_ps(self.1, factor.1, term.1))
        }
    }

    #[inline(always)]
    fn max(self, other: Avx2Lanes) -> Avx2Lanes {
        unsafe { Avx2Lanes(_mm256_max_ps(self.0, other.0), _mm256_max_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn min(self, other: Avx2Lanes) -> Avx2Lanes {
        unsafe { Avx2Lanes(_mm256_min_ps(self.0, other.0), _mm256_min_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn abs(self) -> Avx2Lanes {
        self.halves(|x| unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), x) })
    }

    #[inline(always)]
    fn reciprocal(self) -> Avx2Lanes {
        self.halves(|x| unsafe { _mm256_div_ps(_mm256_set1_ps(1.0), x) })
    }

    #[inline(always)]
    fn round(self) -> Avx2Lanes {
        self.halves(|x| unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) })
    }

    #[inline(always)]
    fn times_two_to(self, power: Avx2Lanes) -> Avx2Lanes {
        let two_to = power.halves(|n| unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        });
        self * two_to
    }

    #[inline(always)]
    fn where_above(self, key: Avx2Lanes, bound: Avx2Lanes) -> Avx2Lanes {
        unsafe {
            Avx2Lanes(
                _mm256_and_ps(self.0, _mm256_cmp_ps::<_CMP_GT_OQ>(key.0, bound.0)),
                _mm256_and_ps(self.1, _mm256_cmp_ps::<_CMP_GT_OQ>(key.1, bound.1)),
            )
        }
    }

    #[inline(always)]
    fn where_negative(self, key: Avx2Lanes, other: Avx2Lanes) -> Avx2Lanes {
        unsafe {
            Avx2Lanes(_mm256_blendv_ps(other.0, self.0, key.0), _mm256_blendv_ps(other.1, self.1, key.1))
        }
    }

    #[inline(always)]
    fn keep_first(self, count: usize) -> Avx2Lanes {
        let count = count.min(LANES) as i32;
        unsafe {
            Avx2Lanes(
                _mm256_and_ps(self.0, _mm256_castsi256_ps(first(count))),
                _mm256_and_ps(self.1, _mm256_castsi256_ps(first(count - 8))),
            )
        }
    }

    #[inline(always)]
    fn transpose(rows: [Avx2Lanes; LANES]) -> [Avx2Lanes; LANES] {
        let mut columns = rows;
        for half in [0, 8] {
            let (mut left, mut right) = ([rows[0].0; 8], [rows[0].0; 8]);
            for i in 0..8 {
                (left[i], right[i]) = (rows[half + i].0, rows[half + i].1);
            }
            let (left, right) = (eight(left), eight(right));
            for i in 0..8 {
                let (to, beside) = (left[i], right[i]);
                if half == 0 {
                    (columns[i].0, columns[8 + i].0) = (to, beside);
                } else {
                    (columns[i].1, columns[8 + i].1) = (to, beside);
                }
            }
        }
        columns
    }

    #[inline(always)]
    fn transpose_four(rows: [Avx2Lanes; 4]) -> [Avx2Lanes; LANES] {
        let [a, b, c, d] = rows;
        let z = Avx2(()).zero();
        Avx2Lanes::transpose([a, b, c, d, z, z, z, z, z, z, z, z, z, z, z, z])
    }

    #[inline(always)]
    fn sum_four([a, b, c, d]: [Avx2Lanes; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        unsafe {
            // Each step halves the numbers to add and keeps the four vectors apart.
            let (a, b) = (_mm256_add_ps(a.0, a.1), _mm256_add_ps(b.0, b.1));
            let (c, d) = (_mm256_add_ps(c.0, c.1), _mm256_add_ps(d.0, d.1));
            let ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let all = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(ab, cd), _mm256_shuffle_ps::<0xee>(ab, cd));
            let quarter = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all));
            _mm_storeu_ps(sums.as_mut_ptr(), quarter);
        }
        sums
    }
}
