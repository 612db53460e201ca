//! Draws as a table of numbers, read from CSV files, bzip2-packed or not.

use anyhow::{Context, Result, bail, ensure};
use bzip2::read::BzDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// A table of finite numbers: one row a draw, one named column a quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    names: Vec<String>,
    /// Row by row; its length is a multiple of the number of names.
    values: Vec<f64>,
}

impl Sample {
    /// A table from its `names` and its `values`, row by row.
    ///
    /// # Errors
    /// No column, a count of values that does not fill whole rows, or a value that is not finite.
    pub fn new(names: Vec<String>, values: Vec<f64>) -> Result<Sample> {
        ensure!(!names.is_empty(), "a table without columns");
        ensure!(
            values.len().is_multiple_of(names.len()),
            "{} values in {} columns",
            values.len(),
            names.len()
        );
        ensure!(values.iter().all(|v| v.is_finite()), "a value is not finite");
        Ok(Sample { names, values })
    }

    /// Reads a CSV file with a header; one whose name ends in `.bz2` is unpacked on the way.
    ///
    /// # Errors
    /// A file that cannot be read, or a cell that is no finite number.
    pub fn read(path: &Path) -> Result<Sample> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let plain: Box<dyn Read> = match path.extension() {
            Some(end) if end == "bz2" => Box::new(BzDecoder::new(BufReader::new(file))),
            _ => Box::new(file),
        };
        Sample::from_csv(plain).with_context(|| format!("cannot read {}", path.display()))
    }

    fn from_csv(text: impl Read) -> Result<Sample> {
        let mut reader = csv::Reader::from_reader(text);
        let names = reader.headers()?.iter().map(str::to_owned).collect();
        let mut values = Vec::new();
        for (row, record) in reader.records().enumerate() {
            for cell in &record? {
                let value: f64 =
                    cell.trim().parse().with_context(|| format!("row {}: `{cell}` is no number", row + 1))?;
                values.push(value);
            }
        }
        Sample::new(names, values)
    }

    /// Writes the table as CSV, every digit that matters.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut writer =
            csv::Writer::from_path(path).with_context(|| format!("cannot write {}", path.display()))?;
        writer.write_record(&self.names)?;
        for row in self.rows() {
            writer.write_record(row.iter().map(f64::to_string))?;
        }
        Ok(writer.flush()?)
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width()
    }

    /// The rows, each as long as the table is wide.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width())
    }

    /// The values of one column.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> {
        self.values.iter().skip(column).step_by(self.width()).copied()
    }

    /// The same columns with these rows.
    pub fn with_rows<'a>(&self, rows: impl IntoIterator<Item = &'a [f64]>) -> Result<Sample> {
        Sample::new(self.names.clone(), rows.into_iter().flatten().copied().collect())
    }

    /// The columns of these names, in this order.
    ///
    /// # Errors
    /// A name that no column has.
    pub fn select(&self, names: &[String]) -> Result<Sample> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let Some(at) = self.names.iter().position(|known| known == name) else {
                bail!("no column `{name}` among {}", self.names.join(", "));
            };
            columns.push(at);
        }
        let values =
            self.rows().flat_map(|row| columns.iter().filter_map(|&at| row.get(at).copied())).collect();
        Sample::new(names.to_vec(), values)
    }

    /// The columns in the order of the number that ends their names (`theta_2`, `theta[2]`), which must be 1, 2, 3 …
    ///
    /// Two tables that name one quantity differently are matched by this number and by nothing else, so that a
    /// column can never be scored against another without notice.
    ///
    /// # Errors
    /// Names that do not end in 1 to the number of columns.
    pub fn in_index_order(&self) -> Result<Sample> {
        let mut numbered: Vec<(Option<usize>, String)> =
            self.names.iter().map(|name| (last_number(name), name.clone())).collect();
        numbered.sort();
        for (expected, (number, name)) in (1..).zip(&numbered) {
            ensure!(*number == Some(expected), "the column `{name}` should be number {expected}");
        }
        let names: Vec<String> = numbered.into_iter().map(|(_, name)| name).collect();
        self.select(&names)
    }
}

/// The number at the end of a name, with or without a closing bracket.
fn last_number(name: &str) -> Option<usize> {
    let name = name.strip_suffix(']').unwrap_or(name);
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name.get(digits.len()..)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Sample> {
        Sample::from_csv(text.as_bytes())
    }

    #[test]
    fn columns_are_matched_by_the_number_that_ends_their_name() {
        let sample =
            table("theta[10],theta[2],theta[1],x_3,x_4,x_5,x_6,x_7,x_8,x_9\n0,2,1,3,4,5,6,7,8,9\n").unwrap();
        let ordered = sample.in_index_order().unwrap();
        assert_eq!(ordered.rows().next().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 0.0]);
        assert!(table("a,b\n1,2\n").unwrap().in_index_order().is_err());
        assert!(table("a_1,b_1\n1,2\n").unwrap().in_index_order().is_err());
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        assert!(table("a\nNaN\n").is_err());
        assert!(table("a\nword\n").is_err());
        assert!(table("a,b\n1\n").is_err());
    }
}
