//! Tests of sbi-sim, in one binary.

// The functions that tests share are tests too: a wrong index or a failed run is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod adaptive;
mod arrays;
mod calls;
mod compiler;
mod distributions;
mod dynamics;
mod elementary;
mod examples;
mod functions;
mod gaps;
mod jumps;
mod laws;
mod models;
mod outside;
mod rng;
mod simulator;
mod stops;
mod units;
