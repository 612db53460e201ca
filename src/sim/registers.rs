//! The registers of a thread: columns of draws, and what loops over them carry and keep.
//!
//! A loop over draws that end at different times thins out: every few steps the draws that are done leave the columns,
//! and the others move together. Each lane keeps the number of its draw, of which its random numbers are a function, so
//! the results have the same bits as if all stayed. Where something is kept on the way, which stands in the order of the
//! draws, none leaves, and the loop ends when all are done.

use crate::bytecode::{Code, Operand, Register, Steps, Survey};

/// Draws in a block of a column.
pub(crate) const LANES: usize = 64;

/// The widths of columns to choose from, in draws.
const WIDTHS: [usize; 4] = [512, 256, 128, 64];

/// What the registers in use may take of the nearest cache, in bytes.
const CACHE: usize = 32 * 1024;

/// Steps between two looks for draws that are done.
const PATIENCE: u32 = 16;

/// A block of a column, aligned so that no vector straddles two cache lines.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct Lanes(pub [f64; LANES]);

pub(crate) type Column = Box<[Lanes]>;

/// The registers of one thread.
pub(crate) struct Registers {
    columns: Vec<Column>,
    /// What loops keep: the kept columns after some numbers of steps, one after the other.
    traces: Vec<Vec<Lanes>>,
    /// The draw of each lane, now and outside of loops.
    draws: Box<[[u64; LANES]]>,
    numbers: Box<[[u64; LANES]]>,
    /// How many blocks are worked on.
    busy: usize,
    thinning: Thinning,
}

/// A loop that thins out.
#[derive(Default)]
struct Thinning {
    /// Where the draw of each lane stood at the start, for the lanes that still have a draw.
    origin: Vec<usize>,
    /// What is carried by draws that are done, where they stood at the start.
    done: Vec<Column>,
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

fn lane(column: &[Lanes], lane: usize) -> f64 {
    let block = column.get(lane / LANES);
    block.and_then(|block| block.0.get(lane % LANES)).copied().expect("a lane is one of its column")
}

fn lane_mut(column: &mut [Lanes], lane: usize) -> &mut f64 {
    let block = column.get_mut(lane / LANES);
    block.and_then(|block| block.0.get_mut(lane % LANES)).expect("a lane is one of its column")
}

/// How often each lane rises from below its level to it or above it, from one row to the next.
fn crossings(to: &mut [Lanes], rows: &[&[Lanes]], levels: &[Lanes]) {
    to.iter_mut().for_each(|to| to.0 = [0.0; LANES]);
    for (before, after) in rows.iter().zip(rows.iter().skip(1)) {
        for (((to, level), before), after) in to.iter_mut().zip(levels).zip(*before).zip(*after) {
            let lanes = to.0.iter_mut().zip(&level.0).zip(before.0.iter().zip(&after.0));
            lanes.for_each(|((to, level), (before, after))| {
                *to += f64::from(u8::from(*before < *level && *after >= *level));
            });
        }
    }
}

impl Registers {
    /// Registers for `code`, `width` draws wide.
    pub fn new(code: &Code, width: usize) -> Registers {
        let blocks = width / LANES;
        let column = vec![Lanes([0.0; LANES]); blocks].into_boxed_slice();
        Registers {
            columns: vec![column; code.registers],
            traces: vec![Vec::new(); code.traces],
            draws: vec![[0; LANES]; blocks].into_boxed_slice(),
            numbers: vec![[0; LANES]; blocks].into_boxed_slice(),
            busy: blocks,
            thinning: Thinning::default(),
        }
    }

    /// Gives each lane its draw; lanes behind the last repeat it, and nothing is read of them.
    pub fn number(&mut self, draws: &[u64]) {
        let last = draws.last().copied().unwrap_or_default();
        let draws = draws.iter().copied().chain(std::iter::repeat(last));
        self.numbers.iter_mut().flatten().zip(draws).for_each(|(place, draw)| *place = draw);
        self.draws.clone_from(&self.numbers);
    }

    /// The draws of the lanes that are worked on.
    #[inline(always)]
    pub fn draws(&self) -> &[[u64; LANES]] {
        self.draws.get(..self.busy).unwrap_or_default()
    }

    #[inline(always)]
    pub fn read(&self, register: Register) -> &Column {
        self.columns.get(register as usize).expect("code uses the registers that it counts")
    }

