//! Which nodes the statement of a node reads, by names alone: definitions are checked each after what it reads.

use super::codes::{PRIVATE, UNKNOWN_NAME};
use super::home::HomeId;
use super::model::{Builder, Written};
use super::names::{Symbol, list};
use super::{library, walk};
use sbi_syntax::tree::{Definition, DynamicsStatement, Expr, Function, Path};
use sbi_syntax::{Diagnostic, suggest};
use std::collections::BTreeSet;

/// Follows names to the nodes behind them.
struct Reader<'b, 't> {
    builder: &'b Builder<'t>,
    found: BTreeSet<usize>,
    functions: BTreeSet<(HomeId, &'t str)>,
    runs: BTreeSet<usize>,
    draws: BTreeSet<usize>,
}

impl<'t> Builder<'t> {
    /// The nodes that the statement of a node reads: through functions, dynamics and draws from simulators too.
    pub(super) fn reads(&self, node: usize) -> Vec<usize> {
        let mut reader = Reader {
            builder: self,
            found: BTreeSet::new(),
            functions: BTreeSet::new(),
            runs: BTreeSet::new(),
            draws: BTreeSet::new(),
        };
        reader.node(node);
        reader.found.into_iter().collect()
    }

    /// What a path means in a home, where it means anything there.
    pub(super) fn meaning(&self, path: &Path, home: HomeId) -> Option<Symbol<'t>> {
        let names = self.names_of(home)?;
        match path.segments.as_slice() {
            [name] => names.get(&name.text),
            [module, name] => match names.get(&module.text) {
                Some(Symbol::Module(file)) => {
                    let home =
                        self.homes.get(file).filter(|home| home.public.contains(name.text.as_str()))?;
                    home.names.get(&name.text)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What a path means where the statement in hand stands; none for one name that means nothing.
    ///
    /// # Errors
    /// The path leads through a file that does not have it, or keeps it to itself.
    pub(super) fn resolve(&self, path: &Path) -> Result<Option<Symbol<'t>>, Option<Diagnostic>> {
        let [module, name] = path.segments.as_slice() else {
            return Ok(path.as_name().and_then(|name| self.names.get(&name.text)));
        };
        let Some(Symbol::Module(file)) = self.names.get(&module.text) else {
            let told = UNKNOWN_NAME.at(module.span, format!("there is no file `{}` here", module.text));
            return Err(Some(told.help(match library::has(&module.text) {
                true => format!("use it first: `use std::{}`", module.text),
                false => format!("use it first, above the model: `use \"./{0}.sbi\" as {0}`", module.text),
            })));
        };
        let Some(home) = self.homes.get(file) else { return Err(None) };
        match home.names.get(&name.text) {
            Some(symbol) if home.public.contains(name.text.as_str()) => Ok(Some(symbol)),
            Some(Symbol::Refused) => Err(None),
            Some(_) => Err(Some(private(&module.text, &name.text, name.span))),
            None => {
                let told = UNKNOWN_NAME.at(name.span, format!("`{}` has no `{}`", module.text, name.text));
                let known = || home.public.iter().copied();
                Err(Some(match suggest(&name.text, known()) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("it has {}", list(known()))),
                }))
            }
        }
    }
}

/// Says that a file keeps a name to itself.
pub(super) fn private(file: &str, name: &str, span: sbi_syntax::Span) -> Diagnostic {
    PRIVATE.at(span, format!("`{file}` keeps `{name}` to itself")).help(format!(
        "write `pub` before its definition there, as in `pub fn {name} …` or `pub simulator {name} …`"
    ))
}

impl<'t> Reader<'_, 't> {
    fn node(&mut self, node: usize) {
        let builder = self.builder;
        let (Some(written), Some(&home)) = (builder.written.get(node).copied(), builder.node_homes.get(node))
        else {
            return;
        };
        match written {
            Written::Node(node) => self.defined(&node.definition, home),
            Written::State(state) => self.defined(&state.definition, home),
            Written::Let(binding) => self.expr(&binding.value, home),
            Written::Field(_, value) => self.expr(value, home),
            Written::Const(constant) => {
                let mut paths = Vec::new();
                walk::fixed(&constant.value, &mut |path| paths.push(path));
                self.paths(paths, home);
            }
            Written::Output(draw, _) => self.draw(draw),
            Written::Noise(_) => {}
        }
        if let Some(draw) = builder.homes.get(home).and_then(|home| home.draw) {
            self.draw(draw);
        }
    }

