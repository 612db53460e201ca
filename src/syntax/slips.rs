//! Signs that another language, a word processor, a web page or a merge left in a text.
//!
//! Each kind is told once for the file and then read as what it stands for, so that the rest of its lines
//! is checked together with all others. What is read has the same length as what is written, and starts
//! where a character does: the spans of one hold in the other.

use crate::codes::{CHARACTER_UNKNOWN, OPERATOR_FOREIGN, UNEXPECTED};
use crate::diag::{Code, Diagnostic};
use crate::foreign;
use crate::leftovers::leftovers;
use crate::scan::starts_statement;
use crate::source::{Lines, Span};
use std::borrow::Cow;

/// A text as it is read, and what was wrong with the one that is written.
pub(crate) struct Mended<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) told: Vec<Diagnostic>,
}

/// A sign that means the same wherever it stands.
struct Sign {
    written: &'static str,
    /// Of the same length.
    read: &'static str,
    message: &'static str,
    help: &'static str,
}

const fn sign(written: &'static str, read: &'static str, message: &'static str, help: &'static str) -> Sign {
    assert!(written.len() == read.len(), "spans hold for both");
    Sign { written, read, message, help }
}

const DOTTED: &str = "operators need no dot before them";
const CURLY: &str = "curly quotes are not used here";
const STRAIGHT: &str = "write texts in straight quotes: `\"…\"`";
const WEB: &str = "this sign was spelt out by a web page";

static SIGNS: &[Sign] = &[
    sign("**", "^ ", "`**` is no operator", "a power is written `^`: `x^2`"),
    sign(".^", " ^", DOTTED, "write `^`; everything is element by element along the axes"),
    sign(".*", " *", DOTTED, "write `*`; everything is element by element along the axes"),
    sign("./", " /", DOTTED, "write `/`; everything is element by element along the axes"),
    sign("...", ".. ", "`...` is no operator", "a range is written `low .. high`"),
    sign("…", ".. ", "`…` is no operator", "a range is written `low .. high`"),
    sign("<>", "!=", "`<>` is no operator", "unequal is written `!=`"),
    sign("%>%", "|> ", "`%>%` is no operator", "a draw is passed on with `|>`"),
    sign("≤", "<= ", "`≤` is not used here", "write `<=`"),
    sign("≥", ">= ", "`≥` is not used here", "write `>=`"),
    sign("≠", "!= ", "`≠` is not used here", "write `!=`"),
    sign("−", "-  ", "this minus sign (U+2212) is not the one of the keyboard", "write `-`"),
    sign("–", "-  ", "this dash (U+2013) is no minus sign", "write `-`, or `..` for a range"),
    sign("—", "-  ", "this dash (U+2014) is no minus sign", "write `-`"),
    sign("×", "* ", "`×` is not used here", "write `*`"),
    sign("·", "* ", "`·` is not used here", "write `*`"),
    sign("÷", "/ ", "`÷` is not used here", "write `/`"),
    sign("∼", "~  ", "this tilde (U+223C) is not the one of the keyboard", "write `~`"),
    sign("˜", "~ ", "this tilde (U+02DC) is not the one of the keyboard", "write `~`"),
    sign("²", "  ", "`²` is not used here", "write `^2`"),
    sign("³", "  ", "`³` is not used here", "write `^3`"),
    sign("\u{a0}", "  ", "this is a space that does not break (U+00A0)", "replace it by a plain space"),
    sign("\u{200b}", "   ", "this is a space without width (U+200B)", "remove it"),
    sign("&lt;", "<   ", WEB, "write `<`"),
    sign("&gt;", ">   ", WEB, "write `>`"),
    sign("&le;", "<=  ", WEB, "write `<=`"),
    sign("&ge;", ">=  ", WEB, "write `>=`"),
    sign("&#39;", "'    ", WEB, "write `'`"),
    sign("&nbsp;", "      ", WEB, "write a space"),
    sign("`", " ", "backquotes are not used here", "write names as they are, texts in `\"…\"`"),
];

/// Reads what each slip stands for.
pub(crate) fn mended(file: u32, text: &str) -> Mended<'_> {
    let mut slips = Slips::new(file, text);
    leftovers(&mut slips);
    signs(&mut slips);
    slips.mended()
}

