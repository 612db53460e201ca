//! A unit that is declared otherwise than it is meant: that of the left side, or that of a factor.

use super::mismatch::What;
use super::model::{Builder, Written};
use super::names::Symbol;
use super::product::{self, Factor, Product};
use super::remedy::{Case, only};
use crate::Role;
use crate::units::{Power, Unit};

/// How a unit differs from the one that is needed.
#[derive(Clone, Copy, PartialEq)]
enum Differs {
    /// One name stands on the other side of the line: `ms/mV` for `1/ms/mV`.
    Flipped,
    /// It is per something or not: `kg/ha/year` for `kg/ha`.
    Per,
    /// One name has another power.
    Power,
    /// Altogether.
    Wholly,
}

impl Differs {
    fn between(declared: &Unit, needed: &Unit) -> Differs {
        let (declared, needed) = (declared.proper(), needed.proper());
        let Some(ratio) = needed.over(&declared).filter(|ratio| ratio.parts() == 1) else {
            return Differs::Wholly;
        };
        let power = |unit: &Unit| ratio.single().and_then(|(name, _)| unit.power_of(name));
        match (power(&declared), power(&needed)) {
            (Some(before), Some(after)) if before == after.negated() => Differs::Flipped,
            (Some(power), None) | (None, Some(power)) if power.is_negative() => Differs::Per,
            _ => Differs::Power,
        }
    }
}

impl<'t> Builder<'t> {
    /// What is to be declared otherwise; `besides` says whether a factor is offered already, as a first choice.
    pub(super) fn redeclared(&self, case: &Case<'_, 't>, besides: bool) -> Option<String> {
        let candidates = self.candidates(case, besides);
        let declare = |(factor, unit, _): &(&Factor, Unit, Differs)| match unit.parts() {
            0 => format!("declare `{}` without a unit", factor.name),
            _ => format!("declare `{}` in `{unit}`", factor.name),
        };
        let alike = |how: Differs| candidates.iter().filter(move |(.., differs)| *differs == how);
        if let Some(flipped) = only(alike(Differs::Flipped)) {
            return Some(declare(flipped));
        }
        let left = self.left_of(case).map(|name| format!("declare `{name}` in `{}`", case.found));
        if left.is_some() && (case.found.resembles(&case.expected) || (besides && case.found.parts() <= 2)) {
            return left;
        }
        if let Some(both) = self.one_of_two(case).filter(|_| !besides) {
            return Some(both);
        }
        let near: Vec<_> = candidates.iter().filter(|(.., differs)| *differs != Differs::Wholly).collect();
        let per: Vec<_> = alike(Differs::Per).collect();
        match (near.as_slice(), per.as_slice(), candidates.as_slice()) {
            ([one], ..) => Some(declare(one)),
            _ if besides => candidates.iter().find(|(_, unit, _)| unit.parts() == 0).map(declare),
            (_, [one, (two, other, _)], _) => {
                Some(format!("{}, or `{}` in `{other}`", declare(one), two.name))
            }
            _ if left.is_some() => left,
            ([], _, [one]) if self.is_alone(case) => {
                Some(format!("read what is in `{}` here, or {}", case.expected, declare(one)))
            }
            ([], _, [one @ (_, unit, _)]) if unit.parts() <= 3 => Some(declare(one)),
            _ => None,
        }
    }

    /// The quantities among the factors that a line declares, each with the unit in which it would fit.
    fn candidates<'c>(&self, case: &'c Case<'_, 't>, besides: bool) -> Vec<(&'c Factor, Unit, Differs)> {
        let declared = |factor: &&Factor| {
            matches!(factor.what, product::What::Node(id) if self.is_declared_here(id))
                && self.role(factor) != Some(Role::State)
        };
        let units = case.factors.iter().filter(declared).filter_map(|factor| {
            let (above, below) = factor.power.parts();
            let inverse = Power::new(i64::from(below), i64::from(above))?;
            let lacking = |by: &Unit| factor.unit.proper().times(&by.to(inverse)?);
            let unit =
                lacking(&case.lacking).filter(|unit| !unit.is_pure()).or_else(|| lacking(&case.ratio))?;
            let short = unit.single_of_its_dimension();
            Some((factor, short.unwrap_or(unit)))
        });
        // What is read beside it as well is in its own unit there.
        let beside = case.sides.beside.map(|beside| self.factors(&Product::of(beside.tree)));
        let there = |factor: &Factor| beside.iter().flatten().any(|other| other.name == factor.name);
        let scatter =
            matches!(case.sides.what, Some(What::Argument(_, "spread" | "shape" | "df" | "dispersion", ..)));
        let units = units.filter(|(factor, unit)| {
            !there(factor) && (unit.parts() > 0 || (scatter && besides && self.is_alone(case)))
        });
        let found = units.map(|(factor, unit)| (factor, Differs::between(&factor.unit, &unit), unit));
        found.map(|(factor, differs, unit)| (factor, unit, differs)).collect()
    }

    /// The quantity whose value the whole expression is, or about which it is drawn.
    fn left_of<'c>(&self, case: &Case<'c, 't>) -> Option<&'c str> {
        let name = match case.sides.what? {
            What::Declared(name, _) => name,
            What::Argument(_, "mean" | "median" | "low" | "high", name, false) => name,
            _ => return None,
        };
        let written = match self.names.get(name)? {
            Symbol::Node(id) => matches!(self.written.get(id.0), Some(Written::Node(_) | Written::Let(_))),
            Symbol::Function(..) => true,
            _ => false,
        };
        (written && !case.found.is_pure() && !case.expected.is_pure()).then_some(name)
    }

    /// Of two names side by side whose units differ by one name, either may be declared otherwise; the longer unit first.
    fn one_of_two(&self, case: &Case<'_, 't>) -> Option<String> {
        let beside = Product::of(case.sides.beside?.tree);
        let others = self.factors(&beside);
        let ([own], [other], 1, 1) =
            (case.factors.as_slice(), others.as_slice(), case.product.parts.len(), beside.parts.len())
        else {
            return None;
        };
        let declared = |factor: &Factor| {
            let state = self.role(factor) == Some(Role::State);
            let here = matches!(factor.what, product::What::Node(id) if self.is_declared_here(id));
            factor.whole && here && !state
        };
        if !declared(own) || !declared(other) || !own.unit.resembles(&other.unit) {
            return None;
        }
        let (long, short) = if own.unit.parts() > other.unit.parts() { (own, other) } else { (other, own) };
        Some(format!("declare `{}` in `{}`, or `{}` in `{}`", long.name, short.unit, short.name, long.unit))
    }
}
