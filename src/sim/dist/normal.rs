//! `normal(mean, sd)`.

use super::{Argument, Distribution, Site};
use crate::ssa::{Law, Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// `mean + sd z`; fails where `sd < 0`.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Scalar(mean), Argument::Scalar(sd)] = *arguments else {
        panic!("the checker gives `normal` two numbers");
    };
    let zero = p.number(0.0);
    let possible = p.binary(Binary::Ge, sd, zero);
    let sd = p.require(possible, sd);
    let z = site.noise(p, Law::Normal, 0);
    let off = p.binary(Binary::Mul, sd, z);
    vec![p.binary(Binary::Add, off, mean)]
}