/// The slips of a text, and the text as it is read.
pub(crate) struct Slips<'t> {
    file: u32,
    written: &'t str,
    read: Cow<'t, [u8]>,
    kinds: Vec<Kind>,
}

/// A kind of slip that the text has.
struct Kind {
    code: Code,
    /// What is written.
    sign: String,
    message: String,
    help: String,
    places: Vec<Span>,
}

impl<'t> Slips<'t> {
    fn new(file: u32, text: &'t str) -> Self {
        Slips { file, written: text, read: Cow::Borrowed(text.as_bytes()), kinds: Vec::new() }
    }

    /// The text as it is written.
    pub(crate) fn written(&self) -> &'t str {
        self.written
    }

    /// Notes a slip that starts at a byte; those of one sign are told together.
    pub(crate) fn note(&mut self, code: Code, at: usize, sign: &str, message: &str, help: &str) {
        let span = Span::new(self.file, at, at + sign.len());
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.sign == sign) {
            kind.places.push(span);
            return;
        }
        let (sign, message, help) = (sign.to_owned(), message.to_owned(), help.to_owned());
        self.kinds.push(Kind { code, sign, message, help, places: vec![span] });
    }

    /// Reads another text of the same length at a byte.
    fn replace(&mut self, at: usize, read: &str) {
        if let Some(place) = self.read.to_mut().get_mut(at..at + read.len()) {
            place.copy_from_slice(read.as_bytes());
        }
    }

    /// Reads nothing from one byte to another.
    pub(crate) fn blank(&mut self, from: usize, to: usize) {
        let inside = self.read.to_mut().iter_mut().take(to).skip(from);
        inside.filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }

    fn mended(self) -> Mended<'t> {
        let lines = Lines::new(self.written);
        let told = self.kinds.iter().map(|kind| kind.told(&lines)).collect();
        let text = match self.read {
            Cow::Borrowed(_) => Cow::Borrowed(self.written),
            Cow::Owned(bytes) => {
                Cow::Owned(String::from_utf8(bytes).expect("whole characters are replaced by whole ones"))
            }
        };
        Mended { text, told }
    }
}

impl Kind {
    /// The first place, with the lines of the others.
    fn told(&self, lines: &Lines) -> Diagnostic {
        const SHOWN: usize = 6;
        let first = self.places.first().copied().unwrap_or_default();
        let line = |span: &Span| lines.line_of(span.start as usize);
        let mut others: Vec<usize> = self.places.iter().map(line).filter(|at| *at != line(&first)).collect();
        others.dedup();
        let numbers: Vec<String> = others.iter().take(SHOWN).map(usize::to_string).collect();
        let also = match numbers.as_slice() {
            [] => String::new(),
            [one] => format!("; also in line {one}"),
            all if others.len() > SHOWN => format!("; also in lines {} and others", all.join(", ")),
            [all @ .., last] => format!("; also in lines {} and {last}", all.join(", ")),
        };
        self.code.at(first, self.message.clone()).help(format!("{}{also}", self.help))
    }
}

/// Finds the signs of a text.
fn signs(slips: &mut Slips<'_>) {
    let text = slips.read.clone();
    let text = std::str::from_utf8(&text).expect("only whole characters have been replaced");
    let mut lines = text.split_inclusive('\n').peekable();
    let (mut offset, mut depth) = (0, 0);
    while let Some(text) = lines.next() {
        let mut line = Line { slips, text, offset, depth };
        line.walk();
        line.comma_at_end(lines.peek().copied().unwrap_or(""));
        depth = line.depth;
        offset += text.len();
    }
}

/// A line of a text, with its end.
struct Line<'s, 't> {
    slips: &'s mut Slips<'t>,
    text: &'s str,
    /// The byte at which it starts.
    offset: usize,
    /// How many round and square brackets are open.
    depth: usize,
}

