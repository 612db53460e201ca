//! Densities of whole models: of parameters, and of data given them.

use crate::examples::model as example;
use crate::models::Build;
use sbi_model::{AxisId, Expr, Family, Graph, Model, NodeId, Role};
use sbi_sim::{Density, InstructionSet, Output, Simulator};
use std::f64::consts::TAU;

/// The model of a file with these statements, and what stands before it.
pub fn with(before: &str, body: &str) -> Model {
    let text = format!("edition 2026\n{before}\nmodel m {{\n{body}\n}}\n");
    let checked = sbi_model::compile(&text, &());
    let file = checked.file.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    file.models.into_iter().next().expect("a model")
}

pub fn model(body: &str) -> Model {
    with("", body)
}

/// All elements of the nodes of these roles or names.
pub fn elements(model: &Model, wanted: impl Fn(&sbi_model::Node) -> bool) -> Vec<Output> {
    let nodes = model.numbered().filter(|(_, node)| wanted(node));
    nodes.flat_map(|(id, node)| (0..model.elements(node)).map(move |k| Output::Element(id, k))).collect()
}

fn tokens(model: &Model) -> Vec<Output> {
    elements(model, |node| matches!(node.role, Role::Param | Role::Data))
}

fn normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * TAU.ln()
}

fn close(found: f64, wanted: f64, bound: f64) {
    assert!((found - wanted).abs() < bound * wanted.abs().max(1.0), "{found}, not {wanted}");
}

/// Why the likelihood of the tokens of a model is not known.
fn told(model: &Model) -> String {
    let density = Density::of(model, &tokens(model)).unwrap();
    let told = density.likelihood(&[], 1).expect_err("it is implicit").clone();
    assert!(told.message.contains(&format!("`{}`", told.name)) && model.find(&told.name).is_some());
    assert_eq!(density.joint(&[], 1).unwrap_err().message, told.message);
    told.message
}

#[test]
fn the_linear_gaussian_example_has_its_closed_form() {
    let model = example("linear_gaussian.sbi");
    let columns: Vec<Output> =
        Graph::of(&model).tokens.iter().map(|token| Output::Element(token.node, token.element)).collect();
    let table = Simulator::of(&model, &columns).unwrap().run(3, 0..1_000, 2).unwrap();
    let density = Density::of(&model, &columns).unwrap();
    let [prior, likelihood, joint] = [
        density.prior(&table.values, 2),
        density.likelihood(&table.values, 2),
        density.joint(&table.values, 2),
    ]
    .map(Result::unwrap);
    let sd = 0.1f64.sqrt();
    for row in 0..table.rows {
        let (theta, x) = table.row(row).split_at(10);
        let wanted: f64 = theta.iter().map(|theta| normal(*theta, 0.0, sd)).sum();
        let given: f64 = x.iter().zip(theta).map(|(x, theta)| normal(*x, *theta, sd)).sum();
        close(prior[row], wanted, 1e-13);
        close(likelihood[row], given, 1e-13);
        close(joint[row], wanted + given, 1e-13);
    }
}

#[test]
fn two_moons_has_a_prior_and_no_likelihood() {
    let model = example("two_moons.sbi");
    let density = Density::of(&model, &tokens(&model)).unwrap();
    let rows = [0.5, -0.5, 0.0, 0.0, 1.5, 0.0, 0.0, 0.0];
    assert_eq!(density.prior(&rows, 1).unwrap(), [-(4f64.ln()), f64::NEG_INFINITY]);
    assert_eq!(told(&model), "`x_1` has no density: it is computed, not drawn");
}

const HIERARCHY: &str = "axis school : index(3)
    param mu ~ normal(0, 5)
    param tau ~ half_normal(2)
    latent theta[school] ~ normal(mu, tau)
    data y[school] ~ normal(2 * theta[school], sd = school)";

