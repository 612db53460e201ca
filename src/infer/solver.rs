//! Running the noise process backwards: from noise to draws of all tokens that are not given.
//!
//! Tokens that a query leaves out are drawn along and forgotten, which integrates over them, or hidden from the network
//! where it was trained without them ([`crate::Question::hidden`]).

use crate::backend::ScoreBackend;
use crate::bound::Bound;
use crate::draw::{Conditional, Try};
use crate::levels::Levels;
use crate::multistep::multistep;
use crate::noise::Process;
use sbi_sim::rng::Stream;

/// A query's solver. Token values are `[draws · tokens]`, standardised.
pub struct Solver<'a, B: ScoreBackend> {
    bound: Bound<'a, B>,
    levels: Levels,
    stream: Stream,
}

impl<'a, B: ScoreBackend> Solver<'a, B> {
    /// A solver for what is asked, whose network computes on `threads` threads.
    pub fn new(of: &Conditional<'a>, threads: usize) -> Self {
        Solver::named("@draw", of, threads)
    }

    /// A solver for draws that are looked at beforehand, and are none of the answer.
    pub fn pilot(of: &Conditional<'a>, threads: usize) -> Self {
        Solver::named("@pilot", of, threads)
    }

    fn named(purpose: &str, of: &Conditional<'a>, threads: usize) -> Self {
        let levels = of.levels.cloned().unwrap_or_else(|| Levels::of(&of.weights.plan.process, None));
        let stream = Stream::new(of.seed, &format!("{purpose}/{}", of.question.name));
        Solver { bound: Bound::new(of, threads), levels, stream }
    }

    /// Makes these tries; another attempt at the same number gives another draw.
    pub fn draw(&self, tries: &[Try]) -> Vec<f64> {
        self.draw_given(self.bound.own(), tries)
    }

    /// The same where other values are known, a row for all tries or for each.
    pub fn draw_given(&self, known: &[f64], tries: &[Try]) -> Vec<f64> {
        self.solve(known, tries, |_| ())
    }

    /// The denoised values on the way to these draws, `[tries · levels · tokens]`.
    pub fn trace(&self, tries: &[Try]) -> Vec<f64> {
        let (tokens, levels) = (self.bound.tokens(), self.levels.count());
        let mut traces = vec![0.0; tries.len() * levels * tokens];
        let mut level = 0;
        self.solve(self.bound.own(), tries, |denoised| {
            let rows = traces.chunks_exact_mut(levels * tokens).zip(denoised.chunks_exact(tokens));
            for (trace, row) in rows {
                let place =
                    trace.chunks_exact_mut(tokens).nth(level).expect("a trace has a row for each level");
                place.copy_from_slice(row);
            }
            level += 1;
        });
        traces
    }

    /// Makes these tries, and shows the denoised values at each level to `see`.
    fn solve(&self, known: &[f64], tries: &[Try], mut see: impl FnMut(&[f64])) -> Vec<f64> {
        let process = self.bound.plan.process;
        let mut values = vec![0.0; tries.len() * self.bound.tokens()];
        self.noise(tries, 0, &mut values);
        let start = process.start_variance().sqrt();
        values.iter_mut().for_each(|x| *x *= start);
        self.bound.pin(known, &mut values);
        let denoised = |values: &[f64], sigma| {
            let denoised = self.bound.denoised(known, values, sigma);
            see(&denoised);
            denoised
        };
        match process {
            Process::Edm { .. } => multistep(values, &self.levels, denoised),
            Process::Ve | Process::Vp => self.euler_maruyama(known, values, tries, denoised),
        }
    }

    /// The published sampler: Euler-Maruyama on the reverse equation (Gloeckler et al. 2024, appendix A2.1).
    fn euler_maruyama(
        &self,
        known: &[f64],
        mut values: Vec<f64>,
        tries: &[Try],
        mut denoised: impl FnMut(&[f64], f64) -> Vec<f64>,
    ) -> Vec<f64> {
        let mut noise = vec![0.0; values.len()];
        let steps = self.levels.0.iter().zip(self.levels.0.iter().skip(1));
        for (number, (sigma, next)) in (1..).zip(steps) {
            let variance = self.bound.plan.process.diffusion(*sigma, *next);
            self.noise(tries, number, &mut noise);
            // (D − x) / σ² is the score; the drift is g² times it.
            let denoised = denoised(&values, *sigma);
            for ((x, denoised), n) in values.iter_mut().zip(denoised).zip(&noise) {
                *x += variance.sqrt() * n + variance * (denoised - *x) / (sigma * sigma);
            }
            self.bound.pin(known, &mut values);
        }
        values
    }

    /// Standard normal numbers for these tries at one step.
    fn noise(&self, tries: &[Try], step: u32, out: &mut [f64]) {
        for (row, Try { number, attempt }) in out.chunks_exact_mut(self.bound.tokens()).zip(tries) {
            self.stream.fill_normal(*number as u64, attempt * self.levels.count() as u32 + step, row);
        }
    }
}
