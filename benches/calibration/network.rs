//! A trained network, with the model that it is of, and what it says of simulated data sets.

use anyhow::{Context, Result, bail, ensure};
use sbi_bench::drive::{Sbi, Workplace};
use sbi_bench::kept;
use sbi_bench::spec::{Example, query};
use sbi_infer::{Conditional, Device, Machine, Question, Subject, Weights};
use sbi_model::{AxisId, AxisKind, Estimator, File, Role, State, Token};
use sbi_sim::{Output, Simulator};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The seed of test sets: that of no network.
const SEED: u64 = 7_001;

/// A model, its tokens and its network.
pub struct Network {
    file: File,
    subject: Subject,
    weights: Weights,
}

/// A simulated data set: the values of all tokens, NaN of what it lacks, and when they are.
pub struct Set {
    values: Vec<f64>,
    coordinates: Vec<f64>,
}

/// What is asked of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The parameters given the data.
    Posterior,
    /// The data given the parameters.
    Likelihood,
}

/// Trains the network of an example with default settings, as the accuracy study does and in the same folder, unless it
/// has done so.
///
/// # Errors
/// An example that cannot be read, or a run that fails.
pub fn ensure_trained(sbi: &Sbi, place: &Path, example: &Path, (budget, seed): (usize, u64)) -> Result<()> {
    if place.join("spec.sbi").exists() && weights_of(place, &kept::read(&place.join("spec.sbi"))?)?.exists() {
        return Ok(());
    }
    let example = Example::model_of(example)?;
    // A spec is run for its queries: one that asks for next to nothing. Where no number stands alone, nothing is scattered.
    let file = kept::checked(&example.spec(budget, seed, &[]), place)?;
    let mut nodes = file.models.iter().flat_map(|model| &model.nodes);
    let number = nodes.find(|node| node.role == Role::Param && node.axes.is_empty() && !node.curve);
    let asked = number.map_or("params", |node| &node.name).to_owned();
    let text = example.spec(budget, seed, &[query("trained", &[], &[], &[asked], 1)]);
    sbi.run(&Workplace::open(place.to_owned(), false)?, &text, "trained")?;
    Ok(())
}

/// Where the network of a spec in a workplace is kept.
fn weights_of(place: &Path, file: &File) -> Result<PathBuf> {
    let (model, approximator) = (file.models.first(), file.approximators.first());
    let (model, approximator) = model.zip(approximator).context("the spec has a model and a network")?;
    Ok(kept::weights(&place.join("store"), model, approximator))
}

impl Network {
    /// The network of the spec in a workplace, from its store.
    ///
    /// # Errors
    /// A spec or network that is not there.
    pub fn open(place: &Path) -> Result<Network> {
        let file = kept::read(&place.join("spec.sbi"))?;
        let path = weights_of(place, &file)?;
        let bytes = fs::read(&path).with_context(|| format!("no network at {}", path.display()))?;
        let weights = Weights::from_bytes(&bytes).map_err(|why| anyhow::anyhow!("{why}"))?;
        let (model, approximator) = (file.models.first(), file.approximators.first());
        let (model, approximator) = model.zip(approximator).context("the spec has a model and a network")?;
        let Estimator::Joint(transformer) = &approximator.estimator else {
            bail!("the network is no transformer")
        };
        let subject = Subject::of(model, transformer.graph, transformer.mask);
        Ok(Network { subject, weights, file })
    }

    /// So many data sets.
    ///
    /// # Errors
    /// A simulation that fails.
    pub fn simulate(&self, sets: usize, threads: usize) -> Result<Vec<Set>> {
        let model = self.file.models.first().context("the spec has a model")?;
        let elements = self.subject.tokens().iter().map(|token| Output::Element(token.node, token.element));
        let scattered =
            model.axes.iter().enumerate().filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
        // In the order in which a subject has them.
        let places = scattered.flat_map(|(number, axis)| {
            (0..axis.size()).map(move |place| Output::Coordinate(AxisId(number), place))
        });
        let outputs: Vec<Output> = elements.chain(places).collect();
        let tokens = self.subject.tokens().len();
        ensure!(outputs.len() == tokens + self.subject.coordinates, "each place has its coordinate");
        let simulator = Simulator::of(model, &outputs).map_err(|told| anyhow::anyhow!("{}", told.message))?;
        let drawn = simulator.run(SEED, 0..sets as u64, threads)?;
        let set = |row: &[f64]| {
            let (values, coordinates) = row.split_at(tokens);
            Set { values: values.to_vec(), coordinates: coordinates.to_vec() }
        };
        Ok(drawn.values.chunks_exact(outputs.len()).map(set).collect())
    }

    /// The true values of what is asked of a data set, in the order of [`Network::log_density`].
    pub fn truth(&self, set: &Set, ask: Ask) -> Vec<f64> {
        let infer = self.question(0, set, ask).infer;
        infer.iter().filter_map(|token| set.values.get(*token)).copied().collect()
    }

    /// So many draws of what is asked of a data set, on one thread.
    ///
    /// # Errors
    /// Draws that the network does not give.
    pub fn draw(&self, number: usize, set: &Set, ask: Ask, draws: usize) -> Result<Vec<f64>> {
        let question = self.question(number, set, ask);
        let of = Conditional::new(&self.weights, &self.subject, &question, SEED);
        Ok(of.draw(0..draws, &ALONE, &mut |_| ControlFlow::Continue(()))?.values)
    }

    /// The log-densities of points, `[points · asked]`, on one thread.
    ///
    /// # Errors
    /// Densities that the network does not give.
    pub fn log_density(&self, number: usize, set: &Set, ask: Ask, points: &[f64]) -> Result<Vec<f64>> {
        let question = self.question(number, set, ask);
        let of = Conditional::new(&self.weights, &self.subject, &question, SEED);
        Ok(of.log_density(points, &ALONE, &mut |_| ControlFlow::Continue(()))?)
    }

    fn question(&self, number: usize, set: &Set, ask: Ask) -> Question {
        let states: Vec<State> = self
            .subject
            .tokens()
            .iter()
            .zip(&set.values)
            .map(|(token, value)| ask.state(token, *value))
            .collect();
        let inferred = states.iter().enumerate().filter(|(_, state)| **state == State::Inferred);
        Question {
            name: format!("set {number}"),
            origins: (0..states.len()).map(Some).collect(),
            infer: inferred.map(|(token, _)| token).collect(),
            states,
            coordinates: set.coordinates.clone(),
            known: Vec::new(),
        }
    }
}

/// What computes for one data set.
const ALONE: Machine = Machine { device: Device::Cpu, threads: 1 };

impl Ask {
    /// What is said of a token with this value in a data set.
    fn state(self, token: &Token, value: f64) -> State {
        match (self, token.role) {
            _ if value.is_nan() => State::Absent,
            (Ask::Posterior, Role::Param) | (Ask::Likelihood, Role::Data) => State::Inferred,
            _ => State::Given(value),
        }
    }
}
