//! The workers of one program, and who of them is asked for what.
//!
//! One thread, the caller's, gives out batches, hears answers and looks after those that are late; all waiting for
//! processes is done in threads of their own (`worker`). So there is one place that decides, and no lock but the one
//! around a whole request.

use super::batches::{Batch, Pace};
use super::error::{OutsideError, at_draw, at_once};
use super::message::{Ask, Reply, Wrong};
use super::round::Round;
use super::worker::{Event, Worker};
use super::{Answer, Program, Request, group};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long nothing may happen until the caller is asked and the workers are looked after.
const TICK: Duration = Duration::from_millis(50);

/// How long a worker may take until it is ready, unless the timeout for a batch is longer.
const START: Duration = Duration::from_secs(60);

/// How long a worker that failed is not started anew: doubled with every failure after another, up to the longest.
const BACK_OFF: Duration = Duration::from_millis(100);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);

/// Processes that simulate, kept between requests. They are killed, with all that they started, when this is dropped.
#[derive(Debug)]
pub struct Pool {
    crew: Mutex<Crew>,
}

impl Pool {
    /// A pool of workers; the first are started by the first request.
    pub fn new(program: Program) -> Pool {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let count = program.workers.unwrap_or_else(cores).max(1);
        let (sender, events) = channel();
        let crew = Crew {
            pace: Pace::new(program.batch, program.timeout),
            program: Arc::new(program),
            slots: (0..count).map(|_| Slot::default()).collect(),
            events,
            sender,
            next: 0,
            proven: false,
        };
        Pool { crew: Mutex::new(crew) }
    }

    /// How many draws keep all workers at work for a few batches of the size that they are known to take.
    pub fn at_once(&self) -> u64 {
        const BATCHES: usize = 4;
        let crew = self.crew.lock().unwrap_or_else(PoisonError::into_inner);
        (crew.slots.len() * crew.pace.size(usize::MAX, crew.slots.len()) * BATCHES) as u64
    }

    /// The rows of all draws of the request, in its order. It blocks until they are there; a second request at the
    /// same time waits for the first. `go_on` is asked at least ten times a second.
    ///
    /// # Errors
    ///
    /// Where the program cannot be started, answers what does not fit, or fails at one draw each time; and
    /// [`OutsideError::Interrupted`] once `go_on` says false. All workers are killed then.
    ///
    /// # Panics
    ///
    /// If the lengths of the request disagree, or two of its draws are the same.
    pub fn draw(&self, request: Request<'_>, go_on: &dyn Fn() -> bool) -> Result<Answer, OutsideError> {
        let mut crew = self.crew.lock().unwrap_or_else(PoisonError::into_inner);
        // A caller that panicked has left workers in the middle of something.
        if crew.slots.iter().any(|slot| slot.task.is_some()) {
            crew.dismiss();
        }
        let mut round = Round::new(&crew.program, request);
        match crew.simulate(&mut round, go_on) {
            Ok(()) => Ok(round.answer()),
            Err(error) => {
                crew.dismiss();
                Err(error)
            }
        }
    }
}

/// The workers and what they do.
#[derive(Debug)]
struct Crew {
    program: Arc<Program>,
    slots: Vec<Slot>,
    events: Receiver<Event>,
    /// To be given to new workers.
    sender: Sender<Event>,
    pace: Pace,
    /// The next number of a worker or a job: none is used twice.
    next: u64,
    /// Whether a worker was ever ready, so that one that is not had an accident.
    proven: bool,
}

/// The place of one worker.
#[derive(Debug, Default)]
struct Slot {
    worker: Option<Worker>,
    task: Option<Task>,
    /// Whether there was a worker here before.
    used: bool,
    /// Failures one after the other.
    failures: u32,
    not_before: Option<Instant>,
}

/// What a worker is at.
#[derive(Debug)]
struct Task {
    /// The batch that it is asked for, or will be once it is ready.
    batch: Batch,
    ask: Arc<Ask>,
    since: Instant,
}

impl Crew {
    fn simulate(&mut self, round: &mut Round, go_on: &dyn Fn() -> bool) -> Result<(), OutsideError> {
        let mut looked = Instant::now();
        while round.left > 0 {
            if !go_on() {
                return Err(OutsideError::Interrupted);
            }
            self.hand_out(round)?;
            if let Ok(event) = self.events.recv_timeout(TICK) {
                self.hear(event, round)?;
            }
            if looked.elapsed() >= TICK {
                self.look_after(round)?;
                looked = Instant::now();
            }
        }
        Ok(())
    }

    /// Gives a batch to everyone who has none, to those first who are started already.
    fn hand_out(&mut self, round: &mut Round) -> Result<(), OutsideError> {
        let now = Instant::now();
        for started in [true, false] {
            for place in 0..self.slots.len() {
                let (count, pace) = (self.slots.len(), &self.pace);
                let Some(slot) = self.slots.get_mut(place) else { break };
                let rests = slot.not_before.is_some_and(|until| now < until);
                if slot.task.is_some() || slot.worker.is_some() != started || rests {
                    continue;
                }
                let Some(batch) = round.queue.take(|left| pace.size(left, count)) else { return Ok(()) };
                self.give(place, batch, round)?;
            }
        }
        Ok(())
    }

