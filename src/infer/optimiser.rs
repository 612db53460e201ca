//! What a step of training moves: Muon for the matrices of the blocks, AdamW for all else, behind clipping of the gradient's
//! norm; and a moving average of the parameters.
//!
//! Muon (Jordan et al. 2024) steps along the momentum made orthogonal, so that no direction of a matrix is left behind; its
//! steps are as long as AdamW's (Liu et al. 2025, equation 4), so that one learning rate serves both. AdamW is Loshchilov & Hutter's
//! (2019, algorithm 2). Composed of a tensor's operations ([`composed`], for devices without kernels), and in one pass over
//! the numbers ([`fused`]): small networks take steps in milliseconds, and the former passes over the parameters a dozen times.

use crate::kernel::orthogonalise;
use crate::network::Matrices;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use std::ops::Range;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.99;
const EPSILON: f64 = 1e-8;
const WEIGHT_DECAY: f64 = 1e-3;

/// The share of a matrix's momentum that stays.
const MOMENTUM: f64 = 0.95;

/// Root mean square of the steps of AdamW, as measured: that of an orthogonal matrix's entries is 1/√(its longer side).
const STEP: f64 = 0.2;

/// X ← a X + (b XXᵀ + c (XXᵀ)²) X takes singular values of 0.03 to 1 to within 0.4 of one in this many steps. Two more take those of
/// 0.003 there too, which are mostly noise: on SLCP held-out loss after 3,000 steps was .405 with five, and .402 with three.
pub(crate) const NEWTON_SCHULZ: [f32; 3] = [3.4445, -4.775, 2.0315];
pub(crate) const NEWTON_SCHULZ_STEPS: usize = 3;

/// The least norm that a matrix is divided by.
pub(crate) const LEAST_NORM: f32 = 1e-7;

/// The largest norm of a gradient.
const LARGEST: f64 = 1.0;

/// Numbers of a block, over which sums are kept side by side.
const BLOCK: usize = 16;

/// What a step moves: one number of each for each parameter.
#[derive(Clone, Debug)]
pub struct Moving<T> {
    /// The parameters.
    pub parameters: T,
    /// First moments of the gradient; of matrices their momentum.
    pub first: T,
    /// Second moments of the gradient; of matrices the last direction.
    pub second: T,
    /// The moving average of the parameters.
    pub average: T,
}

impl<T> Moving<T> {
    /// Each of them, to be changed.
    pub fn each_mut(&mut self) -> Moving<&mut T> {
        let Moving { parameters, first, second, average } = self;
        Moving { parameters, first, second, average }
    }

    /// Each of them in another form.
    pub fn map<U>(self, mut form: impl FnMut(T) -> U) -> Moving<U> {
        Moving {
            parameters: form(self.parameters),
            first: form(self.first),
            second: form(self.second),
            average: form(self.average),
        }
    }
}

/// How far one step goes.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// Learning rate.
    pub rate: f64,
    /// Number of the step, from zero.
    pub step: usize,
    /// The share of the average that stays.
    pub keep: f64,
}

impl Update {
    /// What first and second moments are divided by, so that they are not too small at first.
    fn corrections(self) -> (f64, f64) {
        let steps = self.step as f64 + 1.0;
        (1.0 - BETA_1.powf(steps), 1.0 - BETA_2.powf(steps))
    }
}

/// How much longer than its orthogonal direction a matrix's step is, in learning rates.
fn stretch(matrices: &Matrices) -> f64 {
    STEP * (matrices.rows.max(matrices.columns) as f64).sqrt()
}

/// A step in operations of tensors.
pub fn composed<B: Backend>(
    update: Update,
    matrices: &[Matrices],
    moving: Moving<Tensor<B, 1>>,
    gradient: Tensor<B, 1>,
) -> Moving<Tensor<B, 1>> {
    let norm = gradient.clone().powi_scalar(2).sum().sqrt();
    let gradient = gradient * (norm.recip() * LARGEST).clamp_max(1.0);
    let (of_first, of_second) = update.corrections();
    let mut first = moving.first.clone() * BETA_1 + gradient.clone() * (1.0 - BETA_1);
    let mut second = moving.second * BETA_2 + gradient.clone().powi_scalar(2) * (1.0 - BETA_2);
    let mut direction = (first.clone() / of_first) / ((second.clone() / of_second).sqrt() + EPSILON);
    for own in matrices {
        let of = |all: &Tensor<B, 1>| all.clone().slice([own.range.clone()]);
        let momentum = of(&moving.first) * MOMENTUM + of(&gradient) * (1.0 - MOMENTUM);
        let ahead = momentum.clone() * MOMENTUM + of(&gradient) * (1.0 - MOMENTUM);
        let orthogonal = composed_orthogonal(own, ahead);
        first = first.slice_assign([own.range.clone()], momentum);
        second = second.slice_assign([own.range.clone()], orthogonal.clone());
        direction = direction.slice_assign([own.range.clone()], orthogonal * stretch(own));
    }
    let parameters = moving.parameters * (1.0 - update.rate * WEIGHT_DECAY) - direction * update.rate;
    let average = moving.average * update.keep + parameters.clone() * (1.0 - update.keep);
    Moving { parameters, first, second, average }
}

