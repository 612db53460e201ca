//! The layers of a stage: where their parameters lie, and what they make of rows.

use super::rows::Table;
use super::{FREQUENCIES, Reader, Stage, convolution, recurrent};
use crate::backend::{Bodies, ScoreBackend, states};
use crate::network::{Looks, Operations, Pieces, Placer, gelu};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use sbi_model::Mask;
use std::collections::HashMap;
use std::f32::consts::FRAC_PI_2;
use std::ops::Range;

/// A linear map: weights `[inputs, outputs]` and biases.
pub type Linear = [Range<usize>; 2];

/// Where the parameters of a stage lie in the flat vector of its encoder.
pub struct Layers {
    /// From the inputs of a row to its first state.
    pub(super) enter: Linear,
    /// `[axes · (1 + 2·FREQUENCIES), width]`: what the place of a row says; empty where rows are nowhere.
    code: Range<usize>,
    /// `[seeds + inducing, width]`, and the same of how many rows there are, `[1, width]`; empty without attention.
    seeds: [Range<usize>; 2],
    /// The blocks of attention; empty without.
    body: Range<usize>,
    /// Layers of each row alone, or with its neighbours, or what a state becomes; none with attention.
    pub(super) rows: Vec<Linear>,
    /// Layers after the rows are one: those of a deep set, or all of what has no rows.
    after: Vec<Linear>,
    /// Gain and shift before the last map; empty without attention.
    norm: [Range<usize>; 2],
    /// To what comes out.
    leave: Linear,
}

/// What a stage makes of tables.
pub struct Summaries<B: Backend> {
    /// `[tables · seeds, outputs]`.
    pub made: Tensor<B, 2>,
    /// Whether anything of each table was there.
    pub there: Vec<bool>,
}

impl Layers {
    /// Hands out places for the parameters of a stage.
    pub fn place(placer: &mut Placer, name: &str, stage: &Stage) -> Layers {
        let width = stage.width;
        let enter = placer.linear(&format!("{name}.in"), stage.inputs, width);
        let end = enter.last().map_or(0, |bias| bias.end);
        let (mut code, mut seeds, mut norm) = (end..end, [end..end, end..end], [end..end, end..end]);
        let (mut body, mut rows, mut after) = (end..end, Vec::new(), Vec::new());
        let inner = stage.blocks.saturating_sub(1);
        if stage.placed && !matches!(stage.reader, Reader::DeepSet | Reader::Mlp) {
            code = placer.matrix(&format!("{name}.place"), code_features(stage.axes), width);
        }
        match stage.reader {
            Reader::Attention { .. } => {
                let own = placer.matrix(&format!("{name}.seeds"), stage.seeds + stage.inducing, width);
                seeds = [own, placer.matrix(&format!("{name}.count"), 1, width)];
                // How many tokens there are makes no difference to parameters.
                body = placer.pieces_of(name, &stage.body(1));
                norm = placer.norm(&format!("{name}.norm"), width);
            }
            Reader::DeepSet => {
                rows.extend(
                    (0..inner).map(|layer| placer.linear(&format!("{name}.row.{layer}"), width, width)),
                );
                after.push(placer.linear(&format!("{name}.set"), width + 1, width));
            }
            Reader::Lstm => {
                rows = recurrent::layers(placer, name, stage);
                after.push(placer.linear(&format!("{name}.end"), 2 * width + 1, width));
            }
            Reader::Convolution => {
                rows = convolution::layers(placer, name, stage);
                after.push(placer.linear(&format!("{name}.set"), width + 1, width));
            }
            Reader::Mlp => {
                after.extend(
                    (0..inner).map(|layer| placer.linear(&format!("{name}.layer.{layer}"), width, width)),
                );
            }
        }
        let outputs = match stage.reader {
            Reader::Attention { .. } => stage.outputs,
            _ => stage.seeds * stage.outputs,
        };
        let leave = placer.linear(&format!("{name}.summary"), width, outputs);
        Layers { enter, code, seeds, body, rows, after, norm, leave }
    }

    /// What a stage with these parameters makes of tables of rows.
    pub fn summaries<B: ScoreBackend>(
        &self,
        parameters: &Tensor<B, 1>,
        bodies: &Bodies,
        stage: &Stage,
        rows: Table<B>,
    ) -> Summaries<B> {
        let there = rows.there.chunks(rows.rows).map(|table| table.contains(&true)).collect();
        let net = Net { pieces: Pieces(parameters), layers: self, stage };
        let made = match stage.reader {
            Reader::Attention { causal, .. } => net.attended(rows, bodies, causal),
            Reader::DeepSet => net.pooled(rows),
            Reader::Lstm => net.recurrent(rows),
            Reader::Convolution => net.convolved(rows),
            Reader::Mlp => net.left(gelu(net.pieces.linear(rows.inputs, &self.enter))),
        };
        Summaries { made: made.reshape([-1, stage.outputs as i32]), there }
    }
}

/// A stage bound to its parameters.
pub(super) struct Net<'a, B: ScoreBackend> {
    pub(super) pieces: Pieces<'a, B>,
    pub(super) layers: &'a Layers,
    pub(super) stage: &'a Stage,
}

