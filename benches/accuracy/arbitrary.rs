//! Are a hundred conditionals of one network right, whatever is known? In four models each can be drawn from exactly.
//!
//! The tasks and the questions are those of Simformer (Gloeckler et al. 2024, arXiv 2404.09636): joint draws of the model, and
//! for each what is known of it, in equal shares nothing, all data, all parameters, and each scalar with probability
//! .3 or .7. All else is asked for. Each answer is scored against as many reference draws (`references/`).

use crate::drive::{Sbi, Workplace};
use crate::records::{self, Record, rounded};
use crate::references::{Hmm, Reference, Slcp, Tree, TwoMoons};
use crate::sample::Sample;
use crate::score::c2st;
use crate::spec::{Example, query};
use crate::study::SCORE_SEED;
use crate::tasks;
use anyhow::{Context, Result, bail, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const QUESTIONS: usize = 100;
/// Draws in each answer and in its reference.
const DRAWS: usize = 2_000;
/// The seed of the questions and, with their numbers, of the references; that of the network is the row's.
const QUESTION_SEED: u64 = 20_404;

/// A task of which all conditionals are known.
pub struct Subject {
    name: &'static str,
    model: Box<dyn Reference>,
    /// With 1,000 and 10,000 simulations, the mean to stay below.
    goals: [(usize, f64); 2],
}

/// What a question knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// All data.
    Posterior,
    /// All parameters.
    Likelihood,
    /// Nothing.
    Joint,
    /// Each scalar or not, at random.
    Random,
}

/// One question, with the values it is told.
struct Question {
    name: String,
    family: Family,
    known: Vec<Option<f64>>,
    /// The seed of its reference.
    seed: u64,
}

/// A line of `arbitrary.csv`: a hundred queries to one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The task's name.
    pub task: String,
    /// Simulations.
    pub budget: usize,
    /// The seed of simulations, training and draws.
    pub seed: u64,
    /// How many queries were asked.
    pub queries: usize,
    /// Mean C2ST of all of them.
    pub mean: f64,
    /// Mean of those that know all data.
    pub posterior: f64,
    /// Mean of those that know all parameters.
    pub likelihood: f64,
    /// Mean of those that know nothing.
    pub joint: f64,
    /// Mean of those that know a random subset.
    pub random: f64,
    /// The largest C2ST.
    pub worst: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        (self.task.clone(), self.budget, self.seed)
    }

    fn finding(&self) -> String {
        format!("mean C2ST {:.3}", self.mean)
    }
}

impl Subject {
    /// All tasks, in the order of tables.
    pub fn all() -> [Subject; 4] {
        [
            Subject { name: "tree", model: Box::<Tree>::default(), goals: [(1_000, 0.59), (10_000, 0.54)] },
            Subject { name: "hmm", model: Box::<Hmm>::default(), goals: [(1_000, 0.59), (10_000, 0.54)] },
            Subject {
                name: "two_moons",
                model: Box::<TwoMoons>::default(),
                goals: [(1_000, 0.60), (10_000, 0.53)],
            },
            Subject { name: "slcp", model: Box::<Slcp>::default(), goals: [(1_000, 0.73), (10_000, 0.60)] },
        ]
    }

    /// The tasks of these names; all of them if none is named.
    fn chosen(names: &[String]) -> Result<Vec<Subject>> {
        let all = Subject::all();
        if let Some(name) = names.iter().find(|name| all.iter().all(|subject| subject.name != *name)) {
            bail!(
                "no task `{name}` here; there are {}",
                all.each_ref().map(|subject| subject.name).join(", ")
            );
        }
        Ok(all
            .into_iter()
            .filter(|own| names.is_empty() || names.iter().any(|name| name == own.name))
            .collect())
    }

    /// Whether this is the task of that name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The C2ST to stay below with this many simulations, where one is set.
    pub fn goal(&self, budget: usize) -> Option<f64> {
        self.goals.iter().find(|(simulations, _)| *simulations == budget).map(|(_, goal)| *goal)
    }

    fn example(&self) -> PathBuf {
        tasks::workspace().join("examples").join(self.name).with_extension("sbi")
    }

