//! What is chosen for a posterior before training: networks and steps, and how parameters become numbers of the real line.

use super::density::Density;
use super::fusion::Fusion;
use crate::backend::{Bodies, Readings, ScoreBackend};
use crate::network::{Piece, Placer};
use crate::scale::{Scale, scales};
use crate::schedule::{Course, Usual, budget, steps_for};
use crate::subject::Subject;
use crate::table::Table;
use crate::weights::Planned;
use burn::tensor::Tensor;
use sbi_model::{Approximator, Estimator, Model, NodeId, Role};
use sbi_sim::{Bijection, Refusal};
use serde::{Deserialize, Serialize};

/// Numbers of a summary where the file is silent: so many times as many as parameters, within these.
const SUMMARY: usize = 2;
const SUMMARIES: (usize, usize) = (16, 64);

/// Examples in a step where the file is silent, at most and in the first steps, and the peak learning rate.
const BATCH: usize = 256;
const FIRST_BATCH: usize = 128;
const LEARNING_RATE: f64 = 2e-3;

/// The most steps for 10,000 simulations; a third more for ten times as many.
const STEPS: f64 = 12_000.0;

/// What is chosen before training; the same for the same file and simulations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PosteriorPlan {
    /// How it is trained.
    #[serde(flatten)]
    pub course: Course,
    /// What reads data.
    pub fusion: Fusion,
    /// What is given by that.
    pub density: Density,
    /// How each kind of token is standardised.
    pub scales: Vec<Scale>,
    /// Mean and standard deviation of the real number that each parameter is.
    pub reals: Vec<(f64, f64)>,
}

/// Why there is no posterior.
#[derive(Clone, Debug, PartialEq)]
pub enum PosteriorError {
    /// Parameters cannot be taken to the real line, and why.
    Prior(Refusal),
    /// The rows of two modalities cannot be joined one by one: their encoders take them otherwise.
    Rows {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
}

impl std::fmt::Display for PosteriorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PosteriorError::Prior(refusal) => write!(f, "{refusal}"),
            PosteriorError::Rows { one, other } => write!(
                f,
                "`concat` joins rows of `{one}` and `{other}` one by one, but their encoders do not take the same rows"
            ),
        }
    }
}

impl std::error::Error for PosteriorError {}

/// The way between the parameters of a model and the real line.
pub struct Reals {
    /// Which scalars are parameters.
    pub columns: Vec<usize>,
    /// The way.
    pub bijection: Bijection,
}

impl Reals {
    /// That of all parameters of a model whose scalars a subject tells, for an approximator that reads its data.
    ///
    /// # Errors
    /// [`PosteriorError`].
    pub fn of(
        model: &Model,
        approximator: &Approximator,
        subject: &Subject,
    ) -> Result<Reals, PosteriorError> {
        let scalars = subject.scalars().iter().enumerate();
        let parameters = scalars.filter(|(_, token)| token.role == Role::Param);
        let (columns, elements): (Vec<usize>, Vec<(NodeId, usize)>) =
            parameters.map(|(column, token)| (column, (token.node, token.element))).unzip();
        let bijection = Bijection::of(model, &elements).map_err(PosteriorError::Prior)?;
        if let Some(fusion) = &approximator.fusion {
            read(fusion, subject, bijection.reals())?;
        }
        Ok(Reals { columns, bijection })
    }

    /// The real numbers of rows of scalars, `[rows · reals]`.
    pub(super) fn of_rows(&self, table: &Table, threads: usize) -> Vec<f64> {
        let mut mapped = self.bijection.to_real(&self.values(table), threads).values;
        held(&mut mapped, self.bijection.reals());
        mapped
    }

    /// The parameters of rows of scalars.
    fn values(&self, table: &Table) -> Vec<f64> {
        let row = |row: &[f64]| -> Vec<f64> {
            self.columns.iter().map(|column| row.get(*column).copied().unwrap_or(f64::NAN)).collect()
        };
        table.iter().flat_map(row).collect()
    }
}

/// The networks that read data for so many parameters.
fn read(fusion: &sbi_model::Fusion, subject: &Subject, parameters: usize) -> Result<Fusion, PosteriorError> {
    let summary = (SUMMARY * parameters).clamp(SUMMARIES.0, SUMMARIES.1);
    Fusion::of(&subject.modalities, &fusion.modalities(), fusion, summary)
}

