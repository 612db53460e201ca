//! Guided draws of two moons against exact ones: those of the conditional without its conditions, of which all are
//! discarded that do not satisfy them.

#![allow(clippy::indexing_slicing, reason = "scalars are numbered by the model that names them")]

use crate::drive::{Sbi, Workplace};
use crate::records::{self, Record, rounded};
use crate::references::{Reference, TwoMoons};
use crate::sample::Sample;
use crate::score::c2st;
use crate::spec::{Example, query};
use crate::study::SCORE_SEED;
use crate::tasks::{self, Task};
use anyhow::{Context, Result, bail, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The task, as the study names it.
pub const TASK: &str = "two_moons";
/// Draws in each answer and in its reference.
const DRAWS: usize = 2_000;
/// The seed of the references; that of the network is the row's.
const REFERENCE_SEED: u64 = 20_405;
/// Draws without conditions that are made at once, and how often at most: one in ten thousand is enough.
const BATCH: usize = 50_000;
const BATCHES: usize = 400;

/// The scalars of the model, by number.
const THETA_1: usize = 0;
const THETA_2: usize = 1;
const X_1: usize = 2;
const X_2: usize = 3;

/// What is asked under conditions that next to no draw satisfies by itself, so that draws are guided.
pub struct Question {
    /// Its name in the spec and in the table.
    pub name: &'static str,
    given: &'static [(usize, f64)],
    conditions: &'static [Within],
}

/// That a sum of some scalars lies within an interval.
struct Within {
    sum_of: &'static [usize],
    low: f64,
    /// Infinity for none.
    high: f64,
}

/// An interval about zero.
const fn about_zero(sum_of: &'static [usize], half: f64) -> Within {
    Within { sum_of, low: -half, high: half }
}

/// All questions, in the order of tables. The widest intervals are those of the paper.
pub const QUESTIONS: [Question; 7] = [
    Question {
        name: "parameters",
        given: &[],
        conditions: &[about_zero(&[THETA_1], 0.1), about_zero(&[THETA_2], 0.1)],
    },
    Question { name: "data", given: &[], conditions: &[about_zero(&[X_1], 0.05), about_zero(&[X_2], 0.05)] },
    Question {
        name: "parameter_and_datum",
        given: &[],
        conditions: &[about_zero(&[THETA_1], 0.1), about_zero(&[X_2], 0.1)],
    },
    Question {
        name: "posterior_of_one_datum",
        given: &[(X_1, 0.0)],
        conditions: &[Within { sum_of: &[THETA_1], low: -0.1, high: -0.08 }],
    },
    Question {
        name: "posterior_of_both_data",
        given: &[(X_1, 0.0), (X_2, 0.0)],
        conditions: &[Within { sum_of: &[THETA_1], low: 0.18, high: 0.188 }],
    },
    Question {
        name: "half_space",
        given: &[],
        conditions: &[Within { sum_of: &[THETA_1, THETA_2], low: 1.75, high: f64::INFINITY }],
    },
    Question {
        name: "narrow_band",
        given: &[(X_2, 0.3)],
        conditions: &[about_zero(&[THETA_1, THETA_2], 0.02)],
    },
];

/// A line of `guidance.csv`: one question to one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The question's name.
    pub question: String,
    /// Simulations.
    pub budget: usize,
    /// The seed of simulations, training and draws.
    pub seed: u64,
    /// The share of exact draws without the conditions that satisfy them.
    pub exact_without: f64,
    /// The share of the network's.
    pub share_without: f64,
    /// The share of guided draws within the prior's support that satisfy them, by the look before drawing.
    pub inside: f64,
    /// The share of all guided draws that were kept: they satisfy the conditions and lie within the prior's support.
    pub kept: f64,
    /// C2ST of those that were kept.
    pub c2st: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.question.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        format!("{:.1} % inside, C2ST {:.3}", 100.0 * self.inside, self.c2st)
    }
}

/// Where the rows are kept.
pub fn results() -> PathBuf {
    tasks::study().join("guidance.csv")
}

/// Asks the study's own network, trained now if it is not there yet.
///
/// # Errors
/// A run that fails, or draws that cannot be read; the rows before are kept.
pub fn run(sbi: &Sbi, work: &Path, redo: bool, budget: usize, seed: u64) -> Result<()> {
    let model = TwoMoons::default();
    for question in &QUESTIONS {
        let key = (question.name.to_owned(), budget, seed);
        let what = format!("guidance of {TASK}, {} {budget} seed {seed}", question.name);
        records::keep(&results(), redo, &key, &what, || {
            // The study's own folder: its store holds the network, so the same one answers.
            let place = Workplace::open(work.join(format!("{TASK}-{budget}-{seed}")), false)?;
            question.ask(sbi, &place, &model, budget, seed)
        })?;
    }
    Ok(())
}

