//! `negative_binomial(mean, shape)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// Counts at a rate that is itself gamma distributed, with this mean and shape; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, shape] = scalars(arguments);
    let mean = p.positive(mean);
    let log = site.part(1).sample(p, Sampler::LogGamma, [shape; 2], 0);
    let gamma = p.unary(Unary::Exp, log);
    let scale = p.binary(Binary::Div, mean, shape);
    let rate = p.binary(Binary::Mul, scale, gamma);
    vec![site.sample(p, Sampler::Poisson, [rate; 2], 0)]
}