impl Line<'_, '_> {
    fn walk(&mut self) {
        if starts_statement(self.text) {
            self.depth = 0;
        }
        let mut at = 0;
        while let Some(first) = self.rest(at).chars().next() {
            let rest = self.rest(at);
            if rest.starts_with("//") {
                return;
            }
            at += match first {
                '"' => rest.get(1..).and_then(|inner| inner.find('"')).map_or(rest.len(), |end| end + 2),
                '(' | '[' => {
                    self.depth += 1;
                    1
                }
                ')' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    1
                }
                '0'..='9' => self.number(at),
                first if first.is_alphabetic() || first == '_' => self.word(at),
                _ => self.sign(at),
            };
        }
    }

    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or("")
    }

    /// Notes what is written at a byte of the line, and reads something else there; its length.
    fn slip(&mut self, code: Code, at: usize, written: &str, read: &str, message: &str, help: &str) -> usize {
        debug_assert_eq!(written.len(), read.len(), "spans hold for both");
        self.slips.note(code, self.offset + at, written, message, help);
        self.slips.replace(self.offset + at, read);
        written.len()
    }

    /// A number; how long it is. `1e - 6` and `1 e-6` are numbers that blanks have parted.
    fn number(&mut self, at: usize) -> usize {
        let rest = self.rest(at);
        let Some(length) = parted_power(rest) else {
            return word_length(rest, |c| c.is_ascii_alphanumeric() || c == '_');
        };
        let written = rest.get(..length).unwrap_or("").to_owned();
        let joined = written.replace(' ', "");
        let before = self.text.get(..at).unwrap_or("");
        let digits = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let help = format!("write `{}{joined}`", before.get(digits.len()..).unwrap_or(""));
        let read = format!("{joined:length$}");
        self.slip(UNEXPECTED, at, &written, &read, "a number has no blanks inside", &help)
    }

    /// A word; how long it is.
    fn word(&mut self, at: usize) -> usize {
        let length = word_length(self.rest(at), |c| c.is_alphabetic() || c.is_ascii_digit() || c == '_');
        let word = self.rest(at).get(..length).unwrap_or("").to_owned();
        if !word.is_ascii() {
            let (message, help) = foreign::letters(&word);
            self.slip(CHARACTER_UNKNOWN, at, &word, &word, &message, &help);
        }
        length
    }

    /// A sign; how long it is.
    fn sign(&mut self, at: usize) -> usize {
        let rest = self.rest(at);
        let before = self.text.get(..at).unwrap_or("").trim_end_matches([' ', '\'', '.']);
        // `use ./lab.sbi`, `from ./data.csv`: the folder of this file.
        if rest.starts_with("./")
            && ["use", "from", "import", "include"].iter().any(|word| before.ends_with(word))
        {
            return 2;
        }
        if let Some(found) = SIGNS.iter().find(|sign| rest.starts_with(sign.written)) {
            let code = if found.written.is_ascii() { OPERATOR_FOREIGN } else { CHARACTER_UNKNOWN };
            return self.slip(code, at, found.written, found.read, found.message, found.help);
        }
        let first = rest.chars().next();
        match first {
            Some('#') => self.hash(at),
            Some(';') => self.semicolon(at),
            Some('/') if rest.starts_with("/*") => self.remark(at),
            Some('“' | '”' | '„') => self.curly(at),
            Some('&') if rest.starts_with("&quot;") => self.spelt_quotes(at),
            Some('’' | '′') if self.text.get(..at).is_some_and(|before| before.ends_with(name_end)) => {
                let written = rest.get(..3).unwrap_or("").to_owned();
                let message = format!("`{written}` is not the prime of the keyboard");
                let help = "a derivative is written with a straight `'`: `x' = …`";
                self.slip(CHARACTER_UNKNOWN, at, &written, "'  ", &message, help)
            }
            _ => first.map_or(1, char::len_utf8),
        }
    }

    /// `# a remark`, to the end of the line.
    fn hash(&mut self, at: usize) -> usize {
        let length = self.rest(at).trim_end_matches(['\n', '\r']).len();
        let help = "comments are written `// …`";
        self.slip(OPERATOR_FOREIGN, at, "#", " ", "`#` starts no comment", help);
        self.slips.blank(self.offset + at, self.offset + at + length);
        length
    }

    fn semicolon(&mut self, at: usize) -> usize {
        if self.depth > 0 {
            let help = "write `,`; the rows of a table are lists in a list";
            return self.slip(OPERATOR_FOREIGN, at, ";", ",", "`;` does not part values", help);
        }
        let rest = self.rest(at + 1).trim_start();
        let read = if rest.is_empty() || rest.starts_with("//") { " " } else { "\n" };
        let help = "remove the `;`, and give each statement a line of its own";
        self.slip(OPERATOR_FOREIGN, at, ";", read, "a statement ends with its line", help)
    }

    /// `/* a remark */` within a line.
    fn remark(&mut self, at: usize) -> usize {
        let length = self.rest(at).find("*/").map_or(2, |end| end + 2);
        let help = "comments are written `// …`, on each line";
        self.slip(OPERATOR_FOREIGN, at, "/*", "  ", "`/*` starts no comment", help);
        self.slips.blank(self.offset + at, self.offset + at + length);
        length
    }

    /// A text in curly quotes.
    fn curly(&mut self, at: usize) -> usize {
        let open = self.rest(at).get(..3).unwrap_or("").to_owned();
        self.quoted(CHARACTER_UNKNOWN, at, &open, &["”", "“"], CURLY, STRAIGHT)
    }

    /// A text in the quotes of a web page's source.
    fn spelt_quotes(&mut self, at: usize) -> usize {
        self.quoted(OPERATOR_FOREIGN, at, "&quot;", &["&quot;"], WEB, "write `\"`")
    }

    /// A text between other quotes, to its end: it is read with straight ones, and with spaces behind it.
    fn quoted(
        &mut self,
        code: Code,
        at: usize,
        open: &str,
        closes: &[&str],
        message: &str,
        help: &str,
    ) -> usize {
        let rest = self.rest(at + open.len()).lines().next().unwrap_or("");
        let close = closes.iter().filter_map(|close| Some((rest.find(close)?, close.len()))).min();
        let inner = close.and_then(|(length, _)| rest.get(..length)).filter(|inner| inner.is_ascii());
        let (Some((length, close)), Some(inner)) = (close, inner) else { return open.len() };
        let spaces = open.len() + close - 2;
        let read = format!("\"{inner}\"{:spaces$}", "");
        self.slips.note(code, self.offset + at, open, message, help);
        self.slips.replace(self.offset + at, &read);
        open.len() + length + close
    }

    /// `param mu ~ normal(0, 1),` before another statement.
    fn comma_at_end(&mut self, next: &str) {
        let last = self.slips.read.get(self.offset..self.offset + self.text.len()).unwrap_or(&[]);
        let line = std::str::from_utf8(last).unwrap_or("");
        let line = line.split("//").next().unwrap_or("").trim_end();
        let ends = next.trim_start().starts_with('}') || starts_statement(next);
        if self.depth == 0 && ends && line.ends_with(',') && starts_statement(self.text) {
            let at = line.len() - 1;
            let message = "a statement ends with its line, without a comma";
            self.slip(UNEXPECTED, at, ",", " ", message, "remove the `,`");
        }
    }
}

