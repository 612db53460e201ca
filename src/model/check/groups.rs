//! What a model says of its kinds of data: its modalities, and which of them may be missing.

use super::model::Looked;
use super::names::Symbol;
use crate::{AxisId, Group, Role};
use sbi_syntax::tree::{self, Statement};
use std::collections::BTreeSet;

/// The modalities of a model, written or implied.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// Its modalities.
    pub(super) all: Vec<Group>,
    /// The row axes of each; none where they are not known, or its data have none in common.
    pub(super) rows: Vec<Option<Vec<AxisId>>>,
    /// The data and modalities that a `missing` statement names.
    missing: BTreeSet<String>,
}

impl Groups {
    /// Reads them off a model that has been looked at.
    pub(super) fn of(tree: &tree::Model, looked: &Looked<'_>) -> Groups {
        let written = tree.body.iter().filter_map(|statement| match statement {
            Statement::Modality(modality) => Some(Group {
                name: modality.name.text.clone(),
                nodes: modality.body.iter().filter_map(|inner| datum(inner, looked)).collect(),
                written: true,
                span: modality.name.span,
            }),
            _ => None,
        });
        let all = Group::all(&looked.model, written.collect());
        let known = |modality: &Group| {
            let shaped = |id: &crate::NodeId| looked.shapes.get(id.0).is_some_and(Option::is_some);
            !modality.nodes.is_empty() && modality.nodes.iter().all(shaped)
        };
        let rows = all.iter();
        let rows = rows.map(|modality| modality.rows(&looked.model).ok().filter(|_| known(modality)));
        let inner = tree.body.iter().flat_map(|statement| match statement {
            Statement::Modality(modality) => modality.body.as_slice(),
            _ => std::slice::from_ref(statement),
        });
        let missing = inner.filter_map(|statement| match statement {
            Statement::Missing(missing) => Some(missing.target.name.text.clone()),
            _ => None,
        });
        Groups { rows: rows.collect(), missing: missing.collect(), all }
    }

    /// Whether a datum of a modality is declared missing, by its own name or the modality's.
    pub(super) fn may_miss(&self, datum: &str, modality: &str) -> bool {
        self.missing.contains(datum) || self.missing.contains(modality)
    }
}

fn datum(statement: &Statement, looked: &Looked<'_>) -> Option<crate::NodeId> {
    let Statement::Node(node) = statement else { return None };
    match looked.names.get(&node.target.name.text) {
        Some(Symbol::Node(id)) if looked.model.node(id).role == Role::Data => Some(id),
        _ => None,
    }
}
