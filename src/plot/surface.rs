//! The density of a sample of two quantities, smoothed within the range of its values only.

use super::bandwidth;
use super::cosines::Cosines;
use super::density::{CALM, cell, finest, smoothing, variance};
use super::portable::pow;
use super::sample::sorted;
use super::span::Span;
use std::f64::consts::PI;

/// Smoothing goes down by these factors where there are more than a few points.
const FACTORS: [f64; 4] = [8.0, 4.0, 2.0, 1.0];
/// A few points are this, times the power 2/3 of their number: a thirtieth of those around the middle of a normal law.
const FEW: f64 = 0.065;

/// A density on a rectangle, which is nothing outside.
pub struct Surface {
    /// The range of the first quantity.
    pub x: Span,
    /// The range of the second.
    pub y: Span,
    cells: usize,
    /// `[cell of y × cell of x]`, at the middles of cells.
    values: Vec<f64>,
}

/// Places of a grid and values there, ready for contours: the outermost values are zero.
pub struct Grid {
    /// The places of columns, which do not decrease.
    pub xs: Vec<f64>,
    /// The places of rows.
    pub ys: Vec<f64>,
    /// `[rows × columns]`.
    pub values: Vec<f64>,
}

/// What is known of one of the quantities.
#[derive(Clone, Copy)]
pub struct Extent {
    /// The range that its density is made on, which is not a point.
    pub span: Span,
    /// The standard deviation to smooth it by, if that is known.
    pub smoothed: Option<f64>,
}

/// The density of points, by a grid whose cosines are given. Points outside of the ranges count, and are not shown.
pub fn surface(points: &[(f64, f64)], x: Extent, y: Extent, cosines: &Cosines) -> Surface {
    let cells = cosines.size();
    let coefficients = cosines.table(&binned(points, x.span, y.span, cells));
    let (time_x, time_y) = variances(points, x, y, &coefficients, cells);
    let count = points.len() as f64;
    let values = refined(FEW * pow(count, 2.0 / 3.0), |more| {
        let (x, y) = (smoothing(cells, more * more * time_x), smoothing(cells, more * more * time_y));
        let around = count * 4.0 * PI * (time_x * time_y).sqrt() * more * more;
        (cosines.table_of(&coefficients, &y, &x), around)
    });
    let area = x.span.width() * y.span.width();
    Surface { x: x.span, y: y.span, cells, values: values.iter().map(|value| value / area).collect() }
}

/// Densities of one sample as one: least smoothed where many values lie around a place, and more where there are fewer, as
/// the waves of a density there would tell of single values.
///
/// `smoothed` gives for a factor of smoothing the density, and how many values lie around a place where it is one. Where
/// there are `few`, half of the finer density counts, and half of the wider one.
fn refined(few: f64, smoothed: impl Fn(f64) -> (Vec<f64>, f64)) -> Vec<f64> {
    let mut factors = FACTORS.iter();
    let first = factors.next().map(|factor| smoothed(*factor).0).unwrap_or_default();
    factors.fold(first, |wide, factor| {
        let (fine, around) = smoothed(*factor);
        let both = wide.iter().zip(fine).map(|(wide, fine)| {
            // Sums of cosines that cancel may leave a little below zero.
            let (wide, fine) = (wide.max(0.0), fine.max(0.0));
            let (there, few) = (around * wide * around * wide, few * few);
            let share = there / (there + few);
            share * fine + (1.0 - share) * wide
        });
        both.collect()
    })
}

