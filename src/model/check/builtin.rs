//! The functions and constants that every file knows.

use crate::{Binary, Reducer, Unary};

/// What a built-in function computes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Builtin {
    /// A function of one number.
    One(Unary),
    /// A function of two numbers.
    Two(Binary),
    /// The remainder `x - y * floor(x / y)`, which has the sign of `y`.
    Remainder,
}

/// The functions, by name.
const FUNCTIONS: [(&str, Builtin); 17] = [
    ("abs", Builtin::One(Unary::Abs)),
    ("atan", Builtin::One(Unary::Atan)),
    ("ceil", Builtin::One(Unary::Ceil)),
    ("cos", Builtin::One(Unary::Cos)),
    ("exp", Builtin::One(Unary::Exp)),
    ("floor", Builtin::One(Unary::Floor)),
    ("log", Builtin::One(Unary::Log)),
    ("logistic", Builtin::One(Unary::Logistic)),
    ("max", Builtin::Two(Binary::Max)),
    ("min", Builtin::Two(Binary::Min)),
    ("mod", Builtin::Remainder),
    ("round", Builtin::One(Unary::Round)),
    ("sign", Builtin::One(Unary::Sign)),
    ("sin", Builtin::One(Unary::Sin)),
    ("sqrt", Builtin::One(Unary::Sqrt)),
    ("tan", Builtin::One(Unary::Tan)),
    ("tanh", Builtin::One(Unary::Tanh)),
];

/// What people call them elsewhere, with what to write here.
const ELSEWHERE: [(&str, &str); 23] = [
    ("dot", "`sum over k (a[k] * b[k])`"),
    ("matmul", "`sum over k (a[i, k] * b[k])`"),
    ("inner", "`sum over k (a[k] * b[k])`"),
    ("dot_product", "`sum over k (a[k] * b[k])`"),
    ("ln", "`log`, the natural logarithm"),
    ("log10", "`log(x) / log(10)`"),
    ("log2", "`log(x) / log(2)`"),
    ("pow", "`x ^ y`"),
    ("power", "`x ^ y`"),
    ("square", "`x ^ 2`"),
    ("expit", "`logistic`"),
    ("inv_logit", "`logistic`"),
    ("invlogit", "`logistic`"),
    ("ilogit", "`logistic`"),
    ("plogis", "`logistic`"),
    ("matrix", "the rows of a matrix as lists: `[[1, 0], [0, 1]]`"),
    ("sigmoid", "`logistic`"),
    ("fabs", "`abs`"),
    ("arctan", "`atan`"),
    ("sgn", "`sign`"),
    ("ceiling", "`ceil`"),
    ("ifelse", "`if condition then yes else no`"),
    ("where", "`if condition then yes else no`"),
];

/// The constants, by name.
const CONSTANTS: [(&str, f64); 1] = [("pi", std::f64::consts::PI)];

/// The function of a name.
pub(super) fn function(name: &str) -> Option<Builtin> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, builtin)| *builtin)
}

/// The names of all functions.
pub(super) fn functions<'a>() -> impl Iterator<Item = &'a str> {
    FUNCTIONS.iter().map(|(name, _)| *name)
}

/// What to write instead of another language's function.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(known, _)| *known == name).map(|(_, ours)| *ours)
}

/// The value of a constant.
pub(super) fn constant(name: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The names of all constants.
pub(super) fn constants<'a>() -> impl Iterator<Item = &'a str> {
    CONSTANTS.iter().map(|(name, _)| *name)
}

/// The reducer of a name.
pub(super) fn reducer(name: &str) -> Option<Reducer> {
    match name {
        "sum" => Some(Reducer::Sum),
        "mean" => Some(Reducer::Mean),
        "max" => Some(Reducer::Max),
        "min" => Some(Reducer::Min),
        "count" => Some(Reducer::Count),
        "integral" => Some(Reducer::Integral),
        _ => None,
    }
}
