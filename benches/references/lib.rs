//! Posteriors that are known, to judge networks by: those of the experiments of MultiNPE (Schmitt et al. 2023), with any of their data
//! missing.
//!
//! | experiment | model | posterior |
//! |---|---|---|
//! | 1 | [`shared_mean`]: a cloud of points and a drifting path | closed form |
//! | 2 | [`decision`]: choices, times and a slope of each trial | draws by the exact likelihood |
//! | 3 | [`pulse`]: pulse waves at a wrist and a fingertip | draws by the exact likelihood |
//!
//! Draws are made by [`temper::sample`], from any likelihood.

pub mod decision;
pub mod pulse;
pub mod shared_mean;
pub mod temper;

use statrs::distribution::{ContinuousCDF, Normal};

/// The share of a standard normal law below a number.
fn share_below(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// A number from `low` to `high`, uniform where `z` is standard normal.
pub fn uniform(z: f64, low: f64, high: f64) -> f64 {
    low + (high - low) * share_below(z)
}

/// A normal number that lies between `low` and `high`, where `z` is standard normal.
pub fn truncated_normal(z: f64, mean: f64, sd: f64, low: f64, high: f64) -> f64 {
    let law = Normal::standard();
    let [from, to] = [low, high].map(|end| law.cdf((end - mean) / sd));
    (mean + sd * law.inverse_cdf(from + (to - from) * share_below(z))).clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_laws_that_they_should() {
        assert!((uniform(0.0, 1.0, 3.0) - 2.0).abs() < 1e-12);
        // Half of a standard normal law above zero lies below its quantile of three quarters.
        let middle = truncated_normal(0.0, 0.0, 1.0, 0.0, f64::INFINITY);
        assert!((middle - 0.674_489_750_196_08).abs() < 1e-6, "{middle}");
        for (z, end) in [(-40.0, 0.5), (40.0, 3.0)] {
            assert!((truncated_normal(z, 1.0, 2.0, 0.5, 3.0) - end).abs() < 1e-9);
        }
    }
}
