//! `log(a) - log(b)` of quantities with a unit: the logarithm of their ratio, which has none.

use super::builtin::{self, Builtin};
use super::codes::UNIT_MISMATCH;
use super::expr::{Scope, joined};
use super::mismatch::Place;
use super::model::Builder;
use super::shown::{divisor, factor};
use super::units::Operand;
use super::value::{Sort, Value};
use crate::units::Measure;
use crate::{Binary, Unary};
use sbi_syntax::tree::{Call, Expr, ExprKind};

impl<'t> Builder<'t> {
    /// The difference of two logarithms; none for any other difference.
    pub(super) fn difference_of_logarithms(
        &mut self,
        left: &'t Expr,
        right: &'t Expr,
        scope: &Scope<'t>,
    ) -> Option<Value> {
        let ((left_call, above), (right_call, below)) = (self.logarithm(left)?, self.logarithm(right)?);
        let (a, b) = (self.number(above, scope), self.number(below, scope));
        let (x, y) = (Operand { value: &a, tree: above }, Operand { value: &b, tree: below });
        let sort = joined(&[&a, &b], Sort::Number);
        if self.strict
            && let (Measure::Of(unit), Measure::Of(other)) = (&a.measure, &b.measure)
            && !unit.is_pure()
            && unit.fits(other)
        {
            let unit = unit.proper();
            let message = "`log` takes a number without unit, as a ratio is".to_owned();
            let told = UNIT_MISMATCH.at(left.span.to(right.span), message);
            let told = told.label(above.span, unit.to_string()).label(below.span, other.proper().to_string());
            let ratio = factor(above).zip(divisor(below)).map(|(a, b)| format!("log({a} / {b})"));
            self.told.push(told.help(match ratio {
                Some(ratio) => format!("write the logarithm of the ratio: `{ratio}`"),
                None => "write the logarithm of the ratio: `log(… / …)`".to_owned(),
            }));
            let (ratio, measure) = self.product(&a, &b, true);
            let ratio = self.settled(&Value::number(ratio, measure));
            return Some(Value { sort, ..Value::pure(self.arena.unary(Unary::Log, ratio.raw)) });
        }
        let [l, r] = [(x, left_call), (y, right_call)].map(|(operand, call)| {
            let plain = self.fit(operand, &Place::pure("`log`"));
            let raw = self.arena.unary(Unary::Log, plain);
            self.note(raw, call.span);
            raw
        });
        Some(Value { sort, ..Value::pure(self.arena.binary(Binary::Sub, l, r)) })
    }

    /// The call of a logarithm, and of what it is.
    fn logarithm(&self, expr: &'t Expr) -> Option<(&'t Call, &'t Expr)> {
        let ExprKind::Call(call) = &expr.kind else { return None };
        let [argument] = call.arguments.as_slice() else { return None };
        let name = call.path.as_name()?.text.as_str();
        let own = self.names.get(name).is_some() || argument.label.is_some();
        let log = matches!(builtin::function(name), Some(Builtin::One(Unary::Log)));
        (log && !own).then_some((call, &argument.value))
    }
}