impl Within {
    fn text(&self, names: &[String]) -> String {
        let sum: Vec<&str> = self.sum_of.iter().map(|scalar| names[*scalar].as_str()).collect();
        let (sum, low, high) = (sum.join(" + "), self.low, self.high);
        if high.is_finite() { format!("{sum} in {low:?} .. {high:?}") } else { format!("{sum} > {low:?}") }
    }

    fn holds(&self, row: &[f64]) -> bool {
        let sum = self.sum_of.iter().map(|scalar| row[*scalar]).sum();
        (self.low..=self.high).contains(&sum)
    }
}

impl Question {
    fn ask(&self, sbi: &Sbi, place: &Workplace, model: &TwoMoons, budget: usize, seed: u64) -> Result<Row> {
        let spec = Example::read(&Task::named(TASK)?.example())?.spec(budget, seed, &[self.text(model)]);
        sbi.run(place, &spec, self.name)?;
        let told = |pointer: &str| place.told(self.name, pointer);
        let guided = place.holds(self.name, "/where/guided");
        ensure!(guided == Some(true), "draws were not guided: too many satisfy the conditions by themselves");

        let draws = Sample::read(&place.draws(self.name))?;
        ensure!(draws.len() == DRAWS, "{} draws, not {DRAWS}", draws.len());
        let asked = self.asked(model);
        let (rows, exact_without) = self.reference(model, &mut StdRng::seed_from_u64(REFERENCE_SEED))?;
        let reference = Sample::new(model.names(), rows.concat())?.select(&asked)?;
        Ok(Row {
            question: self.name.to_owned(),
            budget,
            seed,
            exact_without: rounded(exact_without, 4),
            share_without: rounded(told("/where/share_without").context("no share without guidance")?, 4),
            inside: rounded(told("/where/share_guided").context("no share of guided draws")?, 4),
            kept: rounded(1.0 - told("/redrawn/share").context("no share of draws made again")?, 4),
            c2st: rounded(c2st(&reference, &draws.select(&asked)?, SCORE_SEED)?, 4),
        })
    }

    fn text(&self, model: &TwoMoons) -> String {
        let names = model.names();
        let given: Vec<(String, f64)> =
            self.given.iter().map(|(scalar, value)| (names[*scalar].clone(), *value)).collect();
        let conditions: Vec<String> = self.conditions.iter().map(|within| within.text(&names)).collect();
        query(self.name, &given, &conditions, &self.asked(model), DRAWS)
    }

    /// All scalars that are not given.
    fn asked(&self, model: &TwoMoons) -> Vec<String> {
        let is_given = |scalar: usize| self.given.iter().any(|(given, _)| *given == scalar);
        let names = model.names().into_iter().enumerate();
        names.filter(|(scalar, _)| !is_given(*scalar)).map(|(_, name)| name).collect()
    }

