//! From a program to instructions over columns of draws.
//!
//! Three steps: which values are needed at all, in which order they are made so that few are alive at a time, and which
//! register holds each. A product that is read by one sum alone becomes one instruction with it, which
//! saves a pass over a column; it still rounds twice, so that the bits stay.

use crate::ssa::{Law, Loop, Noise, Op, Program, Sample, Sampler, Value};
use sbi_model::{Binary, Unary};
use std::collections::{HashMap, HashSet};

/// A column of draws, by number.
pub(crate) type Register = u32;

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operand {
    Register(Register),
    Number(f64),
}

/// One operation on whole columns. `to` is never among the registers that the instruction reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Instruction {
    Unary {
        op: Unary,
        to: Register,
        x: Register,
    },
    /// At least one of the two is a register.
    Binary {
        op: Binary,
        to: Register,
        x: Operand,
        y: Operand,
    },
    Fused {
        form: Fused,
        to: Register,
        a: Register,
        b: Operand,
        c: Operand,
    },
    Select {
        to: Register,
        condition: Register,
        yes: Operand,
        no: Operand,
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
    /// A random number of a law that no formula gives.
    Sample {
        sampler: Sampler,
        path: u64,
        element: u32,
        to: Register,
        x: Operand,
        y: Operand,
    },
    Move {
        to: Register,
        x: Operand,
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
    /// What a loop carried after so many steps.
    Trace {
        run: usize,
        traced: usize,
        to: Register,
        place: Operand,
    },
    /// Writes a column of the table.
    Store {
        column: usize,
        x: Operand,
    },
}

/// A product and a sum, each rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fused {
    /// `a b + c`
    MulAdd,
    /// `a b - c`
    MulSub,
    /// `c - a b`
    SubMul,
}

/// A loop for the engine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Steps {
    pub count: u32,
    /// The registers of what is carried, and of what is carried to the next step.
    pub carried: Vec<Register>,
    pub next: Vec<Register>,
    /// The registers whose values are kept at every step.
    pub traced: Vec<Register>,
    /// The register that is zero for draws of which nothing changes any more.
    pub alive: Option<Register>,
}

/// A program for the engine.
pub(crate) struct Code {
    pub instructions: Vec<Instruction>,
    pub loops: Vec<Steps>,
    /// How many registers it uses.
    pub registers: usize,
    /// How many columns it writes, each once.
    pub columns: usize,
}

/// Compiles the part of `program` that `outputs` need; output k becomes column k.
pub(crate) fn compile(program: &Program, outputs: &[Value]) -> Code {
    let needs = Needs::of(program, outputs);
    let schedule = Schedule::of(program, &needs, outputs);
    Emitter::new(program, &needs, outputs, &schedule.order).emit(outputs, &schedule.order)
}

/// A product folded into the sum that reads it: `a b` and the other term.
#[derive(Clone, Copy)]
struct Fusion {
    form: Fused,
    a: Value,
    b: Value,
    c: Value,
}

/// Which values are needed, and how often each is read.
struct Needs {
    reads: Vec<u32>,
    fusions: HashMap<Value, Fusion>,
    /// The needed values that may come in pairs from one instruction.
    pairs: HashMap<Op, Value>,
}

/// The operation that one instruction can do together with `op`.
fn companion(op: Op) -> Option<Op> {
    match op {
        Op::Noise(noise) => Some(Op::Noise(Noise { element: noise.element ^ 1, ..noise })),
        Op::Unary(Unary::Sin, x) => Some(Op::Unary(Unary::Cos, x)),
        Op::Unary(Unary::Cos, x) => Some(Op::Unary(Unary::Sin, x)),
        _ => None,
    }
}

impl Needs {
    fn of(program: &Program, outputs: &[Value]) -> Needs {
        let mut needs =
            Needs { reads: vec![0; program.len()], fusions: HashMap::new(), pairs: HashMap::new() };
        outputs.iter().for_each(|output| needs.read(*output));
        // What reads a value comes after it, so one pass from the end meets every reader first.
        for (value, op) in program.values().rev() {
            if needs.count(value) > 0 {
                program.operands(value).for_each(|operand| needs.read(operand));
                if companion(op).is_some() {
                    needs.pairs.insert(op, value);
                }
            }
        }
        for (value, op) in program.values() {
            if let (Op::Binary(op, x, y), true) = (op, needs.count(value) > 0)
                && let Some(fusion) = needs.fusion(program, op, x, y)
            {
                needs.fusions.insert(value, fusion);
            }
        }
        needs
    }

    fn read(&mut self, value: Value) {
        *self.reads.get_mut(value.position()).expect("there is a count for each value") += 1;
    }

