//! Where a line with the right word stops making sense, and why.
//!
//! The line is read again alone, by a rule without recovery. The furthest place at which a rule of the
//! grammar was tried and failed is where the eye should go; a list of checks, the most particular
//! first, then says what is wrong there.

use crate::codes::{
    BRACKET_OPEN, BRACKET_STRAY, ELSE_MISSING, NAME_RESERVED, OPERATOR_FOREIGN, QUOTE_OPEN, SEVERAL_ON_LINE,
    UNEXPECTED,
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
    line: &'t Line<'t>,
    /// The word the line starts with.
    word: Option<&'static Word>,
    /// The byte of the line.
    at: usize,
    /// The line before that byte, and from it on.
    before: &'t str,
    rest: &'t str,
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
            Self::quote,
            Self::setting_sign,
            Self::draw_sign,
            Self::computed_draw,
            Self::truncated_draw,
            Self::point,
            Self::called_number,
            Self::grouped_digits,
            Self::range_sign,
            Self::condition_sign,
            Self::foreign_sign,
            Self::bracket_mismatch,
            Self::bracket_open,
            Self::bracket_stray,
            Self::missing_else,
            Self::reserved_name,
            Self::several_statements,
            Self::unquoted,
            Self::name_in_two,
        ];
        checks.iter().find_map(|check| check(self)).unwrap_or_else(|| self.unexpected())
    }

    fn span(&self, length: usize) -> Span {
        self.line.span(self.at, length)
    }

    fn expects(&self, rules: &[Rule]) -> bool {
        self.rules.iter().any(|rule| rules.contains(rule))
    }

    fn word_text(&self) -> &'static str {
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

    /// `simulations = 10_000`, `seed: 1`.
    fn setting_sign(&self) -> Option<Diagnostic> {
        let word = self.word.filter(|word| word.setting)?;
        let sign = ["==", ":=", "=", ":", "<-"].into_iter().find(|sign| self.rest.starts_with(sign))?;
        let message = format!("a setting has no `{sign}` before its value");
        Some(OPERATOR_FOREIGN.at(self.span(sign.len()), message).help(format!("write `{}`", word.example)))
    }

    /// `~` where only `=` can stand, and other signs where `~` or `=` must.
    fn draw_sign(&self) -> Option<Diagnostic> {
        let word = self.word_text();
        if self.rest.starts_with('~') && matches!(word, "let" | "const" | "fn" | "given" | "at") {
            let help = match word {
                "given" => "write `given x = value`, or `given x from \"file.csv\"`",
                "let" => "write `=`, or `latent name ~ distribution` for a draw",
                _ => "write `=`",
            };
            return Some(UNEXPECTED.at(self.span(1), format!("a `{word}` is never drawn")).help(help));
        }
        let sign = ["==", ":=", "<-"].into_iter().find(|sign| self.rest.starts_with(sign))?;
        if !self.expects(&[Rule::tilde, Rule::draws_from]) {
            return None;
        }
        let told = OPERATOR_FOREIGN.at(self.span(sign.len()), format!("`{sign}` defines nothing"));
        Some(told.help("a draw is written `~`, a definition `=`"))
    }

    /// `x ~ 2 * normal(0, 1)`, `x ~ normal(0, 1) + 3`.
    fn computed_draw(&self) -> Option<Diagnostic> {
        let starts = self.before.trim_end().ends_with('~')
            && self.rest.starts_with(|c: char| c.is_ascii_digit() || "-+([.".contains(c));
        let goes_on = self.expects(&[Rule::pipe]) && self.rest.starts_with(['+', '-', '*', '/', '^']);
        if !starts && !goes_on {
            return None;
        }
        let message = "behind `~` stands a distribution, nothing computed";
        let help =
            "write `=` for what is computed; to compute with a draw, name it: `latent z ~ …`, then `= 2 * z`";
        Some(UNEXPECTED.at(self.span(found_length(self.rest)), message).help(help))
    }

    /// `x ~ normal(0, 1) T[0, ]`, as in Stan and BUGS.
    fn truncated_draw(&self) -> Option<Diagnostic> {
        let start = ["T[", "T(", "I("].into_iter().find(|start| self.rest.starts_with(start))?;
        if !self.expects(&[Rule::pipe]) {
            return None;
        }
        let told = OPERATOR_FOREIGN.at(self.span(start.len()), "draws are not truncated this way");
        Some(told.help("pass the draw on: `~ normal(0, 1) |> between(low, high)`"))
    }

    /// The number that ends right before the stop.
    fn number_before(&self) -> Option<&'t str> {
        let number =
            self.before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').next()?;
        number.starts_with(|c: char| c.is_ascii_digit()).then_some(number)
    }

    /// `.5` and `1.`.
    fn point(&self) -> Option<Diagnostic> {
        let inner = self.rest.strip_prefix('.').filter(|inner| !inner.starts_with(['.', '*', '^', '/']))?;
        let digits = inner.find(|c: char| !c.is_ascii_digit()).unwrap_or(inner.len());
        let (message, help) = match (self.number_before(), digits) {
            (Some(number), 0) => ("a number does not end with its point", format!("write `{number}.0`")),
            (None, 1..) => {
                ("a number does not start with its point", format!("write `0.{}`", inner.get(..digits)?))
            }
            _ => return None,
        };
        Some(UNEXPECTED.at(self.span(1 + digits), message).help(help))
    }

    /// `2(x + 1)`.
    fn called_number(&self) -> Option<Diagnostic> {
        let number = self.number_before().filter(|_| self.rest.starts_with('('))?;
        let told = UNEXPECTED.at(self.span(1), "a product needs its `*`");
        Some(told.help(format!("write `{number} * (…)`")))
    }

    /// `10,000` outside brackets.
    fn grouped_digits(&self) -> Option<Diagnostic> {
        let number = self.number_before().filter(|_| self.open_bracket().is_none())?;
        let group = self
            .rest
            .strip_prefix(',')?
            .get(..3)
            .filter(|group| group.bytes().all(|b| b.is_ascii_digit()))?;
        let told = UNEXPECTED.at(self.span(4), "digits are not grouped with commas");
        Some(told.help(format!("write `{number}_{group}`")))
    }

    /// `1:10` in brackets or in an expression.
    fn range_sign(&self) -> Option<Diagnostic> {
        let plain =
            self.rest.starts_with(':') && !self.rest.starts_with("::") && !self.rest.starts_with(":=");
        let valued = self.open_bracket().is_some() || self.before.contains('=');
        if !plain || !valued {
            return None;
        }
        let told = OPERATOR_FOREIGN.at(self.span(1), "`:` makes no range and gives no argument");
        Some(told.help("a range is `low .. high`, with positions from 1; an argument is `name = value`"))
    }

    /// `=` where two values are compared.
    fn condition_sign(&self) -> Option<Diagnostic> {
        let single =
            self.rest.starts_with('=') && !["==", "=<", "=>"].iter().any(|sign| self.rest.starts_with(sign));
        let condition = words(self.before).any(|(_, word)| matches!(word, "if" | "where" | "when"));
        if !single || !condition {
            return None;
        }
        Some(
            OPERATOR_FOREIGN.at(self.span(1), "`=` does not compare").help("write `==`, or `in low .. high`"),
        )
    }

    fn foreign_sign(&self) -> Option<Diagnostic> {
        self.line.foreign_sign(self.at)
    }

    /// The innermost bracket that is open at the stop.
    fn open_bracket(&self) -> Option<(usize, char)> {
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

    /// `from data.csv`, `protocol lines`.
    fn unquoted(&self) -> Option<Diagnostic> {
        let text = self
            .rest
            .split(|c: char| c.is_whitespace() || c == '(')
            .next()
            .filter(|text| !text.is_empty())?;
        if !self.expects(&[Rule::text]) || self.expects(&[Rule::primary, Rule::postfix, Rule::expr]) {
            return None;
        }
        let told = UNEXPECTED.at(self.span(text.len()), "the name of a file stands in double quotes");
        Some(told.help(format!("write `\"{}\"`", text.trim_matches(['\'', '“', '”']))))
    }

    /// `param drift rate ~ …`, `model two moons {`.
    fn name_in_two(&self) -> Option<Diagnostic> {
        let second = word_at(self.rest)?;
        let mut before = words(self.before);
        let (Some(_), Some((_, first)), None) = (before.next(), before.next(), before.next()) else {
            return None;
        };
        if !self.before.trim_end().ends_with(first)
            || !self.expects(&[Rule::tilde, Rule::draws_from, Rule::open_brace])
        {
            return None;
        }
        let span = self.line.span(self.before.rfind(first)?, 0).to(self.span(second.len()));
        let told = UNEXPECTED.at(span, format!("`{first} {second}` is not one name"));
        Some(told.help(format!("a name has no spaces: `{first}_{second}`")))
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
