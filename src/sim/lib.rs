//! sbi-sim: from a checked model to simulations.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod elementary;
mod isa;
pub mod rng;

pub use isa::InstructionSet;
