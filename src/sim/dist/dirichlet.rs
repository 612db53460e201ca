//! `dirichlet(concentration)`: shares over the node's last axis.

use super::formulas::LN_TAU;
use super::{Argument, Distribution, LogDensity, Site};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// Gamma numbers of these shapes, over their sum; taken from the largest logarithm, so that small shapes leave a sum.
/// Fails where a concentration is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(concentration)] = arguments else {
        panic!("the checker gives `dirichlet` a list of numbers");
    };
    let logs: Vec<Value> = concentration
        .iter()
        .enumerate()
        .map(|(k, shape)| site.sample(p, Sampler::LogGamma, [*shape; 2], k))
        .collect();
    let together = |p: &mut Program, op, values: &[Value]| {
        let mut values = values.iter().copied();
        let first = values.next().expect("an axis has an element");
        values.fold(first, |all, value| p.binary(op, all, value))
    };
    let largest = together(p, Binary::Max, &logs);
    let parts: Vec<Value> = logs
        .iter()
        .map(|log| {
            let below = p.binary(Binary::Sub, *log, largest);
            p.unary(Unary::Exp, below)
        })
        .collect();
    let sum = together(p, Binary::Add, &parts);
    parts.iter().map(|part| p.binary(Binary::Div, *part, sum)).collect()
}

/// The density over all shares but the last, which follows from them.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let [Argument::Vector(concentration)] = arguments else {
        panic!("the checker gives `dirichlet` a list of numbers");
    };
    shares(p, concentration, x)
}

/// `Π x^(a - 1)` over the beta function of all `a`, where the `x` add up to one. At an end, where a power is zero or
/// infinite, so is the density.
pub(super) fn shares(p: &mut Program, shapes: &[Value], x: &[Value]) -> LogDensity {
    let sound = p.all_positive(shapes);
    let all = p.sum_of(shapes);
    // A multinomial probability whose counts are the shapes, times the shapes and over their sum and the shares.
    let (rest, half) = (p.stirling(all), p.ln(all));
    let half = p.times(half, -0.5);
    let mut sum = p.add(rest, half);
    for (shape, x) in shapes.iter().zip(x) {
        let (power, rest, log) = (p.ln_power(*shape, all, *x), p.stirling(*shape), p.ln(*shape));
        let half = p.times(log, 0.5);
        let more = p.sub(half, rest);
        sum = p.add(sum, more);
        sum = p.add(sum, power);
    }
    LogDensity { sound, log: p.plus(sum, -0.5 * (shapes.len() as f64 - 1.0) * LN_TAU) }
}
