//! A batch of random numbers, for work on the kernel alone: the same for everybody who asks.

use crate::Problem;
use sbi_infer::network::{Inputs, Masks, Targets};
use sbi_model::Mask;
use sbi_sim::rng::Stream;

/// What the kernel takes.
pub struct Batch {
    /// Of the network.
    pub parameters: Vec<f32>,
    /// Values, conditions and levels.
    pub inputs: Inputs,
    /// What is asked for, nothing of tokens that are given.
    pub targets: Targets,
    /// One mask.
    pub masks: Masks,
}

impl Batch {
    /// So many samples of a problem.
    pub fn of(problem: &Problem, samples: usize) -> Batch {
        let stream = Stream::new(2, "@bench/batch");
        let numbers = |step: u32, count: usize, scale: f32| {
            let mut values = vec![0.0; count];
            stream.fill_normal_f32(0, step, &mut values);
            values.iter().map(|x| x * scale).collect::<Vec<f32>>()
        };
        let tokens = problem.plan.architecture.tokens;
        let all = samples * tokens;
        let given: Vec<f32> = numbers(2, all, 1.0).iter().map(|x| f32::from(u8::from(*x > 0.3))).collect();
        let weight = given.iter().map(|given| (1.0 - given) / all as f32).collect();
        Batch {
            parameters: numbers(0, problem.plan.architecture.parameters(), 0.2),
            inputs: Inputs {
                value: numbers(1, all, 1.0),
                given,
                time: Vec::new(),
                level: numbers(3, samples, 0.5),
                mask: vec![0; samples],
                summaries: Vec::new(),
                wanted: Vec::new(),
            },
            targets: Targets { target: numbers(4, all, 1.0), weight },
            masks: Masks { masks: vec![problem.mask().unwrap_or_else(|| full(tokens)).into()] },
        }
    }
}

/// Every token may look at every other.
fn full(tokens: usize) -> Mask {
    let mut mask = Mask::empty(tokens);
    for at in 0..tokens * tokens {
        mask.set(at / tokens, at % tokens);
    }
    mask
}
