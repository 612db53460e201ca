//! What a comparison gives: a table on standard output, all numbers as CSV, and pictures.

use super::grid::{Missing, budget};
use super::picture;
use super::scoring::{METRICS, Score, Scores};
use super::test_sets::TestSets;
use crate::cli::failure::{Outcome, print};
use crate::cli::files;
use crate::cli::network::Network;
use crate::cli::numbers::exact;
use crate::cli::progress::grouped;
use crate::cli::summary::{moments, rule_below_header};
use comfy_table::CellAlignment;
use std::path::Path;

/// The files of a comparison.
pub const FILES: [&str; 2] = ["scores.csv", "scores.svg"];

const HELP: &str = "name a folder that can be written: `--out DIR`";

/// What a row of the CSV is called that is about all parameters together.
const ALL: &str = "all";

/// The scores of one network at one missing rate.
pub struct Row {
    /// The approximator.
    pub approximator: String,
    /// How many simulations it was trained on; none where every step saw fresh ones.
    pub simulations: Option<usize>,
    /// The same in words.
    pub budget: String,
    /// The missing rate of the test sets; none where it is the model's.
    pub missing: Option<Missing>,
    /// The seed of simulations and training.
    pub seed: u64,
    /// The scores.
    pub scores: Scores,
}

/// All of them.
pub struct Table {
    /// In the order of the grid.
    pub rows: Vec<Row>,
    /// Data sets that each was judged on.
    pub sets: usize,
    /// Draws for each data set.
    pub draws: usize,
}

/// The networks that differ in their seeds alone, at one missing rate.
pub struct Group<'a> {
    /// Their rows, one for each seed.
    pub rows: Vec<&'a Row>,
}

/// A number of each row that is reported, by name.
pub struct Measure {
    /// Its name in the CSV.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The number: a mean over parameters, where it is of each.
    pub of: fn(&Scores) -> Option<f64>,
}

/// What is reported of each row.
pub const MEASURES: [Measure; 6] = [
    Measure {
        name: "negative_log_posterior",
        title: "−log q",
        of: |own| own.negative_log_posterior.map(|(mean, _)| mean),
    },
    Measure { name: METRICS[0].0, title: "rmse", of: |own| own.mean(0) },
    Measure { name: METRICS[1].0, title: "nrmse", of: |own| own.mean(1) },
    Measure { name: METRICS[2].0, title: "nrmse of mean", of: |own| own.mean(2) },
    Measure { name: METRICS[3].0, title: "contraction", of: |own| own.mean(3) },
    Measure { name: METRICS[4].0, title: "calibration error", of: |own| own.mean(4) },
];

impl Scores {
    /// The mean of a metric over parameters that have it.
    fn mean(&self, metric: usize) -> Option<f64> {
        let own = |score: &Score| score.metrics.get(metric).copied().flatten();
        let values: Vec<f64> = self.parameters.iter().filter_map(own).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

impl Row {
    /// The row of a network on test sets.
    pub fn of(network: &Network, tests: &TestSets, scores: &Scores) -> Row {
        let train = &network.approximator.train;
        Row {
            approximator: network.approximator.name.clone(),
            simulations: (!train.online).then_some(train.simulations),
            budget: budget(network),
            missing: tests.missing.clone(),
            seed: train.seed,
            scores: scores.clone(),
        }
    }

    /// What it shares with rows of other seeds.
    fn peers(&self) -> (&str, &str, Option<&str>) {
        (&self.approximator, &self.budget, self.missing.as_ref().map(|missing| missing.text.as_str()))
    }
}

impl Group<'_> {
    /// A measure of each seed; none where a network does not tell it.
    pub fn values(&self, measure: &Measure) -> Option<Vec<f64>> {
        self.rows.iter().map(|row| (measure.of)(&row.scores)).collect()
    }

    /// Its mean, and its standard deviation over seeds where there are several: `0.123 ± 0.004`.
    fn shown(&self, measure: &Measure) -> String {
        let Some(values) = self.values(measure) else { return String::new() };
        let (mean, sd) = moments(&values);
        if values.len() > 1 { format!("{mean:.3} ± {sd:.3}") } else { format!("{mean:.3}") }
    }

    /// The probability that exact draws are found as uneven in any parameter under any seed, at most (Bonferroni's bound).
    fn sbc(&self) -> f64 {
        let all = || self.rows.iter().flat_map(|row| &row.scores.parameters);
        (all().map(|own| own.sbc).fold(1.0, f64::min) * all().count() as f64).min(1.0)
    }
}

impl Table {
    /// Fails where nothing can be written: to be asked before any long work.
    ///
    /// # Errors
    /// A folder that cannot be made or written.
    pub fn ensure_writable(folder: &Path) -> Outcome {
        files::probe(folder).map_err(|e| files::unwritable(folder, &e, HELP))
    }

