//! The noise process: how noisy training examples are, what the network is asked for, and how its output
//! becomes a denoised value.
//!
//! With standardised data `z`, noise `n` and level σ the network sees `c_in (z + σ n)` and the denoised value is
//! `D = c_skip (z + σ n) + c_out F`; the score is `(D − (z + σ n)) / σ²`.

use sbi_model::Noise;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// σ at which drawing starts and ends with the preconditioned process (Karras et al. 2022, table 1; the start is
/// higher, as standardised heavy tails reach further than images).
const EDM_RANGE: (f64, f64) = (0.002, 60.0);

/// σ_min and σ_max of the variance-exploding process as published with Simformer (appendix A2.1).
const VE_RANGE: (f64, f64) = (1e-4, 15.0);

/// The earliest time of the published processes.
const VE_FIRST_TIME: f64 = 1e-5;

/// A noise process with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Process {
    /// Preconditioned, log σ normal in training (Karras et al. 2022).
    Edm {
        /// Mean of log σ in training.
        log_mean: f64,
        /// Standard deviation of log σ in training.
        log_sd: f64,
    },
    /// Variance exploding: σ(t) = σ_min (σ_max/σ_min)^t with t uniform in training (Song et al. 2021).
    Ve,
}

impl Process {
    /// The process of `kind` for data whose finest structure is `finest` standard deviations wide.
    ///
    /// The finer a posterior can be, the lower the levels that must be learnt: log σ ~ N(−1.2, 1.4²) where the finest
    /// scale is about that of the prior, N(−2, 1.7²) where it is a thirtieth of it.
    pub fn fitting(kind: Noise, finest: f64) -> Process {
        match kind {
            Noise::Ve => Process::Ve,
            _ => {
                let depth = (-finest.ln()).clamp(0.0, 5.0);
                Process::Edm { log_mean: -1.1 - 0.28 * depth, log_sd: 1.4 + 0.1 * depth }
            }
        }
    }

    /// The training level at quantile `u` in (0, 1).
    pub fn level(&self, u: f64) -> f64 {
        match *self {
            Process::Edm { log_mean, log_sd } => {
                (log_mean + log_sd * Normal::standard().inverse_cdf(u)).exp()
            }
            Process::Ve => Process::ve_sigma(VE_FIRST_TIME + u * (1.0 - VE_FIRST_TIME)),
        }
    }

    /// σ(t) of the variance-exploding process.
    pub fn ve_sigma(time: f64) -> f64 {
        VE_RANGE.0 * (VE_RANGE.1 / VE_RANGE.0).powf(time)
    }

    /// The lowest and highest level that drawing visits.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Process::Edm { .. } => EDM_RANGE,
            Process::Ve => (Process::ve_sigma(VE_FIRST_TIME), VE_RANGE.1),
        }
    }

    /// The variance of what drawing starts from.
    pub fn start_variance(&self) -> f64 {
        let (_, highest) = self.range();
        match self {
            Process::Edm { .. } => highest * highest,
            // The published start has the variance of noisy data: that of the data, 1, and of the noise.
            Process::Ve => 1.0 + highest * highest,
        }
    }

    /// What the network is told of a level.
    pub fn feature(&self, sigma: f64) -> f64 {
        sigma.ln() / 4.0
    }

    /// `c_in`, `c_skip`, `c_out` at a level, for data of unit variance.
    pub fn coefficients(&self, sigma: f64) -> Coefficients {
        match self {
            Process::Edm { .. } => {
                let total = 1.0 + sigma * sigma;
                Coefficients {
                    input: total.sqrt().recip(),
                    skip: total.recip(),
                    output: sigma / total.sqrt(),
                }
            }
            Process::Ve => Coefficients { input: 1.0, skip: 1.0, output: sigma },
        }
    }
}

/// The level at a share of the way from the first to the last, curved by `rho` (Karras et al. 2022, equation 5).
pub fn level(share: f64, [first, last]: [f64; 2], rho: f64) -> f64 {
    let [first, last] = [first, last].map(|end| end.powf(rho.recip()));
    (first + share * (last - first)).powf(rho)
}

/// How inputs and outputs of the network are scaled at one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// `c_in`: multiplies the noisy value on its way in.
    pub input: f64,
    /// `c_skip`: the share of the noisy value in the denoised one.
    pub skip: f64,
    /// `c_out`: multiplies the network's output.
    pub output: f64,
}

impl Coefficients {
    /// The output that would denoise `noisy` to `clean`.
    pub fn target(&self, clean: f64, noisy: f64) -> f64 {
        (clean - self.skip * noisy) / self.output
    }

    /// The denoised value.
    pub fn denoise(&self, noisy: f64, output: f64) -> f64 {
        self.skip * noisy + self.output * output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_output_denoises_exactly() {
        for process in [Process::fitting(Noise::Edm, 0.1), Process::Ve] {
            for sigma in [1e-3, 0.3, 2.0, 50.0] {
                let c = process.coefficients(sigma);
                let (clean, noisy) = (0.7, 0.7 + sigma * 1.3);
                assert!((c.denoise(noisy, c.target(clean, noisy)) - clean).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_published_process_has_the_published_levels() {
        assert!((Process::ve_sigma(0.193) - 1e-3).abs() < 1e-5);
        assert!((Process::ve_sigma(0.58) - 0.1).abs() < 2e-3);
    }
}
