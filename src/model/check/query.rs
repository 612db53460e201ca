//! `query name of approximator { given …  infer …  draws … }`.

use super::at::Placing;
use super::bounds::Bound;
use super::codes::{GIVEN_INFERRED, LEFT_OUT, NOT_YET, NOTHING_INFERRED};
use super::files::Files;
use super::groups::Groups;
use super::model::Looked;
use super::names::{Symbol, list};
use super::network::whole;
use super::place::Element;
use super::train::twice;
use crate::{
    Approximator, AxisId, Beyond, ChangedPrior, Condition, DataSet, Definition, Estimator, Graph, NodeId,
    Placed, Query, Role, State,
};
use sbi_syntax::tree::{self, Inferred, Name, QueryStatement as Statement};
use sbi_syntax::{Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What is inferred at places that only the query has.
    pub(super) beyond: Vec<Beyond>,
    /// The tokens that an `infer` names, with where; not those of `infer params`.
    pub(super) asked_at: BTreeMap<usize, Span>,
    /// The tokens that a `where` reads, with where.
    pub(super) constrained: BTreeMap<usize, Span>,
    /// The nodes of which all that a data set has is given.
    pub(super) touched: BTreeSet<NodeId>,
    pub(super) placed: BTreeMap<AxisId, Placing>,
    pub(super) conditions: Vec<Condition>,
    pub(super) priors: Vec<ChangedPrior>,
    /// The bounds that conditions set.
    pub(super) bounds: Vec<Bound>,
    /// The data sets of files that hold several, and by which column.
    pub(super) sets: Vec<DataSet>,
    pub(super) by: Option<(String, Span)>,
    /// The files of which some line tells the data sets apart, and by which column.
    pub(super) apart: Vec<(String, String, Span)>,
    /// The columns that have been read, with the file and the node that reads each.
    pub(super) columns: Vec<(String, String, NodeId, Span)>,
    /// For axes whose size differs from data set to data set, how many elements each data set has, by which datum, where.
    pub(super) counted: BTreeMap<AxisId, Counted>,
    /// Whether a joint estimator answers.
    pub(super) joint: bool,
    /// The computed parameters that an `infer` names.
    pub(super) computed: Vec<NodeId>,
    pub(super) files: Vec<String>,
    pub(super) told: Vec<Diagnostic>,
    /// Whether a line could not be read, or names nothing: what is not there may be what it meant.
    pub(super) unread: bool,
    /// What is sound but not answered by this version.
    pub(super) later: Vec<Diagnostic>,
}

/// How many elements of an axis a datum has: for each data set, by its name.
pub(super) struct Counted {
    pub(super) sets: Vec<(String, usize)>,
    pub(super) datum: String,
    pub(super) span: Span,
}

/// What a query is about.
pub(super) struct About<'a, 't> {
    pub(super) looked: &'a Looked<'t>,
    pub(super) groups: &'a Groups,
    pub(super) files: &'t Files<'t>,
    /// What answers it, and its number.
    pub(super) approximator: &'a Approximator,
    pub(super) number: usize,
}

