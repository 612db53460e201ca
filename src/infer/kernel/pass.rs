//! One micro-batch through the network, and back.
//!
//! Going back, d names the gradient of the loss with respect to what it stands for. Every linear map y = x·W + b asks for
//! the same three products: dW += xᵀ·dy, db += Σ dy, dx = dy·Wᵀ.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::asked::Shared;
use super::attention::{Attention, Scratch};
use super::elementwise::{add, add_rows};
use super::features::Features;
use super::functions::{gelu, gelu_value, silu};
use super::head;
use super::lanes::Simd;
use super::masks::MaskTable;
use super::micro::{Micro, Span, compact, expand, gather};
use super::modulation::{Gradient, Modulation};
use super::norm::{Normal, Rows};
use super::plan::{Linear, Place, Plan};
use super::product::{Count, Left, Matrix, MatrixMut, Sizes, Start, product};
use super::workspace::{BlockSpace, Workspace};

/// The network with packed weights, for one instruction set.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a, S> {
    pub s: S,
    pub plan: &'a Plan,
    pub weights: &'a [f32],
    pub masks: &'a MaskTable,
    /// What all samples share, where only some of their tokens are asked.
    pub shared: Option<&'a Shared>,
}

/// Forward.
impl<'a, S: Simd> Pass<'a, S> {
    /// Leaves F of the rows that are wanted in `space.outputs`. Unless `keep`, all blocks use the first one's memory.
    pub fn forward(&self, micro: &Micro, space: &mut Workspace, keep: bool) {
        self.context(micro, space, keep);
        let Workspace { token_features, blocks, stream, wanted, levels, attention, .. } = &mut *space;
        self.embed(micro, token_features, stream);
        for layer in 0..self.plan.blocks.len() {
            let block = &mut blocks[if keep { layer } else { 0 }];
            self.project(micro.all, layer, &mut block.first, stream, &mut block.qkv);
            self.attend(micro, self.span(micro, layer), block, attention);
            if !self.is_last(layer) {
                self.add_attended(micro.all, layer, &block.attended, stream);
                self.feed_forward(micro.all, layer, block, stream, levels, keep);
            }
        }
        gather(micro.among, self.plan.rows.token, stream, &mut wanted.stream);
        self.finish(micro.wanted, space, keep);
    }

    /// From what attention gives the rows that are wanted, in the last block, to their outputs.
    pub fn finish(&self, wanted: Span, space: &mut Workspace, keep: bool) {
        let Workspace { blocks, wanted: rows, levels, last, outputs, .. } = space;
        if let Some(layer) = self.plan.blocks.len().checked_sub(1) {
            let block = &mut blocks[if keep { layer } else { 0 }];
            self.add_attended(wanted, layer, &block.attended, &mut rows.stream);
            self.feed_forward(wanted, layer, block, &mut rows.stream, levels, keep);
        }
        if self.plan.states.is_some() {
            return;
        }
        last.forward(self.s, self.rows(wanted), &rows.stream);
        let (head, bias) = (self.row(&self.plan.head), self.weights[self.plan.head_bias.start]);
        head::forward(self.s, &last.rows, head, bias, &mut outputs[..wanted.rows()]);
    }

    /// The context of every sample, and from it the offsets and scales of all blocks. A step of a solver has one level
    /// for all samples, so that unless `keep` one is computed for all.
    pub fn context(&self, micro: &Micro, space: &mut Workspace, keep: bool) {
        let plan = self.plan;
        if plan.states.is_some() {
            let blocks = space.levels.chunks_exact_mut(2 * plan.rows.token);
            return blocks.for_each(|block| block[plan.rows.token..][..plan.width].fill(1.0));
        }
        let alike = !keep && micro.level.iter().all(|level| Some(level) == micro.level.first());
        let samples = if alike { 1 } else { micro.level.len() };
        let Workspace { level_features, context: [first, second], levels, .. } = space;
        level_features.set_waves(self.s, 0, &plan.level_frequencies, &micro.level[..samples]);
        let len = samples * plan.rows.token;
        self.linear(samples, level_features.by_number(), &plan.level_in, &mut first.slope);
        first.forward(self.s, len, silu);
        self.linear(samples, by_row(&first.value, plan.rows.token), &plan.level_out, &mut second.slope);
        second.forward(self.s, len, silu);
        self.linear(samples, by_row(&second.value, plan.rows.token), &plan.modulation, levels);
        for sample in samples..micro.level.len() {
            levels.copy_within(..plan.rows.levels, sample * plan.rows.levels);
        }
    }

