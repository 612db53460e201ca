//! Modalities joined: what networks make of all data of a data set (MultiNPE, Schmitt et al. 2023, figure 1).
//!
//! ```text
//! late(a, b)     [s_a(A), s_b(B)]
//! early(a, b)    s_a(A′)                   A′: A in the light of B
//! hybrid(a, b)   [s_a(A′), s_b(B′)]        of more than two each is in the light of all others
//! concat(a, b)   s_a([A, B])               row by row
//! ```
//!
//! s are encoders (`crate::encoder`), rows in the light of others are `Cross`. A part of a fusion that has been summarised is a single
//! row to what it is joined with. Behind the summaries stands which of the sources a data set has at all.

use super::cross::{Cross, CrossLayers, Light};
use super::plan::PosteriorError;
use crate::backend::{Bodies, Readings, ScoreBackend};
use crate::encoder::{Encoder, Layers, Reader, Table};
use crate::modality::{Modality, Reading};
use crate::network::{Matrices, Piece, Placer};
use burn::tensor::{Tensor, TensorData};
use sbi_model::{AxisId, Scheme};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Width of a summary that attends to rows.
const WIDTH: usize = 48;

/// The networks that make a context of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    /// What is read, in the order of the subject's modalities.
    pub sources: Vec<Source>,
    /// How it is joined.
    tree: Part,
    /// How many numbers the context has.
    pub outputs: usize,
}

/// A modality and what reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its networks.
    encoder: Encoder,
    /// Whether it is summarised by itself; else only its rows are read.
    encoded: bool,
}

/// Sources joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Source(usize),
    Join {
        scheme: Scheme,
        parts: Vec<Part>,
        /// What puts parts in the light of the others: the first of `early`, all of `hybrid`.
        crosses: Vec<Cross>,
    },
}

/// What a part looks like before it is summarised.
#[derive(Clone, Debug)]
struct Shape {
    /// Numbers of a row.
    inputs: usize,
    /// Along how many axes it is somewhere.
    axes: usize,
    /// What stands in rows with others: the outermost axes, and how they are cut.
    rows: Option<(Vec<AxisId>, usize)>,
    /// Whose encoder reads it; none of what is summarised already.
    source: Option<usize>,
    /// Width of that.
    width: usize,
}

/// A part at work.
enum Made<B: ScoreBackend> {
    /// Rows for the encoder of a source.
    Rows(usize, Table<B>),
    /// `[samples, numbers]`.
    Summary(Tensor<B, 2>),
}

/// Where parameters lie.
struct Layout {
    /// Of each source the stage that summarises, where there is one, and those within.
    sources: Vec<(Option<Layers>, Vec<Layers>)>,
    /// Of each cross by its number.
    crosses: Vec<CrossLayers>,
}

impl Fusion {
    /// The networks of a fusion of these modalities, by their places among a file's; what is not encoded is only looked at. Where the file
    /// is silent a summary has `summary` numbers.
    pub fn of(
        modalities: &[Modality],
        places: &[usize],
        fusion: &sbi_model::Fusion,
        summary: usize,
    ) -> Result<Fusion, PosteriorError> {
        let encoded = fusion.encoded();
        let source = |(modality, place): (&Modality, &usize)| {
            let written = modality.stages.iter().find_map(|stage| stage.encoder.summary);
            let encoder = Encoder::of(modality, 1, written.unwrap_or(summary));
            Source { encoder, encoded: encoded.contains(place) }
        };
        let sources = modalities.iter().zip(places).map(source).collect();
        let mut building = Building { places, modalities, sources, crosses: 0 };
        let (tree, shape) = building.part(fusion)?;
        let outputs = building.summarised(&shape) + places.len();
        Ok(Fusion { sources: building.sources, tree, outputs })
    }

    /// The pieces of its parameters, in the order of its flat vector.
    pub fn pieces(&self) -> Vec<Piece> {
        let mut placer = Placer::default();
        self.layout(&mut placer);
        placer.pieces
    }

