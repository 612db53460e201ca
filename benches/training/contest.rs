//! Competitors side by side: processes that are told in turn to work for a while, round after round, so that a
//! machine which gets slower does so for all.
//!
//! A competitor reads an [`Order`] from its standard input, prepares, and writes [`Ready`]; then it writes an
//! [`Answer`] to each [`Request`], in which no compiling and no warming up counts. Every message is a line of JSON.

use crate::ours::SERVE;
use crate::{Task, Work, here};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use sbi_infer::network::{LEVEL_FREQUENCIES, level_frequencies};
use sbi_infer::{Plan, Process};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Competitor {
    /// This project.
    Ours,
    /// PyTorch, attention written out.
    TorchSoftmax,
    /// PyTorch with `scaled_dot_product_attention`.
    TorchSdpa,
    /// `torch.compile` of the first.
    CompileSoftmax,
    /// `torch.compile` of the second.
    CompileSdpa,
    /// JAX, a step or a drawing as one jitted function.
    Jax,
}

/// What a competitor is told first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// What to do.
    pub task: Task,
    /// On which problem.
    pub work: Work,
    /// The network, for those who cannot work it out.
    pub network: Network,
}

/// A network in numbers, and what it is trained and drawn with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Network {
    heads: usize,
    head_width: usize,
    layers: usize,
    value_frequencies: Vec<f32>,
    level_frequencies: [f32; LEVEL_FREQUENCIES],
    /// Name, rows and columns of each matrix, in the order of the flat parameters.
    pieces: Vec<(String, usize, usize)>,
    /// For each token those that it may look at; none for all.
    mask: Option<Vec<Vec<bool>>>,
    /// Mean and standard deviation of log σ in training.
    level: (f64, f64),
    /// The lowest and highest σ of drawing.
    range: (f64, f64),
    /// The network's input of each token that a drawing is given; none of those it is asked for.
    known: Vec<Option<f64>>,
}

/// A competitor has prepared.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    /// Of the library.
    pub version: String,
    /// How many numbers its network has.
    pub parameters: usize,
}

/// Work for so many seconds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// The seconds.
    pub run: f64,
}

/// What was done in a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Steps or draws.
    pub count: usize,
    /// In how many seconds.
    pub seconds: f64,
}

/// How long a contest is.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Pace {
    /// Rounds, of which the middle one counts
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds that each one works in a round
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
}

/// How a competitor did.
#[derive(Clone, Debug)]
pub struct Score {
    /// Who.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Numbers of its network.
    pub parameters: usize,
    /// Steps or draws a second, rising.
    rates: Vec<f64>,
    /// The most memory its process had, in MiB.
    pub peak: f64,
}

impl Score {
    /// Steps or draws a second: the middle of all rounds.
    pub fn median(&self) -> f64 {
        let upper = self.rates.get(self.rates.len() / 2);
        let lower = self.rates.get(self.rates.len().saturating_sub(1) / 2);
        0.5 * (upper.copied().unwrap_or(f64::NAN) + lower.copied().unwrap_or(f64::NAN))
    }

    /// The slowest and the fastest round.
    pub fn range(&self) -> (f64, f64) {
        let end = |rate: Option<&f64>| rate.copied().unwrap_or(f64::NAN);
        (end(self.rates.first()), end(self.rates.last()))
    }
}

impl Competitor {
    /// Its name on the command line and in tables.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn command(self, python: &Path) -> Result<Command> {
        let mut command = match self {
            Competitor::Ours => Command::new(std::env::current_exe()?),
            _ => Command::new(python),
        };
        match self {
            Competitor::Ours => command.arg(SERVE),
            _ => command.arg(here().join("peers/peers.py")).arg(self.name()),
        };
        Ok(command)
    }
}

