//! Training examples: simulations with a pattern, a noise level and noise, and what the network is asked for.

use crate::backend::Batch;
use crate::network::{Inputs, Masks, Targets};
use crate::noise::Process;
use crate::pattern::{Patterns, Role};
use sbi_sim::rng::Stream;

/// Multiples of it, modulo one, are evenly spread however many are taken: so are the levels over a batch.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Makes batches out of standardised simulations. Every number depends on the seed, the step and the example's place
/// in the batch alone, so neither threads nor a resumed run change it.
pub struct Examples<'a> {
    /// `[rows · tokens]`, standardised.
    pub values: &'a [f32],
    /// The rows to draw from.
    pub rows: Vec<usize>,
    /// Number of tokens.
    pub tokens: usize,
    /// The noise process.
    pub process: Process,
    /// The patterns.
    pub patterns: &'a Patterns,
    /// Which simulation, which level, which pattern.
    pub choices: Stream,
    /// The noise itself.
    pub noise: Stream,
}

/// Elements of the stream of choices that patterns leave alone.
const LEVEL: u32 = u32::MAX;
const ROW: u32 = u32::MAX - 1;

impl Examples<'_> {
    /// Batch number `step` of `size` examples, levels spread evenly over the batch; each loss term weighs `1 / (size · tokens)`.
    pub fn batch(&self, step: u32, size: usize) -> Batch {
        self.fill(step, size, |place| {
            let pick = self.choices.uniform(place, step, ROW) * self.rows.len() as f64;
            self.rows.get(pick as usize).copied().expect("a uniform number is below one")
        })
    }

    /// A fixed batch that passes `times` over all rows, for judging.
    pub fn sweep(&self, times: usize) -> Batch {
        let count = self.rows.len();
        self.fill(u32::MAX, count * times, |place| {
            self.rows.get(place as usize % count).copied().expect("a remainder is within the rows")
        })
    }

    fn fill(&self, step: u32, size: usize, row: impl Fn(u64) -> usize) -> Batch {
        let tokens = self.tokens;
        let mut batch = Batch {
            inputs: Inputs {
                value: vec![0.0; size * tokens],
                given: vec![0.0; size * tokens],
                level: Vec::with_capacity(size),
                mask: Vec::with_capacity(size),
            },
            targets: Targets { target: vec![0.0; size * tokens], weight: vec![0.0; size * tokens] },
            masks: Masks::default(),
        };
        let mut used = Vec::new();
        let mut roles = vec![Role::Hidden; tokens];
        let mut noise = vec![0.0; tokens];
        let shift = self.choices.uniform(0, step, LEVEL);
        for place in 0..size as u64 {
            let pattern = self.patterns.draw(&self.choices, place, step, &mut roles);
            let sigma = self.process.level((place as f64 * GOLDEN + shift).fract().max(1e-9));
            self.noise.fill_normal(place, step, &mut noise);
            let clean =
                self.values.chunks_exact(tokens).nth(row(place)).expect("rows are rows of the values");
            batch.inputs.mask.push(number_of(pattern, &mut used));
            batch.inputs.level.push(self.process.feature(sigma) as f32);
            self.write(&mut batch, place as usize * tokens, clean, &roles, sigma, &noise);
        }
        batch.masks.masks = used.into_iter().map(|pattern| self.patterns.mask(pattern).clone()).collect();
        batch
    }

    /// Writes one example's tokens from place `start` on.
    #[allow(clippy::indexing_slicing, reason = "one place in five arrays of one length")]
    fn write(
        &self,
        batch: &mut Batch,
        start: usize,
        clean: &[f32],
        roles: &[Role],
        sigma: f64,
        noise: &[f64],
    ) {
        let Batch { inputs, targets, .. } = batch;
        let weight = 1.0 / inputs.value.len() as f32;
        let scaling = self.process.coefficients(sigma);
        for (at, ((role, &z), n)) in (start..).zip(roles.iter().zip(clean).zip(noise)) {
            match role {
                Role::Given => (inputs.value[at], inputs.given[at]) = (z, 1.0),
                Role::Absent => {}
                Role::Hidden => {
                    let noisy = f64::from(z) + sigma * n;
                    inputs.value[at] = (scaling.input * noisy) as f32;
                    targets.target[at] = scaling.target(f64::from(z), noisy) as f32;
                    targets.weight[at] = weight;
                }
            }
        }
    }
}

/// The place of `pattern` among those used so far, added where it is new.
fn number_of(pattern: usize, used: &mut Vec<usize>) -> u32 {
    let at = used.iter().position(|&index| index == pattern).unwrap_or_else(|| {
        used.push(pattern);
        used.len() - 1
    });
    at as u32
}
