//! The picture of a comparison: each measure against what the grid varies, a line for each approximator, bands over seeds.

use super::report::{Group, MEASURES, Row, Table};
use sbi_plot::{Figure, Page, Trend, Trends, trends};
use std::collections::BTreeSet;

/// What is on the axis from left to right.
#[derive(Clone, Copy, PartialEq)]
enum Along {
    /// The missing rate of test sets, in percent.
    Missing,
    /// The simulations trained on.
    Simulations,
}

/// The picture, where the grid has several missing rates or several budgets.
pub fn of(table: &Table, model: &str) -> Option<String> {
    let groups = table.groups();
    let along = [Along::Missing, Along::Simulations].into_iter().find(|along| {
        let places = groups.iter().filter_map(|group| along.place(group));
        places.map(f64::to_bits).collect::<BTreeSet<u64>>().len() > 1
    })?;
    let drawn = MEASURES.iter().filter_map(|measure| {
        let mut lines: Vec<Trend> = Vec::new();
        for group in &groups {
            let (Some(place), Some(values)) = (along.place(group), group.values(measure)) else { continue };
            let ends = values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let (label, point) = (along.label(group, &groups), [place, ends.0, mean, ends.1]);
            match lines.iter_mut().find(|own| own.label == label) {
                Some(line) => line.points.push(point),
                None => lines.push(Trend { label, points: vec![point] }),
            }
        }
        let (name, unit, powers) = match along {
            Along::Missing => ("missing", Some("%"), false),
            Along::Simulations => ("simulations", None, true),
        };
        trends(&Trends { title: measure.title, along: (name, unit), powers, trends: &lines }).ok()
    });
    let figures: Vec<Figure> = drawn.collect();
    let about = [format!(
        "{} data sets with {} draws each; bands are from the least to the largest over seeds.",
        table.sets, table.draws
    )];
    let title = format!("{model}: approximators compared");
    (!figures.is_empty()).then(|| Page { title: &title, about: &about, figures, notes: &[] }.render())
}

impl Along {
    /// Where a group stands.
    fn place(self, group: &Group) -> Option<f64> {
        let first = group.rows.first()?;
        match self {
            Along::Missing => first.missing.as_ref().map(|missing| 100.0 * missing.rate),
            Along::Simulations => first.simulations.map(|count| count as f64),
        }
    }

    /// The line that a group is of: its approximator, and what else differs.
    fn label(self, group: &Group, groups: &[Group]) -> String {
        let Some(first) = group.rows.first() else { return String::new() };
        let budgets: BTreeSet<&str> =
            groups.iter().filter_map(|own| own.rows.first()).map(|row| row.budget.as_str()).collect();
        let missing = |row: &Row| row.missing.as_ref().map(|missing| missing.text.clone());
        let gaps: BTreeSet<Option<String>> =
            groups.iter().filter_map(|own| own.rows.first()).map(|row| missing(row)).collect();
        let names: BTreeSet<Option<String>> = groups
            .iter()
            .filter_map(|own| own.rows.first()?.missing.as_ref())
            .map(|missing| missing.name.clone())
            .collect();
        let mut label = first.approximator.clone();
        let also = match self {
            Along::Missing if names.len() > 1 => {
                first.missing.as_ref().and_then(|missing| missing.name.clone())
            }
            Along::Simulations if gaps.len() > 1 => missing(first).map(|text| format!("{text} missing")),
            _ => None,
        };
        let budget = (self == Along::Missing && budgets.len() > 1).then(|| first.budget.clone());
        for more in also.into_iter().chain(budget) {
            label += &format!(", {more}");
        }
        label
    }
}
