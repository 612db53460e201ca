//! sbi-infer: from simulations to posterior draws. The only crate that imports burn.
//!
//! [`plan`] chooses what the file leaves open, [`train`] fits a network to simulations, [`Conditional::draw`] answers a query with it, and
//! [`Conditional::log_density`] says how dense its draws are at a point.
//! The network ([`network`]) estimates the score of every conditional of parameters and data (Simformer, Gloeckler et
//! al. 2024); [`kernel`] computes it on the CPU as one operation.

mod backend;
mod bound;
mod density;
mod device;
mod draw;
mod encoder;
mod example;
mod finest;
#[cfg(feature = "gpu")]
mod gpu;
mod guide;
pub mod kernel;
mod levels;
mod memory;
mod metrics;
mod modality;
mod mode;
mod multistep;
pub mod network;
mod noise;
mod optimiser;
mod parts;
mod pattern;
mod plan;
mod posterior;
mod ranks;
mod scale;
mod schedule;
mod sets;
mod solver;
mod subject;
mod table;
mod tilt;
mod train;
mod under;
mod weights;

pub use density::DensityError;
pub use device::{Device, Machine, probe_cuda};
pub use draw::{Conditional, DrawError, Draws, Question};
pub use levels::Levels;
pub use memory::{drawing_bytes, training_bytes};
pub use metrics::{Metrics, Scored, quantile};
pub use mode::Mode;
pub use noise::Process;
pub use pattern::Mixture;
pub use plan::{BATCH, Plan, plan};
pub use posterior::{Posterior, PosteriorError, PosteriorPlan, Reals, train_posterior};
pub use ranks::{EvenRanks, ranks};
pub use scale::Scale;
pub use schedule::{Course, Length};
pub use sets::{GoOn, Learnt, Sets};
pub use subject::Subject;
pub use table::Table;
pub use tilt::Tilted;
pub use train::{Fresh, Hooks, Material, Progress, TrainError, train};
pub use under::{How, Probe, Under};
pub use weights::{Damaged, Fitted, Planned, Point, Weights};

#[cfg(test)]
mod tests;
