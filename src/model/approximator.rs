//! Approximators and how they are trained, checked.

use crate::{Encoding, Fusion, Group, Lump, Query, State};
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
    /// The modalities of the model, written or implied, by which encodings and the fusion number them.
    pub groups: Vec<Group>,
    /// How modalities are summarised. For a posterior, one entry for each modality with an encoder of its own, in the
    /// order of the fusion; for a joint estimator, one for each modality that is a token.
    pub encodings: Vec<Encoding>,
    /// How the modalities are joined: always there for a posterior, never for a joint estimator.
    pub fusion: Option<Fusion>,
    /// How it is trained: the `train` block, or the defaults.
    pub train: Train,
    /// What in it this version checks but does not run: one error for each such thing, for commands that would run it.
    pub later: Vec<Diagnostic>,
    /// The span of its name, or of the model's where it is the default approximator.
    pub span: Span,
}

impl Approximator {
    /// The modalities that a joint estimator reads as a token or a few each, in the order of its encodings.
    pub fn lumps(&self) -> Vec<Lump> {
        let lump = |encoding: &Encoding| {
            let group = self.groups.get(encoding.modality)?;
            let tokens = encoding.stages.iter().find_map(|stage| stage.encoder.tokens).unwrap_or(1);
            Some(Lump { name: group.name.clone(), nodes: group.nodes.clone(), tokens })
        };
        match self.estimator {
            Estimator::Joint(_) => self.encodings.iter().filter_map(lump).collect(),
            Estimator::Posterior(_) => Vec::new(),
        }
    }
}

/// What is estimated.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimator {
    /// Every conditional of parameters and data, by one diffusion transformer (Simformer).
    Joint(Transformer),
    /// The posterior of all parameters given summaries of the data (MultiNPE).
    Posterior(Density),
}

/// What estimates the density of parameters given summaries.
#[derive(Clone, Debug, PartialEq)]
pub enum Density {
    /// A normalising flow.
    Flow(Flow),
    /// A diffusion.
    Diffusion(Diffusion),
}

/// `diffusion(…)`: the score of parameters at every level of noise. What the file does not state is chosen to fit the problem.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diffusion {
    /// Hidden width of the network.
    pub width: Option<usize>,
    /// How many blocks it has.
    pub layers: Option<usize>,
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
    /// Which rule makes the base graph.
    pub graph: GraphRule,
    /// The noise process.
    pub noise: Noise,
}

/// Which rule makes the base graph of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GraphRule {
    /// Latents and trajectories are eliminated: `graph = exact`.
    #[default]
    Exact,
    /// A reading of a state stands for the state: `graph = mechanistic`.
    Mechanistic,
}

/// `flow(…)`: couplings that take the parameters to normal numbers. What the file does not state is chosen to fit the
/// problem.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// How many couplings follow each other.
    pub couplings: Option<usize>,
    /// What each coupling does to the numbers that it changes.
    pub coupling: Coupling,
    /// Pieces of each spline: of spline couplings alone.
    pub bins: Option<usize>,
    /// Hidden width of the networks in the couplings.
    pub width: Option<usize>,
    /// How many hidden layers they have.
    pub layers: Option<usize>,
}

/// What a coupling of a flow does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coupling {
    /// Scales and shifts: `coupling = affine`.
    #[default]
    Affine,
    /// Bends by monotone splines: `coupling = spline`.
    Spline,
}

/// Which mask is made of the base graph (`papers/simformer.md` 1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// The moral graph: symmetrised, with the parents of a common child joined.
    #[default]
    Undirected,
    /// The base graph, turned round for what is given so that no dependence is lost and no edge is idle (the minimally
    /// faithful inverse).
    Directed,
    /// The base graph, where besides all inferred ancestors of a given token attend to it and to each other.
    Faithful,
    /// Every token attends to every other.
    Dense,
}

impl MaskKind {
    /// Whether the mask hangs on what is given.
    pub fn asks_what_is_given(self) -> bool {
        matches!(self, MaskKind::Directed | MaskKind::Faithful)
    }
}

/// The noise process of the diffusion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Noise {
    /// Preconditioned as in Karras et al. 2022 (EDM): `noise = edm`.
    #[default]
    Edm,
    /// Variance exploding as published with Simformer: `noise = ve`.
    Ve,
    /// Variance preserving as published with Simformer: `noise = vp`.
    Vp,
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
    /// Whether every batch is simulated afresh, so that `simulations` does not count.
    pub online: bool,
    /// The pattern that is trained more often than others: `focus QUERY`.
    pub focus: Option<Focus>,
}

/// What a query asks, apart from values: which tokens it gives and which it infers, in rising order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// The tokens that it gives.
    pub given: Vec<usize>,
    /// The tokens that it infers.
    pub inferred: Vec<usize>,
}

impl Focus {
    /// The pattern of a query.
    pub fn of(query: &Query) -> Focus {
        let tokens = |wanted: fn(&State) -> bool| {
            let states = query.states.iter().enumerate();
            states.filter(|(_, state)| wanted(state)).map(|(token, _)| token).collect()
        };
        Focus {
            given: tokens(|state| matches!(state, State::Given(_))),
            inferred: tokens(|state| matches!(state, State::Inferred)),
        }
    }
}

impl Default for Train {
    fn default() -> Self {
        Train {
            simulations: 10_000,
            seed: 1,
            steps: None,
            batch: None,
            learning_rate: None,
            online: false,
            focus: None,
        }
    }
}
