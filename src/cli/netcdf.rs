//! `draws.nc`: draws with their axes and units, and what was given, as netCDF-4. ArviZ opens it as `InferenceData`.
//!
//! ```text
//! /                what made it: model, query, seed, keys
//! /posterior       (chain, draw, axes…): what was inferred, one chain
//! /observed_data   (axes…): what was given, NaN where a node was given in part; absent where nothing was
//! ```
//!
//! Numbers are those of `draws.csv`. No time of day is in it, so that a file that is run again gives the same bytes.
//! It is put together in memory, of which that takes four times the size of the file.

use super::case::Case;
use super::draws::Answer;
use super::failure::Outcome;
use super::files::{self, Beside};
use super::groups::{CHAIN, Coordinates, DRAW, Dimension, Group, Variable};
use netcdf_writer::{
    DimensionId, Error, NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions, Result, VariableId,
};
use sbi_model::{NodeId, State};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// Writes the file; `help` says what to do where that cannot be.
pub fn write(path: &Path, case: &Case, answer: &Answer, help: &str) -> Outcome {
    let written = || {
        let content = content(case, answer).map_err(in_words)?;
        let mut file = Beside::create(path)?;
        content.write(&mut file, NcWriteOptions { format: NcWriteFormat::Nc4 }).map_err(in_words)?;
        file.finish()
    };
    written().map_err(|e| files::unwritable(path, &e, help))
}

fn in_words(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

fn content(case: &Case, answer: &Answer) -> Result<NcFileBuilder> {
    let mut file = NcFileBuilder::new();
    for (name, value) in origin(case) {
        file.add_attribute(name, value)?;
    }
    posterior(&mut file, case, answer)?;
    observed(&mut file, case)?;
    Ok(file)
}

/// Adds the draws.
fn posterior(file: &mut NcFileBuilder, case: &Case, answer: &Answer) -> Result<()> {
    let scalars = case.asked.subject.scalar_of();
    let asked = case.asked.question.infer.iter().filter_map(|token| scalars.get(*token).copied().flatten());
    let columns: BTreeMap<usize, usize> =
        asked.enumerate().map(|(column, scalar)| (scalar, column)).collect();
    let group = group_of(case, |token| columns.contains_key(&token));
    let rows = answer.values.chunks_exact(columns.len().max(1));
    let leading = [plain(CHAIN, vec![0]), plain(DRAW, (0..rows.len() as i64).collect())];
    put(file, "posterior", &leading, &group, |variable| {
        let own: Vec<usize> =
            variable.tokens.iter().filter_map(|token| columns.get(token).copied()).collect();
        let mut values = Vec::with_capacity(rows.len() * own.len());
        for row in rows.clone() {
            values.extend(own.iter().filter_map(|column| row.get(*column)));
        }
        values
    })
}

/// Adds what was given, if anything.
fn observed(file: &mut NcFileBuilder, case: &Case) -> Result<()> {
    let given = |token: usize| match case.asked.states.get(token) {
        Some(State::Given(value)) => Some(*value),
        _ => None,
    };
    let all = case.asked.subject.scalars();
    let tokens = all.iter().enumerate();
    let nodes: BTreeSet<NodeId> =
        tokens.filter(|(number, _)| given(*number).is_some()).map(|(_, token)| token.node).collect();
    let known = |token: usize| all.get(token).is_some_and(|token| nodes.contains(&token.node));
    let group = group_of(case, known);
    if group.variables.is_empty() {
        return Ok(());
    }
    put(file, "observed_data", &[], &group, |variable| {
        variable.tokens.iter().map(|token| given(*token).unwrap_or(f64::NAN)).collect()
    })
}

fn group_of<'a>(case: &'a Case, wanted: impl Fn(usize) -> bool) -> Group<'a> {
    Group::of(&case.asked.model, case.asked.subject.scalars(), &case.query.placed, wanted)
}

/// A dimension without a unit.
fn plain(name: &str, numbers: Vec<i64>) -> Dimension<'_> {
    Dimension { name: name.to_owned(), unit: None, coordinates: Coordinates::Numbers(numbers) }
}

