//! The unit of what a distribution draws: that which is declared, or that of its arguments.

use super::codes::UNIT_MISMATCH;
use super::distribution::{Found, Left, Within, Written};
use super::family::{Entry, Shape};
use super::model::Builder;
use super::value::Value;
use crate::units::{Measure, Power, Unit};
use crate::{Draw, Kind, Map, Range, Transform};
use sbi_syntax::tree::Call;
use std::rc::Rc;

impl<'t> Builder<'t> {
    /// The unit of what a family draws: what gives pure numbers gives them in no unit, but angles and shares are given in
    /// degrees and in percent where that is declared.
    pub(super) fn own_unit(
        &mut self,
        left: Left<'t>,
        entry: &Entry,
        own: Measure,
        call: &Call,
        within: Within,
    ) -> Measure {
        let share = own.unit().is_some_and(|unit| unit.share().is_some());
        if !entry.is_pure() || (share && entry.kind == Kind::Real && !within.mixture) {
            return own;
        }
        let wrong = own.unit().filter(|unit| self.strict && !(unit.is_pure() && unit.scale().is_one()));
        if let Some(unit) = wrong {
            let gives = match (entry.kind, entry.range) {
                (Kind::Count, _) => "counts",
                (Kind::Truth, _) => "true or false",
                (Kind::Category, _) => "categories",
                (_, Range::Circle) => "angles in radians",
                _ => "shares from 0 to 1",
            };
            let name = &left.target.name.text;
            let message = format!("`{name}` is in `{unit}`, and `{}` gives {gives}", entry.name);
            let told = UNIT_MISMATCH.at(call.path.span, message);
            let help = match own.unit().is_some_and(|unit| unit.is_pure()) {
                true => format!("leave the unit of `{name}` out, or convert it in a line of its own"),
                false => format!(
                    "leave the unit of `{name}` out, or draw it from a distribution of real numbers, `lognormal` or `normal`"
                ),
            };
            self.told.push(told.label(left.target.span, unit.to_string()).help(help));
        }
        Measure::pure()
    }

    /// How a pure number becomes one of the share or the angle that is declared: radians become degrees.
    pub(super) fn in_share(&mut self, draw: &Draw, own: &Measure) -> Option<Transform> {
        let share = own.unit()?.share().filter(|_| draw.family.is_pure())?;
        let (scale, shift) = (Unit::one().factor(&share).size(), 0.0);
        let arguments = [scale, shift].map(|number| self.arena.number(number)).to_vec();
        Some(Transform { map: Map::Affine, arguments })
    }

    /// The unit of what is drawn where none is declared: that of the arguments. What is bent afterwards is no share yet.
    pub(super) fn unit_of_arguments(
        &mut self,
        entry: &Entry,
        written: &[Option<Written<'t>>],
        found: &[Option<Found<'t>>],
        bent: bool,
    ) -> Measure {
        let units = entry.slots.iter().zip(written).zip(found).filter_map(|((_, written), found)| {
            let (way, _) = (*written)?;
            let power = Power::new(1, i64::from(way.power))?;
            let mut values: Vec<&Value> = match found.as_ref()? {
                Found::Scalar(value, _) => vec![value],
                Found::Vector(row) => row.iter().map(|(value, _)| value).collect(),
                _ => Vec::new(),
            };
            let has = |unit: &Unit| if bent { !unit.is_pure() } else { !unit.is_plain() };
            values.retain(|value| value.measure.unit().is_some_and(|unit| has(unit)));
            values.first().and_then(|value| value.measure.unit()?.proper().to(power))
        });
        let unknown = found.iter().flatten().any(
            |found| matches!(found, Found::Scalar(value, _) if matches!(value.measure, Measure::Unknown)),
        );
        let kernel = entry.slots.iter().any(|slot| matches!(slot.shape, Shape::Components | Shape::Kernel));
        match units.map(Rc::new).next() {
            Some(unit) => Measure::Of(unit),
            None if unknown || kernel => Measure::Unknown,
            None => self.unmeasured(),
        }
    }
}

/// A power of the unit of what is drawn; that of a pure number is known whatever that is.
pub(super) fn raised(own: &Measure, power: i8) -> Measure {
    match (own, power) {
        (_, 0) => Measure::pure(),
        (Measure::Of(unit), power) => {
            Measure::of(Power::new(i64::from(power), 1).and_then(|power| unit.to(power)))
        }
        _ => Measure::Unknown,
    }
}
