//! What stands after `|>`: how a draw is bent, number by number.

use super::builtin;
use super::call::Signature;
use super::codes::{TRANSFORM, UNKNOWN_TRANSFORM};
use super::demand::Demanded;
use super::distribution::Left;
use super::elsewhere::TRANSFORMS;
use super::expr::Scope;
use super::family::Demand;
use super::model::Builder;
use super::names::list;
use crate::{Family, Kind, Map, Transform};
use sbi_syntax::tree::Call;
use sbi_syntax::{Diagnostic, suggest};

/// A transform: a row of the table.
struct Entry {
    map: Map,
    signature: Signature,
    /// What each argument must satisfy, and whether it is measured in the unit of what comes out.
    demands: &'static [(Demand, bool)],
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
        demands: &[(Demand::Nonzero, false), (Demand::Finite, true)],
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
        demands: &[(Demand::Finite, true), (Demand::Finite, true)],
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
    /// Checks what bends a draw of this kind and family, where those are known.
    pub(super) fn transforms(
        &mut self,
        left: Left<'t>,
        drawn: Option<(Kind, Family)>,
        pipes: &'t [Call],
        scope: &Scope<'t>,
    ) -> Vec<Transform> {
        let Some(first) = pipes.first() else { return Vec::new() };
        let mut transforms = Vec::new();
        for (place, pipe) in pipes.iter().enumerate() {
            match self.transform(left, pipe, place + 1 == pipes.len(), scope) {
                Ok(transform) => transforms.push(transform),
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
        transforms
    }

    fn transform(
        &mut self,
        left: Left<'t>,
        call: &'t Call,
        last: bool,
        scope: &Scope<'t>,
    ) -> Result<Transform, Vec<Diagnostic>> {
        let name = call.path.text();
        let entry = TABLE
            .iter()
            .find(|entry| entry.signature.name == name)
            .ok_or_else(|| vec![unknown(call, &name)])?;
        let taken = entry.signature.take(call)?;
        let mut arguments = Vec::new();
        for (name, (demand, measured)) in entry.signature.needs.iter().zip(entry.demands) {
            let argument = taken.get(name).expect("what a signature needs has been taken");
            let value = self.number(&argument.value, scope);
            if *measured && last {
                self.agree(&value, argument.value.span, left.unit);
            }
            self.demands.push(Demanded::argument(left.id, *demand, value.expr, argument.span, name));
            arguments.push(value.expr);
        }
        if let (Map::Between, [low, high]) = (entry.map, arguments.as_slice()) {
            self.demands.push(Demanded::below(left.id, *low, *high, call.span, Some("between")));
        }
        Ok(Transform { map: entry.map, arguments })
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