    /// Takes a column out to write it; nothing reads it meanwhile, as an instruction never writes what it reads.
    #[inline(always)]
    pub fn take(&mut self, register: Register) -> Column {
        self.columns
            .get_mut(register as usize)
            .map(std::mem::take)
            .expect("code uses the registers that it counts")
    }

    /// The part of a column that is worked on; nothing of a column that is none.
    #[inline(always)]
    pub fn busy<'a>(&self, column: &'a mut Column) -> &'a mut [Lanes] {
        column.get_mut(..self.busy).unwrap_or_default()
    }

    #[inline(always)]
    pub fn put(&mut self, register: Register, column: Column) {
        if let Some(place) = self.columns.get_mut(register as usize) {
            *place = column;
        }
    }

    // ---- loops ---------------------------------------------------------------------------------

    /// Starts a loop.
    pub fn begin(&mut self, steps: &Steps) {
        if steps.thins_out() {
            let columns = steps.carried.iter().map(|carried| self.read(*carried).clone());
            self.thinning.done = columns.collect();
            self.thinning.origin = (0..self.busy * LANES).collect();
        } else if !steps.kept.is_empty() {
            self.traces.get_mut(steps.trace).into_iter().for_each(Vec::clear);
            self.keep(steps, 0);
        }
    }

    /// Ends a step of a loop, the `made`th; says whether it was the last.
    pub fn end(&mut self, steps: &Steps, made: u32) -> bool {
        for (carried, next) in steps.carried.iter().zip(&steps.next) {
            self.columns.swap(*carried as usize, *next as usize);
        }
        self.keep(steps, made);
        let over = made >= steps.count;
        match steps.alive.filter(|_| over || made.is_multiple_of(PATIENCE)) {
            Some(alive) if steps.thins_out() => self.thin(steps, alive, over),
            Some(alive) => {
                let done = !self.read(alive).iter().any(|lanes| lanes.0.iter().any(|x| *x != 0.0));
                if done {
                    // Nothing changes any more.
                    let later = steps.places.iter().flatten().filter(|place| **place > made);
                    later.for_each(|place| self.keep(steps, *place));
                }
                over || done
            }
            None => over,
        }
    }

    /// Keeps what a loop keeps after this step.
    fn keep(&mut self, steps: &Steps, made: u32) {
        if steps.kept.is_empty()
            || steps.places.as_ref().is_some_and(|places| places.binary_search(&made).is_err())
        {
            return;
        }
        let columns = steps.kept.iter().filter_map(|register| self.columns.get(*register as usize));
        if let Some(kept) = self.traces.get_mut(steps.trace) {
            columns.for_each(|column| kept.extend_from_slice(column));
        }
    }

    /// Puts aside the draws that are done, or all, and moves the others together; says whether none is left.
    fn thin(&mut self, steps: &Steps, alive: Register, all: bool) -> bool {
        let is_alive =
            |registers: &Registers, place: usize| !all && lane(registers.read(alive), place) != 0.0;
        let lanes = self.thinning.origin.len();
        let going_on = (0..lanes).filter(|place| is_alive(self, *place)).count();
        // It is worth the work where a block becomes free.
        if going_on.div_ceil(LANES) == self.busy && going_on > 0 {
            return false;
        }
        let origin = std::mem::take(&mut self.thinning.origin);
        for (from, place) in origin.into_iter().enumerate() {
            if is_alive(self, from) {
                let to = self.thinning.origin.len();
                self.thinning.origin.push(place);
                self.carry_over(steps, from, to);
            } else {
                let Registers { columns, thinning, .. } = self;
                for (register, done) in steps.carried.iter().zip(&mut thinning.done) {
                    let column = columns.get(*register as usize).map(AsRef::as_ref).unwrap_or_default();
                    *lane_mut(done, place) = lane(column, from);
                }
            }
        }
        self.busy = going_on.div_ceil(LANES);
        if going_on == 0 {
            self.gather(steps);
            self.thinning.origin.clear();
        }
        going_on == 0
    }

    /// Moves a draw from a lane to one before it.
    fn carry_over(&mut self, steps: &Steps, from: usize, to: usize) {
        if from == to {
            return;
        }
        for register in steps.carried.iter().chain(&steps.outer) {
            if let Some(column) = self.columns.get_mut(*register as usize) {
                *lane_mut(column, to) = lane(column, from);
            }
        }
        let draws = self.draws.as_flattened_mut();
        draws.copy_within(from..=from, to);
    }

    /// All draws are back where they stood at the start, with what they carried when they were done.
    fn gather(&mut self, steps: &Steps) {
        for (register, done) in steps.carried.iter().zip(std::mem::take(&mut self.thinning.done)) {
            self.put(*register, done);
        }
        self.busy = self.draws.len();
        self.draws.clone_from(&self.numbers);
    }

    /// What all that a loop kept of a register says about a number.
    pub fn survey(&self, kind: Survey, to: &mut [Lanes], steps: &Steps, kept: usize, x: Operand) {
        let trace = self.traces.get(steps.trace).map_or(&[][..], Vec::as_slice);
        let (width, blocks) = (steps.kept.len(), to.len());
        let rows = trace.chunks(width * blocks).filter_map(|row| row.get(kept * blocks..(kept + 1) * blocks));
        let rows: Vec<&[Lanes]> = rows.collect();
        let x: Vec<Lanes> = match x {
            Operand::Number(x) => vec![Lanes([x; LANES]); blocks],
            Operand::Register(x) => self.read(x).to_vec(),
        };
        match kind {
            Survey::Crossings => crossings(to, &rows, &x),
            Survey::Before => {
                for place in 0..blocks * LANES {
                    let x = lane(&x, place);
                    let below = rows.partition_point(|row| lane(row, place) < x);
                    let found = x.is_finite() && below < rows.len();
                    *lane_mut(to, place) = if found { below.max(1) as f64 - 1.0 } else { f64::NAN };
                }
            }
        }
    }

    /// What a loop kept of a register, by the row of each lane, rounded down; NaN where that is no number.
    pub fn trace(&self, to: &mut [Lanes], steps: &Steps, kept: usize, row: Operand) {
        let blocks = to.len();
        self.rows(to, steps.trace, (steps.kept.len() * blocks, kept * blocks), row);
    }

    /// A row of a process, as [`Registers::trace`].
    pub fn row(&self, to: &mut [Lanes], trace: usize, row: Operand) {
        self.rows(to, trace, (self.draws.len(), 0), row);
    }

    /// What stands in rows of `width` blocks, `off` blocks behind the start of the row of each lane.
    fn rows(&self, to: &mut [Lanes], trace: usize, (width, off): (usize, usize), row: Operand) {
        let trace = self.traces.get(trace).map_or(&[][..], Vec::as_slice);
        let last = (trace.len() / width).saturating_sub(1);
        // A cast of a number takes what is below zero to zero.
        let column = |row: f64| {
            let start = (row as usize).min(last) * width + off;
            trace.get(start..).expect("what is read has been kept")
        };
        match row {
            Operand::Number(row) if row.is_nan() => to.iter_mut().for_each(|to| to.0 = [f64::NAN; LANES]),
            Operand::Number(row) if !self.is_thinned() => {
                to.iter_mut().zip(column(row)).for_each(|(to, lanes)| *to = lanes.clone());
            }
            _ => {
                for (block, to) in to.iter_mut().enumerate() {
                    for (place, to) in to.0.iter_mut().enumerate() {
                        let place = block * LANES + place;
                        let row = match row {
                            Operand::Number(row) => row,
                            Operand::Register(rows) => lane(self.read(rows), place),
                        };
                        *to = if row.is_nan() { f64::NAN } else { lane(column(row), self.origin(place)) };
                    }
                }
            }
        }
    }

    /// Whether draws have left the columns.
    fn is_thinned(&self) -> bool {
        !self.thinning.origin.is_empty()
    }

    /// Where the draw of a lane stood at the start of the loop.
    fn origin(&self, place: usize) -> usize {
        // Lanes behind the last have no draw, and any will do.
        if self.is_thinned() { self.thinning.origin.get(place).copied().unwrap_or_default() } else { place }
    }

    /// Room for a process of so many rows, all zero.
    pub fn room(&mut self, trace: usize, rows: usize) -> Vec<Lanes> {
        let mut room = self.traces.get_mut(trace).map(std::mem::take).unwrap_or_default();
        room.clear();
        room.resize(rows * self.draws.len(), Lanes([0.0; LANES]));
        room
    }

    /// Puts a process in its place.
    pub fn keep_process(&mut self, trace: usize, rows: Vec<Lanes>) {
        if let Some(place) = self.traces.get_mut(trace) {
            *place = rows;
        }
    }
}
