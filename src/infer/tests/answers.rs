//! Small networks against closed forms.

use super::{Watcher, machine, moments, normal_pairs, pairs_of, question};
use crate::table::is_validation;
use crate::{Conditional, DensityError, DrawError, How, Subject, Table, Weights, plan, train};
use sbi_model::{GraphRule, MaskKind, Noise, State, Support, Train, Transformer};
use sbi_sim::rng::Stream;
use std::ops::ControlFlow;

pub fn trained(subject: &Subject, table: &Table, noise: Noise, steps: usize) -> Weights {
    let transformer = Transformer { width: Some(32), layers: Some(2), noise, ..Transformer::default() };
    let train_ = Train { steps: Some(steps), batch: Some(128), ..Train::default() };
    let plan = plan("test", subject, &transformer, &train_, table);
    train(&plan, subject, crate::Material::kept(table), &machine(2), None, &mut Watcher::default()).unwrap()
}

fn answer(weights: &Weights, subject: &Subject, states: &[Option<f64>], draws: usize) -> Vec<f64> {
    let question = question(states);
    let conditional = Conditional::new(weights, subject, &question, 1);
    conditional.draw(0..draws, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap().values
}

/// `theta ~ N(0, 1)`, `x ~ N(theta, 0.5²)`: the posterior is N(0.8 x, 0.2), the likelihood N(theta, 0.25).
#[test]
fn one_network_gives_posterior_and_likelihood_of_a_normal_pair() {
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 4_000));
    let weights = trained(&subject, &table, Noise::Edm, 1_500);
    for x in [-1.2, 0.1, 1.5] {
        let (mean, sd) = moments(&answer(&weights, &subject, &[None, Some(x)], 4_000));
        // 0.12 posterior sds: four standard errors of 4,000 draws and as much for the training.
        assert!((mean - 0.8 * x).abs() < 0.12 * 0.2f64.sqrt(), "mean {mean} at x = {x}");
        assert!((sd / 0.2f64.sqrt() - 1.0).abs() < 0.12, "sd {sd} at x = {x}");
        let (mean, sd) = moments(&answer(&weights, &subject, &[Some(x), None], 4_000));
        assert!((mean - x).abs() < 0.12 * 0.5, "mean {mean} at theta = {x}");
        assert!((sd / 0.5 - 1.0).abs() < 0.12, "sd {sd} at theta = {x}");
    }
}

/// A network trained on simulations of a model, with its graph.
fn trained_on(body: &str, steps: usize) -> (Weights, Subject) {
    let file = sbi_model::compile(&format!("edition 2026\nmodel m {{\n{body}\n}}\n"), &()).file.unwrap();
    let model = file.models.first().unwrap();
    assert_eq!(model.later, []);
    let subject = Subject::of(model, GraphRule::Exact, MaskKind::Undirected);
    let outputs: Vec<_> = subject.tokens().iter().map(|token| (token.node, token.element)).collect();
    let values = sbi_sim::Simulator::new(model, &outputs).unwrap().run(1, 0..10_000, 2).unwrap().values;
    let table = Table::plain(subject.tokens().len(), values);
    (trained(&subject, &table, Noise::Edm, steps), subject)
}

/// `rate ~ Gamma(3, 1)`, `count ~ Poisson(rate)`: the posterior is Gamma(3 + count, 2). A prior with a tail and counts.
#[test]
fn a_rate_given_its_count_follows_the_conjugate_law() {
    let (weights, subject) = trained_on("param rate ~ gamma(3, 1)\ndata count ~ poisson(rate)", 4_000);
    for count in [0.0, 3.0, 8.0] {
        let draws = answer(&weights, &subject, &[None, Some(count)], 4_000);
        assert!(draws.iter().all(|rate| *rate > 0.0));
        let (mean, sd) = moments(&draws);
        let (wanted, spread) = ((3.0 + count) / 2.0, (3.0f64 + count).sqrt() / 2.0);
        // 0.15 posterior sds: four standard errors of 4,000 draws, and as much for the training.
        assert!((mean - wanted).abs() < 0.15 * spread, "mean {mean}, not {wanted}, at {count}");
        assert!((sd / spread - 1.0).abs() < 0.15, "sd {sd}, not {spread}, at {count}");
    }
}

