//! Numbers known from the file alone: sizes of axes, entries of tables, settings and given values.
//!
//! Only exact arithmetic is done here, so that the numbers are the same on every machine. A scalar `const` keeps its
//! whole expression, which the simulator computes with its own functions.

use super::codes::{CYCLE, NOT_CONSTANT, NOT_FINITE, UNIT_MISMATCH, UNKNOWN_NAME, VECTOR};
use super::files::Files;
use super::lacking::literal;
use super::shown::shown_or_dots;
use super::units::unit_of;
use super::{builtin, series, walk};
use crate::order;
use crate::units::{Measure, Power, Unit, Units};
use sbi_syntax::tree::{BinaryOperator, Const, Expr, ExprKind, Path, Source, UnaryOperator};
use sbi_syntax::{Diagnostic, suggest};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How deep constants and functions may be defined by each other.
pub(super) const DEPTH: usize = 64;

/// A number known beforehand, in its unit.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    pub(super) value: f64,
    pub(super) measure: Measure,
    /// Whether it is made of numbers that are written without a unit, and of nothing else.
    unitless: bool,
}

impl Quantity {
    fn new(value: f64, measure: Measure) -> Quantity {
        let unitless = matches!(measure, Measure::Bare { .. });
        Quantity { value, measure, unitless }
    }
}

/// The scalar constants that can be named where a number is expected, and the units.
#[derive(Clone, Debug, Default)]
pub(super) struct Constants<'t> {
    pub(super) units: Rc<Units>,
    map: BTreeMap<&'t str, &'t Const>,
    /// Those of them that come from files, and what is wrong with what cannot be read.
    files: BTreeMap<&'t str, Result<f64, Diagnostic>>,
}

impl<'t> Constants<'t> {
    /// Adds a constant, unless it has axes or is a function of time; the number, where it comes from a file.
    pub(super) fn add(&mut self, constant: &'t Const, files: &Files<'_>) -> Option<Result<f64, Diagnostic>> {
        let target = &constant.target;
        if !target.axes.is_empty() || target.formal.is_some() {
            return None;
        }
        self.map.insert(&target.name.text, constant);
        let Source::From(table) = &constant.value else { return None };
        let read = series::scalar(constant, table, files, &self.units);
        self.files.insert(&target.name.text, read.clone());
        Some(read)
    }

    /// The number that a constant reads from a file.
    pub(super) fn in_file(&self, name: &str) -> Option<&Result<f64, Diagnostic>> {
        self.files.get(name)
    }

    /// The value of an expression that has no unit, finite.
    ///
    /// # Errors
    /// It reads something that is not known beforehand, is no finite number, or has a unit.
    pub(super) fn number(&self, expr: &Expr) -> Result<f64, Diagnostic> {
        let pure = Rc::new(Unit::one());
        self.number_in(expr, Some(&pure), "a number without unit is expected here")
    }

    /// The value of an expression in a unit, finite; none takes it as it is. A number without a unit is in that unit.
    ///
    /// # Errors
    /// As [`Constants::number`], or its unit does not fit: `what` says what is expected.
    pub(super) fn number_in(
        &self,
        expr: &Expr,
        own: Option<&Rc<Unit>>,
        what: &str,
    ) -> Result<f64, Diagnostic> {
        let found = self.quantity(expr)?;
        let (Some(own), Measure::Of(unit)) = (own, &found.measure) else { return Ok(found.value) };
        if unit.fits(own) && !(found.unitless && own.share().is_some()) {
            return finite(expr, unit.factor(own).exact(found.value));
        }
        Err(not_in(expr, unit, own, what))
    }

    /// The value of an expression in its unit, finite.
    ///
    /// # Errors
    /// It reads something that is not known beforehand, is no finite number, or puts together what does not fit.
    pub(super) fn quantity(&self, expr: &Expr) -> Result<Quantity, Diagnostic> {
        let found = self.evaluate(expr, 0)?;
        finite(expr, found.value)?;
        Ok(found)
    }

