//! How wide text is, without a font at hand: of the usual sans-serif fonts the widest is reckoned with, so that nothing
//! runs over where another is used.

/// Fonts that systems have, the usual ones first, as SVG names them: those whose widths are reckoned with.
pub const FONTS: &str = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// The advance of each printable ASCII character, in thousandths of the size: the larger one of DejaVu Sans and
/// Liberation Sans, which has the widths of Arial and Helvetica.
const ADVANCES: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295,
    500, 667, 557, 863, 748, 787, 667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838,
    556, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// How wide a text is at a size, in pixels.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// By how much bold text is wider: the bold cut of DejaVu Sans by 13 % at most on average.
pub const BOLD: f64 = 1.13;

/// As [`width`], of bold text.
pub fn bold(text: &str, size: f64) -> f64 {
    BOLD * width(text, size)
}

fn advance(sign: char) -> f64 {
    let place = (sign as usize).checked_sub(' ' as usize);
    match place.and_then(|place| ADVANCES.get(place)) {
        Some(advance) => f64::from(*advance) / 1000.0,
        None => beyond(sign),
    }
}

/// The advance of what is not ASCII.
fn beyond(sign: char) -> f64 {
    match sign {
        // Marks that stand over the letter before them.
        '\u{300}'..='\u{36f}' => 0.0,
        // Superscripts and subscripts.
        '²' | '³' | '¹' | '\u{2070}'..='\u{209c}' | '\u{1d62}'..='\u{1d6a}' => 0.45,
        // Greek and Latin letters, and the minus.
        '\u{c0}'..='\u{24f}' | '\u{391}'..='\u{3c9}' => 0.75,
        '−' | '·' | '±' => 0.838,
        _ => 1.0,
    }
}

/// A text cut to a width: in its middle, as names that begin alike are told apart by their ends.
pub fn cut(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let room = most / size - advance('…');
    let kept = |signs: &mut dyn Iterator<Item = char>, room: f64| -> Vec<char> {
        let reached = signs.scan(0.0, |reached, sign| {
            *reached += advance(sign);
            Some((sign, *reached))
        });
        reached.take_while(|own| own.1 <= room).map(|own| own.0).collect()
    };
    let (start, end) = (kept(&mut text.chars(), 0.6 * room), kept(&mut text.chars().rev(), 0.4 * room));
    start.into_iter().chain(['…']).chain(end.into_iter().rev()).collect()
}

/// A text in lines no wider than `most`, broken at spaces; a word that is wider stands alone.
pub fn lines(text: &str, size: f64, most: f64) -> Vec<String> {
    broken(text.split_inclusive(' '), size, most)
}

/// A name in at most `count` lines, broken behind `_`, `.` and `,`, or where there are none anywhere; the last is cut where
/// it is still too wide.
pub fn name_lines(name: &str, size: f64, most: f64, count: usize) -> Vec<String> {
    let mut pieces: Vec<&str> = Vec::new();
    for piece in name.split_inclusive(['_', '.', ',']) {
        match width(piece, size) > most {
            true => pieces.extend(piece.split_inclusive(|_| true)),
            false => pieces.push(piece),
        }
    }
    let mut lines = broken(pieces.into_iter(), size, most);
    if lines.len() > count {
        let rest = lines.split_off(count.saturating_sub(1)).concat();
        lines.push(rest);
    }
    lines.iter().map(|line| cut(line, size, most)).collect()
}

fn broken<'a>(pieces: impl Iterator<Item = &'a str>, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(piece.trim_end(), size) <= most => line.push_str(piece),
            _ => lines.push(piece.to_owned()),
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_a_width() {
        assert_eq!(cut("short", 10.0, 100.0), "short");
        let long = cut("parameter_of_a_long_name_12", 10.0, 100.0);
        assert!(long.starts_with("param") && long.ends_with("_12") && width(&long, 10.0) <= 100.0, "{long}");
        assert_eq!(cut("xx", 10.0, 1.0), "…");
    }

    #[test]
    fn subscripts_are_narrow_and_marks_have_no_width() {
        assert!(width("θ₁", 10.0) < width("MM", 10.0));
        assert_eq!(width("x\u{302}", 10.0), width("x", 10.0));
    }

    #[test]
    fn names_break_where_they_are_joined() {
        assert_eq!(name_lines("short", 10.0, 100.0, 3), ["short"]);
        assert_eq!(name_lines("one_two_three", 10.0, 50.0, 3), ["one_two_", "three"]);
        let cut = name_lines(&"x".repeat(60), 10.0, 100.0, 3);
        assert!(cut.len() == 3 && cut[2].contains('…') && width(&cut[2], 10.0) <= 100.0, "{cut:?}");
    }

    #[test]
    fn sentences_break_at_spaces() {
        assert_eq!(lines("a few words", 10.0, 45.0), ["a few", "words"]);
        assert_eq!(lines("", 10.0, 45.0), Vec::<String>::new());
    }
}
