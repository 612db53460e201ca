//! `categorical(probabilities)`.

use super::{Argument, Distribution, LogDensity, Site, add_up, choice, single};
use crate::ssa::{Program, Value};
use sbi_model::Binary;

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// The number of the category, from 1; fails where the probabilities do not add up to one.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(probabilities)] = arguments else {
        panic!("the checker gives `categorical` a list of numbers");
    };
    let numbers: Vec<Value> = (1..=probabilities.len()).map(|k| p.number(k as f64)).collect();
    vec![choice(p, site, probabilities, &numbers)]
}

/// The logarithm of the probability of its category.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let ([Argument::Vector(probabilities)], x) = (arguments, single(x)) else {
        panic!("the checker gives `categorical` a list of numbers");
    };
    let sound = add_up(p, probabilities);
    let mut probability = p.number(0.0);
    for (k, of) in probabilities.iter().enumerate() {
        let is_it = p.is(x, Binary::Eq, (k + 1) as f64);
        probability = p.select(is_it, *of, probability);
    }
    LogDensity { sound, log: p.ln(probability) }
}
