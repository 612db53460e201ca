//! What all contests have in common: who takes part, how long, and that a result is kept and not measured again.

use crate::contest::{Competitor, Order, Pace, Runner, python, race};
use crate::results::Results;
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How contests are held.
#[derive(Args)]
pub struct Rules {
    /// A Python with torch and jax [default: that of `setup.sh`, or `python3`]
    #[arg(long)]
    python: Option<PathBuf>,
    /// Who takes part besides this project [default: all; where masks are compared none]
    #[arg(long, value_enum, value_delimiter = ',')]
    with: Option<Vec<Competitor>>,
    /// Threads of the processor
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Measures anew what the table has
    #[arg(long)]
    redo: bool,
    #[command(flatten)]
    pace: Pace,
}

/// One who takes part: the name in the table, who it is and what it does.
pub type Entrant<'a> = (String, Competitor, &'a Order);

impl Rules {
    /// Where Python is.
    pub fn python(&self) -> PathBuf {
        python(self.python.as_deref())
    }

    /// This project first, then who is named to take part, or else all.
    pub fn competitors(&self) -> Vec<Competitor> {
        self.competitors_or(Competitor::value_variants())
    }

    /// This project first, then who is named to take part, or else these.
    pub fn competitors_or(&self, unless_named: &[Competitor]) -> Vec<Competitor> {
        let others = self.with.as_deref().unwrap_or(unless_named).iter().copied();
        let others = others.filter(|competitor| *competitor != Competitor::Ours);
        [Competitor::Ours].into_iter().chain(others).collect()
    }

    /// Holds a contest between networks of one size and puts it into the table, unless it is there; prints its rows.
    ///
    /// # Errors
    /// Where one who takes part gives up, or has a network of another size.
    pub fn hold(&self, results: &mut Results, key: &[String], entrants: &[Entrant]) -> Result<()> {
        let names: Vec<&str> = entrants.iter().map(|(name, ..)| name.as_str()).collect();
        if !self.redo && results.has(key, &names) {
            return Ok(());
        }
        let start = |(name, competitor, order): &Entrant| {
            Runner::start(*competitor, name.clone(), order, &self.python())
        };
        let runners = entrants.iter().map(start).collect::<Result<Vec<Runner>>>()?;
        let scores = race(runners, self.pace)?;
        for pair in scores.windows(2) {
            let [one, other] = pair else { continue };
            ensure!(
                one.parameters == other.parameters,
                "{} has a network of {} numbers, {} one of {}",
                one.name,
                one.parameters,
                other.name,
                other.parameters
            );
        }
        // The figures are the product of this command.
        #[allow(clippy::print_stdout)]
        {
            print!("{}", results.put(key, &scores)?);
        }
        Ok(())
    }
}
