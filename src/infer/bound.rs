//! A network bound to a question: what it says of the tokens that are not known.

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
    masks: Masks,
    /// The known value of each token: given ones theirs, others none.
    known: Vec<Option<f64>>,
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
    /// The network that is asked, from which these tokens are `hidden`, computing on `threads` threads.
    pub fn new(of: &Conditional<'a>, mut hidden: Vec<bool>, threads: usize) -> Self {
        let Conditional { weights, subject, question, .. } = *of;
        let (plan, coordinates) = (&weights.plan, question.coordinates.as_slice());
        let tokens = 0..subject.tokens().len();
        for (token, hidden) in hidden.iter_mut().enumerate() {
            *hidden |= !subject.has_place(token, coordinates);
        }
        let states = question.states.iter().zip(&subject.identities).zip(&hidden);
        let known = states.map(|((state, kind), hidden)| match state {
            State::Given(x) => Some(plan.scale(*kind).standardise(*x)),
            State::Inferred | State::Absent => hidden.then_some(0.0),
        });
        let given: Vec<bool> = question.states.iter().map(|state| matches!(state, State::Given(_))).collect();
        let architecture = Architecture {
            tokens: tokens.len(),
            identities: subject.identities.clone(),
            ..plan.architecture.clone()
        };
        let timed = tokens.filter(|_| architecture.times > 0);
        Bound {
            plan,
            network: Network::new(&architecture, threads),
            parameters: Tensor::from_data(
                TensorData::from(weights.parameters.as_slice()),
                &B::Device::default(),
            ),
            masks: Masks { masks: vec![subject.mask(plan.mask, coordinates, &given, &hidden).into()] },
            known: known.collect(),
            given: given.iter().map(|given| f32::from(u8::from(*given))).collect(),
            times: timed.map(|token| subject.time(token, coordinates)).collect(),
        }
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.known.len()
    }

    /// Whether a token is not known: drawn, or asked for its density.
    pub fn is_unknown(&self, token: usize) -> bool {
        self.known.get(token).is_some_and(Option::is_none)
    }

    /// The denoised values D; known tokens stay what they are.
    pub fn denoised(&self, values: &[f64], sigma: f64) -> Vec<f64> {
        let scaling = self.plan.process.coefficients(sigma);
        let scaled: Vec<f64> = values.iter().map(|x| scaling.input * x).collect();
        let inputs = Inputs { wanted: self.unknown(), ..self.inputs(&scaled, sigma) };
        let outputs = numbers(outputs(&self.parameters, &self.network, &inputs, &self.masks));
        let known = self.known.iter().cycle();
        let denoise = |((x, output), known): ((&f64, &f32), &Option<f64>)| {
            known.unwrap_or_else(|| scaling.denoise(*x, f64::from(*output)))
        };
        values.iter().zip(&outputs).zip(known).map(denoise).collect()
    }

    /// Whose outputs [`Bound::slopes`] differentiates.
    pub fn probes(&self) -> Probes {
        let mask = self.masks.masks.first().expect("a question has one mask");
        Probes::new(&self.network.architecture, mask, &self.unknown())
    }

    /// What the network says of values that are scaled as it sees them, and how that changes with them.
    pub fn slopes(&self, scaled: &[f64], sigma: f64, probes: &Probes) -> Slopes
    where
        Autodiff<B>: Operations,
    {
        let inputs = self.inputs(scaled, sigma);
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
    pub fn pin(&self, values: &mut [f64]) {
        for (x, known) in values.iter_mut().zip(self.known.iter().cycle()) {
            if let Some(value) = known {
                *x = *value;
            }
        }
    }

    /// What the network sees of scaled values; all outputs are wanted.
    fn inputs(&self, scaled: &[f64], sigma: f64) -> Inputs {
        let samples = scaled.len() / self.tokens();
        let enter = |(x, known): (&f64, &Option<f64>)| known.unwrap_or(*x) as f32;
        Inputs {
            value: scaled.iter().zip(self.known.iter().cycle()).map(enter).collect(),
            given: self.given.repeat(samples),
            time: self.times.repeat(samples),
            level: vec![self.plan.process.feature(sigma) as f32; samples],
            mask: vec![0; samples],
            wanted: Vec::new(),
        }
    }

    fn unknown(&self) -> Vec<bool> {
        self.known.iter().map(Option::is_none).collect()
    }
}

fn numbers<B: ScoreBackend>(tensor: Tensor<B, 1>) -> Vec<f32> {
    tensor.into_data().into_vec().expect("the network's tensors are of type f32")
}
