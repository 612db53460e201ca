//! What is meant by expressions that stand where they cannot: helps that name the edit.

use super::codes::{NESTED_DRAW, UNKNOWN_NAME};
use super::expr::Scope;
use super::model::Builder;
use super::names::Symbol;
use super::shown::{shown_call, shown_or_dots};
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{self, Call, ExprKind, Name, Path};

impl<'t> Builder<'t> {
    /// Says that a simulator cannot be read where it is drawn from. `part` is what is read of it.
    pub(super) fn drawn_inside(
        &self,
        name: &Name,
        call: Option<&Call>,
        part: &str,
        scope: &Scope<'t>,
    ) -> Diagnostic {
        let told = NESTED_DRAW.at(name.span, format!("`{}` is a simulator, which is drawn from", name.text));
        let axes = self.axis_names(&scope.bound).join(", ");
        let run = if axes.is_empty() { "run".to_owned() } else { format!("run[{axes}]") };
        let call = call.map_or_else(|| format!("{}(…)", name.text), shown_call);
        told.help(format!("give the draw a name, `latent {run} ~ {call}`, and read `{run}.{part}` here"))
    }

    /// `leak-rate` is one name where the definition of `leak` could not be read: that there is no `rate` follows.
    pub(super) fn forget_hyphenated(&mut self, left: &tree::Expr, right: &tree::Expr, since: usize) {
        let (Some(before), Some(after)) = (last_name(left), first_name(right)) else { return };
        if !matches!(self.names.get(&before.text()), Some(Symbol::Refused)) {
            return;
        }
        let follows = |told: &Diagnostic| told.code == UNKNOWN_NAME.name && told.span == after.span;
        let later = self.told.split_off(since);
        self.told.extend(later.into_iter().filter(|told| !follows(told)));
    }
}

/// How to write a reduction over an axis of the left side: in a line of its own, without that axis.
pub(super) fn named_first(reducer: &Name, axis: &Name, body: &tree::Expr, scope: &Scope<'_>) -> String {
    let others = scope.target.map_or(&[][..], |target| &target.axes);
    let others: Vec<&str> = others.iter().map(|other| other.text.as_str()).collect();
    let others: Vec<&str> = others.into_iter().filter(|other| *other != axis.text).collect();
    let name = if reducer.text == "sum" { "total" } else { "overall" };
    let name = if others.is_empty() { name.to_owned() } else { format!("{name}[{}]", others.join(", ")) };
    format!(
        "name it first, in a line of its own: `let {name} = {} over {} ({})`, and read `{name}` here",
        reducer.text,
        axis.text,
        shown_or_dots(body)
    )
}

/// The name that an expression ends with.
fn last_name(expr: &tree::Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Path(path) => Some(path),
        ExprKind::Binary { right, .. } => last_name(right),
        _ => None,
    }
}

/// The name that an expression starts with.
fn first_name(expr: &tree::Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Path(path) => Some(path),
        ExprKind::Binary { left, .. } => first_name(left),
        _ => None,
    }
}
