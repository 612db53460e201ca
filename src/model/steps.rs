//! Recurrences step by step: a state that is drawn anew at each step is as many draws as it is read at, each of which reads
//! the one before it. So the elements of `param theta[i] = walk.theta(i)` are draws with names, and a chain.

use crate::survey::{Facts, Survey};
use crate::{ChangeKind, Definition, Draw, Dynamics, Expr, ExprId, Model, NodeId, Role, Solver};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The most steps that are looked at; each must have the name of a token.
const MOST: usize = 4096;

/// A recurrence with one state that is drawn, and others that are computed, read at times that are known.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    /// The number of its dynamics.
    pub(crate) run: usize,
    /// The state that is drawn.
    drawn: NodeId,
    /// How many steps are read, the start included.
    pub(crate) count: usize,
    /// The vertex of its start; those of the later steps follow.
    pub(crate) first: usize,
    /// What is known of each state at each step.
    facts: Vec<BTreeMap<NodeId, Facts>>,
    /// The vertices that the draw of each step reads.
    pub(crate) parents: Vec<Vec<u32>>,
}

impl Steps {
    /// All recurrences of a model that can be looked at step by step. `whole` is its survey without steps.
    pub(crate) fn all(model: &Model, whole: &Survey<'_>) -> Vec<Steps> {
        let runs = model.dynamics.iter().enumerate();
        let found = runs.filter_map(|(run, dynamics)| {
            let drawn = drawn(model, dynamics)?;
            let times = times(model, whole, run)?;
            let latest = times.into_iter().map(|time| step(dynamics, time)).max()?;
            let (facts, parents) = (Vec::new(), Vec::new());
            (latest < MOST).then_some(Steps { run, drawn, count: latest + 1, first: 0, facts, parents })
        });
        found.collect()
    }

    /// Whether the steps have been followed.
    pub(crate) fn is_known(&self) -> bool {
        !self.facts.is_empty()
    }

    /// The states.
    pub(crate) fn members<'m>(&self, model: &'m Model) -> impl Iterator<Item = NodeId> + use<'m> {
        model.dynamics.get(self.run).into_iter().flat_map(|dynamics| states(model, dynamics))
    }

    /// The expressions by which the states change.
    pub(crate) fn changes<'m>(&self, model: &'m Model) -> impl Iterator<Item = ExprId> + use<'m> {
        model.dynamics.get(self.run).into_iter().flat_map(Dynamics::exprs)
    }

    /// What is known of a state at a time.
    pub(crate) fn at(&self, model: &Model, state: NodeId, time: f64) -> Option<&Facts> {
        self.facts.get(step(model.dynamics.get(self.run)?, time))?.get(&state)
    }

    /// The distribution of which a vertex is drawn, if it is one of these.
    pub(crate) fn draw<'m>(&self, model: &'m Model, vertex: usize) -> Option<&'m Draw> {
        let step = vertex.checked_sub(self.first).filter(|step| *step < self.count)?;
        if step == 0 { start(model, self.drawn) } else { next(model.dynamics.get(self.run)?, self.drawn) }
    }

    /// Goes through the steps, once what they read is surveyed.
    pub(crate) fn follow(&mut self, model: &Model, survey: &Survey<'_>) {
        let Some(dynamics) = model.dynamics.get(self.run) else { return };
        for step in 0..self.count {
            let before = self.facts.last().cloned().unwrap_or_default();
            let mut now = BTreeMap::new();
            let draw = if step == 0 { start(model, self.drawn) } else { next(dynamics, self.drawn) };
            // At the start states may read each other's, in order; later all read the step before.
            for id in
                model.order.iter().copied().filter(|id| states(model, dynamics).any(|state| state == *id))
            {
                let seen = if step == 0 { &now } else { &before };
                let facts = |expr| through(survey, seen, survey.facts(expr, model.node(id), 0));
                let known = match (draw.filter(|_| id == self.drawn), computed(model, dynamics, id, step)) {
                    (Some(draw), _) => {
                        let reads: Vec<Facts> = draw.exprs().map(facts).collect();
                        self.parents
                            .push(reads.iter().flat_map(|facts| facts.reads.iter().copied()).collect());
                        let vertex =
                            u32::try_from(self.first + step).expect("sizes are bounded by the checker");
                        Facts { constant: None, reads: Rc::from([vertex]), same: Some(vertex) }
                    }
                    (None, Some(expr)) => facts(expr),
                    (None, None) => before.get(&id).cloned().unwrap_or_else(|| survey.computed(None, &[])),
                };
                now.insert(id, known);
            }
            self.facts.push(now);
        }
    }
}