    /// Gives a batch to one worker, which is started if it is not there.
    fn give(&mut self, place: usize, batch: Batch, round: &mut Round) -> Result<(), OutsideError> {
        self.next += 1;
        let Some(slot) = self.slots.get_mut(place) else { return Ok(()) };
        slot.worker = slot.worker.take().and_then(|mut worker| worker.lives().then_some(worker));
        let ask = if slot.worker.is_some() {
            Ask::Draws(round.job(self.next, batch.places.clone()))
        } else {
            let worker =
                Worker::start(&self.program, self.next, &self.sender).map_err(OutsideError::Start)?;
            round.restarts += u64::from(slot.used);
            (slot.worker, slot.used) = (Some(worker), true);
            Ask::Greeting
        };
        slot.ask(batch, ask);
        Ok(())
    }

    /// Takes what a worker said.
    fn hear(&mut self, event: Event, round: &mut Round) -> Result<(), OutsideError> {
        let is_it = |slot: &Slot| slot.worker.as_ref().is_some_and(|worker| worker.id == event.worker);
        // Of a worker that is no more, nothing is heard.
        let Some(place) = self.slots.iter().position(is_it) else { return Ok(()) };
        let Some(slot) = self.slots.get_mut(place) else { return Ok(()) };
        match event.reply {
            Err(wrong) => return self.failed(place, &wrong, round),
            Ok(reply) => {
                let Some(task) = slot.task.take() else { return Ok(()) };
                match reply {
                    Reply::Ready => {
                        self.proven = true;
                        self.next += 1;
                        let job = round.job(self.next, task.batch.places.clone());
                        slot.ask(task.batch, Ask::Draws(job));
                    }
                    Reply::Rows(rows) => {
                        (slot.failures, slot.not_before) = (0, None);
                        self.pace.measured(task.batch.places.len(), task.since.elapsed());
                        round.keep(&task.batch, rows);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends workers that are late, or gone without a word.
    fn look_after(&mut self, round: &mut Round) -> Result<(), OutsideError> {
        for place in 0..self.slots.len() {
            let Some(Slot { worker: Some(worker), task: Some(task), .. }) = self.slots.get_mut(place) else {
                continue;
            };
            let patience = match (&*task.ask, self.program.timeout) {
                (Ask::Greeting, timeout) => Some(timeout.map_or(START, |timeout| timeout.max(START))),
                (Ask::Draws(_), timeout) => timeout,
            };
            if let Some(patience) = patience.filter(|patience| task.since.elapsed() > *patience) {
                self.failed(place, &Wrong::Hung(patience), round)?;
            } else if worker.silent() {
                self.failed(place, &Wrong::Ended, round)?;
            }
        }
        Ok(())
    }

    /// Ends a worker that failed, and puts its batch back if trying again can help.
    fn failed(&mut self, place: usize, wrong: &Wrong, round: &mut Round) -> Result<(), OutsideError> {
        let Some(slot) = self.slots.get_mut(place) else { return Ok(()) };
        let (Some(worker), Some(task)) = (slot.worker.take(), slot.task.take()) else { return Ok(()) };
        let last = worker.end(*wrong == Wrong::Ended);
        // What the system kills, as it runs out of memory, may live the next time.
        let accident = self.proven || last.status.and_then(group::signal).is_some();
        let hopeless = *task.ask == Ask::Greeting && !accident;
        if hopeless || matches!(wrong, Wrong::Unfit { .. }) {
            return Err(at_once(&self.program, &task.ask, wrong, last));
        }
        slot.not_before = Some(Instant::now() + back_off(slot.failures));
        slot.failures += 1;
        self.pace.failed();
        round.queue.fail(task.batch).map_err(|(place, tries)| {
            at_draw(&self.program, &round.job(1, place..place + 1), tries, wrong, last)
        })
    }

    /// Kills all workers.
    fn dismiss(&mut self) {
        for slot in &mut self.slots {
            *slot = Slot::default();
        }
    }
}

impl Slot {
    /// Asks the worker for something, as a part of what it does for this batch.
    fn ask(&mut self, batch: Batch, ask: Ask) {
        let ask = Arc::new(ask);
        if let Some(worker) = &self.worker {
            worker.ask(&ask);
        }
        self.task = Some(Task { batch, ask, since: Instant::now() });
    }
}

/// How long a worker is not started after so many failures before this one.
fn back_off(failures: u32) -> Duration {
    BACK_OFF.saturating_mul(1 << failures.min(10)).min(LONGEST_BACK_OFF)
}

#[cfg(test)]
mod tests {
    use super::back_off;

    #[test]
    fn waiting_doubles_up_to_five_seconds() {
        let waits: Vec<_> = (0..8).map(|failures| back_off(failures).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(back_off(u32::MAX).as_millis(), 5000);
    }
}
