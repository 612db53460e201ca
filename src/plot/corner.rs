//! Draws of several quantities: each on the diagonal, and each pair below it.

use super::cosines::Cosines;
use super::digits::fixed;
use super::element::Element;
use super::frame::{Frame, height_below, title_away, width_beside};
use super::joint::Joint;
use super::legend::{Block, Key, column};
use super::letters::{cut, width};
use super::margin::{Draws, Margin};
use super::marks::{Marker, before, main, text, truth};
use super::page::{EDGE, page};
use super::theme::THEME;
use super::{Unplottable, rows};

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
/// Headings are cut to this width, and bold letters are wider than others by this factor at most.
const HEADING: f64 = 180.0;
const BOLD: f64 = 1.13;
/// A larger share of draws beyond the view of a quantity is told.
const BEYOND: f64 = 0.003;

/// Draws of several quantities.
#[derive(Clone, Copy, Debug)]
pub struct Corner<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// The quantities, up to about a dozen.
    pub columns: &'a [Column<'a>],
    /// `[draws × columns]`, row-major.
    pub draws: &'a [f64],
    /// `[prior draws × columns]`, row-major, in other numbers if need be.
    pub prior: Option<&'a [f64]>,
}

/// A quantity.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its name.
    pub label: &'a str,
    /// The unit of its values.
    pub unit: Option<&'a str>,
    /// Its true value.
    pub truth: Option<f64>,
}

/// Draws each quantity as a density with its median and 90 % interval, and each pair as the regions of highest density
/// that hold 50 and 90 % of the draws; what lies outside is shown as dots.
///
/// # Errors
/// There are no draws, or no whole number of them.
pub fn corner(plot: &Corner) -> Result<String, Unplottable> {
    let layout = Layout::of(plot)?;
    let cosines = Cosines::new(if plot.columns.len() <= LARGE { CELLS.0 } else { CELLS.1 });
    let count = layout.margins.len();
    let dots = DOTS.0.min(DOTS.1 / (count * count.saturating_sub(1) / 2).max(1));
    let mut drawn = Vec::new();
    for (row, y) in layout.margins.iter().enumerate() {
        for (column, x) in layout.margins.iter().enumerate().take(row) {
            drawn.push(Joint { x, y, frame: layout.frame(row, column), dots }.draw(&cosines));
        }
        drawn.push(y.draw(layout.frame(row, row)));
        drawn.push(layout.heading(row, y));
        drawn.push(layout.axes(row, y));
    }
    let legend = legend(plot, &layout.margins);
    let (width, height) = layout.size(&legend);
    let (x, y) = layout.legend_place(&legend);
    drawn.push(legend.element.at(x, y));
    Ok(page(plot.title, &about(plot, &layout.margins), (width, height), drawn))
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
    fn of(plot: &Corner) -> Result<Layout, Unplottable> {
        let count = plot.columns.len();
        let side = (SHARED / count.max(1) as f64 - APART).clamp(SIDES.0, SIDES.1);
        let draws = rows(plot.draws, count, "draws")?;
        let prior = plot.prior.map(|prior| rows(prior, count, "prior draws")).transpose()?;
        let column = |rows: &std::slice::ChunksExact<f64>, place: usize| {
            Draws::of(rows.clone().map(|row| row.get(place).copied().unwrap_or(f64::NAN)))
        };
        let margins: Vec<Margin> = plot
            .columns
            .iter()
            .enumerate()
            .map(|(place, own)| {
                let prior = prior.as_ref().map(|prior| column(prior, place));
                Margin::new((own.label, own.unit), own.truth, column(&draws, place), prior, side)
            })
            .collect();
        if margins.iter().all(|margin| margin.draws.sorted.is_empty()) {
            return Err(Unplottable::because("none of the draws is a finite number"));
        }
        let widest = margins.iter().skip(1).map(|margin| margin.up.widest()).fold(0.0, f64::max);
        let left = if count > 1 { EDGE + width_beside(widest) } else { EDGE + 10.0 };
        Ok(Layout { margins, side, left, top: EDGE + 2.0 * THEME.line + 3.0, away: title_away(widest) })
    }

    fn frame(&self, row: usize, column: usize) -> Frame {
        let at = |place: usize| place as f64 * (self.side + APART);
        Frame { left: self.left + at(column), top: self.top + at(row), width: self.side, height: self.side }
    }

    /// The name of a quantity and its figures, above its panel on the diagonal. There is room on the right.
    fn heading(&self, place: usize, margin: &Margin) -> Element {
        let frame = self.frame(place, place);
        let name = cut(&margin.title, THEME.text, HEADING);
        let figures = margin.summary().map(|words| text(&words, frame.left, frame.top - 6.0));
        Element::group()
            .child(text(&name, frame.left, frame.top - 6.0 - THEME.line).with("font-weight", "bold"))
            .children(figures)
    }

    /// How far the headings reach.
    fn headings(&self) -> f64 {
        let reach = self.margins.iter().enumerate().map(|(place, margin)| {
            let name = BOLD * width(&margin.title, THEME.text).min(HEADING);
            let figures = margin.summary().map_or(0.0, |words| width(&words, THEME.text));
            self.frame(place, place).left + name.max(figures)
        });
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
        let right = (all.right() + 4.0).max(x + legend.width).max(self.headings()) + EDGE;
        (right, (all.bottom() + height_below(true) + EDGE).max(y + legend.height + EDGE))
    }

    /// In the free corner; right of a single panel.
    fn legend_place(&self, legend: &Block) -> (f64, f64) {
        let right = self.frame(0, self.margins.len() - 1).right();
        match self.margins.len() {
            1 => (right + 20.0, self.top),
            _ => ((right - legend.width).max(self.frame(0, 1).left + 6.0), EDGE),
        }
    }
}

fn legend(plot: &Corner, margins: &[Margin]) -> Block {
    let pairs = plot.columns.len() > 1;
    let mut keys = vec![Key::line(main, "median")];
    if pairs {
        keys.push(Key::area(THEME.inner, "50 % of draws"));
    }
    keys.push(Key::area(THEME.outer, "90 % of draws"));
    if plot.prior.is_some() {
        keys.push(Key::line(before, "prior"));
    }
    if margins.iter().any(|own| own.truth.is_some()) {
        let key = Key::line(truth, "truth");
        keys.push(if pairs { key.marked(Marker::Square, THEME.accent) } else { key });
    }
    let beyond = margins.iter().map(|own| own.draws.beyond(own.view())).fold(0.0, f64::max);
    if beyond > BEYOND {
        keys.push(Key::of(Element::group(), format!("up to {} % beyond view", fixed(100.0 * beyond, 1))));
    }
    column(keys)
}

/// What is to be seen, in words.
fn about(plot: &Corner, margins: &[Margin]) -> String {
    let told = margins.iter().zip(plot.columns).map(|(margin, own)| match margin.summary() {
        Some(summary) => format!("{} {summary}", margin.title),
        None => format!("{} without finite draws", own.label),
    });
    let draws = plot.draws.len() / plot.columns.len().max(1);
    format!("Medians and 90 % intervals of {draws} draws: {}", told.collect::<Vec<String>>().join("; "))
}
