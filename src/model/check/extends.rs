//! `extends`: statements that are taken over from another model or approximator, before anything is checked.
//!
//! Own statements win: a statement takes the place of the one of the other's that defines the same name, says the same
//! of it, or makes the same setting. What is taken over keeps its place in the text, so that what is wrong with it is
//! told once.

use super::codes::{CYCLE, EXTENDS_MODEL, TOO_LARGE, UNKNOWN_APPROXIMATOR, UNKNOWN_MODEL};
use super::names::list;
use sbi_syntax::tree::{self, ApproximatorStatement, File, Item, Name, Path, Statement};
use sbi_syntax::{Diagnostic, Span, suggest};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many statements a file may take over in all.
const STATEMENTS: usize = 100_000;

/// What may be wrong only because something was not taken over.
const FOLLOWS: [&str; 3] = ["ambiguous", "empty-model", "estimator"];

/// Drops what is told of names that would be known if everything had been taken over; `first` is how many diagnostics
/// are about `extends` itself.
pub(super) fn without_consequences(told: &mut Vec<Diagnostic>, first: usize) {
    let mut place = 0;
    told.retain(|told| {
        place += 1;
        place <= first || !told.code.starts_with("unknown-") && !FOLLOWS.contains(&told.code)
    });
}

/// A file with everything written out that `extends` takes over; what is wrong goes to `told`.
pub(super) fn written_out<'t>(file: &'t File, told: &mut Vec<Diagnostic>) -> Cow<'t, File> {
    let extends = |item: &Item| match item {
        Item::Model(model) => model.extends.is_some(),
        Item::Approximator(approximator) => approximator.extends.is_some(),
        _ => false,
    };
    if !file.items.iter().any(extends) {
        return Cow::Borrowed(file);
    }
    let mut file = file.clone();
    let mut budget = STATEMENTS;
    extend(&mut file.items, &MODELS, &mut budget, told);
    extend(&mut file.items, &APPROXIMATORS, &mut budget, told);
    Cow::Owned(file)
}

/// The name of an item, and what it extends.
type Head<'i> = (&'i Name, Option<&'i Path>);

/// One sort of item that can extend others of its sort.
struct Sort {
    /// What it is called.
    what: &'static str,
    /// Its name and what it extends.
    head: fn(&Item) -> Option<Head<'_>>,
    /// Says that there is none of a name.
    unknown: fn(Span, String) -> Diagnostic,
    /// Takes over the statements of the second.
    take: fn(&mut Item, &Item),
    /// What keeps the first from extending the second.
    bar: fn(&Item, &Item, &[Item]) -> Option<Diagnostic>,
}

const MODELS: Sort = Sort {
    what: "model",
    head: |item| match item {
        Item::Model(model) => Some((&model.name, model.extends.as_ref())),
        _ => None,
    },
    unknown: |span, message| UNKNOWN_MODEL.at(span, message),
    take: |own, other| match (own, other) {
        (Item::Model(own), Item::Model(other)) => {
            own.body = merged(&other.body, std::mem::take(&mut own.body));
        }
        _ => unreachable!("a model extends models"),
    },
    bar: |_, _, _| None,
};

const APPROXIMATORS: Sort = Sort {
    what: "approximator",
    head: |item| match item {
        Item::Approximator(approximator) => Some((&approximator.name, approximator.extends.as_ref())),
        _ => None,
    },
    unknown: |span, message| UNKNOWN_APPROXIMATOR.at(span, message),
    take: |own, other| match (own, other) {
        (Item::Approximator(own), Item::Approximator(other)) => {
            own.model = own.model.take().or_else(|| other.model.clone());
            let replaced =
                |statement: &&ApproximatorStatement| !own.body.iter().any(|new| says_same(new, statement));
            let mut body: Vec<ApproximatorStatement> = other.body.iter().filter(replaced).cloned().collect();
            body.append(&mut own.body);
            own.body = body;
        }
        _ => unreachable!("an approximator extends approximators"),
    },
    bar: |own, other, items| match (own, other) {
        (Item::Approximator(own), Item::Approximator(other)) => {
            let (mine, theirs) = (own.model.as_ref()?, other.model.as_ref()?);
            let named = |item: &Item| matches!(item, Item::Model(model) if model.name.text == mine.text());
            let misspelt =
                suggest(&mine.text(), [theirs.text().as_str()]).is_some() && !items.iter().any(named);
            if misspelt && mine.text() != theirs.text() {
                let told = UNKNOWN_MODEL.at(mine.span, format!("there is no model `{}`", mine.text()));
                return Some(told.did_you_mean(Some(&theirs.text())));
            }
            (mine.text() != theirs.text()).then(|| {
                let (name, other) = (&own.name.text, &other.name.text);
                let message =
                    format!("`{name}` is for `{}`, and `{other}` for `{}`", mine.text(), theirs.text());
                EXTENDS_MODEL
                    .at(own.extends.as_ref().map_or(mine.span, |path| path.span), message)
                    .label(theirs.span, format!("`{other}` is for this model"))
                    .help(format!("write `for {}`, or write out what `{name}` takes over", theirs.text()))
            })
        }
        _ => None,
    },
};

