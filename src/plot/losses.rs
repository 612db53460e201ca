//! Training and held-out loss against steps.

use super::Unplottable;
use super::axis::{Axis, Way};
use super::digits::{fixed, rounded};
use super::element::Element;
use super::frame::{Frame, Panel, height_below, title_away, width_beside};
use super::legend::{End, Key, ends, rows};
use super::marks::{Marker, dashed, markers, stroke};
use super::page::Figure;
use super::path::pieces;
use super::span::{Span, plottable};
use super::theme::THEME;

/// The size of the panel.
const SIZE: (f64, f64) = (420.0, 230.0);
/// Between the legend and the panel.
const GAP: f64 = 8.0;

/// How training went.
#[derive(Clone, Copy, Debug)]
pub struct Losses<'a> {
    /// Steps and losses of what was trained on, in any order.
    pub training: &'a [(f64, f64)],
    /// Steps and losses of what was held out.
    pub held_out: &'a [(f64, f64)],
}

/// Draws both losses, and marks where the held-out one was least; without one, where that of training was. Steps are shown
/// by their logarithms if all are above zero and they go over a factor of ten.
///
/// # Errors
/// No loss is finite.
pub fn losses(plot: &Losses) -> Result<Figure, Unplottable> {
    let (training, held_out) = (whole(plot.training), whole(plot.held_out));
    let both = || training.iter().chain(&held_out);
    let (Some(steps), Some(values)) =
        (Span::of(both().map(|point| point.0)), Span::of(both().map(|point| point.1)))
    else {
        return Err(Unplottable::because("no loss is finite"));
    };
    let x = Axis::by_powers(steps, Way::Right, SIZE.0);
    let y = Axis::new(values.opened().padded(0.06), Way::Up, SIZE.1);
    let best = best(if held_out.is_empty() { &training } else { &held_out });
    let words = best.map(|(step, loss)| {
        format!("least {} at step {}", rounded(loss, values.width() / 20.0), fixed(step, 0))
    });
    let key = words.as_ref().map(|words| Key::marker(Marker::Diamond, THEME.accent, words.as_str()));
    let legend = rows(key.into_iter().collect(), SIZE.0);
    let (left, top) = (width_beside(y.widest()), legend.height + GAP);
    let frame = Frame { left, top, width: SIZE.0, height: SIZE.1 };
    let panel = Panel { frame, x: &x, y: &y };
    let (mut drawn, mut labels) = (Element::group(), Vec::new());
    let lines = [("training", &training, THEME.inner, 0.9), ("held-out", &held_out, THEME.main, 1.8)];
    for (name, points, colour, thickness) in lines {
        if let Some(last) = points.last() {
            drawn = drawn.child(stroke(panel.line(points), colour, thickness));
            labels.push(End { height: panel.height(last.1), words: name });
        }
    }
    let right = ends(&labels, frame.top, frame.bottom());
    let size = (frame.right() + right.width, frame.bottom() + height_below(true));
    let element = drawn
        .children(best.map(|best| mark(&panel, best)))
        .child(frame.below(&x, true, Some(&x.titled("step", None))))
        .child(frame.beside(&y, true, Some((&y.titled("loss", None), title_away(y.widest())))))
        .child(legend.element.at(left, 0.0))
        .child(right.element.at(frame.right(), 0.0));
    let about = format!("Loss in training and on what was held out; {}", words.unwrap_or_default());
    Ok(Figure { element, size, about })
}

/// A mark at a point, and a line from there to the axis.
fn mark(panel: &Panel, best: (f64, f64)) -> Element {
    let (x, y) = panel.place(best);
    let down = stroke(pieces([((x, y), (x, panel.frame.bottom()))]), THEME.accent, 0.9);
    Element::group().child(dashed(down, "1.5 2.5")).child(markers(&[(x, y)], Marker::Diamond, THEME.accent))
}

/// The points that have a place, in order of steps.
fn whole(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut whole: Vec<(f64, f64)> =
        points.iter().filter(|own| plottable(own.0) && plottable(own.1)).copied().collect();
    whole.sort_by(|one, other| one.0.total_cmp(&other.0));
    whole
}

fn best(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    points.iter().copied().reduce(|best, own| if own.1 < best.1 { own } else { best })
}
