//! Sizes, checked before anything of that size is made.

use super::codes::TOO_LARGE;
use crate::survey::{Survey, is_vertex};
use crate::{Graph, Model, Node, NodeId, Role};
use sbi_syntax::Diagnostic;

/// How many elements a node, and a model, may have.
pub(super) const ELEMENTS: usize = 1_000_000;

/// How many elements of parameters and data a model may have: the graph holds a row of bits for each.
const ASKED: usize = 32_768;
const ASKED_NAME: &str = "elements of parameters and data";

/// How many tokens a network may have: attention costs their square.
pub(super) const TOKENS: usize = 4096;
pub(super) const TOKEN_NAME: &str = "tokens (elements of parameters and data)";

/// How many latent elements may be drawn: the graph holds a row of bits for each.
const LATENTS: usize = 16_384;

/// How many values of expressions a model may ask for in one draw.
const VALUES: usize = 5_000_000;

/// Says which sizes of a model are beyond what this version takes.
pub(super) fn sizes(model: &Model) -> Option<Diagnostic> {
    let drawn = |node: &&Node| is_vertex(node);
    let asked = |node: &&Node| matches!(node.role, Role::Param | Role::Data);
    let token = |node: &&Node| drawn(node) && asked(node);
    let latent = |node: &&Node| drawn(node) && !asked(node);
    over(model, "elements", ELEMENTS, |_| true)
        .or_else(|| over(model, ASKED_NAME, ASKED, token))
        .or_else(|| over(model, "latent elements", LATENTS, latent))
        .or_else(|| values(model))
}

/// Says that a model has too many elements. Parameters that merely equal an element of a latent are known to be any only
/// once there is a graph.
pub(super) fn asked(model: &Model, elements: usize) -> Option<Diagnostic> {
    let asked = |node: &&Node| matches!(node.role, Role::Param | Role::Data);
    if elements > ASKED { over(model, ASKED_NAME, ASKED, asked) } else { None }
}

/// Says that a joint approximator of a model has too many tokens, where elements of these nodes are none of their own.
pub(super) fn tokens(model: &Model, graph: &Graph, lumped: &[NodeId]) -> Option<Diagnostic> {
    let single = || graph.tokens.iter().filter(|token| !lumped.contains(&token.node));
    let nodes = single().map(|token| model.node(token.node));
    let largest = nodes.max_by_key(|node| model.elements(node)).filter(|_| single().count() > TOKENS)?;
    let told = too_many(model, single().count(), (TOKEN_NAME, TOKENS), largest);
    Some(match largest.role {
        Role::Data => told.help(format!(
            "make its axes shorter, or `encode` it in an approximator: all of `{}` is then one token",
            largest.name
        )),
        _ => told.help("make its axes shorter"),
    })
}

fn over(model: &Model, what: &str, most: usize, counts: impl Fn(&&Node) -> bool) -> Option<Diagnostic> {
    let nodes = || model.nodes.iter().filter(&counts);
    let sum = nodes().map(|node| model.elements(node)).fold(0, usize::saturating_add);
    let largest = nodes().max_by_key(|node| model.elements(node)).filter(|_| sum > most)?;
    let told = too_many(model, sum, (what, most), largest);
    Some(told.help("make its axes shorter, or summarise it: `data m = mean over i (…)`"))
}

fn too_many(model: &Model, sum: usize, (what, most): (&str, usize), largest: &Node) -> Diagnostic {
    let (sum, most) = (thousands(sum as f64), thousands(most as f64));
    let message = format!("`{}` would have {sum} {what}; at most {most} are possible", model.name);
    let count = thousands(model.elements(largest) as f64);
    TOO_LARGE.at(largest.span, message).label(largest.span, format!("`{}` has {count} of them", largest.name))
}

fn values(model: &Model) -> Option<Diagnostic> {
    let cost = Survey::cost(model);
    let first = model.nodes.first().filter(|_| cost > VALUES)?;
    let (cost, most) = (thousands(cost as f64), thousands(VALUES as f64));
    let message =
        format!("one draw of `{}` would compute {cost} values; at most {most} are possible", model.name);
    Some(TOO_LARGE.at(first.span, message).help("reduce over fewer axes at once, or make them shorter"))
}

/// A whole number with its thousands set apart: `1,000,000`.
pub(super) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
