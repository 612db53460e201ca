//! Numbers and units.

use crate::codes::{NUMBER_RANGE, UNEXPECTED};
use crate::grammar::{Pair, Rule, child, has, presume};
use crate::parse::Builder;
use crate::tree::{Expr, ExprKind, Number, Unit, UnitBase, UnitFactor};

impl<'t> Builder<'t> {
    /// A number with its percent sign or unit.
    pub(crate) fn literal(&mut self, pair: &Pair<'t>) -> Expr {
        let unit = child(pair, Rule::literal_unit).map(|unit| self.literal_unit(&unit));
        let number = self.number(&presume(pair, Rule::number), has(pair, Rule::percent), unit);
        Expr { kind: ExprKind::Number(number), span: self.span(pair) }
    }

    /// A number; one that cannot be held is told.
    pub(crate) fn number(&mut self, pair: &Pair<'t>, percent: bool, unit: Option<Unit>) -> Number {
        let digits = pair.as_str().replace('_', "");
        let whole = !percent && digits.bytes().all(|byte| byte.is_ascii_digit());
        let integer = if whole { digits.parse().ok() } else { None };
        let value = value(&digits, percent);
        let point = match () {
            () if digits.starts_with('.') => Some(("start", format!("0{}", pair.as_str()))),
            () if digits.ends_with('.') => Some(("end", format!("{}0", pair.as_str()))),
            () => None,
        };
        if let Some((side, better)) = point {
            let message = format!("a number does not {side} with its point");
            self.tell(UNEXPECTED.at(self.span(pair), message).help(format!("write `{better}`")));
        }
        let mantissa = digits.split(['e', 'E']).next().unwrap_or("");
        let zero = !mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let told = if whole && integer.is_none() && value.is_finite() {
            Some((
                format!("{} digits are more than a whole number can hold", digits.len()),
                format!("write `{value:e}`"),
            ))
        } else if !value.is_finite() {
            Some((
                "this number is too large to be held".to_owned(),
                "numbers go up to about `1.8e308`".to_owned(),
            ))
        } else if value == 0.0 && !zero {
            Some((
                "this number is too small to be held".to_owned(),
                "numbers go down to about `1e-308`".to_owned(),
            ))
        } else {
            None
        };
        if let Some((message, help)) = told {
            self.tell(NUMBER_RANGE.at(self.span(pair), message).help(help));
        }
        Number { value, integer, percent, unit }
    }

    /// The unit behind a number: one name with an optional power.
    fn literal_unit(&mut self, pair: &Pair<'t>) -> Unit {
        let factor = presume(pair, Rule::literal_factor);
        let name = presume(&factor, Rule::unit_name);
        let power = self.power(&factor);
        let span = self.span(pair);
        self.units.push(span);
        let factor = UnitFactor { over: false, base: UnitBase::Name(self.name(&name)), power, span };
        Unit { factors: vec![factor], text: pair.as_str().to_owned(), span }
    }

    /// The unit behind a colon.
    pub(crate) fn ascription(&mut self, pair: &Pair<'t>) -> Option<Unit> {
        child(pair, Rule::ascription).map(|told| self.unit(&presume(&told, Rule::unit)))
    }

    /// A unit.
    pub(crate) fn unit(&mut self, pair: &Pair<'t>) -> Unit {
        let span = self.span(pair);
        self.units.push(span);
        let written = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let text = written.chars().filter(|c| !c.is_whitespace()).collect();
        let mut factors = Vec::new();
        let mut over = false;
        for part in pair.clone().into_inner() {
            match part.as_rule() {
                Rule::unit_operator => over = part.as_str().starts_with('/'),
                _ => factors.push(self.unit_factor(&part, over)),
            }
        }
        Unit { factors, text, span }
    }

    fn unit_factor(&mut self, pair: &Pair<'t>, over: bool) -> UnitFactor {
        let inner = |builder: &mut Self, pair: &Pair<'t>| Box::new(builder.unit(&presume(pair, Rule::unit)));
        let base = match () {
            () if let Some(name) = child(pair, Rule::unit_name) => UnitBase::Name(self.name(&name)),
            () if let Some(root) = child(pair, Rule::unit_sqrt) => UnitBase::Sqrt(inner(self, &root)),
            () if let Some(group) = child(pair, Rule::unit_group) => UnitBase::Group(inner(self, &group)),
            () => UnitBase::One,
        };
        UnitFactor { over, base, power: self.power(pair), span: self.span(pair) }
    }

    /// The power of a factor as numerator and denominator, reduced.
    fn power(&mut self, factor: &Pair<'t>) -> (i32, i32) {
        let Some(exponent) = child(factor, Rule::exponent) else { return (1, 1) };
        rational(exponent.as_str()).unwrap_or_else(|| {
            let message = format!("`{}` is no power that a unit can have", exponent.as_str());
            let help = "write a small whole number or fraction: `s^2`, `s^-1`, `s^(1/2)`";
            self.tell(NUMBER_RANGE.at(self.span(&exponent), message).help(help));
            (1, 1)
        })
    }
}

/// The value of a number's digits; infinite where it is too large.
fn value(digits: &str, percent: bool) -> f64 {
    // `10%` is read as `10e-2`, which rounds once; dividing by 100 would round twice.
    let read = |text: &str| text.parse::<f64>().expect("the grammar's numbers are Rust's");
    match (percent, digits.contains(['e', 'E'])) {
        (false, _) => read(digits),
        (true, false) => read(&format!("{digits}e-2")),
        (true, true) => read(digits) / 100.0,
    }
}

/// `2`, `-1`, `0.5` or `(1/2)` as a reduced fraction of small numbers.
fn rational(text: &str) -> Option<(i32, i32)> {
    const LARGEST: u64 = 1_000_000;
    let text = text.trim_start_matches('(').trim_end_matches(')');
    let (numerator, denominator) = match (text.split_once('/'), text.split_once('.')) {
        (Some((above, below)), _) => (above.parse().ok()?, below.parse().ok()?),
        (None, Some((whole, part))) => {
            let places = u32::try_from(part.len()).ok().filter(|&places| places <= 4)?;
            (format!("{whole}{part}").parse().ok()?, 10_i64.pow(places))
        }
        (None, None) => (text.parse::<i64>().ok()?, 1),
    };
    if denominator == 0 || numerator.unsigned_abs() > LARGEST || denominator.unsigned_abs() > LARGEST {
        return None;
    }
    let divisor = gcd(numerator, denominator);
    Some((i32::try_from(numerator / divisor).ok()?, i32::try_from(denominator / divisor).ok()?))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_reduced_fractions() {
        assert_eq!(rational("2"), Some((2, 1)));
        assert_eq!(rational("-1"), Some((-1, 1)));
        assert_eq!(rational("0.5"), Some((1, 2)));
        assert_eq!(rational("-0.5"), Some((-1, 2)));
        assert_eq!(rational("(-2/4)"), Some((-1, 2)));
        assert_eq!(rational("(1/0)"), None);
        assert_eq!(rational("99999999999999999999"), None);
    }

    #[test]
    fn percentages_round_once() {
        assert_eq!(value("12.3", true), 0.123);
        assert_eq!(value("10", true), 0.1);
        assert_eq!(value("1e1", true), 0.1);
    }
}
