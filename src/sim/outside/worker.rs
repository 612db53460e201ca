//! One process that simulates, and the threads that talk with it.
//!
//! Three threads see to its three pipes, so that no pipe that is full or empty can hold up another or the pool: one
//! writes requests, one reads answers and takes them apart, one reads stderr.

use super::error::{Trouble, not_started};
use super::message::{Ask, Reply, Wrong};
use super::tail::Tail;
use super::{Program, frames, group, lines};
use sbi_model::Protocol;
use std::io::{self, BufReader, Read, Write};
use std::path::{self, Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Libraries that would start a thread on every core in every worker, and the variables that stop them.
const ONE_THREAD: [&str; 3] = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];

/// How long we wait for a process to end, or for its last words, while all else waits.
const MOMENT: Duration = Duration::from_millis(40);

/// How long an answer of a process that has ended may take to come out of its pipe.
const SILENCE: Duration = Duration::from_millis(200);

/// What a worker said or did.
#[derive(Debug)]
pub(super) struct Event {
    /// Which worker.
    pub worker: u64,
    pub reply: Result<Reply, Wrong>,
}

/// What is known of a worker that is no more.
#[derive(Clone, Debug, Default)]
pub(super) struct Last {
    /// How it ended, if it did so before it was killed.
    pub status: Option<ExitStatus>,
    /// The last lines that it wrote to stderr.
    pub stderr: Vec<String>,
}

/// A process that is asked for draws; it is killed with all that it started when this is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    pub id: u64,
    child: Child,
    /// To the threads that write and read.
    asks: [Sender<Arc<Ask>>; 2],
    stderr: Tail,
    stderr_thread: JoinHandle<()>,
    /// When it was first seen to have ended, and how.
    ended: Option<(Instant, ExitStatus)>,
}

impl Worker {
    /// Starts the program. Each [`ask`](Worker::ask) makes one [`Event`], until one says what is wrong.
    pub(super) fn start(program: &Arc<Program>, id: u64, events: &Sender<Event>) -> Result<Worker, Trouble> {
        let folder = path::absolute(&program.folder).unwrap_or_else(|_| program.folder.clone());
        let path = executable(program, &folder);
        let refused = |error: io::Error| not_started(program, &folder, &path, &error);
        if !group::SUPPORTED {
            return Err(refused(io::Error::other("programs from outside run on Linux and macOS")));
        }
        let mut command = Command::new(&path);
        command.args(program.command.get(1..).unwrap_or(&[])).current_dir(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in ONE_THREAD.iter().filter(|variable| std::env::var_os(variable).is_none()) {
            command.env(variable, "1");
        }
        group::lead(&mut command);
        let mut child = command.spawn().map_err(refused)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            unreachable!("all three pipes were asked for")
        };

        let ((to_write, writes), (to_read, reads)) = (channel::<Arc<Ask>>(), channel());
        let (asked, tail, heard) = (Arc::clone(program), Tail::default(), Arc::clone(program));
        let (events, kept) = (events.clone(), tail.clone());
        let threads = || -> io::Result<JoinHandle<()>> {
            thread::Builder::new().spawn(move || write(&asked, &writes, &mut stdin))?;
            thread::Builder::new().spawn(move || read(&heard, id, &reads, stdout, &events))?;
            thread::Builder::new().spawn(move || kept.read(stderr))
        };
        match threads() {
            Ok(stderr_thread) => {
                let asks = [to_write, to_read];
                Ok(Worker { id, child, asks, stderr: tail, stderr_thread, ended: None })
            }
            Err(error) => {
                end(&mut child);
                Err(refused(error))
            }
        }
    }

    /// Asks for something.
    pub(super) fn ask(&self, ask: &Arc<Ask>) {
        for thread in &self.asks {
            // A thread that is no more has told why, or will be found so when the process has ended.
            let _ = thread.send(Arc::clone(ask));
        }
    }

    /// Whether the process is still there. What it started goes with it.
    pub(super) fn lives(&mut self) -> bool {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            // At once, as nothing but the group itself keeps its number from being given to another.
            group::kill(self.child.id());
            self.ended = Some((Instant::now(), status));
        }
        self.ended.is_none()
    }

    /// Whether it ended so long ago that no answer will come any more: where a process that left its group holds
    /// its stdout open, nothing else tells.
    pub(super) fn silent(&mut self) -> bool {
        !self.lives() && self.ended.is_some_and(|(when, _)| when.elapsed() > SILENCE)
    }

    /// Kills it and says what is known of it. A worker that `ended` by itself is given a moment to do so.
    pub(super) fn end(mut self, ended: bool) -> Last {
        let until = Instant::now() + MOMENT;
        while self.lives() && ended && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
        let status = self.ended.map(|(_, status)| status);
        self.kill();
        let until = Instant::now() + MOMENT;
        while !self.stderr_thread.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
        Last { status, stderr: self.stderr.lines() }
    }

    fn kill(&mut self) {
        if self.ended.is_none() {
            let status = end(&mut self.child);
            self.ended = status.map(|status| (Instant::now(), status));
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills a process with its group. The process is reaped last, as its number names the group until then.
fn end(child: &mut Child) -> Option<ExitStatus> {
    group::kill(child.id());
    // It fails only where the process has ended already.
    let _ = child.kill();
    child.wait().ok()
}

/// The path of the program: from `folder` if it has a `/`, else as the system looks for programs.
fn executable(program: &Program, folder: &Path) -> PathBuf {
    let word = program.command.first().map_or("", String::as_str);
    if word.contains('/') { folder.join(word) } else { word.into() }
}

/// Writes what is asked until nothing is asked any more, or the process reads no more.
fn write(program: &Program, asks: &Receiver<Arc<Ask>>, stdin: &mut impl Write) {
    for ask in asks {
        let bytes = match program.protocol {
            Protocol::Lines => lines::write(program, &ask),
            Protocol::Frames => frames::write(program, &ask),
        };
        if stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Reads an answer to each question, until one is wrong.
fn read(
    program: &Program,
    worker: u64,
    asks: &Receiver<Arc<Ask>>,
    stdout: impl Read,
    events: &Sender<Event>,
) {
    let mut stdout = BufReader::with_capacity(1 << 16, stdout);
    for ask in asks {
        let reply = match program.protocol {
            Protocol::Lines => lines::read(&mut stdout, program, &ask),
            Protocol::Frames => frames::read(&mut stdout, program, &ask),
        };
        let last = reply.is_err();
        if events.send(Event { worker, reply }).is_err() || last {
            break;
        }
    }
    // Its stdout stays open until it is killed: a broken pipe would put words into its stderr that explain nothing.
    for _ in asks {}
}
