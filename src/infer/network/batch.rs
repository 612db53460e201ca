//! What a network is fed: samples of tokens with their noise level, condition bits and masks.

use sbi_model::Mask;
use std::borrow::Cow;
use std::sync::Arc;

/// Inputs of B samples of T tokens, row-major.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `[B·T]`: network input of each token (clean where given, scaled and noisy where not).
    pub value: Vec<f32>,
    /// `[B·T]`: 1 where the token is given, else 0.
    pub given: Vec<f32>,
    /// `[B·T]`: when each token is, from -1 to 1, and 0 of those that are at no time; empty where the network has no
    /// frequencies of time.
    pub time: Vec<f32>,
    /// `[B]`: the noise level fed to the network (a quarter of the log of sigma).
    pub level: Vec<f32>,
    /// `[B]`: which mask of the table holds for the sample.
    pub mask: Vec<u32>,
    /// `[B·K·D]`: what encoders made of the K tokens of [`super::Architecture::summaries`]; zero of those that are absent.
    pub summaries: Vec<f32>,
    /// `[T]`: whose outputs are wanted; empty for all. The other tokens have the same value, bit and time in all samples,
    /// and all samples have the first mask.
    pub wanted: Vec<bool>,
}

/// What the outputs of a batch are scored against: loss = Σ weight · (F − target)².
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// `[B·T]`: the wanted network output.
    pub target: Vec<f32>,
    /// `[B·T]`: its weight; 0 where the token is given or absent.
    pub weight: Vec<f32>,
}

/// The distinct masks of a batch, all of one number of tokens.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// The masks, which other batches may share; [`Inputs::mask`] indexes them.
    pub masks: Vec<Arc<Mask>>,
}

/// Which tokens of a body look at which.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// `[B]`: which mask holds for each sample.
    pub mask: Vec<u32>,
    /// The masks.
    pub masks: Masks,
}

impl Inputs {
    /// The same with what encoders made, if they made anything.
    pub fn with_summaries(&self, summaries: Option<Vec<f32>>) -> Cow<'_, Inputs> {
        match summaries {
            Some(summaries) => Cow::Owned(Inputs { summaries, ..self.clone() }),
            None => Cow::Borrowed(self),
        }
    }

    /// The number of samples B.
    pub fn samples(&self) -> usize {
        self.level.len()
    }
}
