//! `von_mises(mean, concentration)`.

use super::formulas::LN_TAU;
use super::{Argument, Distribution, LogDensity, Site, scalars, single};
use crate::ssa::{Program, Sampler, Special, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// The mean and an angle about zero, put back between -π and π; fails where the concentration is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, concentration] = scalars(arguments);
    let angle = site.sample(p, Sampler::VonMises, [concentration; 2], 0);
    let angle = p.binary(Binary::Add, angle, mean);
    let circle = p.number(std::f64::consts::TAU);
    let turns = p.binary(Binary::Div, angle, circle);
    let whole = p.unary(Unary::Round, turns);
    let back = p.binary(Binary::Mul, whole, circle);
    vec![p.binary(Binary::Sub, angle, back)]
}

/// `exp(concentration (cos(x - mean) - 1))` over `2 π exp(-concentration) I0(concentration)`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([mean, concentration], x) = (scalars(arguments), single(x));
    let (finite, positive) = (p.is_finite(mean), p.all_positive(&[concentration]));
    let sound = p.all(&[finite, positive]);
    // cos(d) - 1 = -2 sin²(d / 2), which keeps its digits near the mean.
    let off = p.sub(x, mean);
    let half = p.times(off, 0.5);
    let sine = p.unary(Unary::Sin, half);
    let square = p.mul(sine, sine);
    let twice = p.times(square, -2.0);
    let fallen = p.mul(twice, concentration);
    let integral = p.special(Special::Bessel, concentration, concentration);
    let log = p.sub(fallen, integral);
    LogDensity { sound, log: p.plus(log, -LN_TAU) }
}
