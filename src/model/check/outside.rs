//! What stands outside of models, file by file: constants, functions, simulators, externals, and what is used of other
//! files.

use super::codes::{NAME_TAKEN, SETTING_RANGE, UNKNOWN_NAME};
use super::constant::circles;
use super::external;
use super::files::Files;
use super::home::Home;
use super::library::Library;
use super::model::{Builder, too_many};
use super::names::{Symbol, list};
use super::reads::private;
use super::series;
use super::units::unit_of;
use crate::units::Units;
use sbi_syntax::tree::{self, File, Item, Source, UnitDefinition, UseFrom};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Looks at what stands outside of models in all files, each after those it uses; what is wrong goes to `told`. The homes
/// are in the order of the files.
pub(super) fn outside<'t>(
    tree: &'t File,
    library: &'t Library,
    files: &'t Files<'t>,
    told: &mut Vec<Diagnostic>,
) -> Vec<Home<'t>> {
    let mut homes: Vec<Home<'t>> = vec![Home::default(); library.uses.len()];
    for file in library.order(told) {
        let Some(tree) = (if file == 0 { Some(tree) } else { library.tree(file) }) else { continue };
        let mut home = declare(tree, file, files, told);
        import(&mut home, tree, file, library, files, &homes, told);
        if let Some(place) = homes.get_mut(file) {
            *place = home;
        }
        check(tree, file, files, &mut homes, told);
    }
    homes
}

/// The names that a file defines.
fn declare<'t>(tree: &'t File, file: usize, files: &'t Files<'t>, told: &mut Vec<Diagnostic>) -> Home<'t> {
    let mut home = Home::default();
    home.constants.units = Rc::new(own_units(tree, &mut home.public, told));
    for item in &tree.items {
        if let Item::Bad(bad) = item {
            home.unread = true;
            bad.names.iter().for_each(|name| home.names.refuse(name));
        }
        let (name, symbol, public) = match item {
            Item::Const(constant) => {
                (&constant.target.name, Symbol::Constant(constant, file), constant.public)
            }
            Item::Function(function) => (&function.name, Symbol::Function(function, file), function.public),
            Item::Simulator(simulator) => {
                (&simulator.name, Symbol::Simulator(simulator, file), simulator.public)
            }
            Item::External(external) => (&external.name, Symbol::External(external), external.public),
            _ => continue,
        };
        match home.names.define(name, symbol) {
            Err(taken) => told.push(taken),
            Ok(()) => {
                if public {
                    home.public.insert(&name.text);
                }
                if let Symbol::Constant(constant, _) = symbol {
                    told.extend(home.constants.add(constant, files).and_then(Result::err));
                    if let Source::From(table) = &constant.value {
                        home.read.push(table.path.value.clone());
                    }
                    told.extend(series::outer(constant));
                }
            }
        }
    }
    home
}

/// The units that a file defines, each after those that it is made of.
fn own_units<'t>(tree: &'t File, public: &mut BTreeSet<&'t str>, told: &mut Vec<Diagnostic>) -> Units {
    let mut units = Units::default();
    let defined = tree.items.iter().filter_map(|item| match item {
        Item::Unit(unit) => Some(unit),
        _ => None,
    });
    let mut waiting: Vec<&UnitDefinition> = Vec::new();
    for unit in defined {
        if let Some(first) = waiting.iter().find(|known| known.name.text == unit.name.text) {
            let message = format!("there are two units `{}`", unit.name.text);
            let taken = NAME_TAKEN.at(unit.name.span, message).label(first.name.span, "first here");
            told.push(taken.help("rename one of them"));
            continue;
        }
        if unit.public {
            public.insert(&unit.name.text);
        }
        waiting.push(unit);
    }
    loop {
        let before = waiting.len();
        waiting.retain(|definition| {
            let Ok(unit) = units.unit(&definition.unit) else { return true };
            let factor = definition.factor.as_ref().map_or(1.0, |factor| factor.value);
            if !units.define(&definition.name.text, factor, &unit) {
                let message = format!("`{}` would be nothing", definition.name.text);
                told.push(SETTING_RANGE.at(definition.span, message).help("write a number above zero"));
                units.refuse(&definition.name.text);
            }
            false
        });
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    told.extend(waiting.iter().filter_map(|definition| unit_of(&units, &definition.unit).err()));
    // What is made of what is not there is none of its own either, which follows.
    waiting.iter().for_each(|definition| units.refuse(&definition.name.text));
    units
}

/// Whether something of a file has units: a constant, a function, a unit or a simulator.
fn outside_has_units(tree: &File) -> bool {
    tree.items.iter().any(|item| {
        let span = match item {
            Item::Const(item) => item.span,
            Item::Function(item) => item.span,
            Item::Simulator(item) => item.span,
            Item::Unit(item) => item.span,
            _ => return false,
        };
        has_units(tree, span)
    })
}

/// Whether units are written within a span of a file.
fn has_units(tree: &File, span: Span) -> bool {
    let first = tree.units.partition_point(|unit| unit.start < span.start);
    tree.units.get(first).is_some_and(|unit| unit.end <= span.end)
}

