//! A query on axes of scattered instants that are as long as it places them.

use crate::{AxisId, AxisKind, Count, Graph, Model, NodeId, Query, State, Token};
use std::collections::BTreeMap;

/// What a query asks of its model with each axis as long as the query places it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The model, which differs from the query's in the sizes of its axes of scattered instants alone.
    pub model: Model,
    /// The state of each token of that model's graph, in token order.
    pub states: Vec<State>,
    /// The tokens to report, in the order asked.
    pub infer: Vec<usize>,
    /// When the elements of each axis of scattered instants are, in the order of axes; NaN where the query does not say.
    pub coordinates: Vec<f64>,
}

impl Query {
    /// The model with axes as long as this query places them; none where no axis can be placed.
    pub fn placed_model(&self, model: &Model) -> Option<Model> {
        let scattered = |kind: &AxisKind| matches!(kind, AxisKind::Scattered { .. });
        model.axes.iter().any(|axis| scattered(&axis.kind)).then(|| {
            let mut model = model.clone();
            for placed in &self.placed {
                let axis = model.axes.get_mut(placed.axis.0).map(|axis| &mut axis.kind);
                if let Some(AxisKind::Scattered { count, .. }) = axis {
                    *count = Count { least: placed.at.len(), most: placed.at.len() };
                }
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
            let places = node.axes.iter().zip(placed.places(node, token.element));
            let element = places.fold(0, |element, (axis, place)| {
                let size = model.axis(*axis).size();
                beyond |= place >= size;
                element * size + place.min(size - 1)
            });
            Some((*known.get(&(token.node, element))?, beyond))
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
        let infer = self.infer.iter().filter_map(|token| reported.get(token)).flatten().copied().collect();
        let coordinates = self.coordinates(&placed);
        Placement { model: placed, states, infer, coordinates }
    }

    fn coordinates(&self, placed: &Model) -> Vec<f64> {
        let axes = placed.axes.iter().enumerate();
        let scattered = axes.filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
        let at = |(number, axis): (usize, &crate::Axis)| {
            let found = self.placed.iter().find(|placed| placed.axis == AxisId(number));
            found.map_or_else(|| vec![f64::NAN; axis.size()], |placed| placed.at.clone())
        };
        scattered.flat_map(at).collect()
    }
}
