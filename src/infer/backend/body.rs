//! The bodies of encoders, each with the workspaces of its kernel.

use super::{ScoreBackend, wrap};
use crate::kernel::Kernel;
use crate::network::{Architecture, Looks};
use burn::tensor::Tensor;
use rayon::ThreadPool;
use std::fmt::{Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

/// The body of an encoder: blocks of attention over so many tokens.
pub struct Body {
    /// The sizes.
    pub architecture: Architecture,
    kernel: Mutex<Kernel>,
}

impl Body {
    /// How many numbers come out for so many samples.
    pub fn numbers(&self, samples: usize) -> usize {
        samples * self.architecture.states.unwrap_or(0) * self.architecture.width
    }

    pub(super) fn with_kernel<R>(&self, work: impl FnOnce(&mut Kernel) -> R) -> R {
        // A panic inside the kernel leaves only scratch behind, which the next call overwrites.
        work(&mut self.kernel.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Debug for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("architecture", &self.architecture).finish_non_exhaustive()
    }
}

/// The bodies that a network has needed so far: how many tokens one has follows from its data.
pub struct Bodies {
    pool: Arc<ThreadPool>,
    made: Mutex<Vec<Arc<Body>>>,
}

impl Bodies {
    /// None yet; they will compute on these threads.
    pub fn new(pool: Arc<ThreadPool>) -> Bodies {
        Bodies { pool, made: Mutex::new(Vec::new()) }
    }

    /// The body of these sizes.
    pub fn of(&self, architecture: Architecture) -> Arc<Body> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = made.iter().find(|body| body.architecture == architecture) {
            return body.clone();
        }
        let kernel = Mutex::new(Kernel::on(&architecture, self.pool.clone()));
        let body = Arc::new(Body { architecture, kernel });
        made.push(body.clone());
        body
    }
}

/// The states that come out of a body with these parameters, `[B·states·D]`, from those that go in, `[B·T·D]`.
pub fn states<B: ScoreBackend>(
    parameters: Tensor<B, 1>,
    entering: Tensor<B, 1>,
    body: Arc<Body>,
    looks: Looks,
) -> Tensor<B, 1> {
    let [parameters, entering] = [parameters, entering].map(|tensor| tensor.into_primitive().tensor());
    wrap(B::states(parameters, entering, body, looks))
}
