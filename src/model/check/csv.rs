//! Tables of data: which cells a quantity reads, and whether they are numbers that can occur.

use super::at::Placing;
use super::cell;
use super::codes::{DATA_BINARY, DATA_COLUMN, DATA_EMPTY, DATA_ROWS, DATA_UNREADABLE};
use super::columns::Layout;
use super::index::count;
use crate::units::Factor;
use crate::{Axis, AxisKind, Support};
use csv::{ReaderBuilder, StringRecord, Trim};
use sbi_syntax::{Diagnostic, Span};
use std::collections::HashMap;

/// What a quantity wants of a table.
pub(super) struct Wanted<'w> {
    /// The file, as written in the spec.
    pub(super) path: &'w str,
    /// Where the file is named.
    pub(super) span: Span,
    /// The node.
    pub(super) node: &'w str,
    /// It with its axes, as the left side of a statement has them: `x[i]`.
    pub(super) indexed: String,
    /// Its elements wanted, in order.
    pub(super) elements: Vec<String>,
    /// Whether all of the node is wanted.
    pub(super) whole: bool,
    /// Whether it is one number.
    pub(super) scalar: bool,
    /// The values each element can take.
    pub(super) supports: Vec<Support>,
    /// The columns named for its elements, one for each.
    pub(super) columns: Option<(Vec<String>, Span)>,
    /// The column named for all of it.
    pub(super) column: Option<(String, Span)>,
    /// The column that tells data sets apart.
    pub(super) by: Option<(String, Span)>,
    /// The column of times.
    pub(super) time: Option<(String, Span)>,
    /// The unit of its values, and by how much those in the file grow in it.
    pub(super) unit: Option<&'w str>,
    pub(super) factor: Factor,
    /// The numbers that stand for words.
    pub(super) coding: Option<(Vec<(String, f64)>, Span)>,
    /// What an empty cell means.
    pub(super) empty: Empty,
    /// The axis whose elements are rows, where there is one.
    pub(super) over: Option<Over<'w>>,
}

/// What an empty cell of a table means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// A number is missing where there must be one: in constants.
    Never,
    /// A gap that the model does not know of.
    Surprise,
    /// Nothing may be missing but everything: the model says so.
    Whole,
    /// A gap that the model knows of.
    Gap,
}

/// How many rows a table has below its column names.
///
/// # Errors
/// It is no table.
pub(super) fn count_rows(path: &str, span: Span, bytes: &[u8]) -> Result<usize, Diagnostic> {
    let text = text_of(path, span, bytes)?;
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    Ok(reader.records().count())
}

/// The names of the columns of a table.
///
/// # Errors
/// It is no table.
pub(super) fn headers(path: &str, span: Span, bytes: &[u8]) -> Result<Vec<String>, Diagnostic> {
    let text = text_of(path, span, bytes)?;
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    Ok(reader.headers().map(mend_headers).unwrap_or_default())
}

/// How the elements of an array lie in rows, along one axis, and columns, along the others.
pub(super) struct Over<'w> {
    pub(super) axis: &'w Axis,
    /// How many rows there may be.
    pub(super) least: usize,
    pub(super) most: usize,
    /// The names of the columns: `x`, `x[1]` or `x[1,2]`.
    pub(super) columns: Vec<String>,
    /// The row and the column of each element.
    pub(super) cells: Vec<(usize, usize)>,
    /// Which of the elements along the axis the rows are, from zero.
    pub(super) rows: Vec<usize>,
    /// Whether a column may say when they are.
    pub(super) timed: bool,
    /// Where the axis is placed already.
    pub(super) placed: Option<&'w Placing>,
}

