//! Failures that belong to no line of a spec: files, flags, the machine, an interruption.
//! They all look alike: `error: …`, then `help: …`.

use sbi_syntax::Code;
use std::fmt;
use std::io::IsTerminal;

/// Why the program ends, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The run failed.
    Failed = 1,
    /// The file or the command line is wrong.
    Wrong = 2,
    /// Stopped by the user or the system; what was finished is kept.
    Interrupted = 130,
}

/// A failure in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit status that goes with it.
    pub exit: Exit,
    /// What is wrong, without a full stop; empty where diagnostics have said it already.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Its code, where `sbi explain` has a page on it.
    pub code: Option<Code>,
}

/// What a command gives: nothing or a failure.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// The run failed for a reason outside the file.
    pub fn failed(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Failed, message: message.into(), help: None, code: None }
    }

    /// The file or the command line is wrong.
    pub fn wrong(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Wrong, message: message.into(), help: None, code: None }
    }

    /// Stopped on request.
    pub fn interrupted() -> Failure {
        Failure { exit: Exit::Interrupted, message: "interrupted".into(), help: None, code: None }
    }

    /// The file is wrong, and its diagnostics are on the screen already.
    pub fn told() -> Failure {
        Failure { exit: Exit::Wrong, message: String::new(), help: None, code: None }
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// Says which page of `sbi explain` is about it.
    pub fn code(mut self, code: Code) -> Failure {
        self.code = Some(code);
        self
    }

    /// The text for a terminal (`colour`) or for a log.
    pub fn render(&self, colour: bool) -> String {
        if self.message.is_empty() {
            return String::new();
        }
        let (red, blue, end) = if colour { ("\x1b[1;31m", "\x1b[36m", "\x1b[0m") } else { ("", "", "") };
        let mut text = format!("{red}error:{end} {}\n", self.message);
        if let Some(help) = &self.help {
            let indented = help.replace('\n', "\n      ");
            text.push_str(&format!("{blue}help:{end} {indented}\n"));
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

/// Whether what goes to standard error may be coloured: it is a terminal, and `NO_COLOR` is unset or empty.
pub fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && std::env::var_os("TERM").is_none_or(|v| v != "dumb")
        && std::io::stderr().is_terminal()
}

/// Writes to standard error; a closed one is no reason to stop.
pub fn say(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Writes to standard output. A reader that went away (`| head`) is no failure.
pub fn print(text: &str) -> Outcome {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output cannot be written: {e}"))
                .help("send it to another file, or leave `> …` out"))
        }
        _ => Ok(()),
    }
}
