//! `query name of approximator { given …  infer …  draws … }`.

use super::codes::{GIVEN_INFERRED, LEFT_OUT, NOT_YET, NOTHING_INFERRED};
use super::given::Files;
use super::model::Looked;
use super::names::list;
use super::network::whole;
use super::train::twice;
use crate::{Graph, Query, Role, State};
use sbi_syntax::tree::{self, Inferred, Name, QueryStatement as Statement};
use sbi_syntax::{Diagnostic, Span};
use std::collections::BTreeMap;

/// How many draws a query makes where it does not say.
const DRAWS: usize = 10_000;

/// A query while its statements are read.
pub(super) struct Asked<'a, 't> {
    pub(super) looked: &'a Looked<'t>,
    pub(super) graph: &'a Graph,
    pub(super) states: Vec<State>,
    /// The tokens that a `given` names, with where.
    pub(super) mentioned: BTreeMap<usize, Span>,
    pub(super) infer: Vec<usize>,
    pub(super) files: Vec<String>,
    pub(super) told: Vec<Diagnostic>,
    /// What is sound but not answered by this version.
    pub(super) later: Vec<Diagnostic>,
    /// The first unit that is written.
    pub(super) unit: Option<Span>,
}

/// Checks a query of a model; what is wrong goes to `told`. None where the model is too unsound to be asked.
pub(super) fn query(
    tree: &tree::Query,
    looked: &Looked<'_>,
    approximator: usize,
    files: &mut Files<'_>,
    told: &mut Vec<Diagnostic>,
    unit: &mut Option<Span>,
) -> Option<Query> {
    let graph = looked.graph.as_ref()?;
    let states = vec![State::Absent; graph.tokens.len()];
    let mut asked = Asked {
        looked,
        graph,
        states,
        mentioned: BTreeMap::new(),
        infer: Vec::new(),
        files: Vec::new(),
        told: Vec::new(),
        later: Vec::new(),
        unit: None,
    };
    let mut draws = DRAWS;
    let mut settings: Vec<&Name> = Vec::new();
    for statement in &tree.body {
        match statement {
            Statement::Given(given) => asked.given(given, files),
            Statement::Setting(setting) => {
                let first = settings.iter().find(|first| first.text == setting.name.text);
                asked.told.extend(first.map(|first| twice(&setting.name, first)));
                settings.push(&setting.name);
                match asked.setting(setting) {
                    Ok(value) => draws = value,
                    Err(told) => asked.told.push(told),
                }
            }
            Statement::At { axis, .. } => {
                let told = NOT_YET.at(axis.span, "`at` is not supported yet");
                asked.told.push(told.help("remove it: only axes of the kind `index` are supported"));
            }
            Statement::Where { span, .. } => {
                let told = NOT_YET.at(*span, "`where` is not supported yet");
                asked.told.push(told.help("give a value, or select among the draws afterwards"));
            }
            // What is inferred is read once everything given is known.
            Statement::Infer { .. } | Statement::Bad(_) => {}
        }
    }
    asked.infer(tree);
    *unit = unit.or(asked.unit);
    told.append(&mut asked.told);
    Some(Query {
        name: tree.name.text.clone(),
        approximator,
        states: asked.states,
        infer: asked.infer,
        draws,
        files: asked.files,
        later: asked.later,
        span: tree.name.span,
    })
}

impl Asked<'_, '_> {
    fn setting(&self, setting: &tree::Setting) -> Result<usize, Diagnostic> {
        match setting.name.text.as_str() {
            "draws" => whole("draws", &setting.value, &self.looked.constants, 1..=10_000_000),
            _ => unreachable!("the parser lets only this setting through"),
        }
    }

    /// Marks what is inferred, once everything given is known.
    fn infer(&mut self, tree: &tree::Query) {
        let mut asks = false;
        for statement in &tree.body {
            let what = match statement {
                Statement::Infer { what, .. } => what,
                // A line that could not be read may have been the one that asks.
                Statement::Bad(_) => {
                    asks = true;
                    continue;
                }
                _ => continue,
            };
            asks = true;
            for what in what {
                let found = match what {
                    Inferred::Params(span) => self.params(*span),
                    Inferred::Place(place) => self.place(place),
                };
                match found {
                    Ok(tokens) => tokens.into_iter().for_each(|token| self.mark(token)),
                    Err(told) => self.told.extend(told),
                }
            }
        }
        if !asks {
            let message = format!("`{}` asks nothing", tree.name.text);
            self.told.push(NOTHING_INFERRED.at(tree.name.span, message).help("add `infer params`"));
        }
    }

    fn mark(&mut self, token: usize) {
        if let Some(state @ State::Absent) = self.states.get_mut(token) {
            *state = State::Inferred;
            self.infer.push(token);
        }
    }

    fn place(&self, place: &tree::Place) -> Result<Vec<usize>, Option<Diagnostic>> {
        let selected = self.select(place, "inferred")?;
        let given = selected.tokens.iter().find_map(|token| Some((*token, *self.mentioned.get(token)?)));
        let Some((token, at)) = given else { return Ok(selected.tokens) };
        let name = self.graph.tokens.get(token).map_or("", |token| &token.name);
        let told = GIVEN_INFERRED.at(place.span, format!("`{name}` is both given and inferred"));
        Err(Some(told.label(at, "given here").help("remove it from one of them")))
    }

    /// All parameters that are not given.
    fn params(&mut self, span: Span) -> Result<Vec<usize>, Option<Diagnostic>> {
        let model = &self.looked.model;
        let is_param = |token: usize| {
            self.graph.tokens.get(token).is_some_and(|token| model.node(token.node).role == Role::Param)
        };
        let all: Vec<usize> = (0..self.graph.tokens.len()).filter(|token| is_param(*token)).collect();
        let left_out: Vec<&str> = model
            .numbered()
            .filter(|(id, node)| node.role == Role::Param && self.looked.token(*id, 0).is_none())
            .map(|(_, node)| node.name.as_str())
            .collect();
        if !left_out.is_empty() {
            let message = format!("{} computed, and left out of the answer in this version", are(&left_out));
            self.told
                .push(LEFT_OUT.at(span, message).help("compute them from the draws of the other parameters"));
        }
        let free: Vec<usize> =
            all.iter().copied().filter(|token| !self.mentioned.contains_key(token)).collect();
        if free.is_empty() {
            let message = if all.is_empty() {
                format!("`{}` has no parameters", model.name)
            } else {
                "all parameters are given".to_owned()
            };
            return Err(Some(NOTHING_INFERRED.at(span, message).help("infer data: `infer x`")));
        }
        Ok(free)
    }
}

fn are(names: &[&str]) -> String {
    format!("{} {}", list(names.iter().copied()), if names.len() == 1 { "is" } else { "are" })
}