impl<'w> Over<'w> {
    /// How elements at these positions along each axis lie where the axis at `place` has the rows.
    pub(super) fn of(name: &str, axis: &'w Axis, positions: &[Vec<usize>], place: usize) -> Over<'w> {
        let length = |axis: &Vec<usize>| axis.len();
        let most = positions.get(place).map_or(1, length).max(1);
        let inner = positions.iter().skip(place + 1).map(length).product::<usize>().max(1);
        let elements: usize = positions.iter().map(length).product();
        let cell = |element: usize| {
            let (above, below) = (element / (inner * most), element % inner);
            ((element / inner) % most, above * inner + below)
        };
        let others = positions.iter().enumerate().filter(|(axis, _)| *axis != place);
        let others: Vec<Vec<usize>> = others.map(|(_, positions)| positions.clone()).collect();
        Over {
            axis,
            least: most,
            most,
            columns: element_names(name, &others),
            cells: (0..elements).map(cell).collect(),
            rows: positions.get(place).cloned().unwrap_or_default(),
            timed: axis.is_time(),
            placed: None,
        }
    }
}

/// The names of the elements at these positions along each axis, row-major, with indices from 1; the bare name where
/// there are no axes.
pub(super) fn element_names(name: &str, positions: &[Vec<usize>]) -> Vec<String> {
    if positions.is_empty() {
        return vec![name.to_owned()];
    }
    let indices = positions.iter().fold(vec![String::new()], |before, axis| {
        let longer = |start: &String| {
            let comma = if start.is_empty() { "" } else { "," };
            axis.iter().map(|place| format!("{start}{comma}{}", place + 1)).collect::<Vec<_>>()
        };
        before.iter().flat_map(longer).collect()
    });
    indices.iter().map(|index| format!("{name}[{index}]")).collect()
}

/// One data set of a table.
pub(super) struct Set {
    /// What tells it from the others; empty where nothing does.
    pub(super) name: String,
    /// A value for each element; none where the table has none.
    pub(super) values: Vec<Option<f64>>,
    /// The times of its rows, where the table says them and the query does not.
    pub(super) times: Option<Vec<f64>>,
    /// How many rows it has.
    pub(super) rows: usize,
}

/// A row of the table: its number and line in the file, and its cells.
pub(super) type Row = (usize, u64, StringRecord);

impl Wanted<'_> {
    /// The data sets of the table, at least one: values are finite, and such as can occur.
    ///
    /// # Errors
    /// The first thing that is wrong with the table, with file, row and column.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Vec<Set>, Diagnostic> {
        let text = text_of(self.path, self.span, bytes)?;
        if let Some(line) = cell::open_quote(text) {
            let message = format!("`{}`, line {line}: a quote opens and is never closed", self.path);
            return Err(DATA_UNREADABLE
                .at(self.span, message)
                .help("close it, or remove it where it is no text"));
        }
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
        let headers = reader.headers().map(mend_headers).unwrap_or_default();
        let layout = self.layout(&headers)?;
        let by = self.by.as_ref().map(|(name, span)| self.find(name, &headers, *span)).transpose()?;
        let times = self.times_column(&headers)?;
        let mut sets: Vec<(String, usize, Vec<Row>)> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (place, record) in reader.into_records().enumerate() {
            let record = record.map_err(|error| {
                DATA_BINARY.at(self.span, format!("`{}`: {error}", self.path)).help("save it as CSV in UTF-8")
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != headers.len() {
                return Err(self.ragged(place + 1, line, &record, headers.len()));
            }
            let name = by.and_then(|by| record.get(by)).unwrap_or_default().to_owned();
            let number = *numbers.entry(name.clone()).or_insert(sets.len());
            if number == sets.len() {
                sets.push((name, 0, Vec::new()));
            }
            if let Some((_, found, rows)) = sets.get_mut(number) {
                *found += 1;
                // More rows than are wanted are counted, and not kept; one of them shows what has no place.
                if *found <= self.elements.len() + 1 {
                    rows.push((place + 1, line, record));
                }
            }
        }
        if sets.is_empty() {
            self.check_rows("", 0, &layout, times.is_some())?;
        }
        let blank = |told| self.blank(text, headers.len(), told);
        let sets = sets.into_iter().map(|(name, found, rows)| {
            self.check_rows(&name, found, &layout, times.is_some()).map_err(blank)?;
            let times = times.map(|column| self.times(column, &rows, &headers)).transpose()?;
            let (rows, times) = self.placed_rows(rows, times)?;
            Ok(Set { values: self.values(&layout, &rows, &headers)?, name, times, rows: found })
        });
        sets.collect()
    }

    fn ragged(&self, row: usize, line: u64, record: &StringRecord, headers: usize) -> Diagnostic {
        let cells = count(record.len(), "cell", "cells");
        let message =
            format!("`{}`, row {row} (line {line}): {cells}, and the first line has {headers}", self.path);
        let told = DATA_ROWS.at(self.span, message);
        match cell::decimal(record, headers) {
            Some((written, meant)) => {
                told.help(format!("decimals have a point: write `{meant}` for `{written}`, in all rows"))
            }
            None => told.help("every row has one cell for each column; texts with commas stand in quotes"),
        }
    }

    /// Says where a row is that has only one cell and nothing in it: it was passed over as no row.
    fn blank(&self, text: &str, headers: usize, told: Diagnostic) -> Diagnostic {
        let blank = cell::blank_line(text).filter(|_| headers == 1 && told.code == DATA_ROWS.name);
        match blank {
            Some(line) => {
                told.help(format!("line {line} is empty: write `NA` there where a value is missing"))
            }
            None => told,
        }
    }

    /// Says that a data set has too many or too few rows; those that are `timed` may fill some of the places of a query.
    fn check_rows(&self, set: &str, found: usize, layout: &Layout, timed: bool) -> Result<(), Diagnostic> {
        let (path, node) = (self.path, self.node);
        let wanted = match layout {
            Layout::Row(_) => 1,
            Layout::Column(_) => self.elements.len(),
            Layout::Rows(_) => self.over.as_ref().map_or(1, |over| over.most),
        };
        let sought = timed && self.sought().is_some();
        let least = match &self.over {
            Some(_) if sought && self.whole => 1,
            over => over.as_ref().map_or(wanted, |over| over.least),
        };
        // What has no place of its own is told where its time is read.
        if (least..=wanted).contains(&found) || sought && found > wanted {
            return Ok(());
        }
        if found == 0 {
            let message = format!("`{path}` has column names and no rows");
            return Err(DATA_EMPTY.at(self.span, message).help(match least < wanted {
                true => format!("add {least} to {wanted} rows"),
                false => format!("add {}", count(wanted, "row", "rows")),
            }));
        }
        let rows = match set {
            "" => count(found, "row", "rows"),
            set => format!("{} of `{set}`", count(found, "row", "rows")),
        };
        let (reads, help) = match layout {
            _ if self.scalar => ("one number".to_owned(), "keep the one row that is meant".to_owned()),
            Layout::Row(_) => {
                let elements = count(self.elements.len(), "element", "elements");
                (
                    format!("one row, with a column for each of its {elements}"),
                    "keep the one row that is meant".to_owned(),
                )
            }
            Layout::Rows(_) if least < wanted => {
                let wider = format!("{} .. {}", least.min(found), wanted.max(found));
                let help = match self.over.as_ref().map(|over| &over.axis.kind) {
                    Some(AxisKind::Set(_)) => format!("give so many, or write `size = {wider}` in the axis"),
                    Some(AxisKind::Scattered { .. }) => {
                        format!("give so many, or write `n = {wider}` in the axis")
                    }
                    _ => format!("give {least} to {wanted} rows"),
                };
                (format!("{least} to {wanted} rows"), help)
            }
            Layout::Column(_) | Layout::Rows(_) => {
                let elements = count(wanted, "row, one for its element", "rows, one for each element");
                (elements, format!("give {wanted} rows, or let the axis have {found} elements"))
            }
        };
        Err(DATA_ROWS.at(self.span, format!("`{path}` has {rows}, and `{node}` reads {reads}")).help(help))
    }
}

/// How files start that are no tables, what they are, and what to do.
const KINDS: [(&[u8], &str, &str); 7] = [
    (b"PK\x03\x04", "it is a zip archive, perhaps a spreadsheet", "save the table as CSV"),
    (b"\x1f\x8b", "it is compressed", "unpack it, and name what comes out"),
    (b"\x89HDF", "it is HDF5", "save the table as CSV: `frame.to_csv(\"x.csv\", index=False)`"),
    (b"PAR1", "it is Parquet", "save the table as CSV: `frame.to_csv(\"x.csv\", index=False)`"),
    (
        b"\x80\x04",
        "it is a pickle of Python",
        "save the table as CSV: `frame.to_csv(\"x.csv\", index=False)`",
    ),
    (b"MATLAB", "it is of Matlab", "save the table as CSV: `writetable(x, \"x.csv\")`"),
    (b"\x93NUMPY", "it is an array of numpy", "call it `.npy`, or save a table as CSV"),
];

/// The text of a table.
///
/// # Errors
/// It is none.
fn text_of<'b>(path: &str, span: Span, bytes: &'b [u8]) -> Result<&'b str, Diagnostic> {
    let binary = |what: &str| DATA_BINARY.at(span, format!("`{path}` is not text: {what}"));
    if path.to_lowercase().ends_with(".rds") && !bytes.is_ascii() {
        let help =
            format!("save it in R as CSV: `write.csv(readRDS(\"{path}\"), \"x.csv\", row.names = FALSE)`");
        return Err(binary("it is an object of R").help(help));
    }
    if let Some((_, what, help)) = KINDS.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return Err(binary(what).help(*help));
    }
    let help = "data are read from CSV: a line of column names, then one line for each row";
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(binary(&format!("byte {at} is zero")).help(help));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        binary(&format!("byte {} is no UTF-8", error.valid_up_to())).help("save it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        return Err(DATA_COLUMN.at(span, format!("`{path}` is no table: it seems to be JSON")).help(help));
    }
    if text.trim().is_empty() {
        return Err(DATA_EMPTY.at(span, format!("`{path}` is empty")).help(help));
    }
    Ok(text)
}

