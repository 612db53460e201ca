//! Dynamics as loops: how states change from step to step.
//!
//! A step is written into the body of a loop, in which what stands outside of the dynamics is read as an input. A dynamics
//! in a simulator that is drawn over axes has a loop for each place along them: nothing there reads its neighbours.
//!
//! What a loop carries, in this order: the states; their slopes where cubics are read between steps; then, with a
//! `stop when`, whether the draw goes on, when it ended, and where cubics are read the states and slopes a step before;
//! then the `let`s whose crossings are counted.

use crate::adaptive::Free;
use crate::jumps::Jumps;
use crate::lower::{Lower, Sign};
use crate::rng::path_hash;
use crate::ssa::{Law, Loop, Noise, Op, Program, Value};
use sbi_model::{
    AxisId, Binary, ChangeKind, Definition, Dynamics, Event, Expr, ExprId, NodeId, Role, Solver, Unary,
};
use sbi_syntax::Diagnostic;
use std::collections::{BTreeSet, HashMap};

/// The program around the body of a loop, while that is written.
pub(crate) struct Around {
    /// The dynamics.
    pub(crate) run: usize,
    program: Program,
    inputs: Vec<Value>,
    known: HashMap<Value, Value>,
    tables: Vec<Value>,
}

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

/// What the noises of a dynamics are.
#[derive(Clone, Copy)]
enum Noises {
    Drawn,
    None,
    /// One of them is 1, the others are 0.
    Unit(Slot),
}

impl Clock {
    /// A step that does not divide the time is made shorter, so that it does; one of a recurrence is part of the model
    /// and stays.
    fn of(dynamics: &Dynamics) -> Clock {
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
        next.extend(self.watch(dynamics, &watched, &slots, &next, then));
        let around = self.around.take().expect("nothing ends the body but this");
        let (program, outer, tables) = around.end();
        let body = std::mem::replace(&mut self.program, program);
        self.put(&slots, &x);
        inputs.extend(outer);
        let run = Loop { steps: clock.steps, inputs, carried, body, next, tables, alive };
        let value = self.program.run(run);
        let stopped = alive.map(|alive| self.stopped(number, &slots, value, alive, clock));
        let run = Run { value, slots, watched, stopped, pauses: Vec::new() };
        self.sign(dynamics, &run);
        Ok(run)
    }