impl Order {
    /// To do this with a problem.
    ///
    /// # Errors
    /// Where sizes make no sense together.
    pub fn new(task: Task, work: &Work) -> Result<Order> {
        let problem = work.problem()?;
        let Plan { architecture, process, .. } = &problem.plan;
        let Process::Edm { log_mean, log_sd } = *process else { bail!("networks are trained by EDM") };
        let layout = architecture.layout();
        let pieces = layout.pieces.into_iter().map(|piece| (piece.name, piece.rows, piece.columns));
        let row = |mask: &sbi_model::Mask, row: usize| (0..work.tokens).map(|at| mask.get(row, at)).collect();
        let states = crate::ours::question(&problem).states;
        let known = states.iter().zip(&problem.subject.identities).map(|(state, kind)| match state {
            sbi_model::State::Given(x) => Some(problem.plan.scale(*kind).standardise(*x)),
            _ => None,
        });
        let network = Network {
            heads: architecture.heads,
            head_width: architecture.head_width,
            layers: architecture.layers,
            value_frequencies: architecture.value_frequencies().collect(),
            level_frequencies: level_frequencies(),
            pieces: pieces.collect(),
            mask: problem.mask().map(|mask| (0..work.tokens).map(|number| row(&mask, number)).collect()),
            level: (log_mean, log_sd),
            range: process.range(),
            known: known.collect(),
        };
        Ok(Order { task, work: work.clone(), network })
    }
}

/// Where Python is, unless it is named: the virtual environment that `setup.sh` makes, if there is one.
pub fn python(named: Option<&Path>) -> PathBuf {
    let own = here().join(".venv/bin/python");
    let found = if own.exists() { own } else { "python3".into() };
    named.map_or(found, Path::to_path_buf)
}

/// A competitor in its process.
pub struct Runner {
    name: String,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    ready: Ready,
    rates: Vec<f64>,
}

impl Runner {
    /// Starts a competitor and waits until it has prepared.
    ///
    /// # Errors
    /// Where it does not start, or gives up.
    pub fn start(competitor: Competitor, name: String, order: &Order, python: &Path) -> Result<Runner> {
        let mut child = competitor
            .command(python)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| {
                let python = python.display();
                format!(
                    "{python} does not start: `setup.sh` makes an environment, --python PATH names another"
                )
            })?;
        let to = child.stdin.take().context("a pipe was asked for")?;
        let from = BufReader::new(child.stdout.take().context("a pipe was asked for")?);
        let ready = Ready { version: String::new(), parameters: 0 };
        let mut runner = Runner { name, child, to, from, ready, rates: Vec::new() };
        runner.ready = runner.ask(order)?;
        Ok(runner)
    }

    /// Says something and hears what comes back.
    ///
    /// # Errors
    /// Where the competitor gave up.
    pub fn ask<T: DeserializeOwned>(&mut self, message: &impl Serialize) -> Result<T> {
        let mut line = serde_json::to_string(message)?;
        line.push('\n');
        self.to.write_all(line.as_bytes()).and_then(|()| self.to.flush())?;
        line.clear();
        self.from.read_line(&mut line)?;
        serde_json::from_str(&line)
            .with_context(|| format!("{} gave up: its message stands above", self.name))
    }

    fn run(&mut self, seconds: f64) -> Result<()> {
        let Answer { count, seconds } = self.ask(&Request { run: seconds })?;
        self.rates.push(count as f64 / seconds);
        Ok(())
    }

    fn score(mut self) -> Score {
        let peak = peak(self.child.id()).unwrap_or(f64::NAN);
        // Nothing more to hear ends it.
        drop(self.to);
        self.child.wait().ok();
        self.rates.sort_unstable_by(f64::total_cmp);
        let Ready { version, parameters } = self.ready;
        Score { name: self.name, version, parameters, rates: self.rates, peak }
    }
}

/// The most memory that a process ever had, in MiB, as Linux tells it.
fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// Rounds of runs, all competitors after one another in every round.
///
/// # Errors
/// Where a competitor gives up.
pub fn race(mut runners: Vec<Runner>, pace: Pace) -> Result<Vec<Score>> {
    for _ in 0..pace.rounds {
        for runner in &mut runners {
            runner.run(pace.seconds)?;
        }
    }
    Ok(runners.into_iter().map(Runner::score).collect())
}
