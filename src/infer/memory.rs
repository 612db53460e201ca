//! How much memory training and drawing take, reckoned before any of it is asked for: a machine that lacks it ends the
//! process without a word.

use crate::encoder::{Encoder, Reader, Stage};
use crate::example::{JUDGED, MOST_MASKS};
use crate::kernel::Kernel;
use crate::modality::Modality;
use crate::network::Architecture;
use crate::pattern::pool_size;
use crate::plan::{BATCH, architecture};
use crate::subject::Subject;
use crate::train::{VALIDATION_EXAMPLES, VALIDATION_ROWS};
use sbi_model::{Train, Transformer};

/// Copies of the parameters that a training holds: themselves, their gradient, two moments, the average, the best, and
/// those that an update makes on its way.
const COPIES: f64 = 12.0;

/// Bytes that each token of a batch takes: value, condition, target, weight.
const BATCH_BYTES: f64 = 16.0;

/// Bytes that each value of the simulations takes: as simulated, and as the network sees it.
const TABLE_BYTES: f64 = 12.0;

/// Bytes that each pair of tokens takes in a mask that is kept: as bits, in a batch, and in the kernel.
const MASK_BYTES: f64 = 6.0;

/// Bytes more that it takes in draws, for the queries that are asked.
const ASKED_BYTES: f64 = 4.0;

/// About how many numbers of a row, in widths, and of a pair of rows, in heads, are kept of each block of an encoder for its way back.
const ENCODED: (f64, f64) = (30.0, 5.0);

/// About how many bytes the training of a network takes at its peak, on `threads` threads of the CPU, where data sets
/// `differ` with a mask for each. An estimate from above for the network, its batches and the
/// simulations; the rest of the program is small.
pub fn training_bytes(
    subject: &Subject,
    differ: bool,
    transformer: &Transformer,
    train: &Train,
    threads: usize,
) -> f64 {
    // The finest structure a plan can find gives the most value features.
    let tokens = subject.tokens().len();
    let architecture = architecture(tokens, transformer, f64::MIN_POSITIVE);
    let batch = train.batch.unwrap_or(BATCH);
    let examples = batch + (train.simulations / 20).clamp(VALIDATION_EXAMPLES, VALIDATION_ROWS);
    let masks = match differ {
        true => pool_size(tokens) + batch.max(JUDGED),
        false => pool_size(tokens),
    };
    let (tokens, examples) = (tokens as f64, examples as f64);
    let kept = (train.simulations as f64 * tokens * tokens / 8.0).min(MOST_MASKS as f64);
    Kernel::bytes(&architecture, threads, true)
        + COPIES * 4.0 * architecture.parameters() as f64
        + BATCH_BYTES * examples * tokens
        + TABLE_BYTES * train.simulations as f64 * subject.scalars().len() as f64
        + subject
            .modalities
            .iter()
            .map(|own| encoding_bytes(own, architecture.width, batch, examples))
            .sum::<f64>()
        + MASK_BYTES * masks as f64 * tokens * tokens
        + if differ { kept } else { 0.0 }
}

/// About how many bytes an encoder takes: what it reads of all examples, and what it makes of a batch.
fn encoding_bytes(modality: &Modality, width: usize, batch: usize, examples: f64) -> f64 {
    let encoder = Encoder::of(modality, modality.tokens.len(), width);
    let read = 8.0 * examples * modality.cells.len() as f64;
    let made = |(stage, cells): (&Stage, usize)| {
        let tables = modality.rows() as f64 / cells as f64;
        let patches = cells as f64 / (stage.patch as f64).powi(stage.axes as i32);
        // How many rows go in, and with how many each is compared.
        let (rows, others) = match stage.reader {
            Reader::Attention { .. } => (patches, patches),
            Reader::DeepSet => (patches, 0.0),
            // Gates, and neighbours, are several states of a row.
            Reader::Lstm | Reader::Convolution => (4.0 * patches, 0.0),
            Reader::Mlp => (1.0, 0.0),
        };
        let row = ENCODED.0 * stage.width as f64 + ENCODED.1 * stage.heads as f64 * others;
        tables * rows * (row * stage.blocks as f64 + stage.inputs as f64)
    };
    let mut axis = 0;
    let stages = encoder.stages.iter().map(|stage| {
        let sizes = modality.sizes.iter().skip(axis).take(stage.axes);
        axis += stage.axes;
        (stage, sizes.product::<usize>())
    });
    read + 4.0 * batch.max(JUDGED) as f64 * stages.map(made).sum::<f64>()
}

/// About how many bytes draws take of a query over `tokens` tokens, from a network that was trained over `trained`. What
/// counts is that attention compares all tokens with all.
pub fn drawing_bytes(trained: usize, tokens: usize, transformer: &Transformer, threads: usize) -> f64 {
    let architecture = Architecture { tokens, ..architecture(trained, transformer, f64::MIN_POSITIVE) };
    let tokens = tokens as f64;
    // Each thread has a kernel of its own.
    threads as f64 * (Kernel::bytes(&architecture, 1, false) + (MASK_BYTES + ASKED_BYTES) * tokens * tokens)
}
