//! `negative_binomial(mean, shape)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// Counts at a rate that is itself gamma distributed, with this mean and shape; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, shape] = scalars(arguments);
    let mean = p.positive(mean);
    let log = site.part(1).sample(p, Sampler::LogGamma, [shape; 2], 0);
    let gamma = p.unary(Unary::Exp, log);
    let scale = p.binary(Binary::Div, mean, shape);
    let rate = p.binary(Binary::Mul, scale, gamma);
    vec![site.sample(p, Sampler::Poisson, [rate; 2], 0)]
}

/// The probability of the last of `x + shape` trials being one of `shape` that end the count.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([mean, shape], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[mean, shape]);
    let (trials, both) = (p.add(x, shape), p.add(mean, shape));
    let share = p.div(trials, both);
    let (ends, goes) = (p.mul(shape, share), p.mul(mean, share));
    let all = p.ln_multinomial(trials, &[(shape, ends), (x, goes)]);
    let ratio = p.div(shape, trials);
    let last = p.ln(ratio);
    let some = p.add(all, last);
    let odds = p.div(mean, shape);
    let log = p.ln_1p(odds);
    let failed = p.mul(shape, log);
    let none = p.unary(Unary::Neg, failed);
    let is_none = p.is(x, Binary::Eq, 0.0);
    LogDensity { sound, log: p.select(is_none, none, some) }
}
