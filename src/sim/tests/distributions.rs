//! Each family against its law: Kolmogorov-Smirnov, moments, covariance.
//! Seeds are fixed; bounds are those that one correct run in some thousands would break.

use crate::models::Build;
use crate::rng::kolmogorov;
use sbi_model::{Argument, Binary, Definition, Draw, Family, Role, Unary};
use sbi_syntax::Span;
use statrs::distribution::{Normal, Uniform};

const DRAWS: usize = 40_000;

/// Draws of one number of `family`.
fn sample(family: Family, arguments: &[f64]) -> Vec<f64> {
    let mut b = Build::new();
    let x = b.known(Role::Data, "x", family, arguments);
    b.simulator(&[x]).run(11, 0..DRAWS as u64, 2).unwrap().values
}

/// Mean and variance; each within four standard errors, for a law with this kurtosis.
fn assert_moments(sample: &[f64], mean: f64, variance: f64, kurtosis: f64) {
    let n = sample.len() as f64;
    let found = sample.iter().sum::<f64>() / n;
    let spread = sample.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n;
    assert!((found - mean).abs() < 4.0 * (variance / n).sqrt(), "mean {found}, not {mean}");
    let error = variance * ((kurtosis - 1.0) / n).sqrt();
    assert!((spread - variance).abs() < 4.0 * error, "variance {spread}, not {variance}");
}

#[test]
fn uniform_follows_its_law() {
    let mut x = sample(Family::Uniform, &[-3.0, 5.0]);
    assert!(x.iter().all(|x| (-3.0..=5.0).contains(x)));
    assert_moments(&x, 1.0, 64.0 / 12.0, 1.8);
    assert!(kolmogorov(&mut x, &Uniform::new(-3.0, 5.0).unwrap()) < 1.95);
}

#[test]
fn normal_follows_its_law() {
    let mut x = sample(Family::Normal, &[2.0, 0.3]);
    assert_moments(&x, 2.0, 0.09, 3.0);
    assert!(kolmogorov(&mut x, &Normal::new(2.0, 0.3).unwrap()) < 1.95);
}

#[test]
fn bernoulli_follows_its_law() {
    for p in [0.0, 0.003, 0.4, 1.0] {
        let x = sample(Family::Bernoulli, &[p]);
        assert!(x.iter().all(|x| *x == 0.0 || *x == 1.0));
        let variance = p * (1.0 - p);
        let mean = x.iter().sum::<f64>() / DRAWS as f64;
        assert!((mean - p).abs() <= 4.0 * (variance / DRAWS as f64).sqrt(), "{mean}, not {p}");
    }
}

/// A draw given what it depends on: `x ~ normal(mean = a, sd = exp(b))` standardises to a standard normal number.
#[test]
fn arguments_may_depend_on_other_draws() {
    let mut b = Build::new();
    let mean = b.known(Role::Param, "a", Family::Uniform, &[-5.0, 5.0]);
    let log = b.known(Role::Param, "b", Family::Normal, &[0.0, 1.0]);
    let (m, l) = (b.scalar(mean), b.scalar(log));
    let sd = b.unary(Unary::Exp, l);
    let x = b.draw(Role::Data, "x", &[], Family::Normal, &[m, sd]);
    let table = b.simulator(&[mean, log, x]).run(4, 0..DRAWS as u64, 2).unwrap();
    let mut z: Vec<f64> = (0..table.rows).map(|r| table.row(r)).map(|r| (r[2] - r[0]) / r[1].exp()).collect();
    assert!(kolmogorov(&mut z, &Normal::new(0.0, 1.0).unwrap()) < 1.95);
}

/// The covariance of SLCP: `[[s1^2, r s1 s2], [r s1 s2, s2^2]]` computed from parameters.
fn correlated(b: &mut Build, s: [f64; 2], r: f64) -> Vec<Argument> {
    let [s_1, s_2] = s.map(|s| {
        let name = format!("s{s}");
        let node = b.known(Role::Param, &name, Family::Uniform, &[s, s]);
        b.scalar(node)
    });
    let r = b.number(r);
    let mixed = b.binary(Binary::Mul, s_1, s_2);
    let mixed = b.binary(Binary::Mul, mixed, r);
    let [v_1, v_2] = [s_1, s_2].map(|s| b.binary(Binary::Mul, s, s));
    let mean = [1.0, -2.0].map(|m| b.number(m));
    vec![Argument::Vector(mean.to_vec()), Argument::Matrix(vec![vec![v_1, mixed], vec![mixed, v_2]])]
}

