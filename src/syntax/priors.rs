//! Where a line of a query stops that was to give a parameter another prior.

use crate::codes::UNEXPECTED;
use crate::diag::Diagnostic;
use crate::recover::found_length;
use crate::stop::Stop;
use crate::words::Block;

impl Stop<'_> {
    /// `param theta = 0.3` and `param theta[1] ~ normal(0, 1)` in a query.
    pub(crate) fn changed_prior(&self) -> Option<Diagnostic> {
        if self.line.block != Block::Query || self.word_text() != "param" || self.before.contains('~') {
            return None;
        }
        let behind = self.line.text.get("param".len()..)?.trim_start();
        if let Some(value) = self.rest.strip_prefix('=').filter(|value| !value.starts_with('=')) {
            let name = behind.split('=').next()?.trim();
            let told = UNEXPECTED.at(self.span(1), "in a query, a `param` says another prior, by `~`");
            let value = value.lines().next()?.split("//").next()?.trim();
            return Some(told.help(format!("to know the value, write `given {name} = {value}`")));
        }
        let (name, index) = behind.split_once('[')?;
        let position = self.rest.starts_with(|c: char| c.is_ascii_digit());
        if !position || !self.before.ends_with(|c: char| c == '[' || c.is_whitespace() || c == ',') {
            return None;
        }
        let told = UNEXPECTED.at(
            self.span(found_length(self.rest)),
            "a changed prior is that of all elements, over the model's axes",
        );
        let index: Vec<&str> = index.split(']').next()?.split(',').map(|_| "i").collect();
        Some(told.help(format!(
            "write the axes as the model does, `param {}[{}] ~ …`",
            name.trim(),
            index.join(", ")
        )))
    }
}
