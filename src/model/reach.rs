//! How far what a token holds gets through a mask: a layer of a network takes it one step.

use crate::Mask;
use crate::bits::Bits;

/// What can get where, whatever the number of layers, among the tokens that are present.
///
/// With l layers a token can depend on another if there is a way of at most l steps from it to the other
/// (`papers/simformer.md` 1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The connected parts, whichever way their tokens look: the tokens of each in rising order, by their first.
    pub parts: Vec<Vec<usize>>,
    /// After how many layers each token of a part has seen all others of it, or two tokens of one part of which the
    /// first never sees the second.
    pub layers: Result<usize, (usize, usize)>,
}

impl Mask {
    /// How far what a token holds gets. `present` has an entry for each token; the mask has nothing of the others, and each
    /// present token sees itself.
    pub fn reach(&self, present: &[bool]) -> Reach {
        assert_eq!(present.len(), self.size(), "every token is present or not");
        let rows = self.rows();
        let parts = parts(rows, present);
        let mut layers = Ok(0);
        for part in &parts {
            let all = Bits::filter(self.size(), |token| part.binary_search(&token).is_ok());
            for &token in part {
                let steps = steps(rows, token, &all).map_err(|unseen| (token, unseen));
                layers = layers.and_then(|most| Ok(steps?.max(most)));
            }
        }
        Reach { parts, layers }
    }

    /// The share of the entries among the present tokens that are kept; 1 where none is present.
    pub fn kept(&self, present: &[bool]) -> f64 {
        let count = present.iter().filter(|present| **present).count();
        if count == 0 { 1.0 } else { self.count() as f64 / (count * count) as f64 }
    }
}

/// The parts that are connected if it does not matter who looks at whom.
fn parts(rows: &[Bits], present: &[bool]) -> Vec<Vec<usize>> {
    let mut both = rows.to_vec();
    for (token, row) in rows.iter().enumerate() {
        for seen in row.iter() {
            both.get_mut(seen).into_iter().for_each(|back| back.insert(token));
        }
    }
    let mut waiting = Bits::filter(rows.len(), |token| present.get(token) == Some(&true));
    let mut parts = Vec::new();
    for first in 0..rows.len() {
        if !waiting.contains(first) {
            continue;
        }
        let part = spread(&both, first).last().expect("a token is in its own part");
        waiting.subtract(&part);
        parts.push(part.iter().collect());
    }
    parts
}

/// How many steps it takes from a token to all others of its part.
///
/// # Errors
/// One that no number of steps leads to.
fn steps(rows: &[Bits], token: usize, all: &Bits) -> Result<usize, usize> {
    let mut steps = 0;
    let mut seen = None;
    for reached in spread(rows, token) {
        steps += usize::from(seen.is_some());
        seen = Some(reached);
    }
    let unseen = all.iter().find(|other| seen.as_ref().is_none_or(|seen| !seen.contains(*other)));
    unseen.map_or(Ok(steps), Err)
}

/// What a token sees after no step, after one, and so on, as long as it grows.
fn spread(rows: &[Bits], token: usize) -> impl Iterator<Item = Bits> {
    let first = Bits::filter(rows.len(), |other| other == token);
    let grow = |(seen, fresh): &(Bits, Bits)| {
        let mut grown = seen.clone();
        fresh.iter().filter_map(|token| rows.get(token)).for_each(|row| grown.union(row));
        let mut next = grown.clone();
        next.subtract(seen);
        let grows = next.iter().next().is_some();
        grows.then_some((grown, next))
    };
    std::iter::successors(Some((first.clone(), first)), grow).map(|(seen, _)| seen)
}
