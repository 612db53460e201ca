//! How each output changes with the value of its own token, ∂F_i/∂v_i: what the density of a draw is made of.
//!
//! One way forward is followed by a way back for each group of tokens, none of which reaches another: the outputs of a
//! group have a gradient of one, so that what arrives at a token of it is its own output's derivative alone.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::buffer::Buffer;
use super::head;
use super::lanes::Simd;
use super::micro::{Micro, gather};
use super::pass::Pass;
use super::workspace::Workspace;
use crate::network::Probes;

/// Rows that are wanted: outputs and their derivatives, and what these are made of.
#[derive(Default)]
pub(super) struct Slopes {
    pub outputs: Vec<f32>,
    pub slopes: Vec<f32>,
    /// Derivatives by the residual stream's first state.
    stream: Buffer,
    /// The same by one feature of the value.
    of_feature: Vec<f32>,
}

impl<S: Simd> Pass<'_, S> {
    /// Moves the outputs that a forward pass left to `space.slopes` and adds their derivatives. `gradient` is scratch: weights
    /// have gradients on every way back.
    pub fn slopes(&self, micro: &Micro, space: &mut Workspace, probes: &Probes, gradient: &mut [f32]) {
        let (rows, tokens) = (micro.wanted.rows(), self.plan.tokens);
        let group = |row: usize| probes.groups[micro.wanted.tokens[row] as usize % tokens];
        let mut to = std::mem::take(&mut space.slopes);
        to.outputs.clear();
        to.outputs.extend_from_slice(&space.outputs[..rows]);
        to.slopes.clear();
        to.slopes.resize(rows, 0.0);
        to.stream.resize(rows * self.plan.rows.token);
        for own in 0..probes.count {
            let is_own = |row: usize| group(row) == Some(own);
            for (row, output) in space.outputs[..rows].iter_mut().enumerate() {
                *output = f32::from(u8::from(is_own(row)));
            }
            self.backward(micro, space, gradient);
            self.by_value(micro, space, &mut to, is_own);
        }
        space.slopes = to;
    }

    /// From the gradient with respect to the first state of the residual stream to that with respect to the values of the
    /// rows that are wanted and `is_own`.
    fn by_value(&self, micro: &Micro, space: &Workspace, to: &mut Slopes, is_own: impl Fn(usize) -> bool) {
        let (plan, rows) = (self.plan, micro.wanted.rows());
        gather(micro.among, plan.rows.token, &space.back.stream, &mut to.stream);
        to.of_feature.resize(rows, 0.0);
        let waves = plan.value_frequencies.len();
        for feature in 0..=2 * waves {
            let weight = &self.weights[plan.embed.start + feature * plan.embed.stride..][..plan.embed.stride];
            head::forward(self.s, &to.stream, weight, 0.0, &mut to.of_feature);
            for (row, of_feature) in to.of_feature.iter().enumerate().filter(|(row, _)| is_own(*row)) {
                let at = |feature: usize| space.token_features.row(feature)[micro.among[row] as usize];
                // The feature's own derivative: of v, of sin(ω v), of cos(ω v).
                let slope = match feature {
                    0 => 1.0,
                    sine if sine <= waves => plan.value_frequencies[sine - 1] * at(sine + waves),
                    cosine => -plan.value_frequencies[cosine - waves - 1] * at(cosine - waves),
                };
                to.slopes[row] += slope * of_feature;
            }
        }
    }
}