    /// The first state of the residual stream of the rows that go in.
    pub fn embed(&self, micro: &Micro, features: &mut Features, stream: &mut [f32]) {
        let plan = self.plan;
        if plan.states.is_some() {
            stream[..micro.entering.rows() * plan.rows.token].fill(0.0);
            return self.add_summaries(micro, stream);
        }
        features.set(0, micro.value);
        features.set_waves(self.s, 1, &plan.value_frequencies, micro.value);
        features.set(plan.given(), micro.given);
        if !plan.time_frequencies.is_empty() {
            features.set(plan.given() + 1, micro.time);
            features.set_waves(self.s, plan.given() + 2, &plan.time_frequencies, micro.time);
        }
        let (id, row) = (self.row(&plan.id), plan.rows.token);
        for (token, to) in micro.entering.tokens.iter().zip(stream.chunks_exact_mut(row)) {
            to.copy_from_slice(&id[*token as usize % plan.tokens * row..][..row]);
        }
        self.add_summaries(micro, stream);
        let rows = micro.entering.rows();
        self.apply(rows, features.by_number(), &plan.embed, stream, Start::Add);
    }

    fn add_summaries(&self, micro: &Micro, stream: &mut [f32]) {
        for (place, range) in self.summaries(micro.entering.tokens) {
            let to = &mut stream[place * self.plan.rows.token..][..self.plan.width];
            to.iter_mut().zip(&micro.summaries[range]).for_each(|(to, made)| *to += made);
        }
    }

    /// Queries, keys and values of LN1(h).
    pub fn project(&self, span: Span, layer: usize, first: &mut Normal, stream: &[f32], qkv: &mut [f32]) {
        first.forward(self.s, self.rows(span), stream);
        let rows = by_row(&first.rows, self.plan.rows.token);
        self.linear(span.rows(), rows, &self.plan.blocks[layer].qkv, qkv);
    }

    /// From queries, keys and values of all rows what attention gives those of `span`.
    pub fn attend(&self, micro: &Micro, span: Span, space: &mut BlockSpace, scratch: &mut Scratch) {
        let BlockSpace { qkv, weights, attended, .. } = space;
        let (rows, tokens) = (self.plan.rows, micro.mask.len() * self.plan.tokens);
        expand(micro.all.places, rows.qkv, &mut qkv[..tokens * rows.qkv]);
        let masks = (&self.masks.all, micro.mask);
        Attention::new(self.plan).forward(self.s, masks, (qkv, qkv), (weights, attended), scratch);
        compact(span.places, rows.attention, attended);
    }

    /// h += O·attended.
    pub fn add_attended(&self, span: Span, layer: usize, attended: &[f32], stream: &mut [f32]) {
        let rows = by_row(attended, self.plan.rows.attention);
        self.add_linear(span.rows(), rows, &self.plan.blocks[layer].out, stream);
    }

    /// h += down(gelu(up(modulated LN2(h)))); derivatives are kept where a way back follows.
    pub fn feed_forward(
        &self,
        span: Span,
        layer: usize,
        space: &mut BlockSpace,
        stream: &mut [f32],
        levels: &[f32],
        keep: bool,
    ) {
        let (plan, block, rows) = (self.plan, &self.plan.blocks[layer], self.rows(span));
        let BlockSpace { second, modulated, hidden, .. } = space;
        second.forward(self.s, rows, stream);
        self.modulation(span, layer, levels).forward(self.s, &second.rows[..rows.len()], modulated);
        self.linear(rows.count, by_row(modulated, plan.rows.token), &block.up, &mut hidden.slope);
        let len = rows.count * plan.rows.hidden;
        if keep {
            hidden.forward(self.s, len, gelu);
        } else {
            hidden.apply(self.s, len, gelu_value);
        }
        self.add_linear(rows.count, by_row(&hidden.value, plan.rows.hidden), &block.down, stream);
    }
}