/// Checks a query of a model; what is wrong goes to `told`. None where the model is too unsound to be asked.
pub(super) fn query<'t>(
    tree: &'t tree::Query,
    about: &About<'_, 't>,
    told: &mut Vec<Diagnostic>,
) -> Option<Query> {
    let looked = about.looked;
    let graph = looked.graph.as_ref()?;
    let states = vec![State::Absent; graph.tokens.len()];
    let mut asked = Asked {
        looked,
        graph,
        states,
        mentioned: BTreeMap::new(),
        infer: Vec::new(),
        beyond: Vec::new(),
        asked_at: BTreeMap::new(),
        constrained: BTreeMap::new(),
        touched: BTreeSet::new(),
        placed: BTreeMap::new(),
        conditions: Vec::new(),
        priors: Vec::new(),
        bounds: Vec::new(),
        sets: Vec::new(),
        by: None,
        apart: Vec::new(),
        columns: Vec::new(),
        counted: BTreeMap::new(),
        joint: matches!(about.approximator.estimator, Estimator::Joint(_)),
        computed: Vec::new(),
        files: Vec::new(),
        told: Vec::new(),
        unread: tree.body.iter().any(|statement| matches!(statement, Statement::Bad(_))),
        later: Vec::new(),
    };
    // Where axes are placed says how much of a node there is to give.
    for statement in &tree.body {
        if let Statement::At { axis, value, span } = statement {
            asked.place_axis(axis, value, *span);
        }
    }
    for statement in &tree.body {
        if let Statement::Given(given) = statement {
            asked.tell_apart(given);
        }
    }
    let (mut draws, mut steps) = (DRAWS, None);
    let mut settings: Vec<&Name> = Vec::new();
    for statement in &tree.body {
        match statement {
            Statement::Given(given) => asked.given(given, about.files),
            Statement::Setting(setting) => {
                let first = settings.iter().find(|first| first.text == setting.name.text);
                asked.told.extend(first.map(|first| twice(&setting.name, first)));
                settings.push(&setting.name);
                let number = |most| whole(&setting.name.text, &setting.value, &asked.looked.constants, most);
                let read = match setting.name.text.as_str() {
                    "draws" => number(1..=10_000_000).map(|number| draws = number),
                    "steps" => number(2..=10_000).map(|number| steps = Some(number)),
                    _ => unreachable!("the parser lets only these settings through"),
                };
                asked.told.extend(read.err());
            }
            // What is inferred is read once everything given is known.
            Statement::Prior(_)
            | Statement::At { .. }
            | Statement::Where { .. }
            | Statement::Infer { .. }
            | Statement::Bad(_) => {}
        }
    }
    asked.too_many_places();
    asked.infer(tree);
    for statement in &tree.body {
        match statement {
            Statement::Where { condition, span } => asked.condition(condition, *span, about),
            Statement::Prior(prior) => asked.prior(prior, about),
            _ => {}
        }
    }
    asked.answerable(about.approximator, about.groups, tree.name.span, !asked.unread);
    asked.draw_constrained();
    if !asked.unread {
        asked.idle_places();
    }
    told.append(&mut asked.told);
    Some(Query {
        name: tree.name.text.clone(),
        approximator: about.number,
        states: asked.states,
        infer: asked.infer,
        beyond: asked.beyond,
        computed: asked.computed,
        draws,
        steps,
        placed: asked.placed.into_iter().map(|(axis, Placing { at, .. })| Placed { axis, at }).collect(),
        conditions: asked.conditions,
        priors: asked.priors,
        sets: asked.sets,
        files: asked.files,
        later: asked.later,
        span: tree.name.span,
    })
}

