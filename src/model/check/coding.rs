//! `coding = {left = 0, right = 1}`: the numbers that words of a file stand for.

use super::cells::shown;
use super::codes::CODING;
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{Argument, Call, Expr, ExprKind, Number, UnaryOperator};

const EXAMPLE: &str = "write `coding = {left = 0, right = 1}`";

/// The number of each word.
///
/// # Errors
/// It is written otherwise, or a word has two numbers.
pub(super) fn coding(value: &Expr) -> Result<Vec<(String, f64)>, Diagnostic> {
    let ExprKind::Record(fields) = &value.kind else {
        let told = CODING.at(value.span, "a number for each word is expected here");
        return Err(told.help(meant(value).unwrap_or_else(|| EXAMPLE.to_owned())));
    };
    let mut codes: Vec<(String, f64)> = Vec::new();
    for field in fields {
        let Some(code) = code(&field.value) else {
            let told = CODING.at(field.value.span, "a word is coded by a number");
            return Err(told.help(meant(value).unwrap_or_else(|| EXAMPLE.to_owned())));
        };
        if codes.iter().any(|(known, _)| *known == field.name.text) {
            let told = CODING.at(field.name.span, format!("`{}` is coded twice", field.name.text));
            return Err(told.help("remove one of them"));
        }
        codes.push((field.name.text.clone(), code));
    }
    Ok(codes)
}

/// The number of a word.
fn code(value: &Expr) -> Option<f64> {
    match &value.kind {
        ExprKind::Number(Number { value, unit: None, .. }) => Some(*value),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => code(operand).map(|code| -code),
        _ => None,
    }
}

/// A coding that is written as another language does: `c(left = 0, right = 1)`, `["left", "right"]`,
/// `{left = false, right = true}`.
fn meant(value: &Expr) -> Option<String> {
    let labelled =
        |argument: &Argument| Some((argument.label.as_ref()?.text.clone(), near(&argument.value)?));
    let coded: Option<Vec<(String, f64)>> = match &value.kind {
        ExprKind::Record(fields) => {
            fields.iter().map(|field| Some((field.name.text.clone(), near(&field.value)?))).collect()
        }
        ExprKind::Call(Call { arguments, .. }) => arguments.iter().map(labelled).collect(),
        ExprKind::List(entries) => {
            entries.iter().enumerate().map(|(place, entry)| Some((word(entry)?, place as f64))).collect()
        }
        _ => None,
    };
    let coded = coded.filter(|coded| !coded.is_empty())?;
    let coded: Vec<(&str, f64)> = coded.iter().map(|(word, code)| (word.as_str(), *code)).collect();
    Some(format!("write `coding = {}`", shown(&coded)))
}

/// The number that is meant by a number in quotes, or by a truth.
fn near(value: &Expr) -> Option<f64> {
    match &value.kind {
        ExprKind::Text(text) => text.parse().ok(),
        ExprKind::Truth(truth) => Some(f64::from(u8::from(*truth))),
        _ => code(value),
    }
}

/// A word, in quotes or without.
fn word(entry: &Expr) -> Option<String> {
    match &entry.kind {
        ExprKind::Text(text) => Some(text.clone()).filter(|text| super::cell::is_name(text)),
        ExprKind::Path(path) => path.as_name().map(|name| name.text.clone()),
        _ => None,
    }
}
