//! What is shown of a file: made once, and the same in every format.

use super::statements::{Statement, statements};
use crate::cli::failure::Outcome;
use crate::cli::spec::find;
use sbi_model::{
    Approximator, Axis, AxisId, AxisKind, Estimator, File, Graph, GraphRule, Mask, MaskKind, Model, NodeId,
    Query, Reach, State, Structure, Token, Transformer,
};
use std::ops::Range;

/// All that is shown.
pub struct View<'a> {
    /// The models, those that no query asks about included, unless queries are named.
    pub models: Vec<Shown<'a>>,
    /// The queries.
    pub queries: Vec<Asked<'a>>,
}

/// A model.
pub struct Shown<'a> {
    /// The model itself.
    pub model: &'a Model,
    /// Its statements, in the order of the file.
    pub statements: Vec<Statement<'a>>,
    /// Which rule its graph by element is made by: that on which its approximators agree, else the exact one.
    pub rule: GraphRule,
    /// Its graph by element.
    pub graph: Graph,
    /// The axes of which the elements are spread evenly in that graph, as their times differ from data set to data set.
    pub spread: Vec<&'a Axis>,
}

/// A query.
pub struct Asked<'a> {
    /// The query itself.
    pub query: &'a Query,
    /// What answers it.
    pub approximator: &'a Approximator,
    /// What it is about.
    pub model: &'a Model,
    /// The tokens, in token order.
    pub tokens: Vec<Token>,
    /// What the query says of each: as [`Query::states`], but that elements of an axis beyond those it places are absent.
    pub states: Vec<State>,
    /// Which of them are there: given or inferred.
    pub present: Vec<bool>,
    /// The base graph of the tokens that are there.
    pub base: Mask,
    /// Who may look at whom; of a posterior nothing, as its networks read the data and know no tokens.
    pub attention: Option<Attention<'a>>,
    /// The axes that it leaves unplaced, which are spread evenly here.
    pub spread: Vec<&'a Axis>,
}

/// Who may look at whom in a query of a joint approximator.
pub struct Attention<'a> {
    /// The network.
    pub network: &'a Transformer,
    /// Row attends to column.
    pub mask: Mask,
    /// The share of the entries that it keeps, among tokens that are there.
    pub kept: f64,
    /// How far what a token holds gets.
    pub reach: Reach,
}

/// All tokens of one node: they stand together.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The node.
    pub node: NodeId,
    /// Its tokens.
    pub range: Range<usize>,
}

impl<'a> View<'a> {
    /// What is shown of a file: of these queries only, where some are named.
    ///
    /// # Errors
    /// A name that no query has.
    pub fn of(file: &'a File, names: &[String]) -> Outcome<View<'a>> {
        let known: Vec<&str> = file.queries.iter().map(|query| query.name.as_str()).collect();
        names.iter().try_for_each(|name| find("query", name, &known).map(drop))?;
        let queries = file.queries.iter().filter(|query| names.is_empty() || names.contains(&query.name));
        let asked: Vec<(&Query, &Approximator)> = queries
            .map(|query| {
                (query, file.approximators.get(query.approximator).expect("a query has its approximator"))
            })
            .collect();
        let numbered = file.models.iter().enumerate();
        let about = |number: usize| asked.iter().any(|(_, approximator)| approximator.model == number);
        let models = numbered.filter(|(number, _)| names.is_empty() || about(*number));
        let models = models.map(|(number, model)| {
            let own = file.approximators.iter().filter(|approximator| approximator.model == number);
            Shown::of(model, own)
        });
        let models = models.collect();
        let queries = asked.into_iter().map(|(query, approximator)| {
            let model = file.models.get(approximator.model).expect("an approximator has its model");
            Asked::of(query, approximator, model)
        });
        Ok(View { models, queries: queries.collect() })
    }
}

impl<'a> Shown<'a> {
    fn of(model: &'a Model, approximators: impl Iterator<Item = &'a Approximator>) -> Shown<'a> {
        let rules: Vec<GraphRule> = approximators.filter_map(|own| Some(joint(own)?.graph)).collect();
        let agreed = rules.first().filter(|first| rules.iter().all(|rule| rule == *first));
        let rule = agreed.copied().unwrap_or_default();
        let structure = Structure::of(model, rule);
        Shown {
            model,
            statements: statements(model),
            rule,
            graph: structure.nominal().clone(),
            spread: spread(model, &structure, &structure.nominal().tokens, |_, _| true),
        }
    }
}

