//! A query on axes of scattered instants that are as long as it places them.
//!
//! An axis that is placed at fewer instants than it ever has, or nowhere, gets the rest of them evenly over its range:
//! what stands there is left out, and so integrated over, as are other data that a query leaves out.

use crate::{Axis, AxisId, AxisKind, Count, Definition, Graph, Model, NodeId, Query, State, Token};
use std::collections::BTreeMap;

/// What a query asks of its model with each axis as long as the query places it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The model, which differs from the query's in the sizes of its axes of scattered instants alone.
    pub model: Model,
    /// The state of each token of that model's graph, in token order.
    pub states: Vec<State>,
    /// Which token of the query's model each is, if any.
    pub origins: Vec<Option<usize>>,
    /// The tokens to report, in the order asked.
    pub infer: Vec<usize>,
    /// When the elements of each axis of scattered instants are, in the order of axes.
    pub coordinates: Vec<f64>,
}

impl Query {
    /// The model with axes as long as this query places them; none where no axis can be placed.
    pub fn placed_model(&self, model: &Model) -> Option<Model> {
        let scattered = |kind: &AxisKind| matches!(kind, AxisKind::Scattered { .. });
        model.axes.iter().any(|axis| scattered(&axis.kind)).then(|| {
            let (original, mut model) = (model, model.clone());
            for placed in &self.placed {
                let axis = model.axes.get_mut(placed.axis.0).map(|axis| &mut axis.kind);
                if let Some(AxisKind::Scattered { count, .. }) = axis {
                    let size = placed.at.len().max(count.least);
                    *count = Count { least: size, most: size };
                }
            }
            let tables: Vec<_> = model.numbered().map(|(id, _)| table_of(original, &model, id)).collect();
            for (node, table) in model.nodes.iter_mut().zip(tables) {
                node.definition = table.map_or_else(|| node.definition.clone(), Definition::Table);
            }
            model
        })
    }

    /// The placement on [`Query::placed_model`], whose graph has these tokens; `graph` is that of the model itself.
    pub fn placement(&self, model: &Model, graph: &Graph, placed: Model, tokens: &[Token]) -> Placement {
        let known: BTreeMap<(NodeId, usize), usize> = graph
            .tokens
            .iter()
            .enumerate()
            .map(|(number, token)| ((token.node, token.element), number))
            .collect();
        let places = |token: &Token| placed.places(placed.node(token.node), token.element);
        let origin = |token: &Token| {
            let axes = || placed.node(token.node).axes.iter().zip(places(token));
            if axes().any(|(axis, place)| self.fills(placed.axis(*axis), *axis, place)) {
                return None;
            }
            let element = axes().try_fold(0, |element, (axis, place)| {
                let size = model.axis(*axis).size();
                (place < size).then_some(element * size + place)
            });
            known.get(&(token.node, element?)).copied()
        };
        let origins: Vec<Option<usize>> = tokens.iter().map(origin).collect();
        let mut reported: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, origin) in origins.iter().enumerate() {
            reported.extend(origin.map(|origin| (origin, number)));
        }
        let numbers: BTreeMap<(NodeId, Vec<usize>), usize> = match self.beyond.as_slice() {
            [] => BTreeMap::new(),
            _ => tokens.iter().enumerate().map(|(number, own)| ((own.node, places(own)), number)).collect(),
        };
        let beyond = |after: usize| {
            let here = self.beyond.iter().filter(move |beyond| beyond.after == after);
            here.filter_map(|beyond| numbers.get(&(beyond.node, beyond.places.clone())).copied())
        };
        let own = |at: usize| self.infer.get(at).and_then(|token| reported.get(token)).copied();
        let infer: Vec<usize> = (0..=self.infer.len()).flat_map(|at| beyond(at).chain(own(at))).collect();
        let state = |origin: &Option<usize>| origin.and_then(|token| self.states.get(token)).copied();
        let mut states: Vec<State> =
            origins.iter().map(|origin| state(origin).unwrap_or(State::Absent)).collect();
        for &number in &infer {
            if let Some(state) = states.get_mut(number) {
                *state = State::Inferred;
            }
        }
        let coordinates = self.coordinates(&placed);
        Placement { model: placed, states, origins, infer, coordinates }
    }

    fn coordinates(&self, placed: &Model) -> Vec<f64> {
        let axes = placed.axes.iter().enumerate();
        let scattered = axes.filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
        let at = |(number, axis): (usize, &Axis)| {
            let places = self.places(AxisId(number));
            let lacking = axis.size() - places.len();
            let filling = (0..lacking).filter_map(|place| axis.evenly(place, lacking));
            places.iter().copied().chain(filling).collect::<Vec<f64>>()
        };
        scattered.flat_map(at).collect()
    }

    /// Where the query places an axis.
    fn places(&self, axis: AxisId) -> &[f64] {
        self.placed.iter().find(|placed| placed.axis == axis).map_or(&[], |placed| &placed.at)
    }

    /// Whether the query says nothing of an element of an axis of scattered instants.
    fn fills(&self, axis: &Axis, id: AxisId, place: usize) -> bool {
        matches!(axis.kind, AxisKind::Scattered { .. }) && place >= self.places(id).len()
    }
}

/// The values of a constant over axes that are no longer than they were.
fn table_of(original: &Model, placed: &Model, id: NodeId) -> Option<Vec<f64>> {
    let Definition::Table(values) = &original.node(id).definition else { return None };
    let node = placed.node(id);
    let value = |element: usize| {
        let places = node.axes.iter().zip(placed.places(node, element));
        let own = places.fold(0, |own, (axis, place)| own * original.axis(*axis).size() + place);
        *values.get(own).expect("no axis is placed at more instants than a constant has values for")
    };
    Some((0..placed.elements(node)).map(value).collect())
}
