//! The networks of a posterior as a diagram.

use super::diagram::{Diagram, Figure, Look};
use crate::cli::graph::fusion::{Part, PartKind, Topology};

/// The diagram of a topology.
pub fn diagram(topology: &Topology) -> Diagram {
    let mut made = Diagram::default();
    for part in &topology.parts {
        made.add(figure(part));
    }
    topology.links.iter().for_each(|(from, to)| made.link(*from, *to));
    made
}

fn figure(part: &Part) -> Figure {
    let look = match part.kind {
        PartKind::Modality => Look::Data,
        PartKind::Parameters => Look::Param,
        PartKind::Fusion | PartKind::Encoder | PartKind::Joined | PartKind::Flow | PartKind::Diffusion => {
            Look::Network
        }
    };
    let mut figure = Figure::new(look, &part.name);
    figure.small = part.lines.clone();
    figure
}
