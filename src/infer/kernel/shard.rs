//! A batch on several threads: consecutive samples to each shard, shards to whichever thread is free.
#![allow(clippy::indexing_slicing)] // Samples are cut by sizes that `Batch::check` has seen.

use super::asked::Shared;
use super::buffer::Buffer;
use super::elementwise::add;
use super::lanes::{LANES, Simd};
use super::micro::{Arranged, ArrangedTargets, Entering};
use super::pass::Pass;
use super::plan::Plan;
use super::workspace::Workspace;
use crate::network::{Inputs, Probes, Targets};
use rayon::ThreadPool;
use std::mem::take;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A shard has at least so many tokens, unless it is the only one: setting up a gradient and summing it takes time too.
const SHARD_TOKENS: usize = 256;

/// There are at most so many shards.
pub(super) const MOST_SHARDS: usize = 8;

/// What goes through the network, and what is wanted of it.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub inputs: &'a Inputs,
    pub purpose: Purpose<'a>,
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// Outputs, `[B·T]`.
    Outputs,
    /// The loss against targets.
    Loss(&'a Targets),
    /// The same and its gradient.
    Gradient(&'a Targets),
    /// Outputs and how each changes with its own token's value, `[B, 2, T]`.
    Slopes(&'a Probes),
    /// The states that come out of a body, `[B, states, D]`.
    States,
    /// From the gradient with respect to these that with respect to what goes in, `[B, T, D]`.
    StatesGradient(&'a [f32]),
}

impl<'a> Batch<'a> {
    fn targets(&self) -> Option<&'a Targets> {
        match self.purpose {
            Purpose::Loss(targets) | Purpose::Gradient(targets) => Some(targets),
            _ => None,
        }
    }

    /// Whether a way back follows.
    pub fn goes_back(&self) -> bool {
        matches!(self.purpose, Purpose::Gradient(_) | Purpose::Slopes(_) | Purpose::StatesGradient(_))
    }

    /// Numbers that are wanted of each sample.
    fn answers(&self, plan: &Plan) -> usize {
        match self.purpose {
            Purpose::Outputs => plan.tokens,
            Purpose::Slopes(_) => 2 * plan.tokens,
            Purpose::Loss(_) => 0,
            Purpose::Gradient(_) | Purpose::StatesGradient(_) => plan.summary_numbers(),
            Purpose::States => plan.state_numbers(),
        }
    }

    /// Whether the output of a token of the batch is wanted.
    fn wants(&self, plan: &Plan, token: usize) -> bool {
        let tokens = plan.tokens;
        match self.purpose {
            Purpose::Outputs => self.inputs.wanted.is_empty() || self.inputs.wanted[token % tokens],
            Purpose::Loss(targets) | Purpose::Gradient(targets) => targets.weight[token] != 0.0,
            Purpose::Slopes(probes) => probes.groups[token % tokens].is_some(),
            Purpose::States | Purpose::StatesGradient(_) => {
                plan.states.is_some_and(|states| token % tokens < states)
            }
        }
    }

    /// Panics unless inputs and targets have the sizes of the network.
    pub fn check(&self, plan: &Plan) {
        let Inputs { value, given, time, mask, wanted, .. } = self.inputs;
        let (samples, tokens) = (self.inputs.samples(), self.inputs.samples() * plan.tokens);
        let is_body = matches!(self.purpose, Purpose::States | Purpose::StatesGradient(_));
        assert_eq!(plan.states.is_some(), is_body, "states are asked of bodies");
        let numbers = if is_body { 0 } else { tokens };
        assert!(
            value.len() == numbers && given.len() == numbers && mask.len() == samples,
            "inputs of scores have a value and a condition bit for each token, and all a mask for each sample"
        );
        let numbers = self.inputs.samples() * plan.summary_numbers();
        assert_eq!(
            self.inputs.summaries.len(),
            numbers,
            "every token that stands for a modality has its summary"
        );
        let times = if plan.time_frequencies.is_empty() { 0 } else { tokens };
        assert_eq!(time.len(), times, "every token has a time where tokens have any");
        assert!(wanted.is_empty() || wanted.len() == plan.tokens, "each token is wanted or not");
        assert!(wanted.is_empty() || mask.iter().all(|mask| *mask == 0), "where some are wanted is one mask");
        assert!(wanted.is_empty() || matches!(self.purpose, Purpose::Outputs), "all tokens are looked at");
        if let Purpose::Slopes(probes) = self.purpose {
            assert_eq!(probes.groups.len(), plan.tokens, "each token is of a group or not");
        }
        if let Some(Targets { target, weight }) = self.targets() {
            assert!(
                target.len() == tokens && weight.len() == tokens,
                "every token has a target and a weight"
            );
        }
    }
}

/// A run of consecutive samples with its share of loss and gradient.
#[derive(Default)]
pub(super) struct Shard {
    samples: Range<usize>,
    pub loss: f64,
    gradient: Buffer,
}

/// Deals the samples to shards; how many there are depends on the sizes alone, and a power of two suits most numbers
/// of threads.
pub(super) fn deal(shards: &mut Vec<Shard>, samples: usize, plan: &Plan, gradient: bool) {
    let most = (samples * plan.tokens / SHARD_TOKENS).clamp(1, MOST_SHARDS);
    let count = 1 << most.ilog2();
    shards.resize_with(count, Shard::default);
    for (i, shard) in shards.iter_mut().enumerate() {
        shard.samples = i * samples / count..(i + 1) * samples / count;
        shard.loss = 0.0;
        if gradient {
            shard.gradient.resize(plan.gradients);
        }
    }
}

/// What all samples share, where only some of their tokens are asked.
pub(super) fn begin<'a, S: Simd>(
    pass: Pass<S>,
    inputs: &Inputs,
    shared: &'a mut Shared,
    workspaces: &mut [Workspace],
) -> Option<&'a Shared> {
    let (_, space) = pass.masks.asked.as_ref().zip(workspaces.first_mut())?;
    let mut arranged = Arranged::default();
    let first = 0..inputs.samples().min(1);
    let micro = arranged.set(&pass.masks.all, inputs, first, Entering::All, |token| inputs.wanted[token]);
    pass.share(&micro, shared, space);
    Some(shared)
}

