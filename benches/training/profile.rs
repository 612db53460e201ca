//! Where does the time of a training step go? The machine's peak in multiply-adds, what a step achieves of it, and
//! its parts: the way forward, forward and back, and the whole step, which has the making of the batch, clipping,
//! the optimiser and the average besides; each on all threads and on one.

use anyhow::Result;
use clap::Parser;
use sbi_infer::BATCH;
use sbi_infer::kernel::{InstructionSet, peak_rate};
use sbi_training_bench::contest::{Competitor, Order, Pace, Runner, Score, race};
use sbi_training_bench::{Pattern, Sizes, Task, Work, cost, here, ours};
use std::path::Path;

const SIMULATIONS: usize = 10_000;

#[derive(Parser)]
struct Args {
    /// Numbers of tokens
    #[arg(long, value_delimiter = ',', default_values_t = [8, 32, 104])]
    tokens: Vec<usize>,
    /// Widths of a token
    #[arg(long, value_delimiter = ',', default_values_t = [48, 50])]
    width: Vec<usize>,
    /// Examples in a step
    #[arg(long, value_delimiter = ',', default_values_t = [BATCH, 1_000])]
    batch: Vec<usize>,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    #[command(flatten)]
    pace: Pace,
}

fn main() -> Result<()> {
    if ours::serve()? {
        return Ok(());
    }
    let args = Args::parse();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header =
        ["tokens", "width", "batch", "part", "threads", "milliseconds", "gigaflops", "share_of_peak"];
    writer.write_record(header)?;
    let set = InstructionSet::detect();
    let peaks: Vec<Peak> = args.threads().map(|threads| (threads, peak_rate(set, threads))).collect();
    for (threads, rate) in &peaks {
        let (name, giga) = (format!("peak, {}", set.name()), format!("{:.0}", rate / 1e9));
        writer.write_record(["", "", "", &name, &threads.to_string(), "", &giga, "1.00"])?;
    }
    for &tokens in &args.tokens {
        for &width in &args.width {
            for &batch in &args.batch {
                args.parts([tokens, width, batch], &peaks, &mut writer)?;
            }
        }
    }
    let table = String::from_utf8(writer.into_inner()?)?;
    std::fs::write(here().join("profile.csv"), &table)?;
    // The figures are the product of this command.
    #[allow(clippy::print_stdout)]
    {
        print!("{table}");
    }
    Ok(())
}

/// A number of threads, and how many operations a second the machine can do on them.
type Peak = (usize, f64);

impl Args {
    /// All of them, and one.
    fn threads(&self) -> impl Iterator<Item = usize> + use<> {
        [self.threads].into_iter().chain((self.threads > 1).then_some(1))
    }

    /// The parts of one kind of step, and rows of how long each takes.
    fn parts(
        &self,
        [tokens, width, batch]: [usize; 3],
        peaks: &[Peak],
        writer: &mut csv::Writer<Vec<u8>>,
    ) -> Result<()> {
        let sizes = Some(Sizes::published(width));
        let work = |threads| Work {
            tokens,
            pattern: Pattern::Dense,
            sizes,
            batch,
            simulations: SIMULATIONS,
            threads,
        };
        let architecture = work(1).problem()?.plan.architecture;
        let forward = cost::forward(&architecture, batch, tokens * tokens);
        let parts = [
            ("forward", Task::Loss, forward),
            ("forward and back", Task::Gradient, cost::STEP * forward),
            ("step", Task::Train, cost::STEP * forward),
        ];
        let all = || peaks.iter().flat_map(|peak| parts.map(|part| (*peak, part)));
        let start = |((threads, _), (name, task, _)): (Peak, (&str, Task, f64))| {
            let order = Order::new(task, &work(threads))?;
            Runner::start(Competitor::Ours, name.to_owned(), &order, Path::new(""))
        };
        let runners = all().map(start).collect::<Result<Vec<Runner>>>()?;
        let scores = race(runners, self.pace)?;
        for (((threads, peak), (name, _, operations)), rate) in all().zip(scores.iter().map(Score::median)) {
            let flops = operations * rate;
            writer.write_record([
                tokens.to_string(),
                width.to_string(),
                batch.to_string(),
                name.to_owned(),
                threads.to_string(),
                format!("{:.3}", 1e3 / rate),
                format!("{:.0}", flops / 1e9),
                format!("{:.2}", flops / peak),
            ])?;
        }
        Ok(())
    }
}
