//! Linear Gaussian models in closed form, and how far draws are from them.

#![allow(clippy::indexing_slicing, reason = "scalars are numbered by the model that names them")]

use crate::sample::Sample;
use anyhow::{Result, ensure};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::cholesky::CholeskyDecomposable;

/// Scalars that are linear in independent standard normal numbers, about zero.
#[derive(Debug)]
pub struct Linear {
    /// Names of the scalars in specs and draws, parameters first.
    pub names: Vec<String>,
    /// How many of them are parameters.
    pub params: usize,
    /// A row for each scalar: the coefficient of each number in it.
    factors: Vec<Vec<f64>>,
}

impl Linear {
    /// The task `linear_gaussian`: ten pairs of `theta[i]`, of variance 0.1, and `x[i]`, which varies as much about it.
    pub fn pairs() -> Linear {
        const PAIRS: usize = 10;
        let sd = 0.1_f64.sqrt();
        let names = ["theta", "x"].iter().flat_map(|node| (1..=PAIRS).map(move |i| format!("{node}[{i}]")));
        let row = |own: usize| {
            (0..2 * PAIRS).map(|at| if at == own || at + PAIRS == own { sd } else { 0.0 }).collect()
        };
        Linear { names: names.collect(), params: PAIRS, factors: (0..2 * PAIRS).map(row).collect() }
    }

    /// `line.sbi`: readings `y[i] = a + b i`, with noise of sd 0.5.
    pub fn line() -> Linear {
        const READINGS: usize = 5;
        let names = ["a", "b"].map(String::from).into_iter().chain((1..=READINGS).map(|i| format!("y[{i}]")));
        let row = |own: usize| {
            let mut row = vec![0.0; 2 + READINGS];
            match own.checked_sub(2) {
                None => row[own] = 1.0,
                Some(reading) => (row[0], row[1], row[own]) = (1.0, (reading + 1) as f64, 0.5),
            }
            row
        };
        Linear { names: names.collect(), params: 2, factors: (0..2 + READINGS).map(row).collect() }
    }

    /// A joint draw out of as many standard normal numbers as there are scalars.
    pub fn draw(&self, mut number: impl FnMut() -> f64) -> Vec<f64> {
        let numbers: Vec<f64> = self.factors.iter().map(|_| number()).collect();
        self.factors.iter().map(|row| dot(row, &numbers)).collect()
    }

