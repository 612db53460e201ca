//! What of a sound model this version checks and does not run.

use super::codes::NOT_YET;
use crate::{Dynamics, Expr, ExprId, Model, Solver};
use sbi_syntax::{Diagnostic, Span};

/// What of a model is not run: one message for each statement.
pub(super) fn unrun(model: &Model) -> Vec<Diagnostic> {
    let dynamics = model.dynamics.iter().filter_map(|dynamics| in_dynamics(model, dynamics));
    dynamics.collect()
}

fn not_run(what: &str, span: Span) -> Diagnostic {
    NOT_YET.at(span, format!("{what} is checked, and not run in this version"))
}

/// What of a dynamics is not run, if anything.
fn in_dynamics(model: &Model, dynamics: &Dynamics) -> Option<Diagnostic> {
    let told = |what: &str| not_run(what, dynamics.span);
    match dynamics.solver {
        Solver::Steps { .. }
        | Solver::Rk4 { .. }
        | Solver::EulerMaruyama { .. }
        | Solver::Milstein { .. } => {}
        Solver::DormandPrince(_) | Solver::Rosenbrock(_) if dynamics.events.is_empty() => {}
        Solver::DormandPrince(_) | Solver::Rosenbrock(_) => {
            let told = told("`when` in what is solved to tolerances");
            return Some(told.help("write `by rk4(step = …)`, with a step that finds the moment well enough"));
        }
        Solver::Gillespie { .. } | Solver::TauLeap { .. } => {
            return Some(told("`jump`").help("write the mean change as a derivative, by `rk4(step = …)`"));
        }
    }
    let members = dynamics.members.iter().flat_map(|id| model.node(*id).exprs());
    let exprs: Vec<ExprId> = dynamics.exprs().into_iter().chain(members).collect();
    let unknown = |id: &ExprId| match model.expr(*id) {
        Expr::At(_, time) => !is_known(model, *time),
        Expr::Crossings(..) | Expr::Gained(..) => true,
        _ => false,
    };
    let reads = model.below(exprs, |_| true).iter().any(unknown);
    let told = told("one dynamics that reads another as it runs");
    reads.then(|| told.help("put the states of both into one dynamics"))
}

/// Whether a time is known beforehand, at every element.
fn is_known(model: &Model, time: ExprId) -> bool {
    let known = |id: &ExprId| {
        matches!(
            model.expr(*id),
            Expr::Number(_) | Expr::Coordinate(_) | Expr::Unary(..) | Expr::Binary(..) | Expr::Select { .. }
        )
    };
    model.below([time], |_| true).iter().all(known)
}
