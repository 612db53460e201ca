//! Shards: the rows of a table in the making, kept in files by ranges of rows, so that work goes on where it ended and a
//! kill loses one shard at most.

use super::store::{Damage, Entry, Manifest};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::ops::Range;

const TENSOR: &str = "rows";

/// The shards of an entry whose rows have `columns` values.
#[derive(Clone, Copy)]
pub struct Shards<'a> {
    entry: &'a Entry,
    columns: usize,
}

impl<'a> Shards<'a> {
    /// The shards of `entry`.
    pub fn of(entry: &'a Entry, columns: usize) -> Shards<'a> {
        Shards { entry, columns }
    }

    /// The kept rows from the first on, at most `most`, row-major, and the damage that ended them.
    pub fn prefix(&self, manifest: &Manifest, most: usize) -> (Vec<f64>, Option<Damage>) {
        let mut values = Vec::new();
        for (rows, name) in listed(manifest) {
            let have = values.len() / self.columns.max(1);
            if have >= most || rows.start != have {
                break;
            }
            let shard = self.entry.read(manifest, &name).and_then(|bytes| {
                decode(&bytes, rows.len(), self.columns)
                    .ok_or_else(|| Damage(format!("shard `{name}` is damaged")))
            });
            match shard {
                Ok(shard) => values.extend(shard),
                Err(damage) => return (values, Some(damage)),
            }
        }
        values.truncate(most * self.columns);
        (values, None)
    }

    /// Name and bytes of the shard whose first row is `start`.
    pub fn file(&self, start: usize, values: &[f64]) -> (String, Vec<u8>) {
        let end = start + values.len() / self.columns.max(1);
        (format!("{start:012}-{end:012}.safetensors"), encode(values, self.columns))
    }

    /// The names of the shards that have rows from `row` on.
    pub fn beyond(manifest: &Manifest, row: usize) -> Vec<String> {
        listed(manifest).into_iter().filter(|(rows, _)| rows.end > row).map(|(_, name)| name).collect()
    }
}

/// The shards of an entry in order.
fn listed(manifest: &Manifest) -> Vec<(Range<usize>, String)> {
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
    let shape = vec![values.len() / columns.max(1), columns];
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
