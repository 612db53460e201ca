//! Posteriors of all parameters: a flow, or a diffusion, given what a fusion of encoders makes of the data (neural posterior estimation, Papamakarios & Murray 2016;
//! MultiNPE, Schmitt et al. 2023).
//!
//! ```text
//! loss = −log q(u | f(data))        u: parameters on the real line, standardised; f: `fusion`; q: `flow`
//! ```
//!
//! Parameters go to the real line by the bijection of their prior, so that no draw lies outside its support, and log-densities are exact:
//! those of the flow, with the slopes of both maps.

mod cross;
mod density;
mod diffusion;
mod draw;
mod flow;
mod fusion;
mod loaded;
mod plan;
mod rows;
pub(crate) mod sets;
mod spline;
mod train;

pub use draw::Posterior;
pub use plan::{PosteriorError, PosteriorPlan, Reals};
pub use train::train_posterior;
