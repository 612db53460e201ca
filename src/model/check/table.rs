//! `given x from "file.csv" (…)`: which cells of a table a datum reads.

use super::array::is_array;
use super::at::Placing;
use super::codes::{
    ARGUMENT_TWICE, ARGUMENT_UNNAMED, BY_DIFFERS, DATA_COLUMN, SAME_COLUMN, UNKNOWN_ARGUMENT, VECTOR,
};
use super::coding::coding;
use super::csv::{Empty, Over, Set, Wanted, headers};
use super::files::Files;
use super::given::other_unit;
use super::missing::empty;
use super::names::list;
use super::network::not_run;
use super::place::Selected;
use super::query::Asked;
use crate::units::Factor;
use crate::{AxisId, AxisKind, DataSet, NodeId, Token};
use sbi_syntax::tree::{Expr, ExprKind, Given, Source, Table};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::BTreeSet;

/// How the table of a datum may be read.
const ARGUMENTS: [&str; 6] = ["by", "coding", "column", "columns", "time", "unit"];

/// How a table is to be read.
#[derive(Default)]
pub(super) struct How {
    pub(super) column: Option<(String, Span)>,
    pub(super) columns: Option<(Vec<String>, Span)>,
    pub(super) unit: Option<(String, Span)>,
    pub(super) by: Option<(String, Span)>,
    pub(super) time: Option<(String, Span)>,
    pub(super) coding: Option<(Vec<(String, f64)>, Span)>,
}

impl Asked<'_, '_> {
    /// The values of a file, one for each selected token; none where the file has no value for it.
    pub(super) fn table(
        &mut self,
        selected: &Selected,
        table: &Table,
        files: &Files<'_>,
    ) -> Result<Vec<Option<f64>>, Option<Diagnostic>> {
        let path = table.path.value.as_str();
        let how = how(table, &ARGUMENTS)?;
        let units = &self.looked.constants.units;
        let factor = match &how.unit {
            Some((unit, span)) => other_unit(unit, &selected.measure, &selected.name, units, *span)?,
            None => Factor::ONE,
        };
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
        let model = &self.looked.model;
        let rows: Vec<AxisId> = selected.axes.iter().copied().filter(|id| model.axis(*id).is_row()).collect();
        if is_array(path) || rows.len() > 1 {
            let bytes = files.bytes(path, table.path.span)?;
            let what = match is_array(path) {
                true => self.array(selected, table, &how, &bytes).map(|()| "arrays in files")?,
                false => self
                    .long_table(selected, table, &rows, &bytes)
                    .map(|()| "tables with more than one row axis")?,
            };
            self.later.push(
                not_run(what, table.path.span)
                    .help("summarise the data, and save numbers as CSV with column names"),
            );
            // Nothing is read, and the query never runs.
            return Ok(vec![None; selected.tokens.len()]);
        }
        self.not_apart(&how, table).map_or(Ok(()), Err)?;
        let mut copied = None;
        match how.columns {
            None => copied = self.read_column(selected, &how, table),
            Some(_) => self.told.extend(repeated(table)),
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
        if let (Some(over), Some((column, at))) = (&over, &how.column)
            && over.axis.is_time()
        {
            exchanged(selected, over, how.time.as_ref(), column, *at).map_or(Ok(()), Err)?;
        }
        let occurring = self.occurring(selected.node);
        let wanted = Wanted {
            path,
            span: table.path.span,
            node: &selected.name,
            indexed: self.indexed(selected.node),
            elements: tokens.iter().map(|token| token.name.clone()).collect(),
            whole: selected.whole,
            scalar: selected.lengths.is_empty(),
            supports: tokens.iter().map(|token| occurring(token.support)).collect(),
            columns: how.columns,
            column: how.column,
            by: how.by.clone(),
            time: how.time,
            unit: selected.unit.as_deref(),
            factor,
            coding: how.coding,
            empty: self.empty_cell(selected.node, over.as_ref()),
            over,
        };
        let read = files.bytes(path, table.path.span).and_then(|bytes| wanted.read(&bytes));
        let sets = read.map_err(|told| match &copied {
            // That the column is another's says why it cannot be read.
            Some(copied) => {
                let why = copied.help.as_deref().unwrap_or_default();
                Some(told.help(format!("{}: {why}", copied.message)))
            }
            None => {
                // One axis that is too short is one slip, however many data run over it.
                let same = |known: &Diagnostic| known.code == DATA_COLUMN.name && known.help == told.help;
                let short = told.help.as_ref().is_some_and(|help| help.starts_with("let `"));
                (!short || !self.told.iter().any(same)).then_some(told)
            }
        })?;
        self.told.extend(copied);
        self.keep(selected, &rows, sets, how.by, table.path.span)
    }

    /// Says that a table has no column for each of several axes of rows.
    fn long_table(
        &self,
        selected: &Selected,
        table: &Table,
        rows: &[AxisId],
        bytes: &[u8],
    ) -> Result<(), Diagnostic> {
        let (path, span) = (&table.path.value, table.path.span);
        let headers = headers(path, span, bytes)?;
        let axes: Vec<&str> = rows.iter().map(|axis| self.looked.model.axis(*axis).name.as_str()).collect();
        let Some(lacking) = axes.iter().find(|axis| !headers.iter().any(|header| header == *axis)) else {
            return Ok(());
        };
        let name = &selected.name;
        let (all, columns) = (list(axes.iter().copied()), [axes.as_slice(), &[name.as_str()]].concat());
        let message = format!("`{name}` runs over {all}, and `{path}` has no column `{lacking}`");
        let help = format!("write a row for each value, with the columns {}", list(columns));
        Err(DATA_COLUMN.at(span, message).help(help))
    }

    /// Notes that a line tells the data sets of a file apart, wherever it stands in the query.
    pub(super) fn tell_apart(&mut self, given: &Given) {
        let Source::From(table) = &given.value else { return };
        if let Ok(How { by: Some((column, span)), .. }) = how(table, &ARGUMENTS) {
            self.apart.push((table.path.value.clone(), column, span));
        }
    }

    /// Says that another line tells the data sets of this file apart, and this one does not.
    fn not_apart(&self, how: &How, table: &Table) -> Option<Diagnostic> {
        let other = self.apart.iter().find(|(path, ..)| how.by.is_none() && *path == table.path.value);
        let (path, column, span) = other?;
        let message = format!("all rows of `{path}` are read here, and those of one data set elsewhere");
        let told = BY_DIFFERS.at(table.path.span, message).label(*span, "told apart here");
        Some(told.help(format!("write `by = \"{column}\"` here too, or remove it there")))
    }

    /// A warning where another datum has read the same column: a line that was copied, and not changed.
    fn read_column(&mut self, selected: &Selected, how: &How, table: &Table) -> Option<Diagnostic> {
        let (path, named) = (table.path.value.as_str(), how.column.clone());
        let (column, span) = named.unwrap_or_else(|| (selected.name.clone(), table.path.span));
        let same = |(known, name, node, _): &&(String, String, NodeId, Span)| {
            known == path && *name == column && *node != selected.node
        };
        let told = self.columns.iter().find(same).map(|(.., node, first)| {
            let other = &self.looked.model.node(*node).name;
            let message = format!("`{}` reads the column `{column}`, as `{other}` does", selected.name);
            let told = SAME_COLUMN.at(span, message).label(*first, format!("`{other}` reads it here"));
            told.help(format!("name the column of `{}`: `(column = \"…\")`", selected.name))
        });
        self.columns.push((path.to_owned(), column, selected.node, span));
        told
    }

    /// How the rows of a table lie along an axis.
    fn over(&self, selected: &Selected, id: AxisId) -> Over<'_> {
        let axis = self.looked.model.axis(id);
        let place = selected.axes.iter().position(|own| *own == id).unwrap_or_default();
        let mut over = Over::of(&selected.name, axis, &selected.positions, place);
        let most = over.most;
        over.least = match axis.kind {
            _ if self.placed.contains_key(&id) => most,
            // A joint estimator takes up to so many readings; a flow takes as many as it saw.
            AxisKind::Scattered { .. } if self.joint => 1,
            AxisKind::Set(count) | AxisKind::Scattered { count, .. } if most == count.most => count.least,
            _ => most,
        };
        over.placed = self.placed.get(&id);
        over
    }

