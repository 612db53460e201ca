//! What is random in a `dynamics`: noises, which enter derivatives linearly, and draws, which are steps of their own.

use super::builtin;
use super::codes::{NESTED_DRAW, NOISE_NONLINEAR, SOLVER, UNIT_MISMATCH};
use super::family;
use super::model::Builder;
use super::recipes::{drawn_here, in_r};
use super::shown::{left_side, operand, shown, shown_or_dots};
use super::solver::{EULER_MARUYAMA, MILSTEIN};
use super::walk;
use crate::{Binary, Expr, ExprId, Role, Unary};
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{
    self, BinaryOperator, Call, Definition, DynamicsStatement as Statement, ExprKind, State,
};
use std::collections::BTreeMap;

impl<'t> Builder<'t> {
    /// The degree of an expression in the noises: 0 without any, 1 where they enter linearly, 2 for anything else.
    /// `known` holds what was found, and 0 for what is being looked at: a `let` may read itself, which is told elsewhere.
    pub(super) fn noise_degree(&self, id: ExprId, known: &mut BTreeMap<ExprId, u8>) -> u8 {
        if let Some(degree) = known.get(&id) {
            return *degree;
        }
        known.insert(id, 0);
        let Some(expr) = self.arena.exprs.get(id.0) else { return 0 };
        let mut degree = |id: &ExprId| self.noise_degree(*id, known);
        let found = match expr {
            Expr::Element { node, .. } => match self.nodes.get(node.0) {
                Some(node) if node.role == Role::Noise => 1,
                Some(node) if node.role == Role::Let => node.exprs().map(|id| degree(&id)).max().unwrap_or(0),
                _ => 0,
            },
            Expr::Unary(Unary::Neg, operand) | Expr::Reduce { body: operand, .. } => degree(operand),
            Expr::Binary(Binary::Add | Binary::Sub, left, right) => degree(left).max(degree(right)),
            Expr::Binary(Binary::Mul, left, right) => (degree(left) + degree(right)).min(2),
            Expr::Binary(Binary::Div, left, right) if degree(right) == 0 => degree(left),
            Expr::Select { condition, yes, no } if degree(condition) == 0 => degree(yes).max(degree(no)),
            other => 2 * u8::from(other.operands().any(|operand| degree(&operand) > 0)),
        };
        known.insert(id, found);
        found
    }

    /// Whether a call draws from a distribution.
    pub(super) fn draws(&self, call: &Call) -> bool {
        let name = call.path.text();
        let drawn =
            family::is_distribution(&name) && builtin::function(&name).is_none() || in_r(call).is_some();
        drawn && self.names.get(&name).is_none()
    }

    /// Says that a draw stands inside of the change of a state.
    pub(super) fn drawn_in_change(
        &self,
        tree: &tree::Dynamics,
        state: &State,
        value: &tree::Expr,
        is_next: bool,
    ) -> Option<Diagnostic> {
        let mut found = None;
        walk::parts(value, &mut |part| match &part.kind {
            ExprKind::Call(call) if self.draws(call) => found = found.or(Some(call)),
            _ => {}
        });
        let call = found?;
        let is_draw =
            |part: &tree::Expr| matches!(&part.kind, ExprKind::Call(other) if std::ptr::eq(call, other));
        let noisy = Noisy::of(value, &is_draw).zip(around_zero(call));
        let noisy = noisy.map(|(noisy, sd)| Noisy { factor: product(noisy.factor, sd), ..noisy });
        let (name, drawn) = (left_side(&state.target), drawn_here(call));
        let told = NESTED_DRAW.at(call.path.span, "a draw cannot stand inside an expression");
        Some(told.help(match (noisy, is_next) {
            (Some(noisy), true) => format!("write `next {name} ~ {}`", noisy.step()),
            (None, true) => {
                format!("what is drawn in each step is a state: `init z ~ {drawn}` and `next z ~ {drawn}`; read `z` here")
            }
            (noisy, false) => {
                let change = noisy.map_or_else(|| "… + 0.1 * w".to_owned(), Noisy::derivative);
                let fits = |by: &Call| [EULER_MARUYAMA.name, MILSTEIN.name].contains(&by.path.text().as_str());
                let solver = match tree.by.as_ref().is_some_and(fits) {
                    true => String::new(),
                    false => format!(", solved `by {}`", EULER_MARUYAMA.example),
                };
                format!("write `noise w` in a line above, and `{name}' = {change}`{solver}")
            }
        }))
    }

    /// Says that noises stand where steps are drawn.
    pub(super) fn noise_in_steps(&self, tree: &tree::Dynamics) -> Option<Diagnostic> {
        let noise = noises(tree).next()?;
        let steps = || {
            tree.body.iter().filter_map(|statement| match statement {
                Statement::Next(state) => Some(state),
                _ => None,
            })
        };
        let read = steps().find_map(|state| Some((state, with_noise(state, &noise.name.text)?.step())));
        let plain =
            || steps().next().map(|state| (state, format!("normal({}, 0.1)", left_side(&state.target))));
        let (state, drawn) = read.or_else(plain)?;
        let told = SOLVER.at(noise.span, "noise belongs to derivatives; a step is drawn");
        Some(told.help(format!("remove this line, and write `next {} ~ {drawn}`", left_side(&state.target))))
    }

