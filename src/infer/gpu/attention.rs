//! Masked attention without a matrix of weights in memory.
//!
//! Every unit owns one row and runs over the rows it meets: forward and in the gradient of the queries a query over the
//! keys, in the gradients of keys and values a key over the queries. So nothing is written twice and no sum depends on
//! the order in which units run. Neighbouring units mostly share sample and head, so a warp reads the same row at the
//! same time from its cache. Forbidden pairs cost only the look at the mask.

use super::with_whole_rows;
use burn::tensor::DType;
use burn_cubecl::CubeRuntime;
use burn_cubecl::ops::numeric::{empty_device_contiguous_dtype, empty_device_dtype};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::{calculate_cube_count_elemwise, cube};

/// Units that start together. A unit holds up to four rows in registers, which leaves no room for more.
const UNITS: u32 = 128;

/// Below every logit, yet finite: the running maximum before the first allowed key.
const LOWEST: f32 = -3.0e38;

/// Attention, `[B·T, H·W]`, and log Σ exp(logit) of each query over its allowed keys, `[B, H, T]`.
#[expect(unsafe_code, reason = "a kernel without bounds checks is launched so")]
pub fn forward<R: CubeRuntime>(qkv: CubeTensor<R>, mask: CubeTensor<R>, heads: usize) -> [CubeTensor<R>; 2] {
    let qkv = with_whole_rows(qkv);
    let launch = Launch::new(&qkv, &mask, heads);
    let output = launch.output(&qkv);
    let log_sum = launch.one_per_query(&qkv);
    let vector = launch.vector([&qkv, &output]);
    // SAFETY: every unit below the number of queries indexes by the strides of tensors whose shapes `Launch::new` has
    // found to agree, and writes only its own row.
    unsafe {
        attend::launch_unchecked::<R>(
            &qkv.client.clone(),
            launch.cubes,
            launch.cube,
            vector,
            qkv.into_tensor_arg(),
            mask.into_tensor_arg(),
            output.clone().into_tensor_arg(),
            log_sum.clone().into_array_arg(),
            heads,
            launch.scale,
            launch.width / vector,
            launch.mask,
        );
    }
    [output, log_sum]
}

/// The gradient with respect to the packed queries, keys and values, `[B·T, 3·H·W]`, given these, the output, and the
/// gradient with respect to the output.
#[expect(unsafe_code, reason = "a kernel without bounds checks is launched so")]
pub fn backward<R: CubeRuntime>(
    [qkv, output, upstream]: [CubeTensor<R>; 3],
    mask: CubeTensor<R>,
    log_sum: CubeTensor<R>,
    heads: usize,
) -> CubeTensor<R> {
    let [qkv, output, upstream] = [qkv, output, upstream].map(with_whole_rows);
    let launch = Launch::new(&qkv, &mask, heads);
    let gradient =
        empty_device_dtype(qkv.client.clone(), qkv.device.clone(), qkv.meta.shape().clone(), qkv.dtype);
    let shared = launch.one_per_query(&qkv);
    let vector = launch.vector([&qkv, &output, &upstream, &gradient]);
    assert_eq!(output.meta.shape(), upstream.meta.shape(), "a gradient has the shape of what it is of");
    // SAFETY: as in `forward`; the second kernel reads what the first has written, on the same stream, and they write
    // different thirds of the gradient.
    unsafe {
        gradient_of_query::launch_unchecked::<R>(
            &qkv.client.clone(),
            launch.cubes.clone(),
            launch.cube,
            vector,
            qkv.clone().into_tensor_arg(),
            mask.clone().into_tensor_arg(),
            output.into_tensor_arg(),
            upstream.clone().into_tensor_arg(),
            log_sum.clone().into_array_arg(),
            gradient.clone().into_tensor_arg(),
            shared.clone().into_array_arg(),
            heads,
            launch.scale,
            launch.width / vector,
            launch.mask,
        );
        gradients_of_key_and_value::launch_unchecked::<R>(
            &qkv.client.clone(),
            launch.cubes,
            launch.cube,
            vector,
            qkv.into_tensor_arg(),
            mask.into_tensor_arg(),
            upstream.into_tensor_arg(),
            log_sum.into_array_arg(),
            shared.into_array_arg(),
            gradient.clone().into_tensor_arg(),
            heads,
            launch.scale,
            launch.width / vector,
            launch.mask,
        );
    }
    gradient
}

