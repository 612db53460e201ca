//! `gamma(shape, rate)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// The exponential of a sampled logarithm, over `rate`; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [shape, rate] = scalars(arguments);
    let rate = p.positive(rate);
    let log = site.sample(p, Sampler::LogGamma, [shape; 2], 0);
    let gamma = p.unary(Unary::Exp, log);
    vec![p.binary(Binary::Div, gamma, rate)]
}
