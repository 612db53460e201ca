//! What is shown of a file: made once, and the same in every format.

use super::statements::{Statement, statements};
use crate::cli::failure::Outcome;
use crate::cli::spec::find;
use sbi_model::{
    Approximator, Axis, AxisId, AxisKind, Estimator, File, Graph, GraphRule, Lump, Mask, MaskKind, Model,
    NodeId, Placement, Query, Reach, State, Structure, Token, Transformer,
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
    /// The tokens of its network, in token order: the elements of that, but one or a few for all of a modality that has an
    /// encoder under a joint approximator. A posterior has elements alone.
    pub tokens: Arc<[Token]>,
    /// The modalities that are one token or a few, whose tokens come last.
    pub encoded: Vec<Encoded>,
    /// What the query says of each token: a modality is given where any of it is.
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

/// A modality that a joint approximator reads as one token or a few.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Its name.
    pub name: String,
    /// Its tokens.
    pub range: Range<usize>,
    /// How many elements it has.
    pub elements: usize,
    /// How many of them the query gives.
    pub given: usize,
}

/// Tokens that stand together: all elements of a node, or all that a modality is.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The name of the node, or of the modality.
    pub name: String,
    /// The node; of a modality the first.
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
        let mut structures = Structures::default();
        let models = models.map(|(number, model)| {
            let own = file.approximators.iter().filter(|approximator| approximator.model == number);
            Shown::of((number, model), own, &mut structures)
        });
        let models = models.collect();
        let queries = asked.into_iter().map(|(query, approximator)| {
            let model = file.models.get(approximator.model).expect("an approximator has its model");
            Asked::of(query, approximator, model, &mut structures)
        });
        Ok(View { models, queries: queries.collect() })
    }
}

/// The structures of models, by number and rule: those of long series are made once, however many queries ask.
#[derive(Default)]
struct Structures(Vec<((usize, GraphRule), Structure)>);

impl Structures {
    fn of(&mut self, number: usize, model: &Model, rule: GraphRule) -> Structure {
        let key = (number, rule);
        let known = self.0.iter().find(|(own, _)| *own == key).map(|(_, structure)| structure.clone());
        known.unwrap_or_else(|| {
            let structure = Structure::of(model, rule);
            self.0.push((key, structure.clone()));
            structure
        })
    }
}

impl<'a> Shown<'a> {
    fn of(
        (number, model): (usize, &'a Model),
        approximators: impl Iterator<Item = &'a Approximator>,
        structures: &mut Structures,
    ) -> Shown<'a> {
        let rules: Vec<GraphRule> = approximators.filter_map(|own| Some(joint(own)?.graph)).collect();
        let agreed = rules.first().filter(|first| rules.iter().all(|rule| rule == *first));
        let rule = agreed.copied().unwrap_or_default();
        let structure = structures.of(number, model, rule);
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
    fn of(
        query: &'a Query,
        approximator: &'a Approximator,
        model: &'a Model,
        structures: &mut Structures,
    ) -> Asked<'a> {
        let network = joint(approximator);
        let rule = network.map(|network| network.graph).unwrap_or_default();
        let said = Said::of(query, model, &approximator.lumps(), |placed| match placed {
            Some(placed) => Structure::of(placed, rule),
            None => structures.of(approximator.model, model, rule),
        });
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
            encoded: said.encoded,
            states: said.states,
            infer: said.infer,
            present,
        }
    }

    /// The tokens of each node, and of each modality that is a token or a few: those bear the modality's first node.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for (number, token) in self.tokens.iter().enumerate() {
            match blocks.last_mut() {
                Some(block) if block.node == token.node => block.range.end = number + 1,
                _ => {
                    let own = self.encoding(number).map(|own| &own.name);
                    let name = own.unwrap_or_else(|| &self.model.node(token.node).name).clone();
                    blocks.push(Block { name, node: token.node, range: number..number + 1 });
                }
            }
        }
        blocks
    }

    /// The modality that a token stands for; none of one that is an element.
    pub fn encoding(&self, token: usize) -> Option<&Encoded> {
        self.encoded.iter().find(|own| own.range.contains(&token))
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

    /// Those of them whose elements are tokens: the tokens of others are named after them already.
    pub fn frames(&self) -> Vec<(&'a str, Vec<Range<usize>>)> {
        let mut frames = self.modalities();
        frames.retain(|(_, runs)| runs.iter().all(|run| self.encoding(run.start).is_none()));
        frames
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
    encoded: Vec<Encoded>,
    states: Vec<State>,
    infer: Vec<usize>,
}

impl<'a> Said<'a> {
    /// `structure` is that of a model placed for the query, or of the model itself.
    fn of(
        query: &Query,
        model: &'a Model,
        lumps: &[Lump],
        structure: impl FnOnce(Option<&Model>) -> Structure,
    ) -> Said<'a> {
        let placed = query.placed_model(model);
        let structure = structure(placed.as_ref()).lumped(lumps);
        let structure = structure.expect("the check refuses modalities that depend on others in a circle");
        let Some(placed) = placed else {
            return Said::by_token(Cow::Borrowed(model), structure, lumps, (&query.states, &query.infer));
        };
        let Placement { model, states, infer, .. } =
            query.placement(model, &Graph::of(model), placed, structure.scalars());
        Said::by_token(Cow::Owned(model), structure, lumps, (&states, &infer))
    }

    /// What is said of the tokens of a network, from what is said of elements and which of them are reported.
    fn by_token(
        model: Cow<'a, Model>,
        structure: Structure,
        lumps: &[Lump],
        (elements, infer): (&[State], &[usize]),
    ) -> Said<'a> {
        let is_given = |state: &State| matches!(state, State::Given(_));
        let mut states = vec![State::Absent; structure.nominal().tokens.len()];
        for (element, state) in elements.iter().enumerate() {
            let tokens = structure.stands_in(element);
            // No element of a modality that is a token is ever inferred.
            if tokens.start < structure.singles() || is_given(state) {
                states.get_mut(tokens).into_iter().flatten().for_each(|own| *own = *state);
            }
        }
        let mut next = structure.singles();
        let encoded = lumps.iter().map(|lump| {
            let range = next..next + lump.tokens;
            next = range.end;
            let own = structure.scalars().iter().zip(elements);
            let own: Vec<&State> =
                own.filter(|(token, _)| lump.nodes.contains(&token.node)).map(|(_, state)| state).collect();
            let given = own.iter().filter(|state| is_given(state)).count();
            Encoded { name: lump.name.clone(), range, elements: own.len(), given }
        });
        Said {
            encoded: encoded.collect(),
            infer: infer.iter().map(|element| structure.stands_in(*element).start).collect(),
            model,
            structure,
            states,
        }
    }
}

/// What each token depends on, itself apart.
pub fn parents(graph: &Graph) -> Vec<Vec<usize>> {
    let row = |row: usize| graph.base.row(row).filter(|column| *column != row).collect();
    (0..graph.tokens.len()).map(row).collect()
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
