//! The stage of scores: how good the answers of one network are on test sets.

use super::test_sets::TestSets;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::interrupt;
use crate::cli::network::Network;
use crate::cli::progress::grouped;
use crate::cli::simulations::Simulated;
use crate::cli::stage::{Bench, Found, Stage};
use crate::cli::store::{Change, Damage, Entry, Held, Kind, Manifest, Store};
use crate::cli::summary::moments;
use crate::cli::weights::{Trained, first, reals};
use sbi_infer::{DensityError, DrawError, EvenRanks, Fitted, Learnt, Metrics, Reals, Scored, Sets, ranks};
use sbi_model::{Key, Model};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::Instant;

const SCORES: &str = "scores.json";

/// The scores of one network on test sets with one missing rate.
pub struct Scoring<'a> {
    entry: Entry,
    network: &'a Network<'a>,
    tests: &'a TestSets<'a>,
    draws: usize,
}

/// How good answers are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Of each parameter.
    pub parameters: Vec<Score>,
    /// The mean of −log q of the true parameters, in nats, and its standard error; none where there is no density.
    pub negative_log_posterior: Option<(f64, f64)>,
    /// Seconds of drawing and of densities.
    pub seconds: f64,
    /// Seconds and steps of the training.
    pub trained: (f64, usize),
}

/// How good the draws of one parameter are: none of what is no number, as where all true values are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// The metrics, in the order of [`METRICS`].
    pub metrics: [Option<f64>; METRICS.len()],
    /// The probability that exact draws rank the true values as unevenly.
    pub sbc: f64,
}

/// One of the metrics of a parameter.
type Metric = fn(&Metrics) -> f64;

/// The metrics of a parameter, by their names in files.
pub const METRICS: [(&str, Metric); 5] = [
    ("rmse", |own| own.rmse),
    ("nrmse", |own| own.nrmse),
    ("nrmse_of_mean", |own| own.nrmse_of_mean),
    ("contraction", |own| own.contraction),
    ("calibration_error", |own| own.calibration_error),
];

impl Stage for Scoring<'_> {
    type Input = Trained;
    type Product = Scores;

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn title(&self) -> String {
        let missing = self.tests.missing.as_ref().map(|missing| format!(", {} missing", missing.text));
        let (name, sets) = (&self.network.approximator.name, grouped(self.tests.sets));
        format!("`{name}` on {sets} data sets{}", missing.unwrap_or_default())
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Scores>, Damage> {
        if !manifest.lists(SCORES) {
            return Ok(Found::Nothing);
        }
        let bytes = self.entry.read(manifest, SCORES)?;
        let damage = |why| Damage(format!("the kept scores of {} are damaged: {why}", self.title()));
        serde_json::from_slice(&bytes).map(Found::Whole).map_err(damage)
    }

    fn make(&self, trained: &Trained, bench: &Bench, held: &mut Held) -> Outcome<Scores> {
        let Network { model, approximator, subject, .. } = self.network;
        let simulated = self.tests.made(bench)?;
        let reals = match trained.weights {
            Fitted::Posterior(_) => Some(reals(model, approximator, subject)?),
            Fitted::Joint(_) => None,
        };
        let scores = self.judge(trained, reals.as_ref(), simulated, bench)?;
        let json = serde_json::to_vec(&scores).expect("scores are plain data");
        held.commit(Change { put: vec![(SCORES.into(), json)], ..Change::default() })?;
        Ok(scores)
    }
}

