//! Posteriors by a diffusion: draws and densities of one that is known.

use super::posterior::{answered, asked, compiled, problem};
use super::{Watcher, machine, moments};
use crate::posterior::PosteriorPlan;
use crate::train_posterior;
use sbi_model::State;
use std::ops::ControlFlow;

/// Two parameters of which one has bounds, and a number for each and one for both.
const FILE: &str = "edition 2026
model m {
    param mu ~ normal(0, 1)
    param rate ~ uniform(0, 1)
    data x ~ normal(mu, 0.5)
    data y ~ normal(mu + rate, 0.5)
}
approximator net {
    posterior with diffusion(width = 48, layers = 2)
}
train net {
    simulations 8000
    steps 1500
    batch 256
}
";

/// Draws are those of the posterior, by summing its density over a grid; their own density is that of the posterior.
#[test]
fn draws_and_densities_are_those_of_the_posterior() {
    let file = compiled(FILE);
    let (subject, reals, table) = problem(&file, 8_000);
    let plan = PosteriorPlan::of(&file.approximators[0], &subject, &reals, &table, 2);
    let (read, material) = ((&subject, &reals), crate::Material::kept(&table));
    let weights = train_posterior(&plan, read, material, &machine(2), None, &mut Watcher::default()).unwrap();
    let go_on = &mut |_| ControlFlow::Continue(());
    for (x, y) in [(0.4, 1.3), (-1.0, -1.2)] {
        let states = [State::Inferred, State::Inferred, State::Given(x), State::Given(y)];
        let names: Vec<&str> = subject.scalars().iter().map(|own| own.name.as_str()).collect();
        assert_eq!(names, ["mu", "rate", "x", "y"]);
        let question = asked(&subject, &states);
        let posterior = answered(&weights, (&subject, &reals), &question);
        let draws = posterior.draw(0..4_000, &machine(2), go_on).unwrap().values;
        assert!(draws.chunks(2).all(|row| (0.0..=1.0).contains(&row[1])), "none outside of the prior");
        // The exact posterior on a grid.
        let log = |mu: f64, rate: f64| {
            -0.5 * (mu * mu + ((x - mu) / 0.5).powi(2) + ((y - mu - rate) / 0.5).powi(2))
        };
        let cells: Vec<[f64; 2]> = (0..240)
            .flat_map(|i| {
                (0..40).map(move |j| [-3.0 + 0.025 * (f64::from(i) + 0.5), 0.025 * (f64::from(j) + 0.5)])
            })
            .collect();
        let mass: Vec<f64> = cells.iter().map(|[mu, rate]| log(*mu, *rate).exp()).collect();
        let whole: f64 = mass.iter().sum();
        for parameter in 0..2 {
            let mean = cells.iter().zip(&mass).map(|(own, m)| own[parameter] * m).sum::<f64>() / whole;
            let square =
                cells.iter().zip(&mass).map(|(own, m)| (own[parameter] - mean).powi(2) * m).sum::<f64>();
            let spread = (square / whole).sqrt();
            let own: Vec<f64> = draws.iter().skip(parameter).step_by(2).copied().collect();
            let (at, sd) = moments(&own);
            // Four standard errors of 4,000 draws, and three times as much for the training.
            assert!((at - mean).abs() < 0.25 * spread, "{at}, not {mean}, of {parameter} at {x}, {y}");
            assert!((sd / spread - 1.0).abs() < 0.15, "{sd}, not {spread}, of {parameter} at {x}, {y}");
        }
        let points: Vec<f64> = cells.iter().step_by(7).flatten().copied().collect();
        let densities = posterior.log_density(&points, &machine(2)).unwrap();
        let exact = cells.iter().step_by(7).map(|[mu, rate]| log(*mu, *rate) - (whole * 0.025 * 0.025).ln());
        let sum = densities.iter().map(|log| log.exp()).sum::<f64>() * 0.025 * 0.025 * 7.0;
        // Every seventh cell of a smooth density; the edges of `rate` are what the network knows least.
        assert!((sum - 1.0).abs() < 0.05, "the density is {sum} in all");
        // The mean difference of logarithms under the density is a divergence, which is small.
        let apart = densities.iter().zip(exact).map(|(own, exact)| exact.exp() * (exact - own)).sum::<f64>();
        let apart = apart * 0.025 * 0.025 * 7.0;
        assert!(apart.abs() < 0.06, "{apart} nats from the exact posterior");
        let outside = posterior.log_density(&[0.0, 1.5], &machine(1)).unwrap();
        assert_eq!(outside, [f64::NEG_INFINITY]);
    }
}
