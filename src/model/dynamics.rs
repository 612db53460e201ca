//! Dynamics: states that change with time, checked.
//!
//! States, noises and `let`s of a dynamics are nodes of its model, named `walk.y`; a state's definition is how it starts.
//! How states change, when the run ends and what interrupts it stands here.

use crate::{AxisId, Draw, ExprId, Gauge, NodeId};
use sbi_syntax::Span;

/// A dynamics: `dynamics walk over 0 .. 3 by euler_maruyama(step = 0.06) { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamics {
    /// Its dotted name: part of the model, hashed.
    pub name: String,
    /// The axes of the draw from a simulator that it belongs to; it runs at each of their elements by itself.
    pub axes: Vec<AxisId>,
    /// From when to when.
    pub over: [f64; 2],
    /// The unit of its time.
    pub clock: Gauge,
    /// Whether a `stop when` is placed between steps, not at the step that finds it.
    pub corrected: bool,
    /// How it is solved.
    pub solver: Solver,
    /// Its states, noises and `let`s, in the order written.
    pub members: Vec<NodeId>,
    /// How each state changes.
    pub changes: Vec<Change>,
    /// Conditions that end the run, each read at every step.
    pub stops: Vec<ExprId>,
    /// What happens when a condition becomes true.
    pub events: Vec<Event>,
    /// What happens at a rate.
    pub jumps: Vec<Event>,
    /// The span of its name.
    pub span: Span,
}

/// How one state changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The state; all its elements change alike.
    pub state: NodeId,
    /// In which way.
    pub kind: ChangeKind,
}

/// The way in which a state changes.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// `x' = …`: its derivative with respect to time. Noises enter linearly.
    Derivative(ExprId),
    /// `next x = …`: its value a step later.
    Next(ExprId),
    /// `next x ~ …`: the distribution of its value a step later.
    Draw(Draw),
}

/// Something that happens to states at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// For `when` a condition, which acts as it becomes true; for `jump at rate` a rate.
    pub trigger: ExprId,
    /// What the states are set to, all at once.
    pub assignments: Vec<(NodeId, ExprId)>,
}

/// How a dynamics is solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// Recurrences: `every step`.
    Steps {
        /// From one state to the next.
        every: f64,
    },
    /// Runge and Kutta's method of order 4: `rk4(step)`.
    Rk4 {
        /// The step.
        step: f64,
    },
    /// Dormand and Prince's method of order 5(4), with steps to tolerances: `dormand_prince(rtol, atol)`.
    DormandPrince(Tolerances),
    /// A linearly implicit method for stiff systems, with steps to tolerances: `rosenbrock(rtol, atol)`.
    Rosenbrock(Tolerances),
    /// Euler's method, for noise too (Maruyama 1955): `euler_maruyama(step)`.
    EulerMaruyama {
        /// The step.
        step: f64,
    },
    /// Milstein's method, for noise that depends on the state: `milstein(step)`.
    Milstein {
        /// The step.
        step: f64,
    },
    /// Every jump on its own (Gillespie 1977): `gillespie(max)`.
    Gillespie {
        /// The most jumps of one run.
        max: usize,
    },
    /// As many jumps as fall into a step: `tau_leap(step)`.
    TauLeap {
        /// The step.
        step: f64,
    },
}

/// How far a step may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// As a share of the state.
    pub relative: f64,
    /// In the units of each state; a hundredth of `relative` of the largest that a state has been where the file is
    /// silent.
    pub absolute: Option<f64>,
}

impl Change {
    /// The expressions it is made of.
    pub fn exprs(&self) -> Vec<ExprId> {
        match &self.kind {
            ChangeKind::Derivative(value) | ChangeKind::Next(value) => vec![*value],
            ChangeKind::Draw(draw) => draw.exprs().collect(),
        }
    }
}

impl Dynamics {
    /// All expressions it is made of, those of its members apart.
    pub fn exprs(&self) -> Vec<ExprId> {
        let events = self.events.iter().chain(&self.jumps);
        let events = events.flat_map(|event| {
            std::iter::once(event.trigger).chain(event.assignments.iter().map(|(_, value)| *value))
        });
        let changes = self.changes.iter().flat_map(Change::exprs);
        changes.chain(self.stops.iter().copied()).chain(events).collect()
    }

    /// As [`Dynamics::exprs`], to renumber them.
    pub(crate) fn exprs_mut(&mut self) -> Vec<&mut ExprId> {
        let events = self.events.iter_mut().chain(&mut self.jumps);
        let events = events.flat_map(|event| {
            std::iter::once(&mut event.trigger).chain(event.assignments.iter_mut().map(|(_, value)| value))
        });
        let changes = self.changes.iter_mut().flat_map(|change| match &mut change.kind {
            ChangeKind::Derivative(value) | ChangeKind::Next(value) => vec![value],
            ChangeKind::Draw(draw) => draw.exprs_mut().collect(),
        });
        changes.chain(self.stops.iter_mut()).chain(events).collect()
    }
}
