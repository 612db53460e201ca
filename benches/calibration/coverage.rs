//! Are posteriors as wide as they should be, data set by data set?
//!
//! Of each simulated data set the network makes posterior draws, and gives the densities of these and of the parameters that the data
//! were simulated with. The region of highest density that just leaves the true parameters out holds a share of the posterior, which
//! the draws tell; over data sets that share is uniform where posteriors are right. The largest distance of its distribution from the
//! uniform one is what is reported.

use crate::network::{Ask, Network};
use crate::workers::each;
use anyhow::Result;
use sbi_bench::records::{Record, rounded};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Levels at which coverage is looked at.
const LEVELS: usize = 19;

/// A line of `calibration.csv`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// The task's name.
    pub task: String,
    /// Simulations that the network was trained on.
    pub budget: usize,
    /// The seed that it was trained with.
    pub seed: u64,
    /// Data sets.
    pub sets: usize,
    /// Posterior draws of each.
    pub draws: usize,
    /// The largest distance of coverage from its level.
    pub deviation: f64,
    /// That level.
    pub at: f64,
    /// Coverage of the regions that hold a half.
    pub half: f64,
    /// And nine tenths.
    pub nine_tenths: f64,
    /// The mean of minus the log-density of the true parameters.
    pub negative_log_density: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.task.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        format!("coverage is off by {:.3} at {:.2}", self.deviation, self.at)
    }
}

/// Where the rows are kept.
pub fn results(folder: &Path) -> PathBuf {
    folder.join("calibration.csv")
}

/// How much is asked of a network.
pub struct Effort {
    /// Simulated data sets.
    pub sets: usize,
    /// Posterior draws of each.
    pub draws: usize,
    /// Threads of the processor.
    pub threads: usize,
}

/// The row of a task's network, trained on so many simulations with this seed.
///
/// # Errors
/// Simulations, draws or densities that fail.
pub fn row(network: &Network, task: &str, (budget, seed): (usize, u64), effort: &Effort) -> Result<Row> {
    let judged = judge(network, effort)?;
    let levels = (1..=LEVELS).map(|level| level as f64 / (LEVELS + 1) as f64);
    let coverage = |level: f64| {
        judged.iter().filter(|set| set.left_out < level).count() as f64 / judged.len().max(1) as f64
    };
    let off = levels.map(|level| ((coverage(level) - level).abs(), level));
    let (deviation, at) = off.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
    let sum: f64 = judged.iter().map(|set| set.log_density).sum();
    Ok(Row {
        task: task.to_owned(),
        budget,
        seed,
        sets: judged.len(),
        draws: effort.draws,
        deviation: rounded(deviation, 4),
        at: rounded(at, 4),
        half: rounded(coverage(0.5), 4),
        nine_tenths: rounded(coverage(0.9), 4),
        negative_log_density: rounded(-sum / judged.len().max(1) as f64, 4),
    })
}

/// All sets, each on a thread of its own.
fn judge(network: &Network, effort: &Effort) -> Result<Vec<Judged>> {
    let sets = network.simulate(effort.sets, effort.threads)?;
    let numbered: Vec<_> = sets.iter().enumerate().collect();
    each(sets.len(), effort.threads, |number| {
        let (number, set) = numbered.get(number).copied().expect("there are as many sets");
        let drawn = network.draw(number, set, Ask::Posterior, effort.draws)?;
        let points = [network.truth(set, Ask::Posterior), drawn].concat();
        Ok(Judged::of(&network.log_density(number, set, Ask::Posterior, &points)?))
    })
}

/// What is found of one data set.
struct Judged {
    /// How much of the posterior is denser than the true parameters, by draws.
    left_out: f64,
    /// The log-density of the true parameters.
    log_density: f64,
}

impl Judged {
    /// From the log-densities of the true parameters and of the draws.
    fn of(densities: &[f64]) -> Judged {
        let (log_density, draws) =
            densities.split_first().map_or((f64::NAN, &[][..]), |(first, rest)| (*first, rest));
        let denser = draws.iter().filter(|draw| **draw > log_density).count() as f64;
        // Of n draws and the truth, all ranks are as likely; the middle of a rank's share stands for it.
        Judged { left_out: (denser + 0.5) / (draws.len() as f64 + 1.0), log_density }
    }
}
