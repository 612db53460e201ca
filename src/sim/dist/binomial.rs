//! `binomial(n, probability)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// Fails where `n` is no count or the probability is not between 0 and 1.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [n, probability] = scalars(arguments);
    vec![site.sample(p, Sampler::Binomial, [n, probability], 0)]
}
