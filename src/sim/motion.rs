//! Dynamics as loops: how states change from step to step.
//!
//! A step is written into the body of a loop, in which what stands outside of the dynamics is read as an input. A dynamics
//! in a simulator that is drawn over axes has a loop for each place along them: nothing there reads its neighbours.
//!
//! What a loop carries, in this order: the states; their slopes where cubics are read between steps; then, with a
//! `stop when`, whether the draw goes on, when it ended, and where cubics are read the states and slopes a step before;
//! then the `let`s whose crossings are counted.

use crate::adaptive::Free;
use crate::around::Around;
use crate::jumps::Jumps;
use crate::lower::{Lower, Sign};
use crate::members::Noises;
use crate::ssa::{Loop, Op, Value};
use sbi_model::{AxisId, Binary, Dynamics, Expr, NodeId, Solver, Unary};
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

/// A dynamics that has been run: where its states are found.
pub(crate) struct Motion {
    /// One for each place along the axes of the draw that the dynamics belongs to, row-major.
    pub(crate) runs: Vec<Run>,
    pub(crate) axes: Vec<AxisId>,
    pub(crate) pace: Pace,
}

/// How long steps are.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    Even(Clock),
    Free(Free),
    /// From jump to jump.
    Jumps(Jumps),
}

/// A loop that has been run.
pub(crate) struct Run {
    pub(crate) value: Value,
    /// The first of several loops that go on from one another, else the same: everything that is read hangs on it.
    pub(crate) first: Value,
    /// The elements of the states that it carries, in their order.
    pub(crate) slots: Vec<Slot>,
    /// Where it carries the `let`s whose crossings are counted.
    pub(crate) watched: Vec<(Slot, u32)>,
    /// Where it stops, if it does.
    pub(crate) stopped: Option<Stopped>,
    /// The states at the times at which they are read, where they are known at these alone.
    pub(crate) pauses: Vec<(f64, Vec<Value>)>,
}

/// Where a loop stopped.
pub(crate) struct Stopped {
    /// Whether it did.
    pub(crate) is: Value,
    /// When.
    pub(crate) at: Value,
    /// The states then.
    pub(crate) states: Vec<Value>,
}

/// An element of a state.
pub(crate) type Slot = (NodeId, usize);

/// When steps are made, and how a state is read between them.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) step: f64,
    pub(crate) steps: u32,
    pub(crate) between: Between,
}

/// How a state is read between two steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Between {
    /// Along the cubic with its values and slopes at both ends (Hermite).
    Cubic,
    Line,
    /// As it was after the last step.
    Last,
}

impl Clock {
    /// A step that does not divide the time is made shorter, so that it does; one of a recurrence is part of the model
    /// and stays.
    pub(crate) fn of(dynamics: &Dynamics) -> Clock {
        /// Spans are seldom whole numbers of steps to the last bit.
        const SLACK: f64 = 1e-9;
        let [from, to] = dynamics.over;
        let (step, between) = match dynamics.solver {
            Solver::Steps { every } => (every, Between::Last),
            Solver::Rk4 { step } => (step, Between::Cubic),
            Solver::EulerMaruyama { step } | Solver::Milstein { step } => (step, Between::Line),
            Solver::TauLeap { step } => (step, Between::Last),
            _ => unreachable!("what is solved otherwise has steps of no one length"),
        };
        let length = (to - from) / step;
        if matches!(dynamics.solver, Solver::Steps { .. }) {
            let steps = (length + SLACK).floor() as u32;
            return Clock { from, to, step, steps, between };
        }
        let steps = (length - SLACK).ceil().max(1.0);
        Clock { from, to, step: (to - from) / steps, steps: steps as u32, between }
    }
}

