//! Points that a user brings: rows of a CSV file with a column for each quantity, of which the density is asked for, or which
//! are true.

use super::failure::{Failure, Outcome};
use super::numbers::listed;
use sbi_syntax::suggest;
use std::fmt::Display;
use std::path::Path;

/// Reads the points of a file, `[points · names]`, in the order of `names`. Other columns are not looked at. `option` is
/// how the command line names such a file.
///
/// # Errors
/// A file that cannot be read, quantities without a column (all at once), a cell that is no number (the first).
pub fn read(path: &Path, names: &[String], option: &str) -> Outcome<Vec<f64>> {
    let shown = path.display();
    let unread = |why: &dyn Display| unreadable(path, why, option);
    let text = std::fs::read(path).map_err(|e| unread(&e))?;
    let (mut reader, columns) = opened(&text).map_err(|e| unread(&e))?;
    let places = places(&columns, names).map_err(|(lacking, help)| {
        Failure::wrong(format!("`{shown}` has no column {}", listed(&lacking, "or"))).help(help)
    })?;
    let mut points = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| unread(&e))?;
        for (place, name) in places.iter().zip(names) {
            let cell = record.get(*place).unwrap_or_default();
            let value = cell.parse().ok().filter(|value: &f64| value.is_finite());
            points.push(value.ok_or_else(|| {
                let line = record.position().map_or(0, csv::Position::line);
                let what = if cell.is_empty() { "nothing".to_owned() } else { format!("`{cell}`") };
                Failure::wrong(format!(
                    "line {line} of `{shown}` has {what} for `{name}`, and a number is needed"
                ))
                .help("write a number, with a point for decimals, or leave the line out")
            })?);
        }
    }
    match points.is_empty() {
        true => Err(Failure::wrong(format!("`{shown}` has no points"))
            .help("write a line for each point below the names of the columns")),
        false => Ok(points),
    }
}

/// Those of `names` that a file has a column for.
///
/// # Errors
/// A file that cannot be read, or has none of them.
pub fn known(path: &Path, names: &[String], option: &str) -> Outcome<Vec<String>> {
    let unread = |why: &dyn Display| unreadable(path, why, option);
    let text = std::fs::read(path).map_err(|e| unread(&e))?;
    let (_, columns) = opened(&text).map_err(|e| unread(&e))?;
    let known: Vec<String> = names.iter().filter(|name| columns.contains(name)).cloned().collect();
    match (known.is_empty(), names) {
        (true, [_, ..]) => Err(places(&columns, names).err().map_or_else(Failure::told, |(_, help)| {
            Failure::wrong(format!("`{}` has no column of what is drawn", path.display())).help(help)
        })),
        _ => Ok(known),
    }
}

fn unreadable(path: &Path, why: &dyn Display, option: &str) -> Failure {
    Failure::wrong(format!("`{}` cannot be read: {why}", path.display()))
        .help(format!("name a CSV file with a column for each quantity: `{option}`"))
}

/// A table behind its header, and the names in that.
fn opened(text: &[u8]) -> csv::Result<(csv::Reader<&[u8]>, Vec<String>)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let header = reader.headers()?;
    let columns = header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    Ok((reader, columns))
}

/// Which column each name has; else the names that have none, and what may be done.
fn places(columns: &[String], names: &[String]) -> Result<Vec<usize>, (Vec<String>, String)> {
    let place = |name: &String| columns.iter().position(|column| column == name);
    let lacking: Vec<&String> = names.iter().filter(|name| place(name).is_none()).collect();
    let Some(first) = lacking.first() else {
        return Ok(names.iter().filter_map(place).collect());
    };
    let others = columns.iter().filter(|column| !names.contains(column));
    let help = match suggest(first, others.map(String::as_str)) {
        Some(meant) => format!("call the column `{meant}` `{first}`"),
        None => format!("the first line should be {}", names.join(",")),
    };
    Err((lacking.into_iter().cloned().collect(), help))
}
