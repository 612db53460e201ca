//! What stands in a `model`, a `simulator` and an `external`.

use super::{Argument, Bad, Call, Doc, Expr, Field, Name, Path, Setting, Text, Unit};
use crate::source::Span;

/// `model name { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Whether `pub` stands before it.
    pub public: bool,
    /// Its name.
    pub name: Name,
    /// The model it extends.
    pub extends: Option<Path>,
    /// What stands in it, in the order written.
    pub body: Vec<Statement>,
    /// All of it.
    pub span: Span,
}

/// `simulator name(inputs) -> { outputs } { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulator {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Whether `pub` stands before it.
    pub public: bool,
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// What it returns.
    pub outputs: Vec<Output>,
    /// What stands in it, in the order written.
    pub body: Vec<Statement>,
    /// All of it.
    pub span: Span,
}

/// `external name(inputs) -> { outputs } = process("…") { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Whether `pub` stands before it.
    pub public: bool,
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// What it returns.
    pub outputs: Vec<Output>,
    /// How it is run.
    pub run: Call,
    /// `depends` statements and settings, in the order written; empty where there is no block.
    pub body: Vec<Statement>,
    /// All of it.
    pub span: Span,
}

/// An argument of a `fn`, a `simulator` or an `external`: `step : s = 1 ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Its value where the caller gives none.
    pub default: Option<Expr>,
}

/// One part of what a `simulator` or `external` returns: `front[t] : um`.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name and axes.
    pub target: Target,
    /// Its unit.
    pub unit: Option<Unit>,
}

/// A statement of a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `axis i : index(10)`.
    Axis(Axis),
    /// `param`, `latent` or `data`.
    Node(Node),
    /// `let u = v - rest`.
    Let(Let),
    /// `const price = 3`.
    Const(Const),
    /// `fn square(x) = x^2`.
    Function(Function),
    /// `depends a from b, c[i]`.
    Depends(Depends),
    /// `dynamics pond over 0 .. 15 { … }`.
    Dynamics(Dynamics),
    /// `modality eeg { … }`.
    Modality(Modality),
    /// `missing rt[trial] with probability 10%`.
    Missing(Missing),
    /// `return { rt = …, choice = … }`.
    Return(Return),
    /// `on_failure "absent"`, and the settings of an `external`.
    Setting(Setting),
    /// A statement that could not be read; its diagnostic is told.
    Bad(Bad),
}

/// `axis name : kind(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What its elements are: `index(10)`, `set(size = 60 .. 300)`.
    pub kind: Call,
    /// All of it.
    pub span: Span,
}

/// The name that a statement defines, with its axes: `theta[i]`, `contact(t : day)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The name.
    pub name: Name,
    /// The axes in brackets.
    pub axes: Vec<Name>,
    /// The argument, where the name is a function of time.
    pub formal: Option<Box<Input>>,
    /// All of it.
    pub span: Span,
}

/// `param`, `latent` or `data`, with its definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// What its first word says it is.
    pub role: Role,
    /// Its name and axes.
    pub target: Target,
    /// Its unit.
    pub unit: Option<Unit>,
    /// How its values come about.
    pub definition: Definition,
    /// All of it.
    pub span: Span,
}

/// What the first word of a node says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Asked about.
    Param,
    /// Drawn and integrated out.
    Latent,
    /// Seen.
    Data,
}

/// How the values of a name come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// `~ normal(0, 1) |> between(1, 3) at knot`.
    Draw(Draw),
    /// `= expression`.
    Equals(Expr),
}

/// What stands after `~`.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The distribution, or the simulator.
    pub call: Call,
    /// What is applied to the draw, in order.
    pub pipes: Vec<Call>,
    /// The axis on which a function's readings are placed.
    pub at: Option<Name>,
    /// From the distribution on.
    pub span: Span,
}

