//! What is said to a worker and what it says, whatever the protocol it is written in.

use super::{Program, Shape};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// The name of the protocol, which the greeting carries.
pub(super) const NAME: &str = "sbi-worker/1";

/// The seeds that are sent: their lowest 53 bits, which every reader of JSON reads exactly.
pub(super) const SEED_BITS: u64 = (1 << 53) - 1;

/// What an answer may be long beside the numbers that it has to give.
pub(super) const ALLOWANCE: u64 = 64 << 20;

/// The longest reason of a refusal that is kept, in characters.
const REASON: usize = 500;

/// What is said to a worker.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// What will be asked, to which the answer is that it is ready.
    Greeting,
    /// A batch of draws.
    Draws(Job),
}

/// A batch of draws as a worker is asked for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Job {
    pub id: u64,
    pub draws: Vec<u64>,
    pub seeds: Vec<u64>,
    /// Row-major, draws x inputs.
    pub inputs: Vec<f64>,
}

/// What a worker said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Ready,
    Rows(Rows),
}

/// The answer to a [`Job`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// Row-major, draws x width; a refused draw is NaN.
    pub rows: Vec<f64>,
    /// Which rows are refused, and why.
    pub refused: Vec<(usize, String)>,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wrong {
    /// Its stdout ended, or it did.
    Ended,
    /// It took longer than this.
    Hung(Duration),
    /// It wrote something that is no message; this is how it begins.
    Garbage { wrote: String },
    /// It wrote something longer than any answer, in bytes; this is how it begins.
    TooLong { limit: u64, wrote: String },
    /// It wrote a message that does not fit what was asked: said in words that follow the name of the program.
    Unfit { said: String, help: String },
}

/// The columns of a job by the names of the inputs.
pub(super) fn column(job: &Job, input: usize, inputs: usize) -> impl Iterator<Item = f64> + '_ {
    job.inputs.chunks_exact(inputs.max(1)).filter_map(move |row| row.get(input).copied())
}

/// How many bytes the answer may be long, if a number takes `bytes`.
pub(super) fn limit(program: &Program, ask: &Ask, bytes: u64) -> u64 {
    let draws = match ask {
        Ask::Greeting => 0,
        Ask::Draws(job) => job.draws.len(),
    };
    let numbers = (draws as u64).saturating_mul(program.width() as u64);
    ALLOWANCE.saturating_add(numbers.saturating_mul(bytes))
}

/// The first 200 characters of what a program wrote, escaped as in a string of Rust or C.
pub(super) fn beginning(bytes: &[u8]) -> String {
    // A character takes at most four bytes.
    let text = String::from_utf8_lossy(bytes.get(..800).unwrap_or(bytes));
    text.chars().take(200).collect::<String>().escape_debug().to_string()
}

/// The greeting: the names and sizes of all that will be said.
pub(super) fn greeting(program: &Program) -> String {
    #[derive(Serialize)]
    struct Greeting<'a> {
        sbi: &'a str,
        inputs: &'a [String],
        #[serde(serialize_with = "shapes")]
        outputs: &'a [Shape],
    }
    fn shapes<S: Serializer>(outputs: &[Shape], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(outputs.iter().map(|output| (&output.name, &output.sizes)))
    }
    let greeting = Greeting { sbi: NAME, inputs: &program.inputs, outputs: &program.outputs };
    serde_json::to_string(&greeting).expect("names and sizes are JSON")
}

/// What a worker answers to the greeting, read from its JSON.
pub(super) fn read_ready(json: &[u8]) -> Result<Reply, Wrong> {
    #[derive(serde::Deserialize)]
    struct Answer {
        ready: Option<bool>,
        error: Option<String>,
    }
    match serde_json::from_slice::<Answer>(json) {
        Ok(Answer { error: Some(error), .. }) => Err(gave_up(&error)),
        Ok(Answer { ready: Some(true), .. }) => Ok(Reply::Ready),
        Err(error) if !error.is_data() => Err(Wrong::Garbage { wrote: beginning(json) }),
        _ => Err(Wrong::Unfit {
            said: format!("answered the greeting with \"{}\"", beginning(json)),
            help: "answer the first message with {\"ready\": true}; docs/workers.md has all of the protocol"
                .into(),
        }),
    }
}

/// A worker that says of itself that it cannot go on.
pub(super) fn gave_up(error: &str) -> Wrong {
    Wrong::Unfit {
        said: format!("said that it cannot go on: {}", shortened(error)),
        help: "mend the program where it says so; a single draw is refused under `failed` instead of `error`"
            .into(),
    }
}

/// A reply to another question.
pub(super) fn wrong_id(said: Option<f64>, asked: u64) -> Wrong {
    let said = said.map_or("without an `id`".into(), |id| format!("with `id` {id}"));
    Wrong::Unfit {
        said: format!("answered the request with `id` {asked} by a message {said}"),
        help: "answer each request once, in order, and copy its `id`; print all else to stderr, in Python by `file=sys.stderr`".into(),
    }
}

/// An output that is not in the file.
pub(super) fn unknown_output(program: &Program, name: &str) -> Wrong {
    let names: Vec<_> = program.outputs.iter().map(|output| format!("`{}`", output.name)).collect();
    Wrong::Unfit {
        said: format!("gives `{}`, which the file does not ask for", beginning(name.as_bytes())),
        help: format!("give {} and nothing else, or name it in the `external`", names.join(", ")),
    }
}

/// An output that the answer lacks.
pub(super) fn missing_output(name: &str) -> Wrong {
    Wrong::Unfit {
        said: format!("does not give `{name}`"),
        help: format!(
            "put `{name}` into `outputs` for every request (null for a draw that is refused), or strike it from the file"
        ),
    }
}

/// The rows of an answer, once all numbers of it are read: what is refused becomes NaN throughout.
pub(super) fn settle(
    program: &Program,
    job: &Job,
    mut rows: Vec<f64>,
    failed: &[(String, String)],
) -> Result<Reply, Wrong> {
    let mut reasons: Vec<Option<String>> = vec![None; job.draws.len()];
    for (draw, reason) in failed {
        let place = draw.parse().ok().and_then(|draw: u64| job.draws.iter().position(|d| *d == draw));
        match place.and_then(|place| reasons.get_mut(place)) {
            Some(slot) => *slot = Some(shortened(reason)),
            None => {
                return Err(Wrong::Unfit {
                    said: format!(
                        "refuses draw \"{}\", which it was not asked for",
                        beginning(draw.as_bytes())
                    ),
                    help: "name the draws in `failed` by the numbers in `draws`".into(),
                });
            }
        }
    }
    let mut refused = Vec::new();
    for (place, (row, reason)) in rows.chunks_exact_mut(program.width().max(1)).zip(reasons).enumerate() {
        if let Some(reason) = reason.or_else(|| not_finite(program, row)) {
            row.fill(f64::NAN);
            refused.push((place, reason));
        }
    }
    Ok(Reply::Rows(Rows { rows, refused }))
}

/// Which element of a row is the first that is no finite number, if one is.
fn not_finite(program: &Program, row: &[f64]) -> Option<String> {
    let mut place = row.iter().position(|value| !value.is_finite())?;
    for output in &program.outputs {
        if place < output.len() {
            return Some(format!("`{}` is not a finite number", output.element(place)));
        }
        place -= output.len();
    }
    None
}

fn shortened(text: &str) -> String {
    text.chars().take(REASON).collect()
}
