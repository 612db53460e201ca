//! Which names a tree reads, before anything is known of them.

use sbi_syntax::tree::{Definition, Expr, ExprKind, Path, Source};

/// Calls `each` with every name that an expression reads or calls.
pub(super) fn names<'t>(expr: &'t Expr, each: &mut dyn FnMut(&'t Path)) {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Truth(_) => {}
        ExprKind::Path(path) => each(path),
        ExprKind::Call(call) => {
            each(&call.path);
            call.arguments.iter().for_each(|argument| names(&argument.value, each));
        }
        ExprKind::Apply { base, arguments } => {
            names(base, each);
            arguments.iter().for_each(|argument| names(&argument.value, each));
        }
        ExprKind::Index { base, index } => {
            names(base, each);
            index.iter().for_each(|index| names(index, each));
        }
        ExprKind::Member { base, .. } | ExprKind::Unary { operand: base, .. } => names(base, each),
        ExprKind::Binary { left, right, .. } | ExprKind::Range { low: left, high: right } => {
            names(left, each);
            names(right, each);
        }
        ExprKind::If { condition, yes, no } => {
            [condition, yes, no].into_iter().for_each(|part| names(part, each));
        }
        ExprKind::Reduce { body, .. } => names(body, each),
        ExprKind::List(entries) => entries.iter().for_each(|entry| names(entry, each)),
        ExprKind::Record(fields) => fields.iter().for_each(|field| names(&field.value, each)),
    }
}

/// Calls `each` with every name that a definition reads.
pub(super) fn defined<'t>(definition: &'t Definition, each: &mut dyn FnMut(&'t Path)) {
    match definition {
        Definition::Equals(value) => names(value, each),
        // What stands after `~` is a distribution, whatever else bears its name.
        Definition::Draw(draw) => {
            let arguments = std::iter::once(&draw.call).chain(&draw.pipes).flat_map(|call| &call.arguments);
            arguments.for_each(|argument| names(&argument.value, each));
        }
    }
}

/// Calls `each` with every name that a constant reads.
pub(super) fn fixed<'t>(source: &'t Source, each: &mut dyn FnMut(&'t Path)) {
    if let Source::Equals(value) = source {
        names(value, each);
    }
}
