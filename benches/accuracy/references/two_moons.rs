//! `examples/two_moons.sbi`: a crescent `p`, moved by `s = (theta_1 + theta_2) / sqrt(2)` and
//! `d = (theta_2 - theta_1) / sqrt(2)`, so that `x_1 = p_1 + 0.25 - |s|` and `x_2 = p_2 + d`.
//!
//! In polar coordinates the angle of `p` is uniform on the right half and its radius normal, so that its density is that
//! of the radius over the radius. What is known of the data turns parameters into a place of `p`, and s and d are as dense
//! as the parameters: the law of the parameters is the density of that place within their box. A datum that is unknown
//! is integrated out first, and drawn from the same density at last.

#![allow(clippy::indexing_slicing, reason = "scalars and coordinates are numbered by the model")]

use super::grid::{Grid, normal};
use super::{Reference, standard};
use anyhow::{Context, Result};
use rand::RngExt;
use rand::rngs::StdRng;
use std::f64::consts::{FRAC_PI_2, SQRT_2};

const MIDDLE: f64 = 0.25;
const RADIUS: f64 = 0.1;
const SD: f64 = 0.01;
/// Where `p` can be: ten standard deviations of the radius on all sides, fifty cells to each.
const FIRST: Grid = Grid::over(0.0, 0.2, 1_000);
const SECOND: Grid = Grid::over(-0.2, 0.2, 2_000);
/// Cells of a hundredth of a standard deviation: one parameter, |s|, and d.
const PARAM: Grid = Grid::over(-1.0, 1.0, 20_000);
const SUM: Grid = Grid::over(0.0, SQRT_2, 14_142);
const DIFFERENCE: Grid = Grid::over(-SQRT_2, SQRT_2, 28_284);
/// Proposals for one draw. Data in a corner of the box accept some thousandths of them.
const PROPOSALS: usize = 10_000_000;

/// The model.
#[derive(Debug)]
pub struct TwoMoons {
    /// The density of `p_1` by itself, in each cell of [`FIRST`].
    first: Vec<f64>,
    /// The density of `p_2` by itself, in each cell of [`SECOND`].
    second: Vec<f64>,
}

/// Two numbers: parameters, data, or coordinates.
type Pair = [f64; 2];

/// Makes parameters, or nothing if those drawn cannot be.
type Propose<'a> = Box<dyn Fn(&mut StdRng) -> Option<Pair> + 'a>;

impl Default for TwoMoons {
    fn default() -> TwoMoons {
        TwoMoons {
            first: FIRST.middles().map(|a| SECOND.middles().map(|b| density([a, b])).sum()).collect(),
            second: SECOND.middles().map(|b| FIRST.middles().map(|a| density([a, b])).sum()).collect(),
        }
    }
}

/// The density of `p`, not normalised.
fn density([first, second]: Pair) -> f64 {
    let radius = first.hypot(second);
    if first > 0.0 { normal(radius - RADIUS, SD) / radius } else { 0.0 }
}

fn crescent(rng: &mut StdRng) -> Pair {
    let angle = rng.random_range(-FRAC_PI_2..FRAC_PI_2);
    let radius = RADIUS + SD * standard(rng);
    [radius * angle.cos(), radius * angle.sin()]
}

/// How far parameters move the crescent.
fn moved([a, b]: Pair) -> Pair {
    [MIDDLE - (a + b).abs() / SQRT_2, (b - a) / SQRT_2]
}

/// The parameters with this s and d, if they are in their box.
fn params([sum, difference]: Pair) -> Option<Pair> {
    let pair = [(sum - difference) / SQRT_2, (sum + difference) / SQRT_2];
    pair.iter().all(|param| param.abs() <= 1.0).then_some(pair)
}

fn either_sign(size: f64, rng: &mut StdRng) -> f64 {
    if rng.random() { size } else { -size }
}

impl TwoMoons {
    /// The density of what is known of the data, given the parameters.
    fn likelihood(&self, pair: Pair, data: [Option<f64>; 2]) -> f64 {
        let [across, up] = moved(pair);
        match data {
            [Some(x_1), Some(x_2)] => density([x_1 - across, x_2 - up]),
            [Some(x_1), None] => FIRST.between(&self.first, x_1 - across),
            [None, Some(x_2)] => SECOND.between(&self.second, x_2 - up),
            [None, None] => 1.0,
        }
    }

