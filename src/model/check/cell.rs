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

/// The words that stand in cells, such as `left` and `right`. None where numbers stand there too, or too many of them:
/// one word among numbers is a slip.
pub(super) fn words<'c>(cells: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    const MOST: usize = 8;
    let mut words: Vec<&str> = Vec::new();
    for cell in cells.filter(|cell| !is_missing(cell)) {
        if starts_with_number(cell) || words.len() > MOST {
            return Vec::new();
        }
        if !words.contains(&cell) {
            words.push(cell);
        }
    }
    words.sort_unstable();
    if words.len() > MOST { Vec::new() } else { words }
}

/// Whether a word can stand in a `coding`.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn starts_with_number(text: &str) -> bool {
    text.trim_start_matches(['-', '+', '.', '<', '>', '$', '€', '£', '\'', '\"'])
        .starts_with(|c: char| c.is_ascii_digit())
}

/// What to write in the place of a cell that holds a number in other clothes; `unit` is that of what is read. None where
/// there is no number in it.
pub(super) fn meant(text: &str, unit: Option<&str>) -> Option<String> {
    let write = |number: &str| format!("write `{number}` for `{text}`");
    if is_date(text) {
        return Some(format!("it is a date: write days as numbers, counted from the first: 0 for `{text}`"));
    }
    if let Some(hours) = time_of_day(text) {
        return Some(format!("it is a time of day: write hours, `{hours}` for `{text}`"));
    }
    if thousands(text) {
        let (joined, point) = (text.replace(',', ""), text.replace(',', "."));
        return Some(format!(
            "a number has no comma: write `{joined}`, or `{point}` where it sets decimals apart"
        ));
    }
    let comma = text.replace(',', ".");
    if comma.parse::<f64>().is_ok() {
        return Some(format!("decimals have a point: {}", write(&comma)));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(truth) = ["false", "true"].iter().position(|word| *word == lower) {
        return Some(write(&truth.to_string()));
    }
    if text.starts_with(['<', '>']) && starts_with_number(text) {
        return Some(
            "it is a bound: write a number, or leave the cell empty and say `missing` in the model"
                .to_owned(),
        );
    }
    let exponent = lower.replace('d', "e");
    if exponent.parse::<f64>().is_ok() {
        return Some(write(&exponent));
    }
    let bare = text.trim_start_matches(['$', '€', '£', '\'', '"']);
    let (number, behind) = leading_number(bare)?;
    if behind.trim() == "%" {
        let share = number.parse::<f64>().map_or(0.0, |percent| (percent * 1e8).round() / 1e10);
        return Some(format!("{}: a share lies between 0 and 1", write(&share.to_string())));
    }
    let behind = behind.trim_matches(['\'', '"', ' ']);
    Some(match unit {
        _ if behind.is_empty() || !is_unit(behind) => write(number),
        Some(own) if own == behind => format!("{}: the model says the unit", write(number)),
        Some(own) => format!("write its numbers in `{own}`, as the model has them, and without a unit"),
        None => {
            format!("{}, and the unit in the model: `: {behind}` behind the name", write(number))
        }
    })
}

/// The number that a text starts with, and what stands behind it.
fn leading_number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let (number, behind) = text.split_at_checked(end)?;
    number.parse::<f64>().is_ok().then_some((number, behind))
}

fn is_unit(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphabetic() || "/^*12".contains(c)) && text.len() <= 10
}

/// `1,500`: groups of three digits behind a comma.
fn thousands(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = text.trim_start_matches('-').split(',');
    let first = groups.next().is_some_and(|first| digits(first) && first.len() <= 3 && first != "0");
    let mut others = groups.peekable();
    first && others.peek().is_some() && others.all(|group| digits(group) && group.len() == 3)
}

/// The hours that `12:30` is.
fn time_of_day(text: &str) -> Option<String> {
    let mut hours = 0.0;
    let parts: Vec<&str> = text.split(':').collect();
    for (part, share) in parts.iter().zip([1.0, 60.0, 3600.0]) {
        hours += part.parse::<u32>().ok().map(f64::from)? / share;
    }
    matches!(parts.len(), 2 | 3).then(|| ((hours * 1e4).round() / 1e4).to_string())
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
