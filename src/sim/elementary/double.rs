//! Numbers of twice the precision, as unevaluated sums of two (Dekker 1971, Knuth 4.2.2).

/// A sum of two numbers, the second below half a unit in the last place of the first.
#[derive(Clone, Copy)]
pub(super) struct Double {
    pub hi: f64,
    pub lo: f64,
}

impl Double {
    /// `a + b`, without error (Knuth), whichever is larger.
    #[inline(always)]
    pub fn sum(a: f64, b: f64) -> Double {
        let hi = a + b;
        let part = hi - a;
        Double { hi, lo: (a - (hi - part)) + (b - part) }
    }

    /// `a + b` without error, for `|a| >= |b|` or `a = 0`.
    #[inline(always)]
    pub fn ordered_sum(a: f64, b: f64) -> Double {
        let hi = a + b;
        Double { hi, lo: b - (hi - a) }
    }

    /// `a * b`, without error (Dekker); exact for factors below 2^996 whose product does not underflow.
    #[inline(always)]
    pub fn product(a: f64, b: f64) -> Double {
        let ((a_hi, a_lo), (b_hi, b_lo)) = (halves(a), halves(b));
        let hi = a * b;
        Double { hi, lo: ((a_hi * b_hi - hi) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo }
    }

    /// `self * other`, to about 2^-102.
    #[inline(always)]
    pub fn times(self, other: Double) -> Double {
        let p = Double::product(self.hi, other.hi);
        Double::ordered_sum(p.hi, p.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    /// `self + x` for an `x` about as small as `self.lo`.
    #[inline(always)]
    pub fn plus_small(self, x: f64) -> Double {
        Double { hi: self.hi, lo: self.lo + x }
    }

    /// `self / other`, to about 2^-100: the quotient of the leading parts, corrected by what it leaves over.
    #[inline(always)]
    pub fn over(self, other: Double) -> Double {
        let q = self.hi / other.hi;
        let back = Double::product(q, other.hi);
        let left = ((self.hi - back.hi) - back.lo) + (self.lo - q * other.lo);
        Double::ordered_sum(q, left / other.hi)
    }

    /// `self + other`, to about 2^-102 of the larger.
    #[inline(always)]
    pub fn plus(self, other: Double) -> Double {
        let s = Double::sum(self.hi, other.hi);
        Double::ordered_sum(s.hi, s.lo + (self.lo + other.lo))
    }
}

/// A number as the sum of two with at most 26 bits each (Veltkamp), so that products of halves are exact.
#[inline(always)]
fn halves(x: f64) -> (f64, f64) {
    const SPLIT: f64 = 134_217_729.0; // 2^27 + 1
    let scaled = x * SPLIT;
    let hi = scaled - (scaled - x);
    (hi, x - hi)
}
