//! How long do draws take? This project beside PyTorch, eager and compiled, and JAX: the network that `sbi run`
//! would choose, the same solver with as many steps, half of the tokens given, by turns in one call.

use anyhow::Result;
use clap::Parser;
use sbi_infer::BATCH;
use sbi_training_bench::contest::Order;
use sbi_training_bench::results::{Figure, Results};
use sbi_training_bench::rules::{Entrant, Rules};
use sbi_training_bench::{Pattern, Task, Work, here, ours};

#[derive(Parser)]
struct Args {
    /// Numbers of tokens
    #[arg(long, value_delimiter = ',', default_values_t = [4, 13, 32, 104])]
    tokens: Vec<usize>,
    #[command(flatten)]
    rules: Rules,
}

fn main() -> Result<()> {
    if ours::serve()? {
        return Ok(());
    }
    let args = Args::parse();
    let names = &["tokens", "width", "layers", "parameters"];
    let mut results = Results::open(here().join("drawing.csv"), names, Figure::SecondsForDraws)?;
    for &tokens in &args.tokens {
        let (pattern, threads) = (Pattern::Dense, args.rules.threads);
        let work = Work { tokens, pattern, sizes: None, batch: BATCH, simulations: 1_000, threads };
        let architecture = work.problem()?.plan.architecture;
        let key = [tokens, architecture.width, architecture.layers, architecture.parameters()];
        let order = Order::new(Task::Draw, &work)?;
        let competitors = args.rules.competitors();
        let entrants = competitors.into_iter().map(|competitor| (competitor.name(), competitor, &order));
        args.rules.hold(
            &mut results,
            &key.map(|number| number.to_string()),
            &entrants.collect::<Vec<Entrant>>(),
        )?;
    }
    Ok(())
}
