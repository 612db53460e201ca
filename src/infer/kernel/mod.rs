//! The whole score network as one operation on the CPU: forward, and forward with gradient.

mod attention;
mod batch;
mod buffer;
mod elementwise;
mod functions;
mod lanes;
mod norm;
mod pack;
mod pass;
mod plan;
mod product;
#[cfg(test)]
mod tests;
mod workspace;

use crate::network::{Architecture, Inputs, Layout, Masks, Targets};
use attention::MaskTable;
use buffer::Buffer;
#[cfg(target_arch = "x86_64")]
use lanes::{Avx2, Avx512};
use lanes::{Portable, Simd};
use pack::Packing;
use pass::{Micro, Pass};
use plan::Plan;
use std::ops::Range;
use std::sync::Mutex;
use workspace::Workspace;

/// A shard has at least so many tokens, unless it is the only one.
const SHARD_TOKENS: usize = 128;

/// There are at most so many shards.
const MOST_SHARDS: usize = 8;

/// What the kernel's inner loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// What every machine has.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 (F, DQ, VL, BW).
    Avx512,
}

impl InstructionSet {
    /// The best that this machine has.
    pub fn detect() -> InstructionSet {
        [InstructionSet::Avx512, InstructionSet::Avx2]
            .into_iter()
            .find(|set| set.available())
            .unwrap_or(InstructionSet::Portable)
    }

    /// Whether this machine has it.
    pub fn available(self) -> bool {
        match self {
            InstructionSet::Portable => true,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Avx512::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => false,
        }
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Portable => "portable",
            InstructionSet::Avx2 => "AVX2",
            InstructionSet::Avx512 => "AVX-512",
        }
    }
}

/// The network of one architecture with the memory it works in.
///
/// Samples are dealt to shards by their position only, and gradients are summed shard by shard in order, so that on one
/// instruction set the result has the same bits for any number of threads.
pub struct Kernel {
    plan: Plan,
    layout: Layout,
    packing: Packing,
    weights: Buffer,
    masks: MaskTable,
    set: InstructionSet,
    pool: Option<rayon::ThreadPool>,
    workers: Vec<Workspace>,
    shards: Vec<Shard>,
}

/// A run of consecutive samples with its share of loss and gradient.
#[derive(Default)]
struct Shard {
    samples: Range<usize>,
    loss: f64,
    gradient: Buffer,
}

/// A batch as the shards see it.
#[derive(Clone, Copy)]
struct Batch<'a> {
    inputs: &'a Inputs,
    targets: Option<&'a Targets>,
    gradient: bool,
}

impl Kernel {
    /// A kernel for the best instruction set of this machine, working with `threads` threads.
    pub fn new(architecture: &Architecture, threads: usize) -> Kernel {
        Kernel::with_instructions(architecture, threads, InstructionSet::detect())
    }

