//! `binomial(n, probability)`.

use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// Fails where `n` is no count or the probability is not between 0 and 1.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [n, probability] = scalars(arguments);
    vec![site.sample(p, Sampler::Binomial, [n, probability], 0)]
}

/// The binomial probability as `ln_multinomial` has it, and the plain powers at its ends.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([n, probability], x) = (scalars(arguments), single(x));
    let (least, finite) = (p.is(n, Binary::Ge, 0.0), p.is_finite(n));
    let below = p.unary(Unary::Floor, n);
    let whole = p.binary(Binary::Eq, n, below);
    let (above, below) = (p.is(probability, Binary::Ge, 0.0), p.is(probability, Binary::Le, 1.0));
    let sound = p.all(&[least, finite, whole, above, below]);
    let less = p.unary(Unary::Neg, probability);
    let (one, failures) = (p.number(1.0), p.sub(n, x));
    let failing = p.sub(one, probability);
    let (hit, missed) = (p.mul(n, probability), p.mul(n, failing));
    let between = p.ln_multinomial(n, &[(x, hit), (failures, missed)]);
    let (yes, no) = (p.ln(probability), p.ln_1p(less));
    let (all, none) = (p.mul(n, yes), p.mul(n, no));
    let is_all = p.binary(Binary::Eq, x, n);
    let some = p.select(is_all, all, between);
    let is_none = p.is(x, Binary::Eq, 0.0);
    let log = p.select(is_none, none, some);
    // Of no trials there is one outcome.
    let zero = p.number(0.0);
    let tried = p.is(n, Binary::Gt, 0.0);
    LogDensity { sound, log: p.select(tried, log, zero) }
}
