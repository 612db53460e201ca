//! Draws of several quantities: each on the diagonal, and each pair below it.

use super::cosines::Cosines;
use super::element::Element;
use super::frame::{Frame, height_below, title_away, width_beside};
use super::joint::Joint;
use super::legend::{Block, column};
use super::margin::{Margin, Shown};
use super::page::Figure;
use super::quantities::{Quantities, told};
use super::{Unplottable, quantities};

/// The side of the picture that panels share, and the least and the largest side of one.
const SHARED: f64 = 620.0;
const SIDES: (f64, f64) = (68.0, 190.0);
/// Between panels.
const APART: f64 = 10.0;
/// The cells of a pair's grid, where panels are large and where they are small.
const CELLS: (usize, usize) = (256, 128);
/// Panels of at most so many columns are large.
const LARGE: usize = 4;
/// As many dots are shown in a panel, and in all of them together.
const DOTS: (usize, usize) = (300, 8000);
/// Headings are cut to this width.
const HEADING: f64 = 180.0;

/// Draws each quantity as a density with its median and 90 % interval, and each pair as the regions of highest density
/// that hold 50 and 90 % of the draws; what lies outside is shown as dots. Up to about a dozen can be told apart.
///
/// # Errors
/// There are no draws, or no whole number of them.
pub fn corner(plot: &Quantities) -> Result<Figure, Unplottable> {
    let layout = Layout::of(plot)?;
    let cosines = Cosines::new(if plot.columns.len() <= LARGE { CELLS.0 } else { CELLS.1 });
    let count = layout.margins.len();
    let dots = DOTS.0.min(DOTS.1 / (count * count.saturating_sub(1) / 2).max(1));
    let mut drawn = Element::group();
    for (row, y) in layout.margins.iter().enumerate() {
        let joint = |(column, x)| Joint { x, y, frame: layout.frame(row, column), dots }.draw(&cosines);
        drawn = drawn
            .children(layout.margins.iter().enumerate().take(row).map(joint))
            .child(y.draw(layout.frame(row, row)))
            .child(y.heading(layout.frame(row, row), HEADING))
            .child(layout.axes(row, y));
    }
    let legend = column(quantities::keys(plot, &layout.margins, Shown::Pairs));
    let size = layout.size(&legend);
    let (x, y) = layout.legend_place(&legend);
    let element = drawn.child(legend.element.at(x, y));
    Ok(Figure { element, size, about: told(plot, &layout.margins) })
}

/// Where panels are.
struct Layout {
    margins: Vec<Margin>,
    /// The side of a panel.
    side: f64,
    left: f64,
    top: f64,
    /// How far left of the panels the titles of their axes are.
    away: f64,
}

impl Layout {
    fn of(plot: &Quantities) -> Result<Layout, Unplottable> {
        let count = plot.columns.len();
        let side = (SHARED / count.max(1) as f64 - APART).clamp(SIDES.0, SIDES.1);
        let margins = quantities::margins(plot, side)?;
        let widest = margins.iter().skip(1).map(|margin| margin.up.widest()).fold(0.0, f64::max);
        let left = if count > 1 { width_beside(widest) } else { 10.0 };
        let top = margins.iter().map(Margin::heading_height).fold(0.0, f64::max);
        Ok(Layout { margins, side, left, top, away: title_away(widest) })
    }

    fn frame(&self, row: usize, column: usize) -> Frame {
        let at = |place: usize| place as f64 * (self.side + APART);
        Frame { left: self.left + at(column), top: self.top + at(row), width: self.side, height: self.side }
    }

    /// How far the headings reach.
    fn headings(&self) -> f64 {
        let margins = self.margins.iter().enumerate();
        let reach =
            margins.map(|(place, margin)| self.frame(place, place).left + margin.heading_width(HEADING));
        reach.fold(0.0, f64::max)
    }

    /// The axes of a row and of a column, of which only those on the outside have labels.
    fn axes(&self, place: usize, margin: &Margin) -> Element {
        let (last, title) = (self.margins.len() - 1, margin.short_title(self.side));
        let under = (place..=last).map(|row| {
            let lowest = row == last;
            self.frame(row, place).below(&margin.across, lowest, lowest.then_some(title.as_str()))
        });
        let left = (0..place).map(|column| {
            let first = column == 0;
            self.frame(place, column).beside(&margin.up, first, first.then_some((title.as_str(), self.away)))
        });
        Element::group().children(under).children(left)
    }

    fn size(&self, legend: &Block) -> (f64, f64) {
        let all = self.frame(self.margins.len() - 1, self.margins.len() - 1);
        let (x, y) = self.legend_place(legend);
        let right = (all.right() + 4.0).max(x + legend.width).max(self.headings());
        (right, (all.bottom() + height_below(true)).max(y + legend.height))
    }

    /// In the free corner; right of a single panel.
    fn legend_place(&self, legend: &Block) -> (f64, f64) {
        let right = self.frame(0, self.margins.len() - 1).right();
        match self.margins.len() {
            1 => (right + 20.0, self.top),
            _ => ((right - legend.width).max(self.frame(0, 1).left + 6.0), 0.0),
        }
    }
}
