//! Answers: draws of the tokens that a query infers, by running the noise process backwards.

use crate::backend::{Device, Machine, ScoreBackend, probe_cuda};
use crate::solver::Solver;
use crate::weights::Weights;
use sbi_model::{Graph, Query, Token};
use std::ops::ControlFlow;

/// Tokens that are drawn together: enough to keep all threads busy, few enough that progress is heard of often.
const CHUNK_TOKENS: usize = 16_384;

/// How often a draw outside the prior's support is drawn again before giving up.
const ATTEMPTS: u32 = 200;

/// Draws of a query's inferred tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[draws · inferred]`, row-major, in the order the query asks, in the user's units.
    pub values: Vec<f64>,
    /// Draws that fell outside the prior's support and were made again.
    pub redrawn: usize,
}

/// Why there are no draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawError {
    /// The caller stopped it.
    Stopped,
    /// After many attempts these draws still lay outside the support.
    OutsideSupport {
        /// How many.
        draws: usize,
    },
    /// The network gave something that is not a number.
    NotFinite {
        /// For which quantity.
        name: String,
    },
    /// The device cannot be used, and why.
    Device(String),
}

impl std::fmt::Display for DrawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DrawError::Stopped => write!(f, "drawing was stopped"),
            DrawError::OutsideSupport { draws } => write!(
                f,
                "{draws} draws stay outside the prior's support, however often they are made again: \
                 the network has not learnt this model"
            ),
            DrawError::NotFinite { name } => write!(f, "the network's draws of `{name}` are not numbers"),
            DrawError::Device(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DrawError {}

/// Draws from the conditional that `query` asks for. `progress` hears of draws done and may stop the work.
///
/// # Errors
/// See [`DrawError`].
pub fn draw(
    weights: &Weights,
    graph: &Graph,
    query: &Query,
    seed: u64,
    machine: &Machine,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Draws, DrawError> {
    match machine.device {
        Device::Cpu => draw_on::<crate::backend::Cpu>(weights, graph, query, seed, machine, progress),
        Device::Cuda => {
            probe_cuda().map_err(DrawError::Device)?;
            #[cfg(feature = "cuda")]
            return draw_on::<crate::backend::Cuda>(weights, graph, query, seed, machine, progress);
            #[cfg(not(feature = "cuda"))]
            unreachable!("without CUDA the probe fails")
        }
    }
}

fn draw_on<B: ScoreBackend>(
    weights: &Weights,
    graph: &Graph,
    query: &Query,
    seed: u64,
    machine: &Machine,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Draws, DrawError> {
    let solver = Solver::<B>::new(weights, graph, query, seed, machine);
    let width = query.infer.len();
    let mut values = vec![0.0; query.draws * width];
    let mut waiting: Vec<usize> = (0..query.draws).collect();
    let (mut done, mut redrawn) = (0, 0);
    for attempt in 0..ATTEMPTS {
        let mut outside = Vec::new();
        for chunk in waiting.chunks((CHUNK_TOKENS / graph.tokens.len().max(1)).clamp(16, 1_024)) {
            let made = solver.draw(chunk, attempt);
            for (&number, tokens) in chunk.iter().zip(made.chunks_exact(graph.tokens.len())) {
                let row = report(weights, graph, query, tokens)?;
                if !supported(graph, query, &row) {
                    outside.push(number);
                    continue;
                }
                let place = values.get_mut(number * width..(number + 1) * width);
                place.expect("draws are numbered from zero").copy_from_slice(&row);
                done += 1;
            }
            if progress(done, query.draws).is_break() {
                return Err(DrawError::Stopped);
            }
        }
        if outside.is_empty() {
            return Ok(Draws { values, redrawn });
        }
        redrawn += outside.len();
        waiting = outside;
    }
    Err(DrawError::OutsideSupport { draws: waiting.len() })
}

/// The inferred tokens of one draw in the user's units; whole numbers are the nearest that can occur.
fn report(weights: &Weights, graph: &Graph, query: &Query, tokens: &[f64]) -> Result<Vec<f64>, DrawError> {
    let value = |&token: &usize| {
        let z = *tokens.get(token).expect("a draw has a value for every token");
        let scale = weights.plan.scales.get(token).expect("a plan scales every token");
        let x = scale.restore(z);
        let Token { support, name, .. } =
            graph.tokens.get(token).expect("queries name tokens of their graph");
        match x.is_finite() {
            true if support.whole => Ok(x.round().clamp(support.low, support.high)),
            true => Ok(x),
            false => Err(DrawError::NotFinite { name: name.clone() }),
        }
    };
    query.infer.iter().map(value).collect()
}

fn supported(graph: &Graph, query: &Query, row: &[f64]) -> bool {
    query.infer.iter().zip(row).all(|(&token, x)| {
        graph.tokens.get(token).expect("queries name tokens of their graph").support.contains(*x)
    })
}
