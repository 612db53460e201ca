//! Which values of a program are needed, and the order in which they are made.
//!
//! Sums and products that one other alone reads become one instruction with it ([`Chain`]), which saves passes over
//! columns; each still rounds, so that the bits stay.

use crate::bytecode::{Link, Start};
use crate::ssa::{Noise, Op, Program, Value};
use sbi_model::{Binary, Unary};
use std::collections::{BTreeSet, HashMap};

/// Sums and products for one instruction.
#[derive(Clone)]
pub(crate) struct Chain {
    pub start: Start,
    /// What it starts with.
    first: [Value; 2],
    links: Vec<(Link, [Value; 2])>,
}

impl Chain {
    /// Both links; [`Link::None`] where there is none.
    pub fn links(&self) -> [Link; 2] {
        [0, 1].map(|k| self.links.get(k).map_or(Link::None, |(link, _)| *link))
    }

    /// What it reads: two values for the start and for each link, the same twice where there is but one.
    pub fn reads(&self) -> impl Iterator<Item = Value> {
        self.first.into_iter().chain(self.links.iter().flat_map(|(_, reads)| *reads))
    }

    /// A product of two values, and nothing more.
    fn product(&self) -> Option<[Value; 2]> {
        (self.start == Start::Mul && self.links.is_empty()).then_some(self.first)
    }

    /// This and one more link, where there is an instruction for that: behind a product two of any kind, behind a sum one that
    /// reads one value.
    fn and(&self, link: Link, reads: [Value; 2]) -> Option<Chain> {
        let fits = match self.start {
            Start::Mul => self.links.len() < 2,
            Start::Add | Start::Sub => {
                self.links.is_empty() && matches!(link, Link::Mul | Link::Add | Link::Sub | Link::From)
            }
        };
        let links = self.links.iter().copied().chain([(link, reads)]).collect();
        fits.then_some(Chain { links, ..*self })
    }
}

/// Which values are needed, and how often each is read.
pub(crate) struct Needs {
    reads: Vec<u32>,
    chains: HashMap<Value, Chain>,
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
        let (reads, chains) = (vec![0; program.len()], HashMap::new());
        let mut needs = Needs { reads, chains, pairs: HashMap::new(), kept: HashMap::new() };
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
                && let Some(chain) = needs.chain(op, x, y)
            {
                needs.chains.insert(value, chain);
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
            Op::Loop(number) => {
                for (run, slots) in program.loop_of(number).loops_read(program) {
                    let kept = self.kept.entry(run).or_default();
                    kept.slots.extend(slots);
                    (kept.traces, kept.anywhere) = (kept.traces + 1, true);
                }
            }
            Op::Last { run, slot } => self.kept.entry(run).or_default().last.push((slot, value)),
            _ => {}
        }
    }

    /// What is read of a loop.
    pub fn kept(&self, run: Value) -> Kept {
        self.kept.get(&run).cloned().unwrap_or_default()
    }

    /// The chain that makes `value`, where it is more than one operation.
    pub fn chain_of(&self, value: Value) -> Option<&Chain> {
        self.chains.get(&value).filter(|chain| !chain.links.is_empty())
    }

    fn read(&mut self, value: Value) {
        *self.reads.get_mut(value.position()).expect("there is a count for each value") += 1;
    }

    fn count(&self, value: Value) -> u32 {
        self.reads.get(value.position()).copied().unwrap_or(0)
    }

    /// `x op y` with as much as fits of what makes `x` and `y`, if nothing else reads that.
    fn chain(&self, op: Binary, x: Value, y: Value) -> Option<Chain> {
        let start = match op {
            Binary::Mul => Start::Mul,
            Binary::Add => Start::Add,
            Binary::Sub => Start::Sub,
            _ => return None,
        };
        let own = |value: Value| self.chains.get(&value).filter(|_| self.count(value) == 1);
        let goes_on = |value: Value, other: Value, one: Link, product: Link| {
            let chain = own(value)?;
            let product =
                own(other).and_then(Chain::product).filter(|_| op != Binary::Mul).map(|both| (product, both));
            let with_product = product.and_then(|(link, both)| chain.and(link, both));
            with_product.or_else(|| chain.and(one, [other, other]))
        };
        let [first, second] = match op {
            Binary::Mul => [goes_on(x, y, Link::Mul, Link::None), goes_on(y, x, Link::Mul, Link::None)],
            Binary::Add => [goes_on(x, y, Link::Add, Link::AddMul), goes_on(y, x, Link::Add, Link::AddMul)],
            _ => [goes_on(x, y, Link::Sub, Link::SubMul), goes_on(y, x, Link::From, Link::FromMul)],
        };
        let alone = Chain { start, first: [x, y], links: Vec::new() };
        // The longer one spares more; `max_by_key` takes the last of equals.
        [Some(alone), second, first].into_iter().flatten().max_by_key(|chain| chain.reads().count())
    }

    /// What the instruction that makes `value` reads.
    pub fn operands(&self, program: &Program, value: Value) -> Vec<Value> {
        match self.chain_of(value) {
            Some(chain) => chain.reads().collect(),
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
