//! The registers of a thread: columns of draws, and what loops over them carry and keep.
//!
//! A loop over draws that end at different times thins out: every few steps the draws that are done leave the columns,
//! and the others move together. Each lane keeps the number of its draw, of which its random numbers are a function, so
//! the results have the same bits as if all stayed. Where something is kept on the way, which stands in the order of the
//! draws, none leaves, and the loop ends when all are done.

use crate::bytecode::{Code, Operand, Register, Source, Steps, Survey};
use std::cell::Cell;

/// As many draws as the widest vectors hold.
pub(crate) const VECTOR: usize = 8;

/// Draws in a piece of a column.
pub(crate) const LANES: usize = 64;

/// The widths of columns to choose from, in draws.
const WIDTHS: [usize; 4] = [512, 256, 128, 64];

/// What the registers in use may take, in bytes: as much as the nearest cache of a recent machine, and little more than
/// that of others has.
const CACHE: usize = 48 * 1024;

/// What the loops of a thread may keep in bytes before columns are made narrower.
const ROOM: usize = 1 << 30;

/// Steps between two looks for draws that are done.
const PATIENCE: u32 = 16;

/// The draws move together where more than one piece in so many becomes free.
const SPARED: usize = 8;

/// A vector of numbers, aligned so that it does not straddle two cache lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Vector(pub [f64; VECTOR]);

/// A piece of a column: enough vectors for a loop over them to become straight code.
pub(crate) type Piece = [Cell<Vector>; LANES / VECTOR];

/// A column in cells: an instruction reads vectors of some and writes vectors of another, all borrowed at once.
pub(crate) type Column = Box<[Piece]>;

/// What an instruction reads: a column, or a piece that stands for a column of the same pieces.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    pieces: &'a [Piece],
    /// How far it is from one piece to the next: none where there is but one.
    stride: usize,
}

impl<'a> Cells<'a> {
    /// A column.
    #[inline(always)]
    pub fn of(pieces: &'a [Piece]) -> Cells<'a> {
        Cells { pieces, stride: 1 }
    }

    /// A piece by its number.
    #[inline(always)]
    pub fn piece(self, place: usize) -> &'a Piece {
        self.pieces.get(place * self.stride).expect("columns have the same length")
    }
}

/// The registers of one thread.
pub(crate) struct Registers {
    columns: Vec<Column>,
    /// A piece full of each of the code's constants.
    constants: Vec<Piece>,
    /// What loops keep: the kept columns after some numbers of steps, one after the other.
    traces: Vec<Vec<Vector>>,
    /// The draw of each lane, now and outside of loops.
    draws: Box<[[u64; LANES]]>,
    numbers: Box<[[u64; LANES]]>,
    /// Whether the draws follow one another, from an even one on.
    in_pairs: bool,
    /// How many pieces are worked on.
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

/// The widest column with which `code`'s registers stay in the nearest cache, and what its loops keep in memory.
pub(crate) fn best_width(code: &Code) -> usize {
    let kept: usize = code.loops.iter().map(Steps::values_kept).sum();
    let fits = |width: &usize| {
        let bytes = |values: usize| values.saturating_mul(width * size_of::<f64>());
        bytes(code.registers) <= CACHE && bytes(kept) <= ROOM
    };
    WIDTHS.into_iter().find(fits).unwrap_or(LANES)
}

/// The widths that a run may be forced to.
pub(crate) fn is_width(width: usize) -> bool {
    WIDTHS.contains(&width)
}

const NO_LANE: &str = "a lane is one of its column";

/// A lane of a row that was kept.
fn lane(row: &[Vector], lane: usize) -> f64 {
    row.get(lane / VECTOR).and_then(|vector| vector.0.get(lane % VECTOR)).copied().expect(NO_LANE)
}

/// A lane of a column.
fn lane_of(column: &[Piece], lane: usize) -> f64 {
    let vector = column.as_flattened().get(lane / VECTOR).map(|vector| vector.get().0);
    vector.and_then(|vector| vector.get(lane % VECTOR).copied()).expect(NO_LANE)
}

fn set_lane(column: &[Piece], lane: usize, value: f64) {
    let cell = column.as_flattened().get(lane / VECTOR).expect(NO_LANE);
    let mut vector = cell.get();
    vector.0.iter_mut().skip(lane % VECTOR).take(1).for_each(|place| *place = value);
    cell.set(vector);
}

/// The vectors of a column as they are now.
fn vectors(column: &[Piece]) -> impl Iterator<Item = Vector> {
    column.as_flattened().iter().map(Cell::get)
}

/// The first of so many numbers for which a condition holds that holds for all behind it too; else how many there are.
fn first_of(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        (low, high) = if holds(middle) { (low, middle) } else { (middle + 1, high) };
    }
    low
}

