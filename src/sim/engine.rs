//! Runs instructions over columns: the work of one instruction is a loop over the same register of many draws.
//!
//! The cost of deciding what to do is paid once for a column of draws, and the loops are plain enough to become vector
//! code: cheap operations go over a column vector by vector, each read before it is written, and those that are many
//! instructions piece by piece, which are copied, worked on and copied back.

use crate::bytecode::{Code, Instruction, Link, Operand, Source, Start};
use crate::elementary as own;
use crate::isa::Kernel;
use crate::process::Shape;
use crate::registers::{Cells, LANES, Piece, Registers, VECTOR, Vector};
use crate::rng::{self, Stream};
use crate::ssa::{Factor, Law, Process};
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
                Instruction::Given { to, column } => load(registers.read(to), given, column),
                Instruction::Begin { run } => {
                    (step, start) = (0, at);
                    registers.begin(code.steps(run));
                }
                Instruction::End { run } => {
                    step += 1;
                    (step, at) = if registers.end(code.steps(run), step) { (0, at) } else { (step, start) };
                }
                Instruction::Store { column, x } => store(rows, code.columns, column, x, registers),
                Instruction::Chain { start, links, to, sources } => {
                    chain(start, links, registers.read(to), sources, registers);
                }
                Instruction::Weighted { to, c, x, y } => weighted(registers.read(to), c, x, y, registers),
                Instruction::Binary { op, to, x, y } => binary(op, registers.read(to), [x, y], registers),
                _ if instruction.reads_memory() => remember(instruction, code, seed, registers),
                _ => compute(instruction, seed, step, registers),
            }
        }
    }
}

/// Computes columns of columns.
#[inline(always)]
fn compute(instruction: &Instruction, seed: u64, step: u32, registers: &Registers) {
    match *instruction {
        Instruction::Unary { op, to, x } => unary(op, registers.read(to), registers.read(x)),
        Instruction::Select { to, condition, yes, no } => {
            select(registers.read(to), [condition, yes, no], registers);
        }
        Instruction::SinCos { to: [sin, cos], x } => {
            sin_cos(registers.read(sin), registers.read(cos), registers.read(x));
        }
        Instruction::Noise { law, path, pair, to } => {
            let stream = Stream::from_hash(seed, path);
            let to = to.map(|register| register.map(|register| registers.read(register)));
            noise(law, to, stream, registers.draws(), step, pair);
        }
        Instruction::Alone { law, path, to } => {
            alone(law, registers.read(to), Stream::from_hash(seed, path), registers);
        }
        Instruction::Driving { path, element, to, by } => {
            let (to, by) = (registers.read(to), registers.read(by));
            if step.is_multiple_of(2) {
                let stream = Stream::from_hash(seed, path);
                noise(Law::Normal, [Some(to), Some(by)], stream, registers.draws(), step / 2, element);
            } else {
                copy(to, by);
            }
        }
        Instruction::Sample { sampler, path, element, to, x, y } => {
            let stream = Stream::from_hash(seed, path);
            let draw = |draw, x, y| sampler::Site { stream, draw, step, element }.draw(sampler, x, y);
            one_by_one(registers.read(to), [x, y], registers, draw);
        }
        Instruction::Special { function, to, x, y } => {
            let value = |_, x, y| scalar::special(function, x, y);
            one_by_one(registers.read(to), [x, y], registers, value);
        }
        Instruction::Move { to, x } => fill(registers.read(to), x, registers),
        Instruction::Step { to } => fill(registers.read(to), Operand::Number(f64::from(step)), registers),
        _ => unreachable!("what is kept, read and written is done elsewhere"),
    }
}

/// Draws processes, and reads what they and loops have kept.
#[inline(always)]
fn remember(instruction: &Instruction, code: &Code, seed: u64, registers: &mut Registers) {
    match *instruction {
        Instruction::Process { process, trace, shape } => {
            let Process { factor, path } = code.process(process);
            let stream = Stream::from_hash(seed, *path);
            let rows = match factor {
                Factor::Known(factor) => {
                    let mut rows = registers.room(trace, factor.len());
                    normal_rows(&mut rows, factor, stream, registers.draws());
                    rows
                }
                Factor::Drawn { kernel, times, .. } => {
                    let mut rows = registers.room(trace, times.len());
                    own_rows(&mut rows, (*kernel, times), shape, stream, registers);
                    rows
                }
            };
            registers.keep_process(trace, rows);
        }
        Instruction::Row { trace, to, row } => registers.row(to, trace, row),
        Instruction::Trace { run, kept, to, row } => registers.trace(to, code.steps(run), kept, row),
        Instruction::Survey { kind, run, kept, to, x } => {
            registers.survey(kind, to, code.steps(run), kept, x)
        }
        Instruction::Series { series, to, time } => {
            let series = code.series.get(series).expect("code reads the functions that it has");
            interpolate(registers.read(to), registers.read(time), series);
        }
        _ => unreachable!("this is computed"),
    }
}

