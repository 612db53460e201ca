//! Between parameters and the real line: round trips, slopes by differences, and where parameters lie.

use crate::compounds::{bent, distribution, mixture, scalars, vector};
use crate::densities::{REAL, columns};
use crate::likelihood::model;
use crate::models::Build;
use sbi_model::{Argument, Family, Map, Model, NodeId, Role, Transform};
use sbi_sim::{Bijection, Density, Output, Refusal, Simulator};

const INF: f64 = f64::INFINITY;

/// All elements of the parameters of a model.
fn parameters(model: &Model) -> Vec<(NodeId, usize)> {
    let params = model.numbered().filter(|(_, node)| node.role == Role::Param);
    params.flat_map(|(id, node)| (0..model.elements(node)).map(move |k| (id, k))).collect()
}

fn bijection(model: &Model) -> Bijection {
    Bijection::of(model, &parameters(model)).unwrap()
}

fn close(found: f64, wanted: f64, bound: f64) {
    assert!((found - wanted).abs() <= bound * wanted.abs().max(1.0), "{found}, not {wanted}");
}

/// The logarithm of the determinant of the derivatives by central differences; of the first `n` values, where the others
/// follow from them.
fn log_determinant(bijection: &Bijection, y: &[f64]) -> f64 {
    let (n, step) = (y.len(), 1e-5);
    let at = |k: usize, off: f64| {
        let mut y = y.to_vec();
        y[k] += off;
        bijection.from_real(&y, 1).values
    };
    let mut matrix: Vec<Vec<f64>> = (0..n)
        .map(|k| {
            let (more, less) = (at(k, step), at(k, -step));
            more.iter().zip(less).map(|(more, less)| (more - less) / (2.0 * step)).collect()
        })
        .collect();
    let mut log = 0.0;
    for k in 0..n {
        let pivot = matrix[k].clone();
        log += pivot[k].abs().ln();
        for row in matrix.iter_mut().skip(k + 1) {
            let factor = row[k] / pivot[k];
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
        }
    }
    log
}

/// From the real line, back, and the slope.
fn check(bijection: &Bijection, y: &[f64]) -> Vec<f64> {
    let there = bijection.from_real(y, 1);
    let back = bijection.to_real(&there.values, 1);
    back.values.iter().zip(y).for_each(|(found, wanted)| close(*found, *wanted, 1e-9));
    close(back.log_slopes[0], there.log_slopes[0], 1e-9);
    close(there.log_slopes[0], log_determinant(bijection, y), 1e-7);
    there.values
}

#[test]
fn every_real_family_is_straightened() {
    for (family, arguments, [low, high]) in REAL {
        let mut b = Build::new();
        b.known(Role::Param, "x", *family, arguments);
        let bijection = bijection(&b.0);
        assert_eq!(bijection.reals(), 1);
        let mut last = -INF;
        for y in [-6.0, -1.5, 0.0, 0.3, 2.0, 5.0] {
            let x = check(&bijection, &[y])[0];
            assert!(*low < x && x < *high && last < x, "{family:?}({arguments:?}): {x}");
            last = x;
        }
        // However far the real number, it stays where the family lies.
        for y in [-1e9, -800.0, -40.0, 40.0, 700.0] {
            let x = bijection.from_real(&[y], 1).values[0];
            assert!((*low..=*high).contains(&x), "{family:?}({arguments:?}): {x} from {y}");
        }
        if low.is_finite() {
            assert!(bijection.to_real(&[low - 0.1], 1).values[0].is_nan());
            assert_eq!(bijection.to_real(&[*low], 1).values[0], -INF);
        }
        if high.is_finite() {
            assert!(bijection.to_real(&[high + 0.1], 1).values[0].is_nan());
            assert_eq!(bijection.to_real(&[*high], 1).values[0], INF);
        }
    }
}

