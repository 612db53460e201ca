//! Which tokens are given, hidden or left out in a training example.
//!
//! The families are those of Simformer (Gloeckler et al. 2024, section 3.3): joint, posterior, likelihood and random
//! ones, whose rate is drawn where the paper's are .3 and .7, as a query may know one token of many. A share of the
//! examples has tokens left out besides.

use crate::modality::Modality;
use crate::subject::Subject;
use sbi_model::{Mask, MaskKind, Token};
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Entries of all masks of left-out tokens that are kept at hand.
const POOL_ENTRIES: usize = 1 << 20;

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// The pattern of one query.
    pub focus: f64,
    /// The tokens that it gives.
    pub focused: Vec<usize>,
    /// All data given.
    pub posterior: f64,
    /// All parameters given.
    pub likelihood: f64,
    /// Nothing given.
    pub joint: f64,
    /// Each token given with a probability that is itself uniform: as likely few as many.
    pub random: f64,
    /// Of all examples, those with tokens left out.
    pub absent: f64,
}

impl Mixture {
    /// The mixture with this share of posteriors; of the rest, one half is random.
    pub fn with_posterior(posterior: f64, absent: f64) -> Mixture {
        let rest = 0.25 * (1.0 - posterior);
        let (focus, focused) = (0.0, Vec::new());
        Mixture { focus, focused, posterior, likelihood: rest, joint: rest, random: 2.0 * rest, absent }
    }

    /// Has half of the examples in the pattern that gives these tokens, the others as before.
    pub fn focused_on(self, given: &[usize]) -> Mixture {
        let half = |share: f64| 0.5 * share;
        Mixture {
            focus: 0.5,
            focused: given.to_vec(),
            posterior: half(self.posterior),
            likelihood: half(self.likelihood),
            joint: half(self.joint),
            random: half(self.random),
            absent: self.absent,
        }
    }
}

/// Draws patterns, and says which masks go with them.
pub struct Patterns<'a> {
    subject: &'a Subject,
    kind: MaskKind,
    mixture: &'a Mixture,
    is_data: Vec<bool>,
    /// Patterns of left-out tokens, the first of them empty.
    pool: Vec<Pooled>,
    /// Places in the pool, each as often as it is drawn.
    chosen: Vec<usize>,
}

/// A pattern of left-out tokens.
struct Pooled {
    absent: Vec<bool>,
    /// The mask that goes with it, where that is the same for all data sets and whatever is given.
    mask: Option<Arc<Mask>>,
}

