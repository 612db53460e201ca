//! Encoders: what makes a token or a few of a modality, or of all its rows a summary.
//!
//! An encoder has a stage for each axis that rows run over, the innermost first at work: it makes one vector of all rows of the
//! axis, which is a row to the next. The last stage makes as many vectors as there are tokens. For R tables of P rows with inputs
//! u, of which some may be gaps:
//!
//! ```text
//! attention:  h = [seeds + c·ln(1 + rows that are there); W·u + C·code(where) + b]
//!             block:  h += O·attention(LN(h)) ;  h += down(gelu(up(LN(h))))
//!             summary = S·LN(h of the seeds) + s
//! deep set:   summary = ρ([mean over rows that are there of φ(u), ln(1 + their number)])         φ, ρ: layers with gelu
//! lstm:       i, f, o, g = W·x_t + U·h + b ;  c = σ(f + 1)·c + σ(i)·tanh g ;  h = σ(o)·tanh c         where a row is there
//!             summary = ρ([h at the end, Σ softmax(Q·h at the end · K·h_t / √D)·h_t, ln(1 + rows that are there)])
//! convolution: x += gelu(W·[neighbours of x] + b), then the mean of each two, layer by layer
//!             summary = ρ([mean of what is left, ln(1 + rows that are there)])
//! mlp:        summary = ρ(all u side by side)
//! ```
//!
//! Seeds look at all rows that are there, rows at each other (of `causal_transformer` at earlier ones alone), and nobody at gaps. So
//! what stands in a gap changes nothing, and sets are read alike in any order. With inducing points (Lee et al. 2019) rows look at
//! these alone, which look at all rows. The inputs of a row are its numbers, whether each is
//! there, and where the row is; long axes are cut into patches of consecutive rows, or of cells next to each other, and a patch
//! is a row.

mod convolution;
mod layers;
mod recurrent;
mod rows;

pub(crate) use layers::{Layers, code, code_features};
pub use rows::Table;

use crate::backend::{Bodies, ScoreBackend};
use crate::modality::{Clock, Modality, Reading};
use crate::network::{Architecture, Matrices, Piece, Placer};
use burn::tensor::{Tensor, TensorData};
use sbi_model::EncoderKind;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Where the file is silent.
const WIDTH: usize = 48;
const HEAD_WIDTH: usize = 16;
const BLOCKS: usize = 2;

/// Axes are cut into patches where they have more elements than this; what reads neighbours alone reads more.
const MOST_ROWS: usize = 64;
const MOST_NEIGHBOURS: usize = 1_024;

/// Layers of a convolution halve what they read until it is no longer than this.
const LEFT: usize = 8;

/// Frequencies of where a row is: the fastest has its period in a thirty-second of the range.
pub(crate) const FREQUENCIES: usize = 7;

/// An encoder; together with its parameters it is a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    /// The modality's name.
    pub name: String,
    /// How many tokens it makes.
    pub tokens: usize,
    /// Width of a token.
    pub width: usize,
    /// Its networks, outermost first.
    pub stages: Vec<Stage>,
}

/// One network of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What it does with rows.
    pub reader: Reader,
    /// How many axes its rows run over.
    pub axes: usize,
    /// Whether rows know where they are along them.
    pub placed: bool,
    /// Elements along each axis in a patch.
    pub patch: usize,
    /// Numbers that go in with each row, patches reckoned as rows.
    pub inputs: usize,
    /// Hidden width.
    pub width: usize,
    /// Blocks, or layers.
    pub blocks: usize,
    /// Attention heads.
    pub heads: usize,
    /// Vectors that come out.
    pub seeds: usize,
    /// Points through which rows hear of each other; none where each looks at all.
    #[serde(default)]
    pub inducing: usize,
    /// Their width.
    pub outputs: usize,
}

