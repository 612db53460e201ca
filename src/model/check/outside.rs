//! What stands outside of models, file by file: constants, functions, simulators, externals, and what is used of other
//! files.

use super::codes::UNKNOWN_NAME;
use super::constant::circles;
use super::external;
use super::files::Files;
use super::home::Home;
use super::library::Library;
use super::model::{Builder, too_many};
use super::names::{Symbol, list};
use super::reads::private;
use super::series;
use sbi_syntax::tree::{self, File, Item, Source, UseFrom};
use sbi_syntax::{Diagnostic, Span, suggest};

/// Looks at what stands outside of models in all files, each after those it uses; what is wrong goes to `told`. The homes
/// are in the order of the files.
pub(super) fn outside<'t>(
    tree: &'t File,
    library: &'t Library,
    files: &'t Files<'t>,
    told: &mut Vec<Diagnostic>,
    unit: &mut Option<Span>,
) -> Vec<Home<'t>> {
    let mut homes: Vec<Home<'t>> = vec![Home::default(); library.uses.len()];
    for file in library.order(told) {
        let Some(tree) = (if file == 0 { Some(tree) } else { library.tree(file) }) else { continue };
        let mut home = declare(&tree.items, file, files, told);
        import(&mut home, tree, file, library, files, &homes, told);
        if let Some(place) = homes.get_mut(file) {
            *place = home;
        }
        check(&tree.items, file, files, &mut homes, told, unit);
    }
    homes
}

/// The names that a file defines.
fn declare<'t>(items: &'t [Item], file: usize, files: &'t Files<'t>, told: &mut Vec<Diagnostic>) -> Home<'t> {
    let mut home = Home::default();
    for item in items {
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
    items: &'t [Item],
    file: usize,
    files: &'t Files<'t>,
    homes: &mut [Home<'t>],
    told: &mut Vec<Diagnostic>,
    unit: &mut Option<Span>,
) {
    let constants: Vec<&'t tree::Const> = items
        .iter()
        .filter_map(|item| if let Item::Const(constant) = item { Some(constant) } else { None })
        .collect();
    told.extend(circles(&constants));
    let mut builder = Builder::in_file(homes, file, files);
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
    *unit = unit.or(builder.unit);
    told.append(&mut builder.told);
    let refused = builder.homes.get(file).map(|home| home.refused.clone()).unwrap_or_default();
    if let Some(home) = homes.get_mut(file) {
        home.refused = refused;
    }
    for item in items {
        let Item::Simulator(simulator) = item else { continue };
        let mut builder = Builder::in_file(homes, file, files);
        builder.simulator_alone(simulator, file);
        *unit = unit.or(builder.unit);
        told.append(&mut builder.told);
    }
}
