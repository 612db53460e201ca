//! Which values of a program are needed, and the order in which they are made.
//!
//! A product that is read by one sum alone becomes one instruction with it, which saves a pass over a column; it still
//! rounds twice, so that the bits stay.

use crate::bytecode::Fused;
use crate::ssa::{Noise, Op, Program, Value};
use sbi_model::{Binary, Unary};
use std::collections::{BTreeSet, HashMap};

/// A product folded into the sum that reads it: `a b` and the other term.
#[derive(Clone, Copy)]
pub(crate) struct Fusion {
    pub form: Fused,
    pub a: Value,
    pub b: Value,
    pub c: Value,
}

/// Which values are needed, and how often each is read.
pub(crate) struct Needs {
    reads: Vec<u32>,
    fusions: HashMap<Value, Fusion>,
    /// The needed values that may come in pairs from one instruction.
    pairs: HashMap<Op, Value>,
    kept: HashMap<Value, Kept>,
}

/// What is read of a loop.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// The slots that are read on the way.
    pub slots: BTreeSet<u32>,
    /// After how many steps, where that is known.
    pub places: BTreeSet<u32>,
    /// Whether a place is not known beforehand.
    pub anywhere: bool,
    /// How many values are read on the way.
    pub traces: usize,
    /// The slots that are read at the end, and what they are then.
    pub last: Vec<(u32, Value)>,
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
    pub fn of(program: &Program, outputs: &[Value]) -> Needs {
        let (reads, fusions) = (vec![0; program.len()], HashMap::new());
        let mut needs = Needs { reads, fusions, pairs: HashMap::new(), kept: HashMap::new() };
        outputs.iter().for_each(|output| needs.read(*output));
        // What reads a value comes after it, so one pass from the end meets every reader first.
        for (value, op) in program.values().rev() {
            if needs.count(value) > 0 {
                program.operands(value).for_each(|operand| needs.read(operand));
                if companion(op).is_some() {
                    needs.pairs.insert(op, value);
                }
                needs.keep(program, value, op);
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

    /// Notes what `value` reads of a loop.
    fn keep(&mut self, program: &Program, value: Value, op: Op) {
        match op {
            Op::Trace { run, slot, place } => {
                let kept = self.kept.entry(run).or_default();
                kept.slots.insert(slot);
                kept.traces += 1;
                match program.known_number(place) {
                    Some(place) if place >= 0.0 => {
                        kept.places.insert(place as u32);
                    }
                    _ => kept.anywhere = true,
                }
            }
            Op::Before { run, slot, .. } | Op::Crossings { run, slot, .. } => {
                let kept = self.kept.entry(run).or_default();
                kept.slots.insert(slot);
                (kept.traces, kept.anywhere) = (kept.traces + 1, true);
            }
            Op::Last { run, slot } => self.kept.entry(run).or_default().last.push((slot, value)),
            _ => {}
        }
    }

    /// What is read of a loop.
    pub fn kept(&self, run: Value) -> Kept {
        self.kept.get(&run).cloned().unwrap_or_default()
    }

    /// The product that the sum `value` takes in.
    pub fn fusion_of(&self, value: Value) -> Option<&Fusion> {
        self.fusions.get(&value)
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
    pub fn operands(&self, program: &Program, value: Value) -> Vec<Value> {
        match self.fusions.get(&value) {
            Some(Fusion { a, b, c, .. }) => vec![*a, *b, *c],
            None => program.operands(value).collect(),
        }
    }

    /// The needed value that is made together with one made by `op`.
    pub fn partner(&self, op: Op) -> Option<Value> {
        companion(op).and_then(|op| self.pairs.get(&op)).copied()
    }
}

/// The order in which values are made.
pub(crate) struct Schedule {
    order: Vec<Value>,
    done: Vec<bool>,
}

impl Schedule {
    /// Each output follows straight on what it needs. The last outputs go first: they read the earlier ones, which are
    /// then stored when they are made, not held in a register from the start to their last reader.
    pub fn of(program: &Program, needs: &Needs, outputs: &[Value]) -> Schedule {
        let mut schedule = Schedule { order: Vec::new(), done: vec![false; program.len()] };
        for output in outputs.iter().rev() {
            schedule.make(program, needs, *output);
        }
        schedule
    }

    pub fn order(&self) -> &[Value] {
        &self.order
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
