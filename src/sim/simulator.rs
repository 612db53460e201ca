//! A model made ready to simulate, and its runs.

use crate::bytecode::{self, Code};
use crate::engine::Chunk;
use crate::error::Failure;
use crate::isa::InstructionSet;
use crate::lower;
use crate::registers::{self, Registers};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sbi_model::{Model, NodeId, Role};
use sbi_syntax::Diagnostic;
use std::ops::{ControlFlow, Range};

/// Draws between two calls of a progress hook.
const BLOCK: usize = 1 << 14;

/// A model made ready to simulate: which elements come out, and the code that makes them.
pub struct Simulator {
    code: Code,
    names: Vec<String>,
    /// What a failed draw is told with: its parameters.
    parameters: Code,
    parameter_names: Vec<String>,
    width: usize,
    set: InstructionSet,
}

/// Simulations: one row for each draw, one column for each output, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The values, row by row.
    pub values: Vec<f64>,
    /// The number of columns.
    pub columns: usize,
    /// The number of rows.
    pub rows: usize,
}

impl Simulator {
    /// Compiles `model` so that every draw gives the elements `outputs` (a node and the row-major number of one
    /// of its elements), in their order.
    ///
    /// # Errors
    /// A diagnostic with the node whose elements are too many to simulate.
    pub fn new(model: &Model, outputs: &[(NodeId, usize)]) -> Result<Simulator, Diagnostic> {
        let lowered = lower::lower(model)?;
        let compile = |outputs: &[(NodeId, usize)]| {
            let value = |&(node, element): &(NodeId, usize)| {
                lowered.elements(node).get(element).copied().expect("an output is an element of its node")
            };
            bytecode::compile(&lowered.program, &outputs.iter().map(value).collect::<Vec<_>>())
        };
        let of_params = model.numbered().filter(|(_, node)| node.role == Role::Param);
        let elements = |(id, node)| (0..model.elements(node)).map(move |element| (id, element));
        let parameters: Vec<_> = of_params.flat_map(elements).collect();
        let name = |(id, element): &(NodeId, usize)| model.element_name(model.node(*id), *element);
        let names = |outputs: &[(NodeId, usize)]| outputs.iter().map(name).collect();
        let code = compile(outputs);
        Ok(Simulator {
            width: registers::best_width(&code),
            code,
            names: names(outputs),
            parameters: compile(&parameters),
            parameter_names: names(&parameters),
            set: InstructionSet::best(),
        })
    }

    /// The same simulator with these instructions in place of the machine's best. The results have the same bits.
    #[must_use]
    pub fn with_instructions(mut self, set: InstructionSet) -> Simulator {
        self.set = set;
        self
    }

    /// The same simulator with columns of 64, 128, 256 or 512 draws in place of the width chosen from the size
    /// of the model. The results have the same bits.
    #[must_use]
    pub fn with_width(mut self, width: usize) -> Simulator {
        assert!(registers::is_width(width), "columns have 64, 128, 256 or 512 draws, not {width}");
        self.width = width;
        self
    }

    /// The names of the columns, as the file writes them: `theta`, `x[1]`.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// The instructions that it runs with.
    pub fn instructions(&self) -> InstructionSet {
        self.set
    }

    /// Simulates a range of draws on `threads` threads. A draw depends on the seed and its number alone: neither
    /// the threads nor the division of the range into runs matter.
    ///
    /// # Errors
    /// [`Failure`]: the first draw of the range in which something is not finite, or a table larger than memory.
    pub fn run(&self, seed: u64, draws: Range<u64>, threads: usize) -> Result<Table, Failure> {
        self.run_blocks(seed, draws, threads, &mut |_| ControlFlow::Continue(()))
    }

    /// [`run`](Simulator::run), telling `done` how many draws are finished from time to time; when it breaks off, the
    /// table ends there.
    ///
    /// # Errors
    /// As [`run`](Simulator::run).
    pub fn run_blocks(
        &self,
        seed: u64,
        draws: Range<u64>,
        threads: usize,
        done: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Table, Failure> {
        let columns = self.code.columns;
        let wanted = draws.end.saturating_sub(draws.start);
        let mut table = Table { values: room(wanted, columns)?, columns, rows: 0 };
        let pool = threads_of(threads);
        while (table.rows as u64) < wanted {
            let start = draws.start + table.rows as u64;
            let rows = (draws.end - start).min(BLOCK as u64) as usize;
            let filled = table.values.len();
            table.values.resize(filled + rows * columns, 0.0);
            let block = table.values.get_mut(filled..).unwrap_or_default();
            self.fill(&self.code, seed, start, block, pool.as_ref());
            self.check(seed, start, block)?;
            table.rows += rows;
            if done(table.rows as u64).is_break() {
                break;
            }
        }
        Ok(table)
    }

    /// Runs `code` for the draws from `start` on, chunk by chunk, until `block` is full.
    fn fill(&self, code: &Code, seed: u64, start: u64, block: &mut [f64], pool: Option<&ThreadPool>) {
        let size = (self.width * code.columns).max(1);
        let registers = || Registers::new(code, self.width);
        let chunk = |registers: &mut Registers, (k, rows): (usize, &mut [f64])| {
            let first = start + (k * self.width) as u64;
            self.set.run(Chunk { code, seed, first, rows, registers });
        };
        match pool {
            Some(pool) => pool.install(|| {
                block.par_chunks_mut(size).enumerate().for_each_init(registers, chunk);
            }),
            None => {
                let mut registers = registers();
                block.chunks_mut(size).enumerate().for_each(|item| chunk(&mut registers, item));
            }
        }
    }

    /// Fails with the first value in `block` that is not finite; its rows are the draws from `start` on.
    fn check(&self, seed: u64, start: u64, block: &[f64]) -> Result<(), Failure> {
        // Without an early end, which would keep the loop from becoming vector code.
        if !block.iter().fold(false, |bad, value| bad | !value.is_finite()) {
            return Ok(());
        }
        let bad = block.iter().enumerate().find(|(_, value)| !value.is_finite());
        let (place, value) = bad.expect("one of the values was not finite");
        let (row, column) = (place / self.code.columns, place % self.code.columns);
        let draw = start + row as u64;
        let mut parameters = vec![0.0; self.parameters.columns];
        self.fill(&self.parameters, seed, draw, &mut parameters, None);
        Err(Failure::NotFinite {
            draw,
            element: self.names.get(column).cloned().unwrap_or_default(),
            value: *value,
            parameters: self.parameter_names.iter().cloned().zip(parameters).collect(),
        })
    }
}

/// An empty table with room for all its values.
fn room(rows: u64, columns: usize) -> Result<Vec<f64>, Failure> {
    let count = u128::from(rows) * columns as u128;
    let mut values = Vec::new();
    match usize::try_from(count).map(|count| values.try_reserve_exact(count)) {
        Ok(Ok(())) => Ok(values),
        _ => Err(Failure::Memory { bytes: count * size_of::<f64>() as u128 }),
    }
}

/// Threads to share the work; `None` for one, and where the system gives no more: the results are the same.
fn threads_of(threads: usize) -> Option<ThreadPool> {
    (threads > 1).then(|| ThreadPoolBuilder::new().num_threads(threads).build().ok()).flatten()
}

impl Table {
    /// One draw.
    pub fn row(&self, row: usize) -> &[f64] {
        self.values.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }
}
