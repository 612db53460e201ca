//! The masks of a batch, as attention reads them.
#![allow(clippy::indexing_slicing)] // Samples name masks of their batch.

use super::arrangement::{Arrangement, Panel};
use super::lanes::LANES;
use super::plan::Plan;
use super::product::{Places, Start};
use crate::network::Masks;
use sbi_model::Mask;
use std::collections::HashMap;
use std::sync::Arc;

/// The logit of a pair that may not attend; far below every real one, and still a number.
pub(super) const FORBIDDEN: f32 = -1e30;

/// Arrangements are kept for the next batch as long as their masks have no more bits than this.
const MOST_BITS: usize = 1 << 28;

/// The distinct masks of a batch.
#[derive(Default)]
pub(super) struct MaskTable {
    /// The masks that the table was last filled with, and whose outputs were wanted.
    masks: Vec<Arc<Mask>>,
    wanted: Vec<bool>,
    /// All tokens of a sample as queries.
    pub all: Looks,
    /// Those whose outputs are wanted, in samples of the first mask, where not all are.
    pub asked: Option<Asked>,
    known: HashMap<Arc<Mask>, Arc<Arrangement>>,
}

/// What queries look at, mask by mask: how they and their keys are arranged, and what the logits start from.
#[derive(Default)]
pub(super) struct Looks {
    arrangements: Vec<Arc<Arrangement>>,
    /// `[masks, keys, padded queries]`: zero or [`FORBIDDEN`], by places. Pairs outside of panels are never read.
    starts: Vec<f32>,
    /// Tokens, which all are keys; and numbers from key to key.
    tokens: usize,
    row: usize,
}

/// Queries that are some of a sample's tokens.
pub(super) struct Asked {
    /// How many there are of each sample.
    pub tokens: usize,
    pub looks: Looks,
}

impl MaskTable {
    /// Fills the table.
    pub fn set(&mut self, plan: &Plan, masks: &Masks, wanted: &[bool]) {
        let masks = &masks.masks;
        if self.masks == *masks && self.wanted == wanted {
            return;
        }
        assert!(masks.iter().all(|mask| mask.size() == plan.tokens), "a mask has the network's tokens");
        self.masks.clone_from(masks);
        self.wanted = wanted.to_vec();
        let all: Vec<_> = masks.iter().map(|mask| self.arrangement(mask)).collect();
        let some = wanted.contains(&true) && wanted.contains(&false);
        self.asked = masks.first().zip(all.first()).filter(|_| some).map(|(mask, keys)| {
            let is_wanted = |place: &u32| wanted[keys.token(*place as usize)];
            let places: Vec<u32> = (0..plan.tokens as u32).filter(is_wanted).collect();
            let (mut looks, row) = (Looks::default(), places.len().next_multiple_of(LANES));
            looks.set([(mask, keys)], vec![keys.of_some(mask, &places).into()], [plan.tokens, row]);
            Asked { tokens: places.len(), looks }
        });
        self.all.set(masks.iter().zip(&all), all.clone(), [plan.tokens, plan.rows.queries]);
    }

    fn arrangement(&mut self, mask: &Arc<Mask>) -> Arc<Arrangement> {
        if let Some(arrangement) = self.known.get(mask) {
            return arrangement.clone();
        }
        if self.known.len() * mask.size() * mask.size() > MOST_BITS {
            self.known.clear();
        }
        let arrangement = Arc::new(Arrangement::of(mask));
        self.known.insert(mask.clone(), arrangement.clone());
        arrangement
    }
}

impl Looks {
    /// For each mask with the arrangement of its keys that of its queries.
    fn set<'a>(
        &mut self,
        masks: impl IntoIterator<Item = (&'a Arc<Mask>, &'a Arc<Arrangement>)>,
        arrangements: Vec<Arc<Arrangement>>,
        [tokens, row]: [usize; 2],
    ) {
        (self.tokens, self.row, self.arrangements) = (tokens, row, arrangements);
        let size = tokens * row;
        self.starts.resize(self.arrangements.len() * size, FORBIDDEN);
        let masks = masks.into_iter().zip(&self.arrangements);
        for (((mask, keys), queries), starts) in masks.zip(self.starts.chunks_exact_mut(size)) {
            fill(mask, keys, queries, starts, row);
        }
    }

    /// How many keys there are.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The panels of a sample with this mask.
    pub fn panels(&self, mask: u32) -> &[Panel] {
        &self.arrangement(mask).panels
    }

    /// How a sample with this mask is arranged.
    pub fn arrangement(&self, mask: u32) -> &Arrangement {
        &self.arrangements[mask as usize]
    }

    /// Whether samples with these masks can go through attention together.
    pub fn alike(&self, one: u32, other: u32) -> bool {
        one == other || self.panels(one) == self.panels(other)
    }

    /// What the logits of a sample start from whose mask is at the same place of `index`, from this key and query on.
    pub fn start<'a>(&'a self, index: &'a [u32], [key, query]: [usize; 2]) -> Start<'a> {
        let places =
            Places { first: key * self.row + query, row: self.row, head: 0, sample: self.tokens * self.row };
        Start::Chosen { from: &self.starts, places, index }
    }
}

/// What the logits of a mask start from, within the queries' panels.
fn fill(mask: &Mask, keys: &Arrangement, queries: &Arrangement, starts: &mut [f32], row: usize) {
    let mut places = vec![0; mask.size()];
    (0..mask.size()).for_each(|place| places[keys.token(place)] = place);
    for panel in &queries.panels {
        let lanes = panel.queries.start..panel.queries.start + panel.lanes();
        for key in panel.keys.iter().cloned().flatten() {
            starts[key * row..][lanes.clone()].fill(FORBIDDEN);
        }
        for query in panel.queries.clone() {
            mask.row(queries.token(query)).for_each(|key| starts[places[key] * row + query] = 0.0);
        }
    }
}
