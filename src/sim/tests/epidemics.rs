//! The examples of epidemics, from their files, against exact laws and against simulations by hand.

use crate::published::{Draws, has_mean, mean_and_bound};
use crate::rng::kolmogorov;
use sbi_sim::rng::Stream;
use statrs::distribution::Normal;

/// Nobody is infected in 40 days if each of the first three recovers before, or is still ill and infects no one.
#[test]
fn epidemics_that_die_at_once_have_their_share() {
    let draws = Draws::of("epidemic.sbi", 20_000);
    let (contact, duration) = (draws.column("contact"), draws.column("duration"));
    let fresh = draws.vector("fresh", 40);
    let surprise = (0..20_000).map(|draw| {
        let (infects, recovers) = (contact[draw] * 497.0 / 500.0, 1.0 / duration[draw]);
        let all = infects + recovers;
        let alone = (recovers + infects * (-40.0 * all).exp()) / all;
        f64::from(u8::from(fresh.iter().all(|day| day[draw] == 0.0))) - alone.powi(3)
    });
    has_mean(&surprise.collect::<Vec<_>>(), 0.0, "the share that dies out");
}

/// Of the new cases each is reported with the same probability.
#[test]
fn reports_are_a_share_of_the_cases() {
    let draws = Draws::of("epidemic.sbi", 4_000);
    let (fresh, reports) = (draws.vector("fresh", 40), draws.vector("reports", 40));
    let share = draws.column("reported");
    let (mut off, mut spread) = (Vec::new(), Vec::new());
    for draw in 0..4_000 {
        for day in 0..40 {
            let (cases, seen, p) = (fresh[day][draw], reports[day][draw], share[draw]);
            assert!(seen <= cases && seen >= 0.0 && seen.fract() == 0.0 && cases.fract() == 0.0);
            off.push(seen - p * cases);
            spread.push((seen - p * cases).powi(2) - p * (1.0 - p) * cases);
        }
        assert!(fresh.iter().map(|day| day[draw]).sum::<f64>() <= 497.0);
    }
    has_mean(&off, 0.0, "reports");
    has_mean(&spread, 0.0, "the spread of reports");
}

/// The times of infections among 500 with three ill at first, person by person: each has a time to recover, and at each
/// contact meets any of the 500.
fn infections(contact: f64, duration: f64, draw: u64) -> Vec<f64> {
    let stream = Stream::new(11, "by hand");
    let mut step = 0;
    let mut uniform = || {
        step += 1;
        stream.uniform(draw, step, 0)
    };
    let mut ends: Vec<f64> = Vec::new();
    let mut infected = Vec::new();
    let mut well = 497.0;
    for _ in 0..3 {
        ends.push(-duration * uniform().ln());
    }
    let mut now = 0.0;
    while !ends.is_empty() && now < 40.0 {
        let next = now - uniform().ln() / (contact * ends.len() as f64);
        let (place, end) = ends.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        if end < next {
            // Contacts have no memory: the time to the next is drawn anew.
            ends.swap_remove(place);
            now = end;
            continue;
        }
        now = next;
        if uniform() < well / 500.0 {
            well -= 1.0;
            infected.push(now);
            ends.push(now - duration * uniform().ln());
        }
    }
    infected
}

/// Paired by their parameters, jumps and people have the same mean and the same square of infections until a day.
#[test]
fn jumps_agree_with_people() {
    let count = 4_000;
    let draws = Draws::of("epidemic.sbi", count);
    let (contact, duration) = (draws.column("contact"), draws.column("duration"));
    let fresh = draws.vector("fresh", 40);
    let people: Vec<Vec<f64>> =
        (0..count).map(|draw| infections(contact[draw as usize], duration[draw as usize], draw)).collect();
    for until in [1, 5, 10, 20, 40] {
        let jumps = |draw: usize| fresh[..until].iter().map(|day| day[draw]).sum::<f64>();
        let by_hand = |draw: usize| people[draw].iter().filter(|time| **time <= until as f64).count() as f64;
        let draws = 0..count as usize;
        let means: Vec<f64> = draws.clone().map(|draw| jumps(draw) - by_hand(draw)).collect();
        let squares: Vec<f64> = draws.map(|draw| jumps(draw).powi(2) - by_hand(draw).powi(2)).collect();
        has_mean(&means, 0.0, &format!("infections until day {until}"));
        has_mean(&squares, 0.0, &format!("their square until day {until}"));
    }
}

/// The lower triangle of a matrix that a positive definite one factors into.
fn cholesky(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = matrix.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let rest = matrix[i][j] - (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
            lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
        }
    }
    lower
}

/// Days between the points of the epidemic by hand.
const STEP: f64 = 0.5;

