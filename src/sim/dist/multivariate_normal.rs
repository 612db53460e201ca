//! `multivariate_normal(mean, cov)`: a vector over the node's last axis.

use super::{Argument, Distribution, LogDensity, Site};
use crate::ssa::{Law, Program, Value};
use sbi_model::{Binary, Unary};

pub(super) const DISTRIBUTION: Distribution = Distribution { draw, log_density };

/// `mean + L z` with the Cholesky factor `cov = L L'`; fails where `cov` is not symmetric and positive definite.
fn draw(p: &mut Program, site: Site, arguments: &[Argument]) -> Vec<Value> {
    let [Argument::Vector(mean), Argument::Matrix(cov)] = arguments else {
        panic!("the checker gives `multivariate_normal` a vector and a matrix");
    };
    let factor = cholesky(p, cov);
    let rows = mean.iter().zip(&factor);
    rows.map(|(mean, row)| {
        row.iter().enumerate().fold(*mean, |sum, (j, scale)| {
            let z = site.noise(p, Law::Normal, j);
            let off = p.binary(Binary::Mul, *scale, z);
            p.binary(Binary::Add, sum, off)
        })
    })
    .collect()
}

/// With `L z = x - mean`: the standard normal densities of all `z`, over the determinant of `L`.
fn log_density(p: &mut Program, arguments: &[Argument], x: &[Value]) -> LogDensity {
    let [Argument::Vector(mean), Argument::Matrix(cov)] = arguments else {
        panic!("the checker gives `multivariate_normal` a vector and a matrix");
    };
    let mut log = p.number(0.0);
    let mut z: Vec<Value> = Vec::with_capacity(mean.len());
    // A matrix that is no covariance makes pivots NaN.
    for ((mean, x), row) in mean.iter().zip(x).zip(cholesky(p, cov)) {
        let off = p.sub(*x, *mean);
        let left = less_products(p, off, &z, &row);
        let pivot = row.last().copied().expect("a row of the factor ends with its pivot");
        let standard = p.div(left, pivot);
        z.push(standard);
        let (bell, scale) = (p.ln_normal(standard), p.ln(pivot));
        let part = p.sub(bell, scale);
        log = p.add(part, log);
    }
    LogDensity { sound: p.all_finite(mean), log }
}

/// The rows of the lower triangular `L` with `L L' = cov`: row i has i + 1 entries (Cholesky and Banachiewicz).
/// A pivot that is not positive gives NaN, and so does an entry that differs from the one across the diagonal.
fn cholesky(p: &mut Program, cov: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let mut factor: Vec<Vec<Value>> = Vec::with_capacity(cov.len());
    for (i, entries) in cov.iter().enumerate() {
        let mut row: Vec<Value> = Vec::with_capacity(i + 1);
        for (j, (entry, above)) in entries.iter().zip(&factor).enumerate() {
            let mirrored = cov.get(j).and_then(|r| r.get(i)).expect("the checker gives a square matrix");
            let entry = symmetric(p, *entry, *mirrored);
            let left = less_products(p, entry, &row, above);
            let pivot = above.last().copied().expect("row j of the factor ends with its pivot");
            row.push(p.binary(Binary::Div, left, pivot));
        }
        let diagonal = entries.get(i).copied().expect("the checker gives a square matrix");
        let left = less_products(p, diagonal, &row, &row);
        let zero = p.number(0.0);
        let positive = p.binary(Binary::Gt, left, zero);
        let root = p.unary(Unary::Sqrt, left);
        row.push(p.require(positive, root));
        factor.push(row);
    }
    factor
}

/// `entry` where it equals `mirrored`.
fn symmetric(p: &mut Program, entry: Value, mirrored: Value) -> Value {
    if entry == mirrored {
        return entry;
    }
    let same = p.binary(Binary::Eq, entry, mirrored);
    p.require(same, entry)
}

/// `start - a[0] b[0] - a[1] b[1] - …`, as far as the shorter goes.
fn less_products(p: &mut Program, start: Value, a: &[Value], b: &[Value]) -> Value {
    a.iter().zip(b).fold(start, |sum, (x, y)| {
        let product = p.binary(Binary::Mul, *x, *y);
        p.binary(Binary::Sub, sum, product)
    })
}
