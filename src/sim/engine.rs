//! Runs instructions over columns: the work of one instruction is a loop over the same register of many draws.
//!
//! The cost of deciding what to do is paid once for a column of draws, and the loops are plain enough to become vector
//! code. A column is cut into blocks of [`LANES`], so that every loop has a length known to the compiler and one
//! compiled body serves all widths. The registers in use should fit into the nearest cache, which decides the width.

use crate::bytecode::{Code, Fused, Instruction, Operand, Register};
use crate::elementary as own;
use crate::isa::Kernel;
use crate::rng::Stream;
use crate::ssa::{Law, Sampler};
use crate::{sampler, scalar};
use sbi_model::{Binary, Unary};

/// Draws in a block of a column.
const LANES: usize = 64;

/// The widths of columns to choose from, in draws.
const WIDTHS: [usize; 4] = [512, 256, 128, 64];

/// What the registers in use may take of the nearest cache, in bytes.
const CACHE: usize = 32 * 1024;

/// A block of a column, aligned so that no vector straddles two cache lines.
#[derive(Clone)]
#[repr(align(64))]
struct Lanes([f64; LANES]);

type Column = Box<[Lanes]>;

/// The registers of one thread.
pub(crate) struct Registers {
    columns: Vec<Column>,
    /// What each loop keeps: the traced columns after each number of steps, one after the other.
    traces: Vec<Vec<Lanes>>,
}

/// The widest column with which `code`'s registers stay in the nearest cache.
pub(crate) fn best_width(code: &Code) -> usize {
    let fits = |width: &usize| code.registers * width * size_of::<f64>() <= CACHE;
    WIDTHS.into_iter().find(fits).unwrap_or(LANES)
}

/// The widths that a run may be forced to.
pub(crate) fn is_width(width: usize) -> bool {
    WIDTHS.contains(&width)
}

impl Registers {
    /// Registers for `code`, `width` draws wide.
    pub fn new(code: &Code, width: usize) -> Registers {
        let column = vec![Lanes([0.0; LANES]); width / LANES].into_boxed_slice();
        Registers { columns: vec![column; code.registers], traces: vec![Vec::new(); code.loops.len()] }
    }

    #[inline(always)]
    fn read(&self, register: Register) -> &Column {
        self.columns.get(register as usize).expect("code uses the registers that it counts")
    }

    /// Starts what a loop keeps with what it starts from.
    fn begin(&mut self, run: usize, code: &Code) {
        if let Some(kept) = self.traces.get_mut(run) {
            kept.clear();
        }
        self.keep(run, code);
    }

    /// Ends a step of a loop; says whether it was the last.
    fn end(&mut self, run: usize, code: &Code, made: u32) -> bool {
        let steps = code.loops.get(run).expect("code runs the loops that it has");
        for (carried, next) in steps.carried.iter().zip(&steps.next) {
            self.columns.swap(*carried as usize, *next as usize);
        }
        self.keep(run, code);
        let changing =
            |alive: Register| self.read(alive).iter().any(|lanes| lanes.0.iter().any(|x| *x != 0.0));
        made >= steps.count || !steps.alive.is_none_or(changing)
    }

    /// Keeps what a loop traces.
    fn keep(&mut self, run: usize, code: &Code) {
        let steps = code.loops.get(run).expect("code runs the loops that it has");
        let columns = steps.traced.iter().filter_map(|register| self.columns.get(*register as usize));
        if let Some(kept) = self.traces.get_mut(run) {
            columns.for_each(|column| kept.extend_from_slice(column));
        }
    }

    /// Takes a column out to write it; nothing reads it meanwhile, as an instruction never writes what it reads.
    #[inline(always)]
    fn take(&mut self, register: Register) -> Column {
        self.columns
            .get_mut(register as usize)
            .map(std::mem::take)
            .expect("code uses the registers that it counts")
    }

    #[inline(always)]
    fn put(&mut self, register: Register, column: Column) {
        if let Some(place) = self.columns.get_mut(register as usize) {
            *place = column;
        }
    }
}

/// The simulations of the draws from `first` on, as many as `rows` has rows and a column has draws at most.
pub(crate) struct Chunk<'a> {
    pub code: &'a Code,
    pub seed: u64,
    pub first: u64,
    /// The table's rows of these draws, row-major.
    pub rows: &'a mut [f64],
    pub registers: &'a mut Registers,
}

