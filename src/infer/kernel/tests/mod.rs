//! The kernel against the reference in double precision, and what must not change its results.

mod reference;

use super::{InstructionSet, Kernel};
use crate::network::{Architecture, Inputs, Masks, Targets};
use reference::Reference;
use sbi_model::Mask;

/// A small generator (SplitMix64) for reproducible problems.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (−1, 1).
    fn signed(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A random network with a random batch.
struct Problem {
    architecture: Architecture,
    parameters: Vec<f32>,
    inputs: Inputs,
    targets: Targets,
    masks: Masks,
}

/// T, D, layers, heads, head width, F, K.
fn architecture(sizes: [usize; 7]) -> Architecture {
    let [tokens, width, layers, heads, head_width, hidden, frequencies] = sizes;
    Architecture { tokens, width, layers, heads, head_width, hidden, frequencies }
}

/// Networks of many shapes: one token, odd widths, heads that do not fill a vector, no blocks, many tokens.
fn shapes() -> Vec<(Architecture, usize)> {
    [
        ([1, 16, 1, 1, 16, 32, 0], 3),
        ([4, 32, 4, 2, 16, 64, 7], 70),
        ([4, 17, 0, 1, 5, 9, 2], 5),
        ([5, 24, 2, 3, 8, 50, 3], 30),
        ([8, 50, 2, 3, 16, 150, 6], 20),
        ([8, 50, 2, 4, 12, 150, 5], 9),
        ([13, 48, 2, 3, 16, 96, 7], 21),
        ([20, 64, 1, 4, 16, 128, 7], 13),
        ([33, 33, 2, 2, 20, 40, 4], 5),
        ([104, 40, 1, 2, 10, 70, 1], 2),
    ]
    .map(|(sizes, samples)| (architecture(sizes), samples))
    .to_vec()
}

impl Problem {
    fn new(architecture: Architecture, samples: usize, seed: u64) -> Problem {
        let mut random = Random(seed);
        let t = architecture.tokens;
        let mut parameters = Vec::new();
        for piece in architecture.layout().pieces {
            let spread = if piece.rows > 1 { (piece.rows as f32).sqrt().recip() } else { 0.3 };
            let middle = if piece.name.ends_with("gain") { 1.0 } else { 0.0 };
            parameters.extend(piece.range.map(|_| middle + spread * 1.7 * random.signed()));
        }
        let masks = (0..3).map(|_| mask(t, &mut random)).collect();
        let given: Vec<f32> = (0..samples * t).map(|_| f32::from(random.below(3) == 0)).collect();
        let inputs = Inputs {
            value: given.iter().map(|_| 3.0 * random.signed()).collect(),
            level: (0..samples).map(|_| 1.6 * random.signed()).collect(),
            mask: (0..samples).map(|_| random.below(3) as u32).collect(),
            given,
        };
        let targets = Targets {
            target: (0..samples * t).map(|_| random.signed()).collect(),
            weight: inputs.given.iter().map(|g| (1.0 - g) * (1.5 + random.signed())).collect(),
        };
        Problem { architecture, parameters, inputs, targets, masks: Masks { masks } }
    }

    fn kernel(&self, threads: usize, set: InstructionSet) -> Kernel {
        Kernel::with_instructions(&self.architecture, threads, set)
    }

    fn outputs(&self, kernel: &mut Kernel) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.inputs.value.len()];
        kernel.forward(&self.parameters, &self.inputs, &self.masks, &mut out);
        out
    }

    fn loss_gradient(&self, kernel: &mut Kernel) -> (f64, Vec<f32>) {
        let mut gradient = vec![f32::NAN; self.parameters.len()];
        let loss =
            kernel.loss_gradient(&self.parameters, &self.inputs, &self.targets, &self.masks, &mut gradient);
        (loss, gradient)
    }
}