/// The sizes of one attention, and how its kernels are launched: a unit for each row of each sample and head.
struct Launch {
    samples: usize,
    heads: usize,
    tokens: usize,
    width: usize,
    cubes: CubeCount,
    cube: CubeDim,
    /// 1 / √W.
    scale: f32,
    mask: StorageType,
}

impl Launch {
    fn new<R: CubeRuntime>(qkv: &CubeTensor<R>, mask: &CubeTensor<R>, heads: usize) -> Launch {
        let [samples, _, tokens, _] = mask.meta.shape().dims();
        let [rows, wide] = qkv.meta.shape().dims();
        let width = wide / (3 * heads);
        assert_eq!(
            [rows, wide],
            [samples * tokens, 3 * heads * width],
            "queries, keys and values are [B·T, 3·H·W]"
        );
        assert_eq!(mask.meta.shape().dims(), [samples, 1, tokens, tokens], "the mask is [B, 1, T, T]");
        assert_eq!(qkv.dtype, DType::F32, "attention computes in f32");
        let cube = CubeDim::new_1d(UNITS);
        Launch {
            samples,
            heads,
            tokens,
            width,
            cubes: calculate_cube_count_elemwise(&qkv.client, samples * heads * tokens, cube),
            cube,
            scale: 1.0 / (width as f32).sqrt(),
            mask: mask.dtype.into(),
        }
    }

    /// An uninitialised `[B·T, H·W]`.
    fn output<R: CubeRuntime>(&self, like: &CubeTensor<R>) -> CubeTensor<R> {
        let shape = [self.samples * self.tokens, self.heads * self.width];
        empty_device_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
    }

    /// An uninitialised `[B, H, T]`, its numbers one after the other.
    fn one_per_query<R: CubeRuntime>(&self, like: &CubeTensor<R>) -> CubeTensor<R> {
        let shape = [self.samples, self.heads, self.tokens];
        empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
    }

    /// Numbers that can be read at once: every row of every head is whole vectors of so many.
    fn vector<R: CubeRuntime, const N: usize>(&self, tensors: [&CubeTensor<R>; N]) -> usize {
        let splits = |tensor: &CubeTensor<R>, size: usize| {
            let offset = tensor.handle.offset_start.unwrap_or(0) as usize / size_of::<f32>();
            let stride = tensor.meta.strides().first().copied().unwrap_or(1);
            offset.is_multiple_of(size) && stride.is_multiple_of(size)
        };
        let fits = |size: &usize| {
            self.width.is_multiple_of(*size) && tensors.iter().all(|tensor| splits(tensor, *size))
        };
        [4, 2].into_iter().find(fits).unwrap_or(1)
    }
}

/// Which third of a packed row.
const QUERY: usize = 0;
const KEY: usize = 1;
const VALUE: usize = 2;

/// One query: o = Σ exp(s − m) v / Σ exp(s − m) with s = q·k / √W and m the largest s met so far.
#[cube(launch_unchecked)]
fn attend<N: Size, M: Int>(
    qkv: &Tensor<Vector<f32, N>>,
    mask: &Tensor<M>,
    output: &mut Tensor<Vector<f32, N>>,
    log_sum: &mut Array<f32>,
    heads: usize,
    scale: f32,
    #[comptime] vectors: usize,
    #[define(M)] _kind: StorageType,
) {
    if ABSOLUTE_POS >= log_sum.len() {
        terminate!();
    }
    let tokens = mask.shape(2);
    let at = place(ABSOLUTE_POS, tokens, heads);
    let own = at.first + at.token;
    let q = row(qkv, start(qkv, own, QUERY * heads + at.head, vectors), vectors);
    let (key, value, step) = keys(qkv, &at, heads, vectors);
    let (allowed, allowed_step) = looks(mask, &at);

    let mut seen = zeros::<N>(vectors);
    let mut largest = f32::new(LOWEST);
    let mut sum = 0.0f32;
    for other in 0..tokens {
        if mask[allowed + other * allowed_step] != M::from_int(0) {
            let logit = dot(&q, qkv, key + other * step, vectors) * scale;
            if logit > largest {
                let shrink = (largest - logit).exp();
                sum *= shrink;
                #[unroll]
                for i in 0..vectors {
                    seen[i] *= Vector::new(shrink);
                }
                largest = logit;
            }
            let weight = (logit - largest).exp();
            sum += weight;
            add(&mut seen, weight, qkv, value + other * step, vectors);
        }
    }

    let sum = select(sum == 0.0, 1.0f32, sum);
    log_sum[ABSOLUTE_POS] = largest + sum.ln();
    write(output, start(output, own, at.head, vectors), &seen, 1.0 / sum, vectors);
}

