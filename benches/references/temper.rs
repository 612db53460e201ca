//! Draws from a posterior by tempering: particles of the prior, led to the posterior through powers of the likelihood.
//!
//! Forty readings leave a part of the prior that a chain seldom finds, behind ridges where cycles fit out of step. So
//! the power of the likelihood rises from 0 to 1, each time as far as leaves half of the particles worth their weight;
//! they are drawn anew by their weights, and then moved by Metropolis steps that keep the law at that power. A step
//! goes along the difference of two other particles (ter Braak 2006), which fits it to scale and shape of the law
//! without anything that is tuned, so the steps are exact. The last law is the posterior; there they move until what
//! was drawn anew several times is far apart.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

/// How much work is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Particles.
    pub particles: usize,
    /// Steps of each particle at each power but the last.
    pub steps: usize,
    /// Steps of each particle at the posterior itself.
    pub last_steps: usize,
}

/// A place whose numbers are independent and standard normal in the prior.
type Place<const N: usize> = [f64; N];

#[derive(Clone, Copy, Debug)]
struct Particle<const N: usize> {
    place: Place<N>,
    log_likelihood: f64,
}

/// As many draws from the posterior as there are particles. Neighbours may come from one particle of the prior.
pub fn sample<const N: usize>(
    log_likelihood: impl Fn(&Place<N>) -> f64,
    effort: &Effort,
    rng: &mut StdRng,
) -> Vec<Place<N>> {
    let place = |rng: &mut StdRng| std::array::from_fn(|_| rng.sample(StandardNormal));
    let mut particles: Vec<Particle<N>> = (0..effort.particles)
        .map(|_| place(rng))
        .map(|place| Particle { place, log_likelihood: log_likelihood(&place) })
        .collect();
    let mut power = 0.0;
    while power < 1.0 {
        let next = next_power(&particles, power);
        particles = drawn_anew(&particles, &weights(&particles, next - power), rng);
        power = next;
        let steps = if power < 1.0 { effort.steps } else { effort.last_steps };
        for _ in 0..steps {
            step_all(&mut particles, power, &log_likelihood, rng);
        }
    }
    particles.into_iter().map(|particle| particle.place).collect()
}

/// The largest power at which the weights are worth half of the particles.
fn next_power<const N: usize>(particles: &[Particle<N>], power: f64) -> f64 {
    let is_near = |next: f64| {
        let weights = weights(particles, next - power);
        let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        sum * sum / squares >= particles.len() as f64 / 2.0
    };
    if is_near(1.0) {
        return 1.0;
    }
    let (mut near, mut far) = (power, 1.0);
    for _ in 0..40 {
        let middle = f64::midpoint(near, far);
        if is_near(middle) { near = middle } else { far = middle }
    }
    // Next to nothing lies between the two, and the far one is never the power that is left.
    far
}

/// What particles weigh when the power of the likelihood grows by so much; the heaviest weighs 1.
fn weights<const N: usize>(particles: &[Particle<N>], growth: f64) -> Vec<f64> {
    let most = particles.iter().map(|particle| particle.log_likelihood).fold(f64::NEG_INFINITY, f64::max);
    assert!(most.is_finite(), "no particle has a likelihood");
    particles.iter().map(|particle| (growth * (particle.log_likelihood - most)).exp()).collect()
}

/// As many particles as before, each as often as its weight says, give or take one (systematic resampling).
fn drawn_anew<const N: usize>(
    particles: &[Particle<N>],
    weights: &[f64],
    rng: &mut StdRng,
) -> Vec<Particle<N>> {
    let gap = weights.iter().sum::<f64>() / particles.len() as f64;
    let mut next = gap * rng.random::<f64>();
    let mut passed = 0.0;
    let mut drawn = Vec::with_capacity(particles.len());
    for (particle, weight) in particles.iter().zip(weights) {
        passed += weight;
        while next < passed && drawn.len() < particles.len() {
            drawn.push(*particle);
            next += gap;
        }
    }
    // Sums that are rounded may leave the last one out.
    drawn.extend(drawn.last().copied().into_iter().cycle().take(particles.len() - drawn.len()));
    drawn
}

/// One Metropolis step of each particle in turn. The others stand still meanwhile, and a step along their difference is
/// as likely as the step back, so each keeps the law.
fn step_all<const N: usize>(
    particles: &mut [Particle<N>],
    power: f64,
    log_likelihood: impl Fn(&Place<N>) -> f64,
    rng: &mut StdRng,
) {
    #![allow(clippy::indexing_slicing, reason = "others are numbered modulo the number of particles")]
    let count = particles.len();
    // The best scale for a normal law, to start from.
    let usual = 2.38 / (2.0 * N as f64).sqrt();
    for at in 0..count {
        let own = particles[at];
        let mut other = || particles[(at + rng.random_range(1..count)) % count].place;
        let (from, to) = (other(), other());
        // One step in ten goes from one hill to another where there are several; the rest vary, as hills are not normal.
        let reach = if rng.random_bool(0.1) { 1.0 } else { usual * rng.random_range(0.2..1.4) };
        let place: Place<N> = std::array::from_fn(|i| own.place[i] + reach * (to[i] - from[i]));
        let moved = Particle { place, log_likelihood: log_likelihood(&place) };
        let gain =
            power * (moved.log_likelihood - own.log_likelihood) + log_prior(&place) - log_prior(&own.place);
        if accepts(gain, rng) {
            particles[at] = moved;
        }
    }
}

