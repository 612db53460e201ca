//! `inverse_gamma(shape, scale)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `scale` over a gamma number of this shape; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [shape, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let log = site.sample(p, Sampler::LogGamma, [shape; 2], 0);
    let negative = p.unary(Unary::Neg, log);
    let inverse = p.unary(Unary::Exp, negative);
    vec![p.binary(Binary::Mul, scale, inverse)]
}
