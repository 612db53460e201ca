//! What is told to the person who wrote the file: the [`Diagnostic`] and the table of its codes.
//!
//! A diagnostic is data; the terminal and editors draw it. Each crate declares its codes once, in
//! one table, with [`codes!`](crate::codes!), and makes diagnostics from them:
//!
//! ```
//! use sbi_syntax::{Span, codes};
//! codes! {
//!     /// Every message of this crate.
//!     CODES;
//!     UNKNOWN_NODE: error "unknown-node", "a name that the model does not define";
//! }
//! let name = Span::new(0, 10, 15);
//! let told = UNKNOWN_NODE.at(name, "the model has no `thets`").help("did you mean `theta`?");
//! assert_eq!(told.code, "unknown-node");
//! ```

use crate::source::Span;
use serde::Serialize;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be run.
    Error,
    /// The file runs, but perhaps not as meant.
    Warning,
    /// The file runs as meant and could be better.
    Advice,
}

/// A kind of diagnostic: one line of a crate's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The kebab-case name: what `sbi explain` takes.
    pub name: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What goes wrong, for lists of codes.
    pub summary: &'static str,
}

impl Code {
    /// A diagnostic of this kind: where, and one sentence of what is wrong.
    pub fn at(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: self.severity,
            code: self.name,
            span,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }
}

/// One thing to tell: where, what is wrong, why, and which edit mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// Its kebab-case code.
    pub code: &'static str,
    /// The place it is about.
    pub span: Span,
    /// One sentence: what is wrong, in the words and names of the file.
    pub message: String,
    /// Places that say why, the primary one included where it has something to say.
    pub labels: Vec<(Span, String)>,
    /// The edit that mends it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Adds a place that says why.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// Sets the edit that mends it; the last one said holds.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Offers a similar name as the edit, where there is one.
    #[must_use]
    pub fn did_you_mean(self, similar: Option<&str>) -> Self {
        match similar {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// The same with spans that start and end where characters of the text do; a sign that was read as a
    /// shorter one may have given others.
    #[must_use]
    pub fn on_characters(mut self, text: &str) -> Self {
        let labels = self.labels.iter_mut().map(|(span, _)| span);
        for span in labels.chain([&mut self.span]) {
            let (start, end) = (span.start as usize, span.end as usize);
            let start = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            let end = (end..=text.len()).find(|at| text.is_char_boundary(*at));
            *span = Span::new(span.file, start.unwrap_or(0), end.unwrap_or(text.len()));
        }
        self
    }

    /// Whether it keeps the file from running.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Declares a crate's diagnostics: one constant [`Code`] for each line, and a slice of all of them.
#[macro_export]
macro_rules! codes {
    (@severity error) => { $crate::Severity::Error };
    (@severity warning) => { $crate::Severity::Warning };
    (@severity advice) => { $crate::Severity::Advice };
    ($(#[$doc:meta])* $table:ident; $($name:ident: $severity:ident $code:literal, $summary:literal;)+) => {
        $(
            #[doc = $summary]
            pub const $name: $crate::Code = $crate::Code {
                name: $code,
                severity: $crate::codes!(@severity $severity),
                summary: $summary,
            };
        )+
        $(#[$doc])*
        pub static $table: &[$crate::Code] = &[$($name),+];
    };
}

/// The candidate most like `name`, where one is like enough to offer.
///
/// Edits are counted with swaps of neighbours as one; a third of the length may differ. Letter case
/// alone never counts as different.
///
/// ```
/// assert_eq!(sbi_syntax::suggest("thetta", ["theta", "beta"]), Some("theta"));
/// assert_eq!(sbi_syntax::suggest("x", ["theta", "beta"]), None);
/// ```
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words are never mistyped names, and the comparison costs the product of the lengths.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(edits, candidate)| *edits <= wanted.chars().count().max(candidate.chars().count()) / 3)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_offered() {
        assert_eq!(suggest("parma", ["param", "axis"]), Some("param"));
        assert_eq!(suggest("Theta", ["theta"]), Some("theta"));
        assert_eq!(suggest("infr", ["infer", "given"]), Some("infer"));
        assert_eq!(suggest("zebra", ["infer", "given"]), None);
        assert_eq!(suggest("ab", ["cd"]), None);
        assert_eq!(suggest(&"a".repeat(100_000), ["a"]), None);
    }
}
