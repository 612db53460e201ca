//! A file's text, its lines, and spans of its bytes.

use serde::Serialize;
use std::ops::Range;

/// A range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Span {
    /// Which file: the spec itself is 0, imports follow.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of bytes `start .. end` of a file. Offsets beyond 4 GiB saturate; such a file is
    /// refused long before a span of it is made.
    pub fn new(file: u32, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end) }
    }

    /// The smallest span that covers both; `self` names the file.
    pub fn to(self, other: Span) -> Self {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The bytes it covers.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The empty span where this one starts.
    pub fn at_start(self) -> Self {
        Span { end: self.start, ..self }
    }

    /// The empty span where this one ends: the place for "something is missing here".
    pub fn at_end(self) -> Self {
        Span { start: self.end, ..self }
    }
}

/// A place in a file as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// The byte at which each line of a text starts.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// Finds the lines of a text; `\n`, `\r\n` and a lone `\r` end one.
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |i: usize| match bytes.get(i) {
            Some(b'\n') => true,
            Some(b'\r') => bytes.get(i + 1) != Some(&b'\n'),
            _ => false,
        };
        let mut starts = vec![0];
        starts.extend((0..bytes.len()).filter(|&i| ends_line(i)).map(|i| i + 1));
        Lines(starts)
    }

    /// The line of a byte, from 1.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.0.partition_point(|&start| start <= offset)
    }

    /// The byte at which a line starts.
    pub(crate) fn start_of(&self, line: usize) -> usize {
        self.0.get(line.saturating_sub(1)).copied().unwrap_or(0)
    }
}

/// A file's name and text, with a table of its lines.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    lines: Lines,
}

impl Source {
    /// Takes a file's text and finds its lines; `\n`, `\r\n` and a lone `\r` end one.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Source { name: name.into(), lines: Lines::new(&text), text }
    }

    /// The name the file goes by in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty where the span does not fit this file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of a byte; bytes past the end count as the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.text.len());
        let line = self.lines.line_of(offset);
        let before = self.text.as_bytes().get(self.lines.start_of(line)..offset).unwrap_or(&[]);
        // Bytes 10xxxxxx continue a character; all others begin one.
        let column = 1 + before.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        Position { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let source = Source::new("a.sbi", "edition 2026\r\nσ = 1\nlast");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(14), Position { line: 2, column: 1 });
        assert_eq!(source.position(16), Position { line: 2, column: 2 });
        assert_eq!(source.position(21), Position { line: 3, column: 1 });
        assert_eq!(source.position(99), Position { line: 3, column: 5 });
    }

    #[test]
    fn a_span_of_another_file_has_no_text() {
        let source = Source::new("a.sbi", "σ");
        assert_eq!(source.slice(Span::new(0, 1, 2)), "");
        assert_eq!(source.slice(Span::new(0, 0, 2)), "σ");
        assert_eq!(source.slice(Span::new(0, 5, 9)), "");
    }
}
