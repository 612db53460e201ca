//! How long do the graph of a model and its masks take? Structures that grow from 20 to 1,000 tokens, each by both rules
//! where they differ, and the masks of single data sets, as training makes them: milliseconds, and data sets a second.

use anyhow::{Context, Result};
use sbi_model::{Graph, GraphRule, MaskKind, Model, Structure};
use std::fmt::Write as _;
use std::time::Instant;

/// The best of so many runs: others share the machine.
const RUNS: usize = 5;

/// Data sets whose masks are made in one run.
const DATA_SETS: usize = 200;

fn main() -> Result<()> {
    let mut report = "model,tokens,structure_ms,undirected_ms,directed_ms,data_sets_per_second\n".to_owned();
    for tokens in [20, 100, 300, 1_000] {
        row(&mut report, "pairs", &pairs(tokens / 2), GraphRule::Exact)?;
        row(&mut report, "one latent for all", &shared(tokens), GraphRule::Exact)?;
        row(&mut report, "chain", &chain(tokens / 2), GraphRule::Exact)?;
        row(&mut report, "hunter and prey", &pond(tokens / 2 - 2), GraphRule::Mechanistic)?;
    }
    // The figures are the product of this command.
    #[allow(clippy::print_stdout)]
    {
        print!("{report}");
    }
    Ok(())
}

fn row(report: &mut String, name: &str, body: &str, rule: GraphRule) -> Result<()> {
    let file = sbi_model::compile(&format!("edition 2026\nmodel m {{\n{body}\n}}\n"), &()).file;
    let file = file.with_context(|| format!("the spec of `{name}` is wrong"))?;
    let model: &Model = file.models.first().context("a model")?;
    let made = best(|| Structure::of(model, rule));
    let structure = Structure::of(model, rule);
    let graph = structure.nominal();
    let tokens = graph.tokens.len();
    let (none, data) = (vec![false; tokens], data(graph));
    let undirected = best(|| graph.mask(MaskKind::Undirected, &none, &none));
    let directed = best(|| graph.mask(MaskKind::Directed, &data, &none));
    let each = best(|| {
        for number in 0..DATA_SETS {
            let shift = number as f64 / DATA_SETS as f64;
            let graph =
                structure.graph(&|axis, place| Some((7.31 * place as f64 + shift + axis.0 as f64) % 15.0));
            std::hint::black_box(graph.mask(MaskKind::Undirected, &none, &none));
        }
    });
    let rate = DATA_SETS as f64 / each;
    let [made, undirected, directed] = [made, undirected, directed].map(|seconds| 1e3 * seconds);
    writeln!(report, "{name},{tokens},{made:.2},{undirected:.3},{directed:.2},{rate:.0}")?;
    Ok(())
}

fn data(graph: &Graph) -> Vec<bool> {
    graph.tokens.iter().map(|token| token.role == sbi_model::Role::Data).collect()
}

fn best<T>(work: impl Fn() -> T) -> f64 {
    let run = || {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// Independent pairs: the sparsest graph.
fn pairs(count: usize) -> String {
    format!(
        "axis i : index({count})
         param theta[i] ~ normal(0, 1)
         data x[i] ~ normal(theta[i], 1)"
    )
}

/// One latent that all data share: the densest.
fn shared(count: usize) -> String {
    let count = count - 1;
    format!(
        "axis i : index({count})
         param mu ~ normal(0, 1)
         latent blur ~ half_normal(1)
         data x[i] ~ normal(mu, blur)"
    )
}

/// A hidden chain.
fn chain(count: usize) -> String {
    format!(
        "axis i : ordered({count})
         dynamics walk over 1 .. {count} every 1 {{
             init z ~ normal(0, 1)
             next z ~ normal(z, 1)
         }}
         param z[i] = walk.z(i)
         data x[i] ~ normal(z[i], 1)"
    )
}

/// Readings at times that differ from data set to data set.
fn pond(count: usize) -> String {
    format!(
        "axis t : time(scattered(n = {count}, over = 0 .. 15))
         axis u : time(scattered(n = {count}, over = 0 .. 15))
         param alpha ~ uniform(1, 3)
         param beta ~ uniform(1, 3)
         param gamma ~ uniform(1, 3)
         param delta ~ uniform(1, 3)
         dynamics pond over 0 .. 15 by rk4(step = 0.1) {{
             init prey = 1
             init hunter = 0.5
             prey' = alpha * prey - beta * prey * hunter
             hunter' = -gamma * hunter + delta * prey * hunter
         }}
         data p[t] ~ normal(pond.prey(t), 0.1)
         data h[u] ~ normal(pond.hunter(u), 0.1)"
    )
}
