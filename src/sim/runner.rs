//! Code, run for many draws: chunk by chunk, on as many threads as there are.

use crate::bytecode::Code;
use crate::engine::Chunk;
use crate::isa::InstructionSet;
use crate::registers::{self, Registers};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// With what code is run. It decides the speed, and none of the bits.
#[derive(Clone, Copy)]
pub(crate) struct Runner {
    pub width: usize,
    pub set: InstructionSet,
}

/// Draws by their numbers, under a seed.
#[derive(Clone, Copy)]
pub(crate) struct Draws<'a> {
    pub seed: u64,
    pub numbers: &'a [u64],
    /// What comes from outside of the program, so many columns for each draw, row-major.
    pub given: (&'a [f64], usize),
    pub pool: Option<&'a ThreadPool>,
}

impl Runner {
    /// What serves where there is no code.
    pub const NARROW: Runner = Runner { width: 64, set: InstructionSet::BASELINE };

    /// The widest instructions of this machine, and columns that suit this code.
    pub fn best(code: &Code) -> Runner {
        Runner { width: registers::best_width(code), set: InstructionSet::best() }
    }

    /// Columns of 64, 128, 256 or 512 draws.
    pub fn set_width(&mut self, width: usize) {
        assert!(registers::is_width(width), "columns have 64, 128, 256 or 512 draws, not {width}");
        self.width = width;
    }

    /// What `code` makes of each row of a table that has so many columns, as rows of its own columns. No random number
    /// enters.
    pub fn table(&self, code: &Code, (values, columns): (&[f64], usize), threads: usize) -> Vec<f64> {
        assert!(columns > 0 && values.len().is_multiple_of(columns), "a table has whole rows");
        let numbers: Vec<u64> = (0..(values.len() / columns) as u64).collect();
        let mut made = vec![0.0; numbers.len() * code.columns];
        let pool = threads_of(threads);
        let draws = Draws { seed: 0, numbers: &numbers, given: (values, columns), pool: pool.as_ref() };
        self.fill(code, draws, &mut made);
        made
    }

    /// Runs `code` for these draws until `block` is full: a row of its columns for each.
    pub fn fill(&self, code: &Code, draws: Draws<'_>, block: &mut [f64]) {
        let Draws { seed, numbers, given: (given, columns), pool } = draws;
        let size = (self.width * code.columns).max(1);
        let registers = || Registers::new(code, self.width);
        let run = |registers: &mut Registers, place: usize, rows: &mut [f64]| {
            let first = place * self.width;
            let draws = numbers.get(first..numbers.len().min(first + self.width)).unwrap_or_default();
            let given = given.get(first * columns..).unwrap_or_default();
            self.set.run(Chunk { code, seed, draws, given: (given, columns), rows, registers });
        };
        match pool {
            Some(pool) => pool.install(|| {
                let chunks = block.par_chunks_mut(size).enumerate();
                chunks.for_each_init(registers, |registers, (place, rows)| run(registers, place, rows));
            }),
            None => {
                let mut registers = registers();
                let chunks = block.chunks_mut(size).enumerate();
                chunks.for_each(|(place, rows)| run(&mut registers, place, rows));
            }
        }
    }
}

/// Threads to share the work; `None` for one, and where the system gives no more: the results are the same.
pub(crate) fn threads_of(threads: usize) -> Option<ThreadPool> {
    (threads > 1).then(|| ThreadPoolBuilder::new().num_threads(threads).build().ok()).flatten()
}