impl Lower<'_> {
    /// Runs a dynamics whose states have their first values.
    pub(crate) fn run(&mut self, number: usize) -> Result<Motion, Diagnostic> {
        let dynamics = self.dynamics(number);
        self.run_all(self.model.reads_of_run(number), Some(number))?;
        let pace = self.pace(number, dynamics);
        let count = dynamics.axes.iter().map(|axis| self.size(*axis)).product();
        let mut runs = Vec::with_capacity(count);
        for place in 0..count {
            self.part = Some((place, count));
            self.stand_along(&dynamics.axes, Some(place));
            runs.push(match pace {
                Pace::Even(clock) => self.even_run(number, dynamics, clock)?,
                Pace::Free(free) => self.free_run(number, dynamics, free),
                Pace::Jumps(jumps) => self.jump_run(dynamics, jumps),
            });
            self.part = None;
        }
        self.stand_along(&dynamics.axes, None);
        Ok(Motion { runs, axes: dynamics.axes.clone(), pace })
    }

    /// How long the steps of a dynamics are.
    pub(crate) fn pace(&self, number: usize, dynamics: &Dynamics) -> Pace {
        match (Free::of(dynamics), Jumps::of(number, dynamics)) {
            (Some(free), _) => Pace::Free(free),
            (_, Some(jumps)) => Pace::Jumps(jumps),
            (None, None) => Pace::Even(Clock::of(dynamics)),
        }
    }

    /// The loop of steps of one length, at the place along the axes of the draw where we stand.
    fn even_run(&mut self, number: usize, dynamics: &Dynamics, clock: Clock) -> Result<Run, Diagnostic> {
        let slots = self.states_here(dynamics);
        let x: Vec<Value> = slots.iter().map(|slot| self.value_of(*slot)).collect();
        let start = self.program.number(clock.from);
        let mut inputs = x.clone();
        if clock.between == Between::Cubic {
            inputs.extend(self.slopes(dynamics, start, Noises::None));
        }
        let stops = !dynamics.stops.is_empty();
        let alive = stops.then_some(inputs.len() as u32);
        if stops {
            let over = self.stopping(dynamics, start);
            let before = if clock.between == Between::Cubic { inputs.clone() } else { Vec::new() };
            inputs.extend([self.program.unary(Unary::Not, over), start]);
            inputs.extend(before);
        }
        let watched = self.watched_from(number, dynamics, start, &mut inputs);
        let carried = inputs.len();
        let program = std::mem::take(&mut self.program);
        self.around = Some(Around::new(number, program));
        self.reductions.clear();
        let mut next = self.step(dynamics, &slots, clock)?;
        let [_, then] = self.instants(clock);
        let watching = self.watch(dynamics, &watched, &slots, &next, then);
        next.extend(watching.into_iter().zip(&watched).map(|(value, (_, slot))| {
            // What has stopped does not go on with the clock.
            let Some(alive) = alive else { return value };
            let [goes_on, held] = [alive, *slot].map(|slot| self.carried(slot as usize));
            self.program.select(goes_on, value, held)
        }));
        let around = self.around.take().expect("nothing ends the body but this");
        let (program, outer, tables) = around.end();
        let body = std::mem::replace(&mut self.program, program);
        self.put(&slots, &x);
        inputs.extend(outer);
        let run = Loop { steps: clock.steps, inputs, carried, body, next, tables, alive };
        let value = self.program.run(run);
        let stopped = alive.map(|alive| self.stopped(number, &slots, value, alive, clock));
        let run = Run { value, first: value, slots, watched, stopped, pauses: Vec::new() };
        self.sign(dynamics, &run);
        Ok(run)
    }

    /// Notes how a draw goes wrong in a loop.
    pub(crate) fn sign(&mut self, dynamics: &Dynamics, run: &Run) {
        let (name, [_, to]) = (&dynamics.name, dynamics.over);
        for (slot, (state, element)) in (0..).zip(&run.slots) {
            let last = self.program.last(run.value, slot);
            let sound = self.program.is_finite(last);
            let state = self.model.element_name(self.model.node(*state), *element);
            let else_said = format!("`{state}` is no finite number any more when `{name}` ends");
            let help = "take a shorter step, bound a parameter, or keep what is under a root or a rate from falling below zero";
            self.note(dynamics, run, sound, else_said, help.into());
        }
        if let Some(stopped) = &run.stopped {
            let else_said = format!("`{name}` meets no `stop when` before it ends at {to}");
            let help =
                format!("let it run longer than to {to}, or draw such draws anew: `on_failure \"resample\"`");
            self.note(dynamics, run, stopped.is, else_said, help);
        }
    }

    /// Notes what is true of a draw that does not fail in a loop of a dynamics, at the place where we stand.
    pub(crate) fn note(
        &mut self,
        dynamics: &Dynamics,
        run: &Run,
        sound: Value,
        else_said: String,
        help: String,
    ) {
        let place = self.part.map_or(0, |(place, _)| place);
        let sound = self.where_there(&dynamics.axes, place, sound);
        self.signs.push(Sign { run: run.first, sound, else_said, help });
    }

    /// The `let`s whose crossings are counted, with where they are carried; `inputs` gets their first values.
    pub(crate) fn watched_from(
        &mut self,
        number: usize,
        dynamics: &Dynamics,
        start: Value,
        inputs: &mut Vec<Value>,
    ) -> Vec<(Slot, u32)> {
        let watched = self.slots_here(self.watched(number).into_iter());
        self.refreshed(dynamics, start);
        let first = inputs.len() as u32;
        inputs.extend(watched.iter().map(|slot| self.value_of(*slot)));
        watched.into_iter().zip(first..).collect()
    }

    /// The `let`s of a dynamics whose crossings are counted.
    fn watched(&self, number: usize) -> BTreeSet<NodeId> {
        let model = self.model;
        let crossed = model.exprs.iter().filter_map(|expr| match expr {
            Expr::Crossings(curve, _) => Some(model.expr(*curve)),
            _ => None,
        });
        let nodes =
            crossed.filter_map(|curve| if let Expr::Curve { node, .. } = curve { Some(*node) } else { None });
        nodes.filter(|node| model.run_of(*node) == Some(number) && !self.is_state(*node)).collect()
    }

    /// What is watched, after a step that leaves the states so.
    pub(crate) fn watch(
        &mut self,
        dynamics: &Dynamics,
        watched: &[(Slot, u32)],
        slots: &[Slot],
        next: &[Value],
        then: Value,
    ) -> Vec<Value> {
        if watched.is_empty() {
            return Vec::new();
        }
        self.put(slots, next);
        self.refreshed(dynamics, then);
        watched.iter().map(|(slot, _)| self.value_of(*slot)).collect()
    }

    /// When the step starts, and when it ends.
    fn instants(&mut self, clock: Clock) -> [Value; 2] {
        let count = self.program.leaf(Op::Step);
        let (first, length) = (self.program.number(clock.from), self.program.number(clock.step));
        let passed = self.program.binary(Binary::Mul, count, length);
        let now = self.program.binary(Binary::Add, passed, first);
        [now, self.program.binary(Binary::Add, now, length)]
    }

    /// The body of the loop: what is carried, a step later.
    fn step(&mut self, dynamics: &Dynamics, slots: &[Slot], clock: Clock) -> Result<Vec<Value>, Diagnostic> {
        let x: Vec<Value> = (0..slots.len()).map(|slot| self.carried(slot)).collect();
        let [now, then] = self.instants(clock);
        self.put(slots, &x);
        let before: Vec<Value> = dynamics
            .events
            .iter()
            .map(|event| self.at_time(now, |this| this.members(dynamics, event.trigger)))
            .collect();
        let mut next = match dynamics.solver {
            Solver::Steps { .. } => self.recurrence(dynamics, now)?,
            Solver::EulerMaruyama { .. } => {
                let slopes = self.slopes(dynamics, now, Noises::Drawn);
                self.along(&x, &slopes, clock.step)
            }
            Solver::Milstein { .. } => self.milstein(dynamics, slots, &x, now, clock.step),
            Solver::TauLeap { .. } => self.leap(dynamics, slots, &x, now, clock.step),
            _ => self.runge_kutta(dynamics, slots, &x, [now, then], clock.step),
        };
        self.put(slots, &next);
        for (event, before) in dynamics.events.iter().zip(before) {
            self.happen(dynamics, event, before, then);
            next = slots.iter().map(|slot| self.value_of(*slot)).collect();
        }
        if clock.between == Between::Cubic {
            next.extend(self.slopes(dynamics, then, Noises::None));
        }
        Ok(if dynamics.stops.is_empty() {
            next
        } else {
            self.stop(dynamics, slots, next, [now, then], clock)
        })
    }

    /// What the loop carries, as the step finds it.
    pub(crate) fn carried(&mut self, slot: usize) -> Value {
        self.program.leaf(Op::Carried(slot as u32))
    }
}
