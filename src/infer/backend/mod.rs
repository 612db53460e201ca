//! The only module that names concrete backends, and what the network asks of one beyond burn's own operations.
//!
//! The whole network is one operation, and so is the body of an encoder. GPUs inherit the plain composition, with kernels for attention
//! and layer norm; on the CPU (`cpu`) the fused kernel takes its place.

mod body;
mod cpu;

pub use body::{Bodies, Body, states};

use crate::encoder::Encoder;
use crate::kernel::Kernel;
use crate::modality::Reading;
use crate::network::{Architecture, Inputs, Looks, Masks, Matrices, Operations, Probes, Targets, plain};
use crate::optimiser::{self, Moving, Update};
use burn::backend::Autodiff;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{Tensor, TensorPrimitive};
#[cfg(feature = "gpu")]
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_ndarray::NdArray;
use rayon::ThreadPool;
use std::sync::{Arc, Mutex, PoisonError};

/// The CPU.
pub type Cpu = NdArray<f32>;

/// An NVIDIA GPU.
#[cfg(feature = "cuda")]
pub type Cuda = burn_cuda::Cuda<f32>;

/// Whatever wgpu finds.
#[cfg(feature = "wgpu")]
pub type Wgpu = burn_wgpu::Wgpu;

#[cfg(feature = "gpu")]
impl<R: burn_cubecl::CubeRuntime, BT: burn_cubecl::BoolElement> ScoreBackend
    for burn_cubecl::CubeBackend<R, f32, i32, BT>
{
}

#[cfg(feature = "gpu")]
impl<R: burn_cubecl::CubeRuntime, BT: burn_cubecl::BoolElement, C: CheckpointStrategy> ScoreBackend
    for Autodiff<burn_cubecl::CubeBackend<R, f32, i32, BT>, C>
{
}

/// An architecture with the workspaces of its kernel, and its encoders. Their parameters come behind those of the architecture.
pub struct Network {
    /// The sizes.
    pub architecture: Architecture,
    /// What makes tokens of modalities.
    encoders: Vec<Encoder>,
    /// What these are made of.
    bodies: Bodies,
    /// What moves it.
    pub gear: Gear,
    kernel: Mutex<Kernel>,
}

/// What a step of the optimiser has to know of a network.
pub struct Gear {
    /// The matrices of its blocks, which it moves as such.
    pub matrices: Vec<Matrices>,
    /// The threads that it computes on.
    pub pool: Arc<ThreadPool>,
}

impl Gear {
    /// Does work on these threads.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}

impl Network {
    /// A network of these sizes that computes on `threads` threads.
    pub fn new(architecture: &Architecture, encoders: &[Encoder], threads: usize) -> Network {
        let kernel = Kernel::new(architecture, threads);
        let mut matrices = architecture.matrices();
        let mut start = architecture.parameters();
        for encoder in encoders {
            matrices.extend(encoder.matrices(start));
            start += encoder.parameters();
        }
        Network {
            architecture: architecture.clone(),
            encoders: encoders.to_vec(),
            bodies: Bodies::new(kernel.pool()),
            gear: Gear { matrices, pool: kernel.pool() },
            kernel: Mutex::new(kernel),
        }
    }

    /// Of all parameters those of the architecture, and what encoders make of what each sample of a batch has of their
    /// modalities, `[B·K·D]`; none without encoders.
    pub fn divide<B: ScoreBackend>(
        &self,
        parameters: &Tensor<B, 1>,
        readings: &[Readings],
    ) -> (Tensor<B, 1>, Option<Tensor<B, 1>>) {
        if self.encoders.is_empty() {
            return (parameters.clone(), None);
        }
        let part = |from: usize, length: usize| parameters.clone().narrow(0, from, length);
        let mut start = self.architecture.parameters();
        let own = part(0, start);
        let mut made = Vec::new();
        for (encoder, Readings { sizes, samples, .. }) in self.encoders.iter().zip(readings) {
            let tokens = encoder.tokens(&part(start, encoder.parameters()), &self.bodies, sizes, samples);
            made.push(tokens.reshape([samples.len(), encoder.tokens * encoder.width]));
            start += encoder.parameters();
        }
        (own, Some(Tensor::cat(made, 1).flatten(0, 1)))
    }

