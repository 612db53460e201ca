//! The parts alone: functions of lanes, products, transposes.

use super::problem::Random;
use super::reference;
use crate::kernel::features::Features;
use crate::kernel::functions::{exp_negative, gelu, gelu_value, silu};
#[cfg(target_arch = "x86_64")]
use crate::kernel::lanes::{Avx2, Avx512};
use crate::kernel::lanes::{LANES, Lanes, Portable, Simd};
use crate::kernel::product::{Count, Left, Matrix, MatrixMut, Places, Sizes, Start, product};
use crate::kernel::transpose::transpose;

/// Calls a generic check with the token of every instruction set of this machine.
macro_rules! with_every_set {
    ($check:ident) => {
        $check(Portable);
        #[cfg(target_arch = "x86_64")]
        {
            Avx2::detect().map($check);
            Avx512::detect().map($check);
        }
    };
}

/// A function's value and slope at every x.
fn map<S: Simd>(s: S, x: &[f32], function: impl Fn(S, S::V) -> (S::V, S::V)) -> Vec<(f32, f32)> {
    let mut results = Vec::new();
    for x in x.as_chunks::<LANES>().0 {
        let (mut value, mut slope) = ([0.0; LANES], [0.0; LANES]);
        let (y, d) = function(s, s.load(x));
        y.store(&mut value);
        d.store(&mut slope);
        results.extend(value.into_iter().zip(slope));
    }
    results
}

/// From −20 to 20, and far out on both sides.
fn arguments() -> Vec<f32> {
    let near = (0..40_000).map(|i| i as f32 * 1e-3 - 20.0);
    near.chain((0..16).map(|i| 10_f32.powi(i))).chain((0..16).map(|i| -10_f32.powi(i))).collect()
}

fn check_functions<S: Simd>(s: S) {
    let x = arguments();
    let step = 1e-6;
    let alone = map(s, &x, |s, x| (gelu_value(s, x), x));
    assert!(map(s, &x, |s, x| gelu(s, x)).iter().zip(alone).all(|((both, _), (alone, _))| *both == alone));
    for (function, of) in [
        (map(s, &x, |s, x| gelu(s, x)), reference::gelu as fn(f64) -> f64),
        (map(s, &x, |s, x| silu(s, x)), reference::silu),
    ] {
        for (&x, (value, slope)) in x.iter().zip(function) {
            let x = f64::from(x);
            let tolerance = 1e-6 * x.abs().max(1.0);
            assert!((f64::from(value) - of(x)).abs() < tolerance, "f({x}) is not {value}");
            let expected = (of(x + step) - of(x - step)) / (2.0 * step);
            assert!(x.abs() > 1e3 || (f64::from(slope) - expected).abs() < 1e-6, "f'({x}) is not {slope}");
        }
    }
    for (&x, (power, _)) in
        x.iter().zip(map(s, &x, |s, x| (exp_negative(s, x), x))).filter(|(x, _)| **x <= 0.0)
    {
        let expected = if x > -60.0 { f64::from(x).exp() } else { 0.0 };
        let tolerance = (3e-7 + 1e-7 * f64::from(x).abs()) * expected;
        assert!((f64::from(power) - expected).abs() <= tolerance, "exp({x}) is not {power}");
    }
}

#[test]
fn functions_are_accurate() {
    with_every_set!(check_functions);
}

fn check_waves<S: Simd>(s: S) {
    let x: Vec<f32> = arguments().into_iter().filter(|x| x.abs() < 1e6).collect();
    let frequencies: Vec<f32> = (0..7).map(|k| 0.5 * 2_f32.powi(k)).chain([0.037]).collect();
    let mut features = Features::new(2 * frequencies.len(), x.len());
    features.set_waves(s, 0, &frequencies, &x);
    for (k, &frequency) in frequencies.iter().enumerate() {
        for (&x, (sine, cosine)) in
            x.iter().zip(features.row(k).iter().zip(features.row(frequencies.len() + k)))
        {
            let (sin, cos) = (f64::from(frequency) * f64::from(x)).sin_cos();
            assert!((f64::from(*sine) - sin).abs() < 5e-7, "sin({frequency}·{x}) is not {sine}");
            assert!((f64::from(*cosine) - cos).abs() < 5e-7, "cos({frequency}·{x}) is not {cosine}");
        }
    }
}

#[test]
fn waves_are_accurate() {
    with_every_set!(check_waves);
}

/// A number that no result has.
const UNTOUCHED: f32 = 1e9;

