//! Numbers and units.

use super::Printer;
use crate::source::Span;
use crate::tree::{Number, Unit};

impl Printer<'_> {
    /// A number as the user wrote it, its unit behind one space.
    pub(super) fn number(&mut self, number: &Number, span: Span) {
        let end = number.unit.as_ref().map_or(span.end, |unit| unit.span.start);
        let digits = self.cursor.slice(Span { end, ..span });
        self.word(digits);
        if let Some(unit) = &number.unit {
            self.space();
            self.word(unit.text.as_str());
        }
    }

    /// A unit behind its colon, where there is one.
    pub(super) fn ascription(&mut self, unit: Option<&Unit>) {
        if let Some(unit) = unit {
            self.word(" : ");
            self.word(unit.text.as_str());
        }
    }
}
