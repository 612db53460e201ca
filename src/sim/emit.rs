//! Which register holds each value, and the instructions that make them.

use crate::bytecode::{Code, Instruction, Link, Operand, Register, Source, Start, Steps, Survey};
use crate::schedule::{Chain, Needs, Schedule};
use crate::ssa::{Alone, Driving, Factor, Loop, Op, Program, Sample, Value};
use sbi_model::Unary;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Gives every value a register for as long as something still reads it.
pub(crate) struct Emitter<'a> {
    program: &'a Program,
    needs: &'a Needs,
    order: &'a [Value],
    /// Which columns a value is written to.
    columns: HashMap<Value, Vec<usize>>,
    /// Where in the order each value is read last.
    last_read: HashMap<Value, usize>,
    register: HashMap<Value, Register>,
    free: Vec<Register>,
    /// The registers that are never freed: those of what loops carry.
    kept: HashSet<Register>,
    /// In the body of a loop, where it finds what it carries and what it reads of the program around.
    carried: Vec<Register>,
    outer: Vec<Operand>,
    /// What has run and is still read on the way.
    loops: HashMap<Value, Traced>,
    /// Where processes stand that are still read.
    processes: HashMap<Value, usize>,
    /// In the body of a loop, where its tables are kept.
    tables: Vec<Table>,
    /// Places to keep traces in that are free.
    traces: Vec<usize>,
    /// In the body of a loop, the registers to which its values go that are carried to the next step, and those in which
    /// numbers are put by.
    next: HashMap<Value, Register>,
    /// Where the code's constants stand, by their bits.
    constants: HashMap<u64, usize>,
    by: HashMap<Value, Register>,
    code: Code,
}

/// A loop that has run.
struct Traced {
    /// Its number among the loops of the code.
    number: usize,
    slots: Vec<u32>,
    places: Option<Vec<u32>>,
    /// How many values are still to be read of it.
    left: usize,
}

/// What the body of a loop reads rows of.
#[derive(Clone)]
enum Table {
    /// A process, by where it is kept.
    Process(usize),
    /// Another loop, by its number, with the slots that it keeps.
    Loop(usize, Vec<u32>),
}

const UNKEPT: &str = "a loop keeps what is read of it";

/// Code with nothing in it.
const EMPTY: Code = Code {
    instructions: Vec::new(),
    loops: Vec::new(),
    processes: Vec::new(),
    series: Vec::new(),
    constants: Vec::new(),
    registers: 0,
    traces: 0,
    columns: 0,
};

