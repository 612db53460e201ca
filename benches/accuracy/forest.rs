//! Does our forest score as scikit-learn's does? Pairs of samples on which both are run.
//!
//! This side writes the pairs and its own scores; `sklearn_c2st.py` reads them, scores them too and compares.

use crate::gaussian::{Gaussian, Linear};
use crate::records::rounded;
use crate::sample::Sample;
use crate::score::c2st;
use crate::study::SCORE_SEED;
use crate::tasks::{DRAWS, TASKS, Task};
use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const PAIR_SEED: u64 = 7;

/// A line of `forest.csv`, which `sklearn_c2st.py` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// What is scored.
    pub pair: String,
    /// Rows of each of the two samples, at most.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Our C2ST.
    pub ours: f64,
    /// scikit-learn's C2ST.
    pub sklearn: f64,
}

/// What this side knows of a pair.
#[derive(Serialize)]
struct Score {
    pair: String,
    rows: usize,
    columns: usize,
    ours: f64,
}

/// Two samples to tell apart.
struct Pair {
    name: String,
    reference: Sample,
    draws: Sample,
}

/// The comparison that is kept.
pub fn results() -> PathBuf {
    crate::tasks::study().join("forest.csv")
}

/// Writes each pair into a folder of its own below `folder`, and our scores into `folder/scores.csv`.
///
/// # Errors
/// Reference data that cannot be read, or a folder that cannot be written to.
pub fn run(folder: &Path) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(PAIR_SEED);
    let mut pairs = Vec::new();
    for task in &TASKS {
        pairs.extend(of_halves(task, &mut rng)?);
    }
    pairs.push(exact_draws(&mut rng)?);

    fs::create_dir_all(folder)?;
    let mut scores = csv::Writer::from_path(folder.join("scores.csv"))?;
    for Pair { name, reference, draws } in pairs {
        let place = folder.join(&name);
        fs::create_dir_all(&place)?;
        reference.write(&place.join("reference.csv"))?;
        draws.write(&place.join("draws.csv"))?;
        let start = Instant::now();
        let ours = c2st(&reference, &draws, SCORE_SEED)?;
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("{name}: {ours:.4} in {seconds:.1} s");
        let (rows, columns) = (reference.len().min(draws.len()), reference.width());
        scores.serialize(Score { pair: name, rows, columns, ours: rounded(ours, 4) })?;
    }
    scores.flush()?;
    eprintln!("now: python benches/accuracy/sklearn_c2st.py {}", folder.display());
    Ok(())
}

/// The first half of a reference against the second, left as it is and spoilt in several ways. Never against its
/// own rows: near-copies of single rows would be found out one by one, which no sampler's draws would be.
fn of_halves(task: &Task, rng: &mut StdRng) -> Result<Vec<Pair>> {
    let all = task.reference(1)?.in_index_order()?;
    let reference = all.with_rows(all.rows().take(all.len() / 2))?;
    let rest = all.with_rows(all.rows().skip(all.len() / 2))?;
    let law = Gaussian::fitted(&rest)?;

    let mut spoil = |change: &mut dyn FnMut(f64, f64, f64, &mut StdRng) -> f64| -> Result<Sample> {
        let scale: Vec<(f64, f64)> = law.means().iter().copied().zip(law.sds()).collect();
        let cells = rest.rows().flat_map(|row| row.iter().zip(&scale));
        let values = cells.map(|(&value, &(mean, sd))| change(value, mean, sd, rng)).collect();
        Sample::new(rest.names().to_vec(), values)
    };
    let mut pairs = vec![
        ("equal", rest.clone()),
        (
            "jittered",
            spoil(&mut |value, _, sd, rng| value + 0.2 * sd * rng.sample::<f64, _>(StandardNormal))?,
        ),
        ("shrunk", spoil(&mut |value, mean, _, _| mean + 0.85 * (value - mean))?),
        ("shifted", spoil(&mut |value, _, sd, _| value + 0.15 * sd)?),
    ];
    if let Some(in_mode) = mode(task) {
        pairs.push(("one-mode-missing", rest.with_rows(rest.rows().filter(|row| in_mode(row)))?));
    }
    let named =
        |(kind, draws)| Pair { name: format!("{}-{kind}", task.name), reference: reference.clone(), draws };
    Ok(pairs.into_iter().map(named).collect())
}

/// Which rows lie in one half of a posterior of several modes.
fn mode(task: &Task) -> Option<fn(&[f64]) -> bool> {
    match task.name {
        "two_moons" => Some(|row| row.iter().sum::<f64>() > 0.0),
        "slcp" => Some(|row| row.get(2).is_some_and(|&root_of_sd| root_of_sd > 0.0)),
        _ => None,
    }
}

/// The reference of linear Gaussian against as many draws from the posterior in closed form: the size, and the
/// largest width, of the study's own scores.
fn exact_draws(rng: &mut StdRng) -> Result<Pair> {
    let task = Task::named("linear_gaussian")?;
    let reference = task.reference(1)?.in_index_order()?;
    let observation = task.observation(1)?.in_index_order()?;
    let model = Linear::pairs();
    let known: Vec<_> = (model.params..).zip(observation.rows().flatten().copied()).collect();
    let unknown: Vec<_> = (0..model.params).collect();
    let law = Gaussian::conditional(&model, &unknown, &known)?;
    let scale: Vec<_> = law.means().iter().copied().zip(law.sds()).collect();
    let cells = (0..DRAWS).flat_map(|_| &scale);
    let values = cells.map(|(mean, sd)| mean + sd * rng.sample::<f64, _>(StandardNormal)).collect();
    let draws = Sample::new(reference.names().to_vec(), values)?;
    Ok(Pair { name: "linear_gaussian-exact-draws".to_owned(), reference, draws })
}
