//! A trained network before many data sets whose parameters are known, which is how it is judged.

use crate::density::DensityError;
use crate::device::{Device, Machine};
use crate::draw::{Conditional, DrawError, Question};
use crate::posterior::{PosteriorPlan, Reals, sets};
use crate::subject::Subject;
use crate::table::Table;
use crate::weights::Weights;
use rayon::prelude::*;
use sbi_model::{Role, State};
use std::ops::ControlFlow;

/// Data sets that are answered between two reports of progress.
const AT_ONCE: usize = 32;

/// What answers.
#[derive(Clone, Copy)]
pub enum Learnt<'a> {
    /// Every conditional.
    Joint(&'a Weights),
    /// The posterior of all parameters, with their way to the real line.
    Posterior(&'a Weights<PosteriorPlan>, &'a Reals),
}

/// Data sets: each is asked for its parameters given all data that it has.
pub struct Sets<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) table: &'a Table,
    pub(crate) seed: u64,
    /// The scalars that are asked for, in the order of answers.
    pub parameters: Vec<usize>,
}

/// Hears how many data sets are done and may stop the work.
pub type GoOn<'g> = dyn FnMut(usize) -> ControlFlow<()> + 'g;

impl<'a> Sets<'a> {
    /// Data sets of a subject: scalars of the model, a row each, NaN of what a data set lacks. They are asked for the parameters that all of
    /// them have; values of a function at scattered times are none, as they are others in each.
    pub fn of(subject: &'a Subject, table: &'a Table, seed: u64) -> Sets<'a> {
        let there = |scalar: &usize| table.iter().all(|row| row.get(*scalar).is_some_and(|x| !x.is_nan()));
        let scalars = subject.scalars().iter().enumerate();
        let own = scalars.filter(|(_, token)| token.role == Role::Param).map(|(scalar, _)| scalar);
        let parameters = own.filter(|scalar| !subject.is_placed(*scalar)).filter(there).collect();
        Sets { subject, table, seed, parameters }
    }

    /// The true values of a parameter by its place among those asked for, one for each data set.
    pub fn truths(&self, parameter: usize) -> Vec<f64> {
        let scalar = self.parameters.get(parameter).copied();
        self.table
            .iter()
            .map(|row| scalar.and_then(|own| row.get(own)).copied().unwrap_or(f64::NAN))
            .collect()
    }

    /// So many draws of the parameters for each data set, `[data sets · draws · parameters]`.
    ///
    /// # Errors
    /// See [`DrawError`].
    pub fn draws(
        &self,
        learnt: Learnt,
        draws: usize,
        machine: &Machine,
        go_on: &mut GoOn,
    ) -> Result<Vec<f64>, DrawError> {
        match learnt {
            Learnt::Posterior(weights, reals) => sets::draws((weights, reals), self, draws, machine, go_on),
            Learnt::Joint(weights) => self.each(machine, go_on, DrawError::Stopped, |set, machine| {
                let question = self.question(set);
                let of = Conditional::new(weights, self.subject, &question, self.seed);
                Ok(of.draw(0..draws, machine, &mut |_| ControlFlow::Continue(()))?.values)
            }),
        }
    }

    /// The log-density of each data set's own parameters, in the user's units.
    ///
    /// # Errors
    /// See [`DensityError`].
    pub fn log_densities(
        &self,
        learnt: Learnt,
        machine: &Machine,
        go_on: &mut GoOn,
    ) -> Result<Vec<f64>, DensityError> {
        match learnt {
            Learnt::Posterior(weights, reals) => sets::log_densities((weights, reals), self, machine, go_on)
                .map_err(|error| match error {
                    DrawError::Device(why) => DensityError::Device(why),
                    _ => DensityError::Stopped,
                }),
            Learnt::Joint(weights) => self.each(machine, go_on, DensityError::Stopped, |set, machine| {
                let question = self.question(set);
                let of = Conditional::new(weights, self.subject, &question, self.seed);
                of.log_density(&self.values(set, &self.parameters), machine, &mut |_| {
                    ControlFlow::Continue(())
                })
            }),
        }
    }

    /// These scalars of a data set.
    pub(crate) fn values(&self, set: usize, scalars: &[usize]) -> Vec<f64> {
        let row = self.table.iter().nth(set).unwrap_or_default();
        scalars.iter().map(|scalar| row.get(*scalar).copied().unwrap_or(f64::NAN)).collect()
    }

    /// The parameters of a data set given its data.
    fn question(&self, set: usize) -> Question {
        let row = self.table.iter().nth(set).unwrap_or_default();
        let state =
            |(scalar, value): (usize, &f64)| match self.subject.scalars().get(scalar).map(|own| own.role) {
                _ if self.parameters.contains(&scalar) => State::Inferred,
                Some(Role::Data) if !value.is_nan() => State::Given(*value),
                _ => State::Absent,
            };
        let states: Vec<State> = row.iter().enumerate().map(state).collect();
        let origins: Vec<Option<usize>> = (0..states.len()).map(Some).collect();
        let coordinates = self.table.coordinates(set).to_vec();
        let subjects = (self.subject, self.subject);
        Question::of(format!("set {set}"), subjects, (&states, &origins, &self.parameters), coordinates)
    }

    /// What `work` finds of each data set, side by side, each on a thread of its own where the processor works.
    fn each<E: Send>(
        &self,
        machine: &Machine,
        go_on: &mut GoOn,
        stopped: E,
        work: impl Fn(usize, &Machine) -> Result<Vec<f64>, E> + Sync,
    ) -> Result<Vec<f64>, E> {
        let alone = Machine { device: machine.device, threads: 1 };
        let numbers: Vec<usize> = (0..self.table.rows()).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(machine.threads.max(1)).build();
        let pool = pool.expect("the system lets us start a few threads");
        let mut found = Vec::new();
        for some in numbers.chunks(AT_ONCE) {
            let made: Result<Vec<Vec<f64>>, E> = match machine.device {
                Device::Cpu => pool.install(|| some.par_iter().map(|set| work(*set, &alone)).collect()),
                _ => some.iter().map(|set| work(*set, machine)).collect(),
            };
            found.extend(made?.into_iter().flatten());
            if go_on(some.last().map_or(0, |last| last + 1)).is_break() {
                return Err(stopped);
            }
        }
        Ok(found)
    }
}
