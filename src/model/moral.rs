//! Undirected graphs of tokens that are read off directed ones.

use crate::bits::Bits;

/// The moral graph of the present tokens, as rows; those of absent tokens are left as they fall.
///
/// Eliminating a vertex from a directed graph joins its neighbours in the moral graph and changes nothing else, so it
/// may be done there: a run of connected absent tokens makes one clique of the present tokens that touch it.
pub(crate) fn moral(base: &[Bits], present: &Bits) -> Vec<Bits> {
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

/// These tokens and everything above them: what remains when others without any of them below are dropped.
pub(crate) fn ancestors(base: &[Bits], tokens: &Bits) -> Bits {
    let mut kept = tokens.clone();
    let mut waiting: Vec<usize> = tokens.iter().collect();
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
