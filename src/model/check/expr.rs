//! Expressions: what each name in them means, and whether numbers, conditions, axes and units fit.

use super::builtin;
use super::codes::{
    AXIS_BOUND, EMPTY_RANGE, NAME_AS_UNIT, NOT_A_CONDITION, NOT_A_NUMBER, SET_COORDINATE, UNKNOWN_NAME,
    VECTOR,
};
use super::family;
use super::meant::named_first;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::Symbol;
use super::units::{Operand, Together, unit_of};
use super::value::{Read, Sort, Value};
use crate::units::{Measure, Unit};
use crate::{AxisId, AxisKind, Binary, Expr, Reducer, Role, Unary};
use sbi_syntax::tree::{self, BinaryOperator, ExprKind, Name, Path, Target, UnaryOperator};
use sbi_syntax::{Diagnostic, Span, is_library, suggest};
use std::rc::Rc;

/// Modules that functions stand in elsewhere.
const MODULES: &[&str] = &["np", "numpy", "jnp", "jax", "math", "torch", "tf", "scipy", "stats", "Math"];

/// Units that stand behind numbers though a quantity may be called alike.
pub(super) const COMMON_UNITS: &[&str] = &[
    "s", "ms", "us", "ns", "h", "min", "day", "days", "week", "weeks", "month", "year", "years", "m", "km",
    "cm", "mm", "um", "nm", "g", "kg", "mg", "ug", "ng", "V", "mV", "uV", "A", "mA", "uA", "nA", "pA", "S",
    "mS", "uS", "nS", "pS", "F", "uF", "nF", "pF", "Hz", "kHz", "mol", "mmol", "umol", "M", "mM", "uM", "nM",
    "l", "L", "ml", "mL", "dl", "dL", "ul", "Pa", "kPa", "mmHg", "N", "mN", "J", "W", "K", "T", "rad", "deg",
    "C", "Ohm", "MOhm",
];

/// What an expression may read where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'t> {
    /// The axes on the left of the statement, and those bound by reductions around the expression.
    pub(super) bound: Vec<AxisId>,
    /// The axis over which the statement draws vectors: it is not bound, and the help says why.
    pub(super) vector: Option<AxisId>,
    /// The left side of the statement, to point at.
    pub(super) target: Option<&'t Target>,
    /// The arguments of the function whose body this is.
    pub(super) locals: Vec<(&'t str, Value)>,
    /// Whether this is the body of a function, which has no axes.
    pub(super) function: bool,
}

impl Scope<'_> {
    /// A scope of the model without axes.
    pub(super) fn model() -> Self {
        Scope::default()
    }
}

impl<'t> Scope<'t> {
    /// The argument of the function in hand that a path names.
    pub(super) fn local(&self, path: &Path) -> Option<&(&'t str, Value)> {
        let name = path.as_name()?;
        self.locals.iter().find(|(local, _)| *local == name.text)
    }
}

impl<'t> Builder<'t> {
    /// Checks an expression. What is wrong is told, and the value is then of the sort `Refused`.
    pub(super) fn value(&mut self, expr: &'t tree::Expr, scope: &Scope<'t>) -> Value {
        // What is expected of the whole is expected of the terms of a sum and of the sides of an `if`, and of nothing else.
        let place = self.place.take();
        let found = match &expr.kind {
            // `1st_half` is a name that could not be read, not a number in a unit.
            ExprKind::Number(tree::Number { unit: Some(unit), .. })
                if matches!(self.names.get(&unit.text), Some(Symbol::Refused)) =>
            {
                Err(None)
            }
            ExprKind::Number(number) => match self.no_unit(number) {
                Some(told) => Err(Some(told)),
                None => {
                    let raw = self.arena.number(number.value);
                    let measure = match &number.unit {
                        Some(unit) => unit_of(&self.constants.units, unit).map(Measure::Of).map_err(Some),
                        // What is in percent is so, wherever it stands.
                        None if number.percent => Ok(self.unmeasured()),
                        None => Ok(Measure::Bare { zero: number.value == 0.0 }),
                    };
                    measure.map(|measure| Value::number(raw, measure))
                }
            },
            ExprKind::Truth(truth) => Ok(Value::truth(self.arena.number(f64::from(u8::from(*truth))))),
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::Call(call) => self.call(call, scope, place),
            ExprKind::Index { base, index } => self.indexed(base, index, expr.span, scope),
            ExprKind::Unary { operator, operand } => self.unary(*operator, operand, scope, place),
            ExprKind::Binary { operator, left, right, .. } => {
                self.binary(*operator, left, right, scope, place)
            }
            ExprKind::If { condition, yes, no } => self.select(condition, yes, no, scope, place),
            ExprKind::Reduce { reducer, axis, body } => self.reduce(reducer, axis, body, scope),
            ExprKind::Member { .. } => self.member(expr, scope),
            ExprKind::Apply { base, arguments } => self.apply(base, arguments, expr.span, scope),
            other => Err(Some(misplaced(other, expr.span))),
        };
        found.unwrap_or_else(|told| {
            self.told.extend(told);
            self.refused_value()
        })
    }

