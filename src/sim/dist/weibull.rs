//! `weibull(shape, scale)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

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

/// `(shape / scale) u^(shape - 1) exp(-u^shape)` with `u = x / scale`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([shape, scale], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[shape, scale]);
    let (u, steep) = (p.div(x, scale), p.div(shape, scale));
    let (level, log) = (p.ln(steep), p.ln(u));
    let (less, power) = (p.plus(shape, -1.0), p.binary(Binary::Pow, u, shape));
    let rising = p.mul(less, log);
    let risen = p.add(level, rising);
    let within = p.sub(risen, power);
    let at_zero = p.limit(shape, level);
    let end = p.is(u, Binary::Eq, 0.0);
    LogDensity { sound, log: p.select(end, at_zero, within) }
}
