//! Rows of numbers as R and numpy lay them out, `seq(0, 15, 0.5)`, and the grid that each is here.

use super::shown::shown;
use sbi_syntax::tree::{Argument, Expr, ExprKind, Number, UnaryOperator};

/// How others call the ends of a row, its step and its length.
const LABELS: [(&str, usize); 10] = [
    ("from", 0),
    ("start", 0),
    ("to", 1),
    ("stop", 1),
    ("end", 1),
    ("by", 2),
    ("step", 2),
    ("num", 3),
    ("length", 3),
    ("steps", 3),
];

/// The grid that a row of numbers of another language is, with its own numbers: `grid(from = 0, to = 15, step = 0.5)`.
pub(super) fn as_grid(value: &Expr) -> Option<String> {
    let (name, arguments) = match &value.kind {
        ExprKind::Range { low, high } => return grid(low, high, "1"),
        ExprKind::Call(call) => (call.path.segments.last()?.text.as_str(), call.arguments.as_slice()),
        ExprKind::Apply { base, arguments } => match &base.kind {
            ExprKind::Member { name, .. } => (name.text.as_str(), arguments.as_slice()),
            _ => return None,
        },
        _ => return None,
    };
    let third = match name {
        "seq" | "arange" | "range" => 2,
        "linspace" => 3,
        _ => return None,
    };
    let argument = |wanted: usize| {
        let labelled =
            |label: &str| LABELS.iter().find(|(known, _)| *known == label).map(|(_, place)| *place);
        let mut places = arguments.iter().enumerate().map(|(place, argument)| match &argument.label {
            Some(label) => (labelled(&label.text), argument),
            None => (Some(if place == 2 { third } else { place }), argument),
        });
        places.find(|(place, _)| *place == Some(wanted)).map(|(_, argument): (_, &Argument)| &argument.value)
    };
    let (from, to) = (argument(0)?, argument(1)?);
    if let Some(length) = argument(3) {
        let (low, high, length) = (number(from)?, number(to)?, number(length)?);
        let step = (high.value - low.value) / (length.value - 1.0);
        let shown = (step * 1e4).round() / 1e4;
        let unit = unit(&high);
        return match (shown - step).abs() < 1e-9 {
            true => grid(from, to, &format!("{shown}{unit}")),
            false => grid(from, to, &format!("{}{unit} / {}", high.value - low.value, length.value - 1.0)),
        };
    }
    let step = argument(2).map_or_else(|| Some("1".to_owned()), shown)?;
    if name == "seq" {
        return grid(from, to, &step);
    }
    // In Python a row ends before its last number.
    let (high, by) = (number(to)?, argument(2).map_or(Some(1.0), |by| number(by).map(|by| by.value))?);
    let last = ((high.value - by) * 1e9).round() / 1e9;
    Some(format!("grid(from = {}, to = {last}{}, step = {step})", shown(from)?, unit(&high)))
}

fn grid(from: &Expr, to: &Expr, step: &str) -> Option<String> {
    Some(format!("grid(from = {}, to = {}, step = {step})", shown(from)?, shown(to)?))
}

/// A number that is written out, with its unit.
struct Written<'e> {
    value: f64,
    number: &'e Number,
}

fn number(expr: &Expr) -> Option<Written<'_>> {
    match &expr.kind {
        ExprKind::Number(number) => Some(Written { value: number.value, number }),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => {
            number(operand).map(|written| Written { value: -written.value, ..written })
        }
        _ => None,
    }
}

fn unit(written: &Written<'_>) -> String {
    written.number.unit.as_ref().map(|unit| format!(" {}", unit.text)).unwrap_or_default()
}