    /// The questions, always the same.
    fn questions(&self) -> Vec<Question> {
        let mut rng = StdRng::seed_from_u64(QUESTION_SEED);
        (1..=QUESTIONS).map(|number| self.question(number, &mut rng)).collect()
    }

    fn question(&self, number: usize, rng: &mut StdRng) -> Question {
        let values = self.model.simulate(rng);
        let params = self.model.params();
        let (mut family, mut known) = mask(values.len(), params, rng);
        if known.iter().all(|known| *known) {
            (family, known) = (Family::Joint, vec![false; values.len()]);
        }
        let known = values.into_iter().zip(known).map(|(value, known)| known.then_some(value)).collect();
        Question { name: format!("question_{number}"), family, known, seed: QUESTION_SEED + number as u64 }
    }

    fn text(&self, question: &Question) -> String {
        let names = self.model.names().into_iter();
        let given: Vec<(String, f64)> =
            names.zip(&question.known).filter_map(|(name, value)| Some((name, (*value)?))).collect();
        query(&question.name, &given, &[], &self.asked(question), DRAWS)
    }

    /// The scalars that a question asks for.
    fn asked(&self, question: &Question) -> Vec<String> {
        let named = self.model.names().into_iter().zip(&question.known);
        named.filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect()
    }

    /// Draws of what a question asks for.
    fn reference(&self, question: &Question) -> Result<Sample> {
        let mut rng = StdRng::seed_from_u64(question.seed);
        let rows = self.model.conditional(&question.known, DRAWS, &mut rng)?;
        Sample::new(self.model.names(), rows.concat())?.select(&self.asked(question))
    }

    fn judge(&self, place: &Workplace, question: &Question) -> Result<f64> {
        let path = place.draws(&question.name);
        let draws = Sample::read(&path)?;
        ensure!(draws.len() == DRAWS, "{} holds {} draws, not {DRAWS}", path.display(), draws.len());
        let draws = draws.select(&self.asked(question)).with_context(|| format!("in {}", path.display()))?;
        c2st(&self.reference(question)?, &draws, SCORE_SEED)
    }

    fn ask(&self, sbi: &Sbi, place: &Workplace, budget: usize, seed: u64) -> Result<Row> {
        let questions = self.questions();
        let queries: Vec<String> = questions.iter().map(|question| self.text(question)).collect();
        let spec = Example::read(&self.example())?.spec(budget, seed, &queries);
        let last = questions.last().map_or("", |question| question.name.as_str());
        sbi.run(place, &spec, last)?;

        let judge = |question: &Question| {
            let score = self.judge(place, question).with_context(|| question.name.clone())?;
            Ok((question.family, score))
        };
        let scores: Vec<(Family, f64)> = questions.par_iter().map(judge).collect::<Result<_>>()?;
        Ok(self.row(budget, seed, &scores))
    }

    fn row(&self, budget: usize, seed: u64, scores: &[(Family, f64)]) -> Row {
        let mean = |of: &dyn Fn(Family) -> bool| {
            let own: Vec<f64> =
                scores.iter().filter(|(family, _)| of(*family)).map(|(_, score)| *score).collect();
            rounded(own.iter().sum::<f64>() / own.len() as f64, 4)
        };
        Row {
            task: self.name.to_owned(),
            budget,
            seed,
            queries: scores.len(),
            mean: mean(&|_| true),
            posterior: mean(&|family| family == Family::Posterior),
            likelihood: mean(&|family| family == Family::Likelihood),
            joint: mean(&|family| family == Family::Joint),
            random: mean(&|family| family == Family::Random),
            worst: rounded(scores.iter().map(|(_, score)| *score).fold(0.0, f64::max), 4),
        }
    }
}

/// Which scalars are known, `params` of them parameters, and what kind of question that makes.
fn mask(scalars: usize, params: usize, rng: &mut StdRng) -> (Family, Vec<bool>) {
    let each = |known: &mut dyn FnMut(usize) -> bool| (0..scalars).map(known).collect();
    match rng.random_range(0..5) {
        0 => (Family::Joint, vec![false; scalars]),
        1 => (Family::Posterior, each(&mut |scalar| scalar >= params)),
        2 => (Family::Likelihood, each(&mut |scalar| scalar < params)),
        3 => (Family::Random, each(&mut |_| rng.random_bool(0.3))),
        _ => (Family::Random, each(&mut |_| rng.random_bool(0.7))),
    }
}

