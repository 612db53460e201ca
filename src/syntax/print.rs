//! From tree to text: `sbi fmt`.
//!
//! The printer walks over the tree and emits words and places where a line may end ([`layout`]); the
//! text is read in step, so that each comment goes to the place nearest to where it stood
//! ([`comments`]). Each construct has a file of its own, as in the parser.

mod comments;
mod dynamics;
mod expr;
mod item;
mod layout;
mod model;
mod question;
mod unit;

use crate::diag::Diagnostic;
use crate::parse::{Parsed, parse};
use comments::{Comment, Cursor};
use layout::{Ends, Line, Piece, Side, lay_out};

/// A spec as it is written by convention, or the diagnostics of a text that has errors.
///
/// It has four spaces in blocks, one statement a line, no needless brackets, and lines of at most
/// 100 characters, broken at brackets and operators where they would be longer. The order of
/// everything, comments, single blank lines between statements, numbers and texts stay as written.
/// What is formatted already is given back as it is.
///
/// # Errors
///
/// All diagnostics of the text, if one of them is an error.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(0, text);
    if !parsed.is_ok() {
        return Err(parsed.diagnostics);
    }
    let Parsed { tree, .. } = parsed;
    let mut printer = Printer::new(text);
    printer.file(&tree);
    Ok(printer.finish())
}

/// Emits pieces, and finds the comments that belong to each place.
struct Printer<'t> {
    cursor: Cursor<'t>,
    pieces: Vec<Piece>,
    /// The last place where a line may end, while it takes the comments that are found.
    place: Option<usize>,
    /// Comments that were found where no line can end; the next place takes them.
    homeless: Vec<Comment>,
}

impl<'t> Printer<'t> {
    fn new(text: &'t str) -> Self {
        Printer { cursor: Cursor::new(text), pieces: Vec::new(), place: None, homeless: Vec::new() }
    }

    fn finish(mut self) -> String {
        let mut found = Vec::new();
        self.cursor.finish(&mut found);
        self.house(found);
        lay_out(&mut self.pieces)
    }

    // ---- words -----------------------------------------------------------------------------------

    /// Emits words; the text has them next.
    fn word(&mut self, text: impl Into<String>) {
        self.joint(text);
        self.place = None;
    }

    /// Emits words that join what stands before and after them: comments behind them go before them.
    fn joint(&mut self, text: impl Into<String>) {
        let text = text.into();
        let mut found = Vec::new();
        let blank = self.cursor.take(&text, &mut found);
        self.house(found);
        if let Some(Piece::Line(line)) = self.place.and_then(|at| self.pieces.get_mut(at)) {
            line.blank |= blank;
        }
        self.pieces.push(Piece::Text(text));
    }

    /// Emits a bracket or a comma; round brackets and commas may be new.
    fn mark(&mut self, mark: char) {
        if !matches!(mark, '(' | ')' | ',') {
            return self.word(mark);
        }
        let mut found = Vec::new();
        self.cursor.take_if_there(mark, &mut found);
        self.house(found);
        self.pieces.push(Piece::Text(mark.to_string()));
        self.place = None;
    }

    /// Emits a quoted text.
    fn quoted(&mut self, value: &str) {
        let text = format!("\"{value}\"");
        let mut found = Vec::new();
        self.cursor.take_quoted(&text, &mut found);
        self.house(found);
        self.pieces.push(Piece::Text(text));
        self.place = None;
    }

    /// Emits a space between words that stay on one line.
    fn space(&mut self) {
        self.pieces.push(Piece::Text(" ".to_owned()));
    }

    // ---- places ------------------------------------------------------------------------------------

    /// A place where the line may end, and where comments can stand.
    fn line(&mut self, ends: Ends, flat: &'static str, side: Side) {
        let mut line = Line::new(ends, flat, side);
        line.comments = std::mem::take(&mut self.homeless);
        line.comments.iter_mut().for_each(|comment| comment.inner = true);
        self.place = Some(self.pieces.len());
        self.pieces.push(Piece::Line(line));
    }

    /// Gives comments to the last place, or keeps them for the next.
    fn house(&mut self, found: Vec<Comment>) {
        match self.place.and_then(|at| self.pieces.get_mut(at)) {
            Some(Piece::Line(line)) => line.comments.extend(found),
            _ => self.homeless.extend(found),
        }
    }

