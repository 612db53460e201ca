//! Numbers as text: exactly for files, rounded for people.

use super::progress::grouped;
use std::ops::RangeInclusive;

/// The shortest text that reads back as the same number.
pub fn exact(x: f64) -> String {
    // Debug turns to exponents where Display would print hundreds of zeros.
    if x.fract() == 0.0 && x.abs() < 1e15 { format!("{x}") } else { format!("{x:?}") }
}

/// `x` for a table, with three digits of what varies by `scale`: `0.2531` at a scale of 0.01, `25` at 300.
pub fn rounded(x: f64, scale: f64) -> String {
    const DIGITS: i32 = 3;
    if !x.is_finite() {
        return x.to_string();
    }
    let scale = if scale.is_finite() && scale > 0.0 { scale } else { x.abs() };
    if scale == 0.0 {
        return "0".into();
    }
    let decimals = DIGITS - 1 - scale.log10().floor() as i32;
    let large = x.abs().max(scale);
    if decimals > 7 || large >= 1e7 {
        let digits = (large.log10().floor() as i32 + decimals).clamp(0, 15) as usize;
        return format!("{x:.digits$e}");
    }
    let text = format!("{x:.0$}", decimals.max(0) as usize);
    // A rounded -0.00 is no news about the sign.
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.into(),
        _ => text,
    }
}

/// A whole number as specs write it: `10_000`, `1e4`; for flags.
///
/// # Errors
/// Anything else, and numbers outside the range, in words that follow "invalid value …: ".
pub fn whole(text: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let digits = text.replace('_', "");
    // Every whole number below 2^53 is a number of type f64.
    let short =
        || digits.parse::<f64>().ok().filter(|x| x.fract() == 0.0 && (0.0..2f64.powi(53)).contains(x));
    let number = digits.parse::<u64>().ok().or_else(|| short().map(|x| x as u64));
    number.filter(|number| range.contains(number)).ok_or_else(|| match *range.end() {
        u64::MAX => format!("write a whole number, at least {}", range.start()),
        most => format!(
            "write a whole number from {} to {}",
            range.start(),
            grouped(most as usize).replace(',', "_")
        ),
    })
}

/// Names joined for a sentence: `a`, `b` and `c`.
pub fn listed<S: AsRef<str>>(names: &[S], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_written_as_in_specs() {
        for (text, number) in
            [("10_000", 10_000), ("1e4", 10_000), ("7", 7), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(whole(text, 0..=u64::MAX), Ok(number));
        }
        for text in ["-5", "1.5", "1,000", "ten", "", "0", "101", "1e300", "nan"] {
            assert_eq!(whole(text, 1..=100), Err("write a whole number from 1 to 100".to_owned()));
        }
    }

    #[test]
    fn exact_numbers_read_back() {
        for x in [0.1 + 0.2, 1.0, -0.0, 1e300, 5e-324, 1.0 / 3.0, 123456789012345680.0, -2.5] {
            assert_eq!(exact(x).parse::<f64>().unwrap().to_bits(), x.to_bits(), "{x:?}");
        }
        assert_eq!(exact(3.0), "3");
        assert_eq!(exact(1e300), "1e300");
    }

    #[test]
    fn rounded_numbers_show_three_digits_of_the_scale() {
        assert_eq!(rounded(0.253_14, 0.012), "0.2531");
        assert_eq!(rounded(-0.000_01, 0.012), "0.0000");
        assert_eq!(rounded(25.4, 300.0), "25");
        assert_eq!(rounded(3.0, 0.0), "3.00");
        assert_eq!(rounded(0.0, 0.0), "0");
        assert_eq!(rounded(1.5e-12, 2e-12), "1.50e-12");
        assert_eq!(rounded(6.022e23, 1e22), "6.022e23");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed(&["a"], "or"), "`a`");
        assert_eq!(listed(&["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}
