//! Training examples: simulations with a pattern, a noise level and noise, and what the network is asked for.

use crate::backend::{Batch, Readings};
use crate::modality::Reading;
use crate::network::{Inputs, Masks, Targets};
use crate::noise::Process;
use crate::pattern::{Patterns, Role};
use crate::subject::Subject;
use crate::table::Table;
use rayon::prelude::*;
use sbi_model::Mask;
use sbi_sim::rng::Stream;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

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
    /// `[rows · tokens]`, standardised; NaN of what a data set lacks, zero of tokens that stand for modalities.
    values: Cow<'a, [f32]>,
    /// The same of scalars, `[rows · scalars]`.
    scalars: &'a [f32],
    /// The mask of each data set; empty where they are the same, or too large.
    masks: Vec<Arc<Mask>>,
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

/// Examples that a thread makes before it asks for more.
const AT_ONCE: usize = 16;

/// Which mask an example has.
enum Choice {
    /// That of a pattern.
    Pattern(usize),
    /// That of a data set.
    Row(usize),
    /// One that no other example has.
    Own(Arc<Mask>),
}

/// Where an example is written, a number for each token.
struct Place<'a> {
    value: &'a mut [f32],
    given: &'a mut [f32],
    /// Empty where tokens have no times.
    time: &'a mut [f32],
    target: &'a mut [f32],
    weight: &'a mut [f32],
}

