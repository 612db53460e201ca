//! Tables of data: which cells a quantity reads, and whether they are numbers that can occur.

use super::codes::{
    DATA_BINARY, DATA_COLUMN, DATA_EMPTY, DATA_ROWS, DATA_TEXT, LENGTH, NOT_FINITE, OUTSIDE_SUPPORT,
    SURPRISE_MISSING,
};
use super::grid::Grid;
use super::index::count;
use super::names::list;
use crate::Support;
use csv::{ReaderBuilder, StringRecord, Trim};
use sbi_syntax::{Diagnostic, Span, suggest};

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
    /// Whether it is one number.
    pub(super) scalar: bool,
    /// The values each element can take.
    pub(super) supports: Vec<Support>,
    /// The columns named for its elements, one for each.
    pub(super) columns: Option<(Vec<String>, Span)>,
    /// The column named for all of it.
    pub(super) column: Option<(String, Span)>,
    /// How its elements lie in rows and columns, where they need both.
    pub(super) grid: Option<Grid>,
    /// What an empty cell means.
    pub(super) empty: Empty,
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

/// Which cells of the table are read.
enum Layout {
    /// One row, with a column for each element.
    Row(Vec<usize>),
    /// One column, with a row for each element.
    Column(usize),
    /// These columns, with the elements in several rows.
    Grid(Vec<usize>),
}

/// A cell that is read.
struct Cell<'c> {
    text: &'c str,
    row: usize,
    line: u64,
    column: &'c str,
}