/// What made the file.
fn origin(case: &Case) -> [(&'static str, NcAttrValue); 10] {
    let [library, version] = library();
    [
        library,
        version,
        ("created_by", text("sbi run")),
        ("model", text(&case.network.model.name)),
        ("query", text(&case.query.name)),
        ("approximator", text(&case.network.approximator.name)),
        ("seed", NcAttrValue::UInt64s(vec![case.network.seed()])),
        ("key_simulations", text(&case.network.simulations)),
        ("key_weights", text(&case.network.weights)),
        ("key_draws", text(&case.key)),
    ]
}

/// Where ArviZ looks for what made a group.
fn library() -> [(&'static str, NcAttrValue); 2] {
    [("inference_library", text("sbi")), ("inference_library_version", text(env!("CARGO_PKG_VERSION")))]
}

/// Adds a group: its dimensions behind those that lead all of its variables, and the values of each variable, row-major.
fn put(
    file: &mut NcFileBuilder,
    path: &str,
    leading: &[Dimension],
    group: &Group,
    values: impl Fn(&Variable) -> Vec<f64>,
) -> Result<()> {
    for (name, value) in library() {
        file.add_group_attribute(path, name, value)?;
    }
    let lead: Vec<DimensionId> =
        leading.iter().map(|own| dimension(file, path, own)).collect::<Result<_>>()?;
    let axes: Vec<DimensionId> =
        group.dimensions.iter().map(|own| dimension(file, path, own)).collect::<Result<_>>()?;
    for variable in &group.variables {
        let own = variable.dimensions.iter().filter_map(|number| axes.get(*number));
        let dimensions: Vec<DimensionId> = lead.iter().chain(own).copied().collect();
        let id = file.add_variable_path::<f64>(format!("{path}/{}", variable.name), &dimensions)?;
        file.write_variable(id, &values(variable))?;
        unit(file, id, variable.node.unit.as_deref())?;
        // The first line of a doc comment says what the thing is.
        let about = variable.node.doc.as_deref().and_then(|doc| doc.lines().next());
        if let Some(about) = about.filter(|about| !about.is_empty()) {
            file.add_variable_attribute(id, "long_name", text(about))?;
        }
    }
    Ok(())
}

/// Adds a dimension with its coordinates.
fn dimension(file: &mut NcFileBuilder, group: &str, dimension: &Dimension) -> Result<DimensionId> {
    let path = format!("{group}/{}", dimension.name);
    let size = match &dimension.coordinates {
        Coordinates::Numbers(numbers) => numbers.len(),
        Coordinates::Places(places) => places.len(),
        Coordinates::Elements(names) => names.len(),
    };
    let id = file.add_dimension_path(path.as_str(), size as u64)?;
    let variable = match &dimension.coordinates {
        Coordinates::Numbers(numbers) => {
            let variable = file.add_variable_path::<i64>(path, &[id])?;
            file.write_variable(variable, numbers)?;
            variable
        }
        Coordinates::Places(places) => {
            let variable = file.add_variable_path::<f64>(path, &[id])?;
            file.write_variable(variable, places)?;
            variable
        }
        Coordinates::Elements(names) => {
            let variable = file.add_string_variable_path(path, &[id])?;
            file.write_string_variable(variable, names)?;
            variable
        }
    };
    unit(file, variable, dimension.unit)?;
    Ok(id)
}

/// Adds the unit of a variable, where it has one.
fn unit(file: &mut NcFileBuilder, variable: VariableId, unit: Option<&str>) -> Result<()> {
    // Python's xarray turns what is in units of these very names into times of whole nanoseconds, which no statistics can
    // be made of; by their signs they are the same units to all that reads netCDF.
    const SIGNS: [(&str, &str); 7] = [
        ("days", "day"),
        ("hours", "h"),
        ("minutes", "min"),
        ("seconds", "s"),
        ("milliseconds", "ms"),
        ("microseconds", "us"),
        ("nanoseconds", "ns"),
    ];
    let Some(written) = unit else { return Ok(()) };
    let sign = SIGNS.iter().find(|(name, _)| *name == written).map_or(written, |(_, sign)| *sign);
    file.add_variable_attribute(variable, "units", text(sign))
}

fn text(text: &str) -> NcAttrValue {
    NcAttrValue::Chars(text.to_owned())
}