/// Where the rows are kept.
pub fn results() -> PathBuf {
    tasks::study().join("arbitrary.csv")
}

/// Asks a network for each task, budget and seed, the study's own where it has one, and keeps each row as soon as it is
/// known.
///
/// # Errors
/// A run that fails, or draws that cannot be read; the rows before are kept.
pub fn run(
    sbi: &Sbi,
    work: &Path,
    redo: bool,
    (tasks, budgets, seeds): (&[String], &[usize], &[u64]),
) -> Result<()> {
    let grid = budgets.iter().flat_map(|budget| seeds.iter().map(move |seed| (*budget, *seed)));
    for subject in Subject::chosen(tasks)? {
        for (budget, seed) in grid.clone() {
            let what = format!("arbitrary conditionals of {} {budget} seed {seed}", subject.name);
            let key = (subject.name.to_owned(), budget, seed);
            records::keep(&results(), redo, &key, &what, || {
                // The study's own folder: its store holds the network, so the same one answers.
                let place = Workplace::open(work.join(format!("{}-{budget}-{seed}", subject.name)), false)?;
                subject.ask(sbi, &place, budget, seed)
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Every task has every kind of question, and a spec that names scalars of its example only.
    #[test]
    fn questions_are_of_all_kinds_and_complete() {
        for subject in Subject::all() {
            let questions = subject.questions();
            for family in [Family::Posterior, Family::Likelihood, Family::Joint, Family::Random] {
                assert!(questions.iter().filter(|question| question.family == family).count() >= 10);
            }
            for question in &questions {
                assert!(!subject.asked(question).is_empty());
                let text = subject.text(question);
                let given = question.known.iter().flatten().count();
                assert_eq!(text.matches("given ").count(), given);
                assert_eq!(given + subject.asked(question).len(), subject.model.names().len());
            }
            let posterior = questions.iter().find(|question| question.family == Family::Posterior).unwrap();
            assert_eq!(subject.asked(posterior), subject.model.names()[..subject.model.params()]);
            assert!(Example::read(&subject.example()).is_ok());
        }
    }

    /// Answers made of other exact draws, whose columns come in another order, score .5 but for chance (sd .01), and
    /// those to another question do not.
    #[test]
    fn exact_answers_pass_and_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = Workplace::open(folder.path().to_owned(), false).unwrap();
        let [tree, _, two_moons, _] = Subject::all();
        for subject in [tree, two_moons] {
            let questions = subject.questions();
            let question = questions.iter().find(|question| question.family == Family::Posterior).unwrap();
            let path = place.draws(&question.name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut names = subject.asked(question);
            names.reverse();
            let write = |answered: &Question| {
                let answered = Question {
                    name: String::new(),
                    known: answered.known.clone(),
                    family: answered.family,
                    seed: 3,
                };
                subject.reference(&answered).unwrap().select(&names).unwrap().write(&path).unwrap();
                subject.judge(&place, question).unwrap()
            };
            let exact = write(question);
            assert!((exact - 0.5).abs() < 0.04, "{} {exact}", subject.name);
            let other = questions.iter().rfind(|question| question.family == Family::Posterior).unwrap();
            let other = write(other);
            assert!(other > 0.6, "{} {other}", subject.name);
        }
    }

    #[test]
    fn a_row_has_the_means_of_its_families() {
        let [tree, ..] = Subject::all();
        let scores = [
            (Family::Posterior, 0.5),
            (Family::Posterior, 0.75),
            (Family::Likelihood, 0.5),
            (Family::Joint, 0.625),
            (Family::Random, 0.8),
        ];
        let row = tree.row(1_000, 2, &scores);
        let figures = [row.mean, row.posterior, row.likelihood, row.joint, row.random, row.worst];
        assert_eq!(figures, [0.635, 0.625, 0.5, 0.625, 0.8, 0.8]);
        assert_eq!((row.key(), row.queries), (("tree".to_owned(), 1_000, 2), 5));
        assert_eq!((tree.goal(1_000), tree.goal(10_000), tree.goal(500)), (Some(0.59), Some(0.54), None));
    }
}
