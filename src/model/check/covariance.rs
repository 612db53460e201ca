//! Whether a matrix can be a covariance: symmetric, as far as that is known beforehand, and positive definite.

use super::codes::NOT_A_COVARIANCE;
use crate::{Binary, Definition, Expr, ExprId, Family, Kind, Model, Unary};
use sbi_syntax::{Diagnostic, Span};

/// How deep expressions are followed.
const DEPTH: usize = 16;

/// What is wrong with a matrix; `known` gives the constant value of an entry.
pub(super) fn wrong(
    model: &Model,
    rows: &[Vec<ExprId>],
    known: impl Fn(ExprId) -> Option<f64>,
    span: Span,
) -> Option<Diagnostic> {
    let entry = |row: usize, column: usize| rows.get(row).and_then(|row| row.get(column)).copied();
    let size = rows.len();
    for (row, column) in (0..size).flat_map(|row| (0..row).map(move |column| (row, column))) {
        let (below, above) = (entry(row, column)?, entry(column, row)?);
        let message = match (known(below), known(above)) {
            (Some(below), Some(above)) if below != above && !below.is_nan() && !above.is_nan() => format!(
                "`cov` is not symmetric: entry {}, {} is {below}, and {1}, {0} is {above}",
                row + 1,
                column + 1
            ),
            (None, None) if negated(model, below, above) || negated(model, above, below) => format!(
                "`cov` is not symmetric: entry {}, {} is that at {1}, {0} with another sign",
                row + 1,
                column + 1
            ),
            (Some(number), None) if is_drawn(model, above, DEPTH) => one_drawn((row, column), number),
            (None, Some(number)) if is_drawn(model, below, DEPTH) => one_drawn((column, row), number),
            _ => continue,
        };
        let told = NOT_A_COVARIANCE.at(span, message);
        return Some(told.help("write the same on both sides of the diagonal"));
    }
    let numbers: Option<Vec<Vec<f64>>> =
        rows.iter().map(|row| row.iter().map(|expr| known(*expr)).collect()).collect();
    let numbers = numbers?;
    let at = |row: usize, column: usize| {
        numbers.get(row).and_then(|row| row.get(column)).copied().unwrap_or(f64::NAN)
    };
    let definite = is_definite(size, at);
    (!definite && numbers.iter().flatten().all(|entry| entry.is_finite())).then(|| {
        NOT_A_COVARIANCE
            .at(span, "`cov` is not positive definite: no distribution has it")
            .help("make the diagonal larger, or the other entries smaller")
    })
}

fn one_drawn((row, column): (usize, usize), number: f64) -> String {
    let (row, column) = (row + 1, column + 1);
    format!("`cov` is not symmetric: entry {row}, {column} is {number}, and {column}, {row} is drawn")
}

/// Whether one expression is the other with another sign, and never zero.
fn negated(model: &Model, one: ExprId, other: ExprId) -> bool {
    matches!(model.expr(one), Expr::Unary(Unary::Neg, operand) if *operand == other)
        && is_drawn(model, other, DEPTH)
}

/// Whether an expression is computed of real draws by products and curves, which has no one value but by chance.
fn is_drawn(model: &Model, expr: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let drawn = |expr: ExprId| is_drawn(model, expr, depth);
    let number = |expr: ExprId| match model.expr(expr) {
        Expr::Number(number) => Some(*number),
        _ => None,
    };
    match model.expr(expr) {
        Expr::Element { node, .. } => match &model.node(*node).definition {
            // A mixture may have single values in it.
            Definition::Draw(draw) => draw.kind() == Kind::Real && draw.family != Family::Mixture,
            Definition::Equals(value) => drawn(*value),
            _ => false,
        },
        Expr::Unary(function, operand) => {
            let steps =
                matches!(function, Unary::Ceil | Unary::Floor | Unary::Not | Unary::Round | Unary::Sign);
            !steps && drawn(*operand)
        }
        Expr::Binary(Binary::Mul, left, right) => match (number(*left), number(*right)) {
            (Some(number), None) => number != 0.0 && drawn(*right),
            (None, Some(number)) => number != 0.0 && drawn(*left),
            _ => drawn(*left) && drawn(*right),
        },
        Expr::Binary(Binary::Pow, base, exponent) => {
            number(*exponent).is_some_and(|exponent| exponent != 0.0) && drawn(*base)
        }
        _ => false,
    }
}

/// Whether Cholesky's decomposition of a symmetric matrix succeeds.
fn is_definite(size: usize, at: impl Fn(usize, usize) -> f64) -> bool {
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(size);
    for row in 0..size {
        let mut entries: Vec<f64> = Vec::with_capacity(row + 1);
        for (column, other) in lower.iter().enumerate() {
            let known: f64 = entries.iter().zip(other).map(|(a, b)| a * b).sum();
            let diagonal = other.last().copied().unwrap_or(f64::NAN);
            entries.push((at(row, column) - known) / diagonal);
        }
        let rest = at(row, row) - entries.iter().map(|entry| entry * entry).sum::<f64>();
        if rest.is_nan() || rest <= 0.0 {
            return false;
        }
        entries.push(rest.sqrt());
        lower.push(entries);
    }
    true
}
