//! sbi-syntax: text to tree, with diagnostics. Parsing never fails and does no I/O.
//!
//! [`parse()`] takes a text and gives a [`tree::File`] with everything that is wrong with it. The
//! grammar is `grammar/sbi.pest`; [`format()`] prints a tree as canonical text, [`outline()`] says what stands in it. Each construct has
//! a file here of the same name as in the other crates. What names mean, and whether a file makes
//! sense, is checked in `sbi-model`.

mod approximator;
mod axis;
mod block;
mod codes;
mod coding;
mod diag;
mod dynamics;
mod elsewhere;
mod equations;
mod expr;
mod foreign;
mod grammar;
mod habits;
mod leftovers;
mod links;
mod model;
mod node;
mod notation;
mod number;
mod outline;
mod parse;
mod print;
mod priors;
mod python;
mod query;
mod recover;
mod scan;
mod slips;
mod source;
mod stop;
pub mod tree;
mod truncation;
mod unit_slips;
mod uses;
mod words;

#[cfg(test)]
mod tests;

pub use codes::{CODES, FILE_EMPTY, FILE_TOO_LARGE, FILE_UNREADABLE, NOT_TEXT};
pub use diag::{Code, Diagnostic, Severity, suggest};
pub use outline::{Entry, outline};
pub use parse::{LARGEST_FILE, Parsed, parse, unit};
pub use print::format;
pub use python::{is_library, library_draw};
pub use source::{Position, Source, Span};
pub use words::{is_reserved, statement_words};
