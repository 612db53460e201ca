//! What is shown of a file: made once, and the same in every format.

use super::statements::{Statement, statements};
use crate::cli::failure::Outcome;
use crate::cli::spec::find;
use sbi_model::{
    Approximator, Axis, AxisId, AxisKind, Estimator, File, Graph, GraphRule, Mask, MaskKind, Model, NodeId,
    Placement, Query, Reach, State, Structure, Token, Transformer,
};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

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
    /// What it is about, with axes as long as it places them.
    pub model: Cow<'a, Model>,
    /// The tokens of that, in token order.
    pub tokens: Arc<[Token]>,
    /// What the query says of each.
    pub states: Vec<State>,
    /// The tokens to report, in the order asked.
    pub infer: Vec<usize>,
    /// Which of them are there: given or inferred.
    pub present: Vec<bool>,
    /// The base graph of the tokens that are there.
    pub base: Mask,
    /// Who may look at whom; of a posterior nothing, as its networks read the data and know no tokens.
    pub attention: Option<Attention<'a>>,
    /// The axes that it leaves unplaced and on whose times its graph or its mask hangs; they are spread evenly here.
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
            spread: spread(model, &structure),
        }
    }
}

impl<'a> Asked<'a> {
    fn of(query: &'a Query, approximator: &'a Approximator, model: &'a Model) -> Asked<'a> {
        let network = joint(approximator);
        let rule = network.map(|network| network.graph).unwrap_or_default();
        let said = Said::of(query, model, rule);
        let placed = |axis: AxisId| query.placed.iter().find(|placed| placed.axis == axis);
        // Where some elements of an axis are placed, the others are not there: nothing looks at them.
        let graph_with = |moved: Option<(AxisId, f64)>| {
            said.structure.graph(&|axis, element| match (placed(axis), moved) {
                (Some(placed), _) => placed.at.get(element).copied(),
                (None, Some((own, time))) if own == axis => Some(time),
                (None, _) => said.model.axis(axis).spread(element),
            })
        };
        let graph = graph_with(None);
        let absent: Vec<bool> = said.states.iter().map(|state| *state == State::Absent).collect();
        let present: Vec<bool> = absent.iter().map(|absent| !absent).collect();
        let base = graph.without(&absent);
        let attention = network.map(|network| Attention::of(network, &graph, &said.states));
        // Readings that are left out pass on what they stand between, so that their times matter too.
        let hangs = |axis: AxisId| {
            let AxisKind::Scattered { from, to, .. } = said.model.axis(axis).kind else { return false };
            [from, (from + to) / 2.0, to].into_iter().any(|time| {
                let other = graph_with(Some((axis, time)));
                let looks = |attention: &Attention| {
                    mask(attention.network.mask, &other, &said.states) != attention.mask
                };
                other.without(&absent) != base || attention.as_ref().is_some_and(looks)
            })
        };
        let free = |axis: AxisId| said.structure.varies() && placed(axis).is_none() && hangs(axis);
        Asked {
            query,
            approximator,
            spread: numbered(model).filter(|(id, _)| free(*id)).map(|(_, axis)| axis).collect(),
            base,
            attention,
            model: said.model,
            tokens: graph.tokens,
            states: said.states,
            infer: said.infer,
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
    let given = marked(|state| matches!(state, State::Given(_)));
    graph.mask(kind, &given, &marked(|state| *state == State::Absent))
}

/// What a query says of the tokens that it has.
struct Said<'a> {
    model: Cow<'a, Model>,
    structure: Structure,
    states: Vec<State>,
    infer: Vec<usize>,
}

impl<'a> Said<'a> {
    fn of(query: &Query, model: &'a Model, rule: GraphRule) -> Said<'a> {
        let Some(placed) = query.placed_model(model) else {
            let (states, infer) = (query.states.clone(), query.infer.clone());
            return Said {
                model: Cow::Borrowed(model),
                structure: Structure::of(model, rule),
                states,
                infer,
            };
        };
        let structure = Structure::of(&placed, rule);
        let tokens = &structure.nominal().tokens;
        let Placement { model, states, infer, .. } =
            query.placement(model, &Graph::of(model), placed, tokens);
        Said { model: Cow::Owned(model), states, infer, structure }
    }
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

/// The axes of scattered instants along which a model has tokens, where its graph hangs on times.
fn spread<'a>(model: &'a Model, structure: &Structure) -> Vec<&'a Axis> {
    let read =
        |id: AxisId| structure.nominal().tokens.iter().any(|token| model.node(token.node).axes.contains(&id));
    let axes = numbered(model).filter(|_| structure.varies());
    let scattered = axes.filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
    scattered.filter(|(id, _)| read(*id)).map(|(_, axis)| axis).collect()
}

fn numbered(model: &Model) -> impl Iterator<Item = (AxisId, &Axis)> {
    model.axes.iter().enumerate().map(|(number, axis)| (AxisId(number), axis))
}

fn joint(approximator: &Approximator) -> Option<&Transformer> {
    match &approximator.estimator {
        Estimator::Joint(transformer) => Some(transformer),
        Estimator::Posterior(_) => None,
    }
}
