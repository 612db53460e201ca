//! The graph of a model by element, where that can be taken in.

use super::diagram::{Diagram, Figure, Look};
use super::joints::join;
use crate::cli::graph::statements::{Place, Word};
use crate::cli::graph::view::{Shown, parents};
use sbi_model::Role;
use std::collections::{BTreeMap, BTreeSet};

/// No more tokens than this are drawn.
const MOST_TOKENS: usize = 60;
/// Where each token depends on all before it, that is drawn for no more than this, and told of more.
const FEW: usize = 6;
/// No more arrows than this are drawn, those that meet in a dot counted as they are then.
const MOST_ARROWS: usize = 80;

/// Whether the statements tell all of it: each is one token, and they read each other alike.
pub fn is_told(shown: &Shown) -> bool {
    let tokens = &shown.graph.tokens;
    let node = |token: &usize| tokens.get(*token).map(|token| Place::Node(token.node));
    let all = tokens.iter().map(|token| Place::Node(token.node)).zip(parents(&shown.graph));
    let by_element: BTreeMap<Place, BTreeSet<Place>> =
        all.map(|(own, parents)| (own, parents.iter().filter_map(node).collect())).collect();
    let drawn = shown.statements.iter().filter(|own| own.word != Word::Const);
    let drawn: BTreeMap<Place, BTreeSet<Place>> =
        drawn.map(|own| (own.place, own.reads.iter().copied().collect())).collect();
    by_element == drawn && by_element.len() == tokens.len()
}

/// The diagram, or in a sentence why there is none.
pub fn diagram(shown: &Shown) -> Result<Diagram, String> {
    let parents = parents(&shown.graph);
    let (tokens, arrows) = (parents.len(), parents.iter().map(Vec::len).sum::<usize>());
    let too_many = || format!("{tokens} tokens and {arrows} arrows are too many to be drawn one by one");
    if tokens > MOST_TOKENS {
        return Err(too_many());
    }
    if tokens > FEW && parents.iter().enumerate().all(|(token, parents)| parents.len() == token) {
        return Err(format!("each of the {tokens} tokens depends on all before it"));
    }
    let mut made = Diagram::default();
    for token in shown.graph.tokens.iter() {
        let look = if token.role == Role::Data { Look::Data } else { Look::Param };
        made.add(Figure::token(look, &token.name));
    }
    for (child, parents) in parents.into_iter().enumerate() {
        parents.into_iter().for_each(|parent| made.link(parent, child));
    }
    join(&mut made);
    if made.links.len() <= MOST_ARROWS { Ok(made) } else { Err(too_many()) }
}
