//! A line that no statement matches becomes a sentence.
//!
//! First the word it starts with is judged: one of another language, a misspelt one, one that stands
//! in the wrong block. A line with the right word is read again alone, by a rule without recovery;
//! where that stops is the furthest place that makes sense, and what was expected there is said in
//! the words of [`crate::words`], never in the names of the grammar's rules.

use crate::codes::{
    BRACKET_OPEN, BRACKET_STRAY, CHARACTER_UNKNOWN, ELSE_MISSING, NAME_RESERVED, OPERATOR_FOREIGN,
    QUOTE_OPEN, ROLE_MISSING, SEVERAL_ON_LINE, STATEMENT_MISPLACED, UNEXPECTED, UNKNOWN_WORD,
};
use crate::diag::{Diagnostic, suggest};
use crate::foreign;
use crate::grammar::{Grammar, Rule};
use crate::parse::Builder;
use crate::source::Span;
use crate::words::{self, Block, RESERVED, Word};
use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};

/// A bad line and where it stands.
struct Line<'t> {
    file: u32,
    start: usize,
    text: &'t str,
    block: Block,
}

/// Says why a line cannot be read. `start` is where its text starts in the file.
pub(crate) fn explain(builder: &Builder<'_>, block: Block, text: &str, start: usize) -> Diagnostic {
    let line = Line { file: builder.file, start, text, block };
    let Some(first) = word_at(text) else { return line.no_word() };
    let (at, first) = match first {
        "pub" => words(text).nth(1).unwrap_or((0, first)),
        _ => (0, first),
    };
    let behind = text.get(at + first.len()..).unwrap_or("").trim_start();
    match words::find(first) {
        Some(word) if words::stands_in(word, block) => line.strict(Some(word)),
        Some(_) if defines_anew(first, behind, block) => line.strict(None),
        Some(word) => line.misplaced(word, at),
        None if defines_anew(first, behind, block) => line.strict(None),
        None => line.unknown(first, at, behind),
    }
}

/// Whether the line is one that starts with a name instead of a word: `x' = …`, or `x = …` in an event.
fn defines_anew(first: &str, behind: &str, block: Block) -> bool {
    let target =
        behind.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(behind, |(_, rest)| rest);
    let sign = target.trim_start();
    match block {
        Block::Dynamics => sign.starts_with(['\'', '’', '′']),
        Block::Event => !RESERVED.contains(&first) && sign.starts_with(['=', '<', ':', '+', '-', '~']),
        _ => false,
    }
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
fn word_at(text: &str) -> Option<&str> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).filter(|_| begins)
}

