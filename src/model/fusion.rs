//! How a network reads several modalities: what summarises each, and how the summaries are joined.

use crate::{AxisId, AxisKind, Model};
use serde::{Deserialize, Serialize};

/// How one modality is summarised.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// Which: a place in [`crate::Approximator::groups`].
    pub modality: usize,
    /// One network for each row axis, outermost first: each reads what the next one makes of a row. A modality without
    /// row axes has one.
    pub stages: Vec<Stage>,
}

impl Encoding {
    /// How a modality over these row axes is summarised where the file does not say: by the usual network for each axis.
    pub fn usual(model: &Model, modality: usize, axes: &[AxisId]) -> Encoding {
        let mut stages: Vec<Stage> = Vec::new();
        for axis in axes {
            let kind = EncoderKind::usual(Some(model.axis(*axis).kind));
            match stages.last_mut() {
                Some(stage) if kind == EncoderKind::Grid && stage.encoder.kind == kind => {
                    stage.axes.push(*axis);
                }
                _ => stages.push(Stage { axes: vec![*axis], encoder: Encoder::new(kind) }),
            }
        }
        if stages.is_empty() {
            stages.push(Stage { axes: Vec::new(), encoder: Encoder::new(EncoderKind::usual(None)) });
        }
        Encoding { modality, stages }
    }
}

/// One network of an encoding.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The axes that it runs over: one, several of the kind `grid`, or none where it reads all numbers at once.
    pub axes: Vec<AxisId>,
    /// The network.
    pub encoder: Encoder,
}

/// A network that makes a summary of rows. What the file does not state is chosen to fit the problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    /// Which.
    pub kind: EncoderKind,
    /// Width of its hidden layers.
    pub width: Option<usize>,
    /// Blocks of attention, or layers of what has no attention.
    pub blocks: Option<usize>,
    /// Attention heads.
    pub heads: Option<usize>,
    /// Cells along each axis in a patch: `grid_transformer` alone.
    pub patch: Option<usize>,
    /// Points through which rows hear of each other: `set_transformer` alone.
    pub inducing: Option<usize>,
    /// Numbers in the summary.
    pub summary: Option<usize>,
    /// How many tokens a joint estimator makes of the summary.
    pub tokens: Option<usize>,
}

/// The networks that summarise rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EncoderKind {
    /// Attention between exchangeable rows: `set_transformer`.
    Set,
    /// A mean over exchangeable rows: `deep_set`.
    DeepSet,
    /// Attention between instants or ranks: `time_transformer`.
    Time,
    /// Attention to earlier rows alone: `causal_transformer`.
    Causal,
    /// Attention between patches of cells: `grid_transformer`.
    Grid,
    /// A state that goes along rows in order, and looks back at what it was: `lstm`.
    Lstm,
    /// Layers that each see neighbours alone, of rows in order or cells: `convolution`.
    Convolution,
    /// All numbers at once: `mlp`.
    Mlp,
}

impl EncoderKind {
    /// The network for rows of a kind where the file names none, or for what has no rows.
    pub fn usual(kind: Option<AxisKind>) -> EncoderKind {
        match kind {
            None | Some(AxisKind::Index { .. }) => EncoderKind::Mlp,
            Some(AxisKind::Set(_)) => EncoderKind::Set,
            Some(AxisKind::Ordered { .. }) => EncoderKind::Causal,
            Some(AxisKind::Instants(_) | AxisKind::Scattered { .. }) => EncoderKind::Time,
            Some(AxisKind::Cells(_)) => EncoderKind::Grid,
        }
    }

    /// Its name in a file.
    pub fn name(self) -> &'static str {
        match self {
            EncoderKind::Set => "set_transformer",
            EncoderKind::DeepSet => "deep_set",
            EncoderKind::Time => "time_transformer",
            EncoderKind::Causal => "causal_transformer",
            EncoderKind::Grid => "grid_transformer",
            EncoderKind::Lstm => "lstm",
            EncoderKind::Convolution => "convolution",
            EncoderKind::Mlp => "mlp",
        }
    }
}

impl Encoder {
    /// A network of which the file states nothing.
    pub fn new(kind: EncoderKind) -> Encoder {
        let (width, blocks, heads) = (None, None, None);
        Encoder { kind, width, blocks, heads, patch: None, inducing: None, summary: None, tokens: None }
    }
}

/// How what is known of several modalities becomes one condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Fusion {
    /// A modality: a place in [`crate::Approximator::groups`].
    Group(usize),
    /// Several joined.
    Join {
        /// How.
        scheme: Scheme,
        /// What is joined, at least two.
        parts: Vec<Fusion>,
        /// Whether rows hear of those that belong to them in attention across modalities: where these share a row axis,
        /// unless the file says `pairing = none`.
        pairing: bool,
    },
}

/// The ways to join modalities (`papers/multinpe.md` 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// The first attends to all others before its encoder.
    Early,
    /// Summaries are joined.
    Late,
    /// Each attends to all others before its encoder; then summaries are joined.
    Hybrid,
    /// Rows are joined one by one, before one encoder.
    Concat,
}

impl Scheme {
    /// Its name in a file.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Early => "early",
            Scheme::Late => "late",
            Scheme::Hybrid => "hybrid",
            Scheme::Concat => "concat",
        }
    }
}

impl Fusion {
    /// The modalities that are joined, in the order written.
    pub fn modalities(&self) -> Vec<usize> {
        match self {
            Fusion::Group(modality) => vec![*modality],
            Fusion::Join { parts, .. } => parts.iter().flat_map(Fusion::modalities).collect(),
        }
    }

    /// The modalities that have an encoder of their own: in `early` the first, in `concat` the first, which reads the
    /// joined rows.
    pub fn encoded(&self) -> Vec<usize> {
        match self {
            Fusion::Group(modality) => vec![*modality],
            Fusion::Join { scheme: Scheme::Early | Scheme::Concat, parts, .. } => {
                let mut own = parts.first().map(Fusion::encoded).unwrap_or_default();
                own.extend(parts.iter().skip(1).flat_map(Fusion::summarised));
                own
            }
            Fusion::Join { parts, .. } => parts.iter().flat_map(Fusion::encoded).collect(),
        }
    }

    /// The modalities that are summarised where something else reads the rows of this.
    fn summarised(&self) -> Vec<usize> {
        match self {
            Fusion::Group(_) => Vec::new(),
            Fusion::Join { scheme: Scheme::Late | Scheme::Hybrid, .. } => self.encoded(),
            Fusion::Join { parts, .. } => parts.iter().flat_map(Fusion::summarised).collect(),
        }
    }
}
