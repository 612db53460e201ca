//! Streams of random numbers: uniformity, independence of names, agreement of the ways to ask.

use sbi_sim::rng::Stream;
use statrs::distribution::{ContinuousCDF, Normal, Uniform};

/// The Kolmogorov-Smirnov distance of `sample` to a distribution, times the root of its size.
/// Its 99.9 % quantile is 1.95.
pub fn kolmogorov(sample: &mut [f64], law: &impl ContinuousCDF<f64, f64>) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let steps = sample.iter().enumerate().map(|(k, x)| {
        let p = law.cdf(*x);
        (p - k as f64 / n).max((k as f64 + 1.0) / n - p)
    });
    steps.fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn numbers_follow_their_laws_across_draws_steps_and_elements() {
    let stream = Stream::new(7, "noise");
    type Way = fn(u32) -> (u64, u32, u32);
    let ways: [Way; 4] =
        [|k| (u64::from(k), 0, 0), |k| (0, k, 1), |k| (3, 5, k), |k| (u64::from(k) << 32, 1, 2)];
    for way in ways {
        let places: Vec<_> = (0..40_000).map(way).collect();
        let mut u: Vec<f64> = places.iter().map(|&(d, s, e)| stream.uniform(d, s, e)).collect();
        let mut z: Vec<f64> = places.iter().map(|&(d, s, e)| stream.normal(d, s, e)).collect();
        assert!(kolmogorov(&mut u, &Uniform::new(0.0, 1.0).unwrap()) < 1.95);
        assert!(kolmogorov(&mut z, &Normal::new(0.0, 1.0).unwrap()) < 1.95);
    }
}

#[test]
fn streams_of_other_names_seeds_and_attempts_are_uncorrelated() {
    let n = 40_000u64;
    let base = Stream::new(1, "theta");
    let others = [
        Stream::new(2, "theta"),
        Stream::new(1, "theta_1"),
        Stream::new(1, "thetb"),
        base.attempt(1),
        base.attempt(2),
        Stream::new(2, "theta").attempt(1),
    ];
    assert_eq!(base.attempt(0), base);
    for other in others {
        let dot: f64 = (0..n).map(|d| base.normal(d, 0, 0) * other.normal(d, 0, 0)).sum();
        assert!(dot.abs() / (n as f64).sqrt() < 4.0, "{other:?}");
    }
    let pair: f64 = (0..n).map(|d| base.normal(d, 0, 0) * base.normal(d, 0, 1)).sum();
    assert!(pair.abs() / (n as f64).sqrt() < 4.0);
}

#[test]
fn bulk_fills_agree_with_single_numbers() {
    let stream = Stream::new(3, "sigma");
    for length in [0, 1, 2, 63, 130] {
        let (mut u, mut z) = (vec![0.0; length], vec![0.0; length]);
        let (mut v, mut y) = (vec![0f32; length], vec![0f32; length]);
        stream.fill_uniform(9, 4, &mut u);
        stream.fill_normal(9, 4, &mut z);
        stream.fill_uniform_f32(9, 4, &mut v);
        stream.fill_normal_f32(9, 4, &mut y);
        for e in 0..length {
            assert_eq!(u[e], stream.uniform(9, 4, e as u32));
            assert_eq!(z[e], stream.normal(9, 4, e as u32));
            assert_eq!(y[e], z[e] as f32);
            assert!((f64::from(v[e]) - u[e]).abs() < 1.3e-7 && v[e] > 0.0 && v[e] < 1.0);
        }
    }
}

/// The first numbers of a stream are part of what a seed means: a change here changes every simulation.
#[test]
fn first_numbers_stay_what_they_were() {
    let stream = Stream::new(1, "theta");
    let uniform: Vec<f64> = (0..4).map(|d| stream.uniform(d, 0, 0)).collect();
    let normal: Vec<f64> = (0..4).map(|e| stream.normal(0, 0, e)).collect();
    assert_eq!(uniform, [0.9105523464266151, 0.22891093758235603, 0.04215429672314819, 0.25582313852355776]);
    assert_eq!(normal, [-0.021407082992736456, -0.4323765902756555, 0.23504824622814274, 1.7800288359316079]);
}

/// Numbers that share a block of random bits are as independent as others: those of neighbouring draws, of neighbouring
/// steps.
#[test]
fn what_shares_a_block_is_independent() {
    let stream = Stream::new(5, "walk.w");
    let n = 200_000;
    let dot = |pair: &dyn Fn(u64) -> [f64; 2]| (0..n).map(pair).map(|[x, y]| x * y).sum::<f64>();
    let draws = dot(&|k| [2 * k, 2 * k + 1].map(|draw| stream.normal_alone(draw)));
    let steps = dot(&|k| [2 * k as u32, 2 * k as u32 + 1].map(|step| stream.driving(3, step, 1)));
    let mixed = dot(&|k| [stream.driving(2 * k, 6, 0), stream.driving(2 * k + 1, 6, 0)]);
    for sum in [draws, steps, mixed] {
        assert!(sum.abs() / (n as f64).sqrt() < 4.0, "{sum}");
    }
    let mut numbers: Vec<f64> = (0..n).map(|draw| stream.uniform_alone(draw)).collect();
    numbers.sort_by(f64::total_cmp);
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "each draw has a number of its own");
}