    /// Notes how a draw goes wrong in a loop.
    pub(crate) fn sign(&mut self, dynamics: &Dynamics, run: &Run) {
        let (name, [_, to]) = (&dynamics.name, dynamics.over);
        for (slot, (state, element)) in (0..).zip(&run.slots) {
            let last = self.program.last(run.value, slot);
            let nothing = self.program.sub(last, last);
            let sound = self.program.binary(Binary::Eq, nothing, nothing);
            let state = self.model.element_name(self.model.node(*state), *element);
            self.signs.push(Sign { sound, else_said: format!("`{state}` grows beyond all numbers") });
        }
        if let Some(stopped) = &run.stopped {
            let else_said = format!("`{name}` meets no `stop when` before it ends at {to}");
            self.signs.push(Sign { sound: stopped.is, else_said });
        }
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

    // ---- methods -------------------------------------------------------------------------------

    /// The classical method of order four. The loop carries the slopes at the start of the step.
    fn runge_kutta(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        [now, then]: [Value; 2],
        step: f64,
    ) -> Vec<Value> {
        let half = self.program.number(0.5 * step);
        let middle = self.program.binary(Binary::Add, now, half);
        let first: Vec<Value> = (slots.len()..2 * slots.len()).map(|slot| self.carried(slot)).collect();
        let mut slopes = vec![first];
        for (reach, time) in [(0.5 * step, middle), (0.5 * step, middle), (step, then)] {
            let ahead = self.along(x, slopes.last().map_or(&[][..], Vec::as_slice), reach);
            self.put(slots, &ahead);
            slopes.push(self.slopes(dynamics, time, Noises::None));
        }
        let mut weighted = x.to_vec();
        for (slope, weight) in slopes.iter().zip([1.0, 2.0, 2.0, 1.0]) {
            weighted = self.along(&weighted, slope, step * weight / 6.0);
        }
        weighted
    }

    /// Milstein's method without derivatives (Kloeden and Platen 1992, 11.1.3), for noises of which each moves states of
    /// its own: `x + a h + Σ b w + Σ (b(x + a h + b √h) - b) (w² - h) / 2√h` with normal increments `w`.
    fn milstein(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        now: Value,
        step: f64,
    ) -> Vec<Value> {
        let drift = self.slopes(dynamics, now, Noises::None);
        let without = self.along(x, &drift, step);
        let mut next = without.clone();
        for noise in self.noise_slots(dynamics) {
            let strength = self.strength(dynamics, noise, &drift, now);
            let ahead = self.along(&without, &strength, step.sqrt());
            self.put(slots, &ahead);
            let there = self.slopes(dynamics, now, Noises::None);
            let there = self.strength(dynamics, noise, &there, now);
            self.put(slots, x);
            let z = self.normal(noise);
            let (one, root) = (self.program.number(1.0), self.program.number(step.sqrt()));
            let increment = self.program.binary(Binary::Mul, z, root);
            let square = self.program.binary(Binary::Mul, z, z);
            let square = self.program.binary(Binary::Sub, square, one);
            let half = self.program.number(0.5 * step.sqrt());
            let bent = self.program.binary(Binary::Mul, square, half);
            for ((next, here), there) in next.iter_mut().zip(strength).zip(there) {
                let change = self.program.binary(Binary::Sub, there, here);
                let [a, b] = [(here, increment), (change, bent)]
                    .map(|(strength, by)| self.program.binary(Binary::Mul, strength, by));
                let both = self.program.binary(Binary::Add, a, b);
                *next = self.program.binary(Binary::Add, *next, both);
            }
        }
        next
    }

    /// How strongly a noise moves each state, where the slopes without any are these: noises enter linearly.
    pub(crate) fn strength(
        &mut self,
        dynamics: &Dynamics,
        noise: Slot,
        drift: &[Value],
        now: Value,
    ) -> Vec<Value> {
        let with = self.slopes(dynamics, now, Noises::Unit(noise));
        with.into_iter()
            .zip(drift)
            .map(|(with, drift)| self.program.binary(Binary::Sub, with, *drift))
            .collect()
    }

    /// How far the noises together move each state in a unit of time: the root of the sum of their squared strengths.
    pub(crate) fn diffusion(&mut self, dynamics: &Dynamics, now: Value) -> Vec<Value> {
        let drift = self.slopes(dynamics, now, Noises::None);
        let mut squares = vec![self.program.number(0.0); drift.len()];
        for noise in self.noise_slots(dynamics) {
            let strength = self.strength(dynamics, noise, &drift, now);
            for (sum, b) in squares.iter_mut().zip(strength) {
                let square = self.program.binary(Binary::Mul, b, b);
                *sum = self.program.binary(Binary::Add, square, *sum);
            }
        }
        squares.into_iter().map(|square| self.program.unary(Unary::Sqrt, square)).collect()
    }

    /// `x + length slope`.
    pub(crate) fn along(&mut self, x: &[Value], slopes: &[Value], length: f64) -> Vec<Value> {
        let length = self.program.number(length);
        let moved = x.iter().zip(slopes).map(|(x, slope)| {
            let off = self.program.binary(Binary::Mul, *slope, length);
            self.program.binary(Binary::Add, off, *x)
        });
        moved.collect()
    }

    /// The derivatives of all states at a time, with the states at hand and all noises at rest.
    pub(crate) fn calm_slopes(&mut self, dynamics: &Dynamics, time: Value) -> Vec<Value> {
        self.slopes(dynamics, time, Noises::None)
    }

    /// The derivatives of all states at a time, with the states at hand.
    fn slopes(&mut self, dynamics: &Dynamics, time: Value, noises: Noises) -> Vec<Value> {
        self.refresh(dynamics, time, noises);
        let mut slopes = Vec::new();
        for state in self.states(dynamics) {
            slopes.extend(match change(dynamics, state) {
                Some(ChangeKind::Derivative(value)) => {
                    self.elements_of(state, |this| this.at_time(time, |this| this.expression(*value)))
                }
                // What only events change.
                None => self.elements_of(state, |this| this.program.number(0.0)),
                _ => unreachable!("{MIXED}"),
            });
        }
        slopes
    }

    /// The states a step later, where the file says what they are.
    fn recurrence(&mut self, dynamics: &Dynamics, now: Value) -> Result<Vec<Value>, Diagnostic> {
        self.refresh(dynamics, now, Noises::None);
        let model = self.model;
        let mut next = Vec::new();
        for state in self.states(dynamics) {
            let node = model.node(state);
            next.extend(match change(dynamics, state) {
                Some(ChangeKind::Next(value)) => {
                    self.elements_of(state, |this| this.at_time(now, |this| this.expression(*value)))
                }
                Some(ChangeKind::Draw(draw)) => {
                    self.at_time(now, |this| this.draw(node, draw, &format!("{}.next", node.name)))?
                }
                Some(ChangeKind::Derivative(_)) => unreachable!("{MIXED}"),
                None => {
                    let here = self.elements_here(state);
                    here.map(|element| self.value_of((state, element))).collect()
                }
            });
        }
        Ok(next)
    }

    /// Sets states where a condition has become true within the step.
    fn happen(&mut self, dynamics: &Dynamics, event: &Event, before: Value, then: Value) {
        let after = self.at_time(then, |this| this.members(dynamics, event.trigger));
        let calm = self.program.unary(Unary::Not, before);
        let rises = self.program.binary(Binary::And, calm, after);
        // All assignments read the states as they were.
        let mut set = Vec::new();
        for (state, value) in &event.assignments {
            let values = self.elements_of(*state, |this| this.at_time(then, |this| this.expression(*value)));
            set.push((*state, values));
        }
        for (state, values) in set {
            for (element, value) in self.elements_here(state).zip(values) {
                let old = self.value_of((state, element));
                let new = self.program.select(rises, value, old);
                self.set((state, element), new);
            }
        }
        self.reductions.clear();
    }

    // ---- what the states make ------------------------------------------------------------------

    /// An expression of the dynamics, with its `let`s as the states at hand make them.
    pub(crate) fn members(&mut self, dynamics: &Dynamics, expr: ExprId) -> Value {
        if let Some(time) = self.clock {
            self.refreshed(dynamics, time);
        }
        self.expression(expr)
    }

    /// Computes the `let`s of a dynamics anew, as the states at hand and the time make them; noises are at rest.
    pub(crate) fn refreshed(&mut self, dynamics: &Dynamics, time: Value) {
        self.refresh(dynamics, time, Noises::None);
    }

    /// Computes the `let`s and noises of a dynamics anew.
    fn refresh(&mut self, dynamics: &Dynamics, time: Value, noises: Noises) {
        self.reductions.clear();
        let model = self.model;
        let members = model.order.iter().filter(|id| dynamics.members.contains(id));
        for &id in members {
            let node = model.node(id);
            let values = match &node.definition {
                Definition::Noise => self.noises(id, dynamics, noises),
                Definition::Equals(expr) if !self.is_state(id) => {
                    self.elements_of(id, |this| this.at_time(time, |this| this.expression(*expr)))
                }
                _ => continue,
            };
            self.elements_here(id).zip(values).for_each(|(element, value)| self.set((id, element), value));
        }
    }

    /// White noise over a step: standard normal numbers over the root of its length.
    fn noises(&mut self, id: NodeId, dynamics: &Dynamics, noises: Noises) -> Vec<Value> {
        let scale = 1.0 / Clock::of(dynamics).step.sqrt();
        let value = |this: &mut Self, element| match noises {
            Noises::None => this.program.number(0.0),
            Noises::Unit(slot) => this.program.number(f64::from(u8::from(slot == (id, element)))),
            Noises::Drawn => {
                let z = this.normal((id, element));
                let scale = this.program.number(scale);
                this.program.binary(Binary::Mul, z, scale)
            }
        };
        self.elements_here(id).map(|element| value(self, element)).collect()
    }

    /// The standard normal number of a noise in this step.
    fn normal(&mut self, (id, element): Slot) -> Value {
        let path = path_hash(&self.model.node(id).name);
        self.program.noise(Noise { law: Law::Normal, path, element: element as u32 })
    }

    fn noise_slots(&self, dynamics: &Dynamics) -> Vec<Slot> {
        let is_noise = |id: &NodeId| matches!(self.model.node(*id).definition, Definition::Noise);
        self.slots_here(dynamics.members.iter().copied().filter(is_noise))
    }

    /// The elements of all states at the place where we stand.
    pub(crate) fn states_here(&self, dynamics: &Dynamics) -> Vec<Slot> {
        self.slots_here(self.states(dynamics).into_iter())
    }

    /// The states of a dynamics, in the order written.
    fn states(&self, dynamics: &Dynamics) -> Vec<NodeId> {
        dynamics.members.iter().copied().filter(|id| self.is_state(*id)).collect()
    }

    pub(crate) fn is_state(&self, id: NodeId) -> bool {
        self.model.node(id).role == Role::State
    }

    /// The elements of nodes at the place where we stand.
    fn slots_here(&self, nodes: impl Iterator<Item = NodeId>) -> Vec<Slot> {
        nodes.flat_map(|id| self.elements_here(id).map(move |element| (id, element))).collect()
    }

    // ---- values at hand ------------------------------------------------------------------------

    /// Does work at a time of the clock.
    pub(crate) fn at_time<R>(&mut self, time: Value, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.clock.replace(time);
        let result = work(self);
        self.clock = before;
        result
    }

    pub(crate) fn put(&mut self, slots: &[Slot], values: &[Value]) {
        slots.iter().zip(values).for_each(|(slot, value)| self.set(*slot, *value));
        self.reductions.clear();
    }
}

const MIXED: &str = "the checker gives a solver the changes that it can make";

/// How a state changes from step to step, if it does.
fn change(dynamics: &Dynamics, state: NodeId) -> Option<&ChangeKind> {
    dynamics.changes.iter().find(|change| change.state == state).map(|change| &change.kind)
}

impl Around {
    pub(crate) fn new(run: usize, program: Program) -> Around {
        Around { run, program, inputs: Vec::new(), known: HashMap::new(), tables: Vec::new() }
    }

    /// The program, and what the body of the loop reads of it: values, and processes row by row.
    pub(crate) fn end(self) -> (Program, Vec<Value>, Vec<Value>) {
        (self.program, self.inputs, self.tables)
    }

    /// The number of a process among the tables of the loop.
    pub(crate) fn table(&mut self, process: Value) -> u32 {
        let known = self.tables.iter().position(|known| *known == process);
        let number = known.unwrap_or_else(|| {
            self.tables.push(process);
            self.tables.len() - 1
        });
        number as u32
    }

    pub(crate) fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// A value of the program around, as the body of the loop reads it.
    pub(crate) fn inside(&mut self, body: &mut Program, value: Value) -> Value {
        if let Some(number) = self.program.known_number(value) {
            return body.number(number);
        }
        *self.known.entry(value).or_insert_with(|| {
            self.inputs.push(value);
            body.leaf(Op::Outer(self.inputs.len() as u32 - 1))
        })
    }
}
