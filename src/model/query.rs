//! Queries, checked: what is given, what is inferred, what is absent.

use crate::{AxisId, ChangedPrior, Expr, ExprId, NodeId};
use sbi_syntax::{Diagnostic, Span};

/// A question about one model, element by element.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Its name: the folder of its answer.
    pub name: String,
    /// Index into [`crate::File::approximators`].
    pub approximator: usize,
    /// The state of every token of the model's graph, in token order.
    pub states: Vec<State>,
    /// The tokens to report, in the order asked.
    pub infer: Vec<usize>,
    /// What is to be reported at places that it has beyond the elements of the model's graph, in the order asked.
    pub beyond: Vec<Beyond>,
    /// The computed parameters to report beside them, in the order asked.
    pub computed: Vec<NodeId>,
    /// How many draws, at least one.
    pub draws: usize,
    /// Steps from noise to a draw; none where they follow from what is drawn.
    pub steps: Option<usize>,
    /// Where it places axes of scattered instants.
    pub placed: Vec<Placed>,
    /// What its draws satisfy.
    pub conditions: Vec<Condition>,
    /// The priors under which it asks in place of the model's.
    pub priors: Vec<ChangedPrior>,
    /// The data sets for each of which it is answered, where a file tells them apart (`by = "subject"`): `states` are
    /// those of the first. Empty where there is only one, without a name.
    pub sets: Vec<DataSet>,
    /// The files read for it, as written in the spec.
    pub files: Vec<String>,
    /// What in it this version checks but does not run: one error for each such thing, for commands that would run it.
    pub later: Vec<Diagnostic>,
    /// The span of its name.
    pub span: Span,
}

/// What a query says of one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    /// Fixed at this value.
    Given(f64),
    /// Drawn and reported.
    Inferred,
    /// Left out: marginalised.
    Absent,
}

/// An element that a query infers at a place of its own: data sets in training have no more elements than the axis has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The node.
    pub node: NodeId,
    /// Where it is along each axis of the node, from zero.
    pub places: Vec<usize>,
    /// How many of [`Query::infer`] are reported before it.
    pub after: usize,
}

/// Where a query places an axis of scattered instants: by `at`, or by a column of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The axis.
    pub axis: AxisId,
    /// The coordinates, in the order of its elements. Where there are more than the axis has in training, the elements
    /// beyond have no tokens in the model's graph; [`Query::beyond`] says which of them are inferred.
    pub at: Vec<f64>,
}

/// A condition that every draw satisfies: `where energy < 17.4`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Its expressions, which read nodes of the model; operands come before what uses them.
    pub exprs: Vec<Expr>,
    /// The one that is true: above zero.
    pub root: ExprId,
    /// Where it stands.
    pub span: Span,
}

/// One of several data sets in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// What tells it from the others: the text of its cells in the column that `by` names.
    pub name: String,
    /// The tokens that it gives, with their values.
    pub given: Vec<(usize, f64)>,
}
