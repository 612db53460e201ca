//! Runs the `sbi` binary as a user would, and times it.

use crate::sample::Sample;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a running program is looked at: the precision of all times told here.
const GLANCE: Duration = Duration::from_millis(5);

/// The program, and the threads it may use.
#[derive(Debug)]
pub struct Sbi {
    /// The binary.
    pub program: PathBuf,
    /// For its `--threads`.
    pub threads: usize,
}

/// A folder in which one spec is run: `spec.sbi`, `store/`, `out/` and `log.txt`.
#[derive(Debug)]
pub struct Workplace {
    folder: PathBuf,
    /// Whether nothing was kept from an earlier run, so that times mean something.
    pub cold: bool,
}

/// How long a run took.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From start to exit.
    pub whole: Duration,
    /// From start until the watched answer had its final name.
    pub answered: Duration,
}

impl Workplace {
    /// Opens a folder, and empties it first if `fresh`. What an interrupted run kept is used again otherwise.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub fn open(folder: PathBuf, fresh: bool) -> Result<Workplace> {
        if fresh && folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        let cold = !folder.join("store").exists();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Workplace { folder, cold })
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The draws that answer a query.
    pub fn draws(&self, query: &str) -> PathBuf {
        self.folder.join("out").join(query).join("draws.csv")
    }

    /// A number that the summary beside the draws of `query` holds at `pointer` (`/plan/steps`), or nothing.
    pub fn told(&self, query: &str, pointer: &str) -> Option<f64> {
        self.said(query, pointer)?.as_f64()
    }

    /// The same of a truth (`/where/guided`).
    pub fn holds(&self, query: &str, pointer: &str) -> Option<bool> {
        self.said(query, pointer)?.as_bool()
    }

    fn said(&self, query: &str, pointer: &str) -> Option<Value> {
        let path = self.folder.join("out").join(query).join("summary.json");
        let summary: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        summary.pointer(pointer).cloned()
    }
}

impl Sbi {
    /// Runs `spec` in a workplace until it exits, and notes when the draws of `watched` were there.
    ///
    /// # Errors
    /// A program that cannot be started or that fails; its last words are told.
    pub fn run(&self, place: &Workplace, spec: &str, watched: &str) -> Result<Times> {
        let answer = place.draws(watched);
        if answer.exists() {
            fs::remove_file(&answer)?;
        }
        let mut command = self.command(place, "run", ("spec.sbi", spec))?;
        command.arg("--out").arg(place.file("out"));

        let start = Instant::now();
        let mut child = command.spawn().with_context(|| self.unstarted())?;
        let mut answered = None;
        let status = loop {
            let status = child.try_wait()?;
            if answered.is_none() && answer.exists() {
                answered = Some(start.elapsed());
            }
            match status {
                Some(status) => break status,
                None => sleep(GLANCE),
            }
        };
        let whole = start.elapsed();
        ensure_success(place, status)?;
        let answered = answered.with_context(|| format!("sbi left no {}", answer.display()))?;
        Ok(Times { whole, answered })
    }

    /// Makes so many joint draws of the model in `spec`, kept in a workplace as `name.sbi` and `name.csv`.
    ///
    /// # Errors
    /// A program that cannot be started or that fails; its last words are told. Draws that cannot be read.
    pub fn simulate(&self, place: &Workplace, name: &str, spec: &str, draws: usize) -> Result<Sample> {
        let path = place.file(&format!("{name}.csv"));
        let mut command = self.command(place, "simulate", (&format!("{name}.sbi"), spec))?;
        command.arg("--n").arg(draws.to_string()).arg("--out").arg(&path);
        ensure_success(place, command.status().with_context(|| self.unstarted())?)?;
        Sample::read(&path)
    }

    /// Judges networks of the spec at a path by `sbi compare` with these flags; its words go into `log.txt` in `out`.
    ///
    /// # Errors
    /// A program that cannot be started or that fails; its last words are told.
    pub fn compare(&self, spec: &Path, store: &Path, out: &Path, flags: &[&str]) -> Result<()> {
        let place = Workplace::open(out.to_owned(), false)?;
        let log = fs::File::create(place.file("log.txt"))?;
        let mut command = Command::new(&self.program);
        command.arg("compare").arg(spec).args(flags).arg("--store").arg(store).arg("--out").arg(out);
        command.arg("--threads").arg(self.threads.to_string());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        ensure_success(&place, command.status().with_context(|| self.unstarted())?)
    }

    /// So many joint draws of the model in the spec at a path, under a seed; its words go into `log.txt` in `out`.
    ///
    /// # Errors
    /// A program that cannot be started or that fails; its last words are told. Draws that cannot be read.
    pub fn draw(&self, spec: &Path, store: &Path, out: &Path, (seed, draws): (u64, usize)) -> Result<Sample> {
        let place = Workplace::open(out.to_owned(), false)?;
        let (log, path) = (fs::File::create(place.file("log.txt"))?, place.file("draws.csv"));
        let mut command = Command::new(&self.program);
        command.arg("simulate").arg(spec).arg("--store").arg(store).arg("--out").arg(&path);
        command.arg("--n").arg(draws.to_string()).arg("--seed").arg(seed.to_string());
        command.arg("--allow").arg("process").arg("--threads").arg(self.threads.to_string());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        ensure_success(&place, command.status().with_context(|| self.unstarted())?)?;
        Sample::read(&path)
    }

    /// What does this to a spec, whose file is written into a workplace; its words go into `log.txt`.
    fn command(&self, place: &Workplace, verb: &str, (file, spec): (&str, &str)) -> Result<Command> {
        fs::write(place.file(file), spec)?;
        let log = fs::File::create(place.file("log.txt"))?;
        let mut command = Command::new(&self.program);
        command.arg(verb).arg(place.file(file)).arg("--store").arg(place.file("store"));
        command.arg("--threads").arg(self.threads.to_string());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    fn unstarted(&self) -> String {
        format!("cannot start {}; `cargo build --release` makes it", self.program.display())
    }
}

/// Fails with the last words of a program that failed.
fn ensure_success(place: &Workplace, status: ExitStatus) -> Result<()> {
    ensure!(status.success(), "sbi failed ({status}):\n{}", last_lines(&place.file("log.txt"), 20));
    Ok(())
}

/// The end of a text file.
fn last_lines(path: &Path, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(count)).map(|line| format!("  {line}\n")).collect()
}
