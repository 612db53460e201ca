//! The density of a sample of one quantity, smoothed within the range of its values only.

use super::bandwidth;
use super::cosines::Cosines;
use super::portable::{exp, pow};
use super::sample::quantile;
use super::span::Span;
use std::f64::consts::PI;

/// Cells of the grid that a sample is binned on.
const CELLS: usize = 512;
/// A picture asks for a little more smoothing than the least error does, which leaves waves.
pub const CALM: f64 = 1.3;
/// No density is smoothed by a smaller standard deviation, in cells: less would show the grid.
const LEAST: f64 = 0.8;

/// A density on a range, which is nothing outside.
pub struct Density {
    /// The range.
    pub span: Span,
    /// Its values at the middles of as many cells of the range.
    pub values: Vec<f64>,
}

/// The density of a sample in order, on a range that is not a point. Values outside of the range count, and are not shown.
pub fn density(sorted: &[f64], span: Span) -> Density {
    let cosines = Cosines::new(CELLS);
    let coefficients = cosines.line(&binned(sorted, span, CELLS));
    let squares: Vec<f64> = coefficients.iter().map(|own| own * own).collect();
    let time = variance(&squares, sorted, span);
    let values = cosines.line_of(&coefficients, &smoothing(CELLS, time));
    // Sums of cosines that cancel may leave a little below zero.
    let values = values.iter().map(|value| value.max(0.0) / span.width()).collect();
    Density { span, values }
}

/// The variance to smooth a sample in order by, on a range that counts as one; from the squares of its coefficients there.
pub fn variance(squares: &[f64], sorted: &[f64], span: Span) -> f64 {
    let count = sorted.len() as f64;
    let found = bandwidth::line(squares.get(1..).unwrap_or_default(), count, finest(squares.len()));
    CALM * CALM
        * found.unwrap_or_else(|| rule(spread(sorted) / span.width(), count).max(finest(squares.len())))
}

/// The least variance that a grid can be smoothed by.
pub fn finest(cells: usize) -> f64 {
    (LEAST / cells.max(1) as f64) * (LEAST / cells.max(1) as f64)
}

/// The shares of a sample in cells of a range.
fn binned(values: &[f64], span: Span, cells: usize) -> Vec<f64> {
    let mut binned = vec![0.0; cells];
    let each = 1.0 / values.len().max(1) as f64;
    for value in values {
        if let Some(share) = cell(*value, span, cells).and_then(|cell| binned.get_mut(cell)) {
            *share += each;
        }
    }
    binned
}

/// The cell of a range that a value is in.
pub fn cell(value: f64, span: Span, cells: usize) -> Option<usize> {
    let place = (value - span.low) / span.width() * cells as f64;
    span.holds(value).then(|| (place as usize).min(cells.saturating_sub(1)))
}

/// The weights by which terms of cosines are smoothed by a variance, and summed to values.
pub fn smoothing(cells: usize, time: f64) -> Vec<f64> {
    let weight = |term: usize| exp(-0.5 * PI * PI * (term * term) as f64 * time);
    (0..cells).map(|term| if term == 0 { 1.0 } else { 2.0 * weight(term) }).collect()
}

/// A width of an ordered sample that far values do not stretch, as the standard deviation of a normal law.
fn spread(sorted: &[f64]) -> f64 {
    let quartile = |share: f64| quantile(sorted, share).unwrap_or(0.0);
    (quartile(0.75) - quartile(0.25)) / 1.349
}

/// The variance to smooth a sample of a normal law by, where there is too little to learn it from.
fn rule(spread: f64, count: f64) -> f64 {
    let deviation = 0.9 * spread * pow(count.max(1.0), -0.2);
    deviation * deviation
}

impl Density {
    /// The density at a place.
    pub fn at(&self, x: f64) -> f64 {
        let cells = self.values.len();
        if !self.span.holds(x) {
            return 0.0;
        }
        let place = ((x - self.span.low) / self.span.width() * cells as f64 - 0.5).max(0.0);
        let value = |cell: usize| self.values.get(cell.min(cells.saturating_sub(1))).copied().unwrap_or(0.0);
        let (lower, share) = (place.floor() as usize, place - place.floor());
        value(lower) * (1.0 - share) + value(lower + 1) * share
    }

    /// Places and values within a range, with its ends.
    pub fn curve(&self, within: Span) -> Vec<(f64, f64)> {
        let Some(shown) = self.span.meet(within) else { return Vec::new() };
        let width = self.span.width() / self.values.len().max(1) as f64;
        let middles = (0..self.values.len()).map(|cell| self.span.low + (cell as f64 + 0.5) * width);
        let inner = middles.filter(|x| shown.low < *x && *x < shown.high);
        let places = std::iter::once(shown.low).chain(inner).chain([shown.high]);
        places.map(|x| (x, self.at(x))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Random;

    fn of(values: Vec<f64>) -> Density {
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let span = Span::of(sorted.iter().copied()).unwrap();
        density(&sorted, span)
    }

    fn mass(density: &Density) -> f64 {
        density.values.iter().sum::<f64>() * density.span.width() / density.values.len() as f64
    }

    fn normal(x: f64) -> f64 {
        (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
    }

    #[test]
    fn a_normal_law_is_found() {
        let mut random = Random::new(1);
        let found = of((0..10_000).map(|_| random.normal()).collect());
        assert!((mass(&found) - 1.0).abs() < 1e-9, "{}", mass(&found));
        for step in -30..=30 {
            let x = f64::from(step) / 10.0;
            assert!((found.at(x) - normal(x)).abs() < 0.02, "{x}: {} for {}", found.at(x), normal(x));
        }
    }

    #[test]
    fn narrow_modes_far_apart_stay_narrow() {
        let mut random = Random::new(2);
        let draw = |n: usize| if n.is_multiple_of(2) { -1.0 } else { 1.0 } + 0.01 * random.normal();
        let found = of((0..10_000).map(draw).collect());
        let peak = 0.5 * normal(0.0) / 0.01;
        assert!(found.at(1.0) > 0.9 * peak && found.at(0.0) < 1e-6 * peak, "{} of {peak}", found.at(1.0));
    }

    #[test]
    fn no_mass_lies_beyond_the_draws_and_none_lacks_at_the_edge() {
        let mut random = Random::new(3);
        let found = of((0..10_000).map(|_| random.uniform()).collect());
        let curve = found.curve(Span { low: -1.0, high: 2.0 });
        assert!(curve.iter().all(|(x, y)| (0.0..=1.0).contains(x) && (y - 1.0).abs() < 0.15), "{curve:?}");
        assert_eq!((found.at(-0.01), found.at(1.01)), (0.0, 0.0));
    }

    #[test]
    fn few_or_equal_values_are_smoothed_by_a_rule() {
        let found = of((0..8).map(f64::from).collect());
        assert!((mass(&found) - 1.0).abs() < 1e-6 && found.at(3.5) < 0.3, "{}", found.at(3.5));
        let found = of([vec![1.0; 50], vec![2.0]].concat());
        assert!(found.values.iter().all(|value| value.is_finite()));
    }
}
