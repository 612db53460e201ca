//! `laplace(mean, scale)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

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

/// `exp(-|z|) / (2 scale)`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([mean, scale], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(mean), p.all_positive(&[scale]));
    let sound = p.all(&[finite, positive]);
    let z = p.standard(x, mean, scale);
    let (size, both) = (p.unary(Unary::Abs, z), p.times(scale, 2.0));
    let (less, log) = (p.unary(Unary::Neg, size), p.ln(both));
    LogDensity { sound, log: p.sub(less, log) }
}
