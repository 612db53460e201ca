//! One query with all it is about: its approximator, model, graph and keys.

use super::args::Device;
use super::source::Source;
use super::spec::Spec;
use sbi_model::{Approximator, File, Graph, Key, Model, Query, State};
use sbi_sim::{Outside, Simulator};

/// A query to answer.
pub struct Case<'a> {
    /// The question.
    pub query: &'a Query,
    /// What answers it.
    pub approximator: &'a Approximator,
    /// What it is about.
    pub model: &'a Model,
    /// The graph of the model.
    pub graph: &'a Graph,
    /// What simulates the model.
    pub simulator: &'a Simulator,
    /// The programs from outside that it draws from.
    pub outside: Option<&'a dyn Outside>,
    /// What names its results in the store.
    pub keys: Keys,
    /// Where networks run.
    pub device: Device,
}

/// The numbers that networks compute with: part of the key of their weights.
const PRECISION: &str = "f32";

/// The keys of the three stages of a case, as the store names them.
pub struct Keys {
    /// Of the simulations.
    pub simulations: String,
    /// Of the weights.
    pub weights: String,
    /// Of the draws.
    pub draws: String,
}

impl Keys {
    /// The keys of a query of a file, answered on a device.
    pub fn of(file: &File, query: &Query, device: Device) -> Keys {
        let approximator = file.approximators.get(query.approximator).expect("a query has its approximator");
        let model = file.models.get(approximator.model).expect("an approximator has its model");
        let seed = approximator.train.seed;
        let weights = Key::weights(model, approximator, PRECISION, device.name());
        Keys {
            simulations: Key::simulations(model, seed).to_string(),
            weights: weights.to_string(),
            draws: Key::draws(weights, model, query, seed).to_string(),
        }
    }
}

impl<'a> Case<'a> {
    /// A query of a spec, to be answered on a device.
    pub fn of(spec: &'a Spec, query: &'a Query, device: Device) -> Case<'a> {
        let approximator = spec.approximator(query);
        let (model, graph) = (spec.model(approximator.model), spec.graph(approximator.model));
        let simulator = spec.simulator(approximator.model);
        let keys = Keys::of(&spec.file, query, device);
        let outside = spec.outside(approximator.model);
        Case { query, approximator, model, graph, simulator, outside, keys, device }
    }

    /// The seed of simulations, training and draws.
    pub fn seed(&self) -> u64 {
        self.approximator.train.seed
    }

    /// The draws of the model.
    pub fn source(&self) -> Source<'a> {
        let Case { model, simulator, outside, .. } = *self;
        Source { model, simulator, outside, seed: self.seed() }
    }

    /// What the query fixes, by name.
    pub fn given(&self) -> Vec<(&'a str, f64)> {
        let given = |(name, state): (&'a str, State)| match state {
            State::Given(value) => Some((name, value)),
            State::Inferred | State::Absent => None,
        };
        self.states().filter_map(given).collect()
    }

    /// What the query leaves out.
    pub fn absent(&self) -> Vec<&'a str> {
        self.states().filter(|(_, state)| *state == State::Absent).map(|(name, _)| name).collect()
    }

    /// Unit and doc comment of the node of an inferred quantity, by its number in the query.
    pub fn label(&self, number: usize) -> (Option<&'a str>, Option<&'a str>) {
        let token = self.query.infer.get(number).and_then(|token| self.graph.tokens.get(*token));
        let node = token.map(|token| self.model.node(token.node));
        (node.and_then(|node| node.unit.as_deref()), node.and_then(|node| node.doc.as_deref()))
    }

    fn states(&self) -> impl Iterator<Item = (&'a str, State)> {
        self.graph.tokens.iter().map(|token| token.name.as_str()).zip(self.query.states.iter().copied())
    }
}
