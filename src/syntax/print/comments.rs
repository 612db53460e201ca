//! The text read in step with what is printed from its tree: this finds the comments between any two
//! printed words, and proves by the way that none but brackets and commas are lost or made up.

use crate::source::Span;

/// A comment of the text, `///` included.
#[derive(Debug)]
pub(super) struct Comment {
    /// From the slashes on.
    pub(super) text: String,
    /// Whether nothing stands before it on its line.
    pub(super) alone: bool,
    /// Whether a blank line stands above it.
    pub(super) blank: bool,
    /// Whether it stands within a statement, be it that what it stands in is not printed.
    pub(super) inner: bool,
}

impl Comment {
    /// Whether it would document a statement below it.
    pub(super) fn documents(&self) -> bool {
        self.text.starts_with("///") && !self.text.starts_with("////")
    }

    /// Makes it an ordinary comment, for a place where it would document what it was not written for.
    pub(super) fn demote(&mut self) {
        if self.documents() {
            self.text.remove(0);
        }
    }
}

/// How far the text has been read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// The ends of line since the last word or comment.
    newlines: usize,
    /// Whether nothing has been read yet.
    fresh: bool,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        Cursor { text, at, newlines: 0, fresh: true }
    }

    /// Reads on behind a printed word; space within it may be other than in the text. Comments on the
    /// way are added to `found`. Says whether a blank line stands before the word.
    pub(super) fn take(&mut self, word: &str, found: &mut Vec<Comment>) -> bool {
        let mut blank = None;
        for wanted in word.chars().filter(|c| !c.is_whitespace()) {
            self.seek(wanted, found);
            blank.get_or_insert(self.newlines > 1);
            self.step(wanted.len_utf8());
        }
        blank.unwrap_or(false)
    }

    /// Reads on behind a quoted text.
    pub(super) fn take_quoted(&mut self, quoted: &str, found: &mut Vec<Comment>) {
        self.seek('"', found);
        assert!(self.rest().starts_with(quoted), "a quoted text is printed as written");
        self.step(quoted.len());
    }

    /// Reads on behind a round bracket or a comma, where there is one: a printed one may be new. A comma
    /// before a closing bracket is the needless one of the last entry.
    pub(super) fn take_if_there(&mut self, mark: char, found: &mut Vec<Comment>) {
        self.skip(found);
        if mark == ')' && self.rest().starts_with(',') {
            let (before, known) = (*self, found.len());
            self.drop_mark(found);
            if !self.rest().starts_with(mark) {
                *self = before;
                found.truncate(known);
            }
        }
        if self.rest().starts_with(mark) {
            self.step(mark.len_utf8());
        }
    }

    /// Reads to the end of the text.
    pub(super) fn finish(&mut self, found: &mut Vec<Comment>) {
        self.skip(found);
        while let Some('(' | ')' | ',') = self.rest().chars().next() {
            self.drop_mark(found);
        }
        assert!(self.rest().is_empty(), "all of the text is printed, {:?} is not", self.rest());
    }

    /// Whether the next word of the text is this mark; comments before it stay unread.
    pub(super) fn is_next(&self, mark: char) -> bool {
        let mut ahead = *self;
        ahead.skip(&mut Vec::new());
        ahead.rest().starts_with(mark)
    }

    /// The text of a span, without the space around it.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("").trim()
    }

    /// The text between what has been read and a span.
    pub(super) fn before(&self, span: Span) -> &'t str {
        self.text.get(self.at..span.start as usize).unwrap_or("").trim()
    }

    /// Goes on to a character that must come. Brackets and commas before it were needless.
    fn seek(&mut self, wanted: char, found: &mut Vec<Comment>) {
        loop {
            self.skip(found);
            match self.rest().chars().next() {
                Some(next) if next == wanted => return,
                Some('(' | ')' | ',') => self.drop_mark(found),
                next => panic!("{wanted:?} is printed where the text has {next:?}, byte {}", self.at),
            }
        }
    }

    /// Passes a needless mark: what stands before it stands within the statement.
    fn drop_mark(&mut self, found: &mut Vec<Comment>) {
        found.iter_mut().for_each(|comment| comment.inner = true);
        self.step(1);
        self.skip(found);
    }

    fn step(&mut self, bytes: usize) {
        self.at += bytes;
        self.newlines = 0;
        self.fresh = false;
    }

    /// Goes over space and comments.
    fn skip(&mut self, found: &mut Vec<Comment>) {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                let line = rest.split(['\n', '\r']).next().unwrap_or(rest);
                let (alone, blank) = (self.fresh || self.newlines > 0, self.newlines > 1);
                found.push(Comment { text: line.trim_end().to_owned(), alone, blank, inner: false });
                self.step(line.len());
            } else if let Some(end) = rest.chars().next().filter(|c| c.is_ascii_whitespace()) {
                let length = if rest.starts_with("\r\n") { 2 } else { 1 };
                self.at += length;
                self.newlines += usize::from(matches!(end, '\n' | '\r'));
            } else {
                return;
            }
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }
}
