//! Experiment 1: points of variance 1 around a mean, and a Brownian path of scale ½ that drifts by it; a standard normal prior in each
//! dimension.
//!
//! ```text
//! θ ~ N(0, 1)    X_n ~ N(θ, 1)    dY = θ dt + ½ dW, Y(0) = 0
//! ```
//!
//! Of a path only its last reading tells of its drift: Y(t) ~ N(θ t, t / 4). So with N points and a last reading at t the precision is
//! 1 + N + 4 t, and the mean (Σ X_n + 4 Y(t)) over that, whatever else is missing.

use std::f64::consts::TAU;

/// The variance of points, and the scale of the path's noise.
const VARIANCE: f64 = 1.0;
const SCALE: f64 = 0.5;

/// A normal posterior of one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
}

impl Normal {
    /// The posterior from what is seen of one dimension: points, and readings of the path with their times; NaN of what is missing.
    pub fn given(points: &[f64], path: &[(f64, f64)]) -> Normal {
        let points = || points.iter().filter(|x| !x.is_nan());
        let last = path.iter().filter(|(_, y)| !y.is_nan()).max_by(|a, b| a.0.total_cmp(&b.0));
        let (time, end) = last.copied().unwrap_or((0.0, 0.0));
        let precision = 1.0 + points().count() as f64 / VARIANCE + time / (SCALE * SCALE);
        let mean = (points().sum::<f64>() / VARIANCE + end / (SCALE * SCALE)) / precision;
        Normal { mean, sd: precision.sqrt().recip() }
    }

    /// The logarithm of the density.
    pub fn log_density(&self, x: f64) -> f64 {
        -0.5 * (((x - self.mean) / self.sd).powi(2) + TAU.ln()) - self.sd.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precisions_are_those_of_what_is_there() {
        let sd = |points: &[f64], path: &[(f64, f64)]| Normal::given(points, path).sd.powi(-2);
        let (points, path) = ([0.3; 20], [(1.5, 0.1), (3.0, 0.2)]);
        assert!((sd(&points, &path) - 33.0).abs() < 1e-9);
        assert!((sd(&points, &[]) - 21.0).abs() < 1e-9);
        assert!((sd(&[f64::NAN; 20], &path) - 13.0).abs() < 1e-9);
        assert!((sd(&[], &[(1.5, 0.1), (3.0, f64::NAN)]) - 7.0).abs() < 1e-9, "a lost tail");
        assert_eq!(sd(&[], &[]), 1.0);
        // Interior readings tell nothing more.
        assert_eq!(Normal::given(&points, &path), Normal::given(&points, &path[1..]));
    }

    /// Bayes' rule with the densities themselves: prior times likelihood is the posterior times what does not hang on the mean.
    #[test]
    fn the_posterior_is_prior_times_likelihood() {
        let law = |mean: f64, variance: f64| Normal { mean, sd: variance.sqrt() };
        let (points, path) = ([0.4, -1.0, 0.2], [(0.5, 0.3), (2.0, 1.1)]);
        let joint = |theta: f64| {
            let cloud: f64 = points.iter().map(|x| law(theta, 1.0).log_density(*x)).sum();
            let first = law(0.5 * theta, 0.125).log_density(0.3);
            let second = law(0.3 + 1.5 * theta, 0.375).log_density(1.1);
            law(0.0, 1.0).log_density(theta) + cloud + first + second
        };
        let posterior = Normal::given(&points, &path);
        let rest = |theta: f64| joint(theta) - posterior.log_density(theta);
        assert!([-1.0, 0.0, 0.7, 2.0].iter().all(|theta| (rest(*theta) - rest(0.3)).abs() < 1e-10));
    }
}
