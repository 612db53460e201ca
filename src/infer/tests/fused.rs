//! The network of every backend that this build and this machine have, against the plain composition on the CPU: outputs,
//! loss and gradient, through burn's autodiff for both. On the CPU this is the fused kernel.

use super::on_every_gpu;
use crate::backend::{Batch, Bodies, Cpu, Network, ScoreBackend, objective, outputs, slopes, states};
use crate::network::{Architecture, Inputs, Looks, Masks, Operations, Probes, Targets, plain};
use burn::backend::Autodiff;
use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{Tensor, TensorData};
use sbi_model::Mask;
use sbi_sim::rng::Stream;

/// Runs a check on the CPU, and on all GPUs that there are.
macro_rules! on_every_backend {
    ($check:ident) => {
        $check::<Autodiff<Cpu>>();
        on_every_gpu!($check);
    };
}

fn numbers(stream: &Stream, step: u32, count: usize, scale: f32) -> Vec<f32> {
    let mut values = vec![0.0; count];
    stream.fill_normal_f32(0, step, &mut values);
    values.iter().map(|x| x * scale).collect()
}

/// A network of which every fourth token shares its identity with the first; where it is wide, tokens have times and two of them
/// stand for modalities.
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
        summaries: if width > 40 { vec![1, tokens - 1] } else { Vec::new() },
        states: None,
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
            summaries: numbers(stream, 7, samples * architecture.summaries.len() * architecture.width, 0.5),
            wanted: Vec::new(),
        },
        targets: Targets {
            target: numbers(stream, 4, samples * tokens, 1.0),
            weight: numbers(stream, 5, samples * tokens, 1.0)
                .iter()
                .map(|x| x.max(0.0) / samples as f32)
                .collect(),
        },
        masks: Masks { masks: masks.into_iter().map(Into::into).collect() },
        readings: Vec::new(),
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

/// Parameters of a backend that tracks them.
fn tracked<B: AutodiffBackend>(parameters: &[f32]) -> Tensor<B, 1> {
    Tensor::from_data(TensorData::from(parameters), &B::Device::default()).require_grad()
}

fn read<B: AutodiffBackend>(tensor: Tensor<B::InnerBackend, 1>) -> Vec<f32> {
    tensor.into_data().into_vec().unwrap()
}

fn scalar<B: AutodiffBackend>(loss: &Tensor<B, 1>) -> f32 {
    read::<B>(loss.clone().inner())[0]
}

fn check_network<B>()
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
    Autodiff<B::InnerBackend>: Operations,
{
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
        let network = Network::new(&architecture, &[], 2);
        let (ours, theirs) = (tracked::<B>(&parameters), tracked::<Autodiff<Cpu>>(&parameters));

        let found = outputs(&ours.clone().inner(), &network, &batch.inputs, &batch.masks);
        let reference = plain::outputs(&architecture, &theirs.clone().inner(), &batch.inputs, &batch.masks);
        let reference = read::<Autodiff<Cpu>>(reference);
        close(&format!("outputs of {architecture:?}"), &read::<B>(found), &reference, 1e-4);

        let inputs = Inputs { mask: vec![0; 11], ..batch.inputs.clone() };
        let wanted: Vec<bool> = (0..tokens).map(|token| token % 3 != 2).collect();
        let probes = Probes::new(&architecture, &batch.masks.masks[0], &wanted);
        let found =
            slopes::<B::InnerBackend>(&ours.clone().inner(), &network, &inputs, &batch.masks, &probes);
        let reference =
            plain::slopes::<Cpu>(&architecture, &theirs.clone().inner(), &inputs, &batch.masks, &probes);
        let reference = read::<Autodiff<Cpu>>(reference);
        close(&format!("slopes of {architecture:?}"), &read::<B>(found), &reference, 1e-3);

        let fused = objective(&ours, &network, &batch);
        let composed =
            plain::objective(&architecture, &theirs, None, &batch.inputs, &batch.targets, &batch.masks);
        let (a, b) = (scalar(&fused), scalar(&composed));
        assert!((a - b).abs() < 1e-4 * b.abs(), "loss {a} against {b} for {architecture:?}");
        let ours = read::<B>(ours.grad(&fused.backward()).unwrap());
        let reference = read::<Autodiff<Cpu>>(theirs.grad(&composed.backward()).unwrap());
        for piece in &architecture.layout().pieces {
            close(&piece.name, &ours[piece.range.clone()], &reference[piece.range.clone()], 2e-3);
        }
    }
}

