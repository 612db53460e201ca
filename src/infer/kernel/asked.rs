//! Forward where only some tokens' outputs are wanted, and all others are the same in every sample, as in a solver's step.
//!
//! What the others are before the first attention is computed once for all samples. In the last block they are keys only:
//! nothing of them is computed that nobody looks at.
#![allow(clippy::indexing_slicing)] // Rows are cut once, by sizes of the plan.

use super::attention::Attention;
use super::buffer::Buffer;
use super::lanes::Simd;
use super::masks::Asked;
use super::micro::{Micro, Span};
use super::pass::Pass;
use super::plan::Plan;
use super::workspace::Workspace;

/// All tokens of one sample before the first attention, by places: the residual stream, and queries, keys and values.
#[derive(Default)]
pub(super) struct Start {
    stream: Buffer,
    qkv: Buffer,
}

/// Rows of the tokens that are asked, sample by sample.
pub(super) struct AskedSpace {
    pub stream: Buffer,
    pub qkv: Buffer,
}

impl AskedSpace {
    /// Room for so many tokens.
    pub fn new(plan: &Plan, tokens: usize) -> AskedSpace {
        let [stream, qkv] = [plan.rows.token, plan.rows.qkv].map(|row| Buffer::new(tokens * row));
        AskedSpace { stream, qkv }
    }
}

impl<S: Simd> Pass<'_, S> {
    /// What all samples start from whose tokens are those of `micro`, one sample, but for the ones that are asked.
    pub fn start(&self, micro: &Micro, start: &mut Start, space: &mut Workspace) {
        let (plan, span) = (self.plan, micro.span());
        start.stream.resize(plan.tokens * plan.rows.token);
        start.qkv.resize(plan.tokens * plan.rows.qkv);
        self.embed(micro, &self.masks.all, &mut space.token_features, &mut start.stream);
        self.project(span, 0, &mut space.blocks[0].first, &start.stream, &mut start.qkv);
    }

    /// Leaves F of the asked tokens, which `micro` consists of, in `space.outputs`. All blocks use the first one's memory.
    pub fn forward_asked(&self, micro: &Micro, asked: &Asked, start: &Start, space: &mut Workspace) {
        let (plan, some, last) = (self.plan, micro.span(), self.plan.blocks.len() - 1);
        let all = Span { each: plan.tokens, ..some };
        let of_stream = Moved { places: &asked.places, tokens: plan.tokens, row: plan.rows.token };
        let of_qkv = Moved { row: plan.rows.qkv, ..of_stream };
        self.context(micro, space, false);
        let Workspace { token_features, blocks, stream, levels, attention, asked: own, .. } = space;
        let block = &mut blocks[0];
        self.embed(micro, &asked.looks, token_features, &mut own.stream);
        self.project(some, 0, &mut block.first, &own.stream, &mut own.qkv);
        of_stream.spread(all.mask.len(), &own.stream, &start.stream, stream);
        of_qkv.spread(all.mask.len(), &own.qkv, &start.qkv, &mut block.qkv);
        for layer in 0..last {
            self.attention(all, layer, block, stream, attention);
            self.feed_forward(all, layer, block, stream, levels);
            self.project(all, layer + 1, &mut block.first, stream, &mut block.qkv);
        }
        of_stream.gather(all.mask.len(), stream, &mut own.stream);
        of_qkv.gather(all.mask.len(), &block.qkv, &mut own.qkv);
        let masks = (&asked.looks, some.mask);
        let (to, from) = ((&mut *block.weights, &mut *block.attended), (&*own.qkv, &*block.qkv));
        Attention::of(plan, some.each).forward(self.s, masks, from, to, attention);
        self.add_attended(some, last, &block.attended, &mut own.stream);
        self.feed_forward(some, last, block, &mut own.stream, levels);
        self.head(some, &mut space.last, &own.stream, &mut space.outputs);
    }
}

/// Rows of some tokens of each sample, and where they lie among those of all.
#[derive(Clone, Copy)]
struct Moved<'a> {
    places: &'a [u32],
    tokens: usize,
    row: usize,
}

impl Moved<'_> {
    /// Every sample's rows: at the places its own, elsewhere those of `others`.
    fn spread(self, samples: usize, own: &[f32], others: &[f32], to: &mut [f32]) {
        let own = own.chunks_exact(self.places.len() * self.row);
        let size = self.tokens * self.row;
        for (own, to) in own.zip(to.chunks_exact_mut(size)).take(samples) {
            to.copy_from_slice(&others[..size]);
            for (place, own) in self.places.iter().zip(own.chunks_exact(self.row)) {
                to[*place as usize * self.row..][..self.row].copy_from_slice(own);
            }
        }
    }

    /// Every sample's rows at the places.
    fn gather(self, samples: usize, from: &[f32], own: &mut [f32]) {
        let own = own.chunks_exact_mut(self.places.len() * self.row);
        for (own, from) in own.zip(from.chunks_exact(self.tokens * self.row)).take(samples) {
            for (place, own) in self.places.iter().zip(own.chunks_exact_mut(self.row)) {
                own.copy_from_slice(&from[*place as usize * self.row..][..self.row]);
            }
        }
    }
}
