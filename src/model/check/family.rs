//! What a row of the table of distributions says, and what follows from it.

use super::elsewhere::{LABELS, NAMES};
use super::families::TABLE;
use crate::{Argument, Draw, ExprId, Family, Kind, Map, Range, Support};
use std::f64::consts::PI;

/// What an argument of a distribution must satisfy, where it is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// Any finite number.
    Finite,
    /// Above zero.
    Positive,
    /// Finite and not zero.
    Nonzero,
    /// From 0 to 1.
    Probability,
    /// A whole number from 0.
    Count,
}

/// How an argument that is written becomes the one that is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    /// As it is.
    Plain,
    /// The square root of it: a variance into a standard deviation.
    Root,
    /// One over its square root: a precision into a standard deviation.
    InverseRoot,
    /// One over it: a mean into a rate.
    Inverse,
    /// Its exponential: the mean of a logarithm into a median.
    Exp,
    /// `1 / (1 + exp(-x))`: a log-odds into a probability.
    Logistic,
    /// So many times it: a standard deviation into another scale.
    Times(f64),
}

/// One way to write an argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Its label.
    pub(super) name: &'static str,
    /// What becomes of it.
    pub(super) turn: Turn,
    /// What it must satisfy.
    pub(super) demand: Demand,
    /// Which power of the unit of what is drawn it is measured in: 0 of a pure number, -1 of a rate, 2 of a variance.
    pub(super) power: i8,
}

/// What an argument is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One number.
    Scalar,
    /// A number for each element of the axis over which a vector is drawn.
    Vector,
    /// A matrix over that axis.
    Matrix,
    /// Probabilities that add up to one, as many as are listed.
    Weights,
    /// Distributions.
    Components,
    /// A kernel.
    Kernel,
}

/// An argument: the ways to write it, the first being the one meant by position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) ways: &'static [Way],
    pub(super) shape: Shape,
    /// What holds where it is left out; none where it cannot be.
    pub(super) default: Option<f64>,
}

/// A distribution: a row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) family: Family,
    pub(super) name: &'static str,
    /// What kind of value it gives.
    pub(super) kind: Kind,
    /// Where its values lie.
    pub(super) range: Range,
    /// Its arguments in positional order.
    pub(super) slots: &'static [Slot],
}

/// The distribution of a name.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

/// Whether a name is that of a distribution.
pub(super) fn is_distribution(name: &str) -> bool {
    find(name).is_some()
}

/// What a distribution of another language is called here.
pub(super) fn name_here(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    NAMES.iter().find(|(elsewhere, _)| *elsewhere == name).map(|(_, here)| *here)
}

fn entry(family: Family) -> &'static Entry {
    TABLE.iter().find(|entry| entry.family == family).expect("every family has its row")
}

impl Entry {
    /// Whether it gives pure numbers: counts, shares and angles.
    pub(super) fn is_pure(&self) -> bool {
        self.kind != Kind::Real || matches!(self.range, Range::Unit | Range::Circle)
    }
}

impl Family {
    /// Its name in the language.
    pub fn name(self) -> &'static str {
        entry(self).name
    }

    /// What kind of value it gives. A mixture is as [`Draw::kind`] says.
    pub fn kind(self) -> Kind {
        entry(self).kind
    }

    /// Where its values lie, before anything bends them.
    pub fn range(self) -> Range {
        entry(self).range
    }

    /// Whether it gives pure numbers.
    pub(super) fn is_pure(self) -> bool {
        entry(self).is_pure()
    }

    /// Whether a draw is a vector over the node's last axis, else one number.
    pub fn is_vector(self) -> bool {
        entry(self).slots.iter().any(|slot| matches!(slot.shape, Shape::Vector | Shape::Matrix))
    }

    /// Whether the elements along the node's last axis are drawn together: a vector, or a function of time.
    pub(crate) fn is_joint(self) -> bool {
        self.is_vector() || self == Family::GaussianProcess
    }
}

impl Draw {
    /// What kind of value it gives: a mixture what all its components give, and a real number where they differ.
    pub fn kind(&self) -> Kind {
        let Some(Argument::Components(draws)) = self.arguments.last() else { return self.family.kind() };
        let mut kinds = draws.iter().map(Draw::kind);
        let first = kinds.next().unwrap_or(Kind::Real);
        if kinds.all(|kind| kind == first) { first } else { Kind::Real }
    }

    /// The values it can take, as far as its constant arguments tell; `constant` gives the value of such an argument.
    pub(crate) fn support(&self, constant: &dyn Fn(ExprId) -> Option<f64>) -> Support {
        let bare = entry(self.family).range.of(&self.arguments, constant);
        self.transforms.iter().fold(bare, |support, transform| {
            let mut arguments = transform.arguments.iter().map(|argument| constant(*argument));
            let (first, second) = (arguments.next().flatten(), arguments.next().flatten());
            support.through(transform.map, first, second)
        })
    }
}

