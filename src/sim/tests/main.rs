//! Tests of sbi-sim, in one binary.

// The functions that tests share are tests too: a wrong index or a failed run is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod absent;
mod adaptive;
mod arrays;
mod bijection;
mod calls;
mod compiler;
mod compounds;
mod coupled;
mod densities;
mod distributions;
mod dynamics;
mod elementary;
mod epidemics;
mod events;
mod examples;
mod functions;
mod gaps;
mod jumps;
mod laws;
mod likelihood;
mod models;
mod outside;
mod published;
mod restriction;
mod rng;
mod simulator;
mod stops;
mod tilt;
mod units;
