//! Shapes of a plot: text, lines, areas and markers.

use super::element::{Element, number};
use super::theme::THEME;

/// The dashes of what is true.
const TRUTH: &str = "5 2.5";

/// A shape that stands for a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square on its side.
    Square,
    /// A square on its corner.
    Diamond,
}

/// Text that starts at a place, with its base line there.
pub fn text(words: &str, x: f64, y: f64) -> Element {
    Element::new("text").with("x", x).with("y", y).with("fill", THEME.ink).text(words)
}

/// The same of text that matters less.
pub fn faint(words: &str, x: f64, y: f64) -> Element {
    Element::new("text").with("x", x).with("y", y).with("fill", THEME.faint).text(words)
}

/// Text around a place.
pub fn centred(words: &str, x: f64, y: f64) -> Element {
    text(words, x, y).with("text-anchor", "middle")
}

/// Text that ends at a place.
pub fn ending(words: &str, x: f64, y: f64) -> Element {
    text(words, x, y).with("text-anchor", "end")
}

/// Text around a place that reads upwards.
pub fn upright(words: &str, x: f64, y: f64) -> Element {
    let turned = format!("translate({} {}) rotate(-90)", number(x), number(y));
    let text = Element::new("text").with("transform", turned).with("fill", THEME.ink);
    text.with("text-anchor", "middle").text(words)
}

/// From the middle of a line of text down to its base line.
pub fn base() -> f64 {
    0.36 * THEME.text
}

/// A line without an area.
pub fn stroke(path: String, colour: &'static str, thickness: f64) -> Element {
    let line = Element::new("path").with("d", path).with("fill", "none");
    line.with("stroke", colour).with("stroke-width", thickness).with("stroke-linejoin", "round")
}

/// The line of a main result, as of a median.
pub fn main(path: String) -> Element {
    stroke(path, THEME.main, THEME.stroke)
}

/// The line of one draw of many.
pub fn thread(path: String) -> Element {
    stroke(path, THEME.main, 0.6).with("stroke-opacity", 0.45)
}

/// The line of what is true.
pub fn truth(path: String) -> Element {
    dashed(stroke(path, THEME.accent, THEME.stroke), TRUTH)
}

/// Lines to where the truth is, which are thinner.
pub fn crosshair(path: String) -> Element {
    dashed(stroke(path, THEME.accent, THEME.thin), TRUTH)
}

/// The line of what was known before.
pub fn before(path: String) -> Element {
    dashed(stroke(path, THEME.guide, 1.1), "3 2")
}

/// A line with dashes.
pub fn dashed(line: Element, dash: &'static str) -> Element {
    line.with("stroke-dasharray", dash)
}

/// An area without an outline. Lines within lines are holes.
pub fn filled(path: String, colour: &'static str) -> Element {
    Element::new("path").with("d", path).with("fill", colour).with("fill-rule", "evenodd")
}

/// A rectangle from a left upper corner.
pub fn rectangle((x, y): (f64, f64), (width, height): (f64, f64)) -> Element {
    Element::new("rect").with("x", x).with("y", y).with("width", width).with("height", height)
}

/// Dots so small and so many that they are one path.
pub fn dust(points: &[(f64, f64)], colour: &'static str, size: f64) -> Element {
    let path: String = points.iter().map(|(x, y)| format!("M{} {}h0.01", number(*x), number(*y))).collect();
    stroke(path, colour, size).with("stroke-linecap", "round")
}

/// Markers in a colour, with a white rim that keeps them apart from lines.
pub fn markers(points: &[(f64, f64)], marker: Marker, colour: &'static str) -> Element {
    let whole = points.iter().filter(|point| point.0.is_finite() && point.1.is_finite());
    let path: String = whole.map(|point| outline(marker, *point)).collect();
    filled(path, colour).with("stroke", THEME.ground).with("stroke-width", 0.8)
}

/// The outline of a marker; those with corners are a little larger, so that all look as large.
fn outline(marker: Marker, (x, y): (f64, f64)) -> String {
    let radius = THEME.marker;
    let around = |corners: &[(f64, f64)], size: f64| {
        let place = |(right, down): &(f64, f64)| {
            format!("{} {}", number(x + right * size * radius), number(y + down * size * radius))
        };
        format!("M{}Z", corners.iter().map(place).collect::<Vec<String>>().join("L"))
    };
    match marker {
        Marker::Circle => {
            let (r, wide) = (number(radius), number(2.0 * radius));
            format!("M{} {}a{r} {r} 0 1 1 {wide} 0a{r} {r} 0 1 1 -{wide} 0Z", number(x - radius), number(y))
        }
        Marker::Square => around(&[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)], 0.9),
        Marker::Diamond => around(&[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)], 1.25),
    }
}
