//! Random numbers as a pure function of where they stand.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011) turns a counter and a key into 128 random bits. The key is made
//! of the seed and the *name* of what is drawn, the counter says which draw, step and element it is for:
//!
//! ```text
//! key     = mix(seed, hash of the name)                 64 bits
//! counter = (draw low, draw high, step, element / 2)    4 x 32 bits
//! ```
//!
//! So a number depends on neither the order of the work nor its division among threads, columns or machines, and
//! a new line in a file changes no other line's numbers. One block of 128 bits makes two uniform or two normal
//! numbers: they belong to the elements 2k and 2k + 1. Noise that drives a path takes both for one element instead, in
//! the steps 2k and 2k + 1; its counter is (draw low, draw high, step / 2, element). What is drawn once, without axes and
//! steps, takes both in the draws 2k and 2k + 1; its counter is that of draw k.

use crate::elementary;
use crate::isa::{InstructionSet, Kernel};

/// The random numbers of one name under one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of `path`, a dotted name such as `theta` or `outcome.evidence.w`, under `seed`.
    pub fn new(seed: u64, path: &str) -> Stream {
        Stream::from_hash(seed, path_hash(path))
    }

    /// The stream of the name with this [`path_hash`] under `seed`.
    #[inline(always)]
    pub(crate) fn from_hash(seed: u64, path: u64) -> Stream {
        Stream { key: mix(seed, path) }
    }

    /// The stream for the `n`th attempt of a rejection method; attempt 0 is the stream itself.
    pub fn attempt(self, n: u64) -> Stream {
        if n == 0 { self } else { Stream { key: mix(self.key, n) } }
    }

    /// A uniform number strictly between 0 and 1, an odd multiple of 2^-53, for one element of one step of one draw.
    pub fn uniform(self, draw: u64, step: u32, element: u32) -> f64 {
        let [even, odd] = self.uniform_pair(draw, step, element / 2);
        if element.is_multiple_of(2) { even } else { odd }
    }

    /// A standard normal number for one element of one step of one draw; at most 8.57 in size.
    pub fn normal(self, draw: u64, step: u32, element: u32) -> f64 {
        let [even, odd] = self.normal_pair(draw, step, element / 2);
        if element.is_multiple_of(2) { even } else { odd }
    }

    /// The standard normal number that drives one element of a path in one step of one draw.
    pub fn driving(self, draw: u64, step: u32, element: u32) -> f64 {
        let [even, odd] = self.normal_pair(draw, step / 2, element);
        if step.is_multiple_of(2) { even } else { odd }
    }

    /// The uniform number of what has one in each draw.
    pub fn uniform_alone(self, draw: u64) -> f64 {
        self.uniform(draw / 2, 0, (draw % 2) as u32)
    }

    /// The standard normal number of what has one in each draw.
    pub fn normal_alone(self, draw: u64) -> f64 {
        self.normal(draw / 2, 0, (draw % 2) as u32)
    }

    /// The uniform numbers of the elements `2 pair` and `2 pair + 1`.
    #[inline(always)]
    pub fn uniform_pair(self, draw: u64, step: u32, pair: u32) -> [f64; 2] {
        let [a, b, c, d] = self.block(draw, step, pair);
        [unit(a, b), unit(c, d)]
    }

    /// The standard normal numbers of the elements `2 pair` and `2 pair + 1` (Box and Muller 1958).
    #[inline(always)]
    pub fn normal_pair(self, draw: u64, step: u32, pair: u32) -> [f64; 2] {
        let [u, v] = self.uniform_pair(draw, step, pair);
        at_angle(radius(u), v)
    }

    /// Fills `out` with the uniform numbers of the elements `0..out.len()` of one step of one draw.
    pub fn fill_uniform(self, draw: u64, step: u32, out: &mut [f64]) {
        self.fill::<_, false>(draw, step, out, |u| u);
    }

    /// Fills `out` with the standard normal numbers of the elements `0..out.len()` of one step of one draw.
    pub fn fill_normal(self, draw: u64, step: u32, out: &mut [f64]) {
        self.fill::<_, true>(draw, step, out, |z| z);
    }

    /// [`fill_uniform`](Stream::fill_uniform) in single precision: cut to odd multiples of 2^-24, as
    /// rounding could reach 1.
    pub fn fill_uniform_f32(self, draw: u64, step: u32, out: &mut [f32]) {
        const HALVES: f32 = 8_388_608.0; // 2^23
        self.fill::<_, false>(draw, step, out, |u| ((u * f64::from(HALVES)) as i32 as f32 + 0.5) / HALVES);
    }

    /// [`fill_normal`](Stream::fill_normal) rounded to single precision.
    pub fn fill_normal_f32(self, draw: u64, step: u32, out: &mut [f32]) {
        self.fill::<_, true>(draw, step, out, |z| z as f32);
    }

    fn fill<T, const NORMAL: bool>(self, draw: u64, step: u32, out: &mut [T], cast: impl Fn(f64) -> T) {
        InstructionSet::best().run(Fill::<_, _, NORMAL> { stream: self, draw, step, out, cast });
    }

    #[inline(always)]
    fn block(self, draw: u64, step: u32, pair: u32) -> [u32; 4] {
        philox([draw as u32, (draw >> 32) as u32, step, pair], self.key)
    }
}

