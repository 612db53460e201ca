//! Each family against its law as a statistics library has it: Kolmogorov-Smirnov for real numbers, chi-squared for
//! counts, and the same bits however the work is divided.
//!
//! Seeds are fixed; bounds are those that one correct run in some thousands would break.

use crate::models::Build;
use crate::rng::kolmogorov;
use sbi_model::{Argument, Binary, Definition, Draw, Family, Map, Role, Transform};
use sbi_sim::{InstructionSet, Simulator};
use sbi_syntax::Span;
use statrs::distribution::{
    Beta, Binomial, Cauchy, ChiSquared, ContinuousCDF, Discrete, Exp, Gamma, InverseGamma, Laplace,
    LogNormal, NegativeBinomial, Normal, Poisson, StudentsT, Weibull,
};

const DRAWS: usize = 40_000;

/// Beyond this a Kolmogorov-Smirnov statistic of a right law comes once in a thousand runs.
const KOLMOGOROV: f64 = 1.95;

fn sample(family: Family, arguments: &[f64]) -> Vec<f64> {
    let mut b = Build::new();
    let x = b.known(Role::Data, "x", family, arguments);
    b.simulator(&[x]).run(5, 0..DRAWS as u64, 2).unwrap().values
}

fn follows(family: Family, arguments: &[f64], law: &impl ContinuousCDF<f64, f64>) {
    let found = kolmogorov(&mut sample(family, arguments), law);
    assert!(found < KOLMOGOROV, "{family:?}({arguments:?}): {found}");
}

/// A law given by its distribution function alone.
struct Function<F>(F);

impl<F: Fn(f64) -> f64> statrs::statistics::Min<f64> for Function<F> {
    fn min(&self) -> f64 {
        f64::NEG_INFINITY
    }
}

impl<F: Fn(f64) -> f64> statrs::statistics::Max<f64> for Function<F> {
    fn max(&self) -> f64 {
        f64::INFINITY
    }
}

impl<F: Fn(f64) -> f64> ContinuousCDF<f64, f64> for Function<F> {
    fn cdf(&self, x: f64) -> f64 {
        self.0(x)
    }
}

#[test]
fn real_numbers_follow_their_laws() {
    follows(Family::Lognormal, &[3.0, 0.7], &LogNormal::new(3f64.ln(), 0.7).unwrap());
    follows(Family::Exponential, &[2.5], &Exp::new(2.5).unwrap());
    follows(Family::Weibull, &[1.7, 3.0], &Weibull::new(1.7, 3.0).unwrap());
    follows(Family::Cauchy, &[-2.0, 0.5], &Cauchy::new(-2.0, 0.5).unwrap());
    follows(Family::Laplace, &[1.0, 0.4], &Laplace::new(1.0, 0.4).unwrap());
    for df in [0.7, 2.0, 5.5, 200.0] {
        follows(Family::StudentT, &[df, 1.0, 2.0], &StudentsT::new(1.0, 2.0, df).unwrap());
    }
    for (shape, rate) in [(0.05, 1.0), (0.6, 3.0), (1.0, 1.0), (2.5, 0.2), (400.0, 10.0)] {
        follows(Family::Gamma, &[shape, rate], &Gamma::new(shape, rate).unwrap());
    }
    follows(Family::InverseGamma, &[3.0, 2.0], &InverseGamma::new(3.0, 2.0).unwrap());
    for (a, b) in [(0.2, 0.3), (1.0, 1.0), (2.0, 5.0), (300.0, 200.0)] {
        follows(Family::Beta, &[a, b], &Beta::new(a, b).unwrap());
    }
    let normal = Normal::new(0.0, 1.0).unwrap();
    follows(Family::HalfNormal, &[2.0], &Function(|x: f64| 2.0 * normal.cdf(x / 2.0) - 1.0));
    follows(Family::Logistic, &[1.0, 0.5], &Function(|x: f64| 1.0 / (1.0 + (-(x - 1.0) / 0.5).exp())));
}

/// Stretches that call for each of the methods: about zero wide and short, one-sided, in either tail, far out.
#[test]
fn truncated_normals_follow_their_law() {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let infinite = f64::INFINITY;
    let ends = [
        (-1.0, 4.0),
        (-0.5, 0.5),
        (0.0, infinite),
        (-infinite, 0.3),
        (1.5, infinite),
        (2.0, 2.2),
        (-4.0, -3.0),
        (3.0, 9.0),
    ];
    for (low, high) in ends {
        let (mean, sd) = (2.0, 3.0);
        let arguments = [mean, sd, mean + sd * low, mean + sd * high];
        // Of the upper tail on the lower side, where the digits are.
        let below = |z: f64| if low > 0.0 { -normal.cdf(-z) } else { normal.cdf(z) };
        let share = |x: f64| (below((x - mean) / sd) - below(low)) / (below(high) - below(low));
        follows(Family::TruncatedNormal, &arguments, &Function(share));
    }
    // Six standard deviations out nothing but the tail's own length is left.
    let tail = sample(Family::TruncatedNormal, &[0.0, 1.0, 40.0, infinite]);
    let mut beyond: Vec<f64> = tail.iter().map(|x| (x - 40.0) * 40.0).collect();
    assert!(kolmogorov(&mut beyond, &Exp::new(1.0).unwrap()) < KOLMOGOROV);
}

