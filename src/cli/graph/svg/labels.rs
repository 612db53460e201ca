//! The names of plates and modalities, in a corner that no arrow runs through.

use super::diagram::Frame;
use super::ink::{FAINT, REGION, SMALL, WHITE, rectangle, text};
use super::layout::{Outline, Route};
use sbi_plot::element::Element;

/// From a side of a frame to its label.
const ASIDE: f64 = 7.0;
/// Points of a bend that are looked at.
const POINTS: usize = 24;

/// The label of a frame: in the left or the right corner, or between them; that of a modality leans. Where arrows run, or
/// sides of other frames, it does not stand if that can be had, and else on a ground of its own.
pub fn label(own: &Outline, frame: &Frame, routes: &[Route], frames: &[(&Outline, &Frame)]) -> Element {
    let long = frame.width();
    let y = if own.label_above { own.top + 13.0 } else { own.bottom - 6.0 };
    let free = (own.right - own.left - 2.0 * ASIDE - long).max(0.0);
    let area = |x: f64| Area { left: x - 3.0, right: x + long + 3.0, top: y - SMALL, bottom: y + 3.0 };
    let places = [0.0, 1.0, 0.5, 0.25, 0.75].map(|share| own.left + ASIDE + share * free);
    let no_arrow = |x: &f64| !routes.iter().any(|route| area(*x).is_run_through(route));
    let no_side = |x: &f64| !frames.iter().any(|(other, _)| area(*x).is_cut_by(other));
    let clear = places.into_iter().find(|x| no_arrow(x) && no_side(x));
    let x = clear.or_else(|| places.into_iter().find(no_arrow)).unwrap_or(own.left + ASIDE);
    let words = text(&frame.label, x, y, SMALL, FAINT);
    let words =
        if frame.plate { words } else { words.with("font-style", "italic").with("font-weight", "bold") };
    let tinted = frames.iter().any(|(other, kind)| !kind.plate && area(x).is_within(other));
    let ground = rectangle(x - 2.0, y - SMALL, long + 4.0, SMALL + 3.0);
    let ground = clear.is_none().then(|| ground.with("fill", if tinted { REGION } else { WHITE }));
    Element::group().children(ground).child(words)
}

/// Where a label is to stand.
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    fn is_within(&self, frame: &Outline) -> bool {
        frame.left <= self.left
            && self.right <= frame.right
            && frame.top <= self.top
            && self.bottom <= frame.bottom
    }

    /// Whether a side of a frame runs through it.
    fn is_cut_by(&self, frame: &Outline) -> bool {
        let meets = frame.left < self.right
            && self.left < frame.right
            && frame.top < self.bottom
            && self.top < frame.bottom;
        meets && !self.is_within(frame)
    }

    /// Whether a way runs through it.
    fn is_run_through(&self, route: &Route) -> bool {
        let beside = |x: f64| (self.left..=self.right).contains(&x);
        let straight = route.stops.iter().any(|stop| {
            beside(stop.x)
                && stop.top.min(stop.bottom) <= self.bottom
                && stop.bottom.max(stop.top) >= self.top
        });
        let bent = route.stops.iter().zip(route.stops.iter().skip(1)).any(|(one, next)| {
            (0..=POINTS).any(|point| {
                let t = point as f64 / POINTS as f64;
                let rest = 1.0 - t;
                // As it is drawn: the two points between lead straight down and straight from above.
                let x = one.x + (next.x - one.x) * t * t * (3.0 - 2.0 * t);
                let half = 3.0 * t * rest * (one.bottom + next.top) / 2.0;
                let y = one.bottom * rest * rest * rest + half + next.top * t * t * t;
                beside(x) && (self.top..=self.bottom).contains(&y)
            })
        });
        straight || bent
    }
}
