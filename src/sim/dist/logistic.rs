//! `logistic(mean, scale)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `mean + scale log(u / (1 - u))`; fails where `scale` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let u = site.noise(p, Law::Uniform, 0);
    let one = p.number(1.0);
    let rest = p.binary(Binary::Sub, one, u);
    let odds = p.binary(Binary::Div, u, rest);
    let logit = p.unary(Unary::Log, odds);
    let off = p.binary(Binary::Mul, scale, logit);
    vec![p.binary(Binary::Add, off, mean)]
}

/// `exp(-|z|) / (scale (1 + exp(-|z|))²)`, which is the same on both sides.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([mean, scale], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(mean), p.all_positive(&[scale]));
    let sound = p.all(&[finite, positive]);
    let z = p.standard(x, mean, scale);
    let (within, log) = (p.ln_logistic_slope(z), p.ln(scale));
    LogDensity { sound, log: p.sub(within, log) }
}