    /// The rows, those of one kind together, in the order of the grid.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group> = Vec::new();
        for row in &self.rows {
            match groups
                .iter_mut()
                .find(|own| own.rows.first().is_some_and(|first| first.peers() == row.peers()))
            {
                Some(group) => group.rows.push(row),
                None => groups.push(Group { rows: vec![row] }),
            }
        }
        groups
    }

    /// Writes `scores.csv` and pictures to a folder, and prints the table.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn give(&self, folder: &Path, model: &str) -> Outcome {
        let [csv, svg] = FILES.map(|name| folder.join(name));
        files::output(&csv, &self.csv(), HELP)?;
        let picture = picture::of(self, model);
        if picture.is_none() {
            // One that is there is of another comparison.
            let _ = std::fs::remove_file(&svg);
        }
        let mut written = csv.display().to_string();
        if let Some(picture) = picture {
            files::output(&svg, picture.as_bytes(), HELP)?;
            written += &format!(", and {}", svg.display());
        }
        let (sets, draws) = (grouped(self.sets), grouped(self.draws));
        let several = self.groups().iter().any(|group| group.rows.len() > 1);
        let seeds = if several { "±: standard deviation over seeds. " } else { "" };
        print(&format!(
            "\n{model}: {sets} data sets with {draws} draws each; means over parameters\n{}\n{seeds}rmse, nrmse and contraction are medians over data sets; sbc: how probable ranks \
             as uneven as these are for exact draws.\nscores: {written}\n",
            self.text()
        ))
    }

    /// The table for people.
    fn text(&self) -> String {
        let groups = self.groups();
        let seeds = groups.iter().any(|group| group.rows.len() > 1);
        let missing = self.rows.iter().any(|row| row.missing.is_some());
        let told = |measure: &&Measure| groups.iter().any(|group| group.values(measure).is_some());
        let told: Vec<&Measure> = MEASURES.iter().filter(told).collect();
        let mut table = comfy_table::Table::new();
        table.load_style(rule_below_header()).force_no_tty();
        let mut header = vec!["", "simulations"];
        header.extend(missing.then_some("missing"));
        header.extend(seeds.then_some("seeds"));
        let words = header.len();
        header.extend(told.iter().map(|measure| measure.title));
        header.push("sbc");
        table.set_header(header);
        for group in &groups {
            let Some(first) = group.rows.first() else { continue };
            let mut row = vec![first.approximator.clone(), first.budget.clone()];
            row.extend(
                missing
                    .then(|| first.missing.as_ref().map_or_else(String::new, |missing| missing.text.clone())),
            );
            row.extend(seeds.then(|| group.rows.len().to_string()));
            row.extend(told.iter().map(|measure| group.shown(measure)));
            row.push(format!("{:.3}", group.sbc()));
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1).take(words + told.len()) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.trim_fmt()
    }

    /// All numbers: of each network at each missing rate a row for all parameters together, and one for each.
    fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = ["approximator", "simulations", "missing", "seed", "parameter"];
        let measures = MEASURES.iter().map(|measure| measure.name);
        let more = ["standard_error", "sbc", "steps", "train_seconds", "sets", "draws"];
        let header: Vec<&str> = names.into_iter().chain(measures).chain(more).collect();
        let mut written = writer.write_record(header);
        for row in &self.rows {
            let all = MEASURES.iter().map(|measure| cell((measure.of)(&row.scores)));
            let error = row.scores.negative_log_posterior.map(|(_, error)| error);
            let whole = [cell(error), String::new()];
            let mut put = |parameter: &str, numbers: Vec<String>| {
                let own = [
                    row.approximator.clone(),
                    row.budget.replace(',', ""),
                    row.missing.as_ref().map_or_else(String::new, |missing| missing.text.clone()),
                    row.seed.to_string(),
                    parameter.to_owned(),
                ];
                let (seconds, steps) = row.scores.trained;
                let last = [
                    steps.to_string(),
                    format!("{seconds:.1}"),
                    self.sets.to_string(),
                    self.draws.to_string(),
                ];
                writer.write_record(own.into_iter().chain(numbers).chain(last))
            };
            written = written.and_then(|()| put(ALL, all.chain(whole).collect()));
            for score in &row.scores.parameters {
                written = written.and_then(|()| put(&score.name, of_parameter(score)));
            }
        }
        written.expect("rows of equal length are written to memory");
        writer.into_inner().expect("memory is flushed without error")
    }
}

/// The numbers of one parameter, in the order of [`MEASURES`]; it has no density of its own.
fn of_parameter(score: &Score) -> Vec<String> {
    let none = || String::new();
    [none()].into_iter().chain(score.metrics.map(cell)).chain([none(), exact(score.sbc)]).collect()
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, exact)
}
