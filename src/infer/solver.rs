//! Running the noise process backwards: from noise to draws of the tokens that are neither given nor absent.

use crate::backend::{Machine, Network, ScoreBackend, outputs};
use crate::draw::{Conditional, Try};
use crate::network::{Inputs, Masks};
use crate::noise::{Coefficients, Process};
use crate::plan::Plan;
use burn::tensor::{Tensor, TensorData};
use sbi_model::State;
use sbi_sim::rng::Stream;

/// Steps of the second-order solver; more changed no score measurably.
const HEUN_STEPS: usize = 20;

/// Curvature of the levels between the highest and the lowest (Karras et al. 2022, equation 5).
const RHO: f64 = 7.0;

/// Grid points of the published solver.
const EULER_POINTS: usize = 500;

/// A query's solver, bound to a network. Token values are `[draws · tokens]`, standardised.
pub struct Solver<'a, B: ScoreBackend> {
    plan: &'a Plan,
    network: Network,
    parameters: Tensor<B, 1>,
    masks: Masks,
    stream: Stream,
    /// The known value of each token: given ones theirs, absent ones zero, inferred ones none.
    known: Vec<Option<f64>>,
    /// 1 for given tokens, else 0.
    given: Vec<f32>,
}

impl<'a, B: ScoreBackend> Solver<'a, B> {
    /// A solver for the states that a query gives to the tokens of its graph.
    pub fn new(of: &Conditional<'a>, machine: &Machine) -> Self {
        let Conditional { weights, graph, query, seed } = *of;
        let plan = &weights.plan;
        let absent: Vec<bool> = query.states.iter().map(|state| *state == State::Absent).collect();
        let known = query.states.iter().zip(&plan.scales).map(|(state, scale)| match state {
            State::Given(x) => Some(scale.standardise(*x)),
            State::Inferred => None,
            State::Absent => Some(0.0),
        });
        Solver {
            plan,
            network: Network::new(&plan.architecture, machine.threads),
            parameters: Tensor::from_data(
                TensorData::from(weights.parameters.as_slice()),
                &B::Device::default(),
            ),
            masks: Masks { masks: vec![graph.mask(plan.mask, &absent)] },
            stream: Stream::new(seed, &format!("@draw/{}", query.name)),
            known: known.collect(),
            given: query
                .states
                .iter()
                .map(|state| f32::from(u8::from(matches!(state, State::Given(_)))))
                .collect(),
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
            Process::Edm { .. } => self.heun(values, lowest, highest),
            Process::Ve => self.euler_maruyama(values, tries),
        }
    }

    /// Second-order steps along the probability flow (Karras et al. 2022, algorithm 1).
    fn heun(&self, mut values: Vec<f64>, lowest: f64, highest: f64) -> Vec<f64> {
        let level = |step: usize| {
            let share = step as f64 / (HEUN_STEPS - 1) as f64;
            let (first, last) = (highest.powf(RHO.recip()), lowest.powf(RHO.recip()));
            (first + share * (last - first)).powf(RHO)
        };
        for step in 0..HEUN_STEPS {
            let sigma = level(step);
            let next = if step + 1 < HEUN_STEPS { level(step + 1) } else { 0.0 };
            let slope = self.slope(&values, sigma);
            let mut moved: Vec<f64> =
                values.iter().zip(&slope).map(|(x, d)| x + (next - sigma) * d).collect();
            if next > 0.0 {
                let after = self.slope(&moved, next);
                for (((y, x), before), after) in moved.iter_mut().zip(&values).zip(&slope).zip(&after) {
                    *y = x + (next - sigma) * 0.5 * (before + after);
                }
            }
            values = moved;
        }
        values
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
            // -slope / sigma is the score; the drift is g² times it.
            let slopes = self.slope(&values, sigma);
            for ((x, slope), n) in values.iter_mut().zip(slopes).zip(&noise) {
                *x += variance.sqrt() * n - variance * slope / sigma;
            }
            self.pin(&mut values);
        }
        values
    }

    /// `(x − D) / σ`, the slope of the probability flow in σ; zero where a token is known.
    fn slope(&self, values: &[f64], sigma: f64) -> Vec<f64> {
        let scaling = self.plan.process.coefficients(sigma);
        let outputs = self.outputs(values, sigma, scaling);
        let tokens = self.known.iter().cycle();
        let slope = |((x, output), known): ((&f64, &f32), &Option<f64>)| match known {
            Some(_) => 0.0,
            None => (x - scaling.denoise(*x, f64::from(*output))) / sigma,
        };
        values.iter().zip(&outputs).zip(tokens).map(slope).collect()
    }

    fn outputs(&self, values: &[f64], sigma: f64, scaling: Coefficients) -> Vec<f32> {
        let samples = values.len() / self.known.len();
        let enter = |(x, known): (&f64, &Option<f64>)| known.unwrap_or(scaling.input * x) as f32;
        let inputs = Inputs {
            value: values.iter().zip(self.known.iter().cycle()).map(enter).collect(),
            given: self.given.repeat(samples),
            level: vec![self.plan.process.feature(sigma) as f32; samples],
            mask: vec![0; samples],
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
