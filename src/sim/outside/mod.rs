//! Programs from outside of the language that simulate: worker processes that are asked for draws.
//!
//! ```text
//! request -> batches (batches) -> workers (pool, worker) -> messages (message, lines, numbers, frames) -> rows in order
//! ```
//!
//! A [`Pool`] starts a [`Program`] as often as it may run at once, greets each process, and asks it for batches of
//! draws over its stdin and stdout, by the protocol `sbi-worker/1` of `docs/workers.md`. A process that ends, hangs or
//! writes what is no answer is killed and its batch asked again, so that a machine that is short of something for a
//! moment costs time and no draws; a mistake that repeats itself is told with the draw at which it happens.
//!
//! Each draw carries its own seed, so what comes out depends on draws, seeds and inputs alone, as far as the
//! program keeps to that: never on the number of workers, the batches, or what was tried before.

mod batches;
mod error;
mod frames;
mod group;
mod lines;
mod message;
mod numbers;
mod pool;
mod round;
mod tail;
mod worker;

pub use error::{OutsideError, Trouble};
pub use pool::Pool;

use sbi_model::{External, Protocol};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A program from outside as it is asked for draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its name in the file.
    pub name: String,
    /// The program and its arguments; at least one word.
    pub command: Vec<String>,
    /// The folder in which it runs, that of the file; a program with a `/` in its path is looked for from here.
    pub folder: PathBuf,
    /// How it is talked to.
    pub protocol: Protocol,
    /// Draws in one request; chosen from the time that they take where there is none.
    pub batch: Option<usize>,
    /// How long it may take for one batch; for ever where there is none.
    pub timeout: Option<Duration>,
    /// How many processes run at once; one for each core where there is none.
    pub workers: Option<usize>,
    /// The names of its inputs, in order: one number each.
    pub inputs: Vec<String>,
    /// The arrays that it gives, in order.
    pub outputs: Vec<Shape>,
}

/// An array that a program gives for each draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Its sizes, row-major; none for one number.
    pub sizes: Vec<usize>,
}

/// The draws that are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Their numbers: all different, each below 2^53.
    pub draws: &'a [u64],
    /// A seed for each; what the program gets are its lowest 53 bits.
    pub seeds: &'a [u64],
    /// Their inputs, row-major, draws x inputs. A draw with an input that is not finite is refused unasked.
    pub inputs: &'a [f64],
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// All outputs one after the other, row-major, draws x [`Program::width`], in the order of the request. A row
    /// is finite throughout, or NaN throughout where the draw was refused.
    pub rows: Vec<f64>,
    /// The draws that were refused, in the order of the request, each with the reason.
    pub refused: Vec<(u64, String)>,
    /// How many workers were started anew because one ended, hung or wrote nonsense.
    pub restarts: u64,
}

impl Program {
    /// The program of the external `name`, which runs in `folder` and whose outputs have these sizes, in order.
    pub fn of(name: &str, external: &External, folder: &Path, sizes: &[Vec<usize>]) -> Program {
        let shape = |(output, sizes): (&sbi_model::Output, &Vec<usize>)| Shape {
            name: output.name.clone(),
            sizes: sizes.clone(),
        };
        Program {
            name: name.to_owned(),
            command: external.command.clone(),
            folder: folder.to_owned(),
            protocol: external.protocol,
            batch: external.batch,
            timeout: external.timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            workers: external.workers,
            inputs: external.inputs.clone(),
            outputs: external.outputs.iter().zip(sizes).map(shape).collect(),
        }
    }

    /// How many numbers one draw has.
    pub fn width(&self) -> usize {
        self.outputs.iter().map(Shape::len).sum()
    }
}

impl Shape {
    /// How many numbers it has.
    #[allow(clippy::len_without_is_empty)] // An axis has an element, so there is always a number.
    pub fn len(&self) -> usize {
        self.sizes.iter().product()
    }

    /// The name of its element at this place of the row-major order, as the file says it: `density[3, 1]`.
    fn element(&self, place: usize) -> String {
        let mut rest = place;
        let mut indices: Vec<String> = Vec::new();
        for size in self.sizes.iter().rev() {
            indices.insert(0, (rest % size.max(&1) + 1).to_string());
            rest /= size.max(&1);
        }
        if indices.is_empty() { self.name.clone() } else { format!("{}[{}]", self.name, indices.join(", ")) }
    }
}
