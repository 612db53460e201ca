//! Where a line stops because of a habit from elsewhere: another language's signs, a slip of
//! punctuation, a name that is none.

use crate::codes::{BRACKET_STRAY, OPERATOR_FOREIGN, SEVERAL_ON_LINE, UNEXPECTED};
use crate::diag::Diagnostic;
use crate::grammar::Rule;
use crate::links;
use crate::notation::unopened;
use crate::python::library_draw;
use crate::recover::{found_length, word_at, words as words_in};
use crate::stop::Stop;
use crate::truncation::truncated;
use crate::words;

/// The words whose statements define what they name.
const DEFINING: &[&str] = &["param", "latent", "data", "let", "const", "init", "next", "noise"];

impl<'t> Stop<'t> {
    /// The first habit that is recognised, the most particular first.
    pub(crate) fn habit(&self) -> Option<Diagnostic> {
        let checks: &[fn(&Self) -> Option<Diagnostic>] = &[
            Self::link,
            Self::changed_prior,
            Self::setting_sign,
            Self::draw_sign,
            Self::computed_draw,
            Self::truncated_draw,
            Self::bounded,
            Self::called_number,
            Self::comma_in_number,
            Self::position_for_axis,
            Self::read_by_tilde,
            Self::call_without_brackets,
            Self::range_sign,
            Self::condition_sign,
            Self::not_in,
            Self::condition_behind,
            Self::else_if,
            Self::unquoted,
            Self::name_with_sign,
            Self::name_in_two,
            Self::two_in_one,
        ];
        checks.iter().find_map(|check| check(self))
    }

    /// `let log(lambda[i]) = theta[i]`, `data y ~ 1 + (1 | g)`.
    fn link(&self) -> Option<Diagnostic> {
        let word = self.word_text();
        if !DEFINING.contains(&word) {
            return None;
        }
        let told = |message: &str| UNEXPECTED.at(self.span(found_length(self.rest)), message);
        let behind = self.line.text.get(word.len()..)?.trim_start();
        match links::inverted(behind) {
            Some(help) => Some(told("what is defined is a name, with no function around it").help(help)),
            None => links::formula(behind).map(|help| told("this is a formula of a regression").help(help)),
        }
    }

    /// `simulations = 10_000`, `seed: 1`.
    fn setting_sign(&self) -> Option<Diagnostic> {
        let word = self.word.filter(|word| word.setting)?;
        let sign = ["==", ":=", "=", ":", "<-"].into_iter().find(|sign| self.rest.starts_with(sign))?;
        let message = format!("a setting has no `{sign}` before its value");
        let value = self.rest.get(sign.len()..)?.lines().next()?.split("//").next()?.trim();
        let example =
            if value.is_empty() { word.example.to_owned() } else { format!("{} {value}", word.text) };
        Some(OPERATOR_FOREIGN.at(self.span(sign.len()), message).help(format!("write `{example}`")))
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
        let (left, call) = self.before.split_once('~')?;
        let bounds = self.rest.get(start.len()..)?.lines().next()?;
        Some(told.help(truncated(left, call.trim(), bounds)))
    }

