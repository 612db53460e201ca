//! What training sees of modalities and gaps.
//!
//! What `missing` takes away is kept with the simulations, so that another rate makes them anew. A modality is the data in it:
//! its name decides nothing.

use super::{Form, Normal};
use crate::{Gaps, Missing, NodeId, Rate, Whose};
use blake3::Hash;

impl Normal<'_> {
    /// The normal form of modalities and `missing` statements; nothing where there are none.
    pub(super) fn masks(&self) -> Option<Hash> {
        let (modalities, missing) = (&self.model.modalities, &self.model.missing);
        if modalities.is_empty() && missing.is_empty() {
            return None;
        }
        let mut groups: Vec<Vec<&str>> =
            modalities.iter().map(|modality| self.names(&modality.nodes)).collect();
        groups.sort_unstable();
        let mut gaps: Vec<Hash> = missing.iter().map(|missing| self.missing(missing)).collect();
        gaps.sort_unstable_by_key(|hash| *hash.as_bytes());
        let mut form = Form::part("masks");
        form.number(groups.len() as u64);
        for group in groups {
            form.number(group.len() as u64);
            group.into_iter().fold(&mut form, Form::text);
        }
        gaps.into_iter().fold(&mut form, Form::hash);
        Some(form.finish())
    }

    /// The names of nodes, in an order that is the same for the same nodes.
    fn names(&self, nodes: &[NodeId]) -> Vec<&str> {
        let mut names: Vec<&str> = nodes.iter().map(|id| self.model.node(*id).name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn missing(&self, missing: &Missing) -> Hash {
        let mut form = Form::part("missing");
        let (kind, nodes) = match missing.whose {
            Whose::Node(id) => ("node", vec![id]),
            Whose::Modality(number) => {
                let modality = self.model.modalities.get(number).expect("a modality belongs to its model");
                ("modality", modality.nodes.clone())
            }
        };
        let names = self.names(&nodes);
        names.iter().copied().fold(form.text(kind).number(names.len() as u64), Form::text);
        match &missing.gaps {
            Gaps::All => form.text("all"),
            Gaps::Each(axes) => {
                // In which order they are named decides nothing.
                let mut axes: Vec<u64> = axes.iter().map(|axis| self.axis(*axis)).collect();
                axes.sort_unstable();
                axes.iter().copied().fold(form.text("each").number(axes.len() as u64), Form::number)
            }
            Gaps::Blocks(axis, of) => form.text("blocks").number(self.axis(*axis)).number(*of as u64),
            Gaps::Tail(axis) => form.text("tail").number(self.axis(*axis)),
        };
        match &missing.rate {
            Rate::Fixed(rate) => form.text("fixed").number(rate.to_bits()),
            Rate::Drawn(family, arguments) => {
                let numbers = arguments.iter().map(|argument| argument.to_bits());
                numbers.fold(form.text(family.name()), Form::number)
            }
        };
        form.finish()
    }
}
