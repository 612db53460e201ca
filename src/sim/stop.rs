//! `stop when`: where a dynamics ends before its clock.
//!
//! A path driven by noise is seen at its steps alone and so crosses a bound later than it does between them. Seen against
//! a bound that is nearer by `-ζ(1/2)/√(2π)` standard deviations of a step it crosses on average when the path does
//! (Broadie, Glasserman and Kou 1997); it is then put on the bound itself, a quarter of a step before the step's end. An equation without noise ends where a
//! bisection of its cubic finds the condition met; a recurrence at the step that meets it.

use crate::around::Around;
use crate::lower::Lower;
use crate::motion::{Between, Clock, Slot, Stopped};
use crate::piece::{Bend, Piece};
use crate::ssa::{Loop, Value};
use sbi_model::{Binary, Bound, Dynamics, Solver, Unary};
use std::ops::Range;

/// `-ζ(1/2)/√(2π)`: how much nearer a bound is moved, in standard deviations of a step.
const NEARER: f64 = 0.582_597_157_939_010_7;

/// How much before the end of its step a path is on the bound, as a share of the step. The walk of the steps lands beyond the
/// nearer bound by [`NEARER`] standard deviations and, to the next order, a quarter of what it drifts in a step (Siegmund
/// 1985): on average it is later than the path by the quarter.
const EARLIER: f64 = 0.25;

/// Halvings of a step: to a share of 1e-12.
const HALVINGS: u32 = 40;

impl<'a> Lower<'a> {
    /// Whether one of the conditions is met at a time, with the states at hand.
    pub(crate) fn stopping(&mut self, dynamics: &Dynamics, time: Value) -> Value {
        let mut met = self.program.number(0.0);
        for condition in &dynamics.stops {
            let this = self.at_time(time, |this| this.members(dynamics, *condition));
            met = self.program.binary(Binary::Or, met, this);
        }
        met
    }

    /// What is carried after a step that leads to `next`: once a condition is met, the step is the last.
    pub(crate) fn stop(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        next: Vec<Value>,
        [now, then]: [Value; 2],
        clock: Clock,
    ) -> Vec<Value> {
        let width = next.len();
        let held: Vec<Value> = (0..width).map(|slot| self.carried(slot)).collect();
        let [alive, end] = [width, width + 1].map(|slot| self.carried(slot));
        let noisy = matches!(dynamics.solver, Solver::EulerMaruyama { .. } | Solver::Milstein { .. });
        let bounds = if noisy && dynamics.corrected { self.bounds(dynamics, slots) } else { None };
        let (met, next, reached) = match bounds {
            Some(bounds) => self.cross(dynamics, slots, &bounds, next, [now, then], clock.step),
            None => (self.stopping(dynamics, then), next, then),
        };
        let calm = self.program.unary(Unary::Not, met);
        let goes_on = self.program.binary(Binary::And, alive, calm);
        let cubic = clock.between == Between::Cubic;
        let mut carried: Vec<Value> =
            next.iter().zip(&held).map(|(n, h)| self.program.select(alive, *n, *h)).collect();
        carried.push(goes_on);
        carried.push(self.program.select(alive, if cubic { now } else { reached }, end));
        if cubic {
            for (slot, held) in held.iter().enumerate() {
                let before = self.carried(width + 2 + slot);
                carried.push(self.program.select(alive, *held, before));
            }
        }
        carried
    }

    /// The conditions as bounds on states, each with where that state stands among these, if they are nothing else.
    fn bounds(&self, dynamics: &Dynamics, slots: &[Slot]) -> Option<Vec<(usize, Bound<'a>)>> {
        let bounds = dynamics.bounds(self.model)?.into_iter();
        let placed = bounds.map(|bound| {
            let slot = (bound.state, self.place(bound.state, bound.index));
            Some((slots.iter().position(|known| *known == slot)?, bound))
        });
        placed.collect()
    }

