//! What stands in expressions and can be judged only of the whole model: the times at which a dynamics is read, and what
//! roots and logarithms are taken of.

use super::codes::{NOT_FINITE, NOT_POSITIVE, OUTSIDE_AXIS};
use super::family::Demand;
use super::model::Builder;
use super::over::Over;
use super::reach::Reach;
use crate::survey::Survey;
use crate::{AxisId, AxisKind, Binary, Definition, Expr, ExprId, Model, NodeId, Role, Unary};
use sbi_syntax::{Diagnostic, Span};
use std::collections::BTreeMap;

/// How far beyond its span, in parts of it, a reading is still within: steps like 0.06 are not exact.
const ROUNDING: f64 = 1e-6;

/// A reading, a root or a logarithm, where it is written.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    expr: ExprId,
    /// Where the time stands, or the call.
    span: Span,
    /// The dynamics in which it stands, whose time is its `t`.
    within: Option<usize>,
}

impl Noted {
    /// Gives the expression its new number; none where it has been dropped.
    pub(super) fn renumber(self, number: &BTreeMap<ExprId, ExprId>) -> Option<Noted> {
        Some(Noted { expr: *number.get(&self.expr)?, ..self })
    }
}

impl Builder<'_> {
    /// Keeps an expression to be judged with the whole model. What functions and other files do with what they are passed is
    /// left alone: nothing in the line at fault would be pointed at.
    pub(super) fn note(&mut self, expr: ExprId, span: Span) {
        if span.file == 0 && self.calls.is_empty() {
            let within = self.here().dynamics;
            self.noted.push(Noted { expr, span, within });
        }
    }

    /// Judges what has been noted, where it is computed whatever the conditions are.
    pub(super) fn judge(&mut self, model: &Model, survey: &Survey<'_>) {
        let noted = std::mem::take(&mut self.noted);
        if noted.is_empty() {
            return;
        }
        let always = always(model);
        let mut messages: Vec<String> = Vec::new();
        for noted in noted.iter().filter(|noted| always.get(noted.expr.0) == Some(&true)) {
            let told = match model.expr(noted.expr) {
                Expr::At(curve, time) | Expr::Gained { curve, time, .. } => {
                    self.read_at(model, survey, noted, *curve, *time)
                }
                Expr::Unary(function, operand) => never_finite(survey, noted, *function, *operand)
                    .or_else(|| negative(model, survey, noted, *function, *operand)),
                Expr::Binary(Binary::Div, _, divisor) => by_zero(survey, noted, *divisor),
                _ => None,
            };
            // One axis too long is one slip, however many states are read along it.
            let fresh = told.filter(|told| !messages.contains(&told.message));
            messages.extend(fresh.iter().map(|told| told.message.clone()));
            self.told.extend(fresh);
        }
    }

    /// What is wrong with the times at which a member of a dynamics is read.
    fn read_at(
        &self,
        model: &Model,
        survey: &Survey<'_>,
        noted: &Noted,
        curve: ExprId,
        time: ExprId,
    ) -> Option<Diagnostic> {
        let Expr::Curve { node, .. } = model.expr(curve) else { return None };
        let axis = match model.expr(time) {
            Expr::Coordinate(axis) => Some(*axis),
            _ => None,
        };
        let (first, last) = match axis {
            Some(axis) => ends(model, axis)?,
            None => {
                let over = noted.within.and_then(|run| self.runs.get(run)?.over.as_ref());
                let running = over.and_then(|over| while_running(model, time, over.ends));
                let times = || survey.constants(time).filter(|time| time.is_finite());
                running.or_else(|| Some((times().reduce(f64::min)?, times().reduce(f64::max)?)))?
            }
        };
        self.read_within(model, noted, *node, axis, (first, last))
    }

    /// Says that a condition of a query reads functions of time where there is nothing to read.
    pub(super) fn judge_condition(&self, model: &Model) -> Vec<Diagnostic> {
        let read = self.noted.iter().filter_map(|noted| {
            let Expr::At(curve, time) = self.arena.exprs.get(noted.expr.0)? else { return None };
            let Expr::Curve { node, .. } = self.arena.exprs.get(curve.0)? else { return None };
            let Expr::Number(time) = self.arena.exprs.get(time.0)? else { return None };
            self.read_within(model, noted, *node, None, (*time, *time))
        });
        read.collect()
    }

    /// What is wrong with reading a function of time from the first of these times to the last.
    fn read_within(
        &self,
        model: &Model,
        noted: &Noted,
        node: NodeId,
        axis: Option<AxisId>,
        (first, last): (f64, f64),
    ) -> Option<Diagnostic> {
        let Some(run) = self.nodes_of_runs.get(&node) else {
            return drawn_outside(model, node, first.max(last), noted).filter(|_| axis.is_none());
        };
        let run = self.runs.get(*run)?;
        let over = run.over.as_ref()?;
        outside(model, &run.name, over, axis, (first, last), noted.span)
    }
}

