//! `when` in what is solved to tolerances: a step that a condition becomes true in is made again, up to just before that.
//!
//! The moment is found on the curve of the step by halving it, and the step is made anew that long; the one behind it is of the
//! length that is left of the bracket. So both close in on the moment until a step is so short that it stands for it: that
//! one is made, its end is changed, and the solution starts afresh from there.

use crate::adaptive::{Free, Step};
use crate::lower::Lower;
use crate::motion::Slot;
use crate::piece::{Bend, Piece};
use crate::ssa::Value;
use sbi_model::{Binary, Dynamics, Unary};

/// Halvings of a step that an event falls into, each time that it is made.
const HALVINGS: u32 = 10;

/// A step that is a smaller share of the whole time is a moment.
const MOMENT: f64 = 1e-10;

/// How much longer than its bracket a step is that shall reach the event.
const MARGIN: f64 = 2.0;

/// A step that has been tried and whether it is made, as events leave it.
pub(crate) struct Interrupted {
    pub(crate) moves: Value,
    /// How long the next step is.
    pub(crate) length: Value,
    /// How long the step behind the next is at most.
    pub(crate) limit: Value,
    /// Whether something happens at its end, and the states and slopes there.
    pub(crate) happens: Value,
    pub(crate) x: Vec<Value>,
    pub(crate) slopes: Vec<Value>,
}

/// When a step is, and how it stands.
pub(crate) struct Tried<'a> {
    pub(crate) x: &'a [Value],
    pub(crate) slopes: &'a [Value],
    pub(crate) step: &'a Step,
    pub(crate) now: Value,
    pub(crate) then: Value,
    pub(crate) length: Value,
    /// Whether it is good enough to be made.
    pub(crate) moves: Value,
    /// How long the next would be, and at most.
    pub(crate) next: Value,
    pub(crate) limit: Value,
}

impl Lower<'_> {
    /// What the events of a dynamics make of a step.
    pub(crate) fn interrupted(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        tried: &Tried<'_>,
        free: Free,
    ) -> Interrupted {
        self.put(slots, tried.x);
        let before = self.triggers(dynamics, tried.now);
        self.put(slots, &tried.step.x);
        let rises = self.risen(dynamics, &before, tried.then);
        let rises = self.program.binary(Binary::And, rises, tried.moves);
        let moment = self.program.number(MOMENT * (free.to - free.from));
        let short = self.program.binary(Binary::Le, tried.length, moment);
        let happens = self.program.binary(Binary::And, rises, short);
        let [low, high] = self.bracket(dynamics, slots, tried, &before, free);
        // Up to just before, or, where that is no way at all, to just behind it.
        let [near, far] = [low, high].map(|share| self.program.mul(share, tried.length));
        let zero = self.program.number(0.0);
        let some = self.program.binary(Binary::Gt, low, zero);
        let again = self.program.select(some, near, far);
        let again = self.program.binary(Binary::Max, again, moment);
        let left = self.program.sub(far, near);
        let margin = self.program.number(MARGIN);
        let left = self.program.mul(left, margin);
        let left = self.program.binary(Binary::Max, left, moment);
        let endless = self.program.number(f64::MAX);
        let behind = self.program.select(some, left, endless);

        self.put(slots, &tried.step.x);
        for (event, before) in dynamics.events.iter().zip(before) {
            self.happen(dynamics, event, before, tried.then);
        }
        let set: Vec<Value> = slots.iter().map(|slot| self.value_of(*slot)).collect();
        let select = |this: &mut Self, values: &[Value], others: &[Value]| -> Vec<Value> {
            let each = values.iter().zip(others);
            each.map(|(value, other)| this.program.select(happens, *value, *other)).collect()
        };
        let x = select(self, &set, &tried.step.x);
        self.put(slots, &set);
        let slopes = self.calm_slopes(dynamics, tried.then);
        let first = self.first_length(slots, &set, &slopes, free);
        let slopes = select(self, &slopes, &tried.step.slopes);

        let long = self.program.unary(Unary::Not, short);
        let redone = self.program.binary(Binary::And, rises, long);
        let kept = self.program.unary(Unary::Not, redone);
        let moves = self.program.binary(Binary::And, tried.moves, kept);
        let next = self.program.binary(Binary::Min, tried.next, tried.limit);
        let next = self.program.select(happens, first, next);
        let length = self.program.select(redone, again, next);
        // A step that is not good enough leaves the limit as it is.
        let open = self.program.select(moves, endless, tried.limit);
        let limit = self.program.select(redone, behind, open);
        Interrupted { moves, length, limit, happens, x, slopes }
    }

    /// The conditions of all events at a time, with the states at hand.
    fn triggers(&mut self, dynamics: &Dynamics, time: Value) -> Vec<Value> {
        let events = dynamics.events.iter();
        events.map(|event| self.at_time(time, |this| this.members(dynamics, event.trigger))).collect()
    }

    /// Whether one of the conditions is true, with the states at hand, that was not before.
    fn risen(&mut self, dynamics: &Dynamics, before: &[Value], time: Value) -> Value {
        let mut risen = self.program.number(0.0);
        for (before, after) in before.iter().zip(self.triggers(dynamics, time)) {
            let calm = self.program.unary(Unary::Not, *before);
            let rises = self.program.binary(Binary::And, calm, after);
            risen = self.program.binary(Binary::Or, risen, rises);
        }
        risen
    }

    /// Between which shares of a step the first of its events falls.
    fn bracket(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        tried: &Tried<'_>,
        before: &[Value],
        free: Free,
    ) -> [Value; 2] {
        let Step { x, slopes, bend, .. } = tried.step;
        let bend = match free.stiff {
            true => Bend::Implicit { first: bend.clone() },
            false => Bend::Quartic { slopes: [tried.slopes.to_vec(), slopes.clone()], more: bend.clone() },
        };
        let piece = Piece { x: [tried.x.to_vec(), x.clone()], bend, start: tried.now, length: tried.length };
        let [mut low, mut high] = [0.0, 1.0].map(|share| self.program.number(share));
        let half = self.program.number(0.5);
        for _ in 0..HALVINGS {
            let sum = self.program.add(low, high);
            let middle = self.program.mul(sum, half);
            let states = self.after(&piece, middle);
            self.put(slots, &states);
            let passed = self.program.mul(middle, tried.length);
            let time = self.program.add(passed, tried.now);
            let risen = self.risen(dynamics, before, time);
            low = self.program.select(risen, low, middle);
            high = self.program.select(risen, middle, high);
        }
        [low, high]
    }
}
