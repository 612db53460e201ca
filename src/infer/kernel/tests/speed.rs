//! How fast it is: `cargo test --release -p sbi-infer speed -- --ignored --nocapture`.
//!
//! The best of many short runs, so that what else the machine does matters less; indicative all the same.

use super::problem::{Problem, architecture, sets};
use crate::kernel::InstructionSet;
use crate::network::Architecture;
use sbi_model::Mask;
use std::time::{Duration, Instant};

/// How long one figure may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The networks that the recipe found, and those that the throw-away form was measured with.
fn networks() -> Vec<(Architecture, usize)> {
    vec![
        (architecture(4, 32, 4, [2, 16], 64, 7), 256),
        (architecture(4, 32, 4, [2, 16], 64, 7), 1000),
        (architecture(13, 48, 4, [3, 16], 96, 7), 256),
        (architecture(13, 48, 4, [3, 16], 96, 7), 1000),
        (architecture(20, 32, 3, [2, 16], 64, 7), 256),
        (architecture(20, 64, 4, [4, 16], 128, 7), 256),
        (architecture(8, 48, 6, [4, 12], 144, 7), 1000),
        (architecture(8, 50, 6, [3, 16], 150, 7), 1000),
        (architecture(104, 48, 6, [4, 12], 144, 7), 100),
    ]
}

/// Floating-point operations of the products of a forward pass, two for each multiply-add, without padding.
fn operations(net: &Architecture, samples: usize) -> f64 {
    let [t, d, a, f] = [net.tokens, net.width, net.attention_width(), net.hidden].map(|n| n as f64);
    let [layers, frequencies] = [net.layers, net.frequencies].map(|n| n as f64);
    let token = layers * (4.0 * d * a + 2.0 * d * f + 2.0 * t * a) + (2.0 * frequencies + 2.0) * d;
    let sample = 64.0 * d + d * d + 2.0 * layers * d * d;
    2.0 * samples as f64 * (t * token + sample)
}

/// The shortest time of a call, in seconds.
fn best(mut call: impl FnMut()) -> f64 {
    let (start, mut best) = (Instant::now(), f64::MAX);
    while start.elapsed() < PATIENCE {
        let before = Instant::now();
        call();
        best = best.min(before.elapsed().as_secs_f64());
    }
    best
}

fn report(net: &Architecture, samples: usize, threads: usize, set: InstructionSet) {
    let problem = Problem::new(net.clone(), samples, 1);
    let mut kernel = problem.kernel(threads, set);
    let mut gradient = vec![0.0; problem.parameters.len()];
    let (parameters, inputs, masks) = (&problem.parameters, &problem.inputs, &problem.masks);
    let step = best(|| {
        kernel.loss_gradient(parameters, inputs, &problem.targets, masks, (&mut gradient, &mut []));
    });
    let mut out = vec![0.0; inputs.value.len()];
    let forward = best(|| kernel.forward(parameters, inputs, masks, &mut out));
    let giga = 1e-9 * operations(net, samples);
    println!(
        "{:8} {threads} threads, T {:3}, D {}, {} layers, B {samples:4}: {:7.1} steps/s, {:5.1} GFLOP/s; forward {:5.1} GFLOP/s",
        set.name(),
        net.tokens,
        net.width,
        net.layers,
        1.0 / step,
        3.0 * giga / step,
        giga / forward
    );
}

#[test]
#[ignore = "a measurement, not a check"]
fn speed_of_steps() {
    for (net, samples) in networks() {
        for threads in [1, 2] {
            report(&net, samples, threads, InstructionSet::detect());
        }
    }
}

/// What leaving pairs out saves: the mask of a chain, of pairs, and of all, on the same network.
#[test]
#[ignore = "a measurement, not a check"]
fn speed_of_masks() {
    for (tokens, samples) in [(20, 32), (32, 20), (104, 6)] {
        let net = architecture(tokens, 48, 6, [4, 12], 144, 7);
        let mut problem = Problem::new(net, samples, 1);
        let mut kernel = problem.kernel(1, InstructionSet::detect());
        let mut gradient = vec![0.0; problem.parameters.len()];
        for name in ["all", "a chain", "pairs"] {
            let looks = |i: usize, j: usize| match name {
                "all" => true,
                "a chain" => i.abs_diff(j) * 20 <= tokens,
                _ => i % (tokens / 2) == j % (tokens / 2),
            };
            let mut mask = Mask::empty(tokens);
            (0..tokens * tokens)
                .map(|at| (at / tokens, at % tokens))
                .filter(|(i, j)| looks(*i, *j))
                .for_each(|(i, j)| mask.set(i, j));
            problem.masks.masks.fill(mask.into());
            let Problem { parameters, inputs, targets, masks, .. } = &problem;
            let step = best(|| {
                kernel.loss_gradient(parameters, inputs, targets, masks, (&mut gradient, &mut []));
            });
            let mut out = vec![0.0; inputs.value.len()];
            let forward = best(|| kernel.forward(parameters, inputs, masks, &mut out));
            let per_second = |seconds: f64| samples as f64 / seconds;
            println!(
                "T {tokens}, {name}: {:.0} samples/s, forward {:.0}",
                per_second(step),
                per_second(forward)
            );
        }
    }
}

#[test]
#[ignore = "a measurement, not a check"]
fn speed_of_instruction_sets() {
    for set in sets() {
        report(&architecture(13, 48, 4, [3, 16], 96, 7), 40, 1, set);
    }
}
