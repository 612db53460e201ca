//! `examples/slcp.sbi`: four points of a normal law in the plane, whose scales are squares of parameters.
//!
//! Given its spread, the three parameters of its covariance, the law's center is normal within its box. Were there no
//! box, the center could be integrated out in closed form, and what is left is a law in at most three dimensions, which
//! `slcp/spread.rs` draws from. The center is then drawn given the spread, and both are drawn again if it is
//! outside the box: what stays has the law with the box. Points that are unknown are drawn at last.

#![allow(clippy::indexing_slicing, reason = "scalars and coordinates are numbered by the model")]

mod points;
mod spread;

use super::{Reference, standard};
use anyhow::{Result, ensure};
use points::Points;
use rand::RngExt;
use rand::rngs::StdRng;
use spread::Spread;

const PARAMS: usize = 5;
const POINTS: usize = 4;
/// All parameters lie between this and its negative.
const BOUND: f64 = 3.0;
/// What the model adds to both variances.
const FLOOR: f64 = 1e-6;
/// Proposals for each draw, on average. A single point far out may accept one in thousands.
const PROPOSALS: usize = 200_000;

/// The model.
#[derive(Debug)]
pub struct Slcp {
    /// How many cells each unknown parameter of the spread has, if there are one, two or three of them.
    cells: [usize; 3],
}

impl Default for Slcp {
    fn default() -> Slcp {
        Slcp { cells: [4_000, 400, 90] }
    }
}

/// A covariance.
#[derive(Clone, Copy, Debug)]
struct Shape {
    variances: [f64; 2],
    cross: f64,
    determinant: f64,
}

impl Shape {
    /// The shape that `theta[3]`, `theta[4]` and `theta[5]` make.
    fn of([a, b, c]: [f64; 3]) -> Shape {
        let scales = [a * a, b * b];
        let [one, two] = scales.map(|scale| scale * scale);
        Shape {
            variances: [one + FLOOR, two + FLOOR],
            cross: c.tanh() * scales[0] * scales[1],
            // 1 - tanh^2 is 1 / cosh^2, and here nothing large is subtracted from anything large.
            determinant: one * two / c.cosh().powi(2) + FLOOR * (one + two) + FLOOR * FLOOR,
        }
    }

    /// A point about a center, of which one coordinate may be known.
    fn complete(&self, center: [f64; 2], point: [Option<f64>; 2], rng: &mut StdRng) -> [f64; 2] {
        // A coordinate given the other, which is at this place.
        let mut given = |at: usize, place: f64| {
            let variance = self.variances[1 - at];
            let mean = center[at] + self.cross / variance * (place - center[1 - at]);
            mean + (self.determinant / variance).sqrt() * standard(rng)
        };
        match point {
            [Some(first), Some(second)] => [first, second],
            [None, Some(second)] => [given(0, second), second],
            [Some(first), None] => [first, given(1, first)],
            [None, None] => {
                let first = center[0] + self.variances[0].sqrt() * standard(rng);
                self.complete(center, [Some(first), None], rng)
            }
        }
    }
}

/// The points, with those coordinates that are known.
fn known_points(known: &[Option<f64>]) -> Vec<[Option<f64>; 2]> {
    known[PARAMS..].chunks_exact(2).map(|point| [point[0], point[1]]).collect()
}

impl Reference for Slcp {
    fn names(&self) -> Vec<String> {
        let data = (1..=POINTS).flat_map(|j| (1..=2).map(move |k| format!("x[{j},{k}]")));
        super::elements("theta", PARAMS).chain(data).collect()
    }

    fn params(&self) -> usize {
        PARAMS
    }

    fn simulate(&self, rng: &mut StdRng) -> Vec<f64> {
        let mut row: Vec<f64> = (0..PARAMS).map(|_| rng.random_range(-3.0..3.0)).collect();
        let (s_1, s_2, rho) = (row[2].powi(2), row[3].powi(2), row[4].tanh());
        // The factor of Cholesky, entry by entry.
        let first = (s_1 * s_1 + 1e-6).sqrt();
        let slope = rho * s_1 * s_2 / first;
        let second = (s_2 * s_2 + 1e-6 - slope * slope).sqrt();
        for _ in 0..POINTS {
            let (a, b) = (standard(rng), standard(rng));
            let point = [row[0] + first * a, row[1] + slope * a + second * b];
            row.extend(point);
        }
        row
    }

    fn conditional(&self, known: &[Option<f64>], count: usize, rng: &mut StdRng) -> Result<Vec<Vec<f64>>> {
        let data = known_points(known);
        let points = Points::new(&data, [known[0], known[1]]);
        let spread = Spread::new(&points, [known[2], known[3], known[4]], &self.cells)?;
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count.saturating_mul(PROPOSALS) {
            if rows.len() == count {
                break;
            }
            let params = spread.draw(rng);
            let shape = Shape::of(params);
            let center = points.draw_center(&shape, rng);
            if points.in_box(center) {
                let data = data.iter().flat_map(|point| shape.complete(center, *point, rng));
                let center = [0, 1].map(|at: usize| known[at].unwrap_or(center[at]));
                rows.push(center.into_iter().chain(params).chain(data).collect());
            }
        }
        ensure!(rows.len() == count, "what is known has next to no density");
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::trials::{c2st_of_sbibm, stays_joint};

    /// The scalars, the sizes of the scales, and the standard normal numbers that the points are made of
    /// with their products.
    fn features(row: &[f64]) -> Vec<f64> {
        let mut features = row.to_vec();
        features.extend([row[2].abs(), row[3].abs()]);
        let shape = Shape::of([row[2], row[3], row[4]]);
        let [one, _] = shape.variances;
        for point in row[PARAMS..].chunks_exact(2) {
            let first = point[0] - row[0];
            let second = point[1] - row[1] - shape.cross / one * first;
            let numbers = [first / one.sqrt(), second / (shape.determinant / one).sqrt()];
            features.extend(numbers);
            features.push(numbers[0] * numbers[1]);
        }
        features
    }

    #[test]
    fn joint_draws_stay_joint_whatever_is_known() {
        let coarse = Slcp { cells: [300, 80, 32] };
        for known in [
            "x[1,1] x[1,2] x[2,1] x[2,2] x[3,1] x[3,2] x[4,1] x[4,2]",
            "x[2,1]",
            "x[1,1] x[1,2] x[2,2] x[4,1]",
            "theta[1] theta[3] x[1,1] x[2,2] x[3,1] x[3,2] x[4,1] x[4,2]",
            "theta[2] theta[3] theta[4] x[1,1] x[2,1] x[2,2] x[3,1] x[3,2]",
            "theta[1] theta[2] theta[5] x[1,1] x[1,2] x[2,1] x[2,2]",
        ] {
            stays_joint(&coarse, known, features, 1_200);
        }
    }

    /// By chance, 4,000 rows of either score .500 with sd .006.
    #[test]
    fn posteriors_are_those_of_the_benchmark() {
        for observation in [1, 4] {
            let score = c2st_of_sbibm(&Slcp::default(), "slcp", observation, 4_000);
            assert!((score - 0.5).abs() < 0.02, "{score}");
        }
    }
}
