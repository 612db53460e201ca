//! `cauchy(median, scale)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `median + scale tan(π (u - 1/2))`; fails where `scale` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [median, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let u = site.noise(p, Law::Uniform, 0);
    let (half, pi) = (p.number(0.5), p.number(std::f64::consts::PI));
    let turn = p.binary(Binary::Sub, u, half);
    let angle = p.binary(Binary::Mul, turn, pi);
    let tangent = p.unary(Unary::Tan, angle);
    let off = p.binary(Binary::Mul, scale, tangent);
    vec![p.binary(Binary::Add, off, median)]
}