/// A dynamics with a straight path from `a` at the rate `b`, read three times with noise: linear regression.
#[test]
fn a_path_given_its_readings_follows_linear_regression() {
    let body = "axis t : time(grid(from = 0, to = 2, step = 1))
        param a ~ normal(0, 1)
        param b ~ normal(0, 1)
        dynamics line over 0 .. 2 by rk4(step = 0.5) {
            init x = a
            x' = b
        }
        data y[t] ~ normal(line.x(t), 0.5)";
    let (weights, subject) = trained_on(body, 8_000);
    let readings = [0.8, 0.2, -1.0];
    let states = [None, None, Some(readings[0]), Some(readings[1]), Some(readings[2])];
    let names: Vec<&str> = subject.tokens().iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "y[1]", "y[2]", "y[3]"]);
    let draws = answer(&weights, &subject, &states, 4_000);
    // Precision I + X'X / 0.25 with the rows (1, t) of X, and its inverse times X'y / 0.25.
    let (p, q, r) = (1.0 + 3.0 / 0.25, 3.0 / 0.25, 1.0 + 5.0 / 0.25);
    let determinant = p * r - q * q;
    let [sum, moment] = [readings.iter().sum::<f64>() / 0.25, (readings[1] + 2.0 * readings[2]) / 0.25];
    let means = [(r * sum - q * moment) / determinant, (p * moment - q * sum) / determinant];
    for (token, (mean, variance)) in means.into_iter().zip([r / determinant, p / determinant]).enumerate() {
        let found = moments(&draws.iter().skip(token).step_by(2).copied().collect::<Vec<_>>());
        assert!((found.0 - mean).abs() < 0.15 * variance.sqrt(), "mean {} of {mean}", found.0);
        assert!((found.1 / variance.sqrt() - 1.0).abs() < 0.15, "sd {} of {}", found.1, variance.sqrt());
    }
}

/// What a query leaves out is drawn along: the draws of `theta` are those of the joint, bit for bit.
#[test]
fn what_is_left_out_is_integrated_over() {
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 400));
    let weights = trained(&subject, &table, Noise::Edm, 50);
    let joint = answer(&weights, &subject, &[None, None], 300);
    let mut alone = question(&[None, None]);
    alone.states[1] = State::Absent;
    alone.infer = vec![0];
    let conditional = Conditional::new(&weights, &subject, &alone, 1);
    let draws = conditional.draw(0..300, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(draws.values, joint.iter().step_by(2).copied().collect::<Vec<f64>>());
}

/// A network that has learnt nothing denoises towards the standard normal law exactly: what the draws' width is off by
/// is the solver's doing. Monte-Carlo error of a standard deviation from N draws is 1/√(2N), four of them 0.014.
#[test]
fn the_solver_keeps_a_normal_law_as_wide_as_it_is() {
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 4_000));
    let weights = trained(&subject, &table, Noise::Edm, 0);
    let draws = answer(&weights, &subject, &[None, None], 40_000);
    for token in 0..2 {
        let column: Vec<f64> = draws.iter().skip(token).step_by(2).copied().collect();
        let seen =
            table.iter().enumerate().filter(|(row, _)| !is_validation(*row)).map(|(_, row)| row[token]);
        let ((mean, sd), (mean_0, sd_0)) = (moments(&column), moments(&seen.collect::<Vec<f64>>()));
        assert!((sd / sd_0 - 1.0).abs() < 0.014, "sd {sd} for {sd_0}");
        assert!((mean - mean_0).abs() < 0.02 * sd_0, "mean {mean} for {mean_0}");
    }
}

/// The published processes on the same pair: coarser tolerances, as nothing is fitted to the problem.
#[test]
fn the_published_processes_answer_too() {
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 4_000));
    for process in [Noise::Ve, Noise::Vp] {
        let weights = trained(&subject, &table, process, 1_500);
        let (mean, sd) = moments(&answer(&weights, &subject, &[None, Some(1.0)], 500));
        assert!(
            (mean - 0.8).abs() < 0.4 * 0.2f64.sqrt() && (sd / 0.2f64.sqrt() - 1.0).abs() < 0.3,
            "{process:?}: mean {mean}, sd {sd}"
        );
    }
}

