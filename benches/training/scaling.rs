//! How does the cost of a training step grow with tokens, examples, simulations and threads? One of them is varied
//! at a time, and all sizes of it are run by turns.

use anyhow::Result;
use clap::{Parser, ValueEnum};
use sbi_infer::BATCH;
use sbi_training_bench::contest::{Competitor, Order, Pace, Runner, race};
use sbi_training_bench::{Pattern, Sizes, Task, Work, cost, here, ours};
use std::path::Path;

/// What the others are while one is varied.
const TOKENS: usize = 32;
const SIMULATIONS: usize = 10_000;
const THREADS: usize = 2;

#[derive(Parser)]
struct Args {
    /// What to vary
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Varied::Tokens, Varied::Batch, Varied::Simulations, Varied::Threads])]
    vary: Vec<Varied>,
    /// Width of a token
    #[arg(long, default_value_t = 48)]
    width: usize,
    #[command(flatten)]
    pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Varied {
    Tokens,
    Batch,
    Simulations,
    Threads,
}

impl Varied {
    fn sizes(self) -> &'static [usize] {
        match self {
            Varied::Tokens => &[8, 16, 32, 64, 128, 256],
            Varied::Batch => &[64, 256, 1_024, 4_096],
            Varied::Simulations => &[1_000, 10_000, 100_000],
            Varied::Threads => &[1, 2],
        }
    }

    fn work(self, size: usize, width: usize) -> Work {
        let or = |of: Varied, usual: usize| if self == of { size } else { usual };
        Work {
            tokens: or(Varied::Tokens, TOKENS),
            pattern: Pattern::Dense,
            sizes: Some(Sizes::published(width)),
            batch: or(Varied::Batch, BATCH),
            simulations: or(Varied::Simulations, SIMULATIONS),
            threads: or(Varied::Threads, THREADS),
        }
    }
}

fn main() -> Result<()> {
    if ours::serve()? {
        return Ok(());
    }
    let args = Args::parse();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "tokens",
        "batch",
        "simulations",
        "threads",
        "milliseconds",
        "microseconds_per_token",
        "gigaflops",
        "peak_mebibytes",
    ];
    writer.write_record(header)?;
    for &varied in &args.vary {
        let works: Vec<Work> = varied.sizes().iter().map(|size| varied.work(*size, args.width)).collect();
        let start = |work: &Work| {
            Runner::start(Competitor::Ours, String::new(), &Order::new(Task::Train, work)?, Path::new(""))
        };
        let runners = works.iter().map(start).collect::<Result<Vec<Runner>>>()?;
        for (work, score) in works.iter().zip(race(runners, args.pace)?) {
            let (rate, tokens) = (score.median(), work.tokens);
            let architecture = work.problem()?.plan.architecture;
            let operations = cost::STEP * cost::forward(&architecture, work.batch, tokens * tokens);
            writer.write_record([
                tokens.to_string(),
                work.batch.to_string(),
                work.simulations.to_string(),
                work.threads.to_string(),
                format!("{:.2}", 1e3 / rate),
                format!("{:.2}", 1e6 / rate / (work.batch * tokens) as f64),
                format!("{:.0}", operations * rate / 1e9),
                format!("{:.0}", score.peak),
            ])?;
        }
    }
    let table = String::from_utf8(writer.into_inner()?)?;
    std::fs::write(here().join("scaling.csv"), &table)?;
    // The figures are the product of this command.
    #[allow(clippy::print_stdout)]
    {
        print!("{table}");
    }
    Ok(())
}
