//! Training and held-out loss against steps.

use super::Unplottable;
use super::axis::{Axis, Way};
use super::chart::{Chart, Words};
use super::digits::{fixed, rounded};
use super::legend::{End, Key, ends};
use super::marks::{Marker, dashed, markers, stroke};
use super::path::pieces;
use super::span::{Span, plottable};
use super::theme::THEME;

/// The size of the panel.
const SIZE: (f64, f64) = (380.0, 210.0);

/// How training went.
#[derive(Clone, Copy, Debug)]
pub struct Losses<'a> {
    /// What the picture is called by those who do not see it.
    pub title: &'a str,
    /// The name of the loss, with its unit if it has one.
    pub loss: &'a str,
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
pub fn losses(plot: &Losses) -> Result<String, Unplottable> {
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
    let chart = Chart::new(x, y, SIZE, key.into_iter().collect());
    let panel = chart.panel();
    let lines = [("training", &training, THEME.inner, 0.9), ("held-out", &held_out, THEME.main, 1.8)];
    let (mut drawn, mut labels) = (Vec::new(), Vec::new());
    for (name, points, colour, thickness) in lines {
        if let Some(last) = points.last() {
            drawn.push(stroke(panel.line(points), colour, thickness));
            labels.push(End { height: panel.height(last.1), words: name, look: None });
        }
    }
    if let Some(best) = best {
        let (x, y) = panel.place(best);
        drawn.push(dashed(
            stroke(pieces([((x, y), (x, panel.frame.bottom()))]), THEME.accent, 0.9),
            "1.5 2.5",
        ));
        drawn.push(markers(&[(x, y)], Marker::Diamond, THEME.accent));
    }
    let right = ends(&labels, panel.frame.top, panel.frame.bottom());
    let about = format!(
        "{} of training and of what was held out; {}",
        plot.loss,
        words.as_deref().unwrap_or_default()
    );
    Ok(chart.page(&Words { title: plot.title, about, x: "step", y: plot.loss }, drawn, Some(right)))
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
