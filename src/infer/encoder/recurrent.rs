//! A state that goes along rows in order (Hochreiter & Schmidhuber 1997), and at the end looks back at what it was.

use super::Stage;
use super::layers::{Linear, Net};
use super::rows::Table;
use crate::backend::ScoreBackend;
use crate::network::Placer;
use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, softmax};

/// Added to the gate that keeps the state: at first a network forgets little.
const KEPT: f64 = 1.0;

/// Of each layer what rows and what the state say to the gates; behind all layers keys and the query.
pub fn layers(placer: &mut Placer, name: &str, stage: &Stage) -> Vec<Linear> {
    let width = stage.width;
    let gates =
        (0..stage.blocks).flat_map(|layer| [format!("{name}.row.{layer}"), format!("{name}.state.{layer}")]);
    let gates: Vec<String> = gates.collect();
    let mut made: Vec<Linear> = gates.iter().map(|name| placer.linear(name, width, 4 * width)).collect();
    made.extend(["key", "query"].map(|part| placer.linear(&format!("{name}.{part}"), width, width)));
    made
}

impl<B: ScoreBackend> Net<'_, B> {
    /// What the last state says, with what it sees of all.
    pub(super) fn recurrent(&self, rows: Table<B>) -> Tensor<B, 2> {
        let (tables, count, width) = (rows.tables, rows.rows, self.stage.width);
        let device = rows.inputs.device();
        let [gates @ .., key, query] = self.layers.rows.as_slice() else {
            unreachable!("a state has its gates, keys and a query")
        };
        let there = rows.there();
        let mut x = self.entered(&rows).reshape([tables, count, width]);
        let mut last = Tensor::zeros([tables, width], &device);
        for layer in gates.chunks(2) {
            let [of_row, of_state] = layer else { continue };
            let heard = self.pieces.linear(x.reshape([tables * count, width]), of_row);
            let heard = heard.reshape([tables, count, 4 * width]);
            let mut state = [(); 2].map(|()| Tensor::<B, 2>::zeros([tables, width], &device));
            let mut seen = Vec::with_capacity(count);
            for row in 0..count {
                let heard = heard.clone().narrow(1, row, 1).reshape([tables, 4 * width]);
                let is_there = there.clone().narrow(1, row, 1).reshape([tables, 1]);
                state = self.step(state, heard, is_there, of_state);
                let [shown, _] = &state;
                last = shown.clone();
                seen.push(last.clone().reshape([tables, 1, width]));
            }
            x = Tensor::cat(seen, 1);
        }
        let keys = self.pieces.linear(x.clone().reshape([tables * count, width]), key);
        let query = self.pieces.linear(last.clone(), query).reshape([tables, width, 1]);
        let scores = keys.reshape([tables, count, width]).matmul(query) / (width as f64).sqrt();
        // What is not there is not looked at; where nothing is, states are zero all the same.
        let looks = softmax(scores + (there - 1.0) * 1e9, 1);
        let context = (x * looks).sum_dim(1).reshape([tables, width]);
        self.left(Tensor::cat(vec![last, context, rows.count().log1p()], 1))
    }

    /// The state and the cell after a row; as before where there is none.
    fn step(
        &self,
        [state, cell]: [Tensor<B, 2>; 2],
        heard: Tensor<B, 2>,
        is_there: Tensor<B, 2>,
        of_state: &Linear,
    ) -> [Tensor<B, 2>; 2] {
        let width = self.stage.width;
        let gates = heard + self.pieces.linear(state.clone(), of_state);
        let gate = |number: usize| gates.clone().narrow(1, number * width, width);
        let kept = sigmoid(gate(1) + KEPT) * cell.clone() + sigmoid(gate(0)) * gate(2).tanh();
        let shown = sigmoid(gate(3)) * kept.clone().tanh();
        let moved = |new: Tensor<B, 2>, old: Tensor<B, 2>| old.clone() + (new - old) * is_there.clone();
        [moved(shown, state), moved(kept, cell)]
    }
}
