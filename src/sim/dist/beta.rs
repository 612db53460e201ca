//! `beta(a, b)`.

use super::{Argument, Distribution, LogDensity, Site, dirichlet, scalars, single};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `x / (x + y)` of two gamma numbers of the shapes `a` and `b`, on the scale of logarithms, where small shapes leave
/// them apart; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [a, b] = scalars(arguments);
    let x = site.sample(p, Sampler::LogGamma, [a; 2], 0);
    let y = site.part(1).sample(p, Sampler::LogGamma, [b; 2], 0);
    let odds = p.binary(Binary::Sub, x, y);
    vec![p.unary(Unary::Logistic, odds)]
}

/// `x^(a - 1) (1 - x)^(b - 1)`, over the beta function: the law of two shares.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([a, b], x) = (scalars(arguments), single(x));
    let one = p.number(1.0);
    let rest = p.sub(one, x);
    dirichlet::shares(p, &[a, b], &[x, rest])
}
