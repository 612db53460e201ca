//! The stages of simulations: joint draws of a model, kept in shards by ranges of draws, so that a larger budget goes on
//! where a smaller one ended and a kill loses one shard at most.

use super::failure::{Failure, Outcome};
use super::interrupt;
use super::network::Network;
use super::progress::{Progress, grouped};
use super::shards::{Effort, Kept, Shards, place, room};
use super::source::{Source, failed, tell_failed, tell_resampled};
use super::stage::{Bench, Found, Stage};
use super::store::{Damage, Entry, Held, Kind, Manifest, Store};
use sbi_infer::Table;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A shard is closed when it has this many values, or is this old: the first soon, each later one at twice the age.
const SHARD_VALUES: usize = 1 << 21;
const FIRST_AGE: Duration = Duration::from_millis(250);
const LAST_AGE: Duration = Duration::from_secs(10);

/// The first `rows` joint draws of a model under a seed, to be trained on.
pub struct Simulations<'a>(Stream<'a>);

/// The draws, and how they came about.
pub struct Simulated {
    /// `[rows, tokens]`.
    pub table: Table,
    /// How they came about.
    pub made: Made,
}

/// How draws came about.
#[derive(Clone, Copy)]
pub struct Made {
    /// What making them took.
    pub effort: Effort,
    /// How many lack what failed in them.
    failed: usize,
}

impl Made {
    /// Says what is not as the model is written: of draws that were kept as of those made now.
    pub fn tell(self, progress: Progress) {
        tell_resampled(self.effort.again, progress);
        tell_failed(self.failed, progress);
    }
}

/// The first `rows` joint draws of a model under a seed, to be kept: no more than a shard of them is ever in memory.
pub struct Stream<'a> {
    entry: Entry,
    source: Source<'a>,
    rows: usize,
}

impl Stage for Simulations<'_> {
    type Input = ();
    type Product = Simulated;

    fn entry(&self) -> &Entry {
        self.0.entry()
    }

    fn title(&self) -> String {
        self.0.title()
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Simulated>, Damage> {
        let mut table = self.room().map_err(|failure| Damage(failure.message))?;
        let kept = self.0.read(manifest, &mut |start, rows| put(&mut table, start, rows));
        Ok(self.0.found(kept, |made| Simulated { table, made }))
    }

    fn make(&self, (): &(), bench: &Bench, held: &mut Held) -> Outcome<Simulated> {
        let mut table = self.room()?;
        let made = self.0.fill(bench, held, &mut |start, rows| put(&mut table, start, rows))?;
        Ok(Simulated { table, made })
    }
}

impl Stage for Stream<'_> {
    type Input = ();
    type Product = Made;

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn title(&self) -> String {
        format!("{} draws of `{}`", grouped(self.rows), self.source.model.name)
    }

    fn load(&self, manifest: &Manifest) -> Result<Found<Made>, Damage> {
        let kept = self.read(manifest, &mut |_, _| ());
        Ok(self.found(kept, |made| made))
    }

    fn make(&self, (): &(), bench: &Bench, held: &mut Held) -> Outcome<Made> {
        self.fill(bench, held, &mut |_, _| ())
    }
}

