//! When the rows of a table are: in a column of times, which the axis knows already, the query has placed, or nothing else says.

use super::at::{self, Placing};
use super::cell::is_missing;
use super::cells::Cell;
use super::codes::{DATA_TEXT, LENGTH, OUTSIDE_AXIS, UNPLACED};
use super::csv::{Over, Row, Wanted};
use crate::units::Factor;
use crate::{AxisKind, Support};
use csv::StringRecord;
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

/// Times in files are rounded: two that differ by less of the length of their axis are one.
const ROUNDED: f64 = 1e-6;

/// How many places are repeated.
const SHOWN: usize = 12;

impl Wanted<'_> {
    /// Where the query has placed the axis of the rows by `at`, so that they are sought there by their times.
    pub(super) fn sought(&self) -> Option<&Placing> {
        self.over.as_ref()?.placed.filter(|placing| !placing.by_file)
    }

    /// The column of times: the one that is named, else one with the name of the axis.
    pub(super) fn times_column(&self, headers: &[String]) -> Result<Option<usize>, Diagnostic> {
        if let Some((name, span)) = &self.time {
            return self.find(name, headers, *span).map(Some);
        }
        let Some(over) = self.over.as_ref().filter(|over| over.timed) else { return Ok(None) };
        match headers.iter().position(|header| *header == over.axis.name) {
            Some(place) => Ok(Some(place)),
            None if over.placed.is_some() || !matches!(over.axis.kind, AxisKind::Scattered { .. }) => {
                Ok(None)
            }
            None => {
                let message = format!(
                    "`{}` is scattered, and nothing says where `{}` is read",
                    over.axis.name, self.node
                );
                Err(UNPLACED
                    .at(self.span, message)
                    .label(over.axis.span, "declared here")
                    .help("name the column of times behind the file: `(time = \"…\")`"))
            }
        }
    }

    /// The times of rows: finite, and such as the axis has.
    pub(super) fn times<'r>(
        &self,
        column: usize,
        rows: &'r [Row],
        headers: &'r [String],
    ) -> Result<Vec<f64>, Diagnostic> {
        let Some(over) = &self.over else { return Ok(Vec::new()) };
        let header = headers.get(column).map_or("", String::as_str);
        let cell = |row: &'r Row| {
            let (row, line, record) = row;
            let text = record.get(column).unwrap_or("");
            Cell { text, row: *row, line: *line, column: header }
        };
        let cells: Vec<Cell<'r>> = rows.iter().map(cell).collect();
        if self.time.is_none() && self.counts_rows(over, &cells) {
            return Ok(Vec::new());
        }
        let all: Vec<&Cell<'_>> = cells.iter().collect();
        self.check_numbers(&all, None, over.axis.unit.as_deref(), || None)?;
        if let Some(empty) = cells.iter().find(|cell| is_missing(cell.text)) {
            let message =
                format!("{}: the cell is empty, and no reading is without a time", self.place(empty));
            return Err(DATA_TEXT
                .at(self.span, message)
                .help("write the time of this row, or remove the row"));
        }
        let mut times = Vec::with_capacity(rows.len());
        for (place, cell) in cells.iter().enumerate() {
            let time = self.number(cell, &Support::REAL, header, &Factor::ONE)?;
            let own = over.rows.get(place).and_then(|element| match over.placed {
                Some(placing) if placing.by_file => placing.at.get(*element).copied(),
                _ => over.axis.coordinate(*element),
            });
            let step = if let AxisKind::Instants(steps) = over.axis.kind { steps.step } else { 0.0 };
            // Times in files are rounded: a thousandth of a step is no other instant.
            if let Some(own) = own.filter(|own| (time - own).abs() > 1e-3 * step) {
                let message =
                    format!("{}: {time}, and `{}` is at {own} there", self.place(cell), over.axis.name);
                return Err(OUTSIDE_AXIS
                    .at(self.span, message)
                    .help("give the rows at the times of the axis, in order and in its unit"));
            }
            if let Some(told) = at::outside(over.axis, time, self.span) {
                let message = format!("{}: {}", self.place(cell), told.message);
                return Err(Diagnostic { message, ..told });
            }
            times.push(time);
        }
        Ok(times)
    }

    /// Whether a column that only bears the name of an axis of instants holds no times: it numbers the rows, or holds words.
    fn counts_rows(&self, over: &Over<'_>, cells: &[Cell<'_>]) -> bool {
        let number = |cell: &Cell<'_>| cell.text.parse::<f64>().ok().filter(|time| time.is_finite());
        let counts = |from: f64| {
            cells.iter().enumerate().all(|(place, cell)| number(cell) == Some(from + place as f64))
        };
        let times = cells.iter().all(|cell| number(cell).is_some()) && !counts(0.0) && !counts(1.0);
        !times && !matches!(over.axis.kind, AxisKind::Scattered { .. })
    }

    /// The rows of a data set, each where the query has its place: those of one time fill equal places in order, and a
    /// place that no row fills has a row without cells. The times, where the query does not say them.
    ///
    /// # Errors
    /// A row whose time is none of the places.
    pub(super) fn placed_rows(
        &self,
        rows: Vec<Row>,
        times: Option<Vec<f64>>,
    ) -> Result<(Vec<Row>, Option<Vec<f64>>), Diagnostic> {
        let (Some(over), Some(placing), Some(times)) = (&self.over, self.sought(), &times) else {
            return Ok((rows, times));
        };
        let AxisKind::Scattered { from, to, .. } = over.axis.kind else { return Ok((rows, None)) };
        let apart = |place: usize, time: f64| {
            placing.at.get(place).map_or(f64::INFINITY, |own| (own - time).abs() / (to - from))
        };
        let own = |place: usize| over.rows.iter().position(|row| *row == place);
        let mut free: BTreeSet<usize> = (0..placing.at.len()).collect();
        let mut found: Vec<Row> = over.rows.iter().map(|_| (0, 0, StringRecord::new())).collect();
        for (row, &time) in rows.into_iter().zip(times) {
            let near = free.iter().copied().filter(|place| apart(*place, time) <= ROUNDED);
            // Of equal places, those that are given here.
            let sooner = |a: &usize, b: &usize| {
                own(*b).is_some().cmp(&own(*a).is_some()).then(apart(*a, time).total_cmp(&apart(*b, time)))
            };
            let at = format!("`{}`, row {} (line {})", self.path, row.0, row.1);
            let Some(place) = near.min_by(sooner) else {
                let is_place = |time: f64| (0..placing.at.len()).any(|place| apart(place, time) <= ROUNDED);
                return Err(self.no_place(over, placing, &at, time, (times, is_place)));
            };
            let Some(own) = own(place).and_then(|own| found.get_mut(own)) else {
                return Err(self.not_given_here(over, placing, &at, time, place));
            };
            free.remove(&place);
            *own = row;
        }
        Ok((found, None))
    }

    /// Says that a row has its place in the query, but not among those that are given.
    fn not_given_here(
        &self,
        over: &Over<'_>,
        placing: &Placing,
        at: &str,
        time: f64,
        place: usize,
    ) -> Diagnostic {
        let (node, axis, size, number) = (self.node, &over.axis.name, over.axis.size(), place + 1);
        let (code, message, help) = match self.whole {
            true => (
                &LENGTH,
                format!(
                    "{at}: {time} is place {number} of `{axis}`, and readings can be given at the first {size}"
                ),
                format!(
                    "place what the file has first, what is asked behind it; or write `n = {}` in the axis",
                    placing.at.len()
                ),
            ),
            false => (
                &OUTSIDE_AXIS,
                format!("{at}: {time} is place {number} of `{axis}`, which is not given here"),
                format!("write `given {node} from …`: its rows find their places by their times"),
            ),
        };
        code.at(self.span, message).label(placing.span, "placed here").help(help)
    }

    /// Says that a row has no place left in the query. `times` are those of all rows, of which some are places.
    fn no_place(
        &self,
        over: &Over<'_>,
        placing: &Placing,
        at: &str,
        time: f64,
        (times, is_place): (&[f64], impl Fn(f64) -> bool),
    ) -> Diagnostic {
        let (node, axis, size) = (self.node, &over.axis.name, over.axis.size());
        let nowhere: Vec<f64> = times.iter().copied().filter(|time| !is_place(*time)).collect();
        let (message, lacking) = match is_place(time) {
            true => {
                (format!("{at}: the file has more rows at {time} than `{axis}` has places there"), vec![time])
            }
            false => (format!("{at}: {time} is none of the places of `{axis}`"), nowhere.clone()),
        };
        let told = OUTSIDE_AXIS.at(self.span, message).label(placing.span, "placed here");
        let places = placing.at.len() + lacking.len();
        let longer = if places > size { format!(", and `n = {places}` in the axis") } else { String::new() };
        if places > SHOWN {
            let (first, more) = (lacking.first().copied().unwrap_or(time), lacking.len() - 1);
            let more = if more > 0 { format!(" and {more} more times of the file") } else { String::new() };
            return told.help(format!("add {first}{more} to the places of `{axis}`{longer}"));
        }
        let all: Vec<String> = placing.at.iter().chain(&lacking).map(f64::to_string).collect();
        let all = format!("`at {axis} = [{}]`{longer}", all.join(", "));
        told.help(match nowhere.len() == times.len() {
            true => format!(
                "remove the line `at {axis}`: the file says when `{node}` is read; to ask for other times as well, write {all}"
            ),
            false => format!("write {all}"),
        })
    }
}
