//! Do draws that are guided by a `where` satisfy it, and are they those of the model?
//!
//! Of two moons everything can be drawn from exactly under any condition (`moons.rs`). Of the neuron of
//! `hodgkin_huxley.sbi` the simulator says whether the channels that are drawn keep to their energy (`energy.rs`).

pub mod energy;
pub mod moons;

use crate::drive::Sbi;
use anyhow::{Result, ensure};
use std::path::Path;

/// Asks the networks of the tasks named, of both if none is, and keeps each row as soon as it is known.
///
/// # Errors
/// A name that neither task has, or a run that fails; the rows before are kept.
pub fn run(
    sbi: &Sbi,
    work: &Path,
    redo: bool,
    (tasks, budgets, seeds): (&[String], &[usize], &[u64]),
) -> Result<()> {
    let all = [moons::TASK, energy::TASK];
    let unknown = tasks.iter().find(|name| !all.contains(&name.as_str()));
    ensure!(unknown.is_none(), "no task `{}` here; there are {}", tasks.join(","), all.join(", "));
    let asked = |task: &str| tasks.is_empty() || tasks.iter().any(|name| name == task);
    for (budget, seed) in budgets.iter().flat_map(|budget| seeds.iter().map(move |seed| (*budget, *seed))) {
        if asked(moons::TASK) {
            moons::run(sbi, work, redo, budget, seed)?;
        }
        if asked(energy::TASK) {
            energy::run(sbi, work, redo, budget, seed)?;
        }
    }
    Ok(())
}
