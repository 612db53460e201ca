//! What counts are like by chance: binomial laws, and bands that a whole path of counts stays in.

/// Probabilities below this share of the largest are left out.
const LEAST: f64 = 1e-15;
/// As many times the bracket of a band is halved.
const HALVINGS: usize = 10;

/// Probabilities of neighbouring counts.
pub struct Law {
    /// The first count.
    pub first: usize,
    /// The probabilities of it and of those after it; others are as good as zero.
    pub masses: Vec<f64>,
}

/// The law of how many of `count` come true, each with probability `share`.
pub fn law(count: usize, share: f64) -> Law {
    if count == 0 || share.is_nan() || share <= 0.0 || share >= 1.0 {
        return Law { first: if share >= 1.0 { count } else { 0 }, masses: vec![1.0] };
    }
    let mode = (((count + 1) as f64 * share) as usize).min(count);
    let odds = share / (1.0 - share);
    // From the likeliest count on, both ways, by quotients of neighbours; the sum is made one last.
    let up = masses((mode..count).map(|k| (count - k) as f64 / (k + 1) as f64 * odds));
    let down = masses((1..=mode).rev().map(|k| k as f64 / ((count - k + 1) as f64 * odds)));
    let first = mode - down.len();
    let all: Vec<f64> = down.into_iter().rev().chain([1.0]).chain(up).collect();
    let sum: f64 = all.iter().sum();
    Law { first, masses: all.iter().map(|mass| mass / sum).collect() }
}

fn masses(quotients: impl Iterator<Item = f64>) -> Vec<f64> {
    let products = quotients.scan(1.0, |mass, quotient| {
        *mass *= quotient;
        Some(*mass)
    });
    products.take_while(|mass| *mass > LEAST).collect()
}

/// The counts between which a count lies but for probability `rare`, half of it at each end: the smallest whose
/// cumulative probabilities are at least `rare / 2` and `1 - rare / 2`.
pub fn interval(count: usize, share: f64, rare: f64) -> (usize, usize) {
    let law = law(count, share);
    let reach = |least: f64| {
        let sums = law.masses.iter().scan(0.0, |sum, mass| {
            *sum += mass;
            Some(*sum)
        });
        law.first + sums.take_while(|sum| *sum < least).count().min(law.masses.len() - 1)
    };
    (reach(rare / 2.0), reach(1.0 - rare / 2.0))
}

/// A band that the counts of `count` uniform numbers below each of these ascending places stay in together with
/// probability `level`: pointwise intervals of equal probability (Säilynoja, Bürkner and Vehtari 2022), which is found by
/// halving. How probable it is that a path stays within is not simulated, but summed from place to place.
pub fn band(count: usize, places: &[f64], level: f64) -> Vec<(usize, usize)> {
    let of = |rare: f64| -> Vec<(usize, usize)> {
        places.iter().map(|place| interval(count, *place, rare)).collect()
    };
    // By Bonferroni's inequality this is rare enough.
    let least = (1.0 - level) / places.len().max(1) as f64;
    let (rare, _) = (0..HALVINGS).fold((least, 1.0 - level), |(low, high), _| {
        let middle = (low * high).sqrt();
        if within(count, places, &of(middle)) >= level { (middle, high) } else { (low, middle) }
    });
    of(rare)
}

/// The probability that counts stay in a band.
fn within(count: usize, places: &[f64], band: &[(usize, usize)]) -> f64 {
    // The probabilities of counts so far, from the lowest one on.
    let (mut lowest, mut path, mut last) = (0, vec![1.0], 0.0);
    for (place, (low, high)) in places.iter().zip(band) {
        let share = ((place - last) / (1.0 - last)).clamp(0.0, 1.0);
        let mut next = vec![0.0; high + 1 - low];
        for (so_far, probability) in path.iter().enumerate().filter(|(_, probability)| **probability > 1e-13)
        {
            let so_far = lowest + so_far;
            let more = law(count - so_far, share);
            let start = so_far + more.first;
            let (skipped, offset) = (low.saturating_sub(start), start.saturating_sub(*low));
            for (own, mass) in next.iter_mut().skip(offset).zip(more.masses.iter().skip(skipped)) {
                *own += probability * mass;
            }
        }
        (lowest, path, last) = (*low, next, *place);
    }
    path.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Random;

    #[test]
    fn laws_have_their_means_and_variances() {
        for (count, share) in [(1, 0.3), (10, 0.5), (100_000, 0.01), (5000, 0.999)] {
            let law = law(count, share);
            let moment = |of: &dyn Fn(f64) -> f64| -> f64 {
                law.masses.iter().enumerate().map(|(k, mass)| mass * of((law.first + k) as f64)).sum()
            };
            let (mean, n) = (moment(&|k| k), count as f64);
            assert!((moment(&|_| 1.0) - 1.0).abs() < 1e-12 && (mean / (n * share) - 1.0).abs() < 1e-9);
            assert!((moment(&|k| (k - mean) * (k - mean)) / (n * share * (1.0 - share)) - 1.0).abs() < 1e-9);
        }
        assert_eq!((law(7, 1.0).first, law(7, 0.0).first, law(0, 0.5).masses.len()), (7, 0, 1));
    }

    #[test]
    fn intervals_are_those_of_tables() {
        // As R's qbinom(c(.025, .975), 10, .5), and of 100 at 0.1.
        assert_eq!(interval(10, 0.5, 0.05), (2, 8));
        assert_eq!(interval(100, 0.1, 0.05), (5, 16));
        assert_eq!((interval(5, 0.0, 0.05), interval(5, 1.0, 0.05)), ((0, 0), (5, 5)));
    }

    #[test]
    fn whole_paths_stay_in_their_band() {
        let places: Vec<f64> = (1..20).map(|n| f64::from(n) / 20.0).collect();
        let band = band(200, &places, 0.95);
        let pointwise = interval(200, 0.5, 0.05);
        assert!(band[9].0 < pointwise.0 && band[9].1 > pointwise.1);
        let (mut random, mut inside) = (Random::new(8), 0);
        for _ in 0..4000 {
            let values: Vec<f64> = (0..200).map(|_| random.uniform()).collect();
            let below = |place: f64| values.iter().filter(|x| **x < place).count();
            let stays =
                |(place, (low, high)): (&f64, &(usize, usize))| (*low..=*high).contains(&below(*place));
            inside += usize::from(places.iter().zip(&band).all(stays));
        }
        let share = inside as f64 / 4000.0;
        assert!((0.94..0.97).contains(&share), "{share}");
        let exact = within(200, &places, &band);
        assert!(exact >= 0.95 && (share - exact).abs() < 0.012, "{share} for {exact}");
    }
}