#[test]
fn latents_stand_in_the_way_unless_they_are_given() {
    let model = model(HIERARCHY);
    assert_eq!(told(&model), "`y` has no density: it depends on `theta`, which is drawn and not given");
    let columns = elements(&model, |_| true);
    let density = Density::of(&model, &columns).unwrap();
    let (mu, tau, theta, y) = (1.5, 0.7, [1.0, 2.0, 0.2], [2.5, 3.0, -1.0]);
    let row = [&[mu, tau][..], &theta, &y].concat();
    let prior = normal(mu, 0.0, 5.0)
        + normal(tau, 0.0, 2.0)
        + 2f64.ln()
        + theta.iter().map(|theta| normal(*theta, mu, tau)).sum::<f64>();
    let likelihood: f64 = (0..3).map(|k| normal(y[k], 2.0 * theta[k], (k + 1) as f64)).sum();
    close(density.prior(&row, 1).unwrap()[0], prior, 1e-14);
    close(density.likelihood(&row, 1).unwrap()[0], likelihood, 1e-14);
    close(density.joint(&row, 1).unwrap()[0], prior + likelihood, 1e-14);
}

/// Outside of its prior a parameter may be no argument of what depends on it.
#[test]
fn what_is_impossible_stays_so() {
    let model =
        model("param low ~ exponential(1)\n param t ~ uniform(low, 5)\n data x ~ normal(t, sd = low)");
    let density = Density::of(&model, &tokens(&model)).unwrap();
    let rows = [-1.0, 2.0, 0.0, 1.0, 0.5, 0.0, 6.0, 5.5, 0.0, f64::NAN, 2.0, 0.0, 1.0, 2.0, f64::NAN];
    let (prior, joint) = (density.prior(&rows, 1).unwrap(), density.joint(&rows, 1).unwrap());
    let inf = f64::NEG_INFINITY;
    assert_eq!((prior[0], prior[1]), (inf, inf));
    assert_eq!((joint[0], joint[1]), (inf, inf));
    // Between ends that are out of order lies nothing, and nothing is known of it.
    assert!(prior[2].is_nan() && prior[3].is_nan() && joint[3].is_nan());
    close(prior[4], -1.0 - 4f64.ln(), 1e-14);
    assert!(joint[4].is_nan() && density.likelihood(&rows, 1).unwrap()[0].is_nan());
}

/// A simulator's draws that data merely equal.
#[test]
fn data_that_equal_a_draw_have_its_density() {
    let model = with(
        "simulator brood(rate) -> { eggs, young } {
            latent eggs ~ poisson(rate)
            latent young ~ normal(eggs, sd = 0.5)
            return { eggs = eggs, young = young }
        }",
        "axis flea : index(2)
        param rate ~ gamma(2, 1)
        latent laid[flea] ~ brood(rate)
        data eggs[flea] = laid[flea].eggs
        data young[flea] = laid[flea].young
        missing young[flea] with probability 10%",
    );
    let density = Density::of(&model, &tokens(&model)).unwrap();
    let row = [3.0, 2.0, 5.0, 2.2, 4.0];
    let count = |n: f64, factorial: f64| n * 3f64.ln() - 3.0 - factorial.ln();
    let wanted = count(2.0, 2.0) + count(5.0, 120.0) + normal(2.2, 2.0, 0.5) + normal(4.0, 5.0, 0.5);
    close(density.likelihood(&row, 1).unwrap()[0], wanted, 1e-13);
    close(density.prior(&row, 1).unwrap()[0], 3f64.ln() - 3.0, 1e-13);
    let gap = [3.0, 2.0, 5.0, 2.2, f64::NAN];
    close(density.likelihood(&gap, 1).unwrap()[0], wanted - normal(4.0, 5.0, 0.5), 1e-13);
}

