//! By how much a number grows when its unit changes.

use super::power::Power;
use super::scale::{Scale, decimal};
use std::f64::consts::PI;

/// Numbers up to this, and no larger ones, are all exact as an `f64`.
const EXACT: u128 = 1 << 53;

/// A factor between two units: `whole · 10^ten / divisor`, exact, times what is no fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Factor {
    whole: u128,
    divisor: u128,
    ten: i32,
    /// Roots and π; 1 where there are none.
    rest: f64,
}

/// How to make the new number in one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Times(f64),
    Over(f64),
}

impl Factor {
    /// A factor of one.
    pub(crate) const ONE: Factor = Factor { whole: 1, divisor: 1, ten: 0, rest: 1.0 };

    /// The size of a scale.
    pub(crate) fn of(scale: &Scale) -> Factor {
        let whole_power = |prime: u64| {
            let found = scale.primes().find(|(base, _)| *base == prime);
            found.map_or(0, |(_, power)| floor(power))
        };
        // Tens are counted apart, as long as twos and fives stand on the same side of the line.
        let (twos, fives) = (whole_power(2), whole_power(5));
        let ten = match twos.signum() * fives.signum() {
            1 => twos.signum() * twos.abs().min(fives.abs()),
            _ => 0,
        };
        let mut factor = Factor { ten, ..Factor::ONE };
        let mut roots: Vec<(i32, f64)> = Vec::new();
        for (base, power) in scale.primes() {
            let whole = floor(power) - if base == 2 || base == 5 { ten } else { 0 };
            factor.raise(base, whole);
            let (above, below) = power.parts();
            let left = above.rem_euclid(below);
            if left > 0 {
                let raised = product(base as f64, left);
                match roots.iter_mut().find(|(root, _)| *root == below) {
                    Some((_, product)) => *product *= raised,
                    None => roots.push((below, raised)),
                }
            }
        }
        roots.sort_by_key(|(root, _)| *root);
        for (degree, radicand) in roots {
            factor.rest *= root(radicand, degree);
        }
        let (above, below) = scale.of_pi().parts();
        let pi = root(product(PI, above.abs()), below);
        factor.rest = if above < 0 { factor.rest / pi } else { factor.rest * pi };
        factor
    }

    /// Multiplies by a whole power of a base, exactly as long as that can be held.
    fn raise(&mut self, base: u64, power: i32) {
        for _ in 0..power.unsigned_abs() {
            let side = if power > 0 { &mut self.whole } else { &mut self.divisor };
            match side.checked_mul(u128::from(base)) {
                Some(product) => *side = product,
                None if power > 0 => self.rest *= base as f64,
                None => self.rest /= base as f64,
            }
        }
    }

    pub(crate) fn is_one(&self) -> bool {
        *self == Factor::ONE
    }

    /// A number that is written as a decimal, in the new unit, rounded once: 0.1 ms are 1e-4 s, to the bit.
    pub(crate) fn exact(&self, number: f64) -> f64 {
        if self.is_one() || number == 0.0 {
            return number;
        }
        let found = decimal(number.abs()).filter(|_| self.rest == 1.0).and_then(|(digits, ten)| {
            let product = u128::from(digits).checked_mul(self.whole)?;
            quotient(product, self.divisor, ten + self.ten)
        });
        match found {
            Some(found) => found.copysign(number),
            None => number * self.size(),
        }
    }

    /// How to convert what is computed.
    pub(crate) fn step(&self) -> Step {
        let tens = 10_u128.checked_pow(self.ten.unsigned_abs());
        let exact = |number: u128| {
            let product = number.checked_mul(tens?)?;
            (product <= EXACT && self.rest == 1.0).then_some(product as f64)
        };
        let up = exact(self.whole).filter(|_| self.divisor == 1 && self.ten >= 0);
        let down = exact(self.divisor).filter(|_| self.whole == 1 && self.ten <= 0);
        match (up, down) {
            (Some(factor), _) => Step::Times(factor),
            (None, Some(divisor)) => Step::Over(divisor),
            (None, None) => Step::Times(self.size()),
        }
    }

    /// The factor itself, rounded.
    pub(crate) fn size(&self) -> f64 {
        let exact = quotient(self.whole, self.divisor, self.ten);
        exact.unwrap_or(self.whole as f64 / self.divisor as f64) * self.rest
    }
}

/// The largest whole number that is not above a power.
fn floor(power: Power) -> i32 {
    let (above, below) = power.parts();
    above.div_euclid(below)
}

/// `whole · 10^ten / divisor`, rounded once; none where the digits cannot be held.
fn quotient(whole: u128, divisor: u128, ten: i32) -> Option<f64> {
    /// More digits than an `f64` tells apart.
    const DIGITS: u32 = 20;
    let (mut whole, mut ten) = (whole, ten);
    if whole % divisor != 0 {
        while whole / divisor < 10_u128.pow(DIGITS) {
            whole = whole.checked_mul(10)?;
            ten -= 1;
        }
    }
    format!("{}e{ten}", whole / divisor).parse().ok()
}

/// A whole power by repeated multiplication, the same on every machine.
fn product(base: f64, power: i32) -> f64 {
    (0..power).fold(1.0, |product, _| product * base)
}

/// A root by Newton's method, the same on every machine.
fn root(radicand: f64, degree: i32) -> f64 {
    match degree {
        1 => radicand,
        2 => radicand.sqrt(),
        _ => {
            let n = f64::from(degree);
            let mut x = 1.0_f64;
            // From above the method falls to the root, and stops falling when it is there.
            while product(x, degree) < radicand {
                x *= 2.0;
            }
            loop {
                let next = ((n - 1.0) * x + radicand / product(x, degree - 1)) / n;
                if next >= x {
                    return x;
                }
                x = next;
            }
        }
    }
}
