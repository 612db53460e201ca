//! `walk.end` of a dynamics that nothing ends before its time: a number that is known beforehand.

use super::codes::END_FIXED;
use crate::{Definition, Dynamics, Expr, ExprId, Model, Role};
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

/// Data and parameters that are computed of an end which is the same in all draws. A state that is read at it is not meant.
pub(super) fn fixed_ends(model: &Model) -> Vec<Diagnostic> {
    let asked = model.nodes.iter().filter(|node| matches!(node.role, Role::Data | Role::Param));
    let told = asked.filter_map(|node| {
        let Definition::Equals(value) = node.definition else { return None };
        let run = of_end(model, value)?;
        let message = format!("`{}` has no `stop when`: its end is {} in all draws", run.name, run.over[1]);
        let help =
            "write in it what ends it, such as `stop when x >= 1`; a number that is known is a `const`";
        Some(END_FIXED.at(node.span, message).label(run.span, "this ends with its clock").help(help))
    });
    // What a used file has is not this file's to mend.
    told.filter(|told| told.span.file == 0).collect()
}

/// A dynamics without `stop when` whose end is part of a value, other than as a time at which something is read.
fn of_end(model: &Model, value: ExprId) -> Option<&Dynamics> {
    let (mut open, mut seen) = (vec![value], BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match model.expr(id) {
            Expr::End { dynamics, .. } => {
                let run = model.dynamics.get(*dynamics).filter(|run| run.stops.is_empty());
                if run.is_some() {
                    return run;
                }
            }
            Expr::At(curve, _) => open.push(*curve),
            other => open.extend(other.operands()),
        }
    }
    None
}
