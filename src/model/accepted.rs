//! Draws that fail and are made anew (`on_failure "resample"`): what is left satisfies a condition, that nothing failed.
//!
//! Whatever the failure of something hangs on depends on each other in the draws that are left, as parents do of which a
//! child is known. Such a child, *accepted*, is a vertex that is always given: the graph is that of what is left once each of
//! its edges has been turned round (Shachter 1986), from the last parent to the first, after which nothing depends on it.

use crate::bits::Bits;
use crate::draft::Draft;
use crate::{OnFailure, Role};

/// Joins what a failure hangs on, in the parents of vertices that are numbered from parents to children; `number` has the
/// number of each vertex of the draft that lives.
pub(crate) fn accept(draft: &Draft<'_>, number: &[Option<usize>], parents: &mut [Bits]) {
    for family in families(draft, number, parents) {
        condition(parents, family);
    }
}

/// What each failure hangs on: that of a value on what it is made of, that of a run on all that moves any state of its
/// dynamics, that of a program on all its inputs.
fn families(draft: &Draft<'_>, number: &[Option<usize>], parents: &[Bits]) -> Vec<Bits> {
    let model = draft.model;
    let numbered = |vertices: &mut dyn Iterator<Item = usize>| {
        let mut family = Bits::new(parents.len());
        let standing = vertices.filter_map(|vertex| draft.stand_in(vertex));
        standing.filter_map(|vertex| number.get(vertex).copied().flatten()).for_each(|at| family.insert(at));
        family
    };
    let refused = draft.calls.iter().filter(|(external, _)| {
        let own = model.externals.get(*external).and_then(|external| external.on_failure);
        own.unwrap_or(model.on_failure) == OnFailure::Resample
    });
    let mut families: Vec<Bits> = refused.map(|(_, inputs)| numbered(&mut inputs.iter().copied())).collect();
    if model.on_failure == OnFailure::Resample {
        families.extend(parents.iter().cloned());
        for dynamics in &model.dynamics {
            let runs: usize = dynamics.axes.iter().map(|axis| model.axis(*axis).size()).product();
            let states = dynamics.members.iter().filter(|id| model.node(**id).role == Role::State);
            let states: Vec<_> = states.map(|id| (*id, model.elements(model.node(*id)) / runs)).collect();
            for run in 0..runs {
                let elements = states
                    .iter()
                    .flat_map(|(id, each)| (run * each..(run + 1) * each).map(|element| (*id, element)));
                let states = elements.filter_map(|(id, element)| draft.survey.vertex(id, element));
                families.push(numbered(&mut states.flat_map(|state| draft.drives.behind(state))));
            }
        }
    }
    families.retain(|family| family.count() > 1);
    families
}

/// Turns round the edges to a child of these vertices that is given.
fn condition(parents: &mut [Bits], mut family: Bits) {
    while let Some(last) = family.iter().last() {
        family.remove(last);
        let Some(row) = parents.get_mut(last) else { continue };
        let above = row.clone();
        row.union(&family);
        family.union(&above);
    }
}
