//! Colours, sizes and the shapes of text. Whatever is told by a colour is told by a shape or a hatching too.

use sbi_plot::element::Element;

/// Text and what is drawn.
pub const INK: &str = "#1b1f24";
/// Text that matters less.
pub const FAINT: &str = "#5b6470";
/// Frames of plates, and lines between blocks.
pub const FRAME: &str = "#8b95a1";
/// Arrows.
pub const ARROW: &str = "#4a5563";
/// The outlines of parameters, and what is given.
pub const BLUE: &str = "#14508c";
/// What is inferred; from the palette of Okabe and Ito, which the colour-blind tell apart.
pub const ORANGE: &str = "#e69f00";
/// The fill of data.
pub const DATA: &str = "#ced8e3";
/// Regions of modalities.
pub const REGION: &str = "#f1f4f8";
/// Cells of a mask that are kept.
pub const KEPT: &str = "#23456b";
/// Cells of a mask that are not.
pub const EMPTY: &str = "#eef1f4";
/// The name of the hatching of what is absent.
pub const HATCH: &str = "sbi-hatch";
/// The name of the hatching of what is kept in part.
pub const PARTLY: &str = "sbi-partly";
/// The lines of the hatching of what is absent.
pub const HATCHING: &str = "#b4bcc6";
/// The ground.
pub const WHITE: &str = "#ffffff";

/// The size of names.
pub const NAME: f64 = 13.0;
/// The size of units, labels of plates and legends.
pub const SMALL: f64 = 10.5;
/// The size of sentences.
pub const PROSE: f64 = 12.0;
/// The size of titles of panels.
pub const TITLE: f64 = 16.0;

/// Text that starts at `x` with its base line at `y`.
pub fn text(text: &str, x: f64, y: f64, size: f64, colour: &'static str) -> Element {
    Element::new("text").with("x", x).with("y", y).with("font-size", size).with("fill", colour).text(text)
}

/// Text centred at `x` with its base line at `y`.
pub fn centred(words: &str, x: f64, y: f64, size: f64, colour: &'static str) -> Element {
    text(words, x, y, size, colour).with("text-anchor", "middle")
}

/// A rectangle.
pub fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Element {
    Element::new("rect").with("x", x).with("y", y).with("width", width).with("height", height)
}

/// A straight line.
pub fn line(from: (f64, f64), to: (f64, f64), colour: &'static str, width: f64) -> Element {
    let line = Element::new("line").with("x1", from.0).with("y1", from.1).with("x2", to.0).with("y2", to.1);
    line.with("stroke", colour).with("stroke-width", width)
}

/// From a base line to the middle of letters of a size.
pub fn middle(size: f64) -> f64 {
    0.35 * size
}
