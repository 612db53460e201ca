//! What stands outside of models: constants and functions of the file, which every model may read.

use super::constant::{Constants, circles};
use super::given::Files;
use super::model::{Builder, too_many};
use super::names::{Names, Symbol};
use super::series;
use sbi_syntax::tree::{self, Item, Source};
use sbi_syntax::{Diagnostic, Span};
use std::collections::BTreeSet;

/// What the file says outside of models.
#[derive(Clone, Debug, Default)]
pub(super) struct Outside<'t> {
    pub(super) names: Names<'t>,
    pub(super) constants: Constants<'t>,
    /// The functions whose bodies are told to be wrong.
    pub(super) refused: BTreeSet<&'t str>,
    /// The files read for constants.
    pub(super) read: Vec<String>,
}

/// Looks at what stands outside of models; what is wrong goes to `told`.
pub(super) fn outside<'t>(
    items: &'t [Item],
    files: &'t Files<'t>,
    told: &mut Vec<Diagnostic>,
    unit: &mut Option<Span>,
) -> Outside<'t> {
    let mut outside = Outside::default();
    let mut constants: Vec<&'t tree::Const> = Vec::new();
    for item in items {
        let (name, symbol) = match item {
            Item::Const(constant) => (&constant.target.name, Symbol::Constant(constant)),
            Item::Function(function) => (&function.name, Symbol::Function(function)),
            Item::Simulator(simulator) => (&simulator.name, Symbol::Refused),
            Item::External(external) => (&external.name, Symbol::Refused),
            _ => continue,
        };
        match outside.names.define(name, symbol) {
            Err(taken) => told.push(taken),
            Ok(()) => {
                if let Symbol::Constant(constant) = symbol {
                    told.extend(outside.constants.add(constant, files).and_then(Result::err));
                    if let Source::From(table) = &constant.value {
                        outside.read.push(table.path.value.clone());
                    }
                    told.extend(series::outer(constant));
                    constants.push(constant);
                }
            }
        }
    }
    told.extend(circles(&constants));
    let alone = outside.clone();
    let mut builder = Builder::new(&alone, files);
    for constant in constants {
        builder.outer_constant(constant);
    }
    for (_, symbol) in alone.names.iter() {
        if let Symbol::Function(function) = symbol {
            let before = builder.arena.full;
            builder.function(function, true);
            if builder.arena.full && !before {
                builder.told.push(too_many(function.name.span, &function.name.text));
            }
        }
    }
    *unit = unit.or(builder.unit);
    told.append(&mut builder.told);
    outside.refused = builder.refused.into_iter().filter_map(|name| alone.names.key(name)).collect();
    outside
}
