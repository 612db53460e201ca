//! The natural order of names: runs of digits count as numbers, so that `x_2` comes before `x_10`.

use std::cmp::Ordering;

/// Compares two names by their natural order. Total: names that differ only in leading zeros are
/// told apart by their characters.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    loop {
        let order = match (digits(a), digits(b)) {
            (Some((x, rest_a)), Some((y, rest_b))) => {
                (a, b) = (rest_a, rest_b);
                // Numbers may be longer than any integer type: compare length, then digits.
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            _ => {
                let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
                let order = match (rest_a.next(), rest_b.next()) {
                    (None, None) => return left.cmp(right),
                    (x, y) => x.cmp(&y),
                };
                (a, b) = (rest_a.as_str(), rest_b.as_str());
                order
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The leading run of digits without its leading zeros, and what follows it.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    (end > 0).then(|| (run.trim_start_matches('0'), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_inside_names_count() {
        let mut names = ["x_10", "x_2", "x", "theta", "x_02", "x_2b", "a10b2", "a10b10", "a9"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["a9", "a10b2", "a10b10", "theta", "x", "x_02", "x_2", "x_2b", "x_10"]);
    }

    #[test]
    fn long_numbers_do_not_overflow() {
        let (small, large) = ("x99999999999999999999998", "x99999999999999999999999");
        assert_eq!(compare(small, large), Ordering::Less);
        assert_eq!(compare(large, large), Ordering::Equal);
    }
}