/// What a network does with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// Attention between all.
    Attention {
        /// Rows look at earlier ones alone.
        causal: bool,
    },
    /// A mean.
    DeepSet,
    /// A state that goes along.
    Lstm,
    /// Neighbours, layer by layer.
    Convolution,
    /// All numbers side by side.
    Mlp,
}

impl Encoder {
    /// The encoder of a modality for so many tokens of this width.
    pub fn of(modality: &Modality, tokens: usize, width: usize) -> Encoder {
        let mut axis = modality.sizes.len();
        let mut inputs = None;
        let mut stages = Vec::new();
        for (place, stage) in modality.stages.iter().enumerate().rev() {
            axis -= stage.axes.len();
            let axes = axis..axis + stage.axes.len();
            let (seeds, outputs) = if place == 0 { (tokens, Some(width)) } else { (1, None) };
            let made = Stage::of(modality, &stage.encoder, axes, inputs, (seeds, outputs));
            inputs = Some(made.outputs);
            stages.insert(0, made);
        }
        Encoder { name: modality.name.clone(), tokens, width, stages }
    }

    /// The pieces of its parameters, in the order of its flat vector.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut placer = Placer::default();
        self.layouts(&mut placer);
        placer.pieces
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.pieces().last().map_or(0, |piece| piece.range.end)
    }

    /// The matrices of its blocks, where its flat vector starts at `start`.
    pub fn matrices(&self, start: usize) -> Vec<Matrices> {
        let moved = |piece: Piece| {
            let range = start + piece.range.start..start + piece.range.end;
            Piece { range, ..piece }.of_block()
        };
        self.pieces().into_iter().filter_map(moved).collect()
    }

    fn layouts(&self, placer: &mut Placer) -> Vec<Layers> {
        (0..self.stages.len()).map(|stage| self.layers(placer, stage)).collect()
    }

    /// Where the parameters of a stage lie, which `placer` hands out places for.
    pub(crate) fn layers(&self, placer: &mut Placer, stage: usize) -> Layers {
        let own = self.stages.get(stage).expect("stages are asked for by number");
        Layers::place(placer, &format!("encoder.{}.{stage}", self.name), own)
    }

    /// The tokens of those samples that have the modality, `[samples · tokens · width]`; zero of others. `sizes` are those of the axes of
    /// its rows.
    pub fn tokens<B: ScoreBackend>(
        &self,
        parameters: &Tensor<B, 1>,
        bodies: &Bodies,
        sizes: &[usize],
        readings: &[Option<Reading>],
    ) -> Tensor<B, 1> {
        let (device, size) = (parameters.device(), self.tokens * self.width);
        let there: Vec<&Reading> = readings.iter().flatten().collect();
        if there.is_empty() {
            return Tensor::zeros([readings.len() * size], &device);
        }
        let layouts = self.layouts(&mut Placer::default());
        let (outermost, within) = layouts.split_first().expect("an encoder has a stage");
        let rows = self.rows(parameters, bodies, within, sizes, &there);
        let made = outermost.summaries(parameters, bodies, self.outermost(), rows).made;
        let made = made.reshape([there.len(), size]);
        // A row of zeros stands behind for the samples that lack it.
        let made = Tensor::cat(vec![made, Tensor::zeros([1, size], &device)], 0);
        let mut next = 0..there.len() as i32;
        let rows =
            readings.iter().map(|own| own.as_ref().and_then(|_| next.next()).unwrap_or(there.len() as i32));
        let rows: Vec<i32> = rows.collect();
        made.select(0, Tensor::from_data(TensorData::from(rows.as_slice()), &device)).flatten(0, 1)
    }

    /// The rows that its outermost stage takes of these data sets: of them, or made by the stages within.
    pub(crate) fn rows<B: ScoreBackend>(
        &self,
        parameters: &Tensor<B, 1>,
        bodies: &Bodies,
        within: &[Layers],
        sizes: &[usize],
        readings: &[&Reading],
    ) -> Table<B> {
        let mut axis = sizes.len();
        let mut rows: Option<Table<B>> = None;
        for (number, stage) in self.stages.iter().enumerate().rev() {
            axis -= stage.axes;
            let axes = axis..axis + stage.axes;
            rows = Some(match rows.take().zip(self.stages.get(number + 1)).zip(within.get(number)) {
                None => Table::innermost(stage, sizes, axes, readings, &parameters.device()),
                Some(((rows, inner), layers)) => {
                    let made = layers.summaries(parameters, bodies, inner, rows);
                    Table::outer(stage, sizes, axes, readings, made)
                }
            });
        }
        rows.expect("an encoder has a stage")
    }

    /// The stage that makes the summary.
    pub(crate) fn outermost(&self) -> &Stage {
        self.stages.first().expect("an encoder has a stage")
    }
}

