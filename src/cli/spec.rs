//! A spec as commands take it: read, checked, its models made ready, its diagnostics shown.

use super::dry::dry_run;
use super::failure::{Failure, Outcome};
use super::numbers::listed;
use super::outside::Programs;
use super::report;
use super::world::{Disk, folder_of, read_spec};
use sbi_model::{Approximator, AxisId, AxisKind, File, Graph, Model, Query, Role};
use sbi_sim::{Output, Outside, Simulator};
use sbi_syntax::{Diagnostic, Source, suggest};
use std::path::{Path, PathBuf};

/// A file without errors.
pub struct Spec {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub file: File,
    source: Source,
    /// The models of the file, in its order, made ready; none where this version does not run one.
    ready: Vec<Option<Ready>>,
    /// The files that it names.
    read: Vec<PathBuf>,
}

/// What commands need of a model.
struct Ready {
    graph: Graph,
    outputs: Vec<Output>,
    simulator: Simulator,
    programs: Option<Programs>,
}

/// A file as it was read, with all there is to say about it.
pub struct Examined {
    /// Its text.
    pub source: Source,
    /// All there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// The file and its models made ready, where nothing said is an error.
    sound: Option<(File, Vec<Option<Ready>>)>,
    read: Vec<PathBuf>,
}

/// A file as it was read, and what the checker finds; its models are not made ready.
pub struct Checked {
    /// Its text.
    pub source: Source,
    /// All there is to say about it.
    pub diagnostics: Vec<Diagnostic>,
    /// What it says, where nothing said is an error.
    pub file: Option<File>,
    /// The files that it names and that were read.
    pub read: Vec<PathBuf>,
}

/// Reads a file and looks at what it says; nothing is shown.
pub fn look(path: &Path) -> Outcome<Checked> {
    let source = read_spec(path)?;
    let disk = Disk::new(folder_of(path));
    let sbi_model::Checked { file, diagnostics } = sbi_model::compile(source.text(), &disk);
    Ok(Checked { source, diagnostics, file, read: disk.into_read() })
}

/// Reads and checks a file, and makes its models ready; nothing is shown.
pub fn examine(path: &Path) -> Outcome<Examined> {
    let Checked { source, mut diagnostics, file, read } = look(path)?;
    let sound = file.and_then(|file| {
        let mut ready = Vec::new();
        for model in &file.models {
            match Ready::of(model, path) {
                Ok(made) => ready.push(made),
                Err(told) => diagnostics.push(told),
            }
        }
        (ready.len() == file.models.len()).then_some((file, ready))
    });
    Ok(Examined { source, diagnostics, sound, read })
}

impl Examined {
    /// Adds statistical advice, where nothing is wrong with the file.
    pub fn add_advice(&mut self) {
        let Some((file, ready)) = &self.sound else { return };
        self.diagnostics.extend(sbi_model::advice(file));
        let runs = file.models.iter().zip(ready).filter_map(|(model, ready)| Some((model, ready.as_ref()?)));
        self.diagnostics.extend(runs.filter_map(|(model, ready)| ready.unstable(model)));
    }
}

impl Examined {
    /// Starts the programs of each model once and asks them for a few draws; adds what goes wrong.
    ///
    /// # Errors
    /// The user wants no more.
    pub fn try_programs(&mut self, spec: &Path) -> Outcome {
        let Some((file, ready)) = &self.sound else { return Ok(()) };
        for (model, ready) in file.models.iter().zip(ready) {
            let tried = ready.as_ref().map_or(Ok(None), |ready| dry_run(model, &ready.simulator, spec));
            self.diagnostics.extend(tried?);
        }
        Ok(())
    }
}

impl Ready {
    /// A dry run: a prior so wide that the simulator breaks within it is told before it breaks a study.
    fn unstable(&self, model: &Model) -> Option<Diagnostic> {
        const DRAWS: u64 = 1_000;
        if self.programs.is_some() {
            return None;
        }
        let failure = self.simulator.run(1, 0..DRAWS, 1).err()?;
        let sbi_sim::Failure::NotFinite { element, .. } = &failure else { return None };
        let name = element.split('[').next()?;
        let node = model.find(name).map(|id| model.node(id))?;
        let told =
            sbi_sim::UNSTABLE_PRIOR.at(node.span, format!("of {DRAWS} draws of the priors, {failure}"));
        Some(told.help("bound a prior so that the simulator stands all of its draws: `uniform(low, high)`"))
    }

