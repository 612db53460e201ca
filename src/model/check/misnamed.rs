//! A state that is called one thing where it starts and another where it changes.

use super::codes::NO_START;
use super::walk;
use sbi_syntax::tree::{Dynamics, DynamicsStatement as Statement, Name};
use sbi_syntax::{Diagnostic, suggest};

/// The two names of one state.
pub(super) struct Misnamed<'t> {
    pub(super) starts: &'t Name,
    pub(super) changes: &'t Name,
}

impl<'t> Misnamed<'t> {
    /// The only name that starts and does not change with the only one that changes and does not start, if they are
    /// written alike.
    pub(super) fn in_body(tree: &'t Dynamics) -> Option<Misnamed<'t>> {
        let (mut starting, mut changing): (Vec<&'t Name>, Vec<&'t Name>) = (Vec::new(), Vec::new());
        for statement in &tree.body {
            match statement {
                Statement::Init(state) => starting.push(&state.target.name),
                Statement::Derivative(state) | Statement::Next(state) => changing.push(&state.target.name),
                Statement::When(event) | Statement::Jump(event) => {
                    changing.extend(event.assignments.iter().map(|set| &set.target.name));
                }
                Statement::Bad(_) => return None,
                _ => {}
            }
        }
        let only = |names: &[&'t Name], others: &[&'t Name]| {
            let mut alone = names.iter().filter(|name| others.iter().all(|other| other.text != name.text));
            let first = alone.next().copied()?;
            alone.all(|other| other.text == first.text).then_some(first)
        };
        let (starts, changes) = (only(&starting, &changing)?, only(&changing, &starting)?);
        suggest(&changes.text, [starts.text.as_str()])?;
        Some(Misnamed { starts, changes })
    }

    /// Says so, at the name that is read the less.
    pub(super) fn told(&self, tree: &'t Dynamics) -> Diagnostic {
        let (starts, changes) = (&self.starts.text, &self.changes.text);
        let (wrong, meant) = match reads(tree, starts) < reads(tree, changes) {
            true => (self.starts, changes),
            false => (self.changes, starts),
        };
        let message =
            format!("`{changes}` changes and never starts, and `{starts}` starts and never changes");
        NO_START.at(wrong.span, message).did_you_mean(Some(meant))
    }
}

/// How often a name is read in a dynamics.
fn reads(tree: &Dynamics, name: &str) -> usize {
    let mut count = 0;
    let mut each = |path: &sbi_syntax::tree::Path| count += usize::from(path.text() == name);
    for statement in &tree.body {
        match statement {
            Statement::Init(state) | Statement::Derivative(state) | Statement::Next(state) => {
                walk::defined(&state.definition, &mut each);
            }
            Statement::Let(binding) => walk::names(&binding.value, &mut each),
            Statement::Stop { condition, .. } => walk::names(condition, &mut each),
            _ => {}
        }
    }
    count
}
