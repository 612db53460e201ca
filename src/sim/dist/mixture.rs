//! `mixture(weights, of)`.

use super::{Argument, Distribution, LogDensity, Site, add_up, choice, single};
use crate::ssa::{Program, Value};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// A draw of each component, of which one is chosen; fails where the weights do not add up to one.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(weights), Argument::Components(components)] = arguments else {
        panic!("the checker gives `mixture` weights and distributions");
    };
    let drawn: Vec<Value> = components
        .iter()
        .enumerate()
        .map(|(k, component)| single(&component.draw(p, site.part(k as u32 + 1))))
        .collect();
    vec![choice(p, site, weights, &drawn)]
}

/// The sum of the components' densities, each times its weight.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let [Argument::Vector(weights), Argument::Components(components)] = arguments else {
        panic!("the checker gives `mixture` weights and distributions");
    };
    let sound = add_up(p, weights);
    let logs: Vec<Value> = weights
        .iter()
        .zip(components)
        .map(|(weight, component)| {
            let (log, of) = (p.ln(*weight), component.log_density(p, x));
            p.add(log, of)
        })
        .collect();
    LogDensity { sound, log: p.ln_sum(&logs) }
}
