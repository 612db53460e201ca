//! Models of which every conditional can be drawn from, without a network: one file for each.

mod grid;
mod hmm;
mod slcp;
mod tree;
#[cfg(test)]
mod trials;
mod two_moons;

pub use hmm::Hmm;
pub use slcp::Slcp;
pub use tree::Tree;
pub use two_moons::TwoMoons;

use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

/// A model, and the laws of all that is unknown in it given all that is known.
pub trait Reference: Sync {
    /// The scalars as specs and draws name them, parameters first.
    fn names(&self) -> Vec<String>;

    /// How many of the scalars are parameters.
    fn params(&self) -> usize;

    /// A joint draw of all scalars, made as the model is written down and not by any conditional.
    fn simulate(&self, rng: &mut StdRng) -> Vec<f64>;

    /// Independent draws of all scalars given those known, which have their own values in each draw.
    ///
    /// # Errors
    /// Values that cannot be under the model.
    fn conditional(&self, known: &[Option<f64>], count: usize, rng: &mut StdRng) -> Result<Vec<Vec<f64>>>;
}

fn standard(rng: &mut StdRng) -> f64 {
    rng.sample(StandardNormal)
}

/// The names of a list's elements.
fn elements(list: &str, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |element| format!("{list}[{element}]"))
}
