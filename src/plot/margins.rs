//! Draws of many quantities: each in a panel of its own, side by side.

use super::element::Element;
use super::frame::{Frame, height_below};
use super::legend::rows as in_rows;
use super::margin::{Margin, Shown};
use super::page::Figure;
use super::quantities::{Quantities, told};
use super::{Unplottable, quantities};

/// The size of a panel.
const SIZE: (f64, f64) = (124.0, 84.0);
/// Between panels: beside each other, and below each other.
const APART: (f64, f64) = (22.0, 16.0);
/// Between the headings of two panels, at least.
const CLEAR: f64 = 6.0;
/// No row has more panels.
const MOST: usize = 5;
/// Below the legend.
const GAP: f64 = 12.0;

/// Draws each quantity as a density with its median and 90 % interval, and no pairs.
///
/// # Errors
/// There are no draws, or no whole number of them.
pub fn margins(plot: &Quantities) -> Result<Figure, Unplottable> {
    let margins = quantities::margins(plot, SIZE.0)?;
    let lines = margins.len().div_ceil(MOST);
    let each = margins.len().div_ceil(lines.max(1));
    let wide = each as f64 * (SIZE.0 + APART.0) - APART.0;
    let legend = in_rows(quantities::keys(plot, &margins, Shown::Alone), wide);
    let above = margins.iter().map(Margin::heading_height).fold(0.0, f64::max);
    let pitch = (SIZE.0 + APART.0, above + SIZE.1 + height_below(false) + APART.1);
    let frame = |place: usize| Frame {
        left: (place % each) as f64 * pitch.0,
        top: legend.height + GAP + above + (place / each) as f64 * pitch.1,
        width: SIZE.0,
        height: SIZE.1,
    };
    let panels = margins.iter().enumerate().map(|(place, margin)| {
        let frame = frame(place);
        let axis = frame.below(&margin.across, true, None);
        Element::group().child(margin.draw(frame)).child(margin.heading(frame, pitch.0 - CLEAR)).child(axis)
    });
    let panels = Element::group().children(panels);
    let size =
        (wide.max(legend.width) + APART.0 - CLEAR, legend.height + GAP + lines as f64 * pitch.1 - APART.1);
    Ok(Figure { element: panels.child(legend.element), size, about: told(plot, &margins) })
}
