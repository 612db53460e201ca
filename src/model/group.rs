//! Modalities: the kinds of data of a model, each read by a network of its own.

use crate::{AxisId, Model, NodeId, Role};
use sbi_syntax::Span;

/// The name of the modality of data that have no row axis and stand in no `modality`.
pub const SCALARS: &str = "scalars";

/// Data that one network reads together: a modality, written or implied.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name: as written, that of a row axis, or [`SCALARS`]. Never hashed.
    pub name: String,
    /// Its data, in the order written.
    pub nodes: Vec<NodeId>,
    /// Whether the file writes it as `modality`.
    pub written: bool,
    /// Where it, or the first of its data, is declared.
    pub span: Span,
}

impl Group {
    /// The modalities of a model: those written, then what stands outside of them: one modality for each outermost row
    /// axis, named after it, and one for data without row axes.
    pub fn all(model: &Model) -> Vec<Group> {
        let written = model.modalities.iter().map(|modality| Group {
            name: modality.name.clone(),
            nodes: modality.nodes.clone(),
            written: true,
            span: modality.span,
        });
        let mut found: Vec<Group> = written.collect();
        for (id, node) in model.numbered().filter(|(_, node)| node.role == Role::Data) {
            if found.iter().any(|modality| modality.written && modality.nodes.contains(&id)) {
                continue;
            }
            let axis = row_axes(model, id).first().copied();
            let name = axis.map_or(SCALARS, |axis| &model.axis(axis).name);
            match found.iter_mut().find(|modality| !modality.written && modality.name == name) {
                Some(modality) => modality.nodes.push(id),
                None => found.push(Group {
                    name: name.to_owned(),
                    nodes: vec![id],
                    written: false,
                    span: node.span,
                }),
            }
        }
        found
    }

    /// The axes that an encoder of it runs over, outermost first: those of its node with most; the others' are among
    /// them and in the same order, so that what they say is a feature of each row.
    ///
    /// # Errors
    /// Two nodes whose axes do not fit into each other.
    pub fn rows(&self, model: &Model) -> Result<Vec<AxisId>, (NodeId, NodeId)> {
        let axes = |id: &NodeId| row_axes(model, *id);
        let Some(widest) = self.nodes.iter().rev().max_by_key(|id| axes(id).len()) else {
            return Ok(Vec::new());
        };
        let all = axes(widest);
        match self.nodes.iter().find(|id| !within(&axes(id), &all)) {
            Some(other) => Err((*widest, *other)),
            None => Ok(all),
        }
    }
}

fn row_axes(model: &Model, id: NodeId) -> Vec<AxisId> {
    model.node(id).axes.iter().copied().filter(|axis| model.axis(*axis).is_row()).collect()
}

/// Whether all of `some` stand among `all`, in the same order.
fn within(some: &[AxisId], all: &[AxisId]) -> bool {
    let mut rest = all.iter();
    some.iter().all(|axis| rest.any(|other| other == axis))
}