impl<'a> Emitter<'a> {
    pub fn new(program: &'a Program, needs: &'a Needs, outputs: &[Value], order: &'a [Value]) -> Emitter<'a> {
        let mut columns: HashMap<Value, Vec<usize>> = HashMap::new();
        for (column, output) in outputs.iter().enumerate() {
            columns.entry(*output).or_default().push(column);
        }
        let mut last_read = HashMap::new();
        for (place, value) in order.iter().enumerate() {
            for operand in needs.operands(program, *value) {
                last_read.insert(operand, place);
            }
        }
        Emitter {
            program,
            needs,
            order,
            columns,
            last_read,
            register: HashMap::new(),
            free: Vec::new(),
            kept: HashSet::new(),
            carried: Vec::new(),
            outer: Vec::new(),
            loops: HashMap::new(),
            processes: HashMap::new(),
            tables: Vec::new(),
            traces: Vec::new(),
            next: HashMap::new(),
            constants: HashMap::new(),
            by: HashMap::new(),
            code: Code { columns: outputs.len(), ..EMPTY },
        }
    }

    /// The code that makes `outputs`, each a column of the table.
    pub fn emit(mut self, outputs: &[Value]) -> Code {
        for (column, output) in outputs.iter().enumerate() {
            if let Some(number) = self.program.known_number(*output) {
                self.code.instructions.push(Instruction::Store { column, x: Operand::Number(number) });
            }
        }
        self.all();
        self.code
    }

    /// Adds the instructions of all values in their order.
    fn all(&mut self) {
        for (place, value) in self.order.iter().enumerate() {
            if !self.register.contains_key(value) {
                self.make(*value);
            }
            self.store(*value);
            // Only now, so that an instruction never writes what it reads.
            let operands = self.needs.operands(self.program, *value);
            operands.into_iter().for_each(|operand| self.release(operand, place));
            self.release(*value, place);
        }
    }

    /// Adds a loop: what it carries is put in place, its body follows, and the end goes back to the start. What it
    /// carries then stays where it is for as long as it is read.
    fn run(&mut self, value: Value, run: &Loop) {
        let mut steps = self.steps(value, run);
        let outer = self.outer_of(run, &mut steps);
        let [carried, next, copies] = [&steps.carried, &steps.next, &steps.outer].map(Clone::clone);
        let number = self.code.loops.len();
        self.code.loops.push(steps);
        self.code.instructions.push(Instruction::Begin { run: number });
        self.body(run, &carried, &next, outer);
        self.code.instructions.push(Instruction::End { run: number });
        run.loops_read(self.program).for_each(|(read, _)| self.was_read(read));
        for (slot, last) in self.needs.kept(value).last {
            self.register
                .insert(last, *carried.get(slot as usize).expect("a loop carries what it ends with"));
        }
        for register in carried.into_iter().chain(next).chain(copies) {
            self.kept.remove(&register);
            if !self.register.values().any(|held| *held == register) {
                self.free.push(register);
            }
        }
    }

    /// Puts in place what a loop carries, and says what it keeps.
    fn steps(&mut self, value: Value, run: &Loop) -> Steps {
        let [carried, next] = [(); 2].map(|()| (0..run.carried).map(|_| self.fixed()).collect::<Vec<_>>());
        for (to, initial) in carried.iter().zip(&run.inputs) {
            let x = self.operand(*initial);
            self.code.instructions.push(Instruction::Move { to: *to, x });
        }
        let at = |slot: &u32| carried.get(*slot as usize).copied().expect("a loop carries what it keeps");
        let kept = self.needs.kept(value);
        let places = (!kept.anywhere).then(|| kept.places.iter().copied().collect::<Vec<u32>>());
        let trace = if kept.traces == 0 { 0 } else { self.free_trace() };
        let traced = Traced {
            number: self.code.loops.len(),
            slots: kept.slots.iter().copied().collect(),
            places: places.clone(),
            left: kept.traces,
        };
        self.loops.insert(value, traced);
        Steps {
            count: run.steps,
            kept: kept.slots.iter().map(at).collect(),
            alive: run.alive.as_ref().map(at),
            carried,
            next,
            places,
            trace,
            outer: Vec::new(),
        }
    }

    /// Where the body of a loop finds what it reads of the program around: in copies of its own, where draws leave the
    /// columns when they are done.
    fn outer_of(&mut self, run: &Loop, steps: &mut Steps) -> Vec<Operand> {
        let mut outer: Vec<Operand> =
            run.inputs.iter().skip(run.carried).map(|outer| self.operand(*outer)).collect();
        if steps.thins_out() {
            for operand in outer.iter_mut().filter(|operand| matches!(operand, Operand::Register(_))) {
                let to = self.fixed();
                self.code.instructions.push(Instruction::Move { to, x: *operand });
                steps.outer.push(to);
                *operand = Operand::Register(to);
            }
        }
        outer
    }

    /// Adds the body of a loop.
    fn body(&mut self, run: &Loop, carried: &[Register], next: &[Register], outer: Vec<Operand>) {
        let needs = Needs::of(&run.body, &run.next);
        let schedule = Schedule::of(&run.body, &needs, &run.next);
        // What is put by lasts from one step to the next: its registers are never another value's.
        let noises = schedule.order().iter().filter(|value| matches!(run.body.op(**value), Op::Driving(_)));
        let by: Vec<(Value, Register)> = noises.map(|value| (*value, self.fixed())).collect();
        let mut body = Emitter::new(&run.body, &needs, &[], schedule.order());
        // What a body carries to the next step is read when the step ends.
        for next in &run.next {
            body.last_read.insert(*next, usize::MAX);
        }
        (body.carried, body.outer, body.kept) = (carried.to_vec(), outer, self.kept.clone());
        body.by = by.iter().copied().collect();
        body.next = run.next.iter().copied().zip(next.iter().copied()).collect();
        body.tables = run.tables.iter().map(|table| self.table(*table)).collect();
        body.code = std::mem::replace(&mut self.code, EMPTY);
        body.constants = std::mem::take(&mut self.constants);
        body.free = std::mem::take(&mut self.free);
        body.all();
        for (to, value) in next.iter().zip(&run.next) {
            let x = body.operand(*value);
            // What could be made there is there already.
            if x != Operand::Register(*to) {
                body.code.instructions.push(Instruction::Move { to: *to, x });
            }
        }
        // The body's registers are free again behind it.
        let own: HashSet<Register> =
            body.register.values().copied().filter(|register| !body.is_foreign(*register)).collect();
        self.free = std::mem::take(&mut body.free);
        self.free.extend(own);
        for (_, by) in by {
            self.kept.remove(&by);
            self.free.push(by);
        }
        self.code = body.code;
        self.constants = body.constants;
    }

    /// Whether a register is not the program's own: the loop's around it, or what stands around that.
    fn is_foreign(&self, register: Register) -> bool {
        self.kept.contains(&register) || self.outer.contains(&Operand::Register(register))
    }

    /// A register that is never freed.
    fn fixed(&mut self) -> Register {
        let register = self.free.pop().unwrap_or_else(|| {
            self.code.registers += 1;
            (self.code.registers - 1) as Register
        });
        self.kept.insert(register);
        register
    }

    /// A place to keep a trace in.
    fn free_trace(&mut self) -> usize {
        self.traces.pop().unwrap_or_else(|| {
            self.code.traces += 1;
            self.code.traces - 1
        })
    }

    /// Where a process stands.
    fn process(&self, process: Value) -> usize {
        self.processes.get(&process).copied().expect("a process is drawn before it is read")
    }

    /// Where a table of a loop is kept.
    fn table(&self, table: Value) -> Table {
        match self.loops.get(&table) {
            Some(traced) => Table::Loop(traced.number, traced.slots.clone()),
            None => Table::Process(self.process(table)),
        }
    }

    /// In the body of a loop, another loop that is a table of it: its number, and that of a slot among those it keeps.
    fn loop_at(&self, table: u32, slot: u32) -> (usize, usize) {
        match self.tables.get(table as usize) {
            Some(Table::Loop(run, slots)) => (*run, slots.binary_search(&slot).expect(UNKEPT)),
            _ => panic!("a body reads its loop's tables"),
        }
    }

    /// The number of a fixed function among those of the code.
    fn series(&mut self, number: u32) -> usize {
        let series = self.program.series_of(number);
        let known = self.code.series.iter().position(|known| Arc::ptr_eq(known, series));
        known.unwrap_or_else(|| {
            self.code.series.push(Arc::clone(series));
            self.code.series.len() - 1
        })
    }

    /// Adds the reading of a row of what a loop kept.
    fn trace(&mut self, value: Value, run: Value, slot: u32, place: Value) {
        let (to, place) = (self.allocate(value), self.operand(place));
        let row = match (place, &self.traced(run).places) {
            (Operand::Number(place), Some(places)) => {
                let row = places.binary_search(&(place as u32)).expect(UNKEPT);
                Operand::Number(row as f64)
            }
            _ => place,
        };
        let (run, kept) = self.read_of(run, slot);
        self.code.instructions.push(Instruction::Trace { run, kept, to, row });
    }

    /// Adds a look at all that a loop kept.
    fn survey(&mut self, kind: Survey, value: Value, run: Value, slot: u32, x: Value) {
        let (to, x) = (self.allocate(value), self.operand(x));
        let (run, kept) = self.read_of(run, slot);
        self.code.instructions.push(Instruction::Survey { kind, run, kept, to, x });
    }

    fn traced(&self, run: Value) -> &Traced {
        self.loops.get(&run).expect("a loop runs before it is read")
    }

    /// The number of a loop, and that of a slot among those that it keeps, for one of the values that read it. Behind
    /// the last of them, what it keeps is no longer needed.
    fn read_of(&mut self, run: Value, slot: u32) -> (usize, usize) {
        self.was_read(run);
        let traced = self.traced(run);
        (traced.number, traced.slots.binary_search(&slot).expect(UNKEPT))
    }

    /// Notes that one of the values that read a loop has been made.
    fn was_read(&mut self, run: Value) {
        let traced = self.loops.get_mut(&run).expect("a loop runs before it is read");
        traced.left -= 1;
        if traced.left == 0 {
            self.traces.extend(self.code.loops.get(traced.number).map(|steps| steps.trace));
        }
    }

    /// Adds the instruction that makes `value`.
    fn make(&mut self, value: Value) {
        let instruction = match self.program.op(value) {
            Op::Number(_) => panic!("known numbers are operands, never in the schedule"),
            Op::Loop(number) => {
                let run = self.program.loop_of(number);
                return self.run(value, run);
            }
            // These stand in registers already.
            Op::Carried(slot) => {
                let register = self.carried.get(slot as usize).copied();
                self.register.insert(value, register.expect("a body reads what its loop carries"));
                return;
            }
            Op::Outer(number) => match self.outer.get(number as usize).copied() {
                Some(Operand::Register(register)) => {
                    self.register.insert(value, register);
                    return;
                }
                Some(x) => Instruction::Move { to: self.allocate(value), x },
                None => panic!("a body reads what its loop is given"),
            },
            Op::Given(column) => Instruction::Given { to: self.allocate(value), column: column as usize },
            Op::Step => Instruction::Step { to: self.allocate(value) },
            Op::Trace { run, slot, place } => return self.trace(value, run, slot, place),
            Op::Process(number) => self.drawn(value, number),
            Op::Row { process, row } => {
                let to = self.allocate(value);
                Instruction::Row { trace: self.process(process), to, row: self.operand(row) }
            }
            Op::Inner { table, slot, row } => self.row_of(value, (table, slot), row),
            Op::InnerBefore { table, slot, value: x } => {
                let (run, kept) = self.loop_at(table, slot);
                let (to, x) = (self.allocate(value), self.operand(x));
                Instruction::Survey { kind: Survey::Before, run, kept, to, x }
            }
            Op::Series { series, time } => {
                let series = self.series(series);
                Instruction::Series { series, to: self.allocate(value), time: self.column(time) }
            }
            Op::Before { run, slot, value: x } => return self.survey(Survey::Before, value, run, slot, x),
            Op::Crossings { run, slot, level } => {
                return self.survey(Survey::Crossings, value, run, slot, level);
            }
            Op::Last { .. } => unreachable!("a loop that runs leaves what is read at its end"),
            Op::Noise(noise) => {
                let even = noise.element.is_multiple_of(2);
                let to = self.allocate_pair(value, even);
                Instruction::Noise { law: noise.law, path: noise.path, pair: noise.element / 2, to }
            }
            Op::Alone(Alone { law, path }) => Instruction::Alone { law, path, to: self.allocate(value) },
            Op::Driving(Driving { path, element }) => {
                let by = self.by.get(&value).copied().expect("a body has where to put its noises by");
                Instruction::Driving { path, element, to: self.allocate(value), by }
            }
            Op::Sample(Sample { sampler, path, element, arguments: [x, y] }) => {
                let to = self.allocate(value);
                Instruction::Sample { sampler, path, element, to, x: self.operand(x), y: self.operand(y) }
            }
            Op::Special(function, x, y) => {
                let to = self.allocate(value);
                Instruction::Special { function, to, x: self.operand(x), y: self.operand(y) }
            }
            Op::Unary(op, x) => match self.allocate_pair(value, op != Unary::Cos) {
                [Some(sin), Some(cos)] => Instruction::SinCos { to: [sin, cos], x: self.column(x) },
                [to, other] => {
                    let to = to.or(other).expect("a value gets a register");
                    Instruction::Unary { op, to, x: self.column(x) }
                }
            },
            Op::Select { condition, yes, no } => Instruction::Select {
                to: self.allocate(value),
                condition: self.source(condition),
                yes: self.source(yes),
                no: self.source(no),
            },
            Op::Binary(op, x, y) => {
                let to = self.allocate(value);
                match self.needs.chain_of(value) {
                    Some(chain) if let Some(weighted) = self.weighted(chain, to) => weighted,
                    Some(chain) => {
                        // Nothing reads the places behind the last link.
                        let mut sources = [Source::Register(to); 6];
                        let (start, links, reads) = (chain.start, chain.links(), chain.reads());
                        let reads: Vec<Value> = reads.collect();
                        for (source, value) in sources.iter_mut().zip(reads) {
                            *source = self.source(value);
                        }
                        Instruction::Chain { start, links, to, sources }
                    }
                    None => Instruction::Binary { op, to, x: self.source(x), y: self.source(y) },
                }
            }
        };
        self.code.instructions.push(instruction);
    }

    /// The instruction that draws a process.
    fn drawn(&mut self, value: Value, number: u32) -> Instruction {
        let trace = self.free_trace();
        self.processes.insert(value, trace);
        let process = self.program.process_of(number);
        self.code.processes.push(process.clone());
        let shape = match process.factor {
            Factor::Known(_) => [Operand::Number(1.0); 2],
            Factor::Drawn { length, period, .. } => [length, period].map(|x| self.operand(x)),
        };
        Instruction::Process { process: self.code.processes.len() - 1, trace, shape }
    }

    /// The instruction that reads a row of a table in the body of a loop.
    fn row_of(&mut self, value: Value, (table, slot): (u32, u32), row: Value) -> Instruction {
        let (to, row) = (self.allocate(value), self.operand(row));
        if let Some(Table::Process(trace)) = self.tables.get(table as usize) {
            return Instruction::Row { trace: *trace, to, row };
        }
        let (run, kept) = self.loop_at(table, slot);
        Instruction::Trace { run, kept, to, row }
    }

    /// Registers for `value` and, if it is needed, for the partner that is made with it, in the order of the pair.
    fn allocate_pair(&mut self, value: Value, first: bool) -> [Option<Register>; 2] {
        let own = Some(self.allocate(value));
        let other = self.needs.partner(self.program.op(value)).map(|partner| self.allocate(partner));
        if first { [own, other] } else { [other, own] }
    }

    fn store(&mut self, value: Value) {
        for column in self.columns.get(&value).into_iter().flatten() {
            let x = self.operand(value);
            self.code.instructions.push(Instruction::Store { column: *column, x });
        }
    }

    fn allocate(&mut self, value: Value) -> Register {
        let register = self.next.remove(&value).or_else(|| self.free.pop()).unwrap_or_else(|| {
            self.code.registers += 1;
            (self.code.registers - 1) as Register
        });
        self.register.insert(value, register);
        register
    }

    /// Frees the register of `value` if nothing after `place` reads it.
    fn release(&mut self, value: Value, place: usize) {
        if self.last_read.get(&value).is_some_and(|last| *last > place) {
            return;
        }
        self.traces.extend(self.processes.remove(&value));
        if let Some(register) = self.register.remove(&value).filter(|register| !self.is_foreign(*register)) {
            self.free.push(register);
        }
    }

    fn operand(&self, value: Value) -> Operand {
        match self.program.known_number(value) {
            Some(number) => Operand::Number(number),
            None => Operand::Register(self.column(value)),
        }
    }

    /// A chain that is a sum of one value and one or two others, each times a number.
    fn weighted(&mut self, chain: &Chain, to: Register) -> Option<Instruction> {
        let reads: Vec<Value> = chain.reads().collect();
        let (number, c) = (|value: &Value| self.program.known_number(*value), reads.get(2)?);
        let second = match (chain.start, chain.links()) {
            (Start::Mul, [Link::Add, Link::None]) => None,
            (Start::Mul, [Link::Add, Link::AddMul]) => Some((*reads.get(4)?, number(reads.get(5)?)?)),
            _ => return None,
        };
        let first = (*reads.first()?, number(reads.get(1)?)?);
        let [c, x] = [*c, first.0].map(|value| self.source(value));
        let y = second.map(|(value, weight)| (self.source(value), weight));
        Some(Instruction::Weighted { to, c, x: (x, first.1), y })
    }

    fn source(&mut self, value: Value) -> Source {
        let Some(number) = self.program.known_number(value) else {
            return Source::Register(self.column(value));
        };
        let constants = &mut self.code.constants;
        let place = self.constants.entry(number.to_bits()).or_insert_with(|| {
            constants.push(number);
            constants.len() - 1
        });
        Source::Constant(*place as u32)
    }

    fn column(&self, value: Value) -> Register {
        self.register
            .get(&value)
            .copied()
            .expect("a value is in its register from its making to its last reader")
    }
}
