//! Where a line with the right word stops making sense, and why.
//!
//! The line is read again alone, by a rule without recovery. The furthest place at which a rule of the
//! grammar was tried and failed is where the eye should go; a list of checks, the most particular
//! first, then says what is wrong there.

use crate::codes::{
    BRACKET_OPEN, BRACKET_STRAY, ELSE_MISSING, NAME_RESERVED, QUOTE_OPEN, SEVERAL_ON_LINE, UNEXPECTED,
};
use crate::diag::Diagnostic;
use crate::grammar::{Grammar, Rule};
use crate::recover::{Line, found, found_length, word_at, words};
use crate::source::Span;
use crate::words::{self, Block, RESERVED, Word};
use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};

/// The furthest place of a line that makes sense.
pub(crate) struct Stop<'t> {
    pub(crate) line: &'t Line<'t>,
    /// The word the line starts with.
    pub(crate) word: Option<&'static Word>,
    /// The byte of the line.
    at: usize,
    /// The line before that byte, and from it on.
    pub(crate) before: &'t str,
    pub(crate) rest: &'t str,
    /// The rules that were tried there.
    rules: Vec<Rule>,
}

impl<'t> Stop<'t> {
    /// Reads a line alone and finds where it stops.
    pub(crate) fn find(line: &'t Line<'t>, word: Option<&'static Word>) -> Self {
        let (at, rules) = match Grammar::parse(line.block.strict(), line.text) {
            Ok(_) => (0, Vec::new()),
            Err(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
                match error.variant {
                    ErrorVariant::ParsingError { positives, .. } => (at, positives),
                    ErrorVariant::CustomError { .. } => (at, Vec::new()),
                }
            }
        };
        let (before, rest) = line.text.split_at_checked(at).unwrap_or((line.text, ""));
        Stop { line, word, at, before, rest, rules }
    }

    /// Says what is wrong: the first check that applies, the most particular first.
    pub(crate) fn explain(&self) -> Diagnostic {
        let checks: &[fn(&Self) -> Option<Diagnostic>] = &[
            Self::coding,
            Self::quote,
            Self::elsewhere,
            Self::printed_unit,
            Self::notation,
            Self::habit,
            Self::foreign_sign,
            Self::bracket_mismatch,
            Self::bracket_open,
            Self::bracket_stray,
            Self::missing_then,
            Self::missing_else,
            Self::reading_of_function,
            Self::reserved_name,
            Self::several_statements,
        ];
        checks.iter().find_map(|check| check(self)).unwrap_or_else(|| self.unexpected())
    }

    pub(crate) fn span(&self, length: usize) -> Span {
        self.line.span(self.at, length)
    }

    pub(crate) fn expects(&self, rules: &[Rule]) -> bool {
        self.rules.iter().any(|rule| rules.contains(rule))
    }

