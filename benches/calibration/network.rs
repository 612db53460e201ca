//! A network that the accuracy study has trained, with the model that it is of.

use anyhow::{Context, Result, bail, ensure};
use sbi_infer::{Conditional, Device, Machine, Question, Subject, Weights};
use sbi_model::{AxisId, AxisKind, Estimator, File, ReadError, Role, State, World};
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

/// A simulated data set: the values of all tokens, and when they are.
pub struct Set {
    values: Vec<f64>,
    coordinates: Vec<f64>,
}

/// The files beside a spec.
struct Folder(PathBuf);

impl World for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        fs::read(self.0.join(path)).map_err(|_| ReadError::Missing)
    }
}

impl Network {
    /// The network in a workplace of the study: `spec.sbi` and `store/weights/*/weights.safetensors`.
    ///
    /// # Errors
    /// A spec or network that is not there, or several networks.
    pub fn open(place: &Path) -> Result<Network> {
        let text = fs::read_to_string(place.join("spec.sbi"))?;
        let checked = sbi_model::compile(&text, &Folder(place.to_owned()));
        let file = checked
            .file
            .with_context(|| format!("the spec has errors: {:?}", checked.diagnostics.first()))?;
        let folders = fs::read_dir(place.join("store/weights"))?;
        let kept: Vec<PathBuf> = folders
            .filter_map(|folder| Some(folder.ok()?.path().join("weights.safetensors")))
            .filter(|path| path.exists())
            .collect();
        let [kept] = kept.as_slice() else { bail!("{} networks in {}", kept.len(), place.display()) };
        let weights = Weights::from_bytes(&fs::read(kept)?).map_err(|why| anyhow::anyhow!("{why}"))?;
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
        let places = scattered.flat_map(|(number, axis)| {
            (0..axis.size()).map(move |place| Output::Coordinate(AxisId(number), place))
        });
        let outputs: Vec<Output> = elements.chain(places).collect();
        let simulator = Simulator::of(model, &outputs).map_err(|told| anyhow::anyhow!("{}", told.message))?;
        let drawn = simulator.run(SEED, 0..sets as u64, threads)?;
        ensure!(drawn.values.iter().all(|value| value.is_finite()), "a data set lacks something");
        let set = |row: &[f64]| {
            let (values, coordinates) = row.split_at(self.subject.tokens().len());
            Set { values: values.to_vec(), coordinates: coordinates.to_vec() }
        };
        Ok(drawn.values.chunks_exact(outputs.len()).map(set).collect())
    }

    /// The posterior log-densities of a data set's true parameters, then of draws, on one thread.
    ///
    /// # Errors
    /// Draws or densities that the network does not give.
    pub fn densities(&self, number: usize, set: &Set, draws: usize) -> Result<Vec<f64>> {
        let tokens = self.subject.tokens();
        let known = |(token, value): (&sbi_model::Token, &f64)| match token.role {
            Role::Param => State::Inferred,
            _ => State::Given(*value),
        };
        let states: Vec<State> = tokens.iter().zip(&set.values).map(known).collect();
        let infer: Vec<usize> =
            (0..tokens.len()).filter(|token| states.get(*token) == Some(&State::Inferred)).collect();
        let question = Question {
            name: format!("set {number}"),
            origins: (0..tokens.len()).map(Some).collect(),
            infer: infer.clone(),
            states,
            coordinates: set.coordinates.clone(),
            known: Vec::new(),
        };
        let machine = Machine { device: Device::Cpu, threads: 1 };
        let of = Conditional::new(&self.weights, &self.subject, &question, SEED);
        let go_on = &mut |_| ControlFlow::Continue(());
        let drawn = of.draw(0..draws, &machine, go_on)?;
        let truth = infer.iter().filter_map(|token| set.values.get(*token)).copied();
        let points: Vec<f64> = truth.chain(drawn.values).collect();
        Ok(of.log_density(&points, &machine, go_on)?)
    }
}
