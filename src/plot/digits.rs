//! Numbers as people read them: a true minus, groups of three digits, powers of ten.

use super::portable::{exponent, ten};

/// A number with so many decimals.
pub fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", x.abs());
    // A rounded -0.00 is no news about the sign.
    let negative = x < 0.0 && text.bytes().any(|b| b.is_ascii_digit() && b != b'0');
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    format!("{}{}{rest}", if negative { "−" } else { "" }, grouped(whole))
}

/// Digits in groups of three, where there are five or more.
fn grouped(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.to_owned();
    }
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A power of ten, as `10⁻³`.
pub fn power_of_ten(exponent: i32) -> String {
    let sign = if exponent < 0 { "⁻" } else { "" };
    let digits = exponent.unsigned_abs().to_string();
    let digits = digits.chars().filter_map(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize));
    format!("10{sign}{}", digits.collect::<String>())
}

/// A number with as many digits as what varies by `scale` has two of: `0.25` at a scale of 0.1.
pub fn rounded(x: f64, scale: f64) -> String {
    let scale = if scale > 0.0 { scale } else { x.abs() / 10.0 };
    if scale == 0.0 {
        return "0".to_owned();
    }
    let (large, decimals) = (exponent(x.abs().max(scale)), 1 - exponent(scale));
    if !(-4..6).contains(&large) {
        let digits = (large + decimals).clamp(0, 12) as usize;
        // Written so, what is rounded to ten times the power is written with the next power.
        let text = format!("{:.digits$e}", x);
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let power = power_of_ten(power.parse().unwrap_or(0));
        return format!("{}×{power}", mantissa.replace('-', "−"));
    }
    // Digits in front of the point that say nothing are zeros.
    let tens = ten((-decimals).max(0));
    fixed(if decimals < 0 { (x / tens).round() * tens } else { x }, decimals.clamp(0, 12) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (x, decimals, text) in
            [(-0.001, 2, "0.00"), (-1.5, 1, "−1.5"), (1234.0, 0, "1234"), (-12345.6, 1, "−12,345.6")]
        {
            assert_eq!(fixed(x, decimals), text);
        }
        assert_eq!((power_of_ten(-12), power_of_ten(6)), ("10⁻¹²".to_owned(), "10⁶".to_owned()));
    }

    #[test]
    fn digits_follow_the_scale() {
        for (x, scale, text) in [
            (0.52347, 0.4, "0.52"),
            (0.52347, 0.04, "0.523"),
            (523.47, 40.0, "523"),
            (250_151.0, 6400.0, "250,200"),
            (1.234e-7, 1e-8, "1.23×10⁻⁷"),
            (-9.999e8, 1e8, "−1.0×10⁹"),
            (0.999_999_999, 1e-6, "1.0000000"),
            (2.5, 0.0, "2.50"),
            (0.0, 1.0, "0.0"),
            (0.0, 0.0, "0"),
        ] {
            assert_eq!(rounded(x, scale), text);
        }
    }
}
