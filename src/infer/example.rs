//! Training examples: simulations with a pattern, a noise level and noise, and what the network is asked for.

use crate::backend::Batch;
use crate::network::{Inputs, Masks, Targets};
use crate::noise::Process;
use crate::pattern::{Patterns, Role};
use crate::subject::Subject;
use crate::table::Table;
use rayon::prelude::*;
use sbi_model::Mask;
use sbi_sim::rng::Stream;
use std::ops::Range;

/// Multiples of it, modulo one, are evenly spread however many are taken: so are the levels over a batch.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Masks of data sets that differ are kept as long as they take no more than so many bytes.
pub const MOST_MASKS: usize = 1 << 29;

/// Examples that are judged at once.
pub const JUDGED: usize = 1_024;

/// Simulations as a network is trained on them.
pub struct Data<'a> {
    /// What the tokens are.
    pub subject: &'a Subject,
    /// The simulations; their coordinates are looked at.
    pub table: &'a Table,
    /// `[rows · tokens]`, standardised; NaN of what a data set lacks.
    pub values: &'a [f32],
    /// The mask of each data set; empty where they are the same, or too large.
    masks: Vec<Mask>,
}

/// Makes batches out of standardised simulations. Every number depends on the seed, the step and the example's place
/// in the batch alone, so neither threads nor a resumed run change it.
pub struct Examples<'a> {
    /// The simulations.
    pub data: &'a Data<'a>,
    /// The rows to draw from.
    pub rows: Vec<usize>,
    /// The noise process.
    pub process: Process,
    /// The patterns.
    pub patterns: &'a Patterns<'a>,
    /// Which simulation, which level, which pattern.
    pub choices: Stream,
    /// The noise itself.
    pub noise: Stream,
}

/// Elements of the stream of choices that patterns leave alone.
const LEVEL: u32 = u32::MAX;
const ROW: u32 = u32::MAX - 1;

/// A mask that several examples of a batch may share.
#[derive(Clone, Copy, PartialEq)]
enum Shared {
    /// That of a pattern.
    Pattern(usize),
    /// That of a data set.
    Row(usize),
}

impl<'a> Data<'a> {
    /// Simulations with the masks of data sets that differ, made on all threads at hand.
    pub fn new(subject: &'a Subject, table: &'a Table, values: &'a [f32], patterns: &Patterns) -> Data<'a> {
        let tokens = subject.tokens().len();
        let data = Data { subject, table, values, masks: Vec::new() };
        let rows = table.rows();
        let differ = subject.varies() || values.iter().any(|value| value.is_nan());
        if !differ || rows * tokens * tokens / 8 > MOST_MASKS {
            return data;
        }
        let mask = |row: usize| patterns.mask_of_all(&data.lacks(row), table.coordinates(row));
        let masks: Option<Vec<Mask>> = (0..rows).into_par_iter().map(mask).collect();
        Data { masks: masks.unwrap_or_default(), ..data }
    }

    fn row(&self, row: usize) -> &[f32] {
        let tokens = self.subject.tokens().len();
        self.values.get(row * tokens..(row + 1) * tokens).expect("rows are rows of the values")
    }

    /// Which tokens a data set lacks.
    fn lacks(&self, row: usize) -> Vec<bool> {
        self.row(row).iter().map(|value| value.is_nan()).collect()
    }
}

impl Examples<'_> {
    /// Batch number `step` of `size` examples, levels spread evenly over the batch; each loss term weighs `1 / (size · tokens)`.
    pub fn batch(&self, step: u32, size: usize) -> Batch {
        self.fill(step, 0..size, size, |place| {
            let pick = self.choices.uniform(place, step, ROW) * self.rows.len() as f64;
            self.rows.get(pick as usize).copied().expect("a uniform number is below one")
        })
    }

    /// Fixed examples that pass `times` over all rows, for judging: batches of no more than [`JUDGED`], whose losses add up
    /// to that of all.
    pub fn sweep(&self, times: usize) -> Vec<Batch> {
        let count = self.rows.len();
        let row = |place: u64| {
            self.rows.get(place as usize % count).copied().expect("a remainder is within the rows")
        };
        let all = count * times;
        let starts = (0..all).step_by(JUDGED);
        starts.map(|start| self.fill(u32::MAX, start..all.min(start + JUDGED), all, row)).collect()
    }