impl<'a> Asked<'a> {
    fn of(query: &'a Query, approximator: &'a Approximator, model: &'a Model) -> Asked<'a> {
        let network = joint(approximator);
        let structure = Structure::of(model, network.map(|network| network.graph).unwrap_or_default());
        let placed = |axis: AxisId| query.placed.iter().find(|placed| placed.axis == axis);
        let graph = structure.graph(&|axis, element| match placed(axis) {
            Some(placed) => placed.at.get(element).copied(),
            None => model.axis(axis).spread(element),
        });
        let states = states(query, model, &graph.tokens);
        let absent: Vec<bool> = states.iter().map(|state| *state == State::Absent).collect();
        let present: Vec<bool> = absent.iter().map(|absent| !absent).collect();
        let there = |token: usize, axis: AxisId| present.get(token) == Some(&true) && placed(axis).is_none();
        Asked {
            query,
            approximator,
            model,
            base: graph.without(&absent),
            attention: network.map(|network| Attention::of(network, &graph, &states)),
            spread: spread(model, &structure, &graph.tokens, there),
            tokens: graph.tokens,
            states,
            present,
        }
    }

    /// The tokens of each node.
    pub fn blocks(&self) -> Vec<Block> {
        blocks(&self.tokens)
    }

    /// The modalities that the file writes, with their runs of tokens.
    pub fn modalities(&self) -> Vec<(&'a str, Vec<Range<usize>>)> {
        let written = self.approximator.groups.iter().filter(|group| group.written);
        let runs = |nodes: &[NodeId]| {
            let mut runs: Vec<Range<usize>> = Vec::new();
            for block in self.blocks().into_iter().filter(|block| nodes.contains(&block.node)) {
                match runs.last_mut() {
                    Some(last) if last.end == block.range.start => last.end = block.range.end,
                    _ => runs.push(block.range),
                }
            }
            runs
        };
        written.map(|group| (group.name.as_str(), runs(&group.nodes))).collect()
    }
}

impl<'a> Attention<'a> {
    fn of(network: &'a Transformer, graph: &Graph, states: &[State]) -> Attention<'a> {
        let mask = mask(network.mask, graph, states);
        let present: Vec<bool> = states.iter().map(|state| *state != State::Absent).collect();
        Attention { kept: mask.kept(&present), reach: mask.reach(&present), network, mask }
    }
}

/// The mask of a query: the one place that asks for one.
fn mask(kind: MaskKind, graph: &Graph, states: &[State]) -> Mask {
    let marked = |wanted: fn(&State) -> bool| -> Vec<bool> { states.iter().map(wanted).collect() };
    let (_given, absent) =
        (marked(|state| matches!(state, State::Given(_))), marked(|state| *state == State::Absent));
    graph.mask(kind, &absent)
}

/// What a query says of each token. Where it places fewer elements than an axis has, those beyond are not there.
fn states(query: &Query, model: &Model, tokens: &[Token]) -> Vec<State> {
    let beyond = |token: &Token| {
        let places = model.positions(model.node(token.node), token.element);
        let axes = &model.node(token.node).axes;
        let own = query.placed.iter().filter(|placed| axes.contains(&placed.axis));
        own.into_iter().any(|placed| places.get(placed.axis.0).is_some_and(|place| *place >= placed.at.len()))
    };
    let said = tokens.iter().zip(&query.states);
    said.map(|(token, state)| if beyond(token) { State::Absent } else { *state }).collect()
}

/// What each token depends on, itself apart.
pub fn parents(graph: &Graph) -> Vec<Vec<usize>> {
    let all = 0..graph.tokens.len();
    let row =
        |row: usize| all.clone().filter(|column| *column != row && graph.base.get(row, *column)).collect();
    all.clone().map(row).collect()
}

/// The tokens of each node.
pub fn blocks(tokens: &[Token]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        match blocks.last_mut() {
            Some(block) if block.node == token.node => block.range.end = number + 1,
            _ => blocks.push(Block { node: token.node, range: number..number + 1 }),
        }
    }
    blocks
}

/// The axes of scattered instants that a graph hangs on, and of which `there` says they matter to a token.
fn spread<'a>(
    model: &'a Model,
    structure: &Structure,
    tokens: &[Token],
    there: impl Fn(usize, AxisId) -> bool,
) -> Vec<&'a Axis> {
    let matters = |id: AxisId| {
        tokens
            .iter()
            .enumerate()
            .any(|(number, token)| model.node(token.node).axes.contains(&id) && there(number, id))
    };
    let axes = model.axes.iter().enumerate().filter(|_| structure.varies());
    let scattered = axes.filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
    scattered.filter(|(id, _)| matters(AxisId(*id))).map(|(_, axis)| axis).collect()
}

fn joint(approximator: &Approximator) -> Option<&Transformer> {
    match &approximator.estimator {
        Estimator::Joint(transformer) => Some(transformer),
        Estimator::Posterior(_) => None,
    }
}
