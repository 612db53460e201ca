//! Answers of a network beside exact posteriors, parameter by parameter.

use crate::exact::{Columns, Exact};
use crate::experiment::{Experiment, Pattern};
use crate::network::{Answers, Network};
use anyhow::{Context, Result};
use rayon::prelude::*;
use sbi_bench::records::rounded;
use sbi_bench::sample::Sample;
use sbi_bench::score::c2st;
use sbi_infer::Table;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Draws of a network for each data set.
const DRAWS: usize = 1_000;
/// The seed of folds and trees.
const SCORE_SEED: u64 = 1;

/// How much is judged.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Data sets whose draws a forest compares.
    pub compared: usize,
    /// Threads.
    pub threads: usize,
}

/// A line of results: one parameter, or all, of a network, under one pattern of gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The approximator.
    pub approximator: String,
    /// The seed of simulations and training.
    pub seed: u64,
    /// What is missing.
    pub missing: String,
    /// The parameter; `all` for the mean over them.
    pub parameter: String,
    /// Data sets.
    pub sets: usize,
    /// Root mean square error of posterior means, in standard deviations of the prior.
    pub nrmse: f64,
    /// The same of the exact posterior.
    pub nrmse_exact: f64,
    /// The same of the posterior without pairing, where there is one.
    pub nrmse_lost: Option<f64>,
    /// Standard error of the difference to that without pairing: of squares, over twice the root.
    pub lost_error: Option<f64>,
    /// Posterior standard deviation over the prior's, median over data sets.
    pub sd: f64,
    /// The same of the exact posterior.
    pub sd_exact: f64,
    /// The mean of −log q of the true parameters, where it is of all.
    pub nlp: Option<f64>,
    /// The same of the exact posterior, where it has a closed form.
    pub nlp_exact: Option<f64>,
    /// C2ST to exact draws, mean over data sets, where it is of all.
    pub c2st: Option<f64>,
}

/// Means and standard deviations of one parameter's posteriors, one for each data set.
struct Moments {
    mean: Vec<f64>,
    sd: Vec<f64>,
}

/// Judges a network on whole data sets, and under all patterns of gaps of an experiment.
///
/// # Errors
/// Simulations, draws or files that fail.
pub fn judge(
    experiment: Experiment,
    network: &Network,
    (name, seed): (&str, u64),
    whole: &Table,
    effort: &Effort,
    work: &Path,
) -> Result<Vec<Judged>> {
    let columns = network.columns();
    let mut rows = Vec::new();
    for pattern in experiment.patterns() {
        let mut table = whole.clone();
        let width = table.columns;
        table
            .values
            .chunks_exact_mut(width)
            .enumerate()
            .for_each(|(set, row)| pattern.gaps.cut(&columns, row, set));
        let mut answers = network.answer(&table, DRAWS, effort.threads)?;
        let mut exact = exact_draws(experiment, &pattern, (&columns, &answers.parameters), &table, work)?;
        let width = answers.parameters.len();
        let true_row = |row: &[f64]| -> Vec<f64> {
            answers.parameters.iter().filter_map(|own| row.get(*own)).copied().collect()
        };
        let mut truths: Vec<f64> = table.iter().flat_map(true_row).collect();
        let named = |own: &usize| columns.0.get(*own).cloned().unwrap_or_default();
        let names: Vec<String> = answers.parameters.iter().map(named).collect();
        for numbers in [&mut answers.draws, &mut truths].into_iter().chain(exact.iter_mut().flatten()) {
            numbers.chunks_exact_mut(width).for_each(|row| experiment.judged(&names, row));
        }
        let case = Case {
            experiment,
            name,
            seed,
            pattern: &pattern,
            table: &table,
            columns: &columns,
            answers: &answers,
            truths: &truths,
        };
        rows.extend(case.rows(&exact, effort)?);
        eprintln!("{name} seed {seed}, {}: judged", pattern.name);
    }
    Ok(rows)
}

/// One network under one pattern.
struct Case<'a> {
    experiment: Experiment,
    name: &'a str,
    seed: u64,
    pattern: &'a Pattern,
    table: &'a Table,
    columns: &'a Columns,
    answers: &'a Answers,
    /// `[data sets · parameters]`.
    truths: &'a [f64],
}

