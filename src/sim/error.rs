//! What can go wrong: diagnostics of a model that cannot be compiled, and failures of a run.

use sbi_syntax::codes;
use std::fmt;

codes! {
    /// Every message of this crate.
    CODES;
    TOO_LARGE: error "program-too-large", "a model whose simulation takes too many steps";
    OUTSIDE_FAILS: error "program-fails", "a program from outside that does not draw what its file says";
    UNSTABLE_PRIOR: advice "unstable-prior", "a prior wider than what the simulator stands";
}

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// A simulation came out infinite or not a number.
    NotFinite {
        /// Which draw: of all that failed in the range, the first.
        draw: u64,
        /// The first element that is not finite, as the file names it: `x[2]`.
        element: String,
        /// Its value.
        value: f64,
        /// Every parameter of that draw, element by element, with its value.
        parameters: Vec<(String, f64)>,
        /// Where it went wrong, if that is known: a state that is no number any more, a run that does not end.
        reason: Option<String>,
        /// What to do about that.
        help: Option<String>,
    },
    /// A program from outside did not give what it was asked for.
    Outside {
        /// What happened, in a sentence.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// The run was broken off while a program from outside worked.
    Interrupted,
    /// The table does not fit into memory.
    Memory {
        /// How many bytes it needs.
        bytes: u128,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotFinite { draw, element, value, parameters, reason, .. } => {
                write!(f, "simulation {draw} failed: ")?;
                match reason {
                    Some(reason) => write!(f, "{reason}")?,
                    None => write!(f, "`{element}` came out as {value}")?,
                }
                for (k, (name, value)) in parameters.iter().enumerate() {
                    write!(f, "{}{name} = {value}", if k == 0 { ", with " } else { ", " })?;
                }
                Ok(())
            }
            Failure::Outside { message, .. } => f.write_str(message),
            Failure::Interrupted => f.write_str("interrupted"),
            Failure::Memory { bytes } => {
                write!(f, "the simulations need {:.1} GB of memory, more than there is", *bytes as f64 / 1e9)
            }
        }
    }
}

impl std::error::Error for Failure {}
