//! Are fused posteriors those that the data of both sources allow?
//!
//! Networks of the three experiments of MultiNPE (Schmitt et al. 2023) answer simulated data sets, whole and with parts missing, and each
//! answer is laid beside draws of its exact posterior.

mod exact;
mod experiment;
mod judged;
mod network;
mod report;
mod scores;

use anyhow::{Context, Result};
use clap::Parser;
use experiment::Experiment;
use judged::{Effort, Judged};
use network::Network;
use sbi_bench::drive::Sbi;
use sbi_bench::kept;
use sbi_bench::records;
use scores::Score;
use std::path::{Path, PathBuf};

/// Data sets that `sbi compare` judges each network on.
const JUDGED: usize = 1_000;

/// Judges fused networks against exact posteriors; results go to benches/fusion
#[derive(Parser)]
struct Args {
    /// Which experiment
    #[arg(value_enum)]
    experiment: Experiment,
    /// Approximators of its spec, separated by commas [default: all]
    #[arg(long, value_delimiter = ',')]
    approximators: Vec<String>,
    /// The seed of simulations and training
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Test sets
    #[arg(long, default_value_t = 500)]
    sets: usize,
    /// Test sets whose draws a forest compares with exact ones
    #[arg(long, default_value_t = 40)]
    compared: usize,
    /// Threads of the processor
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Runs again what has a row already
    #[arg(long)]
    redo: bool,
    /// The folder where the study works [default: target/fusion]
    #[arg(long)]
    work: Option<PathBuf>,
    /// The binary that trains what is not there yet [default: target/release/sbi]
    #[arg(long)]
    sbi: Option<PathBuf>,
    /// Only writes the table anew from the result files
    #[arg(long)]
    table: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !args.table {
        args.judge(folder)?;
    }
    report::write(folder)
}

impl Args {
    fn judge(&self, folder: &Path) -> Result<()> {
        let root = folder.join("../..");
        let work =
            self.work.clone().unwrap_or_else(|| root.join("target/fusion")).join(self.experiment.name());
        let spec = folder.join(self.experiment.name()).with_extension("sbi");
        let known = kept::read(&spec)?.approximators.into_iter().map(|own| own.name);
        let names = if self.approximators.is_empty() { known.collect() } else { self.approximators.clone() };
        for name in names {
            self.approximator(folder, &work, &spec, &name)
                .with_context(|| format!("`{name}` was not judged"))?;
        }
        Ok(())
    }

    /// Judges one approximator under the seed, unless it has rows.
    fn approximator(&self, folder: &Path, work: &Path, spec: &Path, name: &str) -> Result<()> {
        let path = folder.join(self.experiment.name()).with_extension("csv");
        let known: Vec<Judged> = records::read(&path)?;
        let is_own = |row: &Judged| row.approximator == name && row.seed == self.seed;
        if known.iter().any(is_own) && !self.redo {
            eprintln!("{name} seed {}: known", self.seed);
            return Ok(());
        }
        let program = self.sbi.clone().unwrap_or_else(|| folder.join("../../target/release/sbi"));
        let (sbi, store) = (Sbi { program, threads: self.threads }, work.join("store"));
        let (out, seed, sets) =
            (work.join(format!("{name}-{}", self.seed)), self.seed.to_string(), JUDGED.to_string());
        let flags = [
            "--approximators",
            name,
            "--seeds",
            &seed,
            "--sets",
            &sets,
            "--draws",
            "500",
            "--allow",
            "process",
        ];
        sbi.compare(spec, &store, &out, &flags)?;
        let score = Score::read(&out.join("scores.csv"), name, self.seed)?;
        records::put(&scores::results(folder, self.experiment), score)?;
        let network = Network::open(spec, &store, name, self.seed)?;
        let effort = Effort { compared: self.compared, threads: self.threads };
        let whole = match network.is_outside() {
            true => {
                network.table(&sbi.draw(spec, &store, &work.join("sets"), (network::SEED, self.sets))?)?
            }
            false => network.simulate(self.sets, self.threads)?,
        };
        let rows = judged::judge(self.experiment, &network, (name, self.seed), &whole, &effort, work)?;
        let kept = known.into_iter().filter(|row| !is_own(row)).chain(rows);
        records::write(&path, &kept.collect::<Vec<Judged>>())
    }
}
