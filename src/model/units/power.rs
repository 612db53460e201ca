//! Powers, which may be fractions, and dimensions, which are seven of them.

/// A small fraction in lowest terms: the power to which a unit is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Power {
    above: i32,
    /// Above zero.
    below: i32,
}

impl Power {
    pub(crate) const ZERO: Power = Power { above: 0, below: 1 };
    pub(crate) const ONE: Power = Power { above: 1, below: 1 };
    pub(crate) const HALF: Power = Power { above: 1, below: 2 };

    /// A fraction; none where no unit has such a power.
    pub(crate) fn new(above: i64, below: i64) -> Option<Power> {
        /// Beyond these a power is a slip; sums of powers stay within an `i64`, and roots are found at once.
        const LARGEST: i64 = 10_000;
        const DEEPEST: i64 = 60;
        if below == 0 {
            return None;
        }
        let divisor = gcd(above, below).max(1) * below.signum();
        let (above, below) = (above / divisor, below / divisor);
        let small = above.abs() <= LARGEST && below <= DEEPEST;
        small.then_some(Power { above: above as i32, below: below as i32 })
    }

    /// A number as a fraction, where it is one of a small denominator: `0.5`, `-2`.
    pub(crate) fn of(number: f64) -> Option<Power> {
        const MOST: i64 = 12;
        (1..=MOST).find_map(|below| {
            let above = number * below as f64;
            let whole = above.round();
            // A third is written `1 / 3`, or as many digits as a number holds.
            let near = (above - whole).abs() <= 1e-12 * above.abs().max(1.0) && whole.abs() < 1e6;
            near.then(|| Power::new(whole as i64, below)).flatten()
        })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.above == 0
    }

    pub(crate) fn is_negative(self) -> bool {
        self.above < 0
    }

    /// Its numerator and its denominator, which is above zero.
    pub(crate) fn parts(self) -> (i32, i32) {
        (self.above, self.below)
    }

    pub(crate) fn plus(self, other: Power) -> Option<Power> {
        let ((a, b), (c, d)) = (self.wide(), other.wide());
        Power::new(a * d + c * b, b * d)
    }

    pub(crate) fn times(self, other: Power) -> Option<Power> {
        let ((a, b), (c, d)) = (self.wide(), other.wide());
        Power::new(a * c, b * d)
    }

    pub(crate) fn negated(self) -> Power {
        Power { above: -self.above, ..self }
    }

    fn wide(self) -> (i64, i64) {
        (i64::from(self.above), i64::from(self.below))
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// Powers of the seven base quantities: length, mass, time, current, temperature, amount, luminous intensity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dimension([Power; 7]);

impl Dimension {
    /// That of a pure number.
    pub(crate) const NONE: Dimension = Dimension([Power::ZERO; 7]);

    /// Whole powers of the base quantities.
    pub(crate) fn of(powers: [i8; 7]) -> Dimension {
        Dimension(powers.map(|power| Power { above: i32::from(power), below: 1 }))
    }

    /// That of time.
    pub(crate) fn time() -> Dimension {
        Dimension::of([0, 0, 1, 0, 0, 0, 0])
    }

    pub(crate) fn is_none(&self) -> bool {
        *self == Dimension::NONE
    }

    pub(crate) fn times(&self, other: &Dimension) -> Option<Dimension> {
        let mut powers = self.0;
        for (power, other) in powers.iter_mut().zip(other.0) {
            *power = power.plus(other)?;
        }
        Some(Dimension(powers))
    }

    pub(crate) fn to(&self, exponent: Power) -> Option<Dimension> {
        let mut powers = self.0;
        for power in &mut powers {
            *power = power.times(exponent)?;
        }
        Some(Dimension(powers))
    }

    /// The powers, for the normal form.
    pub(crate) fn powers(&self) -> impl Iterator<Item = (i32, i32)> {
        self.0.into_iter().map(Power::parts)
    }
}
