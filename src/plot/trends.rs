//! A number against a setting, a line for each of several things compared, with a band of how it varies.

use super::Unplottable;
use super::axis::{Axis, Way};
use super::element::Element;
use super::frame::{Frame, Panel, height_below, title_away, width_beside};
use super::legend::{End, ends};
use super::marks::{Marker, dashed, filled, markers, stroke};
use super::page::Figure;
use super::span::{Span, plottable};
use super::theme::THEME;

/// The size of the panel.
const SIZE: (f64, f64) = (300.0, 210.0);
/// Lines of more things than there are colours begin anew, with other dashes.
const DASHES: [Option<&str>; 3] = [None, Some("6 3"), Some("2 2.5")];
const MARKERS: [Marker; 3] = [Marker::Circle, Marker::Square, Marker::Diamond];
/// How much of the colour of a line its band has.
const BAND: f64 = 0.16;

/// One of the things compared.
#[derive(Clone, Debug)]
pub struct Trend {
    /// Its name.
    pub label: String,
    /// The setting, and the least, the middle and the largest number there, in any order.
    pub points: Vec<[f64; 4]>,
}

/// A number of several things.
#[derive(Clone, Copy, Debug)]
pub struct Trends<'a> {
    /// What the number is.
    pub title: &'a str,
    /// What the setting is, and its unit.
    pub along: (&'a str, Option<&'a str>),
    /// Whether the setting is shown by its logarithm.
    pub powers: bool,
    /// The things.
    pub trends: &'a [Trend],
}

/// Draws a line through the middle of each, above a band from the least to the largest.
///
/// # Errors
/// No number is finite.
pub fn trends(plot: &Trends) -> Result<Figure, Unplottable> {
    let whole: Vec<(&str, Vec<[f64; 4]>)> =
        plot.trends.iter().map(|own| (&*own.label, sorted(own))).collect();
    let points = || whole.iter().flat_map(|(_, points)| points);
    let (Some(across), Some(up)) =
        (Span::of(points().map(|own| own[0])), Span::of(points().flat_map(|own| own[1..].iter().copied())))
    else {
        return Err(Unplottable::because(format!("no {} is finite", plot.title)));
    };
    let x = match plot.powers {
        true => Axis::by_powers(across, Way::Right, SIZE.0),
        false => Axis::new(across.opened().padded(0.03), Way::Right, SIZE.0),
    };
    let y = Axis::new(up.opened().padded(0.06), Way::Up, SIZE.1);
    let frame = Frame { left: width_beside(y.widest()), top: THEME.line, width: SIZE.0, height: SIZE.1 };
    let panel = Panel { frame, x: &x, y: &y };
    let (mut bands, mut lines, mut labels) = (Element::group(), Element::group(), Vec::new());
    for (place, (label, points)) in whole.iter().enumerate() {
        let look = Look::of(place);
        let band: Vec<[f64; 3]> = points.iter().map(|[x, low, _, high]| [*x, *low, *high]).collect();
        bands = bands.child(filled(panel.strip(&band), look.colour).with("fill-opacity", BAND));
        let middle: Vec<(f64, f64)> = points.iter().map(|[x, _, middle, _]| (*x, *middle)).collect();
        let line = stroke(panel.line(&middle), look.colour, THEME.stroke);
        let line = match look.dash {
            Some(dash) => dashed(line, dash),
            None => line,
        };
        lines = lines.child(line).child(markers(&panel.places(&middle), look.marker, look.colour));
        labels.extend(middle.last().map(|last| End { height: panel.height(last.1), words: label }));
    }
    let right = ends(&labels, frame.top, frame.bottom());
    let size = (frame.right() + right.width, frame.bottom() + height_below(true));
    let element = Element::group()
        .child(bands)
        .child(lines)
        .child(frame.below(&x, true, Some(&x.titled(plot.along.0, plot.along.1))))
        .child(frame.beside(&y, true, Some((&y.titled(plot.title, None), title_away(y.widest())))))
        .child(right.element.at(frame.right(), 0.0));
    let about = format!("{} against {}, a line each of {}", plot.title, plot.along.0, names(plot.trends));
    Ok(Figure { element, size, about })
}

/// How a line looks: no two of the first look alike, in grey either.
struct Look {
    colour: &'static str,
    dash: Option<&'static str>,
    marker: Marker,
}

impl Look {
    fn of(place: usize) -> Look {
        let round = |count: usize| (place % count, place / count);
        let (colour, again) = round(THEME.several.len());
        Look {
            colour: THEME.several.get(colour).copied().unwrap_or(THEME.ink),
            dash: DASHES.get(again % DASHES.len()).copied().flatten(),
            marker: MARKERS.get(place % MARKERS.len()).copied().unwrap_or(Marker::Circle),
        }
    }
}

/// The points that have a place, in the order of settings.
fn sorted(trend: &Trend) -> Vec<[f64; 4]> {
    let mut points: Vec<[f64; 4]> =
        trend.points.iter().filter(|own| own.iter().all(|x| plottable(*x))).copied().collect();
    points.sort_by(|one, other| one[0].total_cmp(&other[0]));
    points
}

fn names(trends: &[Trend]) -> String {
    trends.iter().map(|own| own.label.as_str()).collect::<Vec<&str>>().join(", ")
}
