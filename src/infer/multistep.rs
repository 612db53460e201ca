//! From noise to draws in few steps: a third-order multistep solver of the probability flow (Lu et al. 2022,
//! DPM-Solver++, in the data prediction).

use crate::levels::Levels;
use std::collections::VecDeque;

/// Of how many looks at the network a step is made.
const ORDER: usize = 3;

/// Takes values from the highest level of noise to draws; `denoised` gives the denoised values D at a level.
///
/// With λ = −ln σ the flow is dx/dλ = D − x, so that a step of h takes x to `e^(−h) x + ∫ e^(t−h) D dt`: the part in x
/// is exact, and D is the parabola through its last three values. One look at the network a step: normal laws of 2 to
/// 0.03 prior widths come out right to within 0.4 %, where as many looks in Heun's steps make them up to 6 % too wide.
pub fn multistep(
    mut values: Vec<f64>,
    levels: &Levels,
    mut denoised: impl FnMut(&[f64], f64) -> Vec<f64>,
) -> Vec<f64> {
    let mut past: VecDeque<(f64, Vec<f64>)> = VecDeque::new();
    let mut ahead = levels.0.iter().copied().peekable();
    while let Some(sigma) = ahead.next() {
        past.push_front((-sigma.ln(), denoised(&values, sigma)));
        past.truncate(ORDER);
        let Some(next) = ahead.peek() else { break };
        let weights = weights(past.iter().map(|(at, _)| *at + sigma.ln()), (sigma / next).ln());
        values.iter_mut().for_each(|x| *x *= next / sigma);
        for (weight, (_, denoised)) in weights.iter().zip(&past) {
            values.iter_mut().zip(denoised).for_each(|(x, d)| *x += weight * d);
        }
    }
    // At the lowest level nothing is left to gain: its denoised value is the draw.
    past.pop_front().map_or(values, |(_, denoised)| denoised)
}

/// The weights of values at the places `at` in `∫ e^(t−h) p(t) dt` over a step from 0 to `h`, p the polynomial through
/// the values. Lagrange's form, with the integrals of `e^(t−h) t^k`, which follow from one another by parts.
fn weights(at: impl Iterator<Item = f64>, h: f64) -> Vec<f64> {
    let at: Vec<f64> = at.collect();
    let mut integrals = vec![-(-h).exp_m1()];
    for k in 1..at.len() {
        let last = integrals.last().copied().unwrap_or(0.0);
        integrals.push(h.powi(k as i32) - k as f64 * last);
    }
    let weight = |(own, place): (usize, &f64)| {
        // Coefficients of the polynomial that is one here and zero at the other places, lowest first.
        let mut polynomial = vec![1.0];
        for other in at.iter().enumerate().filter(|(number, _)| *number != own).map(|(_, other)| other) {
            let scale = (place - other).recip();
            let shifted = std::iter::once(0.0).chain(polynomial.iter().copied());
            let held = polynomial.iter().copied().chain(std::iter::once(0.0));
            polynomial = shifted.zip(held).map(|(up, same)| scale * (up - other * same)).collect();
        }
        polynomial.iter().zip(&integrals).map(|(c, integral)| c * integral).sum()
    };
    at.iter().enumerate().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Process;

    /// A parabola is integrated exactly: ∫ e^(t−h) (1 + 2t − 3t²) dt over a step, by hand.
    #[test]
    fn three_values_integrate_a_parabola() {
        let parabola = |t: f64| 1.0 + 2.0 * t - 3.0 * t * t;
        let (places, h) = ([0.0, -0.4, -0.7], 0.5_f64);
        let sum: f64 = weights(places.into_iter(), h).iter().zip(places).map(|(w, t)| w * parabola(t)).sum();
        // An antiderivative of e^t (1 + 2t − 3t²) is e^t (−7 + 8t − 3t²).
        let exact = (-7.0 + 8.0 * h - 3.0 * h * h) + 7.0 * (-h).exp();
        assert!((sum - exact).abs() < 1e-12, "{sum} is not {exact}");
    }

    /// The flow of a normal law of width s takes noise z at level σ to s z: its denoiser is x s² / (s² + σ²).
    #[test]
    fn normal_laws_keep_their_width() {
        let process = Process::fitting(sbi_model::Noise::Edm, 0.03);
        let (levels, (_, highest)) = (Levels::of(&process, None), process.range());
        for width in [2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.03_f64] {
            let denoised = |values: &[f64], sigma: f64| {
                let share = width * width / (width * width + sigma * sigma);
                values.iter().map(|x| share * x).collect()
            };
            // One standard deviation of noisy data at the highest level, so that the draw should be one of the law.
            let start = (width * width + highest * highest).sqrt();
            let drawn = multistep(vec![start], &levels, denoised);
            let error = drawn.first().map_or(f64::NAN, |x| x / width - 1.0);
            assert!(error.abs() < 0.004, "width {width} is off by {error}");
        }
    }
}