/// [`orthogonalise`] in operations of tensors.
fn composed_orthogonal<B: Backend>(sizes: &Matrices, numbers: Tensor<B, 1>) -> Tensor<B, 1> {
    let Matrices { rows, columns, count, .. } = *sizes;
    let [a, b, c] = NEWTON_SCHULZ;
    let mut x = numbers.reshape([rows, count, columns]).swap_dims(0, 1);
    let norm = x.clone().powi_scalar(2).sum_dim(2).sum_dim(1).sqrt().clamp_min(LEAST_NORM);
    x = x / norm;
    for _ in 0..NEWTON_SCHULZ_STEPS {
        let turned = x.clone().swap_dims(1, 2);
        let polynomial = |g: Tensor<B, 3>| g.clone() * b + g.clone().matmul(g) * c;
        // The smaller of the two products with itself.
        let moved = match rows > columns {
            true => x.clone().matmul(polynomial(turned.matmul(x.clone()))),
            false => polynomial(x.clone().matmul(turned)).matmul(x.clone()),
        };
        x = x * a + moved;
    }
    x.swap_dims(0, 1).flatten(0, 2)
}

/// The same step on numbers in memory, on the threads of the pool around it.
pub fn fused(update: Update, matrices: &[Matrices], mut moving: Moving<&mut [f32]>, gradient: &[f32]) {
    let clip = (LARGEST / norm(gradient)).min(1.0) as f32;
    let mut next = 0;
    for own in matrices {
        adam(update, moving.part(next..own.range.start), part(gradient, next..own.range.start), clip);
        push(moving.part(own.range.clone()), part(gradient, own.range.clone()), clip);
        next = own.range.end;
    }
    adam(update, moving.part(next..gradient.len()), part(gradient, next..gradient.len()), clip);
    let mut rest = (0, &mut *moving.second);
    let each = matrices.iter().map(|own| {
        let (start, numbers) = std::mem::take(&mut rest);
        let (numbers, after) = numbers.split_at_mut(own.range.end - start);
        rest = (own.range.end, after);
        (own, numbers.split_at_mut(own.range.start - start).1)
    });
    orthogonalise(each.collect());
    for own in matrices {
        walk(update, stretch(own), moving.part(own.range.clone()));
    }
}

impl Moving<&mut [f32]> {
    /// The same of some parameters.
    fn part(&mut self, range: Range<usize>) -> Moving<&mut [f32]> {
        self.each_mut().map(|all| all.get_mut(range.clone()).expect(INSIDE))
    }
}

fn part(all: &[f32], range: Range<usize>) -> &[f32] {
    all.get(range).expect(INSIDE)
}

const INSIDE: &str = "pieces lie in the flat vector";

/// AdamW.
fn adam(update: Update, moving: Moving<&mut [f32]>, gradient: &[f32], clip: f32) {
    let (of_first, of_second) = update.corrections();
    let (keep_first, keep_second) = (BETA_1 as f32, BETA_2 as f32);
    let (of_first, of_second) = (of_first.recip() as f32, of_second.recip() as f32);
    let (rate, stay) = (update.rate as f32, (1.0 - update.rate * WEIGHT_DECAY) as f32);
    let (keep, epsilon) = (update.keep as f32, EPSILON as f32);
    let moments = moving.first.iter_mut().zip(moving.second);
    let values = moving.parameters.iter_mut().zip(moving.average);
    for (((parameter, average), (first, second)), g) in values.zip(moments).zip(gradient) {
        let g = clip * g;
        *first = keep_first * *first + (1.0 - keep_first) * g;
        *second = keep_second * *second + (1.0 - keep_second) * g * g;
        let direction = of_first * *first / ((of_second * *second).sqrt() + epsilon);
        *parameter = stay * *parameter - rate * direction;
        *average = keep * *average + (1.0 - keep) * *parameter;
    }
}

/// The momentum of a matrix, and where it will be next (Nesterov), to be made orthogonal.
fn push(moving: Moving<&mut [f32]>, gradient: &[f32], clip: f32) {
    let keep = MOMENTUM as f32;
    for ((momentum, ahead), g) in moving.first.iter_mut().zip(moving.second).zip(gradient) {
        let g = (1.0 - keep) * clip * g;
        *momentum = keep * *momentum + g;
        *ahead = keep * *momentum + g;
    }
}

/// A step of a matrix along its orthogonal direction.
fn walk(update: Update, stretch: f64, moving: Moving<&mut [f32]>) {
    let (rate, stay) = ((stretch * update.rate) as f32, (1.0 - update.rate * WEIGHT_DECAY) as f32);
    let keep = update.keep as f32;
    let values = moving.parameters.iter_mut().zip(moving.average);
    for ((parameter, average), direction) in values.zip(moving.second) {
        *parameter = stay * *parameter - rate * *direction;
        *average = keep * *average + (1.0 - keep) * *parameter;
    }
}

