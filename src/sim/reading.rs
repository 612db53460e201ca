//! How a dynamics that has run is read: at times, at its end, and by what its states did on the way.
//!
//! Between steps a state is read along the cubic that has its values and slopes at both ends (Hermite) where an equation is
//! solved by a method of higher order, along a line where noise drives it, and as it was after the last step where
//! it goes in steps. Of a draw that a `stop when` should have ended and did not, nothing can be read.

use crate::lower::Lower;
use crate::motion::{Between, Motion, Run, Slot};
use crate::ssa::Value;
use sbi_model::{Binary, NodeId, Unary};

/// How far before its time a step counts as made: times are seldom whole numbers of steps to the last bit.
const SLACK: f64 = 1e-9;

/// When a dynamics is read.
#[derive(Clone, Copy)]
pub(crate) enum When {
    At(Value),
    /// When it ends.
    End,
}

impl Lower<'_> {
    /// When a dynamics ends, at a place along the axes of its draw.
    pub(crate) fn end_of(&mut self, motion: &Motion, place: usize) -> Value {
        let run = motion.runs.get(place).expect("there is a run for each place");
        match &run.stopped {
            Some(stopped) => self.program.require(stopped.is, stopped.at),
            None => self.program.number(motion.clock.to),
        }
    }

    /// The value of a state, or of what is computed of states.
    pub(crate) fn read(
        &mut self,
        motion: &Motion,
        number: usize,
        (node, element): Slot,
        when: When,
    ) -> Value {
        let (place, run) = self.run_at(motion, node, element);
        if let Some(slot) = run.slots.iter().position(|slot| *slot == (node, element)) {
            return self.state(motion, run, slot, when);
        }
        let dynamics = self.dynamics(number);
        let at_hand: Vec<Value> = run.slots.iter().map(|slot| self.value_of(*slot)).collect();
        let values: Vec<Value> =
            (0..run.slots.len()).map(|slot| self.state(motion, run, slot, when)).collect();
        let time = match when {
            When::At(time) => time,
            When::End => self.end_of(motion, place),
        };
        self.put(&run.slots, &values);
        self.part = Some((place, motion.runs.len()));
        self.refreshed(dynamics, time);
        self.part = None;
        let value = self.value_of((node, element));
        self.put(&run.slots, &at_hand);
        value
    }

    /// How often a state, or what is computed of states, rises through a level.
    pub(crate) fn crossings(&mut self, motion: &Motion, slot: Slot, level: Value) -> Value {
        let (_, run) = self.run_at(motion, slot.0, slot.1);
        let states = run.slots.iter().copied().zip(0..);
        let mut carried = states.chain(run.watched.iter().copied());
        let (_, at) = carried.find(|(known, _)| *known == slot).expect("what crosses is watched");
        let count = self.program.crossings(run.value, at, level);
        match &run.stopped {
            Some(stopped) => self.program.require(stopped.is, count),
            None => count,
        }
    }

    /// The run that an element belongs to, and its place: the axes of the draw come first among those of the node.
    fn run_at<'m>(&self, motion: &'m Motion, node: NodeId, element: usize) -> (usize, &'m Run) {
        let place = element * motion.runs.len() / self.count(node).max(1);
        (place, motion.runs.get(place).expect("there is a run for each place"))
    }

    /// A state, read.
    fn state(&mut self, motion: &Motion, run: &Run, slot: usize, when: When) -> Value {
        let value = match (when, &run.stopped) {
            (When::At(time), _) => self.between(motion, run, slot, time),
            (When::End, Some(stopped)) => *stopped.states.get(slot).expect("all states stop"),
            (When::End, None) => self.program.last(run.value, slot as u32),
        };
        let Some(stopped) = &run.stopped else { return value };
        // A cubic would go on from where it ended.
        let value = match when {
            When::At(time) if motion.clock.between == Between::Cubic => {
                let over = self.program.binary(Binary::Ge, time, stopped.at);
                self.program.select(over, *stopped.states.get(slot).expect("all states stop"), value)
            }
            _ => value,
        };
        self.program.require(stopped.is, value)
    }

    /// A state at a time, from what its loop kept.
    fn between(&mut self, motion: &Motion, run: &Run, slot: usize, time: Value) -> Value {
        let clock = motion.clock;
        let (from, inverse) = (self.program.number(clock.from), self.program.number(1.0 / clock.step));
        let passed = self.program.binary(Binary::Sub, time, from);
        let place = self.program.binary(Binary::Mul, passed, inverse);
        let place = match self.program.known_number(place) {
            Some(place) if (place - place.round()).abs() < SLACK * place.abs().max(1.0) => {
                let place = self.program.number(place.round());
                return self.program.trace(run.value, slot as u32, place);
            }
            Some(_) => place,
            None => self.within(place, (clock.to - clock.from) / clock.step),
        };
        if clock.between == Between::Last {
            let slack = self.program.number(SLACK);
            let place = self.program.binary(Binary::Add, place, slack);
            let place = self.program.unary(Unary::Floor, place);
            return self.program.trace(run.value, slot as u32, place);
        }
        let last = self.program.number(f64::from(clock.steps - 1));
        let (zero, one) = (self.program.number(0.0), self.program.number(1.0));
        let whole = self.program.unary(Unary::Floor, place);
        let whole = self.program.binary(Binary::Min, whole, last);
        let whole = self.program.binary(Binary::Max, whole, zero);
        let after = self.program.binary(Binary::Add, whole, one);
        let share = self.program.binary(Binary::Sub, place, whole);
        let mut at = |slot: usize| {
            [whole, after].map(|place| self.program.trace(run.value, slot as u32, place))
        };
        let [x0, x1] = at(slot);
        if clock.between == Between::Cubic {
            let [f0, f1] = at(run.slots.len() + slot);
            return self.cubic([x0, x1], [f0, f1], share, clock.step);
        }
        let rise = self.program.binary(Binary::Sub, x1, x0);
        let off = self.program.binary(Binary::Mul, rise, share);
        self.program.binary(Binary::Add, off, x0)
    }

    /// A place among the steps; nothing where it is before or behind them. One known beforehand has been checked.
    fn within(&mut self, place: Value, length: f64) -> Value {
        let [first, last] = [-SLACK, length + SLACK].map(|end| self.program.number(end));
        let after = self.program.binary(Binary::Ge, place, first);
        let before = self.program.binary(Binary::Le, place, last);
        let possible = self.program.binary(Binary::And, after, before);
        self.program.require(possible, place)
    }

    /// All states after a share of a step, from the states and slopes at both its ends.
    pub(crate) fn cubics(&mut self, ends: [&[Value]; 2], share: Value, step: f64) -> Vec<Value> {
        let count = ends[0].len() / 2;
        let at = |slot: usize| ends.map(|end| *end.get(slot).expect("each state has a slope"));
        (0..count).map(|slot| self.cubic(at(slot), at(count + slot), share, step)).collect()
    }

    /// The cubic with these values and slopes at the ends of a step, after a share of it.
    fn cubic(&mut self, [x0, x1]: [Value; 2], slopes: [Value; 2], share: Value, step: f64) -> Value {
        let p = &mut self.program;
        let (two, three, step) = (p.number(2.0), p.number(3.0), p.number(step));
        let [f0, f1] = slopes.map(|slope| p.binary(Binary::Mul, slope, step));
        let rise = p.binary(Binary::Sub, x1, x0);
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
        let off = p.binary(Binary::Mul, inner, share);
        p.binary(Binary::Add, off, x0)
    }
}
