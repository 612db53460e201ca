//! In which order a sample's tokens lie, so that pairs which may not attend can be left out.
//!
//! Attention works on vectors of sixteen queries: a key costs the same whether one of the sixteen looks at it or all.
//! Tokens are therefore laid so that those which share keys share a vector, and each vector looks at the keys of its own
//! queries alone.
#![allow(clippy::indexing_slicing)] // Tokens are numbered below the size of their mask.

use super::lanes::LANES;
use sbi_model::Mask;
use std::ops::Range;

/// Runs of keys that are no further apart than this become one: a product that starts anew costs as much.
const GAP: usize = 3;

/// What a run of keys costs beside its keys, in keys.
const RUN: usize = 2;

/// Keys of vectors that are computed one by one cost more than those of panels of three, in hundredths.
const ALONE: usize = 120;

/// The order of tokens of a sample, and what attention computes of it.
#[derive(Debug, PartialEq)]
pub(super) struct Arrangement {
    /// The token at each place; empty where they are all there and stay as they are.
    pub order: Vec<u32>,
    /// The places in order, cut where other keys are looked at.
    pub panels: Vec<Panel>,
    /// Which tokens another one looks at; empty where only some are queries.
    pub seen: Vec<bool>,
}

/// Queries at neighbouring places, from a whole number of vectors on, and the keys that any of them looks at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    /// Their places.
    pub queries: Range<usize>,
    /// The places of their keys, rising; one at least.
    pub keys: Vec<Range<usize>>,
}

impl Panel {
    /// The queries with what fills up their last vector.
    pub fn lanes(&self) -> usize {
        self.queries.len().next_multiple_of(LANES)
    }
}

impl Arrangement {
    /// The arrangement for a mask: all pairs, unless leaving some out is worth it.
    pub fn of(mask: &Mask) -> Arrangement {
        let tokens = mask.size();
        let mut seen = vec![false; tokens];
        for query in 0..tokens {
            mask.row(query).filter(|key| *key != query).for_each(|key| seen[key] = true);
        }
        #[allow(clippy::single_range_in_vec_init, reason = "one run")]
        let all = Arrangement {
            order: Vec::new(),
            panels: vec![Panel { queries: 0..tokens, keys: vec![0..tokens] }],
            seen,
        };
        // The least that vectors of queries can look at: their share of all pairs that attend.
        let cost = 100 * tokens * tokens.div_ceil(LANES);
        if tokens <= LANES || ALONE * mask.count() / LANES >= cost {
            return all;
        }
        let (order, panels) = Arrangement::of_vectors(mask);
        let some = Arrangement { order, panels, seen: all.seen.clone() };
        if ALONE * some.keys() < cost { some } else { all }
    }

    /// The token at this place.
    pub fn token(&self, place: usize) -> usize {
        self.order.get(place).map_or(place, |token| *token as usize)
    }

    /// What the panels cost, in keys.
    fn keys(&self) -> usize {
        let runs = self.panels.iter().flat_map(|panel| &panel.keys);
        runs.map(|run| RUN + run.len()).sum()
    }

    /// Vector by vector: the token that looks at the fewest keys begins, and the one follows that adds the fewest to theirs.
    fn of_vectors(mask: &Mask) -> (Vec<u32>, Vec<Panel>) {
        let tokens = mask.size();
        let mut lookers = vec![Vec::new(); tokens];
        let mut degrees = vec![0; tokens];
        for (query, degree) in degrees.iter_mut().enumerate() {
            for key in mask.row(query) {
                lookers[key].push(query);
                *degree += 1;
            }
        }
        let mut left: Vec<usize> = (0..tokens).collect();
        let (mut order, mut seen) = (Vec::with_capacity(tokens), Vec::new());
        while !left.is_empty() {
            let mut keys = vec![false; tokens];
            let mut new = degrees.clone();
            for _ in 0..LANES.min(left.len()) {
                let next = (0..left.len()).min_by_key(|place| new[left[*place]]).expect("some are left");
                let query = left.remove(next);
                for key in mask.row(query).filter(|key| !std::mem::replace(&mut keys[*key], true)) {
                    lookers[key].iter().for_each(|looker| new[*looker] -= 1);
                }
                order.push(query as u32);
            }
            seen.push(keys);
        }
        let panels = seen.iter().enumerate().map(|(vector, keys)| Panel {
            queries: vector * LANES..tokens.min((vector + 1) * LANES),
            keys: runs(order.iter().map(|token| keys[*token as usize])),
        });
        let panels = panels.collect();
        (order, panels)
    }