impl Stage {
    /// Its blocks of attention over so many tokens.
    fn body(&self, tokens: usize) -> Architecture {
        Architecture::body(tokens, self.seeds, self.width, [self.blocks, self.heads, 2 * self.width])
    }

    /// The network of an axis, or of several; `inner` is the width of what the stage within makes, if there is one.
    fn of(
        modality: &Modality,
        written: &sbi_model::Encoder,
        axes: Range<usize>,
        inner: Option<usize>,
        (seeds, outputs): (usize, Option<usize>),
    ) -> Stage {
        let width = written.width.unwrap_or(WIDTH);
        let clocks = modality.clocks.get(axes.clone()).unwrap_or_default();
        let sizes = modality.sizes.get(axes.clone()).unwrap_or_default();
        let reader = match written.kind {
            EncoderKind::Set | EncoderKind::Time | EncoderKind::Grid => Reader::Attention { causal: false },
            EncoderKind::Causal => Reader::Attention { causal: true },
            EncoderKind::DeepSet => Reader::DeepSet,
            EncoderKind::Lstm => Reader::Lstm,
            EncoderKind::Convolution => Reader::Convolution,
            EncoderKind::Mlp => Reader::Mlp,
        };
        let placed = clocks.iter().any(|clock| !matches!(clock, Clock::Exchangeable));
        let patch = match (inner, reader) {
            (None, Reader::Attention { .. } | Reader::Lstm) if placed => {
                written.patch.unwrap_or_else(|| patch(sizes, MOST_ROWS))
            }
            (None, Reader::Convolution) => patch(sizes, MOST_NEIGHBOURS),
            _ => 1,
        };
        let row = inner.unwrap_or(2 * modality.features) + if placed { axes.len() } else { 0 };
        let together = match reader {
            Reader::Mlp => sizes.iter().product(),
            _ => patch.pow(axes.len() as u32),
        };
        Stage {
            reader,
            axes: axes.len(),
            placed,
            patch,
            inputs: row * together,
            width,
            blocks: written.blocks.unwrap_or_else(|| reader.blocks(sizes, patch)),
            heads: written.heads.unwrap_or((width / HEAD_WIDTH).max(1)),
            seeds,
            inducing: written.inducing.unwrap_or(0),
            outputs: outputs.unwrap_or(width),
        }
    }
}

impl Reader {
    /// Blocks or layers where the file is silent, for axes of these sizes.
    fn blocks(self, sizes: &[usize], patch: usize) -> usize {
        match self {
            Reader::Lstm => 1,
            Reader::Convolution => {
                let longest = sizes.iter().map(|size| size.div_ceil(patch)).max().unwrap_or(1);
                (longest.div_ceil(LEFT).next_power_of_two().ilog2() as usize).max(BLOCKS)
            }
            Reader::Attention { .. } | Reader::DeepSet | Reader::Mlp => BLOCKS,
        }
    }
}

/// The smallest patch that makes no more rows than these of axes of these sizes.
fn patch(sizes: &[usize], most: usize) -> usize {
    let rows = |patch: usize| sizes.iter().map(|size| size.div_ceil(patch)).product::<usize>();
    (1..).find(|patch| rows(*patch) <= most).unwrap_or(1)
}
