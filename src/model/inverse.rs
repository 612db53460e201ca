//! Masks for what is given: the base graph turned round, so that what is inferred attends to what is known below it.
//!
//! A token without anything given below it follows from its parents as before, and keeps its row. Nor does it make its
//! parents depend on each other, so it has gone before the rest is made moral: the moral graph of everything would join
//! tokens that are independent, and what is found would not be minimal.

use crate::bits::Bits;
use crate::moral::{ancestors, moral};
use std::cmp::Reverse;

/// The rows of a directed mask: those of [`inverse`], and of given tokens their own. With nothing given they are
/// those of the base graph.
pub(crate) fn directed(base: Vec<Bits>, given: &Bits, inferred: &Bits) -> Vec<Bits> {
    let mut rows = base;
    for (token, found) in inverse(&rows, given, inferred) {
        if let Some(row) = rows.get_mut(token) {
            *row = found;
        }
    }
    rows
}

/// The minimally faithful inverse of a base graph: each inferred token with what it attends to, itself included, in
/// the order of elimination. A row has given tokens and inferred ones that come later. Given these the token is
/// independent of all others that are given or come later, and not if any one of them is left out.
///
/// This is NaMI (Webb et al. 2018) from the leaves up. A token may go when all inferred ones among its children have
/// gone. Of those that may, the one goes next between whose neighbours the fewest edges are missing, the last of several;
/// its neighbours are its row, and are then joined. Simformer's published code strays from this: a token may go as soon
/// as one child has, and the fewest neighbours decide. For posteriors and likelihoods of its tasks the rows are the
/// same. Its preference for tokens of which most parents have gone is left out: no parent goes before its child here.
///
/// `base` has a row for each token, with itself and its parents, all before it. Tokens that are neither given nor
/// inferred occur in no row.
pub(crate) fn inverse(base: &[Bits], given: &Bits, inferred: &Bits) -> Vec<(usize, Bits)> {
    let informed = ancestors(base, given);
    let (barren, open): (Vec<usize>, Vec<usize>) =
        inferred.iter().partition(|token| !informed.contains(*token));
    let mut left = Left::new(base, &informed, &open);
    let own = |token: usize| Some((token, base.get(token)?.clone()));
    let mut rows: Vec<(usize, Bits)> = barren.into_iter().rev().filter_map(own).collect();
    while let Some(token) = left.next() {
        rows.push((token, left.eliminate(token)));
    }
    rows
}

/// The rows of a faithful mask that is not minimal: those of the base graph, where besides the inferred ancestors of
/// each given token attend to it and to each other. As published, they do not attend to its given parents, of which
/// they hear through the token itself.
///
/// `base` is as in [`inverse`].
pub(crate) fn faithful(base: Vec<Bits>, given: &Bits, inferred: &Bits) -> Vec<Bits> {
    let mut above: Vec<Bits> = Vec::with_capacity(base.len());
    for family in &base {
        let mut own = family.clone();
        family.iter().filter_map(|parent| above.get(parent)).for_each(|higher| own.union(higher));
        above.push(own);
    }
    let mut rows = base;
    for token in given.iter() {
        let Some(mut clique) = above.get(token).cloned() else { continue };
        clique.intersect(inferred);
        let members: Vec<usize> = clique.iter().collect();
        clique.insert(token);
        for member in members {
            if let Some(row) = rows.get_mut(member) {
                row.union(&clique);
            }
        }
    }
    rows
}

/// What is left of a moral graph as tokens are eliminated.
struct Left {
    /// Each token with its neighbours and itself. Rows of tokens that have gone are empty.
    near: Vec<Bits>,
    /// The tokens to be eliminated that have not gone.
    open: Bits,
    /// The parents of each token, without itself.
    parents: Vec<Bits>,
    /// How many edges are missing between the neighbours of each open token. The counts follow every edge that comes and
    /// every token that goes: to count anew costs at each step what this costs in all.
    fill: Vec<usize>,
}

impl Left {
    /// The moral graph of `informed`, which has all parents of its members; `open` are those of them to be eliminated.
    fn new(base: &[Bits], informed: &Bits, open: &[usize]) -> Left {
        let size = base.len();
        let near = moral(base, informed);
        let mut parents = base.to_vec();
        parents.iter_mut().enumerate().for_each(|(token, family)| family.remove(token));
        let mut left = Left { near, open: Bits::new(size), parents, fill: vec![0; size] };
        for &token in open {
            left.open.insert(token);
            let row = left.near(token);
            let lacking: usize = row.iter().map(|other| row.beyond(left.near(other))).sum();
            // Each edge is missed from both its ends.
            *left.fill(token) = lacking / 2;
        }
        left
    }

    fn near(&self, token: usize) -> &Bits {
        self.near.get(token).expect("every token has a row")
    }

    fn fill(&mut self, token: usize) -> &mut usize {
        self.fill.get_mut(token).expect("every token has a count")
    }

    /// The token to go next; none when all have gone.
    fn next(&self) -> Option<usize> {
        let mut ready = self.open.clone();
        for family in self.open.iter().filter_map(|token| self.parents.get(token)) {
            ready.subtract(family);
        }
        ready.iter().min_by_key(|&token| (self.fill.get(token), Reverse(token)))
    }

    /// Takes a token out and joins its neighbours; returns these and itself.
    fn eliminate(&mut self, token: usize) -> Bits {
        let row = std::mem::replace(
            self.near.get_mut(token).expect("every token has a row"),
            Bits::new(self.parents.len()),
        );
        self.open.remove(token);
        let mut others = row.clone();
        others.remove(token);
        for other in others.iter() {
            if let Some(near) = self.near.get_mut(other) {
                near.remove(token);
            }
            if self.open.contains(other) {
                // Those of its neighbours that the token did not have missed an edge to it.
                *self.fill(other) -= self.near(other).beyond(&row);
            }
        }
        for one in others.iter() {
            let mut strangers = others.clone();
            strangers.subtract(self.near(one));
            strangers.iter().for_each(|other| self.connect(one, other));
        }
        row
    }

    /// Adds an edge.
    fn connect(&mut self, one: usize, other: usize) {
        let mut common = self.near(one).clone();
        common.intersect(self.near(other));
        common.intersect(&self.open);
        common.iter().for_each(|between| *self.fill(between) -= 1);
        for (end, new) in [(one, other), (other, one)] {
            if self.open.contains(end) {
                // All its neighbours that are strangers to the new one; it is no stranger itself.
                *self.fill(end) += self.near(end).beyond(self.near(new)) - 1;
            }
        }
        for (end, new) in [(one, other), (other, one)] {
            if let Some(near) = self.near.get_mut(end) {
                near.insert(new);
            }
        }
    }
}
