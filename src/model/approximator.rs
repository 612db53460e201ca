//! Approximators and how they are trained, checked.

use sbi_syntax::{Diagnostic, Span};
use serde::{Deserialize, Serialize};

/// A network that answers queries about one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Approximator {
    /// Its name: part of the key of its weights.
    pub name: String,
    /// Index into [`crate::File::models`].
    pub model: usize,
    /// What it estimates, and with what.
    pub estimator: Estimator,
    /// How it is trained: the `train` block, or the defaults.
    pub train: Train,
    /// What in it this version checks but does not run: one error for each such thing, for commands that would run it.
    pub later: Vec<Diagnostic>,
    /// The span of its name, or of the model's where it is the default approximator.
    pub span: Span,
}

/// What is estimated.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimator {
    /// Every conditional of parameters and data, by one diffusion transformer (Simformer).
    Joint(Transformer),
}

/// `diffusion_transformer(…)`. What the file does not state is chosen to fit the problem.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transformer {
    /// Width of a token.
    pub width: Option<usize>,
    /// Number of blocks.
    pub layers: Option<usize>,
    /// Attention heads.
    pub heads: Option<usize>,
    /// Hidden width of the feed-forward part, in widths.
    pub widening: Option<usize>,
    /// Which pairs of tokens may attend.
    pub mask: MaskKind,
    /// The noise process.
    pub noise: Noise,
}

/// Which mask is made of the base graph (`papers/simformer.md` 1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// The moral graph: symmetrised, with the parents of a common child joined.
    #[default]
    Undirected,
    /// Every token attends to every other.
    Dense,
}

/// The noise process of the diffusion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Noise {
    /// Preconditioned as in Karras et al. 2022 (EDM): `noise = edm`.
    #[default]
    Edm,
    /// Variance exploding as published with Simformer: `noise = ve`.
    Ve,
}

/// The settings of a `train` block.
#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    /// Simulations drawn, validation included.
    pub simulations: usize,
    /// The seed of simulations and training.
    pub seed: u64,
    /// Optimiser steps; chosen to fit the problem where the file is silent.
    pub steps: Option<usize>,
    /// Simulations in a step; chosen to fit the problem where the file is silent.
    pub batch: Option<usize>,
    /// Peak learning rate; chosen to fit the problem where the file is silent.
    pub learning_rate: Option<f64>,
}

impl Default for Train {
    fn default() -> Self {
        Train { simulations: 10_000, seed: 1, steps: None, batch: None, learning_rate: None }
    }
}