    /// Exact draws of all scalars under the conditions, and the share of draws without them that satisfy them.
    fn reference(&self, model: &TwoMoons, rng: &mut StdRng) -> Result<(Vec<Vec<f64>>, f64)> {
        let value = |scalar| self.given.iter().find(|(given, _)| *given == scalar).map(|(_, value)| *value);
        let known: Vec<Option<f64>> = (0..model.names().len()).map(value).collect();
        let mut kept: Vec<Vec<f64>> = Vec::new();
        for batch in 1..=BATCHES {
            let drawn = model.conditional(&known, BATCH, rng)?;
            kept.extend(
                drawn.into_iter().filter(|row| self.conditions.iter().all(|within| within.holds(row))),
            );
            if kept.len() >= DRAWS {
                let share = kept.len() as f64 / (batch * BATCH) as f64;
                kept.truncate(DRAWS);
                return Ok((kept, share));
            }
        }
        bail!("`{}` holds too rarely to wait for", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(name: &str) -> (Vec<Vec<f64>>, f64) {
        let question = QUESTIONS.iter().find(|question| question.name == name).unwrap();
        question.reference(&TwoMoons::default(), &mut StdRng::seed_from_u64(1)).unwrap()
    }

    /// Whether numbers have this mean and standard deviation, within four standard errors of both, with those of a
    /// normal law for the second: the laws here have shorter tails.
    fn has_moments(numbers: &[f64], mean: f64, sd: f64) {
        let count = numbers.len() as f64;
        let found = numbers.iter().sum::<f64>() / count;
        let spread = (numbers.iter().map(|x| (x - found).powi(2)).sum::<f64>() / count).sqrt();
        assert!((found - mean).abs() < 4.0 * sd / count.sqrt(), "mean {found}, not {mean}");
        assert!((spread / sd - 1.0).abs() < 4.0 / (2.0 * count).sqrt(), "sd {spread}, not {sd}");
    }

    fn of(rows: &[Vec<f64>], feature: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        rows.iter().map(|row| feature(row)).collect()
    }

    /// Parameters are uniform on their square: on what conditions leave of it they stay so, and shares are areas.
    #[test]
    fn conditions_on_parameters_cut_their_square() {
        let near = |share: f64, exact: f64| {
            let error = (exact / 50_000.0).sqrt();
            assert!((share - exact).abs() < 4.0 * error, "{share}, not {exact}");
        };
        let (rows, share) = reference("parameters");
        near(share, 0.01);
        for scalar in [THETA_1, THETA_2] {
            has_moments(&of(&rows, |row| row[scalar]), 0.0, 0.1 / 3_f64.sqrt());
        }
        // A triangle with legs of 0.25 in a corner of the square.
        let (rows, share) = reference("half_space");
        near(share, 0.25 * 0.25 / 2.0 / 4.0);
        for scalar in [THETA_1, THETA_2] {
            has_moments(&of(&rows, |row| row[scalar]), 1.0 - 0.25 / 3.0, 0.25 / 18_f64.sqrt());
        }
        // Given x_2 alone, which tells of the difference, the sum is uniform.
        let (rows, _) = reference("narrow_band");
        has_moments(&of(&rows, |row| row[THETA_1] + row[THETA_2]), 0.0, 0.02 / 3_f64.sqrt());
        // The difference is that of x_2 and the height of the crescent, half of whose squared radius it has on average.
        let differences = of(&rows, |row| (row[THETA_2] - row[THETA_1]) / 2_f64.sqrt());
        has_moments(&differences, 0.3, ((0.1 * 0.1 + 0.01 * 0.01) / 2.0_f64).sqrt());
    }

    /// Whatever lies within must be like simulations that happen to: each scalar has the same mean.
    #[test]
    fn references_are_simulations_that_satisfy_the_conditions() {
        let model = TwoMoons::default();
        for question in QUESTIONS.iter().filter(|question| question.given.is_empty()) {
            let (rows, share) = reference(question.name);
            let mut rng = StdRng::seed_from_u64(2);
            let holds = |row: &Vec<f64>| question.conditions.iter().all(|within| within.holds(row));
            let simulated: Vec<Vec<f64>> =
                (0..200_000).map(|_| model.simulate(&mut rng)).filter(holds).collect();
            let count = simulated.len() as f64;
            assert!((count / 200_000.0 / share - 1.0).abs() < 4.0 * (1.0 / count + 1.0 / 2_000.0).sqrt());
            for scalar in [THETA_1, THETA_2, X_1, X_2] {
                let (own, others) = (of(&rows, |row| row[scalar]), of(&simulated, |row| row[scalar]));
                let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
                let variance = others.iter().map(|x| (x - mean(&others)).powi(2)).sum::<f64>() / count;
                let error = (variance * (1.0 / count + 1.0 / DRAWS as f64)).sqrt();
                let apart = mean(&own) - mean(&others);
                assert!(apart.abs() < 4.0 * error, "{} {scalar}: {apart}", question.name);
            }
        }
    }

    /// Draws are guided where less than 2 % satisfy the conditions by themselves, by 2,000 draws: so should fewer by
    /// far. And what is asked is what the example has.
    #[test]
    fn every_question_is_rare_and_says_what_it_means() {
        for question in &QUESTIONS {
            let (rows, share) = reference(question.name);
            assert!(share < 0.0175, "{}: {share}", question.name);
            assert!(
                rows.len() == DRAWS
                    && rows.iter().all(|row| question.conditions.iter().all(|w| w.holds(row)))
            );
        }
        let text = QUESTIONS.map(|question| question.text(&TwoMoons::default()));
        assert!(text[3].contains(
            "    given x_1 = 0.0\n    where theta_1 in -0.1 .. -0.08\n    infer theta_1, theta_2, x_2\n"
        ));
        assert!(
            text[5].contains("    where theta_1 + theta_2 > 1.75\n    infer theta_1, theta_2, x_1, x_2\n")
        );
    }
}