/// √Σ x², block by block, so that the order of the sum is the same on every machine.
fn norm(x: &[f32]) -> f64 {
    let mut sums = [0.0_f64; BLOCK];
    for block in x.chunks(BLOCK) {
        for (sum, x) in sums.iter_mut().zip(block) {
            *sum += f64::from(*x) * f64::from(*x);
        }
    }
    sums.iter().sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::grad_clipping::GradientClippingConfig;
    use burn::optim::decay::WeightDecayConfig;
    use burn::optim::{AdamWConfig, AdjustLrFn, MuonConfig, SimpleOptimizer};
    use burn::tensor::TensorData;

    type Cpu = crate::backend::Cpu;

    /// Sixteen numbers, two matrices of 5 × 3 side by side, a matrix of 4 × 9, and a number.
    const COUNT: usize = 16 + 30 + 36 + 1;

    fn matrices() -> [Matrices; 2] {
        [
            Matrices { range: 16..46, rows: 5, columns: 3, count: 2 },
            Matrices { range: 46..82, rows: 4, columns: 9, count: 1 },
        ]
    }

    fn tensor(values: &[f32]) -> Tensor<Cpu, 1> {
        Tensor::from_data(TensorData::from(values), &Default::default())
    }

    fn close(name: &str, ours: &[f32], theirs: Tensor<Cpu, 1>) {
        let theirs: Vec<f32> = theirs.into_data().into_vec().unwrap();
        assert_eq!(ours.len(), theirs.len());
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{name}: {a} is not {b}");
        }
    }

    /// Twenty steps of both forms and of the optimisers that come with burn, some of them on gradients to be clipped.
    #[test]
    fn both_forms_are_muon_and_adamw() {
        let stream = sbi_sim::rng::Stream::new(4, "optimiser");
        let numbers = |step| {
            let mut numbers = vec![0.0; COUNT];
            stream.fill_normal_f32(0, step, &mut numbers);
            numbers
        };
        let start = numbers(100);
        let [mut parameters, mut first, mut second, mut average] =
            [start.clone(), vec![0.0; COUNT], vec![0.0; COUNT], start.clone()];
        let mut composed_state = Moving {
            parameters: tensor(&start),
            first: tensor(&first),
            second: tensor(&second),
            average: tensor(&start),
        };
        let adam = AdamWConfig::new().with_beta_2(0.99).with_epsilon(1e-8).with_weight_decay(1e-3).build();
        let muon = MuonConfig::new()
            .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
            .with_ns_steps(3)
            .with_weight_decay(Some(WeightDecayConfig::new(1e-3)))
            .build::<Cpu>();
        // Of the two matrices side by side the second.
        let second_of_two = |all: &Tensor<Cpu, 1>| {
            all.clone().slice(16..46).reshape([5, 2, 3]).slice([0..5, 1..2]).reshape([5, 3])
        };
        let wide = |all: &Tensor<Cpu, 1>| all.clone().slice(46..82).reshape([4, 9]);
        let (mut known, mut moments) = (tensor(&start), None);
        let mut matrices_known = [second_of_two(&known), wide(&known)];
        let mut momenta = [None, None];
        for step in 0..20 {
            let scale = if step % 3 == 0 { 3.0 } else { 0.05 };
            let gradient: Vec<f32> = numbers(step as u32).iter().map(|x| scale * x).collect();
            let update = Update { rate: 0.01 * (1.0 + step as f64), step, keep: 0.9 };
            let state = Moving {
                parameters: &mut parameters[..],
                first: &mut first[..],
                second: &mut second[..],
                average: &mut average[..],
            };
            fused(update, &matrices(), state, &gradient);
            composed_state = composed(update, &matrices(), composed_state, tensor(&gradient));
            let clipped = GradientClippingConfig::Norm(1.0).init().clip_gradient(tensor(&gradient));
            (known, moments) = adam.step(update.rate, known, clipped.clone(), moments);
            let gradients = [second_of_two(&clipped), wide(&clipped)];
            for ((known, momentum), gradient) in matrices_known.iter_mut().zip(&mut momenta).zip(gradients) {
                let (moved, next) = muon.step(update.rate, known.clone(), gradient, momentum.take());
                (*known, *momentum) = (moved, next);
            }
        }
        let ours = tensor(&parameters);
        close("parameters of AdamW", &parameters[..16], known.slice(0..16));
        for (name, ours, known) in [
            ("the second matrix of two", second_of_two(&ours), &matrices_known[0]),
            ("a wide matrix", wide(&ours), &matrices_known[1]),
        ] {
            let ours: Vec<f32> = ours.into_data().into_vec().unwrap();
            close(name, &ours, known.clone().flatten(0, 1));
        }
        close("parameters", &parameters, composed_state.parameters);
        close("first moments", &first, composed_state.first);
        close("second moments", &second, composed_state.second);
        close("average", &average, composed_state.average);
    }
}
