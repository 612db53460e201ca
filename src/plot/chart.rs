//! A plot of one panel: its axes with titles, a legend above, and words on its right.

use super::axis::Axis;
use super::element::Element;
use super::frame::{Frame, Panel, height_below, title_away, width_beside};
use super::legend::{Block, Key, rows};
use super::page::{EDGE, page};

/// Between the legend and the panel.
const LEGEND_GAP: f64 = 8.0;

/// A panel with what stands around it.
pub struct Chart {
    /// Its axis from left to right.
    pub x: Axis,
    /// Its axis from bottom to top.
    pub y: Axis,
    frame: Frame,
    legend: Block,
}

/// What is written on a chart.
pub struct Words<'a> {
    /// What it is called.
    pub title: &'a str,
    /// What is to be seen.
    pub about: String,
    /// The title of the axis below, without the power of ten.
    pub x: &'a str,
    /// The title of the axis on the left.
    pub y: &'a str,
}

impl Chart {
    /// A chart whose panel has a size.
    pub fn new(x: Axis, y: Axis, (width, height): (f64, f64), keys: Vec<Key>) -> Chart {
        let legend = rows(keys, width);
        let above = if legend.height > 0.0 { legend.height + LEGEND_GAP } else { 0.0 };
        let frame = Frame { left: EDGE + width_beside(y.widest()), top: EDGE + above, width, height };
        Chart { x, y, frame, legend }
    }

    /// Its panel.
    pub fn panel(&self) -> Panel<'_> {
        Panel { frame: self.frame, x: &self.x, y: &self.y }
    }

    /// The picture, with what is drawn in the panel and, if anything, on its right.
    pub fn page(self, words: &Words, drawn: Vec<Element>, right: Option<Block>) -> String {
        let frame = self.frame;
        let beside = right.as_ref().map_or(0.0, |block| block.width);
        let width = (frame.right() + beside.max(6.0)).max(frame.left + self.legend.width) + EDGE;
        let height = frame.bottom() + height_below(true) + EDGE;
        let (x, y) = (self.x.titled(words.x, None), self.y.titled(words.y, None));
        let axes = [
            frame.below(&self.x, true, Some(&x)),
            frame.beside(&self.y, true, Some((&y, title_away(self.y.widest())))),
        ];
        let legend = self.legend.element.at(frame.left, EDGE);
        let right = right.map(|block| block.element.at(frame.right(), 0.0));
        let all = drawn.into_iter().chain(axes).chain([legend]).chain(right);
        page(words.title, &words.about, (width, height), all)
    }
}
