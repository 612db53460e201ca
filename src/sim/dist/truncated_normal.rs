//! `truncated_normal(mean, sd, low, high)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Special, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// A standard normal number between the standardised ends, moved and stretched; fails where `sd` is not above zero or
/// the ends are out of order.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, sd, low, high] = scalars(arguments);
    let sd = p.positive(sd);
    let mut standard = |end: Value| {
        let off = p.binary(Binary::Sub, end, mean);
        p.binary(Binary::Div, off, sd)
    };
    let ends = [standard(low), standard(high)];
    let z = site.sample(p, Sampler::NormalBetween, ends, 0);
    let off = p.binary(Binary::Mul, sd, z);
    let drawn = p.binary(Binary::Add, off, mean);
    // Rounding must not carry a draw over its ends.
    let drawn = p.binary(Binary::Max, drawn, low);
    vec![p.binary(Binary::Min, drawn, high)]
}

/// The normal density over its integral between the ends, both over the density at the place there that is nearest to
/// the mean: far out these alone are numbers.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([mean, sd, low, high], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(mean), p.all_positive(&[sd]));
    let ordered = p.binary(Binary::Lt, low, high);
    let sound = p.all(&[finite, positive, ordered]);
    let [z, from, to] = [x, low, high].map(|end| p.standard(end, mean, sd));
    let zero = p.number(0.0);
    let nearest = p.binary(Binary::Max, from, zero);
    let nearest = p.binary(Binary::Min, nearest, to);
    let (off, sum) = (p.sub(z, nearest), p.add(z, nearest));
    let square = p.mul(off, sum);
    let fallen = p.times(square, -0.5);
    let (integral, scale) = (p.special(Special::NormalBetween, from, to), p.ln(sd));
    let less = p.add(integral, scale);
    LogDensity { sound, log: p.sub(fallen, less) }
}