impl<B: ScoreBackend> Net<'_, B> {
    /// The layers after the rows are one.
    pub(super) fn left(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let after = self.layers.after.iter().fold(x, |x, layer| gelu(self.pieces.linear(x, layer)));
        self.pieces.linear(after, &self.layers.leave)
    }

    /// The mean of the rows that are there.
    fn pooled(&self, rows: Table<B>) -> Tensor<B, 2> {
        let width = self.stage.width;
        let mut x = gelu(self.pieces.linear(rows.inputs.clone(), &self.layers.enter));
        for layer in &self.layers.rows {
            x = gelu(self.pieces.linear(x, layer));
        }
        let (there, count) = (rows.there(), rows.count());
        let sum =
            (x.reshape([rows.tables, rows.rows, width]) * there).sum_dim(1).reshape([rows.tables, width]);
        let mean = sum / count.clone().clamp_min(1.0);
        self.left(Tensor::cat(vec![mean, count.log1p()], 1))
    }

    /// What the seeds see.
    fn attended(&self, rows: Table<B>, bodies: &Bodies, causal: bool) -> Tensor<B, 2> {
        let Stage { width, seeds, inducing, .. } = *self.stage;
        let (tables, looks, hubs) = (rows.tables, self.looks(&rows, causal), seeds + inducing);
        let h = self.entered(&rows);
        // Attention is a mean, from which nobody can tell of how many.
        let [own, count] = &self.layers.seeds;
        let count = rows.count().log1p().matmul(self.pieces.matrix(count, 1)).reshape([tables, 1, width]);
        let own = self.pieces.matrix(own, hubs).reshape([1, hubs, width]) + count;
        let h = Tensor::cat(vec![own, h.reshape([tables, rows.rows, width])], 1).flatten(0, 2);
        let body = bodies.of(self.stage.body(hubs + rows.rows));
        let own = states(self.pieces.0.clone().slice([self.layers.body.clone()]), h, body, looks);
        self.pieces.linear(
            self.pieces.norm(own.reshape([tables * seeds, width]), &self.layers.norm),
            &self.layers.leave,
        )
    }

    /// First states of rows: of their inputs and, where they are somewhere, of their places.
    pub(super) fn entered(&self, rows: &Table<B>) -> Tensor<B, 2> {
        let h = self.pieces.linear(rows.inputs.clone(), &self.layers.enter);
        match rows.positions.is_empty() {
            true => h,
            false => h + code(&self.pieces, &self.layers.code, &rows.positions, self.stage.axes),
        }
    }

    /// Who looks at whom: seeds come first, then inducing points. Tables of which the same rows are there share a mask.
    fn looks(&self, rows: &Table<B>, causal: bool) -> Looks {
        let (mut known, mut looks) = (HashMap::new(), Looks::default());
        for there in rows.there.chunks(rows.rows) {
            let next = known.len() as u32;
            let number = *known.entry(there).or_insert_with(|| {
                looks.masks.masks.push(mask(self.stage, there, causal).into());
                next
            });
            looks.mask.push(number);
        }
        looks
    }
}

/// Seeds look at all that is there, rows at each other, or at earlier ones and themselves. Where there are inducing points, these look at
/// each other and at rows, and rows at them and at themselves.
fn mask(stage: &Stage, there: &[bool], causal: bool) -> Mask {
    let (seeds, first) = (stage.seeds, stage.seeds + stage.inducing);
    let tokens = first + there.len();
    let mut mask = Mask::empty(tokens);
    let is_there = |token: usize| token < first || there.get(token - first) == Some(&true);
    for query in (0..tokens).filter(|token| is_there(*token)) {
        let is_row = query >= first;
        let keys = match (query < seeds, causal) {
            (true, _) => 0..tokens,
            (false, true) if is_row => seeds..query + 1,
            (false, _) if is_row && stage.inducing > 0 => seeds..first,
            (false, _) => seeds..tokens,
        };
        keys.chain([query]).filter(|token| is_there(*token)).for_each(|key| mask.set(query, key));
    }
    mask
}

/// What their places along so many axes say of rows: each place, and sines and cosines of it.
pub fn code<B: Operations>(
    pieces: &Pieces<'_, B>,
    layer: &Range<usize>,
    positions: &[f32],
    axes: usize,
) -> Tensor<B, 2> {
    let waves = (0..FREQUENCIES).map(|k| FRAC_PI_2 * (1_u64 << k) as f32);
    let waves = |at: f32| waves.clone().flat_map(move |wave| [(wave * at).sin(), (wave * at).cos()]);
    let features: Vec<f32> = positions.iter().flat_map(|at| std::iter::once(*at).chain(waves(*at))).collect();
    let features = TensorData::new(features, [positions.len() / axes, code_features(axes)]);
    Tensor::<B, 2>::from_data(features, &pieces.0.device()).matmul(pieces.matrix(layer, code_features(axes)))
}

/// How many numbers say where a row is along so many axes.
pub fn code_features(axes: usize) -> usize {
    axes * (1 + 2 * FREQUENCIES)
}
