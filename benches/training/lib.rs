//! How fast networks are trained and drawn from: what the commands of this bench share.
//!
//! A [`Work`] is a problem and a network of some size. A competitor is a process of its own that prepares for a
//! work, and then counts what it does in a given time whenever it is told to ([`contest`]): ours is this program
//! started once more ([`ours`]), the others are `peers/peers.py`; [`rules`] says who takes part. [`check`] shows
//! that all of them compute the same.

mod batch;
pub mod check;
pub mod contest;
pub mod cost;
pub mod ours;
pub mod results;
pub mod rules;
mod work;

pub use work::{Pattern, Problem, Sizes, Task, Work};

use std::path::PathBuf;

/// The folder of this bench.
pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
