//! The program of a simulator: values, each computed once, each from earlier ones.
//!
//! Arrays are gone here: every element of a node is a value of its own. An operation that was made before is found
//! again instead of made twice (hash-consing), and what can be computed now is. The rewriting keeps the bits
//! of every result, up to the sign of zeros.

use crate::hoist::hoist;
use crate::scalar;
use sbi_model::{Binary, Kernel, Series, Unary};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The most values a program may have.
pub(crate) const MAX_VALUES: usize = 1 << 20;

/// The most values that may be asked for, found ones included: a bound on the time to compile, about a second.
const MAX_REQUESTS: usize = 4 * MAX_VALUES;

/// A value: the position of its operation in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Value(u32);

/// How a value is made from earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// A number, by its bits.
    Number(u64),
    Unary(Unary, Value),
    Binary(Binary, Value, Value),
    Select {
        condition: Value,
        yes: Value,
        no: Value,
    },
    Noise(Noise),
    Alone(Alone),
    Driving(Driving),
    Sample(Sample),
    /// A special function of two numbers; of one, it is written twice.
    Special(Special, Value, Value),
    /// A number from outside of the program, by its column among those.
    Given(u32),
    /// In the body of a loop: a value of the program around it, by its number among the loop's inputs.
    Outer(u32),
    /// In the body of a loop: what it carries from step to step, as the step finds it.
    Carried(u32),
    /// In the body of a loop: the number of the step, from zero.
    Step,
    /// A loop: all that it carries.
    Loop(u32),
    /// What a loop carried when it had made `place` steps, rounded down; NaN at no place.
    Trace {
        run: Value,
        slot: u32,
        place: Value,
    },
    /// What a loop carries when it ends.
    Last {
        run: Value,
        slot: u32,
    },
    /// A process in time, drawn at many times at once: no number itself.
    Process(u32),
    /// A row of a process, by its number; NaN where that is none.
    Row {
        process: Value,
        row: Value,
    },
    /// In the body of a loop: a row of one of the loop's tables; of another loop what it carried, of a process its only slot.
    Inner {
        table: u32,
        slot: u32,
        row: Value,
    },
    /// In the body of a loop: [`Op::Before`] of another loop, one of its tables.
    InnerBefore {
        table: u32,
        slot: u32,
        value: Value,
    },
    /// A fixed function of time at a time, linearly interpolated.
    Series {
        series: u32,
        time: Value,
    },
    /// After how many steps what a loop carries, which never falls, first reaches a value, less one; NaN where it never does.
    Before {
        run: Value,
        slot: u32,
        value: Value,
    },
    /// How often what a loop carries rises from below a level to it or above it, from one step to the next.
    Crossings {
        run: Value,
        slot: u32,
        level: Value,
    },
}

/// Steps that are made one after the other.
pub(crate) struct Loop {
    /// How many there are at most.
    pub steps: u32,
    /// What is carried before the first step, then the values of the program around that the body reads.
    pub inputs: Vec<Value>,
    /// How many values are carried.
    pub carried: usize,
    /// What a step computes.
    pub body: Program,
    /// Of the body: what is carried to the next step.
    pub next: Vec<Value>,
    /// The processes and other loops of the program around that the body reads rows of.
    pub tables: Vec<Value>,
    /// The carried value that is zero once nothing of a draw changes any more: its steps are then left out.
    pub alive: Option<u32>,
}

impl Loop {
    /// The tables of which the body reads rows, with the slots that it reads of each.
    pub fn rows_read(&self) -> BTreeMap<usize, BTreeSet<u32>> {
        let mut found: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for value in self.body.behind(&self.next) {
            if let Op::Inner { table, slot, .. } | Op::InnerBefore { table, slot, .. } = self.body.op(value) {
                found.entry(table as usize).or_default().insert(slot);
            }
        }
        found
    }

    /// Those of its tables that are other loops of which the body reads rows, with the slots that it reads of each.
    pub fn loops_read<'a>(
        &'a self,
        around: &'a Program,
    ) -> impl Iterator<Item = (Value, BTreeSet<u32>)> + 'a {
        let tables = self.rows_read().into_iter();
        let tables = tables.filter_map(|(table, slots)| Some((*self.tables.get(table)?, slots)));
        tables.filter(|(table, _)| matches!(around.op(*table), Op::Loop(_)))
    }
}

