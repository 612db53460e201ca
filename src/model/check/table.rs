//! `given x from "file.csv" (…)`: which cells of a table a datum reads.

use super::at::Placing;
use super::codes::{ARGUMENT_TWICE, ARGUMENT_UNNAMED, BY_DIFFERS, CODING, LENGTH, UNKNOWN_ARGUMENT, VECTOR};
use super::csv::{Over, Set, Wanted};
use super::given::{Files, same_unit};
use super::index::count;
use super::names::list;
use super::network::not_run;
use super::place::Selected;
use super::query::Asked;
use crate::{AxisId, AxisKind, DataSet, Token};
use sbi_syntax::tree::{self, Expr, ExprKind, Table};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::BTreeSet;

/// How a table may be read.
const ARGUMENTS: [&str; 6] = ["by", "coding", "column", "columns", "time", "unit"];

/// How a table is to be read.
#[derive(Default)]
struct How {
    column: Option<(String, Span)>,
    columns: Option<(Vec<String>, Span)>,
    unit: Option<(String, Span)>,
    by: Option<(String, Span)>,
    time: Option<(String, Span)>,
    coding: Option<(Vec<(String, f64)>, Span)>,
}

impl Asked<'_, '_> {
    /// The values of a file, one for each selected token; none where the file has no value for it.
    pub(super) fn table(
        &mut self,
        selected: &Selected,
        table: &Table,
        files: &mut Files<'_>,
    ) -> Result<Vec<Option<f64>>, Option<Diagnostic>> {
        let path = table.path.value.as_str();
        let how = how(table)?;
        if let Some((unit, span)) = &how.unit {
            same_unit(unit, selected, *span)?;
        }
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
        let model = &self.looked.model;
        let rows: Vec<AxisId> = selected.axes.iter().copied().filter(|id| model.axis(*id).is_row()).collect();
        let binary = [".npy", ".npz", ".nc"].iter().any(|end| path.ends_with(end));
        if binary || rows.len() > 1 {
            files.bytes(path, table.path.span)?;
            let what = if binary { "arrays in files" } else { "tables with more than one row axis" };
            self.later.push(
                not_run(what, table.path.span)
                    .help("summarise the data, and save numbers as CSV with column names"),
            );
            // Nothing is read, and the query never runs.
            return Ok(vec![None; selected.tokens.len()]);
        }
        let over = rows.first().map(|axis| self.over(selected, *axis));
        if let Some((column, span)) = &how.time
            && !over.as_ref().is_some_and(|over| over.axis.is_time())
        {
            let message = format!("`{}` has no time, and `{column}` is to hold its times", selected.name);
            let told = UNKNOWN_ARGUMENT.at(*span, message);
            return Err(Some(told.help("leave `time` out, or let the datum run over a time axis")));
        }
        let tokens: Vec<&Token> =
            selected.tokens.iter().filter_map(|token| self.graph.tokens.get(*token)).collect();
        let width = over.as_ref().map_or(tokens.len(), |over| over.columns.len());
        if let Some((columns, span)) = how.columns.as_ref().filter(|(columns, _)| columns.len() != width) {
            let named = count(columns.len(), "column", "columns");
            let wanted = count(width, "element", "elements");
            let told = LENGTH.at(*span, format!("{named} for {wanted} of `{}`", selected.name));
            return Err(Some(told.help("name one column for each element, row-major")));
        }
        let group = self.groups.all.iter().find(|group| group.nodes.contains(&selected.node));
        let gaps = self.groups.may_miss(&selected.name, group.map_or("", |group| &group.name))
            || over.as_ref().is_some_and(|over| matches!(over.axis.kind, AxisKind::Scattered { .. }));
        let wanted = Wanted {
            path,
            span: table.path.span,
            node: &selected.name,
            elements: tokens.iter().map(|token| token.name.clone()).collect(),
            scalar: selected.lengths.is_empty(),
            supports: tokens.iter().map(|token| token.support).collect(),
            columns: how.columns,
            column: how.column,
            by: how.by.clone(),
            time: how.time,
            coding: how.coding,
            gaps,
            over,
        };
        let sets = wanted.read(files.bytes(path, table.path.span)?)?;
        self.keep(selected, &rows, sets, how.by, table.path.span)
    }

