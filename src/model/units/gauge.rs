//! How large a unit is, whatever it is called.

use super::factor::Factor;
use super::measure::Measure;
use super::power::Dimension;
use super::scale::Scale;

/// What a unit measures and how large it is, without its names: `s` and `seconds` have the same, and so have `ms` and
/// what is a thousandth of a second by any other name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge {
    pub(super) dimension: Dimension,
    pub(super) scale: Scale,
}

impl Gauge {
    /// That of pure numbers.
    pub const PURE: Gauge = Gauge { dimension: Dimension::NONE, scale: Scale::ONE };

    /// That of what is known of a unit; of pure numbers where nothing is.
    pub(crate) fn of(measure: &Measure) -> Gauge {
        measure.unit().map_or(Gauge::PURE, |unit| unit.gauge())
    }

    /// What a number in this unit is multiplied by to be in the other, rounded once; none where the two measure different
    /// things.
    pub fn factor(&self, other: &Gauge) -> Option<f64> {
        let ratio = || self.scale.times(&other.scale.inverse());
        (self.dimension == other.dimension).then(ratio)?.map(|scale| Factor::of(&scale).size())
    }

    /// In base units: powers of the seven of SI, then of primes, the same however it is written.
    pub(crate) fn reduced(&self) -> String {
        let powers = self.dimension.powers().map(|(above, below)| format!("{above}/{below}"));
        let primes = self.scale.primes().map(|(prime, power)| format!("{prime}^{power:?}"));
        let pi = format!("pi^{:?}", self.scale.of_pi());
        powers.chain(primes).chain([pi]).collect::<Vec<_>>().join(" ")
    }

    /// How many base units it is, rounded once.
    pub fn size(&self) -> f64 {
        Factor::of(&self.scale).size()
    }
}