    /// The examples at these places of a step; each loss term weighs `1 / (all · tokens)`.
    fn fill(&self, step: u32, places: Range<usize>, all: usize, row: impl Fn(u64) -> usize) -> Batch {
        let (subject, size) = (self.data.subject, places.len());
        let weight = 1.0 / (all * subject.tokens().len()) as f32;
        let tokens = subject.tokens().len();
        let mut batch = Batch {
            inputs: Inputs {
                value: vec![0.0; size * tokens],
                given: vec![0.0; size * tokens],
                time: Vec::with_capacity(if subject.has_times() { size * tokens } else { 0 }),
                level: Vec::with_capacity(size),
                mask: Vec::with_capacity(size),
            },
            targets: Targets { target: vec![0.0; size * tokens], weight: vec![0.0; size * tokens] },
            masks: Masks::default(),
        };
        let mut used = Vec::new();
        let mut roles = vec![Role::Hidden; tokens];
        let mut noise = vec![0.0; tokens];
        let shift = self.choices.uniform(0, step, LEVEL);
        for (start, place) in (0..).step_by(tokens).zip(places.start as u64..places.end as u64) {
            let row = row(place);
            let lacks = self.data.lacks(row);
            let pattern = self.patterns.draw(&self.choices, place, step, &lacks, &mut roles);
            let sigma = self.process.level((place as f64 * GOLDEN + shift).fract().max(1e-9));
            self.noise.fill_normal(place, step, &mut noise);
            let number = self.mask(row, pattern, &lacks, &roles, &mut used, &mut batch.masks.masks);
            batch.inputs.mask.push(number);
            batch.inputs.level.push(self.process.feature(sigma) as f32);
            if subject.has_times() {
                let at = self.data.table.coordinates(row);
                batch.inputs.time.extend((0..tokens).map(|token| subject.time(token, at)));
            }
            let clean = self.data.row(row);
            self.write(&mut batch, (start, weight), clean, &roles, sigma, &noise);
        }
        batch
    }

    /// The number of an example's mask among those of its batch, to which it is added where it is new.
    fn mask(
        &self,
        row: usize,
        pattern: usize,
        lacks: &[bool],
        roles: &[Role],
        used: &mut Vec<Option<Shared>>,
        masks: &mut Vec<Mask>,
    ) -> u32 {
        let own = self.data.masks.get(row).filter(|_| pattern == 0);
        let pooled = self.patterns.mask(pattern).filter(|_| !lacks.contains(&true));
        let shared = match (own, pooled) {
            (Some(mask), _) => Some((Shared::Row(row), mask)),
            (None, Some(mask)) => Some((Shared::Pattern(pattern), mask)),
            (None, None) => None,
        };
        let key = shared.map(|(key, _)| key);
        if let Some(place) = key.and_then(|_| used.iter().position(|other| *other == key)) {
            return place as u32;
        }
        used.push(key);
        masks.push(match shared {
            Some((_, mask)) => mask.clone(),
            None => self.patterns.mask_of(roles, self.data.table.coordinates(row)),
        });
        used.len() as u32 - 1
    }

    /// Writes one example's tokens from place `start` on, each loss term with this weight.
    #[allow(clippy::indexing_slicing, reason = "one place in five arrays of one length")]
    fn write(
        &self,
        batch: &mut Batch,
        (start, weight): (usize, f32),
        clean: &[f32],
        roles: &[Role],
        sigma: f64,
        noise: &[f64],
    ) {
        let Batch { inputs, targets, .. } = batch;
        let scaling = self.process.coefficients(sigma);
        for (at, ((role, &z), n)) in (start..).zip(roles.iter().zip(clean).zip(noise)) {
            match role {
                Role::Given => (inputs.value[at], inputs.given[at]) = (z, 1.0),
                Role::Absent => {}
                Role::Hidden => {
                    let noisy = f64::from(z) + sigma * n;
                    inputs.value[at] = (scaling.input * noisy) as f32;
                    targets.target[at] = scaling.target(f64::from(z), noisy) as f32;
                    targets.weight[at] = weight;
                }
            }
        }
    }
}
