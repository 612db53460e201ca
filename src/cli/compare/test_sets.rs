//! Test sets: data sets with known parameters that no network is trained on.

use super::grid::{Grid, Missing, undeclared};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::simulations::{Simulated, Simulations};
use crate::cli::source::Source;
use crate::cli::spec::Spec;
use crate::cli::stage::{Bench, Job};
use sbi_model::{Key, Model, Rate, Whose};
use sbi_sim::{Outside, Simulator};
use std::cell::OnceCell;

/// The seed of test sets, unless a network is trained under it.
const SEED: u64 = u64::MAX;

/// Test sets with one missing rate.
pub struct TestSets<'a> {
    /// The rate; none where it is the model's own.
    pub missing: Option<Missing>,
    /// How many there are.
    pub sets: usize,
    /// What names them in the store.
    pub key: String,
    /// The model and what simulates it: as written, and with another rate, if there is one.
    written: (&'a Model, &'a Simulator),
    changed: Option<(Model, Simulator)>,
    outside: Option<&'a dyn Outside>,
    seed: u64,
    made: OnceCell<Simulated>,
}

impl<'a> TestSets<'a> {
    /// The test sets of a grid, one kind for each missing rate.
    ///
    /// # Errors
    /// A rate of what the model does not declare missing.
    pub fn of(spec: &'a Spec, grid: &Grid, sets: usize) -> Outcome<Vec<TestSets<'a>>> {
        let seed = (0..=SEED).rev().find(|seed| grid.cells.iter().all(|cell| cell.train.seed != *seed));
        let seed = seed.expect("not all seeds are used");
        let new = |missing: Option<&Missing>| -> Outcome<TestSets<'a>> {
            let written = (spec.model(grid.model), spec.simulator(grid.model));
            let change = |missing| -> Outcome<(Model, Simulator)> {
                let model = lacking(written.0, missing)?;
                let simulator = Simulator::of(&model, spec.outputs(grid.model));
                Ok((model, simulator.map_err(|told| Failure::wrong(told.message))?))
            };
            let changed = missing.map(change).transpose()?;
            let model = changed.as_ref().map_or(written.0, |(model, _)| model);
            let key = Key::simulations(model, seed).to_string();
            let (missing, outside, made) = (missing.cloned(), spec.outside(grid.model), OnceCell::new());
            Ok(TestSets { missing, sets, key, written, changed, outside, seed, made })
        };
        match grid.missing.as_slice() {
            [] => Ok(vec![new(None)?]),
            rates => rates.iter().map(|rate| new(Some(rate))).collect(),
        }
    }

    /// The data sets, made at the first time of asking.
    ///
    /// # Errors
    /// A simulation that fails.
    pub fn made(&self, bench: &Bench) -> Outcome<&Simulated> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let (model, simulator) =
            self.changed.as_ref().map_or(self.written, |(model, simulator)| (model, simulator));
        let source = Source { model, simulator, outside: self.outside, seed: self.seed };
        let simulations = Simulations::under(source, &self.key, self.sets, &bench.store);
        let made = Job::look(simulations, bench.progress).into_product(&(), bench)?;
        Ok(self.made.get_or_init(|| made))
    }
}

/// The model with another probability for what it declares missing.
fn lacking(written: &Model, missing: &Missing) -> Outcome<Model> {
    let mut model = written.clone();
    let name = |whose: Whose| match whose {
        Whose::Node(node) => written.node(node).name.as_str(),
        Whose::Modality(place) => written.modalities.get(place).map_or("", |own| own.name.as_str()),
    };
    let mut found = false;
    for own in &mut model.missing {
        if missing.name.as_deref().is_none_or(|named| named == name(own.whose)) {
            (own.rate, found) = (Rate::Fixed(missing.rate), true);
        }
    }
    let declared: Vec<&str> = written.missing.iter().map(|own| name(own.whose)).collect();
    if found { Ok(model) } else { Err(undeclared(missing, &declared, &written.name)) }
}
