//! The only module that names concrete backends, and what the network asks of one beyond burn's own operations.
//!
//! The whole network is one operation. GPUs inherit the plain composition, with kernels for attention and layer norm; on the CPU
//! the fused kernel takes its place, hung into automatic differentiation as one node whose gradient is computed in the
//! forward pass.

use crate::encoder::Encoder;
use crate::kernel::Kernel;
use crate::modality::Reading;
use crate::network::{Architecture, Inputs, Masks, Matrices, Operations, Probes, Targets, plain};
use crate::optimiser::{self, Moving, Update};
use burn::backend::Autodiff;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{Tensor, TensorData, TensorPrimitive};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_ndarray::{NdArray, NdArrayTensor};
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
    /// The matrices of all blocks.
    matrices: Vec<Matrices>,
    pool: Arc<ThreadPool>,
    kernel: Mutex<Kernel>,
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
            matrices,
            pool: kernel.pool(),
            kernel: Mutex::new(kernel),
        }
    }

    /// Does work on the threads that the network computes on.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }

    /// Of all parameters those of the architecture, and what encoders make of what each sample of a batch has of their
    /// modalities, `[B·K·D]`; none without encoders.
    pub fn divide<B: Operations>(
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
        for (encoder, Readings { sizes, samples }) in self.encoders.iter().zip(readings) {
            let tokens = encoder.tokens(&part(start, encoder.parameters()), sizes, samples);
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

    /// A step of the optimiser.
    fn update(
        update: Update,
        network: &Network,
        moving: Moving<FloatTensor<Self>>,
        gradient: FloatTensor<Self>,
    ) -> Moving<FloatTensor<Self>> {
        let moved = optimiser::composed(update, &network.matrices, moving.map(wrap::<Self>), wrap(gradient));
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
    network: &Network,
    moving: &mut Moving<Tensor<B, 1>>,
    gradient: Tensor<B, 1>,
) {
    // Taken out, as what is held twice would be copied before it is changed.
    let nothing = Tensor::empty([0], &gradient.device());
    let moved = moving.each_mut().map(|tensor| std::mem::replace(tensor, nothing.clone()));
    let moved = moved.map(|tensor| tensor.into_primitive().tensor());
    *moving = B::update(update, network, moved, gradient.into_primitive().tensor()).map(wrap);
}

fn wrap<B: Backend>(tensor: FloatTensor<B>) -> Tensor<B, 1> {
    Tensor::from_primitive(TensorPrimitive::Float(tensor))
}

impl Operations for Cpu {}

impl<C: CheckpointStrategy> Operations for Autodiff<Cpu, C> {}

impl ScoreBackend for Cpu {
    fn outputs(
        parameters: NdArrayTensor,
        network: &Network,
        inputs: &Inputs,
        masks: &Masks,
    ) -> NdArrayTensor {
        let mut out = vec![0.0; inputs.value.len()];
        read(&parameters, |parameters| {
            network.with_kernel(|kernel| kernel.forward(parameters, inputs, masks, &mut out));
        });
        write(out)
    }

    fn slopes(
        parameters: NdArrayTensor,
        network: &Network,
        inputs: &Inputs,
        masks: &Masks,
        probes: &Probes,
    ) -> NdArrayTensor {
        let mut out = vec![0.0; 2 * inputs.value.len()];
        read(&parameters, |parameters| {
            network.with_kernel(|kernel| kernel.slopes(parameters, inputs, masks, probes, &mut out));
        });
        write(out)
    }

    fn objective(
        parameters: NdArrayTensor,
        summaries: Option<NdArrayTensor>,
        network: &Network,
        batch: &Batch,
    ) -> NdArrayTensor {
        let Batch { inputs, targets, masks, .. } = batch;
        let inputs = inputs.with_summaries(summaries.map(numbers));
        let loss = read(&parameters, |parameters| {
            network.with_kernel(|kernel| kernel.loss(parameters, &inputs, targets, masks))
        });
        write(vec![loss as f32])
    }

    fn update(
        update: Update,
        network: &Network,
        moving: Moving<NdArrayTensor>,
        gradient: NdArrayTensor,
    ) -> Moving<NdArrayTensor> {
        let Moving { mut parameters, mut first, mut second, mut average } =
            moving.map(|tensor| match tensor {
                NdArrayTensor::F32(storage) => storage.into_owned(),
                _ => panic!("{OF_F32}"),
            });
        // Copied only where a tensor still shares its numbers with another: that of the best weights.
        let slices = Moving {
            parameters: parameters.as_slice_mut().expect(IN_ONE_PIECE),
            first: first.as_slice_mut().expect(IN_ONE_PIECE),
            second: second.as_slice_mut().expect(IN_ONE_PIECE),
            average: average.as_slice_mut().expect(IN_ONE_PIECE),
        };
        read(&gradient, |gradient| {
            network.install(|| optimiser::fused(update, &network.matrices, slices, gradient));
        });
        Moving { parameters, first, second, average }.map(NdArrayTensor::from)
    }
}

impl<C: CheckpointStrategy> ScoreBackend for Autodiff<Cpu, C> {
    fn objective(
        parameters: FloatTensor<Self>,
        summaries: Option<FloatTensor<Self>>,
        network: &Network,
        batch: &Batch,
    ) -> FloatTensor<Self> {
        let Batch { inputs, targets, masks, .. } = batch;
        let inputs = inputs.with_summaries(summaries.as_ref().map(|made| numbers(made.primitive.clone())));
        let gradients = || {
            let mut gradient = vec![0.0; network.architecture.parameters()];
            let mut of_made = vec![0.0; inputs.summaries.len()];
            let loss = read(&parameters.primitive, |parameters| {
                network.with_kernel(|kernel| {
                    let of = (&mut *gradient, &mut *of_made);
                    kernel.loss_gradient(parameters, &inputs, targets, masks, of)
                })
            });
            (write(gradient), write(of_made), write(vec![loss as f32]))
        };
        let plain = || {
            let made = summaries.as_ref().map(|made| made.primitive.clone());
            Cpu::objective(parameters.primitive.clone(), made, network, batch)
        };
        match &summaries {
            None => match FusedObjective.prepare::<C>([parameters.node.clone()]).compute_bound().stateful() {
                OpsKind::Tracked(node) => {
                    let (gradient, _, loss) = gradients();
                    node.finish([gradient], loss)
                }
                OpsKind::UnTracked(node) => node.finish(plain()),
            },
            Some(made) => {
                let nodes = [parameters.node.clone(), made.node.clone()];
                match FusedObjective.prepare::<C>(nodes).compute_bound().stateful() {
                    OpsKind::Tracked(node) => {
                        let (gradient, of_made, loss) = gradients();
                        node.finish([gradient, of_made], loss)
                    }
                    OpsKind::UnTracked(node) => node.finish(plain()),
                }
            }
        }
    }
}

/// The node of the fused objective: its state is the gradient with respect to the parameters, and to what encoders made.
#[derive(Debug)]
struct FusedObjective;

impl<const N: usize> Backward<Cpu, N> for FusedObjective {
    type State = [NdArrayTensor; N];

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = wrap::<Cpu>(gradients.consume::<Cpu>(&ops.node));
        for (parent, state) in ops.parents.into_iter().zip(ops.state) {
            if let Some(node) = parent {
                let gradient = wrap::<Cpu>(state) * upstream.clone();
                gradients.register::<Cpu>(node.id, gradient.into_primitive().tensor());
            }
        }
    }
}

fn numbers(tensor: NdArrayTensor) -> Vec<f32> {
    read(&tensor, <[f32]>::to_vec)
}

const OF_F32: &str = "the network's tensors are of type f32";
const IN_ONE_PIECE: &str = "the numbers of a flat tensor lie together";

/// Lends the numbers of a flat tensor; copies only where they do not lie together.
fn read<R>(tensor: &NdArrayTensor, work: impl FnOnce(&[f32]) -> R) -> R {
    let NdArrayTensor::F32(storage) = tensor else { panic!("{OF_F32}") };
    let view = storage.view();
    match view.to_slice() {
        Some(values) => work(values),
        None => work(&view.iter().copied().collect::<Vec<f32>>()),
    }
}

fn write(values: Vec<f32>) -> NdArrayTensor {
    let length = values.len();
    NdArrayTensor::from_data(TensorData::new(values, [length]))
}