/// One loop over columns, each vector read before it is written. A macro and not a function of a closure: the body must be
/// compiled for the instruction set of the loop, and a closure may stay a function of its own.
macro_rules! each_lane {
    ($to:expr, $($x:ident in $column:expr),+ => $value:expr) => {
        for (place, to) in $to.iter().enumerate() {
            $(let $x = $column.piece(place);)+
            for (place, to) in to.iter().enumerate() {
                $(let $x = $x[place].get().0;)+
                let mut vector = [0.0; VECTOR];
                for (lane, to) in vector.iter_mut().enumerate() {
                    $(let $x = $x[lane];)+
                    *to = $value;
                }
                to.set(Vector(vector));
            }
        }
    };
}

/// The numbers of a piece.
#[inline(always)]
fn copied(from: &Piece) -> [f64; LANES] {
    let mut numbers = [0.0; LANES];
    for (to, from) in numbers.chunks_exact_mut(VECTOR).zip(from) {
        to.copy_from_slice(&from.get().0);
    }
    numbers
}

/// Puts numbers into a piece.
#[inline(always)]
fn copy_back(to: &Piece, numbers: &[f64; LANES]) {
    let (vectors, _) = numbers.as_chunks::<VECTOR>();
    to.iter().zip(vectors).for_each(|(to, vector)| to.set(Vector(*vector)));
}

/// As [`each_lane`], piece by piece.
macro_rules! each_piece {
    ($to:expr, $($x:ident in $column:expr),+ => $value:expr) => {
        for (place, to) in $to.iter().enumerate() {
            $(let $x = copied($column.piece(place));)+
            let mut numbers = [0.0; LANES];
            for (lane, to) in numbers.iter_mut().enumerate() {
                $(let $x = $x[lane];)+
                *to = $value;
            }
            copy_back(to, &numbers);
        }
    };
}

#[inline(always)]
#[allow(clippy::indexing_slicing)] // Within pieces and vectors, whose lengths the compiler knows.
fn unary(op: Unary, to: &[Piece], x: &[Piece]) {
    /// One loop for each operation that has no branches.
    macro_rules! loops {
        ($($cheap:ident)*; $($dear:ident)*; $($angle:ident $moderate:ident)*) => {
            match op {
                $(Unary::$cheap => each_lane!(to, x in Cells::of(x) => scalar::unary(Unary::$cheap, x)),)*
                $(Unary::$dear => each_piece!(to, x in Cells::of(x) => scalar::unary(Unary::$dear, x)),)*
                $(Unary::$angle => {
                    for (to, x) in to.iter().zip(x) {
                        let (x, mut numbers) = (copied(x), [0.0; LANES]);
                        if x.iter().all(|x| x.abs() <= own::MODERATE) {
                            for (to, &x) in numbers.iter_mut().zip(&x) {
                                *to = own::$moderate(x);
                            }
                        } else {
                            numbers.iter_mut().zip(&x).for_each(|(to, x)| *to = scalar::unary(Unary::$angle, *x));
                        }
                        copy_back(to, &numbers);
                    }
                })*
            }
        };
    }
    loops!(
        Neg Not Abs Sqrt;
        Sign Floor Ceil Round Exp Log Atan Tanh Logistic;
        Sin sin_moderate Cos cos_moderate Tan tan_moderate
    );
}

#[inline(always)]
fn sin_cos(sin: &[Piece], cos: &[Piece], x: &[Piece]) {
    for ((to_sin, to_cos), x) in sin.iter().zip(cos).zip(x) {
        let x = copied(x);
        let (mut sin, mut cos) = ([0.0; LANES], [0.0; LANES]);
        let lanes = sin.iter_mut().zip(&mut cos).zip(&x);
        if x.iter().all(|x| x.abs() <= own::MODERATE) {
            for ((sin, cos), &x) in lanes {
                own::SinCos { sin: *sin, cos: *cos } = own::sin_cos_moderate(x);
            }
        } else {
            lanes.for_each(|((sin, cos), &x)| own::SinCos { sin: *sin, cos: *cos } = own::sin_cos(x));
        }
        copy_back(to_sin, &sin);
        copy_back(to_cos, &cos);
    }
}

