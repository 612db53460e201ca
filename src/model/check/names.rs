//! What each name means where a statement stands.

use super::builtin;
use super::codes::{NAME_TAKEN, UNKNOWN_NODE};
use super::home::HomeId;
use crate::{AxisId, NodeId};
use sbi_syntax::tree::{Const, External, Function, Name, Simulator};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::BTreeMap;
use std::mem::discriminant;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Symbol<'t> {
    /// An axis; `None` where its declaration has been refused.
    Axis(Option<AxisId>),
    /// A node: `param`, `data`, `latent`, `let`, or `const` of this model.
    Node(NodeId),
    /// A `fn`, and the home in which it is written.
    Function(&'t Function, HomeId),
    /// A `const` outside of models, and its home.
    Constant(&'t Const, HomeId),
    /// A `simulator`, and its home.
    Simulator(&'t Simulator, HomeId),
    /// An `external`.
    External(&'t External),
    /// A dynamics, by its number.
    Dynamics(usize),
    /// What was drawn from a simulator or an external, by its number.
    Record(usize),
    /// A used file, by its home.
    Module(HomeId),
    /// The time inside a dynamics.
    Clock,
    /// An input of the simulator whose body this is, by its place.
    Input(usize),
    /// A `modality`.
    Modality,
    /// Something whose definition has been refused, or may be: reading it says nothing more.
    Refused,
}

/// Names with what they mean and where each is defined. Sorted, so that messages do not vary from run to run.
#[derive(Clone, Debug, Default)]
pub(super) struct Names<'t> {
    map: BTreeMap<&'t str, Defined<'t>>,
    /// How many blocks stand around these names; an inner one may define a name anew.
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
struct Defined<'t> {
    symbol: Symbol<'t>,
    span: Span,
    depth: usize,
}

impl<'t> Names<'t> {
    /// Defines a name.
    ///
    /// # Errors
    /// The name is taken. The first definition stays, but where the two are of different kinds nobody knows which of
    /// them is meant further on.
    pub(super) fn define(&mut self, name: &'t Name, symbol: Symbol<'t>) -> Result<(), Diagnostic> {
        if builtin::constant(&name.text).is_some() {
            self.refuse(name);
            let message = format!("`{}` is a number that every file knows", name.text);
            return Err(NAME_TAKEN.at(name.span, message).help("choose another name"));
        }
        let depth = self.depth;
        // A line that could not be read is told of already, and gives way.
        let first = self.map.get_mut(name.text.as_str());
        let first = first.filter(|first| first.depth == depth && !matches!(first.symbol, Symbol::Refused));
        if let Some(first) = first {
            if discriminant(&first.symbol) != discriminant(&symbol) {
                first.symbol = Symbol::Refused;
            }
            return Err(NAME_TAKEN
                .at(name.span, format!("`{}` is defined twice", name.text))
                .label(first.span, "first here")
                .label(name.span, "again here")
                .help("a name is defined once: rename one of them"));
        }
        self.map.insert(&name.text, Defined { symbol, span: name.span, depth });
        Ok(())
    }

    /// Takes a name for something that is told of already, unless it means something in this block.
    pub(super) fn refuse(&mut self, name: &'t Name) {
        let depth = self.depth;
        if self.map.get(name.text.as_str()).is_none_or(|first| first.depth != depth) {
            self.map.insert(&name.text, Defined { symbol: Symbol::Refused, span: name.span, depth });
        }
    }

    /// The names of a block inside of this one: all of these, to be defined anew where it wants.
    pub(super) fn inner(&self) -> Names<'t> {
        Names { map: self.map.clone(), depth: self.depth + 1 }
    }

    /// Gives a name that the language defines in this block.
    pub(super) fn reserve(&mut self, name: &'static str, symbol: Symbol<'t>, span: Span) {
        let depth = self.depth;
        self.map.insert(name, Defined { symbol, span, depth });
    }

    /// What a name stands for.
    pub(super) fn get(&self, name: &str) -> Option<Symbol<'t>> {
        self.map.get(name).map(|defined| defined.symbol)
    }

    /// All names with what they stand for, in alphabetical order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'t str, Symbol<'t>)> + '_ {
        self.map.iter().map(|(name, defined)| (*name, defined.symbol))
    }

    /// The names of nodes.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.iter().filter(|(_, symbol)| matches!(symbol, Symbol::Node(_))).map(|(name, _)| name)
    }

    /// The names of axes.
    pub(super) fn axes(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.iter().filter(|(_, symbol)| matches!(symbol, Symbol::Axis(_))).map(|(name, _)| name)
    }

    /// Says that a model has no node of this name, and offers one that is written alike.
    pub(super) fn unknown_node(&self, model: &str, name: &Name) -> Diagnostic {
        if let Some(Symbol::Modality) = self.get(&name.text) {
            let told = UNKNOWN_NODE.at(name.span, format!("`{}` is a modality, not a quantity", name.text));
            return told.help("name its data, each in a line");
        }
        let told = UNKNOWN_NODE.at(name.span, format!("`{model}` has no `{}`", name.text));
        match suggest(&name.text, self.nodes()) {
            Some(similar) => told.did_you_mean(Some(similar)),
            None if ["all", "parameters", "everything"].contains(&name.text.as_str()) => {
                told.help("all parameters are `params`: write `infer params`")
            }
            None => told.help(format!("`{model}` has {}", list(self.nodes()))),
        }
    }
}

/// Names as a sentence lists them: `` `a`, `b` and `c` ``; at most ten.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if quoted.len() > 10 {
        quoted.truncate(10);
        quoted.push("others".to_owned());
    }
    match quoted.pop() {
        None => "none".to_owned(),
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} and {last}", quoted.join(", ")),
    }
}