/// `let name = expression`: a name for a part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name and axes.
    pub target: Target,
    /// Its unit.
    pub unit: Option<Unit>,
    /// What it stands for.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// `const name = expression` or `const name from "file"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Const {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Whether `pub` stands before it.
    pub public: bool,
    /// Its name and axes.
    pub target: Target,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Its value.
    pub value: Source,
    /// All of it.
    pub span: Span,
}

/// Where fixed values come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `= expression`.
    Equals(Expr),
    /// `from "file.csv" (column = "rt")`.
    From(Table),
}

/// A file of data and how it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file's path, as written.
    pub path: Text,
    /// How it is read.
    pub arguments: Vec<Argument>,
    /// From the path on.
    pub span: Span,
}

/// `fn name(inputs) = expression`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Whether `pub` stands before it.
    pub public: bool,
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// The unit of its value.
    pub unit: Option<Unit>,
    /// Its value.
    pub body: Expr,
    /// All of it.
    pub span: Span,
}

/// A name that a statement reads or asks about, with single elements or ranges: `x`, `x[3]`, `x[2 .. 4]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The name.
    pub name: Name,
    /// What stands in its brackets; empty where there are none.
    pub index: Vec<Expr>,
    /// All of it.
    pub span: Span,
}

/// `depends a from b, c[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Depends {
    /// What depends.
    pub target: Place,
    /// On what.
    pub sources: Vec<Place>,
    /// All of it.
    pub span: Span,
}

/// `modality name { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Modality {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What stands in it.
    pub body: Vec<Statement>,
    /// All of it.
    pub span: Span,
}

/// `missing rt[trial] in blocks(of = 5) with probability 10%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// Whether `all` stands before the name: the whole modality or node at once.
    pub all: bool,
    /// The node or modality.
    pub target: Place,
    /// `blocks(of = 5)` or `tail`.
    pub pattern: Option<Call>,
    /// How often, which may itself be drawn.
    pub probability: Expr,
    /// All of it.
    pub span: Span,
}

/// `return { rt = …, choice = … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// What is returned.
    pub fields: Vec<Field>,
    /// All of it.
    pub span: Span,
}

/// `dynamics name over 0 .. 15 every 1 by rk4(step = 0.1) { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamics {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// The span of time.
    pub over: Option<Expr>,
    /// The step of a recurrence.
    pub every: Option<Expr>,
    /// The solver.
    pub by: Option<Call>,
    /// What stands in it.
    pub body: Vec<DynamicsStatement>,
    /// All of it.
    pub span: Span,
}

/// A statement of `dynamics`.
#[derive(Clone, Debug, PartialEq)]
pub enum DynamicsStatement {
    /// `noise w[d], u`.
    Noise {
        /// The noises declared.
        targets: Vec<Target>,
        /// All of it.
        span: Span,
    },
    /// `init x = …` or `init x ~ …`.
    Init(State),
    /// `x' = …`.
    Derivative(State),
    /// `next x = …` or `next x ~ …`.
    Next(State),
    /// `let u = …`.
    Let(Let),
    /// `stop when …`.
    Stop {
        /// When to stop.
        condition: Expr,
        /// All of it.
        span: Span,
    },
    /// `when … { x = … }`: on the rising edge.
    When(Event),
    /// `jump at rate … { x = … }`.
    Jump(Event),
    /// A statement that could not be read; its diagnostic is told.
    Bad(Bad),
}

/// How a state starts, moves or steps.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// The state and its axes.
    pub target: Target,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Its value, its derivative or its law.
    pub definition: Definition,
    /// All of it.
    pub span: Span,
}

/// `when condition { … }` or `jump at rate expression { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The condition, or the rate.
    pub trigger: Expr,
    /// The assignments made: `x = x + 1`.
    pub assignments: Vec<Assignment>,
    /// All of it.
    pub span: Span,
}

/// `x[i] = expression` in an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The state that is set.
    pub target: Target,
    /// To what.
    pub value: Expr,
}
