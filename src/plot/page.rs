//! A picture that stands alone, with words for those who do not see it.

use super::element::{Element, number};
use super::marks::rectangle;
use super::theme::THEME;

/// Around all that is drawn.
pub const EDGE: f64 = 10.0;

/// The picture of what is drawn on a page of a size. The title is told and not drawn, as captions are written elsewhere;
/// `about` says in words what is to be seen.
pub fn page(
    title: &str,
    about: &str,
    (width, height): (f64, f64),
    drawn: impl IntoIterator<Item = Element>,
) -> String {
    let (width, height) = (width.ceil(), height.ceil());
    let root = Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("width", width)
        .with("height", height)
        .with("viewBox", format!("0 0 {} {}", number(width), number(height)))
        .with("role", "img")
        .with("aria-label", format!("{title}. {about}"))
        .with("font-family", THEME.fonts)
        .with("font-size", THEME.text);
    root.child(Element::new("title").text(title))
        .child(Element::new("desc").text(about))
        .child(rectangle((0.0, 0.0), (width, height)).with("fill", THEME.ground))
        .children(drawn)
        .render()
}
