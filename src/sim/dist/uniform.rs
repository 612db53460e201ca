//! `uniform(low, high)`.

use super::{Argument, Distribution, Site};
use crate::ssa::{Law, Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `low + (high - low) u`; fails where `low > high`.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Scalar(low), Argument::Scalar(high)] = *arguments else {
        panic!("the checker gives `uniform` two numbers");
    };
    let ordered = p.binary(Binary::Le, low, high);
    let width = p.binary(Binary::Sub, high, low);
    let width = p.require(ordered, width);
    let u = site.noise(p, Law::Uniform, 0);
    let above = p.binary(Binary::Mul, width, u);
    vec![p.binary(Binary::Add, above, low)]
}
