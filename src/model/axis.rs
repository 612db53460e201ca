//! Axes: the named dimensions that nodes run over.

use crate::Gauge;
use sbi_syntax::Span;

/// Names an axis of one model: an index into [`crate::Model::axes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisId(pub usize);

/// A named dimension, declared by `axis name : kind(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The name as written; not part of the model's meaning.
    pub name: String,
    /// What the elements of the axis are.
    pub kind: AxisKind,
    /// The unit of its coordinates, as the user wrote it.
    pub unit: Option<String>,
    /// What that unit measures, and how large it is.
    pub gauge: Gauge,
    /// Where it was declared.
    pub span: Span,
}

/// What the elements of an axis are to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisKind {
    /// Distinct elements named by position: `index(n)`.
    Index {
        /// How many elements there are, at least one.
        size: usize,
    },
    /// Exchangeable elements: `set(size = 60 .. 300)`.
    Set(Count),
    /// A chain: `ordered(n)`.
    Ordered {
        /// How many elements there are, at least one.
        size: usize,
    },
    /// Instants at even steps: `time(grid(from, to, step))`.
    Instants(Steps),
    /// Instants that differ from data set to data set: `time(scattered(n, over = a .. b))`.
    Scattered {
        /// How many.
        count: Count,
        /// The earliest that can be.
        from: f64,
        /// The latest that can be.
        to: f64,
    },
    /// Cells at even steps: `grid(from, to, step)`.
    Cells(Steps),
}

/// A number of elements that may vary from data set to data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The fewest, at least one.
    pub least: usize,
    /// The most.
    pub most: usize,
}

/// Coordinates at even steps: `from + k · step` for k from 0 to `size − 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// The first coordinate.
    pub from: f64,
    /// From one to the next, above zero.
    pub step: f64,
    /// How many, at least one.
    pub size: usize,
}

impl Axis {
    /// The number of elements, at its largest where it varies.
    pub fn size(&self) -> usize {
        match self.kind {
            AxisKind::Index { size } | AxisKind::Ordered { size } => size,
            AxisKind::Set(count) | AxisKind::Scattered { count, .. } => count.most,
            AxisKind::Instants(steps) | AxisKind::Cells(steps) => steps.size,
        }
    }

    /// The coordinate of the element at a position counted from zero, where the file alone tells it: the position counted
    /// from one for `index` and `ordered`; none for exchangeable elements and for scattered instants.
    pub fn coordinate(&self, position: usize) -> Option<f64> {
        match self.kind {
            AxisKind::Index { .. } | AxisKind::Ordered { .. } => Some(position as f64 + 1.0),
            AxisKind::Instants(steps) | AxisKind::Cells(steps) => Some(steps.coordinate(position)),
            AxisKind::Set(_) | AxisKind::Scattered { .. } => None,
        }
    }

    /// As [`Axis::coordinate`], with scattered instants spread evenly over their range, in the order of their elements.
    pub fn spread(&self, position: usize) -> Option<f64> {
        match self.kind {
            AxisKind::Scattered { count, .. } => self.evenly(position, count.most),
            _ => self.coordinate(position),
        }
    }

    /// Of `count` instants that are spread evenly over the range of scattered ones, the one at a position counted from zero.
    pub(crate) fn evenly(&self, position: usize, count: usize) -> Option<f64> {
        match self.kind {
            AxisKind::Scattered { from, to, .. } => {
                Some(from + (to - from) * (position as f64 + 0.5) / count as f64)
            }
            _ => None,
        }
    }

    /// What a coordinate of this axis is multiplied by to be in the unit of another; none where the two measure different
    /// things. It is 1 for units that differ in name alone, and where neither axis has any.
    pub fn factor_to(&self, other: &Axis) -> Option<f64> {
        self.gauge.factor(&other.gauge)
    }

    /// Whether the elements are the rows of a table of data, over which an encoder runs; `index` axes are its columns.
    pub fn is_row(&self) -> bool {
        !matches!(self.kind, AxisKind::Index { .. })
    }

    /// Whether how many elements it has, or where they are, differs from data set to data set.
    pub fn varies(&self) -> bool {
        match self.kind {
            AxisKind::Set(count) => count.least < count.most,
            AxisKind::Scattered { .. } => true,
            AxisKind::Index { .. }
            | AxisKind::Ordered { .. }
            | AxisKind::Instants(_)
            | AxisKind::Cells(_) => false,
        }
    }

    /// Whether its elements are instants.
    pub fn is_time(&self) -> bool {
        matches!(self.kind, AxisKind::Instants(_) | AxisKind::Scattered { .. })
    }
}

impl Steps {
    /// The coordinate at a position counted from zero.
    pub fn coordinate(&self, position: usize) -> f64 {
        self.from + self.step * position as f64
    }
}