#[test]
fn angles_follow_von_mises() {
    for concentration in [1e-9, 0.02, 0.8, 4.0, 900.0, 1e7] {
        // The distribution function by the trapezoidal rule, from half a turn before the mean to half a turn after it.
        let reach = (12.0 / f64::sqrt(concentration)).min(std::f64::consts::PI);
        const STEPS: usize = 20_000;
        let step = 2.0 * reach / STEPS as f64;
        let density = |angle: f64| (concentration * (angle.cos() - 1.0)).exp();
        let mut sums = vec![0.0];
        for k in 0..STEPS {
            let left = -reach + k as f64 * step;
            sums.push(sums[k] + 0.5 * step * (density(left) + density(left + step)));
        }
        let total = sums[STEPS];
        let law = Function(|angle: f64| {
            let place = ((angle + reach) / step).clamp(0.0, STEPS as f64 - 1.0);
            let (whole, part) = (place.floor() as usize, place.fract());
            (sums[whole] + part * (sums[whole + 1] - sums[whole])) / total
        });
        let mut angles = sample(Family::VonMises, &[0.0, concentration]);
        let found = kolmogorov(&mut angles, &law);
        assert!(found < KOLMOGOROV, "concentration {concentration}: {found}");
    }
    let turned = sample(Family::VonMises, &[3.0, 2.0]);
    assert!(turned.iter().all(|angle| angle.abs() <= std::f64::consts::PI + 1e-12));
    assert!(turned.iter().any(|angle| *angle < -2.0), "angles go on over half a turn");
}

/// Chi-squared of counts against their probabilities; rare ones are taken together.
fn counts_follow(family: Family, arguments: &[f64], probability: impl Fn(u64) -> f64) {
    let draws = sample(family, arguments);
    let largest = draws.iter().fold(0.0, |a: f64, b| a.max(*b));
    assert!(draws.iter().all(|x| *x >= 0.0 && x.fract() == 0.0), "{family:?} gives counts");
    let mut found = vec![0.0; largest as usize + 1];
    draws.iter().for_each(|x| found[*x as usize] += 1.0);
    let (mut statistic, mut bins, mut seen, mut wanted, mut covered) = (0.0, 0, 0.0, 0.0, 0.0);
    for (count, found) in found.iter().enumerate() {
        seen += found;
        let share = probability(count as u64);
        wanted += share * DRAWS as f64;
        covered += share;
        if wanted >= 10.0 && (1.0 - covered) * DRAWS as f64 >= 10.0 {
            statistic += (seen - wanted) * (seen - wanted) / wanted;
            (bins, seen, wanted) = (bins + 1, 0.0, 0.0);
        }
    }
    wanted += (1.0 - covered) * DRAWS as f64;
    statistic += (seen - wanted) * (seen - wanted) / wanted;
    let limit = ChiSquared::new(f64::from(bins).max(1.0)).unwrap().inverse_cdf(0.9995);
    assert!(statistic < limit, "{family:?}({arguments:?}): {statistic} over {limit}, {bins} bins");
}

#[test]
fn counts_follow_their_laws() {
    for rate in [0.02, 0.7, 5.0, 9.99, 10.0, 37.5, 4_000.0] {
        counts_follow(Family::Poisson, &[rate], |k| Poisson::new(rate).unwrap().pmf(k));
    }
    let trials = [(1, 0.3), (20, 0.05), (20, 0.5), (30, 0.97), (500, 0.3), (500, 0.9), (20_000, 0.4)];
    for (n, p) in trials {
        counts_follow(Family::Binomial, &[n as f64, p], |k| Binomial::new(p, n).unwrap().pmf(k));
    }
    for (mean, shape) in [(4.0, 0.5), (30.0, 5.0)] {
        let law = NegativeBinomial::new(shape, shape / (shape + mean)).unwrap();
        counts_follow(Family::NegativeBinomial, &[mean, shape], |k| law.pmf(k));
    }
}

