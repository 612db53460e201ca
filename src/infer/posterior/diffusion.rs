//! A diffusion of what is inferred, given a context: the score of its law at every level of noise (Song et al. 2021), preconditioned as in
//! Karras et al. 2022.
//!
//! ```text
//! loss = ½ Σ (F − target)²          F(c_in (u + σ n), ln σ, context), target: what denoises exactly
//! draw:  from noise of the highest level along du/dλ, λ = ln σ (`multistep`)
//! log q(u) = log N(u at the highest level) − ∫ c_in c_out tr(∂F/∂u) dλ + numbers · ln c_in        the trace exactly
//! ```
//!
//! F is a network of residual blocks, each of which hears of noise and context again.

use crate::levels::Levels;
use crate::multistep::multistep;
use crate::network::{Operations, Pieces, Placer, gelu};
use crate::noise::{Coefficients, Process};
use burn::backend::Autodiff;
use burn::tensor::{Tensor, TensorData};
use sbi_model::Noise;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::ops::Range;

/// Where the file is silent.
const WIDTH: usize = 128;
const LAYERS: usize = 3;

/// How fine posteriors are taken to be, in standard deviations of the prior.
const FINEST: f64 = 0.03;

/// Sines and cosines of a level.
const FREQUENCIES: usize = 4;
const FEATURES: usize = 1 + 2 * FREQUENCIES;

/// Steps of the classical Runge-Kutta method from a point to noise, even in x with λ = MIDDLE + sinh x.
const STEPS: usize = 32;
const MIDDLE: f64 = -1.0;

/// A diffusion; together with its parameters it is a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diffusion {
    numbers: usize,
    context: usize,
    width: usize,
    layers: usize,
    process: Process,
}

/// Where the parameters lie.
struct Layout {
    enter: [Range<usize>; 2],
    /// Into a block, and out of it.
    blocks: Vec<[[Range<usize>; 2]; 2]>,
    head: [Range<usize>; 2],
}

/// How values change along the flow, and how their volume does, both with x.
struct Slope {
    place: Vec<f64>,
    volume: Vec<f64>,
}

impl Diffusion {
    /// A diffusion of so many numbers given a context of so many.
    pub fn of(written: &sbi_model::Diffusion, numbers: usize, context: usize) -> Diffusion {
        Diffusion {
            numbers,
            context,
            width: written.width.unwrap_or(WIDTH),
            layers: written.layers.unwrap_or(LAYERS),
            process: Process::fitting(Noise::Edm, FINEST),
        }
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        format!("diffusion of {} blocks of width {}", self.layers, self.width)
    }

    /// Random numbers that an example of the training takes: a level, and noise.
    pub fn noises(&self) -> usize {
        1 + self.numbers
    }

    /// Hands out places for its parameters.
    pub fn place(&self, placer: &mut Placer) {
        self.layout(placer);
    }

    fn layout(&self, placer: &mut Placer) -> Layout {
        let (width, known) = (self.width, FEATURES + self.context);
        let enter = placer.linear("diffusion.layer.in", self.numbers + known, width);
        let block = |number: usize| {
            let name = format!("diffusion.block.{number}.layer");
            let into = placer.linear(&format!("{name}.in"), width + known, width);
            [into, placer.linear(&format!("{name}.out"), width, width)]
        };
        let blocks = (0..self.layers).map(block).collect();
        Layout { enter, blocks, head: placer.linear("diffusion.head", width, self.numbers) }
    }

