//! `lognormal(median, spread)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `median exp(spread z)`; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [median, spread] = scalars(arguments);
    let (median, spread) = (p.positive(median), p.positive(spread));
    let z = site.noise(p, Law::Normal, 0);
    let off = p.binary(Binary::Mul, spread, z);
    let factor = p.unary(Unary::Exp, off);
    vec![p.binary(Binary::Mul, median, factor)]
}

/// The normal density of the logarithm, over `x`; nothing at zero.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([median, spread], x) = (scalars(arguments), single(x));
    let sound = p.all_positive(&[median, spread]);
    let (log, middle) = (p.ln(x), p.ln(median));
    let z = p.standard(log, middle, spread);
    let (bell, scale) = (p.ln_normal(z), p.ln(spread));
    let by = p.add(scale, log);
    let within = p.sub(bell, by);
    let least = p.number(f64::NEG_INFINITY);
    let possible = p.is(x, Binary::Gt, 0.0);
    LogDensity { sound, log: p.select(possible, within, least) }
}
