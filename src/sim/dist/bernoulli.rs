//! `bernoulli(probability)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// 1 where `u < probability`, else 0; fails where the probability is not between 0 and 1.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Scalar(probability)] = *arguments else {
        panic!("the checker gives `bernoulli` one number");
    };
    let (zero, one) = (p.number(0.0), p.number(1.0));
    let above = p.binary(Binary::Ge, probability, zero);
    let below = p.binary(Binary::Le, probability, one);
    let possible = p.binary(Binary::And, above, below);
    let u = site.noise(p, Law::Uniform, 0);
    let hit = p.binary(Binary::Lt, u, probability);
    vec![p.require(possible, hit)]
}

/// The logarithm of the probability, or of what is left of one.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([probability], x) = (scalars(arguments), single(x));
    let (above, below) = (p.is(probability, Binary::Ge, 0.0), p.is(probability, Binary::Le, 1.0));
    let sound = p.all(&[above, below]);
    let less = p.unary(Unary::Neg, probability);
    let (yes, no) = (p.ln(probability), p.ln_1p(less));
    LogDensity { sound, log: p.select(x, yes, no) }
}