/// A process in time: the rows of a factor of its covariance times standard normal numbers of a stream, one for each column.
#[derive(Clone)]
pub(crate) struct Process {
    pub factor: Factor,
    /// The hash of the site's dotted path.
    pub path: u64,
}

/// The factor of a covariance.
#[derive(Clone)]
pub(crate) enum Factor {
    /// The same in all draws.
    Known(Arc<[Vec<f64>]>),
    /// Each draw has its own, of the process at these times.
    Drawn { kernel: Kernel, times: Arc<[f64]>, length: Value, period: Value },
}

impl Factor {
    /// The numbers of the kernel that each draw has by itself.
    fn operands(&self) -> impl Iterator<Item = Value> + use<> {
        let numbers = match self {
            Factor::Known(_) => [None; 2],
            Factor::Drawn { length, period, .. } => [Some(*length), Some(*period)],
        };
        numbers.into_iter().flatten()
    }
}

/// A standard random number of a stream ([`crate::rng`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Noise {
    pub law: Law,
    /// The hash of the site's dotted path.
    pub path: u64,
    pub element: u32,
}

/// The standard random number of what has one in each draw ([`crate::rng`]), outside of loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alone {
    pub law: Law,
    /// The hash of the site's dotted path.
    pub path: u64,
}

/// The standard normal number that drives an element of a path in a step of a loop ([`crate::rng`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Driving {
    /// The hash of the noise's dotted path.
    pub path: u64,
    pub element: u32,
}

/// A random number of a law that no formula gives, with the one or two numbers that it takes; one is written twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sample {
    pub sampler: Sampler,
    /// The hash of the site's dotted path.
    pub path: u64,
    pub element: u32,
    pub arguments: [Value; 2],
}

/// The laws of [`crate::sampler`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sampler {
    /// The logarithm of a gamma number of this shape and rate 1.
    LogGamma,
    /// A count of this mean.
    Poisson,
    /// Successes among so many trials of this probability.
    Binomial,
    /// A standard normal number between two ends.
    NormalBetween,
    /// An angle about zero of this concentration, from -π to π.
    VonMises,
}

/// The special functions that densities are made of ([`crate::elementary`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    /// What Stirling's formula lacks of the logarithm of a factorial.
    Stirling,
    /// `x log(x / y) + y - x`.
    Deviance,
    /// The logarithm of the Bessel function `I0`, less its argument.
    Bessel,
    /// The logarithm of the normal law between two ends, over its density at the place there that is nearest to zero.
    NormalBetween,
}

/// The standard laws of which all others are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Law {
    /// Uniform between 0 and 1, both excluded.
    Uniform,
    /// Normal with mean 0 and standard deviation 1.
    Normal,
}

/// A program under construction. Operands always come before what uses them.
#[derive(Default)]
pub(crate) struct Program {
    ops: Vec<Op>,
    loops: Vec<Loop>,
    processes: Vec<Process>,
    series: Vec<Arc<Series>>,
    known: HashMap<Op, Value>,
    requests: usize,
}

impl Value {
    /// The position of its operation.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

impl Op {
    /// The values it reads, in order; a place without one is `None`. Those of a loop are its inputs, those of a process the
    /// numbers of its kernel.
    pub fn operands(self) -> [Option<Value>; 3] {
        match self {
            Op::Number(_)
            | Op::Noise(_)
            | Op::Alone(_)
            | Op::Driving(_)
            | Op::Given(_)
            | Op::Outer(_)
            | Op::Carried(_)
            | Op::Step
            | Op::Loop(_)
            | Op::Process(_) => [None; 3],
            Op::Row { process, row } => [Some(process), Some(row), None],
            Op::Inner { row: x, .. } | Op::InnerBefore { value: x, .. } | Op::Series { time: x, .. } => {
                [Some(x), None, None]
            }
            Op::Trace { run, place: x, .. }
            | Op::Before { run, value: x, .. }
            | Op::Crossings { run, level: x, .. } => [Some(run), Some(x), None],
            Op::Last { run, .. } => [Some(run), None, None],
            Op::Sample(Sample { arguments: [x, y], .. }) => [Some(x), Some(y), None],
            Op::Unary(_, x) => [Some(x), None, None],
            Op::Binary(_, x, y) | Op::Special(_, x, y) => [Some(x), Some(y), None],
            Op::Select { condition, yes, no } => [Some(condition), Some(yes), Some(no)],
        }
    }
}

impl Program {
    /// The number of values.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether the program has outgrown its bounds. From then on the values handed out mean nothing.
    pub fn overflowed(&self) -> bool {
        self.ops.len() >= MAX_VALUES || self.requests >= MAX_REQUESTS
    }