impl Case<'_> {
    /// `exact` has for each kind of exact posterior the draws of each data set.
    fn rows(&self, exact: &[Vec<Vec<f64>>], effort: &Effort) -> Result<Vec<Judged>> {
        let (sets, width) = (self.table.rows(), self.answers.parameters.len());
        let own: Vec<&[f64]> = self.answers.draws.chunks_exact(DRAWS * width).collect();
        let (right, lost) = exact.split_first().context("an experiment has an exact posterior")?;
        let right_draws: Vec<&[f64]> = right.iter().map(Vec::as_slice).collect();
        let mut rows = Vec::new();
        for (place, column) in self.answers.parameters.iter().enumerate() {
            let truths: Vec<f64> = self.truths.iter().skip(place).step_by(width).copied().collect();
            let spread = sd(&truths);
            let [network, exact] = [&own, &right_draws].map(|draws| Moments::of(draws, place, width));
            let squares = |moments: &Moments| -> Vec<f64> {
                moments
                    .mean
                    .iter()
                    .zip(&truths)
                    .map(|(mean, truth)| ((mean - truth) / spread).powi(2))
                    .collect()
            };
            let of_network = squares(&network);
            let lost = lost.first().map(|draws| {
                let draws: Vec<&[f64]> = draws.iter().map(Vec::as_slice).collect();
                squares(&Moments::of(&draws, place, width))
            });
            let error = lost.as_ref().map(|lost| {
                let apart: Vec<f64> = of_network.iter().zip(lost).map(|(own, lost)| own - lost).collect();
                sd(&apart) / (sets as f64).sqrt() / (2.0 * mean(lost).sqrt())
            });
            rows.push(Judged {
                approximator: self.name.to_owned(),
                seed: self.seed,
                missing: self.pattern.name.to_owned(),
                parameter: self
                    .columns
                    .0
                    .get(*column)
                    .map_or_else(String::new, |name| self.experiment.title(name).to_owned()),
                sets,
                nrmse: rounded(mean(&of_network).sqrt(), 4),
                nrmse_exact: rounded(mean(&squares(&exact)).sqrt(), 4),
                nrmse_lost: lost.map(|lost| rounded(mean(&lost).sqrt(), 4)),
                lost_error: error.map(|error| rounded(error, 4)),
                sd: rounded(median(&network.sd) / spread, 4),
                sd_exact: rounded(median(&exact.sd) / spread, 4),
                nlp: None,
                nlp_exact: None,
                c2st: None,
            });
        }
        rows.insert(0, self.whole(&rows, &own, &right_draws, effort)?);
        Ok(rows)
    }

    /// All parameters together.
    fn whole(&self, rows: &[Judged], own: &[&[f64]], exact: &[&[f64]], effort: &Effort) -> Result<Judged> {
        let first = rows.first().context("a posterior has parameters")?;
        let over = |of: fn(&Judged) -> f64| rounded(mean(&rows.iter().map(of).collect::<Vec<f64>>()), 4);
        let log = self.experiment.exact().first().and_then(|(_, exact)| {
            let truths = self.truths.chunks_exact(rows.len());
            let density = |(row, truth): (&[f64], &[f64])| exact.log_density(self.columns, row, truth);
            self.table.iter().zip(truths).map(density).collect::<Option<Vec<f64>>>()
        });
        let names: Vec<String> = rows.iter().map(|row| row.parameter.clone()).collect();
        let score = |set: usize| -> Result<f64> {
            let sample = |draws: &[&[f64]]| {
                Sample::new(names.clone(), draws.get(set).copied().unwrap_or_default().to_vec())
            };
            c2st(&sample(exact)?, &sample(own)?, SCORE_SEED)
        };
        let scores: Vec<f64> = (0..effort.compared.min(own.len())).map(score).collect::<Result<_>>()?;
        Ok(Judged {
            parameter: "all".to_owned(),
            nrmse: over(|row| row.nrmse),
            nrmse_exact: over(|row| row.nrmse_exact),
            nrmse_lost: None,
            lost_error: None,
            sd: over(|row| row.sd),
            sd_exact: over(|row| row.sd_exact),
            nlp: Some(rounded(-mean(&self.answers.log_densities), 4)),
            nlp_exact: log.map(|log| rounded(-mean(&log), 4)),
            c2st: (!scores.is_empty()).then(|| rounded(mean(&scores), 4)),
            ..first.clone()
        })
    }
}

/// For each kind of exact posterior the draws of each data set, parameters in the order of these columns; they are kept in the work folder.
fn exact_draws(
    experiment: Experiment,
    pattern: &Pattern,
    (columns, parameters): (&Columns, &[usize]),
    table: &Table,
    work: &Path,
) -> Result<Vec<Vec<Vec<f64>>>> {
    let rows: Vec<&[f64]> = table.iter().collect();
    let of = |(name, exact): (&str, Exact)| -> Result<Vec<Vec<f64>>> {
        let folder = work.join("exact").join(pattern.name.replace(' ', "_")).join(name.replace(' ', "_"));
        fs::create_dir_all(&folder)?;
        let names = exact.names(columns);
        let place = |own: &usize| -> Result<usize> {
            let name = columns.0.get(*own).context("parameters are columns")?;
            names
                .iter()
                .position(|known| known == name)
                .with_context(|| format!("`{name}` has no exact draws"))
        };
        let order: Vec<usize> = parameters.iter().map(place).collect::<Result<_>>()?;
        let draws = |(set, row): (usize, &&[f64])| -> Result<Vec<f64>> {
            let made = kept(&folder.join(format!("{set}.bin")), || exact.draws(columns, row, set))?;
            let ordered =
                |row: &[f64]| order.iter().filter_map(|place| row.get(*place)).copied().collect::<Vec<f64>>();
            Ok(made.chunks_exact(names.len()).flat_map(ordered).collect())
        };
        rows.par_iter().enumerate().map(draws).collect()
    };
    experiment.exact().into_iter().map(of).collect()
}

/// Numbers from a file, or made and put there.
fn kept(path: &PathBuf, make: impl FnOnce() -> Vec<f64>) -> Result<Vec<f64>> {
    if let Ok(bytes) = fs::read(path) {
        let (numbers, _) = bytes.as_chunks::<8>();
        return Ok(numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect());
    }
    let made = make();
    sbi_bench::records::replace(path, &made.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())?;
    Ok(made)
}

impl Moments {
    fn of(draws: &[&[f64]], place: usize, width: usize) -> Moments {
        let column =
            |draws: &&[f64]| -> Vec<f64> { draws.iter().skip(place).step_by(width).copied().collect() };
        let columns: Vec<Vec<f64>> = draws.iter().map(column).collect();
        Moments {
            mean: columns.iter().map(|own| mean(own)).collect(),
            sd: columns.iter().map(|own| sd(own)).collect(),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sd(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sbi_infer::quantile(&sorted, 0.5)
}
