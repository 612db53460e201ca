//! `half_normal(sd)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `sd |z|`; fails where `sd` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [sd] = scalars(arguments);
    let sd = p.positive(sd);
    let z = site.noise(p, Law::Normal, 0);
    let size = p.unary(Unary::Abs, z);
    vec![p.binary(Binary::Mul, sd, size)]
}

/// Twice the normal density.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([sd], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[sd]);
    let z = p.div(x, sd);
    let half = p.times(sd, 0.5);
    let (log, scale) = (p.ln_normal(z), p.ln(half));
    LogDensity { sound, log: p.sub(log, scale) }
}