/// Whether a model has units, of its own or by what stands beside it and what it extends.
pub(super) fn model_has_units(tree: &File, model: &tree::Model) -> bool {
    let extended = model.extends.is_some()
        && tree.items.iter().any(|item| matches!(item, Item::Model(other) if has_units(tree, other.span)));
    has_units(tree, model.span) || extended || outside_has_units(tree)
}

/// Takes over what a file uses of others.
fn import<'t>(
    home: &mut Home<'t>,
    tree: &'t File,
    file: usize,
    library: &Library,
    files: &'t Files<'t>,
    homes: &[Home<'t>],
    told: &mut Vec<Diagnostic>,
) {
    let uses =
        tree.items.iter().filter_map(|item| if let Item::Use(used) = item { Some(used) } else { None });
    let found = library.uses.get(file).into_iter().flatten();
    for (used, number) in uses.zip(found) {
        let names = taken(used);
        let Some((number, other)) = number.and_then(|number| Some((number, homes.get(number)?))) else {
            // The file could not be read: its names are known as refused.
            names.iter().for_each(|(_, name)| drop(home.names.define(name, Symbol::Refused)));
            continue;
        };
        let shown = library.name(number);
        for (wanted, name) in names {
            let Some(wanted) = wanted else {
                told.extend(home.names.define(name, Symbol::Module(number)).err());
                continue;
            };
            let symbol = match other.names.get(&wanted.text) {
                Some(symbol) if other.public.contains(wanted.text.as_str()) => symbol,
                Some(Symbol::Refused) => Symbol::Refused,
                None if other.public.contains(wanted.text.as_str()) => {
                    let units = Rc::make_mut(&mut home.constants.units);
                    units.import(&wanted.text, &name.text, &other.constants.units);
                    continue;
                }
                Some(_) => {
                    told.push(private(shown, &wanted.text, wanted.span));
                    Symbol::Refused
                }
                None if !library.is_whole(number) => Symbol::Refused,
                None => {
                    let message = format!("`{shown}` has no `{}`", wanted.text);
                    let wrong = UNKNOWN_NAME.at(wanted.span, message);
                    let known = || other.public.iter().copied();
                    told.push(match suggest(&wanted.text, known()) {
                        Some(similar) => wrong.did_you_mean(Some(similar)),
                        None => wrong.help(format!("it has {}", list(known()))),
                    });
                    Symbol::Refused
                }
            };
            match home.names.define(name, symbol) {
                Err(taken) => told.push(taken),
                Ok(()) => {
                    if let Symbol::Constant(constant, _) = symbol {
                        // What is wrong with it has been told where it stands.
                        drop(home.constants.add(constant, files));
                    }
                }
            }
        }
    }
}

/// The names that a `use` takes, each with what it is called here; no name where the file itself is meant.
fn taken(used: &tree::Use) -> Vec<(Option<&tree::Name>, &tree::Name)> {
    if !used.names.is_empty() {
        return used.names.iter().map(|name| (Some(name), name)).collect();
    }
    match &used.from {
        UseFrom::Path(path) => {
            let wanted = path.segments.get(2);
            let called = used.alias.as_ref().or(path.segments.last());
            called.map(|called| (wanted, called)).into_iter().collect()
        }
        UseFrom::File(_) => used.alias.iter().map(|alias| (None, alias)).collect(),
    }
}

/// Checks what a file defines outside of models.
fn check<'t>(
    tree: &'t File,
    file: usize,
    files: &'t Files<'t>,
    homes: &mut [Home<'t>],
    told: &mut Vec<Diagnostic>,
) {
    let items = tree.items.as_slice();
    let strict = outside_has_units(tree);
    let constants: Vec<&'t tree::Const> = items
        .iter()
        .filter_map(|item| if let Item::Const(constant) = item { Some(constant) } else { None })
        .collect();
    told.extend(circles(&constants));
    let mut builder = Builder::in_file(homes, file, files, strict);
    for constant in constants {
        builder.outer_constant(constant);
    }
    for item in items {
        match item {
            Item::Function(function) => {
                let before = builder.arena.full;
                builder.function(function, file);
                if builder.arena.full && !before {
                    builder.told.push(too_many(function.name.span, &function.name.text));
                }
            }
            Item::External(external) => {
                let constants = homes.get(file).map(|home| home.constants.clone()).unwrap_or_default();
                drop(external::external(external, &constants, told));
            }
            _ => {}
        }
    }
    told.append(&mut builder.told);
    let refused = builder.homes.get(file).map(|home| home.refused.clone()).unwrap_or_default();
    if let Some(home) = homes.get_mut(file) {
        home.refused = refused;
    }
    for item in items {
        let Item::Simulator(simulator) = item else { continue };
        let mut builder = Builder::in_file(homes, file, files, strict);
        builder.simulator_alone(simulator, file);
        told.append(&mut builder.told);
    }
}