    /// The matrices of its blocks of attention.
    pub fn matrices(&self) -> Vec<Matrices> {
        self.pieces().iter().filter_map(Piece::of_block).collect()
    }

    fn layout(&self, placer: &mut Placer) -> Layout {
        let sources = self.sources.iter().map(|Source { encoder, encoded }| {
            let own = encoded.then(|| encoder.layers(placer, 0));
            (own, (1..encoder.stages.len()).map(|stage| encoder.layers(placer, stage)).collect())
        });
        let sources = sources.collect();
        let mut crosses = Vec::new();
        self.tree.crosses(&mut |cross| crosses.push(cross.layers(placer)));
        Layout { sources, crosses }
    }

    /// The context of each data set, `[samples, outputs]`; `readings` are those of the sources.
    pub fn context<B: ScoreBackend>(
        &self,
        parameters: &Tensor<B, 1>,
        bodies: &Bodies,
        readings: &[Readings],
    ) -> Tensor<B, 2> {
        let layout = self.layout(&mut Placer::default());
        let work = Work { fusion: self, layout, light: Light { parameters, bodies }, readings };
        let made = work.part(&self.tree);
        let samples = readings.first().map_or(0, |source| source.samples.len());
        let there = (0..samples).flat_map(|sample| {
            readings.iter().map(move |source| {
                f32::from(u8::from(source.samples.get(sample).is_some_and(Option::is_some)))
            })
        });
        let there = TensorData::new(there.collect::<Vec<f32>>(), [samples, readings.len()]);
        Tensor::cat(vec![work.summary(made), Tensor::from_data(there, &parameters.device())], 1)
    }
}

/// A fusion while its sizes are found.
struct Building<'a> {
    places: &'a [usize],
    modalities: &'a [Modality],
    sources: Vec<Source>,
    crosses: usize,
}

