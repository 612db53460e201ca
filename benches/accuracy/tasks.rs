//! The four benchmark tasks: their data, and the figures they are held against.

use crate::sample::Sample;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// The observations of each task that are scored, by number.
pub const OBSERVATIONS: [usize; 5] = [1, 2, 3, 4, 5];

/// Draws from the posterior of each observation: as many as the reference has.
pub const DRAWS: usize = 10_000;

/// A benchmark task.
#[derive(Debug)]
pub struct Task {
    /// Its name here: that of `examples/NAME.sbi`.
    pub name: &'static str,
    /// Its name in sbibm, and in `benches/data/sbibm`.
    pub sbibm: &'static str,
    /// Simulations, and the C2ST to stay below with them.
    pub goals: &'static [(usize, f64)],
    /// C2ST of the Python package `sbi` 0.27 with 10,000 simulations (NPE, neural spline flow), by
    /// `baseline_sbi.py`: mean of the five observations.
    pub peer: f64,
}

/// All tasks.
pub const TASKS: [Task; 4] = [
    Task { name: "two_moons", sbibm: "two_moons", goals: &[(1_000, 0.62), (10_000, 0.535)], peer: 0.561 },
    Task {
        name: "linear_gaussian",
        sbibm: "gaussian_linear",
        goals: &[(1_000, 0.55), (10_000, 0.52)],
        peer: 0.594,
    },
    Task {
        name: "gaussian_mixture",
        sbibm: "gaussian_mixture",
        goals: &[(1_000, 0.58), (10_000, 0.525)],
        peer: 0.556,
    },
    Task { name: "slcp", sbibm: "slcp", goals: &[(1_000, 0.84), (10_000, 0.65)], peer: 0.880 },
];

impl Task {
    /// The task of this name.
    ///
    /// # Errors
    /// A name that no task has.
    pub fn named(name: &str) -> Result<&'static Task> {
        let Some(task) = TASKS.iter().find(|task| task.name == name) else {
            bail!("no task `{name}`; there are {}", TASKS.each_ref().map(|task| task.name).join(", "));
        };
        Ok(task)
    }

    /// The C2ST to stay below with this many simulations, where one is set.
    pub fn goal(&self, budget: usize) -> Option<f64> {
        self.goals.iter().find(|(simulations, _)| *simulations == budget).map(|(_, goal)| *goal)
    }

    /// The file that declares the task.
    pub fn example(&self) -> PathBuf {
        workspace().join("examples").join(self.name).with_extension("sbi")
    }

    /// What was observed: one row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn observation(&self, number: usize) -> Result<Sample> {
        Sample::read(&self.folder(number).join("observation.csv"))
    }

    /// Reference draws from the posterior of an observation.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn reference(&self, number: usize) -> Result<Sample> {
        Sample::read(&self.folder(number).join("reference_posterior_samples.csv.bz2"))
    }

    fn folder(&self, number: usize) -> PathBuf {
        data().join(self.sbibm).join(number.to_string())
    }
}

/// The folder of the reference data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sbibm")
}

/// The folder of this study and of its results.
pub fn study() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("accuracy")
}

/// The root of the project.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Example;

    #[test]
    fn every_task_has_its_example_and_its_data() {
        for task in &TASKS {
            let example = Example::read(&task.example()).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let reference = task.reference(1).unwrap().in_index_order().unwrap();
            assert_eq!(reference.len(), DRAWS);
            for number in OBSERVATIONS {
                let observation = task.observation(number).unwrap();
                let path = folder.path().join("observed.csv");
                example.write_observation(&observation, &path).unwrap();
                let values = |sample: &Sample| sample.rows().flatten().copied().collect::<Vec<_>>();
                assert_eq!(values(&Sample::read(&path).unwrap()), values(&observation));
            }
        }
    }
}
