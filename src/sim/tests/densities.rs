//! The density of each family of numbers: against its definition in many digits, a statistics library, and integrals.

use crate::models::Build;
use sbi_model::{ExprId, Family, NodeId, Role};
use sbi_sim::{Density, InstructionSet, Output};
use statrs::distribution as law;
use statrs::distribution::{Continuous, Discrete};
use std::f64::consts::PI;

const INF: f64 = f64::INFINITY;

/// Log-densities from their definitions, in 120 digits.
#[rustfmt::skip]
const KNOWN: &[(Family, &[f64], f64, f64)] = &[
    (Family::Normal, &[2.0, 0.3], 2.0, 0.2850342711212633),
    (Family::Normal, &[2.0, 0.3], 1.1, -4.214965728878736),
    (Family::Normal, &[2.0, 0.3], -40.0, -9799.71496572888),
    (Family::Normal, &[100000000.0, 0.001], 100000000.0, 5.988816745777465),
    (Family::Normal, &[100000000.0, 0.001], 100000000.0025, 2.8638227062391),
    (Family::HalfNormal, &[0.3], 0.0, 0.9781814516812086),
    (Family::HalfNormal, &[0.3], 0.2, 0.7559592294589863),
    (Family::HalfNormal, &[0.3], 30.0, -4999.021818548319),
    (Family::Lognormal, &[3.0, 0.7], 1e-300, -487768.7927146064),
    (Family::Lognormal, &[3.0, 0.7], 0.5, -3.145036812347221),
    (Family::Lognormal, &[3.0, 0.7], 3.0, -1.66087587793405),
    (Family::Lognormal, &[3.0, 0.7], 1e+200, -215833.80587050426),
    (Family::Lognormal, &[1e-10, 5.0], 1e-10, 20.497474484301684),
    (Family::Lognormal, &[1e-10, 5.0], 4.0, -15.833727560995461),
    (Family::Exponential, &[2.5], 0.0, 0.9162907318741551),
    (Family::Exponential, &[2.5], 1e-09, 0.916290729374155),
    (Family::Exponential, &[2.5], 40.0, -99.08370926812584),
    (Family::Gamma, &[0.001, 2.0], 1e-300, 683.1782666321122),
    (Family::Gamma, &[0.001, 2.0], 0.001, -0.007638214500138823),
    (Family::Gamma, &[0.001, 2.0], 5.0, -18.51431421272496),
    (Family::Gamma, &[1.0, 2.5], 0.0, 0.9162907318741551),
    (Family::Gamma, &[1.0, 2.5], 3.0, -6.583709268125845),
    (Family::Gamma, &[3.5, 0.2], 1e-05, -35.616321958292),
    (Family::Gamma, &[3.5, 0.2], 17.0, -3.1509729357258855),
    (Family::Gamma, &[3.5, 0.2], 900.0, -169.82801938755566),
    (Family::Gamma, &[1000000000.0, 1000.0], 1000000.0, -4.372816172779075),
    (Family::Gamma, &[1000000000.0, 1000.0], 1000031.5, -4.868962253904094),
    (Family::Gamma, &[1e-10, 1e-10], 1.0, -23.02585093228532),
    (Family::Gamma, &[15.9, 1.0], 16.0, -2.31392125379595),
    (Family::InverseGamma, &[2.5, 3.0], 0.01, -281.4200564978443),
    (Family::InverseGamma, &[2.5, 3.0], 1.5, -0.9572800271812203),
    (Family::InverseGamma, &[2.5, 3.0], 1000000.0, -45.8924421016776),
    (Family::InverseGamma, &[1000000.0, 2000000.0], 2.0, 5.295669481884186),
    (Family::InverseGamma, &[1000000.0, 2000000.0], 2.003, 4.171416814950887),
    (Family::Beta, &[0.5, 0.5], 1e-12, 12.670780672115374),
    (Family::Beta, &[0.5, 0.5], 0.3, -0.364406011717066),
    (Family::Beta, &[0.5, 0.5], 0.999, 2.3096480038084595),
    (Family::Beta, &[2.0, 5.0], 0.1, 0.6771702260368045),
    (Family::Beta, &[2.0, 5.0], 0.9, -5.9145035059718545),
    (Family::Beta, &[10000000.0, 30000000.0], 0.25, 8.670244680592491),
    (Family::Beta, &[10000000.0, 30000000.0], 0.2501, 7.603500999407224),
    (Family::Beta, &[1.0, 1.0], 0.0, 0.0),
    (Family::Beta, &[1.0, 1.0], 0.4, 0.0),
    (Family::Beta, &[1.0, 1.0], 1.0, 0.0),
    (Family::Beta, &[1e-05, 1e-05], 0.5, -10.819792147189403),
    (Family::Beta, &[1.0, 4.0], 0.0, 1.3862943611198906),
    (Family::StudentT, &[0.7, 0.0, 1.0], 0.0, -1.2220135816234488),
    (Family::StudentT, &[0.7, 0.0, 1.0], 3.0, -3.456494286654308),
    (Family::StudentT, &[0.7, 0.0, 1.0], 1e+150, -588.684385997453),
    (Family::StudentT, &[5.5, 1.0, 2.0], 1.0, -1.6572989054100697),
    (Family::StudentT, &[5.5, 1.0, 2.0], -7.0, -6.088039644819443),
    (Family::StudentT, &[5.5, 1.0, 2.0], 1000000000.0, -126.31263886564722),
    (Family::StudentT, &[100000000.0, 0.0, 1.0], 0.5, -1.0439385367984226),
    (Family::StudentT, &[100000000.0, 0.0, 1.0], 4.0, -8.918937975704734),
    (Family::StudentT, &[1000000000000000.0, 0.0, 1.0], 3.0, -5.418938533204657),
    (Family::Cauchy, &[-2.0, 0.5], -2.0, -0.4515827052894549),
    (Family::Cauchy, &[-2.0, 0.5], 10.0, -6.809424971797554),
    (Family::Cauchy, &[-2.0, 0.5], 1e+200, -922.8719142640276),
    (Family::Laplace, &[1.0, 0.4], 1.0, 0.2231435513142097),
    (Family::Laplace, &[1.0, 0.4], -30.0, -77.27685644868579),
    (Family::Logistic, &[1.0, 0.4], 1.0, -0.47000362924573563),
    (Family::Logistic, &[1.0, 0.4], 1.5, -0.8375674308165907),
    (Family::Logistic, &[1.0, 0.4], -300.0, -751.5837092681259),
    (Family::VonMises, &[1.0, 1e-09], 3.0, -1.8378770668254922),
    (Family::VonMises, &[1.0, 0.7], -2.0, -2.649812417940259),
    (Family::VonMises, &[-0.5, 19.9], 0.0, -1.8661339034122804),
    (Family::VonMises, &[-0.5, 20.1], 0.0, -1.8855514492018337),
    (Family::VonMises, &[-0.5, 20.1], 3.0, -38.347740357743334),
    (Family::VonMises, &[0.0, 10000000.0], 0.0001, 7.090109279816153),
    (Family::Weibull, &[1.7, 3.0], 1e-08, -14.231489160440274),
    (Family::Weibull, &[1.7, 3.0], 2.0, -1.3537415845958123),
    (Family::Weibull, &[1.7, 3.0], 20.0, -24.396189665388444),
    (Family::Weibull, &[0.4, 0.001], 1e-09, 14.276789810181011),
    (Family::Weibull, &[0.4, 0.001], 5.0, -29.289733050467582),
    (Family::Weibull, &[1.0, 5.0], 0.0, -1.6094379124341003),
    (Family::Uniform, &[-3.0, 5.0], -3.0, -2.0794415416798357),
    (Family::Uniform, &[-3.0, 5.0], 5.0, -2.0794415416798357),
    (Family::Uniform, &[1.0, 1.0000001], 1.0, 16.118095650374453),
    (Family::TruncatedNormal, &[0.0, 1.0, -1.0, 2.0], -1.0, -1.2187722388802102),
    (Family::TruncatedNormal, &[0.0, 1.0, -1.0, 2.0], 1.5, -1.8437722388802102),
    (Family::TruncatedNormal, &[0.0, 1.0, 30.0, 31.0], 30.01, 3.102255423138532),
    (Family::TruncatedNormal, &[0.0, 1.0, 8.0, INF], 8.1, 1.28949862670988),
    (Family::TruncatedNormal, &[0.0, 1.0, 100000.0, INF], 100000.00001, 10.512925126484472),
    (Family::TruncatedNormal, &[0.0, 1.0, 2.0, 2.000001], 2.0000005, 13.815510557824371),
    (Family::TruncatedNormal, &[0.0, 1.0, -2.5, -1.5], -2.0, -0.1154374854658747),
    (Family::TruncatedNormal, &[1.0, 0.5, 1.1, 1.9], 1.3, 0.5492142945552744),
    (Family::TruncatedNormal, &[0.0, 1.0, -40.0, -3.0], -3.2, 0.5687876883056763),
    (Family::TruncatedNormal, &[0.0, 1.0, -1e-06, 1e-06], 0.0, 13.122363377404495),
    (Family::Poisson, &[0.3], 0.0, -0.3),
    (Family::Poisson, &[0.3], 1.0, -1.503972804325936),
    (Family::Poisson, &[0.3], 7.0, -17.252970991346967),
    (Family::Poisson, &[1e-300], 1.0, -690.7755278982137),
    (Family::Poisson, &[40.0], 3.0, -30.725121106886245),
    (Family::Poisson, &[40.0], 40.0, -2.765461550199943),
    (Family::Poisson, &[40.0], 300.0, -348.2420137108871),
    (Family::Poisson, &[10000000000.0], 10000000000.0, -12.431863998183234),
    (Family::Poisson, &[10000000000.0], 10000300000.0, -16.931833998633227),
    (Family::Binomial, &[10.0, 0.3], 0.0, -3.5667494393873236),
    (Family::Binomial, &[10.0, 0.3], 3.0, -1.3211512777668886),
    (Family::Binomial, &[10.0, 0.3], 10.0, -12.03972804325936),
    (Family::Binomial, &[1000000000.0, 0.25], 250000000.0, -10.443583235253154),
    (Family::Binomial, &[1000000000.0, 0.25], 250020000.0, -11.510257604730702),
    (Family::Binomial, &[1000000.0, 1e-06], 0.0, -1.0000005000003334),
    (Family::Binomial, &[1000000.0, 1e-06], 2.0, -1.6931466805597788),
    (Family::Binomial, &[1000000000000000.0, 1e-20], 0.0, -9.999999999999999e-06),
    (Family::NegativeBinomial, &[3.0, 0.5], 0.0, -0.9729550745276566),
    (Family::NegativeBinomial, &[3.0, 0.5], 2.0, -2.2620856871938995),
    (Family::NegativeBinomial, &[3.0, 0.5], 50.0, -11.211365469867676),
    (Family::NegativeBinomial, &[3.0, 1000000000.0], 0.0, -2.9999999955),
    (Family::NegativeBinomial, &[3.0, 1000000000.0], 4.0, -1.7836046771755067),
    (Family::NegativeBinomial, &[1000000.0, 20.0], 1000000.0, -13.240759273985617),
    (Family::NegativeBinomial, &[2.0, 1e-08], 1.0, -18.420680940090644),
    (Family::Bernoulli, &[0.003], 0.0, -0.0030045090202987217),
    (Family::Bernoulli, &[0.003], 1.0, -5.809142990314028),
    (Family::Bernoulli, &[1e-17], 0.0, -1e-17),
];