    /// How the rows of a table lie along an axis.
    fn over(&self, selected: &Selected, id: AxisId) -> Over<'_> {
        let model = &self.looked.model;
        let axis = model.axis(id);
        let place = selected.axes.iter().position(|own| *own == id).unwrap_or_default();
        let length = |place: usize| selected.lengths.get(place).copied().unwrap_or(1);
        let most = length(place);
        let least = match axis.kind {
            _ if self.placed.contains_key(&id) => most,
            // A joint estimator takes up to so many readings; a flow takes as many as it saw.
            AxisKind::Scattered { .. } if self.joint => 1,
            AxisKind::Set(count) | AxisKind::Scattered { count, .. } if most == count.most => count.least,
            _ => most,
        };
        // Elements along the other axes are columns; a token is a row and a column.
        let inner: usize = (place + 1..selected.lengths.len()).map(length).product();
        let cells = selected.tokens.len();
        let cell = (0..cells).map(|token| {
            let (outer, rest) = (token / (inner * most).max(1), token % (inner * most).max(1));
            (rest / inner.max(1), outer * inner + rest % inner.max(1))
        });
        let width = cells / most.max(1);
        let columns = match width {
            1 => vec![selected.name.clone()],
            _ => (1..=width).map(|column| self.column(selected, place, column - 1)).collect(),
        };
        let placed = self.placed.get(&id).map(|placing| placing.at.as_slice());
        Over { axis, least, most, columns, cells: cell.collect(), placed }
    }

    /// The name of a column: the elements along all axes but the one of rows, `x[1]` or `x[1,2]`.
    fn column(&self, selected: &Selected, rows: usize, column: usize) -> String {
        let mut rest = column;
        let mut index = Vec::new();
        for (place, length) in selected.lengths.iter().enumerate().rev() {
            if place != rows {
                index.insert(0, (rest % length + 1).to_string());
                rest /= length;
            }
        }
        format!("{}[{}]", selected.name, index.join(","))
    }

    /// Keeps what a file says: the first data set as the query's, all of them where it tells several apart, and times.
    fn keep(
        &mut self,
        selected: &Selected,
        rows: &[AxisId],
        sets: Vec<Set>,
        by: Option<(String, Span)>,
        span: Span,
    ) -> Result<Vec<Option<f64>>, Option<Diagnostic>> {
        let first = sets.first().map(|set| set.values.clone()).unwrap_or_default();
        if let (Some(axis), Some(times)) = (rows.first(), sets.first().and_then(|set| set.times.clone()))
            && matches!(self.looked.model.axis(*axis).kind, AxisKind::Scattered { .. })
        {
            self.set_places(*axis, Placing { at: times, refused: false, span }).map_or(Ok(()), Err)?;
        }
        let Some((column, at)) = by else { return Ok(first) };
        self.later.push(not_run("by", at).help("give the data of one subject, in a file of their own"));
        if let Some((_, first)) = self.by.as_ref().filter(|(known, _)| *known != column) {
            let told = BY_DIFFERS.at(at, "the data sets of a query are told apart by one column");
            return Err(Some(told.label(*first, "first here").help("name the same column in all of them")));
        }
        let mut kept = Vec::with_capacity(sets.len());
        for set in sets {
            let given = selected
                .tokens
                .iter()
                .zip(&set.values)
                .filter_map(|(token, value)| Some((*token, (*value)?)));
            kept.push(DataSet { name: set.name, given: given.collect() });
        }
        if self.by.is_none() {
            self.by = Some((column, at));
            self.sets = kept;
            return Ok(first);
        }
        if let Some(odd) = odd(&self.sets, &kept) {
            let message = format!("`{odd}` has data in one file of this query and not in the other");
            return Err(Some(BY_DIFFERS.at(at, message).help("give both for every data set")));
        }
        for set in kept {
            if let Some(known) = self.sets.iter_mut().find(|known| known.name == set.name) {
                known.given.extend(set.given);
            }
        }
        Ok(first)
    }
}