/// Random sizes and strides, both ways of the left factor, every start; what is not C stays as it was.
fn check_products<S: Simd>(s: S) {
    let mut random = Random(1);
    for trial in 0..200 {
        let [rows, columns, terms] = [40, 140, 50].map(|most| 1 + random.below(most));
        let sizes = Sizes { rows, terms, columns };
        let count = Count { samples: 1 + random.below(3), heads: 1 + random.below(3) };
        let mut places = |rows: usize, columns: usize| {
            let row = columns.next_multiple_of(LANES) + random.below(9);
            Places { first: random.below(9), row, head: rows * row, sample: count.heads * rows * row }
        };
        let (of_a, of_b, of_c) = (places(rows, terms), places(terms, columns), places(rows, columns));
        let of_transposed = places(terms, rows);
        let len = |p: Places| p.first + count.samples * p.sample + LANES;
        let mut numbers = |len: usize| (0..len).map(|_| random.signed()).collect::<Vec<f32>>();
        let (a, b, bias) = (numbers(len(of_a).max(len(of_transposed))), numbers(len(of_b)), numbers(200));
        let transposed = trial % 2 == 0;
        let of_left = if transposed { of_transposed } else { of_a };
        let mut c = vec![UNTOUCHED; len(of_c)];
        let of_start = Places { first: 7, row: 200, head: 0, sample: rows * 200 };
        let (from, before) = (numbers(2 * rows * 200 + 7), 0.25);
        let index = [1, 0, 1];
        let start = match trial % 5 {
            0 => Start::Zero,
            1 => Start::Bias(&bias),
            2 => Start::Add,
            3 => Start::AddBias(&bias),
            _ => Start::Chosen { from: &from, places: of_start, index: &index },
        };
        let entries = || {
            let matrices = (0..count.samples).flat_map(|b| (0..count.heads).map(move |h| (b, h)));
            matrices
                .flat_map(move |(b, h)| (0..rows).flat_map(move |i| (0..columns).map(move |j| (b, h, i, j))))
        };
        for (sample, head, i, j) in entries() {
            c[of_c.of(sample, head) + i * of_c.row + j] = before;
        }
        let left =
            if transposed { Left::Transposed(of_left.view(&a)) } else { Left::Plain(of_left.view(&a)) };
        product(s, count, sizes, left, of_b.view(&b), of_c.view_mut(&mut c), start);
        for (sample, head, i, j) in entries() {
            let mut sum = f64::from(match start {
                Start::Zero => 0.0,
                Start::Bias(bias) => bias[j],
                Start::Add => before,
                Start::AddBias(bias) => before + bias[j],
                Start::Chosen { from, places, index } => {
                    from[places.of(index[sample] as usize, 0) + i * places.row + j]
                }
            });
            for k in 0..terms {
                let (i, k_step) = if transposed { (k * of_left.row + i, 0) } else { (i * of_left.row, k) };
                let left = a[of_left.of(sample, head) + i + k_step];
                sum += f64::from(left) * f64::from(b[of_b.of(sample, head) + k * of_b.row + j]);
            }
            let got = std::mem::replace(&mut c[of_c.of(sample, head) + i * of_c.row + j], UNTOUCHED);
            assert!((f64::from(got) - sum).abs() < 1e-5, "C[{i}, {j}] is {got}, not {sum}");
        }
        assert!(c.iter().all(|&x| x == UNTOUCHED), "{rows} × {terms} × {columns} writes outside of C");
    }
}

#[test]
fn products_are_right_and_stay_inside() {
    with_every_set!(check_products);
}

fn check_transposes<S: Simd>(s: S) {
    for (rows, columns) in [(1_usize, 1), (3, 16), (4, 20), (5, 7), (16, 16), (17, 33), (48, 50)] {
        let from_stride = columns + 3;
        let to_stride = rows.next_multiple_of(LANES) + 2;
        let from: Vec<f32> = (0..rows * from_stride + LANES).map(|i| 1.0 + i as f32).collect();
        let mut to = vec![UNTOUCHED; columns * to_stride];
        let (source, target) = (Matrix::new(&from, from_stride), MatrixMut::new(&mut to, to_stride));
        transpose(s, Count::ONE, [rows, columns], source, target);
        for (j, row) in to.chunks(to_stride).enumerate() {
            for (i, &x) in row.iter().enumerate() {
                let inside = if i < rows.next_multiple_of(LANES) { 0.0 } else { UNTOUCHED };
                let expected = if i < rows { from[i * from_stride + j] } else { inside };
                assert_eq!(x, expected, "{rows} × {columns}, ({j}, {i})");
            }
        }
    }
}

#[test]
fn transposes_are_exact() {
    with_every_set!(check_transposes);
}

/// What is reckoned without making room is about what the room takes.
#[test]
fn the_size_of_a_workspace_is_known_before_it_is_made() {
    use crate::kernel::attention::Scratch;
    use crate::kernel::buffer::Buffer;
    use crate::kernel::plan::Plan;
    use crate::kernel::workspace::Workspace;
    use crate::network::Architecture;
    let shapes = [(13, 48, 4), (300, 32, 2), (2, 128, 1)];
    for (tokens, width, layers) in shapes {
        let sizes = Architecture {
            tokens,
            identities: (0..tokens).collect(),
            kinds: tokens,
            times: 4,
            width,
            layers,
            heads: 2,
            head_width: width / 2,
            hidden: 2 * width,
            frequencies: 5,
            summaries: Vec::new(),
            states: None,
        };
        let plan = Plan::new(&sizes);
        let Workspace {
            token_features,
            level_features,
            context,
            levels,
            stream,
            blocks,
            last,
            wanted,
            back,
            ..
        } = &Workspace::new(&plan);
        let len = |buffers: &[&Buffer]| buffers.iter().map(|buffer| buffer.len()).sum::<usize>();
        let of_blocks = blocks.iter().map(|b| {
            let hidden = [&b.hidden.value, &b.hidden.slope];
            len(&[&b.first.rows, &b.qkv, &b.weights, &b.attended, &b.second.rows, &b.modulated])
                + len(&hidden)
        });
        let of_context = context.iter().map(|c| len(&[&c.value, &c.slope]));
        let made = of_blocks.sum::<usize>()
            + of_context.sum::<usize>()
            + len(&[
                levels,
                stream,
                &last.rows,
                &wanted.stream,
                &wanted.qkv,
                &token_features.rows,
                &level_features.rows,
            ])
            + Scratch::numbers(&plan) as usize
            + len(&[&back.stream, &back.normal, &back.attended, &back.qkv, &back.hidden, &back.levels])
            + len(&[&back.context[0], &back.context[1]]);
        let ratio = Workspace::numbers(&plan, layers) / made as f64;
        assert!((0.95..1.1).contains(&ratio), "{sizes:?}: {ratio}");
    }
}