impl Kernel for Chunk<'_> {
    #[inline(always)]
    fn run(self) {
        let Chunk { code, seed, first, rows, registers } = self;
        let (mut at, mut step, mut start) = (0, 0, 0);
        while let Some(instruction) = code.instructions.get(at) {
            at += 1;
            match *instruction {
                Instruction::Unary { op, to, x } => {
                    let mut column = registers.take(to);
                    unary(op, &mut column, registers.read(x));
                    registers.put(to, column);
                }
                Instruction::Binary { op, to, x, y } => {
                    let mut column = registers.take(to);
                    binary(op, &mut column, x, y, registers);
                    registers.put(to, column);
                }
                Instruction::Fused { form, to, a, b, c } => {
                    let mut column = registers.take(to);
                    fused(form, &mut column, registers.read(a), b, c, registers);
                    registers.put(to, column);
                }
                Instruction::Select { to, condition, yes, no } => {
                    let mut column = registers.take(to);
                    select(&mut column, registers.read(condition), yes, no, registers);
                    registers.put(to, column);
                }
                Instruction::SinCos { to: [to_sin, to_cos], x } => {
                    let (mut sin, mut cos) = (registers.take(to_sin), registers.take(to_cos));
                    sin_cos(&mut sin, &mut cos, registers.read(x));
                    registers.put(to_sin, sin);
                    registers.put(to_cos, cos);
                }
                Instruction::Noise { law, path, pair, to } => {
                    let stream = Stream::from_hash(seed, path);
                    let mut columns = to.map(|r| r.map(|r| registers.take(r)).unwrap_or_default());
                    noise(law, &mut columns, stream, first, step, pair);
                    for (register, column) in to.into_iter().zip(columns) {
                        register.into_iter().zip([column]).for_each(|(r, column)| registers.put(r, column));
                    }
                }
                Instruction::Sample { sampler, path, element, to, x, y } => {
                    let mut column = registers.take(to);
                    let stream = Stream::from_hash(seed, path);
                    let site = |draw| sampler::Site { stream, draw, step, element };
                    sample(sampler, &mut column, [x, y], registers, |k| site(first.wrapping_add(k)));
                    registers.put(to, column);
                }
                Instruction::Move { to, x } => {
                    let mut column = registers.take(to);
                    fill(&mut column, x, registers);
                    registers.put(to, column);
                }
                Instruction::Step { to } => {
                    let mut column = registers.take(to);
                    fill(&mut column, Operand::Number(f64::from(step)), registers);
                    registers.put(to, column);
                }
                Instruction::Begin { run } => {
                    (step, start) = (0, at);
                    registers.begin(run, code);
                }
                Instruction::End { run } => {
                    step += 1;
                    (step, at) = if registers.end(run, code, step) { (0, at) } else { (step, start) };
                }
                Instruction::Trace { run, traced, to, place } => {
                    let mut column = registers.take(to);
                    trace(&mut column, run, traced, place, code, registers);
                    registers.put(to, column);
                }
                Instruction::Store { column, x } => store(rows, code.columns, column, x, registers),
            }
        }
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
fn noise(law: Law, to: &mut [Column; 2], stream: Stream, first: u64, step: u32, pair: u32) {
    macro_rules! loops {
        ($pair:ident) => {{
            let [even, odd] = to;
            let places = (0u64..).step_by(LANES).map(|k| first.wrapping_add(k));
            // A column that is not wanted is empty; then the loop runs over the other alone.
            if even.is_empty() {
                for (start, odd) in places.zip(odd.iter_mut()) {
                    for (k, odd) in (0u64..).zip(&mut odd.0) {
                        [_, *odd] = stream.$pair(start.wrapping_add(k), step, pair);
                    }
                }
            } else if odd.is_empty() {
                for (start, even) in places.zip(even.iter_mut()) {
                    for (k, even) in (0u64..).zip(&mut even.0) {
                        [*even, _] = stream.$pair(start.wrapping_add(k), step, pair);
                    }
                }
            } else {
                for (start, (even, odd)) in places.zip(even.iter_mut().zip(odd)) {
                    for (k, (even, odd)) in (0u64..).zip(even.0.iter_mut().zip(&mut odd.0)) {
                        [*even, *odd] = stream.$pair(start.wrapping_add(k), step, pair);
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

/// Copies a column, or fills one with a number.
#[inline(always)]
fn fill(to: &mut [Lanes], x: Operand, registers: &Registers) {
    match x {
        Operand::Register(x) => each_lane!(to, x in registers.read(x) => x),
        Operand::Number(x) => to.iter_mut().for_each(|to| to.0 = [x; LANES]),
    }
}

/// What a loop carried after `place` steps; where the loop ended early, it stayed as it was.
fn trace(to: &mut [Lanes], run: usize, traced: usize, place: Operand, code: &Code, registers: &Registers) {
    let kept = registers.traces.get(run).map_or(&[][..], Vec::as_slice);
    let width = code.loops.get(run).map_or(1, |steps| steps.traced.len()).max(1);
    let blocks = to.len();
    let made = (kept.len() / (width * blocks)).saturating_sub(1);
    // A cast of a number takes what is below zero, and what is none, to zero.
    let column = |place: f64| {
        let start = ((place as usize).min(made) * width + traced) * blocks;
        kept.get(start..start + blocks).expect("a loop keeps what is read of it")
    };
    match place {
        Operand::Number(place) => to.clone_from_slice(column(place)),
        Operand::Register(place) => {
            for (block, (to, places)) in to.iter_mut().zip(registers.read(place)).enumerate() {
                for (lane, (to, place)) in to.0.iter_mut().zip(&places.0).enumerate() {
                    let lanes = column(*place).get(block);
                    *to = lanes.and_then(|lanes| lanes.0.get(lane)).copied().unwrap_or(f64::NAN);
                }
            }
        }
    }
}

/// Fills a column with numbers of a law that loops until it has one; each lane goes its own way.
fn sample(
    law: Sampler,
    to: &mut [Lanes],
    arguments: [Operand; 2],
    registers: &Registers,
    site: impl Fn(u64) -> sampler::Site,
) {
    let value = |operand: Operand, block: usize, lane: usize| match operand {
        Operand::Number(x) => x,
        Operand::Register(x) => {
            let lanes = registers.read(x).get(block).map(|lanes| &lanes.0);
            lanes.and_then(|lanes| lanes.get(lane)).copied().unwrap_or(f64::NAN)
        }
    };
    for (block, to) in to.iter_mut().enumerate() {
        for (lane, to) in to.0.iter_mut().enumerate() {
            let [x, y] = arguments.map(|operand| value(operand, block, lane));
            *to = site((block * LANES + lane) as u64).draw(law, x, y);
        }
    }
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
