//! Why a program from outside gave no draws, in words that say what to do.

use super::message::{Ask, Job, Wrong};
use super::worker::Last;
use super::{Program, group, lines};
use sbi_model::Protocol;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Why a program from outside gave no draws.
#[derive(Clone, Debug, PartialEq)]
pub enum OutsideError {
    /// The caller did not want to go on.
    Interrupted,
    /// It cannot be started, or does not get ready. Trying again would not help.
    Start(Trouble),
    /// It answers what does not fit the file. Trying again would not help.
    Answer(Trouble),
    /// It failed at one draw, each time that it was tried.
    Draw {
        /// Which draw.
        draw: u64,
        /// Its inputs by their names.
        inputs: Vec<(String, f64)>,
        /// What happened the last time.
        trouble: Trouble,
    },
}

/// What happened, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// What is wrong: one sentence, without its full stop.
    pub sentence: String,
    /// An edit or a command.
    pub help: String,
    /// The last lines that the worker wrote to stderr, 20 at most.
    pub stderr: Vec<String>,
}

impl Trouble {
    /// What is wrong, with what the worker wrote last.
    pub fn message(&self) -> String {
        let wrote = if self.stderr.is_empty() { "" } else { "\nit wrote to stderr, last:" };
        let lines = self.stderr.iter().map(|line| format!("\n    {line}"));
        format!("{}{wrote}{}", self.sentence, lines.collect::<String>())
    }
}

impl OutsideError {
    /// What happened and what to do; none where the caller stopped it.
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            OutsideError::Interrupted => None,
            OutsideError::Start(trouble)
            | OutsideError::Answer(trouble)
            | OutsideError::Draw { trouble, .. } => Some(trouble),
        }
    }
}

impl fmt::Display for OutsideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.trouble() {
            None => f.write_str("interrupted"),
            Some(trouble) => write!(f, "{}\nhelp: {}", trouble.message(), trouble.help),
        }
    }
}

impl std::error::Error for OutsideError {}

/// A program that the system does not start.
pub(super) fn not_started(program: &Program, folder: &Path, path: &Path, error: &io::Error) -> Trouble {
    /// The number of the error "exec format error" on Linux, macOS and the BSDs.
    const NO_FORMAT: i32 = 8;
    let Program { name, .. } = program;
    let word = program.command.first().map_or("", String::as_str);
    let (folder_is, there) = (folder.display(), path.components().count() > 1 && path.exists());
    let (why, help) = match error.kind() {
        ErrorKind::NotFound if !folder.is_dir() => {
            (format!("its folder `{folder_is}` is not there"), "keep the file in a folder that stays".into())
        }
        ErrorKind::NotFound if there => (
            format!("the program that the first line of `{word}` names is not there"),
            format!("mend the line that begins with `#!`: head -n 1 {}", path.display()),
        ),
        ErrorKind::NotFound if word.contains('/') => (
            format!("there is no `{word}` in `{folder_is}`"),
            format!("write its path from the folder of the file: ls {folder_is}"),
        ),
        ErrorKind::NotFound => (
            format!("there is no program `{word}`"),
            format!("install it, or write its whole path, which `which {word}` prints where it is known"),
        ),
        ErrorKind::PermissionDenied => (
            format!("`{word}` may not be run"),
            format!("chmod +x {}, or name what runs it: process(\"python3\", \"{word}\")", path.display()),
        ),
        _ if error.raw_os_error() == Some(NO_FORMAT) => (
            format!("`{word}` is no program of this machine"),
            format!(
                "begin a script with `#!/usr/bin/env python3`, or name what runs it: process(\"python3\", \"{word}\")"
            ),
        ),
        _ => (error.to_string(), format!("try it by hand: {}", by_hand(program))),
    };
    Trouble { sentence: format!("the program `{name}` cannot be started: {why}"), help, stderr: Vec::new() }
}

/// A worker that failed before it was ready, or whose answer does not fit.
pub(super) fn at_once(program: &Program, ask: &Ask, wrong: &Wrong, last: Last) -> OutsideError {
    let what = what(wrong, &last);
    let name = &program.name;
    match ask {
        Ask::Greeting => {
            let when = if matches!(wrong, Wrong::Unfit { .. }) { "" } else { " before it was ready" };
            OutsideError::Start(Trouble {
                sentence: format!("the program `{name}` {what}{when}"),
                help: help_at_start(program, wrong, &last.stderr),
                stderr: last.stderr,
            })
        }
        Ask::Draws(_) => OutsideError::Answer(Trouble {
            sentence: format!("the program `{name}` {what}"),
            help: help(program, wrong, &last, None),
            stderr: last.stderr,
        }),
    }
}

