//! How many floating-point operations a network takes, counted: those of its products, without padding.

use sbi_infer::network::{Architecture, LEVEL_FREQUENCIES};

/// What comes back with it: a step takes a forward pass, and twice as much on the way back.
pub const STEP: f64 = 3.0;

/// Operations of a forward pass over `samples` samples, two for each multiply-add, where of all pairs of tokens
/// `pairs` look at each other.
pub fn forward(architecture: &Architecture, samples: usize, pairs: usize) -> f64 {
    let Architecture { tokens, width, layers, hidden, frequencies, .. } = *architecture;
    let attention = architecture.attention_width();
    let block = 4 * width * attention + 2 * width * hidden;
    let token = (2 * frequencies + 2) * width + layers * block + width;
    let sample = 2 * LEVEL_FREQUENCIES * width + width * width + 2 * layers * width * width;
    let looks = 2 * layers * attention * pairs;
    2.0 * samples as f64 * (tokens * token + sample + looks) as f64
}