#[inline(always)]
#[allow(clippy::indexing_slicing)] // As above.
fn binary(op: Binary, to: &[Piece], sources: [Source; 2], registers: &Registers) {
    let [x, y] = sources.map(|source| registers.source(source));
    macro_rules! loops {
        ($($cheap:ident)*) => {
            match op {
                $(Binary::$cheap => each_lane!(to, x in x, y in y => scalar::binary(Binary::$cheap, x, y)),)*
                Binary::Pow => each_piece!(to, x in x, y in y => scalar::binary(Binary::Pow, x, y)),
            }
        };
    }
    loops!(Add Sub Mul Div Min Max Lt Le Gt Ge Eq Ne And Or);
}

/// Sums and products one after the other, each rounded: Rust never contracts two into one.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // As above.
fn chain(start: Start, links: [Link; 2], to: &[Piece], sources: [Source; 6], registers: &Registers) {
    let [a, b, c, d, e, f] = sources;
    /// The loop that reads these sources.
    macro_rules! run {
        ($($x:ident)+; $value:expr) => {{
            $(let $x = registers.source($x);)+
            each_lane!(to, $($x in $x),+ => $value)
        }};
    }
    /// The second link, behind what reads these sources.
    macro_rules! second {
        ($($x:ident)+; $value:expr) => {
            match links[1] {
                Link::None => run!($($x)+; $value),
                Link::Mul => run!($($x)+ e; $value * e),
                Link::Add => run!($($x)+ e; $value + e),
                Link::Sub => run!($($x)+ e; $value - e),
                Link::From => run!($($x)+ e; e - $value),
                Link::AddMul => run!($($x)+ e f; $value + e * f),
                Link::SubMul => run!($($x)+ e f; $value - e * f),
                Link::FromMul => run!($($x)+ e f; e * f - $value),
            }
        };
    }
    match (start, links[0]) {
        (Start::Mul, Link::None) => run!(a b; a * b),
        (Start::Mul, Link::Mul) => second!(a b c; a * b * c),
        (Start::Mul, Link::Add) => second!(a b c; a * b + c),
        (Start::Mul, Link::Sub) => second!(a b c; a * b - c),
        (Start::Mul, Link::From) => second!(a b c; c - a * b),
        (Start::Mul, Link::AddMul) => second!(a b c d; a * b + c * d),
        (Start::Mul, Link::SubMul) => second!(a b c d; a * b - c * d),
        (Start::Mul, Link::FromMul) => second!(a b c d; c * d - a * b),
        (Start::Add, Link::Mul) => run!(a b c; (a + b) * c),
        (Start::Add, Link::Add) => run!(a b c; (a + b) + c),
        (Start::Add, Link::Sub) => run!(a b c; (a + b) - c),
        (Start::Add, Link::From) => run!(a b c; c - (a + b)),
        (Start::Sub, Link::Mul) => run!(a b c; (a - b) * c),
        (Start::Sub, Link::Add) => run!(a b c; (a - b) + c),
        (Start::Sub, Link::Sub) => run!(a b c; (a - b) - c),
        (Start::Sub, Link::From) => run!(a b c; c - (a - b)),
        (Start::Add | Start::Sub, _) => unreachable!("a sum has one link, to one value"),
    }
}

#[inline(always)]
#[allow(clippy::indexing_slicing)] // As above.
fn weighted(to: &[Piece], c: Source, (x, k): (Source, f64), y: Option<(Source, f64)>, registers: &Registers) {
    let [c, x] = [c, x].map(|source| registers.source(source));
    match y {
        None => each_lane!(to, x in x, c in c => x * k + c),
        Some((y, l)) => {
            let y = registers.source(y);
            each_lane!(to, x in x, c in c, y in y => x * k + c + y * l);
        }
    }
}

#[inline(always)]
#[allow(clippy::indexing_slicing)] // As above.
fn select(to: &[Piece], sources: [Source; 3], registers: &Registers) {
    let [condition, yes, no] = sources.map(|source| registers.source(source));
    each_lane!(to, condition in condition, yes in yes, no in no => scalar::select(condition, yes, no));
}

