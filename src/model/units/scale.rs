//! How many base units a unit is: exact powers of primes.

use super::power::Power;

/// What stands for π among the primes.
const PI: u64 = 0;

/// Primes up to this are found in a number; what is left of it counts as one.
const LARGEST_PRIME: u64 = 1000;

/// A number above zero as powers of primes, and of π, sorted by base; none has the power zero. A product of two is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scale(Vec<(u64, Power)>);

impl Scale {
    /// One.
    pub(crate) const ONE: Scale = Scale(Vec::new());

    /// π.
    pub(crate) fn pi() -> Scale {
        Scale(vec![(PI, Power::ONE)])
    }

    /// A whole number above zero.
    pub(crate) fn whole(number: u64) -> Scale {
        let (mut left, mut powers) = (number.max(1), Vec::new());
        let mut prime = 2;
        while prime <= LARGEST_PRIME && prime * prime <= left {
            let mut power = 0;
            while left % prime == 0 {
                left /= prime;
                power += 1;
            }
            powers.extend(Power::new(power, 1).filter(|power| !power.is_zero()).map(|power| (prime, power)));
            prime += if prime == 2 { 1 } else { 2 };
        }
        if left > 1 {
            powers.push((left, Power::ONE));
        }
        Scale(powers)
    }

    /// A power of ten.
    pub(crate) fn ten(power: i32) -> Scale {
        let power = Power::new(i64::from(power), 1).unwrap_or(Power::ZERO);
        Scale([2, 5].into_iter().filter(|_| !power.is_zero()).map(|prime| (prime, power)).collect())
    }

    /// The decimal that a number above zero is written as: exact for `0.1`, which no `f64` is.
    pub(crate) fn decimal(number: f64) -> Option<Scale> {
        let (digits, ten) = decimal(number)?;
        Scale::whole(digits).times(&Scale::ten(ten))
    }

    pub(crate) fn times(&self, other: &Scale) -> Option<Scale> {
        let mut powers = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a, power)), Some((b, more))) = (left.peek().copied(), right.peek().copied()) {
            if a == b {
                powers.push((*a, power.plus(*more)?));
            }
            powers.extend((a < b).then_some((*a, *power)).or((b < a).then_some((*b, *more))));
            if a <= b {
                left.next();
            }
            if b <= a {
                right.next();
            }
        }
        powers.extend(left.chain(right));
        powers.retain(|(_, power)| !power.is_zero());
        Some(Scale(powers))
    }

    pub(crate) fn to(&self, exponent: Power) -> Option<Scale> {
        let powers = self.0.iter().map(|(base, power)| Some((*base, power.times(exponent)?)));
        let mut powers: Vec<(u64, Power)> = powers.collect::<Option<_>>()?;
        powers.retain(|(_, power)| !power.is_zero());
        Some(Scale(powers))
    }

    /// The reciprocal.
    pub(crate) fn inverse(&self) -> Scale {
        Scale(self.0.iter().map(|(base, power)| (*base, power.negated())).collect())
    }

    pub(crate) fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The powers of primes.
    pub(crate) fn primes(&self) -> impl Iterator<Item = (u64, Power)> {
        self.0.iter().copied().filter(|(base, _)| *base != PI)
    }

    /// The power of π.
    pub(crate) fn of_pi(&self) -> Power {
        self.0.first().filter(|(base, _)| *base == PI).map_or(Power::ZERO, |(_, power)| *power)
    }
}

/// The digits and the power of ten that a finite number above zero is shortest written with.
pub(super) fn decimal(number: f64) -> Option<(u64, i32)> {
    if !number.is_finite() || number <= 0.0 {
        return None;
    }
    let text = format!("{number:e}");
    let (mantissa, ten) = text.split_once('e')?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let ten: i32 = ten.parse().ok()?;
    Some((format!("{whole}{part}").parse().ok()?, ten - i32::try_from(part.len()).ok()?))
}
