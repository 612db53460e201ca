//! How a dynamics that has run is read: at times, at its end, and by what its states did on the way.
//!
//! Between steps a state is read along the cubic that has its values and slopes at both ends (Hermite) where an equation is
//! solved by a method of higher order, along a line where noise drives it, and as it was after the last step where
//! it goes in steps. Of a draw that a `stop when` should have ended and did not, nothing can be read.

use crate::adaptive::{Free, Layout};
use crate::jumps::Jumps;
use crate::lower::Lower;
use crate::motion::{Between, Clock, Motion, Pace, Run, Slot};
use crate::piece::{Bend, Piece};
use crate::ssa::{Op, Value};
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

impl Pace {
    /// When a dynamics starts, and when it ends at the latest.
    pub(crate) fn ends(self) -> [f64; 2] {
        match self {
            Pace::Even(Clock { from, to, .. })
            | Pace::Free(Free { from, to, .. })
            | Pace::Jumps(Jumps { from, to, .. }) => [from, to],
        }
    }
}

impl Lower<'_> {
    /// When a dynamics ends, at a place along the axes of its draw.
    pub(crate) fn end_of(&mut self, motion: &Motion, place: usize) -> Value {
        let run = motion.runs.get(place).expect("there is a run for each place");
        match &run.stopped {
            Some(stopped) => self.program.require(stopped.is, stopped.at),
            None => self.program.number(motion.pace.ends()[1]),
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
        let part = self.part.replace((place, motion.runs.len()));
        let outer = self.around.as_mut().map(|around| around.beside.replace(number));
        self.refreshed(dynamics, time);
        let value = self.value_of((node, element));
        self.part = part;
        self.around.iter_mut().zip(outer).for_each(|(around, outer)| around.beside = outer);
        self.put(&run.slots, &at_hand);
        value
    }

    /// How often a state, or what is computed of states, rises through a level.
    pub(crate) fn crossings(&mut self, motion: &Motion, slot: Slot, level: Value) -> Value {
        let (_, run) = self.run_at(motion, slot.0, slot.1);
        let states = run.slots.iter().copied().zip(0..);
        let mut carried = states.chain(run.watched.iter().copied());
        let (_, at) = carried.find(|(known, _)| *known == slot).expect("what crosses is watched");
        if let Pace::Jumps(jumps) = motion.pace {
            self.keep(jumps);
        }
        let count = self.program.crossings(run.value, at, level);
        let last = self.program.last(run.value, at);
        let finite = self.program.is_finite(last);
        let count = self.program.require(finite, count);
        match (&run.stopped, motion.pace) {
            (Some(stopped), _) => self.program.require(stopped.is, count),
            (None, Pace::Free(free)) => {
                let reached = self.program.last(run.value, Layout::of(&run.slots).time());
                let end = self.program.number(free.to);
                let whole = self.program.binary(Binary::Ge, reached, end);
                self.program.require(whole, count)
            }
            (None, _) => count,
        }
    }

    /// A time that lies a little outside of the span, as sums of steps do, is taken to its end.
    fn settled(&mut self, time: Value, [from, to]: [f64; 2]) -> Value {
        let slack = SLACK * (to - from);
        if let Some(known) = self.program.known_number(time) {
            let near = known > from - slack && known < to + slack;
            return if near { self.program.number(known.clamp(from, to)) } else { time };
        }
        let mut settled = time;
        for (end, beyond, outer) in [(from, Binary::Lt, from - slack), (to, Binary::Gt, to + slack)] {
            let within = if beyond == Binary::Lt { Binary::Ge } else { Binary::Le };
            let [end, outer] = [end, outer].map(|x| self.program.number(x));
            let is_beyond = self.program.binary(beyond, time, end);
            let is_near = self.program.binary(within, time, outer);
            let both = self.program.binary(Binary::And, is_beyond, is_near);
            settled = self.program.select(both, end, settled);
        }
        settled
    }

    /// The run that an element belongs to, and its place: the axes of the draw come first among those of the node.
    fn run_at<'m>(&self, motion: &'m Motion, node: NodeId, element: usize) -> (usize, &'m Run) {
        let place = element * motion.runs.len() / self.count(node).max(1);
        (place, motion.runs.get(place).expect("there is a run for each place"))
    }

    /// A state, read.
    fn state(&mut self, motion: &Motion, run: &Run, slot: usize, when: When) -> Value {
        let value = match (when, motion.pace, &run.stopped) {
            (When::End, _, Some(stopped)) => *stopped.states.get(slot).expect("all states stop"),
            (When::End, Pace::Even(_), None) => self.program.last(run.value, slot as u32),
            (When::End, Pace::Free(free), None) => {
                let end = self.program.number(free.to);
                self.among(free, run, slot, end)
            }
            (When::At(time), Pace::Even(clock), _) => self.between(clock, run, slot, time),
            (When::At(time), Pace::Free(free), _) => self.among(free, run, slot, time),
            (When::End, Pace::Jumps(jumps), None) => {
                let end = self.program.number(jumps.to);
                self.at_pause(jumps, run, slot, end)
            }
            (When::At(time), Pace::Jumps(jumps), _) => {
                let time = self.settled(time, [jumps.from, jumps.to]);
                self.at_pause(jumps, run, slot, time)
            }
        };
        let Some(stopped) = &run.stopped else { return value };
        let [is, at] = [stopped.is, stopped.at].map(|value| self.brought(value));
        // A curve would go on from where it ended, a line until the step's end.
        let value = match (when, motion.pace) {
            (
                When::At(time),
                Pace::Even(Clock { between: Between::Cubic | Between::Line, .. })
                | Pace::Free(_)
                | Pace::Jumps(_),
            ) => {
                let held = self.brought(*stopped.states.get(slot).expect("all states stop"));
                let over = self.program.binary(Binary::Ge, time, at);
                self.program.select(over, held, value)
            }
            _ => value,
        };
        self.program.require(is, value)
    }

    /// A state at a time, from what a loop kept of steps of one length.
    fn between(&mut self, clock: Clock, run: &Run, slot: usize, time: Value) -> Value {
        let (from, inverse) = (self.program.number(clock.from), self.program.number(1.0 / clock.step));
        let passed = self.program.sub(time, from);
        let place = self.program.mul(passed, inverse);
        let place = match self.program.known_number(place) {
            Some(place) if (place - place.round()).abs() < SLACK * place.abs().max(1.0) => {
                let place = self.program.number(place.round());
                return self.kept_of(run.value, slot as u32, place);
            }
            Some(_) => place,
            None => self.within(place, (clock.to - clock.from) / clock.step),
        };
        if clock.between == Between::Last {
            let slack = self.program.number(SLACK);
            let place = self.program.binary(Binary::Add, place, slack);
            let place = self.program.unary(Unary::Floor, place);
            return self.kept_of(run.value, slot as u32, place);
        }
        let last = self.program.number(f64::from(clock.steps - 1));
        let (zero, one) = (self.program.number(0.0), self.program.number(1.0));
        let whole = self.program.unary(Unary::Floor, place);
        let whole = self.program.binary(Binary::Min, whole, last);
        let whole = self.program.binary(Binary::Max, whole, zero);
        let after = self.program.binary(Binary::Add, whole, one);
        let share = self.program.binary(Binary::Sub, place, whole);
        let share = match (&run.stopped, clock.between) {
            (Some(stopped), Between::Line) => self.share_until(stopped.at, clock, time, whole, share),
            _ => share,
        };
        let mut at = |slot: usize| [whole, after].map(|place| self.kept_of(run.value, slot as u32, place));
        let [x0, x1] = at(slot);
        if clock.between == Between::Cubic {
            let slopes = at(run.slots.len() + slot).map(|slope| vec![slope]);
            let length = self.program.number(clock.step);
            let piece = Piece { x: [vec![x0], vec![x1]], bend: Bend::Cubic { slopes }, start: zero, length };
            return self.of_one(&piece, share);
        }
        let rise = self.program.sub(x1, x0);
        let off = self.program.mul(rise, share);
        self.program.add(off, x0)
    }

    /// The share of a step after which a line is read; of the step in which the run ends, of its part up to there.
    fn share_until(&mut self, end: Value, clock: Clock, time: Value, whole: Value, share: Value) -> Value {
        let [from, step, one] = [clock.from, clock.step, 1.0].map(|x| self.program.number(x));
        let passed = self.program.mul(whole, step);
        let now = self.program.add(passed, from);
        let then = self.program.add(now, step);
        let after = self.program.binary(Binary::Gt, end, now);
        let before = self.program.binary(Binary::Lt, end, then);
        let last = self.program.binary(Binary::And, after, before);
        let (gone, length) = (self.program.sub(time, now), self.program.sub(end, now));
        let part = self.program.div(gone, length);
        let part = self.program.binary(Binary::Min, part, one);
        self.program.select(last, part, share)
    }

    /// A state at a time, from what a loop kept that takes steps of its own lengths.
    fn among(&mut self, free: Free, run: &Run, slot: usize, time: Value) -> Value {
        let layout = Layout::of(&run.slots);
        let time = self.settled(time, [free.from, free.to]);
        let place = self.step_before(run.value, layout.time(), time);
        let one = self.program.number(1.0);
        let next = self.program.add(place, one);
        let mut at = |slot| [place, next].map(|place| self.kept_of(run.value, slot, place));
        let (x, slopes) = (at(slot as u32), at(layout.slope(slot)));
        let ([_, more], [start, end]) = (at(layout.bend(slot)), at(layout.time()));
        let more = vec![more];
        let slopes = slopes.map(|slope| vec![slope]);
        let bend = if free.stiff { Bend::Implicit { first: more } } else { Bend::Quartic { slopes, more } };
        let length = self.program.sub(end, start);
        let passed = self.program.sub(time, start);
        let share = self.program.div(passed, length);
        // A first step that is made again ends where it started.
        let zero = self.program.number(0.0);
        let moved = self.program.binary(Binary::Gt, length, zero);
        let share = self.program.select(moved, share, zero);
        let piece = Piece { x: x.map(|x| vec![x]), bend, start, length };
        self.of_one(&piece, share)
    }

    /// The only state of a piece, after a share of it.
    fn of_one(&mut self, piece: &Piece, share: Value) -> Value {
        self.after(piece, share).pop().expect("a piece has a state")
    }

    /// What a loop carried after so many steps. The body of another loop reads it as a table of its own.
    pub(crate) fn kept_of(&mut self, run: Value, slot: u32, place: Value) -> Value {
        match &mut self.around {
            Some(around) => {
                let table = around.table(run);
                self.program.leaf(Op::Inner { table, slot, row: place })
            }
            None => self.program.trace(run, slot, place),
        }
    }

    /// The step at whose end what a loop carries first reaches a value; as [`Lower::kept_of`].
    pub(crate) fn step_before(&mut self, run: Value, slot: u32, value: Value) -> Value {
        match &mut self.around {
            Some(around) => {
                let table = around.table(run);
                self.program.leaf(Op::InnerBefore { table, slot, value })
            }
            None => self.program.before(run, slot, value),
        }
    }

    /// A place among the steps; nothing where it is before or behind them. One known beforehand has been checked.
    fn within(&mut self, place: Value, length: f64) -> Value {
        let [first, last] = [-SLACK, length + SLACK].map(|end| self.program.number(end));
        let after = self.program.binary(Binary::Ge, place, first);
        let before = self.program.binary(Binary::Le, place, last);
        let possible = self.program.binary(Binary::And, after, before);
        self.program.require(possible, place)
    }
}
