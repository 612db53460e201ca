//! Which tokens are given, hidden or left out in a training example.
//!
//! The families are those of Simformer (Gloeckler et al. 2024, section 3.3): joint, posterior, likelihood and two random
//! ones; a share of the examples has tokens left out besides, so that a query may leave them out too.

use sbi_model::{Graph, Mask, MaskKind};
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};

/// Entries of all masks of left-out tokens that are kept at hand.
const POOL_ENTRIES: usize = 1 << 20;

/// Share of a pattern's tokens that are left out when each is asked alone.
const DROPPED: f64 = 0.3;

/// What an example says of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Seen clean.
    Given,
    /// Seen through noise, and asked for.
    Hidden,
    /// Not there.
    Absent,
}

/// How often each family of patterns is trained; shares that add up to one, and the share with tokens left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// All data given.
    pub posterior: f64,
    /// All parameters given.
    pub likelihood: f64,
    /// Nothing given.
    pub joint: f64,
    /// Each token given with probability 0.3.
    pub sparse: f64,
    /// Each token given with probability 0.7.
    pub dense: f64,
    /// Of all examples, those with tokens left out.
    pub absent: f64,
}

impl Mixture {
    /// The mixture with this share of posteriors and equal shares of the rest.
    pub fn with_posterior(posterior: f64, absent: f64) -> Mixture {
        let rest = 0.25 * (1.0 - posterior);
        Mixture { posterior, likelihood: rest, joint: rest, sparse: rest, dense: rest, absent }
    }
}

/// Draws patterns, with the masks that go with them.
pub struct Patterns {
    mixture: Mixture,
    is_data: Vec<bool>,
    /// Patterns of left-out tokens, the first of them empty, each with its mask.
    pool: Vec<(Vec<bool>, Mask)>,
}

impl Patterns {
    /// Patterns over the tokens of `graph`, with masks of `kind`; which tokens are left out is decided here, from `stream`.
    pub fn new(graph: &Graph, kind: MaskKind, mixture: Mixture, stream: &Stream) -> Patterns {
        let tokens = graph.tokens.len();
        let size = pool_size(tokens);
        let mut pool = vec![vec![false; tokens]];
        for draw in 0..size as u64 {
            let absent = leave_out(graph, stream, draw);
            if absent.contains(&false) && !pool.contains(&absent) {
                pool.push(absent);
            }
        }
        let pool = pool.into_iter().map(|absent| (absent.clone(), graph.mask(kind, &absent))).collect();
        Patterns {
            mixture,
            is_data: graph.tokens.iter().map(|token| token.role == sbi_model::Role::Data).collect(),
            pool,
        }
    }

    /// The masks that [`Patterns::draw`] refers to.
    pub fn mask(&self, index: usize) -> &Mask {
        &self.pool.get(index).expect("patterns name masks of their pool").1
    }

    /// The pattern of example `draw` of step `step`, written to `roles`; returns the number of its mask.
    /// At least one token is hidden.
    pub fn draw(&self, stream: &Stream, draw: u64, step: u32, roles: &mut [Role]) -> usize {
        let tokens = roles.len() as u32;
        let uniform = |element: u32| stream.uniform(draw, step, element);
        let m = &self.mixture;
        let family = uniform(tokens);
        let rate = if family < m.posterior + m.likelihood + m.joint + m.sparse { 0.3 } else { 0.7 };
        for ((element, role), &is_data) in (0..).zip(roles.iter_mut()).zip(&self.is_data) {
            let given = if family < m.posterior {
                is_data
            } else if family < m.posterior + m.likelihood {
                !is_data
            } else if family < m.posterior + m.likelihood + m.joint {
                false
            } else {
                uniform(element) < rate
            };
            *role = if given { Role::Given } else { Role::Hidden };
        }
        let index = if uniform(tokens + 1) < m.absent {
            (uniform(tokens + 2) * self.pool.len() as f64) as usize
        } else {
            0
        };
        let (absent, _) = self.pool.get(index).expect("a uniform number is below one");
        for (role, _) in roles.iter_mut().zip(absent).filter(|(_, absent)| **absent) {
            *role = Role::Absent;
        }
        if !roles.contains(&Role::Hidden) {
            // Nothing is asked for: ask for all that is there, as the paper does with a mask of ones.
            roles.iter_mut().filter(|role| **role == Role::Given).for_each(|role| *role = Role::Hidden);
        }
        index
    }
}

/// How many patterns of left-out tokens are tried for the pool.
pub fn pool_size(tokens: usize) -> usize {
    (POOL_ENTRIES / (tokens * tokens).max(1)).clamp(16, 1024)
}

/// Tokens left out together: whole nodes as often as single elements.
fn leave_out(graph: &Graph, stream: &Stream, draw: u64) -> Vec<bool> {
    let by_node = stream.uniform(draw, 1, u32::MAX) < 0.5;
    let absent = |(element, token): (u32, &sbi_model::Token)| {
        // A node is named by its first token: its number in the file is no part of the model.
        let first = graph.tokens.iter().position(|other| other.node == token.node);
        let key = if by_node { first.map_or(element, |first| first as u32) } else { element };
        stream.uniform(draw, if by_node { 2 } else { 3 }, key) < DROPPED
    };
    (0..).zip(&graph.tokens).map(absent).collect()
}