    /// Says that what stands behind a number is no unit: a name of the model, or a power of ten.
    fn no_unit(&self, number: &tree::Number) -> Option<Diagnostic> {
        let unit = number.unit.as_ref()?;
        let text = unit.text.as_str();
        let told = NAME_AS_UNIT.at(unit.span, format!("behind a number, `{text}` is read as a unit"));
        if let Some(power) = text.strip_prefix("x10").or(text.strip_prefix("e10")) {
            let power = power.trim_start_matches('^');
            let power = if power.is_empty() { "1" } else { power };
            return Some(told.help(format!("write `{}e{power}`", number.value)));
        }
        let known = self.names.get(text).is_some() && !COMMON_UNITS.contains(&text);
        known.then(|| told.help(format!("a product needs its `*`: `{} * {text}`", number.value)))
    }

    /// Checks an expression that must be a number.
    pub(super) fn number(&mut self, expr: &'t tree::Expr, scope: &Scope<'t>) -> Value {
        let value = self.value(expr, scope);
        if value.sort == Sort::Curve {
            return self.not_at_a_time(expr, scope);
        }
        if value.sort == Sort::Truth {
            self.told.push(
                NOT_A_NUMBER
                    .at(expr.span, "a condition stands where a number is expected")
                    .help("choose the numbers: `if … then 1 else 0`"),
            );
        }
        value
    }

    pub(super) fn condition(&mut self, expr: &'t tree::Expr, scope: &Scope<'t>) -> Value {
        let value = self.value(expr, scope);
        if value.sort == Sort::Curve {
            return self.not_at_a_time(expr, scope);
        }
        if value.sort == Sort::Number {
            self.told.push(
                NOT_A_CONDITION
                    .at(expr.span, "a number stands where a condition is expected")
                    .help("compare it: `… > 0`"),
            );
        }
        value
    }

    fn path(&mut self, path: &'t Path, scope: &Scope<'t>) -> Result<Value, Option<Diagnostic>> {
        if let Some((_, value)) = scope.local(path) {
            return Ok(value.clone());
        }
        let symbol = self.resolve(path)?;
        let Some(name) = path.segments.last() else { return Err(None) };
        match symbol {
            Some(Symbol::Axis(Some(axis))) if scope.bound.contains(&axis) => self.coordinate(axis, name),
            Some(Symbol::Axis(Some(axis))) => Err(Some(self.unbound(axis, name, "…", scope))),
            Some(Symbol::Axis(None) | Symbol::Refused) => Err(None),
            Some(Symbol::Node(id)) if self.nodes.get(id.0).is_some_and(|node| node.curve) => self.curve(id),
            Some(Symbol::Node(id)) => self.bare(id, name, scope),
            Some(Symbol::Input(place)) => self.input(place).ok_or(None),
            Some(Symbol::Clock) => {
                let raw = self.arena.add(Expr::Clock);
                let Some(run) = self.here().dynamics else { return Ok(Value::number(raw, Measure::Unknown)) };
                let measure = self.clock(run);
                Ok(Value::declared(raw, measure, Read::Clock(run)))
            }
            Some(Symbol::Record(_) | Symbol::Dynamics(_)) => Err(Some(self.not_a_member(name))),
            Some(Symbol::Simulator(..) | Symbol::External(_)) => {
                Err(Some(self.drawn_inside(name, None, "…", scope)))
            }
            Some(Symbol::Module(_)) => {
                let message = format!("`{}` is a file, not a number", name.text);
                Err(Some(
                    NOT_A_NUMBER
                        .at(name.span, message)
                        .help(format!("name something in it: `{}::…`", name.text)),
                ))
            }
            Some(Symbol::Function(..)) => {
                let message = format!("`{}` is a function", name.text);
                Err(Some(NOT_A_NUMBER.at(name.span, message).help(format!("call it: `{}(…)`", name.text))))
            }
            Some(Symbol::Modality) => {
                let message = format!("`{}` is a modality, not a quantity", name.text);
                Err(Some(NOT_A_NUMBER.at(name.span, message).help("read one of its data by its name")))
            }
            Some(Symbol::Constant(constant, home)) => self.outer(constant, home),
            None => match builtin::constant(&name.text) {
                Some(value) => Ok(Value::pure(self.arena.number(value))),
                None => Err(Some(self.unknown_name(name))),
            },
        }
    }

