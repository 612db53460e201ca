//! A modality that is a token or a few: which scalars of a data set its encoder reads, row by row, and where the rows are.

use crate::backend::Readings;
use crate::subject::{Subject, Time};
use sbi_model::{AxisId, AxisKind, Encoding, Group, Model, NodeId, Stage};
use std::collections::BTreeMap;
use std::ops::Range;

/// What an encoder reads of a data set: a table of rows along some axes, with a number or a gap in each cell.
#[derive(Clone, Debug)]
pub struct Modality {
    /// Its name.
    pub name: String,
    /// The tokens that it is.
    pub tokens: Range<usize>,
    /// The networks that read it, outermost first.
    pub stages: Vec<Stage>,
    /// Sizes of the axes that rows run over, outermost first.
    pub sizes: Vec<usize>,
    /// Where rows are along each of them.
    pub clocks: Vec<Clock>,
    /// Numbers in a row.
    pub features: usize,
    /// `[rows · features]`: which scalar stands where.
    pub cells: Vec<Option<usize>>,
}

/// Where the elements of an axis are, from -1 to 1.
#[derive(Clone, Debug)]
pub enum Clock {
    /// Nowhere: they are exchangeable.
    Exchangeable,
    /// The same in every data set.
    Fixed(Vec<f32>),
    /// At times of the data set.
    Drawn(Vec<Time>),
}

/// What a data set has of a modality, in the network's units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// `[rows · features]`; zero in gaps.
    pub values: Vec<f32>,
    /// The same: one where there is a number, zero in gaps.
    pub present: Vec<f32>,
    /// For each axis where its elements are; zero of those that are nowhere.
    pub positions: Vec<Vec<f32>>,
}

impl Reading {
    /// That of a data set which lacks all of a modality whose rows run over axes of these sizes.
    pub fn nothing(sizes: &[usize], features: usize) -> Reading {
        let gaps = vec![0.0; sizes.iter().product::<usize>() * features];
        let positions = sizes.iter().map(|size| vec![0.0; *size]).collect();
        Reading { values: gaps.clone(), present: gaps, positions }
    }
}

impl Modality {
    /// What samples have of it.
    pub fn readings(&self, samples: Vec<Option<Reading>>) -> Readings {
        Readings { sizes: self.sizes.clone(), features: self.features, samples }
    }

    /// The table of a group of a model's data whose encoding becomes these tokens. Numbers with fewer row axes than others stand
    /// in each row that they belong to.
    pub fn new(
        model: &Model,
        group: &Group,
        encoding: &Encoding,
        tokens: Range<usize>,
        subject: &Subject,
    ) -> Modality {
        let axes = group.rows(model).expect("the check refuses modalities without rows in common");
        let sizes: Vec<usize> = axes.iter().map(|axis| model.axis(*axis).size()).collect();
        let mut columns: BTreeMap<(NodeId, Vec<usize>), usize> = BTreeMap::new();
        let mut cells: Vec<(Vec<Option<usize>>, usize, usize)> = Vec::new();
        for (scalar, token) in
            subject.scalars().iter().enumerate().filter(|(_, token)| group.nodes.contains(&token.node))
        {
            let node = model.node(token.node);
            let places: BTreeMap<AxisId, usize> =
                node.axes.iter().copied().zip(model.places(node, token.element)).collect();
            let columns_of = places.iter().filter(|(axis, _)| !axes.contains(axis)).map(|(_, place)| *place);
            let count = columns.len();
            let column = *columns.entry((token.node, columns_of.collect())).or_insert(count);
            cells.push((axes.iter().map(|axis| places.get(axis).copied()).collect(), column, scalar));
        }
        let features = columns.len();
        let mut modality = Modality {
            name: group.name.clone(),
            tokens,
            stages: encoding.stages.clone(),
            clocks: axes.iter().map(|axis| Clock::of(model, *axis, subject)).collect(),
            cells: vec![None; sizes.iter().product::<usize>() * features],
            sizes,
            features,
        };
        cells.into_iter().for_each(|(places, column, scalar)| modality.fill(&places, column, scalar));
        modality
    }