/// How often each lane rises from below its level to it or above it, from one row to the next.
fn crossings(to: &[Piece], rows: &[&[Vector]], levels: &[Vector]) {
    let to = to.as_flattened();
    to.iter().for_each(|to| to.set(Vector([0.0; VECTOR])));
    for (before, after) in rows.iter().zip(rows.iter().skip(1)) {
        for (((to, level), before), after) in to.iter().zip(levels).zip(*before).zip(*after) {
            let mut counts = to.get();
            let lanes = counts.0.iter_mut().zip(&level.0).zip(before.0.iter().zip(&after.0));
            lanes.for_each(|((to, level), (before, after))| {
                *to += f64::from(u8::from(*before < *level && *after >= *level));
            });
            to.set(counts);
        }
    }
}

impl Registers {
    /// Registers for `code`, `width` draws wide.
    pub fn new(code: &Code, width: usize) -> Registers {
        let pieces = width / LANES;
        let column =
            vec![[const { Cell::new(Vector([0.0; VECTOR])) }; LANES / VECTOR]; pieces].into_boxed_slice();
        let full = |number: &f64| [*number; LANES / VECTOR].map(|number| Cell::new(Vector([number; VECTOR])));
        Registers {
            columns: vec![column; code.registers],
            constants: code.constants.iter().map(full).collect(),
            traces: vec![Vec::new(); code.traces],
            draws: vec![[0; LANES]; pieces].into_boxed_slice(),
            numbers: vec![[0; LANES]; pieces].into_boxed_slice(),
            in_pairs: false,
            busy: pieces,
            thinning: Thinning::default(),
        }
    }

    /// Gives each lane its draw; lanes behind the last repeat it, and nothing is read of them.
    pub fn number(&mut self, draws: &[u64]) {
        let last = draws.last().copied().unwrap_or_default();
        let draws = draws.iter().copied().chain(std::iter::repeat(last));
        self.numbers.iter_mut().flatten().zip(draws).for_each(|(place, draw)| *place = draw);
        self.draws.clone_from(&self.numbers);
        let numbers = self.numbers.as_flattened();
        let first = numbers.first().copied().unwrap_or_default();
        self.in_pairs =
            first.is_multiple_of(2) && numbers.iter().zip(first..).all(|(number, wanted)| *number == wanted);
    }

    /// Whether each draw stands beside the other of its pair, outside of loops: the numbers of both are made at once.
    #[inline(always)]
    pub fn in_pairs(&self) -> bool {
        self.in_pairs
    }

    /// The draws of the lanes that are worked on.
    #[inline(always)]
    pub fn draws(&self) -> &[[u64; LANES]] {
        self.draws.get(..self.busy).unwrap_or_default()
    }

    /// The part of a column that is worked on.
    #[inline(always)]
    pub fn read(&self, register: Register) -> &[Piece] {
        self.column(register).get(..self.busy).unwrap_or_default()
    }

    /// A vector of what an instruction reads, by its place in the column.
    pub fn vector(&self, operand: Operand, place: usize) -> Vector {
        match operand {
            Operand::Number(x) => Vector([x; VECTOR]),
            Operand::Register(x) => {
                let vector = self.read(x).as_flattened().get(place).map(Cell::get);
                vector.unwrap_or(Vector([f64::NAN; VECTOR]))
            }
        }
    }

