//! What a step of training moves: AdamW (Loshchilov & Hutter 2019, algorithm 2) behind clipping of the gradient's norm,
//! and a moving average of the parameters.
//!
//! Composed of a tensor's operations ([`composed`], for devices without kernels), and in one pass over the numbers
//! ([`fused`]): small networks take steps in milliseconds, and the former passes over the parameters a dozen times.

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.99;
const EPSILON: f64 = 1e-8;
const WEIGHT_DECAY: f64 = 1e-3;

/// The largest norm of a gradient.
const LARGEST: f64 = 1.0;

/// Numbers of a block, over which sums are kept side by side.
const BLOCK: usize = 16;

/// What a step moves: one number of each for each parameter.
#[derive(Clone, Debug)]
pub struct Moving<T> {
    /// The parameters.
    pub parameters: T,
    /// First moments of the gradient.
    pub first: T,
    /// Second moments of the gradient.
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

/// A step in operations of tensors.
pub fn composed<B: Backend>(
    update: Update,
    moving: Moving<Tensor<B, 1>>,
    gradient: Tensor<B, 1>,
) -> Moving<Tensor<B, 1>> {
    let norm = gradient.clone().powi_scalar(2).sum().sqrt();
    let gradient = gradient * (norm.recip() * LARGEST).clamp_max(1.0);
    let (of_first, of_second) = update.corrections();
    let first = moving.first * BETA_1 + gradient.clone() * (1.0 - BETA_1);
    let second = moving.second * BETA_2 + gradient.powi_scalar(2) * (1.0 - BETA_2);
    let direction = (first.clone() / of_first) / ((second.clone() / of_second).sqrt() + EPSILON);
    let parameters = moving.parameters * (1.0 - update.rate * WEIGHT_DECAY) - direction * update.rate;
    let average = moving.average * update.keep + parameters.clone() * (1.0 - update.keep);
    Moving { parameters, first, second, average }
}

/// The same step on numbers in memory.
pub fn fused(update: Update, moving: Moving<&mut [f32]>, gradient: &[f32]) {
    let (of_first, of_second) = update.corrections();
    let clip = (LARGEST / norm(gradient)).min(1.0) as f32;
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
    use burn::optim::{AdamWConfig, SimpleOptimizer};
    use burn::tensor::TensorData;

    type Cpu = crate::backend::Cpu;

    const COUNT: usize = 37;

    fn tensor(values: &[f32]) -> Tensor<Cpu, 1> {
        Tensor::from_data(TensorData::from(values), &Default::default())
    }

    fn close(name: &str, ours: &[f32], theirs: Tensor<Cpu, 1>) {
        let theirs: Vec<f32> = theirs.into_data().into_vec().unwrap();
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() < 2e-6 * (1.0 + b.abs()), "{name}: {a} is not {b}");
        }
    }

    /// Twenty steps of both forms and of the optimiser that comes with burn, some of them on gradients to be clipped.
    #[test]
    fn both_forms_are_adamw() {
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
        let theirs = AdamWConfig::new().with_beta_2(0.99).with_epsilon(1e-8).with_weight_decay(1e-3).build();
        let (mut known, mut moments) = (tensor(&start), None);
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
            fused(update, state, &gradient);
            composed_state = composed(update, composed_state, tensor(&gradient));
            let clipped = GradientClippingConfig::Norm(1.0).init().clip_gradient(tensor(&gradient));
            (known, moments) = theirs.step(update.rate, known, clipped, moments);
        }
        close("parameters", &parameters, composed_state.parameters);
        close("first moments", &first, composed_state.first);
        close("second moments", &second, composed_state.second);
        close("average", &average, composed_state.average);
        close("burn's parameters", &parameters, known);
    }
}
