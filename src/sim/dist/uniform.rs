//! `uniform(low, high)`.

use super::{Argument, Distribution, LogDensity, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `low + (high - low) u`; fails where `low > high`.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Scalar(low), Argument::Scalar(high)] = *arguments else {
        panic!("the checker gives `uniform` two numbers");
    };
    let ordered = p.binary(Binary::Le, low, high);
    let width = p.binary(Binary::Sub, high, low);
    let width = p.require(ordered, width);
    let u = site.noise(p, Law::Uniform, 0);
    let above = p.binary(Binary::Mul, width, u);
    vec![p.binary(Binary::Add, above, low)]
}

/// `1 / (high - low)`; none where the ends are one.
fn log_density(p: &mut Program, arguments: &[Argument], _: &[Value]) -> LogDensity {
    let [low, high] = scalars(arguments);
    let ordered = p.binary(Binary::Lt, low, high);
    let width = p.sub(high, low);
    let log = p.ln(width);
    LogDensity { sound: ordered, log: p.unary(Unary::Neg, log) }
}