#[test]
fn solutions_without_noise_are_computed() {
    let model = model(
        "axis t : time(grid(from = 1, to = 3, step = 1))
        param a ~ lognormal(1, 0.5)
        dynamics decay over 0 .. 3 {
            init x = 2
            x' = -a * x
        }
        data seen[t] ~ normal(decay.x(t), sd = 0.1)",
    );
    let density = Density::of(&model, &tokens(&model)).unwrap();
    let (a, seen) = (0.8, [0.9, 0.5, 0.2]);
    let wanted: f64 = (0..3).map(|k| normal(seen[k], 2.0 * (-a * (k + 1) as f64).exp(), 0.1)).sum();
    let row = [&[a][..], &seen].concat();
    // The solver's tolerance of 1e-6, over a standard deviation of a tenth.
    close(density.likelihood(&row, 1).unwrap()[0], wanted, 1e-4);
    let rows = row.repeat(200);
    let one = density.likelihood(&row, 1).unwrap()[0].to_bits();
    assert!(density.likelihood(&rows, 2).unwrap().iter().all(|log| log.to_bits() == one));
}

#[test]
fn what_is_random_on_the_way_is_told() {
    let curve = |body: &str| {
        model(&format!(
            "axis t : time(grid(from = 1, to = 3, step = 1))
            param a ~ lognormal(1, 0.5)
            {body}
            data seen[t] ~ normal(path.x(t), sd = 0.1)"
        ))
    };
    for (body, what) in [
        (
            "dynamics path over 0 .. 3 by euler_maruyama(step = 0.1) {\n noise w\n init x = 0\n x' = a + w\n}",
            "`path.w`, a noise",
        ),
        (
            "dynamics path over 0 .. 3 {\n init x ~ normal(0, 1)\n x' = a\n}",
            "`path.x`, which is drawn and not given",
        ),
        (
            "dynamics path over 0 .. 3 every 1 {\n init x = 0\n next x ~ normal(x, a)\n}",
            "`path.x`, which changes at random",
        ),
        (
            "dynamics path over 0 .. 3 by gillespie(max = 100) {\n init x = 5\n jump at rate a * x {\n x = x - 1\n }\n}",
            "`path.x`, which changes at random",
        ),
    ] {
        assert_eq!(told(&curve(body)), format!("`seen` has no density: it depends on {what}"));
    }
    let outside = with(
        "external lab(a) -> { y } = process(\"python3\", \"lab.py\") {\n depends y from a\n}",
        "param a ~ normal(0, 1)\n latent run ~ lab(a)\n data x ~ normal(run.y, 1)\n data z = run.y",
    );
    let message = told(&outside);
    assert_eq!(message, "`z` has no density: it is computed, not drawn");
    let function = model(
        "axis t : time(grid(from = 1, to = 3, step = 1))
        param food(day) ~ gaussian_process(mean = 0, kernel = rbf(length = 1, scale = 1)) at t
        data x ~ normal(food(2), 1)",
    );
    let density = Density::of(&function, &tokens(&function)).unwrap();
    let said = |told: Result<Vec<f64>, &sbi_sim::Implicit>| told.unwrap_err().to_string();
    assert_eq!(said(density.prior(&[], 1)), "`food` has no density: it is a function of time");
}

/// What a data set lacks contributes nothing; what it has must be there.
#[test]
fn gaps_contribute_nothing() {
    let model = model(
        "axis trial : set(size = 1 .. 4)
        param mu ~ normal(0, 1)
        data x[trial] ~ normal(mu, 1)
        data mean ~ normal(mean over trial (x[trial]), sd = 0.1)
        data y ~ normal(mu, 2)
        missing y with probability 20%",
    );
    let columns = elements(&model, |node| matches!(node.role, Role::Param | Role::Data));
    let density = Density::of(&model, &columns).unwrap();
    let nan = f64::NAN;
    let likelihood = |row: &[f64]| density.likelihood(row, 1).unwrap()[0];
    let of = |x: f64| normal(x, 0.5, 1.0);
    let full = likelihood(&[0.5, 1.0, 2.0, 3.0, 4.0, 2.45, 0.0]);
    close(
        full,
        [1.0, 2.0, 3.0, 4.0].map(of).iter().sum::<f64>() + normal(2.45, 2.5, 0.1) + normal(0.0, 0.5, 2.0),
        1e-13,
    );
    // The mean is that of the elements that there are.
    close(
        likelihood(&[0.5, 1.0, 2.0, nan, nan, 1.45, nan]),
        of(1.0) + of(2.0) + normal(1.45, 1.5, 0.1),
        1e-13,
    );
    assert!(likelihood(&[0.5, nan, 2.0, nan, nan, 1.45, 0.0]).is_nan(), "each set has a first element");
    assert!(likelihood(&[0.5, 1.0, nan, nan, nan, nan, 0.0]).is_nan(), "the mean is never missing");
    // What is simulated has a density, gaps and all.
    let table = Simulator::of(&model, &columns).unwrap().run(5, 0..2_000, 2).unwrap();
    assert!(table.values.iter().any(|x| x.is_nan()));
    assert!(density.joint(&table.values, 2).unwrap().iter().all(|log| log.is_finite()));
}

