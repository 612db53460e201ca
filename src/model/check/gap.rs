//! Values that a file lacks: what the model says of that.

use super::codes::SURPRISE_MISSING;
use super::csv::Empty;
use sbi_syntax::{Diagnostic, Span};

/// Values that are not there.
pub(super) struct Gap<'g> {
    /// How many of all values there are.
    pub(super) missing: usize,
    pub(super) all: usize,
    /// The datum, and it with its axes: `x[i]`.
    pub(super) node: &'g str,
    pub(super) indexed: &'g str,
    /// An element that is there.
    pub(super) there: Option<&'g str>,
}

impl Gap<'_> {
    /// Whether the model knows of it.
    pub(super) fn is_known(&self, empty: Empty) -> bool {
        match empty {
            Empty::Gap => true,
            Empty::Whole => self.missing == 0 || self.missing == self.all,
            Empty::Never | Empty::Surprise => self.missing == 0,
        }
    }

    /// Says that the model does not know of it; `found` is how many values are missing, and the first of them.
    pub(super) fn surprise(&self, found: &str, empty: Empty, span: Span) -> Diagnostic {
        const MOST: f64 = 99.0;
        let name = self.node;
        let what = if empty == Empty::Whole { "elements of " } else { "" };
        let is = if what.is_empty() { "is" } else { "are" };
        let told = SURPRISE_MISSING.at(
            span,
            format!("{found}, but {what}`{name}` {is} not declared `missing`: the network never saw a gap"),
        );
        if self.missing == self.all {
            return told.help(format!(
                "mend the file; where nothing was measured, add to the model `missing all {name} with probability 10%`"
            ));
        }
        let percent = (100.0 * self.missing as f64 / self.all as f64).ceil().min(MOST);
        let one_by_one = self.there.map(|there| {
            format!(", or give one by one what is known: `given {} = …`", there.replace(',', ", "))
        });
        let indexed = self.indexed;
        told.help(format!(
            "add to the model `missing {indexed} with probability {percent}%`{}",
            one_by_one.unwrap_or_default()
        ))
    }
}
