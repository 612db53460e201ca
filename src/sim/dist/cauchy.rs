//! `cauchy(median, scale)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `median + scale tan(π (u - 1/2))`; fails where `scale` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [median, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let u = site.noise(p, Law::Uniform, 0);
    let (half, pi) = (p.number(0.5), p.number(std::f64::consts::PI));
    let turn = p.binary(Binary::Sub, u, half);
    let angle = p.binary(Binary::Mul, turn, pi);
    let tangent = p.unary(Unary::Tan, angle);
    let off = p.binary(Binary::Mul, scale, tangent);
    vec![p.binary(Binary::Add, off, median)]
}

/// `1 / (π scale (1 + z²))`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([median, scale], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(median), p.all_positive(&[scale]));
    let sound = p.all(&[finite, positive]);
    let z = p.standard(x, median, scale);
    let (off, circle) = (p.ln_hypotenuse(z), p.times(scale, std::f64::consts::PI));
    let (twice, log) = (p.times(off, -2.0), p.ln(circle));
    LogDensity { sound, log: p.sub(twice, log) }
}
