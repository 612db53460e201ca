//! How far to smooth a sample, found from the sample itself by the fixed point of Botev, Grotowski and Kroese (2010,
//! "Kernel density estimation via diffusion"). Unlike rules that start from a normal law, it keeps modes apart however
//! far they lie from one another.
//!
//! Samples are binned on the unit interval or square, and given as squared coefficients of cosines; a bandwidth is told
//! as a variance there.
//!
//! The roughness of a density is the integral of a squared derivative. To smooth well, the roughness of order two has to
//! be known; to know one well, that of the order above; and so on up to an order at which the answer is put in itself.

use super::portable::{exp, pow, power};
use std::f64::consts::PI;

/// The order at which a line's chain of estimates starts.
const LINE_ORDERS: usize = 7;
/// As many times a bracket of the fixed point is halved.
const HALVINGS: usize = 12;
/// No variance is looked for beyond.
const LARGEST: f64 = 0.1;

/// The variance to smooth a line by.
///
/// `squares` are the squared coefficients of the terms 1, 2, … of a line whose values sum to one; `count` is how many
/// values the sample has. The variance is at least `least`.
pub fn line(squares: &[f64], count: f64, least: f64) -> Option<f64> {
    fixed_point(|time| line_time(squares, count, time), least)
}

fn line_time(squares: &[f64], count: f64, time: f64) -> f64 {
    let mut rough = line_roughness(squares, LINE_ORDERS, time);
    for order in (2..LINE_ORDERS).rev() {
        let constant = (1.0 + power(0.5, order) * 0.5_f64.sqrt()) / 3.0;
        let next = pow(2.0 * constant * kernel(order) / (count * rough), 2.0 / (3.0 + 2.0 * order as f64));
        rough = line_roughness(squares, order, next);
    }
    pow(2.0 * count * PI.sqrt() * rough, -0.4)
}

fn line_roughness(squares: &[f64], order: usize, time: f64) -> f64 {
    let terms = squares.iter().zip(weights(order, time).skip(1));
    2.0 * terms.map(|(square, weight)| square * weight).sum::<f64>()
}

/// The variances to smooth a table by, along y and along x.
///
/// `squares` are the squared coefficients `[size × size]` of a table whose values sum to one, rows along y.
pub fn table(squares: &[f64], size: usize, count: f64, least: f64) -> Option<(f64, f64)> {
    let time = fixed_point(
        |time| {
            let [y, both, x] = table_roughness(squares, size, count, time);
            pow(2.0 * PI * count * (y + 2.0 * both + x), -1.0 / 3.0)
        },
        least,
    )?;
    let [y, both, x] = table_roughness(squares, size, count, time);
    let along = |own: f64, other: f64| {
        let shape = pow(other / own, 0.75) / (4.0 * PI * count * (both + (own * other).sqrt()));
        pow(shape, 1.0 / 3.0).max(least)
    };
    let (y, x) = (along(y, x), along(x, y));
    (y.is_finite() && x.is_finite()).then_some((y.min(LARGEST), x.min(LARGEST)))
}

/// The roughness by two derivatives along y, by one along each, and by two along x.
fn table_roughness(squares: &[f64], size: usize, count: f64, time: f64) -> [f64; 3] {
    let of = |along_x: usize, along_y: usize, time: f64| {
        table_sum(squares, size, &table_weights(along_y, time), &table_weights(along_x, time))
    };
    let mut rough: Vec<f64> = (0..=5).map(|x| of(x, 5 - x, time)).collect();
    for order in (2..=4).rev() {
        let constant = (1.0 + power(0.5, order + 1)) / 3.0;
        let pairs = rough.iter().zip(rough.iter().skip(1)).enumerate();
        let next = pairs.map(|(x, (one, other))| {
            let kernels = kernel(x) * kernel(order - x);
            let time = pow(2.0 * constant * kernels / (count * (one + other)), 1.0 / (2.0 + order as f64));
            of(x, order - x, time)
        });
        rough = next.collect();
    }
    let at = |x: usize| rough.get(x).copied().unwrap_or(f64::NAN);
    [at(0), at(1), at(2)]
}

fn table_sum(squares: &[f64], size: usize, weights_y: &[f64], weights_x: &[f64]) -> f64 {
    let rows = squares.chunks_exact(size.max(1)).zip(weights_y);
    rows.map(|(row, y)| y * row.iter().zip(weights_x).map(|(square, x)| square * x).sum::<f64>()).sum()
}

/// The weights of terms that count, the constant one first and once where the others count twice.
fn table_weights(order: usize, time: f64) -> Vec<f64> {
    weights(order, time)
        .enumerate()
        .map(|(term, weight)| if term == 0 { weight } else { 2.0 * weight })
        .collect()
}

/// How much the squares of terms 0, 1, … add to a roughness of an order, smoothed by a variance. What is too small to
/// count ends the list.
fn weights(order: usize, time: f64) -> impl Iterator<Item = f64> {
    let frequencies = (0..).map(|term| PI * PI * f64::from(term) * f64::from(term));
    let counting = frequencies.take_while(move |square| square * time < 100.0).take(1 << 12);
    counting.map(move |square| power(square, order) * exp(-square * time))
}

/// The derivative of a normal density of order twice this at zero, without its sign.
fn kernel(order: usize) -> f64 {
    let odd: f64 = (1..=order).map(|n| (2 * n - 1) as f64).product();
    odd / (2.0 * PI).sqrt()
}

/// The first variance from `least` on that `next` leaves as it is or makes less.
fn fixed_point(next: impl Fn(f64) -> f64, least: f64) -> Option<f64> {
    let reached = |time: f64| next(time) <= time;
    if reached(least) {
        return Some(least);
    }
    let ladder = std::iter::successors(Some(least * 2.0), |time| Some(time * 2.0));
    let upper = ladder.take_while(|time| *time < 2.0 * LARGEST).find(|time| reached(*time))?;
    let (low, high) = (0..HALVINGS).fold((upper / 2.0, upper), |(low, high), _| {
        let middle = 0.5 * (low + high);
        if reached(middle) { (low, middle) } else { (middle, high) }
    });
    Some(0.5 * (low + high))
}
