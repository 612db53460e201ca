//! `README.md` beside the results: their tables, made from the result files and from nothing else.

use crate::coverage;
use crate::exact;
use anyhow::Result;
use sbi_bench::records;
use std::path::Path;

const INTRODUCTION: &str = "\
# Calibration

Made by `cargo run --release -p sbi-calibration-bench --bin calibration`; not to be edited. `../README.md` says what each study is.

## Coverage

Of each simulated data set, which share of its posterior draws is denser than the parameters it was simulated with: the
region of highest density that just leaves them out. \"Off\" is the largest distance of coverage from its level, over nineteen
levels; the goal for .9 is .85 to .95. Minus the mean log-density of the true parameters is in nats; exactly it is -.789 for
the linear Gaussian task (goal: at most -.64).
";

const DENSITIES: &str = "
## Log-densities

The network of the linear Gaussian task, at points drawn from the exact conditional given the data, or the parameters, of
simulated data sets: log-densities less the exact ones, in nats. \"By set\" is the mean over data sets of the absolute mean difference of
their points (goal: at most .05).
";

const NOT_RUN: &str = "\nNot run yet.\n";

/// Writes `README.md` anew.
///
/// # Errors
/// A result file that cannot be read, or a folder that cannot be written to.
pub fn write(folder: &Path) -> Result<()> {
    let coverage: Vec<coverage::Row> = records::read(&coverage::results(folder))?;
    let coverage = coverage.iter().map(|row| {
        format!(
            "| {} | {} | {} | {} x {} | {:.3} at {:.2} | {:.3} | **{:.3}** | {:.3} |\n",
            row.task,
            row.budget,
            row.seed,
            row.sets,
            row.draws,
            row.deviation,
            row.at,
            row.half,
            row.nine_tenths,
            row.negative_log_density
        )
    });
    let densities: Vec<exact::Row> = records::read(&exact::results(folder))?;
    let densities = densities.iter().map(|row| {
        format!(
            "| {} | {} | {} | {} x {} | {:.3} | **{:.3}** | {:+.3} |\n",
            row.query, row.budget, row.seed, row.sets, row.points, row.absolute, row.by_set, row.mean
        )
    });
    let text = [
        INTRODUCTION.to_owned(),
        table(
            "task | simulations | seed | sets x draws | off | at .5 | at .9 | minus log-density",
            coverage.collect(),
        ),
        DENSITIES.to_owned(),
        table("of | simulations | seed | sets x points | absolute | by set | mean", densities.collect()),
    ];
    records::replace(&folder.join("README.md"), text.concat().as_bytes())
}

/// A table in Markdown under these heads.
fn table(heads: &str, rows: Vec<String>) -> String {
    if rows.is_empty() {
        return NOT_RUN.to_owned();
    }
    let rules = vec!["---"; heads.split(" | ").count()].join(" | ");
    format!("\n| {heads} |\n| {rules} |\n{}", rows.concat())
}
