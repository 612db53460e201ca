//! What one thread needs for one micro-batch: activations kept for the way back, and gradients on their way.

use super::attention;
use super::buffer::Buffer;
use super::elementwise::Activated;
use super::features::Features;
use super::micro::{Arranged, ArrangedTargets};
use super::norm::{Normal, Rows};
use super::plan::Plan;
use super::slopes::Slopes;
use crate::network::LEVEL_FREQUENCIES;

/// Samples of a micro-batch are chosen to have about so many tokens: then activations and weights fit the second cache.
const MICRO_TOKENS: usize = 128;

/// A thread's memory. No operation depends on what was in it before, except that padding is zero.
pub(super) struct Workspace {
    /// Largest number of samples of a micro-batch.
    pub samples: usize,
    pub arranged: Arranged,
    pub targets: ArrangedTargets,
    /// `[2K + 2, tokens]`.
    pub token_features: Features,
    /// `[2 · LEVEL_FREQUENCIES, samples]`.
    pub level_features: Features,
    /// The two layers that make the context `[samples, D]`.
    pub context: [Activated; 2],
    /// `[samples, layers · 2 · D]`: offset and 1 + scale of every block.
    pub levels: Buffer,
    /// The residual stream h, `[tokens, D]`.
    pub stream: Buffer,
    pub blocks: Vec<BlockSpace>,
    /// The last norm, `[tokens, D]`.
    pub last: Normal,
    /// F, and then its gradient, `[tokens]`.
    pub outputs: Vec<f32>,
    pub attention: attention::Scratch,
    pub wanted: WantedRows,
    pub back: Gradients,
    pub slopes: Slopes,
}

/// Rows that are wanted.
pub(super) struct WantedRows {
    /// The residual stream from the last attention on.
    pub stream: Buffer,
    /// Queries, keys and values of tokens that are asked.
    pub qkv: Buffer,
}

/// What a block keeps for the way back; the last one, behind attention, of rows that are wanted alone.
pub(super) struct BlockSpace {
    /// The first norm, `[tokens, D]`.
    pub first: Normal,
    /// Queries, keys, values, `[tokens, 3A]`.
    pub qkv: Buffer,
    /// Attention weights, `[samples, heads, keys, queries]`.
    pub weights: Buffer,
    /// What attention gives, `[tokens, A]`.
    pub attended: Buffer,
    /// The second norm, and the same modulated, `[tokens, D]`.
    pub second: Normal,
    pub modulated: Buffer,
    /// `[tokens, F]`.
    pub hidden: Activated,
}

/// Gradients with respect to what their names say.
pub(super) struct Gradients {
    pub stream: Buffer,
    /// With respect to normalised rows.
    pub normal: Buffer,
    pub attended: Buffer,
    pub qkv: Buffer,
    pub hidden: Buffer,
    pub levels: Buffer,
    /// With respect to the two layers of the context.
    pub context: [Buffer; 2],
}

impl Workspace {
    /// About how many numbers [`Workspace::new`] makes room for, were there so many blocks, without making it.
    pub fn numbers(plan: &Plan, blocks: usize) -> f64 {
        let of = |row: usize| row as f64;
        let rows = plan.rows;
        let norm = of(rows.token) + 1.0;
        let pairs = of(plan.heads) * of(rows.queries);
        let block = 2.0 * norm + of(rows.qkv + rows.attention + rows.token + 2 * rows.hidden) + pairs;
        let back = of(2 * rows.token + rows.attention + rows.qkv + rows.hidden);
        let wanted = of(rows.token + rows.qkv);
        let token = of(plan.embed.rows + rows.token) + norm + wanted + back + blocks as f64 * block;
        let sample = of(6 * rows.token + 2 * rows.levels);
        samples(plan) as f64 * (plan.tokens as f64 * token + sample) + attention::Scratch::numbers(plan)
    }

    /// Memory for micro-batches of `plan`'s network.
    pub fn new(plan: &Plan) -> Workspace {
        let samples = samples(plan);
        let tokens = samples * plan.tokens;
        let rows = plan.rows;
        let of_samples = |row: usize| Buffer::new(samples * row);
        let of_tokens = |row: usize| Buffer::new(tokens * row);
        let normal = || Normal::new(Rows { count: tokens, width: plan.width });
        let block = || BlockSpace {
            first: normal(),
            qkv: of_tokens(rows.qkv),
            weights: of_tokens(plan.heads * rows.queries),
            attended: of_tokens(rows.attention),
            second: normal(),
            modulated: of_tokens(rows.token),
            hidden: Activated::new(tokens * rows.hidden),
        };
        Workspace {
            samples,
            arranged: Arranged::default(),
            targets: ArrangedTargets::default(),
            token_features: Features::new(plan.embed.rows, tokens),
            level_features: Features::new(2 * LEVEL_FREQUENCIES, samples),
            context: [0, 1].map(|_| Activated::new(samples * rows.token)),
            levels: of_samples(rows.levels),
            stream: of_tokens(rows.token),
            blocks: plan.blocks.iter().map(|_| block()).collect(),
            last: normal(),
            outputs: vec![0.0; tokens],
            slopes: Slopes::default(),
            attention: attention::Scratch::new(plan),
            wanted: WantedRows { stream: of_tokens(rows.token), qkv: of_tokens(rows.qkv) },
            back: Gradients {
                stream: of_tokens(rows.token),
                normal: of_tokens(rows.token),
                attended: of_tokens(rows.attention),
                qkv: of_tokens(rows.qkv),
                hidden: of_tokens(rows.hidden),
                levels: of_samples(rows.levels),
                context: [0, 1].map(|_| of_samples(rows.token)),
            },
        }
    }
}

/// Largest number of samples of a micro-batch.
fn samples(plan: &Plan) -> usize {
    (MICRO_TOKENS / plan.tokens).max(1)
}