/// Four kinds without an order, each with a place of its own: both ways the shares follow Bayes' rule.
#[test]
fn categories_are_told_apart() {
    let (weights, subject) = trained_on(
        "param kind ~ categorical([0.4, 0.1, 0.3, 0.2])
         let place = if kind == 1 then 0 else if kind == 2 then 3 else if kind == 3 then -1.5 else 1
         data x ~ normal(place, 1)",
        3_000,
    );
    let (shares, places) = ([0.4, 0.1, 0.3, 0.2], [0.0, 3.0, -1.5, 1.0_f64]);
    for x in [-1.0, 0.5, 2.5] {
        let likely = places.map(|place| (-0.5 * (x - place).powi(2)).exp());
        let weighed: Vec<f64> = shares.iter().zip(likely).map(|(share, likely)| share * likely).collect();
        let all: f64 = weighed.iter().sum();
        let draws = answer(&weights, &subject, &[None, Some(x)], 4_000);
        for (kind, exact) in weighed.iter().map(|weight| weight / all).enumerate() {
            let share = draws.iter().filter(|draw| **draw == kind as f64 + 1.0).count() as f64 / 4_000.0;
            // Four standard errors of 4,000 draws are at most 0.03, and as much for the training.
            assert!((share - exact).abs() < 0.06, "kind {} at {x}: {share}, not {exact}", kind + 1);
        }
    }
    for (kind, place) in places.into_iter().enumerate() {
        let (mean, sd) = moments(&answer(&weights, &subject, &[Some(kind as f64 + 1.0), None], 4_000));
        assert!((mean - place).abs() < 0.15 && (sd - 1.0).abs() < 0.15, "kind {}: {mean}, {sd}", kind + 1);
    }
}

/// With the mask of independent pairs, `theta[1]` cannot see `x[2]`: its draws are the same bits.
#[test]
fn a_mask_hides_what_it_forbids() {
    let (subject, table) = (pairs_of(2, Support::REAL), normal_pairs(2, 400));
    let weights = trained(&subject, &table, Noise::Edm, 50);
    let first = |other: f64| -> Vec<f64> {
        answer(&weights, &subject, &[None, None, Some(0.5), Some(other)], 200)
            .chunks(2)
            .map(|row| row[0])
            .collect()
    };
    assert_eq!(first(0.0), first(3.0));
}

/// A uniform prior with the datum at its edge: no draw leaves the support, and none is piled up at the bound.
#[test]
fn draws_stay_within_the_support() {
    let subject = pairs_of(1, Support { low: -1.0, high: 1.0, whole: false });
    let stream = Stream::new(4, "edge");
    let values = (0..2_000u64).flat_map(|row| {
        let theta = 2.0 * stream.uniform(row, 0, 0) - 1.0;
        [theta, theta + 0.3 * stream.normal(row, 1, 0)]
    });
    let table = Table::plain(2, values.collect());
    let weights = trained(&subject, &table, Noise::Edm, 500);
    let draws = answer(&weights, &subject, &[None, Some(1.2)], 2_000);
    assert!(draws.iter().all(|x| (-1.0..=1.0).contains(x)));
    assert!(draws.iter().filter(|x| **x > 0.9999).count() < 20);
}

/// A network that knows nothing of a support far from its simulations is told of, not asked for ever.
#[test]
fn a_support_that_is_never_met_ends_the_drawing() {
    let weights = trained(&pairs_of(1, Support::REAL), &normal_pairs(1, 400), Noise::Edm, 10);
    let subject = pairs_of(1, Support { low: 40.0, high: 41.0, whole: false });
    let question = question(&[None, Some(0.0)]);
    let conditional = Conditional::new(&weights, &subject, &question, 1);
    let drawn = conditional.draw(0..30, &machine(2), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(drawn, Err(DrawError::OutsideSupport { kept: 0, tries: 20_000.. })));
}

