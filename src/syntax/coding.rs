//! Where a line stops inside a `coding` that is written as in another language: `{"left": 0, "right": 1}`.

use crate::codes::UNEXPECTED;
use crate::diag::Diagnostic;
use crate::recover::{found_length, word_at, words};
use crate::stop::Stop;

/// Signs between a word and its number, the longer ones first.
const SIGNS: [&str; 5] = ["=>", "->", "<-", "=", ":"];

impl Stop<'_> {
    /// The coding that is meant, from the words and numbers of the one that is written.
    pub(crate) fn coding(&self) -> Option<Diagnostic> {
        let text = self.line.text;
        let (at, label) = words(text).find(|(_, word)| *word == "coding")?;
        let behind = text.get(at + label.len()..)?;
        let open = at + label.len() + behind.find(['{', '[', '('])?;
        let inner = text.get(open + 1..)?;
        let close = open + 1 + inner.find(['}', ']', ')'])?;
        if !(open..=close).contains(&self.before.len()) {
            return None;
        }
        let entries: Option<Vec<(&str, &str)>> = text
            .get(open + 1..close)?
            .split(',')
            .filter(|entry| !entry.trim().is_empty())
            .map(entry)
            .collect();
        let told = UNEXPECTED.at(self.span(found_length(self.rest)), "a coding gives each word a number");
        Some(told.help(match entries {
            Some(entries) => meant(&entries),
            None => "write `coding = {left = 0, right = 1}`".to_owned(),
        }))
    }
}

/// The two sides of `"left": 0`, without their quotes.
fn entry(text: &str) -> Option<(&str, &str)> {
    let sign = SIGNS.into_iter().find(|sign| text.contains(sign))?;
    let (left, right) = text.split_once(sign)?;
    let (left, right) = (unquoted(left), unquoted(right));
    (!left.is_empty() && !right.is_empty()).then_some((left, right))
}

fn unquoted(side: &str) -> &str {
    side.trim().trim_matches(['"', '\'']).trim()
}

/// What to write for these words and numbers, of which the numbers may stand first.
fn meant(entries: &[(&str, &str)]) -> String {
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let all = |holds: &dyn Fn(&(&str, &str)) -> bool| entries.iter().all(holds);
    if all(&|(left, right)| is_number(left) && is_number(right)) {
        let each: Vec<String> = entries.iter().map(|(left, right)| format!("{right} for {left}")).collect();
        return format!(
            "only words are coded: write in the file {}, and leave `coding` out",
            each.join(", ")
        );
    }
    let turned = all(&|(left, right)| is_number(left) && !is_number(right));
    let turn = |(left, right): &(_, _)| if turned { (*right, *left) } else { (*left, *right) };
    let words: Vec<(&str, &str)> = entries.iter().map(turn).collect();
    let names: Vec<String> = words.iter().map(|(word, _)| name(word)).collect();
    let each: Vec<String> =
        names.iter().zip(&words).map(|(name, (_, code))| format!("{name} = {code}")).collect();
    let write = format!("write `coding = {{{}}}`", each.join(", "));
    let other = names.iter().zip(&words).filter(|(name, (word, _))| name != word);
    let renamed: Vec<String> = other.map(|(name, (word, _))| format!("`{name}` for `{word}`")).collect();
    match renamed.is_empty() {
        true => write,
        false => {
            format!("{write}, and in the file {}: a word has letters, digits and `_`", renamed.join(", "))
        }
    }
}

/// A name that is like a word.
fn name(word: &str) -> String {
    let plain: String = word.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if word_at(&plain).is_some() { plain } else { format!("is_{plain}") }
}