/// The numbers of a pair in these draws, the even ones and the odd ones.
///
/// In three loops and not in one, although they are the same to the last bit: the processor looks but a few hundred
/// instructions ahead, and a long body would leave it waiting for its root and its quotient.
#[inline(always)]
fn pairs<const N: usize>(law: Law, stream: Stream, draws: [u64; N], step: u32, pair: u32) -> [[f64; N]; 2] {
    let (mut even, mut odd) = ([0.0; N], [0.0; N]);
    for (draw, (even, odd)) in draws.iter().zip(even.iter_mut().zip(&mut odd)) {
        [*even, *odd] = stream.uniform_pair(*draw, step, pair);
    }
    if law == Law::Normal {
        for radius in &mut even {
            *radius = rng::radius(*radius);
        }
        for (even, odd) in even.iter_mut().zip(&mut odd) {
            [*even, *odd] = rng::at_angle(*even, *odd);
        }
    }
    [even, odd]
}

/// Fills the columns of a pair's even and odd element, those that are wanted.
#[inline(always)]
fn noise(law: Law, to: [Option<&[Piece]>; 2], stream: Stream, draws: &[[u64; LANES]], step: u32, pair: u32) {
    /// A loop for what is wanted of each law, so that nothing is made that is not.
    macro_rules! loops {
        ($law:expr) => {
            match to {
                [Some(to_even), Some(to_odd)] => {
                    for (draws, (to_even, to_odd)) in draws.iter().zip(to_even.iter().zip(to_odd)) {
                        let [even, odd] = pairs($law, stream, *draws, step, pair);
                        copy_back(to_even, &even);
                        copy_back(to_odd, &odd);
                    }
                }
                [Some(to), None] => {
                    for (draws, to) in draws.iter().zip(to) {
                        let [even, _] = pairs($law, stream, *draws, step, pair);
                        copy_back(to, &even);
                    }
                }
                [None, to] => {
                    for (draws, to) in draws.iter().zip(to.unwrap_or_default()) {
                        let [_, odd] = pairs($law, stream, *draws, step, pair);
                        copy_back(to, &odd);
                    }
                }
            }
        };
    }
    match law {
        Law::Uniform => loops!(Law::Uniform),
        Law::Normal => loops!(Law::Normal),
    }
}

/// Fills a column with the numbers of what has one in each draw.
#[inline(always)]
fn alone(law: Law, to: &[Piece], stream: Stream, registers: &Registers) {
    macro_rules! loops {
        ($law:expr) => {
            for (draws, to) in registers.draws().iter().zip(to) {
                let mut numbers = [0.0; LANES];
                if registers.in_pairs() {
                    let mut halves = [0; LANES / 2];
                    let first = draws.first().copied().unwrap_or_default() / 2;
                    halves.iter_mut().zip(first..).for_each(|(half, draw)| *half = draw);
                    let [even, odd] = pairs($law, stream, halves, 0, 0);
                    let (both, _) = numbers.as_chunks_mut::<2>();
                    for (both, (even, odd)) in both.iter_mut().zip(even.iter().zip(&odd)) {
                        *both = [*even, *odd];
                    }
                } else {
                    let [even, odd] = pairs($law, stream, draws.map(|draw| draw / 2), 0, 0);
                    let made = draws.iter().zip(even.iter().zip(&odd));
                    for (number, (draw, (even, odd))) in numbers.iter_mut().zip(made) {
                        *number = if draw % 2 == 0 { *even } else { *odd };
                    }
                }
                copy_back(to, &numbers);
            }
        };
    }
    match law {
        Law::Uniform => loops!(Law::Uniform),
        Law::Normal => loops!(Law::Normal),
    }
}

/// A fixed function of time, lane by lane.
#[allow(clippy::indexing_slicing)] // As above.
fn interpolate(to: &[Piece], times: &[Piece], series: &Series) {
    each_lane!(to, time in Cells::of(times) => scalar::interpolate(series, time));
}

/// Adds a factor's rows times standard normal numbers to rows of columns.
#[inline(always)]
fn normal_rows(rows: &mut [Vector], factor: &[Vec<f64>], stream: Stream, draws: &[[u64; LANES]]) {
    let rank = factor.iter().map(Vec::len).max().unwrap_or_default();
    let (vectors, _) = draws.as_flattened().as_chunks::<VECTOR>();
    for pair in 0..rank.div_ceil(2) {
        for (place, draws) in vectors.iter().enumerate() {
            let mut normal = [[0.0; VECTOR]; 2];
            let [even, odd] = &mut normal;
            for (draw, (even, odd)) in draws.iter().zip(even.iter_mut().zip(odd)) {
                [*even, *odd] = stream.normal_pair(*draw, 0, pair as u32);
            }
            for (row, weights) in rows.chunks_mut(vectors.len()).zip(factor) {
                let Some(to) = row.get_mut(place) else { continue };
                for (normal, weight) in normal.iter().zip(weights.iter().skip(2 * pair)) {
                    for (to, z) in to.0.iter_mut().zip(normal) {
                        *to += weight * z;
                    }
                }
            }
        }
    }
}

