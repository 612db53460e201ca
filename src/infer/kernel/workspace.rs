//! What one thread needs for one micro-batch: activations kept for the way back, and gradients on their way.

use super::attention::Attention;
use super::buffer::Buffer;
use super::lanes::LANES;
use super::plan::Plan;
use crate::network::LEVEL_FREQUENCIES;

/// Samples of a micro-batch are chosen to have about so many tokens: then activations and weights fit the second cache.
const MICRO_TOKENS: usize = 128;

/// A thread's memory; no operation depends on what was in it before, except that padding is zero.
pub(super) struct Workspace {
    /// Largest number of samples.
    pub samples: usize,
    /// Length of a row of token features, and of noise-level features.
    pub token_stride: usize,
    pub level_stride: usize,
    /// `[2K + 2, tokens]` and `[features, samples]`.
    pub token_features: Buffer,
    pub level_features: Buffer,
    /// The two layers that make the context `[samples, D]`, with the slopes of their activations.
    pub context: [Activated; 2],
    /// `[samples, layers · 2 · D]`.
    pub modulation: Buffer,
    /// The residual stream, `[tokens, D]`.
    pub stream: Buffer,
    pub blocks: Vec<BlockSpace>,
    pub last: Normal,
    /// F and its gradient, `[tokens]`.
    pub outputs: Vec<f32>,
    pub back: Gradients,
    /// One head's keys or values with tokens along the row.
    pub turned: Buffer,
}

/// The output of an activation and its derivative.
pub(super) struct Activated {
    pub value: Buffer,
    pub slope: Buffer,
}

/// Normalised rows and their 1/sd.
pub(super) struct Normal {
    pub rows: Buffer,
    pub scale: Vec<f32>,
}

/// What a block keeps for the way back.
pub(super) struct BlockSpace {
    pub first: Normal,
    pub qkv: Buffer,
    /// Attention weights `[samples, heads, T, padded T]`.
    pub weights: Buffer,
    pub attended: Buffer,
    pub second: Normal,
    pub modulated: Buffer,
    pub hidden: Activated,
}

/// Gradients with respect to what their names say.
pub(super) struct Gradients {
    pub stream: Buffer,
    /// Rows of D, in several places.
    pub rows: Buffer,
    pub attended: Buffer,
    pub qkv: Buffer,
    pub weights: Buffer,
    pub hidden: Buffer,
    pub modulation: Buffer,
    pub context: Buffer,
}

impl Workspace {
    /// Memory for micro-batches of `plan`'s network.
    pub fn new(plan: &Plan) -> Workspace {
        let samples = (MICRO_TOKENS / plan.tokens).max(1);
        let tokens = samples * plan.tokens;
        let rows = plan.rows;
        let pairs = plan.heads * plan.tokens * rows.queries;
        let (token_stride, level_stride) = (tokens.next_multiple_of(LANES), samples.next_multiple_of(LANES));
        let activated = |n: usize| Activated { value: Buffer::new(n), slope: Buffer::new(n) };
        let normal = || Normal { rows: Buffer::new(tokens * rows.token), scale: vec![0.0; tokens] };
        Workspace {
            samples,
            token_stride,
            level_stride,
            token_features: Buffer::new(plan.embed.rows * token_stride),
            level_features: Buffer::new(2 * LEVEL_FREQUENCIES * level_stride),
            context: [activated(samples * rows.token), activated(samples * rows.token)],
            modulation: Buffer::new(samples * rows.modulation),
            stream: Buffer::new(tokens * rows.token),
            blocks: plan
                .blocks
                .iter()
                .map(|_| BlockSpace {
                    first: normal(),
                    qkv: Buffer::new(tokens * rows.qkv),
                    weights: Buffer::new(samples * pairs),
                    attended: Buffer::new(tokens * rows.attention),
                    second: normal(),
                    modulated: Buffer::new(tokens * rows.token),
                    hidden: activated(tokens * rows.hidden),
                })
                .collect(),
            last: normal(),
            outputs: vec![0.0; tokens],
            back: Gradients {
                stream: Buffer::new(tokens * rows.token),
                rows: Buffer::new(tokens * rows.token),
                attended: Buffer::new(tokens * rows.attention),
                qkv: Buffer::new(tokens * rows.qkv),
                weights: Buffer::new(Attention::new(plan).scratch()),
                hidden: Buffer::new(tokens * rows.hidden),
                modulation: Buffer::new(samples * rows.modulation),
                context: Buffer::new(samples * rows.token),
            },
            turned: Buffer::new(Attention::new(plan).scratch()),
        }
    }
}
