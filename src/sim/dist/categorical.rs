//! `categorical(probabilities)`.

use super::{Argument, Distribution, Site, choice};
use crate::ssa::{Program, Value};

pub(super) const DISTRIBUTION: Distribution = Distribution { over_vector: false, draw };

/// The number of the category, from 1; fails where the probabilities do not add up to one.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(probabilities)] = arguments else {
        panic!("the checker gives `categorical` a list of numbers");
    };
    let numbers: Vec<Value> = (1..=probabilities.len()).map(|k| p.number(k as f64)).collect();
    vec![choice(p, site, probabilities, &numbers)]
}