/// Densities of a trained network: they add up to one, have the moments of the draws to within their Monte-Carlo error, and
/// are near the closed form where the network is. For a margin a token is left out.
#[test]
fn densities_are_those_of_the_draws() {
    use State::{Absent, Given, Inferred};
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 4_000));
    let weights = trained(&subject, &table, Noise::Edm, 1_500);
    let go_on = &mut |_| ControlFlow::Continue(());
    let step = 0.05;
    let grid: Vec<f64> = (-100..=100).map(|k| step * f64::from(k)).collect();
    for (states, mean, variance) in [
        ([Inferred, Given(-0.5)], -0.4, 0.2),
        ([Given(0.4), Inferred], 0.4, 0.25),
        ([Absent, Inferred], 0.0, 1.25),
    ] {
        let mut question = question(&[None, None]);
        question.states = states.to_vec();
        question.infer.retain(|token| states[*token] == Inferred);
        let conditional = Conditional::new(&weights, &subject, &question, 1);
        let found = conditional.log_density(&grid, &machine(2), go_on).unwrap();
        let moment = |power: i32| {
            grid.iter().zip(&found).map(|(x, log)| step * x.powi(power) * log.exp()).sum::<f64>()
        };
        let (mass, first, second) = (moment(0), moment(1), moment(2));
        // Bayes' rule holds of the model; of a network as far as its conditionals are those of its joint.
        let loose = if states[0] == Absent { 0.05 } else { 0.0 };
        assert!((mass - 1.0).abs() < 0.005 + loose, "{states:?}: the mass is {mass}");
        let draws = conditional.draw(0..4_000, &machine(2), go_on).unwrap().values;
        let (drawn_mean, drawn_sd) = moments(&draws);
        let sd = (second - first * first).sqrt();
        // Four standard errors.
        assert!((first - drawn_mean).abs() < (0.064 + loose) * sd, "{states:?}: {first} is not {drawn_mean}");
        assert!((sd / drawn_sd - 1.0).abs() < 0.045 + loose, "{states:?}: {sd} is not {drawn_sd}");
        let exact =
            |x: f64| -0.5 * (std::f64::consts::TAU * variance).ln() - 0.5 * (x - mean).powi(2) / variance;
        let near = grid.iter().zip(&found).filter(|(x, _)| (*x - mean).powi(2) < 4.0 * variance);
        let (sum, count) =
            near.fold((0.0, 0.0), |(sum, n), (x, log)| (sum + (log - exact(*x)).abs(), n + 1.0));
        assert!(sum / count < 0.25, "{states:?}: off by {} nats on average", sum / count);
    }
}

/// The conjugate pair of a rate and its count: the density of its posterior is Gamma(3 + count, 2), which has its mode below its mean
/// and is learnt on a logarithmic scale. Where the rate is left out, the count's law is not asked for: whole numbers have no density.
#[test]
fn the_mode_is_where_the_density_is_largest() {
    let (weights, subject) = trained_on("param rate ~ gamma(3, 1)\ndata count ~ poisson(rate)", 4_000);
    let go_on = &mut |_| ControlFlow::Continue(());
    for count in [0.0, 3.0, 8.0] {
        let question = question(&[None, Some(count)]);
        let conditional = Conditional::new(&weights, &subject, &question, 1);
        let draws = conditional.draw(0..1_000, &machine(2), go_on).unwrap().values;
        let mode = conditional.mode(&draws, &machine(2), go_on).unwrap();
        let (wanted, spread) = ((2.0 + count) / 2.0, (3.0f64 + count).sqrt() / 2.0);
        // A small network's law is flat and uneven around its top.
        assert!((mode.values[0] - wanted).abs() < 0.6 * spread, "mode {} at {count}", mode.values[0]);
        let at_exact = conditional.log_density(&[wanted.max(0.05)], &machine(2), go_on).unwrap();
        assert!(at_exact[0] <= mode.log_density, "{at_exact:?} at the exact mode, {mode:?} found");
        let again = conditional.log_density(&mode.values, &machine(1), go_on).unwrap();
        assert_eq!(again, [mode.log_density], "whichever points are asked for beside it");
        let outside = conditional.log_density(&[-0.1, 0.0], &machine(2), go_on).unwrap();
        assert!(outside.iter().all(|log| *log == f64::NEG_INFINITY), "{outside:?}");
    }
    let question = question(&[Some(2.0), None]);
    let conditional = Conditional::new(&weights, &subject, &question, 1);
    let refused = conditional.log_density(&[1.0], &machine(2), go_on);
    assert_eq!(refused, Err(DensityError::Discrete { name: "count".into() }));
}

