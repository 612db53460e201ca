//! A network bound to a question: what it says of the tokens that are not known.
//!
//! What is known of samples is a row of values for all of them, or one for each: the question's own, or those of points that
//! are themselves given.

use crate::backend::{Network, ScoreBackend, outputs, slopes};
use crate::draw::Conditional;
use crate::network::{Architecture, Inputs, Masks, Operations, Probes};
use crate::plan::Plan;
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use sbi_model::State;

/// A network with what a query says of the tokens of its graph. Token values are `[samples · tokens]`, standardised.
pub struct Bound<'a, B: ScoreBackend> {
    pub plan: &'a Plan,
    network: Network,
    parameters: Tensor<B, 1>,
    /// What encoders make of what the question gives, `[K·D]`.
    summaries: Vec<f32>,
    masks: Masks,
    /// Which tokens are not known: neither given nor hidden.
    unknown: Vec<bool>,
    /// The question's own values of tokens that are given, zero of others.
    own: Vec<f64>,
    /// 1 for given tokens, else 0.
    given: Vec<f32>,
    /// When each token is; empty where the network has no times.
    times: Vec<f32>,
}

/// What a network says of scaled values.
pub struct Slopes {
    /// F of each token, zero where it is known.
    pub outputs: Vec<f64>,
    /// For each sample Σ ∂F_i/∂v_i over the tokens that are not known.
    pub sums: Vec<f64>,
}

impl<'a, B: ScoreBackend> Bound<'a, B> {
    /// The network that is asked, computing on `threads` threads.
    pub fn new(of: &Conditional<'a>, threads: usize) -> Self {
        let Conditional { weights, subject, question, .. } = *of;
        let (plan, coordinates) = (&weights.plan, question.coordinates.as_slice());
        let (tokens, hidden) = (0..subject.tokens().len(), of.hidden());
        let places = question.states.iter().zip(&subject.identities).zip(subject.scalar_of());
        let own = places.map(|((state, kind), scalar)| match (state, scalar) {
            (State::Given(x), Some(_)) => plan.scale(*kind).standardise(*x),
            _ => 0.0,
        });
        let given: Vec<bool> = question.states.iter().map(|state| matches!(state, State::Given(_))).collect();
        let architecture = Architecture {
            tokens: tokens.len(),
            identities: subject.identities.clone(),
            ..plan.architecture.clone()
        };
        let timed = tokens.filter(|_| architecture.times > 0);
        let network = Network::new(&architecture, &plan.encoders, threads);
        let parameters = TensorData::from(weights.parameters.as_slice());
        let parameters = Tensor::from_data(parameters, &B::Device::default());
        let (parameters, summaries) = network.divide(&parameters, &question.readings(subject, &plan.scales));
        Bound {
            plan,
            network,
            parameters,
            summaries: summaries.map(numbers).unwrap_or_default(),
            masks: Masks { masks: vec![subject.mask(plan.mask, coordinates, &given, &hidden).into()] },
            unknown: given.iter().zip(&hidden).map(|(given, hidden)| !given && !hidden).collect(),
            own: own.collect(),
            given: given.iter().map(|given| f32::from(u8::from(*given))).collect(),
            times: timed.map(|token| subject.time(token, coordinates)).collect(),
        }
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.own.len()
    }

    /// For each token whether it is not known: drawn, or asked for its density.
    pub fn unknown(&self) -> &[bool] {
        &self.unknown
    }

    /// What the question says is known.
    pub fn own(&self) -> &[f64] {
        &self.own
    }

    /// The denoised values D; known tokens are what they are.
    pub fn denoised(&self, known: &[f64], values: &[f64], sigma: f64) -> Vec<f64> {
        let scaling = self.plan.process.coefficients(sigma);
        let scaled: Vec<f64> = values.iter().map(|x| scaling.input * x).collect();
        let mut inputs = self.inputs(known, &scaled, sigma);
        if known.len() == self.tokens() {
            inputs.wanted.clone_from(&self.unknown);
        }
        let outputs = numbers(outputs(&self.parameters, &self.network, &inputs, &self.masks));
        let mut denoised: Vec<f64> =
            values.iter().zip(outputs).map(|(x, output)| scaling.denoise(*x, f64::from(output))).collect();
        self.pin(known, &mut denoised);
        denoised
    }

    /// F of each token that is not known, of values that are scaled as the network sees them; zero of others.
    pub fn outputs(&self, known: &[f64], scaled: &[f64], sigma: f64) -> Vec<f64> {
        let inputs = self.inputs(known, scaled, sigma);
        let made = numbers(outputs(&self.parameters, &self.network, &inputs, &self.masks));
        let unknown = self.unknown.iter().cycle();
        made.iter()
            .zip(unknown)
            .map(|(output, unknown)| if *unknown { f64::from(*output) } else { 0.0 })
            .collect()
    }

    /// Whose outputs [`Bound::slopes`] differentiates.
    pub fn probes(&self) -> Probes {
        let mask = self.masks.masks.first().expect("a question has one mask");
        Probes::new(&self.network.architecture, mask, &self.unknown)
    }

    /// What the network says of values that are scaled as it sees them, and how that changes with them.
    pub fn slopes(&self, known: &[f64], scaled: &[f64], sigma: f64, probes: &Probes) -> Slopes
    where
        Autodiff<B>: Operations,
    {
        let inputs = self.inputs(known, scaled, sigma);
        let made = numbers(slopes(&self.parameters, &self.network, &inputs, &self.masks, probes));
        let (mut outputs, mut sums) = (Vec::with_capacity(scaled.len()), Vec::new());
        for both in made.chunks_exact(2 * self.tokens()) {
            let (own, slopes) = both.split_at(self.tokens());
            outputs.extend(own.iter().map(|output| f64::from(*output)));
            sums.push(slopes.iter().map(|slope| f64::from(*slope)).sum());
        }
        Slopes { outputs, sums }
    }

    /// Puts known tokens back to their values.
    pub fn pin(&self, known: &[f64], values: &mut [f64]) {
        let known = known.iter().cycle().zip(self.unknown.iter().cycle());
        for (x, (known, _)) in values.iter_mut().zip(known).filter(|(_, (_, unknown))| !**unknown) {
            *x = *known;
        }
    }

    /// What the network sees of scaled values; all outputs are wanted.
    fn inputs(&self, known: &[f64], scaled: &[f64], sigma: f64) -> Inputs {
        let samples = scaled.len() / self.tokens();
        let mut value = scaled.to_vec();
        self.pin(known, &mut value);
        Inputs {
            value: value.into_iter().map(|value| value as f32).collect(),
            given: self.given.repeat(samples),
            time: self.times.repeat(samples),
            level: vec![self.plan.process.feature(sigma) as f32; samples],
            mask: vec![0; samples],
            summaries: self.summaries.repeat(samples),
            wanted: Vec::new(),
        }
    }
}

fn numbers<B: ScoreBackend>(tensor: Tensor<B, 1>) -> Vec<f32> {
    tensor.into_data().into_vec().expect("the network's tensors are of type f32")
}
