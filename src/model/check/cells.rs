//! The cells of a table that a quantity reads, and the numbers in them.

use super::cell::{self, is_missing};
use super::codes::{CODING, DATA_TEXT, NOT_FINITE, OUTSIDE_SUPPORT};
use super::columns::Layout;
use super::csv::{Empty, Row, Wanted, outside};
use super::gap::Gap;
use super::index::count;
use super::names::list;
use crate::Support;
use crate::units::{Factor, Units};
use sbi_syntax::{Diagnostic, suggest};

/// How much of a cell is repeated.
const LONGEST: usize = 40;

/// A cell that is read.
pub(super) struct Cell<'c> {
    pub(super) text: &'c str,
    pub(super) row: usize,
    pub(super) line: u64,
    pub(super) column: &'c str,
}

impl Cell<'_> {
    fn shown(&self) -> String {
        self.text.chars().take(LONGEST).collect()
    }
}

impl Wanted<'_> {
    /// A value for each element; none where the table has none.
    ///
    /// # Errors
    /// The first cell that holds none, or one that cannot occur.
    pub(super) fn values(
        &self,
        layout: &Layout,
        rows: &[Row],
        headers: &[String],
    ) -> Result<Vec<Option<f64>>, Diagnostic> {
        let cells = self.cells(layout, rows, headers);
        self.check_missing(&cells)?;
        let there: Vec<&Cell<'_>> = cells.iter().flatten().collect();
        match &self.coding {
            Some((codes, _)) => self.check_codes(&there, codes)?,
            None => {
                let whole = self.supports.first().filter(|support| support.whole);
                let other = || numeric(rows, headers, there.first()?.column);
                self.check_numbers(&there, whole, self.unit, other)?;
            }
        }
        let parts = cells.iter().zip(&self.supports).zip(&self.elements);
        let values = parts.map(|((cell, support), name)| match cell {
            Some(cell) if !is_missing(cell.text) => self.coded(cell, support, name).map(Some),
            _ => Ok(None),
        });
        values.collect()
    }

    /// The cell of each element; none where the table has fewer rows than the axis has elements at most.
    fn cells<'c>(&self, layout: &Layout, rows: &'c [Row], headers: &'c [String]) -> Vec<Option<Cell<'c>>> {
        let cell = |row: usize, column: usize| {
            let (row, line, record) = rows.get(row)?;
            let (text, column) = (record.get(column)?, headers.get(column)?.as_str());
            Some(Cell { text, row: *row, line: *line, column })
        };
        match layout {
            Layout::Row(columns) => columns.iter().map(|column| cell(0, *column)).collect(),
            Layout::Column(column) => (0..rows.len()).map(|row| cell(row, *column)).collect(),
            Layout::Rows(columns) => {
                let places = self.over.iter().flat_map(|over| &over.cells);
                places.map(|(row, column)| cell(*row, *columns.get(*column)?)).collect()
            }
        }
    }

    fn check_missing(&self, cells: &[Option<Cell<'_>>]) -> Result<(), Diagnostic> {
        let there = || cells.iter().flatten();
        let missing: Vec<&Cell<'_>> = there().filter(|cell| is_missing(cell.text)).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let all = there().count();
        let known = |cell: &Option<Cell<'_>>| cell.as_ref().is_some_and(|cell| !is_missing(cell.text));
        let there = cells.iter().zip(&self.elements).find(|(cell, _)| known(cell));
        let gap = Gap {
            missing: missing.len(),
            all,
            node: self.node,
            indexed: &self.indexed,
            there: there.map(|(_, element)| element.as_str()),
        };
        if gap.is_known(self.empty) {
            return Ok(());
        }
        let are = if missing.len() == 1 { "is" } else { "are" };
        let all = count(all, "cell", "cells");
        let found = format!("{} of {all} {are} empty, the first in {}", missing.len(), self.place(first));
        if self.empty == Empty::Never {
            let message = format!("{found}, and a constant is known whole");
            return Err(DATA_TEXT.at(self.span, message).help("write a number there"));
        }
        Err(gap.surprise(&found, self.empty, self.span))
    }

    /// Says that cells hold no numbers: the first of them, and how many others there are. `whole` are the numbers that
    /// words may stand for, `other` is what to write where the column is probably not the one that is meant.
    ///
    /// # Errors
    /// There are such cells.
    pub(super) fn check_numbers(
        &self,
        cells: &[&Cell<'_>],
        whole: Option<&Support>,
        unit: Option<&str>,
        other: impl FnOnce() -> Option<String>,
    ) -> Result<(), Diagnostic> {
        let is_text = |cell: &&Cell<'_>| !is_missing(cell.text) && cell.text.parse::<f64>().is_err();
        let mut texts = cells.iter().copied().filter(is_text);
        let Some(first) = texts.next() else { return Ok(()) };
        let message =
            format!("{}: `{}` is no number{}", self.place(first), first.shown(), others(texts.count()));
        let words = cell::words(cells.iter().map(|cell| cell.text));
        let help = match (words.as_slice(), whole) {
            _ if cell::means_missing(first.text) => {
                "leave the cell empty where a value is missing, or write `NA`".to_owned()
            }
            ([_, _, ..], Some(support)) => self.code(&words, support),
            ([_, _, ..], None) if cell::meant(first.text, None).is_none() => {
                other().unwrap_or_else(|| "write numbers there".to_owned())
            }
            _ => cell::meant(first.text, unit).unwrap_or_else(|| "write a number there".to_owned()),
        };
        Err(DATA_TEXT.at(self.span, message).help(help))
    }

    /// What to write where cells hold words that stand for whole numbers.
    fn code(&self, words: &[&str], support: &Support) -> String {
        let low = first_code(support);
        let coded: Vec<(&str, f64)> =
            words.iter().enumerate().map(|(place, word)| (*word, low + place as f64)).collect();
        if low + words.len() as f64 - 1.0 > support.high {
            let values = count((support.high - low) as usize + 1, "value", "values");
            return format!(
                "`{}` takes {values}, and the words are {}: keep the rows of those that are meant",
                self.node,
                list(words.iter().copied())
            );
        }
        match words.iter().all(|word| cell::is_name(word)) {
            true => format!(
                "say behind the file what number each word stands for: `(coding = {})`",
                shown(&coded)
            ),
            false => {
                let each: Vec<String> =
                    coded.iter().map(|(word, code)| format!("{code} for `{word}`")).collect();
                format!("write numbers in their place: {}", each.join(", "))
            }
        }
    }

    /// Says that cells hold words without a code: the first of them, and how many others there are.
    fn check_codes(&self, cells: &[&Cell<'_>], codes: &[(String, f64)]) -> Result<(), Diagnostic> {
        let is_coded = |text: &str| codes.iter().any(|(word, _)| word == text);
        let uncoded = |cell: &&Cell<'_>| !is_missing(cell.text) && !is_coded(cell.text);
        let mut without = cells.iter().copied().filter(uncoded);
        let Some(first) = without.next() else { return Ok(()) };
        let (shown_word, others) = (first.shown(), without.count());
        let and = match others {
            0 => String::new(),
            1 => ", nor has another cell".to_owned(),
            others => format!(", nor have {others} other cells"),
        };
        let message = format!("{}: `{shown_word}` has no code{and}", self.place(first));
        let told = CODING.at(self.span, message);
        if first.text.parse::<f64>().is_ok() {
            return Err(told.help(
                "its words are coded, and numbers are not: leave `coding` out where there are only numbers",
            ));
        }
        // Words that are written alike are those of the file, where its own have no code.
        let words = cell::words(cells.iter().map(|cell| cell.text));
        let unread = codes.iter().map(|(word, _)| word.as_str()).filter(|known| !words.contains(known));
        let unread: Vec<&str> = unread.collect();
        let alike = |word: &str| {
            let own = |(known, _): &&(String, f64)| known.eq_ignore_ascii_case(word);
            let near = || suggest(word, unread.iter().copied());
            codes
                .iter()
                .find(own)
                .or_else(|| near().and_then(|near| codes.iter().find(|(known, _)| known == near)))
        };
        let renamed: Option<Vec<(&str, f64)>> =
            words.iter().map(|word| alike(word).map(|(_, code)| (*word, *code))).collect();
        if let Some(renamed) = renamed.filter(|renamed| distinct(renamed)) {
            return Err(
                told.help(format!("write its words as the file does: `coding = {}`", shown(&renamed)))
            );
        }
        if let Some(similar) = suggest(first.text, codes.iter().map(|(word, _)| word.as_str())) {
            return Err(told.did_you_mean(Some(similar)));
        }
        let support = self.supports.first().copied().unwrap_or(Support::REAL);
        let mut free = (0..=codes.len()).map(|place| first_code(&support) + place as f64);
        let free = free.find(|code| codes.iter().all(|(_, known)| known != code)).unwrap_or_default();
        let known = list(codes.iter().map(|(word, _)| word.as_str()));
        Err(told.help(match cell::is_name(first.text) {
            _ if !support.contains(free) => {
                format!("coded are {known}, and no number is left: keep the rows of those that are meant")
            }
            true => format!("coded are {known}: add `{shown_word} = {free}` to `coding`"),
            false => format!(
                "coded are {known}: write one of them in the file, or a name without blanks and signs"
            ),
        }))
    }

    pub(super) fn place(&self, cell: &Cell<'_>) -> String {
        format!("`{}`, row {} (line {}), column `{}`", self.path, cell.row, cell.line, cell.column)
    }

    /// The number of a cell that holds one.
    pub(super) fn number(
        &self,
        cell: &Cell<'_>,
        support: &Support,
        element: &str,
        factor: &Factor,
    ) -> Result<f64, Diagnostic> {
        let value = factor.exact(cell.text.parse::<f64>().unwrap_or(f64::NAN));
        if !value.is_finite() {
            let message = format!("{}: {} is no finite number", self.place(cell), cell.text);
            return Err(NOT_FINITE.at(self.span, message).help("write a number there"));
        }
        match outside(element, value, support) {
            Some(why) => {
                let told = OUTSIDE_SUPPORT.at(self.span, format!("{}: {why}", self.place(cell)));
                Err(told.help(match self.unit {
                    // Milliseconds where seconds are meant, and the like.
                    Some(unit) if value > support.high && support.contains(value / 1000.0) => {
                        let finer = format!("m{unit}");
                        match Units::default().is_unit(&finer) {
                            true => format!("say in which unit the file is: `(unit = \"{finer}\")`"),
                            false => format!("write numbers in `{unit}`: {} for {value}", value / 1000.0),
                        }
                    }
                    _ => "mend the file, or the model".to_owned(),
                }))
            }
            None => Ok(value),
        }
    }

    /// The number of a cell, or that of the word in it.
    fn coded(&self, cell: &Cell<'_>, support: &Support, element: &str) -> Result<f64, Diagnostic> {
        let coded = self.coding.iter().find_map(|(codes, span)| {
            let (word, code) = codes.iter().find(|(word, _)| word == cell.text)?;
            Some((codes, *span, word, *code))
        });
        let Some((codes, span, word, code)) = coded else {
            return self.number(cell, support, element, &self.factor);
        };
        if support.contains(code) {
            return Ok(code);
        }
        let why = outside(element, code, support).unwrap_or_default();
        let why = why.rsplit_once(", and ").map_or(why.clone(), |(range, _)| range.to_owned());
        let told = CODING.at(span, format!("{why}, and `{word}` stands for {code}"));
        let low = first_code(support);
        let again: Vec<(&str, f64)> =
            codes.iter().enumerate().map(|(place, (word, _))| (word.as_str(), low + place as f64)).collect();
        Err(told.help(format!("write `coding = {}`", shown(&again))))
    }
}

/// A coding as it is written: `{left = 0, right = 1}`.
pub(super) fn shown(coded: &[(&str, f64)]) -> String {
    let each: Vec<String> = coded.iter().map(|(word, code)| format!("{word} = {code}")).collect();
    format!("{{{}}}", each.join(", "))
}

/// The number of the first word.
fn first_code(support: &Support) -> f64 {
    if support.low.is_finite() { support.low } else { 0.0 }
}

/// Whether no two words have one code.
fn distinct(coded: &[(&str, f64)]) -> bool {
    coded
        .iter()
        .enumerate()
        .all(|(place, (_, code))| coded.iter().skip(place + 1).all(|(_, other)| other != code))
}

/// How many cells more are like the first.
fn others(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", and another is none".to_owned(),
        others => format!(", and {others} others are none"),
    }
}

/// Names a column of numbers, in place of one with words.
fn numeric(rows: &[Row], headers: &[String], column: &str) -> Option<String> {
    let holds = |place: usize| {
        let mut cells =
            rows.iter().filter_map(|(.., record)| record.get(place)).filter(|cell| !is_missing(cell));
        rows.len() > 1 && cells.all(|cell| cell.parse::<f64>().is_ok())
    };
    let columns =
        headers.iter().enumerate().filter(|(place, _)| holds(*place)).map(|(_, name)| name.as_str());
    let columns: Vec<&str> = columns.collect();
    let first = columns.first()?;
    Some(format!(
        "`{column}` holds words; numbers stand in {}: name the column, `(column = \"{first}\")`",
        list(columns.iter().copied())
    ))
}