    /// All that is passed to a draw, whatever of it is read.
    fn draw(&mut self, draw: usize) {
        if !self.draws.insert(draw) {
            return;
        }
        let Some(drawn) = self.builder.drawn.get(draw) else { return };
        for (value, home) in drawn.inputs.iter().filter_map(|passed| passed.value) {
            self.expr(value, home);
        }
        // A draw within a simulator reads what that one was passed.
        if let Some(outer) = self.builder.homes.get(drawn.home).and_then(|home| home.draw) {
            self.draw(outer);
        }
    }

    fn defined(&mut self, definition: &'t Definition, home: HomeId) {
        let mut paths = Vec::new();
        walk::defined(definition, &mut |path| paths.push(path));
        self.paths(paths, home);
    }

    fn expr(&mut self, expr: &'t Expr, home: HomeId) {
        let mut paths = Vec::new();
        walk::names(expr, &mut |path| paths.push(path));
        self.paths(paths, home);
    }

    fn paths(&mut self, paths: Vec<&'t Path>, home: HomeId) {
        for path in paths {
            match self.builder.meaning(path, home) {
                Some(Symbol::Node(id)) => {
                    self.found.insert(id.0);
                }
                Some(Symbol::Function(function, home)) => self.function(function, home),
                Some(Symbol::Dynamics(run)) => self.run(run),
                Some(Symbol::Record(draw)) => {
                    let fields = self.builder.drawn.get(draw).into_iter().flat_map(|drawn| &drawn.fields);
                    self.found.extend(fields.filter_map(|(_, id)| id.map(|id| id.0)));
                }
                Some(Symbol::Input(_)) => {
                    let draw = self.builder.homes.get(home).and_then(|home| home.draw);
                    draw.into_iter().for_each(|draw| self.draw(draw));
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, function: &'t Function, home: HomeId) {
        if self.functions.insert((home, &function.name.text)) {
            let is_input = |path: &Path| {
                path.as_name()
                    .is_some_and(|name| function.inputs.iter().any(|input| input.name.text == name.text))
            };
            let mut paths = Vec::new();
            walk::names(&function.body, &mut |path| paths.push(path));
            paths.retain(|path| !is_input(path));
            self.paths(paths, home);
        }
    }

    /// All that a dynamics is made of and reads.
    fn run(&mut self, run: usize) {
        if !self.runs.insert(run) {
            return;
        }
        let Some(found) = self.builder.runs.get(run) else { return };
        let members = self.builder.nodes_of_runs.iter().filter(|(_, of)| **of == run);
        self.found.extend(members.map(|(id, _)| id.0));
        for statement in &found.tree.body {
            match statement {
                DynamicsStatement::Derivative(state) | DynamicsStatement::Next(state) => {
                    self.defined(&state.definition, found.home);
                }
                DynamicsStatement::Stop { condition, .. } => self.expr(condition, found.home),
                DynamicsStatement::When(event) | DynamicsStatement::Jump(event) => {
                    self.expr(&event.trigger, found.home);
                    event.assignments.iter().for_each(|set| self.expr(&set.value, found.home));
                }
                // Members are read as nodes of their own.
                DynamicsStatement::Noise { .. }
                | DynamicsStatement::Init(_)
                | DynamicsStatement::Let(_)
                | DynamicsStatement::Bad(_) => {}
            }
        }
    }
}
