//! Lines that take names from other files as other languages do, and the `use` that does.

use crate::codes::{UNEXPECTED, UNKNOWN_WORD};
use crate::diag::Diagnostic;
use crate::recover::{Line, found_length, word_at, words};
use crate::source::Span;
use crate::stop::Stop;

/// Libraries of other languages, of whose functions the language has its own.
const FOREIGN: &[&str] = &[
    "numpy",
    "scipy",
    "math",
    "torch",
    "jax",
    "pandas",
    "matplotlib",
    "pymc",
    "pyro",
    "numpyro",
    "stan",
    "sbi",
    "cmdstanpy",
    "rstan",
    "tidyverse",
    "Distributions",
    "DifferentialEquations",
    "Turing",
];

/// Names in a help, where what is taken is not named.
const PLACES: [&str; 2] = ["first", "second"];

/// What a line takes from where.
#[derive(Debug, Default)]
struct Taken<'t> {
    /// A file or a library, without quotes.
    from: &'t str,
    names: Vec<&'t str>,
    /// What one of them, or the file, is called here.
    alias: Option<&'t str>,
}

impl Line<'_> {
    /// `from std.decision import ddm`, `import std.decision.ddm`, `include "lab.sbi"`.
    pub(crate) fn import(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let line = behind.lines().next()?.trim_end_matches([';', ' ']);
        let taken = match first {
            "from" => {
                let (from, names) = line.split_once(" import ").or_else(|| line.split_once(" use "))?;
                Taken::new(from, names)
            }
            "import" => match line.split_once(" from ") {
                Some((names, from)) => Taken::new(from, names),
                None => Taken::whole(line),
            },
            "include" | "source" if line.contains('"') => {
                Taken { from: line.split('"').nth(1)?, ..Taken::default() }
            }
            "using" => Taken::whole(line),
            _ => return None,
        };
        let told = UNKNOWN_WORD.at(span, "what stands in other files is named with `use`");
        Some(told.help(taken.help()?))
    }
}

impl Stop<'_> {
    /// `use lab.sbi`, `use "./lab.sbi"::walk`, `use std.decision.ddm`.
    pub(crate) fn taken_otherwise(&self) -> Option<Diagnostic> {
        if self.word_text() != "use" {
            return None;
        }
        let line = self.line.text.get("use".len()..)?.lines().next()?.split("//").next()?.trim();
        let message = match self.rest.chars().next() {
            _ if line.contains(" from ") => "the file stands before what is taken from it",
            _ if is_file(line) && !line.starts_with('"') => "the name of a file stands in double quotes",
            Some('*') => "a file names all that it uses",
            Some('.' | '/') if !line.starts_with('"') => "the parts of a library are joined by `::`",
            Some(',') if !self.before.contains('{') => "one `use` takes from one file",
            _ if word_at(self.rest) == Some("as") => "what stands in braces keeps its name",
            Some('(' | '.') => "what is taken from a file stands in braces",
            Some(_) if self.before.ends_with("::") => "what is taken from a file stands in braces",
            _ => return None,
        };
        let help = match (line.split_once(" from "), self.rest.starts_with(',')) {
            (Some((names, from)), _) => Taken::new(from, names).help()?,
            (None, true) if !self.before.contains('{') => {
                let each: Vec<String> = line.split(',').map(|one| format!("`use {}`", one.trim())).collect();
                format!("give each a line of its own: {}", each.join(", "))
            }
            (None, _) => Taken::written(line)?.help()?,
        };
        Some(UNEXPECTED.at(self.span(found_length(self.rest)), message).help(help))
    }
}

impl<'t> Taken<'t> {
    /// What is taken from where, as two texts: `{ walk, lapse as slip }`, `"./lab.sbi"`.
    fn new(from: &'t str, names: &'t str) -> Taken<'t> {
        let renamed = names.split_once(" as ");
        let alias = renamed.and_then(|(_, alias)| word_at(alias.trim_start()));
        let all = words(names).map(|(_, name)| name).filter(|name| *name != "as" && Some(*name) != alias);
        let names = if names.contains('*') { PLACES.to_vec() } else { all.collect() };
        Taken { from: unquoted(from), names, alias }
    }

    /// `std.decision as dec`: all of a file.
    fn whole(line: &'t str) -> Taken<'t> {
        let (from, alias) = line.split_once(" as ").unwrap_or((line, ""));
        let from = from.split([',', ' ']).next().unwrap_or(from);
        Taken { from: unquoted(from), names: Vec::new(), alias: word_at(alias.trim_start()) }
    }

    /// `"./lab.sbi"::walk`, `lab.sbi::{walk as stroll}`, `std.decision.ddm`: what stands behind a `use`.
    fn written(line: &'t str) -> Option<Taken<'t>> {
        let end = match line.chars().next()? {
            quote @ ('"' | '\'') => line.get(1..)?.find(quote)? + 2,
            _ if line.contains(".sbi") => line.find(".sbi")? + ".sbi".len(),
            _ if is_file(line) => line.find("::").unwrap_or(line.len()),
            _ => match line.find(['{', '(', '*', ' ']) {
                Some(end) => end,
                None => line.len(),
            },
        };
        let (from, names) = line.split_at_checked(end)?;
        let from = from.trim_end_matches([':', '.']);
        let whole = names.trim_start().starts_with("as ");
        Some(if whole { Taken::whole(line) } else { Taken::new(from, names) })
    }

    /// What to write.
    fn help(&self) -> Option<String> {
        let parts: Vec<&str> = self.from.split(['.', '/', ':']).filter(|part| !part.is_empty()).collect();
        let first = parts.first()?;
        if FOREIGN.contains(first) {
            return Some("remove this line: functions such as `exp` and `sqrt` are always there".to_owned());
        }
        let names = if self.names.is_empty() { PLACES.to_vec() } else { self.names.clone() };
        let alias = self.alias.map(|alias| format!(" as {alias}")).unwrap_or_default();
        if *first == "std" && !is_file(self.from) {
            let path = parts.join("::");
            return Some(match names.as_slice() {
                _ if self.names.is_empty() && parts.len() > 1 => format!("write `use {path}{alias}`"),
                [name] => format!("write `use {path}::{name}{alias}`"),
                _ => format!("write `use {path}::{{{}}}`", names.join(", ")),
            });
        }
        let file = match is_file(self.from) {
            true if self.from.ends_with(".sbi") => self.from.to_owned(),
            true => format!("{}.sbi", self.from),
            false => format!("./{}.sbi", parts.join("/")),
        };
        Some(match (self.alias, self.names.first()) {
            (Some(alias), None) => format!("write `use \"{file}\" as {alias}`"),
            (Some(_), Some(name)) => {
                let stem = file.rsplit('/').next()?.trim_end_matches(".sbi");
                format!("write `use \"{file}\" as {stem}`, and `{stem}::{name}` where it is read")
            }
            (None, _) => format!("write `use \"{file}\"::{{{}}}`", names.join(", ")),
        })
    }
}

/// Whether a text is the path of a file, in quotes or not.
fn is_file(text: &str) -> bool {
    text.starts_with(['.', '/', '"', '\'']) || text.contains(".sbi")
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}