    fn covariances(&self, rows: &[usize], columns: &[usize]) -> DenseMatrix<f64> {
        let entries =
            rows.iter().flat_map(|a| columns.iter().map(|b| dot(&self.factors[*a], &self.factors[*b])));
        matrix(rows.len(), columns.len(), entries.collect())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A multivariate normal distribution.
#[derive(Debug)]
pub struct Gaussian {
    mean: Vec<f64>,
    covariance: DenseMatrix<f64>,
}

impl Gaussian {
    /// The law of the scalars `unknown` given the values of others; those in neither are integrated out.
    ///
    /// # Errors
    /// Known scalars that are functions of one another.
    pub fn conditional(model: &Linear, unknown: &[usize], known: &[(usize, f64)]) -> Result<Gaussian> {
        let prior = model.covariances(unknown, unknown);
        if known.is_empty() {
            return Ok(Gaussian { mean: vec![0.0; unknown.len()], covariance: prior });
        }
        let (places, values): (Vec<usize>, Vec<f64>) = known.iter().copied().unzip();
        let across = model.covariances(&places, unknown);
        // Σ_kk⁻¹ Σ_ku, a column for each unknown.
        let weights = model.covariances(&places, &places).cholesky_solve_mut(across.clone())?;
        let column = |of: &DenseMatrix<f64>, at: usize| {
            (0..places.len()).map(|row| *of.get((row, at))).collect::<Vec<f64>>()
        };
        let weights: Vec<Vec<f64>> = (0..unknown.len()).map(|at| column(&weights, at)).collect();
        let told = |a: usize, b: usize| dot(&weights[a], &column(&across, b));
        let entries = (0..unknown.len()).flat_map(|a| (0..unknown.len()).map(move |b| (a, b)));
        let covariance = entries.map(|(a, b)| prior.get((a, b)) - 0.5 * (told(a, b) + told(b, a)));
        Ok(Gaussian {
            mean: weights.iter().map(|weights| dot(weights, &values)).collect(),
            covariance: matrix(unknown.len(), unknown.len(), covariance.collect()),
        })
    }

    /// The normal distribution with the mean and covariance of a table's rows.
    ///
    /// # Errors
    /// Fewer than two rows.
    pub fn fitted(sample: &Sample) -> Result<Gaussian> {
        ensure!(sample.len() > 1, "a covariance needs two rows");
        let (rows, width) = (sample.len() as f64, sample.width());
        let mean: Vec<f64> = (0..width).map(|column| sample.column(column).sum::<f64>() / rows).collect();
        let mut covariance = vec![0.0; width * width];
        for row in sample.rows() {
            let away: Vec<f64> = row.iter().zip(&mean).map(|(value, mean)| value - mean).collect();
            let products = away.iter().flat_map(|a| away.iter().map(move |b| a * b));
            covariance.iter_mut().zip(products).for_each(|(sum, product)| *sum += product / (rows - 1.0));
        }
        Ok(Gaussian { mean, covariance: matrix(width, width, covariance) })
    }

    /// The standard deviation of each element.
    pub fn sds(&self) -> Vec<f64> {
        (0..self.mean.len()).map(|i| self.covariance.get((i, i)).sqrt()).collect()
    }

    /// The means.
    pub fn means(&self) -> &[f64] {
        &self.mean
    }

    /// KL(self || other) in nats: 1/2 [tr(S2^-1 S1) + d' S2^-1 d - n + ln |S2| - ln |S1|], d the means' difference.
    ///
    /// # Errors
    /// A covariance that is not positive definite.
    pub fn divergence(&self, other: &Gaussian) -> Result<f64> {
        let size = self.mean.len();
        let log_determinants = log_determinant(&other.covariance)? - log_determinant(&self.covariance)?;
        let ratio = other.covariance.clone().cholesky_solve_mut(self.covariance.clone())?;
        let trace: f64 = (0..size).map(|i| ratio.get((i, i))).sum();
        let away: Vec<f64> = self.mean.iter().zip(&other.mean).map(|(a, b)| a - b).collect();
        let column = DenseMatrix::new(size, 1, away.clone(), false)?;
        let solved = other.covariance.clone().cholesky_solve_mut(column)?;
        let distance: f64 = away.iter().zip(solved.iterator(0)).map(|(a, b)| a * b).sum();
        Ok(0.5 * (trace + distance - size as f64 + log_determinants))
    }
}

/// A matrix from its values, row by row.
fn matrix(rows: usize, columns: usize, values: Vec<f64>) -> DenseMatrix<f64> {
    DenseMatrix::new(rows, columns, values, false).expect("as many values as a matrix of this size holds")
}

/// ln |S| of a covariance.
fn log_determinant(covariance: &DenseMatrix<f64>) -> Result<f64> {
    let lower = covariance.cholesky()?.L();
    Ok((0..covariance.shape().0).map(|i| 2.0 * lower.get((i, i)).ln()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    /// Pairs are independent: theta given its x has mean x / 2 and half the variance, x given its theta has mean theta.
    #[test]
    fn conditionals_of_pairs_are_those_of_each_pair() {
        let [theta_1, theta_2, theta_3, x_1, x_2, x_3] = [0, 1, 2, 10, 11, 12];
        let law = Gaussian::conditional(
            &Linear::pairs(),
            &[theta_1, x_2, theta_3, x_3],
            &[(x_1, 0.4), (theta_2, -0.3)],
        )
        .unwrap();
        let expected = [(0.2, 0.05), (-0.3, 0.1), (0.0, 0.1), (0.0, 0.2)];
        for (i, (mean, variance)) in expected.into_iter().enumerate() {
            close(law.means()[i], mean);
            close(law.sds()[i].powi(2), variance);
        }
        close(*law.covariance.get((2, 3)), 0.1);
        close(*law.covariance.get((0, 3)), 0.0);
    }

    /// By hand: y[1] = a + b + noise has variance 2.25 and covariance 1 with a and with b.
    #[test]
    fn one_reading_of_a_line_tells_of_both_parameters() {
        let line = Linear::line();
        assert_eq!(line.names, ["a", "b", "y[1]", "y[2]", "y[3]", "y[4]", "y[5]"]);
        let law = Gaussian::conditional(&line, &[0, 1], &[(2, 2.0)]).unwrap();
        close(law.means()[0], 2.0 / 2.25);
        close(law.means()[1], 2.0 / 2.25);
        close(*law.covariance.get((0, 0)), 1.0 - 1.0 / 2.25);
        close(*law.covariance.get((0, 1)), -1.0 / 2.25);
        // y[5] = a + 5 b + noise, nothing known.
        let reading = Gaussian::conditional(&line, &[6], &[]).unwrap();
        close(reading.sds()[0].powi(2), 1.0 + 25.0 + 0.25);
    }

    /// For theta and x of one pair against the same with theta moved by 0.1 and all scaled by 4 in variance:
    /// S2^-1 S1 = I / 4, |S2| / |S1| = 16, d' S2^-1 d = 0.01 * 20 / 4.
    #[test]
    fn divergence_of_two_known_gaussians() {
        let narrow = Gaussian::conditional(&Linear::pairs(), &[0, 10], &[]).unwrap();
        let wide = Gaussian { mean: vec![0.1, 0.0], covariance: matrix(2, 2, vec![0.4, 0.4, 0.4, 0.8]) };
        close(narrow.divergence(&wide).unwrap(), 0.5 * (0.5 + 0.05 - 2.0 + 16.0_f64.ln()));
        close(narrow.divergence(&narrow).unwrap(), 0.0);
    }

    #[test]
    fn fitting_takes_the_moments_of_the_rows() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let sample = Sample::new(names, vec![0.0, 1.0, 2.0, 1.0, 4.0, 4.0]).unwrap();
        let fitted = Gaussian::fitted(&sample).unwrap();
        assert_eq!(fitted.means(), [2.0, 2.0]);
        let covariance: Vec<f64> = fitted.covariance.iterator(0).copied().collect();
        assert_eq!(covariance, [4.0, 3.0, 3.0, 3.0]);
    }
}
