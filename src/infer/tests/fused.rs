//! The fused kernel against the plain composition: outputs, loss and gradient, through burn's autodiff for both.

use crate::backend::{Batch, Cpu, Network, objective, outputs};
use crate::network::{Architecture, Inputs, Masks, Targets, plain};
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use sbi_model::Mask;
use sbi_sim::rng::Stream;

type Tracked = Autodiff<Cpu>;

fn numbers(stream: &Stream, step: u32, count: usize, scale: f32) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream.fill_normal_f32(0, step, &mut values);
    values.iter().map(|x| x * scale).collect()
}

/// A network of which every fourth token shares its identity with the first, and tokens have times where it is wide.
fn architecture(
    tokens: usize,
    width: usize,
    layers: usize,
    heads: usize,
    head_width: usize,
    frequencies: usize,
) -> Architecture {
    let identities = (0..tokens).map(|token| if token % 4 == 0 { 0 } else { token - token / 4 }).collect();
    let times = if width > 40 { 3 } else { 0 };
    Architecture {
        tokens,
        identities,
        kinds: tokens,
        times,
        width,
        layers,
        heads,
        head_width,
        hidden: 2 * width,
        frequencies,
    }
}

/// A batch with a dense, a banded and a gappy mask in turn.
fn batch(architecture: &Architecture, samples: usize, stream: &Stream) -> Batch {
    let tokens = architecture.tokens;
    let mask = |allow: &dyn Fn(usize, usize) -> bool| {
        let mut mask = Mask::empty(tokens);
        (0..tokens * tokens)
            .map(|at| (at / tokens, at % tokens))
            .filter(|(i, j)| allow(*i, *j))
            .for_each(|(i, j)| mask.set(i, j));
        mask
    };
    let masks =
        vec![mask(&|_, _| true), mask(&|i, j| i.abs_diff(j) <= 1), mask(&|i, j| i % 3 != 1 && j % 3 != 1)];
    let given =
        numbers(stream, 2, samples * tokens, 1.0).iter().map(|x| f32::from(u8::from(*x > 0.3))).collect();
    Batch {
        inputs: Inputs {
            value: numbers(stream, 1, samples * tokens, 1.5),
            given,
            time: match architecture.times {
                0 => Vec::new(),
                _ => numbers(stream, 6, samples * tokens, 0.5),
            },
            level: numbers(stream, 3, samples, 0.5),
            mask: (0..samples as u32).map(|sample| sample % 3).collect(),
        },
        targets: Targets {
            target: numbers(stream, 4, samples * tokens, 1.0),
            weight: numbers(stream, 5, samples * tokens, 1.0)
                .iter()
                .map(|x| x.max(0.0) / samples as f32)
                .collect(),
        },
        masks: Masks { masks },
    }
}

fn close(name: &str, ours: &[f32], reference: &[f32], tolerance: f32) {
    let size = reference.iter().fold(0.0f32, |size, x| size.max(x.abs())) + 1e-6;
    let worst = ours.iter().zip(reference).fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(
        worst <= tolerance * size,
        "{name}: worst difference {worst:e} where the largest entry is {size:e}"
    );
}

#[test]
fn the_fused_network_is_the_plain_one() {
    let shapes = [
        (1, 16, 1, 1, 16, 3),
        (4, 32, 4, 2, 16, 7),
        (13, 48, 2, 3, 16, 5),
        (7, 50, 2, 4, 12, 0),
        (33, 24, 1, 2, 10, 4),
    ];
    for (tokens, width, layers, heads, head_width, frequencies) in shapes {
        let architecture = architecture(tokens, width, layers, heads, head_width, frequencies);
        let stream = Stream::new(3, "fused");
        let parameters = numbers(&stream, 0, architecture.parameters(), 0.2);
        let batch = batch(&architecture, 11, &stream);
        let network = Network::new(&architecture, 2);
        let device = Default::default();
        let tracked = || {
            Tensor::<Tracked, 1>::from_data(TensorData::from(parameters.as_slice()), &device).require_grad()
        };

        let untracked = Tensor::<Cpu, 1>::from_data(TensorData::from(parameters.as_slice()), &device);
        let ours = outputs(&untracked, &network, &batch.inputs, &batch.masks);
        let reference = plain::outputs(&architecture, &untracked, &batch.inputs, &batch.masks);
        let read = |tensor: Tensor<Cpu, 1>| tensor.into_data().into_vec::<f32>().unwrap();
        close(&format!("outputs of {architecture:?}"), &read(ours), &read(reference), 1e-4);

        let (ours, theirs) = (tracked(), tracked());
        let fused = objective(&ours, &network, &batch);
        let composed = plain::objective(&architecture, &theirs, &batch.inputs, &batch.targets, &batch.masks);
        let (a, b) = (fused.clone().into_scalar(), composed.clone().into_scalar());
        assert!((a - b).abs() < 1e-4 * b.abs(), "loss {a} against {b} for {architecture:?}");
        let ours = read(ours.grad(&fused.backward()).unwrap());
        let reference = read(theirs.grad(&composed.backward()).unwrap());
        for piece in &architecture.layout().pieces {
            close(&piece.name, &ours[piece.range.clone()], &reference[piece.range.clone()], 2e-3);
        }
    }
}

#[test]
fn an_upstream_factor_scales_the_gradient() {
    let architecture = architecture(3, 16, 1, 1, 16, 2);
    let stream = Stream::new(5, "upstream");
    let parameters = numbers(&stream, 0, architecture.parameters(), 0.2);
    let batch = batch(&architecture, 4, &stream);
    let network = Network::new(&architecture, 1);
    let gradient = |factor: f32| {
        let tracked =
            Tensor::<Tracked, 1>::from_data(TensorData::from(parameters.as_slice()), &Default::default())
                .require_grad();
        let loss = objective(&tracked, &network, &batch) * factor;
        tracked.grad(&loss.backward()).unwrap().into_data().into_vec::<f32>().unwrap()
    };
    let thrice: Vec<f32> = gradient(1.0).iter().map(|x| 3.0 * x).collect();
    close("gradient", &gradient(3.0), &thrice, 1e-6);
}