    pub(crate) fn word_text(&self) -> &'static str {
        self.word.map_or("", |word| word.text)
    }

    /// A text without its closing quote.
    fn quote(&self) -> Option<Diagnostic> {
        let inner = self.rest.strip_prefix('"')?.lines().next().unwrap_or("");
        if inner.contains('"') {
            return None;
        }
        let told = QUOTE_OPEN.at(self.span(1 + inner.len()), "this text has no closing quote");
        Some(told.help("close it with `\"` on the same line"))
    }

    fn foreign_sign(&self) -> Option<Diagnostic> {
        self.line.foreign_sign(self.at)
    }

    /// The innermost bracket that is open at the stop.
    pub(crate) fn open_bracket(&self) -> Option<(usize, char)> {
        let mut open = Vec::new();
        let mut quoted = false;
        for (place, character) in self.before.char_indices() {
            match character {
                '"' => quoted = !quoted,
                '(' | '[' | '{' if !quoted => open.push((place, character)),
                ')' | ']' | '}' if !quoted => {
                    open.pop();
                }
                '\n' => quoted = false,
                _ => {}
            }
        }
        open.pop()
    }

    fn could_close(&self) -> bool {
        self.expects(&[Rule::close_paren, Rule::close_bracket, Rule::close_brace])
    }

    /// `[1, 2)`.
    fn bracket_mismatch(&self) -> Option<Diagnostic> {
        let found = self.rest.chars().next().filter(|c| ")]}".contains(*c))?;
        let (opened, bracket) = self.open_bracket().filter(|_| self.could_close())?;
        let told = BRACKET_OPEN.at(self.span(1), format!("`{bracket}` is closed by `{found}`"));
        let told = told.label(self.line.span(opened, 1), "opened here");
        Some(told.help(format!("write `{}`", closer(bracket))))
    }

    /// `normal(0, 1`.
    fn bracket_open(&self) -> Option<Diagnostic> {
        let (opened, bracket) = self.open_bracket()?;
        if !self.rest.trim_start().is_empty() || !(self.could_close() || self.before.ends_with(bracket)) {
            return None;
        }
        let told = BRACKET_OPEN.at(self.line.span(opened, 1), format!("this `{bracket}` is never closed"));
        let missing = format!("`{}` is missing here", closer(bracket));
        Some(told.label(self.span(0), missing).help(format!("add `{}`", closer(bracket))))
    }

    /// `normal(0, 1))`.
    fn bracket_stray(&self) -> Option<Diagnostic> {
        let found = self.rest.chars().next().filter(|c| ")]}".contains(*c))?;
        if self.open_bracket().is_some() || !self.expects(&[Rule::EOI, Rule::infix]) {
            return None;
        }
        let told = BRACKET_STRAY.at(self.span(1), format!("this `{found}` closes nothing"));
        Some(told.help("remove it, or open it earlier on the line"))
    }

    /// `if (a == 1) x else y`.
    fn missing_then(&self) -> Option<Diagnostic> {
        let (place, _) = words(self.before).filter(|(_, word)| *word == "if").last()?;
        if !self.expects(&[Rule::kw_then]) || !words(self.rest).any(|(_, word)| word == "else") {
            return None;
        }
        let told = UNEXPECTED.at(self.span(0), "behind the condition of an `if` stands `then`");
        let told = told.label(self.line.span(place, 2), "this `if`");
        Some(told.help(format!("write `then` before {}", found(self.rest))))
    }

    /// `infer f(3)`: a function of time is asked about where its readings are placed.
    fn reading_of_function(&self) -> Option<Diagnostic> {
        let word = self.word.filter(|word| ["infer", "given"].contains(&word.text))?;
        let (place, name) = words(self.before).last()?;
        if !self.rest.starts_with('(') || place + name.len() != self.before.len() || name == word.text {
            return None;
        }
        let end = self.rest.find(')')?;
        let time = self.rest.get(1..end).map(str::trim).filter(|time| !time.is_empty())?;
        let message = format!("a query does not name `{name}` at a time: its readings have places");
        let told = UNEXPECTED.at(self.span(end + 1), message);
        Some(told.help(format!(
            "place the axis on which it is read, `at knot = [{time}]`, and write `{} {name}`",
            word.text
        )))
    }

    fn missing_else(&self) -> Option<Diagnostic> {
        let (place, _) = words(self.before).filter(|(_, word)| *word == "if").last()?;
        if !self.expects(&[Rule::kw_else]) {
            return None;
        }
        let told = ELSE_MISSING.at(self.span(0), "an `if` selects one of two values, so it needs an `else`");
        Some(told.label(self.line.span(place, 2), "this `if`").help("add `else` with the other value"))
    }

    fn reserved_name(&self) -> Option<Diagnostic> {
        let word = word_at(self.rest).filter(|word| RESERVED.contains(word))?;
        let wants_name = |rule: &Rule| matches!(words::expected(*rule), Some((_, "a name")));
        if !self.rules.iter().any(wants_name) {
            return None;
        }
        let message = format!("`{word}` is a word of the language and cannot be a name");
        Some(
            NAME_RESERVED
                .at(self.span(word.len()), message)
                .help(format!("choose another, such as `{word}_1`")),
        )
    }

    /// `let a = 1 let b = 2`.
    fn several_statements(&self) -> Option<Diagnostic> {
        let word = word_at(self.rest).and_then(words::find)?;
        if !self.expects(&[Rule::EOI]) {
            return None;
        }
        let message = format!("`{}` starts another statement", word.text);
        let told = SEVERAL_ON_LINE.at(self.span(word.text.len()), message);
        Some(told.help("give each statement a line of its own"))
    }

    /// Anything else: what was expected, and what stands there.
    fn unexpected(&self) -> Diagnostic {
        let mut wanted: Vec<_> = self.rules.iter().filter_map(|rule| words::expected(*rule)).collect();
        wanted.sort_unstable();
        wanted.dedup_by_key(|(_, text)| *text);
        if wanted.iter().any(|(rank, _)| *rank < words::OPTIONAL) {
            wanted.retain(|(rank, _)| *rank < words::OPTIONAL);
        }
        wanted.truncate(3);
        let wanted: Vec<_> = wanted.into_iter().map(|(_, text)| text).collect();
        let found = found(self.rest);
        let message = match wanted.split_last() {
            None => format!("{found} makes no sense here"),
            Some((last, [])) => format!("expected {last}, but found {found}"),
            Some((last, others)) => format!("expected {} or {last}, but found {found}", others.join(", ")),
        };
        let told = UNEXPECTED.at(self.span(found_length(self.rest)), message);
        let example = match (self.word, self.line.block) {
            (Some(word), _) => word.example,
            (None, Block::Dynamics) => "x' = -rate * x",
            (None, _) => "x = x + 1",
        };
        told.help(format!("it is written like this: `{example}`"))
    }
}

fn closer(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
