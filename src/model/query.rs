//! Queries, checked: what is given, what is inferred, what is absent.

use sbi_syntax::{Diagnostic, Span};

/// A question about one model, element by element.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Its name: the folder of its answer.
    pub name: String,
    /// Index into [`crate::File::approximators`].
    pub approximator: usize,
    /// The state of every token of the model's graph, in token order.
    pub states: Vec<State>,
    /// The tokens to report, in the order asked.
    pub infer: Vec<usize>,
    /// How many draws, at least one.
    pub draws: usize,
    /// The files read for it, as written in the spec.
    pub files: Vec<String>,
    /// What in it this version checks but does not run: one error for each such thing, for commands that would run it.
    pub later: Vec<Diagnostic>,
    /// The span of its name.
    pub span: Span,
}

/// What a query says of one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    /// Fixed at this value.
    Given(f64),
    /// Drawn and reported.
    Inferred,
    /// Left out: marginalised.
    Absent,
}