    /// What an empty cell means for a node. Scattered instants may have fewer readings than their axis has elements.
    pub(super) fn empty_cell(&self, node: NodeId, over: Option<&Over<'_>>) -> Empty {
        let scattered = over.is_some_and(|over| matches!(over.axis.kind, AxisKind::Scattered { .. }));
        match empty(self.looked, node) {
            Empty::Surprise if scattered => Empty::Gap,
            empty => empty,
        }
    }

    /// A node with its axes: `x[i]`.
    pub(super) fn indexed(&self, id: NodeId) -> String {
        let model = &self.looked.model;
        let node = model.node(id);
        let axes: Vec<&str> = node.axes.iter().map(|axis| model.axis(*axis).name.as_str()).collect();
        if axes.is_empty() { node.name.clone() } else { format!("{}[{}]", node.name, axes.join(", ")) }
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
            self.set_places(*axis, Placing { at: times, refused: false, by_file: true, span })
                .map_or(Ok(()), Err)?;
        }
        let counts = sets.iter().map(|set| (set.name.clone(), set.rows)).collect();
        self.count(selected, counts, span).map_or(Ok(()), Err)?;
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

/// Says that the column of times is named for the values.
fn exchanged(
    selected: &Selected,
    over: &Over<'_>,
    time: Option<&(String, Span)>,
    column: &str,
    at: Span,
) -> Option<Diagnostic> {
    let (name, axis) = (&selected.name, &over.axis.name);
    let times = time.map_or(axis.as_str(), |(times, _)| times);
    if column != times && (column != axis || times != name) {
        return None;
    }
    let told =
        UNKNOWN_ARGUMENT.at(at, format!("`{column}` holds the times, and `{name}` is to be read from it"));
    let help = match column == axis || times == name {
        true => format!("write `(time = \"{axis}\", column = \"{name}\")`"),
        false => format!("name the column of `{name}`: `(time = \"{times}\", column = \"…\")`"),
    };
    Some(told.help(help))
}

/// A data set that only one of two files has.
fn odd<'s>(one: &'s [DataSet], two: &'s [DataSet]) -> Option<&'s str> {
    let names = |sets: &'s [DataSet]| sets.iter().map(|set| set.name.as_str()).collect::<BTreeSet<&str>>();
    names(one).symmetric_difference(&names(two)).next().copied()
}

/// Warns of a column that stands twice in one list.
fn repeated(table: &Table) -> Option<Diagnostic> {
    let columns = table
        .arguments
        .iter()
        .find(|argument| argument.label.as_ref().is_some_and(|label| label.text == "columns"))?;
    let ExprKind::List(entries) = &columns.value.kind else { return None };
    let same = |one: &Expr, two: &Expr| matches!((&one.kind, &two.kind), (ExprKind::Text(one), ExprKind::Text(two)) if one == two);
    let (again, first) = entries.iter().enumerate().find_map(|(place, entry)| {
        entries.iter().take(place).find(|before| same(before, entry)).map(|before| (entry, before))
    })?;
    let ExprKind::Text(name) = &again.kind else { return None };
    let told = SAME_COLUMN.at(again.span, format!("the column `{name}` is read twice here"));
    Some(told.label(first.span, "first here").help("name the column of this element: `\"…\"`"))
}

/// Reads the arguments behind a file, out of those that may stand there.
///
/// # Errors
/// The first thing that is wrong with them.
pub(super) fn how(table: &Table, takes: &[&str]) -> Result<How, Diagnostic> {
    let mut how = How::default();
    for argument in &table.arguments {
        let Some(label) = &argument.label else {
            let told = ARGUMENT_UNNAMED.at(argument.span, "what stands behind a file needs its name");
            return Err(told.help("write `(column = \"…\")` or `(columns = [\"…\", …])`"));
        };
        let span = argument.value.span;
        let repeated = match label.text.as_str() {
            other if !takes.contains(&other) => {
                let told = UNKNOWN_ARGUMENT.at(label.span, format!("a file is not read by `{other}`"));
                return Err(match elsewhere(other).or_else(|| suggest(other, takes.iter().copied())) {
                    Some(meant) if takes.contains(&meant) => told.did_you_mean(Some(meant)),
                    _ => told.help(format!("there is {}", list(takes.iter().copied()))),
                });
            }
            "column" => how.column.replace((text(&argument.value)?, span)).is_some(),
            "columns" => how.columns.replace((texts(&argument.value)?, span)).is_some(),
            "unit" => how.unit.replace((text(&argument.value)?, span)).is_some(),
            "by" => how.by.replace((text(&argument.value)?, span)).is_some(),
            "time" => how.time.replace((text(&argument.value)?, span)).is_some(),
            _ => how.coding.replace((coding(&argument.value)?, span)).is_some(),
        };
        if repeated {
            let told = ARGUMENT_TWICE.at(argument.span, format!("`{}` is told twice", label.text));
            return Err(told.help("remove one of them"));
        }
        if how.column.is_some() && how.columns.is_some() {
            let told = ARGUMENT_TWICE.at(argument.span, "the columns are named twice");
            return Err(told.help("write `column` for one column, or `columns` for one for each element"));
        }
    }
    Ok(how)
}

/// What an argument of another language is called here.
fn elsewhere(argument: &str) -> Option<&'static str> {
    Some(match argument {
        "codes" | "code" | "levels" | "labels" | "map" | "mapping" | "categories" | "values" => "coding",
        "col" | "name" | "field" | "variable" | "usecol" => "column",
        "cols" | "usecols" | "names" | "fields" => "columns",
        "times" | "t" | "date" | "index" | "index_col" => "time",
        "units" => "unit",
        "group" | "groupby" | "subject" | "id" | "group_by" => "by",
        _ => return None,
    })
}

fn text(value: &Expr) -> Result<String, Diagnostic> {
    match &value.kind {
        ExprKind::Text(text) => Ok(text.clone()),
        kind => {
            let name = match kind {
                ExprKind::Path(path) => path.text(),
                _ => "…".to_owned(),
            };
            let told = VECTOR.at(value.span, "a name in quotes is expected here");
            Err(told.help(format!("write `\"{name}\"`")))
        }
    }
}

fn texts(value: &Expr) -> Result<Vec<String>, Diagnostic> {
    match &value.kind {
        ExprKind::List(entries) => entries.iter().map(text).collect(),
        _ => Err(VECTOR.at(value.span, "a list of names is expected here").help("write `[\"…\", \"…\"]`")),
    }
}
