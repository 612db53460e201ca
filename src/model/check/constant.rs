//! Numbers known from the file alone: sizes of axes, entries of tables, settings and given values.
//!
//! Only exact arithmetic is done here, so that the numbers are the same on every machine. A scalar `const` keeps its
//! whole expression, which the simulator computes with its own functions.

use super::codes::{CYCLE, NOT_CONSTANT, NOT_FINITE, UNKNOWN_NAME, VECTOR};
use super::files::Files;
use super::{builtin, series, walk};
use crate::order;
use sbi_syntax::tree::{BinaryOperator, Const, Expr, ExprKind, Path, Source, UnaryOperator};
use sbi_syntax::{Diagnostic, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// How deep constants and functions may be defined by each other.
pub(super) const DEPTH: usize = 64;

/// The scalar constants that can be named where a number is expected.
#[derive(Clone, Debug, Default)]
pub(super) struct Constants<'t> {
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
        let read = series::scalar(constant, table, files);
        self.files.insert(&target.name.text, read.clone());
        Some(read)
    }

    /// The number that a constant reads from a file.
    pub(super) fn in_file(&self, name: &str) -> Option<&Result<f64, Diagnostic>> {
        self.files.get(name)
    }

    /// The value of an expression, finite.
    ///
    /// # Errors
    /// It reads something that is not known beforehand, or is no finite number.
    pub(super) fn number(&self, expr: &Expr) -> Result<f64, Diagnostic> {
        let value = self.evaluate(expr, 0)?;
        if value.is_finite() {
            return Ok(value);
        }
        Err(NOT_FINITE
            .at(expr.span, format!("this is {value}, which is no finite number"))
            .help("look for a division by zero or a root of a negative number"))
    }

    fn evaluate(&self, expr: &Expr, depth: usize) -> Result<f64, Diagnostic> {
        match &expr.kind {
            ExprKind::Number(number) => Ok(number.value),
            ExprKind::Path(path) => self.named(path, depth),
            ExprKind::Unary { operator: UnaryOperator::Neg, operand } => Ok(-self.evaluate(operand, depth)?),
            ExprKind::Binary { operator, left, right, .. } => {
                let (x, y) = (self.evaluate(left, depth)?, self.evaluate(right, depth)?);
                arithmetic(*operator, x, y).ok_or_else(|| not_constant(expr))
            }
            ExprKind::Call(call) if call.path.text() == "sqrt" => match call.arguments.as_slice() {
                [argument] if argument.label.is_none() => Ok(self.evaluate(&argument.value, depth)?.sqrt()),
                _ => Err(not_constant(expr)),
            },
            _ => Err(not_constant(expr)),
        }
    }

    fn named(&self, path: &Path, depth: usize) -> Result<f64, Diagnostic> {
        let name = path.text();
        if let Some(value) = builtin::constant(&name) {
            return Ok(value);
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
            Source::Equals(value) if depth < DEPTH => self.evaluate(value, depth + 1),
            Source::Equals(_) => Err(CYCLE
                .at(path.span, format!("`{name}` is defined by itself"))
                .help("give one of the constants a number")),
            // What is wrong with the file is told once: the same thing twice is one.
            Source::From(_) => {
                self.files.get(name.as_str()).cloned().expect("files are read when constants are added")
            }
        }
    }
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