    fn with_kernel<R>(&self, work: impl FnOnce(&mut Kernel) -> R) -> R {
        // A panic inside the kernel leaves only scratch behind, which the next call overwrites.
        work(&mut self.kernel.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A backend on which the score network runs.
pub trait ScoreBackend: Operations {
    /// The outputs F of all tokens, `[B·T]`.
    fn outputs(
        parameters: FloatTensor<Self>,
        network: &Network,
        inputs: &Inputs,
        masks: &Masks,
    ) -> FloatTensor<Self> {
        let parameters = wrap::<Self>(parameters);
        plain::outputs(&network.architecture, &parameters, inputs, masks).into_primitive().tensor()
    }

    /// The outputs F of the tokens that are probed, and the derivative of each by its own token's value, `[B, 2, T]`; zero of
    /// others.
    fn slopes(
        parameters: FloatTensor<Self>,
        network: &Network,
        inputs: &Inputs,
        masks: &Masks,
        probes: &Probes,
    ) -> FloatTensor<Self>
    where
        Autodiff<Self>: Operations,
    {
        let parameters = wrap::<Self>(parameters);
        plain::slopes(&network.architecture, &parameters, inputs, masks, probes).into_primitive().tensor()
    }

    /// The loss Σ weight (F − target)², `[1]`, with what encoders made, `[B·K·D]`.
    fn objective(
        parameters: FloatTensor<Self>,
        summaries: Option<FloatTensor<Self>>,
        network: &Network,
        batch: &Batch,
    ) -> FloatTensor<Self> {
        let (parameters, summaries) = (wrap::<Self>(parameters), summaries.map(wrap::<Self>));
        let Batch { inputs, targets, masks, .. } = batch;
        let loss = plain::objective(&network.architecture, &parameters, summaries, inputs, targets, masks);
        loss.into_primitive().tensor()
    }

    /// The states that come out of a body, `[B·states·D]`, from those that go in, `[B·T·D]`.
    fn states(
        parameters: FloatTensor<Self>,
        entering: FloatTensor<Self>,
        body: Arc<Body>,
        looks: Looks,
    ) -> FloatTensor<Self> {
        let (parameters, entering) = (wrap::<Self>(parameters), wrap::<Self>(entering));
        plain::states(&body.architecture, &parameters, entering, &looks).into_primitive().tensor()
    }

    /// A step of the optimiser.
    fn update(
        update: Update,
        gear: &Gear,
        moving: Moving<FloatTensor<Self>>,
        gradient: FloatTensor<Self>,
    ) -> Moving<FloatTensor<Self>> {
        let moved = optimiser::composed(update, &gear.matrices, moving.map(wrap::<Self>), wrap(gradient));
        moved.map(|tensor| tensor.into_primitive().tensor())
    }
}

/// Inputs, what they are scored against, and their masks.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What the network sees.
    pub inputs: Inputs,
    /// What it is asked for.
    pub targets: Targets,
    /// Who may look at whom.
    pub masks: Masks,
    /// What samples have of each modality that has an encoder.
    pub readings: Vec<Readings>,
}

/// What the samples of a batch have of a modality.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// Sizes of the axes that its rows run over.
    pub sizes: Vec<usize>,
    /// Numbers in a row.
    pub features: usize,
    /// Of each sample; none where the modality is absent.
    pub samples: Vec<Option<Reading>>,
}

/// The outputs of `network`, `[B·T]`.
pub fn outputs<B: ScoreBackend>(
    parameters: &Tensor<B, 1>,
    network: &Network,
    inputs: &Inputs,
    masks: &Masks,
) -> Tensor<B, 1> {
    wrap(B::outputs(parameters.clone().into_primitive().tensor(), network, inputs, masks))
}

/// The outputs of `network` that are probed, with their derivatives, `[B, 2, T]`.
pub fn slopes<B: ScoreBackend>(
    parameters: &Tensor<B, 1>,
    network: &Network,
    inputs: &Inputs,
    masks: &Masks,
    probes: &Probes,
) -> Tensor<B, 1>
where
    Autodiff<B>: Operations,
{
    wrap(B::slopes(parameters.clone().into_primitive().tensor(), network, inputs, masks, probes))
}

/// The loss of `network` on a batch, `[1]`.
pub fn objective<B: ScoreBackend>(
    parameters: &Tensor<B, 1>,
    network: &Network,
    batch: &Batch,
) -> Tensor<B, 1> {
    let (own, summaries) = network.divide(parameters, &batch.readings);
    let summaries = summaries.map(|made| made.into_primitive().tensor());
    wrap(B::objective(own.into_primitive().tensor(), summaries, network, batch))
}

/// A step of the optimiser.
pub fn update<B: ScoreBackend>(
    update: Update,
    gear: &Gear,
    moving: &mut Moving<Tensor<B, 1>>,
    gradient: Tensor<B, 1>,
) {
    // Taken out, as what is held twice would be copied before it is changed.
    let nothing = Tensor::empty([0], &gradient.device());
    let moved = moving.each_mut().map(|tensor| std::mem::replace(tensor, nothing.clone()));
    let moved = moved.map(|tensor| tensor.into_primitive().tensor());
    *moving = B::update(update, gear, moved, gradient.into_primitive().tensor()).map(wrap);
}

fn wrap<B: Backend>(tensor: FloatTensor<B>) -> Tensor<B, 1> {
    Tensor::from_primitive(TensorPrimitive::Float(tensor))
}
