//! A unit as it is written, and as it comes about in products.

use super::factor::Factor;
use super::power::{Dimension, Power};
use super::scale::Scale;
use std::fmt;
use std::rc::Rc;

/// A unit with a name of its own: `ms`, or what `unit conductance = mS/cm^2` defines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(super) text: String,
    pub(super) dimension: Dimension,
    pub(super) scale: Scale,
}

/// A product of powers of named units, and of a number: what is divided by `5 ms` is in fifths of `1/ms`.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    dimension: Dimension,
    /// How many base units it is, the number included.
    scale: Scale,
    /// The names as they were written, none of the power zero.
    factors: Vec<(Rc<Named>, Power)>,
    /// Whether the number is one, so that the names say it all.
    proper: bool,
}

impl Unit {
    /// That of a pure number.
    pub(crate) fn one() -> Unit {
        Unit { dimension: Dimension::NONE, scale: Scale::ONE, factors: Vec::new(), proper: true }
    }

    pub(super) fn named(named: Rc<Named>) -> Unit {
        let (dimension, scale) = (named.dimension, named.scale.clone());
        Unit { dimension, scale, factors: vec![(named, Power::ONE)], proper: true }
    }

    /// So many of it.
    pub(crate) fn many(&self, number: f64) -> Option<Unit> {
        let scale = self.scale.times(&Scale::decimal(number)?)?;
        Some(Unit { proper: scale == self.scale && self.proper, scale, ..self.clone() })
    }

    pub(crate) fn times(&self, other: &Unit) -> Option<Unit> {
        let mut factors = self.factors.clone();
        for (named, power) in &other.factors {
            match factors.iter_mut().find(|(known, _)| known == named) {
                Some((_, known)) => *known = known.plus(*power)?,
                None => factors.push((named.clone(), *power)),
            }
        }
        factors.retain(|(_, power)| !power.is_zero());
        Some(Unit {
            dimension: self.dimension.times(&other.dimension)?,
            scale: self.scale.times(&other.scale)?,
            factors,
            proper: self.proper && other.proper,
        })
    }

    pub(crate) fn to(&self, exponent: Power) -> Option<Unit> {
        let factors = self.factors.iter().map(|(named, power)| Some((named.clone(), power.times(exponent)?)));
        let mut factors: Vec<_> = factors.collect::<Option<_>>()?;
        factors.retain(|(_, power)| !power.is_zero());
        Some(Unit {
            dimension: self.dimension.to(exponent)?,
            scale: self.scale.to(exponent)?,
            factors,
            proper: self.proper,
        })
    }

    /// One over it.
    pub(crate) fn inverse(&self) -> Unit {
        let factors = self.factors.iter().map(|(named, power)| (named.clone(), power.negated()));
        Unit {
            dimension: self.dimension.to(Power::ONE.negated()).expect("a small power is small when negated"),
            scale: self.scale.inverse(),
            factors: factors.collect(),
            proper: self.proper,
        }
    }

    pub(crate) fn over(&self, other: &Unit) -> Option<Unit> {
        self.times(&other.inverse())
    }

    pub(crate) fn dimension(&self) -> &Dimension {
        &self.dimension
    }

    pub(crate) fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Whether it is that of a pure number, whatever its size.
    pub(crate) fn is_pure(&self) -> bool {
        self.dimension.is_none()
    }

    /// Whether both measure the same kind of thing.
    pub(crate) fn fits(&self, other: &Unit) -> bool {
        self.dimension == other.dimension
    }

    /// What a number in this unit is multiplied by to be in the other.
    pub(crate) fn factor(&self, other: &Unit) -> Factor {
        if self.scale == other.scale {
            return Factor::ONE;
        }
        let scale = self.scale.times(&other.scale.inverse());
        // A power so large that it cannot be held belongs to no number that could be either.
        scale.map_or(Factor::ONE, |scale| Factor::of(&scale))
    }

