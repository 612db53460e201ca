//! Many that are read by many: where each of several figures is read by each of several others, the arrows meet in a dot.

use super::diagram::{Diagram, Figure, Look};
use super::layout::Link;
use std::collections::BTreeSet;

/// A dot takes the place of arrows where it saves at least this many.
const LEAST: usize = 3;

/// An end of a link: the figure, and where on it, as bits that can be compared.
type End = (usize, Option<u64>);

/// Puts dots into a diagram as long as one saves arrows.
pub fn join(diagram: &mut Diagram) {
    while let Some((read, readers)) = best(&diagram.links) {
        let within = |link: &Link| read.contains(&from(link)) && readers.contains(&to(link));
        diagram.links.retain(|link| !within(link));
        let mut dot = Figure::new(Look::Joint, "");
        let ends: Vec<&Figure> =
            read.iter().chain(&readers).filter_map(|(figure, _)| diagram.figures.get(*figure)).collect();
        let first = ends.first().map(|own| own.frames.as_slice()).unwrap_or_default();
        dot.frames =
            first.iter().copied().filter(|frame| ends.iter().all(|own| own.frames.contains(frame))).collect();
        let dot = diagram.add(dot);
        let place = |bits: Option<u64>| bits.map(f64::from_bits);
        let above = read.iter().map(|end| Link { from: end.0, leave: place(end.1), to: dot, enter: None });
        let below = readers.iter().map(|end| Link { from: dot, leave: None, to: end.0, enter: place(end.1) });
        diagram.links.extend(above.chain(below));
    }
}

fn from(link: &Link) -> End {
    (link.from, link.leave.map(f64::to_bits))
}

fn to(link: &Link) -> End {
    (link.to, link.enter.map(f64::to_bits))
}

/// Who is read by whom, all by all, so that a dot between them saves most arrows; none where it would save too few.
fn best(links: &[Link]) -> Option<(BTreeSet<End>, BTreeSet<End>)> {
    let readers: BTreeSet<End> = links.iter().map(to).collect();
    let families: Vec<(End, BTreeSet<End>)> = readers
        .into_iter()
        .map(|reader| (reader, links.iter().filter(|link| to(link) == reader).map(from).collect()))
        .collect();
    let own = families.iter().map(|(_, family)| family.clone());
    let pairs = families.iter().enumerate().flat_map(|(place, (_, one))| {
        families.iter().skip(place + 1).map(move |(_, other)| one.intersection(other).copied().collect())
    });
    let candidates: BTreeSet<BTreeSet<End>> = own.chain(pairs).filter(|family| family.len() > 1).collect();
    let mut found: Option<(usize, BTreeSet<End>, BTreeSet<End>)> = None;
    for read in candidates {
        let readers: BTreeSet<End> = families
            .iter()
            .filter(|(_, family)| family.is_superset(&read))
            .map(|(reader, _)| *reader)
            .collect();
        let saved = (read.len() * readers.len()).saturating_sub(read.len() + readers.len());
        if saved >= LEAST && found.as_ref().is_none_or(|(most, _, _)| saved > *most) {
            found = Some((saved, read, readers));
        }
    }
    found.map(|(_, read, readers)| (read, readers))
}
