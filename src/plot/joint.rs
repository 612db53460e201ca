//! Two quantities of a corner plot: a panel below the diagonal.

use super::contour::contours;
use super::cosines::Cosines;
use super::element::Element;
use super::frame::{Frame, Panel};
use super::margin::{Draws, Margin};
use super::marks::{Marker, crosshair, dust, filled, markers, stroke};
use super::path::{pieces, polyline, ring};
use super::sample::{quantile, sorted};
use super::span::Span;
use super::surface::{Surface, surface};
use super::theme::THEME;

/// The shares of draws that contours hold.
const SHARES: [f64; 2] = [0.9, 0.5];
/// Contours are worth drawing of so many points.
const ENOUGH: usize = 40;

/// A panel with one quantity from left to right and another from bottom to top.
pub struct Joint<'a> {
    /// From left to right.
    pub x: &'a Margin,
    /// From bottom to top.
    pub y: &'a Margin,
    /// Where.
    pub frame: Frame,
    /// At most so many draws are shown as dots.
    pub dots: usize,
}

impl Joint<'_> {
    /// Draws the panel.
    pub fn draw(&self, cosines: &Cosines) -> Element {
        let points = paired(&self.x.draws, &self.y.draws);
        let found = if points.len() >= ENOUGH { self.surface(&points, cosines) } else { None };
        let group = Element::group();
        let group = match found {
            Some(surface) => self.draw_surface(group, &points, &surface),
            None => group.child(self.draw_dots(&points, THEME.main, 3.0)),
        };
        group.child(self.draw_truth()).child(self.frame.outline())
    }

    fn panel(&self) -> Panel<'_> {
        Panel { frame: self.frame, x: &self.x.across, y: &self.y.up }
    }

    fn surface(&self, points: &[(f64, f64)], cosines: &Cosines) -> Option<Surface> {
        let (x, y) = (self.x.draws.extent(self.x.view())?, self.y.draws.extent(self.y.view())?);
        Some(surface(points, x, y, cosines))
    }

    fn draw_surface(&self, group: Element, points: &[(f64, f64)], surface: &Surface) -> Element {
        let densities: Vec<f64> = points.iter().map(|point| surface.at(point.0, point.1)).collect();
        let ordered = sorted(densities.iter().copied());
        // The region above a quantile of the densities at the points holds that share of them, however much was smoothed
        // (Hyndman 1996).
        let levels = SHARES.map(|share| quantile(&ordered, 1.0 - share).unwrap_or(0.0));
        let [outer, _] = levels;
        let outside = points.iter().zip(&densities).filter(|(_, density)| **density < outer);
        let outside: Vec<(f64, f64)> = outside.map(|(point, _)| *point).collect();
        let group = group.child(self.draw_dots(&outside, THEME.guide, 1.3));
        let Some(grid) = surface.grid(self.x.view(), self.y.view()) else { return group };
        let areas = levels.iter().zip([THEME.outer, THEME.inner]).flat_map(|(level, colour)| {
            let lines = contours(&grid, *level);
            let area: String = lines.iter().map(|line| ring(&self.panel().places(line))).collect();
            [filled(area, colour), stroke(self.edges(&lines), THEME.main, 0.7)]
        });
        group.children(areas)
    }

    /// Contours as open lines: where one goes along the edge of the view, the density goes on beyond, and the line ends.
    fn edges(&self, lines: &[Vec<(f64, f64)>]) -> String {
        let on = |x: f64, view: Span| x == view.low || x == view.high;
        let cut = |one: &(f64, f64), next: &(f64, f64)| {
            (on(one.0, self.x.view()) && one.0 == next.0) || (on(one.1, self.y.view()) && one.1 == next.1)
        };
        let mut path = String::new();
        for line in lines {
            // From behind a cut on, so that no piece is cut in two where the line starts.
            let ends = || line.iter().zip(line.iter().cycle().skip(1));
            match ends().position(|(one, next)| cut(one, next)) {
                None => path += &ring(&self.panel().places(line)),
                Some(place) => {
                    let turned: Vec<(f64, f64)> =
                        line.iter().cycle().skip(place + 1).take(line.len()).copied().collect();
                    let open = turned.chunk_by(|one, next| !cut(one, next)).filter(|piece| piece.len() > 1);
                    path.extend(open.map(|piece| polyline(&self.panel().places(piece))));
                }
            }
        }
        path
    }

    /// Some of the points that are in view, at equal distances in their order.
    fn draw_dots(&self, points: &[(f64, f64)], colour: &'static str, size: f64) -> Element {
        let seen = |point: &&(f64, f64)| self.x.view().holds(point.0) && self.y.view().holds(point.1);
        let seen: Vec<(f64, f64)> = points.iter().filter(seen).copied().collect();
        let every = seen.len().div_ceil(self.dots.max(1)).max(1);
        let some: Vec<(f64, f64)> =
            seen.iter().step_by(every).map(|point| self.panel().place(*point)).collect();
        dust(&some, colour, size)
    }

    /// A line for each quantity whose truth is known, and a mark where both are.
    fn draw_truth(&self) -> Element {
        let (panel, frame) = (self.panel(), self.frame);
        let x = self.x.truth.map(|x| panel.place((x, self.y.view().low)).0);
        let y = self.y.truth.map(|y| panel.height(y));
        let lines = x.map(|x| ((x, frame.bottom()), (x, frame.top))).into_iter();
        let lines = lines.chain(y.map(|y| ((frame.left, y), (frame.right(), y))));
        let lines = crosshair(pieces(lines));
        let both = x.zip(y).map(|place| markers(&[place], Marker::Square, THEME.accent));
        Element::group().child(lines).children(both)
    }
}

/// The draws that have both values.
fn paired(x: &Draws, y: &Draws) -> Vec<(f64, f64)> {
    let pairs = x.values.iter().copied().zip(y.values.iter().copied());
    pairs.filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}