    /// F of values as the network sees them, `[N, numbers]`, with what is known of each, `[N, features + context]`.
    fn asked<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        seen: Tensor<B, 2>,
        known: &Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let (layout, pieces) = (self.layout(&mut Placer::default()), Pieces(parameters));
        let entered = pieces.linear(Tensor::cat(vec![seen, known.clone()], 1), &layout.enter);
        let h = layout.blocks.iter().fold(gelu(entered), |h, [into, out]| {
            let heard = gelu(pieces.linear(Tensor::cat(vec![h.clone(), known.clone()], 1), into));
            h + pieces.linear(heard, out)
        });
        pieces.linear(h, &layout.head)
    }

    /// What is known of rows at these levels, `[N, features + context]`.
    fn known<B: Operations>(&self, levels: &[f64], context: &Tensor<B, 2>) -> Tensor<B, 2> {
        let features = |sigma: &f64| {
            let at = self.process.feature(*sigma);
            let waves = (0..FREQUENCIES).map(move |k| TAU / 2.0 * f64::from(1_u32 << k) * at);
            std::iter::once(at).chain(waves.flat_map(|wave| [wave.sin(), wave.cos()]))
        };
        let features: Vec<f32> = levels.iter().flat_map(features).map(|x| x as f32).collect();
        let features = TensorData::new(features, [levels.len(), FEATURES]);
        Tensor::cat(vec![Tensor::from_data(features, &context.device()), context.clone()], 1)
    }

    /// The sum over rows `[N, numbers]` of the loss, `[1]`; `noise` has for each a uniform number and normal ones, `[N · noises]`.
    pub fn loss<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        rows: &[f32],
        context: &Tensor<B, 2>,
        noise: &[f32],
    ) -> Tensor<B, 1> {
        let count = rows.len() / self.numbers;
        let (mut levels, mut seen, mut wanted) = (Vec::with_capacity(count), Vec::new(), Vec::new());
        for (row, noise) in rows.chunks_exact(self.numbers).zip(noise.chunks_exact(self.noises())) {
            let Some((uniform, normal)) = noise.split_first() else { continue };
            let sigma = self.process.level(f64::from(*uniform));
            let c = self.process.coefficients(sigma);
            for (clean, normal) in row.iter().zip(normal) {
                let noisy = f64::from(*clean) + sigma * f64::from(*normal);
                seen.push((c.input * noisy) as f32);
                wanted.push(c.target(f64::from(*clean), noisy) as f32);
            }
            levels.push(sigma);
        }
        let table = |values: Vec<f32>| {
            Tensor::<B, 2>::from_data(TensorData::new(values, [count, self.numbers]), &parameters.device())
        };
        let made = self.asked(parameters, table(seen), &self.known(&levels, context));
        (made - table(wanted)).powi_scalar(2).sum() * 0.5
    }

    /// The levels of noise that draws visit: so many, or as many as suit most.
    pub fn levels(&self, steps: Option<usize>) -> Levels {
        Levels::of(&self.process, steps)
    }

    /// The rows that normal numbers `[N, numbers]` lead to, in so many steps or as many as suit most.
    pub fn draw<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        normal: Tensor<B, 2>,
        context: &Tensor<B, 2>,
        steps: Option<usize>,
    ) -> Tensor<B, 2> {
        let ([count, _], device) = (normal.dims(), normal.device());
        let scale = self.process.start_variance().sqrt();
        let start = values(normal).into_iter().map(|x| scale * f64::from(x)).collect();
        let denoised = |now: &[f64], sigma: f64| -> Vec<f64> {
            let c = self.process.coefficients(sigma);
            let seen: Vec<f32> = now.iter().map(|x| (c.input * x) as f32).collect();
            let seen = Tensor::<B, 2>::from_data(TensorData::new(seen, [count, self.numbers]), &device);
            let made = values(self.asked(parameters, seen, &self.known(&vec![sigma; count], context)));
            now.iter().zip(made).map(|(x, made)| c.denoise(*x, f64::from(made))).collect()
        };
        let drawn = multistep(start, &self.levels(steps), denoised);
        let drawn: Vec<f32> = drawn.into_iter().map(|x| x as f32).collect();
        Tensor::from_data(TensorData::new(drawn, [count, self.numbers]), &device)
    }

    /// log q of rows `[N, numbers]` with their contexts, `[N, 1]`.
    pub fn log_density<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        rows: Tensor<B, 2>,
        context: &Tensor<B, 2>,
    ) -> Tensor<B, 2>
    where
        Autodiff<B>: Operations,
    {
        let ([count, _], device) = (rows.dims(), rows.device());
        let (lowest, highest) = self.process.range();
        let [first, last] = [lowest, highest].map(|sigma| (sigma.ln() - MIDDLE).asinh());
        let step = (last - first) / STEPS as f64;
        let slope = |at: f64, u: &[f64]| -> Slope {
            let sigma = (MIDDLE + at.sinh()).exp();
            let Coefficients { input, output, .. } = self.process.coefficients(sigma);
            let (made, traces) = self.traced::<B>(parameters, u, sigma, context);
            // dλ/dx = cosh x.
            let scaled = |own: f64| -input * output * at.cosh() * own;
            Slope {
                place: made.into_iter().map(scaled).collect(),
                volume: traces.into_iter().map(scaled).collect(),
            }
        };
        let input = self.process.coefficients(lowest).input;
        let mut u: Vec<f64> = values(rows).into_iter().map(|x| input * f64::from(x)).collect();
        let mut log = vec![self.numbers as f64 * input.ln(); count];
        for number in 0..STEPS {
            let at = first + step * number as f64;
            let moved = |by: f64, slope: &Slope| -> Vec<f64> {
                u.iter().zip(&slope.place).map(|(x, slope)| x + by * slope).collect()
            };
            let one = slope(at, &u);
            let two = slope(at + 0.5 * step, &moved(0.5 * step, &one));
            let three = slope(at + 0.5 * step, &moved(0.5 * step, &two));
            let four = slope(at + step, &moved(step, &three));
            for (slope, weight) in [(one, 1.0), (two, 2.0), (three, 2.0), (four, 1.0)] {
                let weight = weight * step / 6.0;
                u.iter_mut().zip(slope.place).for_each(|(x, slope)| *x += weight * slope);
                // What spreads grows thinner: the density at the start is larger by as much.
                log.iter_mut().zip(slope.volume).for_each(|(log, slope)| *log += weight * slope);
            }
        }
        for (log, end) in log.iter_mut().zip(u.chunks_exact(self.numbers)) {
            *log -= end.iter().map(|x| 0.5 * (x * x + TAU.ln())).sum::<f64>();
        }
        let log: Vec<f32> = log.into_iter().map(|x| x as f32).collect();
        Tensor::from_data(TensorData::new(log, [count, 1]), &device)
    }

    /// F and the trace of its slopes of each row.
    fn traced<B: Operations>(
        &self,
        parameters: &Tensor<B, 1>,
        seen: &[f64],
        sigma: f64,
        context: &Tensor<B, 2>,
    ) -> (Vec<f64>, Vec<f64>)
    where
        Autodiff<B>: Operations,
    {
        let count = seen.len() / self.numbers;
        let numbers: Vec<f32> = seen.iter().map(|x| *x as f32).collect();
        let numbers = TensorData::new(numbers, [count, self.numbers]);
        let seen = Tensor::<B, 2>::from_data(numbers, &parameters.device());
        let known = Tensor::from_inner(self.known(&vec![sigma; count], context));
        let parameters = Tensor::from_inner(parameters.clone());
        let (mut made, mut traces) = (Vec::new(), vec![0.0; count]);
        for number in 0..self.numbers {
            // A gradient uses up what it goes back through, so that each has its own.
            let own = Tensor::<Autodiff<B>, 2>::from_inner(seen.clone()).require_grad();
            let all = self.asked(&parameters, own.clone(), &known);
            let gradients = all.clone().narrow(1, number, 1).sum().backward();
            let slopes = own.grad(&gradients).expect("what comes out hangs on what goes in");
            let slopes = values(slopes.narrow(1, number, 1));
            traces.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += f64::from(slope));
            made = values(all.inner());
        }
        (made.into_iter().map(f64::from).collect(), traces)
    }
}

fn values<B: Operations>(tensor: Tensor<B, 2>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("the network's tensors are of type f32")
}
