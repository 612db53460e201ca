//! A whole file: what stands outside of models, then models, approximators, training and queries.

use super::codes::{
    AMBIGUOUS, FOCUS, NAME_TAKEN, TRAIN_IDLE, TRAIN_TWICE, UNKNOWN_APPROXIMATOR, UNKNOWN_MODEL, UNKNOWN_UNIT,
};
use super::files::{Files, named_once, told_once};
use super::groups::Groups;
use super::home::Home;
use super::library::Library;
use super::model::{Looked, model};
use super::names::list;
use super::outside::{model_has_units, outside};
use super::query::About;
use super::{approximator, encode, extends, query, train};
use crate::units::Units;
use crate::world::World;
use crate::{Approximator, Estimator, File, Focus, Query, Train, Transformer};
use sbi_syntax::tree::{self, Item, Name, Path};
use sbi_syntax::{Diagnostic, Span, suggest};

/// The name of the approximator of a model for which the file writes none.
const DEFAULT: &str = "default";

/// What checking gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// The checked file; none where anything is wrong with it.
    pub file: Option<File>,
    /// Everything there is to tell, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks a spec; `world` has the files that it names.
pub fn compile(text: &str, world: &dyn World) -> Checked {
    let parsed = sbi_syntax::parse(0, text);
    let mut checked = check(&parsed.tree, world);
    checked.diagnostics.extend(parsed.diagnostics);
    let told = checked.diagnostics.into_iter().map(|told| told.on_characters(text));
    finish(Checked { diagnostics: told.collect(), ..checked })
}

/// Checks a tree; `world` has the files that it names.
pub fn check(tree: &tree::File, world: &dyn World) -> Checked {
    let mut told = Vec::new();
    let tree = extends::written_out(tree, &mut told);
    let lacking = told.len();
    let files = Files::new(world);
    let mut library = Library::read(&tree, world, &mut told);
    let outside = outside(&tree, &library, &files, &mut told);
    let mut checking = Checking {
        told,
        unread: tree.items.iter().any(|item| matches!(item, Item::Bad(_))),
        models: Vec::new(),
        groups: Vec::new(),
        approximators: Vec::new(),
        orphans: Vec::new(),
        focuses: Vec::new(),
    };
    checking.models(&tree, &outside, &files);
    checking.approximators(&tree.items);
    checking.trains(&tree.items, &outside);
    let queries = checking.queries(&tree.items, &files);
    checking.focus(&tree.items, &queries);
    checking.idle(&tree.items, &queries);
    let units = outside.first().map(|home| home.constants.units.clone()).unwrap_or_default();
    checking.told.retain(|told| !of_refused_unit(told, &units));
    if lacking > 0 {
        extends::without_consequences(&mut checking.told, lacking);
    }
    let file = File {
        models: checking.models.into_iter().map(|looked| looked.model).collect(),
        approximators: checking.approximators.into_iter().map(|entry| entry.approximator).collect(),
        queries,
    };
    let diagnostics = library.gather(checking.told);
    finish(Checked { file: Some(file), diagnostics })
}

/// Whether it is told of a unit that there is none, whose definition, or whose letters, are told to be wrong.
fn of_refused_unit(told: &Diagnostic, units: &Units) -> bool {
    let name = told.message.strip_prefix("there is no unit `").and_then(|rest| rest.strip_suffix('`'));
    told.code == UNKNOWN_UNIT.name && name.is_some_and(|name| units.is_refused(name) || !name.is_ascii())
}

