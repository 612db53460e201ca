//! A race against the Python package `sbi`: from a spec and an empty store to 10,000 draws for one observation.
//!
//! Ours is the wall time of the process from start until `draws.csv` has its final name: start-up, compiling the
//! model, simulating, training, drawing. Theirs is training plus drawing alone, by `baseline_sbi.py`. Nothing else
//! should run meanwhile.

use crate::drive::{Sbi, Workplace};
use crate::records::{self, Record, rounded};
use crate::sample::Sample;
use crate::score::c2st;
use crate::study::{SCORE_SEED, posterior_spec, score_answer};
use crate::tasks::{self, DRAWS, Task};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

const OBSERVATION: usize = 1;

/// A line of `race.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The task's name.
    pub task: String,
    /// Simulations.
    pub budget: usize,
    /// The seed on both sides.
    pub seed: u64,
    /// Threads on both sides.
    pub threads: usize,
    /// Our seconds.
    pub ours_s: f64,
    /// Their seconds.
    pub theirs_s: f64,
    /// Theirs over ours: above 1, we are faster.
    pub ratio: f64,
    /// Our C2ST on observation 1.
    pub ours_c2st: f64,
    /// Theirs, by the same forest.
    pub theirs_c2st: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.task.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        let Row { ours_s, ours_c2st, theirs_s, theirs_c2st, ratio, .. } = self;
        format!(
            "ours {ours_s:.1} s, C2ST {ours_c2st:.3}; theirs {theirs_s:.1} s, C2ST {theirs_c2st:.3}; {ratio:.2} times as fast"
        )
    }
}

/// What `baseline_sbi.py` prints on its last line.
#[derive(Deserialize)]
struct Baseline {
    train_s: f64,
    sample_s: f64,
}

/// Where the rows are kept.
pub fn results() -> PathBuf {
    tasks::study().join("race.csv")
}

/// Races every task at every budget with every seed, one after the other, always anew.
///
/// # Errors
/// Either side failing.
pub fn run(
    sbi: &Sbi,
    python: &Path,
    work: &Path,
    (tasks, budgets, seeds): (&[&'static Task], &[usize], &[u64]),
) -> Result<()> {
    for &task in tasks {
        for &budget in budgets {
            for &seed in seeds {
                let key = (task.name.to_owned(), budget, seed);
                let what = format!("race on {} {budget} seed {seed}", task.name);
                // What a machine did at another time says nothing of what it does now.
                records::keep(&results(), true, &key, &what, || {
                    let place =
                        Workplace::open(work.join(format!("race-{}-{budget}-{seed}", task.name)), true)?;
                    race(sbi, python, &place, task, budget, seed)
                })?;
            }
        }
    }
    Ok(())
}

fn race(sbi: &Sbi, python: &Path, place: &Workplace, task: &Task, budget: usize, seed: u64) -> Result<Row> {
    let query = format!("obs_{OBSERVATION}");
    let spec = posterior_spec(place, task, budget, seed, &[OBSERVATION])?;
    let ours_s = sbi.run(place, &spec, &query)?.answered.as_secs_f64();
    let theirs = place.file("theirs.csv");
    let baseline = run_baseline(python, sbi.threads, task, budget, seed, &theirs)?;
    let theirs_s = baseline.train_s + baseline.sample_s;

    let reference = task.reference(OBSERVATION)?.in_index_order()?;
    let theirs_c2st = c2st(&reference, &Sample::read(&theirs)?.in_index_order()?, SCORE_SEED)?;
    Ok(Row {
        task: task.name.to_owned(),
        budget,
        seed,
        threads: sbi.threads,
        ours_s: rounded(ours_s, 1),
        theirs_s: rounded(theirs_s, 1),
        ratio: rounded(theirs_s / ours_s, 2),
        ours_c2st: rounded(score_answer(place, task, OBSERVATION, &query)?, 4),
        theirs_c2st: rounded(theirs_c2st, 4),
    })
}

fn run_baseline(
    python: &Path,
    threads: usize,
    task: &Task,
    budget: usize,
    seed: u64,
    draws: &Path,
) -> Result<Baseline> {
    let mut command = Command::new(python);
    command.arg(tasks::study().join("baseline_sbi.py")).arg(task.sbibm);
    for (flag, value) in [
        ("--simulations", budget.to_string()),
        ("--seed", seed.to_string()),
        ("--observations", OBSERVATION.to_string()),
        ("--threads", threads.to_string()),
        ("--count", DRAWS.to_string()),
    ] {
        command.args([flag, &value]);
    }
    command.arg("--draws").arg(draws).env("SBIBM_DATA", tasks::data());
    let output = command.output().with_context(|| format!("cannot start {}", python.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed ({}):\n{errors}", python.display(), output.status);
    let printed = String::from_utf8_lossy(&output.stdout);
    let last =
        printed.lines().rfind(|line| line.starts_with('{')).context("the baseline printed no figures")?;
    Ok(serde_json::from_str(last)?)
}
