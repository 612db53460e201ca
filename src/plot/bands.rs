//! Draws of functions of a coordinate, one panel for each function.

use super::axis::{Axis, Way};
use super::element::Element;
use super::frame::{Frame, Panel, height_below, title_away, width_beside};
use super::legend::{Key, rows as in_rows};
use super::letters::cut;
use super::marks::{Marker, faint, filled, main, markers, thread, truth};
use super::page::Figure;
use super::sample::{quantiles, sorted};
use super::span::{Span, plottable};
use super::theme::THEME;
use super::{Unplottable, rows};

/// The width of panels, and the height of one where there are few, and where there are many.
const WIDTH: f64 = 520.0;
const HEIGHTS: (f64, f64) = (150.0, 100.0);
/// So many panels are few.
const FEW: usize = 3;
/// Between panels.
const APART: f64 = 14.0;
/// The ends of the wide band, those of the narrow one, and the median.
const SHOWN: [f64; 5] = [0.005, 0.25, 0.5, 0.75, 0.995];
/// The wide band is cut where it reaches farther from all else than so many times its extent.
const FARTHEST: f64 = 2.0;
/// As many draws are shown as lines.
const THREADS: usize = 12;

/// A function.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// Its name.
    pub label: &'a str,
    /// The unit of its values.
    pub unit: Option<&'a str>,
    /// What it is, in a few words.
    pub doc: Option<&'a str>,
    /// The name of the coordinate, and its unit.
    pub along: (&'a str, Option<&'a str>),
    /// `[places]`: where the function is drawn, in any order; none of one that was only seen.
    pub places: &'a [f64],
    /// `[draws × places]`, row-major. A place where no draw is finite is a gap.
    pub draws: &'a [f64],
    /// What is given: places and values.
    pub given: &'a [(f64, f64)],
    /// What is true: places and values of a line.
    pub truth: &'a [(f64, f64)],
}

/// Draws for each function, from top to bottom, its median, pointwise the intervals between its quantiles of 25 and 75 and
/// of 0.5 and 99.5 %, and a few of its draws. Functions of one coordinate stand above one axis.
///
/// # Errors
/// There are no functions, one has no whole number of draws, or nothing that is finite.
pub fn bands(panels: &[Band]) -> Result<Figure, Unplottable> {
    let Some(first) = panels.first() else { return Err(Unplottable::because("there are no functions")) };
    let strips = panels.iter().map(strip).collect::<Result<Vec<_>, _>>()?;
    let shared = panels.iter().all(|band| band.along == first.along);
    let high = if panels.len() <= FEW { HEIGHTS.0 } else { HEIGHTS.1 };
    let across = across(panels, shared)?;
    let up = panels.iter().zip(&strips).map(|(band, strip)| up(band, strip, high));
    let up = up.collect::<Result<Vec<Axis>, _>>()?;
    let widest = up.iter().map(Axis::widest).fold(0.0, f64::max);
    let far = up.iter().zip(&strips).any(|(axis, strip)| is_cut(axis, strip));
    let legend = in_rows(keys(panels, far), WIDTH);
    let left = width_beside(widest);
    let mut drawn = Element::group().child(legend.element.at(left, 0.0));
    let mut top = legend.height + 8.0;
    for (place, (((band, strip), x), y)) in panels.iter().zip(&strips).zip(&across).zip(&up).enumerate() {
        if let Some(doc) = band.doc {
            top += THEME.line;
            drawn = drawn.child(faint(&cut(doc, THEME.text, WIDTH), left, top - 5.0));
        }
        let frame = Frame { left, top, width: WIDTH, height: high };
        drawn = drawn.child(draw(Panel { frame, x, y }, band, strip));
        let labelled = !shared || place + 1 == panels.len();
        let title = labelled.then(|| x.titled(band.along.0, band.along.1));
        drawn = drawn.child(frame.below(x, labelled, title.as_deref()));
        let title = cut(&y.titled(band.label, band.unit), THEME.text, high + APART);
        drawn = drawn.child(frame.beside(y, true, Some((&title, title_away(widest)))));
        top = frame.bottom() + APART + if labelled { height_below(true) } else { 0.0 };
    }
    Ok(Figure { element: drawn, size: (left + WIDTH + 12.0, top - APART), about: about(panels) })
}

/// The axis of the coordinate of each function: one for all where it is shared.
fn across(panels: &[Band], shared: bool) -> Result<Vec<Axis>, Unplottable> {
    let places = |band: &Band| -> Vec<f64> {
        let points = band.given.iter().chain(band.truth).map(|point| point.0);
        band.places.iter().copied().chain(points).collect()
    };
    let axis = |places: Vec<f64>| {
        let span =
            Span::of(places).ok_or_else(|| Unplottable::because("none of the places is a finite number"))?;
        Ok(Axis::new(span.opened().padded(0.015), Way::Right, WIDTH))
    };
    if shared {
        let axis = axis(panels.iter().flat_map(places).collect())?;
        return Ok(vec![axis; panels.len()]);
    }
    panels.iter().map(|band| axis(places(band))).collect()
}