/// Takes the shards through the network; what is wanted of each token goes to `out`.
pub(super) fn work<S: Simd>(
    pool: Option<&ThreadPool>,
    pass: Pass<S>,
    batch: Batch,
    workspaces: &mut [Workspace],
    shards: &mut [Shard],
    out: &mut [f32],
) {
    let queue = Mutex::new((shards.iter_mut(), out));
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let shard = queue.0.next()?;
        let rest = take(&mut queue.1);
        let (mine, rest) = rest.split_at_mut(batch.answers(pass.plan) * shard.samples.len());
        queue.1 = rest;
        Some((shard, mine))
    };
    let work = |space: &mut Workspace| {
        while let Some((shard, out)) = next() {
            shard.run(pass, batch, space, out);
        }
    };
    match pool {
        Some(pool) => pool.scope(|scope| {
            for space in workspaces {
                scope.spawn(|_| work(space));
            }
        }),
        None => workspaces.iter_mut().for_each(work),
    }
}

/// The sum of the gradients, in the first shard's memory; every number is summed from the first shard to the last.
pub(super) fn total<'a, S: Simd>(pool: Option<&ThreadPool>, s: S, shards: &'a mut [Shard]) -> &'a [f32] {
    let (sum, rest) = shards.split_first_mut().expect("there is a shard");
    let add_from = |first: usize, part: &mut [f32]| {
        for shard in rest.iter() {
            add(s, part, &shard.gradient[first..first + part.len()]);
        }
    };
    match pool {
        Some(pool) if !rest.is_empty() => {
            let size = sum.gradient.len().div_ceil(pool.current_num_threads()).next_multiple_of(LANES);
            pool.scope(|scope| {
                for (i, part) in sum.gradient.chunks_mut(size).enumerate() {
                    scope.spawn(move |_| add_from(i * size, part));
                }
            });
        }
        _ => add_from(0, &mut sum.gradient),
    }
    &sum.gradient
}

