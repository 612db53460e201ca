//! The whole score network as one operation on the CPU: forward, and forward with gradient.
//!
//! A batch is dealt to a few shards of consecutive samples (`shard`); a thread takes one shard after the other through
//! the network and back in micro-batches, whose activations stay in its cache (`pass`, `workspace`). The parts:
//!
//! - `lanes`: sixteen numbers at a time, for each instruction set; `functions` of them.
//! - `product`, `tile`, `transpose`: products of matrices, and of a small matrix for each head of each sample.
//! - `asked`: forward for some tokens of each sample.
//! - `slopes`: how outputs change with the values of their own tokens.
//! - `micro`: the samples of a micro-batch, as the network takes them.
//! - `masks`, `arrangement`: which pairs attend, and how tokens lie so that others need not be computed.
//! - `features`, `norm`, `modulation`, `attention`, `elementwise`, `head`: what a network is made of besides.
//! - `orthogonal`: what a step of the optimiser makes of gradients.
//! - `plan`, `pack`: the weights in the order and padding that these like.
//! - `peak`: what the machine could do at best.

mod arrangement;
mod asked;
mod attention;
mod buffer;
mod elementwise;
mod features;
mod functions;
mod head;
mod instructions;
mod lanes;
mod masks;
mod micro;
mod modulation;
mod norm;
mod orthogonal;
mod pack;
mod pass;
mod peak;
mod plan;
mod product;
mod shard;
mod slopes;
#[cfg(test)]
mod tests;
mod tile;
mod transpose;
mod workspace;

pub use instructions::InstructionSet;
pub use orthogonal::orthogonalise;
pub use peak::peak_rate;

use crate::network::{Architecture, Inputs, Masks, Probes, Targets};
use buffer::Buffer;
use instructions::Work;
use lanes::Simd;
use masks::MaskTable;
use pack::{Packing, transpose_weights};
use pass::Pass;
use plan::Plan;
use shard::{Batch, MOST_SHARDS, Purpose, Shard, begin, deal, total, work};
use std::sync::Arc;
use workspace::Workspace;

/// The network of one architecture with the memory it works in.
///
/// Samples are dealt to shards by their number only, and gradients are summed shard by shard in order, so that on one
/// instruction set the result has the same bits for any number of threads. Values and parameters must be finite.
pub struct Kernel {
    plan: Plan,
    packing: Packing,
    /// The parameters that `weights` are made of.
    packed: Vec<f32>,
    weights: Buffer,
    masks: MaskTable,
    shared: asked::Shared,
    set: InstructionSet,
    pool: Arc<rayon::ThreadPool>,
    /// One for each thread.
    workspaces: Vec<Workspace>,
    shards: Vec<Shard>,
}

impl Kernel {
    /// A kernel for the best instruction set of this machine, working with `threads` threads.
    pub fn new(architecture: &Architecture, threads: usize) -> Kernel {
        Kernel::with_instructions(architecture, threads, InstructionSet::detect())
    }

    /// The same on these threads.
    pub fn on(architecture: &Architecture, pool: Arc<rayon::ThreadPool>) -> Kernel {
        Kernel::of(architecture, pool, InstructionSet::detect())
    }

