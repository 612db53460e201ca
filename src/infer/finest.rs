//! How sharp the simulations can be: the scale below which nothing is left to learn.

use crate::table::is_validation;

/// Simulations around which the scale is measured.
const PROBES: usize = 200;

/// Neighbours around a probe, at least; four times the tokens where that is more.
const NEIGHBOURS: usize = 24;

/// A neighbourhood is thin where its narrowest width is below this share of its typical one. Elsewhere it is a ball
/// whose size says how many simulations there are, not how sharp they are.
const THIN: f64 = 0.25;

/// More tokens than these have neighbourhoods too empty to be thin, and covariances that take minutes.
const MOST_TOKENS: usize = 64;

/// The share of probes that are sharper than the scale returned.
const QUANTILE: f64 = 0.25;

/// How sharp simulations are, in standard deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sharpness {
    /// The finest scale that they show; 1 where they show none.
    pub shown: f64,
    /// The finest scale that they show or may hide.
    pub finest: f64,
}

/// How sharp standardised simulations `[rows · tokens]` are; NaN of what a data set lacks. Tokens that are not `continuous` are
/// left out: codes and constants lie at distances that mean nothing.
///
/// Around each probe, the nearest neighbours in the joint space of what it has give a local covariance Σ; the narrowest
/// that one token can be given all others is `1 / √(Σ⁻¹)ᵢᵢ`. Where the neighbourhood is a thin sheet (two moons) this is its
/// thickness, as far as the simulations resolve it; where it is a ball, they show no fine scale and the probe counts as 1.
pub fn sharpness(values: &[f32], continuous: &[bool]) -> Sharpness {
    let tokens = continuous.iter().filter(|kept| **kept).count();
    if tokens == 0 {
        return Sharpness { shown: 1.0, finest: 1.0 };
    }
    let kept: Vec<f32> =
        values.iter().zip(continuous.iter().cycle()).filter(|(_, kept)| **kept).map(|(x, _)| *x).collect();
    let rows: Vec<&[f32]> = kept
        .chunks_exact(tokens)
        .enumerate()
        .filter(|(row, _)| !is_validation(*row))
        .map(|(_, row)| row)
        .collect();
    // N simulations resolve a scale of about N^(-1/4) where structure has four dimensions: what shows no finer scale
    // may still be that fine, and what seems finer than three dimensions allow is chance.
    let count = rows.len() as f64;
    let of = |shown: f64| Sharpness { shown, finest: shown.min(count.powf(-0.25)) };
    if rows.len() <= neighbours(tokens) {
        return Sharpness { shown: 1.0, finest: 1.0 };
    }
    if tokens > MOST_TOKENS {
        return of(1.0);
    }
    let stride = (rows.len() / PROBES).max(1);
    let mut widths: Vec<f64> = rows.iter().step_by(stride).map(|probe| thickness(&rows, probe)).collect();
    widths.sort_by(f64::total_cmp);
    let at = (QUANTILE * widths.len() as f64) as usize;
    of(widths.get(at).copied().unwrap_or(1.0).max(count.powf(-1.0 / 3.0)))
}

fn neighbours(tokens: usize) -> usize {
    NEIGHBOURS.max(4 * tokens)
}

/// How thin the neighbourhood of `probe` is in the space of the tokens that it has, among the rows that have them too.
fn thickness(rows: &[&[f32]], probe: &[f32]) -> f64 {
    let own: Vec<usize> =
        probe.iter().enumerate().filter(|(_, value)| value.is_finite()).map(|(token, _)| token).collect();
    let near = nearest(rows, probe, neighbours(own.len()));
    if own.is_empty() || near.is_empty() { 1.0 } else { narrowest(&near, &own) }
}