    /// An axis that is read as a number: the coordinate of its element.
    fn coordinate(&mut self, axis: AxisId, name: &Name) -> Result<Value, Option<Diagnostic>> {
        let read = self.axes.get(axis.0).ok_or(None)?;
        if matches!(read.kind, AxisKind::Set(_)) {
            let message = format!("`{}` is a set, whose elements have no coordinate", name.text);
            let told = SET_COORDINATE.at(name.span, message).label(read.span, "declared here");
            return Err(Some(told.help(format!("elements in a row: `axis {} : ordered(10)`", name.text))));
        }
        let counted = matches!(read.kind, AxisKind::Index { .. } | AxisKind::Ordered { .. });
        let measure = self.coordinates.get(axis.0).cloned().unwrap_or(Measure::Unknown);
        let raw = self.arena.add(Expr::Coordinate(axis));
        let value = Value::declared(raw, measure, Read::Axis(axis));
        Ok(if counted { value.unread() } else { value })
    }

    /// Says that a name means nothing here, and offers one that does.
    pub(super) fn unknown_name(&self, name: &Name) -> Diagnostic {
        let told = UNKNOWN_NAME.at(name.span, format!("there is no `{}` here", name.text));
        let alike = |known: &&str| known.eq_ignore_ascii_case(&name.text);
        if let Some(known) = self.names.iter().map(|(name, _)| name).find(alike) {
            return told.did_you_mean(Some(known));
        }
        if builtin::function(&name.text).is_some() {
            return told.help(format!("`{0}` is a function: call it, `{0}(…)`", name.text));
        }
        if ["inf", "infinity", "Inf", "Infinity"].contains(&name.text.as_str()) {
            return told.help(
                "nothing is infinite here: leave a bound out, and for a prior without one take `half_normal`, `exponential` or \
                 `lognormal`",
            );
        }
        let unread = self.unread_names();
        if family::is_distribution(&name.text)
            && let Some(similar) = suggest(&name.text, unread.iter().copied())
        {
            return told.did_you_mean(Some(similar));
        }
        if family::is_distribution(&name.text) {
            return told.help(format!(
                "define it, `param {0} ~ …`; a draw from the distribution has a name of its own: `latent z ~ {0}(…)`",
                name.text
            ));
        }
        if let Some(read) = self.state_called(&name.text) {
            return told.help(format!("a state is read of its dynamics, at a time: `{read}(t)`"));
        }
        if name.text == "dt" && self.here().dynamics.is_some() {
            return told.help(
                "the step belongs to the solver: leave `dt` out of derivatives, and `sqrt(dt)` out of noise",
            );
        }
        if MODULES.contains(&name.text.as_str()) || is_library(&name.text) {
            let help =
                format!("functions are called by their name alone: `sin(x)`, not `{}.sin(x)`", name.text);
            return told.help(help);
        }
        if name.text == "e" {
            return told.help("Euler's number is `exp(1)`");
        }
        if let Some(constant) = builtin::constants().find(alike) {
            return told.did_you_mean(Some(constant));
        }
        match self.meant_by(name) {
            Some(help) => told.help(help),
            None if self.here().dynamics.is_some() => told.help(format!(
                "define it here, `noise {0}` or `let {0} = …`, or in the model, `param {0} ~ …`",
                name.text
            )),
            None => {
                told.help(format!("define it: `param {0} ~ …`, `let {0} = …` or `const {0} = …`", name.text))
            }
        }
    }

