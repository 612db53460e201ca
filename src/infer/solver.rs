//! Running the noise process backwards: from noise to draws of all tokens that are not given.
//!
//! Tokens that a query leaves out are drawn along and forgotten, which integrates over them, or hidden from the network
//! where it was trained without them ([`crate::Question::hidden`]).

use crate::backend::{Network, ScoreBackend, outputs};
use crate::draw::{Conditional, Try};
use crate::multistep::multistep;
use crate::network::{Architecture, Inputs, Masks};
use crate::noise::{Coefficients, Process};
use crate::plan::Plan;
use burn::tensor::{Tensor, TensorData};
use sbi_model::State;
use sbi_sim::rng::Stream;

/// Grid points of the published solver.
const EULER_POINTS: usize = 500;

/// A query's solver, bound to a network. Token values are `[draws · tokens]`, standardised.
pub struct Solver<'a, B: ScoreBackend> {
    plan: &'a Plan,
    network: Network,
    parameters: Tensor<B, 1>,
    masks: Masks,
    stream: Stream,
    /// The known value of each token: given ones theirs, others none.
    known: Vec<Option<f64>>,
    /// 1 for given tokens, else 0.
    given: Vec<f32>,
    /// When each token is; empty where the network has no times.
    times: Vec<f32>,
}

impl<'a, B: ScoreBackend> Solver<'a, B> {
    /// A solver for the states that a query gives to the tokens of its graph, whose network computes on `threads` threads.
    pub fn new(of: &Conditional<'a>, threads: usize) -> Self {
        let Conditional { weights, subject, question, seed } = *of;
        let (plan, coordinates) = (&weights.plan, question.coordinates.as_slice());
        let tokens = 0..subject.tokens().len();
        let mut hidden = question.hidden(subject, plan);
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
        Solver {
            plan,
            network: Network::new(&architecture, threads),
            parameters: Tensor::from_data(
                TensorData::from(weights.parameters.as_slice()),
                &B::Device::default(),
            ),
            masks: Masks { masks: vec![subject.mask(plan.mask, coordinates, &given, &hidden).into()] },
            stream: Stream::new(seed, &format!("@draw/{}", question.name)),
            known: known.collect(),
            given: given.iter().map(|given| f32::from(u8::from(*given))).collect(),
            times: timed.map(|token| subject.time(token, coordinates)).collect(),
        }
    }

    /// Makes these tries; another attempt at the same number gives another draw.
    pub fn draw(&self, tries: &[Try]) -> Vec<f64> {
        let tokens = self.known.len();
        let (lowest, highest) = self.plan.process.range();
        let mut values = vec![0.0; tries.len() * tokens];
        self.noise(tries, 0, &mut values);
        let start = match self.plan.process {
            Process::Edm { .. } => highest,
            // The published start has the variance of noisy data: that of the data, 1, and of the noise.
            Process::Ve => (1.0 + highest * highest).sqrt(),
        };
        values.iter_mut().for_each(|x| *x *= start);
        self.pin(&mut values);
        match self.plan.process {
            Process::Edm { .. } => {
                multistep(values, lowest, highest, |values, sigma| self.denoised(values, sigma))
            }
            Process::Ve => self.euler_maruyama(values, tries),
        }
    }

    /// The published sampler: Euler-Maruyama on the reverse equation, evenly in time (Gloeckler et al. 2024, appendix A2.1).
    fn euler_maruyama(&self, mut values: Vec<f64>, tries: &[Try]) -> Vec<f64> {
        let time = |point: usize| 1.0 - (1.0 - 1e-5) * point as f64 / (EULER_POINTS - 1) as f64;
        let rate = 2.0 * (Process::ve_sigma(1.0) / Process::ve_sigma(0.0)).ln();
        let mut noise = vec![0.0; values.len()];
        for point in 0..EULER_POINTS - 1 {
            let (now, step) = (time(point), time(point) - time(point + 1));
            let sigma = Process::ve_sigma(now);
            let variance = sigma * sigma * rate * step;
            self.noise(tries, point as u32 + 1, &mut noise);
            // (D − x) / σ² is the score; the drift is g² times it.
            let denoised = self.denoised(&values, sigma);
            for ((x, denoised), n) in values.iter_mut().zip(denoised).zip(&noise) {
                *x += variance.sqrt() * n + variance * (denoised - *x) / (sigma * sigma);
            }
            self.pin(&mut values);
        }
        values
    }

    /// The denoised values D; known tokens stay what they are.
    fn denoised(&self, values: &[f64], sigma: f64) -> Vec<f64> {
        let scaling = self.plan.process.coefficients(sigma);
        let outputs = self.outputs(values, sigma, scaling);
        let known = self.known.iter().cycle();
        let denoise = |((x, output), known): ((&f64, &f32), &Option<f64>)| {
            known.unwrap_or_else(|| scaling.denoise(*x, f64::from(*output)))
        };
        values.iter().zip(&outputs).zip(known).map(denoise).collect()
    }

    fn outputs(&self, values: &[f64], sigma: f64, scaling: Coefficients) -> Vec<f32> {
        let samples = values.len() / self.known.len();
        let enter = |(x, known): (&f64, &Option<f64>)| known.unwrap_or(scaling.input * x) as f32;
        let inputs = Inputs {
            value: values.iter().zip(self.known.iter().cycle()).map(enter).collect(),
            given: self.given.repeat(samples),
            time: self.times.repeat(samples),
            level: vec![self.plan.process.feature(sigma) as f32; samples],
            mask: vec![0; samples],
            wanted: self.known.iter().map(Option::is_none).collect(),
        };
        let outputs = outputs(&self.parameters, &self.network, &inputs, &self.masks);
        outputs.into_data().into_vec().expect("the network's tensors are of type f32")
    }

    /// Standard normal numbers for these tries at one step.
    fn noise(&self, tries: &[Try], step: u32, out: &mut [f64]) {
        for (row, Try { number, attempt }) in out.chunks_exact_mut(self.known.len()).zip(tries) {
            self.stream.fill_normal(*number as u64, attempt * EULER_POINTS as u32 + step, row);
        }
    }

    /// Puts known tokens back to their values.
    fn pin(&self, values: &mut [f64]) {
        for (x, known) in values.iter_mut().zip(self.known.iter().cycle()) {
            if let Some(value) = known {
                *x = *value;
            }
        }
    }
}
