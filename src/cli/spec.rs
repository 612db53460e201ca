//! A spec as commands take it: read, checked, its models made ready, its diagnostics shown.

use super::failure::{Failure, Outcome};
use super::numbers::listed;
use super::report;
use super::world::{Disk, folder_of, read_spec};
use sbi_model::{File, Graph, Model, Role};
use sbi_sim::Simulator;
use sbi_syntax::{Diagnostic, Source, suggest};
use std::path::{Path, PathBuf};

/// A file without errors.
pub struct Spec {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub file: File,
    /// The models of the file, in its order, made ready.
    ready: Vec<Ready>,
}

/// What commands need of a model.
struct Ready {
    graph: Graph,
    simulator: Simulator,
}

/// A file as it was read, with all there is to say about it.
pub struct Examined {
    /// Its text.
    pub source: Source,
    /// All there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// The file, where nothing said is an error.
    spec: Option<Spec>,
}

/// Reads and checks a file; nothing is shown.
pub fn examine(path: &Path) -> Outcome<Examined> {
    let source = read_spec(path)?;
    let checked = sbi_model::compile(source.text(), &Disk::new(folder_of(path)));
    let mut diagnostics = checked.diagnostics;
    let spec = checked.file.and_then(|file| {
        let ready: Vec<_> = file.models.iter().map(Ready::of).collect();
        let (ready, told): (Vec<_>, Vec<_>) = ready.into_iter().partition(Result::is_ok);
        diagnostics.extend(told.into_iter().filter_map(Result::err));
        let wrong = diagnostics.iter().any(Diagnostic::is_error);
        let ready = ready.into_iter().filter_map(Result::ok).collect();
        (!wrong).then(|| Spec { path: path.into(), file, ready })
    });
    Ok(Examined { source, diagnostics, spec })
}

impl Ready {
    fn of(model: &Model) -> Result<Ready, Diagnostic> {
        let graph = Graph::of(model);
        let outputs: Vec<_> = graph.tokens.iter().map(|token| (token.node, token.element)).collect();
        Ok(Ready { simulator: Simulator::new(model, &outputs)?, graph })
    }
}

impl Spec {
    /// Reads and checks a file; shows what there is to say about it. Fails where that has errors.
    pub fn read(path: &Path) -> Outcome<Spec> {
        let Examined { source, diagnostics, spec } = examine(path)?;
        report::show(&source, &diagnostics);
        spec.ok_or_else(|| Failure::wrong(report::tally(&source, &diagnostics)))
    }

    /// Puts what the command line says in place of what the file says.
    pub fn override_with(&mut self, seed: Option<u64>, draws: Option<usize>) {
        for approximator in &mut self.file.approximators {
            approximator.train.seed = seed.unwrap_or(approximator.train.seed);
        }
        for query in &mut self.file.queries {
            query.draws = draws.unwrap_or(query.draws);
        }
    }

    /// A model by its place in the file.
    pub fn model(&self, place: usize) -> &Model {
        self.file.models.get(place).expect("models are named by their place")
    }

    /// The graph of a model.
    pub fn graph(&self, model: usize) -> &Graph {
        &self.ready(model).graph
    }

    /// The simulator of a model; its columns are the tokens of the graph.
    pub fn simulator(&self, model: usize) -> &Simulator {
        &self.ready(model).simulator
    }

    fn ready(&self, model: usize) -> &Ready {
        self.ready.get(model).expect("every model of a file without errors is ready")
    }

    /// The failure of a file that asks nothing, with a query to paste.
    pub fn no_query(&self) -> Failure {
        let shown = self.path.display();
        let failure = Failure::wrong(format!("`{shown}` asks nothing: it has no query"));
        let Some(model) = self.file.models.first() else {
            return failure.help("write a model and a query");
        };
        let data = model.nodes.iter().filter(|node| node.role == Role::Data);
        let given: String = data.map(|node| format!("    given {} = …\n", node.name)).collect();
        failure.help(format!(
            "add one, with your data in place of the dots:\n\nquery posterior {{\n{given}    infer params\n}}"
        ))
    }
}

/// The place of `name` among `names`, or a failure that offers what there is.
pub fn find(what: &str, name: &str, names: &[&str]) -> Outcome<usize> {
    names.iter().position(|n| *n == name).ok_or_else(|| {
        let failure = Failure::wrong(format!("there is no {what} `{name}` in the file"));
        match suggest(name, names.iter().copied()) {
            Some(similar) => failure.help(format!("did you mean `{similar}`?")),
            None if names.is_empty() => failure,
            None => failure.help(format!("it has {}", listed(names, "and"))),
        }
    })
}
