//! What the tokens of a model are to a network: which are of one kind, when each is, and which may look at which.

use sbi_model::{
    AxisId, AxisKind, Definition, Graph, GraphRule, Mask, MaskKind, Model, Node, NodeId, Structure, Token,
};
use std::collections::BTreeMap;

/// The tokens of a model, with what a data set has to tell of them.
#[derive(Clone, Debug)]
pub struct Subject {
    structure: Structure,
    /// For each token its kind.
    pub identities: Vec<usize>,
    /// What tells each kind: the node, and where along axes whose elements are told apart by their places.
    kinds: Vec<(NodeId, Vec<usize>)>,
    /// For each token its time, where that differs from data set to data set.
    times: Vec<Option<Time>>,
    /// For each token its places along axes of sets whose sizes vary.
    rows: Vec<Vec<(AxisId, usize)>>,
    /// Where the coordinates of each axis of scattered instants start among those of a data set.
    starts: BTreeMap<AxisId, usize>,
    /// How many coordinates a data set has.
    pub coordinates: usize,
}

/// Where a token's time stands among the coordinates of a data set, and what range it is from.
#[derive(Clone, Copy, Debug)]
struct Time {
    column: usize,
    middle: f64,
    half: f64,
}

impl Subject {
    /// The tokens of a checked model, whose dependencies are read by a rule, for a network with masks of a kind.
    ///
    /// Elements of a set whose size varies and readings at scattered times are of one kind, elements of other axes each of their own. A data
    /// set has the coordinates of each axis of scattered instants, in the order of axes.
    pub fn of(model: &Model, rule: GraphRule, mask: MaskKind) -> Subject {
        let structure = Structure::of(model, rule);
        let axes = || model.axes.iter().enumerate().map(|(number, axis)| (AxisId(number), axis));
        let (mut starts, mut coordinates) = (BTreeMap::new(), 0);
        for (id, axis) in axes().filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. })) {
            starts.insert(id, coordinates);
            coordinates += axis.size();
        }
        let mut kinds: Vec<(NodeId, Vec<usize>)> = Vec::new();
        let mut known = BTreeMap::new();
        let (mut identities, mut times, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for token in structure.nominal().tokens.iter() {
            let node = model.node(token.node);
            let places = || node.axes.iter().zip(model.places(node, token.element));
            let told = places().filter(|(axis, _)| is_told_apart(model, **axis, mask));
            let kind = (token.node, told.map(|(_, place)| place).collect::<Vec<usize>>());
            identities.push(*known.entry(kind.clone()).or_insert_with(|| {
                kinds.push(kind);
                kinds.len() - 1
            }));
            let time = places().find_map(|(axis, place)| {
                let (middle, half) = range(model, *axis)?;
                Some(Time { column: starts.get(axis)? + place, middle, half })
            });
            times.push(time);
            let sets = places().filter(|(axis, _)| {
                let axis = model.axis(**axis);
                axis.varies() && matches!(axis.kind, AxisKind::Set(_))
            });
            rows.push(sets.map(|(axis, place)| (*axis, place)).collect());
        }
        Subject { structure, identities, kinds, times, rows, starts, coordinates }
    }

    /// Tokens that are the same in every data set, each of its own kind.
    pub fn fixed(graph: Graph) -> Subject {
        let tokens = graph.tokens.len();
        Subject {
            structure: Structure::fixed(graph),
            identities: (0..tokens).collect(),
            kinds: (0..tokens).map(|token| (NodeId(0), vec![token])).collect(),
            times: vec![None; tokens],
            rows: vec![Vec::new(); tokens],
            starts: BTreeMap::new(),
            coordinates: 0,
        }
    }

    /// The same tokens with the kinds that another subject gave them: that of a model which differs from this one's in
    /// the sizes of its axes alone.
    pub fn with_kinds_of(mut self, other: &Subject) -> Subject {
        let known: BTreeMap<_, _> =
            other.kinds.iter().enumerate().map(|(number, kind)| (kind, number)).collect();
        let number = |kind: &usize| self.kinds.get(*kind).and_then(|kind| known.get(kind)).copied();
        let identities = self.identities.iter().map(|kind| number(kind).expect("models have the same nodes"));
        self.identities = identities.collect();
        self.kinds = other.kinds.clone();
        self
    }

    /// The tokens, in token order.
    pub fn tokens(&self) -> &[Token] {
        &self.structure.nominal().tokens
    }

    /// How many kinds of tokens there are.
    pub fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// Whether some tokens are at times that differ from data set to data set.
    pub fn has_times(&self) -> bool {
        self.coordinates > 0
    }

    /// The tokens that a data set does not have which has no more elements of its sets than those that are given.
    pub fn beyond(&self, given: &[bool]) -> Vec<bool> {
        let mut sizes: BTreeMap<AxisId, usize> = BTreeMap::new();
        for (rows, _) in self.rows.iter().zip(given).filter(|(_, given)| **given) {
            for (axis, place) in rows {
                let size = sizes.entry(*axis).or_default();
                *size = (*size).max(place + 1);
            }
        }
        let beyond = |(axis, place): &(AxisId, usize)| sizes.get(axis).is_some_and(|size| place >= size);
        self.rows.iter().map(|rows| rows.iter().any(beyond)).collect()
    }

    /// Whether the graph differs from data set to data set.
    pub fn varies(&self) -> bool {
        self.structure.varies()
    }

    /// When a token is, from -1 to 1 within the range of times; 0 where it has no time of its own.
    pub fn time(&self, token: usize, coordinates: &[f64]) -> f32 {
        let time = self.times.get(token).copied().flatten();
        let scaled =
            time.and_then(|Time { column, middle, half }| Some((coordinates.get(column)? - middle) / half));
        scaled.filter(|time| time.is_finite()).unwrap_or(0.0) as f32
    }

    /// Whether a data set with these coordinates has a place for a token.
    pub fn has_place(&self, token: usize, coordinates: &[f64]) -> bool {
        let time = self.times.get(token).copied().flatten();
        time.is_none_or(|time| coordinates.get(time.column).is_some_and(|at| at.is_finite()))
    }

    /// The mask of a data set with these coordinates.
    pub fn mask(&self, kind: MaskKind, coordinates: &[f64], given: &[bool], absent: &[bool]) -> Mask {
        if !self.varies() {
            return self.structure.nominal().mask(kind, given, absent);
        }
        let at = |axis: AxisId, place: usize| {
            let coordinate = *coordinates.get(self.starts.get(&axis)? + place)?;
            coordinate.is_finite().then_some(coordinate)
        };
        self.structure.graph(&at).mask(kind, given, absent)
    }
}

