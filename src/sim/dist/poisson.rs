//! `poisson(rate)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// Fails where `rate` is below zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [rate] = scalars(arguments);
    vec![site.sample(p, Sampler::Poisson, [rate; 2], 0)]
}
