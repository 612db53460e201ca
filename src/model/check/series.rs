//! `const x[i] from "file.csv" (…)`: fixed numbers, arrays and functions of time that come from files.

use super::array::is_array;
use super::codes::{DATA_LARGE, DATA_ROWS, DATA_TIMES, FUNCTION_OF_TIME, NOT_YET};
use super::csv::{self, Empty, Over, Wanted, element_names};
use super::files::Files;
use super::given::other_unit;
use super::limits::{ELEMENTS, thousands};
use super::model::Builder;
use super::names::list;
use super::table::{How, how};
use super::value::Sort;
use crate::units::{Factor, Measure, Units};
use crate::{Axis, Definition, NodeId, Series, Support};
use sbi_syntax::tree::{Const, Table};
use sbi_syntax::{Diagnostic, Span};
use std::rc::Rc;

/// Whether it is said in which unit the numbers of a file are.
pub(super) fn says_unit(table: &Table) -> bool {
    let mut labels = table.arguments.iter().filter_map(|argument| argument.label.as_ref());
    labels.any(|label| label.text == "unit")
}

/// How the table of a constant may be read.
const ARGUMENTS: [&str; 3] = ["column", "columns", "unit"];
const OF_TIME: [&str; 3] = ["column", "time", "unit"];

/// The number that a constant without axes reads from a file.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn scalar(
    constant: &Const,
    table: &Table,
    files: &Files<'_>,
    units: &Units,
) -> Result<f64, Diagnostic> {
    let values = read(constant, table, &[], files, units)?;
    Ok(values.first().copied().expect("one element has one value"))
}

/// The numbers that a constant over these axes reads from a file, row-major.
fn read(
    constant: &Const,
    table: &Table,
    axes: &[&Axis],
    files: &Files<'_>,
    units: &Units,
) -> Result<Vec<f64>, Diagnostic> {
    let how = how(table, &ARGUMENTS)?;
    let factor = factor(constant, &how, units)?;
    let name = &constant.target.name.text;
    let over = over(name, axes, table.path.span)?;
    let elements = element_names(name, &positions(axes));
    let wanted = Wanted {
        path: &table.path.value,
        span: table.path.span,
        node: name,
        indexed: String::new(),
        supports: vec![Support::REAL; elements.len()],
        elements,
        whole: true,
        scalar: axes.is_empty(),
        columns: how.columns,
        column: how.column,
        by: None,
        time: None,
        unit: constant.unit.as_ref().map(|unit| unit.text.as_str()),
        factor,
        coding: None,
        empty: Empty::Never,
        over,
    };
    values(&wanted, &bytes(files, &table.path.value, table.path.span)?)
}

/// The numbers of a table that holds one data set without gaps.
fn values(wanted: &Wanted<'_>, bytes: &[u8]) -> Result<Vec<f64>, Diagnostic> {
    let sets = wanted.read(bytes)?;
    Ok(sets.into_iter().flat_map(|set| set.values).flatten().collect())
}

fn bytes(files: &Files<'_>, path: &str, span: Span) -> Result<Rc<[u8]>, Diagnostic> {
    if is_array(path) {
        let told = NOT_YET.at(span, "constants are read from CSV only, in this version");
        return Err(told.help("save the numbers as CSV, with a line of column names"));
    }
    files.bytes(path, span)
}

/// The positions of all elements of axes.
fn positions(axes: &[&Axis]) -> Vec<Vec<usize>> {
    axes.iter().map(|axis| (0..axis.size()).collect()).collect()
}

/// How a constant over these axes lies in rows and columns; none where one row or one column holds it.
///
/// # Errors
/// Several axes of rows, which no table has.
fn over<'a>(name: &str, axes: &[&'a Axis], span: Span) -> Result<Option<Over<'a>>, Diagnostic> {
    let rows: Vec<usize> =
        axes.iter().enumerate().filter(|(_, axis)| axis.is_row()).map(|(place, _)| place).collect();
    match rows.as_slice() {
        [] => Ok(None),
        [_] if axes.len() == 1 => Ok(None),
        [place] => {
            let axis = axes.get(*place).expect("the place is one of these axes");
            let mut over = Over::of(name, axis, &positions(axes), *place);
            // A constant has the elements of its axis, wherever a query places them.
            over.timed = false;
            Ok(Some(over))
        }
        _ => {
            let names = rows.iter().filter_map(|place| Some(axes.get(*place)?.name.as_str()));
            let message = format!("{} are axes of rows, and a table has one", list(names));
            Err(NOT_YET.at(span, message).help("let one axis be a row, and the others `index`"))
        }
    }
}

