//! What is meant by expressions that stand where they cannot: helps that name the edit.

use super::codes::{NAME_AS_UNIT, NESTED_DRAW, UNKNOWN_NAME};
use super::expr::{COMMON_UNITS, Scope};
use super::model::Builder;
use super::names::Symbol;
use super::shown::{left_side, shown, shown_call, shown_or_dots};
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{self, BinaryOperator, Call, ExprKind, Name, Path};

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

    /// Says that `4 uA/cm^2` is read as a quotient: behind a number stands one unit.
    pub(super) fn compound_unit(
        &self,
        whole: (&tree::Expr, &tree::Expr),
        scope: &Scope<'t>,
    ) -> Option<Diagnostic> {
        let (left, right) = whole;
        let name = self.unit_name(right)?;
        let (value, unit) = self.quotient(left)?;
        let unit = format!("{unit}/{}", shown(right)?.replace(' ', ""));
        let told = UNKNOWN_NAME
            .at(name.span, format!("behind a number stands one unit, and `{}` is read as a name", name.text));
        Some(told.help(match scope.target.map(left_side) {
            Some(target) => format!("write the unit on the left, `{target} : {unit}`, and `{value}` here"),
            None => format!("name the unit above the model, `unit flow = {unit}`, and write `{value} flow`"),
        }))
    }

    /// The unit that an expression is, alone or to a power, where nothing of the model is called so.
    fn unit_name<'e>(&self, expr: &'e tree::Expr) -> Option<&'e Name> {
        match &expr.kind {
            ExprKind::Path(path) => {
                let unknown = |name: &&Name| self.names.get(&name.text).is_none();
                path.as_name().filter(unknown).filter(|name| COMMON_UNITS.contains(&name.text.as_str()))
            }
            ExprKind::Binary { operator: BinaryOperator::Pow, left, .. } => self.unit_name(left),
            _ => None,
        }
    }

    /// The number and the unit that a quotient of units starts with.
    fn quotient(&self, expr: &tree::Expr) -> Option<(f64, String)> {
        match &expr.kind {
            ExprKind::Number(number) => {
                let unit = number.unit.as_ref().map_or("1", |unit| unit.text.as_str());
                Some((number.value, unit.to_owned()))
            }
            ExprKind::Binary { operator: BinaryOperator::Div, left, right, .. } => {
                self.unit_name(right)?;
                let (value, unit) = self.quotient(left)?;
                Some((value, format!("{unit}/{}", shown(right)?.replace(' ', ""))))
            }
            _ => None,
        }
    }

    /// Says that a type stands where a unit would; whether it does.
    pub(super) fn type_as_unit(&mut self, unit: &tree::Unit) -> bool {
        let help = match unit.text.as_str() {
            "real" | "int" | "integer" | "float" | "double" | "bool" | "boolean" | "positive" | "simplex" => {
                format!("remove `: {}`: which values there are is said by the distribution", unit.text)
            }
            "vector" | "matrix" | "array" => {
                "give it an axis: `axis i : index(3)`, and `[i]` behind the name".to_owned()
            }
            _ => return false,
        };
        let told =
            NAME_AS_UNIT.at(unit.span, format!("behind `:` stands a unit, and `{}` is a type", unit.text));
        self.told.push(told.help(help));
        true
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
