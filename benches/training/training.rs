//! How many steps a second does a training make? This project beside PyTorch, eager and compiled, and JAX: the same
//! network on the same machine in one call, by turns. `--masks` compares masked networks with dense ones, `--check`
//! shows that all compute the same.

use anyhow::Result;
use clap::Parser;
use sbi_infer::BATCH;
use sbi_training_bench::contest::{Competitor, Order};
use sbi_training_bench::results::{Figure, Results};
use sbi_training_bench::rules::{Entrant, Rules};
use sbi_training_bench::{Pattern, Sizes, Task, Work, check, cost, here, ours};

const SIMULATIONS: usize = 10_000;

/// What we are called without a mask.
const DENSE: &str = "ours-dense";

/// The masks that are compared with none.
const MASKS: [(usize, Pattern); 4] =
    [(20, Pattern::Pairs), (104, Pattern::Pairs), (104, Pattern::Chain), (104, Pattern::Band)];

#[derive(Parser)]
struct Args {
    /// Numbers of tokens: 8, 32 and 104, of masks 20 and 104
    #[arg(long, value_delimiter = ',', default_values_t = [8, 20, 32, 104])]
    tokens: Vec<usize>,
    /// Widths of a token
    #[arg(long, value_delimiter = ',', default_values_t = [48, 50])]
    width: Vec<usize>,
    /// Examples in a step
    #[arg(long, value_delimiter = ',', default_values_t = [BATCH, 1_000])]
    batch: Vec<usize>,
    /// Compares networks with the masks of three models with dense ones
    #[arg(long)]
    masks: bool,
    /// Compares what the others compute with what this project does, and measures nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    rules: Rules,
}

/// The sizes of one contest.
#[derive(Clone, Copy)]
struct Case {
    tokens: usize,
    pattern: Pattern,
    width: usize,
    batch: usize,
}

fn main() -> Result<()> {
    if ours::serve()? {
        return Ok(());
    }
    let args = Args::parse();
    match (args.check, args.masks) {
        // The figures are the product of this command.
        #[allow(clippy::print_stdout)]
        (true, _) => {
            check::compare(&args.rules.competitors(), &args.rules.python(), |line| println!("{line}"))
        }
        (_, true) => args.masked(),
        (_, false) => args.dense(),
    }
}

impl Args {
    fn work(&self, Case { tokens, pattern, width, batch }: Case) -> Work {
        let sizes = Some(Sizes::published(width));
        Work { tokens, pattern, sizes, batch, simulations: SIMULATIONS, threads: self.rules.threads }
    }

    /// These numbers of tokens and patterns, as far as they are asked for, in all sizes that are.
    fn cases(&self, all: impl IntoIterator<Item = (usize, Pattern)>) -> impl Iterator<Item = Case> {
        let asked = all.into_iter().filter(|(tokens, _)| self.tokens.contains(tokens));
        asked.flat_map(|(tokens, pattern)| {
            let sizes =
                self.width.iter().flat_map(|width| self.batch.iter().map(move |batch| (width, batch)));
            sizes.map(move |(&width, &batch)| Case { tokens, pattern, width, batch })
        })
    }

    fn dense(&self) -> Result<()> {
        let names = &["tokens", "width", "batch", "parameters"];
        let mut results = Results::open(here().join("training.csv"), names, Figure::StepsPerSecond)?;
        for case in self.cases([8, 32, 104].map(|tokens| (tokens, Pattern::Dense))) {
            let work = self.work(case);
            let parameters = work.problem()?.plan.architecture.parameters();
            let key = [case.tokens, case.width, case.batch, parameters].map(|number| number.to_string());
            let order = Order::new(Task::Train, &work)?;
            let competitors = self.rules.competitors();
            let entrants = competitors.into_iter().map(|competitor| (competitor.name(), competitor, &order));
            self.rules.hold(&mut results, &key, &entrants.collect::<Vec<Entrant>>())?;
        }
        Ok(())
    }

    /// Masked networks, and beside each of them the same without a mask.
    fn masked(&self) -> Result<()> {
        let names = &["tokens", "width", "batch", "mask", "share_allowed", "operations_over_allowed"];
        let mut results = Results::open(here().join("masks.csv"), names, Figure::StepsPerSecond)?;
        for case in self.cases(MASKS) {
            let work = self.work(case);
            let problem = work.problem()?;
            let all = case.tokens * case.tokens;
            let allowed = problem.mask().map_or(all, |mask| mask.count());
            let operations = |pairs| cost::forward(&problem.plan.architecture, case.batch, pairs);
            let shares = [allowed as f64 / all as f64, operations(all) / operations(allowed)];
            let sizes = [case.tokens, case.width, case.batch].map(|number| number.to_string());
            let key: Vec<String> = sizes
                .into_iter()
                .chain([case.pattern.name().to_owned()])
                .chain(shares.map(|share| format!("{share:.3}")))
                .collect();
            let order = Order::new(Task::Train, &work)?;
            let dense = Order::new(Task::Train, &self.work(Case { pattern: Pattern::Dense, ..case }))?;
            let competitors = self.rules.competitors_or(&[]);
            let entrants = competitors.into_iter().map(|competitor| (competitor.name(), competitor, &order));
            let entrants = entrants.chain([(DENSE.to_owned(), Competitor::Ours, &dense)]);
            self.rules.hold(&mut results, &key, &entrants.collect::<Vec<Entrant>>())?;
        }
        Ok(())
    }
}