    /// What stands at a source.
    #[inline(always)]
    pub fn source(&self, source: Source) -> Cells<'_> {
        match source {
            Source::Register(register) => Cells::of(self.read(register)),
            Source::Constant(constant) => {
                let piece =
                    self.constants.get(constant as usize).expect("code reads the constants that it has");
                Cells { pieces: std::slice::from_ref(piece), stride: 0 }
            }
        }
    }

    #[inline(always)]
    fn column(&self, register: Register) -> &Column {
        self.columns.get(register as usize).expect("code uses the registers that it counts")
    }

    // ---- loops ---------------------------------------------------------------------------------

    /// Starts a loop.
    pub fn begin(&mut self, steps: &Steps) {
        if steps.thins_out() {
            let columns = steps.carried.iter().map(|carried| self.column(*carried).clone());
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
                let done = !vectors(self.read(alive)).any(|vector| vector.0.iter().any(|x| *x != 0.0));
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
            columns.for_each(|column| kept.extend(vectors(column)));
        }
    }

    /// Puts aside the draws that are done, or all, and moves the others together; says whether none is left.
    fn thin(&mut self, steps: &Steps, alive: Register, all: bool) -> bool {
        let is_alive =
            |registers: &Registers, place: usize| !all && lane_of(registers.read(alive), place) != 0.0;
        let lanes = self.thinning.origin.len();
        let going_on = (0..lanes).filter(|place| is_alive(self, *place)).count();
        // It is worth the work where a good part of the columns becomes free.
        if going_on.div_ceil(LANES) + self.busy / SPARED >= self.busy && going_on > 0 {
            return false;
        }
        let origin = std::mem::take(&mut self.thinning.origin);
        for (from, place) in origin.into_iter().enumerate() {
            if is_alive(self, from) {
                let to = self.thinning.origin.len();
                self.thinning.origin.push(place);
                self.carry_over(steps, from, to);
            } else {
                for (register, done) in steps.carried.iter().zip(&self.thinning.done) {
                    set_lane(done, place, lane_of(self.column(*register), from));
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
            let column = self.column(*register);
            set_lane(column, to, lane_of(column, from));
        }
        let draws = self.draws.as_flattened_mut();
        draws.copy_within(from..=from, to);
    }

    /// All draws are back where they stood at the start, with what they carried when they were done.
    fn gather(&mut self, steps: &Steps) {
        for (register, done) in steps.carried.iter().zip(std::mem::take(&mut self.thinning.done)) {
            if let Some(place) = self.columns.get_mut(*register as usize) {
                *place = done;
            }
        }
        self.busy = self.draws.len();
        self.draws.clone_from(&self.numbers);
    }

    /// What all that a loop kept of a register says about a number.
    pub fn survey(&self, kind: Survey, to: Register, steps: &Steps, kept: usize, x: Operand) {
        let to = self.read(to);
        let trace = self.traces.get(steps.trace).map_or(&[][..], Vec::as_slice);
        let (width, length) = (steps.kept.len() * self.length(), self.length());
        let row = |number: usize| {
            let start = number * width + kept * length;
            trace.get(start..start + length).expect("what is read has been kept")
        };
        let rows = trace.len() / width;
        match kind {
            Survey::Crossings => {
                let levels: Vec<Vector> = match x {
                    Operand::Number(x) => vec![Vector([x; VECTOR]); length],
                    Operand::Register(x) => vectors(self.read(x)).collect(),
                };
                crossings(to, &(0..rows).map(row).collect::<Vec<_>>(), &levels);
            }
            Survey::Before => {
                for place in 0..to.len() * LANES {
                    let x = match x {
                        Operand::Number(x) => x,
                        Operand::Register(x) => lane_of(self.read(x), place),
                    };
                    let origin = self.origin(place);
                    let below = first_of(rows, |number| lane(row(number), origin) >= x);
                    let found = x.is_finite() && below < rows;
                    set_lane(to, place, if found { below.max(1) as f64 - 1.0 } else { f64::NAN });
                }
            }
        }
    }

    /// What a loop kept of a register, by the row of each lane, rounded down; NaN where that is no number.
    pub fn trace(&self, to: Register, steps: &Steps, kept: usize, row: Operand) {
        let length = self.length();
        self.rows(to, steps.trace, (steps.kept.len() * length, kept * length), row);
    }

    /// A row of a process, as [`Registers::trace`].
    pub fn row(&self, to: Register, trace: usize, row: Operand) {
        self.rows(to, trace, (self.length(), 0), row);
    }

    /// The vectors in a column.
    fn length(&self) -> usize {
        self.draws.len() * LANES / VECTOR
    }

    /// What stands in rows of `width` vectors, `off` vectors behind the start of the row of each lane.
    fn rows(&self, to: Register, trace: usize, (width, off): (usize, usize), row: Operand) {
        let to = self.read(to);
        let trace = self.traces.get(trace).map_or(&[][..], Vec::as_slice);
        let last = (trace.len() / width).saturating_sub(1);
        // A cast of a number takes what is below zero to zero.
        let column = |row: f64| {
            let start = (row as usize).min(last) * width + off;
            trace.get(start..).expect("what is read has been kept")
        };
        match row {
            Operand::Number(row) if row.is_nan() => {
                to.as_flattened().iter().for_each(|to| to.set(Vector([f64::NAN; VECTOR])));
            }
            Operand::Number(row) if !self.is_thinned() => {
                to.as_flattened().iter().zip(column(row)).for_each(|(to, vector)| to.set(*vector));
            }
            _ => {
                for place in 0..to.len() * LANES {
                    let row = match row {
                        Operand::Number(row) => row,
                        Operand::Register(rows) => lane_of(self.read(rows), place),
                    };
                    let value = if row.is_nan() { f64::NAN } else { lane(column(row), self.origin(place)) };
                    set_lane(to, place, value);
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
    pub fn room(&mut self, trace: usize, rows: usize) -> Vec<Vector> {
        let mut room = self.traces.get_mut(trace).map(std::mem::take).unwrap_or_default();
        room.clear();
        room.resize(rows * self.length(), Vector([0.0; VECTOR]));
        room
    }

    /// Puts a process in its place.
    pub fn keep_process(&mut self, trace: usize, rows: Vec<Vector>) {
        if let Some(place) = self.traces.get_mut(trace) {
            *place = rows;
        }
    }
}