/// As [`normal_rows`], where the kernel of each draw has a length and a period of its own.
fn own_rows(
    rows: &mut [Vector],
    (kernel, times): (sbi_model::Kernel, &[f64]),
    shape: [Operand; 2],
    stream: Stream,
    registers: &Registers,
) {
    let (vectors, _) = registers.draws().as_flattened().as_chunks::<VECTOR>();
    for (place, draws) in vectors.iter().enumerate() {
        let [lengths, periods] = shape.map(|operand| registers.vector(operand, place).0);
        for (lane, (draw, (length, period))) in draws.iter().zip(lengths.into_iter().zip(periods)).enumerate()
        {
            let factor = Shape { kernel, length, period }.factor(times);
            let rank = factor.iter().flatten().map(Vec::len).max().unwrap_or_default();
            let normal: Vec<f64> =
                (0..rank.div_ceil(2)).flat_map(|pair| stream.normal_pair(*draw, 0, pair as u32)).collect();
            for (number, row) in rows.chunks_mut(vectors.len()).enumerate() {
                let weights = factor.as_ref().and_then(|factor| factor.get(number));
                let value = weights.map_or(f64::NAN, |weights| {
                    weights.iter().zip(&normal).fold(0.0, |sum, (weight, z)| sum + weight * z)
                });
                let to = row.get_mut(place).and_then(|vector| vector.0.get_mut(lane));
                to.into_iter().for_each(|to| *to = value);
            }
        }
    }
}

/// Copies a column, or fills one with a number.
#[inline(always)]
fn fill(to: &[Piece], x: Operand, registers: &Registers) {
    match x {
        Operand::Register(x) => copy(to, registers.read(x)),
        Operand::Number(x) => to.as_flattened().iter().for_each(|to| to.set(Vector([x; VECTOR]))),
    }
}

/// Copies a column.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // As above.
fn copy(to: &[Piece], from: &[Piece]) {
    each_lane!(to, x in Cells::of(from) => x);
}

/// Fills a column with what loops until it has its number: each lane goes its own way, with the number of its draw and
/// its arguments.
fn one_by_one(
    to: &[Piece],
    arguments: [Operand; 2],
    registers: &Registers,
    make: impl Fn(u64, f64, f64) -> f64,
) {
    let (draws, _) = registers.draws().as_flattened().as_chunks::<VECTOR>();
    for (place, (to, draws)) in to.as_flattened().iter().zip(draws).enumerate() {
        let [x, y] = arguments.map(|operand| registers.vector(operand, place).0);
        let mut vector = [0.0; VECTOR];
        for ((to, draw), (x, y)) in vector.iter_mut().zip(draws).zip(x.iter().zip(&y)) {
            *to = make(*draw, *x, *y);
        }
        to.set(Vector(vector));
    }
}

/// Reads one column of a table, as many rows as there are.
fn load(to: &[Piece], (rows, columns): (&[f64], usize), column: usize) {
    for (to, rows) in to.as_flattened().iter().zip(rows.chunks(VECTOR * columns)) {
        let mut vector = to.get();
        let places = rows.iter().skip(column).step_by(columns);
        vector.0.iter_mut().zip(places).for_each(|(to, value)| *to = *value);
        to.set(vector);
    }
}

/// Writes one column of the table, as many rows as there are.
#[inline(always)]
fn store(rows: &mut [f64], columns: usize, column: usize, x: Operand, registers: &Registers) {
    match x {
        Operand::Register(x) => {
            for (rows, vector) in rows.chunks_mut(VECTOR * columns).zip(registers.read(x).as_flattened()) {
                let places = rows.iter_mut().skip(column).step_by(columns);
                places.zip(&vector.get().0).for_each(|(place, value)| *place = *value);
            }
        }
        Operand::Number(value) => {
            rows.iter_mut().skip(column).step_by(columns).for_each(|place| *place = value)
        }
    }
}