/// A mask in which about half of the pairs attend and one token of five is absent.
fn mask(tokens: usize, random: &mut Random) -> Mask {
    let mut mask = Mask::empty(tokens);
    let absent: Vec<bool> = (0..tokens).map(|_| random.below(5) == 0).collect();
    for i in 0..tokens {
        for j in 0..tokens {
            if !absent[i] && !absent[j] && (i == j || random.below(2) == 0) {
                mask.set(i, j);
            }
        }
    }
    mask
}

/// The instruction sets of this machine.
fn sets() -> impl Iterator<Item = InstructionSet> {
    [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512]
        .into_iter()
        .filter(|set| set.available())
}

#[test]
fn outputs_and_loss_equal_the_reference() {
    for (k, (architecture, samples)) in shapes().into_iter().enumerate() {
        let problem = Problem::new(architecture, samples, k as u64);
        let reference = Reference::new(&problem.architecture, &problem.parameters);
        let outputs = reference.outputs(&problem.inputs, &problem.masks);
        let loss = reference.loss(&problem.inputs, &problem.targets, &problem.masks);
        for set in sets() {
            let mut kernel = problem.kernel(1, set);
            for (i, (a, b)) in problem.outputs(&mut kernel).iter().zip(&outputs).enumerate() {
                let error = (f64::from(*a) - b).abs();
                assert!(error < 3e-5, "{}, {:?}: F[{i}] is {a}, not {b}", set.name(), problem.architecture);
            }
            let got = kernel.loss(&problem.parameters, &problem.inputs, &problem.targets, &problem.masks);
            assert!((got - loss).abs() < 1e-5 * loss, "{}: loss {got}, not {loss}", set.name());
        }
    }
}

#[test]
fn gradients_equal_differences_of_the_reference() {
    for (k, (architecture, samples)) in shapes().into_iter().enumerate() {
        let problem = Problem::new(architecture, samples, 100 + k as u64);
        let mut random = Random(k as u64);
        let gradients: Vec<_> =
            sets().map(|set| (set, problem.loss_gradient(&mut problem.kernel(1, set)).1)).collect();
        let mut reference = Reference::new(&problem.architecture, &problem.parameters);
        for piece in problem.architecture.layout().pieces {
            let largest = gradients[0].1[piece.range.clone()].iter().fold(0.0, |m: f32, g| m.max(g.abs()));
            for _ in 0..2 {
                let at = piece.range.start + random.below(piece.range.len());
                let centre = reference.parameters[at];
                let mut side = |step: f64| {
                    reference.parameters[at] = centre + step;
                    reference.loss(&problem.inputs, &problem.targets, &problem.masks)
                };
                let step = 1e-4;
                let difference = (side(step) - side(-step)) / (2.0 * step);
                reference.parameters[at] = centre;
                for (set, gradient) in &gradients {
                    let error = (f64::from(gradient[at]) - difference).abs();
                    assert!(
                        error < 1e-4 * f64::from(largest) + 1e-5,
                        "{}, {:?}, {}: {} is not {difference}",
                        set.name(),
                        problem.architecture,
                        piece.name,
                        gradient[at]
                    );
                }
            }
        }
    }
}

#[test]
fn threads_and_calls_before_leave_the_bits_alone() {
    for (k, (architecture, samples)) in shapes().into_iter().enumerate() {
        let problem = Problem::new(architecture.clone(), samples, 200 + k as u64);
        let larger = Problem::new(architecture, samples + 17, 300 + k as u64);
        for set in sets() {
            let mut kernel = problem.kernel(1, set);
            let (loss, gradient) = problem.loss_gradient(&mut kernel);
            let outputs = problem.outputs(&mut kernel);
            larger.loss_gradient(&mut kernel);
            assert_eq!(problem.outputs(&mut kernel), outputs, "after another batch");
            assert_eq!(problem.loss_gradient(&mut kernel), (loss, gradient.clone()), "after another batch");
            let mut kernel = problem.kernel(2, set);
            assert_eq!(problem.outputs(&mut kernel), outputs, "with two threads");
            assert_eq!(problem.loss_gradient(&mut kernel), (loss, gradient), "with two threads");
        }
    }
}