impl Building<'_> {
    fn part(&mut self, fusion: &sbi_model::Fusion) -> Result<(Part, Shape), PosteriorError> {
        match fusion {
            sbi_model::Fusion::Group(place) => {
                let source = self.places.iter().position(|own| own == place);
                let source = source.expect("a fusion is of modalities that are read");
                Ok((Part::Source(source), self.shape(source)))
            }
            sbi_model::Fusion::Join { scheme, parts, pairing } => {
                let made: Result<Vec<(Part, Shape)>, PosteriorError> =
                    parts.iter().map(|part| self.part(part)).collect();
                let (parts, shapes): (Vec<Part>, Vec<Shape>) = made?.into_iter().unzip();
                if *scheme == Scheme::Concat {
                    self.ensure_rows(&shapes)?;
                }
                Ok(self.join(*scheme, parts, &shapes, *pairing))
            }
        }
    }

    /// Fails where parts do not have the same rows.
    fn ensure_rows(&self, shapes: &[Shape]) -> Result<(), PosteriorError> {
        let (first, rest) = shapes.split_first().expect("a fusion joins something");
        let name = |shape: &Shape| {
            let source = shape.source.and_then(|source| self.sources.get(source));
            source.map_or_else(String::new, |source| source.encoder.name.clone())
        };
        match rest.iter().find(|other| first.rows.is_none() || other.rows != first.rows) {
            Some(other) => Err(PosteriorError::Rows { one: name(first), other: name(other) }),
            None => Ok(()),
        }
    }

    fn shape(&self, source: usize) -> Shape {
        let encoder = &self.sources.get(source).expect("sources are numbered").encoder;
        let stage = encoder.outermost();
        let axes = self.modalities.get(source).and_then(|modality| modality.stages.first());
        let axes = axes.map(|stage| stage.axes.clone()).filter(|axes| !axes.is_empty());
        Shape {
            inputs: stage.inputs,
            axes: if stage.placed { stage.axes } else { 0 },
            // What reads all numbers at once has no rows that go with others.
            rows: axes.filter(|_| stage.reader != Reader::Mlp).map(|axes| (axes, stage.patch)),
            source: Some(source),
            width: stage.width,
        }
    }

    fn join(&mut self, scheme: Scheme, parts: Vec<Part>, shapes: &[Shape], pairing: bool) -> (Part, Shape) {
        let (first, rest) = shapes.split_first().expect("a fusion joins something");
        let mut crosses = Vec::new();
        let shape = match scheme {
            Scheme::Late => self.joined(shapes),
            Scheme::Concat => {
                let inputs = first.inputs + rest.iter().map(|shape| shape.inputs).sum::<usize>();
                self.reads(Shape { inputs, ..first.clone() })
            }
            Scheme::Early => {
                let (cross, shape) = self.cross(0, shapes, pairing);
                crosses.push(cross);
                shape
            }
            Scheme::Hybrid => {
                let made = (0..shapes.len()).map(|query| self.cross(query, shapes, pairing));
                let (all, seen): (Vec<Cross>, Vec<Shape>) = made.unzip();
                crosses = all;
                self.joined(&seen)
            }
        };
        (Part::Join { scheme, parts, crosses }, shape)
    }

    /// One part in the light of the others.
    fn cross(&mut self, query: usize, shapes: &[Shape], pairing: bool) -> (Cross, Shape) {
        let own = shapes.get(query).expect("the query is one of the parts").clone();
        let keys = shapes.iter().enumerate().filter(|(number, _)| *number != query).map(|(_, shape)| shape);
        let paired = |shape: &&Shape| pairing && shape.rows.is_some() && shape.rows == own.rows;
        let cross = Cross {
            number: self.crosses,
            query,
            width: own.width,
            own: (own.inputs, own.axes),
            keys: keys.clone().map(|shape| (shape.inputs, shape.axes)).collect(),
            paired: keys.map(|shape| paired(&shape)).collect(),
        };
        self.crosses += 1;
        (cross, self.reads(Shape { inputs: own.width, ..own }))
    }

    /// A part that the encoder of its source reads as it is now.
    fn reads(&mut self, shape: Shape) -> Shape {
        let source = shape.source.and_then(|source| self.sources.get_mut(source));
        if let Some(stage) = source.and_then(|source| source.encoder.stages.first_mut()) {
            stage.inputs = shape.inputs;
        }
        shape
    }

    /// The summaries of parts side by side.
    fn joined(&self, shapes: &[Shape]) -> Shape {
        let inputs = shapes.iter().map(|shape| self.summarised(shape)).sum();
        Shape { inputs, axes: 0, rows: None, source: None, width: WIDTH }
    }

    /// How many numbers the summary of a part has.
    fn summarised(&self, shape: &Shape) -> usize {
        let source = shape.source.and_then(|source| self.sources.get(source));
        source.map_or(shape.inputs, |source| source.encoder.outermost().outputs)
    }
}

impl Part {
    /// Visits what puts parts in the light of others, in the order of their numbers.
    fn crosses<'p>(&'p self, visit: &mut dyn FnMut(&'p Cross)) {
        if let Part::Join { parts, crosses, .. } = self {
            parts.iter().for_each(|part| part.crosses(visit));
            crosses.iter().for_each(visit);
        }
    }
}

/// A fusion bound to parameters and a batch.
struct Work<'a, B: ScoreBackend> {
    fusion: &'a Fusion,
    layout: Layout,
    light: Light<'a, B>,
    readings: &'a [Readings],
}

