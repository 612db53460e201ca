//! Draws of functions of a coordinate, one panel for each function.

use super::axis::{Axis, Way};
use super::element::Element;
use super::frame::{Frame, Panel, height_below, title_away, width_beside};
use super::legend::{Key, rows as in_rows};
use super::letters::cut;
use super::marks::{Marker, filled, main, markers, truth};
use super::page::{EDGE, page};
use super::sample::{quantiles, sorted};
use super::span::{Span, plottable};
use super::theme::THEME;
use super::{Unplottable, rows};

/// The width of panels, and the height of one where there are few, and where there are many.
const WIDTH: f64 = 460.0;
const HEIGHTS: (f64, f64) = (150.0, 100.0);
/// So many panels are few.
const FEW: usize = 3;
/// Between panels.
const APART: f64 = 14.0;

/// Draws of functions of one coordinate.
#[derive(Clone, Copy, Debug)]
pub struct Bands<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// The name of the coordinate.
    pub coordinate: &'a str,
    /// Its unit.
    pub unit: Option<&'a str>,
    /// `[places]`: where the functions are known, in any order.
    pub places: &'a [f64],
    /// The functions, from top to bottom.
    pub panels: &'a [Band<'a>],
}

/// A function.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// Its name.
    pub label: &'a str,
    /// The unit of its values.
    pub unit: Option<&'a str>,
    /// `[draws × places]`, row-major. A place where no draw is finite is a gap.
    pub draws: &'a [f64],
    /// What was seen: places and values.
    pub observed: &'a [(f64, f64)],
    /// What is true: places and values of a line.
    pub truth: &'a [(f64, f64)],
}

/// Draws for each function its median and, pointwise, the intervals between its quantiles of 25 and 75, and of 5 and 95 %.
///
/// # Errors
/// There are no places, no panels, or no whole number of draws.
pub fn bands(plot: &Bands) -> Result<String, Unplottable> {
    if plot.panels.is_empty() {
        return Err(Unplottable::because("there are no functions"));
    }
    let strips = plot.panels.iter().map(|band| strip(plot.places, band)).collect::<Result<Vec<_>, _>>()?;
    let seen = plot.panels.iter().flat_map(|band| band.observed.iter().chain(band.truth));
    let across = Span::of(plot.places.iter().copied());
    let across = across.ok_or_else(|| Unplottable::because("none of the places is a finite number"))?;
    let across = Axis::new(across.and(seen.map(|point| point.0)).opened().padded(0.015), Way::Right, WIDTH);
    let high = if plot.panels.len() <= FEW { HEIGHTS.0 } else { HEIGHTS.1 };
    let up = plot
        .panels
        .iter()
        .zip(&strips)
        .map(|(band, strip)| up(band, strip, high))
        .collect::<Result<Vec<_>, _>>()?;
    let widest = up.iter().map(Axis::widest).fold(0.0, f64::max);
    let left = EDGE + width_beside(widest);
    let legend = in_rows(keys(plot), WIDTH);
    let top = EDGE + legend.height + 8.0;
    let mut drawn = vec![legend.element.at(left, EDGE)];
    for (place, ((band, strip), up)) in plot.panels.iter().zip(&strips).zip(&up).enumerate() {
        let frame = Frame { left, top: top + place as f64 * (high + APART), width: WIDTH, height: high };
        drawn.push(draw(Panel { frame, x: &across, y: up }, band, strip));
        let lowest = place + 1 == plot.panels.len();
        let title = lowest.then(|| across.titled(plot.coordinate, plot.unit));
        drawn.push(frame.below(&across, lowest, title.as_deref()));
        let title = cut(&up.titled(band.label, band.unit), THEME.text, high + APART);
        drawn.push(frame.beside(up, true, Some((&title, title_away(widest)))));
    }
    let bottom = top + plot.panels.len() as f64 * (high + APART) - APART + height_below(true) + EDGE;
    Ok(page(plot.title, &about(plot), (left + WIDTH + 2.0 * EDGE, bottom), drawn))
}

/// The quantiles of a function at each place, in the order of places.
type Strip = Vec<(f64, [f64; 5])>;

fn strip(places: &[f64], band: &Band) -> Result<Strip, Unplottable> {
    let draws = rows(band.draws, places.len(), "draws")?;
    let mut order: Vec<(usize, f64)> =
        places.iter().copied().enumerate().filter(|own| plottable(own.1)).collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let of = |(place, x): (usize, f64)| {
        let values = draws.clone().map(|row| row.get(place).copied().unwrap_or(f64::NAN));
        (x, quantiles(&sorted(values)).unwrap_or([f64::NAN; 5]))
    };
    Ok(order.into_iter().map(of).collect())
}

/// The axis of a function, which shows all that is drawn.
fn up(band: &Band, strip: &Strip, length: f64) -> Result<Axis, Unplottable> {
    let quantiles = strip.iter().flat_map(|(_, quantiles)| *quantiles);
    let points = band.observed.iter().chain(band.truth).map(|point| point.1);
    let span = Span::of(quantiles.chain(points));
    let span = span.ok_or_else(|| Unplottable::because(format!("no draw of {} is finite", band.label)))?;
    Ok(Axis::new(span.opened().padded(0.05), Way::Up, length))
}

fn draw(panel: Panel, band: &Band, strip: &Strip) -> Element {
    let between = |low: usize, high: usize| {
        let ends = strip.iter().map(|(x, own)| [*x, at(own, low), at(own, high)]);
        panel.strip(&ends.collect::<Vec<[f64; 3]>>())
    };
    let median: Vec<(f64, f64)> = strip.iter().map(|(x, own)| (*x, at(own, 2))).collect();
    let known = (!band.truth.is_empty()).then(|| truth(panel.line(band.truth)));
    let observed = panel.places(band.observed);
    let observed = (!observed.is_empty()).then(|| markers(&observed, Marker::Circle, THEME.ink));
    Element::group()
        .child(filled(between(0, 4), THEME.outer))
        .child(filled(between(1, 3), THEME.inner))
        .child(main(panel.line(&median)))
        .children(known)
        .children(observed)
}

fn at(quantiles: &[f64; 5], place: usize) -> f64 {
    quantiles.get(place).copied().unwrap_or(f64::NAN)
}

fn keys(plot: &Bands) -> Vec<Key> {
    let mut keys =
        vec![Key::line(main, "median"), Key::area(THEME.inner, "50 %"), Key::area(THEME.outer, "90 %")];
    if plot.panels.iter().any(|band| !band.truth.is_empty()) {
        keys.push(Key::line(truth, "truth"));
    }
    if plot.panels.iter().any(|band| !band.observed.is_empty()) {
        keys.push(Key::marker(Marker::Circle, THEME.ink, "observed"));
    }
    keys
}

fn about(plot: &Bands) -> String {
    let names: Vec<&str> = plot.panels.iter().map(|band| band.label).collect();
    format!("Medians with bands of 50 and 90 % of {} against {}", names.join(", "), plot.coordinate)
}
