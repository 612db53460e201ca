//! Data sets that differ: readings at scattered times, sets of any size, gaps, against closed forms.

use super::{Watcher, machine, moments};
use crate::{Conditional, Plan, Question, Subject, Table, Weights, plan, train};
use sbi_model::{AxisId, File, Graph, GraphRule, MaskKind, Model, State, Train, Transformer};
use sbi_sim::Output;
use std::ops::ControlFlow;

/// By which rule a graph is read, and which masks are made of it.
type Kind = (GraphRule, MaskKind);

const EXACT: Kind = (GraphRule::Exact, MaskKind::Undirected);

/// A checked file with one model and one query.
fn file(body: &str, query: &str) -> File {
    let text = format!("edition 2026\nmodel m {{\n{body}\n}}\nquery q {{\n{query}\n}}\n");
    let checked = sbi_model::compile(&text, &());
    checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

/// The coordinates of a model's scattered axes.
fn places(model: &Model) -> Vec<Output> {
    let axes = model.axes.iter().enumerate().filter(|(_, axis)| axis.varies() && axis.is_time());
    let places =
        axes.flat_map(|(id, axis)| (0..axis.size()).map(move |place| Output::Coordinate(AxisId(id), place)));
    places.collect()
}

/// What a small network for a model is trained on.
fn prepared(model: &Model, kind: Kind, rows: u64, steps: usize) -> (Plan, Subject, Table) {
    let subject = Subject::of(model, kind.0, kind.1);
    let tokens = subject.tokens().iter().map(|token| Output::Element(token.node, token.element));
    let outputs: Vec<Output> = tokens.chain(places(model)).collect();
    let made = sbi_sim::Simulator::of(model, &outputs).unwrap().run(1, 0..rows, 2).unwrap();
    let (columns, places) = (subject.tokens().len(), subject.coordinates);
    let rows = || made.values.chunks_exact(columns + places);
    let table = Table {
        columns,
        values: rows().flat_map(|row| row[..columns].to_vec()).collect(),
        places,
        coordinates: rows().flat_map(|row| row[columns..].to_vec()).collect(),
    };
    let (graph, mask) = kind;
    let transformer = Transformer { width: Some(32), layers: Some(3), graph, mask, ..Transformer::default() };
    let settings = Train { steps: Some(steps), batch: Some(128), ..Train::default() };
    (plan("test", &subject, &transformer, &settings, &table), subject, table)
}

fn trained(model: &Model, kind: Kind, rows: u64, steps: usize) -> (Weights, Subject) {
    let (plan, subject, table) = prepared(model, kind, rows, steps);
    let weights =
        train(&plan, &subject, crate::Material::kept(&table), &machine(2), None, &mut Watcher::default())
            .unwrap();
    (weights, subject)
}

/// Draws of what a query infers, on axes as long as it places them.
fn draws(file: &File, kind: Kind, (weights, trained_on): (&Weights, &Subject), count: usize) -> Vec<f64> {
    let (model, query) = (&file.models[0], &file.queries[0]);
    let (subject, question) = match query.placed_model(model) {
        Some(placed) => {
            let subject = Subject::of(&placed, kind.0, kind.1).with_kinds_of(trained_on);
            let placement = query.placement(model, &Graph::of(model), placed, subject.tokens());
            let sbi_model::Placement { states, origins, infer, coordinates, .. } = placement;
            (subject, Question { name: "q".into(), states, origins, infer, coordinates, known: Vec::new() })
        }
        None => {
            let (states, infer) = (query.states.clone(), query.infer.clone());
            let origins = (0..states.len()).map(Some).collect();
            let name = "q".into();
            (
                trained_on.clone(),
                Question { name, states, origins, infer, coordinates: Vec::new(), known: Vec::new() },
            )
        }
    };
    let conditional = Conditional::new(weights, &subject, &question, 1);
    conditional.draw(0..count, &machine(2), &mut |_| ControlFlow::Continue(())).unwrap().values
}

/// 0.15 posterior sds: four standard errors of 4,000 draws, and as much for the training.
fn assert_normal(found: &[f64], mean: f64, variance: f64) {
    let (m, sd) = moments(found);
    assert!((m - mean).abs() < 0.15 * variance.sqrt(), "mean {m}, not {mean}");
    assert!((sd / variance.sqrt() - 1.0).abs() < 0.15, "sd {sd}, not {}", variance.sqrt());
}

/// A straight path through the origin, read at times that differ: regression on whatever times a query has.
#[test]
fn a_slope_given_readings_at_any_times_follows_regression() {
    let body = "axis t : time(scattered(n = 6, over = 0 .. 2))
        param b ~ normal(0, 1)
        dynamics line over 0 .. 2 by rk4(step = 0.5) {
            init x = 0
            x' = b
        }
        data y[t] ~ normal(line.x(t), 0.5)";
    let times = [0.3, 1.1, 1.9];
    let readings = [0.4, -0.2, 1.3];
    let asked = file(body, "at t = [0.3, 1.1, 1.9]\ngiven y = [0.4, -0.2, 1.3]\ninfer b");
    let (weights, subject) = trained(&asked.models[0], EXACT, 10_000, 8_000);
    let precision = 1.0 + times.iter().map(|t| t * t / 0.25).sum::<f64>();
    let mean = times.iter().zip(&readings).map(|(t, y)| t * y / 0.25).sum::<f64>() / precision;
    assert_normal(&draws(&asked, EXACT, (&weights, &subject), 4_000), mean, 1.0 / precision);
    // More readings than any data set of the training had, of a slope that is given.
    let many = file(body, "given b = 0.8\nat t = grid(from = 0, to = 2, step = 0.25)\ninfer y");
    let values = draws(&many, EXACT, (&weights, &subject), 4_000);
    assert_eq!(values.len(), 9 * 4_000);
    for place in [0, 4, 8] {
        let column: Vec<f64> = values.iter().skip(place).step_by(9).copied().collect();
        assert_normal(&column, 0.8 * 0.25 * place as f64, 0.25);
    }
}

/// A mean given a set, of fewer elements than there are at most: the rest is not there.
#[test]
fn a_mean_given_a_set_of_some_size_follows_the_conjugate_law() {
    let body = "axis i : set(size = 1 .. 5)
        param mu ~ normal(0, 1)
        data x[i] ~ normal(mu, 1)";
    let asked = file(body, "given x = [0.9, 2.1, 0.3]\ninfer mu");
    let (weights, subject) = trained(&asked.models[0], EXACT, 8_000, 3_000);
    assert_eq!(subject.kinds(), 2, "elements of a set are of one kind");
    let found = draws(&asked, EXACT, (&weights, &subject), 4_000);
    assert_normal(&found, 3.3 / 4.0, 1.0 / 4.0);
}

/// Elements of a set that constants tell apart are of kinds of their own: each is weighed by its own constant.
#[test]
fn elements_with_constants_of_their_own_are_told_apart() {
    let body = "axis i : set(size = 1 .. 3)
        const c[i] = [3, 1, 0.3]
        param mu ~ normal(0, 1)
        data x[i] ~ normal(c[i] * mu, 1)";
    let asked = file(body, "given x = [-0.5, 1.5]\ninfer mu");
    let (weights, subject) = trained(&asked.models[0], EXACT, 8_000, 3_000);
    let found = draws(&asked, EXACT, (&weights, &subject), 4_000);
    assert_normal(&found, (3.0 * -0.5 + 1.5) / 11.0, 1.0 / 11.0);
}

/// Where all look at all, elements of a set still know what belongs to them.
#[test]
fn a_dense_mask_keeps_elements_together() {
    let body = "axis i : set(size = 2 .. 3)
        param b[i] ~ normal(0, 1)
        data x[i] ~ normal(b[i], 0.5)";
    let asked = file(body, "given x = [1.5, -1.0]\ninfer b");
    let dense = (GraphRule::Exact, MaskKind::Dense);
    let (weights, subject) = trained(&asked.models[0], dense, 8_000, 3_000);
    let found = draws(&asked, dense, (&weights, &subject), 4_000);
    assert_eq!(found.len(), 2 * 4_000, "the third is not asked for, as the data set does not have it");
    for (place, x) in [1.5, -1.0].into_iter().enumerate() {
        let column: Vec<f64> = found.iter().skip(place).step_by(2).copied().collect();
        assert_normal(&column, 0.8 * x, 0.2);
    }
}

/// A reading that is missing says nothing.
#[test]
fn what_is_missing_is_integrated_over() {
    let body = "param mu ~ normal(0, 1)
        data x ~ normal(mu, 0.5)
        data y ~ normal(mu, 0.5)
        missing x with probability 40%";
    let asked = file(body, "given y = 1.0\ninfer mu");
    let (weights, subject) = trained(&asked.models[0], EXACT, 8_000, 3_000);
    assert_normal(&draws(&asked, EXACT, (&weights, &subject), 4_000), 0.8, 0.2);
    let both = file(body, "given x = 0.2\ngiven y = 1.0\ninfer mu");
    let found = draws(&both, EXACT, (&weights, &subject), 4_000);
    assert_normal(&found, 4.0 * 1.2 / 9.0, 1.0 / 9.0);
}

/// With the mechanistic mask a reading is hidden from a later one of another state that nothing couples to it: what is
/// given of it changes no bit.
#[test]
fn masks_by_times_hide_what_they_forbid() {
    let body = "axis t : time(scattered(n = 3, over = 0 .. 2))
        axis u : time(scattered(n = 3, over = 0 .. 2))
        param a ~ normal(0, 1)
        param b ~ normal(0, 1)
        dynamics line over 0 .. 2 by rk4(step = 0.5) {
            init x = 0
            init y = 0
            x' = a
            y' = b
        }
        data p[t] ~ normal(line.x(t), 0.5)
        data q[u] ~ normal(line.y(u), 0.5)";
    let ask = |other: f64| {
        let q = format!(
            "at t = [0.2, 1.3]\nat u = [0.7, 1.0]\ngiven p = [0.1, 0.5]\ngiven q = [{other}, 0.2]\ninfer a"
        );
        file(body, &q)
    };
    let (weights, subject) =
        trained(&ask(0.0).models[0], (GraphRule::Mechanistic, MaskKind::Undirected), 400, 50);
    let drawn =
        |other| draws(&ask(other), (GraphRule::Mechanistic, MaskKind::Undirected), (&weights, &subject), 100);
    assert_eq!(drawn(0.0), drawn(3.0));
    // The network alone would see it.
    let (weights, subject) = trained(&ask(0.0).models[0], EXACT, 400, 50);
    let mut plan = weights.plan.clone();
    plan.mask = MaskKind::Dense;
    let weights = Weights { plan, ..weights };
    let drawn = |other| draws(&ask(other), EXACT, (&weights, &subject), 100);
    assert_ne!(drawn(0.0), drawn(3.0));
}

/// A gap is NaN in the simulations: were it looked at anywhere, losses and weights would be too.
#[test]
fn gaps_are_never_looked_at() {
    let body = "axis i : set(size = 2 .. 4)
        param mu ~ normal(0, 1)
        data x[i] ~ normal(mu, 1)";
    let asked = file(body, "given x = [0.9, 2.1]\ninfer mu");
    let (weights, _) = trained(&asked.models[0], EXACT, 400, 30);
    assert_eq!(asked.queries[0].states.iter().filter(|state| **state == State::Absent).count(), 2);
    assert!(weights.parameters.iter().all(|weight| weight.is_finite()));
    assert!(weights.curve.iter().all(|point| point.validation.is_finite()));
}

/// Sets of two kinds, times and gaps all at once: each data set has a mask of its own, and one node two axes that vary.
const ALL_AT_ONCE: &str = "axis n : set(size = 1 .. 3)
axis t : time(scattered(n = 2 .. 4, over = 0 .. 8))
param a ~ normal(0, 1)
param b[n] ~ normal(a, 1)
data x[n, t] ~ normal(b[n] + 0.1 * t, 1)
data y[n] ~ normal(b[n], 1)
missing x[n, t] with probability uniform(0%, 40%)";

#[test]
fn a_training_on_data_sets_that_differ_goes_on_to_the_same_bits() {
    let file = file(ALL_AT_ONCE, "given y = [1, 2]\ninfer a");
    let (plan, subject, table) = prepared(&file.models[0], EXACT, 200, 30);
    assert!(table.values.iter().any(|value| value.is_nan()) && subject.has_times());
    let run = |resume: Option<&[u8]>, threads, watcher: &mut Watcher| {
        train(&plan, &subject, crate::Material::kept(&table), &machine(threads), resume, watcher)
    };
    let whole = run(None, 2, &mut Watcher::default()).unwrap();
    let mut watcher = Watcher { stop_after: Some(13), kept: None };
    run(None, 1, &mut watcher).unwrap_err();
    let resumed = run(watcher.kept.as_deref(), 2, &mut Watcher::default()).unwrap();
    assert_eq!(whole.to_bytes(), resumed.to_bytes());
}
