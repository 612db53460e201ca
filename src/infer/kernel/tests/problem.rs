//! Random networks with random batches.

use crate::kernel::{InstructionSet, Kernel};
use crate::network::{Architecture, Inputs, Masks, Targets};
use sbi_model::Mask;

/// A small generator (SplitMix64) for reproducible problems.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (−1, 1).
    pub fn signed(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A network of T tokens, width D, so many layers, heads of so much, hidden width F and K frequencies.
pub fn architecture(
    tokens: usize,
    width: usize,
    layers: usize,
    [heads, head_width]: [usize; 2],
    hidden: usize,
    frequencies: usize,
) -> Architecture {
    let identities = (0..tokens).collect();
    Architecture {
        tokens,
        identities,
        kinds: tokens,
        times: 0,
        width,
        layers,
        heads,
        head_width,
        hidden,
        frequencies,
        summaries: Vec::new(),
        states: None,
    }
}

/// Networks of many shapes: one token, odd widths, heads that do not fill a vector, no blocks, many tokens.
pub fn shapes() -> Vec<Architecture> {
    vec![
        architecture(1, 16, 1, [1, 16], 32, 0),
        architecture(4, 32, 4, [2, 16], 64, 7),
        architecture(4, 17, 0, [1, 5], 9, 2),
        architecture(5, 24, 2, [3, 8], 50, 3),
        architecture(8, 50, 2, [3, 16], 150, 6),
        architecture(8, 50, 1, [4, 12], 150, 5),
        architecture(13, 48, 2, [3, 16], 96, 7),
        architecture(20, 64, 1, [4, 16], 128, 7),
        architecture(33, 33, 2, [2, 20], 40, 4),
        architecture(104, 40, 1, [2, 10], 70, 1),
        Architecture {
            identities: vec![0, 1, 1, 0, 3, 1],
            times: 3,
            ..architecture(6, 24, 2, [2, 8], 40, 2)
        },
    ]
}

/// A network, its parameters and a batch.
pub struct Problem {
    pub architecture: Architecture,
    pub parameters: Vec<f32>,
    pub inputs: Inputs,
    pub targets: Targets,
    pub masks: Masks,
}

impl Problem {
    pub fn new(architecture: Architecture, samples: usize, seed: u64) -> Problem {
        let mut random = Random(seed);
        let t = architecture.tokens;
        let mut parameters = Vec::new();
        for piece in architecture.layout().pieces {
            let spread = if piece.rows > 1 { (piece.rows as f32).sqrt().recip() } else { 0.3 };
            let middle = if piece.name.ends_with("gain") { 1.0 } else { 0.0 };
            parameters.extend(piece.range.map(|_| middle + spread * 1.7 * random.signed()));
        }
        let masks = vec![mask(t, &mut random), sparse(t, &mut random), mask(t, &mut random)];
        let masks = masks.into_iter().map(Into::into).collect();
        let given: Vec<f32> = (0..samples * t).map(|_| f32::from(random.below(3) == 0)).collect();
        let inputs = Inputs {
            value: given.iter().map(|_| 3.0 * random.signed()).collect(),
            level: (0..samples).map(|_| 1.6 * random.signed()).collect(),
            mask: (0..samples).map(|_| random.below(3) as u32).collect(),
            time: (0..if architecture.times == 0 { 0 } else { given.len() })
                .map(|_| random.signed())
                .collect(),
            wanted: Vec::new(),
            summaries: Vec::new(),
            given,
        };
        let targets = Targets {
            target: (0..samples * t).map(|_| random.signed()).collect(),
            weight: inputs.given.iter().map(|g| (1.0 - g) * (1.5 + random.signed())).collect(),
        };
        Problem { architecture, parameters, inputs, targets, masks: Masks { masks } }
    }

    pub fn kernel(&self, threads: usize, set: InstructionSet) -> Kernel {
        Kernel::with_instructions(&self.architecture, threads, set)
    }

    /// The same network on the samples in this order.
    pub fn reordered(&self, order: impl Iterator<Item = usize> + Clone) -> Problem {
        let t = self.architecture.tokens;
        let of_tokens = |all: &[f32]| order.clone().flat_map(|b| all[b * t..(b + 1) * t].to_vec()).collect();
        let inputs = Inputs {
            value: of_tokens(&self.inputs.value),
            given: of_tokens(&self.inputs.given),
            time: if self.inputs.time.is_empty() { Vec::new() } else { of_tokens(&self.inputs.time) },
            level: order.clone().map(|b| self.inputs.level[b]).collect(),
            mask: order.clone().map(|b| self.inputs.mask[b]).collect(),
            wanted: self.inputs.wanted.clone(),
            summaries: Vec::new(),
        };
        let targets =
            Targets { target: of_tokens(&self.targets.target), weight: of_tokens(&self.targets.weight) };
        Problem {
            architecture: self.architecture.clone(),
            parameters: self.parameters.clone(),
            inputs,
            targets,
            masks: self.masks.clone(),
        }
    }

    pub fn outputs(&self, kernel: &mut Kernel) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.inputs.value.len()];
        kernel.forward(&self.parameters, &self.inputs, &self.masks, &mut out);
        out
    }

    pub fn loss(&self, kernel: &mut Kernel) -> f64 {
        kernel.loss(&self.parameters, &self.inputs, &self.targets, &self.masks)
    }

    pub fn loss_gradient(&self, kernel: &mut Kernel) -> (f64, Vec<f32>) {
        let mut gradient = vec![f32::NAN; self.parameters.len()];
        let loss = kernel.loss_gradient(
            &self.parameters,
            &self.inputs,
            &self.targets,
            &self.masks,
            (&mut gradient, &mut []),
        );
        (loss, gradient)
    }
}

/// A mask in which about half of the pairs attend and one token of five is absent.
fn mask(tokens: usize, random: &mut Random) -> Mask {
    of_pairs(tokens, random, |random, i, j| i == j || random.below(2) == 0)
}

/// A mask of tokens that look at the first, at one far away, and at themselves, as one whose products are left out.
fn sparse(tokens: usize, random: &mut Random) -> Mask {
    let half = tokens.div_ceil(2);
    of_pairs(tokens, random, |_, i, j| j == 0 || i % half == j % half)
}

fn of_pairs(tokens: usize, random: &mut Random, looks: impl Fn(&mut Random, usize, usize) -> bool) -> Mask {
    let mut mask = Mask::empty(tokens);
    let absent: Vec<bool> = (0..tokens).map(|_| random.below(5) == 0).collect();
    for i in 0..tokens {
        for j in 0..tokens {
            if !absent[i] && !absent[j] && looks(random, i, j) {
                mask.set(i, j);
            }
        }
    }
    mask
}

/// The instruction sets of this machine.
pub fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.available())
}
