//! The units of expressions: what becomes of them in sums, products and powers, and the factors that are put in where units
//! of one dimension and different size meet.
//!
//! A number with a unit that multiplies or divides goes into the unit of the product, exactly: `x / 5 ms` and `x / 0.005 s`
//! are the same expression `x` in the same unit, and the number is put in where that unit meets a place with one of its own.

use super::codes::UNKNOWN_UNIT;
use super::mismatch::{Clash, Place};
use super::model::Builder;
use super::share::is_of_no_share;
use super::value::{Sort, Value};
use crate::units::{Factor, Measure, Power, Step, Unit, Units, Unknown, definition, is_count};
use crate::{Binary, Expr, ExprId, Unary};
use sbi_syntax::{Diagnostic, tree};
use std::rc::Rc;

/// An operand: its value and the expression as it is written.
#[derive(Clone, Copy)]
pub(super) struct Operand<'v, 't> {
    pub(super) value: &'v Value,
    pub(super) tree: &'t tree::Expr,
}

/// Why two operands must be in units that fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Together {
    Added,
    Subtracted,
    Compared,
    /// `max`, `min` and `mod`.
    Paired,
    /// The two sides of an `if`.
    Chosen,
}

impl<'t> Builder<'t> {
    /// The unit that is written behind a colon; an unknown one is told.
    pub(super) fn measured(&mut self, unit: &tree::Unit) -> Measure {
        match unit_of(&self.constants.units, unit) {
            Ok(unit) => Measure::Of(unit),
            Err(told) => {
                self.told.push(told);
                Measure::Unknown
            }
        }
    }

    /// As [`Builder::measured`], where what is wrong has been told elsewhere.
    pub(super) fn measured_again(&self, unit: &tree::Unit) -> Measure {
        self.constants.units.unit(unit).map_or(Measure::Unknown, Measure::Of)
    }

    /// That of what has no unit written: in a model without any unit nobody knows.
    pub(super) fn unmeasured(&self) -> Measure {
        if self.strict { Measure::pure() } else { Measure::Unknown }
    }

    /// An expression in another unit of its dimension.
    pub(super) fn convert(&mut self, raw: ExprId, from: &Unit, to: &Unit) -> ExprId {
        let factor = from.factor(to);
        if factor.is_one() { raw } else { self.multiplied(raw, &factor) }
    }

    /// An expression times a factor: numbers are multiplied here, exactly as they are written.
    fn multiplied(&mut self, raw: ExprId, factor: &Factor) -> ExprId {
        match self.arena.exprs.get(raw.0) {
            Some(Expr::Number(number)) => {
                let number = factor.exact(*number);
                // A number that can be held no more is left to the simulation, which tells of its draws.
                if number.is_finite() {
                    return self.arena.number(number);
                }
            }
            Some(Expr::Binary(Binary::Div, above, below)) => {
                let below = *below;
                if let Some(Expr::Number(number)) = self.arena.exprs.get(above.0) {
                    let number = factor.exact(*number);
                    let above = self.arena.number(number);
                    return self.arena.binary(Binary::Div, above, below);
                }
            }
            _ => {}
        }
        let (function, number) = match factor.step() {
            Step::Times(number) => (Binary::Mul, number),
            Step::Over(number) => (Binary::Div, number),
        };
        let number = self.arena.number(number);
        self.arena.binary(function, raw, number)
    }

    /// The same in a unit of names alone, which no number hides in; of a pure number its plain value.
    pub(super) fn settled(&mut self, value: &Value) -> Value {
        let Measure::Of(unit) = &value.measure else { return value.clone() };
        // Of a function of time it is the readings that are converted.
        if unit.is_proper() || value.sort == Sort::Curve {
            return value.clone();
        }
        let proper = unit.proper();
        let raw = self.convert(value.raw, unit, &proper);
        Value { raw, measure: Measure::Of(Rc::new(proper)), ..value.clone() }
    }

    /// The expression of a value in a place with a unit of its own; what does not fit is told.
    pub(super) fn fit(&mut self, operand: Operand<'_, 't>, place: &Place<'_>) -> ExprId {
        let value = operand.value;
        let Some(expected) = place.measure.unit() else { return self.settled(value).raw };
        match &value.measure {
            Measure::Unknown | Measure::Bare { .. } => value.raw,
            Measure::Of(found) if found.fits(expected) && !is_of_no_share(value, expected) => {
                self.ensure_once_in(operand, expected);
                self.convert(value.raw, found, expected)
            }
            Measure::Of(_) => {
                self.misplaced(operand, place);
                value.raw
            }
        }
    }

