//! From a program to instructions over columns of draws.
//!
//! Three steps: which values are needed at all and in which order they are made so that few are alive at a time
//! ([`crate::schedule`]), and which register holds each ([`crate::emit`]).

use crate::emit::Emitter;
use crate::schedule::{Needs, Schedule};
use crate::ssa::{Law, Process, Program, Sampler, Special, Value};
use sbi_model::{Binary, Series, Unary};
use std::sync::Arc;

/// A column of draws, by number.
pub(crate) type Register = u32;

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operand {
    Register(Register),
    Number(f64),
}

/// Where arithmetic reads: a column, or a number that stands in a piece of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    Register(Register),
    /// One of the code's constants.
    Constant(u32),
}

/// One operation on whole columns. `to` is never among the registers that the instruction reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Instruction {
    Unary {
        op: Unary,
        to: Register,
        x: Register,
    },
    Binary {
        op: Binary,
        to: Register,
        x: Source,
        y: Source,
    },
    /// Up to five sums and products, one after the other: each rounds, as if it stood alone.
    Chain {
        start: Start,
        links: [Link; 2],
        to: Register,
        /// Two for the start, two for each link.
        sources: [Source; 6],
    },
    /// `k x + c`, or `k x + c + l y`: what a step of a solver does. A chain as well, whose numbers stay in the processor.
    Weighted {
        to: Register,
        c: Source,
        x: (Source, f64),
        y: Option<(Source, f64)>,
    },
    Select {
        to: Register,
        condition: Source,
        yes: Source,
        no: Source,
    },
    /// The sine and the cosine of the same angle, which share most of the work.
    SinCos {
        to: [Register; 2],
        x: Register,
    },
    /// The standard random numbers of the elements `2 pair` and `2 pair + 1`, where they are wanted.
    Noise {
        law: Law,
        path: u64,
        pair: u32,
        to: [Option<Register>; 2],
    },
    /// The standard random number of what has one in each draw.
    Alone {
        law: Law,
        path: u64,
        to: Register,
    },
    /// The standard normal number of an element in this step of a loop. A block has those of two steps: the second is put
    /// by.
    Driving {
        path: u64,
        element: u32,
        to: Register,
        by: Register,
    },
    /// A random number of a law that no formula gives.
    Sample {
        sampler: Sampler,
        path: u64,
        element: u32,
        to: Register,
        x: Operand,
        y: Operand,
    },
    /// A special function.
    Special {
        function: Special,
        to: Register,
        x: Operand,
        y: Operand,
    },
    Move {
        to: Register,
        x: Operand,
    },
    /// A column from outside of the program.
    Given {
        to: Register,
        column: usize,
    },
    /// The number of the step.
    Step {
        to: Register,
    },
    /// Starts a loop: its carried values are in their registers.
    Begin {
        run: usize,
    },
    /// Ends a step of a loop, and goes back for the next.
    End {
        run: usize,
    },
    /// What a loop carried after so many steps: a row of what it kept.
    Trace {
        run: usize,
        kept: usize,
        to: Register,
        row: Operand,
    },
    /// Draws a process into a place where loops keep what they trace; each draw may have its length and period.
    Process {
        process: usize,
        trace: usize,
        shape: [Operand; 2],
    },
    /// A row of a process.
    Row {
        trace: usize,
        to: Register,
        row: Operand,
    },
    /// A fixed function of time.
    Series {
        series: usize,
        to: Register,
        time: Register,
    },
    /// What all that a loop kept says about a number.
    Survey {
        kind: Survey,
        run: usize,
        kept: usize,
        to: Register,
        x: Operand,
    },
    /// Writes a column of the table.
    Store {
        column: usize,
        x: Operand,
    },
}

impl Instruction {
    /// Whether it has to do with what loops and processes keep.
    #[inline(always)]
    pub fn reads_memory(&self) -> bool {
        matches!(
            self,
            Instruction::Process { .. }
                | Instruction::Row { .. }
                | Instruction::Trace { .. }
                | Instruction::Survey { .. }
                | Instruction::Series { .. }
        )
    }
}

/// What is asked of all that a loop kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Survey {
    /// The row before the first that reaches a number, of what never falls.
    Before,
    /// How often it rises through a number.
    Crossings,
}

/// How a chain starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// `a b`
    Mul,
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
}

/// What a chain does to what it has, `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// `x`
    None,
    /// `x c`
    Mul,
    /// `x + c`
    Add,
    /// `x - c`
    Sub,
    /// `c - x`
    From,
    /// `x + c d`
    AddMul,
    /// `x - c d`
    SubMul,
    /// `c d - x`
    FromMul,
}

/// A loop for the engine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Steps {
    /// How many there are at most.
    pub count: u32,
    /// The registers of what is carried, and of what is carried to the next step.
    pub carried: Vec<Register>,
    pub next: Vec<Register>,
    /// The register that is zero for draws of which nothing changes any more.
    pub alive: Option<Register>,
    /// The registers whose values are kept on the way.
    pub kept: Vec<Register>,
    /// After how many steps they are kept, in rising order; without a list after each.
    pub places: Option<Vec<u32>>,
    /// Where they are kept.
    pub trace: usize,
    /// Where draws leave the columns when they are done: the copies of what the body reads of the program around.
    pub outer: Vec<Register>,
}

impl Steps {
    /// Whether draws that are done leave the columns: where nothing is kept that stands in their order.
    pub fn thins_out(&self) -> bool {
        self.alive.is_some() && self.kept.is_empty()
    }

    /// How many values are kept of a draw that makes all steps.
    pub fn values_kept(&self) -> usize {
        self.kept.len() * self.places.as_ref().map_or(self.count as usize + 1, Vec::len)
    }
}

/// A program for the engine.
pub(crate) struct Code {
    pub instructions: Vec<Instruction>,
    pub loops: Vec<Steps>,
    pub processes: Vec<Process>,
    pub series: Vec<Arc<Series>>,
    /// The numbers that arithmetic reads.
    pub constants: Vec<f64>,
    /// How many registers it uses.
    pub registers: usize,
    /// In how many places loops keep what they trace.
    pub traces: usize,
    /// How many columns it writes, each once.
    pub columns: usize,
}

impl Code {
    /// A process by its number.
    pub fn process(&self, process: usize) -> &Process {
        self.processes.get(process).expect("code draws the processes that it has")
    }

    /// A loop by its number.
    pub fn steps(&self, run: usize) -> &Steps {
        self.loops.get(run).expect("code runs the loops that it has")
    }
}

/// Compiles the part of `program` that `outputs` need; output k becomes column k.
pub(crate) fn compile(program: &Program, outputs: &[Value]) -> Code {
    let needs = Needs::of(program, outputs);
    let schedule = Schedule::of(program, &needs, outputs);
    Emitter::new(program, &needs, outputs, schedule.order()).emit(outputs)
}
