//! The density of a random number or vector, with where it lies and what bends it.

use super::{LogDensity, Variate, of, range};
use crate::ssa::{Program, Value};
use sbi_model::{Argument, Binary, Draw, Family, Range};

/// What the values of a distribution are counted with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Lengths of the real line: there is a density.
    Length,
    /// Whole numbers: there are probabilities.
    Count,
}

/// What the values of a draw are counted with; none where a mixture has real numbers and whole ones, or bends whole
/// ones, and for functions of time.
pub(crate) fn measure(draw: &Draw) -> Option<Measure> {
    let bare = match draw.family.range() {
        Range::Components(slot) => {
            let Some(Argument::Components(draws)) = draw.arguments.get(slot) else { return None };
            let mut measures = draws.iter().map(measure);
            let first = measures.next()??;
            measures.all(|other| other == Some(first)).then_some(first)?
        }
        Range::Truth | Range::Counts | Range::UpTo(_) | Range::Categories(_) => Measure::Count,
        _ if draw.family == Family::GaussianProcess => return None,
        _ => Measure::Length,
    };
    (bare == Measure::Length || draw.transforms.is_empty()).then_some(bare)
}

impl Variate {
    /// The logarithm of its density at these values: minus infinity where it has none, NaN where a value is or where the
    /// arguments name no distribution. Of shares that add up to one it is the density over all but the last.
    pub fn log_density(&self, p: &mut Program, values: &[Value]) -> Value {
        let mut bare = Vec::with_capacity(values.len());
        let (mut possible, mut sound, mut slopes) = (Vec::new(), Vec::new(), Vec::new());
        let free = values.len() - usize::from(self.family.range() == Range::Simplex);
        for (place, (value, bends)) in values.iter().zip(&self.bends).enumerate() {
            sound.push(p.binary(Binary::Eq, *value, *value));
            let mut x = *value;
            for bend in bends.iter().rev() {
                let undone = bend.undo(p, x);
                possible.push(undone.possible);
                sound.push(undone.sound);
                slopes.extend((place < free).then_some(undone.log_slope));
                x = undone.value;
            }
            bare.push(x);
        }
        let LogDensity { sound: named, log } = (of(self.family).log_density)(p, &self.arguments, &bare);
        possible.push(range::holds(p, self.family.range(), &self.arguments, &bare));
        sound.push(named);
        let slope = p.sum_of(&slopes);
        let log = p.sub(log, slope);
        let nothing = p.number(f64::NEG_INFINITY);
        let (possible, sound) = (p.all(&possible), p.all(&sound));
        let log = p.select(possible, log, nothing);
        p.require(sound, log)
    }
}