/// The joint of the pair over a plane adds up to one as well: the trace is of all tokens asked about.
#[test]
fn a_density_of_two_adds_up_to_one() {
    let (subject, table) = (pairs_of(1, Support::REAL), normal_pairs(1, 4_000));
    let weights = trained(&subject, &table, Noise::Edm, 300);
    let question = question(&[None, None]);
    let conditional = Conditional::new(&weights, &subject, &question, 1);
    let line = || (-30..=30).map(|k| 0.15 * f64::from(k));
    let plane: Vec<f64> = line().flat_map(|a| line().flat_map(move |b| [a, a + b])).collect();
    let found = conditional.log_density(&plane, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap();
    let mass: f64 = found.iter().map(|log| 0.15 * 0.15 * log.exp()).sum();
    assert!((mass - 1.0).abs() < 0.01, "the mass is {mass}");
}

/// A network of a file's model, trained for so many steps, and the conditions of its query.
fn under(text: &str, steps: usize) -> (Weights, Subject, sbi_sim::Restriction) {
    let file = sbi_model::compile(text, &()).file.unwrap();
    let model = &file.models[0];
    let subject = Subject::of(model, GraphRule::Exact, MaskKind::Undirected);
    let elements: Vec<_> = subject.tokens().iter().map(|token| (token.node, token.element)).collect();
    let values = sbi_sim::Simulator::new(model, &elements).unwrap().run(1, 0..10_000, 2).unwrap().values;
    let weights = trained(&subject, &Table::plain(elements.len(), values), Noise::Edm, steps);
    let restriction = sbi_sim::Restriction::of(model, &file.queries[0].conditions, &elements).unwrap();
    (weights, subject, restriction)
}

/// `x ~ N(theta, 0.1²)`, and only `theta` is held in an interval: `x` follows it, by guidance as by rejection.
#[test]
fn what_is_not_conditioned_follows_what_is() {
    let text = "edition 2026
model m {
    param theta ~ normal(0, 1)
    data x ~ normal(theta, sd = 0.1)
}
query q {
    infer theta, x
    where theta in -0.05 .. 0.05
}
";
    let (weights, subject, restriction) = under(text, 1_500);
    let question = question(&[None, None]);
    let free = Conditional::new(&weights, &subject, &question, 1);
    let apart = |guided: bool| {
        let how = if guided { How::Guidance } else { How::Rejection { most: 0.0 } };
        let under = Some(crate::Under { restriction: Some(&restriction), tilted: None, how });
        let conditional = Conditional { under, ..free };
        let drawn = conditional.draw(0..2_000, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap();
        moments(&drawn.values.chunks(2).map(|row| row[1] - row[0]).collect::<Vec<f64>>())
    };
    let [(mean, sd), (wanted, spread)] = [true, false].map(apart);
    // Four standard errors of both sds are 9 %.
    assert!((mean - wanted).abs() < 0.2 * spread, "mean {mean}, not {wanted}");
    assert!((sd / spread - 1.0).abs() < 0.15, "sd {sd}, not {spread}");
}

/// A network of the standard normal pair that has learnt nothing but the priors denoises exactly where the two are independent:
/// draws under conditions are those of normal laws cut off, by rejection and by guidance.
#[test]
fn draws_under_a_condition_are_of_the_law_cut_off() {
    let text = "edition 2026
model m {
    param a ~ normal(0, 1)
    param b ~ normal(0, 1)
    data y ~ normal(0, 1)
}
query q {
    given y = 0
    infer params
    where a > 1.5
    where a + b in 1 .. 3
}
";
    let (weights, subject, restriction) = under(text, 0);
    let question = question(&[None, None, Some(0.0)]);
    let free = Conditional::new(&weights, &subject, &question, 1);
    let restricted = |guided: bool| Conditional {
        under: Some(crate::Under {
            restriction: Some(&restriction),
            tilted: None,
            how: if guided { How::Guidance } else { How::Rejection { most: 0.0 } },
        }),
        ..free
    };
    let probe = restricted(false).probe(0..2_000, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap();
    let share = probe.share();
    assert_eq!(share, probe.holding());
    // By simulations of the prior: 3.2 %; four standard errors of 2,000 draws are 1.6 %.
    assert!((share - 0.032).abs() < 0.016, "{share}");
    let drawn = |guided: bool| {
        restricted(guided).draw(0..2_000, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let (rejected, guided) = (drawn(false), drawn(true));
    assert!(rejected.redrawn > 30_000 && guided.redrawn < 60, "{} and {}", rejected.redrawn, guided.redrawn);
    for draws in [&rejected, &guided] {
        let holds = |row: &[f64]| row[0] > 1.5 && (1.0..=3.0).contains(&(row[0] + row[1]));
        assert!(draws.values.chunks(2).all(holds));
    }
    let column = |draws: &crate::Draws, own: usize| -> Vec<f64> {
        draws.values.iter().skip(own).step_by(2).copied().collect()
    };
    for own in 0..2 {
        let [(mean, sd), (wanted, spread)] = [&guided, &rejected].map(|draws| moments(&column(draws, own)));
        // Guidance is approximate: a fifth of a standard deviation.
        assert!((mean - wanted).abs() < 0.2 * spread, "mean {mean}, not {wanted}, of {own}");
        assert!((sd / spread - 1.0).abs() < 0.2, "sd {sd}, not {spread}, of {own}");
    }
}
