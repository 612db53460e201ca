//! Dynamics as loops: how states change from step to step, and how they are read between the steps.
//!
//! A step is written into the body of a loop, in which what stands outside of the dynamics is read as an input. Between
//! steps a state is read along the cubic that has its values and slopes at both ends (Hermite) where an equation is solved
//! by a method of higher order, along a line where noise drives it, and as it was after the last step where it goes in steps.

use crate::lower::Lower;
use crate::rng::path_hash;
use crate::ssa::{Law, Loop, Noise, Op, Program, Value};
use sbi_model::{Binary, ChangeKind, Definition, Dynamics, Event, ExprId, Node, NodeId, Solver, Unary};
use sbi_syntax::Diagnostic;
use std::collections::HashMap;

/// The program around the body of a loop, while that is written.
pub(crate) struct Around {
    /// The dynamics.
    pub(crate) run: usize,
    program: Program,
    inputs: Vec<Value>,
    known: HashMap<Value, Value>,
}

/// A dynamics that has been run: where its states are found.
pub(crate) struct Motion {
    run: Value,
    /// The elements of all states, in the order in which they are traced.
    slots: Vec<(NodeId, usize)>,
    from: f64,
    step: f64,
    steps: u32,
    between: Between,
}

/// How a state is read between two steps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    Cubic,
    Line,
    Last,
}