#[test]
fn what_is_certain_is_drawn() {
    assert!(sample(Family::Poisson, &[0.0]).iter().all(|x| *x == 0.0));
    assert!(sample(Family::Binomial, &[7.0, 0.0]).iter().all(|x| *x == 0.0));
    assert!(sample(Family::Binomial, &[7.0, 1.0]).iter().all(|x| *x == 7.0));
    assert!(sample(Family::Binomial, &[0.0, 0.4]).iter().all(|x| *x == 0.0));
}

/// Rates beyond what can be counted one by one: a normal law with this mean and variance.
#[test]
fn large_counts_are_nearly_normal() {
    for rate in [1e8, 1e12] {
        let law = Normal::new(0.0, 1.0).unwrap();
        let standard = |x: &f64| (x - rate) / f64::sqrt(rate);
        let mut poisson: Vec<f64> = sample(Family::Poisson, &[rate]).iter().map(standard).collect();
        assert!(kolmogorov(&mut poisson, &law) < KOLMOGOROV, "poisson({rate})");
        let mut binomial: Vec<f64> = sample(Family::Binomial, &[4.0 * rate, 0.25])
            .iter()
            .map(|x| (x - rate) / f64::sqrt(0.75 * rate))
            .collect();
        assert!(kolmogorov(&mut binomial, &law) < KOLMOGOROV, "binomial of mean {rate}");
    }
}

fn drawn(b: &mut Build, name: &str, draw: Draw) -> sbi_model::NodeId {
    b.node(Role::Data, name, &[], Definition::Draw(draw))
}

fn plain(family: Family, arguments: Vec<Argument>) -> Draw {
    Draw { family, arguments, transforms: Vec::new(), span: Span::default() }
}

#[test]
fn categories_come_with_their_probabilities() {
    let mut b = Build::new();
    let probabilities = [0.1, 0.0, 0.65, 0.25];
    let list = probabilities.map(|p| b.number(p)).to_vec();
    let x = drawn(&mut b, "x", plain(Family::Categorical, vec![Argument::Vector(list)]));
    let table = b.simulator(&[x]).run(3, 0..DRAWS as u64, 2).unwrap();
    for (category, p) in (1..).zip(probabilities) {
        let share = table.values.iter().filter(|x| **x == f64::from(category)).count() as f64 / DRAWS as f64;
        assert!(
            (share - p).abs() <= 4.0 * (p * (1.0 - p) / DRAWS as f64).sqrt(),
            "category {category}: {share}"
        );
    }
}

#[test]
fn shares_follow_dirichlet() {
    let mut b = Build::new();
    let axis = b.axis("k", 3);
    let concentration = [0.4, 2.0, 3.6];
    let list = concentration.map(|a| b.number(a)).to_vec();
    let draw = plain(Family::Dirichlet, vec![Argument::Vector(list)]);
    let x = b.node(Role::Data, "x", &[axis], Definition::Draw(draw));
    let table = b.simulator(&[x]).run(3, 0..DRAWS as u64, 2).unwrap();
    assert!((0..table.rows).all(|row| (table.row(row).iter().sum::<f64>() - 1.0).abs() < 1e-12));
    for (k, a) in concentration.into_iter().enumerate() {
        let mut shares: Vec<f64> = (0..table.rows).map(|row| table.row(row)[k]).collect();
        assert!(kolmogorov(&mut shares, &Beta::new(a, 6.0 - a).unwrap()) < KOLMOGOROV, "share {k}");
    }
}

#[test]
fn mixtures_and_bends_compose() {
    let mut b = Build::new();
    let weights = [0.3, 0.7].map(|w| b.number(w)).to_vec();
    let numbers = |b: &mut Build, values: &[f64]| -> Vec<Argument> {
        values.iter().map(|x| Argument::Scalar(b.number(*x))).collect()
    };
    let (one, two) = (numbers(&mut b, &[-3.0, 0.5]), numbers(&mut b, &[2.0, 1.0]));
    let bend = |map, arguments| Transform { map, arguments };
    let second = Draw { transforms: vec![bend(Map::Exp, vec![])], ..plain(Family::Normal, two) };
    let components = vec![plain(Family::Normal, one), second];
    let of = vec![Argument::Vector(weights), Argument::Components(components)];
    let mixed = drawn(&mut b, "mixed", plain(Family::Mixture, of));
    let ends = [b.number(1.0), b.number(3.0)];
    let logistic = numbers(&mut b, &[0.0, 1.0]);
    let kept =
        Draw { transforms: vec![bend(Map::Between, ends.to_vec())], ..plain(Family::Logistic, logistic) };
    let kept = drawn(&mut b, "kept", kept);
    let line = [b.number(-2.0), b.number(5.0)];
    let standard = numbers(&mut b, &[0.0, 1.0]);
    let moved =
        Draw { transforms: vec![bend(Map::Affine, line.to_vec())], ..plain(Family::Normal, standard) };
    let moved = drawn(&mut b, "moved", moved);
    let table = b.simulator(&[mixed, kept, moved]).run(9, 0..DRAWS as u64, 2).unwrap();
    let column = |k: usize| -> Vec<f64> { (0..table.rows).map(|row| table.row(row)[k]).collect() };
    let (low, high) = (Normal::new(-3.0, 0.5).unwrap(), LogNormal::new(2.0, 1.0).unwrap());
    let mixture = Function(|x: f64| 0.3 * low.cdf(x) + 0.7 * high.cdf(x));
    assert!(kolmogorov(&mut column(0), &mixture) < KOLMOGOROV);
    // A standard logistic number between two ends is uniform.
    assert!(kolmogorov(&mut column(1), &Function(|x: f64| (x - 1.0) / 2.0)) < KOLMOGOROV);
    assert!(kolmogorov(&mut column(2), &Normal::new(5.0, 2.0).unwrap()) < KOLMOGOROV);
}

