//! The rectangle that numbers are drawn in, with its axes.

use super::axis::Axis;
use super::element::Element;
use super::marks::{base, centred, ending, stroke, upright};
use super::path::{area, pieces, polyline};
use super::theme::THEME;

/// Between a tick and its label.
const GAP: f64 = 3.0;
/// Between labels and the title of an axis.
const TITLE_GAP: f64 = 6.0;
/// The length of a tick without a label.
const SMALL_TICK: f64 = 2.2;

/// A rectangle on the page, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// A frame with what its sides stand for.
pub struct Panel<'a> {
    /// Where it is.
    pub frame: Frame,
    /// From left to right.
    pub x: &'a Axis,
    /// From bottom to top.
    pub y: &'a Axis,
}

impl Frame {
    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The sides of it that have no axis.
    pub fn outline(&self) -> Element {
        let sides = [(self.left, self.top), (self.right(), self.top), (self.right(), self.bottom())];
        stroke(polyline(&sides), THEME.axis, THEME.thin)
    }

    /// A sentence in its middle, for a frame that nothing can be drawn in.
    pub fn told(&self, words: &str) -> Element {
        centred(words, self.left + self.width / 2.0, self.top + self.height / 2.0 + base())
    }

    /// The axis under it, with labels or only ticks, and a title or none.
    pub fn below(&self, axis: &Axis, labels: bool, title: Option<&str>) -> Element {
        let place = |x: f64| self.left + axis.share(x) * self.width;
        let line = ((self.left, self.bottom()), (self.right(), self.bottom()));
        let ticks = axis.ticks.iter().map(|tick| {
            let long = if tick.label.is_empty() { SMALL_TICK } else { THEME.tick };
            ((place(tick.at), self.bottom()), (place(tick.at), self.bottom() + long))
        });
        let written = axis.ticks.iter().filter(|tick| labels && !tick.label.is_empty());
        let first = self.bottom() + THEME.tick + GAP + 0.75 * THEME.text;
        let words = written.map(|tick| centred(&tick.label, place(tick.at), first));
        let title =
            title.map(|title| centred(title, self.left + self.width / 2.0, first + TITLE_GAP + THEME.text));
        Element::group()
            .child(stroke(pieces(ticks.chain([line])), THEME.axis, THEME.thin))
            .children(words)
            .children(title)
    }

    /// The axis on its left, with labels or only ticks, and a title or none whose middle is so far left of the frame.
    pub fn beside(&self, axis: &Axis, labels: bool, title: Option<(&str, f64)>) -> Element {
        let place = |y: f64| self.bottom() - axis.share(y) * self.height;
        let line = ((self.left, self.top), (self.left, self.bottom()));
        let ticks = axis.ticks.iter().map(|tick| {
            let long = if tick.label.is_empty() { SMALL_TICK } else { THEME.tick };
            ((self.left - long, place(tick.at)), (self.left, place(tick.at)))
        });
        let written = axis.ticks.iter().filter(|tick| labels && !tick.label.is_empty());
        let words =
            written.map(|tick| ending(&tick.label, self.left - THEME.tick - GAP, place(tick.at) + base()));
        let title = title
            .map(|(title, away)| upright(title, self.left - away + base(), self.top + self.height / 2.0));
        Element::group()
            .child(stroke(pieces(ticks.chain([line])), THEME.axis, THEME.thin))
            .children(words)
            .children(title)
    }
}

/// The height of what stands under a frame.
pub fn height_below(title: bool) -> f64 {
    let labels = THEME.tick + GAP + THEME.text;
    if title { labels + TITLE_GAP + THEME.text } else { labels }
}

/// How far left of a frame the middle of a title is, next to labels of a width.
pub fn title_away(widest: f64) -> f64 {
    THEME.tick + GAP + widest + TITLE_GAP + THEME.text / 2.0
}

/// The width of what stands on the left of a frame, with a title.
pub fn width_beside(widest: f64) -> f64 {
    title_away(widest) + THEME.text / 2.0 + 2.0
}

impl Panel<'_> {
    /// Where a point is on the page.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.frame.left + self.x.share(x) * self.frame.width, self.height(y))
    }

    /// How far down a number is.
    pub fn height(&self, y: f64) -> f64 {
        self.frame.bottom() - self.y.share(y) * self.frame.height
    }

    /// Where points are.
    pub fn places(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().map(|point| self.place(*point)).collect()
    }

    /// The path of a line.
    pub fn line(&self, points: &[(f64, f64)]) -> String {
        polyline(&self.places(points))
    }

    /// The path of a strip `[x, lower, upper]`.
    pub fn strip(&self, strip: &[[f64; 3]]) -> String {
        let placed: Vec<[f64; 3]> = strip
            .iter()
            .map(|[x, lower, upper]| [self.place((*x, 0.0)).0, self.height(*lower), self.height(*upper)])
            .collect();
        area(&placed)
    }
}
