//! What a cell of a table may hold where a number is expected, and texts that are no table.

use csv::StringRecord;

/// Whether a cell is empty, in one of the ways that count as such.
pub(super) fn is_missing(text: &str) -> bool {
    text.is_empty() || ["na", "nan", "n/a"].contains(&text.to_lowercase().as_str())
}

/// Whether a cell is what others write for an empty one.
pub(super) fn means_missing(text: &str) -> bool {
    const SIGNS: [&str; 12] =
        ["-", "--", ".", "..", "?", "*", "null", "none", "missing", "nil", "#n/a", "na()"];
    SIGNS.contains(&text.to_lowercase().as_str())
}

/// What to write where cells hold words, such as `left` and `right`: what number each stands for. None where some of
/// them cannot stand in a coding, or where one word among numbers is a slip.
pub(super) fn coding<'c>(cells: impl Iterator<Item = &'c str>, first: f64) -> Option<String> {
    const MOST: usize = 8;
    let mut words: Vec<&str> = Vec::new();
    let mut numbers = 0;
    for cell in cells {
        if cell.parse::<f64>().is_ok() {
            numbers += 1;
        } else if !is_missing(cell) && !words.contains(&cell) {
            words.push(cell);
        }
    }
    words.sort_unstable();
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if numbers > 0 || words.len() < 2 || words.len() > MOST || !words.iter().all(is_name) {
        return None;
    }
    let each = words.iter().enumerate().map(|(place, word)| format!("{word} = {}", first + place as f64));
    Some(format!("(coding = {{{}}})", each.collect::<Vec<_>>().join(", ")))
}

/// The line in which a quote opens that is never closed.
pub(super) fn open_quote(text: &str) -> Option<usize> {
    let (mut line, mut open, mut starts) = (1, None, true);
    for c in text.chars() {
        let quote = c == '"';
        if quote && (starts || open.is_some()) {
            open = if open.is_none() { Some(line) } else { None };
        }
        line += usize::from(c == '\n');
        // A quote right behind one that closes goes on with the text: two of them are one inside of it.
        starts = open.is_none() && (quote || c == ',' || c == '\n' || starts && c.is_whitespace());
    }
    open
}

/// A number that was cut in two at its decimal comma, as written and as meant: where each cell of a row that has twice
/// as many as there are columns is one half.
pub(super) fn decimal(record: &StringRecord, headers: usize) -> Option<(String, String)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let cells: Vec<&str> = record.iter().collect();
    let halves = |pair: &[&str]| match pair {
        [units, parts] => digits(units.strip_prefix('-').unwrap_or(units)) && digits(parts),
        _ => false,
    };
    if cells.len() != 2 * headers || !cells.chunks(2).all(halves) {
        return None;
    }
    let (units, parts) = (cells.first()?, cells.get(1)?);
    Some((format!("{units},{parts}"), format!("{units}.{parts}")))
}

/// The first line with nothing in it that others follow.
pub(super) fn blank_line(text: &str) -> Option<usize> {
    let lines = || text.trim_end().lines().enumerate();
    lines().find(|(_, line)| line.trim().is_empty()).map(|(place, _)| place + 1)
}

/// Whether a text is a date such as `2020-03-02` or `2/3/2020`.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let number =
        |part: &&str| matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number)
}
