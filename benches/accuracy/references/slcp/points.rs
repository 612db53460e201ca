//! What the known points say of the center of their law and of its spread.

use super::{BOUND, Shape};
use crate::references::standard;
use rand::RngExt;
use rand::rngs::StdRng;

/// A coordinate of the center.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Center {
    /// Known to lie here, counted from the origin.
    Known(f64),
    /// Unknown, and some point tells of it.
    Sought,
    /// Unknown, and no point tells of it: anywhere in its box.
    Free,
}

/// The known points, by their sums about an origin among them: scales as small as 0.001 lose no digits.
#[derive(Debug)]
pub struct Points {
    origin: [f64; 2],
    center: [Center; 2],
    /// Of points with both coordinates: their number, their sums, the sums of their products (11, 12, 22).
    pairs: f64,
    pair_sums: [f64; 2],
    pair_products: [f64; 3],
    /// Of points with one coordinate, by that coordinate: their number, their sum, the sum of their squares.
    singles: [f64; 2],
    single_sums: [f64; 2],
    single_squares: [f64; 2],
}

/// The logarithm of a likelihood as a function of the center: `log + pull . c - c' precision c / 2`.
#[derive(Clone, Copy, Debug)]
struct Likelihood {
    log: f64,
    pull: [f64; 2],
    precision: [[f64; 2]; 2],
}

impl Points {
    /// Points, and what is known of the center.
    pub fn new(points: &[[Option<f64>; 2]], center: [Option<f64>; 2]) -> Points {
        let first = [0, 1].map(|at: usize| points.iter().find_map(|point| point[at]));
        let origin = first.map(Option::unwrap_or_default);
        let role = |at: usize| match (center[at], first[at]) {
            (Some(value), _) => Center::Known(value - origin[at]),
            (None, Some(_)) => Center::Sought,
            (None, None) => Center::Free,
        };
        let mut all = Points {
            origin,
            center: [role(0), role(1)],
            pairs: 0.0,
            pair_sums: [0.0; 2],
            pair_products: [0.0; 3],
            singles: [0.0; 2],
            single_sums: [0.0; 2],
            single_squares: [0.0; 2],
        };
        points.iter().for_each(|point| all.add(*point));
        all
    }

    fn add(&mut self, point: [Option<f64>; 2]) {
        let [a, b] = [0, 1].map(|at: usize| point[at].map(|value| value - self.origin[at]));
        if let (Some(a), Some(b)) = (a, b) {
            self.pairs += 1.0;
            self.pair_sums = [self.pair_sums[0] + a, self.pair_sums[1] + b];
            let products = [a * a, a * b, b * b];
            self.pair_products.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
            return;
        }
        for (at, value) in [a, b].into_iter().enumerate() {
            if let Some(value) = value {
                self.singles[at] += 1.0;
                self.single_sums[at] += value;
                self.single_squares[at] += value * value;
            }
        }
    }

    fn likelihood(&self, shape: &Shape) -> Likelihood {
        let [[p, q], [_, r]] = [
            [shape.variances[1] / shape.determinant, -shape.cross / shape.determinant],
            [0.0, shape.variances[0] / shape.determinant],
        ];
        let ([a, b], [aa, ab, bb]) = (self.pair_sums, self.pair_products);
        let mut sum = Likelihood {
            log: -0.5 * (self.pairs * shape.determinant.ln() + p * aa + 2.0 * q * ab + r * bb),
            pull: [p * a + q * b, q * a + r * b],
            precision: [[p, q], [q, r]].map(|row| row.map(|entry| self.pairs * entry)),
        };
        for at in 0..2 {
            let variance = shape.variances[at];
            sum.log -= 0.5 * (self.singles[at] * variance.ln() + self.single_squares[at] / variance);
            sum.pull[at] += self.single_sums[at] / variance;
            sum.precision[at][at] += self.singles[at] / variance;
        }
        for at in 0..2 {
            if let Center::Known(value) = self.center[at] {
                sum.fix(at, value);
            }
        }
        sum
    }

    /// The logarithm of the density of the points given their spread, the center integrated over the whole plane.
    pub fn log_density(&self, shape: &Shape) -> f64 {
        let mut sum = self.likelihood(shape);
        for at in 0..2 {
            if self.center[at] == Center::Sought {
                sum.integrate(at);
            }
        }
        sum.log
    }

    /// A center given the spread, anywhere in the plane.
    pub fn draw_center(&self, shape: &Shape, rng: &mut StdRng) -> [f64; 2] {
        let mut sum = self.likelihood(shape);
        if self.center == [Center::Sought; 2] {
            let mut first = sum;
            first.integrate(1);
            let place = first.draw(0, rng);
            sum.fix(0, place);
            return [place + self.origin[0], sum.draw(1, rng) + self.origin[1]];
        }
        [0, 1].map(|at: usize| match self.center[at] {
            Center::Known(value) => value + self.origin[at],
            Center::Sought => sum.draw(at, rng) + self.origin[at],
            Center::Free => rng.random_range(-BOUND..BOUND),
        })
    }

    /// Whether what is unknown of the center is in its box.
    pub fn in_box(&self, center: [f64; 2]) -> bool {
        center.iter().zip(self.center).all(|(place, role)| role != Center::Sought || place.abs() <= BOUND)
    }
}

impl Likelihood {
    /// A coordinate of the center has this value.
    fn fix(&mut self, at: usize, value: f64) {
        let other = 1 - at;
        self.log += value * (self.pull[at] - 0.5 * self.precision[at][at] * value);
        self.pull[other] -= self.precision[other][at] * value;
        self.forget(at);
    }

    /// A coordinate is integrated out, but for a constant factor.
    fn integrate(&mut self, at: usize) {
        let (own, other) = (self.precision[at][at], 1 - at);
        let ratio = self.precision[other][at] / own;
        self.log += 0.5 * (self.pull[at].powi(2) / own - own.ln());
        self.pull[other] -= ratio * self.pull[at];
        self.precision[other][other] -= ratio * self.precision[other][at];
        self.forget(at);
    }

    fn forget(&mut self, at: usize) {
        let other = 1 - at;
        self.pull[at] = 0.0;
        self.precision[at] = [0.0; 2];
        self.precision[other][at] = 0.0;
    }

    /// A coordinate, the other being fixed, integrated out or of no influence.
    fn draw(&self, at: usize, rng: &mut StdRng) -> f64 {
        let precision = self.precision[at][at];
        self.pull[at] / precision + standard(rng) / precision.sqrt()
    }
}