pub fn columns(nodes: &[NodeId]) -> Vec<Output> {
    nodes.iter().map(|id| Output::Element(*id, 0)).collect()
}

/// A model of one number with these arguments.
fn number(family: Family, arguments: &[f64]) -> (Build, NodeId) {
    let mut b = Build::new();
    let x = b.known(Role::Param, "x", family, arguments);
    (b, x)
}

/// The log-densities of one number.
pub fn logs(family: Family, arguments: &[f64], x: &[f64]) -> Vec<f64> {
    let (b, node) = number(family, arguments);
    Density::of(&b.0, &columns(&[node])).unwrap().prior(x, 1).unwrap()
}

/// The same where the arguments are columns of the table, so that nothing is known when the code is made.
fn logs_given(family: Family, arguments: &[f64], x: &[f64]) -> Vec<f64> {
    let mut b = Build::new();
    let names: Vec<String> = (0..arguments.len()).map(|k| format!("a{k}")).collect();
    let mut nodes: Vec<NodeId> =
        names.iter().map(|name| b.known(Role::Param, name, Family::Normal, &[0.0, 1.0])).collect();
    let read: Vec<ExprId> = nodes.iter().map(|node| b.scalar(*node)).collect();
    nodes.push(b.draw(Role::Data, "x", &[], family, &read));
    let table: Vec<f64> = x.iter().flat_map(|x| arguments.iter().chain([x]).copied()).collect();
    Density::of(&b.0, &columns(&nodes)).unwrap().likelihood(&table, 1).unwrap()
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// To 1e-12 of the larger of the value and one: a log-density may be zero where nothing is.
#[test]
fn densities_are_those_of_their_definitions() {
    for (family, arguments, x, wanted) in KNOWN {
        let found = logs(*family, arguments, &[*x])[0];
        let off = (found - wanted).abs() / wanted.abs().max(1.0);
        assert!(off < 1e-12, "{family:?}({arguments:?}) at {x}: {found}, not {wanted}: {off:e}");
        // A default that is infinite is no column.
        if arguments.iter().all(|a| a.is_finite()) {
            assert!(
                same(logs_given(*family, arguments, &[*x])[0], found),
                "{family:?}({arguments:?}) at {x}"
            );
        }
    }
}

#[test]
fn real_densities_are_those_of_a_library() {
    let close = |family, arguments: &[f64], law: &dyn Fn(f64) -> f64, at: &[f64]| {
        for (x, found) in at.iter().zip(logs(family, arguments, at)) {
            // The library's own logarithm is one of a density that may underflow.
            let wanted = law(*x);
            let off = (found - wanted).abs() / wanted.abs().max(1.0);
            assert!(
                off < 1e-11 || wanted.is_infinite() || wanted.is_infinite(),
                "{family:?}({arguments:?}) at {x}: {found}, not {wanted}"
            );
        }
    };
    let line: Vec<f64> = (-60..60).map(|k| f64::from(k) / 4.0 + 0.01).collect();
    let half: Vec<f64> = (1..120).map(|k| 1e-3 * 1.1f64.powi(k)).collect();
    let unit: Vec<f64> = (1..60).map(|k| f64::from(k) / 60.0).collect();
    for (mean, scale) in [(0.0, 1.0), (2.0, 0.3), (-5.0, 40.0)] {
        let a = [mean, scale];
        close(Family::Normal, &a, &|x| law::Normal::new(mean, scale).unwrap().ln_pdf(x), &line);
        close(Family::Cauchy, &a, &|x| law::Cauchy::new(mean, scale).unwrap().ln_pdf(x), &line);
        close(Family::Laplace, &a, &|x| law::Laplace::new(mean, scale).unwrap().ln_pdf(x), &line);
        for df in [0.7, 3.0, 80.0] {
            let law = law::StudentsT::new(mean, scale, df).unwrap();
            close(Family::StudentT, &[df, mean, scale], &|x| law.ln_pdf(x), &line);
        }
    }
    for (a, b) in [(0.6, 2.0), (1.0, 0.5), (7.0, 3.0)] {
        let both = [a, b];
        close(Family::Gamma, &both, &|x| law::Gamma::new(a, b).unwrap().ln_pdf(x), &half);
        close(Family::InverseGamma, &both, &|x| law::InverseGamma::new(a, b).unwrap().ln_pdf(x), &half);
        close(Family::Weibull, &both, &|x| law::Weibull::new(a, b).unwrap().ln_pdf(x), &half);
        close(Family::Lognormal, &both, &|x| law::LogNormal::new(a.ln(), b).unwrap().ln_pdf(x), &half);
        close(Family::Exponential, &[a], &|x| law::Exp::new(a).unwrap().ln_pdf(x), &half);
        close(Family::Beta, &both, &|x| law::Beta::new(a, b).unwrap().ln_pdf(x), &unit);
    }
}

#[test]
fn probabilities_are_those_of_a_library() {
    let counts: Vec<f64> = (0..60).map(f64::from).collect();
    let close = |family, arguments: &[f64], law: &dyn Fn(u64) -> f64| {
        for (x, found) in counts.iter().zip(logs(family, arguments, &counts)) {
            let wanted = law(*x as u64);
            let off = (found - wanted).abs() / wanted.abs().max(1.0);
            assert!(
                off < 1e-11 || found == wanted,
                "{family:?}({arguments:?}) at {x}: {found}, not {wanted}"
            );
        }
    };
    for rate in [0.2, 3.0, 25.0] {
        close(Family::Poisson, &[rate], &|x| law::Poisson::new(rate).unwrap().ln_pmf(x));
        for shape in [0.3, 4.0] {
            let law = law::NegativeBinomial::new(shape, shape / (shape + rate)).unwrap();
            close(Family::NegativeBinomial, &[rate, shape], &|x| law.ln_pmf(x));
        }
    }
    for (n, p) in [(7, 0.3), (40, 0.9), (1, 0.5)] {
        close(Family::Binomial, &[n as f64, p], &|x| law::Binomial::new(p, n).unwrap().ln_pmf(x));
    }
}

/// The integral from `low` to `high` over a stretched line (Takahasi and Mori 1974), for densities that may be
/// infinite at the ends.
pub fn integral(log: &dyn Fn(&[f64]) -> Vec<f64>, low: f64, high: f64) -> f64 {
    let step = 1.0 / 128.0;
    let t: Vec<f64> = (-600..=600).map(|k| step * f64::from(k)).collect();
    let stretch = |t: f64| (std::f64::consts::FRAC_PI_2 * t.sinh(), std::f64::consts::FRAC_PI_2 * t.cosh());
    let place = |t: f64| {
        let (u, du) = stretch(t);
        match (low.is_finite(), high.is_finite()) {
            (true, true) => {
                let share = 1.0 / (1.0 + (-2.0 * u).exp());
                let width = high - low;
                (low + width * share, 2.0 * width * share * (1.0 - share) * du)
            }
            (true, false) => (low + u.exp(), u.exp() * du),
            (false, true) => (high - u.exp(), u.exp() * du),
            (false, false) => (u.sinh(), u.cosh() * du),
        }
    };
    let places: Vec<(f64, f64)> = t
        .into_iter()
        .map(place)
        .filter(|(x, weight)| x.is_finite() && weight.is_finite() && *weight > 0.0)
        .collect();
    let x: Vec<f64> = places.iter().map(|(x, _)| *x).collect();
    let terms = log(&x).into_iter().zip(places).filter(|(log, _)| log.is_finite());
    terms.map(|(log, (_, weight))| log.exp() * weight * step).sum()
}

/// Families of real numbers with arguments, and between which ends their values lie.
pub const REAL: &[(Family, &[f64], [f64; 2])] = &[
    (Family::Beta, &[0.5, 2.0], [0.0, 1.0]),
    (Family::Cauchy, &[1.0, 2.0], [-INF, INF]),
    (Family::Exponential, &[3.0], [0.0, INF]),
    (Family::Gamma, &[0.5, 3.0], [0.0, INF]),
    (Family::HalfNormal, &[2.0], [0.0, INF]),
    (Family::InverseGamma, &[1.5, 2.0], [0.0, INF]),
    (Family::Laplace, &[0.0, 2.0], [-INF, INF]),
    (Family::Logistic, &[0.5, 2.0], [-INF, INF]),
    (Family::Lognormal, &[3.0, 0.7], [0.0, INF]),
    (Family::Normal, &[0.5, 2.0], [-INF, INF]),
    (Family::StudentT, &[1.5, 0.5, 2.0], [-INF, INF]),
    (Family::TruncatedNormal, &[0.0, 1.0, -1.0, 2.0], [-1.0, 2.0]),
    (Family::TruncatedNormal, &[0.0, 1.0, -1.0, INF], [-1.0, INF]),
    (Family::TruncatedNormal, &[0.0, 1.0, -INF, 2.0], [-INF, 2.0]),
    (Family::TruncatedNormal, &[0.0, 1.0, -INF, INF], [-INF, INF]),
    (Family::TruncatedNormal, &[0.0, 1.0, 3.0, 3.2], [3.0, 3.2]),
    (Family::TruncatedNormal, &[1.0, 0.5, -INF, -3.0], [-INF, -3.0]),
    (Family::TruncatedNormal, &[1.0, 0.5, -INF, INF], [-INF, INF]),
    (Family::Uniform, &[-3.0, 5.0], [-3.0, 5.0]),
    (Family::VonMises, &[-1.0, 200.0], [-PI, PI]),
    (Family::VonMises, &[0.5, 0.2], [-PI, PI]),
    (Family::VonMises, &[0.5, 2.0], [-PI, PI]),
    (Family::VonMises, &[3.0, 15.0], [-PI, PI]),
    (Family::Weibull, &[0.6, 3.0], [0.0, INF]),
];

#[test]
fn densities_integrate_to_one() {
    for (family, arguments, [low, high]) in REAL {
        let sum = integral(&|x| logs(*family, arguments, x), *low, *high);
        // The density of a Laplace law has a corner, which the rule does not see.
        let bound = if *family == Family::Laplace { 1e-5 } else { 1e-9 };
        assert!((sum - 1.0).abs() < bound, "{family:?}({arguments:?}): {sum}");
    }
}

#[test]
fn nothing_lies_outside() {
    for (family, arguments, outside) in [
        (Family::Bernoulli, &[0.4][..], &[0.5, 2.0, -1.0][..]),
        (Family::Beta, &[2.0, 2.0], &[-0.1, 1.1, -INF]),
        (Family::Binomial, &[4.0, 0.5], &[-1.0, 1.5, 5.0, INF]),
        (Family::Cauchy, &[0.0, 1.0], &[INF, -INF]),
        (Family::Exponential, &[1.0], &[-1e-9, INF]),
        (Family::Gamma, &[2.0, 1.0], &[-1.0, 0.0, INF]),
        (Family::HalfNormal, &[1.0], &[-1.0, INF]),
        (Family::InverseGamma, &[2.0, 1.0], &[-1.0, 0.0, INF]),
        (Family::Lognormal, &[2.0, 1.0], &[-1.0, 0.0, INF]),
        (Family::NegativeBinomial, &[2.0, 1.0], &[-1.0, 0.5, INF]),
        (Family::Normal, &[0.0, 1.0], &[INF, -INF]),
        (Family::Poisson, &[2.0], &[-1.0, 0.5, INF]),
        (Family::Poisson, &[0.0], &[1.0, 2.0]),
        (Family::StudentT, &[2.0, 0.0, 1.0], &[INF, -INF]),
        (Family::TruncatedNormal, &[0.0, 1.0, -1.0, 2.0], &[-1.1, 2.1]),
        (Family::Uniform, &[1.0, 2.0], &[0.99, 2.01]),
        (Family::VonMises, &[1.0, 2.0], &[3.2, -3.2]),
        (Family::Weibull, &[2.0, 1.0], &[-1.0, 0.0]),
    ] {
        for x in outside {
            for found in [logs(family, arguments, &[*x])[0], logs_given(family, arguments, &[*x])[0]] {
                assert_eq!(found, -INF, "{family:?}({arguments:?}) at {x}");
            }
        }
        assert!(logs(family, arguments, &[f64::NAN])[0].is_nan(), "{family:?} of no number");
        for place in 0..arguments.len() {
            let mut arguments = arguments.to_vec();
            arguments[place] = f64::NAN;
            for x in outside.iter().chain(&[1.0]) {
                assert!(
                    logs_given(family, &arguments, &[*x])[0].is_nan(),
                    "{family:?}({arguments:?}) at {x}"
                );
            }
        }
    }
}

#[test]
fn arguments_that_name_no_distribution_have_no_density() {
    for (family, arguments) in [
        (Family::Bernoulli, &[1.5][..]),
        (Family::Beta, &[0.0, 1.0]),
        (Family::Binomial, &[2.5, 0.5]),
        (Family::Exponential, &[-1.0]),
        (Family::Gamma, &[1.0, 0.0]),
        (Family::Normal, &[0.0, -1.0]),
        (Family::Normal, &[0.0, 0.0]),
        (Family::Poisson, &[-1.0]),
        (Family::TruncatedNormal, &[0.0, 1.0, 2.0, 1.0]),
        (Family::Uniform, &[2.0, 1.0]),
        (Family::VonMises, &[0.0, 0.0]),
    ] {
        for x in [0.0, 1.0, -7.0] {
            assert!(logs(family, arguments, &[x])[0].is_nan(), "{family:?}({arguments:?}) at {x}");
            assert!(logs_given(family, arguments, &[x])[0].is_nan(), "{family:?}({arguments:?}) at {x}");
        }
    }
}

/// The same bits at every width, for every set of instructions and number of threads.
#[test]
fn threads_widths_and_instructions_change_no_bit() {
    for (family, arguments) in [
        (Family::TruncatedNormal, &[0.3, 1.2, -1.0, 4.0][..]),
        (Family::VonMises, &[0.5, 3.0]),
        (Family::StudentT, &[2.5, 0.5, 3.0]),
        (Family::NegativeBinomial, &[4.0, 3.0]),
    ] {
        let (b, node) = number(family, arguments);
        let x: Vec<f64> = (0..1500)
            .map(|k| (f64::from(k) - 300.0) / 200.0)
            .map(|x| if k_is_count(family) { (x * 20.0).round() } else { x })
            .collect();
        let make = || Density::of(&b.0, &columns(&[node])).unwrap();
        let bits = |logs: Vec<f64>| logs.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        let wanted = bits(make().prior(&x, 1).unwrap());
        for set in InstructionSet::available() {
            for width in [64, 128, 256, 512] {
                for threads in [1, 3] {
                    let density = make().with_instructions(set).with_width(width);
                    let found = bits(density.prior(&x, threads).unwrap());
                    assert!(found == wanted, "{family:?}: {set}, {width} draws, {threads} threads");
                }
            }
        }
    }
}

fn k_is_count(family: Family) -> bool {
    family == Family::NegativeBinomial
}
