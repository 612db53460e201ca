//! What is known of the unit of an expression.

use super::unit::Unit;
use std::rc::Rc;

/// What is known of the unit of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Measure {
    /// Nothing: it passes for anything.
    Unknown,
    /// A number that stands alone and takes the unit of its place; zero is zero in every unit.
    Bare {
        /// Whether it is zero.
        zero: bool,
    },
    /// Its unit.
    Of(Rc<Unit>),
}

impl Measure {
    /// That of a pure number.
    pub(crate) fn pure() -> Measure {
        Measure::Of(Rc::new(Unit::one()))
    }

    /// That of a unit; unknown where it is beyond what can be held.
    pub(crate) fn of(unit: Option<Unit>) -> Measure {
        unit.map_or(Measure::Unknown, |unit| Measure::Of(Rc::new(unit)))
    }

    /// The unit, where it is known; a bare number has none of its own.
    pub(crate) fn unit(&self) -> Option<&Rc<Unit>> {
        match self {
            Measure::Of(unit) => Some(unit),
            _ => None,
        }
    }

    /// What a table shows: none for pure numbers and where nothing is known.
    pub(crate) fn text(&self) -> Option<String> {
        self.unit().filter(|unit| unit.parts() > 0).map(|unit| unit.to_string())
    }
}
