//! Equations solved to tolerances: each draw takes steps of its own lengths.
//!
//! Dormand and Prince's method of order 5(4) with the interpolation of order four by Hairer, Nørsett and Wanner (Solving
//! Ordinary Differential Equations I, II.6), and for stiff systems a linearly implicit method of order 2(3) with its own
//! interpolation (Shampine and Reichelt 1997, "The MATLAB ODE suite"). A step whose error is too large is made again,
//! shorter; a draw whose steps become nothing has failed.
//!
//! What the loop carries, in this order: the states, their slopes, how the last step bends, the time, the length of the
//! next step, whether the draw goes on, how large each state has been; then, with a `stop when`, whether it is met, and the
//! time, the states and the slopes before the last step; then, with a `when`, how long the step behind the next is at
//! most; then the `let`s whose crossings are counted.

use crate::around::Around;
use crate::events::Tried;
use crate::lower::Lower;
use crate::motion::{Run, Slot};
use crate::piece::{Bend, Piece};
use crate::ssa::{Loop, Op, Value};
use sbi_model::{Binary, Dynamics, Solver, Tolerances, Unary};
use std::collections::BTreeMap;
use std::ops::Range;

/// The most steps, those made again included.
const STEPS: u32 = 20_000;

/// A step that is a smaller share of the time than this is none.
const LEAST: f64 = 1e-13;

/// As a share of the largest that a state has been, what of it is nothing.
const NOTHING: f64 = 0.01;

/// As a share of the largest state in its unit, how large a state counts at least.
const ALIKE: f64 = 1e-4;

/// The lengths of the states, from their slopes, in which a first step is tried.
const FIRST: f64 = 0.01;

/// The stages of Dormand and Prince's method: when each is, and the weights of the slopes before it. The last are those of
/// the step.
const STAGES: [(f64, &[f64]); 6] = [
    (1.0 / 5.0, &[1.0 / 5.0]),
    (3.0 / 10.0, &[3.0 / 40.0, 9.0 / 40.0]),
    (4.0 / 5.0, &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0]),
    (8.0 / 9.0, &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0]),
    (1.0, &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0]),
    (1.0, &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0]),
];

/// The weights of the slopes in the difference from the step of order four.
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// The weights of the slopes in the last coefficient of the interpolation.
const BEND: [f64; 7] = [
    -12715105075.0 / 11282082432.0,
    0.0,
    87487479700.0 / 32700410799.0,
    -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0,
    -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0,
];

/// `1 / (2 + √2)`, of the linearly implicit method.
pub(crate) const IMPLICIT: f64 = 1.0 - std::f64::consts::FRAC_1_SQRT_2;

/// How a dynamics is solved to tolerances.
#[derive(Clone, Copy)]
pub(crate) struct Free {
    pub(crate) from: f64,
    pub(crate) to: f64,
    tolerances: Tolerances,
    pub(crate) stiff: bool,
}

/// Where a loop carries what, for `count` states.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    count: u32,
}

impl Layout {
    pub(crate) fn of(slots: &[Slot]) -> Layout {
        Layout { count: slots.len() as u32 }
    }

    pub(crate) fn slope(self, slot: usize) -> u32 {
        self.count + slot as u32
    }

    pub(crate) fn bend(self, slot: usize) -> u32 {
        2 * self.count + slot as u32
    }

    pub(crate) fn time(self) -> u32 {
        3 * self.count
    }

    fn length(self) -> u32 {
        self.time() + 1
    }

    fn alive(self) -> u32 {
        self.time() + 2
    }

    fn largest(self) -> Range<u32> {
        self.alive() + 1..self.alive() + 1 + self.count
    }

    fn met(self) -> u32 {
        self.largest().end
    }

    fn time_before(self) -> u32 {
        self.met() + 1
    }

    fn before(self) -> Range<u32> {
        self.time_before() + 1..self.time_before() + 1 + 2 * self.count
    }
}

