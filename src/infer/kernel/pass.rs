//! One micro-batch through the network, and back.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::attention::{Attention, MaskTable};
use super::elementwise::{activate, add, add_rows, level_features, multiply, token_features};
use super::functions::{gelu, silu};
use super::head;
use super::lanes::Simd;
use super::norm::{Modulation, NormGradient, RowShape, normalise, normalise_back};
use super::plan::{BlockPlan, Linear, Place, Plan};
use super::product::{Left, Matrix, MatrixMut, Sizes, Start, product};
use super::workspace::{BlockSpace, Workspace};

/// A few samples of a batch.
#[derive(Clone, Copy)]
pub(super) struct Micro<'a> {
    pub value: &'a [f32],
    pub given: &'a [f32],
    pub level: &'a [f32],
    pub mask: &'a [u32],
}

/// The network with packed weights, for one instruction set.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a, S> {
    pub s: S,
    pub plan: &'a Plan,
    pub weights: &'a [f32],
    pub masks: &'a MaskTable,
}

impl<'a, S: Simd> Pass<'a, S> {
    fn matrix(&self, place: &Place) -> Matrix<'a> {
        Matrix::new(&self.weights[place.start..], place.stride)
    }

    fn row(&self, place: &Place) -> &'a [f32] {
        &self.weights[place.range()]
    }

    /// `out` = start + x·W for `rows` rows.
    fn apply(&self, rows: usize, x: Left, weight: &Place, out: &mut [f32], start: Start) {
        let sizes = Sizes { rows, terms: weight.rows, columns: weight.stride };
        product(self.s, sizes, x, self.matrix(weight), MatrixMut::new(out, weight.stride), start);
    }

    /// Adds xᵀ·d to the gradient of a weight matrix; `x` has the rows of the weights, or is given transposed.
    fn add_product(&self, terms: usize, x: Left, d: &[f32], place: &Place, gradient: &mut [f32]) {
        let sizes = Sizes { rows: place.rows, terms, columns: place.stride };
        let to = MatrixMut::new(&mut gradient[place.start..], place.stride);
        product(self.s, sizes, x, Matrix::new(d, place.stride), to, Start::Add);
    }

    /// Gradients of a linear map from its input `x` and the gradient `d` of its output.
    fn add_linear(&self, rows: usize, x: &[f32], d: &[f32], linear: &Linear, gradient: &mut [f32]) {
        let x = Left::Transposed(Matrix::new(x, linear.transposed.stride));
        self.add_product(rows, x, d, &linear.weight, gradient);
        add_rows(self.s, &d[..rows * linear.bias.stride], &mut gradient[linear.bias.range()]);
    }

    /// Leaves F of every token in `space.outputs`. Unless `keep`, all blocks use the first one's memory.
    pub fn forward(&self, micro: &Micro, space: &mut Workspace, keep: bool) {
        let (plan, samples) = (self.plan, micro.level.len());
        let (tokens, width) = (samples * plan.tokens, plan.rows.token);
        self.context(micro, space);
        self.embed(micro, space);
        for (layer, block) in plan.blocks.iter().enumerate() {
            let Workspace { blocks, stream, modulation, turned, .. } = &mut *space;
            let block_space = &mut blocks[if keep { layer } else { 0 }];
            self.attention(micro, block, block_space, stream, turned);
            self.feed_forward(samples, layer, block_space, stream, modulation);
        }
        let last = &mut space.last;
        let shape = RowShape::new(plan.width);
        normalise(self.s, shape, &space.stream[..tokens * width], &mut last.rows, &mut last.scale[..tokens]);
        let (head, bias) = (self.row(&plan.head), self.weights[plan.head_bias.start]);
        head::forward(self.s, &last.rows[..tokens * width], head, bias, &mut space.outputs[..tokens]);
    }

    /// The context of every sample, and from it the shifts and scales of all blocks.
    fn context(&self, micro: &Micro, space: &mut Workspace) {
        let (plan, samples) = (self.plan, micro.level.len());
        let width = plan.rows.token;
        let stride = space.level_stride;
        level_features(self.s, &plan.level_frequencies, micro.level, &mut space.level_features, stride);
        let mut input = Left::Transposed(Matrix::new(&space.level_features, stride));
        for (linear, layer) in [&plan.level_in, &plan.level_out].into_iter().zip(&mut space.context) {
            let start = Start::Bias(self.row(&linear.bias));
            self.apply(samples, input, &linear.weight, &mut layer.slope, start);
            activate(self.s, &mut layer.slope[..samples * width], &mut layer.value, silu);
            input = Left::Plain(Matrix::new(&layer.value, width));
        }
        let start = Start::Bias(self.row(&plan.modulation.bias));
        if !plan.blocks.is_empty() {
            self.apply(samples, input, &plan.modulation.weight, &mut space.modulation, start);
        }
    }

    /// The residual stream's first state.
    fn embed(&self, micro: &Micro, space: &mut Workspace) {
        let (plan, tokens) = (self.plan, micro.value.len());
        let stride = space.token_stride;
        token_features(self.s, plan.frequencies, micro.value, micro.given, &mut space.token_features, stride);
        let id = self.row(&plan.id);
        for sample in space.stream[..tokens * plan.rows.token].chunks_exact_mut(id.len()) {
            sample.copy_from_slice(id);
        }
        let features = Left::Transposed(Matrix::new(&space.token_features, stride));
        self.apply(tokens, features, &plan.embed, &mut space.stream, Start::Add);
    }

    /// h += O·attention(LN1(h)).
    fn attention(
        &self,
        micro: &Micro,
        block: &BlockPlan,
        space: &mut BlockSpace,
        stream: &mut [f32],
        turned: &mut [f32],
    ) {
        let (plan, tokens) = (self.plan, micro.value.len());
        let width = plan.rows.token;
        let first = &mut space.first;
        let shape = RowShape::new(plan.width);
        normalise(self.s, shape, &stream[..tokens * width], &mut first.rows, &mut first.scale[..tokens]);
        let normal = Left::Plain(Matrix::new(&first.rows, width));
        let start = Start::Bias(self.row(&block.qkv.bias));
        self.apply(tokens, normal, &block.qkv.weight, &mut space.qkv, start);
        let masks = (self.masks, micro.mask);
        Attention::new(plan).forward(
            self.s,
            masks,
            &space.qkv,
            &mut space.weights,
            &mut space.attended,
            turned,
        );
        let attended = Left::Plain(Matrix::new(&space.attended, plan.rows.attention));
        let start = Start::AddBias(self.row(&block.out.bias));
        self.apply(tokens, attended, &block.out.weight, stream, start);
    }

    /// h += down(gelu(up(modulated LN2(h)))).
    fn feed_forward(
        &self,
        samples: usize,
        layer: usize,
        space: &mut BlockSpace,
        stream: &mut [f32],
        modulation: &[f32],
    ) {
        let (plan, block) = (self.plan, &self.plan.blocks[layer]);
        let (tokens, width) = (samples * plan.tokens, plan.rows.token);
        let (second, shape) = (&mut space.second, RowShape::new(plan.width));
        normalise(self.s, shape, &stream[..tokens * width], &mut second.rows, &mut second.scale[..tokens]);
        self.modulation(layer, samples, modulation).forward(
            self.s,
            &second.rows[..tokens * width],
            &mut space.modulated,
        );
        let x = Left::Plain(Matrix::new(&space.modulated, width));
        let hidden = &mut space.hidden;
        let start = Start::Bias(self.row(&block.up.bias));
        self.apply(tokens, x, &block.up.weight, &mut hidden.slope, start);
        activate(self.s, &mut hidden.slope[..tokens * plan.rows.hidden], &mut hidden.value, gelu);
        let x = Left::Plain(Matrix::new(&hidden.value, plan.rows.hidden));
        self.apply(tokens, x, &block.down.weight, stream, Start::AddBias(self.row(&block.down.bias)));
    }

    fn modulation<'b>(&self, layer: usize, samples: usize, modulation: &'b [f32]) -> Modulation<'b>
    where
        'a: 'b,
    {
        let (plan, block) = (self.plan, &self.plan.blocks[layer]);
        let stride = plan.rows.modulation;
        let first = 2 * layer * plan.rows.token;
        Modulation {
            vectors: RowShape::new(plan.width).vectors,
            tokens: plan.tokens,
            gain: self.row(&block.gain),
            shift: self.row(&block.shift),
            samples: &modulation[first..(samples - 1) * stride + first + 2 * plan.rows.token],
            stride,
        }
    }

    /// Adds to `gradient` what the gradient with respect to the outputs, in `space.outputs`, gives after a forward pass.
    pub fn backward(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let plan = self.plan;
        self.head_back(micro, space, gradient);
        for layer in (0..plan.blocks.len()).rev() {
            self.feed_forward_back(micro, layer, space, gradient);
            self.attention_back(micro, layer, space, gradient);
        }
        self.embed_back(micro, space, gradient);
        self.context_back(micro, space, gradient);
    }

    fn head_back(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, tokens) = (self.plan, micro.value.len());
        let width = plan.rows.token;
        let (last, back) = (&space.last, &mut space.back);
        let (before, bias) = gradient.split_at_mut(plan.head_bias.start);
        head::backward(
            self.s,
            (&last.rows, self.row(&plan.head)),
            &space.outputs[..tokens],
            &mut back.rows,
            (&mut before[plan.head.range()], &mut bias[0]),
        );
        back.stream[..tokens * width].fill(0.0);
        normalise_back(
            self.s,
            RowShape::new(plan.width),
            &back.rows[..tokens * width],
            (&last.rows, &last.scale[..tokens]),
            &mut back.stream,
        );
    }

    fn feed_forward_back(&self, micro: &Micro, layer: usize, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, block) = (self.plan, &self.plan.blocks[layer]);
        let (tokens, width) = (micro.value.len(), plan.rows.token);
        let (kept, back) = (&space.blocks[layer], &mut space.back);
        self.add_linear(tokens, &kept.hidden.value, &back.stream, &block.down, gradient);
        let d = Left::Plain(Matrix::new(&back.stream, width));
        self.apply(tokens, d, &block.down.transposed, &mut back.hidden, Start::Zero);
        multiply(self.s, &mut back.hidden[..tokens * plan.rows.hidden], &kept.hidden.slope);
        self.add_linear(tokens, &kept.modulated, &back.hidden, &block.up, gradient);
        let d = Left::Plain(Matrix::new(&back.hidden, plan.rows.hidden));
        self.apply(tokens, d, &block.up.transposed, &mut back.rows, Start::Zero);
        let stride = plan.rows.modulation;
        let first = 2 * layer * width;
        let end = (micro.level.len() - 1) * stride + first + 2 * width;
        let (before, shift) = gradient.split_at_mut(block.shift.start);
        let of_norm =
            NormGradient { gain: &mut before[block.gain.range()], shift: &mut shift[..block.shift.stride] };
        self.modulation(layer, micro.level.len(), &space.modulation).backward(
            self.s,
            &kept.second.rows[..tokens * width],
            &mut back.rows[..tokens * width],
            &mut back.modulation[first..end],
            of_norm,
        );
        normalise_back(
            self.s,
            RowShape::new(plan.width),
            &back.rows[..tokens * width],
            (&kept.second.rows, &kept.second.scale[..tokens]),
            &mut back.stream,
        );
    }

    fn attention_back(&self, micro: &Micro, layer: usize, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, block) = (self.plan, &self.plan.blocks[layer]);
        let (tokens, width) = (micro.value.len(), plan.rows.token);
        let (kept, back) = (&space.blocks[layer], &mut space.back);
        self.add_linear(tokens, &kept.attended, &back.stream, &block.out, gradient);
        let d = Left::Plain(Matrix::new(&back.stream, width));
        self.apply(tokens, d, &block.out.transposed, &mut back.attended, Start::Zero);
        let pairs = plan.heads * tokens * plan.rows.queries;
        Attention::new(plan).backward(
            self.s,
            &kept.qkv,
            &kept.weights[..pairs],
            &back.attended,
            &mut back.qkv,
            [&mut space.turned, &mut back.weights],
        );
        self.add_linear(tokens, &kept.first.rows, &back.qkv, &block.qkv, gradient);
        let d = Left::Plain(Matrix::new(&back.qkv, plan.rows.qkv));
        self.apply(tokens, d, &block.qkv.transposed, &mut back.rows, Start::Zero);
        normalise_back(
            self.s,
            RowShape::new(plan.width),
            &back.rows[..tokens * width],
            (&kept.first.rows, &kept.first.scale[..tokens]),
            &mut back.stream,
        );
    }

    fn embed_back(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, tokens) = (self.plan, micro.value.len());
        let d = &space.back.stream[..tokens * plan.rows.token];
        let features = Left::Plain(Matrix::new(&space.token_features, space.token_stride));
        self.add_product(tokens, features, &space.back.stream, &plan.embed, gradient);
        let id = &mut gradient[plan.id.range()];
        for sample in d.chunks_exact(id.len()) {
            add(self.s, id, sample);
        }
    }

    fn context_back(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, samples) = (self.plan, micro.level.len());
        if plan.blocks.is_empty() {
            return;
        }
        let width = plan.rows.token;
        let [first, second] = &mut space.context;
        let back = &mut space.back;
        self.add_linear(samples, &second.value, &back.modulation, &plan.modulation, gradient);
        let d = Left::Plain(Matrix::new(&back.modulation, plan.rows.modulation));
        self.apply(samples, d, &plan.modulation.transposed, &mut back.context, Start::Zero);
        multiply(self.s, &mut back.context[..samples * width], &second.slope);
        self.add_linear(samples, &first.value, &back.context, &plan.level_out, gradient);
        let d = Left::Plain(Matrix::new(&back.context, width));
        self.apply(samples, d, &plan.level_out.transposed, &mut second.value, Start::Zero);
        multiply(self.s, &mut second.value[..samples * width], &first.slope);
        let features = Left::Plain(Matrix::new(&space.level_features, space.level_stride));
        self.add_product(samples, features, &second.value, &plan.level_in.weight, gradient);
        let bias = &mut gradient[plan.level_in.bias.range()];
        add_rows(self.s, &second.value[..samples * width], bias);
    }
}