/// Where an item stands in being written out.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Waiting,
    Begun,
    Done,
}

/// Writes out all items of a sort, each after the one that it extends.
fn extend(items: &mut [Item], sort: &Sort, budget: &mut usize, told: &mut Vec<Diagnostic>) {
    let others: Vec<Option<usize>> = items.iter().map(|item| base(items, sort, item, told)).collect();
    let mut stages = vec![Stage::Waiting; items.len()];
    for start in 0..items.len() {
        // The way from an item to the first that is written out already, or to one on the way itself: a circle.
        let mut way = Vec::new();
        let mut next = Some(start);
        while let Some(place) = next.filter(|place| stages.get(*place) == Some(&Stage::Waiting)) {
            put(&mut stages, place, Stage::Begun);
            way.push(place);
            next = others.get(place).copied().flatten();
        }
        let circle = next.filter(|place| stages.get(*place) == Some(&Stage::Begun));
        if let Some(place) = circle {
            let first = way.iter().position(|on| *on == place).unwrap_or_default();
            told.extend(way.get(first..).and_then(|round| describe(items, sort, round)));
        }
        while let Some(place) = way.pop() {
            put(&mut stages, place, Stage::Done);
            if circle.is_none()
                && let Some(other) = others.get(place).copied().flatten()
            {
                told.extend(take(items, sort, (place, other), budget));
            }
        }
    }
}

fn put(stages: &mut [Stage], place: usize, stage: Stage) {
    if let Some(at) = stages.get_mut(place) {
        *at = stage;
    }
}

/// Takes over what one item has for another; says why not where that cannot be.
fn take(
    items: &mut [Item],
    sort: &Sort,
    (place, other): (usize, usize),
    budget: &mut usize,
) -> Option<Diagnostic> {
    let other = items.get(other)?.clone();
    if let Some(told) = (sort.bar)(items.get(place)?, &other, items) {
        return Some(told);
    }
    let own = items.get_mut(place)?;
    let span = (sort.head)(own).and_then(|(_, extends)| Some(extends?.span))?;
    let count = match &other {
        Item::Model(model) => model.body.len(),
        Item::Approximator(approximator) => approximator.body.len(),
        _ => 0,
    };
    match budget.checked_sub(count) {
        Some(rest) => {
            *budget = rest;
            (sort.take)(own, &other);
            None
        }
        None => Some(
            TOO_LARGE
                .at(span, "more statements are taken over in this file than any spec needs")
                .help("extend fewer times"),
        ),
    }
}

/// The place of what an item extends.
fn base(items: &[Item], sort: &Sort, item: &Item, told: &mut Vec<Diagnostic>) -> Option<usize> {
    let (_, Some(path)) = (sort.head)(item)? else { return None };
    let name = path.text();
    let own = (sort.head)(item)?.0.text.as_str();
    let names = || {
        let all = items.iter().filter_map(|item| Some((sort.head)(item)?.0.text.as_str()));
        all.filter(|other| *other != own)
    };
    let is_named = |item: &Item| (sort.head)(item).is_some_and(|(known, _)| known.text == name);
    let found = items.iter().position(is_named);
    if found.is_none() {
        let unknown = (sort.unknown)(path.span, format!("there is no {} `{name}`", sort.what));
        told.push(match suggest(&name, names()) {
            Some(similar) => unknown.did_you_mean(Some(similar)),
            None if names().next().is_none() => {
                unknown.help(format!("the file has no other {}: remove `extends {name}`", sort.what))
            }
            None => unknown.help(format!("the {}s of this file: {}", sort.what, list(names()))),
        });
    }
    found
}

