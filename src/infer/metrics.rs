//! How good posterior draws are over many data sets whose true parameters are known.
//!
//! Definitions are BayesFlow's, those of the authors of MultiNPE (Schmitt et al. 2023), so that numbers can be compared. For data set m with true
//! value θ_m and draws θ_ms:
//!
//! ```text
//! rmse              median over m of r_m = √ mean_s (θ_ms − θ_m)²
//! nrmse             median over m of r_m / √ mean_s (π_s − θ_m)²         π: draws of the prior
//! nrmse_of_mean     √ mean_m (mean_s θ_ms − θ_m)² / sd of θ_m
//! contraction       median over m of 1 − var_s(θ_ms) / var(θ_m), within 0 and 1
//! calibration error median over 20 levels α from .005 to .995 of |share of θ_m in the central interval of α − α|
//! ```

/// Levels of calibration, and their ends.
const LEVELS: usize = 20;
const ENDS: (f64, f64) = (0.005, 0.995);

/// Draws of one parameter for many data sets.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// True values, one for each data set.
    pub truths: &'a [f64],
    /// `[data sets · draws]`.
    pub draws: &'a [f64],
}

/// All metrics of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Root mean square of draws about the truth, median over data sets.
    pub rmse: f64,
    /// The same as a share of what prior draws have: 1 of the prior, 0 of a point.
    pub nrmse: f64,
    /// Root mean square of posterior means about the truth, in standard deviations of the truths.
    pub nrmse_of_mean: f64,
    /// How much smaller the variance is than that of the truths, median over data sets.
    pub contraction: f64,
    /// How far shares of truths in central intervals are from what they should be.
    pub calibration_error: f64,
}

impl Scored<'_> {
    /// The metrics; truths are draws of the prior, too.
    ///
    /// # Panics
    /// Where there are no data sets, or not as many draws for each.
    pub fn metrics(&self) -> Metrics {
        let sets = self.truths.len();
        assert!(sets > 0 && !self.draws.is_empty(), "metrics are of draws for data sets");
        assert!(self.draws.len().is_multiple_of(sets), "each data set has as many draws");
        let each = self.draws.len() / sets;
        let rows = || self.truths.iter().zip(self.draws.chunks_exact(each));
        let (mean, variance) = moments(self.truths);
        let about = |draws: &[f64], truth: f64| {
            (draws.iter().map(|x| (x - truth).powi(2)).sum::<f64>() / draws.len() as f64).sqrt()
        };
        let far: Vec<f64> = rows().map(|(truth, draws)| about(draws, *truth)).collect();
        // The mean square of prior draws about a truth, exactly.
        let prior = |truth: f64| (variance + (mean - truth).powi(2)).sqrt();
        let shares = far.iter().zip(self.truths).map(|(far, truth)| far / prior(*truth));
        let errors = rows().map(|(truth, draws)| (moments(draws).0 - truth).powi(2));
        let contractions = rows().map(|(_, draws)| (1.0 - moments(draws).1 / variance).clamp(0.0, 1.0));
        Metrics {
            rmse: median(far.clone()),
            nrmse: median(shares.collect()),
            nrmse_of_mean: (errors.sum::<f64>() / sets as f64 / variance).sqrt(),
            contraction: median(contractions.collect()),
            calibration_error: self.calibration_error(each),
        }
    }

    fn calibration_error(&self, each: usize) -> f64 {
        let sorted: Vec<Vec<f64>> = self
            .draws
            .chunks_exact(each)
            .map(|draws| {
                let mut draws = draws.to_vec();
                draws.sort_by(f64::total_cmp);
                draws
            })
            .collect();
        let off = |level: usize| {
            let level = ENDS.0 + (ENDS.1 - ENDS.0) * level as f64 / (LEVELS - 1) as f64;
            let within = |(truth, draws): (&f64, &Vec<f64>)| {
                let ends = [0.5 - 0.5 * level, 0.5 + 0.5 * level].map(|share| quantile(draws, share));
                (ends[0]..=ends[1]).contains(truth)
            };
            let share = self.truths.iter().zip(&sorted).filter(|pair| within(*pair)).count() as f64;
            (share / self.truths.len() as f64 - level).abs()
        };
        median((0..LEVELS).map(off).collect())
    }
}