    /// Outgrows the bounds at once, for what is known to be too much before it is tried.
    pub fn overflow(&mut self) {
        self.requests = MAX_REQUESTS;
    }

    /// All values that these are made of, themselves included, in their order.
    pub fn behind(&self, values: &[Value]) -> BTreeSet<Value> {
        let mut found = BTreeSet::new();
        let mut open = values.to_vec();
        while let Some(value) = open.pop() {
            if found.insert(value) {
                open.extend(self.operands(value));
            }
        }
        found
    }

    /// An operation with other operands in place of its own.
    pub fn again(&mut self, op: Op, operands: &[Value]) -> Value {
        match (op, operands) {
            (Op::Unary(op, _), [x]) => self.unary(op, *x),
            (Op::Binary(op, ..), [x, y]) => self.binary(op, *x, *y),
            (Op::Special(function, ..), [x, y]) => self.special(function, *x, *y),
            (Op::Select { .. }, [condition, yes, no]) => self.select(*condition, *yes, *no),
            (Op::Sample(sample), [x, y]) => self.sample(Sample { arguments: [*x, *y], ..sample }),
            _ => panic!("only what is computed is computed again"),
        }
    }

    /// How `value` is made.
    pub fn op(&self, value: Value) -> Op {
        self.ops.get(value.position()).copied().expect("a value belongs to the program that made it")
    }

    /// The values that `value` is made of.
    pub fn operands(&self, value: Value) -> impl Iterator<Item = Value> + '_ {
        let op = self.op(value);
        let run = if let Op::Loop(number) = op { Some(self.loop_of(number)) } else { None };
        let inputs = run.into_iter().flat_map(|run| run.inputs.iter().chain(&run.tables));
        let process = if let Op::Process(number) = op { Some(self.process_of(number)) } else { None };
        let numbers = process.into_iter().flat_map(|process| process.factor.operands());
        op.operands().into_iter().flatten().chain(inputs.copied()).chain(numbers)
    }

    /// A loop by its number.
    pub fn loop_of(&self, number: u32) -> &Loop {
        self.loops.get(number as usize).expect("a loop belongs to the program that made it")
    }

