//! Are posteriors as wide as they should be, and log-densities right?
//!
//! Networks are those that the accuracy study left in its stores; one that is not there is trained as the study would.

mod coverage;
mod exact;
mod network;
mod report;
mod workers;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use coverage::Effort;
use network::{Ask, Network, ensure_trained};
use sbi_bench::drive::Sbi;
use sbi_bench::records;
use std::path::{Path, PathBuf};

/// Asks trained networks about simulated data sets; results go to benches/calibration.
#[derive(Parser)]
struct Args {
    /// Tasks of the accuracy study, or other examples such as sird
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
    /// The binary that trains what is not there yet [default: target/release/sbi]
    #[arg(long)]
    sbi: Option<PathBuf>,
    /// Another check in place of coverage
    #[arg(long, value_enum)]
    check: Option<Check>,
}

/// Checks beside coverage.
#[derive(Clone, Copy, ValueEnum)]
enum Check {
    /// Log-densities of linear_gaussian against their closed forms
    LogDensity,
    /// Nothing: the table is written anew from the result files
    Table,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    match args.check {
        Some(Check::LogDensity) => args.log_densities(folder)?,
        Some(Check::Table) => {}
        None => args.tasks.iter().try_for_each(|task| args.coverage(folder, task))?,
    }
    report::write(folder)
}

impl Args {
    fn coverage(&self, folder: &Path, task: &str) -> Result<()> {
        let trained = (self.budget, self.seed);
        let what = format!("{task} {} seed {}", self.budget, self.seed);
        let key = (task.to_owned(), self.budget, self.seed);
        records::keep(&coverage::results(folder), self.redo, &key, &what, || {
            let effort = Effort { sets: self.sets, draws: self.draws, threads: self.threads };
            coverage::row(&self.network(task)?, task, trained, &effort)
        })
    }

    fn log_densities(&self, folder: &Path) -> Result<()> {
        Ask::ALL.into_iter().try_for_each(|(ask, name)| {
            let trained = (self.budget, self.seed);
            let what = format!("log-densities of a {name} {} seed {}", self.budget, self.seed);
            let key = (name.to_owned(), self.budget, self.seed);
            records::keep(&exact::results(folder), self.redo, &key, &what, || {
                exact::row(&self.network(exact::TASK)?, ask, name, trained, self.threads)
            })
        })
    }

    /// The network of a task.
    fn network(&self, task: &str) -> Result<Network> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let work = self.work.clone().unwrap_or_else(|| root.join("target/accuracy"));
        let program = self.sbi.clone().unwrap_or_else(|| root.join("target/release/sbi"));
        let place = work.join(format!("{task}-{}-{}", self.budget, self.seed));
        let example = root.join("examples").join(task).with_extension("sbi");
        let sbi = Sbi { program, threads: self.threads };
        ensure_trained(&sbi, &place, &example, (self.budget, self.seed))?;
        Network::open(&place)
    }
}
