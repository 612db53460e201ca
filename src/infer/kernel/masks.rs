//! The masks of a batch, as attention reads them.
#![allow(clippy::indexing_slicing)] // Samples name masks of their batch.

use super::arrangement::{Arrangement, Panel};
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

/// The distinct masks of a batch: how their tokens are arranged, and what the logits start from.
#[derive(Default)]
pub(super) struct MaskTable {
    /// The masks that the table was last filled with.
    masks: Vec<Arc<Mask>>,
    arrangements: Vec<Arc<Arrangement>>,
    /// `[masks, keys, padded queries]`: zero or [`FORBIDDEN`], by places. Pairs outside of panels are never read.
    starts: Vec<f32>,
    /// Numbers from key to key.
    row: usize,
    known: HashMap<Arc<Mask>, Arc<Arrangement>>,
}

impl MaskTable {
    /// Fills the table.
    pub fn set(&mut self, plan: &Plan, masks: &Masks) {
        if self.masks == masks.masks {
            return;
        }
        let size = plan.tokens * plan.rows.queries;
        self.row = plan.rows.queries;
        self.masks.clone_from(&masks.masks);
        self.arrangements.clear();
        self.starts.resize(masks.masks.len() * size, FORBIDDEN);
        for (mask, starts) in masks.masks.iter().zip(self.starts.chunks_exact_mut(size)) {
            assert_eq!(mask.size(), plan.tokens, "a mask has as many tokens as the network");
            let arrangement = match self.known.get(mask) {
                Some(arrangement) => arrangement.clone(),
                None => {
                    if self.known.len() * plan.tokens * plan.tokens > MOST_BITS {
                        self.known.clear();
                    }
                    let arrangement = Arc::new(Arrangement::of(mask));
                    self.known.insert(mask.clone(), arrangement.clone());
                    arrangement
                }
            };
            fill(mask, &arrangement, starts, plan.rows.queries);
            self.arrangements.push(arrangement);
        }
    }

    /// The panels of a sample with this mask.
    pub fn panels(&self, mask: u32) -> &[Panel] {
        &self.arrangements[mask as usize].panels
    }

    /// The token at each place of a sample with this mask; empty where they are as they are.
    pub fn order(&self, mask: u32) -> &[u32] {
        &self.arrangements[mask as usize].order
    }

    /// Whether samples with these masks can go through attention together.
    pub fn alike(&self, one: u32, other: u32) -> bool {
        one == other || self.panels(one) == self.panels(other)
    }

    /// What the logits of a sample start from whose mask is at the same place of `index`, from this key and query on.
    pub fn start<'a>(&'a self, index: &'a [u32], [key, query]: [usize; 2]) -> Start<'a> {
        let tokens = self.masks.first().map_or(0, |mask| mask.size());
        let places =
            Places { first: key * self.row + query, row: self.row, head: 0, sample: tokens * self.row };
        Start::Chosen { from: &self.starts, places, index }
    }
}

/// What the logits of a mask start from, within its panels.
fn fill(mask: &Mask, Arrangement { order, panels }: &Arrangement, starts: &mut [f32], row: usize) {
    let mut places: Vec<usize> = (0..mask.size()).collect();
    order.iter().enumerate().for_each(|(place, token)| places[*token as usize] = place);
    for panel in panels {
        let lanes = panel.queries.start..panel.queries.start + panel.lanes();
        for key in panel.keys.iter().cloned().flatten() {
            starts[key * row..][lanes.clone()].fill(FORBIDDEN);
        }
        for query in panel.queries.clone() {
            let token = order.get(query).map_or(query, |token| *token as usize);
            mask.row(token).for_each(|key| starts[places[key] * row + query] = 0.0);
        }
    }
}
