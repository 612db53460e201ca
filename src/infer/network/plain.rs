//! The network composed of tensor operations: the reference that the fused kernel is compared with, and the path of GPUs,
//! which have kernels for two of these operations.

use super::operations::{Operations, Pieces, gelu, masked_attention};
use super::{
    Architecture, BlockLayout, Inputs, LEVEL_FREQUENCIES, Looks, Masks, Probes, Targets, level_frequencies,
};
use burn::backend::Autodiff;
use burn::tensor::activation::silu;
use burn::tensor::{Bool, Int, Tensor, TensorData};
use std::ops::Range;

/// The outputs F of all tokens, `[B·T]`.
pub fn outputs<B: Operations>(
    architecture: &Architecture,
    parameters: &Tensor<B, 1>,
    inputs: &Inputs,
    masks: &Masks,
) -> Tensor<B, 1> {
    let net =
        Net { architecture, parameters, samples: inputs.samples(), summaries: made(inputs, parameters) };
    net.outputs(net.column(&inputs.value), inputs, masks)
}

/// The outputs F of the tokens that are probed, and the derivative of each by its own token's value, `[B, 2, T]`; zero of others.
pub fn slopes<B: Operations>(
    architecture: &Architecture,
    parameters: &Tensor<B, 1>,
    inputs: &Inputs,
    masks: &Masks,
    probes: &Probes,
) -> Tensor<B, 1>
where
    Autodiff<B>: Operations,
{
    let (samples, tokens, device) = (inputs.samples(), architecture.tokens, parameters.device());
    let parameters = Tensor::<Autodiff<B>, 1>::from_inner(parameters.clone());
    let net = Net { architecture, parameters: &parameters, samples, summaries: made(inputs, &parameters) };
    let zeros = || Tensor::<B, 3>::zeros([samples, 1, tokens], &device);
    let (mut outputs, mut slopes) = (zeros(), zeros());
    for group in 0..probes.count {
        let value = net.column(&inputs.value).require_grad();
        let own = probes.groups.iter().map(|own| f32::from(u8::from(*own == Some(group))));
        let own = own.collect::<Vec<f32>>().repeat(samples);
        let own = Tensor::<B, 1>::from_data(TensorData::from(own.as_slice()), &device);
        let made = net.outputs(value.clone(), inputs, masks) * Tensor::from_inner(own.clone());
        let slope = value.grad(&made.clone().sum().backward()).expect("outputs depend on values");
        outputs = outputs + made.inner().reshape([samples, 1, tokens]);
        slopes = slopes + (slope.flatten::<1>(0, 1) * own).reshape([samples, 1, tokens]);
    }
    Tensor::cat(vec![outputs, slopes], 1).flatten(0, 2)
}

/// The loss Σ weight (F − target)², `[1]`, with these summaries in place of those of the inputs, where gradients go back to
/// what made them.
pub fn objective<B: Operations>(
    architecture: &Architecture,
    parameters: &Tensor<B, 1>,
    summaries: Option<Tensor<B, 1>>,
    inputs: &Inputs,
    targets: &Targets,
    masks: &Masks,
) -> Tensor<B, 1> {
    let device = parameters.device();
    let target = Tensor::<B, 1>::from_data(TensorData::from(targets.target.as_slice()), &device);
    let weight = Tensor::<B, 1>::from_data(TensorData::from(targets.weight.as_slice()), &device);
    let summaries = summaries.or_else(|| made(inputs, parameters));
    let net = Net { architecture, parameters, samples: inputs.samples(), summaries };
    let error = net.outputs(net.column(&inputs.value), inputs, masks) - target;
    (error.clone() * error * weight).sum()
}

/// The states that come out of a body, `[B·states·D]`, from those that go in, `[B·T·D]`.
pub fn states<B: Operations>(
    architecture: &Architecture,
    parameters: &Tensor<B, 1>,
    entering: Tensor<B, 1>,
    looks: &Looks,
) -> Tensor<B, 1> {
    let Architecture { tokens, width, states, .. } = *architecture;
    let (samples, states) = (looks.mask.len(), states.expect("a body has states"));
    let net = Net { architecture, parameters, samples, summaries: None };
    let mask = net.mask(&looks.mask, &looks.masks);
    let mut h = entering.reshape([samples * tokens, width]);
    for block in &architecture.layout().blocks {
        h = h.clone() + net.attend(net.norm(h, &block.norm1), block, &mask);
        h = h.clone() + net.feed_forward(net.norm(h, &block.norm2), None, block);
    }
    h.reshape([samples, tokens, width]).slice([0..samples, 0..states, 0..width]).flatten(0, 2)
}

