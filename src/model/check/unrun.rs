//! What of a sound model this version checks and does not run.

use super::codes::{NAME_TAKEN, NOT_YET};
use crate::{
    Argument, AxisId, AxisKind, Definition, Dynamics, Expr, ExprId, FAILED, Model, Node, NodeId, OnFailure,
    Role, Solver,
};
use sbi_syntax::{Diagnostic, Span};

/// In how many steps the span of a dynamics is cut where jumps in steps are offered.
const TAU_STEPS: f64 = 1_000.0;

/// In how many steps it is cut where a kernel's length is drawn.
const KERNEL_STEPS: f64 = 100.0;

/// What of a model is not run: one message for each statement.
pub(super) fn unrun(model: &Model) -> Vec<Diagnostic> {
    let dynamics = model.dynamics.iter().filter_map(|dynamics| in_dynamics(model, dynamics));
    let nodes = model.numbered().filter_map(|(id, node)| {
        let told = between_jumps(model, node).or_else(|| kernel(model, id, node));
        told.or_else(|| crossings_until_a_stop(model, node))
    });
    dynamics.chain(nodes).collect()
}

/// What of a model's externals is simulated, and not trained on.
pub(super) fn unlearned(model: &Model) -> Vec<Diagnostic> {
    let absent = model.externals.iter().filter(|external| external.on_failure == Some(OnFailure::Absent));
    let absent = absent.map(|external| absent_failures(external.span));
    let scattered = |id: &&AxisId| matches!(model.axis(**id).kind, AxisKind::Scattered { .. });
    let twice = model.nodes.iter().filter(|node| node.axes.iter().filter(scattered).count() > 1);
    let twice = twice.map(|node| {
        let message =
            "data over two axes of scattered instants are simulated, and not trained on in this version";
        NOT_YET.at(node.span, message).help("let one of the axes be `time(grid(…))`")
    });
    absent.chain(twice).collect()
}

/// That data which are absent where a draw failed are not trained on.
pub(super) fn absent_failures(span: Span) -> Diagnostic {
    let message =
        "data that are absent where a draw failed are simulated, and not trained on in this version";
    NOT_YET.at(span, message).help("write `on_failure \"resample\"`, or leave it out")
}

/// Quantities with the name of the column that says which draws failed.
pub(super) fn named_as_the_fact(model: &Model) -> Vec<Diagnostic> {
    if !model.tells_failures() {
        return Vec::new();
    }
    let shown = model.nodes.iter().filter(|node| matches!(node.role, Role::Param | Role::Data));
    let shown = shown.map(|node| (&node.name, node.span));
    let scattered = model.axes.iter().filter(|axis| matches!(axis.kind, AxisKind::Scattered { .. }));
    let named = shown.chain(scattered.map(|axis| (&axis.name, axis.span)));
    let taken = named.filter(|(name, _)| *name == FAILED).map(|(_, span)| {
        let message =
            format!("`{FAILED}` is the column that says which draws failed, with `on_failure \"absent\"`");
        NAME_TAKEN.at(span, message).help("give it another name")
    });
    taken.collect()
}

/// Crossings of an equation that ends between its steps: the last of them may lie behind its end.
fn crossings_until_a_stop(model: &Model, node: &Node) -> Option<Diagnostic> {
    let ends_within = |curve: ExprId| {
        let Expr::Curve { node, .. } = model.expr(curve) else { return false };
        let dynamics = model.run_of(*node).and_then(|run| model.dynamics.get(run));
        dynamics.is_some_and(|dynamics| {
            let within = matches!(
                dynamics.solver,
                Solver::Rk4 { .. } | Solver::DormandPrince(_) | Solver::Rosenbrock(_)
            );
            within && !dynamics.stops.is_empty()
        })
    };
    let crosses = |id: &ExprId| matches!(*model.expr(*id), Expr::Crossings(curve, _) if ends_within(curve));
    let told = || not_run("`crossings` of an equation with a `stop when`", node.span);
    let help = "count in the dynamics: `when v > 5 { n = n + 1 }`";
    model.below(node.exprs(), |_| true).iter().any(crosses).then(|| told().help(help))
}