/// The earliest and the latest time that an expression of the clock gives while that runs: of numbers and one `t` alone, of
/// which that is known.
fn while_running(model: &Model, time: ExprId, over: [f64; 2]) -> Option<(f64, f64)> {
    match *model.expr(time) {
        Expr::Number(number) => Some((number, number)),
        Expr::Clock => Some(over.into()),
        Expr::Binary(function, left, right) => {
            let [left, right] = [left, right].map(|side| while_running(model, side, over));
            let (left, right) = (left?, right?);
            let one = |(first, last): (f64, f64)| first == last;
            match function {
                _ if !one(left) && !one(right) => None,
                Binary::Add => Some((left.0 + right.0, left.1 + right.1)),
                Binary::Sub => Some((left.0 - right.1, left.1 - right.0)),
                Binary::Min => Some((left.0.min(right.0), left.1.min(right.1))),
                Binary::Max => Some((left.0.max(right.0), left.1.max(right.1))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The first and the last coordinate of an axis; none where it has no coordinates.
fn ends(model: &Model, axis: AxisId) -> Option<(f64, f64)> {
    let axis = model.axis(axis);
    match axis.kind {
        AxisKind::Scattered { from, to, .. } => Some((from, to)),
        _ => Some((axis.coordinate(0)?, axis.coordinate(axis.size() - 1)?)),
    }
}

/// Says that a function that is drawn at the places of an axis is read where there are none.
fn drawn_outside(model: &Model, node: NodeId, time: f64, noted: &Noted) -> Option<Diagnostic> {
    let node = model.node(node);
    let mut places = node.axes.iter().map(|axis| model.axis(*axis)).filter(|_| node.curve);
    let axis = places.next_back().filter(|axis| matches!(axis.kind, AxisKind::Scattered { .. }))?;
    let AxisKind::Scattered { from, to, .. } = axis.kind else { return None };
    if (from..=to).contains(&time) {
        return None;
    }
    let unit = axis.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let (name, axis_name) = (&node.name, &axis.name);
    let message = format!("`{name}` is drawn at `{axis_name}`, from {from} to {to}, and is read at {time}");
    let longer = format!("over = {}{unit} .. {}{unit}", from.min(time), to.max(time));
    let told = OUTSIDE_AXIS.at(noted.span, message).label(axis.span, "declared here");
    Some(told.help(format!("read it within that, or write `{longer}` in the axis")))
}

/// Says that times lie outside of what is solved.
fn outside(
    model: &Model,
    run: &str,
    over: &Over,
    axis: Option<AxisId>,
    (first, last): (f64, f64),
    span: Span,
) -> Option<Diagnostic> {
    let [from, to] = over.ends;
    let slack = ROUNDING * (to - from);
    let (early, late) = (first < from - slack, last > to + slack);
    if !early && !late {
        return None;
    }
    let unit = over.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let axis = axis.map(|axis| model.axis(axis));
    let beyond = if late { last } else { first };
    let message = match axis {
        Some(axis) => {
            format!("`{run}` is solved from {from} to {to}, and `{}` goes from {first} to {last}", axis.name)
        }
        None => format!("`{run}` is solved from {from} to {to}, and is read at {beyond}"),
    };
    let longer = format!("over {}{unit} .. {}{unit}", first.min(from), last.max(to));
    let help = match axis {
        // Elements that are steps, one each, from the first on.
        Some(axis)
            if from == first && matches!(axis.kind, AxisKind::Index { .. } | AxisKind::Ordered { .. }) =>
        {
            format!("write `{longer}`")
        }
        Some(axis) if matches!(axis.kind, AxisKind::Index { .. } | AxisKind::Ordered { .. }) => format!(
            "elements count from 1; for instants write `axis {} : time(grid(from = {1}{unit}, to = {to}{unit}, step = {1}{unit}))`",
            axis.name,
            (to - from) / axis.size() as f64
        ),
        Some(axis) => format!("write `{longer}`, or keep `{}` within that", axis.name),
        None => format!("write `{longer}`, or read it within that"),
    };
    Some(OUTSIDE_AXIS.at(span, message).label(over.span, "solved over this").help(help))
}

/// The one constant value of an expression, wherever it stands.
fn constant(survey: &Survey<'_>, expr: ExprId) -> Option<f64> {
    let mut values = survey.places(expr).map(|at| survey.constant_at(expr, &at));
    let first = values.next()??;
    values.all(|value| value == Some(first)).then_some(first)
}

/// Says that something is divided by zero, whatever is drawn.
fn by_zero(survey: &Survey<'_>, noted: &Noted, divisor: ExprId) -> Option<Diagnostic> {
    (constant(survey, divisor) == Some(0.0)).then(|| {
        NOT_FINITE
            .at(noted.span, "this divides by zero")
            .help("divide by another number, or by what is drawn")
    })
}

/// Says that a root or a logarithm is taken of a number that has none.
fn never_finite(survey: &Survey<'_>, noted: &Noted, function: Unary, operand: ExprId) -> Option<Diagnostic> {
    let number = constant(survey, operand)?;
    let what = match function {
        Unary::Sqrt if number < 0.0 => "root",
        Unary::Log if number <= 0.0 => "logarithm",
        _ => return None,
    };
    let told = NOT_FINITE.at(noted.span, format!("{number} has no {what}"));
    Some(told.help(match number == 0.0 {
        true => "take it of a number above 0".to_owned(),
        false => format!("take it of a number above 0: of `{}`, or of what is drawn", -number),
    }))
}

/// Says that a root or a logarithm is taken of what can fall below zero.
fn negative(
    model: &Model,
    survey: &Survey<'_>,
    noted: &Noted,
    function: Unary,
    operand: ExprId,
) -> Option<Diagnostic> {
    let (name, what) = match function {
        Unary::Sqrt => ("sqrt", "the root"),
        Unary::Log => ("log", "the logarithm"),
        _ => return None,
    };
    let leaving = Reach::new(model, survey).leaves(Demand::Positive, operand)?;
    let of = if leaving.is_bare() { format!("`{}`", leaving.name) } else { "what".to_owned() };
    let message = match leaving.is_bare() {
        true => format!("{what} is taken of {of}, which can fall below zero"),
        false => format!("{what} is taken of {of} can fall below zero"),
    };
    let told = NOT_POSITIVE.at(noted.span, message).label(leaving.node.span, "drawn here");
    Some(told.help(match leaving.is_bare() {
        true => format!(
            "draw it from `half_normal` or `lognormal`, or write `if {0} > 0 then {name}({0}) else 0`",
            leaving.name
        ),
        false => format!("say what holds there: `if … > 0 then {name}(…) else 0`"),
    }))
}

/// Which expressions are computed whatever the conditions are. What stands on one side of an `if`, or behind an `and`, may
/// be kept from being read where it would be wrong.
fn always(model: &Model) -> Vec<bool> {
    let mut reached = vec![false; model.exprs.len()];
    let named = |id: &NodeId| {
        let node = model.node(*id);
        matches!(node.role, Role::Let | Role::Latent) && matches!(node.definition, Definition::Equals(_))
    };
    let nodes = model.numbered().filter(|(id, _)| !named(id));
    let runs = model.dynamics.iter().flat_map(|dynamics| dynamics.exprs());
    let mut waiting: Vec<ExprId> = nodes.flat_map(|(_, node)| node.exprs()).chain(runs).collect();
    while let Some(id) = waiting.pop() {
        match reached.get_mut(id.0) {
            Some(reached) if !*reached => *reached = true,
            _ => continue,
        }
        match model.expr(id) {
            Expr::Select { condition, .. } => waiting.push(*condition),
            Expr::Binary(Binary::And | Binary::Or, left, _) => waiting.push(*left),
            Expr::Element { node, .. } | Expr::Curve { node, .. } if named(node) => {
                waiting.extend(model.node(*node).exprs());
            }
            expr => waiting.extend(expr.operands()),
        }
    }
    reached
}
