//! Panels on a page.

use super::draw::Picture;
use super::ink::{FAINT, HATCH, HATCHING, INK, KEPT, PARTLY, PROSE, TITLE, WHITE, rectangle, text};
use super::legend::Legend;
use sbi_plot::element::{Element, number};
use sbi_plot::letters::{FONTS, bold, lines, width};

/// Around all panels.
const MARGIN: f64 = 28.0;
/// Between panels beside each other.
const BESIDE: f64 = 52.0;
/// Between panels below each other.
const BELOW: f64 = 44.0;
/// Panels stand beside each other as long as they are together no wider than this.
const WIDEST: f64 = 1100.0;
/// No panel's text is broken into lines shorter than this.
const NARROWEST: f64 = 250.0;
/// A line of prose.
const LINE: f64 = 17.0;

/// A picture with its title and what is to be said of it.
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// Sentences above it.
    pub about: Vec<String>,
    /// The picture.
    pub picture: Picture,
    /// What its signs mean.
    pub legend: Option<Legend>,
    /// Sentences below it.
    pub notes: Vec<String>,
}

impl Panel {
    /// A picture without words.
    pub fn new(picture: Picture) -> Panel {
        Panel { title: String::new(), about: Vec::new(), picture, legend: None, notes: Vec::new() }
    }

    /// Draws it with a letter in front of its title, if it has one.
    fn draw(&self, letter: &str) -> Picture {
        let indent = if letter.is_empty() { 0.0 } else { bold(letter, TITLE) + 10.0 };
        let wide = self.picture.width.max(indent + bold(&self.title, TITLE)).max(NARROWEST);
        let title = |words: &str, x: f64| text(words, x, TITLE, TITLE, INK).with("font-weight", "bold");
        let mut element = Element::group().child(title(&self.title, indent));
        if !letter.is_empty() {
            element = element.child(title(letter, 0.0));
        }
        let mut y = TITLE + 8.0;
        let prose = |sentences: &[String], element: Element, y: &mut f64| {
            let mut element = element;
            for line in sentences.iter().flat_map(|sentence| lines(sentence, PROSE, wide)) {
                *y += LINE;
                element = element.child(text(&line, 0.0, *y - 4.0, PROSE, FAINT));
            }
            element
        };
        element = prose(&self.about, element, &mut y);
        y += 14.0;
        element = element.child(Element::group().at(0.0, y).child(self.picture.element.clone()));
        y += self.picture.height + 10.0;
        if let Some(legend) = &self.legend {
            let drawn = legend.draw(wide);
            element = element.child(drawn.element.at(0.0, y + 4.0));
            y += drawn.height + 6.0;
        }
        element = prose(&self.notes, element, &mut y);
        let notes = self.about.iter().chain(&self.notes).flat_map(|sentence| lines(sentence, PROSE, wide));
        let widest = notes.map(|line| width(&line, PROSE)).fold(wide, f64::max);
        Picture { element, width: widest, height: y }
    }
}

/// A page with all panels, in the order of reading.
pub fn page(panels: &[Panel], file: &str) -> Element {
    let letters =
        (0..panels.len()).map(|number| if panels.len() > 1 { letter(number) } else { String::new() });
    let drawn: Vec<Picture> = panels.iter().zip(letters).map(|(panel, letter)| panel.draw(&letter)).collect();
    let (mut x, mut y, mut shelf, mut wide) = (0.0, 0.0, 0.0, 0.0);
    let mut page = Element::group().at(MARGIN, MARGIN);
    for own in drawn {
        if x > 0.0 && x + own.width > WIDEST {
            (x, y, shelf) = (0.0, y + shelf + BELOW, 0.0);
        }
        page = page.child(Element::group().at(x, y).child(own.element));
        wide = f64::max(wide, x + own.width);
        shelf = f64::max(shelf, own.height);
        x += own.width + BESIDE;
    }
    let (width, height) = ((wide + 2.0 * MARGIN).ceil(), (y + shelf + 2.0 * MARGIN).ceil());
    let about: Vec<&str> = panels.iter().map(|panel| panel.title.as_str()).collect();
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("width", width)
        .with("height", height)
        .with("viewBox", format!("0 0 {} {}", number(width), number(height)))
        .with("role", "img")
        .with("aria-labelledby", "sbi-title sbi-desc")
        .with("font-family", FONTS)
        .child(Element::new("title").with("id", "sbi-title").text(format!("The graphs of {file}")))
        .child(Element::new("desc").with("id", "sbi-desc").text(about.join("; ")))
        .child(hatchings())
        .child(rectangle(0.0, 0.0, width, height).with("fill", WHITE))
        .child(page)
}

/// The hatchings of what is absent, and of what is kept in part.
fn hatchings() -> Element {
    let hatching = |name: &'static str, way: &'static str, colour: &'static str, wide: f64| {
        let line = Element::new("path").with("d", way).with("stroke", colour).with("stroke-width", wide);
        let pattern = Element::new("pattern").with("id", name).with("patternUnits", "userSpaceOnUse");
        pattern.with("width", 6.0).with("height", 6.0).child(line)
    };
    Element::new("defs").children([
        hatching(HATCH, "M-1 1L1 -1M0 6L6 0M5 7L7 5", HATCHING, 0.9),
        hatching(PARTLY, "M-1 5L1 7M0 0L6 6M5 -1L7 1", KEPT, 1.8),
    ])
}

/// a, b, …, z, aa, ab, …
fn letter(number: usize) -> String {
    let own = char::from(b'a' + (number % 26) as u8);
    if number < 26 { own.to_string() } else { letter(number / 26 - 1) + &own.to_string() }
}
