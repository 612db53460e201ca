//! The parser that pest makes of `grammar/sbi.pest`, and small helpers to walk what it returns.

// The generated code documents nothing, and its rules are named in the grammar.
#![allow(missing_docs)]

use pest::iterators::{Pair as PestPair, Pairs as PestPairs};

/// The generated parser.
#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/sbi.pest"]
pub(crate) struct Grammar;

/// A piece of text with the rule it matched.
pub(crate) type Pair<'t> = PestPair<'t, Rule>;

/// Pieces side by side.
pub(crate) type Pairs<'t> = PestPairs<'t, Rule>;

/// The first child that matched a rule.
pub(crate) fn child<'t>(pair: &Pair<'t>, rule: Rule) -> Option<Pair<'t>> {
    pair.clone().into_inner().find(|inner| inner.as_rule() == rule)
}

/// The first child that matched a rule without which the parent cannot match.
pub(crate) fn presume<'t>(pair: &Pair<'t>, rule: Rule) -> Pair<'t> {
    child(pair, rule).unwrap_or_else(|| panic!("the grammar puts a {rule:?} in every {:?}", pair.as_rule()))
}

/// All children that matched a rule.
pub(crate) fn children<'t>(pair: &Pair<'t>, rule: Rule) -> impl Iterator<Item = Pair<'t>> + use<'t> {
    pair.clone().into_inner().filter(move |inner| inner.as_rule() == rule)
}

/// Whether a child matched a rule.
pub(crate) fn has(pair: &Pair<'_>, rule: Rule) -> bool {
    child(pair, rule).is_some()
}

/// Where the last token of a piece ends. What pest calls the end may lie behind spaces and comments
/// that were skipped in search of an optional part.
pub(crate) fn end(pair: &Pair<'_>) -> usize {
    let exact = matches!(pair.as_rule(), Rule::text | Rule::path | Rule::literal | Rule::doc);
    match pair.clone().into_inner().next_back() {
        Some(last) if !exact => end(&last),
        _ => pair.as_span().end(),
    }
}
