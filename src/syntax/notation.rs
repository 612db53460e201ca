//! Where a line stops because its parts are put together as another notation does it: on paper, in a
//! table of data, in a program.

use crate::codes::{BRACKET_STRAY, OPERATOR_FOREIGN, QUOTE_OPEN, UNEXPECTED};
use crate::diag::Diagnostic;
use crate::grammar::Rule;
use crate::recover::{found_length, word_at, words as words_in};
use crate::stop::Stop;
use crate::words;

/// A longer word is hardly a unit.
const LONGEST_UNIT: usize = 6;

impl<'t> Stop<'t> {
    /// The first such notation that is recognised.
    pub(crate) fn notation(&self) -> Option<Diagnostic> {
        let checks: &[fn(&Self) -> Option<Diagnostic>] = &[
            Self::taken_otherwise,
            Self::odd_quotes,
            Self::remark_in_brackets,
            Self::second_derivative,
            Self::comma_forgotten,
            Self::list_without_commas,
            Self::value_behind_value,
            Self::closed_too_early,
            Self::drawn_choice,
            Self::unit_behind,
            Self::brackets_side_by_side,
            Self::condition_on_paper,
            Self::joining_word,
            Self::kind_without_name,
        ];
        checks.iter().find_map(|check| check(self))
    }

    /// `from "data/walk.csv (column = "distance")`: the text ends where the next should begin.
    fn odd_quotes(&self) -> Option<Diagnostic> {
        let line = self.line.text;
        let code = line.split("//").next().unwrap_or("");
        let behind_text = self.before.trim_end().ends_with('"');
        if !behind_text || code.matches('"').count().is_multiple_of(2) || line.contains('\n') {
            return None;
        }
        let open = code.find('"')?;
        let inner = code.get(open + 1..)?.split('"').next()?;
        let meant = inner.split([' ', '(', ',']).next()?;
        let told = QUOTE_OPEN.at(self.line.span(open, 1 + meant.len()), "this text has no closing quote");
        Some(told.help(format!("write `\"{meant}\"`")))
    }

    /// `binomial(n // 2, 0.5)`: the rest of the line is a comment.
    fn remark_in_brackets(&self) -> Option<Diagnostic> {
        let (code, remark) = self.before.split_once("//").filter(|_| found_length(self.rest) == 0)?;
        let lost = code.matches(['(', '[']).count() > code.matches([')', ']']).count();
        let (divisor, _) = remark.split_once([')', ',', ']']).filter(|_| lost)?;
        let divisor = divisor.trim();
        let told = OPERATOR_FOREIGN
            .at(self.line.span(code.len(), 2), "`//` starts a comment, and brackets are open");
        Some(told.help(format!("a quotient is `a / {divisor}`, rounded down `floor(a / {divisor})`")))
    }

    /// `x'' = -k * x`.
    fn second_derivative(&self) -> Option<Diagnostic> {
        let state = self.before.strip_suffix('\'').filter(|_| self.rest.starts_with('\''))?.trim();
        let told = OPERATOR_FOREIGN.at(self.span(1), "there are no second derivatives");
        Some(told.help(format!("give the speed a name: `{state}' = v` and `v' = …`, with `init v = 0`")))
    }

    /// `normal(mean = 0 sd = 1)`: the next argument was read as the unit of a number.
    fn comma_forgotten(&self) -> Option<Diagnostic> {
        let (_, bracket) = self.open_bracket()?;
        let (at, name) = words_in(self.before).last()?;
        let between = self.before.get(at + name.len()..)?;
        let value = self.before.get(..at)?;
        let parted = !value.trim_end().ends_with([',', '(', '[']) && value.ends_with(' ');
        let argument = self.rest.starts_with('=') && !self.rest.starts_with("==");
        if bracket != '(' || !argument || !between.trim().is_empty() || !parted {
            return None;
        }
        let told =
            UNEXPECTED.at(self.line.span(at, name.len()), format!("a comma is missing before `{name}`"));
        Some(told.help(format!("write `, {name} = …`")))
    }

