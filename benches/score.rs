//! The classifier two-sample test: can a random forest tell draws from reference draws?
//!
//! The figure is the accuracy of the forest in five-fold cross-validation: 0.5 if the two sets cannot be told apart,
//! 1 if they never mix. Forest and folds are scikit-learn's defaults, as in the published benchmarks: 100 trees grown
//! until their leaves are pure, each on a bootstrap sample, Gini impurity, the root of the number of columns tried at
//! each split, the mean of the trees' probabilities decides. `sklearn_c2st.py` measures how closely both agree.

use crate::sample::Sample;
use anyhow::{Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

const FOLDS: usize = 5;
const TREES: usize = 100;
/// Trees on noise are at most some 120 splits deep, so this bounds none of them. It is there because smartcore goes on
/// splitting pure nodes, one row at a time: two sets that never mix would take minutes.
const DEPTH: u16 = 256;

/// A point and the set it comes from: 0 for the reference, 1 for the draws.
struct Point {
    /// In single precision, as scikit-learn's trees see it.
    place: Vec<f32>,
    set: f32,
}

/// The C2ST of `draws` against `reference`: columns are matched by position, and the longer set is cut to the
/// length of the shorter. `seed` decides folds and trees; the result does not depend on the number of threads.
///
/// # Errors
/// Different widths, or fewer rows than folds.
pub fn c2st(reference: &Sample, draws: &Sample, seed: u64) -> Result<f64> {
    ensure!(reference.width() == draws.width(), "{} columns against {}", reference.width(), draws.width());
    let rows = reference.len().min(draws.len());
    ensure!(rows >= FOLDS, "{rows} rows are too few for {FOLDS} folds");

    let scale = Scale::of(reference);
    let labelled = [(reference, 0.0), (draws, 1.0)];
    let mut points: Vec<Point> = labelled
        .iter()
        .flat_map(|&(sample, set)| sample.rows().take(rows).map(move |row| (row, set)))
        .map(|(row, set)| Point { place: scale.apply(row), set })
        .collect();
    points.shuffle(&mut StdRng::seed_from_u64(seed));

    let accuracies: Result<Vec<f64>> =
        (0..FOLDS).into_par_iter().map(|fold| fold_accuracy(&points, fold, seed)).collect();
    Ok(accuracies?.iter().sum::<f64>() / FOLDS as f64)
}

/// Trains on all points but one fifth, and tells how much of that fifth is sorted into the right set.
///
/// The forest learns the labels 0 and 1 as numbers. For these the squared error is half the Gini impurity, so the
/// splits are those of a classifier, and the mean of the leaves is the mean probability, which smartcore's
/// classifier, voting tree by tree, does not offer; it is also many times slower.
fn fold_accuracy(points: &[Point], fold: usize, seed: u64) -> Result<f64> {
    let (first, last) = (points.len() * fold / FOLDS, points.len() * (fold + 1) / FOLDS);
    let (tested, learnt): (Vec<_>, Vec<_>) =
        points.iter().enumerate().partition(|(at, _)| (first..last).contains(at));
    let learnt: Vec<&Point> = learnt.into_iter().map(|(_, point)| point).collect();
    let tested: Vec<&Point> = tested.into_iter().map(|(_, point)| point).collect();

    let columns = learnt.first().map_or(0, |point| point.place.len());
    let settings = RandomForestRegressorParameters::default()
        .with_n_trees(TREES)
        .with_m(columns.isqrt())
        .with_max_depth(DEPTH)
        .with_seed(seed);
    let labels: Vec<f32> = learnt.iter().map(|point| point.set).collect();
    let forest = RandomForestRegressor::fit(&matrix(&learnt, columns)?, &labels, settings)?;
    let probabilities = forest.predict(&matrix(&tested, columns)?)?;
    let right =
        probabilities.iter().zip(&tested).filter(|&(&p, point)| (p > 0.5) == (point.set > 0.5)).count();
    Ok(right as f64 / tested.len() as f64)
}

/// Rows of points as the library's matrix (rows x columns).
fn matrix(points: &[&Point], columns: usize) -> Result<DenseMatrix<f32>> {
    let values = points.iter().flat_map(|point| point.place.iter().copied()).collect();
    Ok(DenseMatrix::new(points.len(), columns, values, false)?)
}

/// Mean and standard deviation of each column.
struct Scale(Vec<(f64, f64)>);

impl Scale {
    fn of(sample: &Sample) -> Scale {
        let rows = sample.len() as f64;
        let moments = |column: usize| {
            let mean = sample.column(column).sum::<f64>() / rows;
            let variance = sample.column(column).map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
            // A constant column has no scale of its own.
            (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
        };
        Scale((0..sample.width()).map(moments).collect())
    }

    fn apply(&self, row: &[f64]) -> Vec<f32> {
        row.iter().zip(&self.0).map(|(value, (mean, sd))| ((value - mean) / sd) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// scikit-learn 1.9 on the same rows, mean of 20 seeds. One seed of ours is off by its own Monte-Carlo error, .014
    /// and .004 by those 20 seeds; the mean of two seeds must lie within three of its standard errors.
    #[test]
    fn scores_are_those_of_scikit_learn() {
        let draws = "data/sbibm/slcp/1/reference_posterior_samples.csv.bz2";
        let all = Sample::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(draws)).unwrap();
        let reference = all.with_rows(all.rows().take(500)).unwrap();
        let equal = all.with_rows(all.rows().skip(500).take(500)).unwrap();
        let wider = equal.rows().flatten().map(|v| 1.15 * v).collect();
        let stretched = Sample::new(all.names().to_vec(), wider).unwrap();
        let mean =
            |draws: &Sample| (0..2).map(|seed| c2st(&reference, draws, seed).unwrap()).sum::<f64>() / 2.0;
        let (equal, stretched) = (mean(&equal), mean(&stretched));
        assert!((equal - 0.503).abs() < 0.030, "{equal}");
        assert!((stretched - 0.829).abs() < 0.009, "{stretched}");
    }

    #[test]
    fn scores_do_not_depend_on_units_and_refuse_what_cannot_be_compared() {
        let names = vec!["a_1".to_owned()];
        let column = |scale: f64, shift: f64| {
            Sample::new(names.clone(), (0..60).map(|i| scale * (f64::from(i * i % 61) + shift)).collect())
                .unwrap()
        };
        let score = |scale| c2st(&column(scale, 0.0), &column(scale, 20.5), 1).unwrap();
        assert_eq!(score(1.0), score(1024.0));
        let two = Sample::new(vec!["a_1".to_owned(), "a_2".to_owned()], vec![0.0; 20]).unwrap();
        assert!(c2st(&column(1.0, 0.0), &two, 1).is_err());
        let short = Sample::new(names.clone(), vec![1.0, 2.0]).unwrap();
        assert!(c2st(&column(1.0, 0.0), &short, 1).is_err());
    }
}