/// Whether a token knows which element of an axis it is.
fn is_told_apart(model: &Model, id: AxisId, mask: MaskKind) -> bool {
    let has_constants = || {
        let table = |node: &&Node| matches!(node.definition, Definition::Table(_));
        model.nodes.iter().filter(table).any(|node| node.axes.contains(&id))
    };
    match &model.axis(id).kind {
        AxisKind::Index { .. } | AxisKind::Ordered { .. } | AxisKind::Instants(_) | AxisKind::Cells(_) => {
            true
        }
        // Of a set of one size every element is always there. Where all look at all, nothing else says which of two
        // quantities belong to one element.
        AxisKind::Set(count) => count.least == count.most || mask == MaskKind::Dense || has_constants(),
        AxisKind::Scattered { .. } => has_constants(),
    }
}

/// Middle and half of the range of an axis of scattered instants, and of all others that measure the same, in its unit: so
/// their times can be compared.
fn range(model: &Model, axis: AxisId) -> Option<(f64, f64)> {
    let own = model.axis(axis);
    matches!(own.kind, AxisKind::Scattered { .. }).then_some(())?;
    let ranges = model.axes.iter().filter_map(|other| match other.kind {
        AxisKind::Scattered { from, to, .. } => {
            let factor = other.factor_to(own)?;
            Some((from * factor, to * factor))
        }
        _ => None,
    });
    let (from, to) = ranges.reduce(|(a, b), (from, to)| (a.min(from), b.max(to)))?;
    Some((0.5 * (from + to), (0.5 * (to - from)).max(f64::MIN_POSITIVE)))
}