impl Asked<'_, '_> {
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
                let span = match what {
                    Inferred::Params(span) => *span,
                    Inferred::Place(place) => place.span,
                };
                match found.and_then(|elements| self.there(elements, span).map_err(Some)) {
                    Ok(elements) => elements.into_iter().for_each(|element| self.mark(element)),
                    Err(told) => self.told.extend(told),
                }
            }
        }
        if !asks {
            let message = format!("`{}` asks nothing", tree.name.text);
            let told = NOTHING_INFERRED.at(tree.name.span, message);
            self.told.push(match self.not_given() {
                Some(name) => told.help(format!("add `infer {name}`")),
                None => told.help("add `infer params`"),
            });
        }
    }

    /// A datum that is not given, where all parameters are.
    fn not_given(&self) -> Option<&str> {
        let model = &self.looked.model;
        let free = |role: Role| {
            let tokens = self.graph.tokens.iter().enumerate();
            let tokens = tokens.filter(move |(_, token)| model.node(token.node).role == role);
            tokens.filter(|(number, _)| !self.mentioned.contains_key(number)).map(|(_, token)| token)
        };
        let datum = free(Role::Data).next().filter(|_| free(Role::Param).next().is_none())?;
        let whole = self.joint && !self.mentioned.is_empty();
        whole.then(|| model.node(datum.node).name.as_str())
    }

    /// What a condition reads is drawn, and not reported.
    fn draw_constrained(&mut self) {
        for token in self.constrained.keys() {
            if let Some(state @ State::Absent) = self.states.get_mut(*token) {
                *state = State::Inferred;
            }
        }
    }

    fn mark(&mut self, Element { node, places, token }: Element) {
        let Some(token) = token else {
            if !self.beyond.iter().any(|known| known.node == node && known.places == places) {
                self.beyond.push(Beyond { node, places, after: self.infer.len() });
            }
            return;
        };
        if let Some(state @ State::Absent) = self.states.get_mut(token) {
            *state = State::Inferred;
            self.infer.push(token);
        }
    }

    fn place(&mut self, place: &tree::Place) -> Result<Vec<Element>, Option<Diagnostic>> {
        if let Some(id) = self.computed_param(place) {
            let message = format!("`{}` is computed, and not answered by this version", place.name.text);
            let told = NOT_YET.at(place.span, message);
            self.later.push(told.help("infer what it is computed from, and compute it from the draws"));
            if !self.computed.contains(&id) {
                self.computed.push(id);
            }
            return Ok(Vec::new());
        }
        let mut selected = self.select(place, "inferred")?;
        // All of something that is given in part is what is not given of it.
        let is_given =
            |element: &Element| element.token.is_some_and(|token| self.mentioned.contains_key(&token));
        if selected.whole && !selected.elements.iter().all(is_given) {
            selected.elements.retain(|element| !is_given(element));
            selected.tokens.retain(|token| !self.mentioned.contains_key(token));
        }
        for token in &selected.tokens {
            self.asked_at.entry(*token).or_insert(place.span);
        }
        let given = selected.tokens.iter().find_map(|token| Some((*token, *self.mentioned.get(token)?)));
        let Some((token, at)) = given else { return Ok(selected.elements) };
        let name = self.graph.tokens.get(token).map_or("", |token| &token.name);
        let told = GIVEN_INFERRED.at(place.span, format!("`{name}` is both given and inferred"));
        Err(Some(told.label(at, "given here").help("remove it from one of them")))
    }

    /// The node of a place that is a whole parameter computed from others.
    fn computed_param(&self, place: &tree::Place) -> Option<NodeId> {
        let Some(Symbol::Node(id)) = self.looked.names.get(&place.name.text) else { return None };
        let node = self.looked.model.node(id);
        let computed = node.role == Role::Param && matches!(node.definition, Definition::Equals(_));
        let shaped = self.looked.shapes.get(id.0).is_some_and(Option::is_some);
        let token = self.looked.model.later.is_empty() && self.looked.token(id, 0).is_some();
        (computed && shaped && !token && place.index.is_empty()).then_some(id)
    }

    /// How the parameters that are computed are had all the same.
    fn had_from_draws(&self) -> String {
        let model = &self.looked.model;
        let computed = model
            .numbered()
            .filter(|(id, node)| node.role == Role::Param && self.looked.token(*id, 0).is_none());
        let latent =
            |name: &&str| model.nodes.iter().any(|node| node.name == **name && node.role == Role::Latent);
        let mut read = computed
            .flat_map(|(id, node)| self.sources(id).into_iter().filter(latent).map(move |name| (node, name)));
        match read.next() {
            Some((node, name)) => format!(
                "`{name}` is latent and has no draws: draw it as `param {name}`, or draw what is computed: `param {} ~ normal(…)`",
                node.name
            ),
            None => "compute them from the draws of the other parameters".to_owned(),
        }
    }

    /// All parameters that are not given.
    fn params(&mut self, span: Span) -> Result<Vec<Element>, Option<Diagnostic>> {
        let model = &self.looked.model;
        let nodes = self.graph.tokens.chunk_by(|a, b| a.node == b.node).filter_map(|tokens| tokens.first());
        let params = nodes.map(|token| token.node).filter(|node| model.node(*node).role == Role::Param);
        let all: Vec<Element> = params.flat_map(|node| self.all_of(node)).collect();
        for (_, node) in model.numbered().filter(|(_, node)| node.role == Role::Param) {
            self.told.extend(self.unplaced(&node.name, &node.axes, span, false));
        }
        let left_out: Vec<&str> = model
            .numbered()
            .filter(|(id, node)| node.role == Role::Param && self.looked.token(*id, 0).is_none())
            .map(|(_, node)| node.name.as_str())
            .collect();
        if !left_out.is_empty() {
            let message = format!("{} computed, and left out of the answer in this version", are(&left_out));
            self.told.push(LEFT_OUT.at(span, message).help(self.had_from_draws()));
        }
        let none = all.is_empty();
        if none && !self.looked.whole {
            return Err(None);
        }
        let is_given =
            |element: &Element| element.token.is_some_and(|token| self.mentioned.contains_key(&token));
        let free: Vec<Element> = all.into_iter().filter(|element| !is_given(element)).collect();
        if free.is_empty() {
            let message = if none {
                format!("`{}` has no parameters", model.name)
            } else {
                "all parameters are given".to_owned()
            };
            return Err(Some(
                NOTHING_INFERRED.at(span, message).help("infer something that is not given, or give less"),
            ));
        }
        Ok(free)
    }
}

fn are(names: &[&str]) -> String {
    format!("{} {}", list(names.iter().copied()), if names.len() == 1 { "is" } else { "are" })
}
