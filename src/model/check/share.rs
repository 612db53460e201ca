//! Shares and angles: pure numbers that have units with a size, `percent` and `deg`. What has no unit fits them too, as a
//! fraction or in radians, so that here a number without its unit is no slip that dimensions would show.

use super::codes::CONVERTED_TWICE;
use super::mismatch::Place;
use super::model::Builder;
use super::product::{Change, Product};
use super::shown::{shown, shown_or_dots};
use super::units::{Operand, Together};
use super::value::Value;
use crate::units::{Measure, Power, Unit};
use crate::{Expr, Unary};
use sbi_syntax::tree::{self, BinaryOperator, ExprKind, UnaryOperator};
use std::f64::consts::PI;

/// How near two factors are that are one.
const NEAR: f64 = 1e-9;

/// Whether a number that is written without any unit would be taken for a fraction, or for radians, in percent or degrees.
pub(super) fn is_of_no_share(value: &Value, beside: &Unit) -> bool {
    value.unitless && beside.share().is_some()
}

/// Whether a value is one of a share or an angle.
fn is_share(measure: &Measure) -> bool {
    measure.unit().is_some_and(|unit| unit.share().is_some())
}

/// How many of the plain number a share is: a hundredth.
fn size(share: &Unit) -> f64 {
    share.factor(&Unit::one()).size()
}

impl<'t> Builder<'t> {
    /// Whether a bare number is the whole of which another is a share, `1 - saturation`. It must stand first: behind what is
    /// in percent it may as well be one percent.
    pub(super) fn is_whole(&self, number: &Value, how: Together, unit: &Unit) -> bool {
        let one = matches!(self.arena.exprs.get(number.raw.0), Some(Expr::Number(number)) if *number == 1.0);
        let angle = !unit.scale().of_pi().is_zero();
        one && unit.is_pure() && !angle && matches!(how, Together::Added | Together::Subtracted)
    }

    /// Tells of a bare number in a place whose unit follows from what stands beside it, where that is a share or an angle:
    /// nobody knows then whether it is one, or a fraction.
    pub(super) fn ensure_share(&mut self, operand: Operand<'_, 't>, place: &Place<'_>, follows: bool) {
        let bare = matches!(operand.value.measure, Measure::Bare { zero: false });
        if follows && bare && is_share(&place.measure) {
            self.misplaced(operand, place);
        }
    }

    /// Tells of a share or an angle that a function of numbers does not take: what is whole in percent is no whole number,
    /// and who takes the exponential of degrees has forgotten by what they are divided.
    pub(super) fn ensure_plain(&mut self, function: Unary, operand: Operand<'_, 't>, who: &str) {
        let Some(share) = operand.value.measure.unit().and_then(|unit| unit.share()) else { return };
        let fits = match function {
            Unary::Floor | Unary::Ceil | Unary::Round => false,
            Unary::Sin | Unary::Cos | Unary::Tan => {
                share.single().is_some_and(|(_, power)| power == Power::ONE)
            }
            _ => !share.is_angle(),
        };
        if !fits {
            self.misplaced(operand, &Place::pure(who));
        }
    }

    /// Warns of what is in percent and divided by 100, or in degrees and multiplied by `pi / 180`: units do that.
    pub(super) fn ensure_once(
        &mut self,
        operator: BinaryOperator,
        left: Operand<'_, 't>,
        right: Operand<'_, 't>,
    ) {
        let share = |operand: Operand<'_, 't>| operand.value.measure.unit()?.share_within();
        let (kept, by, share) = match (operator, share(left), share(right)) {
            (BinaryOperator::Mul | BinaryOperator::Div, Some(share), None) => (left, right, share),
            (BinaryOperator::Mul, None, Some(share)) => (right, left, share),
            _ => return,
        };
        let Ok(number) = self.constants.quantity(by.tree) else { return };
        let plain = number.measure.unit().is_none_or(|unit| unit.parts() == 0);
        let factor = if operator == BinaryOperator::Div { 1.0 / number.value } else { number.value };
        let ratio = size(&share) / factor;
        let same = |expected: f64| (ratio / expected - 1.0).abs() < NEAR;
        // Half a turn and a whole one are what degrees are divided by, before or after they are multiplied by `pi`.
        let turn = share.is_angle() && operator == BinaryOperator::Div && number.value > 2.0;
        let half = turn && (same(PI) || same(2.0 * PI));
        if !self.strict || !plain || !(same(1.0) || half) {
            return;
        }
        let (text, number) = (shown_or_dots(kept.tree), shown_or_dots(by.tree));
        let message = format!("`{text}` is in `{share}`, which is converted by itself");
        let product = Product::of(kept.tree);
        let pi = product.parts.iter().position(|part| is_pi(part.tree));
        let without = pi.and_then(|place| product.with(&Change::Dropped(place)));
        let help = match (half, operator) {
            (true, _) if let Some(without) = without => format!("leave `pi / {number}` out: `{without}`"),
            (true, _) => {
                format!("write a ratio with its unit, `{text} / {number} {share}`, or leave `{number}` out")
            }
            (false, BinaryOperator::Div) => format!("leave `/ {number}` out: `{text}`"),
            (false, _) => format!("leave `{number}` out: `{text}`"),
        };
        self.told.push(
            CONVERTED_TWICE.at(by.tree.span, message).label(kept.tree.span, share.to_string()).help(help),
        );
    }

    /// Warns of a fraction that is multiplied by 100 in a place in percent, or of radians by `180 / pi` in one in degrees.
    pub(super) fn ensure_once_in(&mut self, operand: Operand<'_, 't>, expected: &Unit) {
        let (Some(share), Some(found)) = (expected.share(), operand.value.measure.unit()) else { return };
        let twice = (constant_factor(operand.tree) * size(&share) - 1.0).abs() < NEAR;
        if !self.strict || !twice || !found.is_plain() {
            return;
        }
        let by = if share.scale().of_pi().is_zero() {
            (1.0 / size(&share)).to_string()
        } else {
            "180 / pi".to_owned()
        };
        let product = Product::of(operand.tree);
        let many = product.parts.iter().position(|part| {
            matches!(&part.tree.kind, ExprKind::Number(number) if (number.value * size(&share) - 1.0).abs() < NEAR)
        });
        let without = many.and_then(|place| product.with(&Change::Dropped(place)));
        let text = shown(operand.tree).map_or_else(|| "this".to_owned(), |text| format!("`{text}`"));
        let message = format!("{text} stands where `{share}` is expected, and is converted by itself");
        let told = CONVERTED_TWICE.at(operand.tree.span, message);
        self.told.push(told.help(match without {
            Some(without) => format!("leave `{by}` out: `{without}`"),
            None => format!("leave `{by}` out of it"),
        }));
    }
}

fn is_pi(tree: &tree::Expr) -> bool {
    matches!(&tree.kind, ExprKind::Path(path) if path.text() == "pi")
}

/// The product of the numbers among the factors of an expression.
fn constant_factor(tree: &tree::Expr) -> f64 {
    match &tree.kind {
        ExprKind::Number(number) if number.unit.is_none() => number.value,
        _ if is_pi(tree) => PI,
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => constant_factor(operand),
        ExprKind::Binary { operator: BinaryOperator::Mul, left, right, .. } => {
            constant_factor(left) * constant_factor(right)
        }
        ExprKind::Binary { operator: BinaryOperator::Div, left, right, .. } => {
            constant_factor(left) / constant_factor(right)
        }
        _ => 1.0,
    }
}
