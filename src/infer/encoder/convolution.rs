//! Layers in which a row, or a cell of a grid, sees its neighbours alone; after each the mean of every two is left.

use super::Stage;
use super::layers::{Linear, Net};
use super::rows::Table;
use crate::backend::ScoreBackend;
use crate::network::{Placer, gelu};
use burn::tensor::Tensor;

/// Neighbours along an axis, the cell itself among them.
const KERNEL: usize = 3;

/// Of each layer what neighbours say.
pub fn layers(placer: &mut Placer, name: &str, stage: &Stage) -> Vec<Linear> {
    let seen = stage.width * KERNEL.pow(stage.axes as u32);
    (0..stage.blocks).map(|layer| placer.linear(&format!("{name}.row.{layer}"), seen, stage.width)).collect()
}

impl<B: ScoreBackend> Net<'_, B> {
    /// The mean of what is left of rows.
    pub(super) fn convolved(&self, rows: Table<B>) -> Tensor<B, 2> {
        let (width, count) = (self.stage.width, rows.count());
        let there = rows.there().reshape([rows.tables * rows.rows, 1]);
        // Of a gap nothing is left, not even where it is.
        let entered = self.entered(&rows) * there;
        let sides = [rows.shape.first(), rows.shape.get(1)].map(|side| side.copied().unwrap_or(1));
        let mut x = entered.reshape([rows.tables, sides[0], sides[1], width]);
        for layer in &self.layers.rows {
            let [tables, high, wide, _] = x.dims();
            let seen = neighbours(x.clone(), self.stage.axes);
            let seen = seen.reshape([tables * high * wide, width * KERNEL.pow(self.stage.axes as u32)]);
            let heard = gelu(self.pieces.linear(seen, layer)).reshape([tables, high, wide, width]);
            x = halved(halved(x + heard, 1), 2);
        }
        let [tables, high, wide, _] = x.dims();
        let mean = x.reshape([tables, high * wide, width]).mean_dim(1).reshape([tables, width]);
        self.left(Tensor::cat(vec![mean, count.log1p()], 1))
    }
}

/// Each cell with its neighbours along so many axes side by side; zero beyond the edges.
fn neighbours<B: ScoreBackend>(x: Tensor<B, 4>, axes: usize) -> Tensor<B, 4> {
    let along = |x: Tensor<B, 4>, axis: usize| {
        let mut edge = x.dims();
        let inner = edge.get(axis).map_or(0, |length| length - 1);
        edge.get_mut(axis).into_iter().for_each(|length| *length = 1);
        let edge = || Tensor::<B, 4>::zeros(edge, &x.device());
        if inner == 0 {
            return Tensor::cat(vec![edge(), x.clone(), edge()], 3);
        }
        let before = Tensor::cat(vec![edge(), x.clone().narrow(axis, 0, inner)], axis);
        let after = Tensor::cat(vec![x.clone().narrow(axis, 1, inner), edge()], axis);
        Tensor::cat(vec![before, x, after], 3)
    };
    (1..=axes).fold(x, along)
}

/// The mean of every two along the first or the second axis of cells; an odd one at the end stays as it is.
fn halved<B: ScoreBackend>(x: Tensor<B, 4>, axis: usize) -> Tensor<B, 4> {
    let [tables, high, wide, width] = x.dims();
    let length = if axis == 1 { high } else { wide };
    if length < 2 {
        return x;
    }
    let pairs = length / 2;
    let even = x.clone().narrow(axis, 0, 2 * pairs);
    let mean = match axis {
        1 => even.reshape([tables, pairs, 2, wide * width]).mean_dim(2).reshape([tables, pairs, wide, width]),
        _ => even.reshape([tables * high, pairs, 2, width]).mean_dim(2).reshape([tables, high, pairs, width]),
    };
    match length % 2 {
        0 => mean,
        _ => Tensor::cat(vec![mean, x.narrow(axis, length - 1, 1)], axis),
    }
}