    fn evaluate(&self, expr: &Expr, depth: usize) -> Result<Quantity, Diagnostic> {
        match &expr.kind {
            ExprKind::Number(number) => Ok(Quantity::new(
                number.value,
                match &number.unit {
                    Some(unit) => Measure::Of(unit_of(&self.units, unit)?),
                    None if number.percent => Measure::pure(),
                    None => Measure::Bare { zero: number.value == 0.0 },
                },
            )),
            ExprKind::Path(path) => self.named(path, depth),
            ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
                let found = self.evaluate(operand, depth)?;
                Ok(Quantity { value: -found.value, ..found })
            }
            ExprKind::Binary { operator, left, right, .. } => {
                let (x, y) = (self.evaluate(left, depth)?, self.evaluate(right, depth)?);
                combined(expr, *operator, (left, x), (right, y))
            }
            ExprKind::Call(call) if call.path.text() == "sqrt" => match call.arguments.as_slice() {
                [argument] if argument.label.is_none() => {
                    let found = self.evaluate(&argument.value, depth)?;
                    let measure = alone(&found.measure).and_then(|unit| unit.to(Power::HALF));
                    Ok(Quantity::new(found.value.sqrt(), Measure::of(measure)))
                }
                _ => Err(not_constant(expr)),
            },
            _ => Err(not_constant(expr)),
        }
    }

    fn named(&self, path: &Path, depth: usize) -> Result<Quantity, Diagnostic> {
        let name = path.text();
        if let Some(value) = builtin::constant(&name) {
            return Ok(Quantity::new(value, Measure::pure()));
        }
        let Some(constant) = self.map.get(name.as_str()) else {
            let told = UNKNOWN_NAME.at(path.span, format!("there is no constant `{name}`"));
            if is_nothing(&name) {
                return Err(told
                    .help("what is not known is left out: give the others one by one, `given y[1] = 1.2`"));
            }
            let number = builtin::constants().find(|number| number.eq_ignore_ascii_case(&name));
            return Err(match number.or_else(|| suggest(&name, self.map.keys().copied())) {
                Some(similar) => told.did_you_mean(Some(similar)),
                None => told.help(format!("write `const {name} = …`; only constants can be named here")),
            });
        };
        match &constant.value {
            Source::Equals(value) if depth < DEPTH => {
                let found = self.evaluate(value, depth + 1)?;
                // What does not fit its own unit is told where it stands.
                let own = constant.unit.as_ref().and_then(|unit| self.units.unit(unit).ok());
                let bare = bare(&found);
                Ok(match (own, found.measure.unit()) {
                    (Some(own), Some(unit)) if unit.fits(&own) => {
                        Quantity::new(unit.factor(&own).exact(found.value), Measure::Of(own))
                    }
                    (Some(own), _) => Quantity::new(found.value, Measure::Of(own)),
                    (None, _) if bare => Quantity { measure: Measure::pure(), ..found },
                    (None, _) => found,
                })
            }
            Source::Equals(_) => Err(CYCLE
                .at(path.span, format!("`{name}` is defined by itself"))
                .help("give one of the constants a number")),
            // What is wrong with the file is told once: the same thing twice is one.
            Source::From(table) => {
                let value = self
                    .files
                    .get(name.as_str())
                    .cloned()
                    .expect("files are read when constants are added")?;
                let own = constant.unit.as_ref().and_then(|unit| self.units.unit(unit).ok());
                let unitless = own.is_none() && !series::says_unit(table);
                Ok(Quantity { value, measure: own.map_or_else(Measure::pure, Measure::Of), unitless })
            }
        }
    }
}

/// A number that is finite.
///
/// # Errors
/// It is not.
fn finite(expr: &Expr, value: f64) -> Result<f64, Diagnostic> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(NOT_FINITE
        .at(expr.span, format!("this is {value}, which is no finite number"))
        .help("look for a division by zero or a root of a negative number"))
}

/// The unit of a number in a product, where one without is a pure number.
fn alone(measure: &Measure) -> Option<Unit> {
    match measure {
        Measure::Bare { .. } => Some(Unit::one()),
        other => other.unit().map(|unit| Unit::clone(unit)),
    }
}

/// Whether a number stands alone, without a unit.
fn bare(quantity: &Quantity) -> bool {
    matches!(quantity.measure, Measure::Bare { .. })
}

/// Arithmetic on two numbers with their units.
fn combined(
    expr: &Expr,
    operator: BinaryOperator,
    (left, x): (&Expr, Quantity),
    (right, y): (&Expr, Quantity),
) -> Result<Quantity, Diagnostic> {
    let both = alone(&x.measure).zip(alone(&y.measure));
    let (unit, second) = match operator {
        BinaryOperator::Mul => (both.and_then(|(a, b)| a.times(&b)), y.value),
        BinaryOperator::Div => (both.and_then(|(a, b)| a.over(&b)), y.value),
        BinaryOperator::Pow => (both.and_then(|(a, _)| a.to(Power::of(y.value)?)), y.value),
        _ => match both {
            Some((a, _)) if matches!(y.measure, Measure::Bare { zero: true }) => (Some(a), 0.0),
            Some((_, b)) if matches!(x.measure, Measure::Bare { zero: true }) => (Some(b), y.value),
            // One is the whole of which a share is taken.
            Some((a, b)) if bare(&x) && x.value == 1.0 && b.share().is_some() && !b.is_angle() => {
                let second = b.factor(&a).exact(y.value);
                (Some(a), second)
            }
            Some((a, b)) if x.unitless && (b.share().is_some() || !a.fits(&b)) => {
                let beside = format!("what stands beside it is in `{}`", b.proper());
                return Err(not_in(left, &a, &b, &beside));
            }
            Some((a, b)) if a.fits(&b) && !(y.unitless && a.share().is_some()) => {
                (Some(a.clone()), b.factor(&a).exact(y.value))
            }
            Some((a, b)) => {
                let beside = match a.parts() {
                    0 => "what stands beside it has none".to_owned(),
                    _ => format!("what stands beside it is in `{}`", a.proper()),
                };
                return Err(not_in(right, &b, &a, &beside));
            }
            None => (None, y.value),
        },
    };
    let value = arithmetic(operator, x.value, second).ok_or_else(|| not_constant(expr))?;
    Ok(Quantity { value, measure: Measure::of(unit), unitless: x.unitless && y.unitless })
}