fn vector_draws(
    mut b: Build,
    arguments: Vec<Argument>,
    size: usize,
) -> Result<Vec<Vec<f64>>, sbi_sim::Failure> {
    let k = b.axis("k", size);
    let draw =
        Draw { family: Family::MultivariateNormal, arguments, transforms: Vec::new(), span: Span::default() };
    let x = b.node(Role::Data, "x", &[k], Definition::Draw(draw));
    let table = b.simulator(&[x]).run(8, 0..DRAWS as u64, 2)?;
    Ok((0..table.rows).map(|r| table.row(r).to_vec()).collect())
}

/// Sample means and covariances, each within four standard errors.
fn assert_covariance(rows: &[Vec<f64>], mean: &[f64], cov: &[Vec<f64>]) {
    let n = rows.len() as f64;
    for i in 0..mean.len() {
        let found = rows.iter().map(|r| r[i]).sum::<f64>() / n;
        assert!((found - mean[i]).abs() < 4.0 * (cov[i][i] / n).sqrt());
        for j in 0..mean.len() {
            let found = rows.iter().map(|r| (r[i] - mean[i]) * (r[j] - mean[j])).sum::<f64>() / n;
            let error = ((cov[i][i] * cov[j][j] + cov[i][j].powi(2)) / n).sqrt();
            assert!((found - cov[i][j]).abs() < 4.0 * error, "cov[{i}][{j}] {found}, not {}", cov[i][j]);
        }
    }
}

#[test]
fn multivariate_normal_has_its_mean_and_covariance() {
    let mut b = Build::new();
    let arguments = correlated(&mut b, [0.5, 2.0], -0.7);
    let rows = vector_draws(b, arguments, 2).unwrap();
    assert_covariance(&rows, &[1.0, -2.0], &[vec![0.25, -0.7], vec![-0.7, 4.0]]);
    // The margins, and what is left of the second given the first, are normal.
    let mut second: Vec<f64> = rows.iter().map(|r| r[1]).collect();
    assert!(kolmogorov(&mut second, &Normal::new(-2.0, 2.0).unwrap()) < 1.95);
    let mut rest: Vec<f64> = rows.iter().map(|r| r[1] + 2.0 + 2.8 * (r[0] - 1.0)).collect();
    assert!(kolmogorov(&mut rest, &Normal::new(0.0, 2.0 * (1.0 - 0.49f64).sqrt()).unwrap()) < 1.95);
}

#[test]
fn a_known_covariance_of_five_dimensions_is_factored_at_compile_time() {
    let mut b = Build::new();
    // The covariance of an autoregression: entries 0.6^|i - j|.
    let cov: Vec<Vec<f64>> =
        (0..5i32).map(|i| (0..5).map(|j| 0.6f64.powi((i - j).abs())).collect()).collect();
    let matrix = cov.iter().map(|row| row.iter().map(|x| b.number(*x)).collect()).collect();
    let mean: Vec<f64> = (0..5).map(f64::from).collect();
    let vector = mean.iter().map(|x| b.number(*x)).collect();
    let rows = vector_draws(b, vec![Argument::Vector(vector), Argument::Matrix(matrix)], 5).unwrap();
    assert_covariance(&rows, &mean, &cov);
}

#[test]
fn a_matrix_that_is_no_covariance_fails() {
    for (cov, what) in [
        ([[1.0, 2.0], [2.0, 1.0]], "indefinite"),
        ([[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        ([[1.0, 1.0], [1.0, 1.0]], "singular"),
        ([[-1.0, 0.0], [0.0, 1.0]], "negative"),
    ] {
        let mut b = Build::new();
        let matrix = cov.map(|row| row.map(|x| b.number(x)).to_vec()).to_vec();
        let mean = [0.0, 0.0].map(|x| b.number(x)).to_vec();
        let drawn = vector_draws(b, vec![Argument::Vector(mean), Argument::Matrix(matrix)], 2);
        assert!(drawn.is_err(), "a matrix that is {what}");
    }
}
