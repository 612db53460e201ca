//! The spread of a normal law in the plane given points of it: two scales and a correlation.
//!
//! A grid finds where the parameters are and how much of them is where. A draw is a place in a cell, moved by steps of
//! Metropolis as large as a cell and less, which leave the law as it is and undo that a cell is flat. The law
//! knows squares of the two scales alone, so that the grid has their sizes, and signs are tossed.

use super::points::Points;
use super::{BOUND, Shape};
use crate::references::grid::Choice;
use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;

/// The steps after a draw from the grid.
const STEPS: usize = 40;
/// Steps are cells halved up to so many times.
const HALVINGS: u32 = 4;
/// The end of the first cell of a scale. Its square is as nothing beside the root of what is added to variances.
const SMALLEST: f64 = 0.005;

/// A parameter of the spread.
#[derive(Debug)]
enum Axis {
    Known(f64),
    /// A scale, whose cells grow by a factor.
    Scale {
        factor: f64,
        cells: usize,
    },
    /// What the correlation is made of, in cells of a width.
    Correlation {
        width: f64,
        cells: usize,
    },
}

/// The law of the three parameters.
#[derive(Debug)]
pub struct Spread<'a> {
    points: &'a Points,
    axes: [Axis; 3],
    choice: Choice,
}

impl Axis {
    fn of(known: Option<f64>, is_scale: bool, cells: usize) -> Axis {
        match known {
            Some(value) => Axis::Known(value),
            None if is_scale => {
                Axis::Scale { factor: (BOUND / SMALLEST).powf(1.0 / (cells - 1) as f64), cells }
            }
            None => Axis::Correlation { width: 2.0 * BOUND / cells as f64, cells },
        }
    }

    fn cells(&self) -> usize {
        match self {
            Axis::Known(_) => 1,
            Axis::Scale { cells, .. } | Axis::Correlation { cells, .. } => *cells,
        }
    }

    /// Where a cell begins and how wide it is.
    fn cell(&self, cell: usize) -> (f64, f64) {
        match *self {
            Axis::Known(value) => (value, 0.0),
            Axis::Correlation { width, .. } => (width * cell as f64 - BOUND, width),
            Axis::Scale { .. } if cell == 0 => (0.0, SMALLEST),
            Axis::Scale { factor, .. } => {
                let low = SMALLEST * factor.powi(cell as i32 - 1);
                (low, low * (factor - 1.0))
            }
        }
    }

    /// The middle of each cell, and the logarithm of its share of the prior.
    fn middles(&self) -> Vec<(f64, f64)> {
        let middle = |(low, width): (f64, f64)| {
            let share = if width > 0.0 { width.ln() } else { 0.0 };
            (low + 0.5 * width, share)
        };
        (0..self.cells()).map(|cell| middle(self.cell(cell))).collect()
    }

    /// A step of so many cells, and the logarithm by which it stretches what is around.
    fn step(&self, value: f64, cells: f64) -> (f64, f64) {
        match self {
            Axis::Known(_) => (value, 0.0),
            Axis::Correlation { width, .. } => (value + width * cells, 0.0),
            Axis::Scale { factor, .. } => (value * factor.powf(cells), factor.ln() * cells),
        }
    }

    /// The sign of a scale is lost; one that is known has its own.
    fn signed(&self, value: f64, rng: &mut StdRng) -> f64 {
        if matches!(self, Axis::Scale { .. }) && rng.random() { -value } else { value }
    }
}

impl<'a> Spread<'a> {
    /// The law given the points and what is known of the parameters, in as many cells as there are unknown parameters.
    ///
    /// # Errors
    /// Points that cannot be.
    pub fn new(points: &'a Points, known: [Option<f64>; 3], cells: &[usize; 3]) -> Result<Spread<'a>> {
        let unknown = known.iter().filter(|value| value.is_none()).count();
        let cells = cells.get(unknown.saturating_sub(1)).copied().unwrap_or(1);
        let axes = [0, 1, 2].map(|at: usize| Axis::of(known[at], at < 2, cells));
        let [first, second, third] = axes.each_ref().map(Axis::middles);
        let mut logs = Vec::with_capacity(first.len() * second.len() * third.len());
        for (a, share_a) in &first {
            for (b, share_b) in &second {
                for (c, share_c) in &third {
                    logs.push(points.log_density(&Shape::of([*a, *b, *c])) + share_a + share_b + share_c);
                }
            }
        }
        Ok(Spread { points, choice: Choice::of_logs(&logs)?, axes })
    }

    /// The three parameters.
    pub fn draw(&self, rng: &mut StdRng) -> [f64; 3] {
        let number = self.choice.draw(rng);
        let [_, second, third] = self.axes.each_ref().map(Axis::cells);
        let numbers = [number / (second * third), number / third % second, number % third];
        let mut place = [0, 1, 2].map(|at: usize| {
            let (low, width) = self.axes[at].cell(numbers[at]);
            low + width * rng.random::<f64>()
        });
        let mut log = self.log_density(place);
        for _ in 0..STEPS {
            self.step(&mut place, &mut log, rng);
        }
        [0, 1, 2].map(|at: usize| self.axes[at].signed(place[at], rng))
    }

    fn log_density(&self, place: [f64; 3]) -> f64 {
        self.points.log_density(&Shape::of(place))
    }

    /// One step of Metropolis.
    fn step(&self, place: &mut [f64; 3], log: &mut f64, rng: &mut StdRng) {
        let size = 0.5_f64.powi(rng.random_range(0..HALVINGS) as i32);
        let steps =
            [0, 1, 2].map(|at: usize| self.axes[at].step(place[at], size * rng.random_range(-1.0..1.0)));
        let next = steps.map(|(value, _)| value);
        if next.iter().any(|value| value.abs() > BOUND) {
            return;
        }
        let next_log = self.log_density(next);
        let stretch: f64 = steps.iter().map(|(_, stretch)| stretch).sum();
        if rng.random::<f64>().ln() < next_log - *log + stretch {
            (*place, *log) = (next, next_log);
        }
    }
}
