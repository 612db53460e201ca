//! `modality name { … }`: data measured together. What stands in it is checked as if it stood in the model.

use super::codes::{MODALITY_BODY, MODALITY_EMPTY};
use super::model::Builder;
use super::names::Symbol;
use crate::{Modality, NodeId};
use sbi_syntax::tree::{self, Node, Role, Statement};
use sbi_syntax::{Diagnostic, Span};

/// All statements of a model, with those of its modalities behind them.
pub(super) fn flat(body: &[Statement]) -> Vec<&Statement> {
    let mut all = Vec::new();
    for statement in body {
        all.push(statement);
        if let Statement::Modality(modality) = statement {
            all.extend(flat(&modality.body));
        }
    }
    all
}

impl<'t> Builder<'t> {
    /// The modalities among the statements of a model whose nodes are declared.
    pub(super) fn modalities(&mut self, body: impl IntoIterator<Item = &'t Statement>) -> Vec<Modality> {
        let modalities = body.into_iter().filter_map(|statement| match statement {
            Statement::Modality(modality) => Some(modality),
            _ => None,
        });
        let found: Vec<Modality> = modalities.filter_map(|modality| self.modality(modality)).collect();
        found
    }

    fn modality(&mut self, modality: &'t tree::Modality) -> Option<Modality> {
        let name = &modality.name;
        let mut nodes = Vec::new();
        let mut wrong = false;
        for statement in &modality.body {
            match statement {
                Statement::Node(Node { role: Role::Data, target, .. }) => {
                    let declared = self.declared(&target.name);
                    wrong |= declared.is_empty();
                    nodes.extend(declared);
                }
                // The parser has told of a bad line already.
                Statement::Bad(_) => wrong = true,
                other => {
                    wrong = true;
                    self.told.push(misplaced(other, modality));
                }
            }
        }
        if nodes.is_empty() && !wrong {
            let message = format!("the modality `{}` has no data", name.text);
            let help = "write its data in it: `data x[i] ~ …`, or remove it";
            self.told.push(MODALITY_EMPTY.at(name.span, message).help(help));
        }
        // One whose name is taken is told of already.
        let known = matches!(self.names.get(&name.text), Some(Symbol::Modality));
        let doc = modality.doc.as_ref().map(|doc| doc.text.clone());
        known.then(|| Modality { name: name.text.clone(), nodes, doc, span: name.span })
    }

    /// The nodes that a statement declares: one, or the fields of what it draws; none where its name is another's.
    fn declared(&self, name: &tree::Name) -> Vec<NodeId> {
        match self.names.get(&name.text) {
            Some(Symbol::Node(id)) => {
                let own = self.nodes.get(id.0).is_some_and(|node| node.span == name.span);
                Some(id).filter(|_| own).into_iter().collect()
            }
            Some(Symbol::Record(draw)) => {
                let drawn = self
                    .drawn
                    .get(draw)
                    .filter(|drawn| drawn.target.is_some_and(|target| target.name.span == name.span));
                drawn.iter().flat_map(|drawn| &drawn.fields).filter_map(|(_, id)| *id).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn misplaced(statement: &Statement, modality: &tree::Modality) -> Diagnostic {
    let (what, span) = word(statement);
    let name = &modality.name.text;
    let message = format!("`{what}` stands in the modality `{name}`, which holds data only");
    MODALITY_BODY
        .at(span, message)
        .label(modality.name.span, "in this modality")
        .help(format!("move it into the model, before `modality {name} {{`"))
}

/// The word that a statement starts with, and what to point at.
fn word(statement: &Statement) -> (&'static str, Span) {
    match statement {
        Statement::Axis(axis) => ("axis", axis.name.span),
        Statement::Node(node) => {
            let word = match node.role {
                Role::Param => "param",
                Role::Latent => "latent",
                Role::Data => "data",
            };
            (word, node.target.name.span)
        }
        Statement::Let(binding) => ("let", binding.target.name.span),
        Statement::Const(constant) => ("const", constant.target.name.span),
        Statement::Function(function) => ("fn", function.name.span),
        Statement::Depends(depends) => ("depends", depends.span),
        Statement::Dynamics(dynamics) => ("dynamics", dynamics.name.span),
        Statement::Modality(inner) => ("modality", inner.name.span),
        Statement::Missing(missing) => ("missing", missing.span),
        Statement::Return(returned) => ("return", returned.span),
        Statement::Setting(setting) => ("on_failure", setting.span),
        Statement::Bad(bad) => ("", bad.span),
    }
}
