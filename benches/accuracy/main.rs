//! How accurate is `sbi run`? Trains benchmark tasks with default settings and scores the draws.
//!
//! The command drives the `sbi` binary as a user would and knows nothing of its insides. Each result is kept as a
//! row as soon as it is known; what has a row is not run again. `benches/README.md` tells how to use it.

mod arbitrary;
mod conditionals;
mod forest;
mod gaussian;
mod guidance;
mod lotka;
mod race;
mod references;
mod report;
mod study;
mod tasks;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use sbi_bench::{drive, records, sample, score, spec};
use std::path::PathBuf;
use tasks::{TASKS, Task};

/// Scores `sbi` against reference posteriors; results go to benches/accuracy.
#[derive(Debug, Parser)]
struct Args {
    /// Tasks, separated by commas [default: all; for --race two_moons,slcp]. Only --check arbitrary has tree and hmm, only
    /// --check guidance hodgkin_huxley
    #[arg(long, value_delimiter = ',')]
    tasks: Vec<String>,
    /// Simulations, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "10000")]
    budgets: Vec<usize>,
    /// Seeds, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,
    /// Threads for training, drawing and scoring
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// The binary to score [default: target/release/sbi]
    #[arg(long)]
    sbi: Option<PathBuf>,
    /// Folder for specs, stores and draws [default: target/accuracy]
    #[arg(long)]
    work: Option<PathBuf>,
    /// Runs again what has a row already
    #[arg(long)]
    redo: bool,
    /// Another check in place of the study
    #[arg(long, value_enum, conflicts_with = "race")]
    check: Option<Check>,
    /// Races the Python package sbi 0.27 in place of the study; let nothing else run
    #[arg(long)]
    race: bool,
    /// The Python that has the package
    #[arg(long, default_value = "python3", requires = "race")]
    python: PathBuf,
}

/// Checks beside the study.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Check {
    /// A hundred arbitrary conditionals of one network for each of tree, hmm, two_moons and slcp
    Arbitrary,
    /// Conditionals of two linear Gaussian models against their closed forms
    Conditionals,
    /// Our forest's scores, for `sklearn_c2st.py` to compare with scikit-learn's
    Forest,
    /// Draws under conditions that they are guided to: of two_moons against exact ones, of hodgkin_huxley by its simulator
    Guidance,
    /// The posterior of predator and prey against draws by the exact likelihood
    LotkaVolterra,
    /// Nothing: the table is written anew from the result files
    Table,
}

fn main() -> Result<()> {
    let args = Args::parse();
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global()?;
    let target = tasks::workspace().join("target");
    let work = args.work.unwrap_or_else(|| target.join("accuracy"));
    let program = args.sbi.unwrap_or_else(|| target.join("release/sbi"));
    let sbi = drive::Sbi { program, threads: args.threads };
    let (names, budgets, seeds) = (args.tasks.as_slice(), args.budgets.as_slice(), args.seeds.as_slice());
    match args.check {
        Some(Check::Arbitrary) => arbitrary::run(&sbi, &work, args.redo, (names, budgets, seeds))?,
        Some(Check::Conditionals) => conditionals::run(&sbi, &work, args.redo, budgets, seeds)?,
        Some(Check::Forest) => forest::run(&work.join("forest"))?,
        Some(Check::Guidance) => guidance::run(&sbi, &work, args.redo, (names, budgets, seeds))?,
        Some(Check::LotkaVolterra) => lotka::run(&sbi, &work, args.redo, budgets, seeds)?,
        Some(Check::Table) => {}
        None if args.race => race::run(&sbi, &args.python, &work, (&chosen(names, true)?, budgets, seeds))?,
        None => study::run(&sbi, &work, args.redo, (&chosen(names, false)?, budgets, seeds))?,
    }
    report::write()
}

/// The tasks of these names; all of them, or the two that are raced, if none is named.
fn chosen(names: &[String], race: bool) -> Result<Vec<&'static Task>> {
    match (names.is_empty(), race) {
        (false, _) => names.iter().map(|name| Task::named(name)).collect(),
        (true, false) => Ok(TASKS.iter().collect()),
        (true, true) => ["two_moons", "slcp"].into_iter().map(Task::named).collect(),
    }
}
