//! How long a training goes on and how its learning rate falls.
//!
//! Where the file states the steps, the rate falls along half a cosine. Else it stays until held-out loss has all but stopped to
//! fall, and then falls straight to nearly nothing over half as many steps as were taken: so how long a training is follows from
//! how hard its problem is.

use crate::plan::{Length, Plan};
use crate::weights::Point;

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

/// Steps over which the learning rate rises.
const WARM_UP: usize = 100;

/// After so many steps batches are whole: the more is learnt, the less of it a few examples tell.
const FIRST_STEPS: usize = 1_024;

/// The learning rate ends at this share of its peak.
const LAST_RATE: f64 = 0.01;

/// The schedule of a plan, at a time when the rate began to fall after so many steps, if it did.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    pub plan: &'a Plan,
    pub falls_from: Option<usize>,
}

impl Schedule<'_> {
    /// The number of steps that there will be, as far as it is known.
    pub fn end(self) -> usize {
        self.falls_from.map_or(self.plan.steps, |from| from + from.div_ceil(2))
    }

    /// Whether held-out loss is measured after so many steps.
    pub fn checks_after(self, steps: usize) -> bool {
        let pause = match self.plan.length {
            Length::Stated => self.plan.steps / CHECKS,
            Length::Learnt if steps < FIRST_CHECK => return steps == self.end(),
            Length::Learnt => pause(steps),
        };
        steps.is_multiple_of(pause.max(1)) || steps == self.end()
    }

    /// Whether the rate falls from now on, by what was measured so far, the last point just now.
    pub fn falls_after(self, curve: &[Point]) -> bool {
        let (Length::Learnt, None, Some(now)) = (self.plan.length, self.falls_from, curve.last()) else {
            return false;
        };
        let gained = |now: &Point| {
            let half = curve.iter().rev().find(|point| 2 * point.step <= now.step);
            let tokens = self.plan.architecture.tokens as f64;
            half.map_or(f64::INFINITY, |half| tokens * (half.validation - now.validation))
        };
        // Twice in a row, as one measurement is chance.
        let learnt = curve.iter().rev().take(2).all(|point| gained(point) < WORTH);
        // At the next measurement too little would be left of the most steps for the fall.
        let next = now.step + pause(now.step);
        let least = (LEAST_TOKENS / self.plan.architecture.tokens.max(1)).clamp(LEAST.0, LEAST.1);
        now.step >= least && learnt || next + next.div_ceil(2) > self.plan.steps
    }

    /// Whether a training may end because held-out loss rises: once it is measured often enough to know.
    pub fn may_overfit(self) -> bool {
        self.plan.length == Length::Stated || self.falls_from.is_some()
    }

    /// Examples in a step, from zero.
    pub fn batch(self, step: usize) -> usize {
        if step < FIRST_STEPS { self.plan.first_batch } else { self.plan.batch }
    }

    /// The learning rate of a step, from zero.
    pub fn rate(self, step: usize) -> f64 {
        let warm = ((step + 1) as f64 / WARM_UP as f64).min(1.0);
        let falling = match (self.plan.length, self.falls_from) {
            (Length::Stated, _) => {
                0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.plan.steps as f64).cos())
            }
            (Length::Learnt, None) => 1.0,
            (Length::Learnt, Some(from)) => {
                1.0 - step.saturating_sub(from) as f64 / (self.end() - from).max(1) as f64
            }
        };
        self.plan.learning_rate * warm * (LAST_RATE + (1.0 - LAST_RATE) * falling)
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
    use sbi_model::{Support, Train, Transformer};

    /// A training of two tokens whose held-out loss after n steps is `loss(n)`: what was measured, and when the rate began to fall.
    fn trained(loss: impl Fn(f64) -> f64) -> (Vec<Point>, usize, Plan) {
        let plan = crate::plan(
            "t",
            &pairs_of(1, Support::REAL),
            &Transformer::default(),
            &Train::default(),
            &normal_pairs(1, 1_000),
        );
        let mut curve = Vec::new();
        let schedule = Schedule { plan: &plan, falls_from: None };
        for step in 1..=plan.steps {
            if schedule.checks_after(step) {
                curve.push(Point { step, training: 0.0, validation: loss(step as f64) });
                if schedule.falls_after(&curve) {
                    return (curve, step, plan);
                }
            }
        }
        panic!("the rate never falls");
    }

    #[test]
    fn what_is_learnt_soon_ends_soon() {
        let (curve, from, plan) = trained(|n| 0.2 / n);
        // Of two tokens the second half of n steps gained 0.4 / n, which is less than 0.008 long before the least steps are made.
        assert!((LEAST.1..LEAST.1 * 9 / 8).contains(&from), "{from}");
        let schedule = Schedule { plan: &plan, falls_from: Some(from) };
        assert_eq!(schedule.end(), from + from.div_ceil(2));
        assert_eq!(schedule.rate(from - 1), plan.learning_rate);
        assert!((schedule.rate(schedule.end()) - LAST_RATE * plan.learning_rate).abs() < 1e-12);
        assert!(schedule.rate(from + from / 4) < 0.6 * plan.learning_rate);
        assert!(!schedule.falls_after(&curve), "it falls once");
    }

    #[test]
    fn what_goes_on_falling_ends_within_the_most_steps() {
        let (_, from, plan) = trained(|n| -n);
        let end = Schedule { plan: &plan, falls_from: Some(from) }.end();
        assert!(end <= plan.steps && 10 * end > 9 * plan.steps, "{end} of {}", plan.steps);
    }

    #[test]
    fn batches_grow_where_none_is_stated() {
        let mut train = Train::default();
        let plan = |train: &Train| {
            crate::plan(
                "t",
                &pairs_of(1, Support::REAL),
                &Transformer::default(),
                train,
                &normal_pairs(1, 1_000),
            )
        };
        let batches = |plan: &Plan| {
            [0, 1_023, 1_024, 1_000_000].map(|step| Schedule { plan, falls_from: None }.batch(step))
        };
        assert_eq!(batches(&plan(&train)), [256, 256, 512, 512]);
        train.batch = Some(300);
        assert_eq!(batches(&plan(&train)), [300; 4]);
    }

    #[test]
    fn a_slow_problem_takes_longer_than_a_fast_one() {
        let [(_, fast, _), (_, slow, _)] = [4.0, 16.0].map(|hard| trained(|n| hard / n));
        assert!(2 * slow > 3 * fast, "{slow} and {fast}");
    }
}
