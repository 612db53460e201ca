//! Sixteen lanes in one AVX-512 register.
#![allow(unsafe_code)] // Intrinsics: the token proves that the machine has them, and `enter` compiles for them.
#![allow(clippy::indexing_slicing)] // Of arrays, by constants once the loops are unrolled.

use super::{LANES, Lanes, Simd};
use std::arch::x86_64::*;
use std::ops::{Add, Mul, Sub};

/// Evidence of AVX-512 (F, DQ, VL, BW) and what it implies.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512(());

/// Sixteen numbers. Made by the token only, so that its methods may use the instructions.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512Lanes(__m512);

impl Avx512 {
    /// The token, where the machine has the instructions.
    pub fn detect() -> Option<Avx512> {
        let known = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        known.then_some(Avx512(()))
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn with_avx512<R>(operation: impl FnOnce() -> R) -> R {
    operation()
}

impl Simd for Avx512 {
    type V = Avx512Lanes;

    // 32 registers: up to 24 sums, a row of the right matrix, and the broadcast.
    const TILE_ROWS: [usize; 4] = [16, 12, 8, 6];

    #[inline]
    fn enter<R>(self, operation: impl FnOnce() -> R) -> R {
        unsafe { with_avx512(operation) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_set1_ps(x) })
    }

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }
}

/// The mask of the first `count` lanes.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    ((1_u32 << count) - 1) as __mmask16
}

/// Transposes the four 4×4 blocks that four rows consist of, each in its place.
#[inline(always)]
fn blocks([a, b, c, d]: [Avx512Lanes; 4]) -> [Avx512Lanes; 4] {
    unsafe {
        let (ab_low, ab_high) = (_mm512_unpacklo_ps(a.0, b.0), _mm512_unpackhi_ps(a.0, b.0));
        let (cd_low, cd_high) = (_mm512_unpacklo_ps(c.0, d.0), _mm512_unpackhi_ps(c.0, d.0));
        [
            Avx512Lanes(_mm512_shuffle_ps::<0x44>(ab_low, cd_low)),
            Avx512Lanes(_mm512_shuffle_ps::<0xee>(ab_low, cd_low)),
            Avx512Lanes(_mm512_shuffle_ps::<0x44>(ab_high, cd_high)),
            Avx512Lanes(_mm512_shuffle_ps::<0xee>(ab_high, cd_high)),
        ]
    }
}

impl Add for Avx512Lanes {
    type Output = Avx512Lanes;

    #[inline(always)]
    fn add(self, other: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_add_ps(self.0, other.0) })
    }
}

impl Sub for Avx512Lanes {
    type Output = Avx512Lanes;

    #[inline(always)]
    fn sub(self, other: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
}

impl Mul for Avx512Lanes {
    type Output = Avx512Lanes;

    #[inline(always)]
    fn mul(self, other: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
}

impl Lanes for Avx512Lanes {
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        debug_assert!(to.len() <= LANES, "a vector has sixteen lanes");
        unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), first(to.len().min(LANES)), self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Avx512Lanes, term: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    fn max(self, other: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_max_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn min(self, other: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_min_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn abs(self) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_abs_ps(self.0) })
    }

    // An estimate of 14 bits and one step of Newton's method: a third of the time of a division.
    #[inline(always)]
    fn reciprocal(self) -> Avx512Lanes {
        unsafe {
            let guess = _mm512_rcp14_ps(self.0);
            Avx512Lanes(_mm512_mul_ps(guess, _mm512_fnmadd_ps(self.0, guess, _mm512_set1_ps(2.0))))
        }
    }

    #[inline(always)]
    fn round(self) -> Avx512Lanes {
        Avx512Lanes(unsafe {
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)
        })
    }

    #[inline(always)]
    fn times_two_to(self, power: Avx512Lanes) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_scalef_ps(self.0, power.0) })
    }

    #[inline(always)]
    fn where_above(self, key: Avx512Lanes, bound: Avx512Lanes) -> Avx512Lanes {
        unsafe {
            let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(key.0, bound.0);
            Avx512Lanes(_mm512_maskz_mov_ps(above, self.0))
        }
    }

    #[inline(always)]
    fn where_negative(self, key: Avx512Lanes, other: Avx512Lanes) -> Avx512Lanes {
        unsafe {
            let negative = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(key.0, _mm512_setzero_ps());
            Avx512Lanes(_mm512_mask_blend_ps(negative, other.0, self.0))
        }
    }

    #[inline(always)]
    fn keep_first(self, count: usize) -> Avx512Lanes {
        Avx512Lanes(unsafe { _mm512_maskz_mov_ps(first(count), self.0) })
    }

    #[inline(always)]
    fn transpose(rows: [Avx512Lanes; LANES]) -> [Avx512Lanes; LANES] {
        let mut columns = rows;
        unsafe {
            // First the 4×4 blocks of four rows at a time, then the 4×4 matrix of blocks.
            let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15] = rows;
            let (top, upper) = (blocks([r0, r1, r2, r3]), blocks([r4, r5, r6, r7]));
            let (lower, bottom) = (blocks([r8, r9, r10, r11]), blocks([r12, r13, r14, r15]));
            for m in 0..4 {
                let (a, b, c, d) = (top[m].0, upper[m].0, lower[m].0, bottom[m].0);
                let (ab_low, ab_high) =
                    (_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b));
                let (cd_low, cd_high) =
                    (_mm512_shuffle_f32x4::<0x44>(c, d), _mm512_shuffle_f32x4::<0xee>(c, d));
                columns[m] = Avx512Lanes(_mm512_shuffle_f32x4::<0x88>(ab_low, cd_low));
                columns[4 + m] = Avx512Lanes(_mm512_shuffle_f32x4::<0xdd>(ab_low, cd_low));
                columns[8 + m] = Avx512Lanes(_mm512_shuffle_f32x4::<0x88>(ab_high, cd_high));
                columns[12 + m] = Avx512Lanes(_mm512_shuffle_f32x4::<0xdd>(ab_high, cd_high));
            }
        }
        columns
    }

    #[inline(always)]
    fn transpose_four(rows: [Avx512Lanes; 4]) -> [Avx512Lanes; LANES] {
        let mut columns = [rows[0]; LANES];
        for (m, block) in blocks(rows).into_iter().enumerate() {
            unsafe {
                let b = block.0;
                columns[m] = Avx512Lanes(_mm512_maskz_mov_ps(0xf, b));
                columns[4 + m] = Avx512Lanes(_mm512_maskz_shuffle_f32x4::<0x55>(0xf, b, b));
                columns[8 + m] = Avx512Lanes(_mm512_maskz_shuffle_f32x4::<0xaa>(0xf, b, b));
                columns[12 + m] = Avx512Lanes(_mm512_maskz_shuffle_f32x4::<0xff>(0xf, b, b));
            }
        }
        columns
    }

    #[inline(always)]
    fn sum_four([a, b, c, d]: [Avx512Lanes; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        unsafe {
            // Each step halves the numbers to add and keeps the four vectors apart.
            let ab = _mm512_add_ps(_mm512_unpacklo_ps(a.0, b.0), _mm512_unpackhi_ps(a.0, b.0));
            let cd = _mm512_add_ps(_mm512_unpacklo_ps(c.0, d.0), _mm512_unpackhi_ps(c.0, d.0));
            let all = _mm512_add_ps(_mm512_shuffle_ps::<0x44>(ab, cd), _mm512_shuffle_ps::<0xee>(ab, cd));
            let half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps::<1>(all));
            let quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps::<1>(half));
            _mm_storeu_ps(sums.as_mut_ptr(), quarter);
        }
        sums
    }
}
