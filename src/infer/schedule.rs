//! How long a training goes on and how its learning rate falls.
//!
//! Where the file states the steps, the rate falls along half a cosine. Else it stays until held-out loss has all but stopped to
//! fall, and then falls straight to nearly nothing over as many steps as were taken: so how long a training is follows from
//! how hard its problem is. Where few simulations are learnt by heart held-out loss rises instead; then the training goes back to the
//! weights that were best, and the rate falls from there, over half as many steps as these took.

use crate::weights::Point;
use sbi_model::Train;
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How often held-out loss is measured in a training whose length is stated.
const CHECKS: usize = 50;

/// Else it is measured so often before the number of steps has doubled.
const CHECKS_PER_DOUBLING: usize = 16;

/// The first measurement of these.
const FIRST_CHECK: usize = 128;

/// The rate stays for so many steps, over the tokens, and within these numbers: where steps cost little, what makes the loss hardly smaller
/// is worth them too.
const LEAST_TOKENS: usize = 8_192;
const LEAST: (usize, usize) = (256, 2_048);

/// The rate stays as long as twice as many steps made a data set's loss, the sum over its tokens, smaller by so much.
const WORTH: f64 = 0.008;

/// Simulations are learnt by heart where twice in a row a data set's loss was this much above its lowest, and that was this many times as
/// few steps ago.
const RISEN: f64 = 0.016;
const LONG_AGO: f64 = 1.2;

/// The rate falls from the best weights where they were made before this share of the steps.
const BACK_BEFORE: f64 = 0.9;

/// Steps over which the learning rate rises.
const WARM_UP: usize = 100;

/// After so many steps batches are whole: the more is learnt, the less of it a few examples tell.
const FIRST_STEPS: usize = 1_024;

/// Fresh simulations in each step are like so many kept ones.
const ONLINE: usize = 1_000_000;

/// Simulations that are seen in one step alone have numbers from here on: no more are ever kept.
const FIRST_FRESH: usize = 1 << 40;

/// The learning rate ends at this share of its peak.
const LAST_RATE: f64 = 0.01;

/// How long and how fast a network is trained: the same for the same file and simulations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Name of the approximator: part of the key of its random streams.
    pub name: String,
    /// The loss of a data set is so many times that of a batch, which is a mean over its tokens.
    pub terms: usize,
    /// Optimiser steps, at most.
    pub steps: usize,
    /// When training ends.
    pub length: Length,
    /// Examples in a step, at most.
    pub batch: usize,
    /// Examples in the first steps.
    pub first_batch: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Seed of initial weights and of all training noise.
    pub seed: u64,
}

/// When training ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// After the steps of the plan.
    Stated,
    /// When held-out loss has all but stopped to fall.
    Learnt,
}

/// What a course has where the file is silent.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    /// Optimiser steps, at most.
    pub steps: usize,
    /// Examples in a step, at most and in the first steps.
    pub batches: (usize, usize),
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// How many simulations a network sees in all, where it is trained on so many that are kept or on fresh ones.
pub fn budget(train: &Train, kept: usize) -> usize {
    if train.online { ONLINE } else { kept }
}

/// So many steps for 10,000 simulations; a third more for ten times as many.
pub fn steps_for(steps: f64, budget: usize) -> usize {
    (steps * (4.0_f64 / 3.0).powf(decades(budget).min(7.0) - 4.0)) as usize
}

/// The decimal logarithm of a number of simulations.
pub fn decades(budget: usize) -> f64 {
    (budget.max(10) as f64).log10()
}

impl Course {
    /// What a file says of a training, with the usual where it is silent.
    pub fn of(name: &str, terms: usize, train: &Train, usual: Usual) -> Course {
        let (batch, first_batch) = usual.batches;
        Course {
            name: name.to_owned(),
            terms,
            steps: train.steps.unwrap_or(usual.steps),
            length: if train.steps.is_some() { Length::Stated } else { Length::Learnt },
            batch: train.batch.unwrap_or(batch),
            first_batch: train.batch.unwrap_or(first_batch),
            learning_rate: train.learning_rate.unwrap_or(usual.learning_rate),
            seed: train.seed,
        }
    }

    /// A stream of random numbers for a purpose.
    pub fn stream(&self, purpose: &str) -> Stream {
        // `@` is in no name of a model, so no site of a simulation has these streams.
        Stream::new(self.seed, &format!("@{}/{purpose}", self.name))
    }