/// One query: dq = Σ w (do·v − do·o) k / √W over its allowed keys, with weights w = exp(s − log Σ exp s); also writes
/// do·o, which the gradients of the keys share.
#[cube(launch_unchecked)]
fn gradient_of_query<N: Size, M: Int>(
    qkv: &Tensor<Vector<f32, N>>,
    mask: &Tensor<M>,
    output: &Tensor<Vector<f32, N>>,
    upstream: &Tensor<Vector<f32, N>>,
    log_sum: &Array<f32>,
    gradient: &mut Tensor<Vector<f32, N>>,
    shared: &mut Array<f32>,
    heads: usize,
    scale: f32,
    #[comptime] vectors: usize,
    #[define(M)] _kind: StorageType,
) {
    if ABSOLUTE_POS >= log_sum.len() {
        terminate!();
    }
    let tokens = mask.shape(2);
    let at = place(ABSOLUTE_POS, tokens, heads);
    let own = at.first + at.token;
    let q = row(qkv, start(qkv, own, QUERY * heads + at.head, vectors), vectors);
    let above = row(upstream, start(upstream, own, at.head, vectors), vectors);
    let (key, value, step) = keys(qkv, &at, heads, vectors);
    let (allowed, allowed_step) = looks(mask, &at);
    let log_sum = log_sum[ABSOLUTE_POS];
    let common = dot(&above, output, start(output, own, at.head, vectors), vectors);
    shared[ABSOLUTE_POS] = common;

    let mut found = zeros::<N>(vectors);
    for other in 0..tokens {
        if mask[allowed + other * allowed_step] != M::from_int(0) {
            let weight = (dot(&q, qkv, key + other * step, vectors) * scale - log_sum).exp();
            let pull = dot(&above, qkv, value + other * step, vectors) - common;
            add(&mut found, weight * pull, qkv, key + other * step, vectors);
        }
    }
    write(gradient, start(gradient, own, QUERY * heads + at.head, vectors), &found, scale, vectors);
}

/// One key: dk = Σ w (do·v − do·o) q / √W and dv = Σ w do over the queries that may look at it.
#[cube(launch_unchecked)]
fn gradients_of_key_and_value<N: Size, M: Int>(
    qkv: &Tensor<Vector<f32, N>>,
    mask: &Tensor<M>,
    upstream: &Tensor<Vector<f32, N>>,
    log_sum: &Array<f32>,
    shared: &Array<f32>,
    gradient: &mut Tensor<Vector<f32, N>>,
    heads: usize,
    scale: f32,
    #[comptime] vectors: usize,
    #[define(M)] _kind: StorageType,
) {
    if ABSOLUTE_POS >= log_sum.len() {
        terminate!();
    }
    let tokens = mask.shape(2);
    let at = place(ABSOLUTE_POS, tokens, heads);
    let own = at.first + at.token;
    let k = row(qkv, start(qkv, own, KEY * heads + at.head, vectors), vectors);
    let v = row(qkv, start(qkv, own, VALUE * heads + at.head, vectors), vectors);
    let (query, query_step) = (start(qkv, at.first, QUERY * heads + at.head, vectors), step(qkv));
    let (above, above_step) = (start(upstream, at.first, at.head, vectors), step(upstream));
    let (allowed, allowed_step) = (at.sample * mask.stride(0) + at.token * mask.stride(3), mask.stride(2));
    let of_head = ABSOLUTE_POS - at.token;

    let mut of_key = zeros::<N>(vectors);
    let mut of_value = zeros::<N>(vectors);
    for other in 0..tokens {
        if mask[allowed + other * allowed_step] != M::from_int(0) {
            let query = query + other * query_step;
            let above = above + other * above_step;
            let weight = (dot(&k, qkv, query, vectors) * scale - log_sum[of_head + other]).exp();
            let pull = dot(&v, upstream, above, vectors) - shared[of_head + other];
            add(&mut of_key, weight * pull, qkv, query, vectors);
            add(&mut of_value, weight, upstream, above, vectors);
        }
    }
    write(gradient, start(gradient, own, KEY * heads + at.head, vectors), &of_key, scale, vectors);
    write(gradient, start(gradient, own, VALUE * heads + at.head, vectors), &of_value, 1.0, vectors);
}

