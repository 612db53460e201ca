//! Monotone rational quadratic splines (Durkan et al. 2019, section 3.1; Gregory & Delbourgo 1982): the identity beyond ±5, where
//! their slope is one.
//!
//! Of K pieces a network says 3K − 1 numbers: widths and heights, of which a softmax makes shares, and the slopes between pieces. In the
//! piece with corners (x₀, y₀) and (x₁, y₁), slope s between them, slopes d₀ and d₁ at them, and ξ = (x − x₀) / (x₁ − x₀):
//!
//! ```text
//! y  = y₀ + (y₁ − y₀) (s ξ² + d₀ ξ(1 − ξ)) / (s + (d₀ + d₁ − 2s) ξ(1 − ξ))
//! y′ = s² (d₁ ξ² + 2s ξ(1 − ξ) + d₀ (1 − ξ)²) / (s + (d₀ + d₁ − 2s) ξ(1 − ξ))²
//! ```

use burn::tensor::activation::{softmax, softplus};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

/// Where the identity begins.
const BOUND: f64 = 5.0;

/// The least share of a piece's width and height, and the least slope between pieces.
const LEAST: f64 = 1e-3;

/// How many numbers a network says of each that is moved.
pub fn numbers(pieces: usize) -> usize {
    3 * pieces - 1
}

/// The splines of N·M numbers: of each its pieces.
struct Splines<B: Backend> {
    /// Left and right ends, `[N, M, K]`.
    x: [Tensor<B, 3>; 2],
    /// Lower and upper ends.
    y: [Tensor<B, 3>; 2],
    /// Slopes at both ends.
    slopes: [Tensor<B, 3>; 2],
}

/// The piece of a spline that a number falls into, `[N, M]` each.
struct Piece<B: Backend> {
    x: [Tensor<B, 2>; 2],
    y: [Tensor<B, 2>; 2],
    slopes: [Tensor<B, 2>; 2],
}

/// y of each x, and the logarithm of y′, `[N, M]`; `asked` is `[N, M · (3K − 1)]`.
pub fn forward<B: Backend>(
    x: Tensor<B, 2>,
    asked: Tensor<B, 2>,
    pieces: usize,
) -> (Tensor<B, 2>, Tensor<B, 2>) {
    let beyond = x.clone().abs().greater_elem(BOUND);
    let held = x.clone().clamp(-BOUND, BOUND);
    let splines = Splines::of(asked, x.dims()[1], pieces);
    let Piece { x: [x0, x1], y: [y0, y1], slopes: [d0, d1] } = splines.piece(&held, &splines.x);
    let (wide, high) = (x1 - x0.clone(), y1 - y0.clone());
    let s = high.clone() / wide.clone();
    let xi = (held - x0) / wide;
    let both = xi.clone() * (-xi.clone() + 1.0);
    let below = s.clone() + (d0.clone() + d1.clone() - s.clone() * 2.0) * both.clone();
    let above = s.clone() * xi.clone() * xi.clone() + d0.clone() * both.clone();
    let y = y0 + high * above / below.clone();
    let rest = -xi.clone() + 1.0;
    let slope = (d1 * xi.clone() * xi + s.clone() * both * 2.0 + d0 * rest.clone() * rest).log()
        + s.log() * 2.0
        - below.log() * 2.0;
    (y.mask_where(beyond.clone(), x), slope.mask_fill(beyond, 0.0))
}

/// x of each y.
pub fn back<B: Backend>(y: Tensor<B, 2>, asked: Tensor<B, 2>, pieces: usize) -> Tensor<B, 2> {
    let beyond = y.clone().abs().greater_elem(BOUND);
    let held = y.clone().clamp(-BOUND, BOUND);
    let splines = Splines::of(asked, y.dims()[1], pieces);
    let Piece { x: [x0, x1], y: [y0, y1], slopes: [d0, d1] } = splines.piece(&held, &splines.y);
    let (wide, high) = (x1 - x0.clone(), y1 - y0.clone());
    let s = high.clone() / wide.clone();
    let up = held - y0;
    let bend = d0.clone() + d1 - s.clone() * 2.0;
    // Of a ξ² + b ξ + c = 0 the root between zero and one, without a difference of numbers that are alike.
    let a = high.clone() * (s.clone() - d0.clone()) + up.clone() * bend.clone();
    let b = high * d0 - up.clone() * bend;
    let c = -s * up;
    let root = (b.clone() * b.clone() - a * c.clone() * 4.0).clamp_min(0.0).sqrt();
    let xi = c * 2.0 / (-b - root);
    (x0 + xi * wide).mask_where(beyond, y)
}

impl<B: Backend> Splines<B> {
    fn of(asked: Tensor<B, 2>, moved: usize, pieces: usize) -> Splines<B> {
        let [count, _] = asked.dims();
        let asked = asked.reshape([count, moved, numbers(pieces)]);
        let ends = |first: usize| {
            let shares = softmax(asked.clone().narrow(2, first, pieces), 2);
            let shares = shares * (1.0 - LEAST * pieces as f64) + LEAST;
            let right = summed(shares) * (2.0 * BOUND) - BOUND;
            let edge = |at: f64| Tensor::<B, 3>::full([count, moved, 1], at, &asked.device());
            let inner = right.narrow(2, 0, pieces - 1);
            [Tensor::cat(vec![edge(-BOUND), inner.clone()], 2), Tensor::cat(vec![inner, edge(BOUND)], 2)]
        };
        // A network that says zero has slopes of one.
        let zero = ((1.0 - LEAST).exp() - 1.0).ln();
        let between = softplus(asked.clone().narrow(2, 2 * pieces, pieces - 1) + zero, 1.0) + LEAST;
        let one = Tensor::ones([count, moved, 1], &asked.device());
        let slopes = [Tensor::cat(vec![one.clone(), between.clone()], 2), Tensor::cat(vec![between, one], 2)];
        Splines { x: ends(0), y: ends(pieces), slopes }
    }

