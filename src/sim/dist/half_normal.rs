//! `half_normal(sd)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `sd |z|`; fails where `sd` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [sd] = scalars(arguments);
    let sd = p.positive(sd);
    let z = site.noise(p, Law::Normal, 0);
    let size = p.unary(Unary::Abs, z);
    vec![p.binary(Binary::Mul, sd, size)]
}
