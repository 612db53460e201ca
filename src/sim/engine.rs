//! Runs instructions over columns: the work of one instruction is a loop over the same register of many draws.
//!
//! The cost of deciding what to do is paid once for a column of draws, and the loops are plain enough to become vector
//! code. A column is cut into blocks of [`LANES`], so that every loop has a length known to the compiler and one
//! compiled body serves all widths.

use crate::bytecode::{Code, Fused, Instruction, Operand};
use crate::elementary as own;
use crate::isa::Kernel;
use crate::registers::{LANES, Lanes, Registers};
use crate::rng::Stream;
use crate::ssa::{Law, Process};
use crate::{sampler, scalar};
use sbi_model::{Binary, Series, Unary};

/// The simulations of some draws, a column's at most.
pub(crate) struct Chunk<'a> {
    pub code: &'a Code,
    pub seed: u64,
    pub draws: &'a [u64],
    /// What comes from outside of the program, so many columns for each draw, row-major.
    pub given: (&'a [f64], usize),
    /// The table's rows of these draws, row-major.
    pub rows: &'a mut [f64],
    pub registers: &'a mut Registers,
}

impl Kernel for Chunk<'_> {
    #[inline(always)]
    fn run(self) {
        let Chunk { code, seed, draws, given, rows, registers } = self;
        registers.number(draws);
        let (mut at, mut step, mut start) = (0, 0, 0);
        while let Some(instruction) = code.instructions.get(at) {
            at += 1;
            match *instruction {
                Instruction::Given { to, column } => {
                    let mut lanes = registers.take(to);
                    load(&mut lanes, given, column);
                    registers.put(to, lanes);
                }
                Instruction::Begin { run } => {
                    (step, start) = (0, at);
                    registers.begin(code.steps(run));
                }
                Instruction::End { run } => {
                    step += 1;
                    (step, at) = if registers.end(code.steps(run), step) { (0, at) } else { (step, start) };
                }
                Instruction::Store { column, x } => store(rows, code.columns, column, x, registers),
                _ if instruction.reads_memory() => remember(instruction, code, seed, registers),
                _ => compute(instruction, seed, step, registers),
            }
        }
    }
}

/// Computes columns of columns.
#[inline(always)]
fn compute(instruction: &Instruction, seed: u64, step: u32, registers: &mut Registers) {
    match *instruction {
        Instruction::Unary { op, to, x } => {
            let mut column = registers.take(to);
            unary(op, registers.busy(&mut column), registers.read(x));
            registers.put(to, column);
        }
        Instruction::Binary { op, to, x, y } => {
            let mut column = registers.take(to);
            binary(op, registers.busy(&mut column), x, y, registers);
            registers.put(to, column);
        }
        Instruction::Fused { form, to, a, b, c } => {
            let mut column = registers.take(to);
            fused(form, registers.busy(&mut column), registers.read(a), b, c, registers);
            registers.put(to, column);
        }
        Instruction::Select { to, condition, yes, no } => {
            let mut column = registers.take(to);
            select(registers.busy(&mut column), registers.read(condition), yes, no, registers);
            registers.put(to, column);
        }
        Instruction::SinCos { to: [to_sin, to_cos], x } => {
            let (mut sin, mut cos) = (registers.take(to_sin), registers.take(to_cos));
            sin_cos(registers.busy(&mut sin), registers.busy(&mut cos), registers.read(x));
            registers.put(to_sin, sin);
            registers.put(to_cos, cos);
        }
        Instruction::Noise { law, path, pair, to } => {
            let stream = Stream::from_hash(seed, path);
            let mut columns = to.map(|r| r.map(|r| registers.take(r)).unwrap_or_default());
            let [even, odd] = &mut columns;
            noise(law, [even, odd].map(|c| registers.busy(c)), stream, registers.draws(), step, pair);
            for (register, column) in to.into_iter().zip(columns) {
                register.into_iter().zip([column]).for_each(|(r, column)| registers.put(r, column));
            }
        }
        Instruction::Sample { sampler, path, element, to, x, y } => {
            let mut column = registers.take(to);
            let stream = Stream::from_hash(seed, path);
            let draw = |draw, x, y| sampler::Site { stream, draw, step, element }.draw(sampler, x, y);
            one_by_one(registers.busy(&mut column), [x, y], registers, draw);
            registers.put(to, column);
        }
        Instruction::Special { function, to, x, y } => {
            let mut column = registers.take(to);
            let value = |_, x, y| scalar::special(function, x, y);
            one_by_one(registers.busy(&mut column), [x, y], registers, value);
            registers.put(to, column);
        }
        Instruction::Move { to, x } => {
            let mut column = registers.take(to);
            fill(registers.busy(&mut column), x, registers);
            registers.put(to, column);
        }
        Instruction::Step { to } => {
            let mut column = registers.take(to);
            fill(registers.busy(&mut column), Operand::Number(f64::from(step)), registers);
            registers.put(to, column);
        }
        _ => unreachable!("what is kept, read and written is done elsewhere"),
    }
}