/// A kernel whose shape is not the same in all draws, of what is read at times that are not known beforehand.
fn kernel(model: &Model, id: NodeId, node: &Node) -> Option<Diagnostic> {
    let Definition::Draw(draw) = &node.definition else { return None };
    let numbers = draw.arguments.iter().find_map(|argument| match argument {
        Argument::Kernel(_, numbers) => Some(numbers),
        _ => None,
    })?;
    // The scale, the second of them, is a factor.
    let mut shape = numbers.iter().enumerate().filter(|(place, _)| *place != 1);
    if shape.all(|(_, number)| is_known(model, *number)) {
        return None;
    }
    let free = model.dynamics.iter().enumerate().find(|(run, dynamics)| {
        let free = matches!(
            dynamics.solver,
            Solver::DormandPrince(_) | Solver::Rosenbrock(_) | Solver::Gillespie { .. }
        );
        free && model.reads_of_run(*run).contains(&id)
    });
    let told =
        |how: &str| not_run(&format!("a kernel whose length is drawn, of what is read {how},"), draw.span);
    if let Some((_, Dynamics { name, over: [from, to], .. })) = free {
        let help = format!(
            "solve `{name}` in steps, `by rk4(step = {})`, or write a number",
            (to - from) / KERNEL_STEPS
        );
        return Some(told("in steps of no one length").help(help));
    }
    let own = |curve: ExprId| matches!(model.expr(curve), Expr::Curve { node, .. } if *node == id);
    let elsewhere = |expr: &Expr| match *expr {
        Expr::At(curve, time) if own(curve) => match *model.expr(time) {
            Expr::Coordinate(axis) => model.axis(axis).varies(),
            Expr::Number(_) | Expr::Clock => false,
            _ => true,
        },
        _ => false,
    };
    let scattered = node.axes.iter().any(|axis| model.axis(*axis).varies());
    let help = "read it at `t` or at the elements of an axis of time, or write a number as its length";
    (scattered || model.exprs.iter().any(elsewhere))
        .then(|| told("at times that are drawn or computed").help(help))
}

/// Crossings of what is computed of the states of a process that is run jump by jump.
fn between_jumps(model: &Model, node: &Node) -> Option<Diagnostic> {
    let jumps = |curve: ExprId| {
        let Expr::Curve { node, .. } = model.expr(curve) else { return false };
        let dynamics = model.run_of(*node).and_then(|run| model.dynamics.get(run));
        let one_by_one = dynamics.is_some_and(|dynamics| matches!(dynamics.solver, Solver::Gillespie { .. }));
        one_by_one && model.node(*node).role != Role::State
    };
    let crosses = |id: &ExprId| matches!(*model.expr(*id), Expr::Crossings(curve, _) if jumps(curve));
    let told = || not_run("`crossings` of what is computed of states that jump one by one", node.span);
    let help = "count the crossings of a state, or write `by tau_leap(step = …)`";
    model.below(node.exprs(), |_| true).iter().any(crosses).then(|| told().help(help))
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
        | Solver::Milstein { .. }
        | Solver::DormandPrince(_)
        | Solver::Rosenbrock(_)
        | Solver::TauLeap { .. } => {}
        Solver::Gillespie { .. } => {
            let moves = if !dynamics.events.is_empty() {
                Some("`when` between jumps that are made one by one")
            } else if !dynamics.changes.is_empty() {
                Some("what changes all the time beside jumps that are made one by one")
            } else {
                None
            };
            let members = dynamics.members.iter().flat_map(|id| model.node(*id).exprs());
            let exprs = dynamics.exprs().into_iter().chain(members);
            let timed = model.below(exprs, |_| true).iter().any(|id| matches!(model.expr(*id), Expr::Clock));
            let moves = moves.or(timed.then_some("a rate that changes with the time between jumps"));
            if let Some(what) = moves {
                let [from, to] = dynamics.over;
                let help = format!(
                    "write `by tau_leap(step = {})`: within a step all rates stay as they are at its start",
                    (to - from) / TAU_STEPS
                );
                return Some(told(what).help(help));
            }
        }
    }
    let members = dynamics.members.iter().flat_map(|id| model.node(*id).exprs());
    let exprs: Vec<ExprId> = dynamics.exprs().into_iter().chain(members).collect();
    model.below(exprs, |_| true).into_iter().find_map(|id| match *model.expr(id) {
        Expr::Crossings(curve, _) | Expr::Gained { curve, .. } if is_of_run(model, curve) => Some(
            told("`crossings` or `gained` of one dynamics in another")
                .help("name it outside of both, `let n = crossings(…)`, and read that"),
        ),
        _ => None,
    })
}

/// Whether a curve is part of a dynamics.
fn is_of_run(model: &Model, curve: ExprId) -> bool {
    matches!(model.expr(curve), Expr::Curve { node, .. } if model.run_of(*node).is_some())
}

/// Whether a time is known beforehand, at every element.
fn is_known(model: &Model, time: ExprId) -> bool {
    let known = |id: &ExprId| match model.expr(*id) {
        Expr::Coordinate(axis) => !model.axis(*axis).varies(),
        Expr::Number(_) | Expr::Unary(..) | Expr::Binary(..) | Expr::Select { .. } => true,
        _ => false,
    };
    model.below([time], |_| true).iter().all(known)
}
