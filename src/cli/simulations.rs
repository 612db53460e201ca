//! The stage of simulations: joint draws of a model, kept in shards by ranges of draws, so that a larger budget goes on
//! where a smaller one ended and a kill loses one shard at most.

use super::case::Case;
use super::failure::Outcome;
use super::interrupt;
use super::progress::grouped;
use super::shards::Shards;
use super::simulate::{Source, failed, tell_resampled};
use super::stage::{Bench, Found, Stage};
use super::store::{Change, Damage, Entry, Held, Kind, Manifest, Store};
use sbi_infer::Table;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A shard is closed when it has this many values, or is this old.
const SHARD_VALUES: usize = 1 << 21;
const SHARD_AGE: Duration = Duration::from_secs(10);

/// The first `rows` joint draws of a model under a seed.
pub struct Simulations<'a> {
    entry: Entry,
    source: Source<'a>,
    rows: usize,
}

/// The draws, and how long it took to make all that the store has.
pub struct Simulated {
    /// `[rows, tokens]`.
    pub table: Table,
    /// Seconds of simulation.
    pub seconds: f64,
}

/// What is noted with the shards.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Notes {
    seconds: f64,
    /// How many draws failed and were drawn anew.
    #[serde(default)]
    resampled: u64,
}

impl Stage for Simulations<'_> {
    type Input = ();
    type Product = Simulated;

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn title(&self) -> String {
        format!("{} draws of `{}`", grouped(self.rows), self.source.name)
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Simulated>, Damage> {
        let (table, damage) = self.prefix(manifest);
        match (table.rows(), damage) {
            (_, Some(damage)) => Err(damage),
            (rows, None) if rows == self.rows => {
                let seconds = self.notes(manifest).seconds;
                Ok(Found::Whole(Simulated { table, seconds }))
            }
            (0, None) => Ok(Found::Nothing),
            (rows, None) => Ok(Found::Part(format!("{} kept", grouped(rows)))),
        }
    }

    fn make(&self, (): &(), bench: &Bench, held: &mut Held) -> Outcome<Simulated> {
        let (mut table, damage) = self.prefix(held.manifest());
        let mut notes = self.notes(held.manifest());
        if damage.is_some() {
            let drop = Shards::beyond(held.manifest(), table.rows());
            held.commit(Change { drop, put: Vec::new(), notes: value(&notes) })?;
        }
        let missing = (self.rows - table.rows()) * table.columns;
        table.values.try_reserve_exact(missing).map_err(|_| {
            failed(&sbi_sim::Failure::Memory { bytes: missing as u128 * size_of::<f64>() as u128 })
        })?;
        let mut bar = bench.progress.start("simulate", &self.title(), table.rows(), self.rows);
        while table.rows() < self.rows {
            let start = table.rows();
            let end = self.rows.min(start + self.source.rows_of(SHARD_VALUES));
            let began = Instant::now();
            let shard = self.source.draw(start..end, bench.machine.threads, &mut |done| {
                bar.set(start + done);
                if began.elapsed() < SHARD_AGE { interrupt::flow() } else { ControlFlow::Break(()) }
            })?;
            notes.seconds += began.elapsed().as_secs_f64();
            notes.resampled += shard.resampled;
            let put = vec![self.shards().file(start, &shard.values)];
            held.commit(Change { put, drop: Vec::new(), notes: value(&notes) })?;
            table.values.extend(shard.values);
            interrupt::check()?;
        }
        bar.finish("done");
        tell_resampled(notes.resampled, bench.progress);
        Ok(Simulated { table, seconds: notes.seconds })
    }
}

impl<'a> Simulations<'a> {
    /// The first `rows` draws of the model of a case.
    pub fn of(case: &Case<'a>, rows: usize, store: &Store) -> Simulations<'a> {
        let entry = store.entry(Kind::Simulations, &case.keys.simulations);
        Simulations { entry, source: case.source(), rows }
    }

    fn notes(&self, manifest: &Manifest) -> Notes {
        manifest.notes().unwrap_or_default()
    }

    fn shards(&self) -> Shards<'_> {
        Shards::of(&self.entry, self.source.columns().len())
    }

    /// The kept draws from the first on, at most as many as wanted, and the damage that ended them.
    fn prefix(&self, manifest: &Manifest) -> (Table, Option<Damage>) {
        let (values, damage) = self.shards().prefix(manifest, self.rows);
        (Table { columns: self.source.columns().len(), values }, damage)
    }
}

fn value(notes: &Notes) -> serde_json::Value {
    serde_json::to_value(notes).expect("notes are plain data")
}
