//! Shards: the rows of a table in the making, kept in files by ranges of rows, so that work goes on where it ended and a
//! kill loses one shard at most. A shard says itself how long it is and what its checksum is, so that those of an entry
//! are found again where its manifest was lost.

use super::failure::Outcome;
use super::progress::grouped;
use super::stage::Found;
use super::store::{Change, Damage, Entry, Held, Manifest};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{HashMap, VecDeque};
use std::ops::{AddAssign, Range};

const ROWS: &str = "rows";
const CHECKSUM: &str = "blake3";
const AGAIN: &str = "again";

/// The shards of an entry whose rows have `columns` values.
#[derive(Clone, Copy)]
pub struct Shards<'a> {
    entry: &'a Entry,
    columns: usize,
}

/// What making rows took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effort {
    /// Seconds.
    pub seconds: f64,
    /// How many rows were made anew, because they failed or fell where none may be. Each attempt counts.
    pub again: u64,
}

/// What there is of rows.
#[derive(Debug, Default)]
pub struct Kept {
    /// Which rows are sound, in order.
    ranges: Vec<Range<usize>>,
    /// What making them took.
    pub effort: Effort,
    /// What is wrong with the first shard that is not sound.
    pub damage: Option<Damage>,
    /// The names of the shards that are not sound.
    spoilt: Vec<String>,
}

/// Rows in the making: what the store lacks of the first of them is made gap by gap, and kept.
pub struct Filling<'a, 'h, 'e> {
    shards: Shards<'a>,
    held: &'h mut Held<'e>,
    gaps: VecDeque<Range<usize>>,
    /// How many of the rows there are.
    pub done: usize,
    /// What making them took.
    pub effort: Effort,
}

impl AddAssign for Effort {
    fn add_assign(&mut self, more: Effort) {
        self.seconds += more.seconds;
        self.again += more.again;
    }
}

impl Kept {
    /// How many of the first `most` rows there are.
    pub fn rows(&self, most: usize) -> usize {
        self.ranges.iter().map(|rows| rows.end.min(most).saturating_sub(rows.start)).sum()
    }

    /// How much there is of the first `most` rows, for a stage that makes something of them once all are there.
    pub fn part<P>(self, most: usize) -> Found<P> {
        match (self.rows(most), self.damage) {
            (0, None) => Found::Nothing,
            (rows, damage) => Found::Part(format!("{} kept", grouped(rows)), damage),
        }
    }

    /// The ranges of the first `most` rows that are not there, in order.
    fn gaps(&self, most: usize) -> VecDeque<Range<usize>> {
        let starts = std::iter::once(0).chain(self.ranges.iter().map(|rows| rows.end));
        let ends = self.ranges.iter().map(|rows| rows.start).chain([most]);
        starts.zip(ends).map(|(start, end)| start..end.min(most)).filter(|gap| !gap.is_empty()).collect()
    }
}

