//! `weibull(shape, scale)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `scale (-log u)^(1 / shape)`; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [shape, scale] = scalars(arguments);
    let (shape, scale) = (p.positive(shape), p.positive(scale));
    let waited = site.waited(p);
    let one = p.number(1.0);
    let power = p.binary(Binary::Div, one, shape);
    let stretched = p.binary(Binary::Pow, waited, power);
    vec![p.binary(Binary::Mul, scale, stretched)]
}