/// The variances to smooth points by along x and along y, on ranges that count as one.
fn variances(points: &[(f64, f64)], x: Extent, y: Extent, coefficients: &[f64], cells: usize) -> (f64, f64) {
    let squares: Vec<f64> = coefficients.iter().map(|own| own * own).collect();
    let (count, finest) = (points.len() as f64, finest(cells));
    let known = |own: Extent| {
        let smoothed = own.smoothed? / own.span.width();
        Some((smoothed * smoothed).max(finest))
    };
    // Steps would be taken for structure, so that then each quantity is looked at alone.
    let both = if x.smoothed.or(y.smoothed).is_none() {
        bandwidth::table(&squares, cells, count, finest)
    } else {
        None
    };
    if let Some((time_y, time_x)) = both {
        return (CALM * CALM * time_x, CALM * CALM * time_y);
    }
    // A pair is smoothed more than each of its quantities would be, by the power of the count in which they differ.
    let pair = pow(count, 2.0 * (1.0 / 5.0 - 1.0 / 6.0));
    let first: Vec<f64> = squares.iter().take(cells).copied().collect();
    let alone_x = || pair * variance(&first, &sorted(points.iter().map(|point| point.0)), x.span);
    let first: Vec<f64> = squares.iter().step_by(cells.max(1)).copied().collect();
    let alone_y = || pair * variance(&first, &sorted(points.iter().map(|point| point.1)), y.span);
    (known(x).unwrap_or_else(alone_x), known(y).unwrap_or_else(alone_y))
}

fn binned(points: &[(f64, f64)], x: Span, y: Span, cells: usize) -> Vec<f64> {
    let mut binned = vec![0.0; cells * cells];
    let each = 1.0 / points.len().max(1) as f64;
    for point in points {
        let place = cell(point.0, x, cells).zip(cell(point.1, y, cells));
        if let Some(share) = place.and_then(|(x, y)| binned.get_mut(y * cells + x)) {
            *share += each;
        }
    }
    binned
}