    /// The unit of the names alone; of a pure number one.
    pub(crate) fn proper(&self) -> Unit {
        if self.is_pure() {
            return Unit::one();
        }
        if self.proper {
            return self.clone();
        }
        let scale = self
            .factors
            .iter()
            .try_fold(Scale::ONE, |scale, (named, power)| scale.times(&named.scale.to(*power)?));
        Unit { scale: scale.unwrap_or(Scale::ONE), proper: true, ..self.clone() }
    }

    /// Whether it is written with names alone, and no number is hidden in it.
    pub(crate) fn is_proper(&self) -> bool {
        self.proper && (!self.is_pure() || self.scale.is_one())
    }

    /// Its one name with its power, as it may stand behind a number.
    pub(crate) fn single(&self) -> Option<(&str, Power)> {
        match self.factors.as_slice() {
            [(named, power)] => Some((&named.text, *power)),
            _ => None,
        }
    }

    /// One of its names with a power that has all of its dimension.
    pub(crate) fn single_of_its_dimension(&self) -> Option<Unit> {
        let powers = self.factors.iter().map(|(named, power)| Unit::named(named.clone()).to(*power));
        powers.flatten().find(|unit| unit.fits(self) && !unit.is_pure())
    }

    /// The unit of time that it is a power of.
    pub(crate) fn time(&self) -> Option<Unit> {
        let one = self.single_of_its_dimension()?;
        let (above, below) = one.single()?.1.parts();
        let one = one.to(Power::new(i64::from(below), i64::from(above))?)?;
        (one.dimension == Dimension::time()).then_some(one)
    }

    /// Whether it is one of time.
    pub(crate) fn is_time(&self) -> bool {
        self.dimension == Dimension::time()
    }

    /// Whether it is one over a time.
    pub(crate) fn is_rate(&self) -> bool {
        Dimension::time().to(Power::ONE.negated()) == Some(self.dimension)
    }

    /// How many names it is made of.
    pub(crate) fn parts(&self) -> usize {
        self.factors.len()
    }

    /// `5` in it, as a number is written; none where only behind a colon it can be.
    pub(crate) fn behind(&self, number: &str) -> Option<String> {
        let (name, power) = self.single()?;
        Some(format!("{number} {}", raised(name, power)))
    }

    /// In base units: powers of the seven of SI, then of primes, the same however it is written.
    pub(crate) fn reduced(&self) -> String {
        let powers = self.dimension.powers().map(|(above, below)| format!("{above}/{below}"));
        let primes = self.scale.primes().map(|(prime, power)| format!("{prime}^{power:?}"));
        let pi = format!("pi^{:?}", self.scale.of_pi());
        powers.chain(primes).chain([pi]).collect::<Vec<_>>().join(" ")
    }

    /// What stands above the line and what below it.
    pub(crate) fn halves(&self) -> (String, String) {
        let side = |below: bool| {
            let factors = self.factors.iter().filter(|(_, power)| power.is_negative() == below);
            let texts = factors.map(|(named, power)| {
                let power = if below { power.negated() } else { *power };
                raised(&named.text, power)
            });
            texts.collect::<Vec<_>>()
        };
        let above = side(false).join("*");
        (if above.is_empty() { "1".to_owned() } else { above }, side(true).join("/"))
    }
}

impl fmt::Display for Unit {
    /// As it is written behind a colon: `mV/sqrt(ms)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (above, below) = self.halves();
        f.write_str(&above)?;
        if below.is_empty() { Ok(()) } else { write!(f, "/{below}") }
    }
}

/// A name with its power: `ms`, `cm^2`, `sqrt(s)`, `s^(3/2)`.
fn raised(name: &str, power: Power) -> String {
    match power.parts() {
        (1, 1) => name.to_owned(),
        (1, 2) => format!("sqrt({name})"),
        (above, 1) => format!("{name}^{above}"),
        (above, below) => format!("{name}^({above}/{below})"),
    }
}
