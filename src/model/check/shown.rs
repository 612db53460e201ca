//! Expressions as text again, for helps that repeat what is written: `sum over k (exp(value[k]))`.

use sbi_syntax::tree::{Argument, BinaryOperator, Call, Expr, ExprKind, Number, Target, UnaryOperator};

/// The longest text that a help repeats.
const LONGEST: usize = 60;

/// The left side of a statement, without its unit: `x[i]`.
pub(super) fn left_side(target: &Target) -> String {
    let axes: Vec<&str> = target.axes.iter().map(|axis| axis.text.as_str()).collect();
    match axes.is_empty() {
        true => target.name.text.clone(),
        false => format!("{}[{}]", target.name.text, axes.join(", ")),
    }
}

/// A short expression as it is written; none for one that a help would not repeat.
pub(super) fn shown(expr: &Expr) -> Option<String> {
    text(expr).filter(|text| text.len() <= LONGEST)
}

/// A short expression as an operand: in parentheses, where it has an operator of its own.
pub(super) fn operand(expr: &Expr) -> Option<String> {
    inner(expr).filter(|text| text.len() <= LONGEST)
}

/// A short expression as it is written, or `…` in place of a long one.
pub(super) fn shown_or_dots(expr: &Expr) -> String {
    shown(expr).unwrap_or_else(|| "…".to_owned())
}

/// A short call as it is written, or with `…` for its arguments.
pub(super) fn shown_call(call: &Call) -> String {
    let name = call.path.text();
    arguments(&call.arguments)
        .filter(|arguments| arguments.len() <= LONGEST)
        .map_or_else(|| format!("{name}(…)"), |arguments| format!("{name}({arguments})"))
}

/// Short arguments as they are written, or `…` in place of long ones.
pub(super) fn shown_arguments(given: &[Argument]) -> String {
    arguments(given).filter(|given| given.len() <= LONGEST).unwrap_or_else(|| "…".to_owned())
}

/// A short argument as it is written, or `…` in place of a long one.
pub(super) fn shown_argument(written: &Argument) -> String {
    argument(written).filter(|text| text.len() <= LONGEST).unwrap_or_else(|| "…".to_owned())
}

fn text(expr: &Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Number(number) => number_text(number),
        ExprKind::Text(text) => format!("\"{text}\""),
        ExprKind::Truth(truth) => truth.to_string(),
        ExprKind::Path(path) => path.text(),
        ExprKind::Call(call) => format!("{}({})", call.path.text(), arguments(&call.arguments)?),
        ExprKind::Apply { base, arguments: given } => format!("{}({})", text(base)?, arguments(given)?),
        ExprKind::Index { base, index } => format!("{}[{}]", text(base)?, several(index)?),
        ExprKind::Member { base, name } => format!("{}.{}", text(base)?, name.text),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => format!("-{}", within(operand, NEG)?),
        ExprKind::Unary { operator: UnaryOperator::Not, operand } => format!("not {}", inner(operand)?),
        ExprKind::Binary { operator: BinaryOperator::Pow, left, right, .. } => {
            format!("{}^{}", within(left, POW + 1)?, within(right, POW)?)
        }
        ExprKind::Binary { operator, left, right, .. } => {
            let (own, text) = (strength(expr), operator.text());
            format!("{} {text} {}", within(left, own)?, within(right, own + 1)?)
        }
        ExprKind::Range { low, high } => format!("{} .. {}", text(low)?, text(high)?),
        ExprKind::Reduce { reducer, axis, body } => {
            format!("{} over {} ({})", reducer.text, axis.text, text(body)?)
        }
        ExprKind::List(entries) => format!("[{}]", several(entries)?),
        ExprKind::If { .. } | ExprKind::Record(_) => return None,
    })
}

/// How tightly the sign before a number binds, and a power.
const NEG: u8 = 6;
const POW: u8 = 7;

/// How tightly the operator of an expression binds; what has none binds tightest.
fn strength(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::If { .. } => 0,
        ExprKind::Unary { operator: UnaryOperator::Neg, .. } => NEG,
        ExprKind::Unary { operator: UnaryOperator::Not, .. } | ExprKind::Range { .. } => 2,
        ExprKind::Binary { operator, .. } => match operator {
            BinaryOperator::Or => 0,
            BinaryOperator::And => 1,
            BinaryOperator::Add | BinaryOperator::Sub => 4,
            BinaryOperator::Mul | BinaryOperator::Div => 5,
            BinaryOperator::Pow => POW,
            _ => 3,
        },
        // A power behind a number with a unit would be that of the unit.
        ExprKind::Number(Number { unit: Some(_), .. }) => POW,
        _ => POW + 1,
    }
}

/// An operand in parentheses where it binds less tightly than its place.
fn within(expr: &Expr, place: u8) -> Option<String> {
    text(expr).map(|text| if strength(expr) < place { format!("({text})") } else { text })
}

/// A short expression as a factor of a product: in parentheses, where it is a sum.
pub(super) fn factor(expr: &Expr) -> Option<String> {
    within(expr, 5).filter(|text| text.len() <= LONGEST)
}

/// A short expression as a divisor: in parentheses, where it is a sum or a product.
pub(super) fn divisor(expr: &Expr) -> Option<String> {
    within(expr, 6).filter(|text| text.len() <= LONGEST)
}

/// An operand: whatever has an operator of its own stands in parentheses.
fn inner(expr: &Expr) -> Option<String> {
    let own = matches!(expr.kind, ExprKind::Binary { .. } | ExprKind::Range { .. });
    text(expr).map(|text| if own { format!("({text})") } else { text })
}

fn several(exprs: &[Expr]) -> Option<String> {
    exprs.iter().map(text).collect::<Option<Vec<_>>>().map(|texts| texts.join(", "))
}

fn arguments(arguments: &[Argument]) -> Option<String> {
    arguments.iter().map(argument).collect::<Option<Vec<_>>>().map(|texts| texts.join(", "))
}

fn argument(argument: &Argument) -> Option<String> {
    let value = text(&argument.value)?;
    Some(match &argument.label {
        Some(label) => format!("{} = {value}", label.text),
        None => value,
    })
}

fn number_text(number: &Number) -> String {
    if number.percent {
        return percent(number.value);
    }
    match &number.unit {
        Some(unit) => format!("{} {}", number.value, unit.text),
        None => number.value.to_string(),
    }
}

/// A share as a percentage, without what rounding adds: `5%`.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}
