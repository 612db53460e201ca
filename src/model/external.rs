//! Programs from outside that draw: their command, what they take and what they give.

use crate::{AxisId, OnFailure};
use sbi_syntax::Span;

/// An `external`, as a model draws from it.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// Its name in the file.
    pub name: String,
    /// The axes of the draw: it is asked once for each of their elements.
    pub axes: Vec<AxisId>,
    /// The program and its arguments: `process("python3", "sim/wound.py")`.
    pub command: Vec<String>,
    /// The digests of those of its words that are files beside the spec: a changed script is another simulator.
    pub scripts: Vec<String>,
    /// The names of its inputs, in order.
    pub inputs: Vec<String>,
    /// What it gives, in order.
    pub outputs: Vec<Output>,
    /// How it is talked to.
    pub protocol: Protocol,
    /// What becomes of a draw that it refuses; none where the model says so.
    pub on_failure: Option<OnFailure>,
    /// Draws in one request.
    pub batch: Option<usize>,
    /// Seconds it may take for one request.
    pub timeout: Option<f64>,
    /// How many run at once.
    pub workers: Option<usize>,
    /// The span of its name.
    pub span: Span,
}

/// One array that an external gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// The inputs that it depends on, by number: all of them where the file does not say.
    pub depends: Vec<usize>,
}

/// How a program from outside is talked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Frames of safetensors with their lengths before them.
    #[default]
    Frames,
    /// A JSON object a line.
    Lines,
}