/// Why a value cannot occur, where it cannot.
pub(super) fn outside(element: &str, value: f64, support: &Support) -> Option<String> {
    if support.contains(value) {
        return None;
    }
    let range = match (support.whole, support.low.is_finite(), support.high.is_finite()) {
        (true, true, true) if (support.low, support.high) == (0.0, 1.0) => "is 0 or 1".to_owned(),
        (true, true, true) => format!("is a whole number between {} and {}", support.low, support.high),
        (true, true, false) => format!("is a whole number from {}", support.low),
        (true, false, false) => "is a whole number".to_owned(),
        (_, true, true) => format!("lies between {} and {}", support.low, support.high),
        (_, true, false) if support.low == f64::MIN_POSITIVE => "is always above 0".to_owned(),
        (_, true, false) => format!("is never below {}", support.low),
        (_, false, _) => format!("is never above {}", support.high),
    };
    Some(format!("`{element}` {range}, and {value} is given"))
}

/// Puts names like `x[1,2]` together again where they stand without quotes and were cut at their comma.
fn mend_headers(record: &StringRecord) -> Vec<String> {
    let mut headers: Vec<String> = Vec::new();
    for field in record {
        match headers.last_mut() {
            Some(open) if open.contains('[') && !open.contains(']') => {
                open.push(',');
                open.push_str(field);
            }
            _ => headers.push(field.to_owned()),
        }
    }
    headers
}
