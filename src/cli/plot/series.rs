//! What of a query follows a coordinate: elements of a node along one of its axes, to be drawn as one function.

use crate::cli::case::Case;
use crate::cli::groups::coordinate;
use sbi_model::{Axis, AxisId, AxisKind, Model, Node, NodeId, State};

/// Fewer elements are shown as quantities of their own.
const LEAST: usize = 3;

/// Elements of a node along one axis.
pub struct Series<'a> {
    /// The node.
    pub node: &'a Node,
    /// The axis.
    pub axis: &'a Axis,
    /// Its name, with the elements of other axes: `x[2,·]`.
    pub label: String,
    /// What is inferred: its number in the query, and where it is.
    pub inferred: Vec<(usize, f64)>,
    /// What is given: where it is, and its value.
    pub given: Vec<(f64, f64)>,
    /// All of its tokens by their numbers, with where they are.
    pub tokens: Vec<(usize, f64)>,
    key: Key,
}

/// The node, and the positions along its other axes.
type Key = (NodeId, Vec<Option<usize>>);

/// The series of a query, those that it infers first, in the order asked; what else it is given along a coordinate is
/// behind them, where there are any.
pub fn series<'a>(case: &'a Case) -> Vec<Series<'a>> {
    let mut all: Vec<Series> = Vec::new();
    let question = &case.asked.question;
    for (column, token) in question.infer.iter().enumerate() {
        if let Some((own, place)) = of(case, *token, &mut all) {
            own.inferred.push((column, place));
        }
    }
    all.retain(|own| own.inferred.len() >= LEAST);
    if all.is_empty() {
        return all;
    }
    let alone = all.len();
    for (token, state) in question.states.iter().enumerate() {
        if let State::Given(value) = *state
            && let Some((own, place)) = of(case, token, &mut all)
        {
            own.given.push((place, value));
        }
    }
    // A single reading of something else is told in words.
    let mut number = 0;
    all.retain(|own| {
        number += 1;
        number <= alone || own.given.len() >= LEAST
    });
    all
}

/// The series of a token, which is begun where it is not there, and the token's place in it; none for a token that follows
/// no coordinate.
fn of<'a, 's>(
    case: &'a Case,
    token: usize,
    all: &'s mut Vec<Series<'a>>,
) -> Option<(&'s mut Series<'a>, f64)> {
    let model: &Model = &case.asked.model;
    let own = case.asked.subject.tokens().get(token)?;
    let node = model.node(own.node);
    let (along, axis) = line(model, node)?;
    let positions = model.places(node, own.element);
    let place = coordinate(model, &case.query.placed, axis, *positions.get(along)?)?;
    let others = positions.iter().enumerate().map(|(k, position)| (k != along).then_some(*position));
    let key: Key = (own.node, others.collect());
    let number = all.iter().position(|own| own.key == key).unwrap_or_else(|| {
        let label = label(node, &key.1);
        let (inferred, given, tokens) = (Vec::new(), Vec::new(), Vec::new());
        all.push(Series { node, axis: model.axis(axis), label, inferred, given, tokens, key });
        all.len() - 1
    });
    let series = all.get_mut(number)?;
    series.tokens.push((token, place));
    Some((series, place))
}

/// The axis that a node is drawn along, by its number in the node: its time, else its space, else its chain.
fn line(model: &Model, node: &Node) -> Option<(usize, AxisId)> {
    let rank = |id: &AxisId| match model.axis(*id).kind {
        AxisKind::Instants(_) | AxisKind::Scattered { .. } => Some(0),
        AxisKind::Cells(_) => Some(1),
        AxisKind::Ordered { .. } => Some(2),
        AxisKind::Index { .. } | AxisKind::Set(_) => None,
    };
    let ranked = node.axes.iter().enumerate().filter_map(|(k, id)| Some((rank(id)?, k, *id)));
    ranked.min_by_key(|(rank, k, _)| (*rank, *k)).map(|(_, k, id)| (k, id))
}

fn label(node: &Node, others: &[Option<usize>]) -> String {
    if others.len() < 2 {
        return node.name.clone();
    }
    let index =
        |position: &Option<usize>| position.map_or("·".to_owned(), |position| (position + 1).to_string());
    format!("{}[{}]", node.name, others.iter().map(index).collect::<Vec<String>>().join(","))
}