/// Says that items extend each other in a circle.
fn describe(items: &[Item], sort: &Sort, round: &[usize]) -> Option<Diagnostic> {
    let heads: Vec<Head<'_>> = round.iter().filter_map(|place| (sort.head)(items.get(*place)?)).collect();
    let (first, path) = heads.first()?;
    let at = path.map_or(first.span, |path| path.span);
    if heads.len() == 1 {
        let told = CYCLE.at(at, format!("`{}` extends itself", first.text));
        return Some(told.help(format!("name another {}, or remove `extends {}`", sort.what, first.text)));
    }
    let names: Vec<String> =
        heads.iter().chain(heads.first()).map(|(name, _)| format!("`{}`", name.text)).collect();
    let told = CYCLE.at(at, format!("a circle: {}", names.join(" extends ")));
    Some(told.help("let one of them extend nothing"))
}

/// Whether two statements of approximators say the same thing, so that the first takes the place of the second.
fn says_same(new: &ApproximatorStatement, old: &ApproximatorStatement) -> bool {
    use ApproximatorStatement::{Encode, Fuse, Joint, Posterior};
    match (new, old) {
        (Joint { .. } | Posterior { .. }, Joint { .. } | Posterior { .. }) | (Fuse { .. }, Fuse { .. }) => {
            true
        }
        (Encode { modality: new, .. }, Encode { modality: old, .. }) => new.text == old.text,
        _ => false,
    }
}

/// Own statements of a model, by what they are about.
type Own = BTreeMap<(&'static str, String), Vec<Statement>>;

/// The statements of one model with those of another, which take the places of statements about the same.
fn merged(other: &[Statement], own: Vec<Statement>) -> Vec<Statement> {
    let mut known = Own::new();
    let mut rest = Vec::new();
    let mut order = Vec::new();
    for statement in own {
        match subject(&statement).map(|(sort, name)| (sort, name.to_owned())) {
            Some(about) => {
                order.push(about.clone());
                known.entry(about).or_default().push(statement);
            }
            None => rest.push(statement),
        }
    }
    let mut body = replaced(other, &mut known);
    body.extend(order.into_iter().filter_map(|about| known.remove(&about)).flatten());
    body.append(&mut rest);
    body
}

/// A body in which own statements have taken the places of those about the same; they are taken out of `own`.
fn replaced(other: &[Statement], own: &mut Own) -> Vec<Statement> {
    let mut body = Vec::with_capacity(other.len());
    for statement in other {
        let new = subject(statement).and_then(|(sort, name)| own.remove(&(sort, name.to_owned())));
        match (new, statement) {
            (Some(new), _) => body.extend(new),
            // A datum keeps its modality.
            (None, Statement::Modality(modality)) => {
                let inner = replaced(&modality.body, own);
                body.push(Statement::Modality(tree::Modality { body: inner, ..modality.clone() }));
            }
            (None, _) => body.push(statement.clone()),
        }
    }
    body
}

/// What a statement is about: what it defines, or of what it says what.
fn subject(statement: &Statement) -> Option<(&'static str, &str)> {
    match statement {
        Statement::Axis(axis) => defines(&axis.name),
        Statement::Node(node) => defines(&node.target.name),
        Statement::Let(binding) => defines(&binding.target.name),
        Statement::Const(constant) => defines(&constant.target.name),
        Statement::Function(function) => defines(&function.name),
        Statement::Dynamics(dynamics) => defines(&dynamics.name),
        Statement::Modality(modality) => defines(&modality.name),
        Statement::Depends(depends) => Some(("depends", &depends.target.name.text)),
        Statement::Missing(missing) => Some(("missing", &missing.target.name.text)),
        Statement::Setting(setting) => Some(("setting", &setting.name.text)),
        Statement::Return(_) => Some(("return", "")),
        Statement::Bad(_) => None,
    }
}

fn defines(name: &Name) -> Option<(&'static str, &str)> {
    Some(("name", &name.text))
}