    /// All values with their operations, first to last.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = (Value, Op)> {
        self.ops.iter().enumerate().map(|(k, op)| (Value(k as u32), *op))
    }

    /// The number that `value` is known to be.
    pub fn known_number(&self, value: Value) -> Option<f64> {
        match self.op(value) {
            Op::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&mut self, x: f64) -> Value {
        self.value(Op::Number(x.to_bits()))
    }

    /// A standard random number.
    pub fn noise(&mut self, noise: Noise) -> Value {
        self.value(Op::Noise(noise))
    }

    /// The standard random number of what has one in each draw.
    pub fn alone(&mut self, alone: Alone) -> Value {
        self.value(Op::Alone(alone))
    }

    /// What drives a path in a step of a loop.
    pub fn driving(&mut self, driving: Driving) -> Value {
        self.value(Op::Driving(driving))
    }

    /// A random number of another law.
    pub fn sample(&mut self, sample: Sample) -> Value {
        self.value(Op::Sample(sample))
    }

    /// `x` where it is above zero, else NaN.
    pub fn positive(&mut self, x: Value) -> Value {
        let zero = self.number(0.0);
        let possible = self.binary(Binary::Gt, x, zero);
        self.require(possible, x)
    }

    /// A value that needs nothing to be known: what only the body of a loop has, a random number, a row of a process.
    pub fn leaf(&mut self, op: Op) -> Value {
        self.value(op)
    }

    /// Runs a loop.
    pub fn run(&mut self, run: Loop) -> Value {
        assert_eq!(run.carried, run.next.len(), "a step gives what it was given");
        self.requests += run.body.requests;
        let run = if self.overflowed() { run } else { hoist(self, run) };
        self.loops.push(run);
        self.value(Op::Loop(self.loops.len() as u32 - 1))
    }

    /// A process, drawn.
    pub fn process(&mut self, process: Process) -> Value {
        self.processes.push(process);
        self.value(Op::Process(self.processes.len() as u32 - 1))
    }

    /// A process by its number.
    pub fn process_of(&self, number: u32) -> &Process {
        self.processes.get(number as usize).expect("a process belongs to the program that made it")
    }

    /// A fixed function of time at a time.
    pub fn series(&mut self, series: &Arc<Series>, time: Value) -> Value {
        if let Some(time) = self.known_number(time) {
            return self.number(scalar::interpolate(series, time));
        }
        let known = self.series.iter().position(|known| Arc::ptr_eq(known, series));
        let number = known.unwrap_or_else(|| {
            self.series.push(Arc::clone(series));
            self.series.len() - 1
        });
        self.value(Op::Series { series: number as u32, time })
    }

    /// A fixed function of time by its number.
    pub fn series_of(&self, number: u32) -> &Arc<Series> {
        self.series.get(number as usize).expect("a function belongs to the program that reads it")
    }

    /// What a loop carries after `place` steps, rounded down.
    pub fn trace(&mut self, run: Value, slot: u32, place: Value) -> Value {
        let Op::Loop(number) = self.op(run) else {
            assert!(self.overflowed(), "only of a loop is something kept");
            return run;
        };
        let steps = self.loop_of(number).steps;
        match self.known_number(place) {
            Some(place) if place >= f64::from(steps) => self.last(run, slot),
            Some(place) if place < 1.0 => {
                let initial = self.loop_of(number).inputs.get(slot as usize).copied();
                initial.expect("a loop starts what it carries")
            }
            _ => self.value(Op::Trace { run, slot, place }),
        }
    }

    /// What a loop carries when it ends.
    pub fn last(&mut self, run: Value, slot: u32) -> Value {
        self.value(Op::Last { run, slot })
    }

    /// The step at whose end what a loop carries first reaches a value.
    pub fn before(&mut self, run: Value, slot: u32, value: Value) -> Value {
        self.value(Op::Before { run, slot, value })
    }

    /// How often what a loop carries rises through a level.
    pub fn crossings(&mut self, run: Value, slot: u32, level: Value) -> Value {
        self.value(Op::Crossings { run, slot, level })
    }

    /// `op x`.
    pub fn unary(&mut self, op: Unary, x: Value) -> Value {
        match self.known_number(x) {
            Some(x) => self.number(scalar::unary(op, x)),
            None => self.value(Op::Unary(op, x)),
        }
    }

    /// `x op y`.
    pub fn binary(&mut self, op: Binary, x: Value, y: Value) -> Value {
        if let (Some(x), Some(y)) = (self.known_number(x), self.known_number(y)) {
            return self.number(scalar::binary(op, x, y));
        }
        let commutes =
            matches!(op, Binary::Add | Binary::Mul | Binary::Eq | Binary::Ne | Binary::And | Binary::Or);
        let (x, y) = if commutes && self.known_number(x).is_some() { (y, x) } else { (x, y) };
        if let Some(simpler) = self.known_number(y).and_then(|y| self.with_number(op, x, y)) {
            return simpler;
        }
        let swap = commutes && self.known_number(y).is_none() && y < x;
        let (x, y) = if swap { (y, x) } else { (x, y) };
        self.value(Op::Binary(op, x, y))
    }

    /// A special function of two numbers.
    pub fn special(&mut self, function: Special, x: Value, y: Value) -> Value {
        match (self.known_number(x), self.known_number(y)) {
            (Some(x), Some(y)) => self.number(scalar::special(function, x, y)),
            _ => self.value(Op::Special(function, x, y)),
        }
    }

    /// Whether `x` is a finite number.
    pub fn is_finite(&mut self, x: Value) -> Value {
        let nothing = self.sub(x, x);
        self.binary(Binary::Eq, nothing, nothing)
    }

    /// `x + y`.
    pub fn add(&mut self, x: Value, y: Value) -> Value {
        self.binary(Binary::Add, x, y)
    }

    /// `x - y`.
    pub fn sub(&mut self, x: Value, y: Value) -> Value {
        self.binary(Binary::Sub, x, y)
    }

    /// `x y`.
    pub fn mul(&mut self, x: Value, y: Value) -> Value {
        self.binary(Binary::Mul, x, y)
    }

    /// `x / y`.
    pub fn div(&mut self, x: Value, y: Value) -> Value {
        self.binary(Binary::Div, x, y)
    }

    /// A simpler way to compute `x op y` for a known `y`, if there is one.
    fn with_number(&mut self, op: Binary, x: Value, y: f64) -> Option<Value> {
        match op {
            Binary::Add | Binary::Sub if y == 0.0 => Some(x),
            Binary::Mul | Binary::Div | Binary::Pow if y == 1.0 => Some(x),
            Binary::Div if is_power_of_two(y) => {
                let inverse = self.number(1.0 / y);
                Some(self.binary(Binary::Mul, x, inverse))
            }
            Binary::Pow if y == 0.0 => Some(self.number(1.0)),
            Binary::Pow if y == 2.0 => Some(self.binary(Binary::Mul, x, x)),
            Binary::Pow if y == -1.0 => {
                let one = self.number(1.0);
                Some(self.binary(Binary::Div, one, x))
            }
            _ => None,
        }
    }

    /// `if condition then yes else no`.
    pub fn select(&mut self, condition: Value, yes: Value, no: Value) -> Value {
        match self.known_number(condition) {
            Some(condition) => {
                if condition == 0.0 {
                    no
                } else {
                    yes
                }
            }
            None if yes == no => yes,
            None => self.value(Op::Select { condition, yes, no }),
        }
    }

    /// `x` where `condition` holds, NaN elsewhere: a draw that cannot be made fails instead of inventing a value.
    pub fn require(&mut self, condition: Value, x: Value) -> Value {
        let nan = self.number(f64::NAN);
        self.select(condition, x, nan)
    }

    /// The value of an operation, made before or now.
    fn value(&mut self, op: Op) -> Value {
        self.requests += 1;
        if let Some(value) = self.known.get(&op) {
            return *value;
        }
        if self.overflowed() {
            return Value(0);
        }
        let value = Value(self.ops.len() as u32);
        self.ops.push(op);
        self.known.insert(op, value);
        value
    }
}