    /// Tells where a value does not fit a place, and converts nothing.
    pub(super) fn ensure_fits(&mut self, operand: Operand<'_, 't>, place: &Place<'_>) {
        if let (Some(expected), Measure::Of(found)) = (place.measure.unit(), &operand.value.measure)
            && !found.fits(expected)
        {
            self.misplaced(operand, place);
        }
    }

    /// As [`Builder::fit`], of an expression that is checked here: the terms of a sum know what is expected of them.
    pub(super) fn number_in(
        &mut self,
        expr: &'t tree::Expr,
        scope: &super::expr::Scope<'t>,
        place: &Place<'_>,
    ) -> (ExprId, Value) {
        self.place = place.measure.unit().cloned();
        let value = self.number(expr, scope);
        (self.fit(Operand { value: &value, tree: expr }, place), value)
    }

    /// The expression of a value that must be a pure number, as an angle is; `who` wants it so.
    pub(super) fn plain(&mut self, operand: Operand<'_, 't>, who: &str) -> ExprId {
        self.fit(operand, &Place::pure(who))
    }

    /// Two operands in one unit, and that unit.
    pub(super) fn together(
        &mut self,
        left: Operand<'_, 't>,
        right: Operand<'_, 't>,
        how: Together,
        place: Option<&Rc<Unit>>,
    ) -> (ExprId, ExprId, Measure) {
        let (l, r) = (left.value, right.value);
        match (&l.measure, &r.measure) {
            (Measure::Of(a), Measure::Of(b))
                if a.fits(b) && !is_of_no_share(l, b) && !is_of_no_share(r, a) =>
            {
                let target = self.target(l, a, r, b);
                let pair = (self.convert(l.raw, a, &target), self.convert(r.raw, b, &target));
                (pair.0, pair.1, Measure::Of(target))
            }
            (Measure::Bare { zero: true }, Measure::Of(_)) => (l.raw, r.raw, r.measure.clone()),
            (Measure::Of(_), Measure::Bare { zero: true }) => (l.raw, r.raw, l.measure.clone()),
            (Measure::Bare { .. }, Measure::Of(unit)) if Self::takes(r, how, unit) => {
                let r = self.settled(r);
                (l.raw, r.raw, r.measure)
            }
            (Measure::Of(unit), Measure::Bare { .. }) if Self::takes(l, how, unit) => {
                let l = self.settled(l);
                (l.raw, r.raw, l.measure)
            }
            (Measure::Bare { .. }, Measure::Of(unit)) if self.is_whole(l, how, unit) => {
                let one = Unit::one();
                (l.raw, self.convert(r.raw, unit, &one), Measure::pure())
            }
            (Measure::Bare { zero: a }, Measure::Bare { zero: b }) => {
                let alone = how == Together::Chosen;
                let both = if alone { Measure::Bare { zero: *a && *b } } else { Measure::pure() };
                (l.raw, r.raw, both)
            }
            (Measure::Unknown, other) | (other, Measure::Unknown) => {
                let known = matches!(other, Measure::Of(_)).then(|| other.clone());
                let (l, r) = (self.settled(l), self.settled(r));
                let settled = [&l, &r].into_iter().find(|value| value.measure.unit().is_some());
                let measure = known.and_then(|_| settled.map(|value| value.measure.clone()));
                (l.raw, r.raw, measure.unwrap_or(Measure::Unknown))
            }
            _ => {
                self.clash(Clash { left, right, how, place });
                (self.settled(l).raw, self.settled(r).raw, Measure::Unknown)
            }
        }
    }

    /// The unit in which two of one dimension are put together: numbers go into that of what is computed.
    fn target(&self, l: &Value, a: &Rc<Unit>, r: &Value, b: &Rc<Unit>) -> Rc<Unit> {
        match (self.is_number(l.raw), self.is_number(r.raw)) {
            (true, false) if b.is_proper() => b.clone(),
            (false, true) if a.is_proper() => a.clone(),
            _ if a.is_proper() => a.clone(),
            _ if b.is_proper() => b.clone(),
            _ => Rc::new(a.proper()),
        }
    }

