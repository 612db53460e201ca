//! `on_failure "absent"`: which data a failure reaches.
//!
//! A failure is a run that goes wrong ([`crate::lower::Sign`]), a draw that a program refuses, a value that is no number,
//! and a datum that is infinite. The program computes of each of its values whether it is sound, which is to say made of
//! nothing that failed. A NaN shows itself as long as one computes with it; whether it was one is asked where something
//! swallows it, such as a comparison. What a condition does not choose has no part in a value, and neither has one side of
//! an `and` whose other side is soundly false: so a logarithm that is guarded is no failure.

use crate::lower::Lower;
use crate::ssa::{Op, Value};
use sbi_model::{Binary, OnFailure, Role, Unary};
use std::collections::HashMap;

/// Whether values are made of nothing that failed.
pub(crate) struct Soundness {
    /// By value; none of what cannot fail.
    of: Vec<Option<Value>>,
    /// Whether any value that is no number is a failure, not just what a program refuses.
    own: bool,
    /// What is true of a draw in which nothing failed; values that nothing reads included.
    sources: Vec<Value>,
}

/// What failed at a value, and what its soundness hangs on besides its operands.
#[derive(Default)]
struct Source {
    reads: Vec<Value>,
    sound: Vec<Value>,
}

impl Soundness {
    fn of(&self, value: Value) -> Option<Value> {
        self.of.get(value.position()).copied().flatten()
    }
}

