//! Which names a tree reads, before anything is known of them.

use sbi_syntax::tree::{Definition, Expr, ExprKind, Path, Source};

/// Calls `each` with an expression and all that it is made of, from the outside in.
pub(super) fn parts<'t>(expr: &'t Expr, each: &mut dyn FnMut(&'t Expr)) {
    each(expr);
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Truth(_) | ExprKind::Path(_) => {}
        ExprKind::Call(call) => call.arguments.iter().for_each(|argument| parts(&argument.value, each)),
        ExprKind::Apply { base, arguments } => {
            parts(base, each);
            arguments.iter().for_each(|argument| parts(&argument.value, each));
        }
        ExprKind::Index { base, index } => {
            parts(base, each);
            index.iter().for_each(|index| parts(index, each));
        }
        ExprKind::Member { base, .. } | ExprKind::Unary { operand: base, .. } => parts(base, each),
        ExprKind::Binary { left, right, .. } | ExprKind::Range { low: left, high: right } => {
            parts(left, each);
            parts(right, each);
        }
        ExprKind::If { condition, yes, no } => {
            [condition, yes, no].into_iter().for_each(|part| parts(part, each));
        }
        ExprKind::Reduce { body, .. } => parts(body, each),
        ExprKind::List(entries) => entries.iter().for_each(|entry| parts(entry, each)),
        ExprKind::Record(fields) => fields.iter().for_each(|field| parts(&field.value, each)),
    }
}

/// The name that an expression reads or calls itself, apart from what it is made of.
pub(super) fn name(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Path(path) => Some(path),
        ExprKind::Call(call) => Some(&call.path),
        _ => None,
    }
}

/// Calls `each` with every name that an expression reads or calls.
pub(super) fn names<'t>(expr: &'t Expr, each: &mut dyn FnMut(&'t Path)) {
    parts(expr, &mut |part| name(part).into_iter().for_each(&mut *each));
}

/// The expressions of a definition.
pub(super) fn values(definition: &Definition) -> Vec<&Expr> {
    match definition {
        Definition::Equals(value) => vec![value],
        // What stands after `~` is a distribution, whatever else bears its name.
        Definition::Draw(draw) => {
            let calls = std::iter::once(&draw.call).chain(&draw.pipes);
            calls.flat_map(|call| &call.arguments).map(|argument| &argument.value).collect()
        }
    }
}

/// Calls `each` with every name that a definition reads.
pub(super) fn defined<'t>(definition: &'t Definition, each: &mut dyn FnMut(&'t Path)) {
    values(definition).into_iter().for_each(|value| names(value, each));
}

/// Calls `each` with every name that a constant reads.
pub(super) fn fixed<'t>(source: &'t Source, each: &mut dyn FnMut(&'t Path)) {
    if let Source::Equals(value) = source {
        names(value, each);
    }
}
