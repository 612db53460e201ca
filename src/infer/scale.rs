//! Between the user's units and the network's: each token is standardised by the moments of its simulations,
//! heavy-tailed ones after an inverse hyperbolic sine that draws the tails in.

use crate::table::{Table, is_validation};
use sbi_model::Graph;
use serde::{Deserialize, Serialize};

/// Sample kurtosis above which an unbounded token counts as heavy-tailed (a normal has 3).
const HEAVY: f64 = 5.0;

/// How strongly the tails are drawn in: `asinh(2 z)` is linear within half a standard deviation.
const SQUASH: f64 = 2.0;

/// The map of one token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Mean in the user's units.
    mean: f64,
    /// Standard deviation in the user's units; 1 where the token never varies.
    sd: f64,
    /// The least and the greatest value simulated.
    range: (f64, f64),
    /// Mean and standard deviation of `asinh(2 (x - mean) / sd)`, where the token is heavy-tailed.
    squash: Option<(f64, f64)>,
}

impl Scale {
    /// Whether the token takes more than one value.
    pub fn varies(&self) -> bool {
        self.range.0 < self.range.1
    }

    /// The least and the greatest value simulated, in the user's units.
    pub fn range(&self) -> (f64, f64) {
        self.range
    }

    /// From the user's units to about zero mean and unit variance.
    pub fn standardise(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.sd;
        match self.squash {
            Some((mean, sd)) => ((SQUASH * z).asinh() - mean) / sd,
            None => z,
        }
    }

    /// The inverse of [`Scale::standardise`].
    pub fn restore(&self, z: f64) -> f64 {
        let z = match self.squash {
            Some((mean, sd)) => (z * sd + mean).sinh() / SQUASH,
            None => z,
        };
        z * self.sd + self.mean
    }
}

/// The maps of all tokens, from the simulations that are trained on.
pub fn scales(graph: &Graph, table: &Table) -> Vec<Scale> {
    let column = |token: usize| {
        table
            .iter()
            .enumerate()
            .filter(|(row, _)| !is_validation(*row))
            .filter_map(move |(_, row)| row.get(token).copied())
    };
    graph
        .tokens
        .iter()
        .enumerate()
        .map(|(index, token)| {
            let (mean, sd) = moments(column(index));
            let range = (
                column(index).fold(f64::INFINITY, f64::min),
                column(index).fold(f64::NEG_INFINITY, f64::max),
            );
            let bounded = token.support.low.is_finite() || token.support.high.is_finite();
            let heavy = !bounded && !token.support.whole && kurtosis(column(index), mean, sd) > HEAVY;
            let squash = heavy.then(|| moments(column(index).map(|x| (SQUASH * (x - mean) / sd).asinh())));
            Scale { mean, sd, range, squash }
        })
        .collect()
}

/// Mean and standard deviation in two passes; 1 in place of a vanishing standard deviation.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    let sd = variance.sqrt();
    (mean, if sd > f64::EPSILON * mean.abs() { sd } else { 1.0 })
}

fn kurtosis(values: impl Iterator<Item = f64> + Clone, mean: f64, sd: f64) -> f64 {
    let count = values.clone().count().max(1) as f64;
    values.map(|x| ((x - mean) / sd).powi(4)).sum::<f64>() / count
}
