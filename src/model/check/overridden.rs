//! Statements of a model that extends another and declare a quantity in another unit: what is taken over reads it, and does
//! not fit.

use super::codes::UNIT_MISMATCH;
use super::model::Builder;
use super::readings::contains;
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{Model, Name, Statement, Unit};

/// A quantity whose unit is another than in the model that is extended.
struct Own<'t> {
    name: &'t Name,
    unit: Option<&'t Unit>,
    before: Option<&'t Unit>,
}

impl Own<'_> {
    /// What is wrong with what reads it, as what is wrong with it; `of` is the model that is extended.
    fn blamed(&self, told: Diagnostic, of: &str) -> Diagnostic {
        let says = |unit: Option<&Unit>| match unit {
            Some(unit) => format!("in `{}`", unit.text),
            None => "without a unit".to_owned(),
        };
        let (here, there) = (says(self.unit), says(self.before));
        let name = &self.name.text;
        let message =
            format!("`{name}` is declared {here} here, and {there} in `{of}`: with that, {}", told.message);
        let blamed =
            UNIT_MISMATCH.at(self.name.span, message).label(told.span, format!("`{of}` reads it here"));
        blamed
            .help(format!("declare `{name}` {there} here too, or write a line of your own for what reads it"))
    }
}

impl<'t> Builder<'t> {
    /// Tells of units that do not fit in what is taken over where the model itself declares them, once for each.
    pub(super) fn blame_own(&mut self, tree: &'t Model, extended: &'t Model) {
        let own = redeclared(tree, extended);
        let mut blamed: Vec<&str> = Vec::new();
        for told in std::mem::take(&mut self.told) {
            let taken = told.code == UNIT_MISMATCH.name && !contains(tree.span, told.span);
            let reads = |own: &&Own<'_>| self.readings.stands_beside(&own.name.text, told.span);
            // Where it is read by something that is computed of it, there must be no doubt which it is.
            let culprit = own.iter().find(reads).or(own.first().filter(|_| own.len() == 1));
            match culprit.filter(|_| taken) {
                Some(culprit) if blamed.contains(&culprit.name.text.as_str()) => {}
                Some(culprit) => {
                    blamed.push(&culprit.name.text);
                    self.told.push(culprit.blamed(told, &extended.name.text));
                }
                None => self.told.push(told),
            }
        }
    }
}

/// The quantities that a model itself declares in another unit than the one that it extends.
fn redeclared<'t>(tree: &'t Model, extended: &'t Model) -> Vec<Own<'t>> {
    let before = |name: &str| extended.body.iter().filter_map(declared).find(|(known, _)| known.text == name);
    let own = tree.body.iter().filter_map(declared).filter(|(name, _)| contains(tree.span, name.span));
    let changed = own.filter_map(|(name, unit)| {
        let (_, before) = before(&name.text)?;
        let text = |unit: Option<&'t Unit>| unit.map(|unit| unit.text.as_str());
        (text(before) != text(unit)).then_some(Own { name, unit, before })
    });
    changed.collect()
}

/// The quantity that a statement declares, and its unit.
fn declared(statement: &Statement) -> Option<(&Name, Option<&Unit>)> {
    match statement {
        Statement::Node(node) => Some((&node.target.name, node.unit.as_ref())),
        Statement::Let(binding) => Some((&binding.target.name, binding.unit.as_ref())),
        Statement::Const(constant) => Some((&constant.target.name, constant.unit.as_ref())),
        _ => None,
    }
}
