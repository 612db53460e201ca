//! The kernels as nodes of automatic differentiation.

use super::{Kernels, Normalised, SavedAttention};
use crate::network::Operations;
use burn::backend::Autodiff;
use burn::tensor::ops::{BoolTensor, FloatTensor};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};

impl<B: Kernels, C: CheckpointStrategy> Operations for Autodiff<B, C> {
    fn masked_attention(qkv: FloatTensor<Self>, mask: BoolTensor<Self>, heads: usize) -> FloatTensor<Self> {
        match Attention.prepare::<C>([qkv.node.clone()]).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let qkv = qkv.primitive;
                let attended = B::attend(qkv.clone(), mask.clone(), heads);
                let output = attended.output.clone();
                node.finish(SavedAttention { qkv, mask, heads, attended }, output)
            }
            OpsKind::UnTracked(node) => node.finish(B::attend(qkv.primitive, mask, heads).output),
        }
    }

    fn normalise(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Normalisation.prepare::<C>([x.node.clone()]).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let normalised = B::normalise_rows(x.primitive);
                let output = normalised.output.clone();
                node.finish(normalised, output)
            }
            OpsKind::UnTracked(node) => node.finish(B::normalise_rows(x.primitive).output),
        }
    }
}

/// The node of attention.
#[derive(Debug)]
struct Attention;

impl<B: Kernels> Backward<B, 1> for Attention {
    type State = SavedAttention<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::attend_backward(ops.state, upstream));
        }
    }
}

/// The node of layer norm.
#[derive(Debug)]
struct Normalisation;

impl<B: Kernels> Backward<B, 1> for Normalisation {
    type State = Normalised<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::normalise_backward(ops.state, upstream));
        }
    }
}