    /// Puts a scalar into a column of all rows at these places; it is at any where it has no axis.
    fn fill(&mut self, places: &[Option<usize>], column: usize, scalar: usize) {
        let mut rows = vec![0];
        for (place, size) in places.iter().zip(&self.sizes) {
            let range = place.map_or(0..*size, |place| place..place + 1);
            rows = rows.iter().flat_map(|row| range.clone().map(move |place| row * size + place)).collect();
        }
        for row in rows {
            self.cells
                .get_mut(row * self.features + column)
                .into_iter()
                .for_each(|cell| *cell = Some(scalar));
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.sizes.iter().product()
    }

    /// What a data set has of it, by the standardised value of each scalar, NaN of gaps; none where it has nothing.
    pub fn read(&self, scalars: impl Fn(usize) -> f32, coordinates: &[f64]) -> Option<Reading> {
        let cell = |scalar: &Option<usize>| scalar.map_or(f32::NAN, &scalars);
        let mut values: Vec<f32> = self.cells.iter().map(cell).collect();
        let mut positions: Vec<Vec<f32>> = Vec::with_capacity(self.clocks.len());
        for (axis, (clock, size)) in self.clocks.iter().zip(&self.sizes).enumerate() {
            let (order, at) = clock.at(*size, coordinates);
            if !order.is_sorted() {
                values = self.reordered(&values, axis, &order);
            }
            positions.push(at);
        }
        let reading = Reading {
            present: values.iter().map(|value| f32::from(u8::from(value.is_finite()))).collect(),
            values: values.iter().map(|value| if value.is_finite() { *value } else { 0.0 }).collect(),
            positions,
        };
        reading.present.contains(&1.0).then_some(reading)
    }

    /// The cells with the elements of an axis in another order.
    fn reordered(&self, values: &[f32], axis: usize, order: &[usize]) -> Vec<f32> {
        let inner = self.sizes.iter().skip(axis + 1).product::<usize>() * self.features;
        let mut moved = Vec::with_capacity(values.len());
        for block in values.chunks(inner * order.len()) {
            for place in order {
                moved.extend(block.get(place * inner..(place + 1) * inner).unwrap_or_default());
            }
        }
        moved
    }
}

impl Clock {
    fn of(model: &Model, id: AxisId, subject: &Subject) -> Clock {
        let axis = model.axis(id);
        let size = axis.size();
        let even = |place: usize| (2.0 * (place as f64 + 0.5) / size as f64 - 1.0) as f32;
        match axis.kind {
            AxisKind::Set(_) => Clock::Exchangeable,
            AxisKind::Scattered { .. } => {
                Clock::Drawn((0..size).filter_map(|place| subject.clock(model, id, place)).collect())
            }
            AxisKind::Index { .. }
            | AxisKind::Ordered { .. }
            | AxisKind::Instants(_)
            | AxisKind::Cells(_) => Clock::Fixed((0..size).map(even).collect()),
        }
    }

    /// The order of the elements, by time where times are those of the data set as simulations have them, those that are not there last; and
    /// where they are in this order.
    fn at(&self, size: usize, coordinates: &[f64]) -> (Vec<usize>, Vec<f32>) {
        let as_they_are = (0..size).collect();
        match self {
            Clock::Exchangeable => (as_they_are, vec![0.0; size]),
            Clock::Fixed(at) => (as_they_are, at.clone()),
            Clock::Drawn(times) => {
                let at: Vec<Option<f32>> = times.iter().map(|time| time.of(coordinates)).collect();
                let mut order: Vec<usize> = (0..at.len()).collect();
                let key = |place: &usize| at.get(*place).copied().flatten().unwrap_or(f32::INFINITY);
                order.sort_by(|a, b| key(a).total_cmp(&key(b)));
                let places = order.iter().map(|place| at.get(*place).copied().flatten().unwrap_or(0.0));
                (order.clone(), places.collect())
            }
        }
    }
}
