//! A first walk over the bytes, before anything recursive reads them: it collects the comments and
//! bounds the nesting, so that no file can exhaust the stack.

use crate::codes::{NESTING_TOO_DEEP, NOT_TEXT};
use crate::diag::Diagnostic;
use crate::source::Span;
use crate::tree::Comment;
use crate::words;

/// How deep brackets, braces and `if`s may nest within each other.
pub(crate) const DEEPEST: usize = 64;

/// What the first walk finds.
#[derive(Default)]
pub(crate) struct Scan {
    /// The plain comments.
    pub(crate) comments: Vec<Comment>,
    /// Whether there is anything but comments and space.
    pub(crate) something: bool,
    /// Why the file must not be read further.
    pub(crate) refusal: Option<Diagnostic>,
}

/// Walks over a text once.
pub(crate) fn scan(file: u32, text: &str) -> Scan {
    let mut walk = Walk { file, found: Scan::default(), levels: vec![Level::default()], depth: 0 };
    let mut offset = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        if walk.found.refusal.is_none() {
            walk.line(offset, line);
        }
        offset += line.len();
    }
    walk.found
}

/// One open bracket.
#[derive(Default)]
struct Level {
    /// Whether it is a brace: blocks go on over statements, other brackets do not.
    brace: bool,
    /// The `if`s begun inside it since its last comma or statement.
    ifs: usize,
}

struct Walk {
    file: u32,
    found: Scan,
    levels: Vec<Level>,
    /// The `if`s of all levels together.
    depth: usize,
}

impl Walk {
    fn line(&mut self, offset: usize, line: &str) {
        if starts_statement(line) {
            while self.levels.last().is_some_and(|level| !level.brace) && self.levels.len() > 1 {
                self.close();
            }
            self.forget_ifs();
        }
        let bytes = line.as_bytes();
        let mut at = 0;
        let mut alone = true;
        while let Some(&byte) = bytes.get(at) {
            let rest = line.get(at..).unwrap_or("");
            let mut length = 1;
            match byte {
                b'/' if rest.starts_with("//") => {
                    let text = rest.trim_end_matches(['\n', '\r']);
                    if !text.starts_with("///") || text.starts_with("////") {
                        let span = Span::new(self.file, offset + at, offset + at + text.len());
                        self.found.comments.push(Comment { span, alone });
                    }
                    return;
                }
                b'"' => {
                    length +=
                        rest.get(1..).map_or(0, |inner| inner.find('"').map_or(inner.len(), |end| end + 1))
                }
                b'(' | b'[' | b'{' => self.open(byte == b'{', offset + at),
                b')' | b']' | b'}' if self.levels.len() > 1 => self.close(),
                b',' => self.forget_ifs(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                    length = rest.bytes().take_while(|&b| b.is_ascii_alphanumeric() || b == b'_').count();
                    if rest.get(..length) == Some("if") {
                        self.begin_if(offset + at);
                    }
                }
                0..=8 | 14..=31 | 127 => self.refuse_byte(offset + at, byte),
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                alone = false;
                // The byte order mark at the start of a file is no content.
                self.found.something |= !rest.starts_with('\u{FEFF}') && byte & 0xC0 != 0x80;
            }
            at += length;
        }
    }

    fn open(&mut self, brace: bool, offset: usize) {
        self.levels.push(Level { brace, ifs: 0 });
        self.bound(offset);
    }

    fn begin_if(&mut self, offset: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.ifs += 1;
            self.depth += 1;
        }
        self.bound(offset);
    }

    fn close(&mut self) {
        self.depth -= self.levels.pop().map_or(0, |level| level.ifs);
    }

    fn forget_ifs(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.depth -= std::mem::take(&mut level.ifs);
        }
    }

    fn bound(&mut self, offset: usize) {
        if self.levels.len() + self.depth > DEEPEST + 1 && self.found.refusal.is_none() {
            let message = format!("brackets and `if`s are nested more than {DEEPEST} deep");
            let span = Span::new(self.file, offset, offset + 1);
            let help = "give parts of the expression a name with `let`, or close what was left open above";
            self.found.refusal = Some(NESTING_TOO_DEEP.at(span, message).help(help));
        }
    }

    fn refuse_byte(&mut self, offset: usize, byte: u8) {
        let span = Span::new(self.file, offset, offset + 1);
        let message =
            format!("this is not a text file: byte {} is a control character ({byte:#04x})", offset + 1);
        let help = "a spec is plain text in UTF-8; name the `.sbi` file itself, not data or a bundle";
        self.found.refusal = Some(NOT_TEXT.at(span, message).help(help));
    }
}

/// Whether a line can only be the start of a statement: a statement word with a name behind it.
/// The rule `line_start` of the grammar says the same.
pub(crate) fn starts_statement(line: &str) -> bool {
    let mut parts = line.split_ascii_whitespace();
    let (Some(first), Some(second)) = (parts.next(), parts.next()) else { return false };
    words::find(first).is_some_and(|word| !word.setting)
        && second.starts_with(|c: char| c.is_ascii_alphanumeric() || "_\"{".contains(c))
}