    /// A kernel for a certain instruction set; panics where the machine does not have it.
    pub fn with_instructions(architecture: &Architecture, threads: usize, set: InstructionSet) -> Kernel {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.clamp(1, MOST_SHARDS)).build();
        let pool = pool.expect("the system lets us start a few threads");
        Kernel::of(architecture, pool.into(), set)
    }

    fn of(architecture: &Architecture, pool: Arc<rayon::ThreadPool>, set: InstructionSet) -> Kernel {
        assert!(set.available(), "this machine does not have {}", set.name());
        let Architecture { tokens, width, heads, head_width, hidden, .. } = *architecture;
        assert!(
            [tokens, width, heads, head_width, hidden].iter().all(|&size| size > 0),
            "a network has tokens, heads, and no layer of width zero"
        );
        let plan = Plan::new(architecture);
        let threads = pool.current_num_threads();
        Kernel {
            packing: Packing::new(architecture, &plan),
            packed: Vec::new(),
            weights: Buffer::new(plan.numbers),
            masks: MaskTable::default(),
            shared: asked::Shared::default(),
            set,
            pool,
            workspaces: (0..threads).map(|_| Workspace::new(&plan)).collect(),
            shards: Vec::new(),
            plan,
        }
    }

    /// About how many bytes a kernel takes on `threads` threads once it has computed outputs, or a gradient too, masks apart.
    pub fn bytes(architecture: &Architecture, threads: usize, gradient: bool) -> f64 {
        let plan = Plan::new(architecture);
        let threads = threads.clamp(1, MOST_SHARDS);
        let shards = if gradient { MOST_SHARDS * plan.gradients } else { 0 };
        // Pages of memory that nothing was written to take no room.
        let blocks = if gradient { plan.blocks.len() } else { 1 };
        4.0 * ((plan.numbers + shards) as f64 + threads as f64 * Workspace::numbers(&plan, blocks))
    }

    /// The threads that it works with, for what is done between its calls.
    pub fn pool(&self) -> Arc<rayon::ThreadPool> {
        self.pool.clone()
    }

    /// The outputs F of the tokens that are wanted, into `out` `[B·T]`. Others may stay as they are.
    pub fn forward(&mut self, parameters: &[f32], inputs: &Inputs, masks: &Masks, out: &mut [f32]) {
        assert_eq!(out.len(), inputs.value.len(), "one output for each token");
        self.dispatch(parameters, Batch { inputs, purpose: Purpose::Outputs }, masks, out, &mut []);
    }

    /// The outputs F of the tokens that `probes` name and the derivative of each by its own token's value, into `out`
    /// `[B, 2, T]`. Others stay as they are. All samples have the first mask, of which the probes are.
    pub fn slopes(
        &mut self,
        parameters: &[f32],
        inputs: &Inputs,
        masks: &Masks,
        probes: &Probes,
        out: &mut [f32],
    ) {
        assert_eq!(out.len(), 2 * inputs.value.len(), "an output and a derivative for each token");
        self.dispatch(parameters, Batch { inputs, purpose: Purpose::Slopes(probes) }, masks, out, &mut []);
    }

    /// The states that come out of a body, `[B, states, D]`.
    pub fn states(&mut self, parameters: &[f32], inputs: &Inputs, masks: &Masks, out: &mut [f32]) {
        assert_eq!(out.len(), inputs.samples() * self.plan.state_numbers(), "a body has states");
        self.dispatch(parameters, Batch { inputs, purpose: Purpose::States }, masks, out, &mut []);
    }

    /// From the gradient with respect to what [`Kernel::states`] gives those with respect to the parameters and to
    /// [`Inputs::summaries`] (overwritten).
    pub fn states_gradient(
        &mut self,
        parameters: &[f32],
        inputs: &Inputs,
        masks: &Masks,
        of_states: &[f32],
        (gradient, of_summaries): (&mut [f32], &mut [f32]),
    ) {
        assert_eq!(of_states.len(), inputs.samples() * self.plan.state_numbers(), "a body has states");
        assert_eq!(gradient.len(), parameters.len(), "one derivative for each parameter");
        assert_eq!(of_summaries.len(), inputs.summaries.len(), "and for each number that goes in");
        of_summaries.fill(0.0);
        let batch = Batch { inputs, purpose: Purpose::StatesGradient(of_states) };
        self.dispatch(parameters, batch, masks, of_summaries, gradient);
    }

    /// Σ weight (F − target)².
    pub fn loss(&mut self, parameters: &[f32], inputs: &Inputs, targets: &Targets, masks: &Masks) -> f64 {
        let batch = Batch { inputs, purpose: Purpose::Loss(targets) };
        self.dispatch(parameters, batch, masks, &mut [], &mut [])
    }

    /// Σ weight (F − target)², and its gradients with respect to the parameters and to [`Inputs::summaries`] (overwritten).
    pub fn loss_gradient(
        &mut self,
        parameters: &[f32],
        inputs: &Inputs,
        targets: &Targets,
        masks: &Masks,
        (gradient, of_summaries): (&mut [f32], &mut [f32]),
    ) -> f64 {
        assert_eq!(gradient.len(), parameters.len(), "one derivative for each parameter");
        assert_eq!(of_summaries.len(), inputs.summaries.len(), "and for each number of a summary");
        of_summaries.fill(0.0);
        let batch = Batch { inputs, purpose: Purpose::Gradient(targets) };
        self.dispatch(parameters, batch, masks, of_summaries, gradient)
    }

    fn dispatch(
        &mut self,
        parameters: &[f32],
        batch: Batch,
        masks: &Masks,
        out: &mut [f32],
        gradient: &mut [f32],
    ) -> f64 {
        batch.check(&self.plan);
        assert_eq!(parameters.len(), self.packing.parameters, "parameters of another architecture");
        // Without blocks nobody looks at anybody.
        let wanted = if self.plan.blocks.is_empty() { &[] } else { batch.inputs.wanted.as_slice() };
        self.masks.set(&self.plan, masks, wanted);
        self.set.run(Call { kernel: self, parameters, batch, out, gradient })
    }

    /// The loss, if there are targets; outputs and gradient where wanted.
    fn run<S: Simd>(
        &mut self,
        s: S,
        parameters: &[f32],
        batch: Batch,
        out: &mut [f32],
        gradient: &mut [f32],
    ) -> f64 {
        // A solver asks many times with the same parameters.
        if self.packed != parameters {
            self.packing.pack(parameters, &mut self.weights);
            self.packed.clear();
            self.packed.extend_from_slice(parameters);
        }
        if batch.goes_back() {
            transpose_weights(s, &self.plan, &mut self.weights);
        }
        deal(&mut self.shards, batch.inputs.samples(), &self.plan, batch.goes_back());
        let pass = Pass { s, plan: &self.plan, weights: &self.weights, masks: &self.masks, shared: None };
        let shared = begin(pass, batch.inputs, &mut self.shared, &mut self.workspaces);
        let pass = Pass { shared, ..pass };
        let pool = Some(&*self.pool).filter(|pool| pool.current_num_threads() > 1);
        work(pool, pass, batch, &mut self.workspaces, &mut self.shards, out);
        if let Purpose::Gradient(_) | Purpose::StatesGradient(_) = batch.purpose {
            let sum = total(pool, s, &mut self.shards);
            self.packing.unpack(parameters, sum, gradient);
        }
        self.shards.iter().map(|shard| shard.loss).sum()
    }
}

/// One use of a kernel.
struct Call<'a> {
    kernel: &'a mut Kernel,
    parameters: &'a [f32],
    batch: Batch<'a>,
    out: &'a mut [f32],
    gradient: &'a mut [f32],
}

impl Work for Call<'_> {
    type Result = f64;

    fn on<S: Simd>(self, s: S) -> f64 {
        self.kernel.run(s, self.parameters, self.batch, self.out, self.gradient)
    }
}