    /// The tokens at these places alone, rising, as queries; their keys are at the places that this arrangement gives.
    pub fn of_some(&self, mask: &Mask, places: &[u32]) -> Arrangement {
        let order: Vec<u32> = places.iter().map(|place| self.token(*place as usize) as u32).collect();
        let dense = self.order.is_empty();
        let panels = order.chunks(if dense { order.len().max(1) } else { LANES }).enumerate();
        let panels = panels.map(|(number, queries)| {
            let looks = |key: usize| dense || queries.iter().any(|query| mask.get(*query as usize, key));
            let first = number * LANES;
            Panel {
                queries: first..first + queries.len(),
                keys: runs((0..mask.size()).map(|place| looks(self.token(place)))),
            }
        });
        Arrangement { panels: panels.collect(), order, seen: Vec::new() }
    }
}

/// The runs of places that are marked, joined across small gaps; one at least, as sums have terms.
fn runs(marked: impl Iterator<Item = bool>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for place in marked.enumerate().filter(|(_, marked)| *marked).map(|(place, _)| place) {
        match runs.last_mut() {
            Some(run) if place <= run.end + GAP => run.end = place + 1,
            _ => runs.push(place..place + 1),
        }
    }
    if runs.is_empty() {
        runs.push(0..1);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(tokens: usize, looks: impl Fn(usize, usize) -> bool) -> Mask {
        let mut mask = Mask::empty(tokens);
        for query in 0..tokens {
            (0..tokens).filter(|key| looks(query, *key)).for_each(|key| mask.set(query, key));
        }
        mask
    }

    /// Every token has one place, and its panel has all keys that it looks at.
    fn assert_covers(mask: &Mask) -> Arrangement {
        let arrangement = Arrangement::of(mask);
        let tokens = mask.size();
        let order: Vec<usize> = match arrangement.order.is_empty() {
            true => (0..tokens).collect(),
            false => arrangement.order.iter().map(|token| *token as usize).collect(),
        };
        let mut places = vec![usize::MAX; tokens];
        order.iter().enumerate().for_each(|(place, token)| places[*token] = place);
        assert!(!places.contains(&usize::MAX), "every token has a place");
        let mut next = 0;
        for panel in &arrangement.panels {
            assert_eq!(panel.queries.start, next, "panels follow each other");
            assert!(panel.queries.start.is_multiple_of(LANES));
            next = panel.queries.end;
            for query in panel.queries.clone() {
                for key in mask.row(order[query]) {
                    assert!(
                        panel.keys.iter().any(|run| run.contains(&places[key])),
                        "{query} looks at {key}"
                    );
                }
            }
        }
        assert_eq!(next, tokens, "panels cover all tokens");
        arrangement
    }

    #[test]
    fn pairs_that_are_far_apart_come_together() {
        // Ten parameters and their ten data: two vectors, of eight pairs and of two.
        let arrangement = assert_covers(&mask(20, |i, j| i % 10 == j % 10));
        let keys: Vec<_> = arrangement.panels.iter().map(|panel| panel.keys.as_slice()).collect();
        assert_eq!(keys, [std::slice::from_ref(&(0..16)), std::slice::from_ref(&(16..20))]);
        assert_eq!(&arrangement.order[..4], [0, 10, 1, 11]);
    }

    #[test]
    fn a_chain_looks_at_its_neighbours_and_what_all_look_at() {
        // Four tokens that everybody looks at, and a chain behind them.
        let chain = |i: usize, j: usize| j < 4 || (i >= 4 && i.abs_diff(j) <= 1) || i == j;
        let arrangement = assert_covers(&mask(104, chain));
        assert!(arrangement.keys() < 7 * (4 + 18 + 3 * RUN), "{arrangement:?}");
    }

    #[test]
    fn what_is_nearly_dense_stays_whole() {
        for (tokens, looks) in [(16, 2), (40, 11), (104, 10)] {
            let arrangement = assert_covers(&mask(tokens, |i, j| (7 * i + 3 * j) % 11 < looks || i == j));
            assert_eq!(arrangement.panels.len(), 1, "{tokens} tokens");
            assert!(arrangement.order.is_empty());
        }
    }

    #[test]
    fn tokens_that_are_absent_cost_next_to_nothing() {
        // Forty-four are absent: two vectors look at nothing, two at the twenty that are there.
        let arrangement = assert_covers(&mask(64, |i, j| i < 20 && j < 20));
        assert_eq!(arrangement.keys(), 2 * (1 + RUN) + 2 * (20 + RUN));
        assert_covers(&Mask::empty(40));
    }
}
