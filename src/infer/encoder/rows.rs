//! Rows as a stage takes them: patches of the numbers of data sets, or what the stage within made.

use super::layers::Summaries;
use super::{Reader, Stage};
use crate::modality::Reading;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use std::ops::Range;

/// Tables of rows, one after the other.
#[derive(Clone)]
pub struct Table<B: Backend> {
    /// `[tables · rows, inputs]`; zero in gaps.
    pub inputs: Tensor<B, 2>,
    /// `[tables · rows]`: whether anything of a row is there.
    pub there: Vec<bool>,
    /// `[tables · rows, axes]`: where rows are; empty where they are nowhere.
    pub positions: Vec<f32>,
    /// Rows along each axis.
    pub shape: Vec<usize>,
    /// How many tables there are.
    pub tables: usize,
    /// Rows of each.
    pub rows: usize,
}

/// How the rows along some axes are cut into patches.
struct Cut<'a> {
    /// Elements along each axis.
    sizes: &'a [usize],
    /// Elements of a patch along each axis.
    patch: Vec<usize>,
}

impl Cut<'_> {
    /// Patches along each axis.
    fn counts(&self) -> Vec<usize> {
        self.sizes.iter().zip(&self.patch).map(|(size, patch)| size.div_ceil(*patch)).collect()
    }

    /// The elements of a patch, row-major, where each stands along each axis; none beyond the last.
    fn elements(&self, patch: usize) -> Vec<Option<Vec<usize>>> {
        let corner = places(patch, &self.counts());
        let element = |number: usize| {
            let within = places(number, &self.patch);
            let along =
                corner.iter().zip(&self.patch).zip(within).map(|((corner, patch), own)| corner * patch + own);
            let at: Vec<usize> = along.collect();
            at.iter().zip(self.sizes).all(|(at, size)| at < size).then_some(at)
        };
        (0..self.patch.iter().product()).map(element).collect()
    }
}

/// Where number `number` stands along axes of these sizes, row-major.
fn places(number: usize, sizes: &[usize]) -> Vec<usize> {
    let mut rest = number;
    let mut at: Vec<usize> = sizes
        .iter()
        .rev()
        .map(|size| {
            let place = rest % size;
            rest /= size;
            place
        })
        .collect();
    at.reverse();
    at
}

impl<B: Backend> Table<B> {
    /// 1 of rows that are there, else 0, `[tables, rows, 1]`.
    pub fn there(&self) -> Tensor<B, 3> {
        let there: Vec<f32> = self.there.iter().map(|there| f32::from(u8::from(*there))).collect();
        Tensor::from_data(TensorData::new(there, [self.tables, self.rows, 1]), &self.inputs.device())
    }

    /// How many rows of each table are there, `[tables, 1]`.
    pub fn count(&self) -> Tensor<B, 2> {
        self.there().sum_dim(1).reshape([self.tables, 1])
    }