/// Mean and variance, the latter with all of the degrees of freedom.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5)
}

/// The quantile of a sorted column, linear between its order statistics (type 7 of Hyndman and Fan 1996).
pub fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * sorted.len().saturating_sub(1) as f64;
    let at = |i: usize| sorted.get(i).or(sorted.last()).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(place.floor() as usize), at(place.ceil() as usize));
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sbi_sim::rng::Stream;

    /// θ ~ N(0, 1), x ~ N(θ, ½): draws of the posterior N(0.8 x, 0.2), as wide as they are or by a factor.
    fn scored(width: f64) -> Metrics {
        let (stream, sets, each) = (Stream::new(4, "metrics"), 2_000_u64, 200_u64);
        let normal = |set: u64, step: u32, own: u64| stream.normal(set * (each + 2) + own, step, 0);
        let truths: Vec<f64> = (0..sets).map(|set| normal(set, 0, 0)).collect();
        let draw = |set: u64, own: u64| {
            let x = truths[set as usize] + 0.5 * normal(set, 0, 1);
            0.8 * x + width * 0.2_f64.sqrt() * normal(set, 1, own)
        };
        let draws: Vec<f64> = (0..sets)
            .flat_map(|set| (0..each).map(move |own| (set, own)))
            .map(|(set, own)| draw(set, own))
            .collect();
        Scored { truths: &truths, draws: &draws }.metrics()
    }

    /// Of an exact posterior: its mean is off by its sd, a share √.2 of the prior's; the variance is a fifth; intervals hold what they say.
    #[test]
    fn an_exact_posterior_has_the_metrics_of_its_closed_form() {
        let Metrics { rmse, nrmse, nrmse_of_mean, contraction, calibration_error } = scored(1.0);
        // Four standard errors of 2,000 data sets, whose median of r has a density of about two there.
        assert!((nrmse_of_mean - 0.2_f64.sqrt()).abs() < 0.03, "{nrmse_of_mean}");
        assert!((contraction - 0.8).abs() < 0.02, "{contraction}");
        // r² = .2 (1 + e²) with e standard normal: the median of e² is .455.
        assert!((rmse - (0.2_f64 * 1.455).sqrt()).abs() < 0.03, "{rmse}");
        assert!(nrmse > 0.3 && nrmse < rmse, "prior draws lie farther off than one sd: {nrmse}");
        assert!(calibration_error < 0.02, "{calibration_error}");
    }

    #[test]
    fn draws_that_are_too_narrow_are_found_out() {
        assert!(scored(0.7).calibration_error > 0.08, "{:?}", scored(0.7));
        assert!(scored(1.4).calibration_error > 0.08);
    }

    #[test]
    fn draws_at_the_truth_and_draws_of_the_prior_are_the_ends() {
        let truths = [-1.0, 0.5, 2.0, 0.1];
        let point: Vec<f64> = truths.iter().flat_map(|x| [*x; 5]).collect();
        let point = Scored { truths: &truths, draws: &point }.metrics();
        assert_eq!((point.rmse, point.nrmse, point.nrmse_of_mean, point.contraction), (0.0, 0.0, 0.0, 1.0));
        let prior: Vec<f64> = truths.iter().flat_map(|_| truths).collect();
        let prior = Scored { truths: &truths, draws: &prior }.metrics();
        assert!((prior.nrmse - 1.0).abs() < 1e-12 && prior.contraction == 0.0, "{prior:?}");
        assert!((prior.nrmse_of_mean - 1.0).abs() < 1e-12);
    }
}
