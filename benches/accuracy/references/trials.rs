//! How the references are tried: against simulations of the same models, and against draws of others.

use super::Reference;
use crate::sample::Sample;
use crate::score::c2st;
use crate::tasks::Task;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rayon::prelude::*;

/// Joint draws that say where the ranks of a feature lie.
const RANKED: usize = 4_000;
/// Answers to each question.
const ANSWERS: usize = 4;
/// The largest z-value let pass. By chance, one of 2,000 is above it in a thousandth of all runs.
const LIMIT: f64 = 5.0;

/// What is unknown in joint draws is drawn anew given what is known, and they must stay joint draws.
///
/// `features` are numbers made of all scalars. Each is taken by its rank among joint draws, less a half, and the test
/// compares means of ranks, of their squares, and of the products of any two of these, before and after. Differences of
/// one question and its answers have mean nothing, whatever is known.
pub fn stays_joint(model: &dyn Reference, known: &str, features: fn(&[f64]) -> Vec<f64>, questions: u64) {
    let names = model.names();
    let is_known: Vec<bool> =
        names.iter().map(|name| known.split_whitespace().any(|known| known == name)).collect();
    assert_eq!(is_known.iter().filter(|known| **known).count(), known.split_whitespace().count());

    let mut rng = StdRng::seed_from_u64(7);
    let joint: Vec<Vec<f64>> = (0..RANKED).map(|_| features(&model.simulate(&mut rng))).collect();
    let ranks = Ranks::of(&joint);
    let difference = |question: u64| -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(1_000 + question);
        let row = model.simulate(&mut rng);
        assert_eq!(row.len(), names.len());
        let told: Vec<_> = row.iter().zip(&is_known).map(|(value, known)| known.then_some(*value)).collect();
        let answers = model.conditional(&told, ANSWERS, &mut rng).unwrap();
        let mut difference = ranks.functions(&features(&row));
        for answer in &answers {
            let untouched = told.iter().zip(answer).all(|(told, own)| told.is_none_or(|told| told == *own));
            assert!(untouched && answer.len() == row.len(), "{known}: {answer:?}");
            let functions = ranks.functions(&features(answer));
            difference.iter_mut().zip(functions).for_each(|(sum, own)| *sum -= own / ANSWERS as f64);
        }
        difference
    };
    let differences: Vec<Vec<f64>> = (0..questions).into_par_iter().map(difference).collect();
    let worst = (0..differences[0].len())
        .map(|function| score(differences.iter().map(|row| row[function])))
        .fold(0.0, f64::max);
    assert!(worst < LIMIT, "{known}: a mean is off by {worst:.1} standard errors");
}

/// Simulations in which a scalar comes so close to a value must be like draws given that value. The same functions
/// of features are compared.
pub fn simulations_agree(
    model: &dyn Reference,
    at: usize,
    value: f64,
    tolerance: f64,
    features: fn(&[f64]) -> Vec<f64>,
) {
    let mut rng = StdRng::seed_from_u64(11);
    // As near as all of them are, the scalar counts as being at the value itself.
    let settled = |mut row: Vec<f64>| {
        row[at] = value;
        features(&row)
    };
    let simulated: Vec<Vec<f64>> = std::iter::repeat_with(|| model.simulate(&mut rng))
        .filter(|row| (row[at] - value).abs() < tolerance)
        .take(RANKED)
        .map(settled)
        .collect();
    let known: Vec<_> = (0..model.names().len()).map(|own| (own == at).then_some(value)).collect();
    let drawn = model.conditional(&known, RANKED, &mut rng).unwrap();
    let ranks = Ranks::of(&simulated);
    let simulated: Vec<Vec<f64>> = simulated.iter().map(|row| ranks.functions(row)).collect();
    let drawn: Vec<Vec<f64>> = drawn.iter().map(|row| ranks.functions(&features(row))).collect();
    let compare = |function: usize| {
        let differences = drawn.iter().zip(&simulated).map(|(one, other)| one[function] - other[function]);
        score(differences)
    };
    let worst = (0..drawn[0].len()).map(compare).fold(0.0, f64::max);
    assert!(worst < LIMIT, "a mean is off by {worst:.1} standard errors");
}

/// The mean of numbers in its standard errors; nothing if they are the same but for rounding.
fn score(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = numbers.clone().count() as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let variance = numbers.map(|number| (number - mean).powi(2)).sum::<f64>() / (count - 1.0);
    if variance < 1e-20 { 0.0 } else { mean.abs() / (variance / count).sqrt() }
}

/// Features of joint draws, one after the other, each sorted.
struct Ranks(Vec<Vec<f64>>);

impl Ranks {
    fn of(rows: &[Vec<f64>]) -> Ranks {
        let column = |at: usize| {
            let mut column: Vec<f64> = rows.iter().map(|row| row[at]).collect();
            column.sort_by(f64::total_cmp);
            column
        };
        Ranks((0..rows[0].len()).map(column).collect())
    }

    fn functions(&self, features: &[f64]) -> Vec<f64> {
        let rank = |(sorted, feature): (&Vec<f64>, &f64)| {
            sorted.partition_point(|other| other < feature) as f64 / sorted.len() as f64 - 0.5
        };
        let powers: Vec<[f64; 2]> =
            self.0.iter().zip(features).map(rank).map(|rank| [rank, rank * rank - 1.0 / 12.0]).collect();
        let mut all = powers.concat();
        for (at, one) in powers.iter().enumerate() {
            for other in &powers[..at] {
                all.extend(one.iter().flat_map(|one| other.iter().map(move |other| one * other)));
            }
        }
        all
    }
}

/// The C2ST of posterior draws against the benchmark's own, so many of each, for an observation of sbibm.
pub fn c2st_of_sbibm(model: &dyn Reference, task: &str, observation: usize, rows: usize) -> f64 {
    let task = Task::named(task).unwrap();
    let theirs = task.reference(observation).unwrap().in_index_order().unwrap();
    let theirs = theirs.with_rows(theirs.rows().take(rows)).unwrap();
    let observed = task.observation(observation).unwrap();
    let data = observed.rows().next().unwrap();
    let mut known = vec![None; model.params()];
    known.extend(data.iter().copied().map(Some));
    let drawn = model.conditional(&known, rows, &mut StdRng::seed_from_u64(5)).unwrap();
    let params = drawn.iter().flat_map(|row| row[..model.params()].iter().copied()).collect();
    let ours = Sample::new(model.names()[..model.params()].to_vec(), params).unwrap();
    c2st(&theirs, &ours, 1).unwrap()
}