#[test]
fn what_is_bent_is_straightened() {
    type Maps<'a> = &'a [(Map, &'a [f64])];
    let cases: &[(Family, &[f64], Maps<'_>, [f64; 2])] = &[
        (Family::Normal, &[0.0, 1.0], &[(Map::Exp, &[])], [0.0, INF]),
        (Family::Normal, &[0.0, 1.0], &[(Map::Logistic, &[])], [0.0, 1.0]),
        (Family::Normal, &[0.0, 1.0], &[(Map::Between, &[-2.0, 5.0])], [-2.0, 5.0]),
        (Family::Gamma, &[2.0, 1.0], &[(Map::Affine, &[-2.0, 1.0])], [-INF, 1.0]),
        (Family::Beta, &[2.0, 3.0], &[(Map::Affine, &[4.0, 1.0]), (Map::Exp, &[])], [1f64.exp(), 5f64.exp()]),
    ];
    for (family, arguments, maps, [low, high]) in cases {
        let (b, _) = bent(*family, arguments, maps);
        let bijection = bijection(&b.0);
        for y in [-4.0, -0.3, 0.0, 1.0, 3.0] {
            let x = check(&bijection, &[y])[0];
            assert!(*low < x && x < *high, "{family:?} |> {maps:?}: {x}");
        }
    }
}

/// The ends of a parameter are those that the ones before it make.
#[test]
fn ends_may_depend_on_other_parameters() {
    let model = model(
        "param top ~ lognormal(2, 0.5)
        param low ~ normal(0, 1)
        param inner ~ uniform(low, low + top)
        param cut ~ truncated_normal(0, 1, low = inner)",
    );
    let bijection = bijection(&model);
    let order: Vec<String> = parameters(&model).iter().map(|(id, _)| model.node(*id).name.clone()).collect();
    assert_eq!(order, ["top", "low", "inner", "cut"]);
    let x = check(&bijection, &[0.4, -1.0, 0.7, -0.2]);
    let top = 0.4f64.exp();
    close(x[0], top, 1e-14);
    let inner = -1.0 + top / (1.0 + (-0.7f64).exp());
    close(x[2], inner, 1e-14);
    close(x[3], inner + (-0.2f64).exp(), 1e-14);
    // What is drawn comes back; rows go their own ways.
    let columns: Vec<Output> = parameters(&model).iter().map(|(id, k)| Output::Element(*id, *k)).collect();
    let table = Simulator::of(&model, &columns).unwrap().run(2, 0..1_500, 1).unwrap();
    let real = bijection.to_real(&table.values, 1);
    assert!(real.values.iter().all(|y| y.is_finite()) && real.columns == 4);
    let back = bijection.from_real(&real.values, 3);
    back.values.iter().zip(&table.values).for_each(|(found, wanted)| close(*found, *wanted, 1e-11));
    assert_eq!(bijection.to_real(&table.values, 3), real);
}

/// On the real line a density is that of the parameters times the slope: all of it is one.
#[test]
fn densities_on_the_real_line_are_whole() {
    let model = model("param a ~ gamma(2, 1)\n param b ~ uniform(0, a)");
    let columns: Vec<Output> = parameters(&model).iter().map(|(id, k)| Output::Element(*id, *k)).collect();
    let (bijection, density) = (bijection(&model), Density::of(&model, &columns).unwrap());
    let step = 0.1;
    let line: Vec<f64> = (-300..300).map(|k| step * f64::from(k)).collect();
    let real: Vec<f64> = line.iter().flat_map(|a| line.iter().flat_map(|b| [*a, *b])).collect();
    let mapped = bijection.from_real(&real, 2);
    let logs = density.prior(&mapped.values, 2).unwrap();
    let sum: f64 = logs.iter().zip(&mapped.log_slopes).map(|(log, slope)| (log + slope).exp()).sum();
    close(sum * step * step, 1.0, 1e-9);
}

#[test]
fn shares_are_broken_off_a_stick() {
    let shapes = [2.0, 1.0, 5.0, 0.5];
    let concentration = |b: &mut Build| vec![Argument::Vector(shapes.map(|a| b.number(a)).to_vec())];
    let (b, columns) = vector(Family::Dirichlet, concentration, 4);
    let bijection = bijection(&b.0);
    assert_eq!(bijection.reals(), 3);
    bijection.from_real(&[0.0; 3], 1).values.iter().for_each(|share| close(*share, 0.25, 1e-15));
    for y in [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [-6.0, 4.0, 3.0]] {
        let shares = check(&bijection, &y);
        close(shares.iter().sum::<f64>(), 1.0, 1e-15);
        assert!(shares.iter().all(|share| *share > 0.0));
    }
    let far = bijection.from_real(&[-800.0, 800.0, 0.0], 1).values;
    assert!(far.iter().all(|share| (0.0..=1.0).contains(share)));
    let table = Simulator::of(&b.0, &columns).unwrap().run(2, 0..500, 1).unwrap();
    let real = bijection.to_real(&table.values, 1);
    let back = bijection.from_real(&real.values, 1);
    back.values.iter().zip(&table.values).for_each(|(found, wanted)| close(*found, *wanted, 1e-13));
}

#[test]
fn vectors_of_the_whole_line_stay() {
    let (b, _) = vector(
        Family::MultivariateNormal,
        |b| {
            let matrix = [[1.0, 0.5], [0.5, 2.0]].map(|row| row.map(|x| b.number(x)).to_vec()).to_vec();
            vec![Argument::Vector([0.0; 2].map(|x| b.number(x)).to_vec()), Argument::Matrix(matrix)]
        },
        2,
    );
    assert_eq!(check(&bijection(&b.0), &[1.5, -3.0]), [1.5, -3.0]);
}

/// A mixture's real line is that of all its components together.
#[test]
fn mixtures_cover_their_components() {
    let bent_by = |b: &mut Build, map, numbers: &[f64], draw: sbi_model::Draw| {
        let arguments = numbers.iter().map(|number| b.number(*number)).collect();
        distribution(draw.family, draw.arguments, vec![Transform { map, arguments }])
    };
    type Make<'a> = &'a dyn Fn(&mut Build) -> [sbi_model::Draw; 2];
    let uniform = |b: &mut Build, low: f64, high: f64| scalars(b, Family::Uniform, &[low, high]);
    let gamma = |b: &mut Build| scalars(b, Family::Gamma, &[2.0, 1.0]);
    let cases: [(Make<'_>, [f64; 2]); 4] = [
        (&|b| [uniform(b, 0.0, 1.0), uniform(b, 2.0, 3.0)], [0.0, 3.0]),
        (&|b| [uniform(b, -4.0, 1.0), gamma(b)], [-4.0, INF]),
        (
            &|b| {
                let draw = gamma(b);
                [uniform(b, 0.0, 1.0), bent_by(b, Map::Affine, &[-2.0, 1.5], draw)]
            },
            [-INF, 1.5],
        ),
        (
            &|b| {
                let draw = scalars(b, Family::Normal, &[0.0, 1.0]);
                [uniform(b, 0.0, 1.0), bent_by(b, Map::Between, &[5.0, -2.0], draw)]
            },
            [-2.0, 5.0],
        ),
    ];
    for (make, [low, high]) in cases {
        let (b, _) = mixture(&[0.5, 0.5], |b| make(b).to_vec());
        let bijection = bijection(&b.0);
        for y in [-3.0, 0.0, 2.0] {
            let x = check(&bijection, &[y])[0];
            assert!(low < x && x < high, "{x} between {low} and {high}");
        }
        // Far out it comes to the ends.
        let far = bijection.from_real(&[-500.0, 500.0], 1).values;
        for (x, end) in far.iter().zip([low, high]) {
            assert!((x - end).abs() < 1e-100 || end.is_infinite() && x.abs() > 1e100, "{x} for {end}");
        }
    }
}

#[test]
fn what_real_numbers_cannot_stand_for_is_told() {
    for (body, message) in [
        ("param n ~ poisson(3)", "`n` has no way to the real line: it takes whole numbers"),
        (
            "axis t : time(grid(from = 1, to = 3, step = 1))
            param food(day) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = 1)) at t",
            "`food` has no way to the real line: it is a function of time",
        ),
        (
            "latent top ~ gamma(2, 1)\n param x ~ uniform(0, top)",
            "`x` has no way to the real line: it depends on `top`, which is drawn and not given",
        ),
    ] {
        let model = model(&format!("{body}\n data y ~ normal(0, 1)"));
        match Bijection::of(&model, &parameters(&model)) {
            Err(Refusal::Implicit(told)) => assert_eq!(told.message, message),
            _ => panic!("{message}"),
        }
    }
}

/// What is drawn lies where it has a density, and comes back from the real line.
#[test]
fn draws_lie_where_their_density_is() {
    for (family, arguments) in [
        (Family::Bernoulli, &[0.3][..]),
        (Family::Beta, &[0.2, 3.0]),
        (Family::Binomial, &[12.0, 0.3]),
        (Family::Cauchy, &[1.0, 2.0]),
        (Family::Exponential, &[2.0]),
        (Family::Gamma, &[0.1, 2.0]),
        (Family::HalfNormal, &[2.0]),
        (Family::InverseGamma, &[1.0, 2.0]),
        (Family::Laplace, &[1.0, 2.0]),
        (Family::Logistic, &[1.0, 2.0]),
        (Family::Lognormal, &[1.0, 2.0]),
        (Family::NegativeBinomial, &[5.0, 0.5]),
        (Family::Normal, &[1.0, 2.0]),
        (Family::Poisson, &[30.0]),
        (Family::StudentT, &[1.5, 1.0, 2.0]),
        (Family::TruncatedNormal, &[0.0, 1.0, 4.0, 6.0]),
        (Family::Uniform, &[-1.0, 2.0]),
        (Family::VonMises, &[3.0, 0.5]),
        (Family::Weibull, &[0.5, 2.0]),
    ] {
        let mut b = Build::new();
        let x = b.known(Role::Param, "x", family, arguments);
        let table = b.simulator(&[x]).run(7, 0..4_000, 2).unwrap();
        let logs = Density::of(&b.0, &columns(&[x])).unwrap().prior(&table.values, 2).unwrap();
        assert!(logs.iter().all(|log| log.is_finite()), "{family:?}({arguments:?})");
        if let Ok(bijection) = Bijection::of(&b.0, &[(x, 0)]) {
            let real = bijection.to_real(&table.values, 2);
            let back = bijection.from_real(&real.values, 2);
            for (found, wanted) in back.values.iter().zip(&table.values) {
                assert!(
                    (found - wanted).abs() <= 1e-12 * (1.0 + wanted.abs()),
                    "{family:?}: {found}, not {wanted}"
                );
            }
        }
    }
}