impl Range {
    /// What is known of it beforehand.
    fn of(self, arguments: &[Argument], constant: &dyn Fn(ExprId) -> Option<f64>) -> Support {
        let number = |slot: usize| match arguments.get(slot) {
            Some(Argument::Scalar(expr)) => constant(*expr),
            _ => None,
        };
        let (real, from_zero) = (Support::REAL, Support { low: 0.0, ..Support::REAL });
        match self {
            Range::Real => real,
            Range::Positive => from_zero,
            Range::Unit | Range::Simplex => Support { high: 1.0, ..from_zero },
            Range::Circle => Support { low: -PI, high: PI, whole: false },
            Range::Between(low, high) => Support {
                low: number(low).unwrap_or(real.low),
                high: number(high).unwrap_or(real.high),
                whole: false,
            },
            Range::Truth => Support { low: 0.0, high: 1.0, whole: true },
            Range::Counts => Support { whole: true, ..from_zero },
            Range::UpTo(most) => {
                Support { low: 0.0, high: number(most).unwrap_or(f64::INFINITY), whole: true }
            }
            Range::Categories(slot) => {
                let count = arguments.get(slot).map_or(0, |argument| argument.exprs().count());
                Support { low: 1.0, high: count as f64, whole: true }
            }
            Range::Components(slot) => match arguments.get(slot) {
                Some(Argument::Components(draws)) => {
                    draws.iter().map(|draw| draw.support(constant)).reduce(Support::either).unwrap_or(real)
                }
                _ => real,
            },
        }
    }
}

impl Support {
    /// All values of both.
    fn either(self, other: Support) -> Support {
        Support {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            whole: self.whole && other.whole,
        }
    }

    /// What becomes of the values under a map with these arguments, where they are constant.
    fn through(self, map: Map, first: Option<f64>, second: Option<f64>) -> Support {
        let squash = |x: f64| 1.0 / (1.0 + (-x).exp());
        let (low, high) = match (map, first, second) {
            (Map::Exp, ..) => (self.low.exp(), self.high.exp()),
            (Map::Logistic, ..) => (squash(self.low), squash(self.high)),
            (Map::Between, Some(low), Some(high)) => {
                (low + (high - low) * squash(self.low), low + (high - low) * squash(self.high))
            }
            (Map::Affine, Some(scale), Some(shift)) => {
                let (low, high) = (scale * self.low + shift, scale * self.high + shift);
                if scale < 0.0 { (high, low) } else { (low, high) }
            }
            (Map::Between, low, high) => (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)),
            (Map::Affine, ..) => return Support::REAL,
        };
        Support { low, high, whole: false }
    }
}

impl Turn {
    /// What becomes of a number.
    pub(super) fn number(self, x: f64) -> f64 {
        match self {
            Turn::Plain => x,
            Turn::Root => x.sqrt(),
            Turn::InverseRoot => 1.0 / x.sqrt(),
            Turn::Inverse => 1.0 / x,
            Turn::Exp => x.exp(),
            Turn::Logistic => 1.0 / (1.0 + (-x).exp()),
            Turn::Times(factor) => factor * x,
        }
    }
}

impl Entry {
    /// The argument that a label means: the slot and the way.
    pub(super) fn slot(&self, label: &str) -> Option<(usize, Way)> {
        self.slots.iter().enumerate().find_map(|(number, slot)| {
            slot.ways.iter().find(|way| way.name == label).map(|way| (number, *way))
        })
    }

    /// All labels it takes.
    pub(super) fn labels(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.slots.iter().flat_map(|slot| slot.ways).map(|way| way.name)
    }

    /// What a label of another language is called here.
    pub(super) fn label_here(&self, label: &str) -> Option<&'static str> {
        let label = label.to_lowercase();
        let (_, here) = LABELS.iter().find(|(elsewhere, _)| *elsewhere == label)?;
        here.iter().copied().find(|here| self.slot(here).is_some())
    }

    /// How it is written: `normal(mean, sd | var | precision)`.
    pub(super) fn signature(&self) -> String {
        let slots = self.slots.iter().map(|slot| {
            let ways: Vec<&str> = slot.ways.iter().map(|way| way.name).collect();
            ways.join(" | ")
        });
        format!("{}({})", self.name, slots.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_family_and_its_name() {
        for row in TABLE {
            assert_eq!(entry(row.family).name, row.name);
            assert_eq!(find(row.name).map(|found| found.family), Some(row.family));
        }
        assert!(TABLE.is_sorted_by_key(|row| row.name), "rows stand in alphabetical order");
    }

    #[test]
    fn what_stands_elsewhere_stands_here() {
        for (elsewhere, here) in NAMES {
            assert!(find(here).is_some() && find(elsewhere).is_none(), "{elsewhere} is {here}");
        }
        for (elsewhere, here) in LABELS {
            let known = |label: &&str| TABLE.iter().any(|row| row.slot(label).is_some());
            assert!(here.iter().all(known), "{elsewhere} is {here:?}");
        }
    }
}
