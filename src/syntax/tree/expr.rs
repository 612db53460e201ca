//! Names, units and expressions.

use crate::source::Span;

/// A name as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A name that may lead into another file: `ddm`, `std::decision::ddm`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The parts between `::`, at least one.
    pub segments: Vec<Name>,
    /// Where it stands.
    pub span: Span,
}

impl Path {
    /// The name, where the path is nothing more.
    pub fn as_name(&self) -> Option<&Name> {
        match self.segments.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    /// The path as written, without spaces.
    pub fn text(&self) -> String {
        self.segments.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("::")
    }
}

/// A quoted text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What stands between the quotes.
    pub value: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A unit as written after a colon: `mS/cm^2`, `1/sqrt(s)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its factors in the order written, at least one; the first is always a multiplication.
    pub factors: Vec<UnitFactor>,
    /// The unit as written, without spaces: the label that tables show.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One factor of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitFactor {
    /// Whether the unit is divided by it.
    pub over: bool,
    /// What it is.
    pub base: UnitBase,
    /// The power it is raised to, as numerator and denominator; `(1, 1)` where none is written.
    pub power: (i32, i32),
    /// Where it stands.
    pub span: Span,
}

/// What a factor of a unit is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum UnitBase {
    /// `1`, as in `1/s`.
    One,
    /// A unit's name: `ms`, `volt`.
    Name(Name),
    /// `sqrt(…)` of a unit.
    Sqrt(Box<Unit>),
    /// A unit in brackets: `(ms*mV)`.
    Group(Box<Unit>),
}

/// A number with what was written behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Its value, finite; a percentage is already divided by 100.
    pub value: f64,
    /// Its exact value where it was written as a whole number without point, exponent or percent.
    pub integer: Option<u64>,
    /// Whether `%` follows.
    pub percent: bool,
    /// The unit that follows: one name with an optional power.
    pub unit: Option<Unit>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands; brackets around it are not counted.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `0.25`, `10_000`, `10%`, `5 ms`.
    Number(Number),
    /// `"undirected"`.
    Text(String),
    /// `true` or `false`.
    Truth(bool),
    /// A name: of a node, a constant, an axis (its coordinate), a choice in an argument.
    Path(Path),
    /// A call of something named: `sqrt(x)`, `normal(mean = 0, sd = 1)`.
    Call(Call),
    /// A call of something computed: `pond.prey(t)`, `walk.y[d](tick)`.
    Apply {
        /// What is called.
        base: Box<Expr>,
        /// With what.
        arguments: Vec<Argument>,
    },
    /// `x[i, 3]`.
    Index {
        /// What is indexed.
        base: Box<Expr>,
        /// One entry for each axis, at least one.
        index: Vec<Expr>,
    },
    /// `outcome.rt`.
    Member {
        /// The record, or the `dynamics`.
        base: Box<Expr>,
        /// Which part.
        name: Name,
    },
    /// `-x`, `not x`.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `x + y`, `x < y`, `x and y`.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Where the operator stands.
        at: Span,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `low .. high`; also the right side of `in`.
    Range {
        /// The lower end.
        low: Box<Expr>,
        /// The upper end.
        high: Box<Expr>,
    },
    /// `if condition then yes else no`.
    If {
        /// What decides.
        condition: Box<Expr>,
        /// The value where it holds.
        yes: Box<Expr>,
        /// The value elsewhere.
        no: Box<Expr>,
    },
    /// `mean over i (theta[i])`.
    Reduce {
        /// `sum`, `mean`, `max`, `min`, `count` or `integral`.
        reducer: Name,
        /// The axis that is bound in `body`.
        axis: Name,
        /// What is reduced.
        body: Box<Expr>,
    },
    /// `[1, 2, 3]`.
    List(Vec<Expr>),
    /// `{left = 0, right = 1}`.
    Record(Vec<Field>),
}

/// One entry of a record: `left = 0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// A call of something named.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub path: Path,
    /// With what, in the order written. `flow` and `flow()` are the same call.
    pub arguments: Vec<Argument>,
    /// Where it stands.
    pub span: Span,
}

/// An argument of a call: `sd = 1`, or just `1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its label; `None` where it is known by position.
    pub label: Option<Name>,
    /// Its value.
    pub value: Expr,
    /// Where it stands, label included.
    pub span: Span,
}

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`, looser than `^`.
    Neg,
    /// `not`, looser than comparison.
    Not,
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOperator {
    Or,
    And,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    /// `x in low .. high`: the right operand is a range.
    In,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
}

impl BinaryOperator {
    /// The operator as written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOperator::Or => "or",
            BinaryOperator::And => "and",
            BinaryOperator::Lt => "<",
            BinaryOperator::Le => "<=",
            BinaryOperator::Gt => ">",
            BinaryOperator::Ge => ">=",
            BinaryOperator::Eq => "==",
            BinaryOperator::Ne => "!=",
            BinaryOperator::In => "in",
            BinaryOperator::Add => "+",
            BinaryOperator::Sub => "-",
            BinaryOperator::Mul => "*",
            BinaryOperator::Div => "/",
            BinaryOperator::Pow => "^",
        }
    }
}