/// Whether dividing by `y` is multiplying by `1 / y`, to the bit.
fn is_power_of_two(y: f64) -> bool {
    y.is_normal() && (1.0 / y).is_normal() && y.to_bits() << 12 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(p: &mut Program, element: u32) -> Value {
        p.noise(Noise { law: Law::Uniform, path: 1, element })
    }

    #[test]
    fn equal_operations_are_one_value() {
        let mut p = Program::default();
        let (x, y) = (noise(&mut p, 0), noise(&mut p, 1));
        assert_eq!(p.binary(Binary::Add, x, y), p.binary(Binary::Add, y, x));
        assert_ne!(p.binary(Binary::Sub, x, y), p.binary(Binary::Sub, y, x));
        assert_eq!(x, noise(&mut p, 0));
    }

    #[test]
    fn what_is_known_is_computed_now() {
        let mut p = Program::default();
        let (two, three) = (p.number(2.0), p.number(3.0));
        let power = p.binary(Binary::Pow, three, two);
        assert_eq!(p.known_number(power), Some(9.0));
        let log = p.unary(Unary::Log, power);
        assert_eq!(p.known_number(log), Some(crate::elementary::ln(9.0)));
        let x = noise(&mut p, 0);
        assert_eq!(p.select(two, x, three), x);
        let (zero, one) = (p.number(0.0), p.number(1.0));
        assert_eq!(p.binary(Binary::Add, zero, x), x);
        assert_eq!(p.binary(Binary::Mul, one, x), x);
        assert_eq!(p.binary(Binary::Pow, x, two), p.binary(Binary::Mul, x, x));
        let half = p.number(0.5);
        assert_eq!(p.binary(Binary::Div, x, two), p.binary(Binary::Mul, half, x));
        let third = p.binary(Binary::Div, x, three);
        assert_eq!(p.op(third), Op::Binary(Binary::Div, x, three));
    }

    #[test]
    fn a_program_stops_growing_at_its_bound() {
        let mut p = Program::default();
        for element in 0..MAX_VALUES as u32 + 10 {
            noise(&mut p, element);
        }
        assert!(p.overflowed());
        assert_eq!(p.len(), MAX_VALUES);
    }
}
