//! Draws of exact posteriors for data sets as tables have them.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use sbi_references::decision::{Pairing, Parameters, Trial};
use sbi_references::pulse::{Circulation, Seen};
use sbi_references::shared_mean::Normal;
use sbi_references::temper::{Effort, sample};

/// Work for a posterior that is drawn from by its likelihood; twice as many particles as draws, as neighbours may come from one.
const DECISION: Effort = Effort { particles: 600, steps: 6, last_steps: 60 };
const PULSE: Effort = Effort { particles: 1_000, steps: 8, last_steps: 120 };
/// Draws of a closed form.
const DRAWS: usize = 1_000;
/// Seconds between readings of the path.
const TICK: f64 = 0.06;

/// The names of the scalars of a model, in the order of a table.
pub struct Columns(pub Vec<String>);

/// A posterior that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exact {
    /// By a closed form.
    SharedMean,
    /// By the likelihood of trials.
    Decision(Pairing),
    /// By the likelihood of waves.
    Pulse,
}

impl Columns {
    /// Columns whose names begin so, with the number of their element along the first axis, from 1.
    pub fn starting(&self, start: &str) -> impl Iterator<Item = (usize, usize)> {
        let place = move |name: &String| -> Option<usize> {
            let rest = name.strip_prefix(start)?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        self.0.iter().enumerate().filter_map(move |(column, name)| Some((place(name)?, column)))
    }

    /// The value of a scalar by its name.
    fn value(&self, row: &[f64], name: &str) -> f64 {
        let column = self.0.iter().position(|own| own == name);
        column.and_then(|column| row.get(column)).copied().unwrap_or(f64::NAN)
    }
}

impl Exact {
    /// The names of the parameters, in the order of draws.
    pub fn names(self, columns: &Columns) -> Vec<String> {
        match self {
            Exact::SharedMean => {
                columns.0.iter().filter(|name| name.starts_with("theta[")).cloned().collect()
            }
            Exact::Decision(_) => {
                ["drift", "bound", "bias", "onset", "blur", "spread"].map(String::from).to_vec()
            }
            Exact::Pulse => HEART.map(String::from).to_vec(),
        }
    }

    /// Draws of the posterior of a data set, `[draws · parameters]`, these in the order of [`Exact::names`].
    pub fn draws(self, columns: &Columns, row: &[f64], set: usize) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(90_001 + set as u64);
        match self {
            Exact::SharedMean => {
                let posteriors = shared_mean(columns, row);
                let draw = |rng: &mut StdRng| -> Vec<f64> {
                    posteriors
                        .iter()
                        .map(|own| own.mean + own.sd * rng.sample::<f64, _>(StandardNormal))
                        .collect()
                };
                (0..DRAWS).flat_map(|_| draw(&mut rng)).collect()
            }
            Exact::Decision(pairing) => {
                let trials = trials(columns, row);
                let log = |place: &[f64; 6]| Parameters::at(place).log_likelihood(&trials, pairing);
                let places = sample(log, &DECISION, &mut rng);
                places.iter().step_by(2).flat_map(|place| Parameters::at(place).values()).collect()
            }
            Exact::Pulse => {
                let seen = |start: &str, rate, noise| Seen {
                    values: columns
                        .starting(start)
                        .filter_map(|(_, column)| row.get(column))
                        .copied()
                        .collect(),
                    rate,
                    noise,
                };
                let (wrist, finger) = (seen("wrist[", 50.0, 6.0), seen("finger[", 25.0, 0.05));
                let log =
                    |place: &[f64; 8]| Circulation::at(place).log_likelihood(Some(&wrist), Some(&finger));
                let places = sample(log, &PULSE, &mut rng);
                places.iter().step_by(2).flat_map(|place| heart(&Circulation::at(place))).collect()
            }
        }
    }

    /// The exact log-density of the true parameters, where it has a closed form.
    pub fn log_density(self, columns: &Columns, row: &[f64], truth: &[f64]) -> Option<f64> {
        let posteriors = (self == Exact::SharedMean).then(|| shared_mean(columns, row))?;
        Some(posteriors.iter().zip(truth).map(|(own, x)| own.log_density(*x)).sum())
    }
}

/// The posterior of each dimension.
fn shared_mean(columns: &Columns, row: &[f64]) -> Vec<Normal> {
    let dimension = |number: usize| {
        let ends = format!(",{number}]");
        let own = |start| {
            columns
                .starting(start)
                .filter(|(_, column)| columns.0.get(*column).is_some_and(|name| name.ends_with(&ends)))
        };
        let points: Vec<f64> = own("x[").filter_map(|(_, column)| row.get(column)).copied().collect();
        // The first reading is after two steps.
        let path: Vec<(f64, f64)> = own("y[")
            .filter_map(|(place, column)| Some(((place + 1) as f64 * TICK, *row.get(column)?)))
            .collect();
        Normal::given(&points, &path)
    };
    let dimensions = columns.0.iter().filter(|name| name.starts_with("theta[")).count();
    (1..=dimensions).map(dimension).collect()
}

fn trials(columns: &Columns, row: &[f64]) -> Vec<Trial> {
    let count = columns.starting("rt[").count();
    let there = |x: f64| (!x.is_nan()).then_some(x);
    let trial = |number: usize| {
        let value = |name: &str| columns.value(row, &format!("{name}[{number}]"));
        let decision = there(value("rt")).map(|time| (time, value("choice") == 1.0));
        Trial { decision, slope: there(value("slope")) }
    };
    (1..=count).map(trial).collect()
}

/// The parameters of `pulse.sbi`.
const HEART: [&str; 6] =
    ["heart_rate", "stroke_volume", "ejection_time", "pressure", "wave_speed", "diameter"];

/// Their values.
fn heart(own: &Circulation) -> [f64; 6] {
    [own.heart_rate, own.stroke_volume, own.ejection_time, own.pressure, own.wave_speed, own.diameter]
}
