//! The stage of simulations: joint draws of a model, kept in shards by ranges of draws, so that a larger budget goes on
//! where a smaller one ended and a kill loses one shard at most.

use super::case::Case;
use super::failure::Outcome;
use super::interrupt;
use super::progress::grouped;
use super::simulate::{Source, failed};
use super::stage::{Bench, Found, Stage};
use super::store::{Change, Damage, Entry, Held, Kind, Manifest, Store};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sbi_infer::Table;
use serde::{Deserialize, Serialize};
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

/// A shard is closed when it has this many values, or is this old.
const SHARD_VALUES: usize = 1 << 21;
const SHARD_AGE: Duration = Duration::from_secs(10);
const TENSOR: &str = "simulations";

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
            let good = table.rows();
            let drop =
                shards(held.manifest()).into_iter().filter(|(rows, _)| rows.end > good).map(|(_, name)| name);
            let change = Change { drop: drop.collect(), put: Vec::new(), notes: value(&notes) };
            held.commit(change)?;
        }
        let missing = (self.rows - table.rows()) * table.columns;
        table.values.try_reserve_exact(missing).map_err(|_| {
            failed(&sbi_sim::Failure::Memory { bytes: missing as u128 * size_of::<f64>() as u128 })
        })?;
        let bar = bench.progress.start("simulate", &self.title(), table.rows(), self.rows);
        while table.rows() < self.rows {
            let start = table.rows();
            let end = self.rows.min(start + self.source.rows_of(SHARD_VALUES));
            let began = Instant::now();
            let shard = self.source.draw(start..end, bench.machine.threads, &mut |done| {
                bar.set(start + done);
                if began.elapsed() < SHARD_AGE { interrupt::flow() } else { ControlFlow::Break(()) }
            })?;
            notes.seconds += began.elapsed().as_secs_f64();
            let put = vec![(shard_name(&(start..start + shard.rows)), encode(&shard.values, shard.columns))];
            held.commit(Change { put, drop: Vec::new(), notes: value(&notes) })?;
            table.values.extend(shard.values);
            interrupt::check()?;
        }
        bar.finish("done");
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

    /// The kept draws from the first on, at most as many as wanted, and the damage that ended them.
    fn prefix(&self, manifest: &Manifest) -> (Table, Option<Damage>) {
        let columns = self.source.columns().len();
        let mut table = Table { columns, values: Vec::new() };
        for (rows, name) in shards(manifest) {
            if table.rows() >= self.rows || rows.start != table.rows() {
                break;
            }
            let values = self.entry.read(manifest, &name).and_then(|bytes| {
                decode(&bytes, rows.len(), columns)
                    .ok_or_else(|| Damage(format!("shard `{name}` is damaged")))
            });
            match values {
                Ok(values) => table.values.extend(values),
                Err(damage) => return (table, Some(damage)),
            }
        }
        table.values.truncate(self.rows * columns);
        (table, None)
    }
}

fn value(notes: &Notes) -> serde_json::Value {
    serde_json::to_value(notes).expect("notes are plain data")
}

/// `000000000000-000000010000.safetensors`: draws 0 to 9,999.
fn shard_name(rows: &Range<usize>) -> String {
    format!("{:012}-{:012}.safetensors", rows.start, rows.end)
}

/// The shards of an entry in order.
fn shards(manifest: &Manifest) -> Vec<(Range<usize>, String)> {
    let range = |name: &str| {
        let (start, end) = name.strip_suffix(".safetensors")?.split_once('-')?;
        Some(start.parse().ok()?..end.parse().ok()?)
    };
    let mut shards: Vec<(Range<usize>, String)> =
        manifest.names().filter_map(|name| Some((range(name)?, name.to_string()))).collect();
    shards.sort_by_key(|(rows, _)| rows.start);
    shards
}

fn encode(values: &[f64], columns: usize) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let shape = vec![values.len() / columns, columns];
    let view = TensorView::new(Dtype::F64, shape, &bytes).expect("eight bytes a number");
    safetensors::serialize([(TENSOR, view)], None).expect("one array lays itself out")
}

fn decode(bytes: &[u8], rows: usize, columns: usize) -> Option<Vec<f64>> {
    let file = SafeTensors::deserialize(bytes).ok()?;
    let view = file.tensor(TENSOR).ok()?;
    (view.dtype() == Dtype::F64 && view.shape() == [rows, columns]).then_some(())?;
    let (eights, _) = view.data().as_chunks::<8>();
    Some(eights.iter().map(|eight| f64::from_le_bytes(*eight)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_comes_back_bit_for_bit() {
        let values = [1.0, -0.0, f64::MIN_POSITIVE / 8.0, 0.1 + 0.2, 1e300, -7.0];
        let bytes = encode(&values, 2);
        let back = decode(&bytes, 3, 2).unwrap();
        assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(decode(&bytes, 2, 3), None, "another shape");
        assert_eq!(decode(&bytes[..bytes.len() - 1], 3, 2), None, "cut short");
    }
}
