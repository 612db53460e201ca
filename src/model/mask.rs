//! Attention masks made of the base graph (`papers/simformer.md` 1.6).

use crate::bits::Bits;
use crate::{Graph, Mask, MaskKind};

impl Graph {
    /// The mask of `kind` for the tokens that are present; rows and columns of absent tokens are empty.
    /// Absent tokens are eliminated from the base graph by the exact rule before it is made moral.
    /// `absent` has an entry for each token.
    pub fn mask(&self, kind: MaskKind, absent: &[bool]) -> Mask {
        let absent = self.members(absent);
        let present = Bits::filter(self.tokens.len(), |token| !absent.contains(token));
        let mut rows = match kind {
            MaskKind::Undirected => moral(&self.arranged(), &present),
            MaskKind::Directed | MaskKind::Faithful => {
                unreachable!("approximators that are checked and not run make no mask")
            }
            MaskKind::Dense => vec![present.clone(); self.tokens.len()],
        };
        for (token, row) in rows.iter_mut().enumerate() {
            if absent.contains(token) {
                row.clear();
            }
            row.intersect(&present);
        }
        self.settled(&rows)
    }
}

/// The moral graph of the present tokens, as rows; those of absent tokens are left as they fall.
///
/// Eliminating a vertex from a directed graph joins its neighbours in the moral graph and changes nothing else, so it
/// may be done there: a run of connected absent tokens makes one clique of the present tokens that touch it.
fn moral(base: &[Bits], present: &Bits) -> Vec<Bits> {
    let size = base.len();
    let kept = ancestors(base, present);
    let mut rows = vec![Bits::new(size); size];
    for family in kept.iter().filter_map(|token| base.get(token)) {
        join(&mut rows, family);
    }
    let mut seen = present.clone();
    for start in kept.iter() {
        if !seen.contains(start) {
            let mut boundary = reachable(&rows, start, &mut seen);
            boundary.intersect(present);
            join(&mut rows, &boundary);
        }
    }
    rows
}

/// The present tokens and everything above them: what remains when barren absent tokens are dropped.
fn ancestors(base: &[Bits], present: &Bits) -> Bits {
    let mut kept = present.clone();
    let mut waiting: Vec<usize> = present.iter().collect();
    while let Some(token) = waiting.pop() {
        for parent in base.get(token).into_iter().flat_map(Bits::iter) {
            if !kept.contains(parent) {
                kept.insert(parent);
                waiting.push(parent);
            }
        }
    }
    kept
}

/// Everything that touches the connected run of unseen tokens around `start`.
fn reachable(rows: &[Bits], start: usize, seen: &mut Bits) -> Bits {
    let mut touched = Bits::new(rows.len());
    let mut waiting = vec![start];
    seen.insert(start);
    while let Some(token) = waiting.pop() {
        let Some(row) = rows.get(token) else { continue };
        touched.union(row);
        for next in row.iter() {
            if !seen.contains(next) {
                seen.insert(next);
                waiting.push(next);
            }
        }
    }
    touched
}

/// Joins all members of a set to each other.
fn join(rows: &mut [Bits], clique: &Bits) {
    for member in clique.iter() {
        if let Some(row) = rows.get_mut(member) {
            row.union(clique);
        }
    }
}
