//! A picture that stands alone, with words for those who do not see it: figures below a title, or beside each other where
//! they are narrow.

use super::element::{Element, number};
use super::letters::{FONTS, bold, lines, width};
use super::marks::{faint, rectangle, text};
use super::theme::THEME;

/// Around all that is drawn.
const EDGE: f64 = 16.0;
/// Figures stand beside each other as long as they are together no wider than this.
const WIDEST: f64 = 1100.0;
/// Between figures beside each other, and below each other.
const APART: (f64, f64) = (40.0, 28.0);
/// Between words and figures.
const GAP: f64 = 14.0;
/// No words are broken into lines shorter than this.
const NARROWEST: f64 = 320.0;

/// Something drawn from its left upper corner.
pub struct Figure {
    /// What is drawn.
    pub(crate) element: Element,
    /// Width and height, in pixels.
    pub(crate) size: (f64, f64),
    /// What is to be seen, in words.
    pub(crate) about: String,
}

/// Figures with words around them.
pub struct Page<'a> {
    /// What the picture is called.
    pub title: &'a str,
    /// Sentences below the title.
    pub about: &'a [String],
    /// What is to be seen.
    pub figures: Vec<Figure>,
    /// Sentences below the figures.
    pub notes: &'a [String],
}

impl Page<'_> {
    /// The text of the picture.
    pub fn render(self) -> String {
        let seen = self.figures.iter().map(|figure| figure.about.as_str()).collect::<Vec<&str>>().join(". ");
        let (drawn, (wide, high)) = arranged(self.figures);
        let room = wide.max(NARROWEST);
        let head = prose(self.about, room);
        let foot = prose(self.notes, room);
        let below = EDGE + THEME.title + 4.0 + head.len() as f64 * THEME.line + GAP;
        let end = below + high;
        let foot_top = end + if foot.is_empty() { 0.0 } else { GAP };
        let words = |lines: &[String], top: f64| -> Vec<Element> {
            let line = |(place, words): (usize, &String)| {
                faint(words, EDGE, top + (place as f64 + 0.75) * THEME.line)
            };
            lines.iter().enumerate().map(line).collect()
        };
        let title = text(self.title, EDGE, EDGE + 0.8 * THEME.title)
            .with("font-size", THEME.title)
            .with("font-weight", "bold");
        let widest = head.iter().chain(&foot).map(|line| width(line, THEME.text)).fold(wide, f64::max);
        let widest = widest.max(bold(self.title, THEME.title));
        let size = (widest + 2.0 * EDGE, foot_top + foot.len() as f64 * THEME.line + EDGE);
        root(self.title, &seen, size)
            .child(title)
            .children(words(&head, EDGE + THEME.title + 4.0))
            .child(drawn.at(EDGE, below))
            .children(words(&foot, foot_top))
            .render()
    }
}

/// The page itself, on which nothing is drawn yet.
fn root(title: &str, about: &str, (width, height): (f64, f64)) -> Element {
    let (width, height) = (width.ceil(), height.ceil());
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("width", width)
        .with("height", height)
        .with("viewBox", format!("0 0 {} {}", number(width), number(height)))
        .with("role", "img")
        .with("aria-label", format!("{title}. {about}"))
        .with("font-family", FONTS)
        .with("font-size", THEME.text)
        .child(Element::new("title").text(title))
        .child(Element::new("desc").text(about))
        .child(rectangle((0.0, 0.0), (width, height)).with("fill", THEME.ground))
}

/// Figures in rows, with the size of all of them.
fn arranged(figures: Vec<Figure>) -> (Element, (f64, f64)) {
    let mut all = Element::group();
    let (mut x, mut y, mut shelf, mut wide) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    for Figure { element, size: (width, height), .. } in figures {
        if x > 0.0 && x + width > WIDEST {
            (x, y, shelf) = (0.0, y + shelf + APART.1, 0.0);
        }
        all = all.child(element.at(x, y));
        (wide, shelf) = (wide.max(x + width), shelf.max(height));
        x += width + APART.0;
    }
    (all, (wide, y + shelf))
}

fn prose(sentences: &[String], room: f64) -> Vec<String> {
    sentences.iter().flat_map(|sentence| lines(sentence, THEME.text, room)).collect()
}
