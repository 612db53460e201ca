//! Words beside samples of what they name, and words at the ends of lines.

use super::element::Element;
use super::letters::width;
use super::marks::{Marker, base, markers, rectangle, stroke, text};
use super::path::pieces;
use super::theme::THEME;

/// The width of a sample.
const SAMPLE: f64 = 22.0;
/// Between a sample and its words.
const GAP: f64 = 6.0;
/// Between one key and the next in a line.
const APART: f64 = 16.0;

/// A sample, drawn from the middle of its left edge, and its words.
pub struct Key {
    sample: Element,
    words: String,
}

/// Something with a size, drawn from its left upper corner.
pub struct Block {
    /// What is drawn.
    pub element: Element,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Key {
    fn new(sample: Element, words: impl Into<String>) -> Key {
        Key { sample, words: words.into() }
    }

    /// A line, as it is drawn along a path.
    pub fn line(draw: impl Fn(String) -> Element, words: impl Into<String>) -> Key {
        Key::new(draw(pieces([((0.0, 0.0), (SAMPLE, 0.0))])), words)
    }

    /// With a marker on the sample.
    pub fn marked(mut self, marker: Marker, colour: &'static str) -> Key {
        let marker = markers(&[(SAMPLE / 2.0, 0.0)], marker, colour);
        self.sample = Element::group().child(self.sample).child(marker);
        self
    }

    /// A marker alone.
    pub fn marker(marker: Marker, colour: &'static str, words: impl Into<String>) -> Key {
        Key::new(Element::group(), words).marked(marker, colour)
    }

    /// An area.
    pub fn area(colour: &'static str, words: impl Into<String>) -> Key {
        Key::new(rectangle((0.0, -5.0), (SAMPLE, 10.0)).with("fill", colour), words)
    }

    /// Anything that is drawn from the middle of its left edge.
    pub fn of(sample: Element, words: impl Into<String>) -> Key {
        Key::new(sample, words)
    }

    fn width(&self) -> f64 {
        SAMPLE + GAP + width(&self.words, THEME.text)
    }

    fn at(self, x: f64, y: f64) -> Element {
        let words = text(&self.words, SAMPLE + GAP, base());
        Element::group().at(x, y + THEME.line / 2.0).child(self.sample).child(words)
    }
}

/// Keys one under another.
pub fn column(keys: Vec<Key>) -> Block {
    rows(keys, 0.0)
}

/// Keys beside each other, in lines that are no wider than this if they need not be.
pub fn rows(keys: Vec<Key>, most: f64) -> Block {
    let (mut x, mut y, mut wide) = (0.0, 0.0, 0.0_f64);
    let mut element = Element::group();
    for key in keys {
        let long = key.width();
        if x > 0.0 && x + long > most {
            (x, y) = (0.0, y + THEME.line);
        }
        element = element.child(key.at(x, y));
        wide = wide.max(x + long);
        x += long + APART;
    }
    let height = if wide > 0.0 { y + THEME.line } else { 0.0 };
    Block { element, width: wide, height }
}

/// How far right of a line's end its words start.
const START: f64 = 17.0;

/// Words at the end of a line.
pub struct End<'a> {
    /// How far down the line ends.
    pub height: f64,
    /// The words.
    pub words: &'a str,
}

/// Words at the ends of lines, as near to the heights of the ends as they can stand without touching, between a top and a
/// bottom. A thin line leads to each. The block is drawn from the right edge of the frame.
pub fn ends(labels: &[End], top: f64, bottom: f64) -> Block {
    let heights: Vec<f64> = labels.iter().map(|own| own.height).collect();
    let placed = apart(&heights, THEME.line - 1.0, top, bottom);
    let leads = heights.iter().zip(&placed).map(|(from, to)| ((4.0, *from), (14.0, *to)));
    let words = labels.iter().zip(&placed).map(|(own, y)| text(own.words, START, y + base()));
    let element = Element::group().child(stroke(pieces(leads), THEME.guide, THEME.thin)).children(words);
    let reach = labels.iter().map(|own| START + width(own.words, THEME.text));
    Block { element, width: reach.fold(0.0, f64::max), height: bottom - top }
}

/// Heights that are so far apart at least, and as near to the given ones as possible: those that would touch stand as one
/// group around their mean.
pub fn apart(heights: &[f64], least: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    let height = |place: usize| heights.get(place).copied().unwrap_or(0.0);
    order.sort_by(|one, other| height(*one).total_cmp(&height(*other)).then(one.cmp(other)));
    // Groups of neighbours: how many, and where their middle is.
    let mut groups: Vec<(usize, f64)> = Vec::new();
    let reach = |count: usize| (count as f64 - 1.0) / 2.0 * least;
    let held =
        |(count, middle): (usize, f64)| (count, middle.min(bottom - reach(count)).max(top + reach(count)));
    for place in &order {
        let mut group = held((1, height(*place)));
        while let Some((count, middle)) = groups.pop() {
            if middle + reach(count) + least <= group.1 - reach(group.0) {
                groups.push((count, middle));
                break;
            }
            let sum = middle * count as f64 + group.1 * group.0 as f64;
            group = held((count + group.0, sum / (count + group.0) as f64));
        }
        groups.push(group);
    }
    let placed = groups
        .iter()
        .flat_map(|(count, middle)| (0..*count).map(move |own| middle - reach(*count) + own as f64 * least));
    let mut apart = vec![0.0; heights.len()];
    for (place, height) in order.iter().zip(placed) {
        apart.get_mut(*place).into_iter().for_each(|own| *own = height);
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_apart_and_near() {
        assert_eq!(apart(&[10.0, 50.0], 14.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(apart(&[52.0, 50.0], 14.0, 0.0, 100.0), [58.0, 44.0]);
        assert_eq!(apart(&[99.0, 100.0], 14.0, 0.0, 100.0), [86.0, 100.0]);
        let three = apart(&[50.0, 50.0, 62.0], 14.0, 0.0, 100.0);
        assert!(three.windows(2).all(|pair| (pair[1] - pair[0] - 14.0).abs() < 1e-9), "{three:?}");
        assert!(apart(&[], 14.0, 0.0, 1.0).is_empty());
    }
}