/// What encoders made of the modalities of a batch, if there are any, where the parameters are.
fn made<B: Operations>(inputs: &Inputs, parameters: &Tensor<B, 1>) -> Option<Tensor<B, 1>> {
    let made = || Tensor::from_data(TensorData::from(inputs.summaries.as_slice()), &parameters.device());
    (!inputs.summaries.is_empty()).then(made)
}

/// A network bound to its parameters for one batch. Token tensors are `[B·T, width]`.
struct Net<'a, B: Operations> {
    architecture: &'a Architecture,
    parameters: &'a Tensor<B, 1>,
    samples: usize,
    /// `[B·K·D]`, where some tokens stand for modalities.
    summaries: Option<Tensor<B, 1>>,
}

impl<B: Operations> Net<'_, B> {
    /// The outputs of tokens with these values, a row each.
    fn outputs(&self, value: Tensor<B, 2>, inputs: &Inputs, masks: &Masks) -> Tensor<B, 1> {
        let layout = self.architecture.layout();
        let context = self.context(inputs, &layout);
        let mask = self.mask(&inputs.mask, masks);
        let mut h = self.embed(value, inputs, &layout);
        for block in &layout.blocks {
            h = h.clone() + self.attend(self.norm(h, &block.norm1), block, &mask);
            h = h.clone() + self.feed_forward(self.norm(h, &block.norm2), Some(&context), block);
        }
        self.linear(self.norm(h, &layout.norm), &layout.head).flatten(0, 1)
    }

    fn vector(&self, range: &Range<usize>) -> Tensor<B, 2> {
        self.matrix(range, 1)
    }

    fn matrix(&self, range: &Range<usize>, rows: usize) -> Tensor<B, 2> {
        Pieces(self.parameters).matrix(range, rows)
    }

    fn linear(&self, x: Tensor<B, 2>, linear: &[Range<usize>; 2]) -> Tensor<B, 2> {
        Pieces(self.parameters).linear(x, linear)
    }

    fn norm(&self, x: Tensor<B, 2>, norm: &[Range<usize>; 2]) -> Tensor<B, 2> {
        Pieces(self.parameters).norm(x, norm)
    }

    fn column(&self, values: &[f32]) -> Tensor<B, 2> {
        let data = TensorData::new(values.to_vec(), [values.len(), 1]);
        Tensor::from_data(data, &self.parameters.device())
    }

    fn embed(&self, value: Tensor<B, 2>, inputs: &Inputs, layout: &super::Layout) -> Tensor<B, 2> {
        let Architecture { tokens, width, frequencies, .. } = *self.architecture;
        let kinds = self.architecture.identities.iter().map(|kind| *kind as i32);
        let kinds: Vec<i32> = kinds.collect();
        let kinds = Tensor::<B, 1, Int>::from_data(TensorData::from(kinds.as_slice()), &value.device());
        let id = self.matrix(&layout.id, self.architecture.kinds).select(0, kinds);
        let id = id.reshape([1, tokens, width]).expand([self.samples, tokens, width]);
        let weights = self.matrix(&layout.value, 1 + 2 * frequencies);
        let known = self.waves(value, self.architecture.value_frequencies()).matmul(weights)
            + id.reshape([self.samples * tokens, width])
            + self.column(&inputs.given).matmul(self.vector(&layout.given));
        let known = match self.architecture.time_features() {
            0 => known,
            features => {
                let time = self.waves(self.column(&inputs.time), self.architecture.time_frequencies());
                known + time.matmul(self.matrix(&layout.time, features))
            }
        };
        match &self.summaries {
            None => known,
            Some(summaries) => known + self.spread(summaries),
        }
    }

    /// What encoders made, where the tokens are that stand for modalities; zero of others. `[B·T, D]`.
    fn spread(&self, summaries: &Tensor<B, 1>) -> Tensor<B, 2> {
        let Architecture { tokens, width, summaries: ref own, .. } = *self.architecture;
        let (count, device) = (own.len(), summaries.device());
        let made = summaries.clone().reshape([self.samples, count, width]);
        // A row of zeros stands behind for all other tokens.
        let made = Tensor::cat(vec![made, Tensor::zeros([self.samples, 1, width], &device)], 1);
        let row = |token: usize| own.iter().position(|own| *own == token).unwrap_or(count) as i32;
        let rows: Vec<i32> = (0..tokens).map(row).collect();
        let rows = Tensor::<B, 1, Int>::from_data(TensorData::from(rows.as_slice()), &device);
        made.select(1, rows).reshape([self.samples * tokens, width])
    }

    /// x, then sin(ω x) for every frequency ω, then cos(ω x): a row for each number.
    fn waves(&self, x: Tensor<B, 2>, frequencies: impl Iterator<Item = f32>) -> Tensor<B, 2> {
        let frequencies: Vec<f32> = frequencies.collect();
        if frequencies.is_empty() {
            return x;
        }
        let waves = Tensor::<B, 1>::from_data(TensorData::from(frequencies.as_slice()), &x.device());
        let angles = x.clone().matmul(waves.reshape([1, frequencies.len()]));
        Tensor::cat(vec![x, angles.clone().sin(), angles.cos()], 1)
    }

    /// What each sample's noise level says to the blocks, `[B, width]`.
    fn context(&self, inputs: &Inputs, layout: &super::Layout) -> Tensor<B, 2> {
        let level = self.column(&inputs.level);
        let waves =
            Tensor::<B, 1>::from_data(TensorData::from(level_frequencies().as_slice()), &level.device());
        let angles = level.matmul(waves.reshape([1, LEVEL_FREQUENCIES]));
        let features = Tensor::cat(vec![angles.clone().sin(), angles.cos()], 1);
        silu(self.linear(silu(self.linear(features, &layout.level_in)), &layout.level_out))
    }

    /// Where attention may look, `[B, 1, T, T]`.
    fn mask(&self, index: &[u32], masks: &Masks) -> Tensor<B, 4, Bool> {
        let tokens = self.architecture.tokens;
        let mut allowed = Vec::with_capacity(self.samples * tokens * tokens);
        for &index in index {
            let mask = masks.masks.get(index as usize).expect("a sample names a mask of its batch");
            allowed.extend((0..tokens * tokens).map(|at| mask.get(at / tokens, at % tokens)));
        }
        let data = TensorData::new(allowed, [self.samples, 1, tokens, tokens]);
        Tensor::from_data(data, &self.parameters.device())
    }

    fn attend(&self, x: Tensor<B, 2>, block: &BlockLayout, mask: &Tensor<B, 4, Bool>) -> Tensor<B, 2> {
        let qkv = self.linear(x, &block.qkv);
        self.linear(masked_attention(qkv, mask.clone(), self.architecture.heads), &block.out)
    }

    /// What the feed-forward part adds to normalised states; a body has no context.
    fn feed_forward(
        &self,
        x: Tensor<B, 2>,
        context: Option<&Tensor<B, 2>>,
        block: &BlockLayout,
    ) -> Tensor<B, 2> {
        let x = context.map_or_else(|| x.clone(), |context| self.modulated(x.clone(), context, block));
        self.linear(gelu(self.linear(x, &block.up)), &block.down)
    }

    fn modulated(&self, x: Tensor<B, 2>, context: &Tensor<B, 2>, block: &BlockLayout) -> Tensor<B, 2> {
        let Architecture { tokens, width, .. } = *self.architecture;
        let modulation = self.linear(context.clone(), &block.modulation);
        let part = |index: usize| {
            let part = modulation.clone().slice([0..self.samples, index * width..(index + 1) * width]);
            let part = part.reshape([self.samples, 1, width]).expand([self.samples, tokens, width]);
            part.reshape([self.samples * tokens, width])
        };
        let (shift, scale) = (part(0), part(1));
        x * (scale + 1.0) + shift
    }
}
