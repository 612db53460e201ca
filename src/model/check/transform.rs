//! What stands after `|>`: how a draw is bent, number by number.

use super::builtin;
use super::call::Signature;
use super::codes::{TRANSFORM, UNIT_MISMATCH, UNKNOWN_TRANSFORM};
use super::demand::Demanded;
use super::distribution::Left;
use super::elsewhere::TRANSFORMS;
use super::expr::Scope;
use super::family::Demand;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::list;
use super::units::Operand;
use super::value::Value;
use crate::units::Measure;
use crate::{ExprId, Family, Kind, Map, Transform};
use sbi_syntax::tree::{Argument, Call};
use sbi_syntax::{Diagnostic, suggest};

/// A transform: a row of the table.
struct Entry {
    map: Map,
    signature: Signature,
    /// What each argument must satisfy.
    demands: &'static [Demand],
}

/// The transforms, by name.
static TABLE: [Entry; 4] = [
    Entry {
        map: Map::Affine,
        signature: Signature {
            name: "affine",
            needs: &["scale", "shift"],
            may: &[],
            elsewhere: &[
                ("a", "scale"),
                ("factor", "scale"),
                ("b", "shift"),
                ("loc", "shift"),
                ("offset", "shift"),
            ],
            example: "affine(scale = 2, shift = 1)",
        },
        demands: &[Demand::Nonzero, Demand::Finite],
    },
    Entry {
        map: Map::Between,
        signature: Signature {
            name: "between",
            needs: &["low", "high"],
            may: &[],
            elsewhere: &[
                ("from", "low"),
                ("min", "low"),
                ("lower", "low"),
                ("to", "high"),
                ("max", "high"),
                ("upper", "high"),
            ],
            example: "between(low = 1, high = 3)",
        },
        demands: &[Demand::Finite, Demand::Finite],
    },
    Entry {
        map: Map::Exp,
        signature: Signature { name: "exp", needs: &[], may: &[], elsewhere: &[], example: "exp()" },
        demands: &[],
    },
    Entry {
        map: Map::Logistic,
        signature: Signature {
            name: "logistic",
            needs: &[],
            may: &[],
            elsewhere: &[],
            example: "logistic()",
        },
        demands: &[],
    },
];

/// Whether a name is that of a transform.
pub(super) fn is_transform(name: &str) -> bool {
    TABLE.iter().any(|entry| entry.signature.name == name)
}

impl Map {
    /// Its name in the language.
    pub fn name(self) -> &'static str {
        TABLE
            .iter()
            .find(|entry| entry.map == self)
            .map(|entry| entry.signature.name)
            .expect("every map has its row")
    }
}

impl<'t> Builder<'t> {
    /// Checks what bends a draw of this kind and family, where those are known, in its unit; with the unit of what comes
    /// out.
    pub(super) fn transforms(
        &mut self,
        left: Left<'t>,
        drawn: Option<(Kind, Family)>,
        pipes: &'t [Call],
        scope: &Scope<'t>,
        mut measure: Measure,
    ) -> (Vec<Transform>, Measure) {
        let Some(first) = pipes.first() else { return (Vec::new(), measure) };
        let mut transforms = Vec::new();
        for (place, pipe) in pipes.iter().enumerate() {
            match self.transform(left, pipe, place + 1 == pipes.len(), scope, &measure) {
                Ok((transform, after)) => {
                    transforms.push(transform);
                    measure = after;
                }
                Err(told) => self.told.extend(told),
            }
        }
        match drawn {
            Some((Kind::Real, _)) => {}
            Some((kind, family)) => {
                let gives = match kind {
                    Kind::Count => "counts",
                    Kind::Truth => "0 or 1",
                    _ => "categories",
                };
                let message = format!("`|>` bends real numbers, and `{}` gives {gives}", family.name());
                let help = "compute from it by a name of its own: `let y = 2 * x`";
                self.told.push(TRANSFORM.at(first.span, message).help(help));
            }
            None => {}
        }
        (transforms, measure)
    }

