//! `given x = 0.5`, `given x[2] = 1`, `given x from "file.csv" (…)`: which tokens are fixed, at what values.

use super::codes::{
    ARGUMENT_TWICE, ARGUMENT_UNNAMED, DATA_LARGE, DATA_MISSING, DATA_UNREADABLE, GIVEN_TWICE, LENGTH,
    NOT_YET, OUTSIDE_SUPPORT, UNIT_MISMATCH, UNKNOWN_ARGUMENT, VECTOR,
};
use super::csv::{Wanted, outside};
use super::index::count;
use super::missing::empty;
use super::names::list;
use super::place::Selected;
use super::query::Asked;
use crate::world::{LARGEST_DATA, ReadError, World};
use crate::{NodeId, State};
use sbi_syntax::tree::{self, Expr, ExprKind, Source, Table, UnaryOperator};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How a table may be read, and what only later versions know.
const ARGUMENTS: [&str; 3] = ["column", "columns", "unit"];
const LATER: [&str; 3] = ["by", "coding", "time"];

/// The bytes of a file, or why there are none.
type Read = Result<Rc<[u8]>, ReadError>;

/// The files of a check, each read once.
pub(super) struct Files<'w> {
    world: &'w dyn World,
    read: RefCell<BTreeMap<String, Read>>,
}

