//! Simulations as the networks of a posterior take them.

use super::plan::{PosteriorPlan, Reals};
use crate::backend::Readings;
use crate::modality::Reading;
use crate::plan::standardise;
use crate::subject::Subject;
use crate::table::Table;
use rayon::prelude::*;
use std::borrow::Cow;

/// Simulations as networks take them.
pub struct Rows<'a> {
    table: Cow<'a, Table>,
    /// Standardised scalars, `[rows · scalars]`.
    values: Vec<f32>,
    /// Standardised real numbers of parameters, `[rows · reals]`.
    wanted: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// Those of a table, of whose rows scalars are the columns.
    pub fn of(
        plan: &PosteriorPlan,
        (subject, reals): (&Subject, &Reals),
        table: Cow<'a, Table>,
        threads: usize,
    ) -> Rows<'a> {
        Rows {
            values: standardise(&plan.scales, &subject.scaling, &table),
            wanted: wanted(plan, &reals.of_rows(&table, threads)),
            table,
        }
    }

    /// What these rows have of each source, made on the threads of the pool around it.
    pub fn readings(&self, subject: &Subject, rows: &[usize]) -> Vec<Readings> {
        let scalars = subject.scaling.len();
        let read = |row: &usize| -> Vec<Option<Reading>> {
            let own = self.values.get(row * scalars..(row + 1) * scalars).expect("rows are rows");
            let value = |scalar: usize| own.get(scalar).copied().unwrap_or(f32::NAN);
            let modalities = subject.modalities.iter();
            modalities.map(|modality| modality.read(value, self.table.coordinates(*row))).collect()
        };
        let read: Vec<Vec<Option<Reading>>> = rows.par_iter().map(read).collect();
        let mut readings: Vec<Readings> =
            subject.modalities.iter().map(|modality| modality.readings(Vec::new())).collect();
        for own in read {
            readings.iter_mut().zip(own).for_each(|(all, own)| all.samples.push(own));
        }
        readings
    }

    /// The parameters of these rows as the flow sees them, `[rows · reals]`.
    pub fn wanted_of(&self, plan: &PosteriorPlan, rows: &[usize]) -> Vec<f32> {
        let reals = plan.reals.len();
        rows.iter()
            .flat_map(|row| self.wanted.get(row * reals..(row + 1) * reals))
            .flatten()
            .copied()
            .collect()
    }
}

/// Real numbers as the flow sees them.
pub fn wanted(plan: &PosteriorPlan, reals: &[f64]) -> Vec<f32> {
    let moments = plan.reals.iter().cycle();
    reals.iter().zip(moments).map(|(x, (mean, sd))| ((x - mean) / sd) as f32).collect()
}
