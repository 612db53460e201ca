//! How often regions of a nominal level hold the true values.

use super::Unplottable;
use super::axis::{Axis, Way};
use super::binomial::interval;
use super::chart::{Chart, Words};
use super::element::Element;
use super::legend::{Key, column};
use super::marks::{drawn as line, ending, filled, markers, stroke, text};
use super::path::pieces;
use super::span::Span;
use super::theme::{THEME, look};

/// The side of the panel.
const SIDE: f64 = 260.0;
/// The band is drawn at so many levels.
const PLACES: usize = 100;
/// A line of more points has no markers.
const MARKED: usize = 25;

/// Nominal levels and what came of them.
#[derive(Clone, Copy, Debug)]
pub struct Coverage<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// How many data sets each coverage is a share of.
    pub data_sets: usize,
    /// `[levels]`: nominal levels of 0 to 1, in any order.
    pub levels: &'a [f64],
    /// What is compared.
    pub lines: &'a [Empirical<'a>],
}

/// What came of nominal levels.
#[derive(Clone, Copy, Debug)]
pub struct Empirical<'a> {
    /// What it is of.
    pub label: &'a str,
    /// `[levels]`: the shares of data sets whose true value lies in the region of each level.
    pub coverage: &'a [f64],
}

/// Draws empirical against nominal coverage, with a binomial band: pointwise, the share of as many data sets lies in it with
/// probability 95 % if the nominal level is right. Below the diagonal, regions are too small.
///
/// # Errors
/// There are no levels or data sets, or a line has another number of levels.
pub fn coverage(plot: &Coverage) -> Result<String, Unplottable> {
    if plot.levels.is_empty() || plot.lines.is_empty() || plot.data_sets == 0 {
        return Err(Unplottable::because("there are no levels, no lines or no data sets"));
    }
    if let Some(line) = plot.lines.iter().find(|line| line.coverage.len() != plot.levels.len()) {
        let (own, all) = (line.coverage.len(), plot.levels.len());
        return Err(Unplottable::because(format!("{} has {own} coverages for {all} levels", line.label)));
    }
    let unit = Span { low: 0.0, high: 1.0 };
    let (x, y) = (Axis::new(unit, Way::Right, SIDE), Axis::new(unit, Way::Up, SIDE));
    let keys = vec![Key::area(THEME.chance, format!("95 % by chance, of {} data sets", plot.data_sets))];
    let chart = Chart::new(x, y, (SIDE, SIDE), keys);
    let panel = chart.panel();
    let band = (0..=PLACES).map(|place| {
        let level = place as f64 / PLACES as f64;
        let (low, high) = interval(plot.data_sets, level, 0.05);
        [level, low as f64 / plot.data_sets as f64, high as f64 / plot.data_sets as f64]
    });
    let diagonal = pieces([(panel.place((0.0, 0.0)), panel.place((1.0, 1.0)))]);
    let (low, high) = (panel.place((0.03, 0.97)), panel.place((0.97, 0.03)));
    let mut drawn = vec![
        filled(panel.strip(&band.collect::<Vec<[f64; 3]>>()), THEME.chance),
        stroke(diagonal, THEME.guide, THEME.thin),
        text("regions too large", low.0, low.1 + 8.0).with("fill-opacity", 0.6),
        ending("regions too small", high.0, high.1).with("fill-opacity", 0.6),
    ];
    for (place, own) in plot.lines.iter().enumerate() {
        let points = panel.places(&points(plot.levels, own));
        drawn.push(line(super::path::polyline(&points), look(place)));
        if points.len() <= MARKED {
            drawn.push(markers(&points, look(place).marker, look(place).colour));
        }
    }
    let marked = plot.levels.len() <= MARKED;
    let keys = plot.lines.iter().enumerate().map(|(place, own)| {
        let key = Key::line(|path| line(path, look(place)), own.label);
        if marked { key.marked(look(place).marker, look(place).colour) } else { key }
    });
    let mut right = column(keys.collect());
    right.element = Element::group().child(right.element.at(14.0, panel.frame.top));
    right.width += 14.0;
    let names: Vec<&str> = plot.lines.iter().map(|line| line.label).collect();
    let about = format!("Empirical against nominal coverage of {}", names.join(", "));
    let words = Words { title: plot.title, about, x: "nominal level", y: "empirical coverage" };
    Ok(chart.page(&words, drawn, Some(right)))
}

/// Levels and coverages in order, those that are shares.
fn points(levels: &[f64], line: &Empirical) -> Vec<(f64, f64)> {
    let share = |x: f64| (0.0..=1.0).contains(&x);
    let points = levels.iter().copied().zip(line.coverage.iter().copied());
    let mut points: Vec<(f64, f64)> = points.filter(|own| share(own.0) && share(own.1)).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}