/// The rows closest to `probe` that have all that it has, itself among them; none where there are no more than `count`.
fn nearest<'a>(rows: &[&'a [f32]], probe: &[f32], count: usize) -> Vec<&'a [f32]> {
    let has = |(_, b): &(&f32, &f32)| b.is_finite();
    let distance =
        |row: &[f32]| row.iter().zip(probe).filter(has).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    let keyed = rows.iter().map(|row| (distance(row), *row)).filter(|(distance, _)| distance.is_finite());
    let mut keyed: Vec<(f32, &[f32])> = keyed.collect();
    if keyed.len() <= count {
        return Vec::new();
    }
    keyed.select_nth_unstable_by(count, |a, b| a.0.total_cmp(&b.0));
    keyed.truncate(count);
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// The smallest standard deviation of one of these tokens given the others, were the rows normal; 1 where they are not
/// [`THIN`].
fn narrowest(rows: &[&[f32]], own: &[usize]) -> f64 {
    let (count, tokens) = (rows.len() as f64, own.len());
    let value = |row: &[f32], token: usize| own.get(token).and_then(|token| row.get(*token)).copied();
    let column = |token: usize| rows.iter().map(move |row| f64::from(value(row, token).unwrap_or(0.0)));
    let means: Vec<f64> = (0..tokens).map(|token| column(token).sum::<f64>() / count).collect();
    let mut covariance = vec![0.0; tokens * tokens];
    for (at, entry) in covariance.iter_mut().enumerate() {
        let (a, b) = (at / tokens, at % tokens);
        let mean = means.get(a).zip(means.get(b)).map_or(0.0, |(a, b)| a * b);
        let product: f64 = column(a).zip(column(b)).map(|(x, y)| x * y).sum();
        // A ridge far below any scale of interest keeps tokens that are functions of others invertible.
        *entry = product / count - mean + if a == b { 1e-8 } else { 0.0 };
    }
    let trace: f64 = covariance.iter().step_by(tokens + 1).sum();
    let typical = (trace / tokens as f64).sqrt();
    let narrowest = conditional_sds(covariance, tokens).into_iter().fold(f64::INFINITY, f64::min);
    if narrowest < THIN * typical { narrowest } else { 1.0 }
}

/// `1 / √(Σ⁻¹)ᵢᵢ` for each i, through the inverse of the Cholesky factor.
#[allow(clippy::indexing_slicing, reason = "triangular index arithmetic over a square matrix")]
fn conditional_sds(mut matrix: Vec<f64>, n: usize) -> Vec<f64> {
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let rest = matrix[i * n + j] - dot;
            matrix[i * n + j] = if i == j { rest.max(1e-12).sqrt() } else { rest / matrix[j * n + j] };
        }
    }
    let precision = |column: usize| {
        let mut solved = vec![0.0; n];
        for i in column..n {
            let dot: f64 = (column..i).map(|k| matrix[i * n + k] * solved[k]).sum();
            solved[i] = (f64::from(u8::from(i == column)) - dot) / matrix[i * n + i];
        }
        solved.iter().map(|x| x * x).sum::<f64>()
    };
    (0..n).map(|column| precision(column).sqrt().recip()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditional_widths_of_a_correlated_pair_are_exact() {
        let rho: f64 = 0.8;
        for sd in conditional_sds(vec![1.0, rho, rho, 1.0], 2) {
            assert!((sd - (1.0 - rho * rho).sqrt()).abs() < 1e-9);
        }
    }

    #[test]
    fn a_thin_line_is_finer_than_a_cloud() {
        let noise = |k: usize| ((k as f32 * 12.9898).sin() * 43_758.547).fract();
        let cloud: Vec<f32> = (0..4000).map(|k| 3.0 * noise(k)).collect();
        let line: Vec<f32> =
            (0..2000).flat_map(|k| [3.0 * noise(k), 3.0 * noise(k) + 0.01 * noise(k + 9000)]).collect();
        assert!(sharpness(&cloud, &[true; 2]).finest > 1.5 * sharpness(&line, &[true; 2]).finest);
    }

    #[test]
    fn what_is_lacking_is_no_fine_structure() {
        let stream = sbi_sim::rng::Stream::new(1, "gaps");
        let all: Vec<f32> = (0..4_000).map(|k| stream.normal(k / 2, 0, (k % 2) as u32) as f32).collect();
        let gappy: Vec<f32> = (0..4_000)
            .zip(&all)
            .map(|(k, x)| if k % 2 == 1 && stream.uniform(k, 1, 0) < 0.7 { f32::NAN } else { *x })
            .collect();
        assert_eq!(sharpness(&gappy, &[true; 2]), sharpness(&all, &[true; 2]));
    }

    #[test]
    fn many_tokens_cost_no_more_than_few() {
        let rows: Vec<f32> =
            (0..2_000 * 400).map(|k| ((k as f32 * 12.9898).sin() * 43_758.547).fract()).collect();
        let Sharpness { shown, finest } = sharpness(&rows, &[true; 400]);
        assert_eq!(shown, 1.0);
        assert!((finest - 1_900.0_f64.powf(-0.25)).abs() < 1e-12);
    }

    #[test]
    fn codes_and_constants_are_not_fine_structure() {
        let stream = sbi_sim::rng::Stream::new(1, "codes");
        let rows = (0..2_000u64).flat_map(|row| {
            let x = stream.normal(row, 0, 0);
            let coin = f64::from(u8::from(stream.uniform(row, 1, 0) < 0.5));
            [x as f32, stream.normal(row, 0, 1) as f32, coin as f32, 0.0]
        });
        let rows: Vec<f32> = rows.collect();
        let alone: Vec<f32> = rows.chunks(4).flat_map(|row| [row[0], row[1]]).collect();
        assert_eq!(sharpness(&rows, &[true, true, false, false]), sharpness(&alone, &[true; 2]));
    }
}