    /// What stays together on a line where it fits.
    fn group(&mut self, inside: impl FnOnce(&mut Self)) {
        self.pieces.push(Piece::Open);
        inside(self);
        self.pieces.push(Piece::Close);
    }

    /// What stands one step further in, where it begins lines.
    fn indented(&mut self, inside: impl FnOnce(&mut Self)) {
        self.pieces.push(Piece::Indent);
        inside(self);
        self.pieces.push(Piece::Dedent);
    }

    /// A place where only a comment ends the line; what follows it then stands one step further in.
    fn behind(&mut self, flat: &'static str, follows: impl FnOnce(&mut Self)) {
        self.pieces.push(Piece::IndentIfCommented);
        self.line(Ends::Never, flat, Side::Inside);
        follows(self);
        self.pieces.push(Piece::Dedent);
    }

    // ---- rows of things ----------------------------------------------------------------------------

    /// Entries between brackets: on one line, or one a line, or as many a line as fit.
    fn bracketed<T>(&mut self, brackets: Brackets, entries: &[T], mut entry: impl FnMut(&mut Self, &T)) {
        let Brackets { open, close, inside, comma, filled } = brackets;
        let between = if filled { Ends::WhenFull } else { Ends::WithGroup };
        self.group(|p| {
            p.mark(open);
            p.indented(|p| {
                p.line(Ends::WithGroup, if entries.is_empty() { "" } else { inside }, Side::Opens);
                for (at, each) in entries.iter().enumerate() {
                    if at > 0 {
                        p.mark(',');
                        p.line(between, " ", Side::Inside);
                    }
                    entry(p, each);
                }
                if comma && !entries.is_empty() {
                    p.pieces.push(Piece::Comma);
                }
            });
            if !entries.is_empty() {
                p.line(Ends::WithGroup, inside, Side::Closes);
            }
            p.mark(close);
        });
    }

    /// Entries with commas between them and no brackets round them, as many a line as fit.
    fn listed<T>(&mut self, entries: &[T], mut entry: impl FnMut(&mut Self, &T)) {
        self.group(|p| {
            p.indented(|p| {
                for (at, each) in entries.iter().enumerate() {
                    if at > 0 {
                        p.mark(',');
                        p.line(Ends::WhenFull, " ", Side::Inside);
                    }
                    entry(p, each);
                }
            });
        });
    }

    /// Statements between braces, one a line. `block` says whether a statement ends with a block.
    fn block<T>(&mut self, statements: &[T], block: impl Fn(&T) -> bool, mut one: impl FnMut(&mut Self, &T)) {
        self.word(" {");
        self.indented(|p| p.statements(statements, block, &mut one));
        let ends = if statements.is_empty() { Ends::Never } else { Ends::Always };
        self.line(ends, "", Side::Closes);
        self.word("}");
    }

    /// Statements, each on a line of its own.
    fn statements<T>(
        &mut self,
        statements: &[T],
        block: impl Fn(&T) -> bool,
        mut one: impl FnMut(&mut Self, &T),
    ) {
        let mut side = Side::Opens;
        for statement in statements {
            self.line(Ends::Always, "", side);
            one(self, statement);
            side = if block(statement) { Side::BehindBlock } else { Side::Inside };
        }
    }
}

/// How entries stand between brackets.
#[derive(Clone, Copy)]
struct Brackets {
    open: char,
    close: char,
    /// What stands behind the opening and before the closing one on one line.
    inside: &'static str,
    /// Whether the last entry of several lines has a comma.
    comma: bool,
    /// Whether as many entries stand on a line as fit.
    filled: bool,
}

impl Brackets {
    /// Of arguments.
    const ROUND: Brackets = Brackets { open: '(', close: ')', inside: "", comma: true, filled: false };
    /// Of indices, which take no comma at their end.
    const INDEX: Brackets = Brackets { open: '[', close: ']', inside: "", comma: false, filled: false };
    /// Of lists.
    const LIST: Brackets = Brackets { comma: true, ..Brackets::INDEX };
    /// Of records.
    const RECORD: Brackets = Brackets { open: '{', close: '}', inside: " ", comma: true, filled: false };
    /// Of names taken from another file.
    const NAMES: Brackets = Brackets { inside: "", ..Brackets::RECORD };
}
