//! True values that a user knows, to be marked beside what was found.

use crate::cli::case::Case;
use crate::cli::failure::Outcome;
use crate::cli::points;
use sbi_model::AxisKind;
use std::collections::BTreeMap;
use std::path::Path;

const OPTION: &str = "--truth truth.csv";

/// The first values of a file for the tokens of a query, by their names; none without a file. Elements at scattered times are
/// passed over: those of the file stand at other times.
pub fn read(case: &Case, path: Option<&Path>) -> Outcome<BTreeMap<String, f64>> {
    let Some(path) = path else { return Ok(BTreeMap::new()) };
    let model = &case.asked.model;
    let tokens = case.asked.subject.tokens().iter();
    let placed = |axis| matches!(model.axis(axis).kind, AxisKind::Scattered { .. });
    let fixed = tokens.filter(|token| !model.node(token.node).axes.iter().any(|axis| placed(*axis)));
    let names: Vec<String> = fixed.map(|token| token.name.clone()).collect();
    let known = points::known(path, &names, OPTION)?;
    let values = points::read(path, &known, OPTION)?;
    Ok(known.into_iter().zip(values).collect())
}