/// The length of the word that a text starts with.
fn word_length(text: &str, in_word: impl Fn(char) -> bool) -> usize {
    text.find(|c| !in_word(c)).unwrap_or(text.len())
}

/// How long the number is that a text starts with, where blanks stand before its `e` or behind it: `1 e-6`, `1e - 6`.
/// With blanks on both sides it may well be a quantity `e`.
fn parted_power(text: &str) -> Option<usize> {
    let blanks = |text: &str| word_length(text, |c| c == ' ');
    let digits = |text: &str| word_length(text, |c| c.is_ascii_digit());
    let mut at = word_length(text, |c| c.is_ascii_digit() || c == '_');
    let before = blanks(text.get(at..)?);
    at += before;
    at += usize::from(text.get(at..)?.starts_with(['e', 'E']).then_some(1_u8)?);
    let mut behind = blanks(text.get(at..)?);
    at += behind;
    at += usize::from(text.get(at..)?.starts_with(['-', '+']).then_some(1_u8)?);
    behind += blanks(text.get(at..)?);
    at += blanks(text.get(at..)?);
    let figures = digits(text.get(at..)?);
    at += figures;
    let ends = !text.get(at..)?.starts_with(|c: char| c.is_alphanumeric() || "._".contains(c));
    (figures > 0 && ends && (before == 0) != (behind == 0)).then_some(at)
}

/// Whether a name, an element of one or its derivative can end with a character.
fn name_end(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_]'".contains(character)
}