    /// A state of this name, as it is read from outside of its dynamics: `pond.prey`.
    pub(super) fn state_called(&self, name: &str) -> Option<&str> {
        let states = self.nodes.iter().filter(|node| node.role == Role::State);
        states.map(|node| node.name.as_str()).find(|whole| whole.rsplit('.').next() == Some(name))
    }

    fn unary(
        &mut self,
        operator: UnaryOperator,
        operand: &'t tree::Expr,
        scope: &Scope<'t>,
        place: Option<Rc<Unit>>,
    ) -> Result<Value, Option<Diagnostic>> {
        match operator {
            UnaryOperator::Neg => {
                self.place = place;
                let value = self.number(operand, scope);
                // A negative literal is a number, as it would be in any table.
                let raw = match self.arena.exprs.get(value.raw.0) {
                    Some(Expr::Number(number)) => {
                        let number = -number;
                        self.arena.number(number)
                    }
                    _ => self.arena.unary(Unary::Neg, value.raw),
                };
                Ok(Value { raw, ..value }.unread())
            }
            UnaryOperator::Not => {
                let value = self.condition(operand, scope);
                let raw = self.arena.unary(Unary::Not, value.raw);
                Ok(Value { sort: joined(&[&value], Sort::Truth), ..Value::truth(raw) })
            }
        }
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &'t tree::Expr,
        right: &'t tree::Expr,
        scope: &Scope<'t>,
        place: Option<Rc<Unit>>,
    ) -> Result<Value, Option<Diagnostic>> {
        if operator == BinaryOperator::In {
            return self.between(left, right, scope);
        }
        if operator == BinaryOperator::Mul
            && let Some(told) = self.product_of_arrays(left, right, scope)
        {
            return Err(Some(told));
        }
        if operator == BinaryOperator::Div
            && let Some(told) = self.compound_unit((left, right), scope)
        {
            return Err(Some(told));
        }
        if operator == BinaryOperator::Sub
            && let Some(difference) = self.difference_of_logarithms(left, right, scope)
        {
            return Ok(difference);
        }
        let function = function_of(operator);
        let logical = matches!(operator, BinaryOperator::And | BinaryOperator::Or);
        let sum = matches!(operator, BinaryOperator::Add | BinaryOperator::Sub);
        let (l, r) = if logical {
            (self.condition(left, scope), self.condition(right, scope))
        } else {
            self.place = place.clone().filter(|_| sum);
            let (l, told) = (self.number(left, scope), self.told.len());
            self.place = place.clone().filter(|_| sum);
            let r = self.number(right, scope);
            if operator == BinaryOperator::Sub {
                self.forget_hyphenated(left, right, told);
            }
            (l, r)
        };
        let operands = (Operand { value: &l, tree: left }, Operand { value: &r, tree: right });
        self.ensure_once(operator, operands.0, operands.1);
        let (raw, measure) = match operator {
            BinaryOperator::Mul => self.product(&l, &r, false),
            BinaryOperator::Div => self.product(&l, &r, true),
            BinaryOperator::Pow => self.power(operands.0, operands.1),
            _ if logical => (self.arena.binary(function, l.raw, r.raw), Measure::pure()),
            _ => {
                let how = match operator {
                    BinaryOperator::Add => Together::Added,
                    BinaryOperator::Sub => Together::Subtracted,
                    _ => Together::Compared,
                };
                let (x, y, measure) = self.together(operands.0, operands.1, how, place.as_ref());
                (self.arena.binary(function, x, y), if sum { measure } else { Measure::pure() })
            }
        };
        if operator == BinaryOperator::Div {
            self.note(raw, left.span.to(right.span));
        }
        let arithmetic =
            matches!(function, Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Pow);
        let sort = joined(&[&l, &r], if arithmetic { Sort::Number } else { Sort::Truth });
        let unitless = l.unitless && r.unitless;
        Ok(Value { sort, unitless, ..Value::number(raw, measure) })
    }