impl PosteriorPlan {
    /// Chooses a plan for an approximator, from what the file states and from its simulations.
    pub fn of(
        approximator: &Approximator,
        subject: &Subject,
        reals: &Reals,
        table: &Table,
        threads: usize,
    ) -> Self {
        let Estimator::Posterior(written) = &approximator.estimator else {
            unreachable!("posteriors are planned for approximators of posteriors")
        };
        let fusion = approximator.fusion.as_ref().expect("a posterior has a fusion");
        let (train, count) = (&approximator.train, reals.bijection.reals());
        let fusion =
            read(fusion, subject, count).expect("this was asked when parameters were taken to the real line");
        let usual = Usual {
            steps: steps_for(STEPS, budget(train, table.rows())),
            batches: (BATCH, FIRST_BATCH),
            learning_rate: LEARNING_RATE,
        };
        let course = Course::of(&approximator.name, 1, train, usual);
        let stream = course.stream("flow.orders");
        let moments = moments(&reals.of_rows(table, threads), count);
        PosteriorPlan {
            density: Density::of(written, count, fusion.outputs, &stream),
            fusion,
            scales: scales(subject, table),
            reals: moments,
            course,
        }
    }

    /// The pieces of the parameters: those of the fusion, then those of what estimates the density.
    pub(crate) fn pieces(&self) -> (Vec<Piece>, Vec<Piece>) {
        let mut placer = Placer::default();
        self.density.place(&mut placer);
        (self.fusion.pieces(), placer.pieces)
    }

    /// Number of parameters of the fusion, and of what estimates the density behind them.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let size = |pieces: Vec<Piece>| pieces.last().map_or(0, |piece| piece.range.end);
        let (fusion, flow) = self.pieces();
        (size(fusion), size(flow))
    }

    /// The sum of the loss of standardised real numbers `[samples · reals]` given what each sample has of the sources, `[1]`; `noise` has the
    /// random numbers of each.
    pub(crate) fn loss_of<B: ScoreBackend>(
        &self,
        parameters: &Tensor<B, 1>,
        bodies: &Bodies,
        readings: &[Readings],
        (wanted, noise): (&[f32], &[f32]),
    ) -> Tensor<B, 1> {
        let (fusion, density) = self.sizes();
        let context = self.fusion.context(&parameters.clone().narrow(0, 0, fusion), bodies, readings);
        self.density.loss(&parameters.clone().narrow(0, fusion, density), wanted, &context, noise)
    }

    /// How often a draw looks at the network, where a query says how often or not.
    pub fn looks(&self, steps: Option<usize>) -> usize {
        self.density.looks(steps)
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        format!(
            "{}, context of {} ({} weights), {}",
            self.density.summary(),
            self.fusion.outputs,
            self.parameters(),
            self.course.summary()
        )
    }
}

impl Planned for PosteriorPlan {
    fn parameters(&self) -> usize {
        let (fusion, flow) = self.sizes();
        fusion + flow
    }
}

/// Puts what is infinite, as a parameter at an end of its support by rounding is, at the farthest number of its column that is not.
fn held(rows: &mut [f64], columns: usize) {
    for column in 0..columns {
        let own = || rows.iter().skip(column).step_by(columns).copied().filter(|x| x.is_finite());
        let (low, high) = (own().fold(f64::INFINITY, f64::min), own().fold(f64::NEG_INFINITY, f64::max));
        let own = rows.iter_mut().skip(column).step_by(columns).filter(|x| x.is_infinite());
        own.for_each(|x| *x = if *x > 0.0 { high } else { low });
    }
}

/// Mean and standard deviation of each column; one where it never varies.
fn moments(rows: &[f64], columns: usize) -> Vec<(f64, f64)> {
    let count = (rows.len() / columns.max(1)).max(1) as f64;
    let column = |column: usize| {
        let own = || rows.iter().skip(column).step_by(columns.max(1));
        let mean = own().sum::<f64>() / count;
        let variance = own().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
    };
    (0..columns).map(column).collect()
}
