//! Forward where only some tokens' outputs are wanted, and all others are the same in every sample, as in a solver's step.
//!
//! What the others are before the first attention is computed once for all samples. In the last block they are keys only:
//! what would come of them nobody looks at.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::attention::Attention;
use super::buffer::Buffer;
use super::lanes::Simd;
use super::masks::Asked;
use super::micro::{Micro, expand, gather, scatter};
use super::pass::Pass;
use super::workspace::Workspace;

/// All tokens of one sample before the first attention, by places: the residual stream, and queries, keys and values.
#[derive(Default)]
pub(super) struct Shared {
    stream: Buffer,
    qkv: Buffer,
}

impl<S: Simd> Pass<'_, S> {
    /// What all samples share whose tokens are those of `micro`, one sample, but for the ones that are asked.
    pub fn share(&self, micro: &Micro, shared: &mut Shared, space: &mut Workspace) {
        let plan = self.plan;
        shared.stream.resize(plan.tokens * plan.rows.token);
        shared.qkv.resize(plan.tokens * plan.rows.qkv);
        let (features, first) = (&mut space.token_features, &mut space.blocks[0].first);
        self.embed(micro, features, &mut shared.stream);
        self.project(micro.all, 0, first, &shared.stream, &mut shared.qkv);
    }

    /// Leaves F of the rows that are wanted, which alone go in, in `space.outputs`. All blocks use the first one's memory.
    pub fn forward_asked(&self, micro: &Micro, asked: &Asked, shared: &Shared, space: &mut Workspace) {
        let (plan, all, rows) = (self.plan, micro.all, self.plan.rows);
        let (samples, each) = (all.samples(), all.rows() / all.samples());
        self.context(micro, space, false);
        let Workspace { token_features, blocks, stream, wanted, levels, attention, .. } = &mut *space;
        let block = &mut blocks[0];
        self.embed(micro, token_features, &mut wanted.stream);
        self.project(micro.wanted, 0, &mut block.first, &wanted.stream, &mut wanted.qkv);
        fill(samples, &shared.stream[..each * rows.token], stream);
        scatter(micro.among, rows.token, &wanted.stream, stream);
        fill(samples, &shared.qkv[..each * rows.qkv], &mut block.qkv);
        scatter(micro.among, rows.qkv, &wanted.qkv, &mut block.qkv);
        for layer in 0..plan.blocks.len() - 1 {
            self.attend(micro, all, block, attention);
            self.add_attended(all, layer, &block.attended, stream);
            self.feed_forward(all, layer, block, stream, levels, false);
            self.project(all, layer + 1, &mut block.first, stream, &mut block.qkv);
        }
        gather(micro.among, rows.token, stream, &mut wanted.stream);
        gather(micro.among, rows.qkv, &block.qkv, &mut wanted.qkv);
        expand(all.places, rows.qkv, &mut block.qkv[..samples * plan.tokens * rows.qkv]);
        let (masks, from) = ((&asked.looks, micro.mask), (&*wanted.qkv, &*block.qkv));
        let to = (&mut *block.weights, &mut *block.attended);
        Attention::of(plan, asked.tokens).forward(self.s, masks, from, to, attention);
        self.finish(micro.wanted, space, false);
    }
}

/// So many times the same rows.
fn fill(samples: usize, rows: &[f32], to: &mut [f32]) {
    to.chunks_exact_mut(rows.len()).take(samples).for_each(|to| to.copy_from_slice(rows));
}