    fn count(&self, value: Value) -> u32 {
        self.reads.get(value.position()).copied().unwrap_or(0)
    }

    /// How `x op y` takes in a product that nothing else reads.
    fn fusion(&self, program: &Program, op: Binary, x: Value, y: Value) -> Option<Fusion> {
        let product = |v: Value| match program.op(v) {
            Op::Binary(Binary::Mul, a, b) if self.count(v) == 1 => {
                // The builder puts a known factor second for a column, so that one of the two is a register.
                if program.known_number(a).is_some() { Some((b, a)) } else { Some((a, b)) }
            }
            _ => None,
        };
        let fuse = |form, (a, b), c| Some(Fusion { form, a, b, c });
        match (op, product(x), product(y)) {
            (Binary::Add, Some(p), _) => fuse(Fused::MulAdd, p, y),
            (Binary::Add, None, Some(p)) => fuse(Fused::MulAdd, p, x),
            (Binary::Sub, Some(p), _) => fuse(Fused::MulSub, p, y),
            (Binary::Sub, None, Some(p)) => fuse(Fused::SubMul, p, x),
            _ => None,
        }
    }

    /// What the instruction that makes `value` reads.
    fn operands(&self, program: &Program, value: Value) -> Vec<Value> {
        match self.fusions.get(&value) {
            Some(Fusion { a, b, c, .. }) => vec![*a, *b, *c],
            None => program.operands(value).collect(),
        }
    }

    /// The needed value that is made together with one made by `op`.
    fn partner(&self, op: Op) -> Option<Value> {
        companion(op).and_then(|op| self.pairs.get(&op)).copied()
    }
}

/// The order in which values are made.
struct Schedule {
    order: Vec<Value>,
    done: Vec<bool>,
}

impl Schedule {
    /// Each output follows straight on what it needs. The last outputs go first: they read the earlier ones, which are
    /// then stored when they are made, not held in a register from the start to their last reader.
    fn of(program: &Program, needs: &Needs, outputs: &[Value]) -> Schedule {
        let mut schedule = Schedule { order: Vec::new(), done: vec![false; program.len()] };
        for output in outputs.iter().rev() {
            schedule.make(program, needs, *output);
        }
        schedule
    }

    /// Adds `root` after all that it needs; depth first, without recursion.
    fn make(&mut self, program: &Program, needs: &Needs, root: Value) {
        let mut open = vec![(root, needs.operands(program, root).into_iter())];
        while let Some((value, operands)) = open.last_mut() {
            let value = *value;
            if self.is_done(value) || program.known_number(value).is_some() {
                open.pop();
            } else if let Some(operand) = operands.next() {
                open.push((operand, needs.operands(program, operand).into_iter()));
            } else {
                self.add(value);
                needs.partner(program.op(value)).into_iter().for_each(|partner| self.add(partner));
                open.pop();
            }
        }
    }

    fn is_done(&self, value: Value) -> bool {
        self.done.get(value.position()).copied().unwrap_or(false)
    }

    fn add(&mut self, value: Value) {
        *self.done.get_mut(value.position()).expect("there is a mark for each value") = true;
        self.order.push(value);
    }
}

/// Gives every value a register for as long as something still reads it.
struct Emitter<'a> {
    program: &'a Program,
    needs: &'a Needs,
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
    /// The number of each loop among those of the code.
    loops: HashMap<Value, usize>,
    code: Code,
}

