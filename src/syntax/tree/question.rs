//! What is asked of a model, and with what it is answered: approximators, training, queries.

use super::{Bad, Call, Doc, Draw, Expr, Name, Path, Place, Setting, Source, Target, Unit};
use crate::source::Span;

/// `approximator name for model extends other { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Approximator {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// The model it is for; may be left out where the file has one.
    pub model: Option<Path>,
    /// The approximator whose statements it takes over.
    pub extends: Option<Path>,
    /// What stands in it.
    pub body: Vec<ApproximatorStatement>,
    /// All of it.
    pub span: Span,
}

/// A statement of an approximator.
#[derive(Clone, Debug, PartialEq)]
pub enum ApproximatorStatement {
    /// `joint with diffusion_transformer(…)`.
    Joint {
        /// The network.
        call: Call,
        /// All of it.
        span: Span,
    },
    /// `posterior with flow(…)`.
    Posterior {
        /// The network.
        call: Call,
        /// All of it.
        span: Span,
    },
    /// `encode eeg with time_transformer(…)`.
    Encode {
        /// Which modality.
        modality: Name,
        /// With what; the axis' default where left out.
        call: Option<Call>,
        /// All of it.
        span: Span,
    },
    /// `fuse late(hybrid(rt, eeg), questionnaire)`.
    Fuse {
        /// A modality, or a scheme over several.
        scheme: Expr,
        /// All of it.
        span: Span,
    },
    /// A statement that could not be read; its diagnostic is told.
    Bad(Bad),
}

/// `train approximator { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Which approximator.
    pub name: Path,
    /// Its settings, in the order written.
    pub settings: Vec<Setting>,
    /// Lines that could not be read; their diagnostics are told.
    pub bad: Vec<Bad>,
    /// All of it.
    pub span: Span,
}

/// `query name of approximator { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Which approximator answers; may be left out where the model has one.
    pub of: Option<Path>,
    /// What stands in it.
    pub body: Vec<QueryStatement>,
    /// All of it.
    pub span: Span,
}

/// A statement of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryStatement {
    /// `param theta ~ normal(0.3, 0.1)`.
    Prior(Prior),
    /// `given x = 0.5`, `given x from "data.csv"`.
    Given(Given),
    /// `at t = [0.5, 2.0]`.
    At {
        /// The axis.
        axis: Name,
        /// Its places.
        value: Expr,
        /// All of it.
        span: Span,
    },
    /// `where energy < 17.4`.
    Where {
        /// What must hold.
        condition: Expr,
        /// All of it.
        span: Span,
    },
    /// `infer theta, x[2 .. 4]`.
    Infer {
        /// What to report.
        what: Vec<Inferred>,
        /// All of it.
        span: Span,
    },
    /// `draws 4000`.
    Setting(Setting),
    /// A statement that could not be read; its diagnostic is told.
    Bad(Bad),
}

/// `param theta ~ normal(0.3, 0.1)`: another prior than the model's.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// Its name and axes.
    pub target: Target,
    /// Its unit.
    pub unit: Option<Unit>,
    /// What it is drawn from.
    pub draw: Draw,
    /// All of it.
    pub span: Span,
}

/// `given x = …` or `given x from "…"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// What is given.
    pub target: Place,
    /// Its value.
    pub value: Source,
    /// All of it.
    pub span: Span,
}

/// One entry of `infer`.
#[derive(Clone, Debug, PartialEq)]
pub enum Inferred {
    /// `params`: every parameter of the model.
    Params(Span),
    /// A node, or elements of one.
    Place(Place),
}
