//! Ten observations of the pond, simulated with a fixed seed: what was seen of prey and hunter, and when.

use crate::lotka::pond::{Course, RATES, SPAN, STEP, State, rates};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

/// How many observations are asked about.
pub const OBSERVATIONS: usize = 10;
/// Draws from the posterior of each.
pub const DRAWS: usize = 2_000;
/// Parameters in the order in which they are asked for.
pub const COLUMNS: [&str; RATES] = ["alpha", "beta", "gamma", "delta"];
/// The seed of the observations; that of the network is the row's.
const OBSERVATION_SEED: u64 = 2_404;
/// The example's `scattered(n = 20, …)`.
const READINGS: usize = 20;
/// The example's `sd = 0.1`.
const NOISE: f64 = 0.1;

/// Readings of prey and hunter, each at its own times.
#[derive(Debug)]
pub struct Observation {
    /// The name of its query.
    pub name: String,
    prey: Vec<Reading>,
    hunter: Vec<Reading>,
}

/// One reading.
#[derive(Clone, Copy, Debug)]
struct Reading {
    time: f64,
    seen: f64,
}

impl Observation {
    /// All that are asked about, the same each time.
    pub fn all() -> Vec<Observation> {
        let mut rng = StdRng::seed_from_u64(OBSERVATION_SEED);
        let draw = |number| {
            let truth = prior(&mut rng);
            Observation::of(format!("obs_{number}"), &truth, &mut rng)
        };
        (1..=OBSERVATIONS).map(draw).collect()
    }

    /// Simulates one with these numbers of the prior: times from the span, and noise.
    pub fn of(name: String, truth: &[f64; RATES], rng: &mut StdRng) -> Observation {
        let course = Course::of(&rates(truth), STEP);
        let prey = readings(|time| prey_of(course.at(time)), rng);
        let hunter = readings(|time| hunter_of(course.at(time)), rng);
        Observation { name, prey, hunter }
    }

    /// The query that asks for all parameters.
    pub fn query(&self) -> String {
        let list = |readings: &[Reading], of: fn(&Reading) -> f64| {
            readings.iter().map(|reading| format!("{:?}", of(reading))).collect::<Vec<_>>().join(", ")
        };
        let mut text = format!("query {} {{\n", self.name);
        for (state, readings) in [("prey", &self.prey), ("hunter", &self.hunter)] {
            text += &format!("    at t_{state} = [{}]\n", list(readings, |reading| reading.time));
            text += &format!("    given {state}_seen = [{}]\n", list(readings, |reading| reading.seen));
        }
        text + &format!("    infer {}\n    draws {DRAWS}\n}}\n", COLUMNS.join(", "))
    }

    /// The logarithm of the likelihood of these numbers of the prior, up to a constant.
    pub fn log_likelihood(&self, numbers: &[f64; RATES]) -> f64 {
        let course = Course::of(&rates(numbers), STEP);
        let of = |readings: &[Reading], state: fn(State) -> f64| -> f64 {
            readings.iter().map(|reading| (reading.seen - state(course.at(reading.time))).powi(2)).sum()
        };
        let squares = of(&self.prey, prey_of) + of(&self.hunter, hunter_of);
        // Where the steps are too long for the rates states may grow beyond all numbers.
        if squares.is_finite() { -squares / (2.0 * NOISE * NOISE) } else { f64::NEG_INFINITY }
    }
}

/// Numbers of the prior.
pub fn prior(rng: &mut StdRng) -> [f64; RATES] {
    std::array::from_fn(|_| rng.sample(StandardNormal))
}

fn prey_of([prey, _]: State) -> f64 {
    prey
}

fn hunter_of([_, hunter]: State) -> f64 {
    hunter
}

/// Readings at uniform times in their order.
fn readings(state: impl Fn(f64) -> f64, rng: &mut StdRng) -> Vec<Reading> {
    let mut times: Vec<f64> = (0..READINGS).map(|_| rng.random_range(0.0..SPAN)).collect();
    times.sort_by(f64::total_cmp);
    let read = |time| {
        let noise: f64 = rng.sample(StandardNormal);
        Reading { time, seen: state(time) + NOISE * noise }
    };
    times.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lotka;
    use crate::spec::Example;

    /// The pond and the likelihood are written down here a second time; the example must say the same.
    #[test]
    fn the_example_is_the_model_that_is_solved_here() {
        let text = Example::model_of(&lotka::example()).unwrap().spec(1_000, 1, &[]);
        for line in [
            "axis t_prey : time(scattered(n = 20, over = 0 .. 15))",
            "axis t_hunter : time(scattered(n = 20, over = 0 .. 15))",
            "param alpha ~ normal(0, 1) |> between(1, 3)",
            "param beta ~ normal(0, 1) |> between(1, 3)",
            "param gamma ~ normal(0, 1) |> between(1, 3)",
            "param delta ~ normal(0, 1) |> between(1, 3)",
            "dynamics pond over 0 .. 15 by rk4(step = 0.1) {",
            "init prey = 1.0",
            "init hunter = 0.5",
            "prey' = alpha * prey - beta * prey * hunter",
            "hunter' = -gamma * hunter + delta * prey * hunter",
            "data prey_seen[t_prey] ~ normal(pond.prey(t_prey), sd = 0.1)",
            "data hunter_seen[t_hunter] ~ normal(pond.hunter(t_hunter), sd = 0.1)",
        ] {
            assert!(text.lines().any(|known| known.trim() == line), "no `{line}`");
        }
        assert!(text.ends_with("\ntrain simformer {\n    simulations 1000\n    seed 1\n}\n"), "{text}");
    }

    #[test]
    fn a_query_says_when_and_what_was_seen() {
        let reading = |time, seen| Reading { time, seen };
        let observation = Observation {
            name: "obs_1".to_owned(),
            prey: vec![reading(0.5, 1.25), reading(2.0, -0.1)],
            hunter: vec![reading(14.75, 3.0)],
        };
        let expected = "query obs_1 {
    at t_prey = [0.5, 2.0]
    given prey_seen = [1.25, -0.1]
    at t_hunter = [14.75]
    given hunter_seen = [3.0]
    infer alpha, beta, gamma, delta
    draws 2000
}
";
        assert_eq!(observation.query(), expected);
    }

    /// At the truth the squares are a chi-squared number of 40 degrees: mean 40 and sd 9, of ten a mean within 3 sd.
    #[test]
    fn the_likelihood_knows_the_noise() {
        let mut rng = StdRng::seed_from_u64(4);
        let mut squares = || {
            let truth = prior(&mut rng);
            -2.0 * Observation::of("trial".to_owned(), &truth, &mut rng).log_likelihood(&truth)
        };
        let mean = (0..10).map(|_| squares()).sum::<f64>() / 10.0;
        assert!((mean - 40.0).abs() < 3.0 * 8_f64.sqrt(), "{mean}");
    }
}
