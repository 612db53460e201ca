//! `von_mises(mean, concentration)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

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
