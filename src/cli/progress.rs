//! Progress of long work: bars on a terminal, a plain line now and then elsewhere, nothing when quiet.

use super::failure;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How often a line tells of progress where no bar can move.
const PAUSE: Duration = Duration::from_secs(15);

/// How progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bars that move.
    Bars,
    /// A line when something starts, one when it ends, and between them one in each [`PAUSE`].
    Lines,
    /// Nothing.
    Quiet,
}

impl Progress {
    /// What fits the standard error of this process.
    pub fn new(quiet: bool) -> Progress {
        match quiet {
            true => Progress::Quiet,
            false if std::io::stderr().is_terminal() => Progress::Bars,
            false => Progress::Lines,
        }
    }

    /// A line of its own.
    pub fn say(self, line: &str) {
        if self != Progress::Quiet {
            failure::say(&format!("{line}\n"));
        }
    }

    /// Starts to tell of work of `total` steps of which `done` are done already.
    /// `verb` says what is done now, `what` to what: `simulate`, "10,000 draws of `two_moons`".
    pub fn start(self, verb: &str, what: &str, done: usize, total: usize) -> Bar {
        self.say(&format!("{verb:<9} {what}"));
        let bar = (self == Progress::Bars).then(|| {
            let target = ProgressDrawTarget::stderr_with_hz(10);
            let bar = ProgressBar::with_draw_target(Some(total as u64), target).with_style(style());
            bar.set_position(done as u64);
            // Time left is reckoned from the work of this run alone.
            bar.reset_eta();
            bar
        });
        let began = Instant::now();
        Bar { progress: self, bar, began, first: done, total, told: began, note: String::new() }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("          {bar:32} {human_pos}/{human_len}{msg}  {eta} left")
        .expect("the template is right")
        .progress_chars("━╸─")
}

/// A piece of work under way.
pub struct Bar {
    progress: Progress,
    bar: Option<ProgressBar>,
    began: Instant,
    /// What was done before it began.
    first: usize,
    total: usize,
    /// When a line last told of it.
    told: Instant,
    note: String,
}

impl Bar {
    /// So much is done.
    pub fn set(&mut self, done: usize) {
        match &self.bar {
            Some(bar) => bar.set_position(done as u64),
            None if self.told.elapsed() >= PAUSE => {
                self.told = Instant::now();
                self.progress.say(&self.line(done));
            }
            None => {}
        }
    }

    /// There is so much to do in all, as it has turned out.
    pub fn set_total(&mut self, total: usize) {
        if total != self.total {
            self.total = total;
            self.bar.iter().for_each(|bar| bar.set_length(total as u64));
        }
    }

    /// Says something beside the bar.
    pub fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("  {text}")),
            None => text.clone_into(&mut self.note),
        }
    }

    /// `4,000 of 12,000, validation loss 0.1234, 40 s left`.
    fn line(&self, done: usize) -> String {
        let (here, rest) = (done.saturating_sub(self.first), self.total.saturating_sub(done));
        let mut parts = vec![format!("{} of {}", grouped(done), grouped(self.total))];
        parts.extend((!self.note.is_empty()).then(|| self.note.clone()));
        if here > 0 {
            let left = self.began.elapsed().mul_f64(rest as f64 / here as f64);
            parts.push(format!("{} left", duration(left)));
        }
        format!("{:<9} {}", "", parts.join(", "))
    }

    /// Ends it with a line that stays: what came of it, and how long it took.
    pub fn finish(self, result: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.progress.say(&format!("{:<9} {result} in {}", "", duration(self.began.elapsed())));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `0.3 s`, `42 s`, `3 minutes`.
pub fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        _ => HumanDuration(time).to_string(),
    }
}

/// `1234567` as `1,234,567`.
pub fn grouped(n: usize) -> String {
    indicatif::HumanCount(n as u64).to_string()
}
