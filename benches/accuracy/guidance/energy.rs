//! Channels of a neuron that give what was seen of its voltage on little energy (Gloeckler et al. 2024, figure 7).
//!
//! The posterior given the voltage tells what energy to expect. Asked for less than most of it takes, the network
//! draws channels and their energy together; then the simulator of the same file is run with these channels and fresh
//! noise, and says what they do take.

use crate::drive::{Sbi, Workplace};
use crate::records::{self, Record, rounded};
use crate::sample::Sample;
use crate::spec::{Example, query};
use crate::tasks;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The task, as its example is called.
pub const TASK: &str = "hodgkin_huxley";
/// Shares of the energies to expect that lie below the bound: the published one, for which draws are made again until
/// they satisfy it, and one that is so small that they are guided.
const LOWEST: [f64; 2] = [0.1, 0.01];
/// Draws without the condition, and with it; as many of each are simulated.
const DRAWS: usize = 10_000;
const THRIFTY_DRAWS: usize = 2_000;
/// Seeds of simulations with drawn channels are larger by so much: their noise is that of no training.
const FRESH: u64 = 7_000;

const ENERGY: &str = "energy";
const CHANNELS: [&str; 7] = ["cap", "g_na", "g_k", "g_l", "e_na", "e_k", "e_l"];
/// What was seen: what the example's queries say of the voltage.
const GIVEN: [(&str, f64); 7] = [
    ("spikes", 8.0),
    ("calm_mean", -67.95),
    ("calm_sd", 0.65),
    ("pulse_mean", -52.95),
    ("variance", 444.8),
    ("skewness", 3.28),
    ("kurtosis", 13.2),
];

/// A line of `energy.csv`: a bound on the energy, for one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The share of the network's energies without the bound that lie below it.
    pub lowest: f64,
    /// Simulations.
    pub budget: usize,
    /// The seed of simulations, training and draws.
    pub seed: u64,
    /// The bound, in microwatts.
    pub bound: f64,
    /// Whether draws were guided; else those above it were made again.
    pub guided: bool,
    /// Without the bound, the share of channels below it when simulated.
    pub simulated_before: f64,
    /// With it, the share of draws below it by the network's own energy: of guided ones, before any is discarded.
    pub drawn_after: f64,
    /// The share of these channels below it when simulated.
    pub simulated_after: f64,
    /// Mean energies when simulated, in microwatts: without the bound and with it.
    pub mean_before: f64,
    /// With the bound.
    pub mean_after: f64,
}

impl Record for Row {
    fn key(&self) -> (String, usize, u64) {
        key(self.lowest, self.budget, self.seed)
    }

    fn finding(&self) -> String {
        let [drawn, simulated] = [self.drawn_after, self.simulated_after].map(|share| 100.0 * share);
        format!("{drawn:.1} % below the bound, {simulated:.1} % when simulated")
    }
}

fn key(lowest: f64, budget: usize, seed: u64) -> (String, usize, u64) {
    (lowest.to_string(), budget, seed)
}

/// Where the rows are kept.
pub fn results() -> PathBuf {
    tasks::study().join("energy.csv")
}

/// Trains the network, unless it is there, and asks it for less energy than most draws take.
///
/// # Errors
/// A run that fails, or draws that cannot be read; the rows before are kept.
pub fn run(sbi: &Sbi, work: &Path, redo: bool, budget: usize, seed: u64) -> Result<()> {
    for lowest in LOWEST {
        let what = format!("energies of {TASK}, lowest {} % {budget} seed {seed}", 100.0 * lowest);
        records::keep(&results(), redo, &key(lowest, budget, seed), &what, || {
            let place = Workplace::open(work.join(format!("{TASK}-{budget}-{seed}")), false)?;
            Trial { sbi, place: &place, example: Example::model_of(&example())?, budget, seed }.row(lowest)
        })?;
    }
    Ok(())
}

fn example() -> PathBuf {
    tasks::workspace().join("examples").join(TASK).with_extension("sbi")
}

/// A network, and where it is asked.
struct Trial<'a> {
    sbi: &'a Sbi,
    place: &'a Workplace,
    example: Example,
    budget: usize,
    seed: u64,
}

impl Trial<'_> {
    fn row(&self, lowest: f64) -> Result<Row> {
        let before = self.ask("measured", &[], DRAWS)?;
        let bound = quantile(energies(&before)?, lowest);
        let name = format!("thrifty_{}", (1.0 / lowest).round());
        let after = self.ask(&name, &[format!("{ENERGY} < {bound:?} uW")], THRIFTY_DRAWS)?;
        let guided = self.place.holds(&name, "/where/guided").context("no word on guidance")?;
        // What is made again until it holds always does; what is guided there may not at first.
        let of_guided = self.place.told(&name, "/where/share_guided");
        let drawn_after = if guided { of_guided.context("no share of guided draws")? } else { 1.0 };
        let [simulated_before, simulated_after] =
            [("measured", &before), (name.as_str(), &after)].map(|(name, draws)| self.simulated(name, draws));
        let (simulated_before, simulated_after) = (simulated_before?, simulated_after?);
        Ok(Row {
            lowest,
            budget: self.budget,
            seed: self.seed,
            bound: rounded(bound, 4),
            guided,
            simulated_before: rounded(below(&simulated_before, bound), 4),
            drawn_after: rounded(drawn_after, 4),
            simulated_after: rounded(below(&simulated_after, bound), 4),
            mean_before: rounded(mean(&simulated_before), 3),
            mean_after: rounded(mean(&simulated_after), 3),
        })
    }

    /// Draws of channels and energy, under conditions on top of what was seen.
    fn ask(&self, name: &str, conditions: &[String], draws: usize) -> Result<Sample> {
        let given = GIVEN.map(|(datum, value)| (datum.to_owned(), value));
        let infer: Vec<String> = CHANNELS.iter().chain([&ENERGY]).map(|name| (*name).to_owned()).collect();
        let asked = query(name, &given, conditions, &infer, draws);
        self.sbi.run(self.place, &self.example.spec(self.budget, self.seed, &[asked]), name)?;
        Sample::read(&self.place.draws(name))
    }

    /// The energies that drawn channels take, by the simulator of the example: as many as there are draws, each of a
    /// draw that is picked at random.
    fn simulated(&self, name: &str, draws: &Sample) -> Result<Vec<f64>> {
        let file = format!("{name}_channels.csv");
        numbered(draws)?.write(&self.place.file(&file))?;
        let spec = self.example.spec(self.budget, self.seed + FRESH, &[]);
        let spec = with_channels(&spec, &file, draws.len())?;
        energies(&self.sbi.simulate(self.place, &format!("{name}_simulated"), &spec, draws.len())?)
    }
}