/// Whether a step is taken, by what the logarithm of the law gains.
fn accepts(gain: f64, rng: &mut StdRng) -> bool {
    rng.random::<f64>() < gain.exp()
}

/// The logarithm of the prior's density, up to a constant.
fn log_prior<const N: usize>(place: &Place<N>) -> f64 {
    -place.iter().map(|number| number * number).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const EFFORT: Effort = Effort { particles: 4_000, steps: 10, last_steps: 100 };

    /// Numbers along axes that lie across those of the prior, so that all four hang together.
    fn turned(place: &Place<4>) -> Place<4> {
        let signs =
            [[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, 1.0]];
        signs.map(|row| row.iter().zip(place).map(|(sign, number)| sign * number / 2.0).sum())
    }

    /// Readings of the turned numbers with sd from .002 to 2. Each number's posterior is normal, with precision
    /// 1 + 1 / sd^2, and independent of the others'. The mean of 4,000 draws is off by 1/63 sd, a variance by 2.2 %, a
    /// correlation by 1/63; of the 14 figures none should be off by 4 times that.
    #[test]
    fn a_linear_gaussian_posterior_is_that_of_its_closed_form() {
        const SDS: Place<4> = [0.002, 0.05, 0.3, 2.0];
        const SEEN: Place<4> = [1.2, -0.8, 2.5, 1.0];
        let log_likelihood = |place: &Place<4>| {
            let squares =
                turned(place).into_iter().zip(SEEN).zip(SDS).map(|((u, y), sd)| ((u - y) / sd).powi(2));
            -squares.sum::<f64>() / 2.0
        };
        let draws = sample(log_likelihood, &EFFORT, &mut StdRng::seed_from_u64(5));
        let count = draws.len() as f64;
        // Standard normal and independent, if the draws are right.
        let standard = |place: &Place<4>| {
            let own = turned(place);
            std::array::from_fn::<f64, 4, _>(|i| {
                let precision = 1.0 + 1.0 / (SDS[i] * SDS[i]);
                (own[i] - SEEN[i] / (SDS[i] * SDS[i]) / precision) * precision.sqrt()
            })
        };
        let draws: Vec<_> = draws.iter().map(standard).collect();
        let mean = |of: &dyn Fn(&[f64; 4]) -> f64| draws.iter().map(of).sum::<f64>() / count;
        for i in 0..4 {
            let center = mean(&|draw| draw[i]);
            assert!(center.abs() < 4.0 / count.sqrt(), "mean {i}: {center}");
            for j in 0..=i {
                let product = mean(&|draw| draw[i] * draw[j]);
                let (exact, error) =
                    if i == j { (1.0, (2.0 / count).sqrt()) } else { (0.0, 1.0 / count.sqrt()) };
                assert!((product - exact).abs() < 4.0 * error, "product {i} {j}: {product}");
            }
        }
    }

    /// Two narrow hills, one three times as likely, and no way from one to the other but rare steps. The share of one is
    /// off by .007 in 4,000 independent draws, and by .012 here, by 20 seeds, as they are drawn anew several times.
    #[test]
    fn hills_far_apart_have_their_shares() {
        const SD: f64 = 0.02;
        let log_likelihood = |place: &Place<4>| {
            let hill = |center: f64, weight: f64| {
                let squares = turned(place).iter().map(|u| ((u - center) / SD).powi(2)).sum::<f64>();
                weight.ln() - squares / 2.0
            };
            let (left, right) = (hill(-1.0, 0.25), hill(1.0, 0.75));
            let most = left.max(right);
            most + ((left - most).exp() + (right - most).exp()).ln()
        };
        let draws = sample(log_likelihood, &EFFORT, &mut StdRng::seed_from_u64(6));
        let right = draws.iter().filter(|place| place[0] > 0.0).count() as f64 / draws.len() as f64;
        assert!((right - 0.75).abs() < 0.048, "{right}");
    }

    #[test]
    fn a_likelihood_of_nothing_is_left_behind() {
        let log_likelihood =
            |place: &Place<1>| if place[0] > 1.0 { -place[0] * place[0] } else { f64::NEG_INFINITY };
        let effort = Effort { particles: 500, steps: 5, last_steps: 20 };
        let draws = sample(log_likelihood, &effort, &mut StdRng::seed_from_u64(7));
        assert!(draws.len() == 500 && draws.iter().all(|[number]| *number > 1.0));
    }
}