impl<'a> Data<'a> {
    /// Simulations with the masks of data sets that differ, made on the threads of the pool around it.
    pub fn new(subject: &'a Subject, table: &'a Table, scalars: &'a [f32], patterns: &Patterns) -> Data<'a> {
        let tokens = subject.tokens().len();
        let data = Data { subject, table, values: subject.values(scalars), scalars, masks: Vec::new() };
        let rows = table.rows();
        let differ = subject.varies() || (0..rows).any(|row| data.lacks(row).contains(&true));
        if !differ || rows * tokens * tokens / 8 > MOST_MASKS {
            return data;
        }
        let mask = |row: usize| patterns.mask_of_all(&data.lacks(row), table.coordinates(row));
        let masks: Option<Vec<Arc<Mask>>> =
            (0..rows).into_par_iter().map(|row| mask(row).map(Into::into)).collect();
        Data { masks: masks.unwrap_or_default(), ..data }
    }

    fn row(&self, row: usize) -> &[f32] {
        let tokens = self.subject.tokens().len();
        self.values.get(row * tokens..(row + 1) * tokens).expect("rows are rows of the values")
    }

    /// Which tokens a data set lacks.
    fn lacks(&self, row: usize) -> Vec<bool> {
        let scalars = self.scalars_of(row);
        self.subject.lacks(|scalar| scalars.get(scalar).is_none_or(|value| value.is_nan()))
    }

    fn scalars_of(&self, row: usize) -> &[f32] {
        let scalars = self.subject.scaling.len();
        self.scalars.get(row * scalars..(row + 1) * scalars).expect("rows are rows of the values")
    }

    /// What a data set has of each modality that has an encoder; nothing of those whose tokens have no `given` bit.
    fn readings(&self, row: usize, given: &[f32]) -> Vec<Option<Reading>> {
        let (scalars, coordinates) = (self.scalars_of(row), self.table.coordinates(row));
        let value = |scalar: usize| scalars.get(scalar).copied().unwrap_or(f32::NAN);
        let modalities = self.subject.modalities.iter();
        let read = modalities.map(|modality| {
            let is_given = given.get(modality.tokens.start) == Some(&1.0);
            is_given.then(|| modality.read(value, coordinates)).flatten()
        });
        read.collect()
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

    /// All rows, one example each.
    pub fn all(&self, step: u32) -> Batch {
        let size = self.rows.len();
        let row = |place: u64| self.rows.get(place as usize).copied().expect("there is one for each place");
        self.fill(step, 0..size, size, row)
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

    /// The examples at these places of a step; each loss term weighs `1 / (all · tokens)`. They are made on the threads of
    /// the pool around it.
    fn fill(&self, step: u32, places: Range<usize>, all: usize, row: impl Fn(u64) -> usize + Sync) -> Batch {
        let (tokens, size) = (self.data.subject.tokens().len(), places.len());
        let shift = self.choices.uniform(0, step, LEVEL);
        let zeros = || vec![0.0; size * tokens];
        let time = if self.data.subject.has_times() { zeros() } else { Vec::new() };
        let mut inputs = Inputs { value: zeros(), given: zeros(), time, ..Inputs::default() };
        let mut targets = Targets { target: zeros(), weight: zeros() };
        let mut slots = slots(&mut inputs, &mut targets, tokens);
        let numbers = places.into_par_iter();
        let make = |(place, slot): (usize, &mut Place)| {
            let place = place as u64;
            let level = (place as f64 * GOLDEN + shift).fract().max(1e-9);
            let sigma = self.process.level(level);
            let choice = self.example(step, place, row(place), sigma, slot);
            let weight = 1.0 / (all * tokens) as f32;
            slot.weight.iter_mut().for_each(|share| *share *= weight);
            (self.process.feature(sigma) as f32, choice, self.data.readings(row(place), slot.given))
        };
        let made: Vec<(f32, Choice, Vec<Option<Reading>>)> =
            numbers.zip(slots.par_iter_mut()).with_min_len(AT_ONCE).map(make).collect();
        let (mut masks, mut known) = (Masks::default(), HashMap::new());
        let modalities = self.data.subject.modalities.iter();
        let mut readings: Vec<Readings> =
            modalities.map(|modality| modality.readings(Vec::with_capacity(size))).collect();
        for (level, choice, own) in made {
            inputs.level.push(level);
            inputs.mask.push(self.number(choice, &mut known, &mut masks.masks));
            readings.iter_mut().zip(own).for_each(|(all, own)| all.samples.push(own));
        }
        Batch { inputs, targets, masks, readings }
    }

    /// Writes one example, each loss term with a weight of one, and says which mask it has.
    fn example(&self, step: u32, place: u64, row: usize, sigma: f64, to: &mut Place) -> Choice {
        let (subject, coordinates) = (self.data.subject, self.data.table.coordinates(row));
        let lacks = self.data.lacks(row);
        let mut roles = vec![Role::Hidden; lacks.len()];
        let pattern = self.patterns.draw(&self.choices, place, step, &lacks, &mut roles);
        let mut noise = vec![0.0; lacks.len()];
        self.noise.fill_normal(place, step, &mut noise);
        for (token, time) in to.time.iter_mut().enumerate() {
            *time = subject.time(token, coordinates);
        }
        self.write(to, self.data.row(row), &roles, sigma, &noise);
        if pattern == 0 && self.data.masks.get(row).is_some() && self.shows_modalities(&roles) {
            Choice::Row(row)
        } else if self.patterns.mask(pattern).is_some()
            && !lacks.contains(&true)
            && self.shows_modalities(&roles)
        {
            Choice::Pattern(pattern)
        } else {
            Choice::Own(self.patterns.mask_of(&roles, coordinates).into())
        }
    }

    /// Whether no modality is absent.
    fn shows_modalities(&self, roles: &[Role]) -> bool {
        let modalities = self.data.subject.modalities.iter();
        modalities.filter_map(|own| roles.get(own.tokens.start)).all(|role| *role == Role::Given)
    }

    /// The number of an example's mask among those of its batch, to which it is added where it is new.
    fn number(
        &self,
        choice: Choice,
        known: &mut HashMap<(bool, usize), u32>,
        masks: &mut Vec<Arc<Mask>>,
    ) -> u32 {
        let (key, mask) = match choice {
            Choice::Pattern(pattern) => ((false, pattern), self.patterns.mask(pattern)),
            Choice::Row(row) => ((true, row), self.data.masks.get(row)),
            Choice::Own(mask) => {
                masks.push(mask);
                return masks.len() as u32 - 1;
            }
        };
        *known.entry(key).or_insert_with(|| {
            masks.push(mask.expect("it was there when it was chosen").clone());
            masks.len() as u32 - 1
        })
    }

    /// Writes what one example's tokens have in its roles.
    fn write(&self, to: &mut Place, clean: &[f32], roles: &[Role], sigma: f64, noise: &[f64]) {
        let scaling = self.process.coefficients(sigma);
        let inputs = to.value.iter_mut().zip(to.given.iter_mut());
        let targets = to.target.iter_mut().zip(to.weight.iter_mut());
        let known = roles.iter().zip(clean.iter().zip(noise));
        for (((value, given), (target, weight)), (role, (z, n))) in inputs.zip(targets).zip(known) {
            match role {
                Role::Given => (*value, *given) = (*z, 1.0),
                Role::Absent => {}
                Role::Hidden => {
                    let noisy = f64::from(*z) + sigma * n;
                    *value = (scaling.input * noisy) as f32;
                    *target = scaling.target(f64::from(*z), noisy) as f32;
                    *weight = 1.0;
                }
            }
        }
    }
}

/// Where each example of a batch is written.
fn slots<'a>(inputs: &'a mut Inputs, targets: &'a mut Targets, tokens: usize) -> Vec<Place<'a>> {
    // Tokens without times have none to write.
    let times = inputs.time.chunks_exact_mut(tokens).chain(std::iter::repeat_with(|| &mut [][..]));
    let inputs = inputs.value.chunks_exact_mut(tokens).zip(inputs.given.chunks_exact_mut(tokens));
    let targets = targets.target.chunks_exact_mut(tokens).zip(targets.weight.chunks_exact_mut(tokens));
    let slots = inputs.zip(targets).zip(times);
    slots
        .map(|(((value, given), (target, weight)), time)| Place { value, given, time, target, weight })
        .collect()
}