fn energies(draws: &Sample) -> Result<Vec<f64>> {
    Ok(draws.select(&[ENERGY.to_owned()])?.column(0).collect())
}

/// The channels of draws, with the numbers of their rows from zero on.
fn numbered(draws: &Sample) -> Result<Sample> {
    let channels = draws.select(&CHANNELS.map(str::to_owned))?;
    let names = ["row"].iter().chain(&CHANNELS).map(|name| (*name).to_owned()).collect();
    let rows = channels.rows().enumerate();
    let values = rows.flat_map(|(number, row)| std::iter::once(number as f64).chain(row.iter().copied()));
    Sample::new(names, values.collect())
}

/// The spec with channels from the rows of a file in place of their priors: functions of the row's number, which are
/// read at whole numbers alone.
fn with_channels(spec: &str, file: &str, rows: usize) -> Result<String> {
    let mut text = String::new();
    let mut found = 0;
    for line in spec.lines() {
        let prior = line.trim().strip_prefix("param ").and_then(|after| after.split_once(" ~ uniform("));
        let Some((channel, unit)) = prior.and_then(|(declared, _)| declared.split_once(" : ")) else {
            text += &format!("{line}\n");
            continue;
        };
        if found == 0 {
            text += &format!("    latent pick ~ uniform(0, {rows})\n");
        }
        found += 1;
        text += &format!(
            "    const {channel}_of(row) : {unit} from \"{file}\" (time = \"row\", column = \"{channel}\")\n    \
             param {channel} : {unit} = {channel}_of(floor(pick))\n"
        );
    }
    ensure!(found == CHANNELS.len(), "{found} channels have a uniform prior, not {}", CHANNELS.len());
    Ok(text)
}

/// The number below which so large a share of numbers lies.
fn quantile(mut numbers: Vec<f64>, share: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get((share * numbers.len() as f64) as usize).copied().unwrap_or(f64::NAN)
}

fn below(numbers: &[f64], bound: f64) -> f64 {
    numbers.iter().filter(|number| **number < bound).count() as f64 / numbers.len() as f64
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_example_saw_what_is_given_here() {
        let text = fs::read_to_string(example()).unwrap();
        let measured = text.split("query measured").nth(1).unwrap().split('}').next().unwrap();
        let given: Vec<&str> =
            measured.lines().filter_map(|line| line.trim().strip_prefix("given ")).collect();
        let words = |line: &&str| {
            line.split([' ', '='])
                .filter(|word| !word.is_empty())
                .take(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let said: Vec<Vec<String>> = given.iter().map(words).collect();
        assert_eq!(said, GIVEN.map(|(name, value)| vec![name.to_owned(), value.to_string()]));
    }

    #[test]
    fn channels_come_from_a_file_and_all_else_stays() {
        let spec = Example::model_of(&example()).unwrap().spec(1_000, 7_001, &[]);
        let text = with_channels(&spec, "drawn.csv", 40).unwrap();
        assert_eq!(text.lines().count(), spec.lines().count() + CHANNELS.len() + 1);
        assert_eq!(text.matches("latent pick ~ uniform(0, 40)\n").count(), 1);
        let expected =
            "    const g_na_of(row) : conductance from \"drawn.csv\" (time = \"row\", column = \"g_na\")
    param g_na : conductance = g_na_of(floor(pick))\n";
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("~ uniform(60, 120)") && text.contains("seed 7001"));
        let kept = |line: &&str| !line.contains("param ");
        assert!(spec.lines().filter(kept).all(|line| text.lines().any(|own| own == line)));
        assert!(with_channels("model m {\n}\n", "drawn.csv", 40).is_err());
    }

    #[test]
    fn rows_are_numbered_and_the_energy_stays_behind() {
        let names = [ENERGY].iter().chain(&CHANNELS).map(|name| (*name).to_owned()).collect();
        let draws = Sample::new(names, (0..16).map(f64::from).collect()).unwrap();
        let rows: Vec<Vec<f64>> = numbered(&draws).unwrap().rows().map(<[f64]>::to_vec).collect();
        assert_eq!(
            rows,
            [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]]
        );
        let energies = energies(&draws).unwrap();
        assert_eq!((energies.clone(), mean(&energies), below(&energies, 8.0)), (vec![0.0, 8.0], 4.0, 0.5));
        assert_eq!(quantile((0..100).rev().map(f64::from).collect(), 0.1), 10.0);
    }
}
