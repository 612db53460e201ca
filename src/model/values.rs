//! The values of the language's functions where numbers are known.

use crate::{Binary, Reducer, Unary};

/// The value of a function of one number.
pub(crate) fn unary(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Neg => -x,
        Unary::Not => truth(x == 0.0),
        Unary::Abs => x.abs(),
        Unary::Sign if x == 0.0 => 0.0,
        Unary::Sign => x.signum(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round(),
        Unary::Sqrt => x.sqrt(),
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Atan => x.atan(),
        Unary::Tanh => x.tanh(),
        Unary::Logistic => 1.0 / (1.0 + (-x).exp()),
    }
}

/// The value of a function of two numbers.
pub(crate) fn binary(function: Binary, x: f64, y: f64) -> f64 {
    match function {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Pow => x.powf(y),
        Binary::Min => x.min(y),
        Binary::Max => x.max(y),
        Binary::Lt => truth(x < y),
        Binary::Le => truth(x <= y),
        Binary::Gt => truth(x > y),
        Binary::Ge => truth(x >= y),
        Binary::Eq => truth(x == y),
        Binary::Ne => truth(x != y),
        Binary::And => truth(x != 0.0 && y != 0.0),
        Binary::Or => truth(x != 0.0 || y != 0.0),
    }
}

/// The value of a reduction.
pub(crate) fn reduce(reducer: Reducer, values: &[f64]) -> f64 {
    let sum = || values.iter().sum::<f64>();
    match reducer {
        Reducer::Sum => sum(),
        Reducer::Mean => sum() / values.len() as f64,
        Reducer::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Reducer::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        // Its value needs the coordinates: an integral of constants is left to the simulator.
        Reducer::Integral => f64::NAN,
        Reducer::Count => values.iter().filter(|&&value| value != 0.0).count() as f64,
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