/// Draws processes, and reads what they and loops have kept.
#[inline(always)]
fn remember(instruction: &Instruction, code: &Code, seed: u64, registers: &mut Registers) {
    match *instruction {
        Instruction::Process { process, trace } => {
            let Process { factor, path } = code.process(process);
            let mut rows = registers.room(trace, factor.len());
            normal_rows(&mut rows, factor, Stream::from_hash(seed, *path), registers.draws());
            registers.keep_process(trace, rows);
        }
        Instruction::Row { trace, to, row } => {
            let mut column = registers.take(to);
            registers.row(registers.busy(&mut column), trace, row);
            registers.put(to, column);
        }
        Instruction::Trace { run, kept, to, row } => {
            let mut column = registers.take(to);
            registers.trace(&mut column, code.steps(run), kept, row);
            registers.put(to, column);
        }
        Instruction::Survey { kind, run, kept, to, x } => {
            let mut column = registers.take(to);
            registers.survey(kind, &mut column, code.steps(run), kept, x);
            registers.put(to, column);
        }
        Instruction::Series { series, to, time } => {
            let mut column = registers.take(to);
            let series = code.series.get(series).expect("code reads the functions that it has");
            interpolate(registers.busy(&mut column), registers.read(time), series);
            registers.put(to, column);
        }
        _ => unreachable!("this is computed"),
    }
}

/// One loop over the lanes of up to three columns. A macro and not a function of a closure: the body must be compiled
/// for the instruction set of the loop, and a closure may stay a function of its own.
macro_rules! each_lane {
    ($to:ident, $x:ident in $a:expr => $value:expr) => {
        for (to, a) in $to.iter_mut().zip($a) {
            for (to, &$x) in to.0.iter_mut().zip(&a.0) {
                *to = $value;
            }
        }
    };
    ($to:ident, $x:ident in $a:expr, $y:ident in $b:expr => $value:expr) => {
        for ((to, a), b) in $to.iter_mut().zip($a).zip($b) {
            for ((to, &$x), &$y) in to.0.iter_mut().zip(&a.0).zip(&b.0) {
                *to = $value;
            }
        }
    };
    ($to:ident, $x:ident in $a:expr, $y:ident in $b:expr, $z:ident in $c:expr => $value:expr) => {
        for (((to, a), b), c) in $to.iter_mut().zip($a).zip($b).zip($c) {
            for (((to, &$x), &$y), &$z) in to.0.iter_mut().zip(&a.0).zip(&b.0).zip(&c.0) {
                *to = $value;
            }
        }
    };
}

#[inline(always)]
fn unary(op: Unary, to: &mut [Lanes], x: &[Lanes]) {
    /// One loop for each operation that has no branches.
    macro_rules! loops {
        ($($simple:ident)*; $($angle:ident $moderate:ident)*) => {
            match op {
                $(Unary::$simple => each_lane!(to, x in x => scalar::unary(Unary::$simple, x)),)*
                $(Unary::$angle => {
                    for (to, x) in to.iter_mut().zip(x) {
                        if x.0.iter().all(|x| x.abs() <= own::MODERATE) {
                            for (to, &x) in to.0.iter_mut().zip(&x.0) {
                                *to = own::$moderate(x);
                            }
                        } else {
                            to.0.iter_mut().zip(&x.0).for_each(|(to, x)| *to = scalar::unary(Unary::$angle, *x));
                        }
                    }
                })*
            }
        };
    }
    loops!(
        Neg Not Abs Sign Floor Ceil Round Sqrt Exp Log Atan Tanh Logistic;
        Sin sin_moderate Cos cos_moderate Tan tan_moderate
    );
}

