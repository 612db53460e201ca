//! Distributions: one file per family, and the table that finds them.
//!
//! A family says how its draws are made of standard uniform and normal numbers. Arguments that name no
//! distribution (a negative standard deviation, a probability above one) make the draw NaN, so that the run fails
//! and says with which parameters.

mod bernoulli;
mod multivariate_normal;
mod normal;
mod uniform;

use crate::ssa::{Law, Noise, Program, Value};
use sbi_model::Family;

/// How a family is drawn.
pub(crate) struct Distribution {
    /// Whether a draw is a vector over the node's last axis, else one number.
    pub over_vector: bool,
    /// Adds the draw of one number or vector to a program; its values in order.
    pub draw: fn(&mut Program, Site, &[Argument]) -> Vec<Value>,
}

/// The distribution of a family.
pub(crate) fn of(family: Family) -> Distribution {
    match family {
        Family::Uniform => uniform::DISTRIBUTION,
        Family::Normal => normal::DISTRIBUTION,
        Family::Bernoulli => bernoulli::DISTRIBUTION,
        Family::MultivariateNormal => multivariate_normal::DISTRIBUTION,
        later => unreachable!("the checker keeps `{}` from the simulator", later.name()),
    }
}

/// An argument, computed for one draw.
pub(crate) enum Argument {
    Scalar(Value),
    Vector(Vec<Value>),
    Matrix(Vec<Vec<Value>>),
}

/// The random numbers of one draw: those of its element and, for a vector, of the following ones.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// The hash of the node's dotted path.
    pub path: u64,
    /// The row-major number of the (first) element.
    pub element: u32,
}

impl Site {
    fn noise(self, p: &mut Program, law: Law, offset: usize) -> Value {
        p.noise(Noise { law, path: self.path, element: self.element + offset as u32 })
    }
}
