//! Are posteriors as wide as they should be, data set by data set?
//!
//! Of each simulated data set the network makes posterior draws, and gives the densities of these and of the parameters that the data
//! were simulated with. The region of highest density that just leaves the true parameters out holds a share of the posterior, which
//! the draws tell; over data sets that share is uniform where posteriors are right. The largest distance of its distribution from the
//! uniform one is what is reported. Networks are those that the accuracy study left in its stores.

mod network;

use anyhow::{Context, Result};
use clap::Parser;
use network::Network;
use sbi_bench::records::{self, Record, rounded};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Levels at which coverage is looked at.
const LEVELS: usize = 19;

/// Sets between two words of progress.
const WORDS: usize = 100;

#[derive(Parser)]
struct Args {
    /// Tasks of the accuracy study
    #[arg(long, value_delimiter = ',', default_values_t = ["two_moons", "gaussian_mixture", "linear_gaussian", "slcp"].map(String::from))]
    tasks: Vec<String>,
    /// Simulations that the network was trained on
    #[arg(long, default_value_t = 10_000)]
    budget: usize,
    /// The seed that it was trained with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Simulated data sets
    #[arg(long, default_value_t = 2_000)]
    sets: usize,
    /// Posterior draws of each
    #[arg(long, default_value_t = 50)]
    draws: usize,
    /// Threads of the processor
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Runs again what has a row already
    #[arg(long)]
    redo: bool,
    /// The folder where the study works [default: target/accuracy]
    #[arg(long)]
    work: Option<PathBuf>,
}

/// A line of `calibration.csv`.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    task: String,
    budget: usize,
    seed: u64,
    sets: usize,
    draws: usize,
    /// The largest distance of coverage from its level, and the level.
    deviation: f64,
    at: f64,
    /// Coverage of the regions that hold a half and nine tenths.
    half: f64,
    nine_tenths: f64,
    /// The mean of minus the log-density of the true parameters.
    negative_log_density: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.task.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        format!("coverage is off by {:.3} at {:.2}", self.deviation, self.at)
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let benches = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let work = args.work.clone().unwrap_or_else(|| benches.join("../target/accuracy"));
    let path = benches.join("calibration/calibration.csv");
    for task in &args.tasks {
        let key = (task.clone(), args.budget, args.seed);
        records::keep(&path, args.redo, &key, &format!("{task} {} seed {}", args.budget, args.seed), || {
            let place = work.join(format!("{task}-{}-{}", args.budget, args.seed));
            let network =
                Network::open(&place).context("there is no network: run the accuracy study first")?;
            args.row(task, &network)
        })?;
    }
    Ok(())
}

impl Args {
    fn row(&self, task: &str, network: &Network) -> Result<Row> {
        let judged = self.judge(network)?;
        let levels = (1..=LEVELS).map(|level| level as f64 / (LEVELS + 1) as f64);
        let coverage = |level: f64| {
            judged.iter().filter(|set| set.left_out < level).count() as f64 / judged.len().max(1) as f64
        };
        let off = levels.map(|level| ((coverage(level) - level).abs(), level));
        let (deviation, at) = off.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
        let sum: f64 = judged.iter().map(|set| set.log_density).sum();
        Ok(Row {
            task: task.to_owned(),
            budget: self.budget,
            seed: self.seed,
            sets: judged.len(),
            draws: self.draws,
            deviation: rounded(deviation, 4),
            at: rounded(at, 4),
            half: rounded(coverage(0.5), 4),
            nine_tenths: rounded(coverage(0.9), 4),
            negative_log_density: rounded(-sum / judged.len().max(1) as f64, 4),
        })
    }

    /// All sets, each on a thread of its own.
    fn judge(&self, network: &Network) -> Result<Vec<Judged>> {
        let sets = network.simulate(self.sets, self.threads)?;
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Judged)>> {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(set) = sets.get(number) else { return Ok(done) };
                let densities = network.densities(number, set, self.draws)?;
                done.push((number, Judged::of(&densities)));
                if number.is_multiple_of(WORDS) {
                    eprintln!("{number} of {}", sets.len());
                }
            }
        };
        let mut done: Vec<(usize, Judged)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads).map(|_| scope.spawn(work)).collect();
            let made = workers.into_iter().map(|worker| worker.join().expect("a worker does not panic"));
            made.collect::<Result<Vec<_>>>()
        })?
        .into_iter()
        .flatten()
        .collect();
        done.sort_by_key(|(number, _)| *number);
        Ok(done.into_iter().map(|(_, judged)| judged).collect())
    }
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
