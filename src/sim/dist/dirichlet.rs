//! `dirichlet(concentration)`: shares over the node's last axis.

use super::{Argument, Distribution, Site};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: true, draw };

/// Gamma numbers of these shapes, over their sum; taken from the largest logarithm, so that small shapes leave a sum.
/// Fails where a concentration is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(concentration)] = arguments else {
        panic!("the checker gives `dirichlet` a list of numbers");
    };
    let logs: Vec<Value> = concentration
        .iter()
        .enumerate()
        .map(|(k, shape)| site.sample(p, Sampler::LogGamma, [*shape; 2], k))
        .collect();
    let together = |p: &mut Program, op, values: &[Value]| {
        let mut values = values.iter().copied();
        let first = values.next().expect("an axis has an element");
        values.fold(first, |all, value| p.binary(op, all, value))
    };
    let largest = together(p, Binary::Max, &logs);
    let parts: Vec<Value> = logs
        .iter()
        .map(|log| {
            let below = p.binary(Binary::Sub, *log, largest);
            p.unary(Unary::Exp, below)
        })
        .collect();
    let sum = together(p, Binary::Add, &parts);
    parts.iter().map(|part| p.binary(Binary::Div, *part, sum)).collect()
}
