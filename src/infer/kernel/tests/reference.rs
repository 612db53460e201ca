//! The network in double precision, token by token, as the header of `network` writes it down.

use crate::network::{Architecture, Inputs, Layout, Masks, Targets, level_frequencies};
use std::ops::Range;

/// The network with its parameters in double precision.
pub struct Reference<'a> {
    architecture: &'a Architecture,
    layout: Layout,
    pub parameters: Vec<f64>,
}

impl<'a> Reference<'a> {
    pub fn new(architecture: &'a Architecture, parameters: &[f32]) -> Reference<'a> {
        let parameters = parameters.iter().map(|&p| f64::from(p)).collect();
        Reference { architecture, layout: architecture.layout(), parameters }
    }

    /// Σ weight (F − target)².
    pub fn loss(&self, inputs: &Inputs, targets: &Targets, masks: &Masks) -> f64 {
        let outputs = self.outputs(inputs, masks);
        let targets = targets.target.iter().zip(&targets.weight);
        outputs.iter().zip(targets).map(|(f, (t, w))| f64::from(*w) * (f - f64::from(*t)).powi(2)).sum()
    }

    pub fn outputs(&self, inputs: &Inputs, masks: &Masks) -> Vec<f64> {
        (0..inputs.samples()).flat_map(|sample| self.sample(sample, inputs, masks)).collect()
    }

    fn sample(&self, b: usize, inputs: &Inputs, masks: &Masks) -> Vec<f64> {
        let (net, layout) = (self.architecture, &self.layout);
        let t = net.tokens;
        let mask = &masks.masks[inputs.mask[b] as usize];
        let context = self.context(f64::from(inputs.level[b]));
        let mut h: Vec<Vec<f64>> = (0..t)
            .map(|i| {
                let [value, given] = [&inputs.value, &inputs.given].map(|all| f64::from(all[b * t + i]));
                self.embed(i, value, given, inputs.time.get(b * t + i).map_or(0.0, |time| f64::from(*time)))
            })
            .collect();
        for block in &layout.blocks {
            let qkv: Vec<Vec<f64>> =
                h.iter().map(|h| self.linear(&self.norm(h, &block.norm1), &block.qkv)).collect();
            for (i, h) in h.iter_mut().enumerate() {
                let others: Vec<usize> = (0..t).filter(|&j| mask.get(i, j)).collect();
                add(h, &self.linear(&self.attend(&qkv, i, &others), &block.out));
            }
            let modulation = self.linear(&context, &block.modulation);
            let (shift, scale) = modulation.split_at(net.width);
            for h in &mut h {
                let mut x = self.norm(h, &block.norm2);
                for ((x, shift), scale) in x.iter_mut().zip(shift).zip(scale) {
                    *x = (1.0 + scale) * *x + shift;
                }
                let hidden: Vec<f64> = self.linear(&x, &block.up).into_iter().map(gelu).collect();
                add(h, &self.linear(&hidden, &block.down));
            }
        }
        h.iter().map(|h| self.linear(&self.norm(h, &layout.norm), &layout.head)[0]).collect()
    }

    fn embed(&self, token: usize, value: f64, given: f64, time: f64) -> Vec<f64> {
        let d = self.architecture.width;
        let waves = |x: f64, frequencies: Vec<f32>| {
            let angles: Vec<f64> = frequencies.into_iter().map(|w| f64::from(w) * x).collect();
            let sines = angles.iter().map(|angle| angle.sin());
            let features = [x].into_iter().chain(sines).chain(angles.iter().map(|angle| angle.cos()));
            features.collect::<Vec<f64>>()
        };
        let features = waves(value, self.architecture.value_frequencies().collect());
        let mut h = self.product(&features, &self.layout.value, d);
        if self.architecture.times > 0 {
            let features = waves(time, self.architecture.time_frequencies().collect());
            add(&mut h, &self.product(&features, &self.layout.time, d));
        }
        let kind = self.architecture.identities[token];
        let id = &self.parameters[self.layout.id.clone()][kind * d..(kind + 1) * d];
        add(&mut h, id);
        for (h, g) in h.iter_mut().zip(&self.parameters[self.layout.given.clone()]) {
            *h += given * g;
        }
        h
    }

    fn context(&self, level: f64) -> Vec<f64> {
        let angles = level_frequencies().map(|f| f64::from(f) * level);
        let features: Vec<f64> =
            angles.iter().map(|a| a.sin()).chain(angles.iter().map(|a| a.cos())).collect();
        let first: Vec<f64> = self.linear(&features, &self.layout.level_in).into_iter().map(silu).collect();
        self.linear(&first, &self.layout.level_out).into_iter().map(silu).collect()
    }

    /// Attention of token `i` to the `others`.
    fn attend(&self, qkv: &[Vec<f64>], i: usize, others: &[usize]) -> Vec<f64> {
        let (a, width) = (self.architecture.attention_width(), self.architecture.head_width);
        let mut out = vec![0.0; a];
        for (head, out) in out.chunks_mut(width).enumerate() {
            let at = |part: usize, token: usize| &qkv[token][part * a + head * width..][..width];
            let logit = |j: usize| dot(at(0, i), at(1, j)) / (width as f64).sqrt();
            let largest = others.iter().map(|&j| logit(j)).fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = others.iter().map(|&j| (logit(j) - largest).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for (weight, &j) in weights.iter().zip(others) {
                for (out, v) in out.iter_mut().zip(at(2, j)) {
                    *out += weight / sum * v;
                }
            }
        }
        out
    }

    fn product(&self, x: &[f64], weight: &Range<usize>, columns: usize) -> Vec<f64> {
        let mut out = vec![0.0; columns];
        for (x, row) in x.iter().zip(self.parameters[weight.clone()].chunks(columns)) {
            for (out, w) in out.iter_mut().zip(row) {
                *out += x * w;
            }
        }
        out
    }

    fn linear(&self, x: &[f64], [weight, bias]: &[Range<usize>; 2]) -> Vec<f64> {
        let mut out = self.product(x, weight, bias.len());
        add(&mut out, &self.parameters[bias.clone()]);
        out
    }

    fn norm(&self, x: &[f64], [gain, shift]: &[Range<usize>; 2]) -> Vec<f64> {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (variance + 1e-5).sqrt();
        let (gain, shift) = (&self.parameters[gain.clone()], &self.parameters[shift.clone()]);
        x.iter().zip(gain).zip(shift).map(|((x, g), s)| g * (x - mean) * scale + s).collect()
    }
}

fn add(x: &mut [f64], y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

pub fn gelu(x: f64) -> f64 {
    0.5 * x * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// 1 − erf(x), by its power series or, far out, its continued fraction.
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 3.0 {
        let (mut sum, mut term) = (x, x);
        for n in 1..120 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return 1.0 - sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let fraction = (1..60).rev().fold(0.0, |f, k| 0.5 * f64::from(k) / (x + f));
    (-x * x).exp() / (std::f64::consts::PI.sqrt() * (x + fraction))
}
