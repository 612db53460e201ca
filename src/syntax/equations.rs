//! Lines of a `dynamics` written as on paper, in a solver's manual or in another language, and the edit.

use crate::codes::{OPERATOR_FOREIGN, ROLE_MISSING, UNKNOWN_WORD};
use crate::diag::Diagnostic;
use crate::recover::{Line, split_index, word_at};
use crate::source::Span;

impl Line<'_> {
    /// A line of a `dynamics` that starts with a word that starts nothing.
    pub(crate) fn equation(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        self.derivative(first, span, behind)
            .or_else(|| self.differential(first, span, behind))
            .or_else(|| self.change(first, span, behind))
            .or_else(|| self.increment(first, span, behind))
            .or_else(|| self.reaction(first, span, behind))
            .or_else(|| self.start(first, span, behind))
            .or_else(|| self.next_element(first, span, behind))
    }

    /// `real x = 0`, `int n`: states have no types.
    pub(crate) fn typed(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let kind = ["real", "int", "float", "double", "state", "var"].contains(&first);
        let name = word_at(behind.trim_start_matches(|c: char| !c.is_ascii_alphabetic()))?;
        let value = behind.split_once('=').map(|(_, value)| value.trim_end_matches([';', ' ']).trim());
        let told = UNKNOWN_WORD.at(span, format!("no statement starts with `{first}`"));
        kind.then(|| match value {
            Some(value) => {
                told.help(format!("a state starts as `init {name} = {value}`; what is computed is `let {name} = {value}`"))
            }
            None => told.help(format!(
                "a state starts as `init {name} = 1`; a parameter is declared outside of the `dynamics`: `param {name} ~ …`"
            )),
        })
    }

    /// `dx/dt = …`, `d(x) = …`, `der(x) = …`.
    fn derivative(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let state = match first {
            "d" | "der" | "deriv" | "diff" | "D" if !behind.starts_with('/') => {
                behind.strip_prefix('(').and_then(|inner| word_at(inner.trim_start()))?
            }
            "d" if behind.starts_with("/dt") => {
                word_at(behind.trim_start_matches("/dt").trim_start().trim_start_matches('('))?
            }
            _ => first.strip_prefix('d').filter(|_| split_index(behind).1.starts_with("/dt"))?,
        };
        let index = split_index(behind).0;
        let told = UNKNOWN_WORD.at(span, "a derivative is written with a prime");
        Some(told.help(format!("write `{state}{index}' = …`")))
    }

    /// `dv = -v / tau * dt + sigma * dW`.
    fn differential(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let state = first.strip_prefix('d').filter(|state| !state.is_empty())?;
        let (index, sign) = split_index(behind);
        let right = sign.strip_prefix('=')?;
        let noise = if index.is_empty() { "w".to_owned() } else { format!("w{index}") };
        let words = || crate::recover::words(right).map(|(_, word)| word);
        if !words().any(|word| word == "dt") {
            return None;
        }
        let told = UNKNOWN_WORD.at(span, "a derivative is written with a prime, without `dt`");
        Some(told.help(if words().any(|word| word.starts_with("dW") || word.starts_with("dw")) {
            format!("write `noise {noise}` in a line above, and `{state}{index}' = … + sigma * {noise}`")
        } else {
            format!("write `{state}{index}' = …`")
        }))
    }

    /// `y[d] += theta[d] * dt`.
    fn increment(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let (index, sign) = split_index(behind);
        let right = sign.strip_prefix("+=").or_else(|| sign.strip_prefix("-="))?;
        let told = UNKNOWN_WORD.at(span, "nothing is added to a state: its change is written");
        let stepped = crate::recover::words(right).any(|(_, word)| word == "dt");
        Some(told.help(match stepped {
            true => format!("write `{first}{index}' = …`, without `dt`"),
            false => format!(
                "write `next {first}{index} = {first}{index} + …`, or `{first}{index}' = …` for a derivative"
            ),
        }))
    }

    /// `dprey <- alpha * prey - beta * prey * hunter`, which reads the state whose change it is.
    fn change(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let state = first.strip_prefix(['d', 'D']).map(|state| state.trim_start_matches('_'))?;
        let right = behind.strip_prefix("<-").or_else(|| behind.strip_prefix('='))?;
        let right = right.lines().next()?.split("//").next()?.trim();
        let reads = !state.is_empty() && crate::recover::words(right).any(|(_, word)| word == state);
        let told = UNKNOWN_WORD.at(span, "a derivative is written with a prime");
        reads.then(|| told.help(format!("write `{state}' = {right}`")))
    }

    /// `n -> n + 1, birth * n`, `n -> n + 1 : rate`.
    fn reaction(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let right = behind.strip_prefix("->").or_else(|| behind.strip_prefix("→"))?;
        let (after, rate) = right.split_once([',', ':', '@']).unwrap_or((right, "rate"));
        let told = OPERATOR_FOREIGN.at(span, "a reaction is written as a jump");
        let (after, rate) = (after.trim(), rate.trim());
        Some(told.help(format!("write `jump at rate {rate} {{ {first} = {after} }}`")))
    }

    /// `c(0) = 10`, `initial(c) <- 10`.
    fn start(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let value = behind.strip_prefix('(')?.split_once(')')?;
        let right = value.1.trim_start().trim_start_matches(['=', '~', '<', '-']);
        if right.len() == value.1.trim_start().len() {
            return None;
        }
        if matches!(first, "initial" | "init" | "start") {
            let told = ROLE_MISSING.at(span, "how a state starts is written without brackets");
            return Some(told.help(format!("write `init {} = {}`", value.0.trim(), right.trim())));
        }
        let told = ROLE_MISSING.at(span, format!("this does not say what `{first}({})` is", value.0));
        let right = right.lines().next().unwrap_or("").trim();
        let sign = if value.1.trim_start().starts_with('~') { '~' } else { '=' };
        Some(match value.0.trim().parse::<f64>() {
            Ok(_) => told.help(format!("how a state starts is written `init {first} {sign} {right}`")),
            Err(_) => {
                told.help(format!("write `{first}' = …` for a derivative, `next {first} = …` for a step"))
            }
        })
    }

    /// `n[t + 1] = …`.
    fn next_element(&self, first: &str, span: Span, behind: &str) -> Option<Diagnostic> {
        let (index, right) = behind.strip_prefix('[')?.split_once(']')?;
        if !right.trim_start().starts_with(['=', '~', '<']) || !index.contains(['+', '-']) {
            return None;
        }
        let told = ROLE_MISSING.at(span, "a step reads the one before it without an index");
        Some(told.help(format!("write `next {first} = …`, with `{first}` for what it was")))
    }
}
