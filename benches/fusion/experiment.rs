//! The three experiments: what of their data goes missing, and which posterior is exact for what is left.

use crate::exact::{Columns, Exact};
use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sbi_references::decision::Pairing;

/// An experiment of MultiNPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Experiment {
    /// A cloud of points and a drifting path share a mean
    SharedMean,
    /// Choices, times and slopes of trials
    Decision,
    /// Pulse waves at a wrist and a fingertip
    Pulse,
}

/// What is missing of a data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gaps {
    /// Nothing.
    None,
    /// All values whose names begin so.
    All(&'static str),
    /// A share of the elements along the first axis, anywhere, with all that belongs to them.
    Some(&'static str, f64),
    /// Elements along the first axis behind this one.
    Behind(&'static str, usize),
    /// A share of the elements along the first axis between the first and the last, anywhere.
    Inside(&'static str, f64),
}

/// A way in which data sets lack data.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// Its name in the tables.
    pub name: &'static str,
    /// What is missing.
    pub gaps: Gaps,
}

const WHOLE: Pattern = Pattern { name: "whole", gaps: Gaps::None };

impl Experiment {
    /// Its name: that of its spec and of its results.
    pub fn name(self) -> &'static str {
        match self {
            Experiment::SharedMean => "shared_mean",
            Experiment::Decision => "decision",
            Experiment::Pulse => "pulse",
        }
    }

    /// The ways in which data are missing that networks are judged under.
    pub fn patterns(self) -> Vec<Pattern> {
        let new = |name, gaps| Pattern { name, gaps };
        match self {
            Experiment::SharedMean => vec![
                WHOLE,
                new("no path", Gaps::All("y[")),
                new("no points", Gaps::All("x[")),
                new("half of the points", Gaps::Some("x[", 0.5)),
                new("path until 1.5", Gaps::Behind("y[", 24)),
                new("half within the path", Gaps::Inside("y[", 0.5)),
            ],
            Experiment::Decision => vec![
                WHOLE,
                new("10 % of slopes", Gaps::Some("slope[", 0.1)),
                new("30 % of slopes", Gaps::Some("slope[", 0.3)),
                new("60 % of slopes", Gaps::Some("slope[", 0.6)),
            ],
            Experiment::Pulse => vec![WHOLE],
        }
    }

    /// What is judged in place of parameters with these names, if anything: of mean pressures (mmHg) the resistance (mmHg s/ml) that they and
    /// the flow give.
    pub fn judged(self, names: &[String], parameters: &mut [f64]) {
        let place = |name: &str| names.iter().position(|own| own == name);
        let value = |name: &str| place(name).and_then(|place| parameters.get(place)).copied();
        if let (Experiment::Pulse, Some(rate), Some(volume), Some(pressure)) =
            (self, value("heart_rate"), value("stroke_volume"), value("pressure"))
        {
            let resistance = (pressure - 33.2) / (volume * rate / 60.0);
            place("pressure")
                .and_then(|place| parameters.get_mut(place))
                .into_iter()
                .for_each(|own| *own = resistance);
        }
    }

    /// The name of what is judged in place of a parameter.
    pub fn title(self, parameter: &str) -> &str {
        if self == Experiment::Pulse && parameter == "pressure" { "resistance" } else { parameter }
    }

    /// The exact posteriors that answers are laid beside, with their names; the first is what a network may reach.
    pub fn exact(self) -> Vec<(&'static str, Exact)> {
        match self {
            Experiment::SharedMean => vec![("exact", Exact::SharedMean)],
            Experiment::Decision => {
                vec![
                    ("exact", Exact::Decision(Pairing::Kept)),
                    ("pairing lost", Exact::Decision(Pairing::Lost)),
                ]
            }
            Experiment::Pulse => vec![("exact", Exact::Pulse)],
        }
    }
}

impl Gaps {
    /// Takes out of a data set what is missing; which elements, hangs on the number of the data set.
    pub fn cut(self, columns: &Columns, row: &mut [f64], set: usize) {
        let mut rng = StdRng::seed_from_u64(4_242 + set as u64);
        let mut drop = |start: &str, gone: &dyn Fn(usize) -> bool| {
            for (place, column) in columns.starting(start) {
                if gone(place) {
                    row.get_mut(column).into_iter().for_each(|x| *x = f64::NAN);
                }
            }
        };
        match self {
            Gaps::None => {}
            Gaps::All(start) => drop(start, &|_| true),
            Gaps::Behind(start, last) => drop(start, &|place| place > last),
            Gaps::Some(start, share) | Gaps::Inside(start, share) => {
                let last = columns.starting(start).map(|(place, _)| place).max().unwrap_or(0);
                let lost: Vec<bool> = (0..=last).map(|_| rng.random::<f64>() < share).collect();
                let within = |place: usize| !matches!(self, Gaps::Inside(..)) || (place > 1 && place < last);
                drop(start, &|place| within(place) && lost.get(place) == Some(&true));
            }
        }
    }
}
