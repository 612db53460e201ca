//! Running the noise process backwards: from noise to draws of all tokens that are not given.
//!
//! Tokens that a query leaves out are drawn along and forgotten, which integrates over them, or hidden from the network
//! where it was trained without them ([`crate::Question::hidden`]).

use crate::backend::ScoreBackend;
use crate::bound::Bound;
use crate::draw::{Conditional, Try};
use crate::multistep::multistep;
use crate::noise::Process;
use sbi_sim::rng::Stream;

/// Grid points of the published solver.
const EULER_POINTS: usize = 500;

/// A query's solver. Token values are `[draws · tokens]`, standardised.
pub struct Solver<'a, B: ScoreBackend> {
    bound: Bound<'a, B>,
    stream: Stream,
}

impl<'a, B: ScoreBackend> Solver<'a, B> {
    /// A solver for what is asked, whose network computes on `threads` threads.
    pub fn new(of: &Conditional<'a>, threads: usize) -> Self {
        let stream = Stream::new(of.seed, &format!("@draw/{}", of.question.name));
        Solver { bound: Bound::new(of, threads), stream }
    }

    /// Makes these tries; another attempt at the same number gives another draw.
    pub fn draw(&self, tries: &[Try]) -> Vec<f64> {
        self.draw_given(self.bound.own(), tries)
    }

    /// The same where other values are known, a row for all tries or for each.
    pub fn draw_given(&self, known: &[f64], tries: &[Try]) -> Vec<f64> {
        let tokens = self.bound.tokens();
        let (lowest, highest) = self.bound.plan.process.range();
        let mut values = vec![0.0; tries.len() * tokens];
        self.noise(tries, 0, &mut values);
        let start = self.bound.plan.process.start_variance().sqrt();
        values.iter_mut().for_each(|x| *x *= start);
        self.bound.pin(known, &mut values);
        match self.bound.plan.process {
            Process::Edm { .. } => {
                multistep(values, lowest, highest, |values, sigma| self.bound.denoised(known, values, sigma))
            }
            Process::Ve => self.euler_maruyama(known, values, tries),
        }
    }

    /// The published sampler: Euler-Maruyama on the reverse equation, evenly in time (Gloeckler et al. 2024, appendix A2.1).
    fn euler_maruyama(&self, known: &[f64], mut values: Vec<f64>, tries: &[Try]) -> Vec<f64> {
        let time = |point: usize| 1.0 - (1.0 - 1e-5) * point as f64 / (EULER_POINTS - 1) as f64;
        let rate = 2.0 * (Process::ve_sigma(1.0) / Process::ve_sigma(0.0)).ln();
        let mut noise = vec![0.0; values.len()];
        for point in 0..EULER_POINTS - 1 {
            let (now, step) = (time(point), time(point) - time(point + 1));
            let sigma = Process::ve_sigma(now);
            let variance = sigma * sigma * rate * step;
            self.noise(tries, point as u32 + 1, &mut noise);
            // (D − x) / σ² is the score; the drift is g² times it.
            let denoised = self.bound.denoised(known, &values, sigma);
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
            self.stream.fill_normal(*number as u64, attempt * EULER_POINTS as u32 + step, row);
        }
    }
}