    /// The number that ends right before the stop.
    fn number_before(&self) -> Option<&'t str> {
        number_at_end(self.before)
    }

    /// `2(x + 1)`, and `2 sqrt(x)`, where the name was read as a unit.
    fn called_number(&self) -> Option<Diagnostic> {
        if !self.rest.starts_with(['(', '[', '.', ':']) {
            return None;
        }
        let unit = words_in(self.before).last().filter(|(at, word)| self.before.len() == at + word.len());
        let (name, at) = match unit {
            Some((at, name)) if self.number_before().is_none() => (name, at),
            _ => ("", self.before.len()),
        };
        let number = number_at_end(self.before.get(..at)?.trim_end())?;
        if name.is_empty() && !self.rest.starts_with('(') {
            return None;
        }
        let told = UNEXPECTED.at(self.line.span(at, name.len()).to(self.span(1)), "a product needs its `*`");
        let behind = match (bracketed(self.rest), self.rest.chars().next()?) {
            (Some(whole), _) => whole,
            (None, '(') => "(…)",
            (None, '[') => "[…]",
            _ => "…",
        };
        Some(told.help(format!("write `{number} * {name}{behind}`")))
    }

    /// `10,000` and `3,14` outside brackets.
    fn comma_in_number(&self) -> Option<Diagnostic> {
        let number = self.number_before().filter(|_| self.open_bracket().is_none())?;
        let behind = self.rest.strip_prefix(',')?;
        let digits =
            behind.get(..found_length(behind)).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
        let told = UNEXPECTED.at(self.span(1 + digits.len()), "a comma is no part of a number");
        match digits.len() {
            0 => None,
            3 => Some(told.help(format!("write `{number}_{digits}`"))),
            _ => Some(told.help(format!("write `{number}.{digits}`"))),
        }
    }

    /// `1:10` in brackets or in an expression.
    fn range_sign(&self) -> Option<Diagnostic> {
        let plain =
            self.rest.starts_with(':') && !self.rest.starts_with("::") && !self.rest.starts_with(":=");
        let over = self.word_text() == "dynamics" && words_in(self.before).any(|(_, word)| word == "over");
        let valued = self.open_bracket().is_some() || self.before.contains('=') || over;
        if !plain || !valued {
            return None;
        }
        if let (Some(low), Some(high)) =
            (self.number_before(), number_at_start(self.rest.get(1..)?.trim_start()))
        {
            let told = OPERATOR_FOREIGN.at(self.span(1), "`:` makes no range");
            return Some(told.help(format!("write `{low} .. {high}`")));
        }
        let told = OPERATOR_FOREIGN.at(self.span(1), "`:` makes no range and gives no argument");
        Some(told.help("a range is `low .. high`, with positions from 1; an argument is `name = value`"))
    }

    /// `=` where two values are compared.
    fn condition_sign(&self) -> Option<Diagnostic> {
        let single =
            self.rest.starts_with('=') && !["==", "=<", "=>"].iter().any(|sign| self.rest.starts_with(sign));
        let condition = words_in(self.before).any(|(_, word)| matches!(word, "if" | "where" | "when"));
        if !single || !condition {
            return None;
        }
        Some(
            OPERATOR_FOREIGN.at(self.span(1), "`=` does not compare").help("write `==`, or `in low .. high`"),
        )
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
        let first = self.only_name()?;
        let joins = words::joins(first) || words::joins(second);
        if joins || !self.expects(&[Rule::tilde, Rule::draws_from, Rule::open_brace]) {
            return None;
        }
        let span = self.line.span(self.before.rfind(first)?, 0).to(self.span(second.len()));
        let told = UNEXPECTED.at(span, format!("`{first} {second}` is not one name"));
        Some(told.help(format!("a name has no spaces: `{first}_{second}`")))
    }

    /// The name before the stop, where nothing but the statement's word stands before it.
    fn only_name(&self) -> Option<&'t str> {
        let mut before = words_in(self.before);
        match (before.next(), before.next(), before.next()) {
            (Some(_), Some((_, name)), None) if self.before.trim_end().ends_with(name) => Some(name),
            _ => None,
        }
    }

    /// `param x ~ normal(0, 1) between 0 and 1`, `where x between 0 and 1`.
    fn bounded(&self) -> Option<Diagnostic> {
        let word = word_at(self.rest).filter(|word| matches!(*word, "between" | "truncated"))?;
        let told = UNEXPECTED.at(self.span(word.len()), format!("`{word}` is not written this way"));
        Some(match self.expects(&[Rule::pipe]) {
            true => told.help(
                "write `truncated_normal(mean = 0, sd = 1, low = 0, high = 5)`, or `uniform(low, high)`",
            ),
            false => told.help("write `x in low .. high`"),
        })
    }

    /// `param x[3] ~ …`: declarations name axes.
    fn position_for_axis(&self) -> Option<Diagnostic> {
        let (_, bracket) = self.open_bracket()?;
        let position = self.rest.starts_with(|c: char| c.is_ascii_digit() || c == ']' || c == ':');
        if bracket != '['
            || !position
            || !DEFINING.contains(&self.word_text())
            || self.before.contains(['~', '='])
        {
            return None;
        }
        let told = UNEXPECTED
            .at(self.span(found_length(self.rest)), "a definition names its axes, not positions on them");
        let (before, inside) = self.before.rsplit_once('[')?;
        let name = words_in(before).last()?.1;
        let inside = format!("{inside}{}", self.rest.split(']').next()?);
        // `theta[1] ~ …` and `theta[2 .. 10] ~ normal(theta[i - 1], 1)` are the first step of a series, and the next.
        if inside.trim() == "1" || self.rest.contains(" - 1]") || self.rest.contains("-1]") {
            return Some(told.help(format!(
                "steps that read the one before them stand in `dynamics`: `init {name} ~ …` and `next {name} ~ …`; else \
                 declare `axis i : index(10)`, and write `{name}[i]`"
            )));
        }
        let last = |positions: &str| {
            let last = positions.rsplit([':', '.']).next().map_or("", str::trim).to_owned();
            if !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) { last } else { "10".to_owned() }
        };
        let axes = || inside.split(',').map(last).zip(["i", "j", "k", "l"]);
        let declared: Vec<String> =
            axes().map(|(size, axis)| format!("`axis {axis} : index({size})`")).collect();
        let names: Vec<&str> = axes().map(|(_, axis)| axis).collect();
        Some(told.help(format!(
            "declare {}, and write `{name}[{}]`",
            declared.join(" and "),
            names.join(", ")
        )))
    }

    /// `param theta[i] ~ walk.theta(i)`.
    fn read_by_tilde(&self) -> Option<Diagnostic> {
        let member = self.rest.strip_prefix('.').filter(|member| word_at(member).is_some())?;
        let (left, whole) =
            self.before.split_once('~').filter(|(_, whole)| word_at(whole.trim()).is_some())?;
        if !self.expects(&[Rule::args, Rule::open_paren]) {
            return None;
        }
        if let Some((draw, _)) = library_draw(self.line.text.split_once('~')?.1.lines().next()?) {
            let told = UNEXPECTED.at(self.span(1), "distributions are called by their name alone");
            return Some(told.help(format!("write `{} ~ {draw}`", left.trim())));
        }
        let told = UNEXPECTED.at(self.span(1), "a state or a field is read, and not drawn");
        let member = member.lines().next()?.trim_end();
        Some(told.help(format!("write `{} = {}.{member}`", left.trim(), whole.trim())))
    }

    /// `normal 0, 1`, `uniform[0, 1]`.
    fn call_without_brackets(&self) -> Option<Diagnostic> {
        let starts = self.rest.starts_with(|c: char| c.is_ascii_digit() || "[-.".contains(c));
        if !starts || !self.expects(&[Rule::args, Rule::open_paren]) || self.expects(&[Rule::infix]) {
            return None;
        }
        let (_, name) = words_in(self.before)
            .last()
            .filter(|(at, word)| self.before.trim_end().len() == at + word.len())?;
        let called =
            self.before.contains(['~', ':']) || matches!(self.word_text(), "joint" | "posterior" | "encode");
        if !called {
            return None;
        }
        let told = UNEXPECTED
            .at(self.span(found_length(self.rest)), format!("what `{name}` takes stands in round brackets"));
        Some(told.help(format!("write `{name}(…)`")))
    }

    /// `a not in 0 .. 1`.
    fn not_in(&self) -> Option<Diagnostic> {
        let behind = self.rest.strip_prefix("not")?;
        if word_at(behind.trim_start()) != Some("in") {
            return None;
        }
        let told = OPERATOR_FOREIGN.at(self.span(3), "`not` stands before what it negates");
        Some(told.help("write `not x in low .. high`"))
    }

    /// `1 if x > 0 else 2`.
    fn condition_behind(&self) -> Option<Diagnostic> {
        let (condition, other) = self.rest.strip_prefix("if ")?.split_once(" else ")?;
        if !self.expects(&[Rule::infix]) || condition.contains(" then ") {
            return None;
        }
        let value = self.before.rsplit(['(', '[', ',', '=', '~']).next()?.trim();
        let other = other.split([',', ')', ']', '\n']).next()?.trim();
        let told = OPERATOR_FOREIGN.at(self.span(2), "a choice starts with its condition");
        Some(told.help(format!("write `if {} then {value} else {other}`", condition.trim())))
    }

    /// `if a then 1 elif b then 2 else 3`: the word was read as the unit of the number before it.
    fn else_if(&self) -> Option<Diagnostic> {
        let (at, word) = words_in(self.before).last()?;
        let told = OPERATOR_FOREIGN.at(self.line.span(at, word.len()), format!("there is no `{word}`"));
        matches!(word, "elif" | "elseif" | "elsif")
            .then(|| told.help("write `else if`, and end with an `else`"))
    }

    /// `param 2x ~ …`, `param drift-rate ~ …`, `param drift.rate ~ …`.
    fn name_with_sign(&self) -> Option<Diagnostic> {
        if self.expects(&[Rule::name, Rule::target]) && self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let length = found_length(self.rest);
            let name =
                self.rest.get(..length).filter(|name| name.bytes().any(|b| b.is_ascii_alphabetic()))?;
            let told = UNEXPECTED.at(self.span(length), "a name starts with a letter");
            return Some(told.help(format!("write `x_{name}`, or another name")));
        }
        let second = word_at(self.rest.strip_prefix(['-', '.'])?)?;
        let first = self.only_name()?;
        if !self.expects(&[Rule::tilde, Rule::equals_sign, Rule::open_brace]) {
            return None;
        }
        let told = UNEXPECTED.at(self.span(1), "a name has letters, digits and `_`");
        Some(told.help(format!("write `{first}_{second}`")))
    }

    /// `param x, y ~ …`, `given x = 1, y = 2`, `given x = 1, infer y`.
    fn two_in_one(&self) -> Option<Diagnostic> {
        let behind = self.rest.strip_prefix(',')?.trim_start();
        let second = word_at(behind)?;
        let word = self.word_text();
        let whole = self.expects(&[Rule::EOI, Rule::tilde, Rule::equals_sign, Rule::colon]);
        if self.open_bracket().is_some()
            || !whole
            || !(DEFINING.contains(&word) || matches!(word, "given" | "axis" | "at"))
        {
            return None;
        }
        let line = behind.lines().next().unwrap_or("");
        if let Some(stray) = unopened(line) {
            let at = self.line.span(self.before.len() + (self.rest.len() - behind.len()) + stray, 1);
            let told = BRACKET_STRAY.at(at, "this `)` closes nothing");
            return Some(told.help("remove it, or the one that closes too early before it"));
        }
        let told = SEVERAL_ON_LINE.at(self.span(1), "each statement is about one name");
        // `given rt, choice from "trials.csv"`
        if let Some((others, file)) = line.split_once(" from ").filter(|_| word == "given") {
            let first = words_in(self.before).nth(1)?.1;
            let each = std::iter::once(first).chain(others.split(',').map(str::trim));
            let each: Vec<String> = each.map(|name| format!("`given {name} from {}`", file.trim())).collect();
            return Some(told.help(format!("give each a line of its own: {}", each.join(", "))));
        }
        let one = behind.split(['\n', ',', '}']).next()?.trim();
        let one = if one.matches(['[', '(']).count() != one.matches([']', ')']).count() {
            format!("{second} …")
        } else {
            one.to_owned()
        };
        let is_statement = words::words_of(self.line.block).any(|known| known == second);
        let one = if is_statement { one } else { format!("{word} {one}") };
        Some(told.help(format!("give the other a line of its own: `{one}`")))
    }
}

/// The number that a text ends with.
fn number_at_end(text: &str) -> Option<&str> {
    let number = text.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').next()?;
    number.starts_with(|c: char| c.is_ascii_digit()).then_some(number)
}

/// The number that a text starts with.
fn number_at_start(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.').unwrap_or(text.len());
    text.get(..end).filter(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// What a text has in the brackets that it starts with, and these, where they close on its first line.
fn bracketed(text: &str) -> Option<&str> {
    let line = text.lines().next()?;
    let mut depth = 0_usize;
    for (at, character) in line.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return line.get(..=at).filter(|_| at > 0);
        }
    }
    None
}
