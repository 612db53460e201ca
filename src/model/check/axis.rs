//! `axis name : kind(…)`.

use super::codes::{ARGUMENT_EXTRA, ARGUMENT_MISSING, AXIS_SIZE, NOT_YET, TOO_LARGE, UNKNOWN_AXIS};
use super::limits::{ELEMENTS, thousands};
use super::names::list;
use crate::{Axis, AxisKind};
use sbi_syntax::{Diagnostic, suggest, tree};

/// Kinds of axes of the language that this version does not run over.
const LATER: [&str; 4] = ["grid", "ordered", "set", "time"];

/// The axis that a statement declares. `number` gives the value of a constant expression.
///
/// # Errors
/// Its kind or its size is none.
pub(super) fn axis(
    statement: &tree::Axis,
    number: impl FnOnce(&tree::Expr) -> Result<f64, Diagnostic>,
) -> Result<Axis, Diagnostic> {
    let kind = statement.kind.path.text();
    if kind != "index" {
        return Err(unknown(&statement.kind, &kind));
    }
    let size = match statement.kind.arguments.as_slice() {
        [size] => size,
        [] => {
            return Err(ARGUMENT_MISSING
                .at(statement.kind.span, "`index` needs the number of elements")
                .help("write `index(10)`"));
        }
        [_, extra, ..] => {
            return Err(ARGUMENT_EXTRA
                .at(extra.span, "`index` takes one number: how many elements there are")
                .help("an axis for each dimension: `axis i : index(2)` and `axis j : index(3)`"));
        }
    };
    let count = number(&size.value)?;
    let name = &statement.name;
    if count > ELEMENTS as f64 {
        let count = thousands(count);
        let most = thousands(ELEMENTS as f64);
        return Err(TOO_LARGE
            .at(
                size.value.span,
                format!("`{}` would have {count} elements; at most {most} are possible", name.text),
            )
            .help(
                "every element of a parameter or datum is a token of the network: tens to hundreds are usual",
            ));
    }
    if count < 1.0 || count.fract() != 0.0 {
        return Err(AXIS_SIZE
            .at(size.value.span, format!("`{}` would have {count} elements", name.text))
            .help("an axis has a whole number of elements, at least 1: `index(10)`"));
    }
    Ok(Axis { name: name.text.clone(), kind: AxisKind::Index { size: count as usize }, span: name.span })
}

fn unknown(call: &tree::Call, kind: &str) -> Diagnostic {
    if LATER.contains(&kind) {
        return NOT_YET
            .at(call.span, format!("axes of the kind `{kind}` are not supported yet"))
            .help("`index(n)` is: elements that are told apart by their position");
    }
    let told = UNKNOWN_AXIS.at(call.path.span, format!("there is no axis of the kind `{kind}`"));
    match suggest(kind, LATER.into_iter().chain(["index"])) {
        Some(similar) => told.did_you_mean(Some(similar)),
        None => {
            told.help(format!("kinds are {}; write `index(10)`", list(LATER.into_iter().chain(["index"]))))
        }
    }
}
