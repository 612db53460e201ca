//! Jump processes: every jump on its own (Gillespie 1977), or as many as fall into a step (Gillespie 2001).
//!
//! Jump by jump a process is run from one time at which it is read to the next. As it has no memory, a jump that would
//! fall behind that time is left out there and looked for anew. Each such run is a loop by itself, which draws leave as
//! they are done. Where it is read at times that are not known beforehand it is one loop, which keeps all that the states were.

use crate::around::Around;
use crate::lower::Lower;
use crate::motion::{Run, Slot, Stopped};
use crate::rng::path_hash;
use crate::ssa::{Law, Loop, Noise, Sample, Sampler, Value};
use sbi_model::{Binary, Dynamics, Event, ExprId, NodeId, Solver, Unary};
use std::collections::BTreeSet;

/// A process that is run jump by jump.
#[derive(Clone, Copy)]
pub(crate) struct Jumps {
    /// The dynamics.
    number: usize,
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// The most jumps of one draw.
    max: usize,
}

/// When a process is read that is run jump by jump.
#[derive(Clone, Default)]
pub(crate) struct Pauses {
    /// The times that are known beforehand, as bits that keep their order.
    times: BTreeSet<u64>,
    /// Whether it is read at others.
    anywhere: bool,
}

/// What a loop carries behind the states, from run to run: the time, how many jumps there were, and whether a `stop when`
/// is met; the last says in each run whether it goes on.
#[derive(Clone, Copy)]
struct Clockwork {
    time: Value,
    count: Value,
    met: Value,
}

/// Which jump is made, and when: that among whose sums of rates the level lies.
struct Choice {
    then: Value,
    jumps_now: Value,
    level: Value,
    sums: Vec<Value>,
}

impl Jumps {
    /// How a dynamics is run, if jump by jump.
    pub(crate) fn of(number: usize, dynamics: &Dynamics) -> Option<Jumps> {
        let Solver::Gillespie { max } = dynamics.solver else { return None };
        let [from, to] = dynamics.over;
        Some(Jumps { number, from, to, max })
    }
}