impl Wanted<'_> {
    /// The values of the elements, in order: finite, and such as can occur; none where the model knows of a gap.
    ///
    /// # Errors
    /// The first thing that is wrong with the table, with file, row and column.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Vec<Option<f64>>, Diagnostic> {
        let text = text_of(self.path, self.span, bytes)?;
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
        let headers = reader.headers().map(mend_headers).unwrap_or_default();
        let layout = self.layout(&headers)?;
        let mut rows: Vec<(u64, StringRecord)> = Vec::new();
        let mut found = 0;
        for record in reader.into_records() {
            let record = record.map_err(|error| {
                DATA_BINARY.at(self.span, format!("`{}`: {error}", self.path)).help("save it as CSV in UTF-8")
            })?;
            found += 1;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != headers.len() {
                return Err(self.ragged(found, line, record.len(), headers.len()));
            }
            if found <= self.elements.len() {
                rows.push((line, record));
            }
        }
        self.check_rows(found, &layout)?;
        let cells = self.cells(&layout, &rows, &headers);
        self.check_missing(&cells)?;
        cells
            .iter()
            .zip(&self.supports)
            .zip(&self.elements)
            .map(
                |((cell, support), name)| {
                    if is_missing(cell.text) { Ok(None) } else { self.number(cell, support, name).map(Some) }
                },
            )
            .collect()
    }

    /// Finds the columns by their names; names decide, never the count.
    fn layout(&self, headers: &[String]) -> Result<Layout, Diagnostic> {
        if let Some(grid) = &self.grid {
            return self.grid_layout(grid, headers);
        }
        if let Some((columns, span)) = &self.columns {
            if columns.len() != self.elements.len() {
                return Err(self.wrong_columns(columns.len(), self.elements.len(), *span));
            }
            let found: Result<Vec<usize>, Diagnostic> =
                columns.iter().map(|name| self.find(name, headers, *span)).collect();
            return Ok(Layout::Row(found?));
        }
        if let Some((column, span)) = &self.column {
            return Ok(Layout::Column(self.find(column, headers, *span)?));
        }
        let is_element = |header: &String| self.elements.iter().any(|name| same_name(name, header));
        if !self.scalar && headers.iter().any(is_element) {
            let found: Result<Vec<usize>, Diagnostic> =
                self.elements.iter().map(|name| self.find(name, headers, self.span)).collect();
            return Ok(Layout::Row(found?));
        }
        // A single element of an array goes by its own name or by the array's.
        let own = self
            .elements
            .first()
            .filter(|name| self.scalar && headers.iter().any(|header| same_name(name, header)));
        Ok(Layout::Column(self.find(own.map_or(self.node, String::as_str), headers, self.span)?))
    }

    fn grid_layout(&self, grid: &Grid, headers: &[String]) -> Result<Layout, Diagnostic> {
        let (names, span) = match (&self.columns, &self.column) {
            (Some((columns, span)), _) => (columns.clone(), *span),
            (None, Some((column, span))) => (vec![column.clone()], *span),
            (None, None) => (grid.columns.clone(), self.span),
        };
        if names.len() != grid.columns.len() {
            return Err(self.wrong_columns(names.len(), grid.columns.len(), span));
        }
        let found: Result<Vec<usize>, Diagnostic> =
            names.iter().map(|name| self.find(name, headers, span)).collect();
        Ok(Layout::Grid(found?))
    }

    fn wrong_columns(&self, named: usize, wanted: usize, span: Span) -> Diagnostic {
        let named = count(named, "column", "columns");
        let (wanted, each) = match &self.grid {
            Some(_) => (count(wanted, "column", "columns"), "name all columns, row-major"),
            None => (count(wanted, "element", "elements"), "name one column for each element, row-major"),
        };
        LENGTH.at(span, format!("{named} for {wanted} of `{}`", self.node)).help(each)
    }

    fn find(&self, name: &str, headers: &[String], span: Span) -> Result<usize, Diagnostic> {
        let mut places =
            headers.iter().enumerate().filter(|(_, header)| same_name(name, header)).map(|(place, _)| place);
        let path = self.path;
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(DATA_COLUMN
                .at(span, format!("`{path}` has two columns `{name}`"))
                .help("rename one of them in its first line")),
            (None, _) => Err(self.no_column(name, headers, span)),
        }
    }

    fn no_column(&self, name: &str, headers: &[String], span: Span) -> Diagnostic {
        let path = self.path;
        let told = DATA_COLUMN.at(span, format!("`{path}` has no column `{name}`"));
        let known = || headers.iter().map(String::as_str);
        if headers.iter().all(|header| header.parse::<f64>().is_ok()) {
            return told.help(format!(
                "its first line has numbers: write the names of the columns above, `{}`",
                self.example()
            ));
        }
        if let [only] = headers
            && let Some(sign) = [';', '\t'].into_iter().find(|sign| only.contains(*sign))
        {
            let sign = if sign == '\t' { "tabs".to_owned() } else { format!("`{sign}`") };
            return told
                .help(format!("its columns seem to be set apart by {sign}: set them apart by commas"));
        }
        let columns = format!("its columns are {}", list(known()));
        if let Some(similar) = suggest(name, known()) {
            return told.help(format!("did you mean `{similar}`? {columns}"));
        }
        if self.columns.is_some() || self.column.is_some() {
            return told.help(columns);
        }
        let which = match self.elements.len() {
            1 => format!("`(column = \"{}\")`", known().next().unwrap_or_default()),
            wanted if wanted == headers.len() => {
                let names: Vec<String> =
                    headers.iter().take(2).map(|header| format!("\"{header}\"")).collect();
                let more = if headers.len() > names.len() { ", …" } else { "" };
                format!("`(columns = [{}{more}])`", names.join(", "))
            }
            _ => "`(columns = [\"…\", …])`, one for each element".to_owned(),
        };
        told.help(format!("{columns}: say which after the file, {which}"))
    }

    fn example(&self) -> String {
        let names: Vec<&str> = self.elements.iter().take(3).map(String::as_str).collect();
        names.join(",")
    }

    fn ragged(&self, row: usize, line: u64, cells: usize, headers: usize) -> Diagnostic {
        let cells = count(cells, "cell", "cells");
        let message =
            format!("`{}`, row {row} (line {line}): {cells}, and the first line has {headers}", self.path);
        DATA_ROWS
            .at(self.span, message)
            .help("every row has one cell for each column; texts with commas stand in quotes")
    }

    fn check_rows(&self, found: usize, layout: &Layout) -> Result<(), Diagnostic> {
        let (path, node) = (self.path, self.node);
        let wanted = match layout {
            Layout::Row(_) => 1,
            Layout::Column(_) => self.elements.len(),
            Layout::Grid(_) => self.grid.as_ref().map_or(0, |grid| grid.rows),
        };
        if found == wanted {
            return Ok(());
        }
        if found == 0 {
            let message = format!("`{path}` has column names and no rows");
            return Err(DATA_EMPTY
                .at(self.span, message)
                .help(format!("add {}", count(wanted, "row", "rows"))));
        }
        let rows = count(found, "row", "rows");
        let (reads, help) = match layout {
            _ if self.scalar => ("one number".to_owned(), "keep the one row that is meant".to_owned()),
            Layout::Row(_) => {
                let elements = count(self.elements.len(), "element", "elements");
                (
                    format!("one row, with a column for each of its {elements}"),
                    "keep the one row that is meant".to_owned(),
                )
            }
            Layout::Column(_) | Layout::Grid(_) => {
                let elements = count(wanted, "row, one for its element", "rows, one for each element");
                (elements, format!("give {wanted} rows, or let the axis have {found} elements"))
            }
        };
        Err(DATA_ROWS.at(self.span, format!("`{path}` has {rows}, and `{node}` reads {reads}")).help(help))
    }

    fn cells<'c>(
        &self,
        layout: &Layout,
        rows: &'c [(u64, StringRecord)],
        headers: &'c [String],
    ) -> Vec<Cell<'c>> {
        let cell = |row: usize, column: usize| {
            let (line, record) = rows.get(row)?;
            let (text, column) = (record.get(column)?, headers.get(column)?.as_str());
            Some(Cell { text, row: row + 1, line: *line, column })
        };
        let cells: Option<Vec<Cell<'c>>> = match layout {
            Layout::Row(columns) => columns.iter().map(|column| cell(0, *column)).collect(),
            Layout::Column(column) => (0..rows.len()).map(|row| cell(row, *column)).collect(),
            Layout::Grid(columns) => {
                let places = self.grid.iter().flat_map(|grid| &grid.places);
                places.map(|(row, column)| cell(*row, *columns.get(*column)?)).collect()
            }
        };
        cells.expect("rows and columns have been counted")
    }

    fn check_missing(&self, cells: &[Cell<'_>]) -> Result<(), Diagnostic> {
        let missing: Vec<&Cell<'_>> = cells.iter().filter(|cell| is_missing(cell.text)).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let known = match self.empty {
            Empty::Gap => true,
            Empty::Whole => missing.len() == cells.len(),
            Empty::Never | Empty::Surprise => false,
        };
        if known {
            return Ok(());
        }
        let are = if missing.len() == 1 { "is" } else { "are" };
        let found = format!("{} of {} {are} empty", missing.len(), count(cells.len(), "cell", "cells"));
        let (place, name) = (self.place(first), self.node);
        if self.empty == Empty::Never {
            let message = format!("{found}, the first in {place}, and a constant is known whole");
            return Err(DATA_TEXT.at(self.span, message).help("write a number there"));
        }
        let what = if self.empty == Empty::Whole { "elements of " } else { "" };
        let message = format!(
            "{found}, the first in {place}, but {what}`{name}` {is} not declared `missing`: the network never saw a gap",
            is = if what.is_empty() { "is" } else { "are" },
        );
        let percent = (100.0 * missing.len() as f64 / cells.len() as f64).ceil();
        let help =
            format!("add to the model `missing {} with probability {percent}%`, or fill it in", self.indexed);
        Err(SURPRISE_MISSING.at(self.span, message).help(help))
    }

    fn place(&self, cell: &Cell<'_>) -> String {
        format!("`{}`, row {} (line {}), column `{}`", self.path, cell.row, cell.line, cell.column)
    }

    fn number(&self, cell: &Cell<'_>, support: &Support, element: &str) -> Result<f64, Diagnostic> {
        let Ok(value) = cell.text.parse::<f64>() else {
            let shown: String = cell.text.chars().take(40).collect();
            let told = DATA_TEXT.at(self.span, format!("{}: `{shown}` is no number", self.place(cell)));
            let comma = cell.text.replace(',', ".").parse::<f64>().is_ok();
            return Err(told.help(if comma { "write a decimal point" } else { "write a number there" }));
        };
        if !value.is_finite() {
            let message = format!("{}: {} is no finite number", self.place(cell), cell.text);
            return Err(NOT_FINITE.at(self.span, message).help("write a number there"));
        }
        match outside(element, value, support) {
            Some(why) => Err(OUTSIDE_SUPPORT
                .at(self.span, format!("{}: {why}", self.place(cell)))
                .help("mend the file, or the distribution")),
            None => Ok(value),
        }
    }
}

/// The text of a table.
///
/// # Errors
/// It is none.
fn text_of<'b>(path: &str, span: Span, bytes: &'b [u8]) -> Result<&'b str, Diagnostic> {
    let binary = |what: &str| DATA_BINARY.at(span, format!("`{path}` is not text: {what}"));
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(binary("it is a zip archive, perhaps a spreadsheet").help("save the table as CSV"));
    }
    let help = "data are read from CSV: a line of column names, then one line for each row";
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(binary(&format!("byte {at} is zero")).help(help));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        binary(&format!("byte {} is no UTF-8", error.valid_up_to())).help("save it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
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
        (_, true, true) => format!("lies between {} and {}", support.low, support.high),
        (_, true, false) => format!("is never below {}", support.low),
        (_, false, _) => format!("is never above {}", support.high),
    };
    Some(format!("`{element}` {range}, and {value} is given"))
}

fn is_missing(text: &str) -> bool {
    text.is_empty() || ["na", "nan", "n/a"].contains(&text.to_lowercase().as_str())
}

/// Whether a column bears a name; blanks inside brackets do not count: `x[1, 2]`.
fn same_name(name: &str, header: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    name == header || (name.contains('[') && plain(name) == plain(header))
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
