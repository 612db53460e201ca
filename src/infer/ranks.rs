//! Simulation-based calibration: how true values rank among the draws for their data sets (Talts et al. 2018), and whether ranks are
//! as even as those of exact posteriors, by simultaneous bands for their distribution (Säilynoja, Bürkner & Vehtari 2022).
//!
//! With N data sets and C_i of them whose rank is below i out of L + 1, C_i is binomial where draws are right, with
//! probability z_i = i / (L + 1). How far ranks are from even is told by the place where that is least likely,
//!
//! ```text
//! γ = 2 min_i min(P(C ≤ C_i), P(C ≥ C_i)),
//! ```
//!
//! and how unlikely so small a γ is, by ranks that are drawn evenly.

use sbi_sim::rng::Stream;
use statrs::distribution::{Binomial, DiscreteCDF};

/// Places at which counts are compared, at most.
const PLACES: usize = 100;

/// Even ranks drawn: the smallest share that is told is one over these and one.
const SIMULATED: u64 = 10_000;

/// What even ranks of so many data sets look like.
pub struct EvenRanks {
    sets: usize,
    draws: usize,
    /// Where counts are compared: the ranks below which they count.
    places: Vec<usize>,
    /// For each place and count the smaller of both tails, twice.
    tails: Vec<f64>,
    /// γ of even ranks, rising.
    gammas: Vec<f64>,
}

/// The rank of each true value among the draws for its data set, from zero to their number; among equal ones it is drawn, so that ranks of
/// whole numbers are as even as others.
///
/// # Panics
/// Where data sets have not as many draws each.
pub fn ranks(truths: &[f64], draws: &[f64]) -> Vec<usize> {
    let each = draws.len() / truths.len().max(1);
    assert_eq!(each * truths.len(), draws.len(), "each data set has as many draws");
    let stream = Stream::new(1, "@ties");
    let rank = |(set, (truth, draws)): (usize, (&f64, &[f64]))| {
        let below = draws.iter().filter(|x| *x < truth).count();
        let equal = draws.iter().filter(|x| *x == truth).count();
        below + (stream.uniform(set as u64, 0, 0) * (equal + 1) as f64) as usize
    };
    truths.iter().zip(draws.chunks_exact(each.max(1))).enumerate().map(rank).collect()
}

impl EvenRanks {
    /// Of so many data sets with so many draws each.
    ///
    /// # Panics
    /// Without data sets or draws.
    pub fn of(sets: usize, draws: usize) -> EvenRanks {
        assert!(sets > 0 && draws > 0, "ranks are of draws for data sets");
        let count = PLACES.min(draws);
        let places: Vec<usize> = (1..=count).map(|place| place * (draws + 1) / (count + 1)).collect();
        let tails = |place: &usize| {
            let share = *place as f64 / (draws + 1) as f64;
            let law = Binomial::new(share, sets as u64).expect("a share is a probability");
            (0..=sets as u64)
                .map(move |count| {
                    let above = if count == 0 { 1.0 } else { law.sf(count - 1) };
                    (2.0 * law.cdf(count).min(above)).min(1.0)
                })
                .collect::<Vec<f64>>()
        };
        let tails = places.iter().flat_map(tails).collect();
        let mut even = EvenRanks { sets, draws, places, tails, gammas: Vec::new() };
        let stream = Stream::new(1, "@ranks");
        let gamma = |number: u64| {
            let rank = |set: u64| (stream.uniform(set, number as u32, 0) * (draws + 1) as f64) as usize;
            even.gamma(&(0..sets as u64).map(rank).collect::<Vec<usize>>())
        };
        let mut gammas: Vec<f64> = (0..SIMULATED).map(gamma).collect();
        gammas.sort_by(f64::total_cmp);
        even.gammas = gammas;
        even
    }

    /// How far from even ranks are: small where they are far.
    pub fn gamma(&self, ranks: &[usize]) -> f64 {
        let mut below = vec![0_usize; self.draws + 2];
        ranks.iter().map(|rank| rank + 1).for_each(|next| {
            below.get_mut(next).into_iter().for_each(|count| *count += 1);
        });
        let mut sum = 0;
        for count in &mut below {
            sum += *count;
            *count = sum;
        }
        let tails = self.tails.chunks_exact(self.sets + 1);
        let tail = |(place, tails): (&usize, &[f64])| {
            let count = below.get(*place).copied().unwrap_or(sum);
            tails.get(count).copied().unwrap_or(0.0)
        };
        self.places.iter().zip(tails).map(tail).fold(1.0, f64::min)
    }

    /// The probability that exact draws have ranks as far from even as these.
    pub fn p_value(&self, ranks: &[usize]) -> f64 {
        let gamma = self.gamma(ranks);
        let as_far = self.gammas.partition_point(|own| *own <= gamma);
        (as_far + 1) as f64 / (self.gammas.len() + 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranks of truths of N(0, 1) among draws of N(shift, width²).
    fn drawn(even: &EvenRanks, number: u64, shift: f64, width: f64) -> f64 {
        let stream = Stream::new(number, "ranks");
        let truths: Vec<f64> = (0..even.sets as u64).map(|set| stream.normal(set, 0, 0)).collect();
        let count = (even.sets * even.draws) as u64;
        let draws: Vec<f64> = (0..count).map(|draw| shift + width * stream.normal(draw, 1, 0)).collect();
        even.p_value(&ranks(&truths, &draws))
    }

    #[test]
    fn right_draws_pass_as_often_as_they_should() {
        let even = EvenRanks::of(200, 50);
        let passed = (0..400).filter(|number| drawn(&even, *number, 0.0, 1.0) > 0.05).count();
        // 380 ± 3 standard deviations of a binomial number.
        assert!((366..=393).contains(&passed), "{passed}");
    }

    #[test]
    fn wrong_draws_do_not() {
        let even = EvenRanks::of(500, 100);
        assert!(drawn(&even, 1, 0.4, 1.0) < 1e-3, "shifted");
        assert!(drawn(&even, 2, 0.0, 0.8) < 1e-3, "narrow");
        assert!(drawn(&even, 3, 0.0, 1.25) < 1e-3, "wide");
    }

    #[test]
    fn ranks_count_what_is_below() {
        assert_eq!(ranks(&[0.5, 9.0], &[0.0, 1.0, 2.0, 1.0, 2.0, 3.0]), [1, 3]);
        // Whole numbers, exactly: a fair coin of which nothing is known.
        let (even, stream) = (EvenRanks::of(300, 50), Stream::new(8, "coins"));
        let coin = |number: u64| (2.0 * stream.uniform(number, 0, 0)).floor();
        let truths: Vec<f64> = (0..300).map(coin).collect();
        let draws: Vec<f64> = (300..300 + 15_000).map(coin).collect();
        assert!(even.p_value(&ranks(&truths, &draws)) > 0.01);
    }
}
