//! Tables of results: a row for each competitor of each contest, written as soon as it is known.

use crate::contest::Score;
use anyhow::{Result, ensure};
use std::path::PathBuf;

/// What stands of a competitor in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Steps a second.
    StepsPerSecond,
    /// Seconds for ten thousand draws.
    SecondsForDraws,
}

impl Figure {
    fn name(self) -> &'static str {
        match self {
            Figure::StepsPerSecond => "steps_per_second",
            Figure::SecondsForDraws => "seconds_for_10000_draws",
        }
    }

    fn of(self, rate: f64) -> f64 {
        match self {
            Figure::StepsPerSecond => rate,
            Figure::SecondsForDraws => 1e4 / rate,
        }
    }
}

/// A table in a CSV file whose first columns name a contest.
pub struct Results {
    path: PathBuf,
    names: &'static [&'static str],
    figure: Figure,
    rows: Vec<Vec<String>>,
}

impl Results {
    /// The table in a file, empty where there is none.
    ///
    /// # Errors
    /// Where the file has other columns.
    pub fn open(path: PathBuf, names: &'static [&'static str], figure: Figure) -> Result<Results> {
        let mut results = Results { path, names, figure, rows: Vec::new() };
        if results.path.exists() {
            let mut reader = csv::Reader::from_path(&results.path)?;
            let known = reader.headers()?.iter().eq(results.header());
            ensure!(known, "{} has other columns: move it away", results.path.display());
            for row in reader.records() {
                results.rows.push(row?.iter().map(str::to_owned).collect());
            }
        }
        Ok(results)
    }

    /// The names of all columns.
    pub fn header(&self) -> impl Iterator<Item = &str> {
        let columns = ["slowest", "fastest", "times_as_slow", "peak_mebibytes"];
        self.names.iter().copied().chain(["with", "version", self.figure.name()]).chain(columns)
    }

    /// Whether the contest with this key has rows for all of these competitors.
    pub fn has(&self, key: &[String], with: &[&str]) -> bool {
        let known = |name: &&str| {
            let row = || key.iter().map(String::as_str).chain([*name]);
            self.rows.iter().any(|own| own.iter().zip(row()).all(|(a, b)| a == b))
        };
        with.iter().all(known)
    }

    /// Puts a contest into the table and into its file; rows of the same contest make way. Returns its rows.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn put(&mut self, key: &[String], scores: &[Score]) -> Result<String> {
        ensure!(key.len() == self.names.len(), "a contest is named by {:?}", self.names);
        self.rows.retain(|row| !row.iter().zip(key).all(|(a, b)| a == b));
        let ours = scores.first().map_or(f64::NAN, Score::median);
        let row = |score: &Score| {
            let (slowest, fastest) = score.range();
            let figure = |rate| significant(self.figure.of(rate));
            let figures = [
                score.name.clone(),
                score.version.clone(),
                figure(score.median()),
                figure(slowest),
                figure(fastest),
                format!("{:.2}", ours / score.median()),
                format!("{:.0}", score.peak),
            ];
            key.iter().cloned().chain(figures).collect::<Vec<String>>()
        };
        let rows: Vec<Vec<String>> = scores.iter().map(row).collect();
        let shown = rows.iter().map(|row| row.join(",") + "\n").collect();
        self.rows.extend(rows);
        let mut writer = csv::Writer::from_path(&self.path)?;
        writer.write_record(self.header())?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        writer.flush()?;
        Ok(shown)
    }
}

/// Three digits that count.
fn significant(x: f64) -> String {
    let digits = (2.0 - x.abs().log10().floor()).clamp(0.0, 9.0);
    format!("{x:.*}", digits as usize)
}
