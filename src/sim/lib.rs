//! sbi-sim: from a checked model to simulations.
//!
//! ```text
//! model -> program (ssa, lower, dist) -> instructions (bytecode) -> columns of draws (engine) -> table (simulator)
//! ```
//!
//! A [`Simulator`] is compiled once and run for any range of draws. The numbers it gives depend on the model, the seed
//! and the number of the draw alone: random numbers are a function of where they stand ([`rng`]), and the
//! functions of analysis are our own ([`elementary`]), so threads, widths and instruction sets change nothing.
//!
//! The same programs say how likely given values are ([`Density`]), and take parameters to the real line and back
//! ([`Bijection`]): then a table is read in place of random numbers.

mod absent;
mod adaptive;
mod around;
mod bijection;
mod bytecode;
mod calculus;
mod dataset;
mod density;
mod dist;
pub mod elementary;
mod emit;
mod engine;
mod error;
mod evaluate;
mod events;
mod given;
mod hoist;
mod isa;
mod jumps;
mod kept;
#[cfg(test)]
#[path = "tests/loops.rs"]
mod loops;
mod lower;
mod members;
mod methods;
mod motion;
pub mod outside;
mod piece;
mod process;
mod reading;
mod registers;
mod restriction;
pub mod rng;
mod runner;
mod sampler;
mod scalar;
mod schedule;
mod simulator;
mod ssa;
mod stop;
mod tilt;
mod variates;

pub use bijection::{Bijection, Mapped};
pub use density::Density;
pub use error::{CODES, Failure, OUTSIDE_FAILS, UNSTABLE_PRIOR};
pub use given::{Implicit, Refusal};
pub use isa::InstructionSet;
pub use lower::Output;
pub use restriction::{Judged, Restriction};
pub use simulator::{Outside, Simulator, Table};
pub use tilt::Tilt;
