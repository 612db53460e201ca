//! A few samples of a batch that go through the network together: their tokens in the order of their masks'
//! arrangements, and which of them outputs are wanted of.
#![allow(clippy::indexing_slicing)] // Samples are cut by sizes that `Batch::check` has seen.

use super::arrangement::to_places;
use super::masks::{Asked, Looks};
use crate::network::{Inputs, Targets};
use std::ops::Range;

/// Inputs of tokens of a few samples: all of them, or those that are asked, which are then those that are wanted.
#[derive(Clone, Copy)]
pub(super) struct Micro<'a> {
    pub value: &'a [f32],
    pub given: &'a [f32],
    pub time: &'a [f32],
    pub level: &'a [f32],
    /// The rows of all tokens.
    pub all: Span<'a>,
    /// Those whose outputs are wanted, and which they are among all.
    pub wanted: Span<'a>,
    pub places: &'a [u32],
}

/// Rows that a stage works on: of each sample, with its mask, so many.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    pub mask: &'a [u32],
    pub counts: &'a [u32],
    pub rows: usize,
}

/// A micro-batch's memory for what is laid out.
#[derive(Default)]
pub(super) struct Arranged {
    value: Vec<f32>,
    given: Vec<f32>,
    time: Vec<f32>,
    all: Vec<u32>,
    wanted: Vec<u32>,
    places: Vec<u32>,
}

/// Targets of the tokens whose outputs are wanted.
#[derive(Default)]
pub(super) struct ArrangedTargets {
    pub target: Vec<f32>,
    pub weight: Vec<f32>,
}

impl<'a> Span<'a> {
    fn new(mask: &'a [u32], counts: &'a [u32]) -> Span<'a> {
        Span { mask, counts, rows: counts.iter().map(|count| *count as usize).sum() }
    }

    pub fn samples(self) -> usize {
        self.mask.len()
    }
}

impl Arranged {
    /// Samples of which all outputs are wanted.
    pub fn whole<'a>(&'a mut self, looks: &Looks, inputs: &'a Inputs, samples: Range<usize>) -> Micro<'a> {
        let tokens = looks.tokens();
        self.inputs(looks, tokens, inputs, samples.clone());
        self.places.extend(0..(samples.len() * tokens) as u32);
        self.wanted.resize(samples.len(), tokens as u32);
        self.micro(inputs, samples)
    }

    /// Samples with targets; outputs of tokens that have no weight are not wanted.
    pub fn weighted<'a>(
        &'a mut self,
        looks: &Looks,
        inputs: &'a Inputs,
        samples: Range<usize>,
        (from, to): (&Targets, &mut ArrangedTargets),
    ) -> Micro<'a> {
        let (mask, tokens) = (&inputs.mask[samples.clone()], looks.tokens());
        self.inputs(looks, tokens, inputs, samples.clone());
        arrange(looks, tokens, &from.target, mask, samples.start, &mut to.target);
        arrange(looks, tokens, &from.weight, mask, samples.start, &mut to.weight);
        let count = |weights: &[f32]| weights.iter().filter(|weight| **weight != 0.0).count() as u32;
        self.wanted.extend(to.weight.chunks_exact(tokens).map(count));
        let wanted = to.weight.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
        self.places.extend(wanted.map(|(place, _)| place as u32));
        for numbers in [&mut to.target, &mut to.weight] {
            for (number, place) in self.places.iter().enumerate() {
                numbers[number] = numbers[*place as usize];
            }
            numbers.truncate(self.places.len());
        }
        self.micro(inputs, samples)
    }

    /// The tokens of samples that are asked.
    pub fn asked<'a>(&'a mut self, asked: &Asked, inputs: &'a Inputs, samples: Range<usize>) -> Micro<'a> {
        let (each, tokens) = (asked.places.len(), asked.looks.tokens());
        self.inputs(&asked.looks, each, inputs, samples.clone());
        let firsts = (0..samples.len()).map(|sample| (sample * tokens) as u32);
        self.places.extend(firsts.flat_map(|first| asked.places.iter().map(move |place| first + place)));
        self.wanted.resize(samples.len(), each as u32);
        self.micro(inputs, samples)
    }

    /// So many tokens of each sample, in the order of `looks`; forgets what was laid out before.
    fn inputs(&mut self, looks: &Looks, each: usize, inputs: &Inputs, samples: Range<usize>) {
        let mask = &inputs.mask[samples.clone()];
        let of = [&inputs.value, &inputs.given, &inputs.time];
        for (from, to) in of.into_iter().zip([&mut self.value, &mut self.given, &mut self.time]) {
            arrange(looks, each, from, mask, samples.start, to);
        }
        self.all.clear();
        self.all.resize(samples.len(), looks.tokens() as u32);
        self.wanted.clear();
        self.places.clear();
    }

    fn micro<'a>(&'a self, inputs: &'a Inputs, samples: Range<usize>) -> Micro<'a> {
        let Arranged { value, given, time, all, wanted, places } = self;
        let (level, mask) = (&inputs.level[samples.clone()], &inputs.mask[samples]);
        Micro {
            value,
            given,
            time,
            level,
            all: Span::new(mask, all),
            wanted: Span::new(mask, wanted),
            places,
        }
    }
}

/// So many numbers of each of the samples with these masks, from this one on; nothing where there are none for tokens.
fn arrange(looks: &Looks, each: usize, from: &[f32], mask: &[u32], first: usize, to: &mut Vec<f32>) {
    to.clear();
    if from.is_empty() {
        return;
    }
    to.resize(mask.len() * each, 0.0);
    let tokens = looks.tokens();
    let from = from[first * tokens..].chunks_exact(tokens);
    for ((from, to), mask) in from.zip(to.chunks_exact_mut(each)).zip(mask) {
        to_places(looks.order(*mask), 1, from, to);
    }
}

/// The rows at these places of `all`, one after the other.
pub(super) fn gather(places: &[u32], row: usize, all: &[f32], some: &mut [f32]) {
    for (place, some) in places.iter().zip(some.chunks_exact_mut(row)) {
        some.copy_from_slice(&all[*place as usize * row..][..row]);
    }
}

/// Rows to these places of `all`.
pub(super) fn scatter(places: &[u32], row: usize, some: &[f32], all: &mut [f32]) {
    for (place, some) in places.iter().zip(some.chunks_exact(row)) {
        all[*place as usize * row..][..row].copy_from_slice(some);
    }
}

/// Rows that lie one after the other, to these places of the same memory, which rise; zero elsewhere.
pub(super) fn expand(places: &[u32], row: usize, rows: &mut [f32]) {
    let mut end = rows.len();
    for (number, place) in places.iter().enumerate().rev() {
        // No row comes before its number, so that none is lost.
        let to = *place as usize * row;
        rows[to + row..end].fill(0.0);
        rows.copy_within(number * row..(number + 1) * row, to);
        end = to;
    }
    rows[..end].fill(0.0);
}