impl<'a> Shards<'a> {
    /// The shards of `entry`.
    pub fn of(entry: &'a Entry, columns: usize) -> Shards<'a> {
        Shards { entry, columns }
    }

    /// Reads the shards that have some of the first `most` rows, one after the other: `each` gets the number of the
    /// first row and the values of those that are sound, row-major.
    pub fn read(&self, manifest: &Manifest, most: usize, each: &mut dyn FnMut(usize, &[f64])) -> Kept {
        let mut kept = Kept::default();
        // Seconds are noted aside, so that the same draws are the same bytes.
        kept.effort.seconds = manifest.notes().unwrap_or_default();
        for (rows, name) in listed(manifest).into_iter().filter(|(rows, _)| rows.start < most) {
            let shard = self.entry.read(manifest, &name).and_then(|bytes| {
                decode(&bytes, rows.len(), self.columns)
                    .ok_or_else(|| Damage(format!("shard `{name}` is damaged")))
            });
            match shard {
                Ok((values, again)) => {
                    let wanted = rows.len().min(most - rows.start) * self.columns;
                    each(rows.start, values.get(..wanted).unwrap_or_default());
                    kept.ranges.push(rows);
                    kept.effort.again += again;
                }
                Err(damage) => {
                    kept.damage.get_or_insert(damage);
                    kept.spoilt.push(name);
                }
            }
        }
        kept
    }

    /// Starts to make what there is not of the first `most` rows; `each` gets those that there are, as from
    /// [`Shards::read`]. Shards that are not sound are dropped.
    pub fn fill<'h, 'e>(
        self,
        held: &'h mut Held<'e>,
        most: usize,
        each: &mut dyn FnMut(usize, &[f64]),
    ) -> Outcome<Filling<'a, 'h, 'e>> {
        self.recover(held)?;
        let mut kept = self.read(held.manifest(), most, each);
        if !kept.spoilt.is_empty() {
            let drop = std::mem::take(&mut kept.spoilt);
            drop.iter().try_for_each(|name| self.entry.ensure_readable(name))?;
            held.commit(Change { drop, put: Vec::new(), notes: kept.effort.seconds.into() })?;
        }
        let (gaps, done) = (kept.gaps(most), kept.rows(most));
        Ok(Filling { shards: self, held, gaps, done, effort: kept.effort })
    }

    /// Name and bytes of the shard whose first row is `start`.
    fn file(&self, start: usize, values: &[f64], again: u64) -> (String, Vec<u8>) {
        let end = start + values.len() / self.columns.max(1);
        (format!("{start:012}-{end:012}.safetensors"), encode(values, self.columns, again))
    }

    /// The names of all shards.
    pub fn names(manifest: &Manifest) -> Vec<String> {
        listed(manifest).into_iter().map(|(_, name)| name).collect()
    }

    /// Where no manifest is left, lists what is there of whole shards.
    fn recover(&self, held: &mut Held) -> Outcome {
        if held.manifest().names().next().is_some() {
            return Ok(());
        }
        // From the end on: of two that start alike, the longer comes first.
        let mut start = usize::MAX;
        held.adopt(&mut |name, bytes| {
            let rows = range(name).filter(|rows| rows.end <= start);
            let whole = rows.filter(|rows| whole(bytes, rows.len(), self.columns));
            start = whole.as_ref().map_or(start, |rows| rows.start);
            whole.is_some()
        })
    }
}

impl Filling<'_, '_, '_> {
    /// The next rows to make, `size` at most; none where all are there.
    pub fn gap(&self, size: usize) -> Option<Range<usize>> {
        let gap = self.gaps.front()?;
        Some(gap.start..gap.end.min(gap.start.saturating_add(size)))
    }

    /// Keeps the rows that were made from the start of the next gap on.
    pub fn put(&mut self, values: &[f64], effort: Effort) -> Outcome {
        let gap = self.gaps.front_mut().expect("rows are made where some are missing");
        let put = vec![self.shards.file(gap.start, values, effort.again)];
        self.effort += effort;
        self.held.commit(Change { put, drop: Vec::new(), notes: self.effort.seconds.into() })?;
        let rows = values.len() / self.shards.columns.max(1);
        gap.start += rows;
        if gap.start == gap.end {
            self.gaps.pop_front();
        }
        self.done += rows;
        Ok(())
    }
}

/// Room for so many values in memory, if there is as much.
pub fn room(values: usize) -> Option<Vec<f64>> {
    let mut room = Vec::new();
    room.try_reserve_exact(values).ok()?;
    room.resize(values, 0.0);
    Some(room)
}

/// Puts `rows` where they belong, `start` values after the first.
pub fn place(values: &mut [f64], start: usize, rows: &[f64]) {
    let place = values.get_mut(start..start + rows.len());
    place.expect("rows lie within the room that was made for them").copy_from_slice(rows);
}

/// The rows of the shard of this name.
fn range(name: &str) -> Option<Range<usize>> {
    let (start, end) = name.strip_suffix(".safetensors")?.split_once('-')?;
    Some(start.parse().ok()?..end.parse().ok()?)
}

