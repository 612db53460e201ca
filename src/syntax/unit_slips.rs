//! Units behind a colon that are written as in print: `mg kg^-1`, `mV/ms^1/2`, `1e-3 V`.

use crate::codes::UNEXPECTED;
use crate::diag::Diagnostic;
use crate::parse::unit;
use crate::stop::Stop;

/// Words whose statements have a unit behind a colon.
const DECLARING: [&str; 6] = ["param", "latent", "data", "let", "const", "init"];

impl Stop<'_> {
    /// A unit that stops, with the form that is meant.
    pub(crate) fn printed_unit(&self) -> Option<Diagnostic> {
        if !DECLARING.contains(&self.word_text()) {
            return None;
        }
        let start = 1 + self.before.find(':')?;
        let behind = self.line.text.get(start..)?;
        let end = behind.find(['~', '=', '\n']).unwrap_or(behind.len());
        let whole = behind.get(..end)?;
        let written = whole.trim();
        // What stops before the unit, or behind it, is none of its matter.
        if written.is_empty() || self.before.len() > start + whole.trim_end().len() {
            return None;
        }
        let lead = whole.len() - whole.trim_start().len();
        let told = |message: &str| UNEXPECTED.at(self.line.span(start + lead, written.len()), message);
        if let Some((number, rest)) = with_number(written) {
            let told = told("a unit has no number before it");
            return Some(told.help(format!(
                "define one above the model, `unit own = {number} {rest}`, and write `: own`"
            )));
        }
        let product = joined(written);
        let meant = bracketed(&product);
        unit(&meant)?;
        let message = match product == written {
            true => "a power that is a fraction stands in brackets",
            false => "the units of a product have `*` or `/` between them",
        };
        Some(told(message).help(format!("write `: {meant}`")))
    }
}

/// A number and the unit behind it.
fn with_number(written: &str) -> Option<(&str, &str)> {
    let end = written.find(|c: char| c.is_whitespace())?;
    let (number, rest) = written.split_at(end);
    let rest = rest.trim();
    let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok();
    (is_number && unit(rest).is_some()).then_some((number, rest))
}

/// A product without its signs, `mg kg^-1`, with those: `mg/kg`.
fn joined(written: &str) -> String {
    let mut product = String::new();
    let mut digit = false;
    let parts = written.split(|c: char| {
        // A point behind a digit is one of a number.
        let point = c == '.' && !digit;
        digit = c.is_ascii_digit();
        point || c.is_whitespace() || c == '·'
    });
    for word in parts.filter(|word| !word.is_empty()) {
        let open = product.is_empty() || product.ends_with(['*', '/', '(', '^']);
        let below = word.split_once("^-").filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric()));
        match below {
            _ if word.starts_with(['*', '/', ')', '^']) || product.ends_with(['*', '/', '(', '^']) => {
                product += word
            }
            Some((name, power)) => {
                let power = if power == "1" { String::new() } else { format!("^{power}") };
                product += &format!("{}/{name}{power}", if open { "1" } else { "" });
            }
            None => product += &format!("{}{word}", if open { "" } else { "*" }),
        }
    }
    product
}

/// The same with its fractions of powers in brackets: `ms^1/2` is `ms^(1/2)`.
fn bracketed(product: &str) -> String {
    let mut text = String::new();
    let mut rest = product;
    while let Some((before, after)) = rest.split_once('^') {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let sign = usize::from(after.starts_with('-'));
        let above = sign + digits(after.get(sign..).unwrap_or(""));
        let below = after.get(above..).and_then(|text| text.strip_prefix('/')).map_or(0, digits);
        text += before;
        text += "^";
        let end = if above > sign && below > 0 { above + 1 + below } else { 0 };
        let (fraction, left) = after.split_at_checked(end).unwrap_or(("", after));
        if end > 0 {
            text += &format!("({fraction})");
        }
        rest = left;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::{bracketed, joined};

    #[test]
    fn units_of_print_are_read_as_they_are_meant() {
        let meant = [
            ("mg kg^-1", "mg/kg"),
            ("mg kg^-1 day^-1", "mg/kg/day"),
            ("mV/ms^1/2", "mV/ms^(1/2)"),
            ("s^-1", "1/s"),
            ("mV ms", "mV*ms"),
            ("mg.kg", "mg*kg"),
            ("mol L^-1 s^-2", "mol/L/s^2"),
            ("mV / ms ^1/2", "mV/ms^(1/2)"),
            ("m^-1/2", "1/m^(1/2)"),
            ("mV s^0.5", "mV*s^0.5"),
        ];
        for (written, right) in meant {
            assert_eq!(bracketed(&joined(written)), right, "{written}");
        }
    }
}