/// Says that a number is in a unit of another dimension.
fn not_in(expr: &Expr, found: &Unit, own: &Unit, what: &str) -> Diagnostic {
    let (text, own) = (shown_or_dots(expr), own.proper());
    let message = match found.parts() {
        0 => format!("`{text}` has no unit, and {what}"),
        _ => format!("`{text}` is in `{}`, and {what}", found.proper()),
    };
    let told = UNIT_MISMATCH.at(expr.span, message);
    let number = literal(expr).map(|(number, sign)| format!("{sign}{}", number.value));
    let fits = number.as_ref().and_then(|number| own.numbered(number));
    told.help(match (own.parts(), number, fits, &expr.kind) {
        (0, Some(number), ..) => format!("write it without: `{number}`"),
        (_, _, Some(fits), _) => format!("write `{fits}`"),
        (_, None, _, ExprKind::Path(path)) if found.parts() == 0 => {
            let name = path.text();
            format!("give it one where it is declared: `const {name} : {own} = …`")
        }
        (0, ..) => "write a number without a unit".to_owned(),
        _ => format!("write a number in `{own}`, or one without a unit, which is in that"),
    })
}

fn arithmetic(operator: BinaryOperator, x: f64, y: f64) -> Option<f64> {
    match operator {
        BinaryOperator::Add => Some(x + y),
        BinaryOperator::Sub => Some(x - y),
        BinaryOperator::Mul => Some(x * y),
        BinaryOperator::Div => Some(x / y),
        BinaryOperator::Pow => whole_power(x, y),
        _ => None,
    }
}

/// Powers by repeated multiplication: `powf` is not the same on every machine.
fn whole_power(base: f64, exponent: f64) -> Option<f64> {
    const LARGEST: f64 = 64.0;
    let whole = exponent.fract() == 0.0 && exponent.abs() <= LARGEST;
    let power = whole.then(|| (0..exponent.abs() as usize).fold(1.0, |product, _| product * base))?;
    Some(if exponent < 0.0 { 1.0 / power } else { power })
}

/// Whether a name says in another language that there is no value.
pub(super) fn is_nothing(name: &str) -> bool {
    ["na", "nan", "none", "null", "missing"].contains(&name.to_ascii_lowercase().as_str())
}

fn not_constant(expr: &Expr) -> Diagnostic {
    NOT_CONSTANT
        .at(expr.span, "a number known beforehand is expected here")
        .help("write a number, or arithmetic on numbers and constants: `-0.5`, `2 * pi`, `sqrt(2)`")
}

/// What is wrong with the constants of a file before their values are: circles, and axes, which only models have.
pub(super) fn circles(constants: &[&Const]) -> Vec<Diagnostic> {
    let place = |name: &str| constants.iter().position(|constant| constant.target.name.text == name);
    let reads = constants.iter().map(|constant| {
        let mut read = BTreeSet::new();
        walk::fixed(&constant.value, &mut |path| read.extend(place(&path.text())));
        read.into_iter().collect()
    });
    let reads: Vec<Vec<usize>> = reads.collect();
    let ranks: Vec<usize> = (0..reads.len()).collect();
    let circle = order::order(&reads, &ranks).err().unwrap_or_default();
    let named: Vec<&Const> = circle.iter().filter_map(|number| constants.get(*number)).copied().collect();
    let mut told: Vec<Diagnostic> = Vec::new();
    if let Some(first) = named.first() {
        let names = named.iter().chain([first]).map(|constant| format!("`{}`", constant.target.name.text));
        let message = format!("a circle: {}", names.collect::<Vec<_>>().join(" reads "));
        told.push(CYCLE.at(first.target.name.span, message).help("give one of them a number"));
    }
    for axis in constants.iter().filter_map(|constant| constant.target.axes.first()) {
        let message = "axes belong to models, and this constant stands outside of them";
        told.push(VECTOR.at(axis.span, message).help("move the constant into the model"));
    }
    told
}
