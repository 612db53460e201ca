//! The linear Gaussian task in closed form, and how far draws are from it.

use crate::sample::Sample;
use anyhow::{Result, ensure};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::cholesky::CholeskyDecomposable;

/// Variance of the prior of each `theta[i]`, and of `x[i]` about it.
pub const VARIANCE: f64 = 0.1;

/// One scalar of the task: `theta[i]` or `x[i]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A parameter, by its index from 1.
    Theta(usize),
    /// A datum, by its index from 1.
    X(usize),
}

impl Element {
    /// Its name in specs and draws.
    pub fn name(self) -> String {
        match self {
            Element::Theta(i) => format!("theta[{i}]"),
            Element::X(i) => format!("x[{i}]"),
        }
    }
}

/// A multivariate normal distribution.
#[derive(Debug)]
pub struct Gaussian {
    mean: Vec<f64>,
    covariance: DenseMatrix<f64>,
}

impl Gaussian {
    /// The law of `unknown` given the values of all other elements.
    ///
    /// Pairs (theta[i], x[i]) are independent of one another, so at most the partner of an element tells of it.
    pub fn conditional(unknown: &[Element], known: &[(Element, f64)]) -> Gaussian {
        let value = |element| known.iter().find(|(known, _)| *known == element).map(|(_, value)| *value);
        let law = |element: &Element| match *element {
            Element::Theta(i) => value(Element::X(i)).map_or((0.0, VARIANCE), |x| (x / 2.0, VARIANCE / 2.0)),
            Element::X(i) => {
                value(Element::Theta(i)).map_or((0.0, 2.0 * VARIANCE), |theta| (theta, VARIANCE))
            }
        };
        let covary = |a: &Element, b: &Element| match (*a, *b) {
            (a, b) if a == b => law(&a).1,
            (Element::Theta(i), Element::X(j)) | (Element::X(j), Element::Theta(i)) if i == j => VARIANCE,
            _ => 0.0,
        };
        let covariance = unknown.iter().flat_map(|a| unknown.iter().map(move |b| covary(a, b)));
        Gaussian {
            mean: unknown.iter().map(|element| law(element).0).collect(),
            covariance: square(unknown.len(), covariance.collect()),
        }
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
        Ok(Gaussian { mean, covariance: square(width, covariance) })
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

/// A square matrix from its values, row by row.
fn square(size: usize, values: Vec<f64>) -> DenseMatrix<f64> {
    DenseMatrix::new(size, size, values, false).expect("as many values as a square of this size holds")
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

    #[test]
    fn conditionals_follow_from_the_joint() {
        let unknown = [Element::Theta(1), Element::X(2), Element::Theta(3), Element::X(3)];
        let law = Gaussian::conditional(&unknown, &[(Element::X(1), 0.4), (Element::Theta(2), -0.3)]);
        let expected = [(0.2, 0.05), (-0.3, 0.1), (0.0, 0.1), (0.0, 0.2)];
        for (i, (mean, variance)) in expected.into_iter().enumerate() {
            close(law.means()[i], mean);
            close(law.sds()[i].powi(2), variance);
        }
        close(*law.covariance.get((2, 3)), 0.1);
        close(*law.covariance.get((0, 3)), 0.0);
    }

    /// For theta and x of one pair against the same with theta moved by 0.1 and all scaled by 4 in variance:
    /// S2^-1 S1 = I / 4, |S2| / |S1| = 16, d' S2^-1 d = 0.01 * 20 / 4.
    #[test]
    fn divergence_of_two_known_gaussians() {
        let pair = [Element::Theta(1), Element::X(1)];
        let narrow = Gaussian::conditional(&pair, &[]);
        let wide = Gaussian { mean: vec![0.1, 0.0], covariance: square(2, vec![0.4, 0.4, 0.4, 0.8]) };
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
