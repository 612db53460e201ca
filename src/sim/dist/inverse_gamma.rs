//! `inverse_gamma(shape, scale)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `scale` over a gamma number of this shape; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [shape, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let log = site.sample(p, Sampler::LogGamma, [shape; 2], 0);
    let negative = p.unary(Unary::Neg, log);
    let inverse = p.unary(Unary::Exp, negative);
    vec![p.binary(Binary::Mul, scale, inverse)]
}

/// `scale^shape x^(-shape - 1) exp(-scale / x) / Γ(shape)`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([shape, scale], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[shape, scale]);
    let turned = p.div(scale, x);
    let count = p.ln_count(shape, turned);
    let (log, by) = (p.ln(shape), p.ln(x));
    let more = p.sub(log, by);
    let within = p.add(count, more);
    let least = p.number(f64::NEG_INFINITY);
    let possible = p.is(turned, Binary::Lt, f64::INFINITY);
    LogDensity { sound, log: p.select(possible, within, least) }
}
