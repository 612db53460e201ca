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

/// β_min and β_max of the variance-preserving one.
const VP_RATES: (f64, f64) = (0.01, 10.0);

/// The earliest time of the published processes.
pub(crate) const FIRST_TIME: f64 = 1e-5;

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
    /// Variance preserving, t uniform in training (Song et al. 2021). Its values are α(z + σ n) with 1/α² = 1 + σ², so that in
    /// those of this module, over α, only the levels differ, and how the network sees them.
    Vp,
}

impl Process {
    /// The process of `kind` for data whose finest structure is `finest` standard deviations wide.
    ///
    /// The finer a posterior can be, the lower the levels that must be learnt: log σ ~ N(−1.2, 1.4²) where the finest
    /// scale is about that of the prior, N(−2, 1.7²) where it is a thirtieth of it.
    pub fn fitting(kind: Noise, finest: f64) -> Process {
        match kind {
            Noise::Ve => Process::Ve,
            Noise::Vp => Process::Vp,
            Noise::Edm => {
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
            Process::Ve | Process::Vp => self.at_time(FIRST_TIME + u * (1.0 - FIRST_TIME)),
        }
    }

    /// σ(t) of the published processes, t from 0 to 1; of the preconditioned one, which has no time, t is a quantile.
    pub fn at_time(&self, time: f64) -> f64 {
        match self {
            Process::Edm { .. } => self.level(time),
            Process::Ve => VE_RANGE.0 * (VE_RANGE.1 / VE_RANGE.0).powf(time),
            // α² = exp(−t² (β_max − β_min) / 2 − t β_min)
            Process::Vp => {
                (0.5 * time * time * (VP_RATES.1 - VP_RATES.0) + time * VP_RATES.0).exp_m1().sqrt()
            }
        }
    }

    /// Whether it is one of the published processes, by their own sampler.
    pub fn is_published(&self) -> bool {
        matches!(self, Process::Ve | Process::Vp)
    }

    /// The variance of the noise that the reverse equation adds on the way from a level to the next: g² dt at the level.
    pub fn diffusion(&self, sigma: f64, next: f64) -> f64 {
        match self {
            Process::Ve => 2.0 * sigma * sigma * (sigma / next).ln(),
            Process::Vp | Process::Edm { .. } => sigma * sigma - next * next,
        }
    }

    /// The lowest and highest level that drawing visits.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Process::Edm { .. } => EDM_RANGE,
            Process::Ve | Process::Vp => (self.at_time(FIRST_TIME), self.at_time(1.0)),
        }
    }

    /// The variance of what drawing starts from.
    pub fn start_variance(&self) -> f64 {
        let (_, highest) = self.range();
        match self {
            Process::Edm { .. } => highest * highest,
            // The published start has the variance of noisy data: that of the data, 1, and of the noise.
            Process::Ve | Process::Vp => 1.0 + highest * highest,
        }
    }

    /// What the network is told of a level.
    pub fn feature(&self, sigma: f64) -> f64 {
        sigma.ln() / 4.0
    }

    /// `c_in`, `c_skip`, `c_out` at a level, for data of unit variance.
    pub fn coefficients(&self, sigma: f64) -> Coefficients {
        let total = 1.0 + sigma * sigma;
        let input = total.sqrt().recip();
        match self {
            Process::Edm { .. } => Coefficients { input, skip: total.recip(), output: sigma * input },
            Process::Ve => Coefficients { input: 1.0, skip: 1.0, output: sigma },
            Process::Vp => Coefficients { input, skip: 1.0, output: sigma },
        }
    }

    /// The part of the probability flow that is linear: of values u as the network sees them du/dλ is so many times u, less
    /// `c_in c_out F`, with λ = ln σ.
    pub fn linear(&self, sigma: f64) -> f64 {
        match self {
            // What the skip adds, the scaling takes away.
            Process::Edm { .. } | Process::Ve => 0.0,
            Process::Vp => -sigma * sigma / (1.0 + sigma * sigma),
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
        for process in [Process::fitting(Noise::Edm, 0.1), Process::Ve, Process::Vp] {
            for sigma in [1e-3, 0.3, 2.0, 50.0] {
                let c = process.coefficients(sigma);
                let (clean, noisy) = (0.7, 0.7 + sigma * 1.3);
                assert!((c.denoise(noisy, c.target(clean, noisy)) - clean).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_published_processes_have_the_published_levels() {
        assert!((Process::Ve.at_time(0.193) - 1e-3).abs() < 1e-5);
        assert!((Process::Ve.at_time(0.58) - 0.1).abs() < 2e-3);
        // Mean x₀ exp(−t² (β_max − β_min) / 4 − t β_min / 2), variance 1 − exp(−t² (β_max − β_min) / 2 − t β_min).
        for t in [1e-5, 0.1, 0.5, 1.0_f64] {
            let (mean, variance) =
                ((-2.4975 * t * t - 0.005 * t).exp(), -(-4.995 * t * t - 0.01 * t).exp_m1());
            let sigma = Process::Vp.at_time(t);
            let scale = Process::Vp.coefficients(sigma).input;
            assert!(
                (scale / mean - 1.0).abs() < 1e-9 && ((sigma * scale).powi(2) / variance - 1.0).abs() < 1e-9
            );
        }
    }
}
