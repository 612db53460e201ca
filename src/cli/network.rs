//! One network with all that its training is about.

use super::args::Device;
use super::failure::Outcome;
use super::source::Source;
use super::spec::Spec;
use super::weights::reals;
use sbi_infer::Subject;
use sbi_model::{Approximator, Axis, Estimator, Key, Model};
use sbi_sim::{Outside, Simulator};

/// The numbers that networks compute with: part of the key of their weights.
const PRECISION: &str = "f32";

/// An approximator, to be trained on a device.
pub struct Network<'a> {
    /// What is trained.
    pub approximator: &'a Approximator,
    /// What it is about.
    pub model: &'a Model,
    /// The tokens that it is trained on.
    pub subject: Subject,
    /// What simulates the model.
    pub simulator: &'a Simulator,
    /// The programs from outside that it draws from.
    pub outside: Option<&'a dyn Outside>,
    /// Where it is trained.
    pub device: Device,
    /// What names its simulations in the store.
    pub simulations: String,
    /// What names its weights in the store.
    pub weights: String,
}

impl<'a> Network<'a> {
    /// An approximator of a spec, or one like it that is trained otherwise.
    ///
    /// # Errors
    /// Parameters for which no real number can stand, or rows that cannot be joined.
    pub fn of(spec: &'a Spec, approximator: &'a Approximator, device: Device) -> Outcome<Network<'a>> {
        let model = spec.model(approximator.model);
        let subject = Subject::of_approximator(model, approximator);
        if let Estimator::Posterior(_) = approximator.estimator {
            reals(model, approximator, &subject)?;
        }
        let [simulations, weights] = keys(model, approximator, device).map(|key| key.to_string());
        let (simulator, outside) = (spec.simulator(approximator.model), spec.outside(approximator.model));
        Ok(Network { approximator, model, subject, simulator, outside, device, simulations, weights })
    }

    /// The seed of simulations, training and draws.
    pub fn seed(&self) -> u64 {
        self.approximator.train.seed
    }

    /// Whether data sets lack something or have times of their own, so that each has a mask of its own.
    pub fn differ(&self) -> bool {
        self.subject.varies() || !self.model.missing.is_empty() || self.model.axes.iter().any(Axis::varies)
    }

    /// The draws of the model.
    pub fn source(&self) -> Source<'a> {
        let Network { model, simulator, outside, .. } = *self;
        Source { model, simulator, outside, seed: self.seed() }
    }
}

/// The keys of the simulations and of the weights of an approximator of a model.
pub fn keys(model: &Model, approximator: &Approximator, device: Device) -> [Key; 2] {
    let weights = Key::weights(model, approximator, PRECISION, device.name());
    [Key::simulations(model, approximator.train.seed), weights]
}
