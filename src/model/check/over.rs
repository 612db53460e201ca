//! `over 0 .. 10` and `every 1`: the time over which a dynamics is solved, and the lengths of its steps.

use super::codes::{DYNAMICS_RANGE, EMPTY_RANGE, NOT_CONSTANT, SOLVER};
use super::expr::Scope;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::shown::shown;
use super::value::{Sort, Value};
use crate::{Binary, Definition, Expr, ExprId, Role, Unary};
use sbi_syntax::Span;
use sbi_syntax::tree::{self, ExprKind};

/// From when to when a dynamics is solved.
#[derive(Clone)]
pub(super) struct Over {
    pub(super) ends: [f64; 2],
    /// The unit of the ends, as it is shown.
    pub(super) unit: Option<String>,
    pub(super) span: Span,
}

impl<'t> Builder<'t> {
    /// From when to when a dynamics runs; what is wrong with it is told.
    pub(super) fn over(&mut self, tree: &'t tree::Dynamics, run: usize) -> Option<Over> {
        let Some(over) = &tree.over else {
            let told = DYNAMICS_RANGE
                .at(tree.name.span, format!("`{}` does not say from when to when it runs", tree.name.text));
            self.told.push(told.help(format!("write `dynamics {} over 0 .. 10 …`", tree.name.text)));
            return None;
        };
        let ExprKind::Range { low, high } = &over.kind else {
            let told = DYNAMICS_RANGE.at(over.span, "a range of times is expected after `over`");
            let zero = |number: &tree::Number| match &number.unit {
                Some(unit) => format!("0 {}", unit.text),
                None => "0".to_owned(),
            };
            self.told.push(match (&over.kind, shown(over)) {
                // How long it lasts is written, and not from when.
                (ExprKind::Number(number), Some(last)) if number.value > 0.0 => {
                    told.help(format!("write `over {} .. {last}`", zero(number)))
                }
                _ => told.help("write `over 0 .. 10`"),
            });
            return None;
        };
        let place = Place { measure: self.clock(run), what: What::Time("the other end") };
        let ((from, first), (to, last)) = self.fixed(low, &place).zip(self.fixed(high, &place))?;
        // What is passed to a simulator that is checked alone may be anything.
        if first.sort == Sort::Any || last.sort == Sort::Any {
            return None;
        }
        if from >= to {
            let told = EMPTY_RANGE.at(over.span, format!("no time lies between {from} and {to}"));
            self.told.push(told.help(format!("write `over {to} .. {from}`")));
            return None;
        }
        Some(Over { ends: [from, to], unit: place.measure.text(), span: over.span })
    }

    /// The value of a number that must be known beforehand, with what is known of its expression; what is wrong is told.
    fn fixed(&mut self, expr: &'t tree::Expr, place: &Place<'_>) -> Option<(f64, Value)> {
        let (raw, value) = self.number_in(expr, &Scope::model(), place);
        match value.sort {
            Sort::Refused => return None,
            // An input of a simulator that is checked alone may be anything.
            Sort::Any => return Some((1.0, value)),
            _ => {}
        }
        let Some(fixed) = self.known(raw) else {
            let told = NOT_CONSTANT.at(expr.span, "a number known beforehand is expected here");
            self.told.push(told.help("write a number, or arithmetic on numbers and constants"));
            return None;
        };
        Some((fixed, value))
    }

    /// The value of an expression of numbers, by exact arithmetic.
    pub(super) fn known(&self, id: ExprId) -> Option<f64> {
        match *self.arena.exprs.get(id.0)? {
            Expr::Number(value) => Some(value),
            Expr::Unary(Unary::Neg, operand) => Some(-self.known(operand)?),
            Expr::Binary(function, left, right) => {
                let (left, right) = (self.known(left)?, self.known(right)?);
                match function {
                    Binary::Add => Some(left + right),
                    Binary::Sub => Some(left - right),
                    Binary::Mul => Some(left * right),
                    Binary::Div => Some(left / right),
                    _ => None,
                }
            }
            Expr::Element { node, .. } => match self.nodes.get(node.0)?.definition {
                Definition::Equals(value) if self.nodes.get(node.0)?.role == Role::Let => self.known(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// A length of steps, above zero; of times no longer than the whole, where that is known.
    pub(super) fn step(
        &mut self,
        expr: &'t tree::Expr,
        place: &Place<'_>,
        over: Option<&Over>,
    ) -> Option<f64> {
        let (step, value) = self.fixed(expr, place)?;
        if step <= 0.0 {
            let told = SOLVER.at(expr.span, format!("a step of {step} leads nowhere"));
            self.told.push(told.help("write a number above zero"));
            return None;
        }
        let Some(over) = over else { return Some(step) };
        let [from, to] = over.ends;
        if step > to - from && value.sort != Sort::Any {
            let told = SOLVER.at(expr.span, format!("a step of {step} is longer than all of {from} to {to}"));
            let told = told.label(over.span, "solved over this");
            let unit = over.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            self.told.push(told.help(format!("write a shorter one, such as {}{unit}", (to - from) / 100.0)));
            return None;
        }
        Some(step)
    }
}
