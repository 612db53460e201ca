//! Many data sets at once: each answered as a query about it would be.

use super::answers::trained;
use super::posterior::{answered, asked, compiled, problem};
use super::{machine, moments, normal_pairs, pairs_of};
use crate::{Conditional, Learnt, PosteriorPlan, Scored, Sets, Weights};
use sbi_model::{Noise, State, Support};
use sbi_sim::rng::Stream;
use std::ops::ControlFlow;

const FILE: &str = "edition 2026
model m {
    axis i : set(size = 2 .. 4)
    param mu ~ normal(0, 1)
    param rate ~ uniform(0, 2)
    modality cloud {
        data x[i] ~ normal(mu, rate + 0.1)
    }
    data single ~ normal(mu, 1)
    missing x[i] with probability 20%
}
approximator net {
    fuse late(cloud, scalars)
    posterior with flow(couplings = 2, width = 16)
}
";

/// A posterior with any weights says of each data set what it says of a query with its data.
#[test]
fn a_posterior_answers_each_set_as_it_answers_a_query() {
    let file = compiled(FILE);
    let (subject, reals, table) = problem(&file, 40);
    let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 1);
    let (fusion, flow) = plan.sizes();
    let stream = Stream::new(3, "parameters");
    let parameters = (0..(fusion + flow) as u64).map(|at| 0.1 * stream.normal(at, 0, 0) as f32).collect();
    let weights = Weights { plan, parameters, curve: Vec::new() };
    let sets = Sets::of(&subject, &table, 5);
    let (learnt, each) = (Learnt::Posterior(&weights, &reals), 2_000);
    let go_on = &mut |_| ControlFlow::Continue(());
    let densities = sets.log_densities(learnt, &machine(2), go_on).unwrap();
    let draws = sets.draws(learnt, each, &machine(2), go_on).unwrap();
    assert_eq!(draws, sets.draws(learnt, each, &machine(1), go_on).unwrap(), "threads change nothing");
    let names: Vec<&str> = sets.parameters.iter().map(|own| &*subject.scalars()[*own].name).collect();
    assert_eq!(names, ["mu", "rate"]);
    for (set, row) in table.iter().enumerate().take(5) {
        let state = |(scalar, x): (usize, &f64)| match sets.parameters.contains(&scalar) {
            true => State::Inferred,
            false if x.is_nan() => State::Absent,
            false => State::Given(*x),
        };
        let states: Vec<State> = row.iter().enumerate().map(state).collect();
        let question = asked(&subject, &states);
        let one = answered(&weights, (&subject, &reals), &question);
        let truth: Vec<f64> = sets.parameters.iter().map(|own| row[*own]).collect();
        let density = one.log_density(&truth, &machine(1)).unwrap()[0];
        assert!((density - densities[set]).abs() < 1e-4, "{density} and {}", densities[set]);
        let other = one.draw(0..each, &machine(1), go_on).unwrap().values;
        for parameter in 0..2 {
            let column =
                |all: &[f64]| moments(&all.iter().skip(parameter).step_by(2).copied().collect::<Vec<f64>>());
            let own = &draws[set * each * 2..(set + 1) * each * 2];
            let ((mean, sd), (wanted, spread)) = (column(own), column(&other));
            // Five standard errors of a difference of means of 2,000 draws, and of the ratio of their spreads.
            assert!((mean - wanted).abs() < 5.0 * spread * (2.0 / each as f64).sqrt(), "{mean} and {wanted}");
            assert!((sd / spread - 1.0).abs() < 0.16, "{sd} and {spread}");
        }
    }
}

/// `theta ~ N(0, 1)`, `x ~ N(theta, ½²)`: exact posteriors have a contraction of .8, and −log q is ½ ln(2πe / 5) in the mean.
#[test]
fn every_conditional_is_judged_by_its_posteriors() {
    let subject = pairs_of(1, Support::REAL);
    let weights = trained(&subject, &normal_pairs(1, 4_000), Noise::Edm, 1_000);
    let table = normal_pairs(1, 6_000);
    let test = crate::Table::plain(2, table.values[8_000..8_600].to_vec());
    let sets = Sets::of(&subject, &test, 1);
    let (learnt, go_on) = (Learnt::Joint(&weights), &mut |_| ControlFlow::Continue(()));
    let draws = sets.draws(learnt, 100, &machine(2), go_on).unwrap();
    let metrics = Scored { truths: &sets.truths(0), draws: &draws }.metrics();
    // The variance of 300 truths and of 100 draws has a standard error of a tenth and a seventh; the median over sets, of a hundredth.
    assert!((metrics.contraction - 0.8).abs() < 0.05, "{metrics:?}");
    assert!((metrics.nrmse_of_mean - 0.2_f64.sqrt()).abs() < 0.08, "{metrics:?}");
    assert!(metrics.calibration_error < 0.08, "{metrics:?}");
    let densities = sets.log_densities(learnt, &machine(2), go_on).unwrap();
    let (mean, sd) = moments(&densities);
    let wanted = -0.5 * (0.2 * std::f64::consts::TAU * std::f64::consts::E).ln();
    assert!((mean - wanted).abs() < 4.0 * sd / 300.0_f64.sqrt() + 0.03, "{mean} and {wanted}");
    let stopped = sets.draws(learnt, 10, &machine(2), &mut |_| ControlFlow::Break(()));
    assert_eq!(stopped, Err(crate::DrawError::Stopped));
    // What is asked by hand is what is asked of the first.
    let question = super::question(&[None, Some(test.values[1])]);
    let own = Conditional::new(&weights, &subject, &question, 1);
    let by_hand = own.log_density(&[test.values[0]], &machine(1), go_on).unwrap()[0];
    assert!((by_hand - densities[0]).abs() < 1e-6);
}
