//! The source of draws that the store is filled from: a model under a seed.

use super::failure::{Failure, Outcome};
use super::progress::{Progress, grouped};
use sbi_model::{FAILED, Model};
use sbi_sim::{Outside, Simulator, Table};
use std::ops::{ControlFlow, Range};

/// Joint draws of one model under one seed: draw `n` is the same whatever is drawn before it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The model.
    pub model: &'a Model,
    /// What draws.
    pub simulator: &'a Simulator,
    /// The programs from outside that it draws from.
    pub outside: Option<&'a dyn Outside>,
    /// The seed.
    pub seed: u64,
}

impl<'a> Source<'a> {
    /// Names of the columns: the tokens of the model's graph, then what differs between draws of its
    /// coordinates, and last whether a draw failed, where the model tells that.
    pub fn columns(&self) -> &'a [String] {
        self.simulator.columns()
    }

    /// How many of these rows are draws that failed and were kept.
    pub fn failed_among(&self, rows: &[f64]) -> usize {
        if !self.model.tells_failures() {
            return 0;
        }
        let facts = rows.chunks_exact(self.columns().len()).filter_map(<[f64]>::last);
        facts.filter(|fact| **fact == 1.0).count()
    }

    /// So many rows have about `values` values.
    pub fn rows_of(&self, values: usize) -> usize {
        (values / self.columns().len().max(1)).max(1)
    }

    /// Draws `rows`, or the first of them where `go_on` breaks off; it hears how many rows are done.
    pub fn draw(
        &self,
        rows: Range<usize>,
        threads: usize,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Outcome<Table> {
        self.simulate(rows, threads, go_on).map_err(|e| failed(&e))
    }

    /// The same, and what went wrong as the simulator says it.
    pub fn simulate(
        &self,
        rows: Range<usize>,
        threads: usize,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Table, sbi_sim::Failure> {
        let mut go_on = |done| go_on(done as usize);
        let range = rows.start as u64..rows.end as u64;
        self.simulator.run_blocks(self.seed, range, threads, self.outside, &mut go_on)
    }
}

/// A draw that is not finite, or a table that is too large, in the words of a failure.
pub fn failed(error: &sbi_sim::Failure) -> Failure {
    let failure = Failure::failed(error.to_string());
    match error {
        sbi_sim::Failure::NotFinite { help, .. } => failure.help(help.as_deref().unwrap_or(
            "no draw of the priors may lead there: bound a parameter, or write the expression so that it stays finite",
        )),
        sbi_sim::Failure::Outside { help, .. } => failure.help(help.clone()),
        sbi_sim::Failure::Interrupted => Failure::interrupted(),
        sbi_sim::Failure::Memory { .. } => failure.help("ask for fewer simulations, or make the axes smaller"),
    }
}

/// Says how many draws lack what failed in them.
pub fn tell_failed(failed: usize, progress: Progress) {
    if failed > 0 {
        let count = grouped(failed);
        progress.say(&format!(
            "careful: {count} draws failed, and lack what depends on that, as `on_failure \"absent\"` says; `{FAILED}` is 1 there"
        ));
    }
}

/// Says that draws were made anew: what is drawn is then not the prior as it is written.
pub fn tell_resampled(resampled: u64, progress: Progress) {
    if resampled > 0 {
        let count = grouped(resampled as usize);
        progress.say(&format!(
            "careful: {count} draws failed and were drawn anew, as `on_failure \"resample\"` says: the priors are those of \
             draws that do not fail"
        ));
    }
}
