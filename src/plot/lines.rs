//! A score against a grid, one line for each scheme, with what seeds make of it.

use super::Unplottable;
use super::axis::{Axis, Way, spans_powers};
use super::chart::{Chart, Words};
use super::legend::{End, Key, ends};
use super::marks::{drawn as line, filled, markers, stroke};
use super::sample::{quantile, sorted};
use super::span::{Span, plottable};
use super::theme::{THEME, look};

/// The size of the panel.
const SIZE: (f64, f64) = (340.0, 230.0);

/// A score of several schemes.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// What the grid is of, with its unit if it has one.
    pub x: &'a str,
    /// What the score is, with its unit if it has one.
    pub y: &'a str,
    /// `[places]` of the grid, in any order.
    pub grid: &'a [f64],
    /// The schemes.
    pub schemes: &'a [Scheme<'a>],
    /// A score to compare with, and what it is.
    pub reference: Option<(f64, &'a str)>,
}

/// A scheme.
#[derive(Clone, Copy, Debug)]
pub struct Scheme<'a> {
    /// Its name.
    pub label: &'a str,
    /// `[seeds × places]`, row-major; what is not a number is left out.
    pub scores: &'a [f64],
}

/// Draws for each scheme the median over seeds, with a band from the least to the largest. The grid is shown by its
/// logarithms if all of it is above zero and it goes over a factor of ten.
///
/// # Errors
/// There is no grid, no scheme, no finite score, or no whole number of seeds.
pub fn lines(plot: &Lines) -> Result<String, Unplottable> {
    if plot.schemes.is_empty() {
        return Err(Unplottable::because("there are no schemes"));
    }
    let all = plot.schemes.iter().map(|scheme| points(plot.grid, scheme)).collect::<Result<Vec<_>, _>>()?;
    let scores = all.iter().flatten().flat_map(|own| own.scores);
    let scores = Span::of(scores).ok_or_else(|| Unplottable::because("no score is finite"))?;
    let scores = scores.and(plot.reference.map(|own| own.0));
    let grid = Span::of(all.iter().flatten().map(|own| own.x)).unwrap_or(scores);
    let x = match spans_powers(grid) {
        true => Axis::by_powers(Span { low: grid.low / 1.12, high: grid.high * 1.12 }, Way::Right, SIZE.0),
        false => Axis::new(grid.opened().padded(0.03), Way::Right, SIZE.0),
    };
    let y = Axis::new(scores.opened().padded(0.06), Way::Up, SIZE.1);
    let seeds = plot.schemes.iter().any(|scheme| scheme.scores.len() > plot.grid.len());
    let keys = seeds.then(|| {
        vec![
            Key::line(|path| stroke(path, THEME.ink, THEME.stroke), "median of seeds"),
            Key::area(THEME.chance, "their range"),
        ]
    });
    let chart = Chart::new(x, y, SIZE, keys.unwrap_or_default());
    let panel = chart.panel();
    let (mut bands, mut drawn, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    if let Some((score, name)) = plot.reference.filter(|own| plottable(own.0)) {
        bands.push(stroke(panel.level(score), THEME.guide, THEME.thin));
        labels.push(End { height: panel.height(score), words: name, look: None });
    }
    for (place, (scheme, points)) in plot.schemes.iter().zip(&all).enumerate() {
        let look = look(place);
        let strip: Vec<[f64; 3]> =
            points.iter().map(|Point { x, scores: [low, _, high] }| [*x, *low, *high]).collect();
        bands.push(filled(panel.strip(&strip), look.colour).with("fill-opacity", 0.16));
        let medians: Vec<(f64, f64)> =
            points.iter().map(|Point { x, scores: [_, median, _] }| (*x, *median)).collect();
        drawn.push(line(panel.line(&medians), look));
        drawn.push(markers(&panel.places(&medians), look.marker, look.colour));
        if let Some(last) = medians.last() {
            labels.push(End { height: panel.height(last.1), words: scheme.label, look: Some(look) });
        }
    }
    let right = ends(&labels, panel.frame.top, panel.frame.bottom());
    bands.extend(drawn);
    let names: Vec<&str> = plot.schemes.iter().map(|scheme| scheme.label).collect();
    let about = format!("{} against {} of {}", plot.y, plot.x, names.join(", "));
    Ok(chart.page(&Words { title: plot.title, about, x: plot.x, y: plot.y }, bands, Some(right)))
}

/// A place of the grid.
struct Point {
    x: f64,
    /// The least, the median and the largest score.
    scores: [f64; 3],
}

/// The places where a scheme has a score, in order.
fn points(grid: &[f64], scheme: &Scheme) -> Result<Vec<Point>, Unplottable> {
    let seeds = super::rows(scheme.scores, grid.len(), "scores")?;
    let of = |(place, x): (usize, &f64)| {
        let scores = sorted(seeds.clone().map(|row| row.get(place).copied().unwrap_or(f64::NAN)));
        let own = |share: f64| quantile(&scores, share);
        Some(Point { x: *x, scores: [own(0.0)?, own(0.5)?, own(1.0)?] })
    };
    let places = grid.iter().enumerate().filter(|(_, x)| plottable(**x));
    let mut points: Vec<Point> = places.filter_map(of).collect();
    points.sort_by(|one, other| one.x.total_cmp(&other.x));
    Ok(points)
}