    /// The numbers of the simulations that a step sees alone: behind those that are kept.
    pub fn fresh(&self, step: u32, size: usize) -> Range<usize> {
        let first = FIRST_FRESH + step as usize * self.batch.max(self.first_batch);
        first..first + size
    }

    /// Steps and batch in words.
    pub fn summary(&self) -> String {
        let most = if self.length == Length::Learnt { "at most " } else { "" };
        format!("{most}{} steps of {}", self.steps, self.batch)
    }
}

/// The schedule of a course, at a time when the rate began to fall, if it did.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    pub course: &'a Course,
    pub fall: Option<Fall>,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fall {
    /// After how many steps it begins.
    pub from: usize,
    /// How many steps it takes.
    pub over: usize,
    /// Whether it is from the best weights so far, in place of the last.
    pub back: bool,
}

impl Schedule<'_> {
    /// The number of steps that there will be, as far as it is known.
    pub fn end(self) -> usize {
        self.fall.map_or(self.course.steps, |fall| fall.from + fall.over)
    }

    /// Whether held-out loss is measured after so many steps.
    pub fn checks_after(self, steps: usize) -> bool {
        let pause = match self.course.length {
            Length::Stated => self.course.steps / CHECKS,
            Length::Learnt if steps < FIRST_CHECK => return steps == self.end(),
            Length::Learnt => pause(steps),
        };
        steps.is_multiple_of(pause.max(1)) || steps == self.end()
    }

    /// The fall that begins now, if one does, by what was measured so far, the last point just now.
    pub fn falls_after(self, curve: &[Point]) -> Option<Fall> {
        let (Length::Learnt, None, Some(now)) = (self.course.length, self.fall, curve.last()) else {
            return None;
        };
        let best = curve.iter().min_by(|a, b| a.validation.total_cmp(&b.validation))?;
        let next = now.step + pause(now.step);
        // At the next measurement too little would be left of the most steps for the fall.
        let last = 2 * next > self.course.steps;
        if !(self.has_learnt(curve) || self.has_worsened(curve, best) || last) {
            return None;
        }
        let back = (best.step as f64) < BACK_BEFORE * now.step as f64;
        let over = if back { best.step.div_ceil(2) } else { now.step };
        Some(Fall { from: now.step, over, back })
    }

    /// Whether the second half of the steps was hardly worth them.
    fn has_learnt(self, curve: &[Point]) -> bool {
        let gained = |now: &Point| {
            let half = curve.iter().rev().find(|point| 2 * point.step <= now.step);
            half.map_or(f64::INFINITY, |half| self.of_data_set(half.validation - now.validation))
        };
        let least = (LEAST_TOKENS / self.course.terms.max(1)).clamp(LEAST.0, LEAST.1);
        let enough = curve.last().is_some_and(|now| now.step >= least);
        // Twice in a row, as one measurement is chance.
        enough && curve.iter().rev().take(2).all(|point| gained(point) < WORTH)
    }

    /// Whether held-out loss has risen for good.
    fn has_worsened(self, curve: &[Point], best: &Point) -> bool {
        let above = |point: &Point| self.of_data_set(point.validation - best.validation) > RISEN;
        let long_ago = curve.last().is_some_and(|now| now.step as f64 >= LONG_AGO * best.step as f64);
        long_ago && curve.iter().rev().take(2).all(above)
    }

    /// A difference of losses of a data set, from that of a token.
    fn of_data_set(self, difference: f64) -> f64 {
        self.course.terms as f64 * difference
    }

    /// Whether a training may end because held-out loss rises: once it is measured often enough to know.
    pub fn may_overfit(self) -> bool {
        self.course.length == Length::Stated || self.fall.is_some()
    }

    /// Examples in a step, from zero.
    pub fn batch(self, step: usize) -> usize {
        if step < FIRST_STEPS { self.course.first_batch } else { self.course.batch }
    }

    /// The learning rate of a step, from zero.
    pub fn rate(self, step: usize) -> f64 {
        let warm = ((step + 1) as f64 / WARM_UP as f64).min(1.0);
        let falling = match (self.course.length, self.fall) {
            (Length::Stated, _) => {
                0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.course.steps as f64).cos())
            }
            (Length::Learnt, None) => 1.0,
            (Length::Learnt, Some(fall)) => {
                1.0 - step.saturating_sub(fall.from) as f64 / fall.over.max(1) as f64
            }
        };
        self.course.learning_rate * warm * (LAST_RATE + (1.0 - LAST_RATE) * falling)
    }
}

