//! A line that no statement matches becomes a sentence.
//!
//! First the word it starts with is judged: one of another language, a misspelt one, one that stands
//! in the wrong block. A line with the right word is read again alone, by a rule without recovery;
//! where that stops is the furthest place that makes sense, and what was expected there is said in
//! the words of [`crate::words`], never in the names of the grammar's rules.

use crate::codes::{
    CHARACTER_UNKNOWN, OPERATOR_FOREIGN, ROLE_MISSING, STATEMENT_MISPLACED, UNEXPECTED, UNKNOWN_WORD,
};
use crate::diag::{Diagnostic, suggest};
use crate::parse::Builder;
use crate::python::library_draw;
use crate::source::Span;
use crate::stop::Stop;
use crate::words::{self, Block, RESERVED, Word};
use crate::{foreign, links};

/// A bad line and where it stands.
pub(crate) struct Line<'t> {
    file: u32,
    start: usize,
    pub(crate) text: &'t str,
    pub(crate) block: Block,
}

/// The words of what other files can use.
const PUBLIC: &[&str] = &["model", "simulator", "external", "const", "unit", "fn"];

/// Says why a line cannot be read. `start` is where its text starts in the file.
pub(crate) fn explain(builder: &Builder<'_>, block: Block, text: &str, start: usize) -> Diagnostic {
    let line = Line { file: builder.file, start, text, block };
    let Some(first) = word_at(text) else { return line.no_word() };
    let (at, first) = match first {
        "pub" => words(text).nth(1).unwrap_or((0, first)),
        _ => (0, first),
    };
    let behind = text.get(at + first.len()..).unwrap_or("").trim_start();
    let public = text.starts_with("pub") && (at > 0 || first == "pub");
    if public && words::find(first).is_some() && !PUBLIC.contains(&first) {
        return line.never_public(first, at);
    }
    match words::find(first) {
        Some(word) if words::stands_in(word, block) => Stop::find(&line, Some(word)).explain(),
        Some(_) if defines_anew(first, behind, block) => Stop::find(&line, None).explain(),
        Some(word) => line.misplaced(word, at),
        None if defines_anew(first, behind, block) => Stop::find(&line, None).explain(),
        None => line.unknown(first, at, behind),
    }
}

/// Whether the line is one that starts with a name instead of a word: `x' = …`, or `x = …` in an event.
fn defines_anew(first: &str, behind: &str, block: Block) -> bool {
    let (_, sign) = split_index(behind);
    match block {
        _ if RESERVED.contains(&first) => false,
        Block::Dynamics => sign.starts_with(['\'', '’', '′']),
        Block::Event => sign.starts_with(['=', '<', ':', '+', '-', '~']),
        _ => false,
    }
}

/// What stands behind a name, cut into an index in brackets, if there is one, and the rest.
pub(crate) fn split_index(behind: &str) -> (&str, &str) {
    let close = if behind.starts_with('[') { behind.find(']').map_or(0, |close| close + 1) } else { 0 };
    let (index, rest) = behind.split_at_checked(close).unwrap_or(("", behind));
    (index, rest.trim_start())
}

/// The statement words of a block, for a help.
fn all_words(block: Block) -> String {
    words::words_of(block).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The name of a model that a line opens as Python does: `with pm.Model() as two_moons:`.
pub(crate) fn opens_model(text: &str) -> Option<&str> {
    let (context, name) = text.strip_prefix("with ")?.split_once(" as ")?;
    word_at(name.trim_start()).filter(|_| context.contains("Model"))
}

/// The words of a text with where they start.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let at = from + rest.find(|c: char| c.is_ascii_alphabetic() || c == '_')?;
        let word = word_at(text.get(at..)?)?;
        from = at + word.len();
        Some((at, word))
    })
}

/// The word that a text starts with.
pub(crate) fn word_at(text: &str) -> Option<&str> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).filter(|_| begins)
}

