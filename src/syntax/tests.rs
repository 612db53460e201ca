//! Tests of the whole crate, one file for each topic.

mod expressions;
mod format;
mod good;
mod hostile;
mod messages;
mod recovery;
mod slips;
mod vocabulary;

use crate::tree::{Expr, ExprKind, File, Item, Statement, UnaryOperator};
use crate::{Parsed, parse};

macro_rules! specs {
    ($($name:literal),+ $(,)?) => {
        /// The specs of the language's design.
        const SPECS: &[(&str, &str)] = &[$(($name, include_str!(concat!("tests/specs/", $name, ".sbi")))),+];
    };
}

specs!(
    "two_moons",
    "linear_gaussian",
    "reference",
    "decision",
    "decision_paired",
    "ddm",
    "lotka_volterra",
    "sird",
    "hodgkin_huxley",
    "closure",
);

/// Parses a text that must have nothing wrong.
fn sound(text: &str) -> File {
    let Parsed { tree, diagnostics } = parse(0, text);
    assert_eq!(diagnostics, [], "{text}");
    tree
}

/// The statements of a model that must have nothing wrong.
fn model(body: &str) -> Vec<Statement> {
    let mut file = sound(&format!("edition 2026\nmodel m {{\n{body}\n}}\n"));
    match file.items.pop() {
        Some(Item::Model(model)) => model.body,
        other => panic!("expected a model, found {other:?}"),
    }
}

/// The codes of what is wrong with a text, in its order.
fn codes(text: &str) -> Vec<&'static str> {
    parse(0, text).diagnostics.iter().map(|told| told.code).collect()
}

/// An expression with every bracket written out.
fn brackets(expr: &Expr) -> String {
    let list = |list: &[Expr]| list.iter().map(brackets).collect::<Vec<_>>().join(", ");
    let arguments = |list: &[crate::tree::Argument]| {
        let one = |argument: &crate::tree::Argument| match &argument.label {
            Some(label) => format!("{} = {}", label.text, brackets(&argument.value)),
            None => brackets(&argument.value),
        };
        list.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    match &expr.kind {
        ExprKind::Number(number) => match &number.unit {
            Some(unit) => format!("{} {}", number.value, unit.text),
            None => number.value.to_string(),
        },
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Truth(truth) => truth.to_string(),
        ExprKind::Path(path) => path.text(),
        ExprKind::Call(call) => format!("{}({})", call.path.text(), arguments(&call.arguments)),
        ExprKind::Apply { base, arguments: with } => format!("{}({})", brackets(base), arguments(with)),
        ExprKind::Index { base, index } => format!("{}[{}]", brackets(base), list(index)),
        ExprKind::Member { base, name } => format!("{}.{}", brackets(base), name.text),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => format!("(-{})", brackets(operand)),
        ExprKind::Unary { operator: UnaryOperator::Not, operand } => format!("(not {})", brackets(operand)),
        ExprKind::Binary { operator, left, right, .. } => {
            format!("({} {} {})", brackets(left), operator.text(), brackets(right))
        }
        ExprKind::Range { low, high } => format!("({} .. {})", brackets(low), brackets(high)),
        ExprKind::If { condition, yes, no } => {
            format!("(if {} then {} else {})", brackets(condition), brackets(yes), brackets(no))
        }
        ExprKind::Reduce { reducer, axis, body } => {
            format!("({} over {} {})", reducer.text, axis.text, brackets(body))
        }
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Record(fields) => {
            let one =
                |field: &crate::tree::Field| format!("{} = {}", field.name.text, brackets(&field.value));
            format!("{{{}}}", fields.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}
