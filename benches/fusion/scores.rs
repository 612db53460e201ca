//! What `sbi compare` says of the networks: density, calibration, and ranks.

use crate::experiment::Experiment;
use anyhow::{Context, Result};
use sbi_bench::records::{self, Record};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A line of results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The approximator.
    pub approximator: String,
    /// The seed of simulations and training.
    pub seed: u64,
    /// The mean of −log q.
    pub nlp: f64,
    /// Its standard error.
    pub error: f64,
    /// The largest calibration error of a parameter.
    pub calibration: f64,
    /// The least probability of a parameter's ranks, times how many there are.
    pub sbc: f64,
    /// Steps of training.
    pub steps: usize,
    /// Seconds of training.
    pub seconds: f64,
    /// Test sets.
    pub sets: usize,
}

/// A line of `scores.csv`.
#[derive(Deserialize)]
struct Cell {
    parameter: String,
    negative_log_posterior: Option<f64>,
    standard_error: Option<f64>,
    calibration_error: f64,
    sbc: Option<f64>,
    steps: usize,
    train_seconds: f64,
    sets: usize,
}

impl Record for Score {
    fn key(&self) -> (String, usize, u64) {
        (self.approximator.clone(), 0, self.seed)
    }

    fn finding(&self) -> String {
        format!("−log q {:.3}", self.nlp)
    }
}

/// The file of the results.
pub fn results(folder: &Path, experiment: Experiment) -> PathBuf {
    folder.join(format!("{}-scores.csv", experiment.name()))
}

impl Score {
    /// The line of a network, from the `scores.csv` that is of it alone.
    ///
    /// # Errors
    /// A file that cannot be read, or is of no network.
    pub fn read(csv: &Path, approximator: &str, seed: u64) -> Result<Score> {
        let cells: Vec<Cell> = records::read(csv)?;
        let (all, own): (Vec<Cell>, Vec<Cell>) = cells.into_iter().partition(|cell| cell.parameter == "all");
        let all = all.first().with_context(|| format!("{} has no row of all parameters", csv.display()))?;
        let worst = own.iter().map(|cell| cell.calibration_error).fold(0.0, f64::max);
        let least = own.iter().filter_map(|cell| cell.sbc).fold(1.0, f64::min);
        Ok(Score {
            approximator: approximator.to_owned(),
            seed,
            nlp: all.negative_log_posterior.context("a flow has a density")?,
            error: all.standard_error.unwrap_or(f64::NAN),
            calibration: worst,
            sbc: (least * own.len() as f64).min(1.0),
            steps: all.steps,
            seconds: all.train_seconds,
            sets: all.sets,
        })
    }

    /// The line of the table.
    pub fn line(&self) -> String {
        format!(
            "| {} | {} | {:.3} | {:.3} | {:.3} | {:.4} | {} | {:.0} s |\n",
            self.approximator,
            self.seed,
            self.nlp,
            self.error,
            self.calibration,
            self.sbc,
            self.steps,
            self.seconds
        )
    }
}
