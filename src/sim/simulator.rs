//! A model made ready to simulate, and its runs.

use crate::bytecode::{self, Code};
use crate::engine::Chunk;
use crate::error::Failure;
use crate::isa::InstructionSet;
use crate::lower::{self, Lowered};
use crate::registers::{self, Registers};
use crate::rng::mix;
use crate::ssa::Value;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sbi_model::{Model, NodeId, OnFailure, Role};
use sbi_syntax::Diagnostic;
use std::ops::{ControlFlow, Range};

/// Draws between two calls of a progress hook.
const BLOCK: usize = 1 << 14;

/// How often a draw that fails is drawn anew before its model is given up: where one in twenty succeeds, a draw in 10^22
/// fails so often.
const ATTEMPTS: u64 = 1_000;

/// A model made ready to simulate: which elements come out, and the code that makes them.
pub struct Simulator {
    code: Code,
    names: Vec<String>,
    /// What a failed draw is told with: its parameters, and the program in which its reason is looked for.
    parameters: Vec<(NodeId, usize)>,
    parameter_names: Vec<String>,
    lowered: Lowered,
    on_failure: OnFailure,
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
    /// How many draws failed and were drawn anew, as the model asks with `on_failure "resample"`. Each attempt counts.
    pub resampled: u64,
}

impl Simulator {
    /// Compiles `model` so that every draw gives the elements `outputs` (a node and the row-major number of one
    /// of its elements), in their order.
    ///
    /// # Errors
    /// A diagnostic with the node whose elements are too many to simulate.
    pub fn new(model: &Model, outputs: &[(NodeId, usize)]) -> Result<Simulator, Diagnostic> {
        let lowered = lower::lower(model)?;
        let of_params = model.numbered().filter(|(_, node)| node.role == Role::Param);
        let elements = |(id, node)| (0..model.elements(node)).map(move |element| (id, element));
        let parameters: Vec<_> = of_params.flat_map(elements).collect();
        let name = |(id, element): &(NodeId, usize)| model.element_name(model.node(*id), *element);
        let names = |outputs: &[(NodeId, usize)]| outputs.iter().map(name).collect();
        let code = bytecode::compile(&lowered.program, &lowered.values(outputs));
        Ok(Simulator {
            width: registers::best_width(&code),
            code,
            names: names(outputs),
            parameter_names: names(&parameters),
            parameters,
            lowered,
            on_failure: model.on_failure,
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
        let mut table = Table { values: room(wanted, columns)?, columns, rows: 0, resampled: 0 };
        let pool = threads_of(threads);
        while (table.rows as u64) < wanted {
            let start = draws.start + table.rows as u64;
            let numbers: Vec<u64> = (start..draws.end.min(start + BLOCK as u64)).collect();
            let filled = table.values.len();
            table.values.resize(filled + numbers.len() * columns, 0.0);
            let block = table.values.get_mut(filled..).unwrap_or_default();
            self.fill(&self.code, seed, &numbers, block, pool.as_ref());
            table.resampled += match self.on_failure {
                OnFailure::Resample => self.resample(seed, &numbers, block, pool.as_ref())?,
                OnFailure::Stop | OnFailure::Absent => self.check(seed, &numbers, block).map(|()| 0)?,
            };
            table.rows += numbers.len();
            if done(table.rows as u64).is_break() {
                break;
            }
        }
        Ok(table)
    }

    /// Runs `code` for these draws, chunk by chunk, until `block` is full.
    fn fill(&self, code: &Code, seed: u64, draws: &[u64], block: &mut [f64], pool: Option<&ThreadPool>) {
        let size = (self.width * code.columns).max(1);
        let registers = || Registers::new(code, self.width);
        let chunk = |registers: &mut Registers, (rows, draws): (&mut [f64], &[u64])| {
            self.set.run(Chunk { code, seed, draws, rows, registers });
        };
        match pool {
            Some(pool) => pool.install(|| {
                let chunks = block.par_chunks_mut(size).zip(draws.par_chunks(self.width));
                chunks.for_each_init(registers, chunk);
            }),
            None => {
                let mut registers = registers();
                let chunks = block.chunks_mut(size).zip(draws.chunks(self.width));
                chunks.for_each(|item| chunk(&mut registers, item));
            }
        }
    }

    /// Draws those of a block anew that failed, until all are finite; how many attempts that took. The random numbers of
    /// an attempt have a seed of their own, so that a draw depends on the seed and its number alone.
    fn resample(
        &self,
        seed: u64,
        draws: &[u64],
        block: &mut [f64],
        pool: Option<&ThreadPool>,
    ) -> Result<u64, Failure> {
        let columns = self.code.columns;
        let mut failed: Vec<usize> = self.failed(block).collect();
        let mut attempts = 0;
        for attempt in 1..=ATTEMPTS {
            if failed.is_empty() {
                return Ok(attempts);
            }
            attempts += failed.len() as u64;
            let again: Vec<u64> = failed.iter().filter_map(|row| draws.get(*row).copied()).collect();
            let mut rows = vec![0.0; again.len() * columns];
            self.fill(&self.code, mix(seed, attempt), &again, &mut rows, pool);
            for (row, values) in failed.iter().zip(rows.chunks(columns)) {
                let place = block.get_mut(row * columns..(row + 1) * columns);
                place.into_iter().for_each(|place| place.copy_from_slice(values));
            }
            let still = self.failed(&rows).filter_map(|row| failed.get(row).copied());
            failed = still.collect();
        }
        self.check(mix(seed, ATTEMPTS), draws, block).map(|()| attempts)
    }

    /// The rows of a block in which something is not finite.
    fn failed(&self, block: &[f64]) -> impl Iterator<Item = usize> + use<'_> {
        let rows = block.chunks(self.code.columns.max(1)).enumerate();
        let rows: Vec<usize> =
            rows.filter(|(_, row)| !row.iter().all(|value| value.is_finite())).map(|(k, _)| k).collect();
        rows.into_iter()
    }

    /// Fails with the first value in `block` that is not finite; its rows are these draws.
    fn check(&self, seed: u64, draws: &[u64], block: &[f64]) -> Result<(), Failure> {
        // Without an early end, which would keep the loop from becoming vector code.
        if !block.iter().fold(false, |bad, value| bad | !value.is_finite()) {
            return Ok(());
        }
        let bad = block.iter().enumerate().find(|(_, value)| !value.is_finite());
        let (place, value) = bad.expect("one of the values was not finite");
        let (row, column) = (place / self.code.columns, place % self.code.columns);
        let draw = draws.get(row).copied().expect("each row is a draw");
        let parameters = self.lowered.values(&self.parameters);
        let signs: Vec<Value> = self.lowered.signs.iter().map(|sign| sign.sound).collect();
        let looked = bytecode::compile(&self.lowered.program, &[parameters, signs].concat());
        let mut found = vec![0.0; looked.columns];
        self.fill(&looked, seed, &[draw], &mut found, None);
        let signs = found.split_off(self.parameters.len());
        let mut reasons = self.lowered.signs.iter().zip(signs);
        Err(Failure::NotFinite {
            draw,
            element: self.names.get(column).cloned().unwrap_or_default(),
            value: *value,
            parameters: self.parameter_names.iter().cloned().zip(found).collect(),
            reason: reasons.find(|(_, sound)| *sound == 0.0).map(|(sign, _)| sign.else_said.clone()),
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