/// A function of time: two columns, of which the times rise.
fn curve(constant: &Const, table: &Table, files: &Files<'_>, units: &Units) -> Result<Series, Diagnostic> {
    let how = how(table, &OF_TIME)?;
    let factor = factor(constant, &how, units)?;
    let (name, path, span) = (&constant.target.name.text, &table.path.value, table.path.span);
    let formal = constant.target.formal.as_ref().map_or("t", |formal| formal.name.text.as_str());
    let bytes = bytes(files, path, span)?;
    let rows = csv::count_rows(path, span, &bytes)?;
    if rows < 2 {
        let message = format!(
            "`{path}` has {}, and a function of time needs two",
            super::index::count(rows, "row", "rows")
        );
        return Err(DATA_ROWS.at(span, message).help("write one row for each time"));
    }
    if rows > ELEMENTS {
        let (rows, most) = (thousands(rows as f64), thousands(ELEMENTS as f64));
        let told = DATA_LARGE.at(span, format!("`{path}` has {rows} rows; at most {most} are read"));
        return Err(told.help("keep fewer times: between them the function is a straight line"));
    }
    let column = |named: Option<(String, _)>, otherwise: &str, factor: Factor| {
        let column = named.or_else(|| Some((otherwise.to_owned(), span)));
        let wanted = Wanted {
            path,
            span,
            node: otherwise,
            indexed: String::new(),
            elements: vec![otherwise.to_owned(); rows],
            whole: true,
            scalar: false,
            supports: vec![Support::REAL; rows],
            columns: None,
            column,
            by: None,
            time: None,
            unit: None,
            factor,
            coding: None,
            empty: Empty::Never,
            over: None,
        };
        values(&wanted, &bytes)
    };
    let times = column(how.time, formal, Factor::ONE)?;
    let values = column(how.column, name, factor)?;
    if let Some(row) = times.windows(2).position(|pair| matches!(pair, [before, after] if before >= after)) {
        let (before, after) = (times.get(row).unwrap_or(&0.0), times.get(row + 1).unwrap_or(&0.0));
        let message = format!("`{path}`, row {}: the time {after} does not come after {before}", row + 2);
        return Err(DATA_TIMES.at(span, message).help("sort the rows by time, and keep each time once"));
    }
    Ok(Series { times, values })
}

/// By how much the numbers of a file grow in the unit of the constant.
fn factor(constant: &Const, how: &How, units: &Units) -> Result<Factor, Diagnostic> {
    let Some((unit, span)) = &how.unit else { return Ok(Factor::ONE) };
    // A unit of the constant that does not exist is told where it is declared.
    let own = constant.unit.as_ref().map(|unit| units.unit(unit));
    let own = match own {
        Some(Err(_)) => return Ok(Factor::ONE),
        Some(Ok(unit)) => Measure::Of(unit),
        None => Measure::pure(),
    };
    other_unit(unit, &own, &constant.target.name.text, units, *span)
}

/// What is wrong with a constant outside of models that comes from a file, before it is read.
pub(super) fn outer(constant: &Const) -> Option<Diagnostic> {
    constant.target.formal.as_ref().map(|formal| {
        let told = FUNCTION_OF_TIME.at(formal.name.span, "functions of time belong to models");
        told.help("move the constant into the model")
    })
}

impl<'t> Builder<'t> {
    /// Takes a scalar constant for one that can be named where a number is expected, and reads it where it comes from a file.
    pub(super) fn add_constant(&mut self, constant: &'t Const) {
        if let Some(read) = self.constants.add(constant, self.files) {
            self.told.extend(read.err());
        }
    }

    /// What a constant is that comes from a file.
    pub(super) fn constant_from(
        &mut self,
        id: NodeId,
        constant: &'t Const,
        table: &'t Table,
    ) -> (Definition, Sort) {
        let refused = |builder: &mut Self| (Definition::Equals(builder.refused_expr()), Sort::Refused);
        if !self.read.contains(&table.path.value) {
            self.read.push(table.path.value.clone());
        }
        if constant.unit.is_none() {
            let measure = self.unmeasured();
            self.infer_unit(id, measure);
            self.unitless.extend((!says_unit(table)).then_some(id));
        }
        if constant.target.formal.is_some() {
            return match curve(constant, table, self.files, &self.constants.units.clone()) {
                Ok(series) => (Definition::Series(series), Sort::Number),
                Err(told) => {
                    self.told.push(told);
                    refused(self)
                }
            };
        }
        let Some(axes) = self.shapes.get(id.0).cloned().flatten() else { return refused(self) };
        if axes.is_empty() {
            // What is wrong with it has been told when it was declared.
            return match self.constants.in_file(&constant.target.name.text) {
                Some(Ok(value)) => {
                    let value = *value;
                    (Definition::Equals(self.arena.number(value)), Sort::Number)
                }
                _ => refused(self),
            };
        }
        let axes: Vec<Axis> = axes.iter().filter_map(|axis| self.axes.get(axis.0)).cloned().collect();
        let size = axes.iter().fold(1, |size: usize, axis| size.saturating_mul(axis.size()));
        if size > ELEMENTS {
            // Told with the sizes of all nodes.
            return refused(self);
        }
        match read(constant, table, &axes.iter().collect::<Vec<_>>(), self.files, &self.constants.units) {
            Ok(values) => (Definition::Table(values), Sort::Number),
            Err(told) => {
                self.told.push(told);
                refused(self)
            }
        }
    }
}