#[inline(always)]
fn sin_cos(sin: &mut [Lanes], cos: &mut [Lanes], x: &[Lanes]) {
    for ((sin, cos), x) in sin.iter_mut().zip(cos).zip(x) {
        let lanes = sin.0.iter_mut().zip(&mut cos.0).zip(&x.0);
        if x.0.iter().all(|x| x.abs() <= own::MODERATE) {
            for ((sin, cos), &x) in lanes {
                own::SinCos { sin: *sin, cos: *cos } = own::sin_cos_moderate(x);
            }
        } else {
            lanes.for_each(|((sin, cos), &x)| own::SinCos { sin: *sin, cos: *cos } = own::sin_cos(x));
        }
    }
}

#[inline(always)]
fn binary(op: Binary, to: &mut [Lanes], x: Operand, y: Operand, registers: &Registers) {
    macro_rules! loops {
        ($($op:ident)*) => {
            match op {
                $(Binary::$op => match (x, y) {
                    (Operand::Register(x), Operand::Register(y)) => {
                        let (x, y) = (registers.read(x), registers.read(y));
                        each_lane!(to, x in x, y in y => scalar::binary(Binary::$op, x, y));
                    }
                    (Operand::Register(x), Operand::Number(y)) => {
                        each_lane!(to, x in registers.read(x) => scalar::binary(Binary::$op, x, y));
                    }
                    (Operand::Number(x), Operand::Register(y)) => {
                        each_lane!(to, y in registers.read(y) => scalar::binary(Binary::$op, x, y));
                    }
                    (Operand::Number(_), Operand::Number(_)) => panic!("operations on numbers are folded"),
                },)*
            }
        };
    }
    loops!(Add Sub Mul Div Pow Min Max Lt Le Gt Ge Eq Ne And Or);
}

#[inline(always)]
fn fused(form: Fused, to: &mut [Lanes], a: &[Lanes], b: Operand, c: Operand, registers: &Registers) {
    macro_rules! loops {
        ($($form:ident: $a:ident $b:ident $c:ident => $value:expr;)*) => {
            match form {
                $(Fused::$form => match (b, c) {
                    (Operand::Register(b), Operand::Register(c)) => {
                        let (b, c) = (registers.read(b), registers.read(c));
                        each_lane!(to, $a in a, $b in b, $c in c => $value);
                    }
                    (Operand::Register(b), Operand::Number($c)) => {
                        each_lane!(to, $a in a, $b in registers.read(b) => $value);
                    }
                    (Operand::Number($b), Operand::Register(c)) => {
                        each_lane!(to, $a in a, $c in registers.read(c) => $value);
                    }
                    (Operand::Number($b), Operand::Number($c)) => each_lane!(to, $a in a => $value),
                },)*
            }
        };
    }
    // Two roundings each: Rust never contracts a product and a sum into one.
    loops! {
        MulAdd: a b c => a * b + c;
        MulSub: a b c => a * b - c;
        SubMul: a b c => c - a * b;
    }
}

#[inline(always)]
fn select(to: &mut [Lanes], condition: &[Lanes], yes: Operand, no: Operand, registers: &Registers) {
    match (yes, no) {
        (Operand::Register(yes), Operand::Register(no)) => {
            let (yes, no) = (registers.read(yes), registers.read(no));
            each_lane!(to, c in condition, yes in yes, no in no => scalar::select(c, yes, no));
        }
        (Operand::Register(yes), Operand::Number(no)) => {
            each_lane!(to, c in condition, yes in registers.read(yes) => scalar::select(c, yes, no));
        }
        (Operand::Number(yes), Operand::Register(no)) => {
            each_lane!(to, c in condition, no in registers.read(no) => scalar::select(c, yes, no));
        }
        (Operand::Number(yes), Operand::Number(no)) => {
            each_lane!(to, c in condition => scalar::select(c, yes, no));
        }
    }
}

