//! Result files: small CSV tables that grow by a row and are never half-written.

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;

/// A row of a result file.
pub trait Record: Serialize + DeserializeOwned {
    /// What names the row: a row with an equal key replaces it. Rows are kept in the order of their keys.
    fn key(&self) -> (String, usize, u64);

    /// What it found, for people.
    fn finding(&self) -> String;
}

/// Makes the row that `key` names and keeps it as soon as it is known, unless the file has one and it is not to be made anew;
/// tells of it as `what`.
///
/// # Errors
/// A file that cannot be read or written, and whatever making the row fails of.
pub fn keep<R: Record>(
    path: &Path,
    redo: bool,
    key: &(String, usize, u64),
    what: &str,
    make: impl FnOnce() -> Result<R>,
) -> Result<()> {
    if !redo && has::<R>(path, key)? {
        eprintln!("{what}: known");
        return Ok(());
    }
    let row = make().with_context(|| what.to_owned())?;
    eprintln!("{what}: {}", row.finding());
    put(path, row)
}

/// Whether a result file has the row that `key` names.
///
/// # Errors
/// A file that does not have these columns.
pub fn has<R: Record>(path: &Path, key: &(String, usize, u64)) -> Result<bool> {
    Ok(read::<R>(path)?.iter().any(|row| row.key() == *key))
}

/// A figure as it is kept: no digit beyond what its Monte-Carlo error leaves standing.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

/// All rows of a result file; none if there is no file yet.
///
/// # Errors
/// A file that does not have these columns.
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let read = || csv::Reader::from_path(path)?.deserialize().collect::<Result<_, csv::Error>>();
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Puts a row into a result file, in place of one with the same key.
///
/// # Errors
/// A file that cannot be read or written.
pub fn put<R: Record>(path: &Path, row: R) -> Result<()> {
    let mut rows: Vec<R> = read(path)?;
    rows.retain(|old| old.key() != row.key());
    rows.push(row);
    rows.sort_by_key(Record::key);
    write(path, &rows)
}

/// Writes a result file anew.
///
/// # Errors
/// A file that cannot be written.
pub fn write<R: Serialize>(path: &Path, rows: &[R]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    replace(path, &writer.into_inner()?)
}

/// Writes a file whole or not at all.
///
/// # Errors
/// A folder that cannot be written to.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let beside = path.with_extension("part");
    let write = || {
        fs::write(&beside, content)?;
        fs::File::open(&beside)?.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Row {
        task: String,
        budget: usize,
        seed: u64,
        score: Option<f64>,
    }

    impl Record for Row {
        fn key(&self) -> (String, usize, u64) {
            (self.task.clone(), self.budget, self.seed)
        }

        fn finding(&self) -> String {
            format!("{:?}", self.score)
        }
    }

    fn row(budget: usize, score: Option<f64>) -> Row {
        Row { task: "a".to_owned(), budget, seed: 1, score }
    }

    #[test]
    fn a_row_replaces_the_one_it_repeats_and_rows_stay_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        assert_eq!(read::<Row>(&path).unwrap(), []);
        put(&path, row(10_000, None)).unwrap();
        put(&path, row(1_000, Some(0.5))).unwrap();
        put(&path, row(10_000, Some(0.25))).unwrap();
        assert_eq!(read::<Row>(&path).unwrap(), [row(1_000, Some(0.5)), row(10_000, Some(0.25))]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
