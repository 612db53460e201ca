//! `truncated_normal(mean, sd, low, high)`.

use super::{Argument, Distribution, Site, scalars};
use crate::ssa::{Program, Sampler, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// A standard normal number between the standardised ends, moved and stretched; fails where `sd` is not above zero or
/// the ends are out of order.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [mean, sd, low, high] = scalars(arguments);
    let sd = p.positive(sd);
    let mut standard = |end: Value| {
        let off = p.binary(Binary::Sub, end, mean);
        p.binary(Binary::Div, off, sd)
    };
    let ends = [standard(low), standard(high)];
    let z = site.sample(p, Sampler::NormalBetween, ends, 0);
    let off = p.binary(Binary::Mul, sd, z);
    let drawn = p.binary(Binary::Add, off, mean);
    // Rounding must not carry a draw over its ends.
    let drawn = p.binary(Binary::Max, drawn, low);
    vec![p.binary(Binary::Min, drawn, high)]
}
