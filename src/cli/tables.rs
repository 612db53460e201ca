//! Joint draws as a file: a table of numbers for spreadsheets and R, or an array for each node of the model.

use super::failure::{Failure, Outcome};
use super::files::{self, Beside};
use super::names;
use super::numbers::exact;
use sbi_model::{FAILED, Model};
use sbi_sim::Output;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line for each draw, a column for each number; what a draw lacks is an empty cell.
    Csv,
    /// numpy's: an array for each node, draws first; what a draw lacks is NaN.
    Npz,
    /// The same arrays, as the store has them.
    Safetensors,
}

/// What can be written, by the ends of file names.
const FORMATS: [(&str, Format); 3] =
    [("csv", Format::Csv), ("npz", Format::Npz), ("safetensors", Format::Safetensors)];

/// The elements of a node of the model, coordinates of an axis that differ between draws, or whether each draw failed.
#[derive(Debug, PartialEq)]
pub struct Array {
    name: String,
    /// Its sizes without that of the draws; none for one number.
    sizes: Vec<usize>,
    /// Where its elements stand in a row of the store, row-major.
    columns: Vec<usize>,
}

/// Reads all rows once, piece by piece: hands each piece, row-major, to what it is given.
pub type Rows<'a> = dyn Fn(&mut dyn FnMut(&[f64]) -> Outcome) -> Outcome + 'a;

/// A table to be written.
pub struct Draws<'a> {
    /// How many there are.
    pub count: usize,
    /// The names of the columns of the store.
    pub names: &'a [String],
    /// The arrays in the order of the file.
    pub arrays: Vec<Array>,
    /// Reads them.
    pub rows: &'a Rows<'a>,
}

impl Format {
    /// The kind of file meant by a path.
    ///
    /// # Errors
    /// No kind that can be written, or a folder.
    pub fn of(path: &Path) -> Outcome<Format> {
        if path.is_dir() {
            return Err(Failure::wrong(format!(
                "`{}` is a folder, and a file is to be written",
                path.display()
            ))
            .help(format!("--out {}", path.join("draws.csv").display())));
        }
        let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
        let format = FORMATS.iter().find(|(known, _)| end.as_deref() == Some(known));
        format.map(|(_, format)| *format).ok_or_else(|| {
            let wrong = Failure::wrong(format!(
                "`{}` is no .csv, .npz or .safetensors file, the kinds that can be written",
                path.display()
            ));
            wrong.help(format!("--out {}", path.with_extension("csv").display()))
        })
    }
}

impl Array {
    /// The arrays of a model whose simulator gives `outputs`: nodes in the order of the file, then coordinates,
    /// then whether the draw failed.
    pub fn of(model: &Model, outputs: &[Output]) -> Vec<Array> {
        let mut nodes: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        let mut axes: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        let mut fact = None;
        for (column, output) in outputs.iter().enumerate() {
            match *output {
                Output::Element(node, element) => nodes.entry(node).or_default().push((element, column)),
                Output::Coordinate(axis, place) => axes.entry(axis).or_default().push((place, column)),
                Output::Failed => fact = Some(Array::new(FAILED, Vec::new(), vec![(0, column)])),
            }
        }
        let nodes = nodes.into_iter().map(|(node, elements)| {
            let node = model.node(node);
            let sizes = node.axes.iter().map(|axis| model.axis(*axis).size()).collect();
            Array::new(&node.name, sizes, elements)
        });
        let axes = axes.into_iter().map(|(axis, places)| {
            let axis = model.axis(axis);
            Array::new(&axis.name, vec![axis.size()], places)
        });
        let mut arrays: Vec<Array> = nodes.chain(axes).chain(fact).collect();
        // Simulators have axes of their own, which may bear the names of others.
        let mut taken = BTreeSet::new();
        for array in &mut arrays {
            array.name = names::fresh(&array.name, &mut taken);
        }
        arrays
    }

    /// `elements` has the row-major number of each with its column.
    fn new(name: &str, sizes: Vec<usize>, mut elements: Vec<(usize, usize)>) -> Array {
        elements.sort_unstable();
        let columns: Vec<usize> = elements.into_iter().map(|(_, column)| column).collect();
        assert_eq!(sizes.iter().product::<usize>(), columns.len(), "each element of `{name}` has a column");
        Array { name: name.to_owned(), sizes, columns }
    }

    /// Its sizes, that of the draws first.
    fn shape(&self, draws: usize) -> Vec<usize> {
        [draws].into_iter().chain(self.sizes.iter().copied()).collect()
    }

    fn bytes(&self, draws: usize) -> usize {
        draws * self.columns.len() * size_of::<f64>()
    }
}