impl Surface {
    /// The density at a place, in proportion between the four middles of cells around it.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        if !self.x.holds(x) || !self.y.holds(y) {
            return 0.0;
        }
        let ((column, right), (row, down)) = (self.place(x, self.x), self.place(y, self.y));
        let upper = self.value(row, column) * (1.0 - right) + self.value(row, column + 1) * right;
        let lower = self.value(row + 1, column) * (1.0 - right) + self.value(row + 1, column + 1) * right;
        upper * (1.0 - down) + lower * down
    }

    fn place(&self, x: f64, span: Span) -> (usize, f64) {
        let place = ((x - span.low) / span.width() * self.cells as f64 - 0.5).max(0.0);
        (place.floor() as usize, place - place.floor())
    }

    fn value(&self, row: usize, column: usize) -> f64 {
        let last = self.cells.saturating_sub(1);
        self.values.get(row.min(last) * self.cells + column.min(last)).copied().unwrap_or(0.0)
    }

    /// The part of the density that is in a view, if any is. The zeros around it lie upon its edge, so that contours end
    /// where the density ends.
    pub fn grid(&self, x: Span, y: Span) -> Option<Grid> {
        let (xs, ys) = (self.places(self.x, x)?, self.places(self.y, y)?);
        let inner = |place: usize, all: &[f64]| place > 0 && place + 1 < all.len();
        let mut values = Vec::with_capacity(xs.len() * ys.len());
        for (row, y) in ys.iter().enumerate() {
            for (column, x) in xs.iter().enumerate() {
                let inside = inner(row, &ys) && inner(column, &xs);
                values.push(if inside { self.at(*x, *y) } else { 0.0 });
            }
        }
        Some(Grid { xs, ys, values })
    }

    fn places(&self, span: Span, view: Span) -> Option<Vec<f64>> {
        let shown = span.meet(view)?;
        let width = span.width() / self.cells as f64;
        let middles = (0..self.cells).map(|cell| span.low + (cell as f64 + 0.5) * width);
        let inner = middles.filter(|x| shown.low < *x && *x < shown.high);
        Some([shown.low; 2].into_iter().chain(inner).chain([shown.high; 2]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::contours;
    use crate::sample::quantile;
    use crate::tests::Random;

    fn of(points: &[(f64, f64)]) -> Surface {
        let x = Span::of(points.iter().map(|point| point.0)).unwrap();
        let y = Span::of(points.iter().map(|point| point.1)).unwrap();
        let of = |span: Span| Extent { span, smoothed: None };
        surface(points, of(x), of(y), &Cosines::new(128))
    }

    fn normal(random: &mut Random, count: usize) -> Vec<(f64, f64)> {
        let draw = |_| {
            let (a, b) = (random.normal(), random.normal());
            (a, 30.0 + 10.0 * (0.9 * a + 0.19_f64.sqrt() * b))
        };
        (0..count).map(draw).collect()
    }

    /// Half a ring of radius 0.1, whose thickness is 0.01, at either side.
    fn moons(random: &mut Random, count: usize) -> Vec<(f64, f64)> {
        let draw = |n: usize| {
            let (angle, radius) = (PI * (random.uniform() - 0.5), 0.1 + 0.01 * random.normal());
            let side = if n.is_multiple_of(2) { 1.0 } else { -1.0 };
            (side * (0.5 + radius * angle.cos()), side * (0.5 + radius * angle.sin()))
        };
        (0..count).map(draw).collect()
    }

    fn level(surface: &Surface, points: &[(f64, f64)], share: f64) -> f64 {
        quantile(&sorted(points.iter().map(|point| surface.at(point.0, point.1))), 1.0 - share).unwrap()
    }

    fn held(surface: &Surface, points: &[(f64, f64)], level: f64) -> f64 {
        points.iter().filter(|(x, y)| surface.at(*x, *y) > level).count() as f64 / points.len() as f64
    }

    #[test]
    fn regions_hold_their_share_of_draws_old_and_new() {
        let mut random = Random::new(4);
        for points in [normal(&mut random, 10_000), moons(&mut random, 10_000)] {
            let (old, new) = points.split_at(5000);
            let surface = of(old);
            for share in [0.5, 0.9] {
                let level = level(&surface, old, share);
                assert!((held(&surface, old, level) - share).abs() < 1e-3);
                // Three standard errors of both samples, and as much again, as the region is fitted to the old one.
                let chance = 6.0 * (2.0 * share * (1.0 - share) / 5000.0_f64).sqrt();
                let found = held(&surface, new, level);
                assert!((found - share).abs() < chance, "{found} for {share}");
            }
        }
    }

    #[test]
    fn thin_crescents_stay_thin() {
        let points = moons(&mut Random::new(5), 10_000);
        let surface = of(&points);
        let level = level(&surface, &points, 0.9);
        assert!(surface.at(0.5, 0.5) < 0.2 * level, "{} of {level}", surface.at(0.5, 0.5));
        assert!(surface.at(0.6, 0.5) > level && surface.at(-0.6, -0.5) > level);
    }

    #[test]
    fn the_region_of_a_normal_law_is_as_large_as_it_should_be() {
        let points = normal(&mut Random::new(6), 20_000);
        let surface = of(&points);
        for share in [0.5, 0.9] {
            let grid = surface.grid(surface.x, surface.y).unwrap();
            let lines = contours(&grid, level(&surface, &points, share));
            let area: f64 = lines.iter().map(|line| doubled(line)).sum::<f64>().abs() / 2.0;
            let expected = -2.0 * (1.0 - share).ln() * PI * 10.0 * 0.19_f64.sqrt();
            assert!((area / expected - 1.0).abs() < 0.07, "{area} for {expected}");
        }
    }

    /// Twice the area in a line, as the sum of its cross products.
    fn doubled(line: &[(f64, f64)]) -> f64 {
        line.iter().zip(line.iter().cycle().skip(1)).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum()
    }

    #[test]
    fn what_is_out_of_view_is_cut_off() {
        let points = normal(&mut Random::new(7), 2000);
        let surface = of(&points);
        let grid = surface.grid(Span { low: 0.0, high: 9.0 }, surface.y).unwrap();
        assert_eq!((grid.xs[0], grid.xs[1]), (0.0, 0.0));
        assert_eq!(grid.values.len(), grid.xs.len() * grid.ys.len());
        assert!(surface.grid(Span { low: 50.0, high: 60.0 }, surface.y).is_none());
    }
}
