//! `gamma(shape, rate)`.

use super::formulas::LN_TAU;
use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// The exponential of a sampled logarithm, over `rate`; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [shape, rate] = scalars(arguments);
    let rate = p.positive(rate);
    let log = site.sample(p, Sampler::LogGamma, [shape; 2], 0);
    let gamma = p.unary(Unary::Exp, log);
    vec![p.binary(Binary::Div, gamma, rate)]
}

/// `rate^shape x^(shape - 1) exp(-rate x) / Γ(shape)`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([shape, rate], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[shape, rate]);
    let (power, rest, log) = (p.ln_power(shape, rate, x), p.stirling(shape), p.ln(shape));
    let half = p.times(log, 0.5);
    let more = p.sub(half, rest);
    let sum = p.add(power, more);
    LogDensity { sound, log: p.plus(sum, -0.5 * LN_TAU) }
}
