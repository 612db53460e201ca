//! What draws are under besides what is given, and what is seen of draws beforehand.

use crate::guide::looks;
use crate::tilt::Tilted;
use sbi_sim::Restriction;

/// Conditions that all draws satisfy, and priors other than the model's. Draws that do not satisfy the conditions, or that changed
/// priors exclude, are made again, whether they were guided or not.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// The conditions, compiled for all tokens.
    pub restriction: Option<&'a Restriction>,
    /// The changed priors.
    pub tilted: Option<&'a Tilted>,
    /// How draws come to be so.
    pub how: How,
}

/// How draws come to satisfy conditions, and to have changed priors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// They are made as without, and kept with the probability of their weight under the changed priors over the largest weight.
    Rejection {
        /// The logarithm of that weight. Draws of a larger one are all kept, and so too few of them.
        most: f64,
    },
    /// They are guided, which is approximate.
    Guidance,
}

/// What some draws show that are none of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The logarithm of the weight of each within the prior's support: minus infinity where the conditions do not hold, zero where they do and
    /// no prior is changed, or draws are guided.
    pub log_weights: Vec<f64>,
}

impl Probe {
    /// The largest logarithm of a weight.
    pub fn most(&self) -> f64 {
        self.log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// As a share of these draws, how many equally weighed ones tell as much: (Σw)² / (n Σw²). Where all weights are one or nothing, the share
    /// of ones.
    pub fn share(&self) -> f64 {
        let weights =
            || self.log_weights.iter().map(|log| (log - self.most()).exp()).filter(|w| w.is_finite());
        let (sum, squares) = weights().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        if squares > 0.0 { sum * sum / (squares * self.log_weights.len() as f64) } else { 0.0 }
    }

    /// The share of all weight that the largest alone has.
    pub fn largest(&self) -> f64 {
        let weights = self.log_weights.iter().map(|log| (log - self.most()).exp());
        weights.filter(|w| w.is_finite()).sum::<f64>().recip()
    }

    /// The share of draws of which the conditions hold, and that no changed prior excludes.
    pub fn holding(&self) -> f64 {
        let holding = self.log_weights.iter().filter(|log| **log > f64::NEG_INFINITY).count();
        holding as f64 / self.log_weights.len().max(1) as f64
    }
}

impl Under<'_> {
    /// How often a guided draw looks at the network.
    pub fn looks(&self) -> usize {
        looks(self.tilted.map_or(0, Tilted::count))
    }
}
