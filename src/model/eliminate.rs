//! Elimination of vertices from a directed acyclic graph by the exact rule.
//!
//! Vertices are numbered topologically: parents before children. Removing a vertex orders its children by
//! their numbers, and each inherits the vertex's parents, its earlier siblings, and their parents. This
//! keeps the numbering topological, and the moral graph of the result is the moral graph of the start with the
//! vertex's neighbours joined: hence it does not depend on the order of elimination.

use crate::bits::Bits;

/// Eliminates the vertices in `gone`; `parents` has a set for each vertex, all of smaller numbers. Vertices without a
/// remaining descendant are dropped. The sets of eliminated vertices end empty, and they occur in no other.
pub(crate) fn eliminate(parents: &mut [Bits], gone: &Bits) {
    let size = parents.len();
    let gone: Vec<usize> = gone.iter().collect();
    // From the last to the first: when a vertex's turn comes, its eliminated descendants have gone, so one
    // without children has no remaining descendant and is dropped by clearing it.
    for &vertex in gone.iter().rev() {
        let Some(place) = parents.get_mut(vertex) else { continue };
        let mut inherited = std::mem::replace(place, Bits::new(size));
        for (child, family) in parents.iter_mut().enumerate().skip(vertex + 1) {
            if family.contains(vertex) {
                family.remove(vertex);
                family.union(&inherited);
                inherited.union(family);
                inherited.insert(child);
            }
        }
    }
}
