//! What estimates the density of parameters given a context.

use super::diffusion::Diffusion;
use super::flow::Flow;
use crate::network::{Operations, Placer};
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use sbi_sim::rng::Stream;
use serde::{Deserialize, Serialize};

/// An estimator of a density.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// Couplings.
    Flow(Flow),
    /// The score at every level of noise.
    Diffusion(Diffusion),
}

impl Density {
    /// What a file states, for so many numbers given a context of so many.
    pub fn of(written: &sbi_model::Density, numbers: usize, context: usize, stream: &Stream) -> Density {
        match written {
            sbi_model::Density::Flow(flow) => Density::Flow(Flow::of(flow, numbers, context, stream)),
            sbi_model::Density::Diffusion(own) => Density::Diffusion(Diffusion::of(own, numbers, context)),
        }
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        match self {
            Density::Flow(flow) => flow.summary(),
            Density::Diffusion(diffusion) => diffusion.summary(),
        }
    }

    /// Random numbers that an example of the training takes: a uniform one and normal ones, or none.
    pub fn noises(&self) -> usize {
        match self {
            Density::Flow(_) => 0,
            Density::Diffusion(diffusion) => diffusion.noises(),
        }
    }

    /// Hands out places for its parameters.
    pub fn place(&self, placer: &mut Placer) {
        match self {
            Density::Flow(flow) => flow.place(placer),
            Density::Diffusion(diffusion) => diffusion.place(placer),
        }
    }

    /// The sum over rows `[N · numbers]` of what training makes small, `[1]`: of a flow −log q.
    pub fn loss<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        rows: &[f32],
        context: &Tensor<B, 2>,
        noise: &[f32],
    ) -> Tensor<B, 1> {
        match self {
            Density::Flow(flow) => {
                let [count, _] = context.dims();
                let rows = TensorData::new(rows.to_vec(), [count, rows.len() / count.max(1)]);
                -flow.log_density(parameters, Tensor::from_data(rows, &parameters.device()), context).sum()
            }
            Density::Diffusion(diffusion) => diffusion.loss(parameters, rows, context, noise),
        }
    }

    /// How often a draw looks at the network, where a query says how often or not.
    pub fn looks(&self, steps: Option<usize>) -> usize {
        match self {
            Density::Flow(_) => 1,
            Density::Diffusion(diffusion) => diffusion.levels(steps).count(),
        }
    }

    /// The rows that normal numbers `[N, numbers]` stand for; of a diffusion in so many steps, where a query says how many.
    pub fn draw<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        normal: Tensor<B, 2>,
        context: &Tensor<B, 2>,
        steps: Option<usize>,
    ) -> Tensor<B, 2> {
        match self {
            Density::Flow(flow) => flow.draw(parameters, normal, context),
            Density::Diffusion(diffusion) => diffusion.draw(parameters, normal, context, steps),
        }
    }

    /// log q of rows `[N, numbers]` with their contexts, `[N, 1]`.
    pub fn log_density<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        rows: Tensor<B, 2>,
        context: &Tensor<B, 2>,
    ) -> Tensor<B, 2>
    where
        Autodiff<B>: Operations,
    {
        match self {
            Density::Flow(flow) => flow.log_density(parameters, rows, context),
            Density::Diffusion(diffusion) => diffusion.log_density(parameters, rows, context),
        }
    }
}