impl<B: ScoreBackend> Work<'_, B> {
    fn part(&self, part: &Part) -> Made<B> {
        match part {
            Part::Source(source) => Made::Rows(*source, self.rows(*source)),
            Part::Join { scheme, parts, crosses } => {
                let made: Vec<Made<B>> = parts.iter().map(|part| self.part(part)).collect();
                match scheme {
                    Scheme::Late => self.joined(made),
                    Scheme::Concat => concatenated(made),
                    Scheme::Early => self.seen(crosses.first(), &made),
                    Scheme::Hybrid => {
                        self.joined(crosses.iter().map(|cross| self.seen(Some(cross), &made)).collect())
                    }
                }
            }
        }
    }

    /// The rows of a source; of a data set that lacks it as many gaps.
    fn rows(&self, source: usize) -> Table<B> {
        let (own, readings) = self.fusion.sources.get(source).zip(self.readings.get(source)).expect(SOURCES);
        let (_, within) = self.layout.sources.get(source).expect(SOURCES);
        let nothing = Reading::nothing(&readings.sizes, readings.features);
        let samples: Vec<&Reading> =
            readings.samples.iter().map(|sample| sample.as_ref().unwrap_or(&nothing)).collect();
        let Light { parameters, bodies } = self.light;
        own.encoder.rows(parameters, bodies, within, &readings.sizes, &samples)
    }

    /// One part in the light of the others.
    fn seen(&self, cross: Option<&Cross>, made: &[Made<B>]) -> Made<B> {
        let cross = cross.expect("parts are seen in the light of others by a network");
        let layers = self.layout.crosses.get(cross.number).expect("each cross has its layers");
        let tables: Vec<Cow<Table<B>>> = made.iter().map(Made::table).collect();
        let keys = tables.iter().enumerate().filter(|(number, _)| *number != cross.query);
        let keys: Vec<&Table<B>> = keys.map(|(_, table)| &**table).collect();
        let query = tables.get(cross.query).expect("the query is one of the parts");
        let rows = cross.apply(layers, &self.light, query, &keys);
        match made.get(cross.query) {
            Some(Made::Rows(source, _)) => Made::Rows(*source, rows),
            _ => Made::Summary(rows.inputs),
        }
    }

    fn joined(&self, made: Vec<Made<B>>) -> Made<B> {
        Made::Summary(Tensor::cat(made.into_iter().map(|made| self.summary(made)).collect(), 1))
    }

    fn summary(&self, made: Made<B>) -> Tensor<B, 2> {
        let (source, rows) = match made {
            Made::Summary(summary) => return summary,
            Made::Rows(source, rows) => (source, rows),
        };
        let (own, (layers, _)) =
            self.fusion.sources.get(source).zip(self.layout.sources.get(source)).expect(SOURCES);
        let layers = layers.as_ref().expect("what is summarised has an encoder of its own");
        let Light { parameters, bodies } = self.light;
        layers.summaries(parameters, bodies, own.encoder.outermost(), rows).made
    }
}

const SOURCES: &str = "readings are those of the sources";

impl<B: ScoreBackend> Made<B> {
    /// Rows; a summary is one.
    fn table(&self) -> Cow<'_, Table<B>> {
        match self {
            Made::Rows(_, table) => Cow::Borrowed(table),
            Made::Summary(inputs) => {
                let [tables, _] = inputs.dims();
                let there = vec![true; tables];
                Cow::Owned(Table {
                    inputs: inputs.clone(),
                    there,
                    positions: Vec::new(),
                    shape: vec![1],
                    tables,
                    rows: 1,
                })
            }
        }
    }
}

/// Rows side by side, where the first are.
fn concatenated<B: ScoreBackend>(made: Vec<Made<B>>) -> Made<B> {
    let mut all = made.into_iter().map(|made| match made {
        Made::Rows(source, table) => (source, table),
        Made::Summary(_) => unreachable!("the check refuses to join a summary row by row"),
    });
    let (source, first) = all.next().expect("a fusion joins something");
    let joined = all.fold(first, |joined, (_, other)| Table {
        inputs: Tensor::cat(vec![joined.inputs, other.inputs], 1),
        there: joined.there.iter().zip(&other.there).map(|(one, other)| *one || *other).collect(),
        ..joined
    });
    Made::Rows(source, joined)
}