    /// `[15 10 16]`.
    fn list_without_commas(&self) -> Option<Diagnostic> {
        let (open, _) = self.open_bracket().filter(|(_, bracket)| *bracket == '[')?;
        let value = |c: char| c.is_ascii_digit() || "-+.".contains(c);
        if !self.rest.starts_with(value) || !self.expects(&[Rule::comma, Rule::infix]) {
            return None;
        }
        let inner = self.line.text.get(open + 1..)?.split([']', '\n']).next()?;
        let mut values: Vec<String> = Vec::new();
        for piece in inner.split_whitespace().map(|piece| piece.trim_end_matches(',')) {
            // A word behind a number is its unit.
            let number =
                values.last_mut().filter(|last| last.starts_with(value) && !piece.starts_with(value));
            match number {
                Some(number) => *number = format!("{number} {piece}"),
                None => values.push(piece.to_owned()),
            }
        }
        let more = values.len() > 4;
        values.truncate(4);
        let told =
            UNEXPECTED.at(self.span(found_length(self.rest)), "the values of a list are parted by commas");
        Some(told.help(format!("write `[{}{}", values.join(", "), if more { ", …]`" } else { "]`" })))
    }

    /// `normal(a 1)`, `["a" "b"]`, `of = [normal(0, 1) normal(3, 1)]`.
    fn value_behind_value(&self) -> Option<Diagnostic> {
        let (_, bracket) = self.open_bracket()?;
        let found = match self.rest.strip_prefix('"') {
            Some(inner) => self.rest.get(..inner.find('"')? + 2)?,
            None => self.rest.get(..found_length(self.rest))?,
        };
        let value =
            found.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '"') && !words::joins(found);
        let ends = self.before.trim_end();
        let parted = ends.ends_with(|c: char| c.is_ascii_alphanumeric() || "\")]_".contains(c));
        let spaced = self.before.len() > ends.len() || ends.ends_with('"');
        if bracket == '{' || !value || !parted || !spaced || !self.expects(&[Rule::comma]) {
            return None;
        }
        let told = UNEXPECTED.at(self.span(found.len()), format!("a comma is missing before `{found}`"));
        Some(told.help(format!("write `, {found}`")))
    }

    /// `normal(sqrt(a)), 0.1)`: a bracket that closes too early leaves one too many behind.
    fn closed_too_early(&self) -> Option<Diagnostic> {
        if self.open_bracket().is_some()
            || !self.rest.starts_with(',')
            || !self.before.trim_end().ends_with(')')
        {
            return None;
        }
        let stray = unopened(self.rest.lines().next().unwrap_or(""))?;
        let early = self.before.trim_end().len() - 1;
        let told = BRACKET_STRAY.at(self.line.span(self.before.len() + stray, 1), "this `)` closes nothing");
        let told = told.label(self.line.span(early, 1), "the brackets are closed here already");
        Some(told.help("remove the one that closes too early"))
    }

    /// `data rt ~ if slow then … else …`.
    fn drawn_choice(&self) -> Option<Diagnostic> {
        if word_at(self.rest) != Some("if") || !self.before.trim_end().ends_with('~') {
            return None;
        }
        let told = UNEXPECTED.at(self.span(2), "an `if` chooses between numbers, not between distributions");
        Some(told.help("choose the arguments: `lognormal(median = if slow then 1 else 0.4, spread = 0.3)`"))
    }

    /// `param rest ~ uniform(-80, -50) mV`, `param tau ~ uniform(5, 30) : ms`.
    fn unit_behind(&self) -> Option<Diagnostic> {
        let rest = self.rest.lines().next()?;
        let unit = rest.trim_start_matches([':', '[', ' ']).trim_end_matches([']', ' ']);
        let plain = unit.chars().all(|c| c.is_ascii_alphanumeric() || "_/^*-".contains(c));
        let starts = word_at(unit).filter(|word| !words::joins(word) && words::find(word).is_none())?;
        let names = matches!(self.word_text(), "param" | "latent" | "data" | "let" | "const" | "init");
        let ended = self.before.trim_end().ends_with(')') && self.expects(&[Rule::EOI]);
        if !names || !ended || !plain || starts.len() > LONGEST_UNIT || rest.starts_with("::") {
            return None;
        }
        let (word, name) = (self.word_text(), words_in(self.before).nth(1)?.1);
        let sign = self.before.find(['~', '='])?;
        let value: String = self.before.get(sign..)?.trim().to_owned();
        let told = UNEXPECTED.at(self.span(found_length(self.rest)), "a unit stands with the name");
        Some(told.help(format!("write `{word} {name} : {unit} {value}`")))
    }

    /// `cell[row][col]`.
    fn brackets_side_by_side(&self) -> Option<Diagnostic> {
        let second = self.rest.strip_prefix('[')?.split(']').next()?;
        let before = self.before.strip_suffix(']')?;
        let (name, first) = before.rsplit_once('[')?;
        let name = words_in(name).last().map(|(_, name)| name)?;
        let told = UNEXPECTED.at(self.span(1), "axes stand side by side in one pair of brackets");
        Some(told.help(format!("write `{name}[{first}, {second}]`")))
    }

    /// `infer mu | x = 0.3`.
    fn condition_on_paper(&self) -> Option<Diagnostic> {
        let known = self.rest.strip_prefix('|').filter(|_| self.word_text() == "infer")?;
        let known = known.lines().next()?.trim();
        let told = OPERATOR_FOREIGN.at(self.span(1), "what is known stands in a line of its own");
        Some(told.help(if known.contains('=') {
            format!("write `given {known}`, above `infer`")
        } else {
            "write `given x = …`, above `infer`".to_owned()
        }))
    }

    /// `query fit for net {`, `approximator net of model {`, `train net with {`.
    fn joining_word(&self) -> Option<Diagnostic> {
        let found =
            word_at(self.rest).filter(|_| self.expects(&[Rule::open_brace, Rule::kw_of, Rule::kw_for]))?;
        if !words::joins(found) {
            return None;
        }
        let (_, name) = words_in(self.before).nth(1)?;
        let other = word_at(self.rest.get(found.len()..)?.trim_start()).unwrap_or("model");
        let better = match self.word_text() {
            "query" => format!("query {name} of {other} {{"),
            "approximator" => format!("approximator {name} for {other} {{"),
            "train" => format!("train {name} {{"),
            _ => return None,
        };
        let told = UNEXPECTED.at(self.span(found.len()), format!("`{found}` does not stand here"));
        Some(told.help(format!("write `{better}`")))
    }

    /// `axis school = index(3)`, `axis school : 1 .. 8`, `axis school : 8`.
    fn kind_without_name(&self) -> Option<Diagnostic> {
        let (_, name) = words_in(self.before).nth(1).filter(|_| self.word_text() == "axis")?;
        let rest = self.rest.lines().next()?.trim();
        if let Some(kind) = self.rest.strip_prefix('=') {
            let told = UNEXPECTED.at(self.span(1), "what an axis is stands behind a `:`");
            return Some(told.help(format!("write `axis {name} : {}`", kind.lines().next()?.trim())));
        }
        if !self.before.trim_end().ends_with(':') || !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let size = rest.rsplit(|c: char| !c.is_ascii_digit() && c != '_').next()?;
        let told = UNEXPECTED.at(self.span(rest.len()), "an axis says of which kind it is");
        Some(told.help(format!("write `axis {name} : index({size})`")))
    }
}

/// The first round bracket of a text that is closed and not opened in it.
pub(crate) fn unopened(text: &str) -> Option<usize> {
    let mut open = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => open += 1,
            ')' if open == 0 => return Some(at),
            ')' => open -= 1,
            _ => {}
        }
    }
    None
}
