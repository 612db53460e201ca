//! `poisson(rate)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// Fails where `rate` is below zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [rate] = scalars(arguments);
    vec![site.sample(p, Sampler::Poisson, [rate; 2], 0)]
}

/// `rate^x exp(-rate) / x!`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([rate], x) = (scalars(arguments), single(x));
    let (possible, finite) = (p.is(rate, Binary::Ge, 0.0), p.is_finite(rate));
    LogDensity { sound: p.all(&[possible, finite]), log: p.ln_count(x, rate) }
}
