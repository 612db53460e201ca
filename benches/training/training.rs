//! How many steps a second does a training make? This project beside PyTorch, eager and compiled, and JAX: the same network on the
//! same machine in one call, by turns. `--masks` compares masked networks with dense ones, `--check` shows that all compute the same.

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use sbi_training_bench::contest::{Competitor, Order, Runner, python, race};
use sbi_training_bench::results::Results;
use sbi_training_bench::{Pattern, Sizes, Task, Work, check, cost, here, ours};
use std::path::PathBuf;

const SIMULATIONS: usize = 10_000;

#[derive(Parser)]
struct Args {
    /// A Python with torch and jax [default: that of `setup.sh`, or `python3`]
    #[arg(long)]
    python: Option<PathBuf>,
    /// Numbers of tokens
    #[arg(long, value_delimiter = ',', default_values_t = [8, 32, 104])]
    tokens: Vec<usize>,
    /// Widths of a token
    #[arg(long, value_delimiter = ',', default_values_t = [48, 50])]
    width: Vec<usize>,
    /// Examples in a step
    #[arg(long, value_delimiter = ',', default_values_t = [256, 1_000])]
    batch: Vec<usize>,
    /// Who takes part besides this project [default: all; with `--masks` none]
    #[arg(long, value_enum, value_delimiter = ',')]
    with: Option<Vec<Competitor>>,
    /// Rounds, of which the middle one counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds that each competitor works in a round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Measures anew what `training.csv` or `masks.csv` has
    #[arg(long)]
    redo: bool,
    /// Compares networks with the masks of three models with dense ones
    #[arg(long)]
    masks: bool,
    /// Compares what the others compute with what this project does, and measures nothing
    #[arg(long)]
    check: bool,
}

fn main() -> Result<()> {
    if ours::serve()? {
        return Ok(());
    }
    let args = Args::parse();
    if args.check {
        let peers = args.with.as_deref().unwrap_or(Competitor::value_variants());
        print(&check::report(peers, &python(args.python.as_deref()))?);
        return Ok(());
    }
    if args.masks { args.masked() } else { args.dense() }
}

// The figures are the product of this command.
#[allow(clippy::print_stdout)]
fn print(text: &str) {
    print!("{text}");
}

impl Args {
    fn work(&self, tokens: usize, pattern: Pattern, width: usize, batch: usize) -> Work {
        let sizes = Some(Sizes::published(width));
        Work { tokens, pattern, sizes, batch, simulations: SIMULATIONS, threads: self.threads }
    }

    /// Widths and batches that are asked for.
    fn sizes(&self) -> impl Iterator<Item = (usize, usize)> {
        self.width.iter().flat_map(|width| self.batch.iter().map(|batch| (*width, *batch)))
    }

    /// Us first, then who else takes part.
    fn competitors(&self, unless_named: &[Competitor]) -> Vec<Competitor> {
        let others = self.with.as_deref().unwrap_or(unless_named).iter();
        let others = others.copied().filter(|competitor| *competitor != Competitor::Ours);
        [Competitor::Ours].into_iter().chain(others).collect()
    }

    fn dense(&self) -> Result<()> {
        let mut results =
            Results::open(here().join("training.csv"), &["tokens", "width", "batch", "parameters"])?;
        let competitors = self.competitors(Competitor::value_variants());
        let names: Vec<String> = competitors.iter().map(|competitor| competitor.name()).collect();
        for (tokens, (width, batch)) in
            self.tokens.iter().flat_map(|tokens| self.sizes().map(move |sizes| (*tokens, sizes)))
        {
            let work = self.work(tokens, Pattern::Dense, width, batch);
            let parameters = work.problem()?.plan.architecture.parameters();
            let key = [tokens, width, batch, parameters].map(|number| number.to_string());
            if !self.redo && results.has(&key, &names) {
                continue;
            }
            let order = Order::new(Task::Train, &work)?;
            let start = |competitor: &Competitor| {
                Runner::start(*competitor, competitor.name(), &order, &python(self.python.as_deref()))
            };
            let runners = competitors.iter().map(start).collect::<Result<Vec<Runner>>>()?;
            let scores = race(runners, self.rounds, self.seconds)?;
            for score in &scores {
                ensure!(
                    score.parameters == parameters,
                    "{} has {} parameters, we {parameters}",
                    score.name,
                    score.parameters
                );
            }
            print(&results.put(&key, &scores)?);
        }
        Ok(())
    }

    /// Masked networks, and beside each of them the same without a mask.
    fn masked(&self) -> Result<()> {
        let names = &["tokens", "width", "batch", "mask", "share_allowed", "operations_saved"];
        let mut results = Results::open(here().join("masks.csv"), names)?;
        let competitors = self.competitors(&[]);
        let named = competitors.iter().map(|competitor| competitor.name());
        let named: Vec<String> = named.chain([DENSE.to_owned()]).collect();
        let cases =
            [(20, Pattern::Pairs), (104, Pattern::Pairs), (104, Pattern::Chain), (104, Pattern::Band)];
        for ((tokens, pattern), (width, batch)) in
            cases.into_iter().flat_map(|case| self.sizes().map(move |sizes| (case, sizes)))
        {
            let work = self.work(tokens, pattern, width, batch);
            let problem = work.problem()?;
            let (all, allowed) =
                (tokens * tokens, problem.mask().map_or(tokens * tokens, |mask| mask.count()));
            let operations = |pairs| cost::forward(&problem.plan.architecture, batch, pairs);
            let key: Vec<String> = [tokens, width, batch]
                .map(|number| number.to_string())
                .into_iter()
                .chain([pattern.name().to_owned()])
                .chain(
                    [allowed as f64 / all as f64, operations(all) / operations(allowed)]
                        .map(|x| format!("{x:.3}")),
                )
                .collect();
            if !self.redo && results.has(&key, &named) {
                continue;
            }
            let python = python(self.python.as_deref());
            let order = Order::new(Task::Train, &work)?;
            let start =
                |competitor: &Competitor| Runner::start(*competitor, competitor.name(), &order, &python);
            let mut runners = competitors.iter().map(start).collect::<Result<Vec<Runner>>>()?;
            let dense = Order::new(Task::Train, &Work { pattern: Pattern::Dense, ..work.clone() })?;
            runners.push(Runner::start(Competitor::Ours, DENSE.to_owned(), &dense, &python)?);
            print(&results.put(&key, &race(runners, self.rounds, self.seconds)?)?);
        }
        Ok(())
    }
}

/// What we are called without a mask.
const DENSE: &str = "ours, dense";