    /// The rows of the innermost stage: patches of the numbers of these data sets along `axes`, the last of those of `sizes`.
    pub fn innermost(
        stage: &Stage,
        sizes: &[usize],
        axes: Range<usize>,
        readings: &[&Reading],
        device: &B::Device,
    ) -> Table<B> {
        let (outer, own) = sizes.split_at(axes.start);
        let placed = stage.placed;
        let patch = match stage.reader {
            Reader::Mlp => own.to_vec(),
            _ => vec![stage.patch; own.len()],
        };
        let cut = Cut { sizes: own, patch };
        let patches: Vec<_> = (0..cut.counts().iter().product()).map(|patch| cut.elements(patch)).collect();
        let (tables, inner) = (outer.iter().product::<usize>(), own.iter().product::<usize>());
        let features = readings.first().map_or(0, |reading| reading.values.len() / (tables * inner).max(1));
        let mut inputs = Vec::new();
        let (mut there, mut positions) = (Vec::new(), Vec::new());
        for (reading, table) in
            readings.iter().flat_map(|reading| (0..tables).map(move |table| (reading, table)))
        {
            for patch in &patches {
                let mut middle = Middle::new(own.len());
                for element in patch {
                    let at = element.as_ref().map(|at| reading.positions_at(axes.start, at));
                    let row = element.as_ref().map(|at| table * inner + number(at, own));
                    let range = row.map(|row| row * features..(row + 1) * features);
                    match range.clone().and_then(|range| reading.row(range)) {
                        Some((values, present)) => {
                            // What a gap holds is no input.
                            inputs.extend(values.iter().zip(present).map(|(value, present)| value * present));
                            inputs.extend(present);
                        }
                        None => inputs.extend(std::iter::repeat_n(0.0, 2 * features)),
                    }
                    if placed {
                        inputs.extend(at.clone().unwrap_or_else(|| vec![0.0; own.len()]));
                    }
                    at.iter().for_each(|at| middle.add(at));
                    let is_there = range
                        .and_then(|range| reading.present.get(range))
                        .is_some_and(|row| row.contains(&1.0));
                    middle.there |= is_there;
                }
                there.push(middle.there);
                positions.extend(middle.at().filter(|_| placed));
            }
        }
        let count = there.len();
        let width = inputs.len() / count.max(1);
        let inputs = Tensor::from_data(TensorData::new(inputs, [count, width]), device);
        let shape = cut.counts();
        Table { inputs, there, positions, shape, tables: readings.len() * tables, rows: patches.len() }
    }

    /// The rows of a stage along `axes`, which the stage within has made.
    pub fn outer(
        stage: &Stage,
        sizes: &[usize],
        axes: Range<usize>,
        readings: &[&Reading],
        inner: Summaries<B>,
    ) -> Table<B> {
        let own = sizes.get(axes.clone()).unwrap_or_default();
        let tables = readings.len() * sizes.iter().take(axes.start).product::<usize>();
        let rows: usize = own.iter().product();
        let (device, count) = (inner.made.device(), inner.there.len());
        let each = tables / readings.len().max(1);
        let mut positions = Vec::new();
        if stage.placed {
            for reading in readings.iter().flat_map(|reading| std::iter::repeat_n(reading, each)) {
                (0..rows)
                    .for_each(|row| positions.extend(reading.positions_at(axes.start, &places(row, own))));
            }
        }
        let known: Vec<f32> = inner.there.iter().map(|there| f32::from(u8::from(*there))).collect();
        let known = Tensor::<B, 2>::from_data(TensorData::new(known, [count, 1]), &device);
        let mut inputs = inner.made * known;
        if stage.placed {
            let at = TensorData::new(positions.clone(), [count, own.len()]);
            inputs = Tensor::cat(vec![inputs, Tensor::from_data(at, &device)], 1);
        }
        Table { inputs, there: inner.there, positions, shape: own.to_vec(), tables, rows }
    }
}

/// The number of what stands at these places, row-major.
fn number(at: &[usize], sizes: &[usize]) -> usize {
    at.iter().zip(sizes).fold(0, |number, (at, size)| number * size + at)
}

/// The mean place of what is in a patch.
struct Middle {
    sums: Vec<f32>,
    count: f32,
    there: bool,
}

impl Middle {
    fn new(axes: usize) -> Middle {
        Middle { sums: vec![0.0; axes], count: 0.0, there: false }
    }

    fn add(&mut self, at: &[f32]) {
        self.count += 1.0;
        self.sums.iter_mut().zip(at).for_each(|(sum, at)| *sum += at);
    }

    fn at(&self) -> impl Iterator<Item = f32> {
        self.sums.iter().map(|sum| sum / self.count.max(1.0))
    }
}

impl Reading {
    /// The numbers at these places, and whether each is there.
    fn row(&self, range: Range<usize>) -> Option<(&[f32], &[f32])> {
        self.values.get(range.clone()).zip(self.present.get(range))
    }

    /// Where an element is along axes from `first` on.
    fn positions_at(&self, first: usize, at: &[usize]) -> Vec<f32> {
        let axes = self.positions.iter().skip(first).zip(at);
        axes.map(|(axis, at)| axis.get(*at).copied().unwrap_or(0.0)).collect()
    }
}
