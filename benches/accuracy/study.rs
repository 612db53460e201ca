//! The study itself: every task at every budget with every seed, scored on five observations.

use crate::drive::{Sbi, Workplace};
use crate::records::{self, Record, rounded};
use crate::sample::Sample;
use crate::score::c2st;
use crate::spec::Example;
use crate::tasks::{self, DRAWS, OBSERVATIONS, Task};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The seed of folds and forests in every score.
pub const SCORE_SEED: u64 = 1;

/// A line of `results.csv`: one training, five observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The task's name.
    pub task: String,
    /// Simulations.
    pub budget: usize,
    /// The seed of simulations, training and draws.
    pub seed: u64,
    /// Optimiser steps taken.
    pub steps: Option<u64>,
    /// Width of a token.
    pub width: Option<u64>,
    /// Blocks of the transformer.
    pub layers: Option<u64>,
    /// Seconds of training, those of earlier runs that this one went on from included.
    pub train_s: Option<f64>,
    /// Seconds from start to exit, five times 10,000 draws included; empty where the run went on from an earlier one.
    pub wall_s: Option<f64>,
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
    /// Their mean.
    pub mean: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.task.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        let seconds = self.wall_s.map_or_else(String::new, |s| format!(" in {s:.0} s"));
        format!("C2ST {:.3}{seconds}", self.mean)
    }
}

/// Where the rows are kept.
pub fn results() -> PathBuf {
    tasks::study().join("results.csv")
}

/// Runs what has no row yet (everything with `redo`), and keeps each row as soon as it is known.
///
/// # Errors
/// The first run or score that fails; the rows before it are kept.
pub fn run(
    sbi: &Sbi,
    work: &Path,
    redo: bool,
    (tasks, budgets, seeds): (&[&'static Task], &[usize], &[u64]),
) -> Result<()> {
    for &task in tasks {
        for &budget in budgets {
            for &seed in seeds {
                let key = (task.name.to_owned(), budget, seed);
                records::keep(
                    &results(),
                    redo,
                    &key,
                    &format!("{} {budget} seed {seed}", task.name),
                    || {
                        let place =
                            Workplace::open(work.join(format!("{}-{budget}-{seed}", task.name)), redo)?;
                        train_and_score(sbi, &place, task, budget, seed)
                    },
                )?;
            }
        }
    }
    Ok(())
}

fn train_and_score(sbi: &Sbi, place: &Workplace, task: &Task, budget: usize, seed: u64) -> Result<Row> {
    let names = OBSERVATIONS.map(|number| format!("obs_{number}"));
    let spec = posterior_spec(place, task, budget, seed, &OBSERVATIONS)?;
    let [first, ..] = &names;
    let times = sbi.run(place, &spec, first)?;

    let mut scores = [0.0; OBSERVATIONS.len()];
    for ((score, number), name) in scores.iter_mut().zip(OBSERVATIONS).zip(&names) {
        *score = score_answer(place, task, number, name)?;
    }
    let [c2st_1, c2st_2, c2st_3, c2st_4, c2st_5] = scores.map(|score| rounded(score, 4));
    let count = |pointer| place.told(first, pointer).map(|value| value as u64);
    Ok(Row {
        task: task.name.to_owned(),
        budget,
        seed,
        steps: count("/steps"),
        width: count("/plan/architecture/width"),
        layers: count("/plan/architecture/layers"),
        train_s: place.told(first, "/seconds/train").map(|s| rounded(s, 1)),
        wall_s: place.cold.then(|| rounded(times.whole.as_secs_f64(), 1)),
        c2st_1,
        c2st_2,
        c2st_3,
        c2st_4,
        c2st_5,
        mean: rounded(scores.iter().sum::<f64>() / scores.len() as f64, 4),
    })
}

/// The example of a task with one query `obs_N` for each observation; their files are written into the workplace.
///
/// # Errors
/// An example or observation that cannot be read.
pub fn posterior_spec(
    place: &Workplace,
    task: &Task,
    budget: usize,
    seed: u64,
    observations: &[usize],
) -> Result<String> {
    let example = Example::read(&task.example())?;
    let mut queries = Vec::with_capacity(observations.len());
    for &number in observations {
        let file = format!("observed_{number}.csv");
        example.write_observation(&task.observation(number)?, &place.file(&file))?;
        queries.push(example.posterior(&format!("obs_{number}"), &file, DRAWS));
    }
    Ok(example.spec(budget, seed, &queries))
}

/// The C2ST of an answer against the reference of its observation.
///
/// # Errors
/// Draws that are missing, too few, or named otherwise.
pub fn score_answer(place: &Workplace, task: &Task, observation: usize, query: &str) -> Result<f64> {
    let path = place.draws(query);
    let draws = Sample::read(&path)?;
    ensure!(draws.len() == DRAWS, "{} holds {} draws, not {DRAWS}", path.display(), draws.len());
    let reference = task.reference(observation)?.in_index_order()?;
    let draws = draws.in_index_order().with_context(|| format!("in {}", path.display()))?;
    c2st(&reference, &draws, SCORE_SEED)
}