/// Sorts what is told by place, each thing once, and keeps the file only where nothing is an error.
fn finish(mut checked: Checked) -> Checked {
    let told = &mut checked.diagnostics;
    told.sort_by(|a, b| {
        let key = |told: &Diagnostic| (told.span.file, told.span.start, told.span.end, told.code);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    // What is wrong with statements that are taken over is told once.
    told.dedup_by(|a, b| a.span == b.span && a.code == b.code && a.message == b.message);
    told_once(told);
    named_once(told);
    if told.iter().any(Diagnostic::is_error) {
        checked.file = None;
    }
    checked
}

/// A file while it is checked.
struct Checking<'t> {
    told: Vec<Diagnostic>,
    /// Whether a statement outside of all blocks could not be read: what is not there may be what it meant.
    unread: bool,
    models: Vec<Looked<'t>>,
    /// The modalities of each model.
    groups: Vec<Groups>,
    approximators: Vec<Entry>,
    /// The approximators of models that are not there.
    orphans: Vec<&'t str>,
    /// The queries that approximators focus on.
    focuses: Vec<(usize, &'t Name)>,
}

/// An approximator, and whether the file writes it.
struct Entry {
    approximator: Approximator,
    written: bool,
}

impl<'t> Checking<'t> {
    fn taken(&mut self, what: &str, name: &Name, first: Option<Span>) -> bool {
        let Some(first) = first else { return false };
        let told = NAME_TAKEN.at(name.span, format!("there are two {what} `{}`", name.text));
        self.told.push(told.label(first, "first here").help("rename one of them"));
        true
    }

    fn models(&mut self, file: &'t tree::File, outside: &[Home<'t>], files: &'t Files<'t>) {
        for item in &file.items {
            let Item::Model(tree) = item else { continue };
            let first = self.models.iter().find(|looked| looked.model.name == tree.name.text);
            let first = first.map(|looked| looked.span);
            self.taken("models", &tree.name, first);
            let strict = model_has_units(file, tree);
            let extended = tree.extends.as_ref().map(Path::text).and_then(|name| {
                file.items.iter().find_map(|item| match item {
                    Item::Model(other) if other.name.text == name => Some(other),
                    _ => None,
                })
            });
            let looked = model(tree, extended, outside, files, &mut self.told, strict);
            self.groups.push(Groups::of(&looked));
            self.models.push(looked);
        }
    }

    /// The model of a path, or the only one.
    fn model(&mut self, path: Option<&Path>, asks: &Name) -> Option<usize> {
        let names = || self.models.iter().map(|looked| looked.model.name.as_str());
        let told = match (path, self.models.len()) {
            (Some(path), _) => {
                let name = path.text();
                if let Some(found) = names().position(|known| known == name) {
                    return Some(found);
                }
                let told = UNKNOWN_MODEL.at(path.span, format!("there is no model `{name}`"));
                match suggest(&name, names()) {
                    Some(similar) => told.did_you_mean(Some(similar)),
                    None => told.help(format!("the models of this file: {}", list(names()))),
                }
            }
            (None, 1) => return Some(0),
            (None, 0) => {
                UNKNOWN_MODEL.at(asks.span, "the file has no model").help("write one: `model name { … }`")
            }
            // Two models of one name are told of where they are written.
            (None, _) if alike(names()) => return None,
            (None, _) => AMBIGUOUS
                .at(asks.span, format!("`{}` does not say for which model it is", asks.text))
                .help(format!("write `approximator {} for …` with one of {}", asks.text, list(names()))),
        };
        // What is not there may be what a statement that could not be read meant.
        if !self.unread {
            self.told.push(told);
        }
        None
    }

    fn approximators(&mut self, items: &'t [Item]) {
        for item in items {
            let Item::Approximator(tree) = item else { continue };
            let first = self.entries(|_| true).find(|(_, known)| known.name == tree.name.text);
            let first = first.map(|(_, known)| known.span);
            self.taken("approximators", &tree.name, first);
            let Some(model) = self.model(tree.model.as_ref(), &tree.name) else {
                self.orphans.push(&tree.name.text);
                continue;
            };
            let (Some(looked), Some(groups)) = (self.models.get(model), self.groups.get(model)) else {
                continue;
            };
            let said = approximator::approximator(tree, looked, groups, &mut self.told);
            let approximator = Approximator {
                name: tree.name.text.clone(),
                model,
                estimator: said.estimator,
                groups: groups.all.clone(),
                encodings: said.encodings,
                fusion: said.fusion,
                train: Train::default(),
                later: said.later,
                span: tree.name.span,
            };
            self.told.extend(encode::lumps(&approximator, looked));
            self.approximators.push(Entry { approximator, written: true });
        }
        // An approximator of an unknown model may be meant for any of them.
        for (model, looked) in self.models.iter().enumerate().filter(|_| self.orphans.is_empty()) {
            if !self.approximators.iter().any(|entry| entry.approximator.model == model) {
                let approximator = Approximator {
                    name: DEFAULT.to_owned(),
                    model,
                    estimator: Estimator::Joint(Transformer::default()),
                    groups: self.groups.get(model).map_or_else(Vec::new, |groups| groups.all.clone()),
                    encodings: Vec::new(),
                    fusion: None,
                    train: Train::default(),
                    later: Vec::new(),
                    span: looked.span,
                };
                self.told.extend(encode::lumps(&approximator, looked));
                self.approximators.push(Entry { approximator, written: false });
            }
        }
    }

    /// The approximators that a filter keeps, with their numbers.
    fn entries(&self, keep: impl Fn(&Entry) -> bool) -> impl Iterator<Item = (usize, &Approximator)> {
        let kept = self.approximators.iter().enumerate().filter(move |(_, entry)| keep(entry));
        kept.map(|(number, entry)| (number, &entry.approximator))
    }

    /// The approximator of a path: its own name, or that of a model that has only one.
    fn approximator(&self, path: &Path) -> Result<usize, Option<Diagnostic>> {
        let name = path.text();
        if let Some((found, _)) = self.entries(|entry| entry.written).find(|(_, known)| known.name == name) {
            return Ok(found);
        }
        if let Some(model) = self.models.iter().position(|looked| looked.model.name == name) {
            return self.only(model, path.span, &name);
        }
        if self.unread || self.orphans.contains(&name.as_str()) {
            return Err(None);
        }
        let told = UNKNOWN_APPROXIMATOR.at(path.span, format!("there is no approximator `{name}`"));
        let known = || self.entries(|entry| entry.written).map(|(_, known)| known.name.as_str());
        let models = || self.models.iter().map(|looked| looked.model.name.as_str());
        Err(Some(match suggest(&name, known().chain(models())) {
            Some(similar) => told.did_you_mean(Some(similar)),
            None if known().next().is_some() => {
                told.help(format!("the approximators of this file: {}", list(known())))
            }
            None => told.help(format!("the file writes none; name the model: {}", list(models()))),
        }))
    }

    /// The only approximator of a model.
    fn only(&self, model: usize, span: Span, name: &str) -> Result<usize, Option<Diagnostic>> {
        let all: Vec<_> = self.entries(|entry| entry.approximator.model == model).collect();
        match all.as_slice() {
            [(number, _)] => Ok(*number),
            // All have been refused.
            [] => Err(None),
            several => {
                let told = AMBIGUOUS.at(span, format!("`{name}` has several approximators"));
                let names = several.iter().map(|(_, approximator)| approximator.name.as_str());
                if alike(names.clone()) {
                    return Err(None);
                }
                Err(Some(told.help(format!("name one of {}", list(names)))))
            }
        }
    }

    fn trains(&mut self, items: &'t [Item], outside: &[Home<'t>]) {
        let mut seen: Vec<(usize, Span)> = Vec::new();
        for item in items {
            let Item::Train(tree) = item else { continue };
            let constants = outside.first().map(|home| &home.constants);
            let Some(found) = constants.map(|known| train::train(tree, known, &mut self.told)) else {
                continue;
            };
            match self.approximator(&tree.name) {
                Err(told) => self.told.extend(told),
                Ok(number) => {
                    if let Some((_, first)) = seen.iter().find(|(known, _)| *known == number) {
                        let told = TRAIN_TWICE
                            .at(tree.name.span, format!("`{}` is trained twice", tree.name.text()));
                        self.told
                            .push(told.label(*first, "first here").help("write one block with all settings"));
                    }
                    seen.push((number, tree.name.span));
                    if let Some(entry) = self.approximators.get_mut(number) {
                        entry.approximator.train = found.train;
                        self.focuses.extend(found.focus.map(|focus| (number, focus)));
                    }
                }
            }
        }
    }

    fn queries(&mut self, items: &'t [Item], files: &'t Files<'t>) -> Vec<Query> {
        let mut seen: Vec<&Name> = Vec::new();
        let mut queries = Vec::new();
        for item in items {
            let Item::Query(tree) = item else { continue };
            // Folders of answers are told apart without regard to case on some systems.
            let alike = |known: &&&Name| known.text.eq_ignore_ascii_case(&tree.name.text);
            let first = seen.iter().find(alike).map(|name| name.span);
            self.taken("queries", &tree.name, first);
            seen.push(&tree.name);
            let number = match self.asked(tree) {
                Ok(number) => number,
                Err(told) => {
                    self.told.extend(told);
                    continue;
                }
            };
            let Some(Entry { approximator, .. }) = self.approximators.get(number) else { continue };
            let (model, groups) = (self.models.get(approximator.model), self.groups.get(approximator.model));
            let (Some(looked), Some(groups)) = (model, groups) else { continue };
            let about = About { looked, groups, files, approximator, number };
            queries.extend(query::query(tree, &about, &mut self.told));
        }
        queries
    }

    /// Warns of settings for a model that no query asks. A file may well keep approximators, which are written, for other
    /// questions.
    fn idle(&mut self, items: &[Item], queries: &[Query]) {
        let asked = items.iter().filter(|item| matches!(item, Item::Query(_))).count();
        // A query that was refused may be the one that asks.
        if asked != queries.len() || self.unread {
            return;
        }
        let Some(first) = queries.first() else { return };
        let name = |number: usize| {
            let model = self.approximators.get(number).map(|entry| entry.approximator.model);
            model.and_then(|model| self.models.get(model)).map_or("", |looked| looked.model.name.as_str())
        };
        let mut told = Vec::new();
        for item in items {
            let Item::Train(tree) = item else { continue };
            let Ok(number) = self.approximator(&tree.name) else { continue };
            let written = self.approximators.get(number).is_none_or(|entry| entry.written);
            if !written && !queries.iter().any(|query| query.approximator == number) {
                let (idle, other) = (name(number), name(first.approximator));
                let message = format!("no query asks `{idle}`: nothing of it is trained");
                let warning =
                    TRAIN_IDLE.at(tree.name.span, message).label(first.span, format!("this asks `{other}`"));
                told.push(warning.help(format!("write `train {other}`, or ask `query … of {idle}`")));
            }
        }
        self.told.extend(told);
    }

    /// Gives each approximator the pattern of the query that it focuses on.
    fn focus(&mut self, items: &[Item], queries: &[Query]) {
        for (number, name) in std::mem::take(&mut self.focuses) {
            let Some(entry) = self.approximators.get_mut(number) else { continue };
            let approximator = &mut entry.approximator;
            if let Some(query) = queries.iter().find(|query| query.name == name.text) {
                if query.approximator == number {
                    approximator.train.focus = Some(Focus::of(query));
                    continue;
                }
                let message = format!("`{}` is not a query of `{}`", name.text, approximator.name);
                let told =
                    FOCUS.at(name.span, message).label(query.span, "it is asked of another approximator");
                let help =
                    format!("write `query {} of {}`, or leave `focus` out", name.text, approximator.name);
                self.told.push(told.help(help));
                continue;
            }
            let names: Vec<&str> = items
                .iter()
                .filter_map(|item| match item {
                    Item::Query(query) => Some(query.name.text.as_str()),
                    _ => None,
                })
                .collect();
            // A query that has been refused is told of already.
            if names.contains(&name.text.as_str()) {
                continue;
            }
            let told = FOCUS.at(name.span, format!("there is no query `{}`", name.text));
            self.told.push(match suggest(&name.text, names.iter().copied()) {
                Some(similar) => told.did_you_mean(Some(similar)),
                None if names.is_empty() => told.help("the file has no queries: leave `focus` out"),
                None => told.help(format!("the queries of this file: {}", list(names))),
            });
        }
    }

    /// The approximator that answers a query.
    fn asked(&self, tree: &tree::Query) -> Result<usize, Option<Diagnostic>> {
        if let Some(path) = &tree.of {
            return self.approximator(path);
        }
        let mut all = self.entries(|_| true);
        match (all.next(), all.next()) {
            (Some((number, _)), None) => Ok(number),
            (None, _) if self.models.is_empty() && !self.unread => {
                let told = UNKNOWN_MODEL.at(tree.name.span, "the file has no model to ask");
                Err(Some(told.help("write one: `model name { … }`")))
            }
            // All approximators have been refused.
            (None, _) => Err(None),
            _ => {
                let written: Vec<&str> =
                    self.entries(|entry| entry.written).map(|(_, a)| a.name.as_str()).collect();
                let models: Vec<&str> = self.models.iter().map(|looked| looked.model.name.as_str()).collect();
                let all = if written.is_empty() { models } else { written };
                if alike(all.iter().copied()) {
                    return Err(None);
                }
                let all = list(all);
                let told = AMBIGUOUS.at(
                    tree.name.span,
                    format!("`{}` does not say which approximator answers", tree.name.text),
                );
                Err(Some(told.help(format!("write `query {} of …` with one of {all}", tree.name.text))))
            }
        }
    }
}

/// Whether these names are all one, so that none of them tells anything apart.
fn alike<'n>(mut names: impl Iterator<Item = &'n str>) -> bool {
    let first = names.next();
    names.all(|name| Some(name) == first)
}
