//! `depends` against the formulas that it overrides.

use super::ancestors;
use crate::check::codes::DEPENDS_OTHERWISE;
use crate::{Definition, Depends, Index, Model, NodeId, Reading, Role};
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

/// Where `depends` names what a formula does not read, or leaves out what it reads.
pub(super) fn stated(model: &Model, depends: &Depends) -> Option<Diagnostic> {
    let target = depends.target;
    // What a program gives has no formula.
    if model.reads(target).is_empty() && !matches!(model.node(target).definition, Definition::Draw(_)) {
        return None;
    }
    let above = model.reads(target).into_iter().flat_map(|id| ancestors(model, id));
    let above: BTreeSet<NodeId> = above.collect();
    let known = depends.sources.iter().flat_map(|source| {
        let behind = if is_drawn(model, source.node) { BTreeSet::new() } else { drawn(model, source.node) };
        std::iter::once(source.node).chain(behind)
    });
    let known: BTreeSet<NodeId> = known.collect();
    let (kept, idle): (Vec<&Reading>, Vec<&Reading>) =
        depends.sources.iter().partition(|source| source.node == target || above.contains(&source.node));
    let read = drawn(model, target);
    let lacking: Vec<NodeId> = read.into_iter().filter(|id| !is_covered(model, *id, &known)).collect();
    let name = |id: NodeId| format!("`{}`", model.node(id).name);
    let names = |all: Vec<NodeId>| all.into_iter().map(name).collect::<Vec<_>>().join(", ");
    let idle = names(idle.iter().map(|source| source.node).collect());
    let own = name(target);
    let message = match (idle.as_str(), lacking.as_slice()) {
        ("", []) => return None,
        ("", lacking) => {
            format!("{own} is made of {}, and `depends` leaves that out", names(lacking.to_vec()))
        }
        (idle, []) => format!("`depends` names {idle}, of which {own} is not made"),
        (idle, lacking) => format!(
            "`depends` names {idle}, of which {own} is not made, and leaves out {}, of which it is",
            names(lacking.to_vec())
        ),
    };
    let kept = kept.into_iter().map(|source| shown(model, source));
    let all: Vec<String> =
        kept.chain(lacking.iter().map(|id| shown(model, &beside(model, target, *id)))).collect();
    let told = DEPENDS_OTHERWISE.at(depends.span, message);
    Some(told.help(match all.as_slice() {
        [] => "remove this line, or keep it if you know better than the formula".to_owned(),
        all => format!(
            "write `depends {} from {}`, or keep it if you know better than the formula",
            model.node(target).name,
            all.join(", ")
        ),
    }))
}

fn is_drawn(model: &Model, id: NodeId) -> bool {
    let node = model.node(id);
    matches!(node.definition, Definition::Draw(_)) && node.role != Role::State
}

/// What is drawn and read by a node, directly or through what is computed.
fn drawn(model: &Model, node: NodeId) -> BTreeSet<NodeId> {
    let (mut found, mut seen, mut waiting) = (BTreeSet::new(), BTreeSet::new(), vec![node]);
    while let Some(next) = waiting.pop() {
        for id in model.reads(next).into_iter().filter(|id| *id != node) {
            if is_drawn(model, id) && model.node(id).role != Role::Noise {
                found.insert(id);
            } else if seen.insert(id) {
                waiting.push(id);
            }
        }
    }
    found
}

/// Whether something drawn is named, or, being integrated out, everything that it is drawn from.
fn is_covered(model: &Model, id: NodeId, known: &BTreeSet<NodeId>) -> bool {
    let from = || drawn(model, id);
    let behind = || !from().is_empty() && from().into_iter().all(|id| is_covered(model, id, known));
    known.contains(&id) || model.node(id).role == Role::Latent && behind()
}

/// A source as it would be read by a target: the same element where the target has all its axes, else all of it.
fn beside(model: &Model, target: NodeId, node: NodeId) -> Reading {
    let (own, axes) = (&model.node(target).axes, &model.node(node).axes);
    let same = axes.iter().all(|axis| own.contains(axis));
    Reading { node, index: axes.iter().map(|axis| same.then_some(Index::Same(*axis))).collect() }
}

fn shown(model: &Model, source: &Reading) -> String {
    let name = &model.node(source.node).name;
    let index = source.index.iter().map(|index| match index {
        None => None,
        Some(Index::Same(axis)) => Some(model.axis(*axis).name.clone()),
        Some(Index::At(place)) => Some((place + 1).to_string()),
    });
    match index.collect::<Option<Vec<String>>>() {
        Some(index) if !index.is_empty() => format!("{name}[{}]", index.join(", ")),
        _ => name.clone(),
    }
}
