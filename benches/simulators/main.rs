//! How many draws a second does a model give? The simulator of this project by instruction set, beside numpy and JAX:
//! all on one core, in one run, by processor time. `--memory` asks how much memory `sbi simulate` takes as draws grow.

mod memory;

use anyhow::{Context, Result, bail};
use clap::Parser;
use cpu_time::ProcessTime;
use sbi_model::{Graph, Model};
use sbi_sim::{InstructionSet, Output, Simulator};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The models, by what `peers.py` calls them, with where their specs are.
const MODELS: [(&str, &str); 3] =
    [("two_moons", "../../examples/two_moons.sbi"), ("equations", "equations.sbi"), ("noise", "noise.sbi")];

/// The best of so many runs, each of so many seconds. Others share the machine: of many short runs some have it alone.
const RUNS: usize = 40;
const SECONDS: f64 = 0.05;

#[derive(Parser)]
struct Args {
    /// A Python with numpy, and with JAX where it is to be compared
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Measures the memory of `sbi simulate` in place of speed; needs `cargo build --release` before
    #[arg(long)]
    memory: bool,
}

/// How fast one way to draw from one model is.
#[derive(Clone, Debug, Deserialize)]
struct Measured {
    library: String,
    #[serde(default)]
    version: String,
    precision: String,
    model: String,
    /// Draws a second.
    rate: f64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let report = if args.memory { memory::report()? } else { speeds(&args.python)? };
    // The figures are the product of this command.
    #[allow(clippy::print_stdout)]
    {
        print!("{report}");
    }
    Ok(())
}

/// The folder of this bench.
fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn speeds(python: &Path) -> Result<String> {
    // Ours before and after theirs: if the machine gets slower meanwhile, it does so for both.
    let mut ours = measure()?;
    let theirs = peers(python)?;
    for (first, second) in ours.iter_mut().zip(measure()?) {
        first.rate = first.rate.max(second.rate);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["model", "with", "precision", "draws_per_second", "ours_over_it"])?;
    for (model, _) in MODELS {
        let own = |measured: &&Measured| measured.model == model;
        let fastest = ours.iter().filter(own).map(|measured| measured.rate).fold(0.0, f64::max);
        for measured in ours.iter().chain(&theirs).filter(own) {
            writer.write_record([
                model,
                format!("{} {}", measured.library, measured.version).trim(),
                &measured.precision,
                &format!("{:.3e}", measured.rate),
                &format!("{:.2}", fastest / measured.rate),
            ])?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Every model with every instruction set that this machine has.
fn measure() -> Result<Vec<Measured>> {
    let mut found = Vec::new();
    for (name, path) in MODELS {
        let model = read(&here().join(path))?;
        let graph = Graph::of(&model);
        let outputs: Vec<Output> =
            graph.tokens.iter().map(|token| Output::Element(token.node, token.element)).collect();
        for set in InstructionSet::available() {
            let simulator = Simulator::of(&model, &outputs)
                .map_err(|told| anyhow::anyhow!("{}", told.message))?
                .with_instructions(set);
            found.push(Measured {
                library: "sbi".into(),
                version: set.to_string(),
                precision: "f64".into(),
                model: name.into(),
                rate: rate(&simulator)?,
            });
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Model> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    // What the queries read from files is of no account here.
    let checked = sbi_model::compile(text.split("\nquery ").next().unwrap_or_default(), &());
    let Some(file) = checked.file else { bail!("{}: {:?}", path.display(), checked.diagnostics.first()) };
    file.models.into_iter().next().with_context(|| format!("{} has no model", path.display()))
}

/// Draws a second on one thread, the best of several runs.
fn rate(simulator: &Simulator) -> Result<f64> {
    const DRAWS: u64 = 1 << 12;
    let (mut best, mut next) = (0.0, 0);
    for _ in 0..RUNS {
        let (began, mut done) = (ProcessTime::now(), 0);
        while began.elapsed().as_secs_f64() < SECONDS {
            simulator.run(1, next..next + DRAWS, 1)?;
            (next, done) = (next + DRAWS, done + DRAWS);
        }
        best = f64::max(best, done as f64 / began.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// What the script beside this file says of the same models.
fn peers(python: &Path) -> Result<Vec<Measured>> {
    let output = Command::new(python)
        .arg(here().join("peers.py"))
        .args(MODELS.map(|(name, _)| name))
        .output()
        .with_context(|| format!("`{}` does not start: --python PATH names another", python.display()))?;
    if !output.status.success() {
        bail!("peers.py failed; it needs numpy:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
