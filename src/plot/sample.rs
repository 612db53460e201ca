//! What is told of a sample: quantiles, and how many values are distinct.

use super::span::plottable;

/// A sample is discrete where it has no more distinct values than this, and each several times.
const DISCRETE: usize = 30;

/// Those values that have a place, in order.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|x| plottable(*x)).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The quantile of an ordered sample, between its neighbours in proportion (type 7 of Hyndman and Fan 1996).
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let lower = sorted.get(place.floor() as usize)?;
    let upper = sorted.get(place.ceil() as usize)?;
    Some(lower + (upper - lower) * (place - place.floor()))
}

/// Several quantiles of an ordered sample.
pub fn quantiles<const N: usize>(sorted: &[f64], shares: [f64; N]) -> Option<[f64; N]> {
    (!sorted.is_empty()).then(|| shares.map(|share| quantile(sorted, share).unwrap_or(f64::NAN)))
}

/// The distinct values of an ordered sample with how often each comes, where it is discrete.
pub fn steps(sorted: &[f64]) -> Option<Vec<(f64, usize)>> {
    let mut steps: Vec<(f64, usize)> = Vec::new();
    for equal in sorted.chunk_by(|one, next| one == next).take(DISCRETE + 1) {
        steps.extend(equal.first().map(|value| (*value, equal.len())));
    }
    (2..=DISCRETE).contains(&steps.len()).then_some(steps).filter(|steps| sorted.len() >= 4 * steps.len())
}

/// The least distance between distinct values.
pub fn gap(steps: &[(f64, usize)]) -> f64 {
    steps.iter().zip(steps.iter().skip(1)).map(|(one, next)| next.0 - one.0).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = sorted([3.0, 1.0, f64::NAN, 2.0, 4.0]);
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(quantile(&values, 0.5), Some(2.5));
        assert_eq!(quantile(&values, 0.1), Some(1.3));
        assert_eq!(quantile(&values, 1.0), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantiles(&[7.0], [0.05, 0.95]), Some([7.0; 2]));
        assert_eq!(quantiles(&[], [0.5]), None);
    }

    #[test]
    fn counts_are_discrete_and_measurements_are_not() {
        let counts = sorted((0..100).map(|n| f64::from(n % 5)));
        let steps = steps(&counts).unwrap();
        assert_eq!(steps[1], (1.0, 20));
        assert_eq!(gap(&steps), 1.0);
        assert_eq!(super::steps(&sorted((0..100).map(|n| f64::from(n) * 0.37))), None);
        assert_eq!(super::steps(&[1.0; 50]), None);
    }
}
