//! `dynamics` and its statements.

use super::Printer;
use crate::tree::{Dynamics, DynamicsStatement, Event, State};

impl Printer<'_> {
    pub(super) fn dynamics(&mut self, dynamics: &Dynamics) {
        self.word(format!("dynamics {}", dynamics.name.text));
        if let Some(over) = &dynamics.over {
            self.word(" over ");
            self.expr(over);
        }
        if let Some(every) = &dynamics.every {
            self.word(" every ");
            self.expr(every);
        }
        if let Some(by) = &dynamics.by {
            self.word(" by ");
            self.call(by);
        }
        let block = |statement: &DynamicsStatement| {
            matches!(statement, DynamicsStatement::When(_) | DynamicsStatement::Jump(_))
        };
        self.block(&dynamics.body, block, Self::dynamics_statement);
    }

    fn dynamics_statement(&mut self, statement: &DynamicsStatement) {
        match statement {
            DynamicsStatement::Noise { targets, .. } => {
                self.word("noise ");
                self.listed(targets, Self::target);
            }
            DynamicsStatement::Init(state) => {
                self.word("init ");
                self.state(state, "");
            }
            DynamicsStatement::Derivative(state) => self.state(state, "'"),
            DynamicsStatement::Next(state) => {
                self.word("next ");
                self.state(state, "");
            }
            DynamicsStatement::Let(line) => self.let_line(line),
            DynamicsStatement::Stop { condition, .. } => {
                self.word("stop when ");
                self.expr(condition);
            }
            DynamicsStatement::When(event) => {
                self.word("when ");
                self.event(event);
            }
            DynamicsStatement::Jump(event) => {
                self.word("jump at rate ");
                self.event(event);
            }
            DynamicsStatement::Bad(_) => unreachable!("a file without errors has no bad statement"),
        }
    }

    fn state(&mut self, state: &State, prime: &str) {
        self.target(&state.target);
        if !prime.is_empty() {
            self.word(prime);
        }
        self.ascription(state.unit.as_ref());
        self.definition(&state.definition);
    }

    fn event(&mut self, event: &Event) {
        self.expr(&event.trigger);
        self.block(
            &event.assignments,
            |_| false,
            |p, assignment| {
                p.target(&assignment.target);
                p.equals_here(&assignment.value);
            },
        );
    }
}
