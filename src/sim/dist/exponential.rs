//! `exponential(rate)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `-log(u) / rate`; fails where `rate` is not above zero.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [rate] = scalars(arguments);
    let rate = p.positive(rate);
    let waited = site.waited(p);
    vec![p.binary(Binary::Div, waited, rate)]
}
