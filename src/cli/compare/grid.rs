//! The grid of a comparison: what flags ask for.

use crate::cli::args;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::network::Network;
use crate::cli::numbers::{listed, whole};
use crate::cli::progress::grouped;
use crate::cli::spec::{Spec, find};
use sbi_model::{Approximator, Train};
use std::ops::RangeInclusive;

/// How many simulations a network is trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// So many, which are kept.
    Kept(usize),
    /// Fresh ones in every step.
    Online,
}

/// How often test sets lack what a model declares missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// The node or modality; all that are declared where it is silent.
    pub name: Option<String>,
    /// The probability.
    pub rate: f64,
    /// As the user wrote it.
    pub text: String,
}

/// What is compared.
pub struct Grid {
    /// The place of the model that all are about.
    pub model: usize,
    /// One approximator for each network, with its budget and seed.
    pub cells: Vec<Approximator>,
    /// Missing rates of test sets; none where they are as the model says.
    pub missing: Vec<Missing>,
}

impl Grid {
    /// The grid that flags ask for, once it is known that nothing stands in its way.
    ///
    /// # Errors
    /// Names that are not in the file, approximators of several models, or what this version does not run.
    pub fn of(spec: &Spec, args: &args::Compare) -> Outcome<Grid> {
        let all = &spec.file.approximators;
        let names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
        let named = args.approximators.iter().map(|name| find("approximator", name, &names));
        let mut places: Vec<usize> = named.collect::<Outcome<_>>()?;
        if places.is_empty() {
            places = (0..all.len()).collect();
        }
        let places = distinct(places);
        let chosen: Vec<&Approximator> = places.iter().filter_map(|place| all.get(*place)).collect();
        let Some(first) = chosen.first() else {
            return Err(Failure::wrong(format!("`{}` has no approximator to compare", spec.path.display()))
                .help("write one: `approximator net for MODEL { … }`"));
        };
        if chosen.iter().any(|own| own.model != first.model) {
            return Err(several_models(spec, &chosen));
        }
        chosen.iter().try_for_each(|own| spec.ensure_approximator_runs(own))?;
        let seeds = distinct(args.seeds.iter().cloned().flatten());
        let budgets = distinct(args.simulations.iter().copied());
        let cells = chosen.iter().flat_map(|own| cells(own, &budgets, &seeds)).collect();
        Ok(Grid { model: first.model, cells, missing: distinct(args.missing.iter().cloned()) })
    }
}

/// Each thing once, in the order of the first times.
fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    all.into_iter().fold(Vec::new(), |mut kept, own| {
        if !kept.contains(&own) {
            kept.push(own);
        }
        kept
    })
}

/// An approximator with each budget and seed, or with those of the file.
fn cells(written: &Approximator, budgets: &[Budget], seeds: &[u64]) -> Vec<Approximator> {
    let with = |budget: Option<Budget>, seed: Option<u64>| {
        let mut own = written.clone();
        match budget {
            Some(Budget::Kept(simulations)) => {
                (own.train.simulations, own.train.online) = (simulations, false)
            }
            // As of a file that says `simulations online`.
            Some(Budget::Online) => {
                (own.train.simulations, own.train.online) = (Train::default().simulations, true)
            }
            None => {}
        }
        own.train.seed = seed.unwrap_or(own.train.seed);
        own
    };
    let optional = |count: usize| 0..count.max(1);
    optional(budgets.len())
        .flat_map(|budget| optional(seeds.len()).map(move |seed| (budget, seed)))
        .map(|(budget, seed)| with(budgets.get(budget).copied(), seeds.get(seed).copied()))
        .collect()
}

fn several_models(spec: &Spec, chosen: &[&Approximator]) -> Failure {
    let about = |own: &&Approximator| format!("`{}` is about `{}`", own.name, spec.model(own.model).name);
    let about: Vec<String> = chosen.iter().map(about).collect();
    let model = chosen.first().map(|own| own.model);
    let same: Vec<&str> =
        chosen.iter().filter(|own| Some(own.model) == model).map(|own| own.name.as_str()).collect();
    Failure::wrong(format!("approximators of several models are not compared: {}", about.join(", ")))
        .help(format!("name those of one model: `--approximators {}`", same.join(",")))
}

