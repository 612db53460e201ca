//! The tree of a file: one type for each construct, a span on everything, doc comments kept.
//!
//! It is one-to-one with the text, so that the formatter can print from it; what names mean is the
//! model crate's business. A line that could not be read leaves a [`Bad`] in its place, with the
//! name it meant to define, so that later checks do not report that name as unknown.

mod expr;
mod model;
mod question;

pub use expr::*;
pub use model::*;
pub use question::*;

use crate::source::Span;

/// A file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The edition of the language it is written in.
    pub edition: Option<Edition>,
    /// What stands in it, in the order written.
    pub items: Vec<Item>,
    /// Its plain comments, in the order written; doc comments are with what they document.
    pub comments: Vec<Comment>,
    /// Where units are written, in order.
    pub units: Vec<Span>,
}

/// `edition 2026`.
#[derive(Clone, Debug, PartialEq)]
pub struct Edition {
    /// The year.
    pub year: u32,
    /// All of it.
    pub span: Span,
}

/// A plain comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// From the slashes to the end of the line.
    pub span: Span,
    /// Whether nothing else stands on its line.
    pub alone: bool,
}

/// The doc comment of a construct: the `///` lines right above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    /// Its lines without slashes and the first space, joined by `\n`.
    pub text: String,
    /// All of it.
    pub span: Span,
}

/// What stands at the top of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `use std::decision::ddm`.
    Use(Use),
    /// `model`.
    Model(Model),
    /// `simulator`.
    Simulator(Simulator),
    /// `external`.
    External(External),
    /// `approximator`.
    Approximator(Approximator),
    /// `train`.
    Train(Train),
    /// `query`.
    Query(Query),
    /// `const`.
    Const(Const),
    /// `unit conductance = mS/cm^2`.
    Unit(UnitDefinition),
    /// `fn`.
    Function(Function),
    /// A statement that could not be read; its diagnostic is told.
    Bad(Bad),
}

/// `use std::decision::ddm`, `use "./prior.sbi"::{a, b} as c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// Where from.
    pub from: UseFrom,
    /// The names taken, where they are listed in braces.
    pub names: Vec<Name>,
    /// The name it goes by here.
    pub alias: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// Where an import comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum UseFrom {
    /// A library: `std::decision::ddm`.
    Path(Path),
    /// A file beside this one: `"./prior.sbi"`.
    File(Text),
}

/// `unit conductance = mS/cm^2`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitDefinition {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Whether `pub` stands before it.
    pub public: bool,
    /// The new name.
    pub name: Name,
    /// How many of the unit it is; 1 where none is written.
    pub factor: Option<Number>,
    /// The unit it stands for.
    pub unit: Unit,
    /// All of it.
    pub span: Span,
}

/// `word value` from a block's closed list: `simulations 10_000`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The word.
    pub name: Name,
    /// The value.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// A statement that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Bad {
    /// The names it seems to define: those before its first `~`, `=` or `:`.
    pub names: Vec<Name>,
    /// All of it.
    pub span: Span,
}
