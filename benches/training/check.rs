//! Do all competitors compute the same? For the same numbers, the loss of a batch with its gradient, and draws from
//! the same noise, beside those of this project's kernel and solver.

use crate::batch::Batch;
use crate::contest::{Competitor, Order, Runner};
use crate::{Pattern, Problem, Sizes, Task, Work, ours};
use anyhow::{Result, ensure};
use sbi_infer::kernel::Kernel;
use sbi_infer::{Conditional, Device, Machine};
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::Path;

/// Samples of a batch, and draws.
const SAMPLES: usize = 12;

/// How far losses may be apart, of the loss; gradients and draws, of the largest.
const LOSS: f64 = 1e-5;
const GRADIENT: f64 = 1e-4;
const DRAWS: f64 = 1e-3;

#[derive(Serialize)]
struct Asked<T> {
    check: T,
}

/// One batch, to be scored.
#[derive(Serialize)]
struct Score<'a> {
    parameters: &'a [f32],
    value: &'a [f32],
    given: &'a [f32],
    level: &'a [f32],
    target: &'a [f32],
    weight: &'a [f32],
}

#[derive(Deserialize)]
struct Scored {
    loss: f64,
    gradient: Vec<f64>,
}

/// Standard normal numbers `[draws · tokens]`, from which to draw.
#[derive(Serialize)]
struct Noise<'a> {
    parameters: &'a [f32],
    noise: &'a [f64],
}

#[derive(Deserialize)]
struct Drawn {
    /// `[draws · tokens]`, as the network sees them.
    draws: Vec<f64>,
}

/// Compares the peers among `competitors` with this project, and tells a line of each, as soon as it is known.
///
/// # Errors
/// Where one is off, or gives up.
pub fn compare(competitors: &[Competitor], python: &Path, mut tell: impl FnMut(&str)) -> Result<()> {
    tell("tokens,width,mask,with,loss_apart,gradient_apart,draws_apart");
    let works = [(8, 48, Pattern::Dense), (8, 50, Pattern::Dense), (32, 48, Pattern::Band)];
    for (tokens, width, pattern) in works {
        let sizes = Some(Sizes::published(width));
        let work = Work { tokens, pattern, sizes, batch: SAMPLES, simulations: 200, threads: 2 };
        let problem = work.problem()?;
        for &competitor in competitors.iter().filter(|competitor| **competitor != Competitor::Ours) {
            let start = |task| -> Result<Runner> {
                Runner::start(competitor, competitor.name(), &Order::new(task, &work)?, python)
            };
            let (loss, gradient) = training(&problem, start(Task::Train)?)?;
            let draws = drawing(&problem, start(Task::Draw)?)?;
            let (mask, name) = (pattern.name(), competitor.name());
            tell(&format!("{tokens},{width},{mask},{name},{loss:.1e},{gradient:.1e},{draws:.1e}"));
            ensure!(loss < LOSS && gradient < GRADIENT && draws < DRAWS, "{name} computes something else");
        }
    }
    Ok(())
}

/// How far loss and gradient of a peer are from ours.
fn training(problem: &Problem, mut peer: Runner) -> Result<(f64, f64)> {
    let Batch { parameters, inputs, targets, masks } = Batch::of(problem, SAMPLES);
    let mut gradient = vec![0.0; parameters.len()];
    let mut kernel = Kernel::new(&problem.plan.architecture, 2);
    let loss = kernel.loss_gradient(&parameters, &inputs, &targets, &masks, (&mut gradient, &mut []));
    let scored: Scored = peer.ask(&Asked {
        check: Score {
            parameters: &parameters,
            value: &inputs.value,
            given: &inputs.given,
            level: &inputs.level,
            target: &targets.target,
            weight: &targets.weight,
        },
    })?;
    let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
    Ok(((scored.loss / loss - 1.0).abs(), apart(&gradient, &scored.gradient)?))
}

/// How far draws of a peer are from ours.
fn drawing(problem: &Problem, mut peer: Runner) -> Result<f64> {
    let (weights, question) = (ours::weights(problem), ours::question(problem));
    let tokens = problem.plan.architecture.tokens;
    let of = Conditional::new(&weights, &problem.subject, &question, 1);
    let machine = Machine { device: Device::Cpu, threads: 2 };
    let made = of.draw(0..SAMPLES, &machine, &mut |_| ControlFlow::Continue(()))?;
    let mut noise = vec![0.0; SAMPLES * tokens];
    // That of the first attempt at each draw.
    let stream = Stream::new(of.seed, "@draw/bench");
    for (number, row) in (0..).zip(noise.chunks_exact_mut(tokens)) {
        stream.fill_normal(number, 0, row);
    }
    let drawn: Drawn =
        peer.ask(&Asked { check: Noise { parameters: &weights.parameters, noise: &noise } })?;
    let asked = question.infer.len();
    let scales = problem.subject.identities.iter().map(|kind| problem.plan.scale(*kind));
    let scales: Vec<_> = scales.take(asked).collect();
    let row = |row: &[f64]| row.iter().zip(&scales).map(|(x, scale)| scale.standardise(*x)).collect();
    let ours: Vec<f64> =
        made.values.chunks_exact(asked).flat_map(|values| -> Vec<f64> { row(values) }).collect();
    let theirs: Vec<f64> =
        drawn.draws.chunks_exact(tokens).flat_map(|row| row.iter().take(asked).copied()).collect();
    apart(&ours, &theirs)
}

/// The largest difference, as a share of the largest number.
fn apart(ours: &[f64], theirs: &[f64]) -> Result<f64> {
    ensure!(ours.len() == theirs.len(), "{} numbers here, {} there", ours.len(), theirs.len());
    let size = ours.iter().fold(0.0, |size, x| f64::max(size, x.abs()));
    let differences = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    // One that is no number makes all of it none.
    Ok(differences.fold(0.0, |worst, x| if x <= worst { worst } else { x }) / size)
}
