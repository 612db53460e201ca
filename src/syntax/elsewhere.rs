//! Where a line stops because it is written as in R or Stan: bounds in angles, choices in braces, positions by `:`,
//! fields behind `$`, names pasted together, and several things asked in one sentence.

use crate::codes::{CHARACTER_UNKNOWN, OPERATOR_FOREIGN, UNEXPECTED};
use crate::diag::Diagnostic;
use crate::grammar::Rule;
use crate::recover::{found_length, word_at, words as words_in};
use crate::stop::Stop;
use crate::truncation::truncated;

/// A longer list is not written out in a help.
const LONGEST: usize = 12;

impl Stop<'_> {
    /// The first of these that is recognised.
    pub(crate) fn elsewhere(&self) -> Option<Diagnostic> {
        let checks: &[fn(&Self) -> Option<Diagnostic>] = &[
            Self::bounds_in_angles,
            Self::choice_in_braces,
            Self::pasted_names,
            Self::elements_by_colon,
            Self::places_by_colon,
            Self::field_by_dollar,
            Self::blank_axis,
            Self::read_from_a_call,
            Self::asked_with_its_data,
            Self::asked_of_a_dynamics,
            Self::asked_in_one_sentence,
        ];
        checks.iter().find_map(|check| check(self))
    }

    /// `param<lower = 1, upper = 3> alpha ~ normal(0, 1)`.
    fn bounds_in_angles(&self) -> Option<Diagnostic> {
        let (bounds, behind) = self.rest.strip_prefix('<')?.split_once('>')?;
        let word = self.word_text();
        if !matches!(word, "param" | "latent" | "data") || self.before.trim() != word {
            return None;
        }
        let bound = |name: &str| {
            let value =
                bounds.split(',').find_map(|part| part.split_once('=').filter(|(own, _)| own.trim() == name));
            value.map_or("", |(_, value)| value.trim())
        };
        let told = UNEXPECTED.at(self.span(bounds.len() + 2), "bounds belong to the distribution");
        let line = behind.lines().next()?.split("//").next()?;
        let (low, high) = (bound("lower"), bound("upper"));
        let left = line.split(['~', '=']).next()?.trim();
        let Some((_, call)) = line.split_once('~') else {
            return Some(match (low, high) {
                ("", _) | (_, "") => told
                    .help(format!("write the prior with its bounds in it: `{word} {left} ~ half_normal(1)`")),
                _ => told.help(format!("write `{word} {left} ~ uniform({low}, {high})`")),
            });
        };
        Some(told.help(truncated(&format!("{word} {left} "), call.trim(), &format!("{low}, {high}]"))))
    }

    /// `if (n < limit) { rate * n } else { 0 }`.
    fn choice_in_braces(&self) -> Option<Diagnostic> {
        let inner = self.rest.strip_prefix('{').filter(|_| self.expects(&[Rule::kw_then]))?;
        let (yes, behind) = inner.split_once('}')?;
        let no = behind.trim_start().strip_prefix("else")?.trim();
        let no = no.strip_prefix('{').and_then(|no| no.split_once('}')).map_or(no, |(no, _)| no);
        let (at, _) = words_in(self.before).filter(|(_, word)| *word == "if").last()?;
        let condition = self.before.get(at + 2..)?.trim();
        let bare = condition.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let condition = bare.filter(|inner| !inner.contains(['(', ')'])).unwrap_or(condition);
        let told = UNEXPECTED.at(self.span(1), "a choice has words, and no braces");
        let (yes, no) = (yes.trim(), no.lines().next()?.trim());
        (!no.contains('{')).then(|| told.help(format!("write `if {condition} then {yes} else {no}`")))
    }

    /// The whole numbers on both sides of a `:`.
    fn ends_of_colon(&self) -> Option<(usize, usize)> {
        let behind = self.rest.strip_prefix(':')?;
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let high = behind.trim_start();
        let low = self.before.trim_end();
        let low = low.get(low.trim_end_matches(|c: char| c.is_ascii_digit()).len()..)?;
        Some((low.parse().ok()?, high.get(..digits(high))?.parse().ok()?))
    }

    /// `columns = paste0("data_", 1:10)`.
    fn pasted_names(&self) -> Option<Diagnostic> {
        let (low, high) = self.ends_of_colon().filter(|(low, high)| low < high && high - low < LONGEST)?;
        let at = self.before.rfind("paste")?;
        let stem = self.before.get(at..)?.split('"').nth(1)?;
        let names: Vec<String> = (low..=high).map(|number| format!("\"{stem}{number}\"")).collect();
        let told =
            OPERATOR_FOREIGN.at(self.line.span(at, self.before.len() - at), "names are listed one by one");
        Some(told.help(format!("write `[{}]`", names.join(", "))))
    }

    /// `mean = theta[1:2]`, of which each element is one number.
    fn elements_by_colon(&self) -> Option<Diagnostic> {
        let (low, high) = self.ends_of_colon().filter(|(low, high)| low < high && high - low < LONGEST)?;
        let (open, _) = self.open_bracket().filter(|(_, bracket)| *bracket == '[')?;
        let (at, name) = words_in(self.before.get(..open)?).last()?;
        let defines =
            matches!(self.word_text(), "param" | "latent" | "data" | "let" | "const" | "init" | "next");
        if at + name.len() != open || !defines || !self.before.get(..at)?.contains(['~', '=']) {
            return None;
        }
        let elements: Vec<String> = (low..=high).map(|place| format!("{name}[{place}]")).collect();
        // In a list the elements stand as they are.
        let listed = self.before.get(..at)?.trim_end().ends_with('[');
        let elements = elements.join(", ");
        let told = OPERATOR_FOREIGN.at(self.span(1), "`:` makes no range");
        Some(told.help(if listed { format!("write `{elements}`") } else { format!("write `[{elements}]`") }))
    }

    /// `at t = 1:10`.
    fn places_by_colon(&self) -> Option<Diagnostic> {
        let (low, high) = self.ends_of_colon()?;
        let time = self.word_text() == "axis" && self.before.contains("time");
        if !time && self.word_text() != "at" {
            return None;
        }
        let told = OPERATOR_FOREIGN.at(self.span(1), "`:` makes no range");
        Some(told.help(format!("write `grid(from = {low}, to = {high}, step = 1)`")))
    }

    /// `outcome[trial]$rt`.
    fn field_by_dollar(&self) -> Option<Diagnostic> {
        let field = word_at(self.rest.strip_prefix('$')?)?;
        let (open, indexed) = match self.before.strip_suffix(']') {
            Some(inner) => (inner.rfind('[')?, true),
            None => (self.before.len(), false),
        };
        let (at, name) = words_in(self.before.get(..open)?).last()?;
        if at + name.len() != open
            || !(indexed || self.before.contains(['=', '~']))
            || self.word_text() == "given"
        {
            return None;
        }
        let told = CHARACTER_UNKNOWN.at(self.span(1), "a field is read with a dot");
        Some(told.help(format!("write `{}.{field}`", self.before.get(at..)?)))
    }

    /// `data x[j, ] ~ …`.
    fn blank_axis(&self) -> Option<Diagnostic> {
        let (open, _) = self.open_bracket().filter(|(_, bracket)| *bracket == '[')?;
        let inside = self.before.get(open + 1..)?;
        let blank = self.rest.starts_with(']') && inside.trim_end().ends_with(',')
            || self.rest.starts_with(',') && inside.trim().is_empty();
        if !blank || !matches!(self.word_text(), "param" | "latent" | "data" | "let" | "const") {
            return None;
        }
        let name = words_in(self.before.get(..open)?).last()?.1;
        let whole = format!("{inside}{}", self.rest.split(']').next()?);
        let mut letters = ["i", "j", "k", "l"]
            .into_iter()
            .filter(|letter| !words_in(&whole).any(|(_, own)| own == *letter));
        // A letter that follows those there are, as in `x[j, k]`.
        let last = words_in(&whole).last().map_or("", |(_, own)| own);
        let next =
            letters.clone().find(|letter| last.len() == 1 && *letter > last).or_else(|| letters.next())?;
        let parts: Vec<&str> =
            whole.split(',').map(str::trim).map(|part| if part.is_empty() { next } else { part }).collect();
        let told = UNEXPECTED.at(self.span(1), "each axis has its name");
        Some(
            told.help(format!(
                "write `{name}[{}]`, where `{next}` is the name of the axis",
                parts.join(", ")
            )),
        )
    }

    /// `given x from c("data/x.csv")`, `given x from read.csv("data/x.csv")`.
    fn read_from_a_call(&self) -> Option<Diagnostic> {
        if !self.expects(&[Rule::text]) || self.expects(&[Rule::primary, Rule::postfix, Rule::expr]) {
            return None;
        }
        let line = self.rest.lines().next()?;
        let (call, inner) = line.split_once('(')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:".contains(c);
        let path = inner.trim_start().strip_prefix('"')?.split('"').next()?;
        if call.is_empty() || !call.trim_end().chars().all(plain) {
            return None;
        }
        let told = UNEXPECTED.at(self.span(call.len()), "behind `from` stands the name of a file alone");
        Some(told.help(format!("write `from \"{path}\"`")))
    }

    /// `infer theta ~ x`.
    fn asked_with_its_data(&self) -> Option<Diagnostic> {
        let known = self.rest.strip_prefix('~').filter(|_| self.word_text() == "infer")?;
        let known = word_at(known.trim_start()).unwrap_or("x");
        let told = OPERATOR_FOREIGN.at(self.span(1), "what is known stands in a line of its own");
        Some(told.help(format!("write `{}`, and `given {known} = …` in a line above", self.before.trim())))
    }

    /// `infer colony.n`, `given colony.n = …`: states are no part of an answer.
    fn asked_of_a_dynamics(&self) -> Option<Diagnostic> {
        let state = word_at(self.rest.strip_prefix('.')?)?;
        let word = self.word_text();
        let run = words_in(self.before).last().map(|(_, run)| run)?;
        if !matches!(word, "infer" | "given") || !self.before.ends_with(run) {
            return None;
        }
        let told =
            UNEXPECTED.at(self.span(1 + state.len()), "a state is read in the model, and not in a query");
        Some(told.help(match word {
            "infer" => format!(
                "declare in the model what is asked of it, `param {state}_at[day] = {run}.{state}(day)` over your axis of times, and write `infer {state}_at`"
            ),
            _ => format!("give what is seen of it: the data that read `{run}.{state}`"),
        }))
    }

    /// `infer rate limit`, `infer theta[5 .. 10] and x[1 .. 4]`.
    fn asked_in_one_sentence(&self) -> Option<Diagnostic> {
        let line = self.line.text.lines().next()?.split("//").next()?;
        let asked = line.strip_prefix("infer").filter(|_| self.word_text() == "infer")?;
        let joined = word_at(self.rest).is_some() || self.rest.starts_with(['&', '+', ';']);
        if !joined || self.open_bracket().is_some() || found_length(self.rest) == 0 {
            return None;
        }
        let asked = asked.replace([',', '&', '+', ';'], " ");
        let mut places: Vec<String> = Vec::new();
        let mut open = false;
        for part in asked.split_whitespace().filter(|part| *part != "and") {
            match places.last_mut() {
                Some(last) if open || part.starts_with('[') => {
                    if open {
                        last.push(' ');
                    }
                    last.push_str(part);
                }
                _ => places.push(part.to_owned()),
            }
            open = places.last().is_some_and(|last| last.matches('[').count() > last.matches(']').count());
        }
        let plain = |place: &String| {
            let name = word_at(place).unwrap_or("");
            let behind = place.get(name.len()..).unwrap_or("");
            !name.is_empty()
                && !crate::words::joins(name)
                && (behind.is_empty() || behind.starts_with('[') && behind.ends_with(']'))
        };
        if places.len() < 2 || !places.iter().all(plain) {
            return None;
        }
        let told = UNEXPECTED.at(self.span(found_length(self.rest)), "what is asked is parted by commas");
        Some(told.help(format!("write `infer {}`", places.join(", "))))
    }
}