    /// `x in low .. high`: both ends belong to it.
    fn between(
        &mut self,
        left: &'t tree::Expr,
        right: &'t tree::Expr,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let ExprKind::Range { low, high } = &right.kind else {
            return Err(Some(
                NOT_A_CONDITION.at(right.span, "a range is expected after `in`").help("write `x in 0 .. 1`"),
            ));
        };
        let (x, l, h) = (self.number(left, scope), self.number(low, scope), self.number(high, scope));
        if let (Some(Expr::Number(from)), Some(Expr::Number(to))) =
            (self.arena.exprs.get(l.raw.0), self.arena.exprs.get(h.raw.0))
            && from > to
            && same_unit(&l, &h)
        {
            let told = EMPTY_RANGE.at(right.span, format!("no number lies between {from} and {to}"));
            return Err(Some(told.help(format!("write `{to} .. {from}`"))));
        }
        let whole = Operand { value: &x, tree: left };
        let told = self.told.len();
        let (a, b, _) = self.together(whole, Operand { value: &l, tree: low }, Together::Compared, None);
        let above = self.arena.binary(Binary::Ge, a, b);
        let first = self.told.len();
        let (a, b, _) = self.together(whole, Operand { value: &h, tree: high }, Together::Compared, None);
        if first > told {
            self.range_misfits(&x, right, (first, told));
        }
        let below = self.arena.binary(Binary::Le, a, b);
        let raw = self.arena.binary(Binary::And, above, below);
        Ok(Value { sort: joined(&[&x, &l, &h], Sort::Truth), ..Value::truth(raw) })
    }

    fn select(
        &mut self,
        condition: &'t tree::Expr,
        yes: &'t tree::Expr,
        no: &'t tree::Expr,
        scope: &Scope<'t>,
        place: Option<Rc<Unit>>,
    ) -> Result<Value, Option<Diagnostic>> {
        let decides = self.condition(condition, scope);
        self.place.clone_from(&place);
        let y = self.value(yes, scope);
        self.place.clone_from(&place);
        let n = self.value(no, scope);
        let sort = match (y.sort, n.sort) {
            (Sort::Refused, _) | (_, Sort::Refused) => Sort::Refused,
            (Sort::Curve, _) => return Ok(self.not_at_a_time(yes, scope)),
            (_, Sort::Curve) => return Ok(self.not_at_a_time(no, scope)),
            (Sort::Any, other) | (other, Sort::Any) => other,
            (Sort::Truth, Sort::Number) | (Sort::Number, Sort::Truth) => {
                return Err(Some(
                    NOT_A_NUMBER
                        .at(
                            if y.sort == Sort::Truth { yes.span } else { no.span },
                            "this side is a condition",
                        )
                        .label(
                            if y.sort == Sort::Truth { no.span } else { yes.span },
                            "this side is a number",
                        )
                        .help("both sides of an `if` are numbers, or both are conditions"),
                ));
            }
            (Sort::Number, _) | (_, Sort::Number) => Sort::Number,
            (Sort::Truth, _) | (_, Sort::Truth) => Sort::Truth,
            (Sort::Either, Sort::Either) => Sort::Either,
        };
        let (y, n) = (Operand { value: &y, tree: yes }, Operand { value: &n, tree: no });
        let (yes, no, measure) = match place {
            // Each side stands where the whole does: a number alone takes the unit of that place.
            Some(own) => {
                let place = Place { measure: Measure::Of(own), what: What::Chosen };
                (self.fit(y, &place), self.fit(n, &place), place.measure)
            }
            None => self.together(y, n, Together::Chosen, None),
        };
        let raw = self.arena.add(Expr::Select { condition: decides.raw, yes, no });
        Ok(Value { sort: joined(&[&decides], sort), ..Value::number(raw, measure) })
    }

    fn reduce(
        &mut self,
        reducer: &Name,
        axis: &'t Name,
        body: &'t tree::Expr,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let how = builtin::reducer(&reducer.text).expect("the grammar lists the reducers");
        let id = match self.names.get(&axis.text) {
            Some(Symbol::Axis(id)) => id.ok_or(None)?,
            Some(Symbol::Refused) => return Err(None),
            _ => return Err(self.unknown_axis(axis)),
        };
        if scope.bound.contains(&id) {
            let message = format!("`{}` is bound already", axis.text);
            let mut told = AXIS_BOUND.at(axis.span, message);
            if let Some(target) = scope.target {
                told = told.label(target.span, "it is bound here");
            }
            return Err(Some(told.help(named_first(reducer, axis, body, scope))));
        }
        let mut inner = scope.clone();
        inner.bound.push(id);
        let value =
            if how == Reducer::Count { self.condition(body, &inner) } else { self.number(body, &inner) };
        if how == Reducer::Integral {
            self.ensure_coordinates(id, axis);
        }
        let raw = self.arena.add(Expr::Reduce { reducer: how, axis: id, body: value.raw });
        let measure = match how {
            Reducer::Count => Measure::pure(),
            Reducer::Integral => {
                match (value.measure.unit(), self.coordinates.get(id.0).and_then(Measure::unit)) {
                    (Some(unit), Some(along)) => Measure::of(unit.times(along)),
                    _ => Measure::Unknown,
                }
            }
            // Whoever is reduced stands alone no more.
            _ if matches!(value.measure, Measure::Bare { .. }) => Measure::pure(),
            _ => value.measure.clone(),
        };
        Ok(Value { sort: joined(&[&value], Sort::Number), ..Value::number(raw, measure) })
    }
}

