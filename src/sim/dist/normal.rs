//! `normal(mean, sd)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `mean + sd z`; fails where `sd < 0`.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Scalar(mean), Argument::Scalar(sd)] = *arguments else {
        panic!("the checker gives `normal` two numbers");
    };
    let zero = p.number(0.0);
    let possible = p.binary(Binary::Ge, sd, zero);
    let sd = p.require(possible, sd);
    let z = site.noise(p, Law::Normal, 0);
    let off = p.binary(Binary::Mul, sd, z);
    vec![p.binary(Binary::Add, off, mean)]
}

/// `exp(-z² / 2) / (sqrt(2 π) sd)`; none where `sd` is zero.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([mean, sd], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(mean), p.all_positive(&[sd]));
    let sound = p.all(&[finite, positive]);
    let z = p.standard(x, mean, sd);
    let (bell, scale) = (p.ln_normal(z), p.ln(sd));
    LogDensity { sound, log: p.sub(bell, scale) }
}