/// A data set that only one of two files has.
fn odd<'s>(one: &'s [DataSet], two: &'s [DataSet]) -> Option<&'s str> {
    let names = |sets: &'s [DataSet]| sets.iter().map(|set| set.name.as_str()).collect::<BTreeSet<&str>>();
    names(one).symmetric_difference(&names(two)).next().copied()
}

/// Reads the arguments behind a file.
fn how(table: &Table) -> Result<How, Diagnostic> {
    let mut how = How::default();
    for argument in &table.arguments {
        let Some(label) = &argument.label else {
            let told = ARGUMENT_UNNAMED.at(argument.span, "what stands behind a file needs its name");
            return Err(told.help("write `(column = \"…\")` or `(columns = [\"…\", …])`"));
        };
        let span = argument.value.span;
        let repeated = match label.text.as_str() {
            "column" => how.column.replace((text(&argument.value)?, span)).is_some(),
            "columns" => how.columns.replace((texts(&argument.value)?, span)).is_some(),
            "unit" => how.unit.replace((text(&argument.value)?, span)).is_some(),
            "by" => how.by.replace((text(&argument.value)?, span)).is_some(),
            "time" => how.time.replace((text(&argument.value)?, span)).is_some(),
            "coding" => how.coding.replace((coding(&argument.value)?, span)).is_some(),
            other => {
                let told = UNKNOWN_ARGUMENT.at(label.span, format!("a file is not read by `{other}`"));
                return Err(match suggest(other, ARGUMENTS) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("there is {}", list(ARGUMENTS))),
                });
            }
        };
        if repeated || (how.column.is_some() && how.columns.is_some()) {
            let told = ARGUMENT_TWICE.at(argument.span, "the columns are named twice");
            return Err(told.help("write `column` for one column, or `columns` for one for each element"));
        }
    }
    Ok(how)
}

fn text(value: &Expr) -> Result<String, Diagnostic> {
    match &value.kind {
        ExprKind::Text(text) => Ok(text.clone()),
        _ => Err(VECTOR.at(value.span, "a name in quotes is expected here").help("write `\"…\"`")),
    }
}

fn texts(value: &Expr) -> Result<Vec<String>, Diagnostic> {
    match &value.kind {
        ExprKind::List(entries) => entries.iter().map(text).collect(),
        _ => Err(VECTOR.at(value.span, "a list of names is expected here").help("write `[\"…\", \"…\"]`")),
    }
}

/// `{left = 0, right = 1}`.
fn coding(value: &Expr) -> Result<Vec<(String, f64)>, Diagnostic> {
    const EXAMPLE: &str = "write `coding = {left = 0, right = 1}`";
    let ExprKind::Record(fields) = &value.kind else {
        return Err(CODING.at(value.span, "a number for each word is expected here").help(EXAMPLE));
    };
    let mut codes: Vec<(String, f64)> = Vec::new();
    for field in fields {
        let ExprKind::Number(tree::Number { value: code, unit: None, .. }) = &field.value.kind else {
            return Err(CODING.at(field.value.span, "a word is coded by a number").help(EXAMPLE));
        };
        if codes.iter().any(|(known, _)| *known == field.name.text) {
            let told = CODING.at(field.name.span, format!("`{}` is coded twice", field.name.text));
            return Err(told.help("remove one of them"));
        }
        codes.push((field.name.text.clone(), *code));
    }
    Ok(codes)
}
