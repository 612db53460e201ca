//! sbi-syntax: text to tree, with diagnostics. Parsing never fails and does no I/O.

mod diag;
mod source;
pub mod tree;

pub use diag::{Code, Diagnostic, Severity, suggest};
pub use source::{Position, Source, Span};
