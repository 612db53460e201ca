//! `examples/hmm.sbi`: a hidden walk of ten states, and the square of each.
//!
//! States are filtered forward on a grid and drawn backward from it. A known state is a grid of a single place.

#![allow(clippy::indexing_slicing, reason = "states are numbered by the model")]

use super::grid::{Grid, Places, normal};
use super::{Reference, elements, standard};
use anyhow::Result;
use rand::rngs::StdRng;

const STATES: usize = 10;
/// Of the first state, of each step, and of a datum about the square of its state.
const SD: f64 = 0.5;
/// How far states are looked for: the last has sd 1.6.
const REACH: f64 = 7.0;

/// The model.
#[derive(Debug)]
pub struct Hmm {
    /// Cells of the grid that states lie on. Where a state is 6, its datum tells it with an sd of 0.04.
    cells: usize,
}

impl Default for Hmm {
    fn default() -> Hmm {
        Hmm { cells: 1_400 }
    }
}

impl Hmm {
    /// Where each state can be, given all that is known of it and of those before it.
    fn filter(&self, known: &[Option<f64>]) -> Vec<Places> {
        let grid = Grid::over(-REACH, REACH, self.cells);
        let mut states: Vec<Places> = Vec::with_capacity(STATES);
        for (state, datum) in known[..STATES].iter().zip(&known[STATES..]) {
            let start = Places::known(0.0);
            let before = states.last().unwrap_or(&start);
            let weigh = |place: f64| {
                let likelihood = datum.map_or(1.0, |value| normal(value - place * place, SD));
                likelihood * before.density(place, SD)
            };
            let places = state.map_or_else(|| Places::weighed(grid, weigh), Places::known);
            states.push(places);
        }
        states
    }
}

impl Reference for Hmm {
    fn names(&self) -> Vec<String> {
        elements("theta", STATES).chain(elements("x", STATES)).collect()
    }

    fn params(&self) -> usize {
        STATES
    }

    fn simulate(&self, rng: &mut StdRng) -> Vec<f64> {
        let mut theta = 0.0;
        let mut walk = || {
            theta += 0.5 * standard(rng);
            theta
        };
        let states: Vec<f64> = (0..STATES).map(|_| walk()).collect();
        let data: Vec<f64> = states.iter().map(|theta| theta * theta + 0.5 * standard(rng)).collect();
        [states, data].concat()
    }

    fn conditional(&self, known: &[Option<f64>], count: usize, rng: &mut StdRng) -> Result<Vec<Vec<f64>>> {
        let states = self.filter(known);
        let mut draw = || {
            let mut row = vec![0.0; 2 * STATES];
            let mut next = None;
            for (state, places) in states.iter().enumerate().rev() {
                row[state] = match next {
                    Some(next) => places.draw_about(next, SD, rng)?,
                    None => places.draw(rng)?,
                };
                next = Some(row[state]);
            }
            for (state, datum) in known[STATES..].iter().enumerate() {
                let mean = row[state].powi(2);
                row[STATES + state] = datum.unwrap_or_else(|| mean + SD * standard(rng));
            }
            Ok(row)
        };
        (0..count).map(|_| draw()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::trials::stays_joint;

    /// The states, their steps, and the data about their means.
    fn features(row: &[f64]) -> Vec<f64> {
        let (states, data) = row.split_at(STATES);
        let steps = states.windows(2).map(|pair| pair[1] - pair[0]);
        let noise = states.iter().zip(data).map(|(state, datum)| datum - state * state);
        states.iter().copied().chain(steps).chain(noise).collect()
    }

    #[test]
    fn joint_draws_stay_joint_whatever_is_known() {
        let coarse = Hmm { cells: 350 };
        for known in [
            "x[1] x[2] x[3] x[4] x[5] x[6] x[7] x[8] x[9] x[10]",
            "theta[1] theta[2] theta[3] theta[4] theta[5] theta[6] theta[7] theta[8] theta[9] theta[10]",
            "theta[1] theta[5] x[3] x[5] x[7] x[10]",
            "theta[4] theta[6] theta[7] x[1] x[5] x[8] x[9]",
        ] {
            stays_joint(&coarse, known, features, 1_000);
        }
    }
}
