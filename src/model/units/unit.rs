//! A unit as it is written, and as it comes about in products.

use super::factor::Factor;
use super::gauge::Gauge;
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

impl Named {
    /// Whether it is a pure number that is not one: `percent`, `deg`.
    pub(super) fn is_share(&self) -> bool {
        self.dimension.is_none() && !self.scale.is_one()
    }
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

    /// The share or the angle that a pure number is in, `percent` or `deg`: the only one of its names that has a size. Of an
    /// angle it may be a power, `deg^2`; a product of shares is a number like others, and a ratio, `mV/V`, is in none.
    pub(crate) fn share(&self) -> Option<Unit> {
        self.share_within().filter(|_| self.is_pure())
    }

    /// As [`Unit::share`], of the pure part of a product: `percent` of `g*percent/dL`.
    pub(crate) fn share_within(&self) -> Option<Unit> {
        let mut sized = self.factors.iter().filter(|(named, _)| named.is_share());
        let (first, second) = (sized.next(), sized.next());
        let (named, power) = first.filter(|_| second.is_none())?;
        let angle = !named.scale.of_pi().is_zero();
        Unit::named(named.clone()).to(*power).filter(|_| angle || *power == Power::ONE)
    }

    /// Whether it is an angle with a size, or a power of one: `deg`, `1/deg`.
    pub(crate) fn is_angle(&self) -> bool {
        self.share().is_some_and(|share| !share.scale.of_pi().is_zero())
    }

    /// Whether it is that of a pure number which is neither in percent nor in degrees, or the like.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_pure() && self.share().is_none()
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

    /// The unit of the names alone; of a pure number the share or the angle that it is in, else one.
    pub(crate) fn proper(&self) -> Unit {
        if self.is_pure() {
            return self.share().unwrap_or_else(Unit::one);
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
        let whole = || self.scale.is_one() || (self.factors.len() == 1 && self.share().is_some());
        self.proper && (!self.is_pure() || whole())
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

    /// `5` in it, as a number is written; none where it can stand only behind a colon.
    pub(crate) fn behind(&self, number: &str) -> Option<String> {
        let (name, power) =
            self.single().filter(|(_, power)| power.parts().1 == 1 && !power.is_negative())?;
        Some(format!("{number} {}", raised(name, power)))
    }

    /// `5` in it, as a number or a quotient or a product of numbers: `5 / 1 day`, `5 * sqrt(1 s)`.
    pub(crate) fn numbered(&self, number: &str) -> Option<String> {
        if let Some(whole) = self.behind(number) {
            return Some(whole);
        }
        let (name, power) = self.single()?;
        let sign = if power.is_negative() { '/' } else { '*' };
        match power.parts() {
            (above, 1) => {
                let power = Power::new(i64::from(above).abs(), 1)?;
                Some(format!("{number} {sign} 1 {}", raised(name, power)))
            }
            (1 | -1, 2) => Some(format!("{number} {sign} sqrt(1 {name})")),
            _ => None,
        }
    }

    /// What stands above the line and the name of which the root stands below it: `mV` and `ms` of `mV/sqrt(ms)`.
    pub(crate) fn over_root(&self) -> Option<(Unit, &str)> {
        let is_root = |(_, power): &&(Rc<Named>, Power)| power.negated() == Power::HALF;
        let (named, power) = self.factors.iter().find(is_root)?;
        let root = Unit::named(named.clone()).to(*power)?;
        Some((self.over(&root)?, named.text.as_str()))
    }

    /// The power of a name in it.
    pub(crate) fn power_of(&self, name: &str) -> Option<Power> {
        self.factors.iter().find(|(named, _)| named.text == name).map(|(_, power)| *power)
    }

    /// Whether the names of two units tell them apart by the power of one alone: `mM` and `mM/s`, `s` and `sqrt(s)`.
    pub(crate) fn resembles(&self, other: &Unit) -> bool {
        self.proper().over(&other.proper()).is_some_and(|ratio| ratio.parts() == 1)
    }

    /// As [`Gauge::reduced`].
    pub(crate) fn reduced(&self) -> String {
        self.gauge().reduced()
    }

    /// It without its names.
    pub(crate) fn gauge(&self) -> Gauge {
        Gauge { dimension: self.dimension, scale: self.scale.clone() }
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
