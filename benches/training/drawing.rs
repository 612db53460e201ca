//! How long do draws take? This project beside PyTorch, eager and compiled, and JAX: the network that `sbi run` would choose, the same
//! solver with as many steps, half of the tokens given, by turns in one call.

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use sbi_training_bench::contest::{Competitor, Order, Runner, python, race};
use sbi_training_bench::results::Results;
use sbi_training_bench::{Pattern, Task, Work, here, ours};
use std::path::PathBuf;

#[derive(Parser)]
struct Args {
    /// A Python with torch and jax [default: that of `setup.sh`, or `python3`]
    #[arg(long)]
    python: Option<PathBuf>,
    /// Numbers of tokens
    #[arg(long, value_delimiter = ',', default_values_t = [4, 13, 32, 104])]
    tokens: Vec<usize>,
    /// Who takes part besides this project [default: all]
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
    /// Measures anew what `drawing.csv` has
    #[arg(long)]
    redo: bool,
}

fn main() -> Result<()> {
    if ours::serve()? {
        return Ok(());
    }
    let args = Args::parse();
    let mut results =
        Results::open(here().join("drawing.csv"), &["tokens", "width", "layers", "parameters"])?;
    let others = args.with.as_deref().unwrap_or(Competitor::value_variants()).iter().copied();
    let others = others.filter(|competitor| *competitor != Competitor::Ours);
    let competitors: Vec<Competitor> = [Competitor::Ours].into_iter().chain(others).collect();
    let names: Vec<String> = competitors.iter().map(|competitor| competitor.name()).collect();
    for &tokens in &args.tokens {
        let work = Work {
            tokens,
            pattern: Pattern::Dense,
            sizes: None,
            batch: 256,
            simulations: 1_000,
            threads: args.threads,
        };
        let architecture = work.problem()?.plan.architecture;
        let parameters = architecture.parameters();
        let key =
            [tokens, architecture.width, architecture.layers, parameters].map(|number| number.to_string());
        if !args.redo && results.has(&key, &names) {
            continue;
        }
        let (order, python) = (Order::new(Task::Draw, &work)?, python(args.python.as_deref()));
        let start = |competitor: &Competitor| Runner::start(*competitor, competitor.name(), &order, &python);
        let runners = competitors.iter().map(start).collect::<Result<Vec<Runner>>>()?;
        let scores = race(runners, args.rounds, args.seconds)?;
        for score in &scores {
            ensure!(
                score.parameters == parameters,
                "{} has {} parameters, we {parameters}",
                score.name,
                score.parameters
            );
        }
        // The figures are the product of this command.
        #[allow(clippy::print_stdout)]
        {
            print!("{}", results.put(&key, &scores)?);
        }
    }
    Ok(())
}