    /// Says that noises enter nothing.
    pub(super) fn idle_noises(&self, tree: &tree::Dynamics) -> Vec<Diagnostic> {
        let derivative = tree.body.iter().find_map(|statement| match statement {
            Statement::Derivative(State { target, definition: Definition::Equals(value), .. }) => {
                Some((target, value))
            }
            _ => None,
        });
        let unread = tree.body.iter().any(|statement| matches!(statement, Statement::Bad(_)));
        let Some((target, value)) = derivative.filter(|_| !unread) else { return Vec::new() };
        // That its strength stands alone is told with that.
        let lacking = self.told.iter().any(|told| {
            let help = told.help.as_deref().unwrap_or_default();
            told.code == UNIT_MISMATCH.name && help.starts_with("multiply by a noise")
        });
        let idle = noises(tree).filter(|noise| !lacking && !reads(tree, &noise.name.text));
        let told = idle.map(|noise| {
            let (state, noise, change) = (left_side(target), noise, shown_or_dots(value));
            let told = NOISE_NONLINEAR.at(noise.span, format!("`{}` enters no derivative", noise.name.text));
            told.help(format!(
                "write `{state}' = {change} + 0.1 * {}`, or remove this line",
                left_side(noise)
            ))
        });
        told.collect()
    }
}

/// The noises that a dynamics declares.
fn noises(tree: &tree::Dynamics) -> impl Iterator<Item = &tree::Target> {
    tree.body.iter().flat_map(|statement| match statement {
        Statement::Noise { targets, .. } => targets.as_slice(),
        _ => &[],
    })
}

/// Whether any statement of a dynamics reads a name.
fn reads(tree: &tree::Dynamics, name: &str) -> bool {
    let mut found = false;
    let mut look = |path: &tree::Path| found |= path.text() == name;
    for statement in &tree.body {
        match statement {
            Statement::Init(state) | Statement::Derivative(state) | Statement::Next(state) => {
                walk::defined(&state.definition, &mut look);
            }
            Statement::Let(binding) => walk::names(&binding.value, &mut look),
            Statement::Stop { condition, .. } => walk::names(condition, &mut look),
            Statement::When(event) | Statement::Jump(event) => {
                walk::names(&event.trigger, &mut look);
                event.assignments.iter().for_each(|set| walk::names(&set.value, &mut look));
            }
            Statement::Noise { .. } | Statement::Bad(_) => {}
        }
    }
    found
}

/// A step that reads a noise, in parts.
fn with_noise(state: &State, noise: &str) -> Option<Noisy> {
    let Definition::Equals(value) = &state.definition else { return None };
    let named = |part: &tree::Expr| matches!(&part.kind, ExprKind::Path(path) if path.text() == noise);
    Noisy::of(value, &|part| match &part.kind {
        ExprKind::Index { base, .. } => named(base),
        _ => named(part),
    })
}

/// A sum with a multiple of something random in it, as text.
struct Noisy {
    /// What stands beside that.
    rest: Option<String>,
    /// By what it is multiplied.
    factor: Option<String>,
}

impl Noisy {
    /// The parts of an expression, where it is such a sum.
    fn of(expr: &tree::Expr, random: &dyn Fn(&tree::Expr) -> bool) -> Option<Noisy> {
        let multiple = |part: &tree::Expr| match &part.kind {
            _ if random(part) => Some(None),
            ExprKind::Binary { operator: BinaryOperator::Mul, left, right, .. } if random(right) => {
                shown(left).map(Some)
            }
            ExprKind::Binary { operator: BinaryOperator::Mul, left, right, .. } if random(left) => {
                operand(right).map(Some)
            }
            _ => None,
        };
        if let Some(factor) = multiple(expr) {
            return Some(Noisy { rest: None, factor });
        }
        let ExprKind::Binary { operator, left, right, .. } = &expr.kind else { return None };
        if !matches!(operator, BinaryOperator::Add | BinaryOperator::Sub) {
            return None;
        }
        // Noise has no sign: what is taken off is what is added.
        if let Some(factor) = multiple(right) {
            return Some(Noisy { rest: Some(shown(left)?), factor });
        }
        let (inner, other) = (Noisy::of(left, random)?, operand(right)?);
        let rest = match (inner.rest, operator) {
            (Some(rest), _) => format!("{rest} {} {other}", operator.text()),
            (None, BinaryOperator::Sub) => format!("-{other}"),
            (None, _) => other,
        };
        Some(Noisy { rest: Some(rest), factor: inner.factor })
    }

    /// It as what a step is drawn from.
    fn step(self) -> String {
        let or = |text: Option<String>, other: &str| text.unwrap_or_else(|| other.to_owned());
        format!("normal({}, {})", or(self.rest, "0"), or(self.factor, "1"))
    }

    /// It as a derivative with a noise `w`.
    fn derivative(self) -> String {
        let noise = product(self.factor, Some("w".to_owned())).unwrap_or_default();
        self.rest.map_or_else(|| noise.clone(), |rest| format!("{rest} + {noise}"))
    }
}

/// The product of two factors of which either may be 1.
fn product(left: Option<String>, right: Option<String>) -> Option<String> {
    match (left, right) {
        (Some(left), Some(right)) => Some(format!("{left} * {right}")),
        (left, right) => left.or(right),
    }
}

/// The standard deviation of a normal distribution around 0, where it is not 1.
fn around_zero(call: &Call) -> Option<Option<String>> {
    let (family, arguments) = match in_r(call) {
        Some((family, arguments)) => (family.to_owned(), arguments),
        None => (call.path.text(), call.arguments.as_slice()),
    };
    let [mean, sd] = arguments else { return None };
    let is = |argument: &tree::Argument, value: f64| matches!(&argument.value.kind, ExprKind::Number(number) if number.value == value);
    let means = |argument: &tree::Argument, name: &str| {
        argument.label.as_ref().is_none_or(|label| label.text == name)
    };
    let plain = family == "normal" && means(mean, "mean") && means(sd, "sd") && is(mean, 0.0);
    plain.then(|| if is(sd, 1.0) { Some(None) } else { operand(&sd.value).map(Some) })?
}