/// Steps between measurements of a training that ends when it has learnt.
fn pause(steps: usize) -> usize {
    (1 << steps.max(FIRST_CHECK).ilog2()) / CHECKS_PER_DOUBLING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{normal_pairs, pairs_of};
    use sbi_model::{Support, Transformer};

    /// A training of two tokens whose held-out loss after n steps is `loss(n)`: what was measured, and how the rate fell.
    fn trained(loss: impl Fn(f64) -> f64) -> (Vec<Point>, Fall, Course) {
        let course = crate::plan(
            "t",
            &pairs_of(1, Support::REAL),
            &Transformer::default(),
            &Train::default(),
            &normal_pairs(1, 1_000),
        )
        .course;
        let mut curve = Vec::new();
        let schedule = Schedule { course: &course, fall: None };
        for step in 1..=course.steps {
            if schedule.checks_after(step) {
                curve.push(Point { step, training: 0.0, validation: loss(step as f64) });
                if let Some(fall) = schedule.falls_after(&curve) {
                    return (curve, fall, course);
                }
            }
        }
        panic!("the rate never falls");
    }

    #[test]
    fn what_is_learnt_soon_ends_soon() {
        let (curve, fall, course) = trained(|n| 0.2 / n);
        let from = fall.from;
        // Of two tokens the second half of n steps gained 0.4 / n, which is less than 0.008 long before the least steps are made.
        assert!((LEAST.1..LEAST.1 * 9 / 8).contains(&from), "{from}");
        assert!(!fall.back);
        let schedule = Schedule { course: &course, fall: Some(fall) };
        assert_eq!(schedule.end(), 2 * from);
        assert_eq!(schedule.rate(from - 1), course.learning_rate);
        assert!((schedule.rate(schedule.end()) - LAST_RATE * course.learning_rate).abs() < 1e-12);
        assert!(schedule.rate(from + from / 2) < 0.6 * course.learning_rate);
        assert_eq!(schedule.falls_after(&curve), None, "it falls once");
    }

    #[test]
    fn what_goes_on_falling_ends_within_the_most_steps() {
        let (_, fall, course) = trained(|n| -n);
        let end = Schedule { course: &course, fall: Some(fall) }.end();
        assert!(end <= course.steps && 10 * end > 9 * course.steps, "{end} of {}", course.steps);
    }

    #[test]
    fn batches_grow_where_none_is_stated() {
        let mut train = Train::default();
        let course = |train: &Train| {
            crate::plan(
                "t",
                &pairs_of(1, Support::REAL),
                &Transformer::default(),
                train,
                &normal_pairs(1, 1_000),
            )
            .course
        };
        let batches = |course: &Course| {
            [0, 1_023, 1_024, 1_000_000].map(|step| Schedule { course, fall: None }.batch(step))
        };
        assert_eq!(batches(&course(&train)), [256, 256, 512, 512]);
        train.batch = Some(300);
        assert_eq!(batches(&course(&train)), [300; 4]);
    }

    #[test]
    fn a_slow_problem_takes_longer_than_a_fast_one() {
        let [(_, fast, _), (_, slow, _)] = [4.0, 16.0].map(|hard| trained(|n| hard / n));
        assert!(6 * slow.from > 7 * fast.from, "{slow:?} and {fast:?}");
    }

    #[test]
    fn what_is_learnt_by_heart_falls_from_its_best() {
        // Of two tokens a data set's loss is .016 above its lowest where this is .008 above: after 1.4 times the best steps.
        let (curve, fall, course) = trained(|n| (n / 600.0 - 1.0).powi(2) / 20.0);
        assert!((840..1_000).contains(&fall.from), "{fall:?}");
        let best = curve.iter().min_by(|a, b| a.validation.total_cmp(&b.validation)).map(|point| point.step);
        assert!(fall.back && Some(2 * fall.over) == best, "{fall:?} and {best:?}");
        let schedule = Schedule { course: &course, fall: Some(fall) };
        assert_eq!(schedule.end(), fall.from + fall.over);
        assert!(schedule.rate(schedule.end()) < 2.0 * LAST_RATE * course.learning_rate);
    }

    #[test]
    fn what_hardly_rises_goes_on() {
        let (_, fall, _) = trained(|n| (n / 600.0 - 1.0).min(1.0).powi(2) / 300.0);
        assert!(fall.from > 2_000, "{fall:?}");
    }
}
