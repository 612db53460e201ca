//! How wide text is, without a font at hand: of the usual sans-serif fonts the widest is reckoned with, so that nothing
//! runs over where another is used.

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
}