#[test]
fn the_network_of_every_backend_is_the_plain_one() {
    on_every_backend!(check_network);
}

fn check_body<B>()
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    let shapes =
        [(1, 1, 16, 1, 1), (6, 2, 20, 2, 2), (13, 13, 48, 1, 3), (40, 1, 32, 3, 2), (70, 4, 24, 0, 2)];
    for (tokens, outputs, width, layers, heads) in shapes {
        let architecture = Architecture::body(tokens, outputs, width, [layers, heads, 2 * width]);
        let (stream, samples) = (Stream::new(4, "body"), 9);
        let parameters = numbers(&stream, 0, architecture.parameters(), 0.2);
        let entering = numbers(&stream, 1, samples * tokens * width, 1.0);
        let towards = numbers(&stream, 2, samples * outputs * width, 1.0);
        let Batch { inputs, masks, .. } = batch(&architecture, samples, &stream);
        let looks = Looks { mask: inputs.mask, masks };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let body = Bodies::new(pool.into()).of(architecture.clone());

        let (ours, own) = (tracked::<B>(&parameters), tracked::<B>(&entering));
        let made = states(ours.clone(), own.clone(), body, looks.clone());
        let (theirs, other) = (tracked::<Autodiff<Cpu>>(&parameters), tracked::<Autodiff<Cpu>>(&entering));
        let reference = plain::states(&architecture, &theirs, other.clone(), &looks);
        let expected = read::<Autodiff<Cpu>>(reference.clone().inner());
        close(&format!("states of {architecture:?}"), &read::<B>(made.clone().inner()), &expected, 1e-4);

        let made = (made * tracked::<B>(&towards).detach()).sum().backward();
        let reference = (reference * tracked::<Autodiff<Cpu>>(&towards).detach()).sum().backward();
        let expected = read::<Autodiff<Cpu>>(other.grad(&reference).unwrap());
        close("what goes in", &read::<B>(own.grad(&made).unwrap()), &expected, 2e-3);
        if layers > 0 {
            let ours = read::<B>(ours.grad(&made).unwrap());
            let expected = read::<Autodiff<Cpu>>(theirs.grad(&reference).unwrap());
            for piece in &architecture.layout().pieces {
                close(&piece.name, &ours[piece.range.clone()], &expected[piece.range.clone()], 2e-3);
            }
        }
    }
}

#[test]
fn the_body_of_every_backend_is_the_plain_one() {
    on_every_backend!(check_body);
}

fn check_upstream<B>()
where
    B: AutodiffBackend + ScoreBackend,
    B::InnerBackend: ScoreBackend,
{
    let architecture = architecture(3, 16, 1, 1, 16, 2);
    let stream = Stream::new(5, "upstream");
    let parameters = numbers(&stream, 0, architecture.parameters(), 0.2);
    let batch = batch(&architecture, 4, &stream);
    let network = Network::new(&architecture, &[], 1);
    let gradient = |factor: f32| {
        let tracked = tracked::<B>(&parameters);
        let loss = objective(&tracked, &network, &batch) * factor;
        read::<B>(tracked.grad(&loss.backward()).unwrap())
    };
    let thrice: Vec<f32> = gradient(1.0).iter().map(|x| 3.0 * x).collect();
    close("gradient", &gradient(3.0), &thrice, 1e-6);
}

#[test]
fn an_upstream_factor_scales_the_gradient() {
    on_every_backend!(check_upstream);
}