/// Back.
impl<'a, S: Simd> Pass<'a, S> {
    /// Adds the gradient with respect to the packed weights to `gradient`, from that with respect to the outputs in
    /// `space.outputs`; `space` is as a forward pass that kept everything left it.
    pub fn backward(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        self.head_back(micro.wanted, space, gradient);
        self.blocks_back(micro, space, gradient);
        self.embed_back(micro, space, gradient);
        self.context_back(micro, space, gradient);
    }

    /// The same of a body, from the gradient with respect to the states of the batch that come out.
    pub fn states_back(&self, micro: &Micro, space: &mut Workspace, of_states: &[f32], gradient: &mut [f32]) {
        let row = self.plan.rows.token;
        for (to, from) in space.back.stream.chunks_exact_mut(row).zip(self.states(micro, 0)) {
            to.fill(0.0);
            to[..self.plan.width].copy_from_slice(&of_states[from]);
        }
        self.blocks_back(micro, space, gradient);
    }

    /// Where the states that come out are among those of samples from `first` on.
    pub fn states<'m>(
        &self,
        micro: &Micro<'m>,
        first: usize,
    ) -> impl Iterator<Item = std::ops::Range<usize>> + use<'m, '_, S> {
        let Plan { tokens, width, .. } = *self.plan;
        let states = self.plan.states.unwrap_or(0);
        micro.wanted.tokens.iter().map(move |token| {
            let (sample, own) = (*token as usize / tokens - first, *token as usize % tokens);
            let start = (sample * states + own) * width;
            start..start + width
        })
    }

    fn blocks_back(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let row = self.plan.rows.token;
        for layer in (0..self.plan.blocks.len()).rev() {
            let span = self.span(micro, layer);
            self.feed_forward_back(span, layer, space, gradient);
            self.attended_back(span, layer, space, gradient);
            if self.is_last(layer) {
                expand(micro.among, row, &mut space.back.stream[..micro.all.rows() * row]);
            }
            self.attention_back(micro, layer, space, gradient);
        }
        if self.plan.blocks.is_empty() {
            expand(micro.among, row, &mut space.back.stream[..micro.all.rows() * row]);
        }
    }

    fn head_back(&self, span: Span, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, rows) = (self.plan, self.rows(span));
        let Workspace { last, back, outputs, .. } = space;
        let (before, bias) = gradient.split_at_mut(plan.head_bias.start);
        let to = (&mut before[plan.head.range()], &mut bias[0]);
        let (x, w) = (&last.rows, self.row(&plan.head));
        head::backward(self.s, (x, w), &outputs[..rows.count], &mut back.normal, to);
        back.stream[..rows.len()].fill(0.0);
        last.backward(self.s, rows, &back.normal, &mut back.stream);
    }

    fn feed_forward_back(&self, span: Span, layer: usize, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, block, rows) = (self.plan, &self.plan.blocks[layer], self.rows(span));
        let (kept, back) = (&space.blocks[layer], &mut space.back);
        let x = by_column(&kept.hidden.value, plan.rows.hidden);
        self.linear_gradient(rows.count, x, &back.stream, &block.down, gradient);
        self.linear_back(rows.count, &back.stream, &block.down, &mut back.hidden);
        kept.hidden.backward(self.s, &mut back.hidden[..rows.count * plan.rows.hidden]);
        let x = by_column(&kept.modulated, plan.rows.token);
        self.linear_gradient(rows.count, x, &back.hidden, &block.up, gradient);
        self.linear_back(rows.count, &back.hidden, &block.up, &mut back.normal);
        let (before, shift) = gradient.split_at_mut(block.shift.start);
        let to = Gradient {
            levels: &mut back.levels[self.levels(span, layer)],
            gain: &mut before[block.gain.range()],
            shift: &mut shift[..block.shift.stride],
        };
        let (normal, d) = (&kept.second.rows[..rows.len()], &mut back.normal[..rows.len()]);
        self.modulation(span, layer, &space.levels).backward(self.s, normal, d, to);
        kept.second.backward(self.s, rows, &back.normal, &mut back.stream);
    }

    fn attended_back(&self, span: Span, layer: usize, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, block, back) = (self.plan, &self.plan.blocks[layer], &mut space.back);
        let x = by_column(&space.blocks[layer].attended, plan.rows.attention);
        self.linear_gradient(span.rows(), x, &back.stream, &block.out, gradient);
        self.linear_back(span.rows(), &back.stream, &block.out, &mut back.attended);
    }

    fn attention_back(&self, micro: &Micro, layer: usize, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, rows, block) = (self.plan, self.plan.rows, &self.plan.blocks[layer]);
        let (kept, back) = (&space.blocks[layer], &mut space.back);
        let tokens = micro.mask.len() * plan.tokens;
        let queries = self.span(micro, layer).places;
        expand(queries, rows.attention, &mut back.attended[..tokens * rows.attention]);
        Attention::new(plan).backward(
            self.s,
            (&self.masks.all, micro.mask),
            (&kept.qkv, &kept.weights),
            &back.attended,
            &mut back.qkv,
            &mut space.attention,
        );
        compact(micro.all.places, rows.qkv, &mut back.qkv);
        let (x, count) = (by_column(&kept.first.rows, rows.token), micro.all.rows());
        self.linear_gradient(count, x, &back.qkv, &block.qkv, gradient);
        self.linear_back(count, &back.qkv, &block.qkv, &mut back.normal);
        kept.first.backward(self.s, self.rows(micro.all), &back.normal, &mut back.stream);
    }

    fn embed_back(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, d, row) = (self.plan, &space.back.stream, self.plan.rows.token);
        let x = space.token_features.by_feature();
        self.add_product(micro.all.rows(), x, d, &plan.embed, gradient);
        let id = &mut gradient[plan.id.range()];
        for (token, d) in micro.all.tokens.iter().zip(d.chunks_exact(row)) {
            add(self.s, &mut id[*token as usize % plan.tokens * row..][..row], d);
        }
    }

    /// Adds the gradient with respect to what is added to tokens that stand for modalities to `to`, which begins with sample `first`.
    pub fn summaries_back(&self, micro: &Micro, space: &Workspace, first: usize, to: &mut [f32]) {
        let (width, row, first) =
            (self.plan.width, self.plan.rows.token, first * self.plan.summary_numbers());
        for (place, range) in self.summaries(micro.all.tokens) {
            let d = &space.back.stream[place * row..][..width];
            to[range.start - first..range.end - first].iter_mut().zip(d).for_each(|(to, d)| *to += d);
        }
    }

    fn context_back(&self, micro: &Micro, space: &mut Workspace, gradient: &mut [f32]) {
        let (plan, samples) = (self.plan, micro.level.len());
        if plan.blocks.is_empty() {
            return;
        }
        let (row, len) = (plan.rows.token, samples * plan.rows.token);
        let [first, second] = &space.context;
        let [of_first, of_second] = &mut space.back.context;
        let of_levels = &space.back.levels;
        self.linear_gradient(samples, by_column(&second.value, row), of_levels, &plan.modulation, gradient);
        self.linear_back(samples, of_levels, &plan.modulation, of_second);
        second.backward(self.s, &mut of_second[..len]);
        self.linear_gradient(samples, by_column(&first.value, row), of_second, &plan.level_out, gradient);
        self.linear_back(samples, of_second, &plan.level_out, of_first);
        first.backward(self.s, &mut of_first[..len]);
        let x = space.level_features.by_feature();
        self.linear_gradient(samples, x, of_first, &plan.level_in, gradient);
    }
}

