//! A few samples of a batch that go through the network together: which of their tokens are rows, and in which order.
//!
//! Tokens that nobody looks at and whose outputs are not wanted, such as absent ones, are no rows where there are many.
//! Rows lie one after the other, but around attention, which takes samples of one size: there each lies at its place.
#![allow(clippy::indexing_slicing)] // Samples are cut by sizes that `Batch::check` has seen.

use super::masks::Looks;
use crate::network::{Inputs, Targets};
use std::ops::Range;

/// A share of one in so many tokens that nobody looks at pays for moving rows to places and back.
const WORTH: usize = 8;

/// Rows of a few samples, and what goes in.
#[derive(Clone, Copy)]
pub(super) struct Micro<'a> {
    /// All rows.
    pub all: Span<'a>,
    /// Those whose outputs are wanted, and which they are of all.
    pub wanted: Span<'a>,
    pub among: &'a [u32],
    /// The rows that go in: all, or those that are wanted where others are the same in every sample.
    pub entering: Span<'a>,
    pub value: &'a [f32],
    pub given: &'a [f32],
    pub time: &'a [f32],
    /// What is added to the tokens of the batch that stand for modalities.
    pub summaries: &'a [f32],
    /// Of each sample its noise level and its mask.
    pub level: &'a [f32],
    pub mask: &'a [u32],
}

/// Some rows.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    /// How many there are of each sample.
    pub counts: &'a [u32],
    /// Where they lie among all tokens of the samples, by the masks' arrangements; rising.
    pub places: &'a [u32],
    /// Which tokens of the batch they are.
    pub tokens: &'a [u32],
}

/// A micro-batch's memory for what is laid out.
#[derive(Default)]
pub(super) struct Arranged {
    all: OwnSpan,
    wanted: OwnSpan,
    among: Vec<u32>,
    value: Vec<f32>,
    given: Vec<f32>,
    time: Vec<f32>,
}

#[derive(Default)]
struct OwnSpan {
    counts: Vec<u32>,
    places: Vec<u32>,
    tokens: Vec<u32>,
    /// How many rows are of samples that have ended.
    ended: usize,
}

/// Targets of the rows that are wanted.
#[derive(Default)]
pub(super) struct ArrangedTargets {
    pub target: Vec<f32>,
    pub weight: Vec<f32>,
}

/// Which rows go in.
#[derive(Clone, Copy)]
pub(super) enum Entering {
    All,
    Wanted,
}

impl Span<'_> {
    pub fn rows(self) -> usize {
        self.places.len()
    }

    pub fn samples(self) -> usize {
        self.counts.len()
    }
}

impl OwnSpan {
    fn begin(&mut self) {
        [&mut self.counts, &mut self.places, &mut self.tokens].into_iter().for_each(Vec::clear);
        self.ended = 0;
    }

    fn push(&mut self, place: usize, token: usize) {
        self.places.push(place as u32);
        self.tokens.push(token as u32);
    }

    /// All that was pushed since the last sample ended is of this one.
    fn end_sample(&mut self) {
        self.counts.push((self.places.len() - self.ended) as u32);
        self.ended = self.places.len();
    }

    fn span(&self) -> Span<'_> {
        Span { counts: &self.counts, places: &self.places, tokens: &self.tokens }
    }
}

impl Arranged {
    /// Lays out samples of a batch, of whose tokens those are wanted that `is_wanted` says.
    pub fn set<'a>(
        &'a mut self,
        looks: &Looks,
        inputs: &'a Inputs,
        samples: Range<usize>,
        entering: Entering,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Micro<'a> {
        let tokens = looks.tokens();
        [&mut self.all, &mut self.wanted].into_iter().for_each(OwnSpan::begin);
        self.among.clear();
        let matters = |sample: usize, own: usize| {
            looks.arrangement(inputs.mask[sample]).seen[own] || is_wanted(sample * tokens + own)
        };
        let all = samples.clone().flat_map(|sample| (0..tokens).map(move |own| (sample, own)));
        let idle = all.filter(|(sample, own)| !matters(*sample, *own)).count();
        let leaves_out = WORTH * idle >= samples.len() * tokens;
        for (number, sample) in samples.clone().enumerate() {
            let arrangement = looks.arrangement(inputs.mask[sample]);
            for place in 0..tokens {
                let own = arrangement.token(place);
                let (place, token) = (number * tokens + place, sample * tokens + own);
                if is_wanted(token) {
                    self.among.push(self.all.places.len() as u32);
                    self.wanted.push(place, token);
                    self.all.push(place, token);
                } else if arrangement.seen[own] || !leaves_out {
                    self.all.push(place, token);
                }
            }
            self.all.end_sample();
            self.wanted.end_sample();
        }
        let Arranged { all, wanted, among, value, given, time } = self;
        let (all, wanted) = (all.span(), wanted.span());
        let entering = match entering {
            Entering::All => all,
            Entering::Wanted => wanted,
        };
        pick(entering, &inputs.value, value);
        pick(entering, &inputs.given, given);
        pick(entering, &inputs.time, time);
        let (level, mask) = (&inputs.level[samples.clone()], &inputs.mask[samples]);
        Micro { all, wanted, among, entering, value, given, time, summaries: &inputs.summaries, level, mask }
    }
}

impl ArrangedTargets {
    /// Targets of the wanted rows of a batch.
    pub fn set(&mut self, targets: &Targets, wanted: Span) {
        pick(wanted, &targets.target, &mut self.target);
        pick(wanted, &targets.weight, &mut self.weight);
    }
}

/// The rows' numbers of those of all tokens; none where tokens have none.
fn pick(span: Span, from: &[f32], to: &mut Vec<f32>) {
    to.clear();
    if !from.is_empty() {
        to.extend(span.tokens.iter().map(|token| from[*token as usize]));
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

/// The rows at these places of the same memory, which rise, one after the other.
pub(super) fn compact(places: &[u32], row: usize, rows: &mut [f32]) {
    // No row comes before its number, so that none is lost.
    for (number, place) in places.iter().enumerate().filter(|(number, place)| *number != **place as usize) {
        rows.copy_within(*place as usize * row..(*place as usize + 1) * row, number * row);
    }
}

/// Rows that lie one after the other, to these places of the same memory, which rise; zero elsewhere.
pub(super) fn expand(places: &[u32], row: usize, rows: &mut [f32]) {
    let mut end = rows.len();
    if places.len() * row == end {
        return;
    }
    for (number, place) in places.iter().enumerate().rev() {
        let to = *place as usize * row;
        rows[to + row..end].fill(0.0);
        rows.copy_within(number * row..(number + 1) * row, to);
        end = to;
    }
    rows[..end].fill(0.0);
}
