//! The program around the body of a loop, while that is written.

use crate::ssa::{Op, Program, Value};
use std::collections::HashMap;

/// The program around the body of a loop, while that is written.
pub(crate) struct Around {
    /// The dynamics.
    pub(crate) run: usize,
    /// Another one whose `let`s are computed in the body, of its states as they are read there.
    pub(crate) beside: Option<usize>,
    program: Program,
    inputs: Vec<Value>,
    known: HashMap<Value, Value>,
    tables: Vec<Value>,
}

impl Around {
    pub(crate) fn new(run: usize, program: Program) -> Around {
        Around { run, beside: None, program, inputs: Vec::new(), known: HashMap::new(), tables: Vec::new() }
    }

    /// Whether the members of a dynamics are values of the body.
    pub(crate) fn holds(&self, run: Option<usize>) -> bool {
        run.is_some_and(|run| run == self.run || self.beside == Some(run))
    }

    /// The program, and what the body of the loop reads of it: values, and processes and other loops row by row.
    pub(crate) fn end(self) -> (Program, Vec<Value>, Vec<Value>) {
        (self.program, self.inputs, self.tables)
    }

    /// The number of a process or another loop among the tables of the loop.
    pub(crate) fn table(&mut self, kept: Value) -> u32 {
        let known = self.tables.iter().position(|known| *known == kept);
        let number = known.unwrap_or_else(|| {
            self.tables.push(kept);
            self.tables.len() - 1
        });
        number as u32
    }

    pub(crate) fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// A value of the program around, as the body of the loop reads it.
    pub(crate) fn inside(&mut self, body: &mut Program, value: Value) -> Value {
        if let Some(number) = self.program.known_number(value) {
            return body.number(number);
        }
        *self.known.entry(value).or_insert_with(|| {
            self.inputs.push(value);
            body.leaf(Op::Outer(self.inputs.len() as u32 - 1))
        })
    }
}