    /// Whether a step that leads to `next` crosses a bound, the states on the bound that it crosses, the first in the order
    /// written if it crosses several, and when it is there.
    fn cross(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        bounds: &[(usize, Bound<'_>)],
        mut next: Vec<Value>,
        [now, then]: [Value; 2],
        step: f64,
    ) -> (Value, Vec<Value>, Value) {
        let x: Vec<Value> = (0..slots.len()).map(|slot| self.carried(slot)).collect();
        self.put(slots, &x);
        let diffusion = self.diffusion(dynamics, now);
        self.put(slots, &next);
        let (mut met, mut reached) = (self.program.number(0.0), then);
        let earlier = self.program.number(EARLIER * step);
        let earlier = self.program.sub(then, earlier);
        for (slot, bound) in bounds {
            let at = self.at_time(then, |this| this.members(dynamics, bound.at));
            let (Some(x), Some(sd)) = (next.get_mut(*slot), diffusion.get(*slot)) else { continue };
            let root = self.program.number(NEARER * step.sqrt());
            let shift = self.program.binary(Binary::Mul, *sd, root);
            let (towards, beyond) =
                if bound.above { (Binary::Sub, Binary::Ge) } else { (Binary::Add, Binary::Le) };
            let nearer = self.program.binary(towards, at, shift);
            let crosses = self.program.binary(beyond, *x, nearer);
            let calm = self.program.unary(Unary::Not, met);
            let first = self.program.binary(Binary::And, crosses, calm);
            *x = self.program.select(first, at, *x);
            // What no noise drives is seen where it is.
            let zero = self.program.number(0.0);
            let driven = self.program.binary(Binary::Ne, *sd, zero);
            let driven = self.program.binary(Binary::And, first, driven);
            reached = self.program.select(driven, earlier, reached);
            met = self.program.binary(Binary::Or, met, crosses);
        }
        self.put(slots, &next);
        (met, next, reached)
    }

    /// Where a loop stopped, which carries from `alive` on what [`Lower::stop`] says.
    pub(crate) fn stopped(
        &mut self,
        number: usize,
        slots: &[Slot],
        run: Value,
        alive: u32,
        clock: Clock,
    ) -> Stopped {
        let goes_on = self.program.last(run, alive);
        let is = self.program.unary(Unary::Not, goes_on);
        let at = self.program.last(run, alive + 1);
        if clock.between == Between::Cubic {
            let count = slots.len() as u32;
            let mut last =
                |range: Range<u32>| range.map(|slot| self.program.last(run, slot)).collect::<Vec<Value>>();
            let before = alive + 2;
            let x = [last(before..before + count), last(0..count)];
            let slopes = [last(before + count..before + 2 * count), last(count..2 * count)];
            let length = self.program.number(clock.step);
            let piece = Piece { x, bend: Bend::Cubic { slopes }, start: at, length };
            return self.stopped_in(number, slots, is, &piece);
        }
        let states = (0..slots.len() as u32).map(|slot| self.program.last(run, slot)).collect();
        Stopped { is, at, states }
    }

    /// Where a loop stopped, within its last step.
    pub(crate) fn stopped_in(&mut self, number: usize, slots: &[Slot], is: Value, piece: &Piece) -> Stopped {
        let share = self.meeting(number, slots, piece);
        let passed = self.program.mul(share, piece.length);
        let at = self.program.add(passed, piece.start);
        Stopped { is, at, states: self.after(piece, share) }
    }

    /// After which share of a step a condition is met, by halving it; none of it where the condition is met at its start.
    fn meeting(&mut self, number: usize, slots: &[Slot], piece: &Piece) -> Value {
        let dynamics = self.dynamics(number);
        let at_hand: Vec<Value> = slots.iter().map(|slot| self.value_of(*slot)).collect();
        self.put(slots, &piece.x[0]);
        let early = self.stopping(dynamics, piece.start);
        let mut around = Around::new(number, std::mem::take(&mut self.program));
        let inside = piece.map(|value| around.inside(&mut self.program, value));
        self.around = Some(around);
        let [low, high] = [0, 1].map(|slot| self.carried(slot));
        let half = self.program.number(0.5);
        let sum = self.program.add(low, high);
        let middle = self.program.mul(sum, half);
        let states = self.after(&inside, middle);
        self.put(slots, &states);
        let passed = self.program.mul(middle, inside.length);
        let time = self.program.add(passed, inside.start);
        let met = self.stopping(dynamics, time);
        let next = vec![self.program.select(met, low, middle), self.program.select(met, middle, high)];
        let (program, outer, tables) = self.around.take().expect("nothing ends the body but this").end();
        let body = std::mem::replace(&mut self.program, program);
        let (zero, one) = (self.program.number(0.0), self.program.number(1.0));
        let inputs = [vec![zero, one], outer].concat();
        let run =
            self.program.run(Loop { steps: HALVINGS, inputs, carried: 2, body, next, tables, alive: None });
        self.put(slots, &at_hand);
        let share = self.program.last(run, 1);
        self.program.select(early, zero, share)
    }
}