/// A worker that failed at the one draw of `job`, after it was tried so often.
pub(super) fn at_draw(program: &Program, job: &Job, tries: u32, wrong: &Wrong, last: Last) -> OutsideError {
    let draw = job.draws.first().copied().unwrap_or_default();
    let inputs: Vec<_> = program.inputs.iter().cloned().zip(job.inputs.iter().copied()).collect();
    let said: Vec<_> = inputs.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
    let sentence = format!(
        "the program `{}` {} at draw {draw}{said}, each of {tries} times",
        program.name,
        what(wrong, &last)
    );
    let help = help(program, wrong, &last, Some(job));
    OutsideError::Draw { draw, inputs, trouble: Trouble { sentence, help, stderr: last.stderr } }
}

/// What a worker did, in words that follow its name.
fn what(wrong: &Wrong, last: &Last) -> String {
    match wrong {
        Wrong::Ended => match last.status {
            Some(status) => match (group::signal(status), status.code()) {
                (Some(signal), _) => format!("was ended by signal {signal}"),
                (None, Some(code)) => format!("ended with exit code {code}"),
                (None, None) => "ended".into(),
            },
            None => "closed its stdout".into(),
        },
        Wrong::Hung(time) => format!("did not answer within {} s", time.as_secs_f64()),
        Wrong::Garbage { wrote } => format!("wrote to stdout what is no message: \"{wrote}\""),
        Wrong::TooLong { limit, wrote } => {
            format!("wrote a message of more than {} MiB to stdout, which begins \"{wrote}\"", limit >> 20)
        }
        Wrong::Unfit { said, .. } => said.clone(),
    }
}

/// What to do about a worker that does not get ready.
fn help_at_start(program: &Program, wrong: &Wrong, stderr: &[String]) -> String {
    let first = program.command.first().map_or("", String::as_str);
    let module =
        stderr.iter().rev().find_map(|line| line.split("No module named '").nth(1)?.split('\'').next());
    let lost =
        stderr.iter().any(|line| line.contains("can't open file") || line.contains("cannot open file"));
    match wrong {
        Wrong::Ended if module == Some("sbi_worker") => {
            "put sbi_worker.py, which lies in examples/external of sbi, beside your program".into()
        }
        Wrong::Ended if let Some(module) = module => format!(
            "{first} -m pip install {module}, or name the Python that has it: process(\"/path/to/python\", …)"
        ),
        Wrong::Ended if lost => {
            format!(
                "write the path of the script from the folder of the file: ls {}",
                program.folder.display()
            )
        }
        Wrong::Ended => format!("mend what it says when it is started by hand: {}", by_hand(program)),
        Wrong::Hung(time) => format!(
            "answer the first message by {{\"ready\": true}} and flush it (in Python `print(…, flush=True)`), or give it more time: `timeout {} s`",
            2 * time.as_secs().max(1)
        ),
        _ => help(program, wrong, &Last::default(), None),
    }
}

/// What to do about a worker that was ready once; `job` is what it failed at alone.
fn help(program: &Program, wrong: &Wrong, last: &Last, job: Option<&Job>) -> String {
    /// What the system sends to a program that takes more memory than there is.
    const KILLED: i32 = 9;
    let alone = match (program.protocol, job) {
        (Protocol::Lines, Some(job)) => {
            format!(
                "try the draw by hand: cd {} && {}",
                program.folder.display(),
                lines::by_hand(program, job)
            )
        }
        _ => "let the program refuse such a draw: with sbi_worker.py, raise an exception".into(),
    };
    match wrong {
        Wrong::Ended if last.status.and_then(group::signal) == Some(KILLED) => {
            format!("run fewer at once if memory ran out: `workers 1`; or {alone}")
        }
        Wrong::Ended => alone,
        Wrong::Hung(time) => format!("give it more time: `timeout {} s`; or {alone}", 2 * time.as_secs().max(1)),
        Wrong::Garbage { wrote } if ["NaN", "Infinity"].iter().any(|word| wrote.contains(word)) => {
            "write null where there is no number, as JSON knows neither NaN nor Infinity".into()
        }
        Wrong::Garbage { .. } | Wrong::TooLong { .. } => {
            "print to stderr, in Python by `print(…, file=sys.stderr)`: stdout is for the answers alone, as docs/workers.md says".into()
        }
        Wrong::Unfit { help, .. } => help.clone(),
    }
}

/// The command that starts the program, for a shell.
fn by_hand(program: &Program) -> String {
    format!("cd {} && {}", program.folder.display(), lines::in_a_shell(&program.command))
}
