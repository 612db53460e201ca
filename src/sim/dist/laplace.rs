//! `laplace(mean, scale)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// An exponential number to either side, as often: `mean ± scale (-log u)`; fails where `scale` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let waited = site.waited(p);
    let size = p.binary(Binary::Mul, scale, waited);
    let side = site.part(1).noise(p, Law::Uniform, 0);
    let half = p.number(0.5);
    let below = p.binary(Binary::Lt, side, half);
    let (left, right) = (p.binary(Binary::Sub, mean, size), p.binary(Binary::Add, size, mean));
    vec![p.select(below, left, right)]
}