impl<'a> Scoring<'a> {
    /// The scores of a network, from so many draws for each data set.
    pub fn of(network: &'a Network<'_>, tests: &'a TestSets<'a>, draws: usize, store: &Store) -> Scoring<'a> {
        let key = Key::scores(&network.weights, &tests.key, (tests.sets, draws));
        Scoring { entry: store.entry(Kind::Scores, &key.to_string()), network, tests, draws }
    }

    fn judge(
        &self,
        trained: &Trained,
        reals: Option<&Reals>,
        simulated: &Simulated,
        bench: &Bench,
    ) -> Outcome<Scores> {
        let (network, count) = (self.network, self.tests.sets);
        let table = first(&simulated.table, count, &network.subject);
        let sets = Sets::of(&network.subject, &table, network.seed());
        let learnt = match (&trained.weights, reals) {
            (Fitted::Posterior(weights), Some(reals)) => Learnt::Posterior(weights, reals),
            (Fitted::Joint(weights), _) => Learnt::Joint(weights),
            (Fitted::Posterior(_), None) => unreachable!("a posterior has its way to the real line"),
        };
        let (width, began) = (sets.parameters.len(), Instant::now());
        let mut bar = bench.progress.start("judge", &self.title(), 0, 2 * count);
        let mut go_on = |done| {
            bar.set(done);
            interrupt::flow()
        };
        let drawn =
            sets.draws(learnt, self.draws, &bench.machine, &mut go_on).map_err(|e| self.undrawn(&e))?;
        let mut density_on = |done| -> ControlFlow<()> {
            bar.set(count + done);
            interrupt::flow()
        };
        let densities = match sets.log_densities(learnt, &bench.machine, &mut density_on) {
            Ok(densities) => Ok(densities),
            Err(DensityError::Stopped) => return Err(Failure::interrupted()),
            Err(DensityError::Device(why)) => return Err(Failure::failed(why)),
            Err(why) => Err(why),
        };
        let even = EvenRanks::of(count, self.draws);
        let score = |(place, scalar): (usize, &usize)| {
            let truths = sets.truths(place);
            let draws: Vec<f64> = drawn.iter().skip(place).step_by(width).copied().collect();
            let metrics = Scored { truths: &truths, draws: &draws }.metrics();
            let metrics = METRICS.map(|(_, of)| Some(of(&metrics)).filter(|x| x.is_finite()));
            let name = network.subject.scalars().get(*scalar).map(|token| token.name.clone());
            Score { name: name.unwrap_or_default(), metrics, sbc: even.p_value(&ranks(&truths, &draws)) }
        };
        let parameters = sets.parameters.iter().enumerate().map(score).collect();
        bar.finish("done");
        Ok(Scores {
            parameters,
            negative_log_posterior: self.negative_log(densities, bench),
            seconds: began.elapsed().as_secs_f64(),
            trained: (trained.notes.train_seconds, trained.notes.step),
        })
    }

    /// The mean of −log q and its standard error, or why there is none, which is said.
    fn negative_log(&self, densities: Result<Vec<f64>, DensityError>, bench: &Bench) -> Option<(f64, f64)> {
        let name = &self.network.approximator.name;
        let densities = match densities {
            Ok(densities) => densities,
            Err(why) => {
                bench.progress.say(&format!("careful: no density of parameters by `{name}`: {why}"));
                return None;
            }
        };
        let finite: Vec<f64> = densities.iter().map(|x| -x).filter(|x| x.is_finite()).collect();
        let lost = densities.len() - finite.len();
        if lost > 0 {
            bench.progress.say(&format!(
                "careful: {lost} of {} data sets have parameters at an end of their support, where `{name}` has no \
                 density, and are left out of −log q",
                densities.len()
            ));
        }
        let (mean, sd) = moments(&finite);
        (finite.len() > 1).then(|| (mean, sd / (finite.len() as f64).sqrt()))
    }

    fn undrawn(&self, error: &DrawError) -> Failure {
        let Model { name, .. } = self.network.model;
        let failure = Failure::failed(format!("a data set of `{name}` was not answered: {error}"));
        match error {
            DrawError::Stopped => Failure::interrupted(),
            DrawError::Device(_) => failure.help("leave `--device cuda` out to draw on the processor"),
            _ => failure
                .help(format!("train `{}` longer or on more simulations", self.network.approximator.name)),
        }
    }
}
