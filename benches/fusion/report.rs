//! `README.md` beside the results: their tables, made from the result files and from nothing else.

use crate::experiment::Experiment;
use crate::judged::Judged;
use crate::scores::{self, Score};
use anyhow::Result;
use clap::ValueEnum;
use sbi_bench::records;
use std::path::Path;

const INTRODUCTION: &str = "\
# Fusion

Made by `cargo run --release -p sbi-fusion-bench --bin fusion EXPERIMENT`; not to be edited. `../README.md` says what each study is.

Networks of the experiments of MultiNPE (Schmitt et al. 2023) beside exact posteriors of the same data sets. \"nrmse\" is the root mean
square error of posterior means over the prior's standard deviation, \"sd\" the posterior's standard deviation over the prior's
(median); exact ones behind them. \"−log q\" is the mean over data sets in nats, C2ST the mean over the first of them.
";

/// Writes `README.md` anew.
///
/// # Errors
/// A result file that cannot be read, or a folder that cannot be written to.
pub fn write(folder: &Path) -> Result<()> {
    let mut text = INTRODUCTION.to_owned();
    for experiment in Experiment::value_variants() {
        let rows: Vec<Judged> = records::read(&folder.join(experiment.name()).with_extension("csv"))?;
        let scores: Vec<Score> = records::read(&scores::results(folder, *experiment))?;
        text += &format!("\n## {}\n", title(*experiment));
        if rows.is_empty() {
            text += "\nNot run yet.\n";
            continue;
        }
        text += "\n| approximator | seed | missing | parameter | nrmse | exact | lost pairing | sd | exact | −log q | exact | C2ST |\n";
        text += "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
        text.extend(rows.iter().filter(|row| shown(*experiment, row)).map(line));
        text += "\nBy `sbi compare`, on data sets as the model draws them:\n\n";
        text += "| approximator | seed | −log q | error | calibration error, at most | sbc | steps | training |\n";
        text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
        text.extend(scores.iter().map(Score::line));
    }
    records::replace(&folder.join("README.md"), text.as_bytes())
}

fn title(experiment: Experiment) -> &'static str {
    match experiment {
        Experiment::SharedMean => "A mean that points and a path share",
        Experiment::Decision => "Decisions and slopes",
        Experiment::Pulse => "Pulse waves",
    }
}

/// The ten dimensions of the first experiment are alike.
fn shown(experiment: Experiment, row: &Judged) -> bool {
    experiment != Experiment::SharedMean || row.parameter == "all"
}

fn line(row: &Judged) -> String {
    let number = |x: f64| format!("{x:.3}");
    let perhaps = |x: Option<f64>| x.map_or_else(String::new, number);
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.approximator,
        row.seed,
        row.missing,
        row.parameter,
        number(row.nrmse),
        number(row.nrmse_exact),
        row.nrmse_lost
            .map_or_else(String::new, |lost| format!("{lost:.3} ± {:.3}", row.lost_error.unwrap_or(0.0))),
        number(row.sd),
        number(row.sd_exact),
        perhaps(row.nlp),
        perhaps(row.nlp_exact),
        perhaps(row.c2st)
    )
}
