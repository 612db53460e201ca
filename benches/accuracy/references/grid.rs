//! Laws on a line, cell by cell: a density is worked out in the middle of each cell and taken as constant within it.

use anyhow::{Result, ensure};
use rand::RngExt;
use rand::rngs::StdRng;

/// Places whose share of the largest weight is less are left out.
const NEGLIGIBLE: f64 = 1e-14;

/// An index, drawn in proportion to masses.
#[derive(Debug)]
pub struct Choice {
    /// Of all masses up to each one.
    sums: Vec<f64>,
}

impl Choice {
    /// # Errors
    /// Masses that add up to nothing: what is known cannot be under the model.
    pub fn new(masses: impl IntoIterator<Item = f64>) -> Result<Choice> {
        let mut sum = 0.0;
        let add = |mass| {
            sum += mass;
            sum
        };
        let sums = masses.into_iter().map(add).collect();
        ensure!(sum.is_finite() && sum > 0.0, "what is known has no density");
        Ok(Choice { sums })
    }

    /// The same from logarithms of masses.
    ///
    /// # Errors
    /// Masses that are all nothing.
    pub fn of_logs(logs: &[f64]) -> Result<Choice> {
        let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Choice::new(logs.iter().map(|log| (log - highest).exp()))
    }

    /// One index.
    pub fn draw(&self, rng: &mut StdRng) -> usize {
        let whole = self.sums.last().copied().unwrap_or_default();
        let aim = whole * rng.random::<f64>();
        self.sums.partition_point(|sum| *sum <= aim).min(self.sums.len().saturating_sub(1))
    }
}

/// Cells of one width, side by side.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    low: f64,
    width: f64,
    cells: usize,
}

impl Grid {
    /// So many cells from `low` to `high`.
    pub const fn over(low: f64, high: f64, cells: usize) -> Grid {
        Grid { low, width: (high - low) / cells as f64, cells }
    }

    /// The middle of each cell.
    pub fn middles(self) -> impl ExactSizeIterator<Item = f64> {
        (0..self.cells).map(move |cell| self.low + self.width * (cell as f64 + 0.5))
    }

    /// Any place in a cell.
    pub fn within(self, cell: usize, rng: &mut StdRng) -> f64 {
        self.low + self.width * (cell as f64 + rng.random::<f64>())
    }

    /// A function between the middles of cells, from its `values` there: straight lines, and nothing off the grid.
    pub fn between(self, values: &[f64], place: f64) -> f64 {
        let cells = (place - self.low) / self.width;
        if !(0.0..self.cells as f64).contains(&cells) {
            return 0.0;
        }
        let along = (cells - 0.5).clamp(0.0, (self.cells - 1) as f64);
        let at = |cell: usize| values.get(cell).copied().unwrap_or_default();
        let (left, share) = (along as usize, along.fract());
        (1.0 - share) * at(left) + share * at(left + 1)
    }

    /// The law of this density, which need not be normalised.
    ///
    /// # Errors
    /// A density that is nothing everywhere.
    pub fn law(self, density: impl FnMut(f64) -> f64) -> Result<Law> {
        Ok(Law { grid: self, choice: Choice::new(self.middles().map(density))? })
    }
}

/// A number whose density is constant in each cell of a grid.
#[derive(Debug)]
pub struct Law {
    grid: Grid,
    choice: Choice,
}

impl Law {
    /// One number.
    pub fn draw(&self, rng: &mut StdRng) -> f64 {
        self.grid.within(self.choice.draw(rng), rng)
    }
}

/// Where a number can be, with a weight each: the cells of a grid, or the one place that is known.
#[derive(Debug)]
pub struct Places {
    places: Vec<f64>,
    weights: Vec<f64>,
    /// The width of the cell that a place stands for: none if the number is known.
    width: f64,
}

impl Places {
    /// A known number.
    pub fn known(value: f64) -> Places {
        Places { places: vec![value], weights: vec![1.0], width: 0.0 }
    }

    /// The cells of a grid, but for those that next to nothing speaks for.
    pub fn weighed(grid: Grid, weigh: impl Fn(f64) -> f64) -> Places {
        let weighed: Vec<(f64, f64)> = grid.middles().map(|place| (place, weigh(place))).collect();
        let highest = weighed.iter().fold(0.0, |highest: f64, (_, weight)| highest.max(*weight));
        let kept = weighed.into_iter().filter(|(_, weight)| *weight > NEGLIGIBLE * highest);
        // Scaled, so that no chain of products runs out of small numbers.
        let (places, weights) = kept.map(|(place, weight)| (place, weight / highest)).unzip();
        Places { places, weights, width: grid.width }
    }