/// The one state that is drawn, at the start and at every step, of a dynamics that is nothing but steps.
fn drawn(model: &Model, dynamics: &Dynamics) -> Option<NodeId> {
    let steps = matches!(dynamics.solver, Solver::Steps { .. }) && dynamics.axes.is_empty();
    let interrupted = !(dynamics.stops.is_empty() && dynamics.events.is_empty() && dynamics.jumps.is_empty());
    let scalar = states(model, dynamics).all(|id| model.node(id).axes.is_empty());
    let noisy = dynamics.members.iter().any(|id| model.node(*id).role == Role::Noise);
    let random = |id: &NodeId| start(model, *id).is_some() || next(dynamics, *id).is_some();
    let random: Vec<NodeId> = states(model, dynamics).filter(random).collect();
    let [only] = random[..] else { return None };
    let always = start(model, only).is_some() && next(dynamics, only).is_some();
    (steps && !interrupted && scalar && !noisy && always).then_some(only)
}

/// The times at which the states of a dynamics are read, if they are all known and nothing else is read of it.
fn times(model: &Model, whole: &Survey<'_>, run: usize) -> Option<Vec<f64>> {
    let of_run = |id: ExprId| match model.expr(id) {
        Expr::Curve { node, .. } => (model.run_of(*node) == Some(run)).then_some(*node),
        _ => None,
    };
    let mut times = Vec::new();
    for expr in &model.exprs {
        let Some(node) = expr.operands().find_map(of_run) else { continue };
        let Expr::At(_, time) = expr else { return None };
        if model.node(node).role != Role::State {
            return None;
        }
        times.extend(whole.known(*time)?);
    }
    Some(times)
}

/// The step at which a time is read: the last that it does not lie before.
fn step(dynamics: &Dynamics, time: f64) -> usize {
    let Solver::Steps { every } = dynamics.solver else { return 0 };
    // A time that is a step but for rounding is that step.
    ((time - dynamics.over[0]) / every + 1e-9).max(0.0) as usize
}

fn states<'m>(model: &'m Model, dynamics: &'m Dynamics) -> impl Iterator<Item = NodeId> + use<'m> {
    dynamics.members.iter().copied().filter(|id| model.node(*id).role == Role::State)
}

/// The distribution of a state's start.
fn start(model: &Model, state: NodeId) -> Option<&Draw> {
    match &model.node(state).definition {
        Definition::Draw(draw) => Some(draw),
        _ => None,
    }
}

/// The distribution of a state's next value.
fn next(dynamics: &Dynamics, state: NodeId) -> Option<&Draw> {
    let change = dynamics.changes.iter().find(|change| change.state == state)?;
    match &change.kind {
        ChangeKind::Draw(draw) => Some(draw),
        ChangeKind::Next(_) | ChangeKind::Derivative(_) => None,
    }
}

/// What a state is computed by at a step.
fn computed(model: &Model, dynamics: &Dynamics, state: NodeId, step: usize) -> Option<ExprId> {
    if step == 0 {
        return match model.node(state).definition {
            Definition::Equals(expr) => Some(expr),
            _ => None,
        };
    }
    let change = dynamics.changes.iter().find(|change| change.state == state)?;
    match change.kind {
        ChangeKind::Next(expr) => Some(expr),
        ChangeKind::Draw(_) | ChangeKind::Derivative(_) => None,
    }
}

/// What is known of an expression of states whose own facts are `seen`.
fn through(survey: &Survey<'_>, seen: &BTreeMap<NodeId, Facts>, facts: &Facts) -> Facts {
    let state = |vertex: u32| {
        seen.iter().find(|(id, _)| survey.vertex(**id, 0) == Some(vertex as usize)).map(|(_, facts)| facts)
    };
    let behind = |vertex: &u32| match state(*vertex) {
        Some(facts) => facts.reads.to_vec(),
        None => vec![*vertex],
    };
    let mut reads: Vec<u32> = facts.reads.iter().flat_map(behind).collect();
    reads.sort_unstable();
    reads.dedup();
    let same = facts.same.and_then(|vertex| state(vertex).map_or(Some(vertex), |facts| facts.same));
    Facts { constant: facts.constant, reads: reads.into(), same }
}