/// `late`, 10,000 simulations, seed 1.
pub fn words(network: &Network) -> String {
    let train = &network.approximator.train;
    format!("`{}`, {} simulations, seed {}", network.approximator.name, budget(network), train.seed)
}

/// `10,000`, or `online`.
pub fn budget(network: &Network) -> String {
    let train = &network.approximator.train;
    if train.online { "online".into() } else { grouped(train.simulations) }
}

/// A budget of a flag.
///
/// # Errors
/// In words that follow "invalid value …: ".
pub fn parse_budget(text: &str) -> Result<Budget, String> {
    let text = text.trim();
    // As in a file.
    const RANGE: RangeInclusive<u64> = 20..=100_000_000;
    match text {
        "online" => Ok(Budget::Online),
        _ => whole(text, RANGE)
            .map(|count| Budget::Kept(count as usize))
            .map_err(|why| format!("{why}, or `online`")),
    }
}

/// A seed of a flag, or a range of them: `1..3`.
///
/// # Errors
/// In words that follow "invalid value …: ".
pub fn parse_seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    const MOST: u64 = 1_000;
    let any = 0..=u64::MAX;
    let Some((first, last)) = text.split_once("..") else {
        return whole(text.trim(), any).map(|seed| seed..=seed);
    };
    let (first, last) = (whole(first.trim(), any.clone())?, whole(last.trim_start_matches('=').trim(), any)?);
    match last.checked_sub(first) {
        Some(more) if more < MOST => Ok(first..=last),
        Some(_) => Err(format!("write a range of at most {MOST} seeds")),
        None => Err("write the smaller seed first, as in `1..3`".into()),
    }
}

/// A missing rate of a flag: `20%`, `0.2`, or `slope=20%` for one node or modality.
///
/// # Errors
/// In words that follow "invalid value …: ".
pub fn parse_missing(text: &str) -> Result<Missing, String> {
    let (name, rate) = match text.split_once('=') {
        Some((name, rate)) => (Some(name.trim().to_owned()), rate.trim()),
        None => (None, text.trim()),
    };
    let parsed = match rate.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok().map(|x| x / 100.0),
        None => rate.parse::<f64>().ok(),
    };
    let rate = parsed.filter(|rate| (0.0..=1.0).contains(rate));
    let rate = rate.ok_or("write a share from 0% to 100%, as in `20%` or `slope=20%`")?;
    Ok(Missing { name, rate, text: text.trim().to_owned() })
}

/// What a missing rate names that the model does not declare missing.
pub fn undeclared(missing: &Missing, declared: &[&str], model: &str) -> Failure {
    let failure = match &missing.name {
        Some(name) => Failure::wrong(format!("`{model}` does not declare `{name}` missing")),
        None => Failure::wrong(format!(
            "`{model}` declares nothing missing, and `--missing {}` asks for gaps",
            missing.text
        )),
    };
    match declared {
        [] => failure.help(format!(
            "write what may be missing into the model: `missing {} with probability 10%`",
            missing.name.as_deref().unwrap_or("x[i]")
        )),
        names => failure.help(format!("it declares {}", listed(names, "and"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_seeds_and_budgets_are_read() {
        let rate = |text| parse_missing(text).map(|own| (own.name, own.rate));
        assert_eq!(rate("20%"), Ok((None, 0.2)));
        assert_eq!(rate("0.5"), Ok((None, 0.5)));
        assert_eq!(rate("slope = 0%"), Ok((Some("slope".into()), 0.0)));
        for wrong in ["120%", "-1", "x", "", "%", "slope=", "nan"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_seeds("1..3"), Ok(1..=3));
        assert_eq!(parse_seeds("1..=3"), Ok(1..=3));
        assert_eq!(parse_seeds("7"), Ok(7..=7));
        for wrong in ["3..1", "a", "0..100000", "1..", ".."] {
            assert!(parse_seeds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_budget("10_000"), Ok(Budget::Kept(10_000)));
        assert_eq!(parse_budget("online"), Ok(Budget::Online));
        assert!(parse_budget("0").is_err() && parse_budget("many").is_err());
    }
}