/// The token, head and sample that a unit works on, and the sample's first token among all.
#[derive(CubeType)]
struct Place {
    token: usize,
    head: usize,
    sample: usize,
    first: usize,
}

#[cube]
fn place(unit: usize, tokens: usize, heads: usize) -> Place {
    let sample = unit / (tokens * heads);
    Place { token: unit % tokens, head: unit / tokens % heads, sample, first: sample * tokens }
}

/// Where the keys and the values of a unit's sample and head start, and from one to the next, in vectors.
#[cube]
fn keys<N: Size>(
    qkv: &Tensor<Vector<f32, N>>,
    at: &Place,
    heads: usize,
    #[comptime] vectors: usize,
) -> (usize, usize, usize) {
    let key = start(qkv, at.first, KEY * heads + at.head, vectors);
    let value = start(qkv, at.first, VALUE * heads + at.head, vectors);
    (key, value, step(qkv))
}

/// Where the mask says whether a unit's query may look at the first key, and from one key to the next.
#[cube]
fn looks<M: Int>(mask: &Tensor<M>, at: &Place) -> (usize, usize) {
    (at.sample * mask.stride(0) + at.token * mask.stride(2), mask.stride(3))
}

/// Where the part of a token's row starts that belongs to a head, in vectors.
#[cube]
fn start<N: Size>(
    tensor: &Tensor<Vector<f32, N>>,
    token: usize,
    head: usize,
    #[comptime] vectors: usize,
) -> usize {
    token * step(tensor) + head * vectors
}

/// From a token's row to the next token's, in vectors.
#[cube]
fn step<N: Size>(tensor: &Tensor<Vector<f32, N>>) -> usize {
    tensor.stride(0) / tensor.vector_size()
}

#[cube]
fn zeros<N: Size>(#[comptime] vectors: usize) -> Array<Vector<f32, N>> {
    let mut row = Array::new(vectors);
    #[unroll]
    for i in 0..vectors {
        row[i] = Vector::new(0.0);
    }
    row
}

#[cube]
fn row<N: Size>(
    tensor: &Tensor<Vector<f32, N>>,
    start: usize,
    #[comptime] vectors: usize,
) -> Array<Vector<f32, N>> {
    let mut row = Array::new(vectors);
    #[unroll]
    for i in 0..vectors {
        row[i] = tensor[start + i];
    }
    row
}

/// The inner product of a row in registers with one in memory.
#[cube]
fn dot<N: Size>(
    row: &Array<Vector<f32, N>>,
    tensor: &Tensor<Vector<f32, N>>,
    start: usize,
    #[comptime] vectors: usize,
) -> f32 {
    let mut products = Vector::<f32, N>::new(0.0);
    #[unroll]
    for i in 0..vectors {
        products += row[i] * tensor[start + i];
    }
    let mut sum = 0.0f32;
    #[unroll]
    for lane in 0..products.vector_size() {
        sum += products[lane];
    }
    sum
}

/// Adds `factor` times a row in memory to one in registers.
#[cube]
fn add<N: Size>(
    row: &mut Array<Vector<f32, N>>,
    factor: f32,
    tensor: &Tensor<Vector<f32, N>>,
    start: usize,
    #[comptime] vectors: usize,
) {
    #[unroll]
    for i in 0..vectors {
        row[i] += Vector::new(factor) * tensor[start + i];
    }
}

/// Writes `factor` times a row.
#[cube]
fn write<N: Size>(
    tensor: &mut Tensor<Vector<f32, N>>,
    start: usize,
    row: &Array<Vector<f32, N>>,
    factor: f32,
    #[comptime] vectors: usize,
) {
    #[unroll]
    for i in 0..vectors {
        tensor[start + i] = row[i] * Vector::new(factor);
    }
}