impl Draws<'_> {
    /// Fails where the file cannot be written: to be asked before any long work.
    pub fn ensure_writable(path: &Path) -> Outcome {
        Beside::create(path).map(drop).map_err(|e| unwritable(path, &e))
    }

    /// Writes the file.
    pub fn write(&self, path: &Path, format: Format) -> Outcome {
        let file = Beside::create(path).map_err(|e| unwritable(path, &e))?;
        let written = match format {
            Format::Csv => self.csv(file),
            Format::Npz => self.npz(file),
            Format::Safetensors => self.safetensors(file),
        };
        let finished = written.and_then(|file| Ok(file.finish()?));
        finished.map_err(|stop| match stop {
            Stop::Writing(error) => unwritable(path, &error),
            Stop::Reading(failure) => failure,
        })
    }

    fn csv(&self, file: Beside) -> Result<Beside, Stop> {
        let columns: Vec<usize> =
            self.arrays.iter().flat_map(|array| array.columns.iter().copied()).collect();
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(columns.iter().filter_map(|column| self.names.get(*column)))?;
        self.each_row(&mut |row| {
            let cells = columns.iter().filter_map(|column| row.get(*column));
            // What a draw lacks is an empty cell.
            writer.write_record(cells.map(|x| if x.is_nan() { String::new() } else { exact(*x) }))?;
            Ok(())
        })?;
        writer.into_inner().map_err(|e| Stop::Writing(e.into_error()))
    }

    fn npz(&self, file: Beside) -> Result<Beside, Stop> {
        let mut archive = ZipWriter::new(file);
        for array in &self.arrays {
            let large = array.bytes(self.count) >= u32::MAX as usize / 2;
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
            archive.start_file(format!("{}.npy", array.name), options)?;
            archive.write_all(&npy_header(&array.shape(self.count)))?;
            self.values(array, &mut archive)?;
        }
        Ok(archive.finish()?)
    }

    fn safetensors(&self, mut file: Beside) -> Result<Beside, Stop> {
        let mut end = 0;
        let mut header = serde_json::Map::new();
        for array in &self.arrays {
            let start = end;
            end += array.bytes(self.count);
            let says = serde_json::json!({
                "dtype": "F64", "shape": array.shape(self.count), "data_offsets": [start, end]
            });
            header.insert(array.name.clone(), says);
        }
        let mut header = serde_json::Value::Object(header).to_string();
        // Numbers start where eight bytes do.
        header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for array in &self.arrays {
            self.values(array, &mut file)?;
        }
        Ok(file)
    }

    /// The values of an array in all draws, as bytes.
    fn values(&self, array: &Array, to: &mut dyn Write) -> Result<(), Stop> {
        let mut bytes = Vec::with_capacity(array.columns.len() * size_of::<f64>());
        self.each_row(&mut |row| {
            bytes.clear();
            let values = array.columns.iter().filter_map(|column| row.get(*column));
            values.for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            Ok(to.write_all(&bytes)?)
        })
    }

    fn each_row(&self, each: &mut dyn FnMut(&[f64]) -> Result<(), Stop>) -> Result<(), Stop> {
        let mut stop = None;
        let read = (self.rows)(&mut |piece| {
            super::interrupt::check()?;
            stop = piece.chunks_exact(self.names.len().max(1)).try_for_each(&mut *each).err();
            match &stop {
                // The reader needs a failure to end; the one that counts is kept aside.
                Some(_) => Err(Failure::failed("")),
                None => Ok(()),
            }
        });
        match stop {
            Some(stop) => Err(stop),
            None => Ok(read?),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    files::unwritable(path, error, "name a file in a folder that is there and can be written: `--out FILE`")
}

/// Why a file was not written.
enum Stop {
    /// The file could not be written.
    Writing(io::Error),
    /// What was to be written could not be read, or the user wants no more.
    Reading(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Writing(error)
    }
}

impl From<csv::Error> for Stop {
    fn from(error: csv::Error) -> Stop {
        Stop::Writing(error.into())
    }
}

impl From<zip::result::ZipError> for Stop {
    fn from(error: zip::result::ZipError) -> Stop {
        Stop::Writing(error.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Reading(failure)
    }
}

/// What stands before the numbers of an array in numpy's format, version 1.0: padded so that they start at a multiple of 64.
fn npy_header(shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut says =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end_matches(' '));
    const BEFORE: usize = 10;
    let padded = (BEFORE + says.len() + 1).next_multiple_of(64) - BEFORE;
    says.push_str(&" ".repeat(padded - 1 - says.len()));
    says.push('\n');
    let length = u16::try_from(says.len()).expect("a node has few axes").to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), says.as_bytes()].concat()
}