impl<'a> Patterns<'a> {
    /// Patterns over the tokens of `subject`, with masks of `kind`; which tokens are left out is decided here, from `stream`.
    pub fn new(subject: &'a Subject, kind: MaskKind, mixture: &'a Mixture, stream: &Stream) -> Patterns<'a> {
        let tokens = subject.tokens().len();
        let mut pool = vec![vec![false; tokens]];
        let mut chosen = Vec::new();
        let tried = if mixture.absent > 0.0 { pool_size(tokens) } else { 0 };
        for draw in 0..tried as u64 {
            let absent = leave_out(subject.tokens(), stream, draw);
            if !(absent.contains(&true) && absent.contains(&false)) {
                continue;
            }
            let known = pool.iter().position(|other| *other == absent);
            chosen.push(known.unwrap_or(pool.len()));
            if known.is_none() {
                pool.push(absent);
            }
        }
        let alike = !subject.varies() && !kind.asks_what_is_given();
        let nothing = vec![false; tokens];
        let pooled = |absent: Vec<bool>| Pooled {
            mask: alike.then(|| subject.mask(kind, &[], &nothing, &absent).into()),
            absent,
        };
        let is_data = subject.tokens().iter().map(is_data).collect();
        Patterns { subject, kind, mixture, is_data, pool: pool.into_iter().map(pooled).collect(), chosen }
    }

    /// The mask of a pattern, where that is the same for all data sets that lack nothing.
    pub fn mask(&self, index: usize) -> Option<&Arc<Mask>> {
        self.pool.get(index).expect("patterns are of their pool").mask.as_ref()
    }

    /// The mask of an example: of its own roles, at its own times.
    pub fn mask_of(&self, roles: &[Role], coordinates: &[f64]) -> Mask {
        let are = |role: Role| roles.iter().map(|own| *own == role).collect::<Vec<bool>>();
        self.subject.mask(self.kind, coordinates, &are(Role::Given), &are(Role::Absent))
    }

    /// The mask of a data set of which nothing is left out that it has, where that does not hang on what is given.
    pub fn mask_of_all(&self, lacks: &[bool], coordinates: &[f64]) -> Option<Mask> {
        let nothing = vec![false; lacks.len()];
        (!self.kind.asks_what_is_given()).then(|| self.subject.mask(self.kind, coordinates, &nothing, lacks))
    }

    /// The pattern of example `draw` of step `step`, whose data set `lacks` these tokens, written to `roles`; returns its
    /// number. At least one token is hidden, if there is any.
    pub fn draw(&self, stream: &Stream, draw: u64, step: u32, lacks: &[bool], roles: &mut [Role]) -> usize {
        let tokens = roles.len() as u32;
        let uniform = |element: u32| stream.uniform(draw, step, element);
        let m = self.mixture;
        let family = uniform(tokens);
        let rate = uniform(tokens + 3);
        let bounds = [m.focus, m.posterior, m.likelihood, m.joint].into_iter().scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        let family = bounds.filter(|bound| family >= *bound).count();
        for ((token, role), &is_data) in (0..).zip(roles.iter_mut()).zip(&self.is_data) {
            let element = self.first(token);
            let given = match family {
                0 => m.focused.contains(&(token as usize)),
                1 => is_data,
                2 => !is_data,
                3 => false,
                _ => uniform(element) < rate,
            };
            *role = if given { Role::Given } else { Role::Hidden };
        }
        let index = if uniform(tokens + 1) < m.absent {
            let place = (uniform(tokens + 2) * self.chosen.len() as f64) as usize;
            self.chosen.get(place).copied().unwrap_or(0)
        } else {
            0
        };
        let absent = &self.pool.get(index).expect("a uniform number is below one").absent;
        for ((role, absent), lacks) in roles.iter_mut().zip(absent).zip(lacks) {
            if *absent || *lacks {
                *role = Role::Absent;
            }
        }
        if !roles.contains(&Role::Hidden) {
            // Nothing is asked for: ask for all that is there, as the paper does with a mask of ones.
            roles.iter_mut().filter(|role| **role == Role::Given).for_each(|role| *role = Role::Hidden);
        }
        for modality in &self.subject.modalities {
            // What stands for a modality is given or absent, and never asked for.
            let own = roles.get_mut(modality.tokens.clone()).into_iter().flatten();
            own.filter(|role| **role == Role::Hidden).for_each(|role| *role = Role::Absent);
        }
        index
    }

    /// The token by whose number it is decided whether one is given: all that stand for a modality are given together.
    fn first(&self, token: u32) -> u32 {
        let of = |modality: &&Modality| modality.tokens.contains(&(token as usize));
        self.subject.modalities.iter().find(of).map_or(token, |modality| modality.tokens.start as u32)
    }
}

/// How many patterns of left-out tokens are tried for the pool.
pub fn pool_size(tokens: usize) -> usize {
    (POOL_ENTRIES / (tokens * tokens).max(1)).clamp(16, 1024)
}

fn is_data(token: &Token) -> bool {
    token.role == sbi_model::Role::Data
}

/// Tokens left out together: of the data in one half of the patterns, of the rest in a quarter, of both in another;
/// whole nodes as often as single elements, and as likely few as many. So a question that knows one reading, one
/// about one parameter, and one that knows nothing are all trained.
fn leave_out(tokens: &[Token], stream: &Stream, draw: u64) -> Vec<bool> {
    let thinned: &[bool] = match (4.0 * stream.uniform(draw, 0, 0)) as u32 {
        0 | 1 => &[true],
        2 => &[false],
        _ => &[true, false],
    };
    let absent = |(element, token): (u32, &Token)| {
        let side = u32::from(is_data(token));
        let by_node = stream.uniform(draw, 1, side) < 0.5;
        let rate = stream.uniform(draw, 2, side);
        // A node is named by its first token: its number in the file is no part of the model.
        let first = || tokens.iter().position(|other| other.node == token.node);
        let key = first().filter(|_| by_node).map_or(element, |first| first as u32);
        thinned.contains(&is_data(token)) && stream.uniform(draw, 3, key) < rate
    };
    (0..).zip(tokens).map(absent).collect()
}