impl Line<'_> {
    fn span(&self, at: usize, length: usize) -> Span {
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
        let found = found(self.text);
        let some: Vec<_> = words::words_of(self.block).take(4).map(|word| format!("`{word}`")).collect();
        let message = match self.block {
            Block::Event => format!("an event sets states, and cannot start with {found}"),
            block => format!("{found} cannot start a statement of {}", block.name()),
        };
        let told = UNEXPECTED.at(self.span(0, found_length(self.text)), message);
        match self.block {
            Block::Event => told.help("write `state = expression`"),
            _ => told.help(format!("a statement starts with a word, such as {}", some.join(", "))),
        }
    }

    /// A line that starts with a word that starts nothing.
    fn unknown(&self, first: &str, at: usize, behind: &str) -> Diagnostic {
        let span = self.span(at, first.len());
        if let Some(help) = foreign::start(first, self.block) {
            return UNKNOWN_WORD.at(span, format!("no statement starts with `{first}`")).help(help);
        }
        let here = suggest(first, words::words_of(self.block));
        // `thetta ~ normal(0, 1)` defines something; `parma theta ~ …` misspells its word.
        if let Some(told) = self.role_missing(first, span, behind) {
            return told;
        }
        let similar = here.or_else(|| suggest(first, words::WORDS.iter().map(|word| word.text)));
        let message = match self.block {
            Block::Top => format!("no statement starts with `{first}`"),
            block => format!("no statement of {} starts with `{first}`", block.name()),
        };
        let told = UNKNOWN_WORD.at(span, message);
        match similar {
            Some(_) => told.did_you_mean(similar),
            None => {
                let all: Vec<_> = words::words_of(self.block).map(|word| format!("`{word}`")).collect();
                match self.block {
                    Block::Event => told.help("an event sets states: `x = expression`"),
                    block => told.help(format!("{} has {}", block.name(), all.join(", "))),
                }
            }
        }
    }

    /// `x ~ normal(0, 1)` or `x = 3` without a word before it.
    fn role_missing(&self, name: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let sign =
            behind.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(behind, |(_, rest)| rest);
        let sign = sign.trim_start();
        let whole = behind.get(..behind.len() - sign.len()).unwrap_or("").trim_end();
        let draws = sign.starts_with(['~', '∼']);
        if !draws && !["=", "<-", ":=", "←"].iter().any(|start| sign.starts_with(start)) {
            return None;
        }
        let name = format!("{name}{whole}");
        let (message, help) = match self.block {
            Block::Query => (
                format!("the query does not say what `{name}` is"),
                format!("write `given {name} = …` to fix it, `infer {name}` to ask for it"),
            ),
            Block::Dynamics => (
                format!("this does not say what `{name}` is"),
                format!(
                    "write `{name}' = …` for a derivative, `init {name} = …`, `next {name} = …` or `let {name} = …`"
                ),
            ),
            Block::Model | Block::Simulator | Block::Modality if draws => (
                format!("the model does not say what `{name}` is"),
                format!(
                    "write `param {name} ~ …` to ask about it, `data {name} ~ …` if it is seen, `latent {name} ~ …` otherwise"
                ),
            ),
            Block::Model | Block::Simulator | Block::Modality => (
                format!("the model does not say what `{name}` is"),
                format!("write `let {name} = …`, or `data {name} = …` if it is seen"),
            ),
            Block::Top => (
                format!("`{name}` is defined outside any model"),
                format!(
                    "write it in a `model`, as `param {name} ~ …`, or `const {name} = …` for a fixed number"
                ),
            ),
            block => (format!("{} defines nothing", block.name()), self.setting_help(&name)),
        };
        Some(ROLE_MISSING.at(span, message).help(help))
    }

    fn setting_help(&self, name: &str) -> String {
        match suggest(name, words::words_of(self.block)) {
            Some(word) => format!("did you mean `{word}`?"),
            None => {
                let all: Vec<_> = words::words_of(self.block).map(|word| format!("`{word}`")).collect();
                format!("it has {}", all.join(", "))
            }
        }
    }

    /// A statement that stands in the wrong block.
    fn misplaced(&self, word: &Word, at: usize) -> Diagnostic {
        let homes: Vec<_> = word.homes.iter().map(|home| home.name()).collect();
        let message =
            format!("`{}` stands in {}, not in {}", word.text, homes.join(" or "), self.block.name());
        let told = STATEMENT_MISPLACED
            .at(self.span(at, word.text.len()), message.replace("in the top", "at the top"));
        match (self.block, word.homes) {
            (Block::Top, [home, ..]) => {
                told.help(format!("move it into {}, between its `{{` and `}}`", home.name()))
            }
            (_, [Block::Top, ..]) => told
                .help(format!("close {} with `}}` before it", self.block.name().replacen("a ", "the ", 1))),
            (block, [home, ..]) => told.help(format!(
                "move it into {}, or close {} before it",
                home.name(),
                block.name().replacen("a ", "the ", 1)
            )),
            _ => told,
        }
    }

    /// A line whose word is right: where does it stop making sense?
    fn strict(&self, word: Option<&Word>) -> Diagnostic {
        let (at, rules) = match Grammar::parse(self.block.strict(), self.text) {
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
        self.quote(at)
            .or_else(|| self.setting_sign(at, word))
            .or_else(|| self.draw_sign(at, word, &rules))
            .or_else(|| self.number(at))
            .or_else(|| self.range_sign(at))
            .or_else(|| self.condition_sign(at))
            .or_else(|| self.foreign_sign(at))
            .or_else(|| self.bracket(at, &rules))
            .or_else(|| self.missing_else(at, &rules))
            .or_else(|| self.reserved(at, &rules))
            .or_else(|| self.several(at, &rules))
            .unwrap_or_else(|| self.unexpected(at, &rules, word))
    }

    /// A text without its closing quote.
    fn quote(&self, at: usize) -> Option<Diagnostic> {
        let inner = self.rest(at).strip_prefix('"')?;
        let line = inner.lines().next().unwrap_or("");
        if line.contains('"') {
            return None;
        }
        let told = QUOTE_OPEN.at(self.span(at, 1 + line.len()), "this text has no closing quote");
        Some(told.help("close it with `\"` on the same line"))
    }

    /// `simulations = 10_000`, `seed: 1`.
    fn setting_sign(&self, at: usize, word: Option<&Word>) -> Option<Diagnostic> {
        let word = word.filter(|word| word.setting)?;
        let sign = ["==", ":=", "=", ":", "<-"].into_iter().find(|sign| self.rest(at).starts_with(sign))?;
        let message = format!("a setting has no `{sign}` before its value");
        Some(
            OPERATOR_FOREIGN.at(self.span(at, sign.len()), message).help(format!("write `{}`", word.example)),
        )
    }

    /// `~` and `=` in each other's place, and draws that something is done with.
    fn draw_sign(&self, at: usize, word: Option<&Word>, rules: &[Rule]) -> Option<Diagnostic> {
        let rest = self.rest(at);
        let word = word?.text;
        if rest.starts_with('~') && matches!(word, "let" | "const" | "fn" | "given" | "at") {
            let help = match word {
                "given" => "write `given x = value`, or `given x from \"file.csv\"`",
                "let" => "write `=`, or `latent name ~ distribution` for a draw",
                _ => "write `=`",
            };
            let message = format!("a `{word}` is never drawn");
            return Some(UNEXPECTED.at(self.span(at, 1), message).help(help));
        }
        if !matches!(word, "param" | "latent" | "data" | "init" | "next") {
            return None;
        }
        if rest.starts_with("==") || rest.starts_with(":=") || rest.starts_with("<-") {
            let help = "a draw is written `~`, a definition `=`";
            let message = format!("`{}` defines nothing", rest.get(..2).unwrap_or(""));
            return Some(OPERATOR_FOREIGN.at(self.span(at, 2), message).help(help));
        }
        let before = self.text.get(..at)?.trim_end();
        let wants_call =
            rules.iter().any(|rule| matches!(rule, Rule::draw | Rule::call | Rule::path | Rule::name));
        let computes = wants_call && before.ends_with('~') && !rest.is_empty()
            || rules.contains(&Rule::pipe) && rest.starts_with(['+', '-', '*', '/', '^']);
        if !computes || foreign::sign(rest).is_some_and(|_| !rest.starts_with(['+', '-', '*'])) {
            return None;
        }
        let message = "behind `~` stands a distribution, nothing computed";
        let help =
            "write `=` for what is computed; to compute with a draw, name it: `latent z ~ …`, then `= 2 * z`";
        Some(UNEXPECTED.at(self.span(at, found_length(rest)), message).help(help))
    }

    /// `.5`, `1.`, and a number with a bracket right behind it.
    fn number(&self, at: usize) -> Option<Diagnostic> {
        let rest = self.rest(at);
        let digit = |c: char| c.is_ascii_digit();
        let before = self.text.get(..at)?;
        let number =
            before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').next().unwrap_or("");
        let behind_number = number.starts_with(digit);
        if let Some(inner) = rest.strip_prefix('.').filter(|inner| !inner.starts_with('.')) {
            let digits = inner.find(|c: char| !c.is_ascii_digit()).unwrap_or(inner.len());
            let (message, help) = match (behind_number, digits) {
                (true, 0) => {
                    ("a number does not end with its point", format!("write `{number}` or `{number}.0`"))
                }
                (false, 1..) => {
                    ("a number does not start with its point", format!("write `0.{}`", inner.get(..digits)?))
                }
                _ => return None,
            };
            return Some(UNEXPECTED.at(self.span(at, 1 + digits), message).help(help));
        }
        if behind_number && rest.starts_with('(') {
            let message = "a number is not called";
            return Some(UNEXPECTED.at(self.span(at, 1), message).help(format!("write `{number} * (…)`")));
        }
        None
    }

    /// `1:10` in an expression.
    fn range_sign(&self, at: usize) -> Option<Diagnostic> {
        let rest = self.rest(at);
        let bracketed = self.open_bracket(at).is_some();
        let valued = self.text.get(..at)?.contains('=');
        if !rest.starts_with(':')
            || rest.starts_with("::")
            || rest.starts_with(":=")
            || !(bracketed || valued)
        {
            return None;
        }
        let before = self.text.get(..at)?;
        if before.contains('?') || rest.contains('?') {
            return None;
        }
        let told = OPERATOR_FOREIGN.at(self.span(at, 1), "`:` makes no range");
        Some(told.help(
            "a range is written `low .. high`, and positions count from 1; an argument is `name = value`",
        ))
    }

    /// `=` where two values are compared.
    fn condition_sign(&self, at: usize) -> Option<Diagnostic> {
        let rest = self.rest(at);
        let before = self.text.get(..at)?;
        let condition = words(before).any(|(_, word)| matches!(word, "if" | "where" | "when"));
        if !rest.starts_with('=') || rest.starts_with("==") || !condition || rest.starts_with("=<") {
            return None;
        }
        Some(
            OPERATOR_FOREIGN
                .at(self.span(at, 1), "`=` does not compare")
                .help("write `==`, or `in low .. high`"),
        )
    }

    /// Signs of other languages.
    fn foreign_sign(&self, at: usize) -> Option<Diagnostic> {
        let rest = self.rest(at);
        if let Some((length, message, help)) = foreign::sign(rest) {
            let code = if rest.is_ascii() || rest.starts_with(|c: char| c.is_ascii()) {
                OPERATOR_FOREIGN
            } else {
                CHARACTER_UNKNOWN
            };
            return Some(code.at(self.span(at, length), message).help(help));
        }
        let character = rest.chars().next().filter(|c| !c.is_ascii() || "@$".contains(*c))?;
        let (message, help) = foreign::character(character);
        Some(CHARACTER_UNKNOWN.at(self.span(at, character.len_utf8()), message).help(help))
    }

    /// Brackets that are not closed, closed by another kind, or closed without being open.
    fn bracket(&self, at: usize, rules: &[Rule]) -> Option<Diagnostic> {
        let rest = self.rest(at);
        let open = self.open_bracket(at);
        let closing = rest.chars().next().filter(|c| ")]}".contains(*c));
        let expects = [Rule::close_paren, Rule::close_bracket, Rule::close_brace];
        let could_close = rules.iter().any(|rule| expects.contains(rule));
        match (open, closing) {
            (Some((opened, bracket)), Some(found)) if could_close => {
                let span = self.span(at, 1);
                let message = format!("`{bracket}` is closed by `{found}`");
                let told = BRACKET_OPEN.at(span, message).label(self.span(opened, 1), "opened here");
                Some(told.help(format!("write `{}`", closer(bracket))))
            }
            (Some((opened, bracket)), None)
                if rest.trim().is_empty() && (could_close || rules.contains(&Rule::EOI)) =>
            {
                let span = self.span(opened, 1);
                let message = format!("this `{bracket}` is never closed");
                let told = BRACKET_OPEN
                    .at(span, message)
                    .label(self.span(at, 0), format!("`{}` is missing here", closer(bracket)));
                Some(told.help(format!("add `{}`", closer(bracket))))
            }
            (None, Some(found)) if rules.contains(&Rule::EOI) || rules.contains(&Rule::infix) => {
                let message = format!("this `{found}` closes nothing");
                Some(
                    BRACKET_STRAY
                        .at(self.span(at, 1), message)
                        .help("remove it, or open it earlier on the line"),
                )
            }
            _ => None,
        }
    }

    /// The innermost bracket that is open at a place of the line.
    fn open_bracket(&self, at: usize) -> Option<(usize, char)> {
        let mut open = Vec::new();
        let mut quoted = false;
        for (place, character) in self.text.get(..at)?.char_indices() {
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

    fn missing_else(&self, at: usize, rules: &[Rule]) -> Option<Diagnostic> {
        let chooses = words(self.text.get(..at)?).filter(|(_, word)| *word == "if").last()?;
        if !rules.contains(&Rule::kw_else) {
            return None;
        }
        let told =
            ELSE_MISSING.at(self.span(at, 0), "an `if` selects one of two values, so it needs an `else`");
        Some(told.label(self.span(chooses.0, 2), "this `if`").help("add `else` with the other value"))
    }

    /// A reserved word where a name must stand.
    fn reserved(&self, at: usize, rules: &[Rule]) -> Option<Diagnostic> {
        let word = word_at(self.rest(at)).filter(|word| RESERVED.contains(word))?;
        let wants_name = rules.iter().any(|rule| matches!(words::expected(*rule), Some((_, "a name"))));
        if !wants_name {
            return None;
        }
        let message = format!("`{word}` is a word of the language and cannot be a name");
        Some(
            NAME_RESERVED
                .at(self.span(at, word.len()), message)
                .help(format!("choose another, such as `{word}_1`")),
        )
    }

    /// A second statement on the line.
    fn several(&self, at: usize, rules: &[Rule]) -> Option<Diagnostic> {
        let word = word_at(self.rest(at)).and_then(words::find)?;
        if !rules.contains(&Rule::EOI) {
            return None;
        }
        let message = format!("`{}` starts another statement", word.text);
        let told = SEVERAL_ON_LINE.at(self.span(at, word.text.len()), message);
        Some(told.help("give each statement a line of its own"))
    }

    /// Anything else: what was expected, and what stands there.
    fn unexpected(&self, at: usize, rules: &[Rule], word: Option<&Word>) -> Diagnostic {
        let rest = self.rest(at);
        let mut wanted: Vec<_> = rules.iter().filter_map(|rule| words::expected(*rule)).collect();
        wanted.sort_unstable();
        wanted.dedup_by_key(|(_, text)| *text);
        if wanted.iter().any(|(rank, _)| *rank < words::OPTIONAL) {
            wanted.retain(|(rank, _)| *rank < words::OPTIONAL);
        }
        wanted.truncate(3);
        let wanted: Vec<_> = wanted.into_iter().map(|(_, text)| text).collect();
        let found = found(rest);
        let message = match wanted.split_last() {
            None => format!("{found} makes no sense here"),
            Some((last, [])) => format!("expected {last}, but found {found}"),
            Some((last, others)) => format!("expected {} or {last}, but found {found}", others.join(", ")),
        };
        let told = UNEXPECTED.at(self.span(at, found_length(rest)), message);
        match word {
            Some(word) => told.help(format!("it is written like this: `{}`", word.example)),
            None => told,
        }
    }
}

fn closer(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// What stands at the start of a text, as messages call it.
fn found(rest: &str) -> String {
    let length = found_length(rest);
    match rest.get(..length).filter(|text| !text.is_empty()) {
        Some(text) => format!("`{text}`"),
        None => "the end of the line".to_owned(),
    }
}

/// How long that is, in bytes: a word, a number or one sign; nothing at the end of a line.
fn found_length(rest: &str) -> usize {
    const LONGEST: usize = 40;
    let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    match rest.chars().next() {
        None | Some('\n' | '\r') => 0,
        Some(_) if rest.starts_with("//") => 0,
        Some(first) => word.min(LONGEST).max(first.len_utf8()),
    }
}
