//! `examples/tree.sbi`: a root, two branches, two data on each.
//!
//! The data of a branch reach the root as one message, the integral of their density over the branch. The root is drawn
//! first, then each branch given the root and its own data, at last what data are unknown.

#![allow(clippy::indexing_slicing, reason = "scalars and branches are numbered by the model")]

use super::grid::{Grid, Places, normal};
use super::{Reference, standard};
use anyhow::Result;
use rand::rngs::StdRng;

const PARAMS: usize = 3;
/// A datum: the branch it hangs on, its mean there, its standard deviation.
struct Datum {
    branch: usize,
    mean: fn(f64) -> f64,
    sd: f64,
}

const DATA: [Datum; 4] = [
    Datum { branch: 1, mean: |theta| theta.sin().powi(2), sd: 0.2 },
    Datum { branch: 1, mean: |theta| 0.1 * theta.powi(2), sd: 0.2 },
    Datum { branch: 2, mean: |theta| 0.1 * theta.powi(2), sd: 0.6 },
    Datum { branch: 2, mean: |theta| theta.cos().powi(2), sd: 0.1 },
];

/// The model.
#[derive(Debug)]
pub struct Tree {
    /// Where the root is looked for. Nothing makes it narrower than known branches do, each with sd 1.
    root: Grid,
    /// Where a branch is looked for, of variance 2. What changes fastest is the square of its cosine, seen with sd 0.1.
    branch: Grid,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree { root: Grid::over(-6.0, 6.0, 240), branch: Grid::over(-9.0, 9.0, 1_800) }
    }
}

/// Where a branch can be, given its own data.
fn branch(grid: Grid, branch: usize, known: &[Option<f64>]) -> Places {
    let own = DATA.iter().zip(&known[PARAMS..]).filter(|(datum, _)| datum.branch == branch);
    let seen: Vec<(&Datum, f64)> = own.filter_map(|(datum, value)| Some((datum, (*value)?))).collect();
    let likelihood = |theta: f64| {
        seen.iter().map(|(datum, value)| normal(value - (datum.mean)(theta), datum.sd)).product()
    };
    known[branch].map_or_else(|| Places::weighed(grid, likelihood), Places::known)
}

impl Reference for Tree {
    fn names(&self) -> Vec<String> {
        ["theta_0", "theta_1", "theta_2", "x_0", "x_1", "x_2", "x_3"].map(str::to_owned).to_vec()
    }

    fn params(&self) -> usize {
        PARAMS
    }

    fn simulate(&self, rng: &mut StdRng) -> Vec<f64> {
        let root = standard(rng);
        let (left, right) = (root + standard(rng), root + standard(rng));
        let x_0 = left.sin() * left.sin() + 0.2 * standard(rng);
        let x_1 = 0.1 * left * left + 0.2 * standard(rng);
        let x_2 = 0.1 * right * right + 0.6 * standard(rng);
        let x_3 = right.cos() * right.cos() + 0.1 * standard(rng);
        vec![root, left, right, x_0, x_1, x_2, x_3]
    }

    fn conditional(&self, known: &[Option<f64>], count: usize, rng: &mut StdRng) -> Result<Vec<Vec<f64>>> {
        let branches = [1, 2].map(|number| branch(self.branch, number, known));
        let likelihood = |root| branches.iter().map(|branch| branch.density(root, 1.0)).product::<f64>();
        let weigh = |root| normal(root, 1.0) * likelihood(root);
        let root = known[0].map_or_else(|| Places::weighed(self.root, weigh), Places::known);
        let mut draw = || {
            let mut row = vec![root.draw(rng)?];
            for branch in &branches {
                row.push(branch.draw_about(row[0], 1.0, rng)?);
            }
            for (datum, value) in DATA.iter().zip(&known[PARAMS..]) {
                let mean = (datum.mean)(row[datum.branch]);
                row.push(value.unwrap_or_else(|| mean + datum.sd * standard(rng)));
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

    /// The scalars, the branches about their root, and the data about their means.
    fn features(row: &[f64]) -> Vec<f64> {
        let mut features = row.to_vec();
        features.extend([row[1] - row[0], row[2] - row[0], row[3] - row[1].sin().powi(2)]);
        features.extend([row[4] - 0.1 * row[1].powi(2), row[5] - 0.1 * row[2].powi(2)]);
        features.push(row[6] - row[2].cos().powi(2));
        features
    }

    #[test]
    fn joint_draws_stay_joint_whatever_is_known() {
        let coarse = Tree { root: Grid::over(-6.0, 6.0, 60), branch: Grid::over(-9.0, 9.0, 600) };
        for known in [
            "",
            "x_0 x_1 x_2 x_3",
            "theta_0 theta_1 theta_2",
            "x_0",
            "x_1 x_2",
            "x_3",
            "theta_1 x_2",
            "theta_0 x_0 x_3",
            "theta_2 x_0 x_2",
            "theta_1 theta_2 x_0",
        ] {
            stays_joint(&coarse, known, features, 2_000);
        }
    }
}