/// Fills the columns of a block's even and odd element; an empty one is not wanted.
#[inline(always)]
fn noise(law: Law, to: [&mut [Lanes]; 2], stream: Stream, draws: &[[u64; LANES]], step: u32, pair: u32) {
    macro_rules! loops {
        ($pair:ident) => {{
            let [even, odd] = to;
            // A column that is not wanted is empty; then the loop runs over the other alone.
            if even.is_empty() {
                for (draws, odd) in draws.iter().zip(odd) {
                    for (draw, odd) in draws.iter().zip(&mut odd.0) {
                        [_, *odd] = stream.$pair(*draw, step, pair);
                    }
                }
            } else if odd.is_empty() {
                for (draws, even) in draws.iter().zip(even) {
                    for (draw, even) in draws.iter().zip(&mut even.0) {
                        [*even, _] = stream.$pair(*draw, step, pair);
                    }
                }
            } else {
                for (draws, (even, odd)) in draws.iter().zip(even.iter_mut().zip(odd)) {
                    for (draw, (even, odd)) in draws.iter().zip(even.0.iter_mut().zip(&mut odd.0)) {
                        [*even, *odd] = stream.$pair(*draw, step, pair);
                    }
                }
            }
        }};
    }
    match law {
        Law::Uniform => loops!(uniform_pair),
        Law::Normal => loops!(normal_pair),
    }
}

/// A fixed function of time, lane by lane.
#[inline(always)]
fn interpolate(to: &mut [Lanes], times: &[Lanes], series: &Series) {
    each_lane!(to, time in times => scalar::interpolate(series, time));
}

/// Adds a factor's rows times standard normal numbers to rows of columns.
#[inline(always)]
fn normal_rows(rows: &mut [Lanes], factor: &[Vec<f64>], stream: Stream, draws: &[[u64; LANES]]) {
    let rank = factor.iter().map(Vec::len).max().unwrap_or_default();
    let blocks = draws.len();
    for pair in 0..rank.div_ceil(2) {
        for (block, draws) in draws.iter().enumerate() {
            let mut normal = [[0.0; LANES]; 2];
            let [even, odd] = &mut normal;
            for (draw, (even, odd)) in draws.iter().zip(even.iter_mut().zip(odd)) {
                [*even, *odd] = stream.normal_pair(*draw, 0, pair as u32);
            }
            for (row, weights) in rows.chunks_mut(blocks).zip(factor) {
                let Some(to) = row.get_mut(block) else { continue };
                for (normal, weight) in normal.iter().zip(weights.iter().skip(2 * pair)) {
                    for (to, z) in to.0.iter_mut().zip(normal) {
                        *to += weight * z;
                    }
                }
            }
        }
    }
}

/// Copies a column, or fills one with a number.
#[inline(always)]
fn fill(to: &mut [Lanes], x: Operand, registers: &Registers) {
    match x {
        Operand::Register(x) => each_lane!(to, x in registers.read(x) => x),
        Operand::Number(x) => to.iter_mut().for_each(|to| to.0 = [x; LANES]),
    }
}

/// Fills a column with what loops until it has its number: each lane goes its own way, with the number of its draw and
/// its arguments.
fn one_by_one(
    to: &mut [Lanes],
    arguments: [Operand; 2],
    registers: &Registers,
    make: impl Fn(u64, f64, f64) -> f64,
) {
    let value = |operand: Operand, block: usize, lane: usize| match operand {
        Operand::Number(x) => x,
        Operand::Register(x) => {
            let lanes = registers.read(x).get(block).map(|lanes| &lanes.0);
            lanes.and_then(|lanes| lanes.get(lane)).copied().unwrap_or(f64::NAN)
        }
    };
    for (block, (to, draws)) in to.iter_mut().zip(registers.draws()).enumerate() {
        for (lane, (to, draw)) in to.0.iter_mut().zip(draws).enumerate() {
            let [x, y] = arguments.map(|operand| value(operand, block, lane));
            *to = make(*draw, x, y);
        }
    }
}

/// Reads one column of a table, as many rows as there are.
fn load(to: &mut [Lanes], (rows, columns): (&[f64], usize), column: usize) {
    let lanes = to.iter_mut().flat_map(|to| to.0.iter_mut());
    lanes.zip(rows.iter().skip(column).step_by(columns)).for_each(|(to, value)| *to = *value);
}

/// Writes one column of the table, as many rows as there are.
#[inline(always)]
fn store(rows: &mut [f64], columns: usize, column: usize, x: Operand, registers: &Registers) {
    match x {
        Operand::Register(x) => {
            for (rows, lanes) in rows.chunks_mut(LANES * columns).zip(registers.read(x)) {
                let places = rows.iter_mut().skip(column).step_by(columns);
                places.zip(&lanes.0).for_each(|(place, value)| *place = *value);
            }
        }
        Operand::Number(value) => {
            rows.iter_mut().skip(column).step_by(columns).for_each(|place| *place = value)
        }
    }
}