impl Line<'_> {
    pub(crate) fn span(&self, at: usize, length: usize) -> Span {
        Span::new(self.file, self.start + at, self.start + at + length)
    }

    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or("")
    }

    /// A line that starts with something other than a word.
    fn no_word(&self) -> Diagnostic {
        if let Some(told) = self.foreign_sign(0) {
            return told;
        }
        let message = format!("{} cannot start a statement", found(self.text));
        let told = UNEXPECTED.at(self.span(0, found_length(self.text)), message);
        match self.block {
            Block::Event => told.help("an event sets states: `x = expression`"),
            block => told.help(format!(
                "a statement starts with a word; {} has {}",
                block.name(),
                all_words(block)
            )),
        }
    }

    /// A line that starts with a word that starts nothing.
    fn unknown(&self, first: &str, at: usize, behind: &str) -> Diagnostic {
        let span = self.span(at, first.len());
        if let Some(told) = self.import(first, span, behind) {
            return told;
        }
        if let Some(model) = opens_model(self.text).filter(|_| self.block == Block::Top) {
            let told = UNKNOWN_WORD.at(span, "a model is a block in braces, with a word of its own");
            return told.help(format!("write `model {model} {{`, and `}}` at its end"));
        }
        let moves = self.block == Block::Dynamics;
        if let Some(told) = self.typed(first, span, behind).filter(|_| moves) {
            return told;
        }
        if let Some(help) = foreign::start(first, self.block) {
            return UNKNOWN_WORD.at(span, format!("no statement starts with `{first}`")).help(help);
        }
        if let Some(help) = links::inverted(self.rest(at)) {
            return UNKNOWN_WORD.at(span, "what is defined is a name, with no function around it").help(help);
        }
        if let Some(help) = links::formula(self.text) {
            return ROLE_MISSING.at(span, format!("this does not say how `{first}` is drawn")).help(help);
        }
        // `thetta ~ normal(0, 1)` defines something, where `parma theta ~ …` misspells its word.
        let moving = || self.equation(first, span, behind).filter(|_| moves);
        if let Some(told) = moving().or_else(|| self.role_missing(first, span, behind)) {
            return told;
        }
        // `sample 1000` asks for so many draws, where `sample theta` asks for it.
        let counted = self.block == Block::Query
            && ["sample", "draw"].contains(&first)
            && behind.starts_with(|c: char| c.is_ascii_digit());
        let similar = counted
            .then_some("draws")
            .or_else(|| words::meant(first, self.block))
            .or_else(|| suggest(first, words::WORDS.iter().map(|word| word.text)));
        let told =
            UNKNOWN_WORD.at(span, format!("no statement {} starts with `{first}`", self.block.place()));
        match (similar, self.block) {
            (Some(_), _) => told.did_you_mean(similar),
            (None, Block::Event) => told.help("an event sets states: `x = expression`"),
            (None, block) => told.help(format!("{} has {}", block.name(), all_words(block))),
        }
    }

    /// `x ~ normal(0, 1)` or `x = 3` without a word before it.
    fn role_missing(&self, name: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let (index, sign) = split_index(behind);
        let draws = sign.starts_with(['~', '∼']);
        if !draws && !["=", "<-", ":=", "←"].iter().any(|start| sign.starts_with(start)) {
            return None;
        }
        let name = format!("{name}{index}");
        let value = sign.trim_start_matches(['~', '∼', '=', '<', '-', ':', '←']).lines().next().unwrap_or("");
        if let Some((draw, seen)) = library_draw(value).filter(|_| self.block != Block::Query) {
            let word = if seen { "data" } else { "param" };
            let told = ROLE_MISSING.at(span, format!("this does not say what `{name}` is"));
            return Some(told.help(format!("write in a model `{word} {name} ~ {draw}`")));
        }
        if self.block == Block::Query
            && let Some(word) = words::called(&name).filter(|word| word.setting)
        {
            let told = UNKNOWN_WORD.at(span, format!("no statement in a query starts with `{name}`"));
            return Some(told.help(format!("write `{} {}`", word.text, value.trim())));
        }
        let told = ROLE_MISSING.at(span, format!("this does not say what `{name}` is"));
        Some(told.help(match self.block {
            Block::Query if draws => {
                format!("write `param {name} ~ …` to ask under another prior than the model's")
            }
            Block::Query => format!("write `given {name} = …` to fix it, `infer {name}` to ask for it"),
            Block::Dynamics => format!(
                "write `{name}' = …` for a derivative, `init {name} = …`, `next {name} = …` or `let {name} = …`"
            ),
            Block::Model | Block::Simulator | Block::Modality if draws => format!(
                "write `param {name} ~ …` to ask about it, `data {name} ~ …` if it is seen, `latent {name} ~ …` otherwise"
            ),
            Block::Model | Block::Simulator | Block::Modality => {
                format!("write `let {name} = …`, or `data {name} = …` if it is seen")
            }
            Block::Top => {
                format!("define it in a `model`: `param {name} ~ …`; here stand fixed numbers: `const {name} = …`")
            }
            block => match words::meant(&name, block) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("{} has {}", block.name(), all_words(block)),
            },
        }))
    }

    /// `pub data x = …`, or `pub` with nothing behind it.
    fn never_public(&self, word: &str, at: usize) -> Diagnostic {
        let message = match at {
            0 => "`pub` stands before what other files can use".to_owned(),
            _ => format!("a `{word}` is never `pub`"),
        };
        let told = UNEXPECTED.at(self.span(0, at + word.len()), message);
        told.help("`pub` stands before `model`, `simulator`, `external`, `const`, `unit` or `fn`, on the same line; else remove it")
    }

    /// A statement that stands in the wrong block.
    fn misplaced(&self, word: &Word, at: usize) -> Diagnostic {
        let homes: Vec<_> = word.homes.iter().map(|home| home.place()).collect();
        let message = format!("`{}` stands {}, not {}", word.text, homes.join(" or "), self.block.place());
        let told = STATEMENT_MISPLACED.at(self.span(at, word.text.len()), message);
        match word.homes {
            [Block::Top, ..] => told.help(format!("close {} with `}}` before it", self.block.this())),
            [home, ..] if self.block == Block::Top => {
                told.help(format!("move it into {}, between its `{{` and `}}`", home.name()))
            }
            [home, ..] => {
                told.help(format!("move it into {}, or close {} before it", home.name(), self.block.this()))
            }
            [] => told,
        }
    }

    /// Signs of other languages.
    pub(crate) fn foreign_sign(&self, at: usize) -> Option<Diagnostic> {
        let rest = self.rest(at);
        let first = rest.chars().next()?;
        if let Some((length, message, help)) = foreign::sign(rest) {
            let code = if first.is_ascii() { OPERATOR_FOREIGN } else { CHARACTER_UNKNOWN };
            return Some(code.at(self.span(at, length), message).help(help));
        }
        if first.is_ascii() && !"@$".contains(first) {
            return None;
        }
        let (message, help) = foreign::character(first);
        Some(CHARACTER_UNKNOWN.at(self.span(at, first.len_utf8()), message).help(help))
    }
}

/// What stands at the start of a text, as messages call it.
pub(crate) fn found(rest: &str) -> String {
    let length = found_length(rest);
    match rest.get(..length).filter(|text| !text.is_empty()) {
        Some(text) => format!("`{text}`"),
        None => "the end of the line".to_owned(),
    }
}

/// How long that is, in bytes: a word, a number or one sign; nothing at the end of a line.
pub(crate) fn found_length(rest: &str) -> usize {
    const LONGEST: usize = 40;
    let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    match rest.chars().next() {
        None | Some('\n' | '\r') => 0,
        Some(_) if rest.starts_with("//") => 0,
        Some(first) => word.min(LONGEST).max(first.len_utf8()),
    }
}