    /// A kernel for a certain instruction set; panics where the machine does not have it.
    pub fn with_instructions(architecture: &Architecture, threads: usize, set: InstructionSet) -> Kernel {
        assert!(set.available(), "this machine does not have {}", set.name());
        let Architecture { tokens, width, heads, head_width, hidden, .. } = *architecture;
        assert!(
            [tokens, width, heads, head_width, hidden].iter().all(|&size| size > 0),
            "a network has tokens, heads, and no layer of width zero"
        );
        let plan = Plan::new(architecture);
        let layout = architecture.layout();
        let threads = threads.max(1);
        let pool = (threads > 1).then(|| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("the system lets us start a few threads")
        });
        Kernel {
            packing: Packing::new(architecture, &layout, &plan),
            weights: Buffer::new(plan.numbers),
            masks: MaskTable::default(),
            set,
            pool,
            workers: (0..threads).map(|_| Workspace::new(&plan, true)).collect(),
            shards: Vec::new(),
            layout,
            plan,
        }
    }

    /// The outputs F of all tokens, into `out` `[B·T]`.
    pub fn forward(&mut self, parameters: &[f32], inputs: &Inputs, masks: &Masks, out: &mut [f32]) {
        assert_eq!(out.len(), inputs.value.len(), "one output for each token");
        self.prepare(parameters, inputs, masks, false);
        self.run(Batch { inputs, targets: None, gradient: false }, out);
    }

    /// Σ weight (F − target)².
    pub fn loss(&mut self, parameters: &[f32], inputs: &Inputs, targets: &Targets, masks: &Masks) -> f64 {
        self.prepare(parameters, inputs, masks, false);
        self.run(Batch { inputs, targets: Some(targets), gradient: false }, &mut []);
        self.shards.iter().map(|shard| shard.loss).sum()
    }

    /// Σ weight (F − target)², and its gradient with respect to the parameters (overwritten).
    pub fn loss_gradient(
        &mut self,
        parameters: &[f32],
        inputs: &Inputs,
        targets: &Targets,
        masks: &Masks,
        gradient: &mut [f32],
    ) -> f64 {
        assert_eq!(gradient.len(), parameters.len(), "one derivative for each parameter");
        self.prepare(parameters, inputs, masks, true);
        self.run(Batch { inputs, targets: Some(targets), gradient: true }, &mut []);
        let (sum, rest) = self.shards.split_first_mut().expect("there is a shard");
        for shard in rest.iter() {
            for (sum, x) in sum.gradient.iter_mut().zip(shard.gradient.iter()) {
                *sum += x;
            }
        }
        self.packing.unpack(parameters, &sum.gradient, gradient);
        self.shards.iter().map(|shard| shard.loss).sum()
    }

    /// Packs the weights, tabulates the masks and deals the samples to shards.
    fn prepare(&mut self, parameters: &[f32], inputs: &Inputs, masks: &Masks, gradient: bool) {
        let samples = inputs.samples();
        let expected = self.layout.head[1].end;
        assert_eq!(parameters.len(), expected, "parameters of another architecture");
        let tokens = samples * self.plan.tokens;
        assert!(
            inputs.value.len() == tokens && inputs.given.len() == tokens && inputs.mask.len() == samples,
            "inputs have a value and a condition bit for each token and a mask for each sample"
        );
        self.packing.pack(parameters, &mut self.weights);
        if gradient {
            pack::transpose(&self.plan, &mut self.weights);
        }
        self.masks.set(&self.plan, masks);
        let count = (tokens / SHARD_TOKENS).clamp(1, MOST_SHARDS);
        self.shards.resize_with(count, Shard::default);
        for (i, shard) in self.shards.iter_mut().enumerate() {
            shard.samples = i * samples / count..(i + 1) * samples / count;
            shard.loss = 0.0;
            if gradient {
                shard.gradient.reserve(self.plan.gradients);
                shard.gradient.fill(0.0);
            }
        }
    }

    /// Works through the shards; outputs go to `out` unless it is empty.
    fn run(&mut self, batch: Batch, out: &mut [f32]) {
        match self.set {
            InstructionSet::Portable => self.run_with(Portable, batch, out),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => self.run_with(Avx2::detect().expect("checked when made"), batch, out),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => self.run_with(Avx512::detect().expect("checked when made"), batch, out),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => unreachable!("checked when made"),
        }
    }

    fn run_with<S: Simd>(&mut self, s: S, batch: Batch, mut out: &mut [f32]) {
        let pass = Pass { s, plan: &self.plan, weights: &self.weights };
        let masks = &self.masks;
        let mut jobs = Vec::with_capacity(self.shards.len());
        for shard in &mut self.shards {
            let (mine, rest) = out.split_at_mut(out.len().min(shard.samples.len() * self.plan.tokens));
            jobs.push((shard, mine));
            out = rest;
        }
        let jobs = Mutex::new(jobs.into_iter());
        let next = || jobs.lock().expect("no thread panicked").next();
        let work = |space: &mut Workspace| {
            while let Some((shard, out)) = next() {
                shard.run(pass, batch, masks, space, out);
            }
        };
        match (&self.pool, self.workers.as_mut_slice()) {
            (Some(pool), workers) => pool.scope(|scope| {
                for space in workers {
                    scope.spawn(|_| work(space));
                }
            }),
            (None, workers) => workers.iter_mut().for_each(work),
        }
    }
}

impl Shard {
    fn run<S: Simd>(
        &mut self,
        pass: Pass<S>,
        batch: Batch,
        masks: &MaskTable,
        space: &mut Workspace,
        mut out: &mut [f32],
    ) {
        let t = pass.plan.tokens;
        let mut start = self.samples.start;
        while start < self.samples.end {
            let end = (start + space.samples).min(self.samples.end);
            let tokens = start * t..end * t;
            let inputs = batch.inputs;
            let micro = Micro {
                value: &inputs.value[tokens.clone()],
                given: &inputs.given[tokens.clone()],
                level: &inputs.level[start..end],
                mask: &inputs.mask[start..end],
                masks,
            };
            pass.forward(&micro, space, batch.gradient);
            if let Some(targets) = batch.targets {
                let targets = targets.target[tokens.clone()].iter().zip(&targets.weight[tokens.clone()]);
                for (f, (target, weight)) in space.outputs.iter_mut().zip(targets) {
                    let error = *f - target;
                    self.loss += f64::from(weight * error * error);
                    *f = 2.0 * weight * error;
                }
            }
            if batch.gradient {
                pass.backward(&micro, space, &mut self.gradient);
            }
            if !out.is_empty() {
                let (mine, rest) = out.split_at_mut(tokens.len());
                mine.copy_from_slice(&space.outputs[..tokens.len()]);
                out = rest;
            }
            start = end;
        }
    }
}
