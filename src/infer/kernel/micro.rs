//! A few samples of a batch that go through the network together, their tokens in the order of their masks' arrangements.
#![allow(clippy::indexing_slicing)] // Samples are cut by sizes that `Batch::check` has seen.

use super::arrangement::to_places;
use super::masks::Looks;
use crate::network::{Inputs, Targets};
use std::ops::Range;

/// Tokens of a few samples, all or some of each.
#[derive(Clone, Copy)]
pub(super) struct Micro<'a> {
    pub value: &'a [f32],
    pub given: &'a [f32],
    pub time: &'a [f32],
    pub level: &'a [f32],
    pub mask: &'a [u32],
}

/// Rows that a stage works on: so many of each of the samples with these masks.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    pub mask: &'a [u32],
    pub each: usize,
}

/// Who is laid out: so many tokens of each sample, in this order.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    pub looks: &'a Looks,
    pub each: usize,
}

/// Inputs of tokens that were laid out.
#[derive(Default)]
pub(super) struct Arranged {
    value: Vec<f32>,
    given: Vec<f32>,
    time: Vec<f32>,
}

/// Targets of tokens that were laid out.
#[derive(Default)]
pub(super) struct ArrangedTargets {
    pub target: Vec<f32>,
    pub weight: Vec<f32>,
}

impl<'a> Micro<'a> {
    pub fn samples(&self) -> usize {
        self.level.len()
    }

    /// All its rows.
    pub fn span(&self) -> Span<'a> {
        Span { mask: self.mask, each: self.value.len() / self.samples() }
    }
}

impl Span<'_> {
    pub fn rows(self) -> usize {
        self.mask.len() * self.each
    }
}

impl Arranged {
    /// Lays out samples of a batch.
    pub fn set<'a>(&'a mut self, layout: Layout, inputs: &'a Inputs, samples: Range<usize>) -> Micro<'a> {
        let mask = &inputs.mask[samples.clone()];
        let of = [&inputs.value, &inputs.given, &inputs.time];
        for (from, to) in of.into_iter().zip([&mut self.value, &mut self.given, &mut self.time]) {
            layout.arrange(from, mask, samples.start, to);
        }
        let Arranged { value, given, time } = self;
        Micro { value, given, time, level: &inputs.level[samples], mask }
    }
}

impl ArrangedTargets {
    /// Lays out the targets of samples with these masks, from this one on.
    pub fn set(&mut self, layout: Layout, targets: &Targets, mask: &[u32], first: usize) {
        layout.arrange(&targets.target, mask, first, &mut self.target);
        layout.arrange(&targets.weight, mask, first, &mut self.weight);
    }
}

impl Layout<'_> {
    /// The numbers of samples with these masks, from this one on; nothing where there are none for tokens.
    fn arrange(self, from: &[f32], mask: &[u32], first: usize, to: &mut Vec<f32>) {
        to.clear();
        if from.is_empty() {
            return;
        }
        to.resize(mask.len() * self.each, 0.0);
        let tokens = self.looks.tokens();
        let from = from[first * tokens..].chunks_exact(tokens);
        for ((from, to), mask) in from.zip(to.chunks_exact_mut(self.each)).zip(mask) {
            to_places(self.looks.order(*mask), 1, from, to);
        }
    }
}
