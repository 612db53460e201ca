//! Modalities, and which of the data may be missing.

use crate::{AxisId, Family, NodeId};
use sbi_syntax::Span;

/// Data of one kind, measured together: `modality eeg { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Modality {
    /// Its name: a word of the file, which no result depends on.
    pub name: String,
    /// Its data, in the order written; at least one.
    pub nodes: Vec<NodeId>,
    /// The text of its doc comment.
    pub doc: Option<String>,
    /// The span of its name.
    pub span: Span,
}

/// A `missing` statement: data that a data set may lack. What is missing is masked, and its value never matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// Whose values.
    pub whose: Whose,
    /// Which of them at a time.
    pub gaps: Gaps,
    /// How often.
    pub rate: Rate,
    /// All of the statement.
    pub span: Span,
}

/// What may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Values of one datum.
    Node(NodeId),
    /// Values of all data of a modality together: an index into [`crate::Model::modalities`].
    Modality(usize),
}

/// Which values are missing at a time. Elements along axes that are not named are missing together.
#[derive(Clone, Debug, PartialEq)]
pub enum Gaps {
    /// All at once: `missing all eeg`.
    All,
    /// Each combination of elements of these axes for itself: `missing rt[trial]`.
    Each(Vec<AxisId>),
    /// Runs of this many neighbours along an axis, each run for itself: `in blocks(of = 5)`.
    Blocks(AxisId, usize),
    /// Everything after a uniformly drawn place of an axis: `in tail`.
    Tail(AxisId),
}

/// The probability with which something is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// The same in every data set, from 0 to 1.
    Fixed(f64),
    /// Drawn once for each data set, from a distribution on 0 to 1 with these arguments in the order that [`Family`] states.
    Drawn(Family, Vec<f64>),
}

/// The name of the column that says which draws failed, where failures are [`OnFailure::Absent`].
pub const FAILED: &str = "failed";

/// What becomes of a draw that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The run ends and tells the parameters.
    #[default]
    Stop,
    /// What is downstream of the failure is masked, and the fact is an input.
    Absent,
    /// It is drawn anew, which changes the prior.
    Resample,
}