/// A step that has been tried.
pub(crate) struct Step {
    pub(crate) x: Vec<Value>,
    pub(crate) slopes: Vec<Value>,
    pub(crate) bend: Vec<Value>,
    /// By how much it is off, state by state.
    error: Vec<Value>,
}

impl Free {
    /// How a dynamics is solved, if to tolerances.
    pub(crate) fn of(dynamics: &Dynamics) -> Option<Free> {
        let [from, to] = dynamics.over;
        match dynamics.solver {
            Solver::DormandPrince(tolerances) => Some(Free { from, to, tolerances, stiff: false }),
            Solver::Rosenbrock(tolerances) => Some(Free { from, to, tolerances, stiff: true }),
            _ => None,
        }
    }
}

impl Lower<'_> {
    /// The loop of a dynamics that is solved to tolerances.
    pub(crate) fn free_run(&mut self, number: usize, dynamics: &Dynamics, free: Free) -> Run {
        let slots = self.states_here(dynamics);
        let layout = Layout::of(&slots);
        let x: Vec<Value> = slots.iter().map(|slot| self.value_of(*slot)).collect();
        let start = self.program.number(free.from);
        let slopes = self.calm_slopes(dynamics, start);
        let mut inputs = [x.clone(), slopes.clone(), slopes.clone()].concat();
        let first = self.first_length(&slots, &x, &slopes, free);
        let stops = (!dynamics.stops.is_empty()).then(|| self.stopping(dynamics, start));
        let alive = match stops {
            Some(over) => self.program.unary(Unary::Not, over),
            None => self.program.number(1.0),
        };
        inputs.extend([start, first, alive]);
        inputs.extend(self.sizes(&x));
        if let Some(over) = stops {
            inputs.extend([over, start]);
            inputs.extend(x.iter().chain(&slopes).copied());
        }
        let limit = inputs.len();
        if !dynamics.events.is_empty() {
            inputs.push(self.program.number(f64::MAX));
        }
        let watched = self.watched_from(number, dynamics, start, &mut inputs);
        let carried = inputs.len();
        self.around = Some(Around::new(number, std::mem::take(&mut self.program)));
        self.reductions.clear();
        let next = self.free_step(dynamics, &slots, (&watched, limit), free);
        let (program, outer, tables) = self.around.take().expect("nothing ends the body but this").end();
        let body = std::mem::replace(&mut self.program, program);
        self.put(&slots, &x);
        inputs.extend(outer);
        let alive = Some(layout.alive());
        let value = self.program.run(Loop { steps: STEPS, inputs, carried, body, next, tables, alive });
        let stopped = (!dynamics.stops.is_empty()).then(|| {
            let is = self.program.last(value, layout.met());
            let piece = self.last_piece(value, &slots, free);
            self.stopped_in(number, &slots, is, &piece)
        });
        let run = Run { value, first: value, slots, watched, stopped, pauses: Vec::new() };
        self.sign(dynamics, &run);
        self.free_sign(&run, dynamics, free);
        run
    }

    /// The last step of a loop that a `stop when` has ended.
    fn last_piece(&mut self, run: Value, slots: &[Slot], free: Free) -> Piece {
        let (layout, count) = (Layout::of(slots), slots.len() as u32);
        let mut last =
            |range: Range<u32>| range.map(|slot| self.program.last(run, slot)).collect::<Vec<Value>>();
        let mut before = last(layout.before());
        let slopes = [before.split_off(slots.len()), last(count..2 * count)];
        let (x, more) = ([before, last(0..count)], last(2 * count..3 * count));
        let bend = if free.stiff { Bend::Implicit { first: more } } else { Bend::Quartic { slopes, more } };
        let [start, end] = [layout.time_before(), layout.time()].map(|slot| self.program.last(run, slot));
        Piece { x, bend, start, length: self.program.sub(end, start) }
    }

    /// Says that a draw's steps became nothing.
    fn free_sign(&mut self, run: &Run, dynamics: &Dynamics, free: Free) {
        let reached = self.program.last(run.value, Layout::of(&run.slots).time());
        let end = self.program.number(free.to);
        let mut sound = self.program.binary(Binary::Ge, reached, end);
        if let Some(stopped) = &run.stopped {
            sound = self.program.binary(Binary::Or, sound, stopped.is);
        }
        let name = &dynamics.name;
        let else_said = format!("`{name}` is not solved to its tolerances in {STEPS} steps");
        let help = if free.stiff {
            "see whether a state goes to infinity within the span, or take a larger `rtol`"
        } else {
            "see whether a state goes to infinity within the span; a stiff system is solved `by rosenbrock()`"
        };
        self.note(dynamics, run, sound, else_said, help.into());
    }

    /// The length of the first step that is tried: a small share of what the slopes say.
    pub(crate) fn first_length(
        &mut self,
        slots: &[Slot],
        x: &[Value],
        slopes: &[Value],
        free: Free,
    ) -> Value {
        let sizes = self.sizes(x);
        let largest = self.with_their_like(slots, &sizes);
        let [here, change] = [x, slopes].map(|values| self.size_of(values, &sizes, &largest, free));
        let share = self.program.div(here, change);
        let factor = self.program.number(FIRST);
        let length = self.program.mul(share, factor);
        let span = free.to - free.from;
        let [least, most] = [1e-6, 0.1].map(|share| self.program.number(share * span));
        let longer = self.program.binary(Binary::Gt, length, least);
        let length = self.program.select(longer, length, least);
        let shorter = self.program.binary(Binary::Lt, length, most);
        self.program.select(shorter, length, most)
    }

    fn sizes(&mut self, x: &[Value]) -> Vec<Value> {
        x.iter().map(|x| self.program.unary(Unary::Abs, *x)).collect()
    }

    fn larger(&mut self, x: &[Value], y: &[Value]) -> Vec<Value> {
        x.iter().zip(y).map(|(x, y)| self.program.binary(Binary::Max, *x, *y)).collect()
    }

    /// How large states have been, a small share of the largest in the same unit at least: what starts at nothing and grows
    /// as a power of time has no size of its own that steps could be measured against.
    fn with_their_like(&mut self, slots: &[Slot], largest: &[Value]) -> Vec<Value> {
        let units: Vec<Option<String>> =
            slots.iter().map(|(id, _)| self.model.node(*id).reduced.clone()).collect();
        let mut groups: BTreeMap<&Option<String>, Value> = BTreeMap::new();
        for (unit, own) in units.iter().zip(largest) {
            let most = groups.get(unit).map_or(*own, |most| self.program.binary(Binary::Max, *most, *own));
            groups.insert(unit, most);
        }
        let share = self.program.number(ALIKE);
        let each = units.iter().zip(largest);
        each.map(|(unit, own)| {
            let least = groups.get(unit).map_or(*own, |most| self.program.mul(*most, share));
            self.program.binary(Binary::Max, *own, least)
        })
        .collect()
    }

    /// The root of the mean square of values, as shares of what is tolerated at states of these sizes that have been as
    /// large as `largest`.
    fn size_of(&mut self, values: &[Value], sizes: &[Value], largest: &[Value], free: Free) -> Value {
        let zero = self.program.number(0.0);
        let mut sum = zero;
        for ((value, size), largest) in values.iter().zip(sizes).zip(largest) {
            let tolerated = self.tolerated(*size, *largest, free);
            let share = self.program.div(*value, tolerated);
            // Of a state that is nothing, and has been, nothing is asked.
            let nothing = self.program.binary(Binary::Eq, tolerated, zero);
            let share = self.program.select(nothing, zero, share);
            let square = self.program.mul(share, share);
            sum = self.program.add(square, sum);
        }
        let count = self.program.number(1.0 / values.len().max(1) as f64);
        let mean = self.program.mul(sum, count);
        self.program.unary(Unary::Sqrt, mean)
    }

    /// By how much a state may be off. Without a number for it, what is nothing is a share of the largest that
    /// the state has been: so the answer is the same in whatever units a model is written.
    fn tolerated(&mut self, size: Value, largest: Value, free: Free) -> Value {
        let Tolerances { relative, absolute } = free.tolerances;
        let share = self.program.number(relative);
        let scaled = self.program.mul(size, share);
        let least = match absolute {
            Some(number) => self.program.number(number),
            None => {
                let share = self.program.number(relative * NOTHING);
                self.program.mul(largest, share)
            }
        };
        self.program.add(scaled, least)
    }

    /// The body of the loop.
    fn free_step(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        (watched, limit): (&[(Slot, u32)], usize),
        free: Free,
    ) -> Vec<Value> {
        let (layout, count) = (Layout::of(slots), slots.len());
        let held: Vec<Value> = (0..3 * count).map(|slot| self.carried(slot)).collect();
        let [time, length, alive] =
            [layout.time(), layout.length(), layout.alive()].map(|slot| self.program.leaf(Op::Carried(slot)));
        let (x, rest_of) = held.split_at(count);
        let slopes = rest_of.get(..count).unwrap_or_default();
        let end = self.program.number(free.to);
        let rest = self.program.sub(end, time);
        let is_last = self.program.binary(Binary::Ge, length, rest);
        let step = self.program.select(is_last, rest, length);
        let reached = self.program.add(time, step);
        let then = self.program.select(is_last, end, reached);
        let mut tried = if free.stiff {
            self.implicit(dynamics, slots, x, slopes, [time, then, step])
        } else {
            self.dormand_prince(dynamics, slots, x, slopes, [time, then, step])
        };
        let largest: Vec<Value> = layout.largest().map(|slot| self.carried(slot as usize)).collect();
        let (before, after) = (self.sizes(x), self.sizes(&tried.x));
        let sizes = self.larger(&before, &after);
        let likened = self.with_their_like(slots, &largest);
        let error = self.size_of(&tried.error, &sizes, &likened, free);
        let one = self.program.number(1.0);
        let good = self.program.binary(Binary::Le, error, one);
        let mut moves = self.program.binary(Binary::And, alive, good);
        let mut next_length = self.next_length(step, error, good, if free.stiff { 1.0 / 3.0 } else { 0.2 });
        let (mut behind, mut happens) = (None, None);
        if !dynamics.events.is_empty() {
            let limit = self.carried(limit);
            let (next, length) = (next_length, step);
            let step = Tried { x, slopes, step: &tried, now: time, then, length, moves, next, limit };
            let left = self.interrupted(dynamics, slots, &step, free);
            (moves, next_length) = (left.moves, left.length);
            (behind, happens) = (Some(left.limit), Some(left.happens));
            tried = Step { x: left.x, slopes: left.slopes, ..tried };
        }
        let states = [tried.x.clone(), tried.slopes.clone()].concat();
        let next = [tried.x.clone(), tried.slopes, tried.bend].concat();
        let mut carried: Vec<Value> =
            next.iter().zip(&held).map(|(next, held)| self.program.select(moves, *next, *held)).collect();
        let now = self.program.select(moves, then, time);
        carried.extend([now, next_length]);
        let least = self.program.number(LEAST * (free.to - free.from));
        let goes_on = [(Binary::Lt, now, end), (Binary::Gt, next_length, least)]
            .map(|(op, x, y)| self.program.binary(op, x, y));
        let goes_on = goes_on.into_iter().fold(alive, |all, one| self.program.binary(Binary::And, all, one));
        carried.push(goes_on);
        let largest: Vec<(Value, Value)> = self.larger(&sizes, &largest).into_iter().zip(largest).collect();
        carried
            .extend(largest.into_iter().map(|(larger, largest)| self.program.select(moves, larger, largest)));
        if !dynamics.stops.is_empty() {
            self.put(slots, &tried.x);
            let met = self.stopping(dynamics, then);
            let met = self.program.binary(Binary::And, moves, met);
            let calm = self.program.unary(Unary::Not, met);
            let place = layout.alive() as usize;
            if let Some(alive) = carried.get_mut(place) {
                *alive = self.program.binary(Binary::And, *alive, calm);
            }
            let before = self.program.leaf(Op::Carried(layout.met()));
            carried.push(self.program.binary(Binary::Or, before, met));
            let latest = std::iter::once(time).chain(held.iter().take(2 * count).copied());
            let end = std::iter::once(then).chain(states);
            for (slot, (latest, end)) in (layout.time_before()..).zip(latest.zip(end)) {
                let earlier = self.program.leaf(Op::Carried(slot));
                // What something sets at a moment has no way to it.
                let latest = happens.map_or(latest, |happens| self.program.select(happens, end, latest));
                carried.push(self.program.select(moves, latest, earlier));
            }
        }
        carried.extend(behind);
        let states: Vec<Value> = carried.iter().take(count).copied().collect();
        carried.extend(self.watch(dynamics, watched, slots, &states, now));
        carried
    }

    /// How long the next step is: the error is of this power in it, and a length is never changed more than fivefold.
    fn next_length(&mut self, step: Value, error: Value, good: Value, power: f64) -> Value {
        let p = &mut self.program;
        let [safe, least, most, one, power, all] =
            [0.9, 0.2, 5.0, 1.0, -power, f64::MAX].map(|x| p.number(x));
        let wanted = p.binary(Binary::Pow, error, power);
        let wanted = p.mul(wanted, safe);
        let within = p.binary(Binary::Min, wanted, most);
        let within = p.binary(Binary::Max, within, least);
        // What is no number is too long by far.
        let finite = p.binary(Binary::Le, error, all);
        let factor = p.select(finite, within, least);
        let no_longer = p.binary(Binary::Min, factor, one);
        let factor = p.select(good, factor, no_longer);
        p.mul(step, factor)
    }

    fn dormand_prince(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        first: &[Value],
        [now, then, step]: [Value; 3],
    ) -> Step {
        let mut slopes = vec![first.to_vec()];
        let mut next = Vec::new();
        for (when, weights) in STAGES {
            let part = self.program.number(when);
            let passed = self.program.mul(step, part);
            let time = if when == 1.0 { then } else { self.program.add(now, passed) };
            let off = self.weighted(&slopes, weights, step);
            next = x.iter().zip(off).map(|(x, off)| self.program.add(off, *x)).collect();
            self.put(slots, &next);
            slopes.push(self.calm_slopes(dynamics, time));
        }
        let [error, bend] = [ERROR, BEND].map(|weights| self.weighted(&slopes, &weights, step));
        Step { x: next, slopes: slopes.pop().unwrap_or_default(), bend, error }
    }

    /// The weighted sum of slopes over a step.
    fn weighted(&mut self, slopes: &[Vec<Value>], weights: &[f64], step: Value) -> Vec<Value> {
        let count = slopes.first().map_or(0, Vec::len);
        let sum = |slot: usize| {
            let terms = slopes.iter().zip(weights).filter(|(_, weight)| **weight != 0.0);
            let terms = terms.filter_map(|(slopes, weight)| Some((*slopes.get(slot)?, *weight)));
            let sum = terms.fold(None, |sum, (slope, weight)| {
                let weight = self.program.number(weight);
                let term = self.program.mul(slope, weight);
                Some(sum.map_or(term, |sum| self.program.add(term, sum)))
            });
            let sum = sum.expect("each stage has slopes before it");
            self.program.mul(sum, step)
        };
        (0..count).map(sum).collect()
    }

    /// `ode23s` of Shampine and Reichelt, 3.1, with the exact Jacobian.
    fn implicit(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        first: &[Value],
        [now, then, step]: [Value; 3],
    ) -> Step {
        let part = self.program.number(IMPLICIT);
        let reach = self.program.mul(step, part);
        self.put(slots, x);
        let here = self.calm_slopes(dynamics, now);
        let drift = self.program.derivatives(&here, now);
        let columns: Vec<_> = x.iter().map(|x| self.program.derivatives(&here, *x)).collect();
        let mut matrix: Vec<Vec<Option<Value>>> = (0..x.len())
            .map(|row| columns.iter().map(|column| column.get(row).copied().flatten()).collect())
            .collect();
        for (row, values) in matrix.iter_mut().enumerate() {
            for (column, place) in values.iter_mut().enumerate() {
                let scaled = place.map(|value| self.program.mul(reach, value));
                *place = if row == column {
                    let one = self.program.number(1.0);
                    Some(scaled.map_or(one, |scaled| self.program.sub(one, scaled)))
                } else {
                    scaled.map(|scaled| self.program.unary(Unary::Neg, scaled))
                };
            }
        }
        self.program.eliminate(&mut matrix);
        let drift: Vec<Option<Value>> =
            drift.into_iter().map(|drift| drift.map(|drift| self.program.mul(reach, drift))).collect();
        let with_drift = |this: &mut Self, values: &[Value]| -> Vec<Value> {
            let each = values.iter().zip(&drift);
            each.map(|(value, drift)| drift.map_or(*value, |drift| this.program.add(*value, drift))).collect()
        };
        let right = with_drift(self, first);
        let k1 = self.program.solve(&matrix, &right);
        let half = self.program.number(0.5);
        let half_step = self.program.mul(step, half);
        let middle = self.ahead(x, &k1, half_step);
        self.put(slots, &middle);
        let time = self.program.add(now, half_step);
        let f1 = self.calm_slopes(dynamics, time);
        let right = self.differences(&f1, &k1);
        let solved = self.program.solve(&matrix, &right);
        let k2: Vec<Value> = solved.iter().zip(&k1).map(|(a, b)| self.program.add(*a, *b)).collect();
        let next = self.ahead(x, &k2, step);
        self.put(slots, &next);
        let f2 = self.calm_slopes(dynamics, then);
        let (big, two) = (self.program.number(6.0 + std::f64::consts::SQRT_2), self.program.number(2.0));
        let [late, early] = [(&k2, &f1, big), (&k1, &first.to_vec(), two)].map(|(k, f, factor)| {
            let off = self.differences(k, f);
            off.into_iter().map(|off| self.program.mul(off, factor)).collect::<Vec<Value>>()
        });
        let right = self.differences(&f2, &late);
        let right = self.differences(&right, &early);
        let right = with_drift(self, &right);
        let k3 = self.program.solve(&matrix, &right);
        let sixth = self.program.number(1.0 / 6.0);
        let share = self.program.mul(step, sixth);
        let error = k1.iter().zip(&k2).zip(&k3).map(|((k1, k2), k3)| {
            let twice = self.program.mul(*k2, two);
            let sum = self.program.add(*k1, *k3);
            let bent = self.program.sub(sum, twice);
            self.program.mul(bent, share)
        });
        let error = error.collect();
        let bend = k1.iter().map(|k1| self.program.mul(*k1, step)).collect();
        Step { x: next, slopes: f2, bend, error }
    }

    /// `x + length slope`, where the length is a value.
    fn ahead(&mut self, x: &[Value], slopes: &[Value], length: Value) -> Vec<Value> {
        let each = x.iter().zip(slopes);
        each.map(|(x, slope)| {
            let off = self.program.mul(*slope, length);
            self.program.add(off, *x)
        })
        .collect()
    }

    fn differences(&mut self, x: &[Value], y: &[Value]) -> Vec<Value> {
        x.iter().zip(y).map(|(x, y)| self.program.sub(*x, *y)).collect()
    }
}
