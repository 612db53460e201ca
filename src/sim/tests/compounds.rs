//! The density of what is bent with `|>`, mixed, chosen, or drawn as a vector.

use crate::densities::{columns, integral, logs};
use crate::models::Build;
use sbi_model::{Argument, Definition, Draw, Family, Map, NodeId, Role, Transform};
use sbi_sim::{Density, Output};
use sbi_syntax::Span;

const INF: f64 = f64::INFINITY;

pub fn distribution(family: Family, arguments: Vec<Argument>, transforms: Vec<Transform>) -> Draw {
    Draw { family, arguments, transforms, span: Span::default() }
}

/// `x ~ family(arguments) |> maps`, as a model.
pub fn bent(family: Family, arguments: &[f64], maps: &[(Map, &[f64])]) -> (Build, NodeId) {
    let mut b = Build::new();
    let arguments = arguments.iter().map(|a| Argument::Scalar(b.number(*a))).collect();
    let transforms = maps.iter().map(|(map, numbers)| Transform {
        map: *map,
        arguments: numbers.iter().map(|number| b.number(*number)).collect(),
    });
    let transforms = transforms.collect();
    let x = b.node(Role::Param, "x", &[], Definition::Draw(distribution(family, arguments, transforms)));
    (b, x)
}

/// What is bent has the density of what it was, over the slope; all of it is still one.
#[test]
fn bent_densities_integrate_to_one() {
    type Maps<'a> = &'a [(Map, &'a [f64])];
    let cases: &[(Family, &[f64], Maps<'_>, [f64; 2])] = &[
        (Family::Normal, &[0.3, 0.8], &[(Map::Exp, &[])], [0.0, INF]),
        (Family::Normal, &[0.3, 0.8], &[(Map::Logistic, &[])], [0.0, 1.0]),
        (Family::Normal, &[0.3, 0.8], &[(Map::Between, &[-2.0, 5.0])], [-2.0, 5.0]),
        (Family::Normal, &[0.3, 0.8], &[(Map::Between, &[5.0, -2.0])], [-2.0, 5.0]),
        (Family::Gamma, &[2.0, 3.0], &[(Map::Affine, &[-2.0, 1.0])], [-INF, 1.0]),
        (Family::Beta, &[2.0, 3.0], &[(Map::Affine, &[4.0, 1.0]), (Map::Exp, &[])], [1f64.exp(), 5f64.exp()]),
    ];
    for (family, arguments, maps, [low, high]) in cases {
        let (b, x) = bent(*family, arguments, maps);
        let density = Density::of(&b.0, &columns(&[x])).unwrap();
        let sum = integral(&|x| density.prior(x, 1).unwrap(), *low, *high);
        assert!((sum - 1.0).abs() < 1e-9, "{family:?}({arguments:?}) |> {maps:?}: {sum}");
        let outside = [low - 0.1, high + 0.1];
        let outside: Vec<f64> = outside.into_iter().filter(|x| x.is_finite()).collect();
        assert!(density.prior(&outside, 1).unwrap().iter().all(|log| *log == -INF));
        assert!(density.prior(&[f64::NAN], 1).unwrap()[0].is_nan());
    }
    let (b, x) = bent(Family::Normal, &[1.0, 0.5], &[(Map::Exp, &[])]);
    let found = Density::of(&b.0, &columns(&[x])).unwrap().prior(&[2.5], 1).unwrap()[0];
    let wanted = logs(Family::Lognormal, &[1f64.exp(), 0.5], &[2.5])[0];
    assert!((found - wanted).abs() < 1e-14, "{found}, not {wanted}");
}

/// A model of a mixture of these components with these weights.
pub fn mixture(weights: &[f64], of: impl FnOnce(&mut Build) -> Vec<Draw>) -> (Build, NodeId) {
    let mut b = Build::new();
    let weights = weights.iter().map(|weight| b.number(*weight)).collect();
    let of = of(&mut b);
    let arguments = vec![Argument::Vector(weights), Argument::Components(of)];
    let draw = distribution(Family::Mixture, arguments, Vec::new());
    let x = b.node(Role::Param, "x", &[], Definition::Draw(draw));
    (b, x)
}

pub fn scalars(b: &mut Build, family: Family, arguments: &[f64]) -> Draw {
    let arguments = arguments.iter().map(|a| Argument::Scalar(b.number(*a))).collect();
    distribution(family, arguments, Vec::new())
}

#[test]
fn mixtures_add_up() {
    let (b, x) = mixture(&[0.2, 0.5, 0.3], |b| {
        vec![
            scalars(b, Family::Normal, &[0.0, 1.0]),
            scalars(b, Family::Normal, &[50.0, 0.1]),
            scalars(b, Family::Uniform, &[2.0, 3.0]),
        ]
    });
    let density = Density::of(&b.0, &columns(&[x])).unwrap();
    for at in [0.5, 2.5, 49.9, -30.0, 1000.0] {
        let part = |weight: f64, family, a: &[f64]| (weight.ln() + logs(family, a, &[at])[0]).exp();
        let parts = [
            part(0.2, Family::Normal, &[0.0, 1.0]),
            part(0.5, Family::Normal, &[50.0, 0.1]),
            part(0.3, Family::Uniform, &[2.0, 3.0]),
        ];
        let found = density.prior(&[at], 1).unwrap()[0];
        let wanted = parts.iter().sum::<f64>();
        assert!((found.exp() - wanted).abs() <= 1e-13 * wanted, "{found} at {at}");
    }
    // Where the largest part is no number, its logarithm still is one.
    assert!((density.prior(&[1000.0], 1).unwrap()[0] - (0.2f64.ln() - 5e5 - 0.918_938_533)).abs() < 1e-6);
    let (b, x) = mixture(&[0.25, 0.75], |b| {
        vec![scalars(b, Family::Bernoulli, &[0.5]), scalars(b, Family::Poisson, &[3.0])]
    });
    let counts = Density::of(&b.0, &columns(&[x])).unwrap();
    let x: Vec<f64> = (0..60).map(f64::from).collect();
    let sum: f64 = counts.prior(&x, 1).unwrap().iter().map(|log| log.exp()).sum();
    assert!((sum - 1.0).abs() < 1e-12 && counts.prior(&[0.5], 1).unwrap()[0] == -INF);
    let (b, x) = mixture(&[0.5, 0.5], |b| {
        vec![scalars(b, Family::Normal, &[0.0, 1.0]), scalars(b, Family::Poisson, &[3.0])]
    });
    let told = Density::of(&b.0, &columns(&[x])).unwrap().prior(&[1.0], 1).unwrap_err().to_string();
    assert_eq!(told, "`x` has no density: it mixes whole numbers and real ones");
    let (b, x) = mixture(&[0.5, 0.4], |b| {
        vec![scalars(b, Family::Normal, &[0.0, 1.0]), scalars(b, Family::Normal, &[0.0, 2.0])]
    });
    assert!(Density::of(&b.0, &columns(&[x])).unwrap().prior(&[1.0], 1).unwrap()[0].is_nan());
}

#[test]
fn categories_have_their_probabilities() {
    let mut b = Build::new();
    let probabilities = [0.2, 0.0, 0.8].map(|p| b.number(p)).to_vec();
    let draw = distribution(Family::Categorical, vec![Argument::Vector(probabilities)], Vec::new());
    let x = b.node(Role::Param, "x", &[], Definition::Draw(draw));
    let density = Density::of(&b.0, &columns(&[x])).unwrap();
    let found = density.prior(&[1.0, 2.0, 3.0, 0.0, 4.0, 1.5], 1).unwrap();
    for (log, wanted) in found.iter().zip([0.2f64.ln(), -INF, 0.8f64.ln(), -INF, -INF, -INF]) {
        assert!((log - wanted).abs() < 1e-15 || *log == wanted, "{found:?}");
    }
}

/// A vector over an axis, drawn at once.
pub fn vector(
    family: Family,
    arguments: impl FnOnce(&mut Build) -> Vec<Argument>,
    size: usize,
) -> (Build, Vec<Output>) {
    let mut b = Build::new();
    let k = b.axis("k", size);
    let draw = distribution(family, arguments(&mut b), Vec::new());
    let x = b.node(Role::Param, "x", &[k], Definition::Draw(draw));
    (b, (0..size).map(|element| Output::Element(x, element)).collect())
}

/// With the inverse and the determinant of the matrix by hand.
#[test]
fn multivariate_normal_has_its_closed_form() {
    let cov = [[4.0, 1.0, -0.5], [1.0, 2.0, 0.3], [-0.5, 0.3, 1.0]];
    let mean = [1.0, -2.0, 0.5];
    let (b, columns) = vector(
        Family::MultivariateNormal,
        |b| {
            let matrix = cov.map(|row| row.map(|x| b.number(x)).to_vec()).to_vec();
            vec![Argument::Vector(mean.map(|x| b.number(x)).to_vec()), Argument::Matrix(matrix)]
        },
        3,
    );
    let density = Density::of(&b.0, &columns).unwrap();
    let [[a, b_, c], [_, d, e], [_, _, f]] = cov;
    let adjugate = [
        [d * f - e * e, c * e - b_ * f, b_ * e - c * d],
        [c * e - b_ * f, a * f - c * c, b_ * c - a * e],
        [b_ * e - c * d, b_ * c - a * e, a * d - b_ * b_],
    ];
    let determinant = a * adjugate[0][0] + b_ * adjugate[0][1] + c * adjugate[0][2];
    for x in [[1.0, -2.0, 0.5], [3.0, 0.0, -1.0], [-10.0, 5.0, 4.0]] {
        let z: Vec<f64> = x.iter().zip(mean).map(|(x, mean)| x - mean).collect();
        let square: f64 =
            (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| z[i] * adjugate[i][j] * z[j]).sum();
        let wanted = -0.5 * (square / determinant + determinant.ln() + 3.0 * std::f64::consts::TAU.ln());
        let found = density.prior(&x, 1).unwrap()[0];
        assert!((found - wanted).abs() < 1e-12 * wanted.abs().max(1.0), "{found}, not {wanted}");
    }
    assert!(density.prior(&[0.0, f64::NAN, 0.0], 1).unwrap()[0].is_nan());
    for wrong in [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.5], [0.4, 1.0]]] {
        let (b, columns) = vector(
            Family::MultivariateNormal,
            |b| {
                let matrix = wrong.map(|row| row.map(|x| b.number(x)).to_vec()).to_vec();
                vec![Argument::Vector([0.0; 2].map(|x| b.number(x)).to_vec()), Argument::Matrix(matrix)]
            },
            2,
        );
        assert!(Density::of(&b.0, &columns).unwrap().prior(&[0.0, 0.0], 1).unwrap()[0].is_nan());
    }
}

#[test]
fn dirichlet_has_its_closed_form() {
    let of = |shapes: Vec<f64>| {
        let size = shapes.len();
        let concentration =
            |b: &mut Build| vec![Argument::Vector(shapes.into_iter().map(|a| b.number(a)).collect())];
        let (b, columns) = vector(Family::Dirichlet, concentration, size);
        Density::of(&b.0, &columns).unwrap()
    };
    // Of two shares it is the beta law of the first, of whole concentrations a polynomial.
    let two = of(vec![0.7, 3.0]);
    for x in [1e-6, 0.3, 0.9] {
        let wanted = logs(Family::Beta, &[0.7, 3.0], &[x])[0];
        assert!((two.prior(&[x, 1.0 - x], 1).unwrap()[0] - wanted).abs() < 1e-12);
    }
    // 7! / (1! 2! 4! … ) with Γ(8) / (Γ(2) Γ(1) Γ(5)).
    let three = of(vec![2.0, 1.0, 5.0]);
    let wanted = (5040.0f64 / 24.0 * 0.2 * 0.3f64.powi(4)).ln();
    assert!((three.prior(&[0.2, 0.5, 0.3], 1).unwrap()[0] - wanted).abs() < 1e-13);
    assert_eq!(three.prior(&[0.2, 0.5, 0.4], 1).unwrap()[0], -INF);
    assert_eq!(three.prior(&[-0.2, 0.9, 0.3], 1).unwrap()[0], -INF);
    // A share may be nothing where its concentration is one.
    let wanted = (5040.0f64 / 24.0 * 0.7 * 0.3f64.powi(4)).ln();
    assert!((three.prior(&[0.7, 0.0, 0.3], 1).unwrap()[0] - wanted).abs() < 1e-13);
}
