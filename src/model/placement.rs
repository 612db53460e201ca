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
        // What is said of an axis's last element is said of those beyond as well, but that they are given.
        let origin = |token: &Token| {
            let mut beyond = false;
            let node = placed.node(token.node);
            let places: Vec<(&AxisId, usize)> =
                node.axes.iter().zip(placed.places(node, token.element)).collect();
            if places.iter().any(|(axis, place)| self.fills(placed.axis(**axis), **axis, *place)) {
                return None;
            }
            // Of a node of which only some elements are asked, none is beyond.
            let whole = |original: usize| self.states.get(original) == Some(&State::Inferred);
            let asked = graph.tokens.iter().enumerate().filter(|(_, own)| own.node == token.node);
            let asked = asked.map(|(number, _)| number).all(whole);
            let element = places.into_iter().fold(0, |element, (axis, place)| {
                let size = model.axis(*axis).size();
                beyond |= place >= size;
                element * size + place.min(size - 1)
            });
            let known = *known.get(&(token.node, element))?;
            (asked || !beyond).then_some((known, beyond))
        };
        let origins: Vec<Option<(usize, bool)>> = tokens.iter().map(origin).collect();
        let state = |origin: &Option<(usize, bool)>| {
            let (state, beyond) =
                origin.and_then(|(token, beyond)| Some((*self.states.get(token)?, beyond)))?;
            (!(beyond && matches!(state, State::Given(_)))).then_some(state)
        };
        let states = origins.iter().map(|origin| state(origin).unwrap_or(State::Absent)).collect();
        let mut reported: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, origin) in origins.iter().enumerate() {
            if let Some((token, _)) = origin {
                reported.entry(*token).or_default().push(number);
            }
        }
        let is =
            |origin: &Option<(usize, bool)>| origin.filter(|(_, beyond)| !beyond).map(|(token, _)| token);
        // Elements of a node that are asked for in their order stay so among those beyond.
        let node = |token: &usize| graph.tokens.get(*token).map(|token| token.node);
        let runs = self.infer.chunk_by(|a, b| a < b && node(a) == node(b));
        let run = |run: &[usize]| {
            let mut run: Vec<usize> =
                run.iter().filter_map(|token| reported.get(token)).flatten().copied().collect();
            run.sort_unstable();
            run
        };
        let infer = runs.flat_map(run).collect();
        let origins = origins.iter().map(is).collect();
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
