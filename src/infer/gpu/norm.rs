//! Layer norm: a group of units for each row, which reads it three times forward and twice backward, from
//! memory only the first time.

use super::with_whole_rows;
use crate::network::NORM_EPSILON;
use burn::tensor::DType;
use burn_cubecl::CubeRuntime;
use burn_cubecl::ops::numeric::empty_device_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::{calculate_cube_count_elemwise, cube};

/// Units on one row; a power of two, for the sums are trees.
const LANES: u32 = 32;

/// Rows that one cube works on.
const ROWS: u32 = 8;

/// The normalised rows, `[N, D]`, and 1 / √(variance + ε) of each, `[N]`.
#[expect(unsafe_code, reason = "a kernel without bounds checks is launched so")]
pub fn forward<R: CubeRuntime>(x: CubeTensor<R>) -> [CubeTensor<R>; 2] {
    let x = with_whole_rows(x);
    let [rows, width] = sizes(&x);
    let (output, scale) = (empty(&x, [rows, width]), empty(&x, [rows]));
    let (cube, cubes) = grid(&x);
    // SAFETY: units read and write at the first `width` numbers of the first `rows` rows, which all tensors have, and
    // at the first `rows` scales.
    unsafe {
        normalise::launch_unchecked::<R>(
            &x.client.clone(),
            cubes,
            cube,
            x.into_tensor_arg(),
            output.clone().into_tensor_arg(),
            scale.clone().into_tensor_arg(),
            NORM_EPSILON,
        );
    }
    [output, scale]
}

/// The gradient with respect to the rows, `[N, D]`, given the normalised rows, their scales and the gradient with
/// respect to the normalised rows.
#[expect(unsafe_code, reason = "a kernel without bounds checks is launched so")]
pub fn backward<R: CubeRuntime>(
    output: CubeTensor<R>,
    scale: CubeTensor<R>,
    upstream: CubeTensor<R>,
) -> CubeTensor<R> {
    let upstream = with_whole_rows(upstream);
    assert_eq!(output.meta.shape(), upstream.meta.shape(), "a gradient has the shape of what it is of");
    let gradient = empty(&upstream, sizes(&upstream));
    let (cube, cubes) = grid(&upstream);
    // SAFETY: as in `forward`.
    unsafe {
        gradient_of_rows::launch_unchecked::<R>(
            &upstream.client.clone(),
            cubes,
            cube,
            output.into_tensor_arg(),
            scale.into_tensor_arg(),
            upstream.into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
        );
    }
    gradient
}

/// An uninitialised tensor in the layout that burn's other operations on this device give their results: rows may be
/// padded.
fn empty<R: CubeRuntime, const D: usize>(like: &CubeTensor<R>, shape: [usize; D]) -> CubeTensor<R> {
    empty_device_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
}

fn sizes<R: CubeRuntime>(x: &CubeTensor<R>) -> [usize; 2] {
    assert_eq!(x.dtype, DType::F32, "layer norm computes in f32");
    x.meta.shape().dims()
}

fn grid<R: CubeRuntime>(x: &CubeTensor<R>) -> (CubeDim, CubeCount) {
    let [rows, _] = sizes(x);
    let cube = CubeDim::new_2d(LANES, ROWS);
    (cube, calculate_cube_count_elemwise(&x.client, rows * LANES as usize, cube))
}

/// y = (x − mean) / √(variance + ε).
#[cube(launch_unchecked)]
fn normalise(x: &Tensor<f32>, output: &mut Tensor<f32>, scale: &mut Tensor<f32>, epsilon: f32) {
    let row = CUBE_POS * ROWS as usize + UNIT_POS_Y as usize;
    let width = reach(row, x);
    let count = f32::cast_from(x.shape(1));
    let from = row * x.stride(0);
    let mut partial = 0.0f32;
    let mut at = UNIT_POS_X as usize;
    while at < width {
        partial += x[from + at];
        at += LANES as usize;
    }
    let mean = sum(partial) / count;

    let mut partial = 0.0f32;
    let mut at = UNIT_POS_X as usize;
    while at < width {
        let centred = x[from + at] - mean;
        partial += centred * centred;
        at += LANES as usize;
    }
    let inverse = 1.0 / (sum(partial) / count + epsilon).sqrt();

    let to = row * output.stride(0);
    let mut at = UNIT_POS_X as usize;
    while at < width {
        output[to + at] = (x[from + at] - mean) * inverse;
        at += LANES as usize;
    }
    if UNIT_POS_X == 0 && row < x.shape(0) {
        scale[row] = inverse;
    }
}

/// dx = (dy − mean(dy) − y mean(y dy)) / √(variance + ε).
#[cube(launch_unchecked)]
fn gradient_of_rows(
    output: &Tensor<f32>,
    scale: &Tensor<f32>,
    upstream: &Tensor<f32>,
    gradient: &mut Tensor<f32>,
) {
    let row = CUBE_POS * ROWS as usize + UNIT_POS_Y as usize;
    let width = reach(row, output);
    let count = f32::cast_from(output.shape(1));
    let (y, dy) = (row * output.stride(0), row * upstream.stride(0));
    let mut plain = 0.0f32;
    let mut weighted = 0.0f32;
    let mut at = UNIT_POS_X as usize;
    while at < width {
        plain += upstream[dy + at];
        weighted += output[y + at] * upstream[dy + at];
        at += LANES as usize;
    }
    let plain = sum(plain) / count;
    let weighted = sum(weighted) / count;

    let to = row * gradient.stride(0);
    let mut at = UNIT_POS_X as usize;
    while at < width {
        gradient[to + at] = (upstream[dy + at] - plain - output[y + at] * weighted) * scale[row];
        at += LANES as usize;
    }
}

/// How far units read in their row: not at all beyond the last row, where they still take part in the sums of their
/// cube.
#[cube]
fn reach(row: usize, rows: &Tensor<f32>) -> usize {
    select(row < rows.shape(0), rows.shape(1), 0)
}

/// The sum over the units of a row, known to all of them.
#[cube]
fn sum(partial: f32) -> f32 {
    let mut partials = SharedMemory::<f32>::new((LANES * ROWS) as usize);
    let own = UNIT_POS as usize;
    partials[own] = partial;
    sync_cube();
    #[unroll]
    for level in 0..comptime!(LANES.ilog2()) {
        let half = comptime!(LANES >> (level + 1));
        if UNIT_POS_X < half {
            partials[own] += partials[own + half as usize];
        }
        sync_cube();
    }
    let total = partials[own - UNIT_POS_X as usize];
    // The next sum may be given the same memory.
    sync_cube();
    total
}