    /// The mass of each place, if a number that is normal about it, or that it is normal about, is here.
    fn about(&self, here: f64, sd: f64) -> impl Iterator<Item = f64> {
        self.places.iter().zip(&self.weights).map(move |(place, weight)| weight * normal(here - place, sd))
    }

    /// The density of that number here.
    pub fn density(&self, here: f64, sd: f64) -> f64 {
        self.about(here, sd).sum()
    }

    /// A place by its weight alone.
    ///
    /// # Errors
    /// Weights that are all nothing.
    pub fn draw(&self, rng: &mut StdRng) -> Result<f64> {
        Ok(self.within(Choice::new(self.weights.iter().copied())?.draw(rng), rng))
    }

    /// A place, if a number that is normal about it, or that it is normal about, is here.
    ///
    /// # Errors
    /// A number too far from all places.
    pub fn draw_about(&self, here: f64, sd: f64, rng: &mut StdRng) -> Result<f64> {
        Ok(self.within(Choice::new(self.about(here, sd))?.draw(rng), rng))
    }

    fn within(&self, number: usize, rng: &mut StdRng) -> f64 {
        let place = self.places.get(number).copied().unwrap_or(f64::NAN);
        place + self.width * (rng.random::<f64>() - 0.5)
    }
}

/// The normal density at a distance from the mean, but for the root of 2 pi.
pub fn normal(distance: f64, sd: f64) -> f64 {
    (-0.5 * (distance / sd).powi(2)).exp() / sd
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Means and squares of 100,000 draws are off by 0.003 and 0.005 by chance.
    #[test]
    fn draws_have_the_moments_of_their_density() {
        let mut rng = StdRng::seed_from_u64(1);
        let law = Grid::over(-5.0, 9.0, 700).law(|place| 3.0 * normal(place - 2.0, 1.0)).unwrap();
        let draws: Vec<f64> = (0..100_000).map(|_| law.draw(&mut rng) - 2.0).collect();
        let mean = |power| draws.iter().map(|draw| draw.powi(power)).sum::<f64>() / draws.len() as f64;
        assert!(mean(1).abs() < 0.012 && (mean(2) - 1.0).abs() < 0.018, "{} {}", mean(1), mean(2));
    }

    #[test]
    fn places_about_a_number_have_the_law_of_bayes() {
        let mut rng = StdRng::seed_from_u64(1);
        // A standard normal number, seen as 2 with sd 0.5: mean 1.6, variance 0.2.
        let places = Places::weighed(Grid::over(-8.0, 8.0, 1_600), |place| normal(place, 1.0));
        let mut draw = || places.draw_about(2.0, 0.5, &mut rng).unwrap();
        let draws: Vec<f64> = (0..10_000).map(|_| draw() - 1.6).collect();
        let mean = |power| draws.iter().map(|draw| draw.powi(power)).sum::<f64>() / draws.len() as f64;
        assert!(mean(1).abs() < 0.018 && (mean(2) - 0.2).abs() < 0.012, "{} {}", mean(1), mean(2));
        let ratio = places.density(2.0, 0.5) / places.density(0.0, 0.5);
        assert!((ratio / (-0.5 * 4.0 / 1.25_f64).exp() - 1.0).abs() < 1e-6, "{ratio}");
        assert_eq!(Places::known(0.3).draw_about(0.2, 0.5, &mut rng).unwrap(), 0.3);
    }

    #[test]
    fn straight_lines_between_middles_and_nothing_off_the_grid() {
        let grid = Grid::over(1.0, 3.0, 4);
        let values: Vec<f64> = grid.middles().map(|place| 2.0 * place).collect();
        for (place, value) in
            [(1.25, 2.5), (1.5, 3.0), (2.75, 5.5), (1.1, 2.5), (2.9, 5.5), (0.9, 0.0), (3.1, 0.0)]
        {
            assert!((grid.between(&values, place) - value).abs() < 1e-12, "{place}");
        }
    }

    #[test]
    fn what_has_no_mass_is_never_drawn_and_no_mass_at_all_is_refused() {
        let mut rng = StdRng::seed_from_u64(1);
        let choice = Choice::new([0.0, 2.0, 0.0, 1.0, 0.0]).unwrap();
        assert!((0..1_000).all(|_| [1, 3].contains(&choice.draw(&mut rng))));
        assert!(Choice::new([0.0, 0.0]).is_err());
        assert!(Choice::of_logs(&[f64::NEG_INFINITY; 2]).is_err());
        assert_eq!(Choice::of_logs(&[-5_000.0, -7_000.0]).unwrap().draw(&mut rng), 0);
    }
}