/// The distance from the origin of two standard normal numbers, from a uniform one.
#[inline(always)]
pub(crate) fn radius(u: f64) -> f64 {
    (-2.0 * elementary::ln_normal(u)).sqrt()
}

/// Two numbers at this distance from the origin, in the direction of so many turns.
#[inline(always)]
pub(crate) fn at_angle(radius: f64, turns: f64) -> [f64; 2] {
    let angle = elementary::turn(turns);
    [radius * angle.cos, radius * angle.sin]
}

/// Fills a slice with normal or uniform numbers of one step of one draw.
struct Fill<'a, T, F, const NORMAL: bool> {
    stream: Stream,
    draw: u64,
    step: u32,
    out: &'a mut [T],
    cast: F,
}

impl<T, F: Fn(f64) -> T, const NORMAL: bool> Fill<'_, T, F, NORMAL> {
    #[inline(always)]
    fn pair(stream: Stream, draw: u64, step: u32, pair: u32) -> [f64; 2] {
        if NORMAL { stream.normal_pair(draw, step, pair) } else { stream.uniform_pair(draw, step, pair) }
    }
}

impl<T, F: Fn(f64) -> T, const NORMAL: bool> Kernel for Fill<'_, T, F, NORMAL> {
    #[inline(always)]
    fn run(self) {
        let Fill { stream, draw, step, out, cast } = self;
        let (pairs, last) = out.as_chunks_mut::<2>();
        let count = pairs.len() as u32;
        for (k, [even, odd]) in (0..count).zip(pairs) {
            let [a, b] = Self::pair(stream, draw, step, k);
            (*even, *odd) = (cast(a), cast(b));
        }
        for out in last {
            let [a, _] = Self::pair(stream, draw, step, count);
            *out = cast(a);
        }
    }
}

/// 64 bits for a dotted name: FNV-1a, then mixed so that every bit of the name reaches every bit.
pub(crate) fn path_hash(path: &str) -> u64 {
    let fnv = path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    scramble(fnv)
}

/// A key from two numbers; for a fixed first it is a bijection of the second.
#[inline(always)]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    scramble(scramble(a.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ b)
}

/// A bijection in which every bit of the argument reaches every bit (the finaliser of SplitMix64, Steele et al. 2014).
#[inline(always)]
fn scramble(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Philox4x32 with ten rounds.
#[inline(always)]
fn philox(counter: [u32; 4], key: u64) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let (mut k, mut l) = (key as u32, (key >> 32) as u32);
    for _ in 0..10 {
        let p = u64::from(a) * 0xd251_1f53;
        let q = u64::from(c) * 0xcd9e_8d57;
        (a, b, c, d) = ((q >> 32) as u32 ^ b ^ k, q as u32, (p >> 32) as u32 ^ d ^ l, p as u32);
        k = k.wrapping_add(0x9e37_79b9);
        l = l.wrapping_add(0xbb67_ae85);
    }
    [a, b, c, d]
}

/// The upper 52 of 64 bits as an odd multiple of 2^-53: strictly between 0 and 1, and exact.
#[inline(always)]
fn unit(high: u32, low: u32) -> f64 {
    let bits = ((u64::from(high) << 32) | u64::from(low)) >> 12;
    // A number in [1, 2) with these bits, less 1 - 2^-53.
    f64::from_bits(bits | 0x3ff0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers published with Random123.
    #[test]
    fn philox_gives_the_known_answers() {
        assert_eq!(philox([0; 4], 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([!0; 4], !0), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox(pi, 0x299f_31d0_a409_3822), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn uniforms_are_strictly_inside_the_unit_interval() {
        assert_eq!(unit(0, 0), f64::EPSILON / 2.0);
        assert_eq!(unit(!0, !0), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(unit(1 << 31, 0), 0.5 + f64::EPSILON / 2.0);
    }
}
