//! The CPU: networks and bodies are the fused kernel's, each hung into automatic differentiation as one node. The gradient of an
//! objective is computed in the forward pass; that of a body when it is asked for, from what went in.

use super::{Batch, Body, Cpu, Gear, Network, ScoreBackend, wrap};
use crate::network::{Inputs, Looks, Masks, Operations, Probes};
use crate::optimiser::{self, Moving, Update};
use burn::backend::Autodiff;
use burn::tensor::TensorData;
use burn::tensor::ops::FloatTensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_ndarray::NdArrayTensor;
use std::sync::Arc;

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

    fn states(
        parameters: NdArrayTensor,
        entering: NdArrayTensor,
        body: Arc<Body>,
        looks: Looks,
    ) -> NdArrayTensor {
        let inputs = entered(&entering, &looks);
        let mut out = vec![0.0; body.numbers(inputs.samples())];
        read(&parameters, |parameters| {
            body.with_kernel(|kernel| kernel.states(parameters, &inputs, &looks.masks, &mut out));
        });
        write(out)
    }

    fn update(
        update: Update,
        gear: &Gear,
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
            gear.install(|| optimiser::fused(update, &gear.matrices, slices, gradient));
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

    fn states(
        parameters: FloatTensor<Self>,
        entering: FloatTensor<Self>,
        body: Arc<Body>,
        looks: Looks,
    ) -> FloatTensor<Self> {
        let kept = Kept {
            parameters: parameters.primitive.clone(),
            entering: entering.primitive.clone(),
            body: body.clone(),
            looks: looks.clone(),
        };
        let made = Cpu::states(parameters.primitive, entering.primitive, body, looks);
        let nodes = [parameters.node, entering.node];
        match FusedStates.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(node) => node.finish(kept, made),
            OpsKind::UnTracked(node) => node.finish(made),
        }
    }
}

/// The node of a body.
#[derive(Debug)]
struct FusedStates;

/// What went into a body.
#[derive(Clone, Debug)]
struct Kept {
    parameters: NdArrayTensor,
    entering: NdArrayTensor,
    body: Arc<Body>,
    looks: Looks,
}

impl Backward<Cpu, 2> for FusedStates {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<Cpu>(&ops.node);
        let Kept { parameters, entering, body, looks } = ops.state;
        let inputs = entered(&entering, &looks);
        let mut of_parameters = vec![0.0; body.architecture.parameters()];
        let mut of_entering = vec![0.0; inputs.summaries.len()];
        read(&parameters, |parameters| {
            read(&upstream, |upstream| {
                let to = (&mut *of_parameters, &mut *of_entering);
                body.with_kernel(|kernel| {
                    kernel.states_gradient(parameters, &inputs, &looks.masks, upstream, to)
                });
            });
        });
        for (parent, gradient) in ops.parents.into_iter().zip([of_parameters, of_entering]) {
            if let Some(node) = parent {
                gradients.register::<Cpu>(node.id, write(gradient));
            }
        }
    }
}

/// What goes into a body.
fn entered(entering: &NdArrayTensor, looks: &Looks) -> Inputs {
    Inputs {
        summaries: read(entering, <[f32]>::to_vec),
        level: vec![0.0; looks.mask.len()],
        mask: looks.mask.clone(),
        ..Inputs::default()
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
