//! `beta(a, b)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `x / (x + y)` of two gamma numbers of the shapes `a` and `b`, on the scale of logarithms, where small shapes leave
/// them apart; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [a, b] = scalars(arguments);
    let x = site.sample(p, Sampler::LogGamma, [a; 2], 0);
    let y = site.part(1).sample(p, Sampler::LogGamma, [b; 2], 0);
    let odds = p.binary(Binary::Sub, x, y);
    vec![p.unary(Unary::Logistic, odds)]
}