/// The shards of an entry in order.
fn listed(manifest: &Manifest) -> Vec<(Range<usize>, String)> {
    let mut shards: Vec<(Range<usize>, String)> =
        manifest.names().filter_map(|name| Some((range(name)?, name.to_string()))).collect();
    shards.sort_by_key(|(rows, _)| rows.start);
    shards
}

fn encode(values: &[f64], columns: usize, again: u64) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let again = again.to_le_bytes();
    // One entry alone: two would stand in no fixed order.
    let says = HashMap::from([(CHECKSUM.to_owned(), checksum(&bytes, &again))]);
    let shape = vec![values.len() / columns.max(1), columns];
    let rows = TensorView::new(Dtype::F64, shape, &bytes).expect("eight bytes a number");
    let again = TensorView::new(Dtype::U64, Vec::new(), &again).expect("one whole number");
    safetensors::serialize([(ROWS, rows), (AGAIN, again)], Some(says)).expect("two arrays lay themselves out")
}

fn checksum(rows: &[u8], again: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(rows).update(again).finalize().to_hex().to_string()
}

/// The values of a shard, and how many of its rows were made anew.
fn decode(bytes: &[u8], rows: usize, columns: usize) -> Option<(Vec<f64>, u64)> {
    let file = SafeTensors::deserialize(bytes).ok()?;
    let (view, again) = (file.tensor(ROWS).ok()?, file.tensor(AGAIN).ok()?);
    (view.dtype() == Dtype::F64 && view.shape() == [rows, columns]).then_some(())?;
    let (eights, _) = view.data().as_chunks::<8>();
    let again = u64::from_le_bytes(again.data().try_into().ok()?);
    Some((eights.iter().map(|eight| f64::from_le_bytes(*eight)).collect(), again))
}

/// Whether a shard is what was written, as far as it says itself.
fn whole(bytes: &[u8], rows: usize, columns: usize) -> bool {
    let sums = || {
        let file = SafeTensors::deserialize(bytes).ok()?;
        let found = checksum(file.tensor(ROWS).ok()?.data(), file.tensor(AGAIN).ok()?.data());
        let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
        let said = header.metadata().as_ref()?.get(CHECKSUM)?;
        Some(found == *said)
    };
    decode(bytes, rows, columns).is_some() && sums() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_comes_back_bit_for_bit() {
        let values = [1.0, -0.0, f64::MIN_POSITIVE / 8.0, 0.1 + 0.2, 1e300, -7.0];
        let bytes = encode(&values, 2, 3);
        let (back, again) = decode(&bytes, 3, 2).unwrap();
        assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(again, 3);
        assert_eq!(decode(&bytes, 2, 3), None, "another shape");
        assert_eq!(decode(&bytes[..bytes.len() - 1], 3, 2), None, "cut short");
    }

    #[test]
    fn a_shard_knows_when_any_of_its_numbers_was_changed() {
        let mut bytes = encode(&[1.0, 2.0], 1, 0);
        assert!(whole(&bytes, 2, 1));
        let first = bytes.len() - 16;
        for place in first..bytes.len() {
            bytes[place] ^= 1;
            assert!(!whole(&bytes, 2, 1), "byte {place}");
            bytes[place] ^= 1;
        }
        assert!((0..bytes.len()).all(|length| !whole(&bytes[..length], 2, 1)));
    }

    #[test]
    fn gaps_and_rows_make_up_all_that_is_wanted() {
        let kept = Kept { ranges: vec![2..4, 4..6, 9..12], ..Kept::default() };
        let gaps = |most| (Vec::from(kept.gaps(most)), kept.rows(most));
        assert_eq!(gaps(15), (vec![0..2, 6..9, 12..15], 7));
        assert_eq!(gaps(10), (vec![0..2, 6..9], 5));
        assert_eq!((gaps(3).0.len(), gaps(3).1), (1, 1));
        assert_eq!((Kept::default().gaps(3).len(), Kept::default().gaps(0).len()), (1, 0));
    }
}