    /// The piece between whose `ends` each number lies.
    fn piece(&self, at: &Tensor<B, 2>, [low, high]: &[Tensor<B, 3>; 2]) -> Piece<B> {
        let [count, moved, pieces] = low.dims();
        let at = at.clone().reshape([count, moved, 1]).expand([count, moved, pieces]);
        // At the very end the last piece is taken.
        let last = Tensor::<B, 1>::from_data(TensorData::from(last_of(pieces).as_slice()), &at.device());
        let last = last.reshape([1, 1, pieces]).expand([count, moved, pieces]);
        let above = at.clone().greater_equal(low.clone());
        let below = at.lower(high.clone() + last);
        let own = above.float() * below.float();
        let pick = |of: &Tensor<B, 3>| (of.clone() * own.clone()).sum_dim(2).reshape([count, moved]);
        let both = |of: &[Tensor<B, 3>; 2]| [pick(&of[0]), pick(&of[1])];
        Piece { x: both(&self.x), y: both(&self.y), slopes: both(&self.slopes) }
    }
}

/// One for the last of so many pieces, and zero for the others.
fn last_of(pieces: usize) -> Vec<f32> {
    (1..=pieces).map(|piece| f32::from(u8::from(piece == pieces))).collect()
}

/// Sums along the last dimension up to each number: a product with a triangle, of which every backend has a gradient.
fn summed<B: Backend>(shares: Tensor<B, 3>) -> Tensor<B, 3> {
    let [count, moved, pieces] = shares.dims();
    let triangle =
        (0..pieces).flat_map(|row| (0..pieces).map(move |column| f32::from(u8::from(row <= column))));
    let triangle = TensorData::new(triangle.collect::<Vec<f32>>(), [pieces, pieces]);
    let triangle = Tensor::<B, 2>::from_data(triangle, &shares.device());
    shares.reshape([count * moved, pieces]).matmul(triangle).reshape([count, moved, pieces])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Cpu;
    use sbi_sim::rng::Stream;

    const PIECES: usize = 7;

    fn tensor(values: &[f32], columns: usize) -> Tensor<Cpu, 2> {
        let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
        Tensor::from_data(data, &Default::default())
    }

    fn read(tensor: Tensor<Cpu, 2>) -> Vec<f32> {
        tensor.into_data().to_vec().unwrap()
    }

    /// Random splines for so many numbers.
    fn asked(count: usize, size: f64) -> Tensor<Cpu, 2> {
        let stream = Stream::new(2, "spline");
        let numbers = (count * numbers(PIECES)) as u64;
        let values: Vec<f32> = (0..numbers).map(|at| (size * stream.normal(at, 0, 0)) as f32).collect();
        tensor(&values, self::numbers(PIECES))
    }

    /// Splines go through their corners, rise, and come back; beyond their bounds they are the identity.
    #[test]
    fn splines_rise_and_come_back() {
        let x: Vec<f32> = (0..241).map(|at| -6.0 + 0.05 * at as f32).collect();
        let (y, slope) = forward(tensor(&x, 1), asked(x.len(), 1.0), PIECES);
        let back: Vec<f32> = read(back(y.clone(), asked(x.len(), 1.0), PIECES));
        let (y, slope) = (read(y), read(slope));
        for ((x, y), (back, slope)) in x.iter().zip(&y).zip(back.iter().zip(&slope)) {
            assert!((x - back).abs() < 2e-3, "{x} comes back as {back}");
            assert!(x.abs() < 5.0 || (x - y).abs() < 1e-5 && slope.abs() < 1e-2, "{x} is {y} beyond");
        }
        // A network that says nothing leaves numbers where they are.
        let (y, slope) = forward(tensor(&x, 1), asked(x.len(), 0.0), PIECES);
        let moved = read(y).iter().zip(&x).map(|(y, x)| (y - x).abs()).fold(0.0, f32::max);
        assert!(moved < 1e-5 && read(slope).iter().all(|slope| slope.abs() < 1e-5), "{moved}");
    }

    /// The slope is that of differences.
    #[test]
    fn slopes_are_those_of_differences() {
        let (points, step) = (200, 1e-3_f32);
        let x: Vec<f32> = (0..points).map(|at| -4.9 + 9.8 * at as f32 / points as f32).collect();
        // One spline for all.
        let one = asked(1, 0.8).repeat_dim(0, points);
        let at = |by: f32| -> Vec<f32> {
            let x: Vec<f32> = x.iter().map(|x| x + by).collect();
            read(forward(tensor(&x, 1), one.clone(), PIECES).0)
        };
        let slopes = read(forward(tensor(&x, 1), one.clone(), PIECES).1);
        let (up, down) = (at(step), at(-step));
        assert!(up.windows(2).all(|pair| pair[0] < pair[1]), "it rises");
        for ((up, down), slope) in up.iter().zip(&down).zip(&slopes) {
            let difference = ((up - down) / (2.0 * step)).ln();
            // Numbers of size five are known to 5e-7.
            assert!((difference - slope).abs() < 0.02, "{slope} is not {difference}");
        }
    }
}
