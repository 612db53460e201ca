//! `bernoulli(probability)`.

use super::{Argument, Distribution, Site};
use crate::ssa::{Law, Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// 1 where `u < probability`, else 0; fails where the probability is not between 0 and 1.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Scalar(probability)] = *arguments else {
        panic!("the checker gives `bernoulli` one number");
    };
    let (zero, one) = (p.number(0.0), p.number(1.0));
    let above = p.binary(Binary::Ge, probability, zero);
    let below = p.binary(Binary::Le, probability, one);
    let possible = p.binary(Binary::And, above, below);
    let u = site.noise(p, Law::Uniform, 0);
    let hit = p.binary(Binary::Lt, u, probability);
    vec![p.require(possible, hit)]
}
