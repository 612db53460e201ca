//! The operations of the network that a GPU has kernels for, and what they are composed of elsewhere.

use super::NORM_EPSILON;
use burn::tensor::activation::softmax;
use burn::tensor::backend::Backend;
use burn::tensor::ops::{BoolTensor, FloatTensor};
use burn::tensor::{Bool, Tensor, TensorPrimitive};
use std::f32::consts::SQRT_2;
use std::ops::Range;

/// A backend with masked attention and layer norm.
pub trait Operations: Backend {
    /// softmax(q·kᵀ / √W)·v over the keys that each query may look at, the heads side by side, `[B·T, H·W]`; zero for a
    /// query that may look at nothing. Queries, keys and values of all heads stand side by side, `[B·T, 3·H·W]`; the
    /// mask is `[B, 1, T, T]`, true where query (row) may look at key (column).
    fn masked_attention(qkv: FloatTensor<Self>, mask: BoolTensor<Self>, heads: usize) -> FloatTensor<Self> {
        unwrap(composed_attention::<Self>(wrap(qkv), Tensor::from_primitive(mask), heads))
    }

    /// (x − mean) / √(variance + ε) of each row, `[N, D]`, with the biased variance.
    fn normalise(x: FloatTensor<Self>) -> FloatTensor<Self> {
        unwrap(composed_normalise::<Self>(wrap(x)))
    }
}

/// [`Operations::masked_attention`] on tensors.
pub fn masked_attention<B: Operations>(
    qkv: Tensor<B, 2>,
    mask: Tensor<B, 4, Bool>,
    heads: usize,
) -> Tensor<B, 2> {
    wrap(B::masked_attention(unwrap(qkv), mask.into_primitive(), heads))
}

/// [`Operations::normalise`] on tensors.
pub fn normalise<B: Operations>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    wrap(B::normalise(unwrap(x)))
}

/// gelu, exactly: by the error function.
pub fn gelu<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    x.clone() * ((x / SQRT_2).erf() + 1.0) * 0.5
}

/// A flat vector of parameters, of which layers take their pieces.
pub struct Pieces<'a, B: Operations>(pub &'a Tensor<B, 1>);

impl<B: Operations> Pieces<'_, B> {
    /// A piece as a matrix of so many rows.
    pub fn matrix(&self, range: &Range<usize>, rows: usize) -> Tensor<B, 2> {
        self.0.clone().slice([range.clone()]).reshape([rows, range.len() / rows])
    }

    /// x·W + b.
    pub fn linear(&self, x: Tensor<B, 2>, [weight, bias]: &[Range<usize>; 2]) -> Tensor<B, 2> {
        let [_, inputs] = x.dims();
        x.matmul(self.matrix(weight, inputs)) + self.matrix(bias, 1)
    }

    /// A layer norm with gain and shift.
    pub fn norm(&self, x: Tensor<B, 2>, [gain, shift]: &[Range<usize>; 2]) -> Tensor<B, 2> {
        normalise(x) * self.matrix(gain, 1) + self.matrix(shift, 1)
    }
}

fn composed_attention<B: Backend>(qkv: Tensor<B, 2>, mask: Tensor<B, 4, Bool>, heads: usize) -> Tensor<B, 2> {
    let ([samples, _, tokens, _], [rows, wide]) = (mask.dims(), qkv.dims());
    let (wide, width) = (wide / 3, wide / (3 * heads));
    let part = |index: usize| {
        let part = qkv.clone().slice([0..rows, index * wide..(index + 1) * wide]);
        part.reshape([samples, tokens, heads, width]).swap_dims(1, 2)
    };
    let (query, key, value) = (part(0), part(1), part(2));
    let logits = query.matmul(key.swap_dims(2, 3)) / (width as f32).sqrt();
    let allowed = mask.expand([samples, heads, tokens, tokens]);
    // A row that may look nowhere has uniform weights after the softmax; the second factor makes them zero.
    let weights = softmax(logits.mask_fill(allowed.clone().bool_not(), -1e30), 3) * allowed.float();
    weights.matmul(value).swap_dims(1, 2).reshape([rows, wide])
}

fn composed_normalise<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    let centred = x.clone() - x.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    centred / (variance + NORM_EPSILON).sqrt()
}

fn wrap<B: Backend, const D: usize>(tensor: FloatTensor<B>) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(tensor))
}

fn unwrap<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}