impl Lower<'_> {
    /// Runs a dynamics whose states have their first values.
    pub(crate) fn run(&mut self, number: usize) -> Result<Motion, Diagnostic> {
        let model = self.model;
        let dynamics = model.dynamics.get(number).expect("a curve belongs to a dynamics of its model");
        let [from, to] = dynamics.over;
        let (step, between) = match dynamics.solver {
            Solver::Steps { every } => (every, Between::Last),
            Solver::Rk4 { step } => (step, Between::Cubic),
            Solver::EulerMaruyama { step } => (step, Between::Line),
            _ => unreachable!("`Model::later` names the other solvers"),
        };
        let steps = ((to - from) / step).round().max(1.0) as u32;
        let slots: Vec<(NodeId, usize)> = dynamics
            .changes
            .iter()
            .flat_map(|change| (0..self.count(change.state)).map(move |element| (change.state, element)))
            .collect();
        let mut initial: Vec<Value> = slots.iter().map(|slot| self.value_of(*slot)).collect();
        if between == Between::Cubic {
            let start = self.program.number(from);
            initial.extend(self.slopes(dynamics, start));
        }
        let outside = slots.iter().map(|slot| self.value_of(*slot)).collect::<Vec<_>>();
        let program = std::mem::take(&mut self.program);
        self.around = Some(Around { run: number, program, inputs: Vec::new(), known: HashMap::new() });
        self.reductions.clear();
        let next = self.step(dynamics, &slots, between, [from, step])?;
        let around = self.around.take().expect("nothing ends the body but this");
        let body = std::mem::replace(&mut self.program, around.program);
        self.reductions.clear();
        slots.iter().zip(outside).for_each(|(slot, value)| self.set(*slot, value));
        let carried = initial.len();
        let inputs = initial.into_iter().chain(around.inputs).collect();
        let traced = (0..carried as u32).collect();
        let run = self.program.run(Loop { steps, inputs, carried, body, next, traced, alive: None });
        Ok(Motion { run, slots, from, step, steps, between })
    }

    /// The body of the loop: the states, and for cubics their slopes, a step later.
    fn step(
        &mut self,
        dynamics: &Dynamics,
        slots: &[(NodeId, usize)],
        between: Between,
        [from, step]: [f64; 2],
    ) -> Result<Vec<Value>, Diagnostic> {
        let leaf = |this: &mut Self, slot: usize| this.program.leaf(Op::Carried(slot as u32));
        let x: Vec<Value> = (0..slots.len()).map(|slot| leaf(self, slot)).collect();
        let count = self.program.leaf(Op::Step);
        let (first, length) = (self.program.number(from), self.program.number(step));
        let passed = self.program.binary(Binary::Mul, count, length);
        let now = self.program.binary(Binary::Add, passed, first);
        let then = self.program.binary(Binary::Add, now, length);
        self.put(slots, &x);
        let before: Vec<Value> = dynamics
            .events
            .iter()
            .map(|event| self.at_time(now, |this| this.members(dynamics, event.trigger)))
            .collect();
        let mut next = match between {
            Between::Last => self.recurrence(dynamics, now)?,
            Between::Line => {
                let slopes = self.slopes(dynamics, now);
                self.along(&x, &slopes, step)
            }
            Between::Cubic => {
                let slopes = (slots.len()..2 * slots.len()).map(|slot| leaf(self, slot)).collect();
                self.runge_kutta(dynamics, slots, &x, slopes, [now, then], step)
            }
        };
        self.put(slots, &next);
        for (event, before) in dynamics.events.iter().zip(before) {
            self.happen(dynamics, event, before, then);
            next = slots.iter().map(|slot| self.value_of(*slot)).collect();
        }
        if between == Between::Cubic {
            next.extend(self.slopes(dynamics, then));
        }
        Ok(next)
    }

    /// The classical method of order four; the first slopes are those at the start of the step.
    fn runge_kutta(
        &mut self,
        dynamics: &Dynamics,
        slots: &[(NodeId, usize)],
        x: &[Value],
        first: Vec<Value>,
        [now, then]: [Value; 2],
        step: f64,
    ) -> Vec<Value> {
        let half = self.program.number(0.5 * step);
        let middle = self.program.binary(Binary::Add, now, half);
        let mut slopes = vec![first];
        for (reach, time) in [(0.5 * step, middle), (0.5 * step, middle), (step, then)] {
            let ahead = self.along(x, slopes.last().map_or(&[][..], Vec::as_slice), reach);
            self.put(slots, &ahead);
            slopes.push(self.slopes(dynamics, time));
        }
        let mut weighted = x.to_vec();
        for (slope, weight) in slopes.iter().zip([1.0, 2.0, 2.0, 1.0]) {
            weighted = self.along(&weighted, slope, step * weight / 6.0);
        }
        weighted
    }

    /// `x + length slope`.
    fn along(&mut self, x: &[Value], slopes: &[Value], length: f64) -> Vec<Value> {
        let length = self.program.number(length);
        let moved = x.iter().zip(slopes).map(|(x, slope)| {
            let off = self.program.binary(Binary::Mul, *slope, length);
            self.program.binary(Binary::Add, off, *x)
        });
        moved.collect()
    }

    /// The derivatives of all states at a time, with the states at hand.
    fn slopes(&mut self, dynamics: &Dynamics, time: Value) -> Vec<Value> {
        self.refresh(dynamics, time);
        let mut slopes = Vec::new();
        for change in &dynamics.changes {
            let ChangeKind::Derivative(value) = &change.kind else { unreachable!("{MIXED}") };
            slopes.extend(
                self.elements_of(change.state, |this| this.at_time(time, |this| this.expression(*value))),
            );
        }
        slopes
    }

    /// The states a step later, where the file says what they are.
    fn recurrence(&mut self, dynamics: &Dynamics, now: Value) -> Result<Vec<Value>, Diagnostic> {
        self.refresh(dynamics, now);
        let model = self.model;
        let mut next = Vec::new();
        for change in &dynamics.changes {
            let node = model.node(change.state);
            next.extend(match &change.kind {
                ChangeKind::Next(value) => {
                    self.elements_of(change.state, |this| this.at_time(now, |this| this.expression(*value)))
                }
                ChangeKind::Draw(draw) => {
                    self.at_time(now, |this| this.draw(node, draw, &format!("{}.next", node.name)))?
                }
                ChangeKind::Derivative(_) => unreachable!("{MIXED}"),
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
            for (element, value) in values.into_iter().enumerate() {
                let old = self.value_of((state, element));
                let new = self.program.select(rises, value, old);
                self.set((state, element), new);
            }
        }
        self.reductions.clear();
    }

    /// An expression of the dynamics, with its `let`s as the states at hand make them.
    fn members(&mut self, dynamics: &Dynamics, expr: ExprId) -> Value {
        if let Some(time) = self.clock {
            self.refresh(dynamics, time);
        }
        self.expression(expr)
    }

    /// Computes the `let`s and noises of a dynamics anew, as the states at hand and the time make them.
    fn refresh(&mut self, dynamics: &Dynamics, time: Value) {
        self.reductions.clear();
        let model = self.model;
        let members = model.order.iter().filter(|id| dynamics.members.contains(id));
        for &id in members {
            let node = model.node(id);
            let values = match &node.definition {
                Definition::Noise => self.noises(node, dynamics),
                Definition::Equals(expr) if !is_state(dynamics, id) => {
                    self.elements_of(id, |this| this.at_time(time, |this| this.expression(*expr)))
                }
                _ => continue,
            };
            self.replace(id, values);
        }
    }

    /// White noise over a step: standard normal numbers over the root of its length.
    fn noises(&mut self, node: &Node, dynamics: &Dynamics) -> Vec<Value> {
        let Solver::EulerMaruyama { step } = dynamics.solver else { unreachable!("{MIXED}") };
        let scale = self.program.number(1.0 / step.sqrt());
        let path = path_hash(&node.name);
        let count = self.model.elements(node);
        (0..count)
            .map(|element| {
                let z = self.program.noise(Noise { law: Law::Normal, path, element: element as u32 });
                self.program.binary(Binary::Mul, z, scale)
            })
            .collect()
    }

    /// The value of a state, or of what is computed of states, at a time.
    pub(crate) fn read(
        &mut self,
        motion: &Motion,
        number: usize,
        node: NodeId,
        element: usize,
        time: Value,
    ) -> Value {
        let model = self.model;
        let dynamics = model.dynamics.get(number).expect("a curve belongs to a dynamics of its model");
        if let Some(slot) = motion.slots.iter().position(|slot| *slot == (node, element)) {
            return self.between(motion, slot, time);
        }
        let before: Vec<Value> = motion.slots.iter().map(|slot| self.value_of(*slot)).collect();
        let values: Vec<Value> =
            (0..motion.slots.len()).map(|slot| self.between(motion, slot, time)).collect();
        self.put(&motion.slots, &values);
        self.refresh(dynamics, time);
        let value = self.value_of((node, element));
        self.put(&motion.slots, &before);
        value
    }

    /// A traced state at a time.
    fn between(&mut self, motion: &Motion, slot: usize, time: Value) -> Value {
        /// How far before its time a step counts as made: times are seldom whole numbers of steps to the last bit.
        const SLACK: f64 = 1e-9;
        let (from, inverse) = (self.program.number(motion.from), self.program.number(1.0 / motion.step));
        let passed = self.program.binary(Binary::Sub, time, from);
        let place = self.program.binary(Binary::Mul, passed, inverse);
        let place = self.within(place, motion.steps, SLACK);
        let trace = |this: &mut Self, slot: usize, place| this.program.trace(motion.run, slot as u32, place);
        if motion.between == Between::Last {
            let slack = self.program.number(SLACK);
            let place = self.program.binary(Binary::Add, place, slack);
            let place = self.program.unary(Unary::Floor, place);
            return trace(self, slot, place);
        }
        let last = self.program.number(f64::from(motion.steps - 1));
        let (zero, one) = (self.program.number(0.0), self.program.number(1.0));
        let whole = self.program.unary(Unary::Floor, place);
        let whole = self.program.binary(Binary::Min, whole, last);
        let whole = self.program.binary(Binary::Max, whole, zero);
        let after = self.program.binary(Binary::Add, whole, one);
        let share = self.program.binary(Binary::Sub, place, whole);
        let [x0, x1] = [whole, after].map(|place| trace(self, slot, place));
        let rise = self.program.binary(Binary::Sub, x1, x0);
        let off = match motion.between {
            Between::Cubic => {
                let slope = motion.slots.len() + slot;
                let step = self.program.number(motion.step);
                let [f0, f1] = [whole, after].map(|place| {
                    let slope = trace(self, slope, place);
                    self.program.binary(Binary::Mul, slope, step)
                });
                self.cubic(rise, [f0, f1], share)
            }
            _ => self.program.binary(Binary::Mul, rise, share),
        };
        self.program.binary(Binary::Add, off, x0)
    }

    /// A place among the steps; nothing where it is not one of theirs. One known beforehand has been checked.
    fn within(&mut self, place: Value, steps: u32, slack: f64) -> Value {
        if self.program.known_number(place).is_some() {
            return place;
        }
        let [first, last] = [-slack, f64::from(steps) + slack].map(|end| self.program.number(end));
        let after = self.program.binary(Binary::Ge, place, first);
        let before = self.program.binary(Binary::Le, place, last);
        let possible = self.program.binary(Binary::And, after, before);
        self.program.require(possible, place)
    }

    /// How far the cubic of a rise and two slopes over a step has risen after a share of it.
    fn cubic(&mut self, rise: Value, [f0, f1]: [Value; 2], share: Value) -> Value {
        let p = &mut self.program;
        let (two, three) = (p.number(2.0), p.number(3.0));
        let both = p.binary(Binary::Add, f0, f1);
        let twice = p.binary(Binary::Mul, rise, two);
        let third = p.binary(Binary::Sub, both, twice);
        let thrice = p.binary(Binary::Mul, rise, three);
        let sum = p.binary(Binary::Add, both, f0);
        let second = p.binary(Binary::Sub, thrice, sum);
        let inner = p.binary(Binary::Mul, third, share);
        let inner = p.binary(Binary::Add, inner, second);
        let inner = p.binary(Binary::Mul, inner, share);
        let inner = p.binary(Binary::Add, inner, f0);
        p.binary(Binary::Mul, inner, share)
    }

    // ---- values at hand ------------------------------------------------------------------------

    /// Does work at a time of the clock.
    fn at_time<R>(&mut self, time: Value, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.clock.replace(time);
        let result = work(self);
        self.clock = before;
        result
    }

    fn put(&mut self, slots: &[(NodeId, usize)], values: &[Value]) {
        slots.iter().zip(values).for_each(|(slot, value)| self.set(*slot, *value));
        self.reductions.clear();
    }
}

const MIXED: &str = "the checker gives a solver the changes that it can make";

fn is_state(dynamics: &Dynamics, id: NodeId) -> bool {
    dynamics.changes.iter().any(|change| change.state == id)
}

impl Around {
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