/// The covariance of the contact rate's logit between the points.
fn kernel() -> Vec<Vec<f64>> {
    let between = |i: usize, j: usize| {
        let jitter = if i == j { 1e-5 } else { 0.0 };
        6.25 * (-0.5 * ((i as f64 - j as f64) * STEP / 7.0).powi(2)).exp() + jitter
    };
    (0..=100).map(|i| (0..=100).map(|j| between(i, j)).collect()).collect()
}

/// Shares of the infected, recovered and dead at the points, for drawn rates, by Heun's method in four steps between two points
/// with the contact rate straight between them.
fn epidemic(lower: &[Vec<f64>], draw: u64) -> [Vec<f64>; 3] {
    let stream = Stream::new(12, "by hand");
    let noise: Vec<f64> = (0..=100).map(|k| stream.normal(draw, 0, k)).collect();
    let logit = lower.iter().map(|row| row.iter().zip(&noise).map(|(l, z)| l * z).sum::<f64>());
    let contact: Vec<f64> = logit.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
    let [recovery, death, seeds] = [0, 1, 2].map(|k| stream.uniform(draw, 1, k));
    let (recovery, death) = (0.5 * recovery, 0.5 * death);
    let mut state = [1.0, 0.2 * seeds, 0.0, 0.0];
    let mut seen: [Vec<f64>; 3] = [1, 2, 3].map(|k| vec![state[k]]);
    for point in 0..100 {
        for part in 0..4 {
            let slope = |state: [f64; 4], share: f64| {
                let rate = contact[point] + share * (contact[point + 1] - contact[point]);
                let fresh = rate * state[0] * state[1];
                [-fresh, fresh - (recovery + death) * state[1], recovery * state[1], death * state[1]]
            };
            let h = STEP / 4.0;
            let first = slope(state, f64::from(part) / 4.0);
            let there = [0, 1, 2, 3].map(|k| state[k] + h * first[k]);
            let second = slope(there, f64::from(part + 1) / 4.0);
            state = [0, 1, 2, 3].map(|k| state[k] + h * (first[k] + second[k]) / 2.0);
        }
        (0..3).for_each(|k| seen[k].push(state[k + 1]));
    }
    seen
}

/// Readings at 20 times that are uniform over 50 days, of noise that multiplies: their mean and square, and the square of
/// their mean in a data set, are those of an epidemic by hand.
#[test]
fn sird_agrees_with_an_epidemic_by_hand() {
    let count = 4_000u64;
    let draws = Draws::of("sird.sbi", count);
    let lower = cholesky(&kernel());
    let by_hand: Vec<[Vec<f64>; 3]> = (0..count).map(|draw| epidemic(&lower, draw)).collect();
    // Trapezoids over the points are the mean over uniform times.
    let over = |curve: &[f64], power: i32| {
        let ends = (curve[0].powi(power) + curve[100].powi(power)) / 2.0;
        (ends + curve[1..100].iter().map(|x| x.powi(power)).sum::<f64>()) / 100.0
    };
    // E noise and E noise^2 where its logarithm has the sd .05.
    let [noise, squared] = [(0.00125f64).exp(), (0.005f64).exp()];
    for (k, name) in ["ill", "well", "dead"].into_iter().enumerate() {
        let seen = draws.vector(name, 20);
        let mean = |power: i32| -> Vec<f64> {
            (0..count as usize)
                .map(|draw| seen.iter().map(|x| x[draw].powi(power)).sum::<f64>() / 20.0)
                .collect()
        };
        let hand = |power: i32, factor: f64| -> Vec<f64> {
            by_hand.iter().map(|curves| factor * over(&curves[k], power)).collect()
        };
        for (power, factor) in [(1, noise), (2, squared)] {
            let (ours, bound) = mean_and_bound(&mean(power));
            let (theirs, other) = mean_and_bound(&hand(power, factor));
            let bound = bound.hypot(other);
            assert!((ours - theirs).abs() < bound, "{name}^{power}: {ours}, not {theirs}, within {bound}");
        }
    }
}

/// The logit of the contact rate is a Gaussian process of standard deviation 2.5, and of length 7 days.
#[test]
fn contact_rates_are_a_gaussian_process() {
    let draws = Draws::of("sird.sbi", 4_000);
    let (knots, rates) = (draws.vector("knot", 20), draws.vector("contact", 20));
    let logit = |rate: &f64| (rate / (1.0 - rate)).ln() / 2.5;
    let logits: Vec<Vec<f64>> = rates.iter().map(|rates| rates.iter().map(logit).collect()).collect();
    let distance = kolmogorov(&mut logits[6].clone(), &Normal::new(0.0, 1.0).unwrap());
    assert!(distance < 1.95, "{distance}");
    for k in 0..19 {
        let apart = |draw: usize| (knots[k + 1][draw] - knots[k][draw]) / 7.0;
        let surprise =
            |draw: usize| logits[k][draw] * logits[k + 1][draw] - (-0.5 * apart(draw).powi(2)).exp();
        has_mean(&(0..4_000).map(surprise).collect::<Vec<_>>(), 0.0, "the covariance of neighbours");
    }
}