    fn transform(
        &mut self,
        left: Left<'t>,
        call: &'t Call,
        last: bool,
        scope: &Scope<'t>,
        measure: &Measure,
    ) -> Result<(Transform, Measure), Vec<Diagnostic>> {
        let name = call.path.text();
        let entry = TABLE
            .iter()
            .find(|entry| entry.signature.name == name)
            .ok_or_else(|| vec![unknown(call, &name)])?;
        let taken = entry.signature.take(call)?;
        let written: Vec<&'t Argument> = entry
            .signature
            .needs
            .iter()
            .map(|name| taken.get(name).expect("what a signature needs has been taken"))
            .collect();
        let (found, after) = self.bent(left, entry, call, &written, (last, measure), scope);
        let mut arguments = Vec::new();
        for (((name, demand), argument), expr) in
            entry.signature.needs.iter().zip(entry.demands).zip(written).zip(found)
        {
            self.demands.push(Demanded::argument(left.id, *demand, expr, argument.span, name));
            arguments.push(expr);
        }
        if let (Map::Between, [low, high]) = (entry.map, arguments.as_slice()) {
            self.demands.push(Demanded::below(left.id, *low, *high, call.span, Some("between")));
        }
        Ok((Transform { map: entry.map, arguments }, after))
    }

    /// The arguments of a transform in their units, and the unit of what comes out. What is bent by an exponential, or
    /// between two bounds, is a pure number; what comes out of an exponential is in the unit of the left side.
    fn bent(
        &mut self,
        left: Left<'t>,
        entry: &Entry,
        call: &'t Call,
        written: &[&'t Argument],
        (last, before): (bool, &Measure),
        scope: &Scope<'t>,
    ) -> (Vec<ExprId>, Measure) {
        let name = left.target.name.text.as_str();
        let declared = self.nodes.get(left.id.0).is_some_and(|node| node.unit.is_some()) && last;
        let own = if declared { self.measure_of(left.id) } else { Measure::Unknown };
        let pure = before.unit().is_none_or(|unit| unit.is_pure());
        if entry.map != Map::Affine && !pure && self.strict {
            let unit = before.text().unwrap_or_default();
            let message =
                format!("`{}` bends a pure number, and this is drawn in `{unit}`", entry.signature.name);
            let told = UNIT_MISMATCH.at(call.path.span, message).label(left.target.span, unit);
            self.told.push(
                told.help("draw a number without unit, `normal(0, 1)`, and say the unit of what comes out"),
            );
        }
        let values: Vec<Value> = written
            .iter()
            .map(|argument| {
                self.place = own.unit().cloned();
                self.number(&argument.value, scope)
            })
            .collect();
        let unit = values.iter().find_map(|value| value.measure.unit().filter(|unit| !unit.is_plain()));
        let follows = own.unit().is_none() && unit.is_some_and(|unit| unit.share().is_some());
        let after = match (own.unit(), unit) {
            (Some(_), _) => own,
            (None, Some(unit)) => Measure::of(Some(unit.proper())),
            (None, None) if entry.map == Map::Affine => before.clone(),
            (None, None) => self.unmeasured(),
        };
        let places = entry.signature.needs.iter().map(|argument| {
            // What scales a number that has the unit already is itself a pure number.
            let scaled = *argument == "scale" && !pure;
            let measure = if scaled { Measure::pure() } else { after.clone() };
            Place { measure, what: What::Argument(entry.signature.name, argument, name, false) }
        });
        let places: Vec<Place<'_>> = places.collect();
        let found = values.iter().zip(written).zip(&places);
        let found = found
            .map(|((value, argument), place)| {
                let operand = Operand { value, tree: &argument.value };
                self.ensure_share(operand, place, follows);
                self.fit(operand, place)
            })
            .collect();
        (found, after)
    }
}

fn unknown(call: &Call, name: &str) -> Diagnostic {
    let told = UNKNOWN_TRANSFORM.at(call.path.span, format!("no draw is bent by `{name}`"));
    let known = || TABLE.iter().map(|entry| entry.signature.name);
    let lower = name.to_lowercase();
    let here = TRANSFORMS.iter().find(|(elsewhere, _)| *elsewhere == lower).map(|(_, here)| *here);
    if let Some(similar) = here.or_else(|| suggest(name, known())) {
        return told.did_you_mean(Some(similar));
    }
    if builtin::function(name).is_some() {
        return told.help(format!(
            "there are {}; compute the rest by a name of its own: `let y = {name}(x)`",
            list(known())
        ));
    }
    told.help(format!("there are {}", list(known())))
}
