//! Kernels of GPUs against the composed operations on the CPU: outputs and gradients on random numbers.
//!
//! With the feature `cuda` on an NVIDIA GPU; with `wgpu` on what wgpu finds, which may be Mesa's lavapipe, a GPU in software.

use super::on_every_gpu;
use crate::backend::Cpu;
use crate::network::{Operations, masked_attention, normalise};
use burn::backend::Autodiff;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Bool, Tensor, TensorData};

/// Worst difference from the reference, relative to its largest entry.
const TOLERANCE: f32 = 1e-5;

/// Numbers after each row, so many that a slice without them is a view.
const PADDING: usize = 64;

/// Numbers between -1 and 1 and choices, the same at every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// Who may look at whom.
#[derive(Clone, Copy, Debug)]
enum Allowed {
    Everything,
    /// A share of the pairs, and nothing for every third query.
    Some(f32),
    /// The same share in all samples: one mask in memory.
    Shared(f32),
    Nothing,
}

/// One attention, and a gradient with respect to its output.
struct Case {
    samples: usize,
    heads: usize,
    tokens: usize,
    width: usize,
    qkv: Vec<f32>,
    mask: Vec<bool>,
    upstream: Vec<f32>,
}

impl Case {
    fn new(numbers: &mut Numbers, [samples, heads, tokens, width]: [usize; 4], allowed: Allowed) -> Case {
        let count = samples * heads * tokens * width;
        let masks = if matches!(allowed, Allowed::Shared(_)) { 1 } else { samples };
        let mask = (0..masks * tokens * tokens).map(|at| match allowed {
            Allowed::Everything => true,
            Allowed::Some(share) | Allowed::Shared(share) => {
                (at / tokens) % 3 != 0 && numbers.next() < 2.0 * share - 1.0
            }
            Allowed::Nothing => false,
        });
        let mask = mask.collect();
        let qkv = numbers.many(3 * count).into_iter().map(|x| 3.0 * x).collect();
        Case { samples, heads, tokens, width, qkv, mask, upstream: numbers.many(count) }
    }

    /// The output, then the gradient with respect to the packed queries, keys and values.
    fn run<B: AutodiffBackend + Operations>(&self) -> [Vec<f32>; 2] {
        let device = &B::Device::default();
        let &Case { samples, heads, tokens, width, .. } = self;
        let wide = heads * width;
        let qkv =
            Tensor::<B, 2>::from_data(data(&self.qkv, [samples * tokens, 3 * wide]), device).require_grad();
        let mask =
            TensorData::new(self.mask.clone(), [self.mask.len() / (tokens * tokens), 1, tokens, tokens]);
        let mask = Tensor::<B, 4, Bool>::from_data(mask, device).expand([samples, 1, tokens, tokens]);
        let output = masked_attention(qkv.clone(), mask, heads);
        let upstream = Tensor::<B, 2>::from_data(data(&self.upstream, [samples * tokens, wide]), device);
        let gradients = (output.clone() * upstream).sum().backward();
        [numbers(output), numbers(qkv.grad(&gradients).expect("a gradient"))]
    }
}

fn data<const D: usize>(values: &[f32], shape: [usize; D]) -> TensorData {
    TensorData::new(values.to_vec(), shape)
}

fn numbers<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().into_vec().expect("f32")
}

fn error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1e-6f32, |largest, x| largest.max(x.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |worst: f32, x| if x.is_nan() { f32::INFINITY } else { worst.max(x) }) / largest
}

fn compare(name: &str, found: [Vec<f32>; 2], expected: [Vec<f32>; 2]) {
    let errors = [error(&found[0], &expected[0]), error(&found[1], &expected[1])];
    assert!(errors.iter().all(|error| *error < TOLERANCE), "{name}: {errors:?}");
}

fn check_attention<B: AutodiffBackend + Operations>() {
    let mut random = Numbers(1);
    let mut sizes = vec![[1, 1, 256, 64], [2, 1, 7, 10], [5, 3, 9, 64], [300, 4, 8, 12]];
    for tokens in [1, 5, 8, 32, 104] {
        sizes.extend([5, 12, 16, 32].map(|width| [3, 4, tokens, width]));
    }
    let share = [Allowed::Some(0.5), Allowed::Some(0.1), Allowed::Shared(0.3)];
    for size in sizes {
        for allowed in [Allowed::Everything, Allowed::Nothing].into_iter().chain(share) {
            let case = Case::new(&mut random, size, allowed);
            let (found, expected) = (case.run::<B>(), case.run::<Autodiff<Cpu>>());
            compare(&format!("{size:?} {allowed:?}"), found, expected);
        }
    }
}

#[test]
fn attention_agrees_with_its_composition() {
    on_every_gpu!(check_attention);
}

/// Normalised rows and their gradient, of a view of padded rows.
fn norm<B: AutodiffBackend + Operations>(x: &[f32], upstream: &[f32], shape: [usize; 2]) -> [Vec<f32>; 2] {
    let device = B::Device::default();
    let x = Tensor::<B, 2>::from_data(data(x, shape), &device).require_grad();
    let padded = Tensor::cat(vec![x.clone(), Tensor::ones([shape[0], PADDING], &device)], 1);
    let output = normalise(padded.slice([0..shape[0], 0..shape[1]]));
    let gradients = (output.clone() * Tensor::from_data(data(upstream, shape), &device)).sum().backward();
    [numbers(output), numbers(x.grad(&gradients).expect("a gradient"))]
}

fn check_norm<B: AutodiffBackend + Operations>() {
    let mut random = Numbers(2);
    for shape in [1, 7, 8, 1000].into_iter().flat_map(|rows| [16, 48, 50, 300].map(|width| [rows, width])) {
        let x: Vec<f32> = random.many(shape[0] * shape[1]).into_iter().map(|x| 2.0 * x + 0.7).collect();
        let upstream = random.many(shape[0] * shape[1]);
        let expected = norm::<Autodiff<Cpu>>(&x, &upstream, shape);
        compare(&format!("{shape:?}"), norm::<B>(&x, &upstream, shape), expected);
    }
}

#[test]
fn the_norm_agrees_with_its_composition() {
    on_every_gpu!(check_norm);
}

fn check_computes<B>()
where
    B: AutodiffBackend,
    B::InnerBackend: crate::backend::ScoreBackend,
{
    crate::device::computes::<B::InnerBackend>().unwrap();
}

#[test]
fn a_gpu_that_is_there_computes() {
    on_every_gpu!(check_computes);
}