/// Scattered instants are read from their columns, and are needed where a datum depends on them.
#[test]
fn instants_are_given_with_the_data() {
    let model = model(
        "axis t : time(scattered(n = 2 .. 3, over = 0 .. 10))
        param slope ~ normal(0, 1)
        data x[t] ~ normal(slope * t, sd = 1)",
    );
    assert_eq!(
        told(&model),
        "`x` has no density: it depends on the elements of `t`, which differ between data sets and are not given"
    );
    let columns: Vec<Output> =
        tokens(&model).into_iter().chain((0..3).map(|k| Output::Coordinate(AxisId(0), k))).collect();
    let density = Density::of(&model, &columns).unwrap();
    let found = density.likelihood(&[0.5, 1.0, 2.0, f64::NAN, 1.5, 6.0, f64::NAN], 1).unwrap()[0];
    close(found, normal(1.0, 0.75, 1.0) + normal(2.0, 3.0, 1.0), 1e-14);
}

#[test]
fn threads_widths_and_instructions_change_no_bit() {
    let model = model(&format!(
        "{HIERARCHY}
        param k ~ gamma(2, 0.5)
        param share ~ beta(2, 3)
        data n ~ negative_binomial(mean = k, shape = 1 + share)
        data angle ~ von_mises(mean = 0, concentration = k)
        data cut ~ truncated_normal(mu, k, low = 0, high = 100)"
    ));
    let columns = elements(&model, |_| true);
    let table = Simulator::of(&model, &columns).unwrap().run(5, 0..1_700, 1).unwrap();
    let make = || Density::of(&model, &columns).unwrap();
    let bits = |logs: Vec<f64>| logs.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    let wanted = bits(make().joint(&table.values, 1).unwrap());
    assert!(wanted.iter().all(|log| f64::from_bits(*log).is_finite()));
    for set in InstructionSet::available() {
        for width in [64, 128, 256, 512] {
            for threads in [1, 3] {
                let density = make().with_instructions(set).with_width(width);
                let found = bits(density.joint(&table.values, threads).unwrap());
                assert!(found == wanted, "{set}, {width} draws, {threads} threads");
            }
        }
    }
}

#[test]
fn a_model_too_large_to_unroll_is_told() {
    let mut b = Build::new();
    let i = b.axis("i", 600_000);
    let (zero, place) = (b.number(0.0), b.expr(Expr::Coordinate(i)));
    b.draw(Role::Data, "x", &[i], Family::Normal, &[zero, place]);
    let told = Density::of(&b.0, &tokens(&b.0)).err().expect("it takes too many steps");
    assert!(told.code == "program-too-large" && told.message.contains("`x`"), "{}", told.message);
}

#[test]
fn a_parameter_that_is_not_there_is_told() {
    let model = model("param a ~ normal(0, 1)\n data x ~ normal(a, 1)");
    let only = [Output::Element(NodeId(model.find("x").unwrap().0), 0)];
    let density = Density::of(&model, &only).unwrap();
    assert_eq!(
        density.prior(&[0.0], 1).unwrap_err().message,
        "`a` has no density: no values of it are given"
    );
    let told = density.likelihood(&[0.0], 1).unwrap_err();
    assert_eq!(told.message, "`x` has no density: it depends on `a`, which is drawn and not given");
}