impl<'a> Simulations<'a> {
    /// The first `rows` draws of the model of a network.
    pub fn of(network: &Network<'a>, rows: usize, store: &Store) -> Simulations<'a> {
        Simulations::under(network.source(), &network.simulations, rows, store)
    }

    /// The first `rows` draws of a source, under its key.
    pub fn under(source: Source<'a>, key: &str, rows: usize, store: &Store) -> Simulations<'a> {
        Simulations(Stream::of(source, key, rows, store))
    }

    fn room(&self) -> Outcome<Table> {
        let columns = self.0.source.columns().len();
        let values = self.0.rows.checked_mul(columns).and_then(room);
        let values = values.ok_or_else(|| {
            let bytes = self.0.rows as u128 * columns as u128 * size_of::<f64>() as u128;
            failed(&sbi_sim::Failure::Memory { bytes })
        })?;
        Ok(Table::plain(columns, values))
    }
}

fn put(table: &mut Table, start: usize, rows: &[f64]) {
    place(&mut table.values, start * table.columns, rows);
}

impl<'a> Stream<'a> {
    /// The first `rows` draws of a source, under its key.
    pub fn of(source: Source<'a>, key: &str, rows: usize, store: &Store) -> Stream<'a> {
        Stream { entry: store.entry(Kind::Simulations, key), source, rows }
    }

    /// Hands what the store has of the draws to `each`, with the number of the first of its rows, shard by shard in
    /// order.
    ///
    /// # Errors
    /// Another process has damaged or removed what was there a moment ago.
    pub fn each(&self, each: &mut dyn FnMut(&[f64]) -> Outcome) -> Outcome {
        let manifest = self.entry.manifest().and_then(|found| found.ok_or_else(|| self.lost()));
        let mut outcome = Ok(());
        let (mut next, width) = (0, self.source.columns().len().max(1));
        let kept = manifest.map(|manifest| {
            self.read(&manifest, &mut |start, rows| {
                // A shard that another process is making again is not skipped.
                if outcome.is_ok() && start == next {
                    next += rows.len() / width;
                    outcome = each(rows);
                }
            })
        });
        outcome?;
        let lost = match kept.map(|(kept, _)| kept) {
            Ok(Kept { damage: None, .. }) if next == self.rows => return Ok(()),
            Ok(Kept { damage: None, .. }) => self.lost(),
            Ok(Kept { damage: Some(damage), .. }) | Err(damage) => damage,
        };
        Err(Failure::failed(lost.0).help("run it again: what is lost is made anew"))
    }

    /// Hands those of the draws that the store has to `each`, and makes none; what is damaged is passed over.
    pub fn each_kept(&self, each: &mut dyn FnMut(&[f64])) {
        if let Ok(Some(manifest)) = self.entry.manifest() {
            self.read(&manifest, &mut |_, rows| each(rows));
        }
    }

    fn lost(&self) -> Damage {
        Damage(format!("not all of {} are in the store any more", self.title()))
    }

    fn shards(&self) -> Shards<'_> {
        Shards::of(&self.entry, self.source.columns().len())
    }

    /// What is kept, and in how many of its draws something failed.
    fn read(&self, manifest: &Manifest, each: &mut dyn FnMut(usize, &[f64])) -> (Kept, usize) {
        let mut failed = 0;
        let kept = self.shards().read(manifest, self.rows, &mut |start, rows| {
            failed += self.source.failed_among(rows);
            each(start, rows);
        });
        (kept, failed)
    }

    fn found<P>(&self, (kept, failed): (Kept, usize), whole: impl FnOnce(Made) -> P) -> Found<P> {
        match kept.damage.is_none() && kept.rows(self.rows) == self.rows {
            true => Found::Whole(whole(Made { effort: kept.effort, failed })),
            false => kept.part(self.rows),
        }
    }

    /// Makes what the store lacks; hands all draws to `each`, with the number of the first, in no particular order.
    fn fill(&self, bench: &Bench, held: &mut Held, each: &mut dyn FnMut(usize, &[f64])) -> Outcome<Made> {
        let mut failed = 0;
        let mut each = |start: usize, rows: &[f64]| {
            failed += self.source.failed_among(rows);
            each(start, rows);
        };
        let mut filling = self.shards().fill(held, self.rows, &mut each)?;
        let mut bar = bench.progress.start("simulate", &self.title(), filling.done, self.rows);
        let mut age = FIRST_AGE;
        while let Some(gap) = filling.gap(self.source.rows_of(SHARD_VALUES)) {
            let (start, began) = (gap.start, Instant::now());
            let shard = self.source.draw(gap, bench.machine.threads, &mut |done| {
                bar.set(filling.done + done);
                if began.elapsed() < age { interrupt::flow() } else { ControlFlow::Break(()) }
            })?;
            let effort = Effort { seconds: began.elapsed().as_secs_f64(), again: shard.resampled };
            filling.put(&shard.values, effort)?;
            each(start, &shard.values);
            interrupt::check()?;
            age = LAST_AGE.min(age * 2);
        }
        bar.finish("done");
        let effort = filling.effort;
        Ok(Made { effort, failed })
    }
}