impl<'a> Emitter<'a> {
    fn new(program: &'a Program, needs: &'a Needs, outputs: &[Value], order: &[Value]) -> Emitter<'a> {
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
        let code = Code { instructions: Vec::new(), loops: Vec::new(), registers: 0, columns: outputs.len() };
        Emitter {
            program,
            needs,
            columns,
            last_read,
            register: HashMap::new(),
            free: Vec::new(),
            kept: HashSet::new(),
            carried: Vec::new(),
            outer: Vec::new(),
            loops: HashMap::new(),
            code,
        }
    }

    fn emit(mut self, outputs: &[Value], order: &[Value]) -> Code {
        for (column, output) in outputs.iter().enumerate() {
            if let Some(number) = self.program.known_number(*output) {
                self.code.instructions.push(Instruction::Store { column, x: Operand::Number(number) });
            }
        }
        self.all(order);
        self.code
    }

    /// Adds the instructions of all values, in this order.
    fn all(&mut self, order: &[Value]) {
        for (place, value) in order.iter().enumerate() {
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

    /// Adds a loop: what it carries is put in place, its body follows, and the end goes back to the start.
    fn run(&mut self, value: Value, run: &Loop) {
        let number = self.code.loops.len();
        self.loops.insert(value, number);
        let [carried, next] = [(); 2].map(|()| (0..run.carried).map(|_| self.fixed()).collect::<Vec<_>>());
        for (to, initial) in carried.iter().zip(&run.inputs) {
            let x = self.operand(*initial);
            self.code.instructions.push(Instruction::Move { to: *to, x });
        }
        let at = |slot: &u32| carried.get(*slot as usize).copied().expect("a loop carries what it traces");
        self.code.loops.push(Steps {
            count: run.steps,
            traced: run.traced.iter().map(at).collect(),
            alive: run.alive.as_ref().map(at),
            carried: carried.clone(),
            next: next.clone(),
        });
        self.code.instructions.push(Instruction::Begin { run: number });
        let needs = Needs::of(&run.body, &run.next);
        let order = Schedule::of(&run.body, &needs, &run.next).order;
        let mut body = Emitter::new(&run.body, &needs, &[], &order);
        // What a body carries to the next step is read when the step ends.
        for next in &run.next {
            body.last_read.insert(*next, usize::MAX);
        }
        body.outer = run.inputs.iter().skip(run.carried).map(|outer| self.operand(*outer)).collect();
        body.carried = carried.clone();
        body.kept = self.kept.clone();
        body.code = std::mem::replace(
            &mut self.code,
            Code { instructions: Vec::new(), loops: Vec::new(), registers: 0, columns: 0 },
        );
        body.free = std::mem::take(&mut self.free);
        body.all(&order);
        for (to, value) in next.into_iter().zip(&run.next) {
            let x = body.operand(*value);
            body.code.instructions.push(Instruction::Move { to, x });
        }
        // The body's registers are free again behind it.
        let own = body.register.values().filter(|register| !body.is_foreign(**register));
        let freed: Vec<Register> = own.copied().collect();
        self.free = std::mem::take(&mut body.free);
        self.free.extend(freed);
        self.code = body.code;
        self.code.instructions.push(Instruction::End { run: number });
        // What a loop leaves is read from what it kept.
        let own =
            self.code.loops.get(number).into_iter().flat_map(|steps| steps.carried.iter().chain(&steps.next));
        let own: Vec<Register> = own.copied().collect();
        self.kept.retain(|register| !own.contains(register));
        self.free.extend(own);
    }

    /// Whether a register of a body is not its own.
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

    fn number_of(&self, run: Value) -> usize {
        self.loops.get(&run).copied().expect("a loop runs before it is read")
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
            Op::Step => Instruction::Step { to: self.allocate(value) },
            Op::Trace { run, traced, place } => Instruction::Trace {
                run: self.number_of(run),
                traced: traced as usize,
                to: self.allocate(value),
                place: self.operand(place),
            },
            Op::Noise(noise) => {
                let even = noise.element.is_multiple_of(2);
                let to = self.allocate_pair(value, even);
                Instruction::Noise { law: noise.law, path: noise.path, pair: noise.element / 2, to }
            }
            Op::Sample(Sample { sampler, path, element, arguments: [x, y] }) => {
                let to = self.allocate(value);
                Instruction::Sample { sampler, path, element, to, x: self.operand(x), y: self.operand(y) }
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
                condition: self.column(condition),
                yes: self.operand(yes),
                no: self.operand(no),
            },
            Op::Binary(op, x, y) => {
                let to = self.allocate(value);
                match self.needs.fusions.get(&value) {
                    Some(&Fusion { form, a, b, c }) => Instruction::Fused {
                        form,
                        to,
                        a: self.column(a),
                        b: self.operand(b),
                        c: self.operand(c),
                    },
                    None => Instruction::Binary { op, to, x: self.operand(x), y: self.operand(y) },
                }
            }
        };
        self.code.instructions.push(instruction);
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
        let register = self.free.pop().unwrap_or_else(|| {
            self.code.registers += 1;
            (self.code.registers - 1) as Register
        });
        self.register.insert(value, register);
        register
    }

    /// Frees the register of `value` if nothing after `place` reads it.
    fn release(&mut self, value: Value, place: usize) {
        if self.last_read.get(&value).is_none_or(|last| *last <= place)
            && let Some(register) = self.register.remove(&value)
            && !self.is_foreign(register)
        {
            self.free.push(register);
        }
    }

    fn operand(&self, value: Value) -> Operand {
        match self.program.known_number(value) {
            Some(number) => Operand::Number(number),
            None => Operand::Register(self.column(value)),
        }
    }

    fn column(&self, value: Value) -> Register {
        self.register
            .get(&value)
            .copied()
            .expect("a value is in its register from its making to its last reader")
    }
}