impl Lower<'_> {
    /// Whether each value made so far is sound; nothing where no failure is to be absent.
    pub(crate) fn soundness(&mut self) -> Option<Soundness> {
        if !self.model.tells_failures() {
            return None;
        }
        let own = self.model.on_failure == OnFailure::Absent;
        let made: Vec<(Value, Op)> = self.program.values().collect();
        let mut soundness = Soundness { of: Vec::with_capacity(made.len()), own, sources: Vec::new() };
        let sources = self.sources(&mut soundness);
        for (value, op) in made {
            let mut sound = match op {
                Op::Select { condition, yes, no } => self.of_choice(&soundness, condition, yes, no),
                Op::Binary(op @ (Binary::And | Binary::Or), x, y) => self.of_pair(&soundness, op, x, y),
                _ => self.of_operands(&soundness, value, op),
            };
            if let Some(source) = sources.get(&value) {
                for read in &source.reads {
                    sound = self.both(sound, soundness.of(*read));
                }
                for held in &source.sound {
                    sound = self.both(sound, Some(*held));
                }
            }
            soundness.of.push(sound);
        }
        Some(soundness)
    }

    /// Where something may fail, by the value that it spoils first.
    fn sources(&mut self, soundness: &mut Soundness) -> HashMap<Value, Source> {
        let mut sources: HashMap<Value, Source> = HashMap::new();
        if soundness.own {
            for sign in &self.signs {
                sources.entry(sign.run).or_default().sound.push(sign.sound);
                soundness.sources.push(sign.sound);
            }
        }
        let model = self.model;
        for call in 0..self.calls.len() {
            let Some(call) = self.calls.get(call).cloned() else { continue };
            let Some(external) = model.externals.get(call.external) else { continue };
            let absent = external.on_failure.unwrap_or(model.on_failure) == OnFailure::Absent;
            let inputs = call.inputs.chunks(external.inputs.len().max(1));
            for place in 0..call.places {
                let reads = inputs.clone().nth(place).unwrap_or_default().to_vec();
                let mut sound = Vec::new();
                if soundness.own {
                    sound.extend(reads.iter().map(|input| self.program.is_finite(*input)));
                }
                let first = call.first + place * call.width();
                if absent {
                    // What a program refuses is NaN throughout.
                    let given = self.program.leaf(Op::Given(first as u32));
                    let finite = self.program.is_finite(given);
                    let held = self.where_there(&external.axes, place, finite);
                    soundness.sources.push(held);
                    sound.push(finite);
                }
                for column in first..first + call.width() {
                    let given = self.program.leaf(Op::Given(column as u32));
                    sources.insert(given, Source { reads: reads.clone(), sound: sound.clone() });
                }
            }
        }
        sources
    }

    /// `if condition then yes else no` hangs on its condition, and on the side that this chooses.
    fn of_choice(&mut self, soundness: &Soundness, condition: Value, yes: Value, no: Value) -> Option<Value> {
        let chooses = self.heeded(soundness, condition);
        let (yes, no) = (soundness.of(yes), soundness.of(no));
        let chosen = if yes == no {
            yes
        } else {
            let [yes, no] = [yes, no].map(|sound| sound.unwrap_or_else(|| self.program.number(1.0)));
            Some(self.program.select(condition, yes, no))
        };
        self.both(chooses, chosen)
    }

    /// `x and y` is sound where both are, and where one is soundly false; `or` where one is soundly true.
    fn of_pair(&mut self, soundness: &Soundness, op: Binary, x: Value, y: Value) -> Option<Value> {
        let sides = [x, y].map(|side| self.heeded(soundness, side));
        if sides == [None; 2] {
            return None;
        }
        let [first, second] = sides.map(|sound| sound.unwrap_or_else(|| self.program.number(1.0)));
        let mut sound = self.program.binary(Binary::And, first, second);
        for (side, itself) in [(x, first), (y, second)] {
            let decides = if op == Binary::And { self.program.unary(Unary::Not, side) } else { side };
            let settled = self.program.binary(Binary::And, itself, decides);
            sound = self.program.binary(Binary::Or, sound, settled);
        }
        Some(sound)
    }

    fn of_operands(&mut self, soundness: &Soundness, value: Value, op: Op) -> Option<Value> {
        let operands: Vec<Value> = self.program.operands(value).collect();
        let mut sound = None;
        for operand in operands {
            let operand = if swallows(op) { self.heeded(soundness, operand) } else { soundness.of(operand) };
            sound = self.both(sound, operand);
        }
        sound
    }

    /// Whether a value is sound that is read by what would swallow a NaN.
    fn heeded(&mut self, soundness: &Soundness, value: Value) -> Option<Value> {
        let sound = soundness.of(value);
        if !soundness.own || !may_be_nan(self.program.op(value)) {
            return sound;
        }
        let number = self.program.binary(Binary::Eq, value, value);
        self.both(sound, Some(number))
    }

    /// Whether a datum is there as far as failures go; none where it always is.
    pub(crate) fn sound(&mut self, soundness: &Soundness, value: Value) -> Option<Value> {
        let finite = soundness.own.then(|| self.program.is_finite(value));
        self.both(soundness.of(value), finite)
    }

    /// A parameter, infinite where it is made of what failed: it cannot be absent.
    pub(crate) fn never_absent(&mut self, soundness: &Soundness, value: Value) -> Value {
        let Some(sound) = soundness.of(value) else { return value };
        let failed = self.program.number(f64::INFINITY);
        self.program.select(sound, value, failed)
    }

    /// 1 of a draw in which something failed: a run, a program, or a datum that the data set has.
    pub(crate) fn fact(&mut self, soundness: &Soundness) -> Value {
        let model = self.model;
        let mut sound = None;
        for source in &soundness.sources {
            sound = self.both(sound, Some(*source));
        }
        for (id, node) in model.numbered().filter(|(_, node)| node.role == Role::Data) {
            for element in 0..model.elements(node) {
                let value = self.value_of((id, element));
                let Some(here) = self.sound(soundness, value) else { continue };
                let here = match self.present(id, element) {
                    Some(present) => self.implied(present, here),
                    None => here,
                };
                sound = self.both(sound, Some(here));
            }
        }
        let sound = sound.unwrap_or_else(|| self.program.number(1.0));
        self.program.unary(Unary::Not, sound)
    }
}

/// Whether an operation may give a number for a NaN.
fn swallows(op: Op) -> bool {
    match op {
        Op::Unary(op, _) => matches!(op, Unary::Not | Unary::Sign),
        Op::Binary(op, ..) => !matches!(op, Binary::Add | Binary::Sub | Binary::Mul | Binary::Div),
        Op::Sample(_) | Op::Special(..) | Op::Series { .. } | Op::Crossings { .. } => true,
        _ => false,
    }
}

/// Whether what an operation gives may be NaN.
fn may_be_nan(op: Op) -> bool {
    match op {
        Op::Number(bits) => f64::from_bits(bits).is_nan(),
        Op::Unary(Unary::Not, _)
        | Op::Noise(_)
        | Op::Alone(_)
        | Op::Driving(_)
        | Op::Loop(_)
        | Op::Process(_) => false,
        Op::Binary(op, ..) => matches!(
            op,
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Pow | Binary::Min | Binary::Max
        ),
        _ => true,
    }
}
