//! Slips of powers: another argument of a distribution, another reduction, a root, a square, a quotient turned round.

use super::family;
use super::mismatch::What;
use super::model::Builder;
use super::names::Symbol;
use super::product::{self, Change, Factor};
use super::remedy::{Case, only};
use super::shown::{factor, operand, shown};
use crate::units::{Measure, Power};
use sbi_syntax::tree::{BinaryOperator, ExprKind};

/// The powers to which a name may have to be raised.
const POWERS: [(i64, i64); 4] = [(2, 1), (3, 1), (4, 1), (1, 2)];

impl<'t> Builder<'t> {
    /// The other name of an argument under which it has the unit that was found: a variance, a mean for a rate.
    pub(super) fn other_way(&self, case: &Case<'_, 't>) -> Option<String> {
        let Some(What::Argument(distribution, argument, ..)) = case.sides.what else { return None };
        let entry = family::find(distribution)?;
        let slot = entry.slots.iter().find(|slot| slot.ways.iter().any(|way| way.name == argument))?;
        let own = slot.ways.iter().find(|way| way.name == argument)?;
        let unit = case.expected.to(Power::new(1, i64::from(own.power))?)?;
        let fits = slot.ways.iter().find(|way| {
            let power = Power::new(i64::from(way.power), 1);
            power.and_then(|power| unit.to(power)).is_some_and(|unit| unit.fits(&case.found))
        })?;
        Some(format!("name it for what it is: `{} = {}`", fits.name, shown(case.tree)?))
    }

    /// An integral in place of a mean, or the reverse.
    pub(super) fn other_reduction(&self, case: &Case<'_, 't>) -> Option<String> {
        let ExprKind::Reduce { reducer, axis, body } = &case.tree.kind else { return None };
        let Some(Symbol::Axis(Some(id))) = self.names.get(&axis.text) else { return None };
        let along = self.coordinates.get(id.0).and_then(Measure::unit)?;
        let (meant, fits) = match reducer.text.as_str() {
            "mean" | "sum" => ("integral", along.fits(&case.lacking)),
            "integral" => ("mean", along.inverse().fits(&case.lacking)),
            _ => return None,
        };
        let written = format!("`{meant} over {} ({})`", axis.text, shown(body)?);
        let declared = self.redeclared(case, true);
        fits.then(|| match declared {
            // Who integrates means to.
            Some(declared) if meant == "mean" => format!("{declared}, or write {written}"),
            Some(declared) => format!("write {written}, or {declared}"),
            None => format!("write {written}"),
        })
    }

    /// What another power mends: of the whole, of a factor, or one of a quotient that is turned round.
    pub(super) fn of_other_power(&self, case: &Case<'_, 't>) -> Option<String> {
        if case.expected.is_pure() {
            return self.ratio(case);
        }
        if case.found.is_pure() {
            return None;
        }
        self.whole_power(case).or_else(|| self.turned_round(case)).or_else(|| self.power_of_factor(case))
    }

    /// The product of a time and a time was to be their ratio.
    fn ratio(&self, case: &Case<'_, 't>) -> Option<String> {
        let half = case.found.to(Power::HALF)?;
        let even = half.single().is_some_and(|(_, power)| power.parts().1 == 1);
        let [_, second] = case.product.parts.as_slice() else { return None };
        if !even {
            return None;
        }
        let written = case.product.with(&Change::Moved(1))?;
        Some(match second.below {
            false => format!("a ratio has no unit: `{written}`"),
            true => format!("a rate times a time has no unit: `{written}`"),
        })
    }

    /// The root or a power of the whole.
    fn whole_power(&self, case: &Case<'_, 't>) -> Option<String> {
        let alone = self.is_alone(case);
        let (above, below) = POWERS.into_iter().find(|(above, below)| {
            let raised = Power::new(*above, *below).and_then(|power| case.found.to(power));
            raised.is_some_and(|unit| unit.fits(&case.expected))
        })?;
        let power = Power::new(above, below)?;
        let written = match (power, &case.tree.kind) {
            (Power::HALF, _) => {
                // Beside a factor that fits as it is, another one is too many.
                let fits = |factor: &Factor| factor.unit.fits(&case.expected);
                let fraction = alone && case.expected.single().is_some_and(|(_, power)| power.parts().1 > 1);
                if fraction || case.factors.iter().any(fits) {
                    return None;
                }
                format!("take its root: `sqrt({})`", shown(case.tree)?)
            }
            (_, ExprKind::Binary { operator: BinaryOperator::Div, left, right, .. })
                if shown(left).as_deref() == Some("1") =>
            {
                format!("square it: `1 / {}^{above}`", operand(right)?)
            }
            _ if alone || above == 2 => {
                let verb = if above == 2 { "square it".to_owned() } else { "raise it".to_owned() };
                format!("{verb}: `{}^{above}`", operand(case.tree)?)
            }
            _ => return None,
        };
        Some(match self.redeclared(case, true).filter(|_| alone) {
            Some(declared) => format!("{written}, or {declared}"),
            None => written,
        })
    }

    /// A quotient of two that is turned round.
    fn turned_round(&self, case: &Case<'_, 't>) -> Option<String> {
        let two = matches!(case.product.parts.as_slice(), [one, two] if one.below != two.below);
        let round = two && case.expected.fits(&case.found.inverse());
        round.then(|| Some(format!("turn it round: `{}`", case.product.with(&Change::Turned)?))).flatten()
    }

    /// The one factor that has exactly what is lacking, and enters to a higher power.
    fn power_of_factor(&self, case: &Case<'_, 't>) -> Option<String> {
        let more = |factor: &&Factor| {
            let above = factor.power == Power::ONE || factor.power.parts().0 > 1;
            factor.whole && above && !factor.unit.is_pure() && factor.unit.fits(&case.lacking)
        };
        let factor = only(case.factors.iter().filter(more)).filter(|_| case.product.parts.len() > 1)?;
        let raised = format!("{}^{}", factor_base(case, factor)?, factor.power.parts().0 + 1);
        let written = case.product.with(&Change::Replaced(factor.part, &raised))?;
        Some(format!("`{}` enters to another power: `{written}`", factor.name))
    }

    /// The factor that has one over what is lacking, and is divided by, or stands there twice.
    pub(super) fn once_too_often(&self, case: &Case<'_, 't>) -> Option<String> {
        let times = |factor: &Factor| case.factors.iter().filter(|other| other.name == factor.name).count();
        let less = |factor: &&Factor| {
            let unit = match factor.power {
                power if power == Power::ONE.negated() => Some(factor.unit.proper()),
                Power::ONE if times(factor) > 1 => Some(factor.unit.inverse()),
                _ => None,
            };
            let quantity = factor.whole && factor.what != product::What::Time;
            quantity && unit.is_some_and(|unit| unit.fits(&case.lacking))
        };
        let twice = case.factors.iter().filter(less).find(|factor| times(factor) > 1);
        let factor = twice.or_else(|| only(case.factors.iter().filter(less)))?;
        let written =
            case.product.with(&Change::Dropped(factor.part)).filter(|_| case.product.parts.len() > 1)?;
        Some(format!("`{}` enters once too often: `{written}`", factor.name))
    }
}

/// A factor without its power, as it is written.
fn factor_base(case: &Case<'_, '_>, of: &Factor) -> Option<String> {
    let tree = case.product.parts.get(of.part)?.tree;
    match &tree.kind {
        ExprKind::Binary { operator: BinaryOperator::Pow, left, .. } => operand(left),
        _ => factor(tree),
    }
}
