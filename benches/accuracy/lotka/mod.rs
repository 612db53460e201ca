//! Does one network find the parameters of predator and prey from readings at any times?
//!
//! Ten observations of `examples/lotka_volterra.sbi`, simulated with a fixed seed, are queries to one network with
//! default settings: forty readings each, at times of their own. The draws of each are compared by a forest with
//! reference draws by the exact likelihood, and these with a second, independent set of reference draws.

mod observation;
mod pond;
mod references;

use crate::drive::{Sbi, Workplace};
use crate::records::{self, Record, rounded};
use crate::sample::Sample;
use crate::spec::Example;
use crate::tasks;
use anyhow::{Context, Result, ensure};
use observation::{COLUMNS, DRAWS, OBSERVATIONS, Observation};
use references::References;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const NAME: &str = "lotka_volterra";

/// A line of `lotka_volterra.csv`: one training, ten observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Simulations.
    pub budget: usize,
    /// The seed of simulations, training and draws.
    pub seed: u64,
    /// C2ST by observation.
    pub c2st_1: f64,
    /// C2ST by observation.
    pub c2st_2: f64,
    /// C2ST by observation.
    pub c2st_3: f64,
    /// C2ST by observation.
    pub c2st_4: f64,
    /// C2ST by observation.
    pub c2st_5: f64,
    /// C2ST by observation.
    pub c2st_6: f64,
    /// C2ST by observation.
    pub c2st_7: f64,
    /// C2ST by observation.
    pub c2st_8: f64,
    /// C2ST by observation.
    pub c2st_9: f64,
    /// C2ST by observation.
    pub c2st_10: f64,
    /// Their mean.
    pub mean: f64,
    /// C2ST between the two sets of reference draws, mean over the observations.
    pub references_mean: f64,
    /// The largest of these.
    pub references_worst: f64,
    /// Seconds of training, those of earlier runs that this one went on from included.
    pub train_s: Option<f64>,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (NAME.to_owned(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        format!(
            "C2ST {:.3}; of two sets of references {:.3}, at worst {:.3}",
            self.mean, self.references_mean, self.references_worst
        )
    }
}

impl Row {
    /// C2ST by observation.
    pub fn scores(&self) -> [f64; OBSERVATIONS] {
        [
            self.c2st_1,
            self.c2st_2,
            self.c2st_3,
            self.c2st_4,
            self.c2st_5,
            self.c2st_6,
            self.c2st_7,
            self.c2st_8,
            self.c2st_9,
            self.c2st_10,
        ]
    }
}

/// Where the rows are kept.
pub fn results() -> PathBuf {
    tasks::study().join(NAME).with_extension("csv")
}

/// The C2ST to stay at or below with this many simulations, where one is set: mean over the observations.
pub fn goal(budget: usize) -> Option<f64> {
    (budget == 10_000).then_some(0.645)
}

/// The file that declares the model.
fn example() -> PathBuf {
    tasks::workspace().join("examples").join(NAME).with_extension("sbi")
}

/// Asks what has no row yet (everything with `redo`), and keeps each row as soon as it is known.
///
/// # Errors
/// References that disagree, a run that fails, or draws that cannot be read.
pub fn run(sbi: &Sbi, work: &Path, redo: bool, budgets: &[usize], seeds: &[u64]) -> Result<()> {
    let observations = Observation::all();
    let mut references = None;
    for (budget, seed) in budgets.iter().flat_map(|budget| seeds.iter().map(|seed| (*budget, *seed))) {
        let key = (NAME.to_owned(), budget, seed);
        records::keep(&results(), redo, &key, &format!("{NAME} {budget} seed {seed}"), || {
            if references.is_none() {
                references = Some(References::open(&work.join(format!("{NAME}-references")), &observations)?);
            }
            let references = references.as_ref().expect("they were just made");
            let place = Workplace::open(work.join(format!("{NAME}-{budget}-{seed}")), false)?;
            train_and_score(sbi, &place, &observations, references, budget, seed)
        })?;
    }
    Ok(())
}

fn train_and_score(
    sbi: &Sbi,
    place: &Workplace,
    observations: &[Observation],
    references: &References,
    budget: usize,
    seed: u64,
) -> Result<Row> {
    let last = observations.last().map_or("", |observation| observation.name.as_str());
    sbi.run(place, &spec(observations, budget, seed)?, last)?;
    let answers: Vec<Sample> = observations.iter().map(|own| answer(place, own)).collect::<Result<_>>()?;
    let scores: [f64; OBSERVATIONS] =
        references.score(&answers)?.try_into().ok().context("there is an answer to each observation")?;
    let [c2st_1, c2st_2, c2st_3, c2st_4, c2st_5, c2st_6, c2st_7, c2st_8, c2st_9, c2st_10] =
        scores.map(|score| rounded(score, 4));
    Ok(Row {
        budget,
        seed,
        c2st_1,
        c2st_2,
        c2st_3,
        c2st_4,
        c2st_5,
        c2st_6,
        c2st_7,
        c2st_8,
        c2st_9,
        c2st_10,
        mean: rounded(scores.iter().sum::<f64>() / scores.len() as f64, 4),
        references_mean: rounded(references.mean, 4),
        references_worst: rounded(references.worst, 4),
        train_s: place.told(last, "/seconds/train").map(|s| rounded(s, 1)),
    })
}

/// The example's model and approximator, trained with default settings, and a query for each observation.
fn spec(observations: &[Observation], budget: usize, seed: u64) -> Result<String> {
    let queries: Vec<String> = observations.iter().map(Observation::query).collect();
    Ok(Example::model_of(&example())?.spec(budget, seed, &queries))
}

/// The draws that answer an observation, with the columns of the reference draws.
fn answer(place: &Workplace, observation: &Observation) -> Result<Sample> {
    let path = place.draws(&observation.name);
    let draws = Sample::read(&path)?;
    ensure!(draws.len() == DRAWS, "{} holds {} draws, not {DRAWS}", path.display(), draws.len());
    draws.select(&COLUMNS.map(str::to_owned)).with_context(|| format!("in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row is written and read under its own columns, and by-observation scores keep their order.
    #[test]
    fn a_row_is_kept_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let row = Row {
            budget: 10_000,
            seed: 1,
            c2st_1: 0.51,
            c2st_2: 0.52,
            c2st_3: 0.53,
            c2st_4: 0.54,
            c2st_5: 0.55,
            c2st_6: 0.56,
            c2st_7: 0.57,
            c2st_8: 0.58,
            c2st_9: 0.59,
            c2st_10: 0.6,
            mean: 0.555,
            references_mean: 0.5,
            references_worst: 0.52,
            train_s: None,
        };
        records::put(&path, row.clone()).unwrap();
        assert!(row.scores().is_sorted());
        assert_eq!(records::read::<Row>(&path).unwrap(), [row]);
    }

    #[test]
    fn the_spec_has_a_query_for_each_observation() {
        let spec = spec(&Observation::all(), 10_000, 2).unwrap();
        assert_eq!(spec.lines().filter(|line| line.starts_with("query obs_")).count(), OBSERVATIONS);
        assert!(!spec.contains("forecast") && spec.contains("simulations 10000\n    seed 2\n"));
    }
}