/// The sort of what is made of these operands: refused where one of them is.
pub(super) fn joined(operands: &[&Value], sort: Sort) -> Sort {
    if operands.iter().any(|value| value.sort == Sort::Refused) { Sort::Refused } else { sort }
}

/// Whether two numbers are in one unit, so that they can be compared as they are written.
fn same_unit(left: &Value, right: &Value) -> bool {
    match (left.measure.unit(), right.measure.unit()) {
        (Some(l), Some(r)) => l.scale() == r.scale(),
        (None, None) => true,
        _ => false,
    }
}

fn function_of(operator: BinaryOperator) -> Binary {
    match operator {
        BinaryOperator::Or => Binary::Or,
        BinaryOperator::And | BinaryOperator::In => Binary::And,
        BinaryOperator::Lt => Binary::Lt,
        BinaryOperator::Le => Binary::Le,
        BinaryOperator::Gt => Binary::Gt,
        BinaryOperator::Ge => Binary::Ge,
        BinaryOperator::Eq => Binary::Eq,
        BinaryOperator::Ne => Binary::Ne,
        BinaryOperator::Add => Binary::Add,
        BinaryOperator::Sub => Binary::Sub,
        BinaryOperator::Mul => Binary::Mul,
        BinaryOperator::Div => Binary::Div,
        BinaryOperator::Pow => Binary::Pow,
    }
}

fn misplaced(kind: &ExprKind, span: Span) -> Diagnostic {
    match kind {
        ExprKind::List(_) => VECTOR.at(span, "a list stands where one number is expected").help(
            "lists are for `const` over an axis and for vectors: `const se[i] = [15, 10]`, `mean = [a, b]`",
        ),
        ExprKind::Range { .. } => NOT_A_NUMBER
            .at(span, "a range stands where one number is expected")
            .help("ranges follow `in`: `x in 0 .. 1`"),
        ExprKind::Text(_) => {
            NOT_A_NUMBER.at(span, "a text stands where a number is expected").help("names have no quotes")
        }
        ExprKind::Record(_) => NOT_A_NUMBER
            .at(span, "a record stands where a number is expected")
            .help("a simulator returns records: `return { rt = …, choice = … }`"),
        _ => unreachable!("every other kind of expression has a value"),
    }
}
