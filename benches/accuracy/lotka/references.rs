//! Reference draws for every observation, twice: the second set says how far the first can be trusted.
//!
//! They take minutes and hang on neither network nor budget, so they are kept as CSV files, beside a note of what they
//! were made of. Where that has changed they are made anew.

use crate::lotka::observation::{COLUMNS, DRAWS, Observation};
use crate::lotka::pond::rates;
use crate::records;
use crate::sample::Sample;
use crate::score::c2st;
use crate::study::SCORE_SEED;
use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rayon::prelude::*;
use sbi_references::temper::{Effort, sample};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Two particles for each draw that is kept, and as many steps of them at the posterior as set those apart that come
/// from one. Neighbours are uncorrelated then, and the means of two sets differ by as much as those of independent
/// draws do: 1.02 times as much, over ten observations and four parameters.
const EFFORT: Effort = Effort { particles: 2 * DRAWS, steps: 10, last_steps: 200 };
/// What two sets of reference draws of one observation may score against one another. Two sets of 2,000 independent
/// draws score .5 give or take .01.
const AGREEMENT: f64 = 0.53;
/// The seed of all sampling.
const SEED: u64 = 977;

/// Two independent sets of draws from the posterior of each observation, in the order of the observations.
#[derive(Debug)]
pub struct References {
    pairs: Vec<[Sample; 2]>,
    /// The C2ST between the sets, mean over the observations.
    pub mean: f64,
    /// The largest of them.
    pub worst: f64,
}

impl References {
    /// Reads them from `folder`, or makes them.
    ///
    /// # Errors
    /// A folder that cannot be written to, or two sets that a forest tells apart.
    pub fn open(folder: &Path, observations: &[Observation]) -> Result<References> {
        provide(folder, observations)?;
        let pair = |number| Ok([read(&file(folder, number, 0))?, read(&file(folder, number, 1))?]);
        let pairs: Vec<[Sample; 2]> = (1..=observations.len()).map(pair).collect::<Result<_>>()?;
        let score = |[one, other]: &[Sample; 2]| c2st(one, other, SCORE_SEED);
        let scores: Vec<f64> = pairs.iter().map(score).collect::<Result<_>>()?;
        for (observation, score) in observations.iter().zip(&scores) {
            let name = &observation.name;
            ensure!(*score <= AGREEMENT, "{name}: two sets of reference draws score {score:.3}");
        }
        Ok(References {
            pairs,
            mean: scores.iter().sum::<f64>() / scores.len() as f64,
            worst: scores.iter().copied().fold(0.0, f64::max),
        })
    }

    /// The C2ST of an answer to each observation against the first set, in their order.
    ///
    /// # Errors
    /// Answers with other columns or too few draws.
    pub fn score(&self, answers: &[Sample]) -> Result<Vec<f64>> {
        self.pairs.iter().zip(answers).map(|([first, _], answer)| c2st(first, answer, SCORE_SEED)).collect()
    }
}

/// Makes the sets that are not there yet, on all threads.
fn provide(folder: &Path, observations: &[Observation]) -> Result<()> {
    let note = folder.join("made_of.txt");
    let made_of = made_of(observations);
    if !fs::read_to_string(&note).is_ok_and(|known| known == made_of) {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        records::replace(&note, made_of.as_bytes())?;
    }
    let all = (1..).zip(observations).flat_map(|(number, own)| [(number, own, 0), (number, own, 1)]);
    let missing: Vec<_> = all.filter(|(number, _, set)| !file(folder, *number, *set).exists()).collect();
    missing.into_par_iter().try_for_each(|(number, observation, set)| {
        let start = Instant::now();
        let path = file(folder, number, set);
        let beside = path.with_extension("part");
        draw(observation, &EFFORT, SEED + 2 * number as u64 + set)?.write(&beside)?;
        fs::rename(&beside, &path).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("{} in {:.1} s", path.display(), start.elapsed().as_secs_f64());
        Ok(())
    })
}

