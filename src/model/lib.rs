//! sbi-model: from a tree to a checked file: names, axes, checks, graph, masks, normal form, hashes.
//! Pure: it reads files only through [`World`] and knows no tensors.

mod accepted;
mod advice;
mod approximator;
mod axis;
mod bits;
mod check;
mod conditioned;
mod depends;
mod draft;
mod dynamics;
mod eliminate;
pub mod explain;
mod expr;
mod external;
mod family;
mod fusion;
mod graph;
mod group;
mod inverse;
mod key;
mod mask;
mod mechanism;
mod missing;
mod model;
mod moral;
pub mod natural;
mod node;
mod order;
mod passage;
mod placement;
mod prior;
mod query;
mod quotient;
mod reach;
mod readings;
mod steps;
mod survey;
mod trajectory;
mod units;
mod values;
mod vertices;
mod world;

pub use advice::advice;
pub use approximator::{
    Approximator, Coupling, Density, Diffusion, Estimator, Flow, Focus, GraphRule, MaskKind, Noise, Train,
    Transformer,
};
pub use axis::{Axis, AxisId, AxisKind, Count, Steps};
pub use check::{CODES, Checked, STD, check, compile};
pub use conditioned::{Conditioned, Margin};
pub use depends::{Depends, Reading};
pub use dynamics::{Change, ChangeKind, Dynamics, Event, Solver, Tolerances};
pub use expr::{Binary, Expr, ExprId, Index, Reducer, Unary};
pub use external::{External, Output, Protocol};
pub use family::{Family, Kernel, Kind, Map, Range};
pub use fusion::{Encoder, EncoderKind, Encoding, Fusion, Scheme, Stage};
pub use graph::{Graph, Mask, Structure, Support, Token};
pub use group::{Group, SCALARS};
pub use key::Key;
pub use missing::{FAILED, Gaps, Missing, Modality, OnFailure, Rate, Whose};
pub use model::{File, Model};
pub use node::{Argument, Definition, Draw, Node, NodeId, Role, Series, Transform};
pub use passage::Bound;
pub use placement::Placement;
pub use prior::ChangedPrior;
pub use query::{Beyond, Condition, DataSet, Placed, Query, State};
pub use quotient::Lump;
pub use reach::Reach;
pub use units::Gauge;
pub use world::{LARGEST_DATA, ReadError, World};

#[cfg(test)]
mod tests;
