//! A trained posterior with its model, and test sets of that.

use crate::exact::Columns;
use anyhow::{Context, Result};
use sbi_bench::kept;
use sbi_bench::sample::Sample;
use sbi_infer::{Device, Learnt, Machine, PosteriorPlan, Reals, Sets, Subject, Table, Weights};
use sbi_model::Model;
use sbi_sim::{Output, Simulator};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// The seed of test sets: that of no network.
pub const SEED: u64 = 7_001;

/// A trained posterior.
pub struct Network {
    model: Model,
    subject: Subject,
    reals: Reals,
    weights: Weights<PosteriorPlan>,
}

impl Network {
    /// The network of an approximator under a seed, from a store that `sbi compare` has kept it in.
    ///
    /// # Errors
    /// Weights that are not there or cannot be read.
    pub fn open(spec: &Path, store: &Path, name: &str, seed: u64) -> Result<Network> {
        let mut file = kept::read(spec)?;
        file.approximators.iter_mut().for_each(|own| own.train.seed = seed);
        let approximator = file.approximators.iter().find(|own| own.name == name);
        let approximator = approximator.with_context(|| format!("{} has no `{name}`", spec.display()))?;
        let model = file.models.get(approximator.model).context("an approximator has its model")?;
        let path = kept::weights(store, model, approximator);
        let bytes =
            fs::read(&path).with_context(|| format!("`{name}` left no weights at {}", path.display()))?;
        let weights = Weights::from_bytes(&bytes).map_err(|why| anyhow::anyhow!("{why}"))?;
        let subject = Subject::of_approximator(model, approximator);
        let reals = Reals::of(model, approximator, &subject).map_err(|why| anyhow::anyhow!("{why}"))?;
        Ok(Network { model: model.clone(), subject, reals, weights })
    }

    /// The names of the scalars of a data set.
    pub fn columns(&self) -> Columns {
        Columns(self.subject.scalars().iter().map(|own| own.name.clone()).collect())
    }

    /// Whether programs from outside simulate its model.
    pub fn is_outside(&self) -> bool {
        !self.model.externals.is_empty()
    }

    /// Data sets from draws with named columns, a row of scalars each.
    ///
    /// # Errors
    /// Draws that lack a scalar.
    pub fn table(&self, draws: &Sample) -> Result<Table> {
        let draws = draws.select(&self.columns().0)?;
        Ok(Table::plain(draws.width(), draws.rows().flatten().copied().collect()))
    }

    /// So many whole data sets, a row of scalars each.
    ///
    /// # Errors
    /// A model that this cannot simulate, or a simulation that fails.
    pub fn simulate(&self, sets: usize, threads: usize) -> Result<Table> {
        let mut model = self.model.clone();
        model.missing.clear();
        let elements = self.subject.scalars().iter().map(|own| Output::Element(own.node, own.element));
        let outputs: Vec<Output> = elements.collect();
        let simulator =
            Simulator::of(&model, &outputs).map_err(|told| anyhow::anyhow!("{}", told.message))?;
        let drawn = simulator.run(SEED, 0..sets as u64, threads)?;
        Ok(Table::plain(outputs.len(), drawn.values))
    }

    /// So many draws for each data set, `[data sets · draws · parameters]`, and the log-density of its true parameters.
    ///
    /// # Errors
    /// Draws that the network does not give.
    pub fn answer(&self, table: &Table, draws: usize, threads: usize) -> Result<Answers> {
        let sets = Sets::of(&self.subject, table, SEED);
        let (learnt, machine) =
            (Learnt::Posterior(&self.weights, &self.reals), Machine { device: Device::Cpu, threads });
        let go_on = &mut |_| ControlFlow::Continue(());
        Ok(Answers {
            draws: sets.draws(learnt, draws, &machine, go_on)?,
            log_densities: sets.log_densities(learnt, &machine, go_on)?,
            parameters: sets.parameters,
        })
    }
}

/// What a network says of data sets.
pub struct Answers {
    /// `[data sets · draws · parameters]`.
    pub draws: Vec<f64>,
    /// Of the true parameters of each data set.
    pub log_densities: Vec<f64>,
    /// The columns that are parameters, in the order of draws.
    pub parameters: Vec<usize>,
}