/// What names no distribution fails with the draw, and invents nothing.
#[test]
fn wrong_arguments_fail() {
    let wrong: &[(Family, &[f64])] = &[
        (Family::Lognormal, &[-1.0, 1.0]),
        (Family::Exponential, &[0.0]),
        (Family::Gamma, &[-0.5, 1.0]),
        (Family::Gamma, &[f64::INFINITY, 1.0]),
        (Family::Beta, &[1.0, 0.0]),
        (Family::Poisson, &[-1.0]),
        (Family::Binomial, &[2.5, 0.5]),
        (Family::Binomial, &[3.0, 1.2]),
        (Family::NegativeBinomial, &[2.0, -1.0]),
        (Family::StudentT, &[0.0, 0.0, 1.0]),
        (Family::TruncatedNormal, &[0.0, 1.0, 2.0, 1.0]),
        (Family::VonMises, &[0.0, -1.0]),
    ];
    for (family, arguments) in wrong {
        let mut b = Build::new();
        let x = b.known(Role::Data, "x", *family, arguments);
        assert!(b.simulator(&[x]).run(1, 0..4, 1).is_err(), "{family:?}({arguments:?})");
    }
}

/// A model with every family, each depending on a draw.
fn all_families() -> Simulator {
    let mut b = Build::new();
    let theta = b.known(Role::Param, "theta", Family::Uniform, &[0.5, 30.0]);
    let mut outputs = vec![theta];
    let families = [
        (Family::Lognormal, 2),
        (Family::HalfNormal, 1),
        (Family::Exponential, 1),
        (Family::Weibull, 2),
        (Family::Cauchy, 2),
        (Family::Laplace, 2),
        (Family::Logistic, 2),
        (Family::StudentT, 3),
        (Family::Gamma, 2),
        (Family::InverseGamma, 2),
        (Family::Beta, 2),
        (Family::Poisson, 1),
        (Family::NegativeBinomial, 2),
        (Family::VonMises, 2),
    ];
    for (family, count) in families {
        let arguments: Vec<_> = (0..count).map(|_| b.scalar(theta)).collect();
        outputs.push(b.draw(Role::Data, &format!("{family:?}"), &[], family, &arguments));
    }
    let (read, two, far) = (b.scalar(theta), b.number(2.0), b.number(100.0));
    let below = b.binary(Binary::Sub, read, two);
    outputs.push(b.draw(Role::Data, "ends", &[], Family::TruncatedNormal, &[below, two, read, far]));
    let fifty = b.number(50.0);
    let share = b.binary(Binary::Div, read, fifty);
    outputs.push(b.draw(Role::Data, "hits", &[], Family::Binomial, &[fifty, share]));
    b.simulator(&outputs)
}

#[test]
fn bits_do_not_depend_on_how_the_work_is_divided() {
    let simulator = all_families();
    let whole = simulator.run(7, 0..1_500, 1).unwrap();
    assert_eq!(whole, simulator.run(7, 0..1_500, 2).unwrap());
    let (first, second) = (simulator.run(7, 0..701, 2).unwrap(), simulator.run(7, 701..1_500, 1).unwrap());
    assert_eq!(whole.values, [first.values, second.values].concat());
    for width in [64, 128, 256, 512] {
        assert_eq!(whole, all_families().with_width(width).run(7, 0..1_500, 1).unwrap(), "width {width}");
    }
    for set in InstructionSet::available() {
        assert_eq!(whole, all_families().with_instructions(set).run(7, 0..1_500, 1).unwrap(), "{set}");
    }
}