    /// Whether a bare number takes the unit of what it stands beside: that of a declared quantity which it is compared with,
    /// and none beside what has none.
    fn takes(other: &Value, how: Together, unit: &Unit) -> bool {
        unit.is_plain() || (how == Together::Compared && other.declared)
    }

    pub(super) fn is_number(&self, raw: ExprId) -> bool {
        matches!(self.arena.exprs.get(raw.0), Some(Expr::Number(_)))
    }

    /// A product or a quotient with its unit.
    pub(super) fn product(&mut self, l: &Value, r: &Value, divide: bool) -> (ExprId, Measure) {
        let function = if divide { Binary::Div } else { Binary::Mul };
        let alone = |measure: &Measure| match measure {
            Measure::Bare { .. } => Some(Rc::new(Unit::one())),
            other => other.unit().cloned(),
        };
        let both = alone(&l.measure).zip(alone(&r.measure));
        let unit = both.as_ref().and_then(|(a, b)| if divide { a.over(b) } else { a.times(b) });
        let (Some((a, b)), Some(unit)) = (both, unit) else {
            let (l, r) = (self.settled(l), self.settled(r));
            return (self.arena.binary(function, l.raw, r.raw), Measure::Unknown);
        };
        // A number in a unit goes into the unit.
        let number = |value: &Value, own: &Unit| match self.arena.exprs.get(value.raw.0) {
            Some(Expr::Number(number)) if *number != 0.0 && own.parts() > 0 => Some(*number),
            _ => None,
        };
        let (left, right) = (number(l, &a), number(r, &b));
        let (number, rest, whole) = match (left, right) {
            (_, Some(n)) => {
                let many = b.many(n.abs());
                (n, l.raw, many.and_then(|b| if divide { a.over(&b) } else { a.times(&b) }))
            }
            (Some(n), None) if !divide => (n, r.raw, unit.many(n.abs())),
            _ => (1.0, l.raw, None),
        };
        match whole {
            Some(whole) => (self.signed(rest, number), Measure::Of(Rc::new(whole))),
            None => (self.arena.binary(function, l.raw, r.raw), Measure::Of(Rc::new(unit))),
        }
    }

    /// An expression with the sign of a number.
    fn signed(&mut self, raw: ExprId, sign: f64) -> ExprId {
        match self.arena.exprs.get(raw.0) {
            _ if sign > 0.0 => raw,
            Some(Expr::Number(number)) => {
                let number = -number;
                self.arena.number(number)
            }
            _ => self.arena.unary(Unary::Neg, raw),
        }
    }

    /// `base ^ exponent` with its unit: one that has a unit has a power that is known beforehand.
    pub(super) fn power(&mut self, base: Operand<'_, 't>, exponent: Operand<'_, 't>) -> (ExprId, Measure) {
        let raised = self.fit(exponent, &Place::number("a power"));
        match &base.value.measure {
            Measure::Of(unit) if !unit.is_pure() || unit.is_angle() => {
                let unit = unit.clone();
                let known = self.known(raised).and_then(Power::of);
                let Some(power) = known else {
                    self.unknown_power(base, exponent);
                    let base = self.settled(base.value).raw;
                    return (self.arena.binary(Binary::Pow, base, raised), Measure::Unknown);
                };
                let (raw, unit) = self.absorbed(base.value.raw, &unit);
                (self.arena.binary(Binary::Pow, raw, raised), Measure::of(unit.to(power)))
            }
            Measure::Unknown => (self.arena.binary(Binary::Pow, base.value.raw, raised), Measure::Unknown),
            _ => {
                let base = self.plain_number(base.value);
                (self.arena.binary(Binary::Pow, base, raised), Measure::pure())
            }
        }
    }

    /// A root with its unit.
    pub(super) fn root(&mut self, of: &Value) -> (ExprId, Measure) {
        let (raw, measure) = match &of.measure {
            Measure::Of(unit) if !unit.is_pure() || unit.is_angle() => {
                let unit = unit.clone();
                let (raw, unit) = self.absorbed(of.raw, &unit);
                (raw, Measure::of(unit.to(Power::HALF)))
            }
            Measure::Unknown => (of.raw, Measure::Unknown),
            _ => (self.plain_number(of), Measure::pure()),
        };
        (self.arena.unary(Unary::Sqrt, raw), measure)
    }

