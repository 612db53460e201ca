//! Attention and layer norm on burn's GPU backends: kernels in CubeCL, hung into automatic differentiation as one node each.

mod attention;
mod nodes;
mod norm;

use crate::network::Operations;
use burn::tensor::backend::Backend;
use burn::tensor::ops::{BoolTensor, FloatTensor};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{BoolElement, CubeBackend, CubeRuntime};

/// A backend with kernels of its own: forward passes that also return what the backward passes need.
pub(crate) trait Kernels: Backend {
    /// [`Operations::masked_attention`], and the logarithm of each query's sum of exponentials, `[B, H, T]`.
    fn attend(qkv: FloatTensor<Self>, mask: BoolTensor<Self>, heads: usize) -> Attended<Self>;

    /// The gradient with respect to the packed queries, keys and values, given the one with respect to the output.
    fn attend_backward(saved: SavedAttention<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;

    /// [`Operations::normalise`], and 1 / √(variance + ε) of each row, `[N]`.
    fn normalise_rows(x: FloatTensor<Self>) -> Normalised<Self>;

    /// The gradient with respect to the rows, given the one with respect to the output.
    fn normalise_backward(saved: Normalised<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What the forward pass of attention returns.
#[derive(Debug, Clone)]
pub(crate) struct Attended<B: Backend> {
    /// `[B·T, H·W]`.
    pub output: FloatTensor<B>,
    /// log Σ exp(q·k / √W) over the allowed keys of each query, `[B, H, T]`; unspecified where there are none.
    pub log_sum: FloatTensor<B>,
}

/// What the backward pass of attention needs.
#[derive(Debug, Clone)]
pub(crate) struct SavedAttention<B: Backend> {
    /// `[B·T, 3·H·W]`.
    pub qkv: FloatTensor<B>,
    /// `[B, 1, T, T]`.
    pub mask: BoolTensor<B>,
    /// H.
    pub heads: usize,
    /// What the forward pass returned.
    pub attended: Attended<B>,
}

/// What the forward pass of layer norm returns, which is all that its backward pass needs.
#[derive(Debug, Clone)]
pub(crate) struct Normalised<B: Backend> {
    /// `[N, D]`.
    pub output: FloatTensor<B>,
    /// 1 / √(variance + ε), `[N]`.
    pub scale: FloatTensor<B>,
}

impl<R: CubeRuntime, BT: BoolElement> Kernels for CubeBackend<R, f32, i32, BT> {
    fn attend(qkv: CubeTensor<R>, mask: CubeTensor<R>, heads: usize) -> Attended<Self> {
        let [output, log_sum] = attention::forward(qkv, mask, heads);
        Attended { output, log_sum }
    }

    fn attend_backward(saved: SavedAttention<Self>, upstream: CubeTensor<R>) -> CubeTensor<R> {
        let SavedAttention { qkv, mask, heads, attended: Attended { output, log_sum } } = saved;
        attention::backward([qkv, output, upstream], mask, log_sum, heads)
    }

    fn normalise_rows(x: CubeTensor<R>) -> Normalised<Self> {
        let [output, scale] = norm::forward(x);
        Normalised { output, scale }
    }

    fn normalise_backward(saved: Normalised<Self>, upstream: CubeTensor<R>) -> CubeTensor<R> {
        norm::backward(saved.output, saved.scale, upstream)
    }
}

impl<R: CubeRuntime, BT: BoolElement> Operations for CubeBackend<R, f32, i32, BT> {
    fn masked_attention(qkv: CubeTensor<R>, mask: CubeTensor<R>, heads: usize) -> CubeTensor<R> {
        Self::attend(qkv, mask, heads).output
    }

    fn normalise(x: CubeTensor<R>) -> CubeTensor<R> {
        Self::normalise_rows(x).output
    }
}

/// The same numbers with those of a row one after the other; copied only where they are not.
fn with_whole_rows<R: CubeRuntime>(tensor: CubeTensor<R>) -> CubeTensor<R> {
    match tensor.meta.strides().last() {
        Some(1) => tensor,
        _ => into_contiguous(tensor),
    }
}
