//! This project as a competitor: a process that trains or draws by the library's public functions, as `sbi run` does.

use crate::batch::Batch;
use crate::contest::{Answer, Order, Ready, Request};
use crate::{Problem, Task, Work};
use anyhow::{Context, Result};
use sbi_infer::kernel::Kernel;
use sbi_infer::{
    Conditional, Device, DrawError, Hooks, Machine, Material, Progress, Question, TrainError, Weights, train,
};
use sbi_model::State;
use sbi_sim::rng::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The word that makes a command of this bench a competitor.
pub const SERVE: &str = "serve";

/// Steps before the first that count, and how long they take at least.
const WARM_STEPS: usize = 3;
const WARM: Duration = Duration::from_millis(500);

/// Draws that are asked for at once, unless the time is over before.
const DRAWS: usize = 10_000;

/// Competes, where this process was started to; else says so.
///
/// # Errors
/// What is wrong with the order, or with the training.
pub fn serve() -> Result<bool> {
    if std::env::args().nth(1).as_deref() != Some(SERVE) {
        return Ok(false);
    }
    let Order { task, work, .. } = hear().context("no order came")?;
    let problem = work.problem()?;
    match task {
        Task::Train => train_on(&work, &problem)?,
        Task::Draw => draw_from(&work, &problem)?,
        Task::Loss | Task::Gradient => kernel(task, &work, &problem)?,
    }
    Ok(true)
}

fn hear<T: DeserializeOwned>() -> Option<T> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

fn tell(message: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, message)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

fn ready(problem: &Problem) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    tell(&Ready { version, parameters: problem.plan.architecture.parameters() })
}

fn machine(work: &Work) -> Machine {
    Machine { device: Device::Cpu, threads: work.threads }
}

fn train_on(work: &Work, problem: &Problem) -> Result<()> {
    let Problem { subject, plan, table } = problem;
    let mut watch = Watch { problem, since: Instant::now(), steps: 0, run: None };
    match train(plan, subject, Material::kept(table), &machine(work), None, &mut watch) {
        Ok(_) | Err(TrainError::Stopped) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Lets a training go on while a run lasts, and holds it between runs.
struct Watch<'a> {
    problem: &'a Problem,
    /// When the run began, and what was done in it; before the first run, the training itself.
    since: Instant,
    steps: usize,
    /// How long the run is; none before the first.
    run: Option<Duration>,
}

impl Hooks for Watch<'_> {
    fn step(&mut self, _: &Progress) -> ControlFlow<()> {
        self.steps += 1;
        let elapsed = self.since.elapsed();
        let told = match self.run {
            None if self.steps < WARM_STEPS || elapsed < WARM => return ControlFlow::Continue(()),
            Some(length) if elapsed < length => return ControlFlow::Continue(()),
            None => ready(self.problem),
            Some(_) => tell(&Answer { count: self.steps, seconds: elapsed.as_secs_f64() }),
        };
        // A caller that is gone has heard enough.
        let (Ok(()), Some(Request { run })) = (told, hear()) else { return ControlFlow::Break(()) };
        (self.since, self.steps, self.run) = (Instant::now(), 0, Some(Duration::from_secs_f64(run)));
        ControlFlow::Continue(())
    }

    fn wants_checkpoint(&mut self) -> bool {
        false
    }

    fn checkpoint(&mut self, _: Vec<u8>) {}
}

fn draw_from(work: &Work, problem: &Problem) -> Result<()> {
    let weights = weights(problem);
    let (question, machine) = (question(problem), machine(work));
    let of = Conditional::new(&weights, &problem.subject, &question, 1);
    let mut count = 0;
    compete(problem, |left| {
        let (began, mut done) = (Instant::now(), 0);
        let mut go_on = |kept: usize| {
            done = kept;
            if began.elapsed() < left { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        match of.draw(count..count + DRAWS, &machine, &mut go_on) {
            Ok(_) | Err(DrawError::Stopped) => {
                count += done;
                Ok(done)
            }
            Err(error) => Err(error.into()),
        }
    })
}

fn kernel(task: Task, work: &Work, problem: &Problem) -> Result<()> {
    let Batch { parameters, inputs, targets, masks } = Batch::of(problem, work.batch);
    let mut kernel = Kernel::new(&problem.plan.architecture, work.threads);
    let mut gradient = vec![0.0; parameters.len()];
    compete(problem, |_| {
        match task {
            Task::Loss => kernel.loss(&parameters, &inputs, &targets, &masks),
            _ => kernel.loss_gradient(&parameters, &inputs, &targets, &masks, (&mut gradient, &mut [])),
        };
        Ok(1)
    })
}

/// Answers requests by calling `work`, which is told how long it may take and says how much it did.
fn compete(problem: &Problem, mut work: impl FnMut(Duration) -> Result<usize>) -> Result<()> {
    let mut run = |length: Duration| -> Result<Answer> {
        let (began, mut count) = (Instant::now(), 0);
        while count == 0 || began.elapsed() < length {
            count += work(length.saturating_sub(began.elapsed()))?;
        }
        Ok(Answer { count, seconds: began.elapsed().as_secs_f64() })
    };
    ready(problem)?;
    run(WARM)?;
    while let Some(Request { run: seconds }) = hear() {
        tell(&run(Duration::from_secs_f64(seconds))?)?;
    }
    Ok(())
}

/// A network that has learnt nothing: how long its draws take does not hang on that.
pub fn weights(problem: &Problem) -> Weights {
    let mut parameters = vec![0.0; problem.plan.architecture.parameters()];
    Stream::new(1, "@bench/weights").fill_normal_f32(0, 0, &mut parameters);
    parameters.iter_mut().for_each(|x| *x *= 0.3);
    Weights { plan: problem.plan.clone(), parameters, curve: Vec::new() }
}

/// The second half of the tokens given, the first asked for.
pub fn question(problem: &Problem) -> Question {
    let tokens = problem.subject.tokens().len();
    let asked = tokens / 2;
    let state = |token: usize| if token < asked { State::Inferred } else { State::Given(0.5) };
    Question {
        name: "bench".into(),
        states: (0..tokens).map(state).collect(),
        origins: (0..tokens).map(Some).collect(),
        infer: (0..asked).collect(),
        coordinates: Vec::new(),
        known: Vec::new(),
    }
}
