//! What was known beforehand: the simulations that the store has, as draws of the prior.

use crate::cli::case::Case;
use crate::cli::simulations::Stream;
use crate::cli::store::Store;
use sbi_model::AxisKind;

/// An outline needs no more draws.
const MOST: usize = 10_000;

/// Draws of the prior for some of the inferred quantities of a query, by their numbers in it, `[draws · columns]`; NaN for
/// what the simulations do not tell. None where the store has none.
pub fn read(case: &Case, columns: &[usize], store: &Store) -> Option<Vec<f64>> {
    let places: Vec<Option<usize>> = columns.iter().map(|column| place(case, *column)).collect();
    if places.iter().all(Option::is_none) {
        return None;
    }
    let rows = case.network.approximator.train.simulations.min(MOST);
    let stream = Stream::of(case.network.source(), &case.network.simulations, rows, store);
    let width = case.network.source().columns().len().max(1);
    let mut prior = Vec::new();
    stream.each_kept(&mut |rows| {
        for row in rows.chunks_exact(width) {
            prior.extend(
                places
                    .iter()
                    .map(|place| place.and_then(|place| row.get(place)).copied().unwrap_or(f64::NAN)),
            );
        }
    });
    (!prior.is_empty()).then_some(prior)
}

/// The column of the simulations that has an inferred quantity; none of one at a time that its query chooses.
fn place(case: &Case, column: usize) -> Option<usize> {
    let model = &case.asked.model;
    let token = case.asked.subject.tokens().get(*case.asked.question.infer.get(column)?)?;
    let scattered = |axis| matches!(model.axis(axis).kind, AxisKind::Scattered { .. });
    let fixed = !model.node(token.node).axes.iter().any(|axis| scattered(*axis));
    let place = case.network.source().columns().iter().position(|name| *name == token.name);
    place.filter(|_| fixed)
}