impl Shard {
    fn run<S: Simd>(&mut self, pass: Pass<S>, batch: Batch, space: &mut Workspace, out: &mut [f32]) {
        if batch.goes_back() {
            self.gradient.fill(0.0);
        }
        let Range { start, end } = self.samples;
        let (samples, steps) = (end - start, (end - start).div_ceil(space.samples));
        for step in 0..steps {
            let micro = start + step * samples / steps..start + (step + 1) * samples / steps;
            self.step(pass, batch, space, micro, out);
        }
    }

    /// One micro-batch.
    fn step<S: Simd>(
        &mut self,
        pass: Pass<S>,
        batch: Batch,
        space: &mut Workspace,
        samples: Range<usize>,
        out: &mut [f32],
    ) {
        let (looks, inputs, tokens) = (&pass.masks.all, batch.inputs, pass.plan.tokens);
        // Out of the workspace while the pass works in it.
        let (mut arranged, mut targets) = (take(&mut space.arranged), take(&mut space.targets));
        let is_wanted = |token| batch.wants(pass.plan, token);
        let micro = match pass.shared.zip(pass.masks.asked.as_ref()) {
            Some((shared, asked)) => {
                let micro = arranged.set(looks, inputs, samples, Entering::Wanted, is_wanted);
                pass.forward_asked(&micro, asked, shared, space);
                micro
            }
            None => {
                let micro = arranged.set(looks, inputs, samples, Entering::All, is_wanted);
                pass.forward(&micro, space, batch.goes_back());
                micro
            }
        };
        let first = self.samples.start * tokens;
        match batch.purpose {
            Purpose::Outputs => {
                for (output, token) in space.outputs.iter().zip(micro.wanted.tokens) {
                    out[*token as usize - first] = *output;
                }
            }
            Purpose::Loss(of) | Purpose::Gradient(of) => {
                targets.set(of, micro.wanted);
                self.loss += score(&targets, &mut space.outputs);
                if batch.goes_back() {
                    pass.backward(&micro, space, &mut self.gradient);
                    pass.summaries_back(&micro, space, self.samples.start, out);
                }
            }
            Purpose::States => {
                let (width, row) = (pass.plan.width, pass.plan.rows.token);
                let states = space.wanted.stream.chunks_exact(row);
                for (state, to) in states.zip(pass.states(&micro, self.samples.start)) {
                    out[to].copy_from_slice(&state[..width]);
                }
            }
            Purpose::StatesGradient(of_states) => {
                pass.states_back(&micro, space, of_states, &mut self.gradient);
                pass.summaries_back(&micro, space, self.samples.start, out);
            }
            Purpose::Slopes(probes) => {
                pass.slopes(&micro, space, probes, &mut self.gradient);
                for (row, token) in micro.wanted.tokens.iter().enumerate() {
                    let (sample, own) = ((*token as usize - first) / tokens, *token as usize % tokens);
                    out[2 * sample * tokens + own] = space.slopes.outputs[row];
                    out[(2 * sample + 1) * tokens + own] = space.slopes.slopes[row];
                }
            }
        }
        (space.arranged, space.targets) = (arranged, targets);
    }
}

/// The loss of outputs, which become its gradient.
fn score(ArrangedTargets { target, weight }: &ArrangedTargets, outputs: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (f, (target, weight)) in outputs.iter_mut().zip(target.iter().zip(weight)) {
        let error = *f - *target;
        loss += f64::from(*weight * error * error);
        *f = 2.0 * *weight * error;
    }
    loss
}
