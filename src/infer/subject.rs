//! What the tokens of a model are to a network: which are of one kind, when each is, and which may look at which.

use crate::modality::Modality;
use sbi_model::{
    Approximator, AxisId, AxisKind, Definition, Encoding, Estimator, Fusion, Graph, GraphRule, Mask,
    MaskKind, Model, Node, NodeId, State, Structure, Token,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The tokens of a model, with what a data set has to tell of them.
#[derive(Clone, Debug)]
pub struct Subject {
    structure: Structure,
    /// For each token its kind.
    pub identities: Vec<usize>,
    /// For each scalar of the model what it is standardised like: tokens of a kind, or numbers of a modality that are
    /// alike, which come behind the kinds.
    pub scaling: Vec<usize>,
    /// The modalities that are a token or a few each.
    pub modalities: Vec<Modality>,
    /// For each token the scalar that it is; none of those that stand for a modality, which come last.
    scalars: Vec<Option<usize>>,
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

/// Where a time stands among the coordinates of a data set, and what range it is from.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    column: usize,
    middle: f64,
    half: f64,
}

impl Time {
    /// When it is in a data set with these coordinates, from -1 to 1; none of what is not there.
    pub fn of(self, coordinates: &[f64]) -> Option<f32> {
        let scaled = (coordinates.get(self.column)? - self.middle) / self.half;
        scaled.is_finite().then_some(scaled as f32)
    }
}

impl Subject {
    /// The tokens of a checked model, whose dependencies are read by a rule, for a network with masks of a kind.
    ///
    /// Elements of a set whose size varies and readings at scattered times are of one kind, elements of other axes each of their own. A data
    /// set has the coordinates of each axis of scattered instants, in the order of axes.
    pub fn of(model: &Model, rule: GraphRule, mask: MaskKind) -> Subject {
        Subject::new(model, Structure::of(model, rule), mask)
    }

    /// The tokens that an approximator of a model has: as [`Subject::of`], but a token or a few for all of a modality that it encodes.
    pub fn of_approximator(model: &Model, approximator: &Approximator) -> Subject {
        let (rule, mask) = match &approximator.estimator {
            Estimator::Joint(transformer) => (transformer.graph, transformer.mask),
            Estimator::Posterior(_) => (GraphRule::Exact, MaskKind::Undirected),
        };
        let lumps = approximator.lumps();
        let structure = Structure::of(model, rule).lumped(&lumps);
        let structure = structure.expect("the check refuses modalities that depend on others in a circle");
        let mut subject = Subject::new(model, structure, mask);
        if let Some(fusion) = &approximator.fusion {
            subject.read(model, approximator, fusion);
        }
        let mut next = subject.scalars.iter().flatten().count();
        for (lump, encoding) in lumps.iter().zip(&approximator.encodings) {
            let group = approximator.groups.get(encoding.modality).expect("an encoding is of a modality");
            let tokens = next..next + lump.tokens;
            next = tokens.end;
            subject.add(Modality::new(model, group, encoding, tokens, &subject));
        }
        subject
    }

    /// Takes in what a posterior reads: the modalities of its fusion, in their order, none of which is a token.
    fn read(&mut self, model: &Model, approximator: &Approximator, fusion: &Fusion) {
        for place in fusion.modalities() {
            let group = approximator.groups.get(place).expect("a fusion is of modalities");
            let written = approximator.encodings.iter().find(|encoding| encoding.modality == place);
            let axes = group.rows(model).expect("the check refuses modalities without rows in common");
            let encoding = written.cloned().unwrap_or_else(|| Encoding::usual(model, place, &axes));
            self.add(Modality::new(model, group, &encoding, 0..0, self));
        }
    }

    fn new(model: &Model, structure: Structure, mask: MaskKind) -> Subject {
        let (mut starts, mut coordinates) = (BTreeMap::new(), 0);
        for (number, axis) in model.axes.iter().enumerate() {
            if matches!(axis.kind, AxisKind::Scattered { .. }) {
                starts.insert(AxisId(number), coordinates);
                coordinates += axis.size();
            }
        }
        let scalars = structure.scalars().clone();
        let numbers: BTreeMap<(NodeId, usize), usize> =
            scalars.iter().enumerate().map(|(number, own)| ((own.node, own.element), number)).collect();
        let mut subject = Subject {
            scaling: vec![0; scalars.len()],
            identities: Vec::new(),
            modalities: Vec::new(),
            scalars: Vec::new(),
            kinds: Vec::new(),
            times: Vec::new(),
            rows: Vec::new(),
            structure,
            starts,
            coordinates,
        };
        let mut known = BTreeMap::new();
        for (number, token) in subject.tokens().to_vec().iter().enumerate() {
            let own = (number < subject.structure.singles())
                .then(|| numbers.get(&(token.node, token.element)).copied());
            let own = own.flatten();
            let kind = match own {
                Some(_) => subject.place(model, token, mask),
                // Of no element, so that it is of no other token's kind.
                None => subject.place_apart(token),
            };
            let kinds = &mut subject.kinds;
            let identity = *known.entry(kind.clone()).or_insert_with(|| {
                kinds.push(kind);
                kinds.len() - 1
            });
            subject.identities.push(identity);
            subject.scalars.push(own);
            own.and_then(|own| subject.scaling.get_mut(own))
                .into_iter()
                .for_each(|scaling| *scaling = identity);
        }
        subject
    }

    /// Notes when and in which rows of sets a scalar is, and returns its kind.
    fn place(&mut self, model: &Model, token: &Token, mask: MaskKind) -> (NodeId, Vec<usize>) {
        let node = model.node(token.node);
        let places = || node.axes.iter().zip(model.places(node, token.element));
        self.times.push(places().find_map(|(axis, place)| self.clock(model, *axis, place)));
        let sets = places().filter(|(axis, _)| {
            let axis = model.axis(**axis);
            axis.varies() && matches!(axis.kind, AxisKind::Set(_))
        });
        self.rows.push(sets.map(|(axis, place)| (*axis, place)).collect());
        let told = places().filter(|(axis, _)| is_told_apart(model, **axis, mask));
        (token.node, told.map(|(_, place)| place).collect())
    }

    /// The same of a token that stands for a modality.
    fn place_apart(&mut self, token: &Token) -> (NodeId, Vec<usize>) {
        self.times.push(None);
        self.rows.push(Vec::new());
        (token.node, vec![usize::MAX, token.element])
    }

    /// Where the time of an element of an axis of scattered instants stands; none of other axes.
    pub(crate) fn clock(&self, model: &Model, axis: AxisId, place: usize) -> Option<Time> {
        let (middle, half) = range(model, axis)?;
        Some(Time { column: self.starts.get(&axis)? + place, middle, half })
    }

    /// Takes a modality in: its numbers are standardised like others at the same place of a row.
    fn add(&mut self, modality: Modality) {
        let first = self.scales();
        for (at, scalar) in modality.cells.iter().enumerate() {
            let scaling = scalar.and_then(|scalar| self.scaling.get_mut(scalar));
            scaling.into_iter().for_each(|scaling| *scaling = first + at % modality.features);
        }
        self.modalities.push(modality);
    }

    /// Tokens that are the same in every data set, each of its own kind.
    pub fn fixed(graph: Graph) -> Subject {
        let tokens = graph.tokens.len();
        let kinds =
            graph.tokens.iter().enumerate().map(|(number, token)| (token.node, vec![number])).collect();
        Subject {
            structure: Structure::fixed(graph),
            identities: (0..tokens).collect(),
            scaling: (0..tokens).collect(),
            modalities: Vec::new(),
            scalars: (0..tokens).map(Some).collect(),
            kinds,
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
        let number = |kind: &usize| {
            let number = self.kinds.get(*kind).and_then(|kind| known.get(kind)).copied();
            number.expect("models have the same nodes")
        };
        // Numbers of modalities are scaled by what stands behind the kinds.
        let scale = |scaling: &usize| match scaling.checked_sub(self.kinds()) {
            Some(behind) => other.kinds() + behind,
            None => number(scaling),
        };
        let identities = self.identities.iter().map(number).collect();
        let scaling = self.scaling.iter().map(scale).collect();
        (self.identities, self.scaling) = (identities, scaling);
        self.kinds = other.kinds.clone();
        self
    }

    /// The tokens, in token order.
    pub fn tokens(&self) -> &[Token] {
        &self.structure.nominal().tokens
    }

    /// The scalars of the model, which simulations and queries are about: the tokens, but for those of modalities.
    pub fn scalars(&self) -> &[Token] {
        self.structure.scalars()
    }

    /// The scalar that each token is; none of those that stand for a modality.
    pub fn scalar_of(&self) -> &[Option<usize>] {
        &self.scalars
    }

    /// The token that a scalar is; none of one that a modality stands for.
    pub fn token_of(&self, scalar: usize) -> Option<usize> {
        self.scalars.iter().position(|own| *own == Some(scalar))
    }

    /// How many tokens are scalars: those come first.
    pub fn singles(&self) -> usize {
        self.structure.singles()
    }

    /// How many ways to standardise numbers there are: one for each kind of tokens, then those of modalities.
    pub fn scales(&self) -> usize {
        self.kinds() + self.modalities.iter().map(|modality| modality.features).sum::<usize>()
    }

    /// What is said of each token, from what is said of each scalar: a modality is given where any of it is.
    pub fn states(&self, scalars: &[State]) -> Vec<State> {
        let own = self
            .scalars
            .iter()
            .map(|own| own.and_then(|own| scalars.get(own)).copied().unwrap_or(State::Absent));
        let mut states: Vec<State> = own.collect();
        for modality in &self.modalities {
            let mut cells = modality.cells.iter().flatten().filter_map(|scalar| scalars.get(*scalar));
            if cells.any(|state| matches!(state, State::Given(_))) {
                let tokens = states.get_mut(modality.tokens.clone()).into_iter().flatten();
                tokens.for_each(|state| *state = State::Given(0.0));
            }
        }
        states
    }

    /// The values of tokens, `[rows · tokens]`, of those of scalars; zero of tokens that stand for modalities.
    pub fn values<'v>(&self, scalars: &'v [f32]) -> Cow<'v, [f32]> {
        if self.modalities.is_empty() {
            return Cow::Borrowed(scalars);
        }
        let row = |row: &[f32]| -> Vec<f32> {
            self.scalars.iter().map(|own| own.and_then(|own| row.get(own)).copied().unwrap_or(0.0)).collect()
        };
        scalars.chunks_exact(self.scaling.len()).flat_map(row).collect()
    }

    /// Which tokens a data set lacks that lacks these scalars: a modality where it lacks all of it.
    pub fn lacks(&self, scalars: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut lacks: Vec<bool> = self.scalars.iter().map(|own| own.is_some_and(&scalars)).collect();
        for modality in &self.modalities {
            let all = modality.cells.iter().flatten().all(|scalar| scalars(*scalar));
            lacks.get_mut(modality.tokens.clone()).into_iter().flatten().for_each(|lacks| *lacks = all);
        }
        lacks
    }

    /// The tokens that scalars are, or stand in.
    pub fn tokens_of(&self, scalars: &[usize]) -> Vec<usize> {
        let modality =
            |token: usize| self.modalities.iter().find(|modality| modality.tokens.contains(&token));
        let stands = |(token, own): (usize, &Option<usize>)| match own {
            Some(own) => scalars.contains(own).then_some(token),
            None => {
                modality(token)?.cells.iter().flatten().any(|cell| scalars.contains(cell)).then_some(token)
            }
        };
        self.scalars.iter().enumerate().filter_map(stands).collect()
    }

    /// How many kinds of tokens there are.
    pub fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// The number of each kind's node.
    pub fn nodes_of_kinds(&self) -> Vec<usize> {
        self.kinds.iter().map(|(node, _)| node.0).collect()
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

    /// Whether a scalar has a time of its own in each data set.
    pub fn is_placed(&self, scalar: usize) -> bool {
        let token = self.token_of(scalar);
        token.is_some_and(|token| self.times.get(token).is_some_and(Option::is_some))
    }

    /// When a token is, from -1 to 1 within the range of times; 0 where it has no time of its own.
    pub fn time(&self, token: usize, coordinates: &[f64]) -> f32 {
        let time = self.times.get(token).copied().flatten();
        time.and_then(|time| time.of(coordinates)).unwrap_or(0.0)
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
