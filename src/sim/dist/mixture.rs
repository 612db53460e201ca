//! `mixture(weights, of)`.

use super::{Argument, Distribution, Site, choice};
use crate::ssa::{Program, Value};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// A draw of each component, of which one is chosen; fails where the weights do not add up to one.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(weights), Argument::Components(components)] = arguments else {
        panic!("the checker gives `mixture` weights and distributions");
    };
    let drawn: Vec<Value> = components
        .iter()
        .enumerate()
        .map(|(k, component)| component.draw(p, site.part(k as u32 + 1)))
        .collect();
    vec![choice(p, site, weights, &drawn)]
}