/// What both ways use.
impl<'a, S: Simd> Pass<'a, S> {
    fn rows(&self, span: Span) -> Rows {
        Rows { count: span.rows(), width: self.plan.width }
    }

    /// Which of these tokens of a batch stand for modalities, and where their summaries are among those of the batch.
    fn summaries<'t>(
        &self,
        tokens: &'t [u32],
    ) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + use<'t, '_, S> {
        let (plan, numbers) = (self.plan, self.plan.summary_numbers());
        let tokens = if numbers > 0 { tokens } else { &[] };
        tokens.iter().enumerate().filter_map(move |(place, token)| {
            let (sample, own) =
                (*token as usize / plan.tokens, plan.summaries[*token as usize % plan.tokens]?);
            let start = sample * numbers + own * plan.width;
            Some((place, start..start + plan.width))
        })
    }

    /// Whose rows go on from a block's attention.
    fn span<'b>(&self, micro: &Micro<'b>, layer: usize) -> Span<'b> {
        if self.is_last(layer) { micro.wanted } else { micro.all }
    }

    fn is_last(&self, layer: usize) -> bool {
        layer + 1 == self.plan.blocks.len()
    }

    fn matrix(&self, place: &Place) -> Matrix<'a> {
        Matrix::new(&self.weights[place.start..], place.stride)
    }

    fn row(&self, place: &Place) -> &'a [f32] {
        &self.weights[place.range()]
    }

    /// Where a block's offsets and scales lie in the rows of all.
    fn levels(&self, span: Span, layer: usize) -> std::ops::Range<usize> {
        let first = 2 * layer * self.plan.rows.token;
        first..(span.samples() - 1) * self.plan.rows.levels + first + 2 * self.plan.rows.token
    }

    fn modulation<'b>(&self, span: Span<'b>, layer: usize, levels: &'b [f32]) -> Modulation<'b>
    where
        'a: 'b,
    {
        let (plan, block) = (self.plan, &self.plan.blocks[layer]);
        Modulation {
            vectors: self.rows(span).vectors(),
            counts: span.counts,
            gain: self.row(&block.gain),
            shift: self.row(&block.shift),
            levels: &levels[self.levels(span, layer)],
            stride: plan.rows.levels,
        }
    }

    /// out = start + x·W for so many rows.
    fn apply(&self, rows: usize, x: Left, weight: &Place, out: &mut [f32], start: Start) {
        let sizes = Sizes { rows, terms: weight.rows, columns: weight.stride };
        let out = MatrixMut::new(out, weight.stride);
        product(self.s, Count::ONE, sizes, x, self.matrix(weight), out, start);
    }

    /// y = x·W + b.
    fn linear(&self, rows: usize, x: Left, linear: &Linear, y: &mut [f32]) {
        self.apply(rows, x, &linear.weight, y, Start::Bias(self.row(&linear.bias)));
    }

    /// y += x·W + b.
    fn add_linear(&self, rows: usize, x: Left, linear: &Linear, y: &mut [f32]) {
        self.apply(rows, x, &linear.weight, y, Start::AddBias(self.row(&linear.bias)));
    }

    /// dx = dy·Wᵀ.
    fn linear_back(&self, rows: usize, d: &[f32], linear: &Linear, of_x: &mut [f32]) {
        self.apply(rows, by_row(d, linear.weight.stride), &linear.transposed, of_x, Start::Zero);
    }

    /// dW += xᵀ·dy and db += Σ dy, where x has a row for each of its columns.
    fn linear_gradient(&self, rows: usize, x: Left, d: &[f32], linear: &Linear, gradient: &mut [f32]) {
        self.add_product(rows, x, d, &linear.weight, gradient);
        add_rows(self.s, &d[..rows * linear.bias.stride], &mut gradient[linear.bias.range()]);
    }

    /// dW += xᵀ·dy.
    fn add_product(&self, terms: usize, x: Left, d: &[f32], place: &Place, gradient: &mut [f32]) {
        if terms == 0 {
            return;
        }
        let sizes = Sizes { rows: place.rows, terms, columns: place.stride };
        let to = MatrixMut::new(&mut gradient[place.start..], place.stride);
        product(self.s, Count::ONE, sizes, x, Matrix::new(d, place.stride), to, Start::Add);
    }
}

/// Rows of `stride` numbers as a left factor.
fn by_row(x: &[f32], stride: usize) -> Left<'_> {
    Left::Plain(Matrix::new(x, stride))
}

/// Rows of `stride` numbers as a left factor with their columns for rows.
fn by_column(x: &[f32], stride: usize) -> Left<'_> {
    Left::Transposed(Matrix::new(x, stride))
}
