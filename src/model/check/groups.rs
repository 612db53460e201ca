//! The modalities of a model, as approximators read them.

use super::model::Looked;
use crate::{AxisId, Group, NodeId};

/// The modalities of a model, written or implied.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// Its modalities.
    pub(super) all: Vec<Group>,
    /// The row axes of each; none where they are not known, or its data have none in common.
    pub(super) rows: Vec<Option<Vec<AxisId>>>,
}

impl Groups {
    /// Reads them off a model that has been looked at.
    pub(super) fn of(looked: &Looked<'_>) -> Groups {
        let all = Group::all(&looked.model);
        let known = |modality: &Group| {
            let shaped = |id: &NodeId| looked.shapes.get(id.0).is_some_and(Option::is_some);
            !modality.nodes.is_empty() && modality.nodes.iter().all(shaped)
        };
        let rows = all.iter();
        let rows = rows.map(|modality| modality.rows(&looked.model).ok().filter(|_| known(modality)));
        Groups { rows: rows.collect(), all }
    }
}
