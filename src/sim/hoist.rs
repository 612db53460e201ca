//! What is the same at every step of a loop is computed once, before it.

use crate::ssa::{Loop, Op, Program, Value};
use std::collections::HashMap;

/// A body while it is written anew.
struct Rewriting<'a> {
    around: &'a mut Program,
    run: &'a Loop,
    /// What each value of the old body is: in the new one, or in the program around where it is the same at all steps.
    made: HashMap<Value, Place>,
    body: Program,
    /// The values of the program around that the new body reads.
    outer: Vec<Value>,
}

#[derive(Clone, Copy)]
enum Place {
    Inside(Value),
    Around(Value),
}

/// The same loop, whose body computes only what differs between steps; the rest is computed in `around`.
pub(crate) fn hoist(around: &mut Program, run: Loop) -> Loop {
    let needed = run.body.behind(&run.next);
    let mut rewriting =
        Rewriting { around, run: &run, made: HashMap::new(), body: Program::default(), outer: Vec::new() };
    for value in needed {
        let place = rewriting.place(run.body.op(value));
        rewriting.made.insert(value, place);
    }
    let next = run.next.iter().map(|value| rewriting.inside(*value)).collect();
    let Rewriting { body, outer, .. } = rewriting;
    let initial = run.inputs.iter().take(run.carried).copied();
    Loop { inputs: initial.chain(outer).collect(), body, next, ..run }
}

impl Rewriting<'_> {
    /// Where an operation of the old body is made.
    fn place(&mut self, op: Op) -> Place {
        match op {
            Op::Number(bits) => Place::Around(self.around.number(f64::from_bits(bits))),
            Op::Outer(number) => {
                let outer = self.run.inputs.get(self.run.carried + number as usize);
                Place::Around(*outer.expect("a body reads what its loop is given"))
            }
            Op::Unary(..) | Op::Binary(..) | Op::Special(..) | Op::Select { .. } => {
                let known =
                    op.operands().into_iter().flatten().map(|operand| self.made.get(&operand).copied());
                let known: Vec<Place> = known.map(|place| place.expect("operands come first")).collect();
                let around: Option<Vec<Value>> = known
                    .iter()
                    .map(|place| if let Place::Around(value) = place { Some(*value) } else { None })
                    .collect();
                match around {
                    Some(operands) => Place::Around(self.around.again(op, &operands)),
                    None => {
                        let operands: Vec<Value> = known.into_iter().map(|place| self.bring(place)).collect();
                        Place::Inside(self.body.again(op, &operands))
                    }
                }
            }
            Op::Sample(sample) => {
                let arguments = sample.arguments.map(|argument| self.inside(argument));
                Place::Inside(self.body.again(op, &arguments))
            }
            Op::Inner { table, slot, row } => {
                match self.made.get(&row).copied().expect("operands come first") {
                    Place::Around(row) => Place::Around(self.row_around(table, slot, row)),
                    Place::Inside(row) => Place::Inside(self.body.leaf(Op::Inner { table, slot, row })),
                }
            }
            Op::InnerBefore { table, slot, value } => {
                match self.made.get(&value).copied().expect("operands come first") {
                    Place::Around(value) => {
                        let run = self.table(table);
                        Place::Around(self.around.before(run, slot, value))
                    }
                    Place::Inside(value) => {
                        Place::Inside(self.body.leaf(Op::InnerBefore { table, slot, value }))
                    }
                }
            }
            Op::Series { series, time } => {
                let series = self.run.body.series_of(series);
                match self.made.get(&time).copied().expect("operands come first") {
                    Place::Around(time) => Place::Around(self.around.series(series, time)),
                    Place::Inside(time) => Place::Inside(self.body.series(series, time)),
                }
            }
            Op::Carried(_) | Op::Step | Op::Noise(_) | Op::Driving(_) => Place::Inside(self.body.leaf(op)),
            Op::Loop(_)
            | Op::Trace { .. }
            | Op::Last { .. }
            | Op::Before { .. }
            | Op::Crossings { .. }
            | Op::Given(_)
            | Op::Alone(_)
            | Op::Process(_)
            | Op::Row { .. } => unreachable!("these stand around loops"),
        }
    }

    fn table(&self, table: u32) -> Value {
        *self.run.tables.get(table as usize).expect("a body reads its loop's tables")
    }

    /// A row of a table that is the same at every step.
    fn row_around(&mut self, table: u32, slot: u32, row: Value) -> Value {
        let table = self.table(table);
        match self.around.op(table) {
            Op::Loop(_) => self.around.trace(table, slot, row),
            _ => self.around.leaf(Op::Row { process: table, row }),
        }
    }

    /// A value of the old body in the new one.
    fn inside(&mut self, value: Value) -> Value {
        let place = self.made.get(&value).copied().expect("operands come first");
        self.bring(place)
    }

    /// A value as the new body reads it.
    fn bring(&mut self, place: Place) -> Value {
        match place {
            Place::Inside(value) => value,
            Place::Around(value) => match self.around.known_number(value) {
                Some(number) => self.body.number(number),
                None => {
                    let known = self.outer.iter().position(|outer| *outer == value);
                    let number = known.unwrap_or_else(|| {
                        self.outer.push(value);
                        self.outer.len() - 1
                    });
                    self.body.leaf(Op::Outer(number as u32))
                }
            },
        }
    }
}
