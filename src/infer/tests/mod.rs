//! Tests of the crate as a whole, on graphs and simulations made by hand.

mod answers;
mod differ;
mod diffusion;
mod encoded;
mod fused;
#[cfg(feature = "gpu")]
mod gpu;
mod patterns;
mod posterior;
mod resume;
mod sets;
mod tilted;

use crate::{Device, Hooks, Machine, Progress, Question, Subject, Table};
use sbi_model::{Graph, Mask, NodeId, Role, State, Support, Token};
use sbi_sim::rng::Stream;
use std::ops::ControlFlow;

/// Runs a check on all GPUs that this build and this machine have.
macro_rules! on_every_gpu {
    ($check:ident) => {
        #[cfg(feature = "cuda")]
        match crate::device::find_driver() {
            Ok(()) => $check::<burn::backend::Autodiff<crate::backend::Cuda>>(),
            Err(why) => eprintln!("not checked with CUDA: {why}"),
        }
        #[cfg(feature = "wgpu")]
        $check::<burn::backend::Autodiff<crate::backend::Wgpu>>();
    };
}
pub(crate) use on_every_gpu;

/// `pairs` independent pairs: `theta[i]` and `x[i] <- theta[i]`.
pub fn pairs_of(pairs: usize, support: Support) -> Subject {
    let token = |name: &str, role: Role, node: usize, element: usize, support: Support| Token {
        name: format!("{name}[{}]", element + 1),
        role,
        node: NodeId(node),
        element,
        support,
    };
    let thetas = (0..pairs).map(|i| token("theta", Role::Param, 0, i, support));
    let xs = (0..pairs).map(|i| token("x", Role::Data, 1, i, Support::REAL));
    let mut base = Mask::empty(2 * pairs);
    for i in 0..pairs {
        base.set(i, i);
        base.set(pairs + i, pairs + i);
        base.set(pairs + i, i);
    }
    let order = (0..2 * pairs).collect();
    Subject::fixed(Graph { tokens: thetas.chain(xs).collect(), base, order })
}

/// Simulations of `theta ~ N(0, 1)`, `x ~ N(theta, 0.5²)` for each pair.
pub fn normal_pairs(pairs: usize, rows: usize) -> Table {
    let stream = Stream::new(7, "pairs");
    let mut values = Vec::with_capacity(2 * pairs * rows);
    for row in 0..rows as u64 {
        let mut z = vec![0.0; 2 * pairs];
        stream.fill_normal(row, 0, &mut z);
        let (theta, noise) = z.split_at(pairs);
        values.extend_from_slice(theta);
        values.extend(theta.iter().zip(noise).map(|(t, n)| t + 0.5 * n));
    }
    Table::plain(2 * pairs, values)
}

/// A question that gives the tokens with a value and infers the others.
pub fn question(states: &[Option<f64>]) -> Question {
    let infer = (0..states.len()).filter(|&token| states[token].is_none()).collect();
    let states: Vec<State> = states.iter().map(|state| state.map_or(State::Inferred, State::Given)).collect();
    let origins = (0..states.len()).map(Some).collect();
    Question { name: "q".into(), states, origins, infer, coordinates: Vec::new(), known: Vec::new() }
}

/// The CPU; with `SBI_TEST_DEVICE=cuda` or `wgpu` in the environment, and the feature, that: the same checks for all.
pub fn machine(threads: usize) -> Machine {
    let device = match std::env::var("SBI_TEST_DEVICE").as_deref() {
        Ok("cuda") => Device::Cuda,
        #[cfg(feature = "wgpu")]
        Ok("wgpu") => Device::Wgpu,
        Ok(other) => panic!("this build has no device {other}"),
        Err(_) => Device::Cpu,
    };
    Machine { device, threads }
}

/// Lets a training run; stops it after `stop_after` steps and keeps the checkpoint.
#[derive(Default)]
pub struct Watcher {
    pub stop_after: Option<usize>,
    pub kept: Option<Vec<u8>>,
}

impl Hooks for Watcher {
    fn step(&mut self, at: &Progress) -> ControlFlow<()> {
        if Some(at.step) == self.stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn wants_checkpoint(&mut self) -> bool {
        false
    }

    fn checkpoint(&mut self, bytes: Vec<u8>) {
        self.kept = Some(bytes);
    }
}

/// Mean and standard deviation.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}
