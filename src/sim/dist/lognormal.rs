//! `lognormal(median, spread)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `median exp(spread z)`; fails where either is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [median, spread] = scalars(arguments);
    let (median, spread) = (p.positive(median), p.positive(spread));
    let z = site.noise(p, Law::Normal, 0);
    let off = p.binary(Binary::Mul, spread, z);
    let factor = p.unary(Unary::Exp, off);
    vec![p.binary(Binary::Mul, median, factor)]
}
