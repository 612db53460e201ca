//! A posterior before many data sets: each is read and answered as a query would be, many together.

use super::loaded::{Loaded, repeated};
use super::plan::{PosteriorPlan, Reals};
use super::rows::Rows;
use crate::backend::ScoreBackend;
use crate::device::{Machine, on_device};
use crate::draw::DrawError;
use crate::network::Operations;
use crate::sets::Sets;
use crate::weights::Weights;
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use sbi_sim::rng::Stream;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// Data sets that are read together.
const AT_ONCE: usize = 256;

/// Draws that are made together.
const ROWS: usize = 4_096;

/// What is made of some data sets: by the networks, from contexts, for their numbers.
type Work<'w, B> = dyn Fn(&Loaded<B>, Tensor<B, 2>, &[usize]) -> Vec<f64> + 'w;

/// So many draws of all parameters for each data set, `[data sets · draws · parameters]`, parameters in the order of columns.
///
/// # Errors
/// [`DrawError::Stopped`], [`DrawError::NotFinite`], [`DrawError::Device`].
pub fn draws(
    (weights, reals): (&Weights<PosteriorPlan>, &Reals),
    sets: &Sets,
    draws: usize,
    machine: &Machine,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<f64>, DrawError> {
    let stream = Stream::new(sets.seed, "@sets");
    let made = on_device!(machine.device, DrawError::Device, B => {
        let loaded = Loaded::<B>::new(weights, reals, machine.threads);
        each(&loaded, (weights, reals), sets, go_on, &|loaded, context, rows| {
            // Few at a time, however many are asked for.
            let (together, each) = ((ROWS / draws).max(1), ROWS.min(draws));
            let mut made = Vec::with_capacity(rows.len() * draws * reals.columns.len());
            for (place, rows) in rows.chunks(together).enumerate() {
                let context = context.clone().narrow(0, place * together, rows.len());
                for first in (0..draws).step_by(each) {
                    let own = first..draws.min(first + each);
                    let numbers = rows.iter().flat_map(|row| own.clone().map(move |draw| (row * draws + draw) as u64));
                    let numbers: Vec<u64> = numbers.collect();
                    made.extend(loaded.draws(repeated(&context, own.len()), &stream, &numbers));
                }
            }
            made
        })
    })?;
    let columns = reals.columns.len().max(1);
    match made.iter().position(|x| !x.is_finite()) {
        None => Ok(made),
        Some(place) => {
            let scalar = reals.columns.get(place % columns).and_then(|own| sets.subject.scalars().get(*own));
            Err(DrawError::NotFinite { name: scalar.map(|own| own.name.clone()).unwrap_or_default() })
        }
    }
}

/// The log-density of each data set's own parameters, in the user's units.
///
/// # Errors
/// [`DrawError::Stopped`], [`DrawError::Device`].
pub fn log_densities(
    (weights, reals): (&Weights<PosteriorPlan>, &Reals),
    sets: &Sets,
    machine: &Machine,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<f64>, DrawError> {
    on_device!(machine.device, DrawError::Device, B => {
        let loaded = Loaded::<B>::new(weights, reals, machine.threads);
        each(&loaded, (weights, reals), sets, go_on, &|loaded, context, rows| {
            let points = rows.iter().flat_map(|row| sets.values(*row, &reals.columns));
            loaded.log_densities(context, &points.collect::<Vec<f64>>())
        })
    })
}

/// What `work` makes of some data sets at a time.
fn each<B>(
    loaded: &Loaded<B>,
    (weights, reals): (&Weights<PosteriorPlan>, &Reals),
    sets: &Sets,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    work: &Work<B>,
) -> Result<Vec<f64>, DrawError>
where
    B: ScoreBackend,
    Autodiff<B>: Operations,
{
    let threads = loaded.pool.current_num_threads();
    let read = (sets.subject, reals);
    let from = Rows::of(&weights.plan, read, Cow::Borrowed(sets.table), threads);
    let rows: Vec<usize> = (0..sets.table.rows()).collect();
    let mut made = Vec::new();
    for rows in rows.chunks(AT_ONCE) {
        let readings = loaded.pool.install(|| from.readings(sets.subject, rows));
        made.extend(work(loaded, loaded.context(&readings), rows));
        if go_on(rows.last().map_or(0, |last| last + 1)).is_break() {
            return Err(DrawError::Stopped);
        }
    }
    Ok(made)
}
