//! `logistic(mean, scale)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `mean + scale log(u / (1 - u))`; fails where `scale` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, scale] = scalars(arguments);
    let scale = p.positive(scale);
    let u = site.noise(p, Law::Uniform, 0);
    let one = p.number(1.0);
    let rest = p.binary(Binary::Sub, one, u);
    let odds = p.binary(Binary::Div, u, rest);
    let logit = p.unary(Unary::Log, odds);
    let off = p.binary(Binary::Mul, scale, logit);
    vec![p.binary(Binary::Add, off, mean)]
}