impl<'w> Files<'w> {
    pub(super) fn new(world: &'w dyn World) -> Files<'w> {
        Files { world, read: RefCell::default() }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn bytes(&self, path: &str, span: Span) -> Result<Rc<[u8]>, Diagnostic> {
        if [".npy", ".npz", ".nc"].iter().any(|end| path.ends_with(end)) {
            let told = NOT_YET.at(span, "data are read from CSV only, in this version");
            return Err(told.help("save the numbers as CSV, with a line of column names"));
        }
        let mut known = self.read.borrow_mut();
        let read = known.entry(path.to_owned()).or_insert_with(|| {
            let bytes = self.world.read(path)?;
            let size = bytes.len() as u64;
            if size > LARGEST_DATA { Err(ReadError::TooLarge(size)) } else { Ok(bytes.into()) }
        });
        match read {
            Ok(bytes) => Ok(bytes.clone()),
            Err(ReadError::Missing) => Err(DATA_MISSING
                .at(span, format!("there is no file `{path}`"))
                .help("paths are relative to the folder of this file")),
            Err(error @ ReadError::TooLarge(_)) => Err(DATA_LARGE
                .at(span, format!("`{path}` is too large: {error}"))
                .help("keep only the rows and columns that the model reads")),
            Err(error) => Err(DATA_UNREADABLE
                .at(span, format!("`{path}` cannot be read: {error}"))
                .help("name a file that you may read")),
        }
    }
}

/// How a table is to be read.
#[derive(Default)]
pub(super) struct How {
    pub(super) column: Option<(String, Span)>,
    pub(super) columns: Option<(Vec<String>, Span)>,
    pub(super) unit: Option<(String, Span)>,
    /// The column of times.
    pub(super) time: Option<(String, Span)>,
}

impl Asked<'_, '_> {
    /// Fixes the tokens that a `given` names.
    pub(super) fn given(&mut self, given: &tree::Given, files: &Files<'_>) {
        if let Err(told) = self.fix(given, files) {
            self.told.extend(told);
        }
    }

    fn fix(&mut self, given: &tree::Given, files: &Files<'_>) -> Result<(), Option<Diagnostic>> {
        let selected = self.select(&given.target, "given")?;
        // That it is mentioned counts even where its value is wrong, so that nothing follows from that.
        let mut twice = None;
        for &token in &selected.tokens {
            if let Some(first) = self.mentioned.insert(token, given.target.span) {
                twice = twice.or(Some((token, first)));
            }
        }
        if let Some((token, first)) = twice {
            let message =
                format!("`{}` is given twice", self.graph.tokens.get(token).map_or("", |t| &t.name));
            let told = GIVEN_TWICE.at(given.target.span, message).label(first, "first here");
            return Err(Some(told.help("remove one of them")));
        }
        let values = match &given.value {
            Source::Equals(value) => self.written(&selected, value)?,
            Source::From(table) => self.table(&selected, table, files)?,
        };
        for (token, value) in selected.tokens.iter().zip(values) {
            // What a file lacks is absent, where the model says that it may be.
            if let (Some(state), Some(value)) = (self.states.get_mut(*token), value) {
                *state = State::Given(value);
            }
        }
        Ok(())
    }

    /// A node with its axes: `x[i]`.
    fn indexed(&self, id: NodeId) -> String {
        let model = &self.looked.model;
        let node = model.node(id);
        let axes: Vec<&str> = node.axes.iter().map(|axis| model.axis(*axis).name.as_str()).collect();
        if axes.is_empty() { node.name.clone() } else { format!("{}[{}]", node.name, axes.join(", ")) }
    }

    /// The values that are written, one for each selected token.
    fn written(&mut self, selected: &Selected, value: &Expr) -> Result<Vec<Option<f64>>, Option<Diagnostic>> {
        let mut leaves = Vec::new();
        self.leaves(value, &selected.lengths, &selected.name, &mut leaves)?;
        let mut values = Vec::new();
        for (leaf, &token) in leaves.iter().zip(&selected.tokens) {
            let Some(token) = self.graph.tokens.get(token) else { continue };
            let number = match leaf.kind {
                ExprKind::Truth(truth) if token.support.whole => f64::from(u8::from(truth)),
                _ => self.looked.constants.number(leaf)?,
            };
            self.unit_of(leaf, selected)?;
            if let Some(why) = outside(&token.name, number, &token.support) {
                return Err(Some(
                    OUTSIDE_SUPPORT
                        .at(leaf.span, why)
                        .help("give a value that can occur, or change the distribution"),
                ));
            }
            values.push(Some(number));
        }
        Ok(values)
    }

    /// The numbers of a list that has one level for each selected axis.
    fn leaves<'e>(
        &self,
        value: &'e Expr,
        lengths: &[usize],
        name: &str,
        leaves: &mut Vec<&'e Expr>,
    ) -> Result<(), Diagnostic> {
        match (&value.kind, lengths.split_first()) {
            (ExprKind::List(entries), Some((length, deeper))) if entries.len() == *length => {
                entries.iter().try_for_each(|entry| self.leaves(entry, deeper, name, leaves))
            }
            (ExprKind::List(entries), Some((length, _))) => Err(LENGTH
                .at(
                    value.span,
                    format!("{}, and `{name}` has {length} here", count(entries.len(), "value", "values")),
                )
                .help(format!("give {}", count(*length, "value", "values")))),
            (ExprKind::List(_), None) => Err(VECTOR
                .at(value.span, format!("a list stands where one number of `{name}` is expected"))
                .help("write it without brackets")),
            (_, Some((length, _))) => Err(VECTOR
                .at(value.span, format!("`{name}` has {length} elements, and one value is given"))
                .help(format!("write a list of {length}: `[0, …]`, or give one element: `{name}[1] = …`"))),
            (_, None) => {
                leaves.push(value);
                Ok(())
            }
        }
    }

    fn unit_of(&mut self, leaf: &Expr, selected: &Selected) -> Result<(), Diagnostic> {
        let number = match &leaf.kind {
            ExprKind::Number(number) => number,
            ExprKind::Unary { operator: UnaryOperator::Neg, operand } => match &operand.kind {
                ExprKind::Number(number) => number,
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let Some(unit) = &number.unit else { return Ok(()) };
        self.unit = self.unit.or(Some(unit.span));
        same_unit(&unit.text, selected.unit.as_deref(), &selected.name, unit.span)
    }

    /// The values of a file, one for each selected token.
    fn table(
        &mut self,
        selected: &Selected,
        table: &Table,
        files: &Files<'_>,
    ) -> Result<Vec<Option<f64>>, Option<Diagnostic>> {
        let path = table.path.value.as_str();
        let how = how(table, &ARGUMENTS, &LATER)?;
        if let Some((unit, span)) = &how.unit {
            same_unit(unit, selected.unit.as_deref(), &selected.name, *span)?;
        }
        let tokens: Vec<_> =
            selected.tokens.iter().filter_map(|token| self.graph.tokens.get(*token)).collect();
        let wanted = Wanted {
            path,
            span: table.path.span,
            node: &selected.name,
            indexed: self.indexed(selected.node),
            elements: tokens.iter().map(|token| token.name.clone()).collect(),
            scalar: selected.lengths.is_empty(),
            supports: tokens.iter().map(|token| token.support).collect(),
            columns: how.columns,
            column: how.column,
            grid: None,
            empty: empty(&self.looked.model, selected.node),
        };
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
        Ok(wanted.read(&files.bytes(path, table.path.span)?)?)
    }
}

/// Compares a unit that is given with that of the quantity of this name.
///
/// # Errors
/// They differ.
pub(super) fn same_unit(unit: &str, own: Option<&str>, name: &str, span: Span) -> Result<(), Diagnostic> {
    match own {
        Some(own) if own == unit => Ok(()),
        own => {
            let expected =
                own.as_ref().map_or_else(|| "has no unit".to_owned(), |own| format!("is in `{own}`"));
            let told = UNIT_MISMATCH.at(span, format!("`{name}` {expected}, and `{unit}` is given"));
            Err(told.help("units are labels in this version, and are not converted: write both alike"))
        }
    }
}

/// Reads the arguments behind a file; `later` are those that this version does not take.
///
/// # Errors
/// The first thing that is wrong with them.
pub(super) fn how(table: &Table, takes: &[&str], later: &[&str]) -> Result<How, Diagnostic> {
    let mut how = How::default();
    for argument in &table.arguments {
        let Some(label) = &argument.label else {
            let told = ARGUMENT_UNNAMED.at(argument.span, "what stands behind a file needs its name");
            return Err(told.help("write `(column = \"…\")` or `(columns = [\"…\", …])`"));
        };
        let span = argument.value.span;
        let repeated = match label.text.as_str() {
            other if !takes.contains(&other) && !later.contains(&other) => {
                let told = UNKNOWN_ARGUMENT.at(label.span, format!("a file is not read by `{other}`"));
                return Err(match suggest(other, takes.iter().copied()) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("there is {}", list(takes.iter().copied()))),
                });
            }
            other if later.contains(&other) => {
                return Err(NOT_YET
                    .at(label.span, format!("`{other} =` is not supported yet"))
                    .help("leave it out: one data set of numbers is read from the file"));
            }
            "column" => how.column.replace((text(&argument.value)?, span)).is_some(),
            "columns" => how.columns.replace((texts(&argument.value)?, span)).is_some(),
            "time" => how.time.replace((text(&argument.value)?, span)).is_some(),
            _ => how.unit.replace((text(&argument.value)?, span)).is_some(),
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
