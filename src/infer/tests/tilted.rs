//! Small networks asked under changed priors, against closed forms.

use super::answers::trained;
use super::{machine, moments, question};
use crate::{Conditional, How, Probe, Subject, Table, Tilted, Under, Weights};
use sbi_model::{File, GraphRule, MaskKind, Noise};
use sbi_sim::{Restriction, Simulator, Tilt};
use std::ops::ControlFlow;

/// A model, and a network trained on it.
struct Known {
    body: &'static str,
    weights: Weights,
    subject: Subject,
    /// How many of the tokens are parameters; the others are given.
    params: usize,
}

/// What is asked of it, and how many draws of which numbers.
struct Asked<'a> {
    query: &'a str,
    given: &'a [f64],
    guided: bool,
}

/// Draws, parameter by parameter, what was seen of them before, and how many were made again.
struct Drawn {
    columns: Vec<Vec<f64>>,
    probe: Probe,
    redrawn: usize,
}

fn file(body: &str, query: &str) -> File {
    let text = format!("edition 2026\nmodel m {{\n{body}\n}}\nquery q {{\n{query}\ninfer params\n}}\n");
    let checked = sbi_model::compile(&text, &());
    checked.file.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

impl Known {
    fn new(body: &'static str, params: usize, steps: usize) -> Known {
        let file = file(body, "");
        let model = &file.models[0];
        let subject = Subject::of(model, GraphRule::Exact, MaskKind::Undirected);
        let elements: Vec<_> = subject.tokens().iter().map(|token| (token.node, token.element)).collect();
        let values = Simulator::new(model, &elements).unwrap().run(1, 0..10_000, 2).unwrap().values;
        let weights = trained(&subject, &Table::plain(elements.len(), values), Noise::Edm, steps);
        Known { body, weights, subject, params }
    }

    fn draw(&self, count: usize, Asked { query, given, guided }: Asked) -> Drawn {
        let file = file(self.body, query);
        let (model, asked) = (&file.models[0], &file.queries[0]);
        let elements: Vec<_> =
            self.subject.tokens().iter().map(|token| (token.node, token.element)).collect();
        let free = vec![None; self.params].into_iter();
        let question = question(&free.chain(given.iter().copied().map(Some)).collect::<Vec<_>>());
        let tilted = (!asked.priors.is_empty())
            .then(|| Tilted::of(Tilt::of(model, &asked.priors).unwrap(), &self.subject, &question));
        let restriction = (!asked.conditions.is_empty())
            .then(|| Restriction::of(model, &asked.conditions, &elements).unwrap());
        let conditional = |how: How| Conditional {
            under: Some(Under { restriction: restriction.as_ref(), tilted: tilted.as_ref(), how }),
            ..Conditional::new(&self.weights, &self.subject, &question, 1)
        };
        let go_on = &mut |_| ControlFlow::Continue(());
        let free = How::Rejection { most: 0.0 };
        let probe = conditional(free).probe(0..2_000, &machine(2), go_on).unwrap();
        let how = if guided { How::Guidance } else { How::Rejection { most: probe.most() } };
        let made = conditional(how).draw(0..count, &machine(2), go_on).unwrap();
        let behind = conditional(how).draw(count - 40..count, &machine(1), go_on).unwrap();
        let place = (count - 40) * self.params;
        assert_eq!(made.values[place..], behind.values, "the same bits, on any number of threads");
        let column = |own: usize| made.values.iter().skip(own).step_by(self.params).copied().collect();
        Drawn { columns: (0..self.params).map(column).collect(), probe, redrawn: made.redrawn }
    }
}

/// How many draws are made: guided ones look at the network ten times as often.
fn count(guided: bool) -> usize {
    if guided { 500 } else { 2_000 }
}

/// How far their mean may be off, in standard deviations, and their width, as a part of it: four standard errors, and about as much
/// for the network.
fn tolerance(guided: bool) -> f64 {
    if guided { 0.3 } else { 0.18 }
}

/// Checks draws against a normal law to within so many of its standard deviations, and so large a part of its width.
#[track_caller]
fn is_normal(draws: &[f64], [mean, sd]: [f64; 2], tolerance: f64) {
    let (found, width) = moments(draws);
    assert!((found - mean).abs() < tolerance * sd, "mean {found}, not {mean}, where the sd is {sd}");
    assert!((width / sd - 1.0).abs() < tolerance, "sd {width}, not {sd}");
}

/// `theta ~ N(0, 1)`, `x ~ N(theta, 0.5²)` under normal priors, also far from what is given and narrow.
#[test]
fn a_changed_prior_has_the_posterior_of_the_changed_model() {
    let known = Known::new("param theta ~ normal(0, 1)\ndata x ~ normal(theta, 0.5)", 1, 2_500);
    for (mean, sd, guided) in [
        (0.0, 0.4, false),
        (-0.3, 0.5, false),
        (0.5, 1.5, false),
        (-0.3, 0.5, true),
        (-2.0, 0.1, true),
        (0.2, 0.02, true),
    ] {
        let query = format!("param theta ~ normal({mean}, {sd})\ngiven x = 0.8");
        let drawn = known.draw(count(guided), Asked { query: &query, given: &[0.8], guided });
        let precision: f64 = 1.0 / (sd * sd) + 4.0;
        let exact = [(mean / (sd * sd) + 4.0 * 0.8) / precision, precision.powf(-0.5)];
        is_normal(&drawn.columns[0], exact, tolerance(guided));
        assert!(guided || drawn.redrawn > 0);
    }
}

/// Two parameters of which only the sum is known: what hangs together with the one whose prior is changed follows it, and both priors
/// may be changed.
#[test]
fn what_hangs_together_with_a_changed_prior_follows() {
    let known =
        Known::new("param a ~ normal(0, 1)\nparam b ~ normal(0, 1)\ndata x ~ normal(a + b, 0.2)", 2, 2_000);
    // Of a and b apart: precisions of the priors, and 25 for their sum.
    let exact = |[(m, s), (n, t)]: [(f64, f64); 2]| {
        let (p, q) = (1.0 / (s * s) + 25.0, 1.0 / (t * t) + 25.0);
        let (h, k) = (m / (s * s) + 25.0 * 0.8, n / (t * t) + 25.0 * 0.8);
        let det: f64 = p * q - 625.0;
        [[(q * h - 25.0 * k) / det, (q / det).sqrt()], [(p * k - 25.0 * h) / det, (p / det).sqrt()]]
    };
    for (laws, guided) in [
        ([(0.5, 0.3), (0.0, 1.0)], false),
        ([(-1.5, 0.1), (0.0, 1.0)], true),
        ([(2.0, 0.2), (-1.0, 0.1)], true),
    ] {
        let [(m, s), (n, t)] = laws;
        let query = format!("param a ~ normal({m}, {s})\nparam b ~ normal({n}, {t})\ngiven x = 0.8");
        let drawn = known.draw(count(guided), Asked { query: &query, given: &[0.8], guided });
        for (column, exact) in drawn.columns.iter().zip(exact(laws)) {
            is_normal(column, exact, tolerance(guided));
        }
    }
}

/// Within the model's own support another uniform prior is a condition, and the same law changes nothing: the draws have the same bits.
#[test]
fn a_uniform_prior_cut_off_is_a_condition_and_the_same_law_nothing() {
    let known = Known::new("param theta ~ uniform(-1, 1)\ndata x ~ normal(theta, 0.3)", 1, 300);
    let draw = |query: &str, guided: bool| {
        known.draw(500, Asked { query: &format!("{query}\ngiven x = 0.2"), given: &[0.2], guided })
    };
    let (free, same) = (draw("", false), draw("param theta ~ uniform(-1, 1)", false));
    assert_eq!((free.columns, free.redrawn), (same.columns, same.redrawn));
    assert_eq!(same.probe.share(), 1.0);
    let (held, cut) = (draw("where theta in 0 .. 0.4", false), draw("param theta ~ uniform(0, 0.4)", false));
    assert_eq!((held.columns, held.redrawn), (cut.columns, cut.redrawn));
    assert!((held.probe.share() - cut.probe.share()).abs() < 1e-12);
    // What reaches beyond the model's support counts within it.
    let (beyond, within) = (draw("param theta ~ uniform(0, 7)", false), draw("where theta > 0", false));
    assert_eq!((beyond.columns, beyond.redrawn), (within.columns, within.redrawn));
    let narrow = draw("param theta ~ uniform(0.6, 0.62)", true);
    assert!(narrow.columns[0].iter().all(|theta| (0.6..=0.62).contains(theta)));
    let (mean, sd) = moments(&narrow.columns[0]);
    assert!((mean - 0.61).abs() < 0.002 && (sd - 0.02 / 12.0_f64.sqrt()).abs() < 0.002, "{mean}, {sd}");
}

/// A uniform prior under a narrow normal one, with a condition besides: by rejection and by guidance.
#[test]
fn conditions_and_changed_priors_hold_together() {
    let known = Known::new("param theta ~ uniform(-1, 1)\ndata x ~ normal(theta, 0.5)", 1, 1_500);
    // The likelihood in theta is N(0.2, 0.5²).
    let exact = |mean: f64, sd: f64| {
        let precision: f64 = 1.0 / (sd * sd) + 4.0;
        [(mean / (sd * sd) + 4.0 * 0.2) / precision, precision.powf(-0.5)]
    };
    for (mean, sd, guided) in [(0.1, 0.1, false), (-0.6, 0.03, true)] {
        let query = format!("param theta ~ normal({mean}, {sd})\ngiven x = 0.2");
        let drawn = known.draw(count(guided), Asked { query: &query, given: &[0.2], guided });
        is_normal(&drawn.columns[0], exact(mean, sd), tolerance(guided));
        let [centre, width] = exact(mean, sd);
        let query = format!("{query}\nwhere theta > {centre}");
        let drawn = known.draw(count(guided), Asked { query: &query, given: &[0.2], guided });
        let (found, spread) = moments(&drawn.columns[0]);
        // The half of a normal law.
        let (half, half_width) = (centre + 0.798 * width, 0.603 * width);
        assert!(drawn.columns[0].iter().all(|theta| *theta > centre));
        assert!(
            (found - half).abs() < 0.2 * width && (spread / half_width - 1.0).abs() < 0.3,
            "{found}, {spread}"
        );
    }
}