    /// How parameters are drawn given what is known of them and of the data.
    fn propose(&self, known: [Option<f64>; 2], data: [Option<f64>; 2]) -> Result<Propose<'_>> {
        Ok(match known {
            [Some(a), Some(b)] => Box::new(move |_| Some([a, b])),
            [Some(a), None] => {
                let law = PARAM.law(|b| self.likelihood([a, b], data))?;
                Box::new(move |rng| Some([a, law.draw(rng)]))
            }
            [None, Some(b)] => {
                let law = PARAM.law(|a| self.likelihood([a, b], data))?;
                Box::new(move |rng| Some([law.draw(rng), b]))
            }
            [None, None] => self.propose_both(data)?,
        })
    }

    /// The box is a square on its corner to s and d: one of them is uniform where the other leaves it room.
    fn propose_both(&self, data: [Option<f64>; 2]) -> Result<Propose<'_>> {
        Ok(match data {
            [None, None] => Box::new(|rng| Some([(); 2].map(|()| rng.random_range(-1.0..1.0)))),
            [Some(x_1), Some(x_2)] => Box::new(move |rng| {
                let [first, second] = crescent(rng);
                let size = first + MIDDLE - x_1;
                let pair = params([either_sign(size, rng), x_2 - second]);
                pair.filter(|_| size >= 0.0)
            }),
            [Some(x_1), None] => {
                let room = |size| SQRT_2 - size;
                let law = SUM.law(|size| room(size) * FIRST.between(&self.first, x_1 - MIDDLE + size))?;
                Box::new(move |rng| {
                    let size = law.draw(rng);
                    let difference = room(size) * rng.random_range(-1.0..1.0);
                    params([either_sign(size, rng), difference])
                })
            }
            [None, Some(x_2)] => {
                let room = |difference: f64| SQRT_2 - difference.abs();
                let law = DIFFERENCE
                    .law(|difference| room(difference) * SECOND.between(&self.second, x_2 - difference))?;
                Box::new(move |rng| {
                    let difference = law.draw(rng);
                    params([room(difference) * rng.random_range(-1.0..1.0), difference])
                })
            }
        })
    }

    /// The data, those known as they are.
    fn complete(pair: Pair, data: [Option<f64>; 2], rng: &mut StdRng) -> Result<Pair> {
        let [across, up] = moved(pair);
        Ok(match data {
            [Some(x_1), Some(x_2)] => [x_1, x_2],
            [Some(x_1), None] => {
                let second = SECOND.law(|second| density([x_1 - across, second]))?.draw(rng);
                [x_1, second + up]
            }
            [None, Some(x_2)] => {
                let first = FIRST.law(|first| density([first, x_2 - up]))?.draw(rng);
                [first + across, x_2]
            }
            [None, None] => {
                let [first, second] = crescent(rng);
                [first + across, second + up]
            }
        })
    }
}

impl Reference for TwoMoons {
    fn names(&self) -> Vec<String> {
        ["theta_1", "theta_2", "x_1", "x_2"].map(str::to_owned).to_vec()
    }

    fn params(&self) -> usize {
        2
    }

    fn simulate(&self, rng: &mut StdRng) -> Vec<f64> {
        let (a, b): (f64, f64) = (rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0));
        let angle = rng.random_range(-FRAC_PI_2..FRAC_PI_2);
        let radius = 0.1 + 0.01 * standard(rng);
        let x_1 = radius * angle.cos() + 0.25 - (a + b).abs() / SQRT_2;
        let x_2 = radius * angle.sin() + (b - a) / SQRT_2;
        vec![a, b, x_1, x_2]
    }

    fn conditional(&self, known: &[Option<f64>], count: usize, rng: &mut StdRng) -> Result<Vec<Vec<f64>>> {
        let data = [known[2], known[3]];
        let propose = self.propose([known[0], known[1]], data)?;
        let mut draw = || {
            // The cell at the end of the crescent holds places outside it: they are drawn again.
            let possible = |pair: &Pair| self.likelihood(*pair, data) > 0.0;
            let pair = (0..PROPOSALS).find_map(|_| propose(rng).filter(possible));
            let pair = pair.context("what is known has next to no density")?;
            Ok([pair, Self::complete(pair, data, rng)?].concat())
        };
        (0..count).map(|_| draw()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::trials::{c2st_of_sbibm, simulations_agree, stays_joint};
    use std::f64::consts::PI;

    /// The scalars, |s| and d, and the place on the crescent with its radius.
    fn features(row: &[f64]) -> Vec<f64> {
        let [across, up] = moved([row[0], row[1]]);
        let [first, second] = [row[2] - across, row[3] - up];
        [row, &[across, up, first, second, first.hypot(second)]].concat()
    }

    #[test]
    fn joint_draws_stay_joint_whatever_is_known() {
        let model = TwoMoons::default();
        let names = model.names();
        // Masks below 3 know one parameter at most, and no datum.
        for mask in 3..15 {
            let known = names.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, name)| name);
            let known: Vec<&str> = known.map(String::as_str).collect();
            stays_joint(&model, &known.join(" "), features, 3_000);
        }
    }

    /// E p_1 = E r * 2 / pi, and p_1 and p_2 share E r^2 equally.
    #[test]
    fn each_coordinate_of_the_crescent_has_its_moments() {
        let model = TwoMoons::default();
        let mean = |grid: Grid, values: &[f64], power| {
            let sum: f64 = grid.middles().zip(values).map(|(place, mass)| mass * place.powi(power)).sum();
            sum / values.iter().sum::<f64>()
        };
        let squares = (RADIUS * RADIUS + SD * SD) / 2.0;
        let moments = [
            (mean(FIRST, &model.first, 1), RADIUS * 2.0 / PI),
            (mean(FIRST, &model.first, 2), squares),
            (mean(SECOND, &model.second, 2), squares),
        ];
        for (moment, exact) in moments {
            assert!((moment / exact - 1.0).abs() < 1e-4, "{moment} {exact}");
        }
    }

    /// In corners of the box, where s and d leave each other the least room.
    #[test]
    fn simulations_that_happen_upon_a_datum_have_its_conditional() {
        for (at, value) in [(2, -1.0), (3, 1.3)] {
            simulations_agree(&TwoMoons::default(), at, value, 0.002, features);
        }
    }

    /// By chance, 4,000 rows of either score .500 with sd .006.
    #[test]
    fn posteriors_are_those_of_the_benchmark() {
        for observation in [1, 2] {
            let score = c2st_of_sbibm(&TwoMoons::default(), "two_moons", observation, 4_000);
            assert!((score - 0.5).abs() < 0.02, "{score}");
        }
    }
}
