//! Are log-densities right? Those of the linear Gaussian task have a closed form.
//!
//! Of simulated data sets, points are drawn from the exact posterior and from the exact likelihood, and the network's
//! log-density at each is compared with the exact one.

use crate::network::{Ask, Network};
use crate::workers::each;
use anyhow::{Result, ensure};
use sbi_bench::records::{Record, rounded};
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

/// The task: pairs of `theta[i] ~ N(0, 0.1)` and `x[i] ~ N(theta[i], 0.1)`.
pub const TASK: &str = "linear_gaussian";
const VARIANCE: f64 = 0.1;
/// Data sets, and points of each.
const SETS: usize = 100;
const POINTS: usize = 20;
/// The seed of the points.
const POINT_SEED: u64 = 7_002;

/// A line of `densities.csv`: points of one kind of conditional of one network.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// `posterior` or `likelihood`.
    pub query: String,
    /// Simulations that the network was trained on.
    pub budget: usize,
    /// The seed that it was trained with.
    pub seed: u64,
    /// Data sets.
    pub sets: usize,
    /// Points of each.
    pub points: usize,
    /// The mean of the absolute differences of log-densities from the exact ones, in nats.
    pub absolute: f64,
    /// The mean over data sets of the absolute value of the mean difference of their points.
    pub by_set: f64,
    /// The mean difference.
    pub mean: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.query.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        format!("{:.3} nats off, by {:+.3} on average", self.absolute, self.mean)
    }
}

/// Where the rows are kept.
pub fn results(folder: &Path) -> PathBuf {
    folder.join("densities.csv")
}

impl Ask {
    /// All kinds, with what rows call them.
    pub const ALL: [(Ask, &str); 2] = [(Ask::Posterior, "posterior"), (Ask::Likelihood, "likelihood")];

    fn other(self) -> Ask {
        match self {
            Ask::Posterior => Ask::Likelihood,
            Ask::Likelihood => Ask::Posterior,
        }
    }

    /// Mean and variance of one of a pair, given the other.
    fn law(self, known: f64) -> (f64, f64) {
        match self {
            Ask::Posterior => (0.5 * known, 0.5 * VARIANCE),
            Ask::Likelihood => (known, VARIANCE),
        }
    }
}

/// Compares the log-densities of a network.
///
/// # Errors
/// Simulations or densities that fail, or a model of other pairs.
pub fn row(
    network: &Network,
    ask: Ask,
    name: &str,
    (budget, seed): (usize, u64),
    threads: usize,
) -> Result<Row> {
    let sets = network.simulate(SETS, threads)?;
    let numbered: Vec<_> = sets.iter().enumerate().collect();
    let differences = each(SETS, threads, |number| {
        let (number, set) = numbered.get(number).copied().expect("there are as many sets");
        let known = network.truth(set, ask.other());
        ensure!(known.len() == network.truth(set, ask).len(), "parameters and data should be pairs");
        let points = points(ask, number, &known);
        let found = network.log_density(number, set, ask, &points)?;
        let exact = points.chunks(known.len()).map(|point| log_density(ask, &known, point));
        Ok(found.iter().zip(exact).map(|(found, exact)| found - exact).collect::<Vec<f64>>())
    })?;
    let all = differences.concat();
    let by_set: Vec<f64> = differences.iter().map(|of_set| mean(of_set).abs()).collect();
    Ok(Row {
        query: name.to_owned(),
        budget,
        seed,
        sets: SETS,
        points: POINTS,
        absolute: rounded(mean(&all.iter().map(|difference| difference.abs()).collect::<Vec<f64>>()), 4),
        by_set: rounded(mean(&by_set), 4),
        mean: rounded(mean(&all), 4),
    })
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Exact draws given one of each pair, `[POINTS · pairs]`.
fn points(ask: Ask, set: usize, known: &[f64]) -> Vec<f64> {
    let stream = Stream::new(POINT_SEED, "points");
    let point = |number: usize| {
        known.iter().enumerate().map(move |(pair, known)| {
            let (mean, variance) = ask.law(*known);
            mean + variance.sqrt() * stream.normal(set as u64, number as u32, pair as u32)
        })
    };
    (0..POINTS).flat_map(point).collect()
}

/// The exact log-density of a point given the others of all pairs.
fn log_density(ask: Ask, known: &[f64], point: &[f64]) -> f64 {
    let of = |(known, x): (&f64, &f64)| {
        let (mean, variance) = ask.law(*known);
        -0.5 * (TAU * variance).ln() - 0.5 * (x - mean).powi(2) / variance
    };
    known.iter().zip(point).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bayes' rule: prior times likelihood is posterior times the density of the data, which have twice the variance.
    #[test]
    fn posterior_and_likelihood_fit_together() {
        let (theta, x) = ([0.4, -0.1, 0.0], [0.1, 0.3, -0.7]);
        let normal = |x: f64, variance: f64| -0.5 * (TAU * variance).ln() - 0.5 * x * x / variance;
        let prior: f64 = theta.iter().map(|x| normal(*x, 0.1)).sum();
        let evidence: f64 = x.iter().map(|x| normal(*x, 0.2)).sum();
        let [posterior, likelihood] =
            [log_density(Ask::Posterior, &x, &theta), log_density(Ask::Likelihood, &theta, &x)];
        assert!((prior + likelihood - posterior - evidence).abs() < 1e-12);
    }

    /// Minus the mean log-density of exact draws is their entropy, ½ ln(2πe variance) a pair; the sd of one term is √½.
    #[test]
    fn points_have_the_entropy_of_their_law() {
        for (ask, variance) in [(Ask::Posterior, 0.05), (Ask::Likelihood, 0.1)] {
            let known = [0.3, -1.0];
            let logs = (0..500).flat_map(|set| {
                points(ask, set, &known)
                    .chunks(2)
                    .map(|point| log_density(ask, &known, point))
                    .collect::<Vec<f64>>()
            });
            let logs: Vec<f64> = logs.collect();
            let exact = -(TAU * std::f64::consts::E * variance).ln();
            assert!((mean(&logs) - exact).abs() < 4.0 / (logs.len() as f64).sqrt(), "{}", mean(&logs));
        }
    }
}