/// A function in the order of places.
struct Strip {
    /// The place, and the quantiles there.
    quantiles: Vec<(f64, [f64; 5])>,
    /// A few draws: places and values.
    threads: Vec<Vec<(f64, f64)>>,
}

fn strip(band: &Band) -> Result<Strip, Unplottable> {
    if band.places.is_empty() && band.draws.is_empty() {
        return Ok(Strip { quantiles: Vec::new(), threads: Vec::new() });
    }
    let draws = rows(band.draws, band.places.len(), "draws")?;
    let mut order: Vec<(usize, f64)> =
        band.places.iter().copied().enumerate().filter(|own| plottable(own.1)).collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let value = |row: &[f64], place: usize| row.get(place).copied().unwrap_or(f64::NAN);
    let of = |(place, x): &(usize, f64)| {
        let values = draws.clone().map(|row| value(row, *place));
        (*x, quantiles(&sorted(values), SHOWN).unwrap_or([f64::NAN; 5]))
    };
    let every = draws.len().div_ceil(THREADS).max(1);
    let thread = |row: &[f64]| order.iter().map(|(place, x)| (*x, value(row, *place))).collect();
    let threads = draws.clone().step_by(every).map(thread).collect();
    Ok(Strip { quantiles: order.iter().map(of).collect(), threads })
}

/// The axis of a function, which shows all that is drawn, but for what of the wide band is far out.
fn up(band: &Band, strip: &Strip, length: f64) -> Result<Axis, Unplottable> {
    let shown = |from: usize, to: usize| {
        let quantiles = strip.quantiles.iter().flat_map(move |(_, own)| [at(own, from), at(own, to)]);
        Span::of(quantiles.chain(band.given.iter().chain(band.truth).map(|point| point.1)))
    };
    let (all, most) = shown(0, 4)
        .zip(shown(1, 3))
        .ok_or_else(|| Unplottable::because(format!("no draw of {} is finite", band.label)))?;
    let span = if most.is_point() { all } else { all.meet(most.padded(FARTHEST)).unwrap_or(all) };
    Ok(Axis::new(span.opened().padded(0.05), Way::Up, length))
}

fn draw(panel: Panel, band: &Band, strip: &Strip) -> Element {
    let between = |low: usize, high: usize| {
        let Span { low: least, high: most } = panel.y.span;
        // What is not a number stays so, and is a gap.
        let end = |own: &[f64; 5], place: usize| {
            let end = at(own, place);
            if end.is_nan() { end } else { end.clamp(least, most) }
        };
        let ends = strip.quantiles.iter().map(|(x, own)| [*x, end(own, low), end(own, high)]);
        panel.strip(&ends.collect::<Vec<[f64; 3]>>())
    };
    let median: Vec<(f64, f64)> = strip.quantiles.iter().map(|(x, own)| (*x, at(own, 2))).collect();
    let known = (!band.truth.is_empty()).then(|| truth(panel.line(band.truth)));
    let given = panel.places(band.given);
    let given = (!given.is_empty()).then(|| markers(&given, Marker::Circle, THEME.ink));
    // A draw may leave the wide band, and then the panel.
    let within = |own: &Vec<(f64, f64)>| {
        let inside = |(x, y): &(f64, f64)| (*x, if panel.y.span.holds(*y) { *y } else { f64::NAN });
        panel.line(&own.iter().map(inside).collect::<Vec<(f64, f64)>>())
    };
    let threads: String = strip.threads.iter().map(within).collect();
    let drawn = Element::group();
    let drawn = match strip.quantiles.is_empty() {
        true => drawn,
        false => drawn
            .child(filled(between(0, 4), THEME.outer))
            .child(filled(between(1, 3), THEME.inner))
            .child(thread(threads))
            .child(main(panel.line(&median))),
    };
    drawn.children(known).children(given)
}

fn at(quantiles: &[f64; 5], place: usize) -> f64 {
    quantiles.get(place).copied().unwrap_or(f64::NAN)
}

/// Whether a band reaches beyond an axis.
fn is_cut(axis: &Axis, strip: &Strip) -> bool {
    let mut ends = strip.quantiles.iter().flat_map(|(_, own)| [at(own, 0), at(own, 4)]);
    ends.any(|end| plottable(end) && !axis.span.holds(end))
}

fn keys(panels: &[Band], far: bool) -> Vec<Key> {
    let mut keys = Vec::new();
    if panels.iter().any(|band| !band.places.is_empty()) {
        keys.push(Key::line(main, "median"));
        keys.push(Key::area(THEME.inner, "50 % of draws"));
        keys.push(Key::area(
            THEME.outer,
            if far { "99 % of draws, in part beyond view" } else { "99 % of draws" },
        ));
        keys.push(Key::line(thread, "single draws"));
    }
    if panels.iter().any(|band| !band.truth.is_empty()) {
        keys.push(Key::line(truth, "truth"));
    }
    if panels.iter().any(|band| !band.given.is_empty()) {
        keys.push(Key::marker(Marker::Circle, THEME.ink, "given"));
    }
    keys
}

fn about(panels: &[Band]) -> String {
    let told = panels.iter().map(|band| format!("{} against {}", band.label, band.along.0));
    format!("Medians with bands of 50 and 99 % of {}", told.collect::<Vec<String>>().join(", "))
}