/// A time as bits in the order of times, and back.
fn ordered(time: f64) -> u64 {
    let bits = time.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn time_of(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

impl Lower<'_> {
    /// The loops of a dynamics that is run jump by jump.
    pub(crate) fn jump_run(&mut self, dynamics: &Dynamics, jumps: Jumps) -> Run {
        let slots = self.states_here(dynamics);
        let start = self.program.number(jumps.from);
        let initial: Vec<Value> = slots.iter().map(|slot| self.value_of(*slot)).collect();
        let mut states = initial.clone();
        let met = self.stopping(dynamics, start);
        let mut clockwork = Clockwork { time: start, count: self.program.number(0.0), met };
        let Pauses { times, anywhere } = self.pauses.get(jumps.number).cloned().unwrap_or_default();
        let mut times = if anywhere { BTreeSet::new() } else { times };
        times.insert(ordered(jumps.to));
        let (mut pauses, mut loops) = (Vec::new(), Vec::new());
        for (place, until) in times.into_iter().map(time_of).enumerate() {
            let place = (place, until);
            loops.push(self.jump_until(dynamics, jumps, &slots, place, &mut states, &mut clockwork));
            let end = self.program.number(until);
            let reached = self.program.binary(Binary::Ge, clockwork.time, end);
            let reached = self.program.binary(Binary::Or, reached, clockwork.met);
            let known = states.iter().map(|x| self.program.require(reached, *x)).collect();
            pauses.push((until, known));
        }
        self.put(&slots, &initial);
        let stops = !dynamics.stops.is_empty();
        let stopped = stops.then_some(Stopped { is: clockwork.met, at: clockwork.time, states });
        let [Some(first), Some(value)] = [loops.first(), loops.last()].map(Option::<&Value>::copied) else {
            unreachable!("it runs until its end at least")
        };
        let run = Run { value, first, slots, watched: Vec::new(), stopped, pauses };
        self.sign(dynamics, &run);
        let end = self.program.number(jumps.to);
        let reached = self.program.binary(Binary::Ge, clockwork.time, end);
        let sound = self.program.binary(Binary::Or, reached, clockwork.met);
        let most = self.program.number(jumps.max as f64);
        let few = self.program.binary(Binary::Lt, clockwork.count, most);
        let often = self.program.binary(Binary::Or, sound, few);
        let (name, max) = (&dynamics.name, jumps.max);
        let else_said = format!("`{name}` jumps more than {max} times");
        let help = "write a larger `max`, or see whether a state goes to infinity";
        self.note(dynamics, &run, often, else_said, help.into());
        let else_said = format!("a rate of `{name}` is below zero, or no number");
        self.note(dynamics, &run, sound, else_said, "write it so that it never is: `max(0, …)`".into());
        run
    }

    /// Runs a process until a time; `states` and `clockwork` go on from there.
    fn jump_until(
        &mut self,
        dynamics: &Dynamics,
        jumps: Jumps,
        slots: &[Slot],
        (place, until): (usize, f64),
        states: &mut Vec<Value>,
        clockwork: &mut Clockwork,
    ) -> Value {
        let alive = self.program.unary(Unary::Not, clockwork.met);
        let mut inputs = states.clone();
        inputs.extend([clockwork.time, clockwork.count, clockwork.met, alive]);
        let carried = inputs.len();
        self.around = Some(Around::new(jumps.number, std::mem::take(&mut self.program)));
        self.reductions.clear();
        let next = self.jump(dynamics, jumps, slots, (place, until));
        let (program, outer, tables) = self.around.take().expect("nothing ends the body but this").end();
        let body = std::mem::replace(&mut self.program, program);
        inputs.extend(outer);
        let alive = Some(carried as u32 - 1);
        let steps = jumps.max as u32 + 1;
        let run = self.program.run(Loop { steps, inputs, carried, body, next, tables, alive });
        let mut last = (0..carried as u32).map(|slot| self.program.last(run, slot));
        *states = last.by_ref().take(slots.len()).collect();
        if let (Some(time), Some(count), Some(met)) = (last.next(), last.next(), last.next()) {
            *clockwork = Clockwork { time, count, met };
        }
        run
    }

    /// The body of the loop: one jump, if it falls before the time until which the process is run.
    fn jump(
        &mut self,
        dynamics: &Dynamics,
        jumps: Jumps,
        slots: &[Slot],
        (place, until): (usize, f64),
    ) -> Vec<Value> {
        let x: Vec<Value> = (0..slots.len()).map(|slot| self.carried(slot)).collect();
        let [time, count, met, alive] = [0, 1, 2, 3].map(|k| self.carried(slots.len() + k));
        self.put(slots, &x);
        let rates = self.rates(dynamics, time);
        let mut sums = Vec::new();
        let mut total = self.program.number(0.0);
        for rate in rates {
            total = self.program.add(total, rate);
            sums.push(total);
        }
        let path = path_hash(&format!("{}.jump.{place}", dynamics.name));
        let part = self.part.map_or(0, |(place, _)| place as u32);
        let [wait, which] = [0, 1].map(|element| {
            self.program.noise(Noise { law: Law::Uniform, path, element: 2 * part + element })
        });
        let log = self.program.unary(Unary::Log, wait);
        let wait = self.program.div(log, total);
        let then = self.program.sub(time, wait);
        let end = self.program.number(until);
        let before = self.program.binary(Binary::Le, then, end);
        let most = self.program.number(jumps.max as f64);
        let few = self.program.binary(Binary::Lt, count, most);
        let jumps_now =
            [before, few].into_iter().fold(alive, |all, one| self.program.binary(Binary::And, all, one));
        let level = self.program.mul(which, total);
        let choice = Choice { then, jumps_now, level, sums };
        let next = self.jumped(dynamics, slots, &x, &choice);
        self.put(slots, &next);
        let stops = self.stopping(dynamics, then);
        let stops = self.program.binary(Binary::And, jumps_now, stops);
        let goes_on = self.program.unary(Unary::Not, stops);
        let goes_on = self.program.binary(Binary::And, jumps_now, goes_on);
        // A rate that is no number leads nowhere, and no rate at all to the end of the time.
        let zero = self.program.number(0.0);
        let behind = self.program.binary(Binary::Gt, then, end);
        let none = self.program.binary(Binary::Eq, total, zero);
        let past = self.program.binary(Binary::Or, behind, none);
        let past = self.program.binary(Binary::And, past, alive);
        let later = self.program.select(past, end, time);
        let one = self.program.number(1.0);
        let more = self.program.add(count, one);
        let mut carried = next;
        carried.push(self.program.select(jumps_now, then, later));
        carried.push(self.program.select(jumps_now, more, count));
        carried.push(self.program.binary(Binary::Or, met, stops));
        carried.push(goes_on);
        carried
    }

    /// The rates of all jumps, which are not below zero.
    fn rates(&mut self, dynamics: &Dynamics, time: Value) -> Vec<Value> {
        let zero = self.program.number(0.0);
        let rates = dynamics.jumps.iter();
        rates
            .map(|jump| {
                let rate = self.at_time(time, |this| this.members(dynamics, jump.trigger));
                let possible = self.program.binary(Binary::Ge, rate, zero);
                self.program.require(possible, rate)
            })
            .collect()
    }

    /// The states after a jump, the one that is chosen.
    fn jumped(&mut self, dynamics: &Dynamics, slots: &[Slot], x: &[Value], choice: &Choice) -> Vec<Value> {
        let mut next = x.to_vec();
        let mut below = self.program.number(0.0);
        for (jump, sum) in dynamics.jumps.iter().zip(&choice.sums) {
            let [from, to] = [(Binary::Ge, below), (Binary::Lt, *sum)]
                .map(|(op, bound)| self.program.binary(op, choice.level, bound));
            let this = self.program.binary(Binary::And, from, to);
            let this = self.program.binary(Binary::And, this, choice.jumps_now);
            for (slot, value) in self.assigned(&jump.assignments, choice.then) {
                let place = slots.iter().position(|known| *known == slot);
                if let Some(place) = place.and_then(|place| next.get_mut(place)) {
                    *place = self.program.select(this, value, *place);
                }
            }
            below = *sum;
        }
        next
    }

    /// What a jump sets the states to.
    fn assigned(&mut self, assignments: &[(NodeId, ExprId)], time: Value) -> Vec<(Slot, Value)> {
        let mut set = Vec::new();
        for (state, value) in assignments {
            let values = self.elements_of(*state, |this| this.at_time(time, |this| this.expression(*value)));
            set.extend(self.elements_here(*state).map(|element| (*state, element)).zip(values));
        }
        set
    }

    /// The states after a step in which all jumps keep the rates that they have at its start; what else changes them does.
    pub(crate) fn leap(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        now: Value,
        step: f64,
    ) -> Vec<Value> {
        let slopes = self.calm_slopes(dynamics, now);
        let mut next = self.along(x, &slopes, step);
        let rates = self.rates(dynamics, now);
        let length = self.program.number(step);
        for (number, (jump, rate)) in dynamics.jumps.iter().zip(rates).enumerate() {
            let mean = self.program.mul(rate, length);
            let path = path_hash(&format!("{}.jump.{number}", dynamics.name));
            let element = self.part.map_or(0, |(place, _)| place as u32);
            let drawn = Sample { sampler: Sampler::Poisson, path, element, arguments: [mean, mean] };
            let count = self.program.sample(drawn);
            let count = self.affordable(dynamics, slots, x, &next, (jump, count), now);
            for (slot, value) in self.assigned(&jump.assignments, now) {
                let Some(place) = slots.iter().position(|known| *known == slot) else { continue };
                let (Some(x), Some(next)) = (x.get(place), next.get_mut(place)) else { continue };
                let change = self.program.sub(value, *x);
                let change = self.program.mul(change, count);
                *next = self.program.add(change, *next);
            }
        }
        next
    }

    /// How often a jump can be made that uses up a state: where its rate is zero once nothing of that is left, no more often
    /// than what is left allows.
    fn affordable(
        &mut self,
        dynamics: &Dynamics,
        slots: &[Slot],
        x: &[Value],
        next: &[Value],
        (jump, count): (&Event, Value),
        now: Value,
    ) -> Value {
        let zero = self.program.number(0.0);
        let mut most = count;
        for (slot, value) in self.assigned(&jump.assignments, now) {
            let Some(place) = slots.iter().position(|known| *known == slot) else { continue };
            let (Some(here), Some(left)) = (x.get(place), next.get(place)) else { continue };
            let taken = self.program.sub(*here, value);
            let mut without = x.to_vec();
            without.get_mut(place).into_iter().for_each(|state| *state = zero);
            self.put(slots, &without);
            let rate = self.at_time(now, |this| this.members(dynamics, jump.trigger));
            self.put(slots, x);
            self.refreshed(dynamics, now);
            let share = self.program.div(*left, taken);
            let whole = self.program.unary(Unary::Floor, share);
            let whole = self.program.binary(Binary::Max, whole, zero);
            let fewer = self.program.binary(Binary::Min, most, whole);
            let uses = self.program.binary(Binary::Gt, taken, zero);
            let ends = self.program.binary(Binary::Eq, rate, zero);
            let bounded = self.program.binary(Binary::And, uses, ends);
            most = self.program.select(bounded, fewer, most);
        }
        most
    }

    /// A state where a process pauses, or between its jumps; while all is looked at for the first time, that is noted.
    pub(crate) fn at_pause(&mut self, jumps: Jumps, run: &Run, slot: usize, time: Value) -> Value {
        let known = self.program.known_number(time);
        if self.is_kept(jumps) {
            // As it was after the last jump before.
            let jump = self.step_before(run.value, run.slots.len() as u32, time);
            return self.kept_of(run.value, slot as u32, jump);
        }
        if known.is_some_and(|time| time <= jumps.from) {
            return self.value_of(*run.slots.get(slot).expect("a slot is a state's"));
        }
        let pause = run.pauses.iter().find(|(pause, _)| Some(*pause) == known);
        if let Some(state) = pause.and_then(|(_, states)| states.get(slot)) {
            return *state;
        }
        match (known, self.pauses.get_mut(jumps.number)) {
            (Some(time), Some(pauses)) if !time.is_nan() => {
                pauses.times.insert(ordered(time));
            }
            (None, _) => self.keep(jumps),
            _ => {}
        }
        self.program.number(f64::NAN)
    }

    /// Whether all that the states of a process are is kept.
    pub(crate) fn is_kept(&self, jumps: Jumps) -> bool {
        self.pauses.get(jumps.number).is_some_and(|pauses| pauses.anywhere)
    }

    /// Notes that all of it is to be kept.
    pub(crate) fn keep(&mut self, jumps: Jumps) {
        self.pauses.get_mut(jumps.number).into_iter().for_each(|pauses| pauses.anywhere = true);
    }
}