    fn of(model: &Model, spec: &Path) -> Result<Option<Ready>, Diagnostic> {
        if !model.later.is_empty() {
            return Ok(None);
        }
        let graph = Graph::of(model);
        let tokens = graph.tokens.iter().map(|token| Output::Element(token.node, token.element));
        let fact = model.tells_failures().then_some(Output::Failed);
        let outputs: Vec<Output> = tokens.chain(scattered(model)).chain(fact).collect();
        let simulator = Simulator::of(model, &outputs)?;
        let programs = Programs::of(model, &simulator, spec);
        Ok(Some(Ready { simulator, graph, outputs, programs }))
    }
}

/// The coordinates of a model that differ between its draws, behind its tokens.
fn scattered(model: &Model) -> impl Iterator<Item = Output> {
    let axes = model.axes.iter().enumerate().map(|(number, axis)| (AxisId(number), axis));
    let scattered = axes.filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
    scattered.flat_map(|(id, axis)| (0..axis.size()).map(move |place| Output::Coordinate(id, place)))
}

impl Spec {
    /// Reads and checks a file; shows what there is to say about it. Fails where that has errors.
    pub fn read(path: &Path) -> Outcome<Spec> {
        let Examined { source, diagnostics, sound, read } = examine(path)?;
        report::show(&source, &diagnostics);
        match sound {
            Some((file, ready)) => Ok(Spec { path: path.into(), file, source, ready, read }),
            None => Err(Failure::wrong(report::tally(&source, &diagnostics))),
        }
    }

    /// Fails where this version checks a model but does not run it, and shows why.
    pub fn ensure_model_runs(&self, model: usize) -> Outcome {
        self.ensure_nothing_later(&self.model(model).later)
    }

    /// Fails where this version checks a query, what answers it or what it is about, but does not run that.
    pub fn ensure_query_runs(&self, query: &Query) -> Outcome {
        let later = self.later(self.approximator(query)).chain(&query.later);
        self.ensure_nothing_later(&later.cloned().collect::<Vec<Diagnostic>>())
    }

    /// Fails where this version checks an approximator or what it is about, but does not run that.
    pub fn ensure_approximator_runs(&self, approximator: &Approximator) -> Outcome {
        self.ensure_nothing_later(&self.later(approximator).cloned().collect::<Vec<Diagnostic>>())
    }

    fn later<'s>(&'s self, approximator: &'s Approximator) -> impl Iterator<Item = &'s Diagnostic> {
        let model = self.model(approximator.model);
        model.later.iter().chain(&model.unlearned).chain(&approximator.later)
    }

    fn ensure_nothing_later(&self, later: &[Diagnostic]) -> Outcome {
        if later.is_empty() {
            return Ok(());
        }
        report::show(&self.source, later);
        Err(Failure::wrong(format!(
            "`{}` is sound, but this version does not run all of it",
            self.path.display()
        ))
        .help("`sbi check` checks such files already"))
    }

    /// Fails where a file is to be written that this one reads.
    pub fn ensure_not_read(&self, out: &Path) -> Outcome {
        let same = |read: &PathBuf| {
            out.canonicalize().is_ok_and(|out| read.canonicalize().is_ok_and(|read| read == out))
        };
        match self.read.iter().any(same) {
            true => Err(Failure::wrong(format!("`{}` is read by `{}`", out.display(), self.path.display()))
                .help("write another file: nothing would be left of your data")),
            false => Ok(()),
        }
    }

    /// What answers a query.
    pub fn approximator(&self, query: &Query) -> &Approximator {
        self.file.approximators.get(query.approximator).expect("a query has its approximator")
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

    /// The simulator of a model; its columns are the tokens of the graph, then coordinates and whether the draw failed.
    pub fn simulator(&self, model: usize) -> &Simulator {
        &self.ready(model).simulator
    }

    /// What the columns of its simulator are.
    pub fn outputs(&self, model: usize) -> &[Output] {
        &self.ready(model).outputs
    }

    /// The programs from outside that a model draws from.
    pub fn outside(&self, model: usize) -> Option<&dyn Outside> {
        self.ready(model).programs.as_ref().map(|programs| programs as &dyn Outside)
    }

    fn ready(&self, model: usize) -> &Ready {
        let ready = self.ready.get(model).and_then(Option::as_ref);
        ready.expect("a command asks first whether a model runs")
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