/// Draws from a posterior. Of particles side by side, which may come from one, only the first is kept.
fn draw(observation: &Observation, effort: &Effort, seed: u64) -> Result<Sample> {
    let mut rng = StdRng::seed_from_u64(seed);
    let particles = sample(|numbers| observation.log_likelihood(numbers), effort, &mut rng);
    let kept = particles.iter().step_by(effort.particles.div_ceil(DRAWS));
    let values = kept.flat_map(rates).collect();
    Sample::new(COLUMNS.map(str::to_owned).to_vec(), values)
}

/// What the draws hang on, but for the code: after a change of that the folder is to be removed.
fn made_of(observations: &[Observation]) -> String {
    let queries: String = observations.iter().map(Observation::query).collect();
    format!("{EFFORT:?}, seed {SEED}\n{queries}")
}

fn file(folder: &Path, number: usize, set: u64) -> PathBuf {
    folder.join(format!("observation_{number}_{}.csv", set + 1))
}

fn read(path: &Path) -> Result<Sample> {
    let sample = Sample::read(path)?;
    ensure!(sample.len() == DRAWS, "{} holds {} draws, not {DRAWS}", path.display(), sample.len());
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lotka::observation::prior;

    /// Enough for a test, and done in a moment.
    const SMALL: Effort = Effort { particles: 200, steps: 5, last_steps: 30 };

    /// The rank of the truth among draws from its posterior is uniform, whatever the truth. Over 30 observations the
    /// mean of a rank between 0 and 1 is off .5 by .053 and that of its square distance from .5, which too wide or too
    /// narrow draws make smaller or larger, off 1/12 by .014; no figure of the four parameters should be off by 3.5
    /// times that.
    #[test]
    fn ranks_of_the_truth_are_uniform() {
        const TRIALS: usize = 30;
        let mut rng = StdRng::seed_from_u64(12);
        let mut trial = || {
            let truth = prior(&mut rng);
            (rates(&truth), Observation::of("trial".to_owned(), &truth, &mut rng))
        };
        let trials: Vec<_> = (0..TRIALS).map(|_| trial()).collect();
        let ranks: Vec<[f64; 4]> = trials
            .par_iter()
            .enumerate()
            .map(|(number, (truth, observation))| {
                let draws = draw(observation, &SMALL, 100 + number as u64).unwrap();
                let below = |at: usize| draws.column(at).filter(|value| *value < truth[at]).count();
                std::array::from_fn(|at| below(at) as f64 / draws.len() as f64)
            })
            .collect();
        for at in 0..COLUMNS.len() {
            let mean = |of: fn(f64) -> f64| ranks.iter().map(|own| of(own[at])).sum::<f64>() / TRIALS as f64;
            let (center, spread) = (mean(|rank| rank), mean(|rank| (rank - 0.5).powi(2)));
            assert!((center - 0.5).abs() < 3.5 * 0.053, "{}: {center}", COLUMNS[at]);
            assert!((spread - 1.0 / 12.0).abs() < 3.5 * 0.0136, "{}: {spread}", COLUMNS[at]);
        }
    }

    /// References with less effort agree as well, and a forest would tell if they did not: draws of the next observation
    /// never mix with them.
    #[test]
    fn two_sets_of_one_observation_agree() {
        let observations = Observation::all();
        let effort = Effort { particles: 1_000, steps: 5, last_steps: 60 };
        let set = |at: usize, seed| draw(&observations[at], &effort, seed).unwrap();
        let [one, other, stranger] = [set(0, 1), set(0, 2), set(1, 3)];
        let [agreement, strangers] =
            [&other, &stranger].map(|answer| c2st(&one, answer, SCORE_SEED).unwrap());
        // Two sets of 1,000 score .5 give or take .013.
        assert!(agreement < 0.54, "{agreement}");
        assert!(strangers > 0.95, "{strangers}");
    }

    #[test]
    fn sets_are_kept_until_something_else_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("references");
        fs::create_dir_all(&place).unwrap();
        let observations: Vec<_> = Observation::all().into_iter().take(1).collect();
        fs::write(place.join("made_of.txt"), made_of(&observations)).unwrap();
        for set in 0..2 {
            fs::write(file(&place, 1, set), "kept").unwrap();
        }
        provide(&place, &observations).unwrap();
        assert_eq!(fs::read_to_string(file(&place, 1, 0)).unwrap(), "kept");
        provide(&place, &[]).unwrap();
        assert!(!file(&place, 1, 0).exists());
    }
}
