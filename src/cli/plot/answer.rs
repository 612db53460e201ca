//! An answer as figures: bands of what follows a coordinate, and a corner, or a row of margins, of all else.

use super::priors;
use super::series::{Series, series};
use crate::cli::case::Case;
use crate::cli::draws::Answer;
use crate::cli::store::Store;
use sbi_plot::{Band, Column, Figure, Quantities, Unplottable, bands, corner, margins};
use std::collections::{BTreeMap, BTreeSet};

/// Of so many quantities pairs are shown: each panel of more would be too small to read.
const PAIRED: usize = 8;
/// So many quantities, and so many functions, are shown at most.
const QUANTITIES: usize = 40;
const FUNCTIONS: usize = 12;

/// What is drawn of an answer.
pub struct Parts<'a> {
    case: &'a Case<'a>,
    answer: &'a Answer,
    /// The quantities that follow no coordinate, by their numbers in the query.
    scalars: Vec<usize>,
    /// The others.
    series: Vec<Series<'a>>,
}

impl<'a> Parts<'a> {
    /// The parts of an answer.
    pub fn of(case: &'a Case<'a>, answer: &'a Answer) -> Parts<'a> {
        let series = series(case);
        let along: BTreeSet<usize> =
            series.iter().flat_map(|own| own.inferred.iter().map(|(column, _)| *column)).collect();
        let scalars = (0..answer.names.len()).filter(|column| !along.contains(column)).collect();
        Parts { case, answer, scalars, series }
    }

    /// What the figures leave out, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let rest = |all: usize, most: usize, what: &str| {
            (all > most)
                .then(|| format!("Shown are the first {most} of {all} {what}; `infer` asks for others."))
        };
        let quantities = rest(self.scalars.len(), QUANTITIES, "quantities");
        let pairs = (self.scalars.len() > PAIRED).then(|| {
            format!("Pairs are shown of at most {PAIRED} quantities: a query may infer some of them.")
        });
        let functions = rest(self.series.len(), FUNCTIONS, "functions");
        quantities.into_iter().chain(pairs).chain(functions).collect()
    }

    /// The figures, with what is true by the names of tokens, and outlines of the prior from what the store has.
    ///
    /// # Errors
    /// There is nothing finite to draw.
    pub fn figures(&self, truth: &BTreeMap<String, f64>, store: &Store) -> Result<Vec<Figure>, Unplottable> {
        let quantities = (!self.scalars.is_empty()).then(|| self.quantities(truth, store));
        let functions = (!self.series.is_empty()).then(|| self.functions(truth));
        quantities.into_iter().chain(functions).collect()
    }

    fn quantities(&self, truth: &BTreeMap<String, f64>, store: &Store) -> Result<Figure, Unplottable> {
        let shown: Vec<usize> = self.scalars.iter().take(QUANTITIES).copied().collect();
        let column = |number: &usize| {
            let label = self.answer.names.get(*number)?;
            let (unit, doc) = self.case.label(*number);
            Some(Column { label, unit, doc: doc.and_then(first_line), truth: truth.get(label).copied() })
        };
        let columns: Vec<Column> = shown.iter().filter_map(column).collect();
        let draws = self.draws(&shown);
        let prior = priors::read(self.case, &shown, store);
        let plot = Quantities { columns: &columns, draws: &draws, prior: prior.as_deref() };
        if shown.len() > PAIRED { margins(&plot) } else { corner(&plot) }
    }

    fn functions(&self, truth: &BTreeMap<String, f64>) -> Result<Figure, Unplottable> {
        let shown = self.series.get(..FUNCTIONS).unwrap_or(&self.series);
        let common = in_common_time(shown);
        let numbers: Vec<Numbers> = shown.iter().map(|own| self.numbers(own, truth)).collect();
        let mut panels = Vec::with_capacity(shown.len());
        for (own, numbers) in shown.iter().zip(&numbers) {
            panels.push(Band {
                label: &own.label,
                unit: own.node.unit.as_deref(),
                doc: own.node.doc.as_deref().and_then(first_line),
                along: (if common { "time" } else { &own.axis.name }, own.axis.unit.as_deref()),
                places: &numbers.places,
                draws: &numbers.draws,
                given: &own.given,
                truth: &numbers.truth,
            });
        }
        bands(&panels)
    }

    fn numbers(&self, own: &Series, truth: &BTreeMap<String, f64>) -> Numbers {
        let columns: Vec<usize> = own.inferred.iter().map(|(column, _)| *column).collect();
        let tokens = self.case.asked.subject.tokens();
        let known = |(token, place): &(usize, f64)| Some((*place, *truth.get(&tokens.get(*token)?.name)?));
        let mut truth: Vec<(f64, f64)> = own.tokens.iter().filter_map(known).collect();
        truth.sort_by(|one, other| one.0.total_cmp(&other.0));
        let places = own.inferred.iter().map(|(_, place)| *place).collect();
        Numbers { places, draws: self.draws(&columns), truth }
    }

    /// Some columns of the draws, row-major.
    fn draws(&self, columns: &[usize]) -> Vec<f64> {
        let rows = self.answer.values.chunks_exact(self.answer.names.len().max(1));
        rows.flat_map(|row| columns.iter().filter_map(|column| row.get(*column))).copied().collect()
    }
}

/// The numbers of a function.
struct Numbers {
    places: Vec<f64>,
    draws: Vec<f64>,
    truth: Vec<(f64, f64)>,
}

/// Whether series are read at times of their own in one unit, so that they stand above one axis.
fn in_common_time(series: &[Series]) -> bool {
    let Some(first) = series.first().map(|own| own.axis) else { return false };
    let in_time = |own: &Series| own.axis.is_time() && own.axis.unit == first.unit;
    series.iter().all(in_time) && series.iter().any(|own| own.axis.name != first.name)
}

/// The first line of a doc comment says what the thing is.
fn first_line(doc: &str) -> Option<&str> {
    doc.lines().next().map(str::trim).filter(|line| !line.is_empty())
}
