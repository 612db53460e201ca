//! Tests of sbi-sim, in one binary.

mod elementary;
mod rng;