    /// A number without a dimension as it is, whatever it is in: half for 50 percent.
    fn plain_number(&mut self, value: &Value) -> ExprId {
        match &value.measure {
            Measure::Of(unit) => self.convert(value.raw, unit, &Unit::one()),
            _ => value.raw,
        }
    }

    /// One of a unit that a number goes into: `5 ms` is 1 in fives of milliseconds.
    fn absorbed(&mut self, raw: ExprId, unit: &Rc<Unit>) -> (ExprId, Rc<Unit>) {
        let number = match self.arena.exprs.get(raw.0) {
            Some(Expr::Number(number)) if *number != 0.0 => *number,
            _ => return (raw, unit.clone()),
        };
        match unit.many(number.abs()) {
            Some(many) => (self.arena.number(1.0_f64.copysign(number)), Rc::new(many)),
            None => (raw, unit.clone()),
        }
    }

    /// A value that gets a name without a unit of its own: `5 ms` and `0.005 s` are then the same.
    pub(super) fn kept(&mut self, value: Value) -> Value {
        match &value.measure {
            Measure::Of(unit) if !unit.is_pure() => {
                let unit = unit.clone();
                let (raw, unit) = self.absorbed(value.raw, &unit);
                Value { raw, measure: Measure::Of(unit), ..value }
            }
            // A number with a name stands alone no more.
            Measure::Bare { .. } => Value { measure: self.unmeasured(), ..value },
            _ => self.settled(&value),
        }
    }

    /// The unit of what changes with a time.
    pub(super) fn per(measure: &Measure, time: &Measure) -> Measure {
        match (measure, time) {
            (Measure::Of(unit), Measure::Of(time)) => Measure::of(unit.over(time)),
            _ => Measure::Unknown,
        }
    }
}

/// The unit that is written.
///
/// # Errors
/// There is none of a name in it.
pub(super) fn unit_of(units: &Units, written: &tree::Unit) -> Result<Rc<Unit>, Diagnostic> {
    units.unit(written).map_err(|unknown| unknown_unit(units, written, &unknown))
}

fn unknown_unit(units: &Units, written: &tree::Unit, unknown: &Unknown) -> Diagnostic {
    let name = unknown.name.as_str();
    let told = UNKNOWN_UNIT.at(unknown.span(written), format!("there is no unit `{name}`"));
    match name {
        "degC" | "degF" | "celsius" | "Celsius" | "fahrenheit" | "Fahrenheit" => told.help(
            "temperatures have no offset here: write kelvins, `K`, or differences of temperature in `K`",
        ),
        "month" | "months" | "mo" => told.help("months differ in length: write days or years"),
        _ => match (units.similar(name), definition(name)) {
            (_, Some(size)) => told.help(format!("define it above the model: `unit {name} = {size}`")),
            (None, _) if is_count(name) => {
                let rest = without(written, name);
                told.help(format!("things that are counted have no unit: leave `{name}` out, `: {rest}`"))
            }
            (Some(similar), _) => told.did_you_mean(Some(&similar)),
            (None, _) => told.help(format!(
                "units are of SI and beside it, `ms`, `mV`, `umol/L`, `mmHg`, `day`; define another in those above the model, \
                 `unit {name} = …`; things that are counted have none: write `{}`",
                without(written, name)
            )),
        },
    }
}

/// A unit without one of its names: `1/min` of `beats/min`.
fn without(written: &tree::Unit, name: &str) -> String {
    let is =
        |factor: &tree::UnitFactor| matches!(&factor.base, tree::UnitBase::Name(base) if base.text == name);
    let kept = written.factors.iter().filter(|factor| !is(factor));
    kept.fold("1".to_owned(), |product, factor| match (product.as_str(), factor.over) {
        ("1", false) => factor_text(factor),
        (_, over) => format!("{product}{}{}", if over { '/' } else { '*' }, factor_text(factor)),
    })
}

/// A factor of a unit with its power, as it is written.
fn factor_text(factor: &tree::UnitFactor) -> String {
    let base = match &factor.base {
        tree::UnitBase::One => "1".to_owned(),
        tree::UnitBase::Name(name) => name.text.clone(),
        tree::UnitBase::Sqrt(unit) => format!("sqrt({})", unit.text),
        tree::UnitBase::Group(unit) => format!("({})", unit.text),
    };
    match factor.power {
        (1, 1) => base,
        (above, 1) => format!("{base}^{above}"),
        (above, below) => format!("{base}^({above}/{below})"),
    }
}
