//! The mechanistic rule: a reading of a state stands for the state.
//!
//! It looks at the last reading of its state before it and at all earlier readings of the states and functions of time
//! that the state's change reads, and at whatever else that reads. States that nothing reads pass on what they read; the
//! first reading looks at what the state's start reads. Noises join nothing, but that states with a common one look at each other.
//! "Earlier" is by time, at one time by the order of tokens. With that, the graph is what Gloeckler et al. (2024) wrote
//! down by hand for their models of Lotka and Volterra and of an epidemic; unlike the exact graph it is an approximation
//! where readings are noisy.

use crate::bits::Bits;
use crate::draft::Draft;
use crate::eliminate::eliminate;
use crate::readings::When;
use crate::vertices::Vertices;
use crate::{AxisId, Mask, NodeId, Role};
use std::collections::BTreeSet;

/// All that the rule says of a model before it is known when its readings are made. Vertices are those of [`Vertices`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mechanism {
    /// For each vertex the parents that it has at any times.
    fixed: Vec<Bits>,
    /// For each vertex its readings: of which law's state, and when.
    readings: Vec<Vec<(usize, When)>>,
    laws: Vec<Law>,
    /// For each function of time the vertices of its readings, and when they are.
    functions: Vec<Vec<(usize, When)>>,
    /// The vertices that are tokens, in token order.
    tokens: Vec<usize>,
}

/// What the readings of one element of a state look at.
#[derive(Clone, Debug, PartialEq)]
struct Law {
    /// Vertices that the first reading looks at.
    start: Bits,
    /// Vertices that every reading looks at.
    change: Bits,
    /// Laws of the states whose earlier readings it looks at.
    states: Vec<usize>,
    /// Functions whose earlier readings it looks at.
    functions: Vec<usize>,
}

/// What is behind a state, through states that nothing reads.
#[derive(Default)]
struct Behind {
    vertices: BTreeSet<usize>,
    states: BTreeSet<usize>,
    functions: BTreeSet<NodeId>,
    noises: BTreeSet<usize>,
}

/// The base graph of the tokens, and an order of them in which parents come first.
pub(crate) struct Base {
    pub(crate) mask: Mask,
    pub(crate) order: Vec<usize>,
}

impl Mechanism {
    /// The mechanism of a draft whose readings are kept, and its vertices by the exact rule.
    pub(crate) fn of(draft: &Draft<'_>, vertices: &Vertices) -> Mechanism {
        Drawing { draft, vertices }.mechanism()
    }

    /// Whether the graph hangs on times that differ from data set to data set.
    pub(crate) fn varies(&self) -> bool {
        self.readings.iter().chain(&self.functions).flatten().any(|(_, when)| when.varies())
    }

    /// The graph at these times. An element without a coordinate is not there: nothing looks at it, and it at nothing.
    pub(crate) fn base(&self, coordinate: &dyn Fn(AxisId, usize) -> Option<f64>) -> Base {
        let size = self.fixed.len();
        let (times, there) = self.times(coordinate);
        let mut order: Vec<usize> = (0..size).collect();
        let time = |vertex: usize| times.get(vertex).copied().unwrap_or(f64::NEG_INFINITY);
        order.sort_by(|a, b| time(*a).total_cmp(&time(*b)).then(a.cmp(b)));
        let mut rank = vec![0; size];
        for (place, &vertex) in order.iter().enumerate() {
            set(&mut rank, vertex, place);
        }
        let mut rows = vec![Bits::new(size); size];
        let look = |row: &mut Bits, vertices: &Bits| {
            let present = vertices.iter().filter(|vertex| there.contains(*vertex));
            present.filter_map(|vertex| rank.get(vertex)).for_each(|place| row.insert(*place));
        };
        let mut earlier = vec![Bits::new(size); self.laws.len()];
        let mut last: Vec<Option<usize>> = vec![None; self.laws.len()];
        for (place, &vertex) in order.iter().enumerate().filter(|(_, vertex)| there.contains(**vertex)) {
            let (Some(row), Some(fixed)) = (rows.get_mut(place), self.fixed.get(vertex)) else { continue };
            look(row, fixed);
            let own: BTreeSet<usize> =
                self.readings.get(vertex).into_iter().flatten().map(|(law, _)| *law).collect();
            for &number in &own {
                let Some(law) = self.laws.get(number) else { continue };
                look(row, &law.change);
                law.states
                    .iter()
                    .filter_map(|state| earlier.get(*state))
                    .for_each(|before| row.union(before));
                for (knot, when) in
                    law.functions.iter().filter_map(|function| self.functions.get(*function)).flatten()
                {
                    if when.time(coordinate).is_some_and(|at| at <= time(vertex)) {
                        row.insert(rank.get(*knot).copied().unwrap_or_default());
                    }
                }
                match last.get(number).copied().flatten() {
                    Some(before) => row.insert(before),
                    None => look(row, &law.start),
                }
            }
            for number in own {
                if let (Some(before), Some(last)) = (earlier.get_mut(number), last.get_mut(number)) {
                    before.insert(place);
                    *last = Some(place);
                }
            }
            row.remove(place);
        }
        self.among_tokens(rows, &rank)
    }

    /// When each vertex is: at its latest reading, and no earlier than what it hangs on; and which vertices are there.
    fn times(&self, coordinate: &dyn Fn(AxisId, usize) -> Option<f64>) -> (Vec<f64>, Bits) {
        let mut there = Bits::filter(self.fixed.len(), |_| true);
        for (knot, when) in self.functions.iter().flatten() {
            if when.time(coordinate).is_none() {
                there.remove(*knot);
            }
        }
        let mut times: Vec<f64> = Vec::with_capacity(self.fixed.len());
        for (vertex, (fixed, readings)) in self.fixed.iter().zip(&self.readings).enumerate() {
            let above = fixed.iter().filter_map(|parent| times.get(parent).copied());
            let mut latest = above.fold(f64::NEG_INFINITY, f64::max);
            let laws = readings.iter().filter_map(|(law, _)| self.laws.get(*law));
            let looked = laws.flat_map(|law| law.start.iter().chain(law.change.iter()));
            latest = looked.filter_map(|parent| times.get(parent).copied()).fold(latest, f64::max);
            for (_, when) in readings {
                match when.time(coordinate) {
                    Some(time) => latest = latest.max(time),
                    None => there.remove(vertex),
                }
            }
            times.push(latest);
        }
        (times, there)
    }

    /// The graph of the tokens alone: all other vertices are eliminated by the exact rule.
    fn among_tokens(&self, mut rows: Vec<Bits>, rank: &[usize]) -> Base {
        let places: Vec<usize> = self.tokens.iter().filter_map(|vertex| rank.get(*vertex).copied()).collect();
        let mut gone = Bits::filter(rows.len(), |_| true);
        places.iter().for_each(|&place| gone.remove(place));
        eliminate(&mut rows, &gone);
        let mut token = vec![0; rows.len()];
        places.iter().enumerate().for_each(|(number, &place)| set(&mut token, place, number));
        let mut mask = Mask::empty(places.len());
        for (number, row) in places.iter().filter_map(|place| rows.get(*place)).enumerate() {
            mask.set(number, number);
            row.iter().filter_map(|place| token.get(place)).for_each(|&parent| mask.set(number, parent));
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|number| places.get(*number));
        Base { mask, order }
    }
}

/// A mechanism while it is drawn from what has been gathered.
struct Drawing<'a, 'm> {
    draft: &'a Draft<'m>,
    vertices: &'a Vertices,
}

impl Drawing<'_, '_> {
    fn mechanism(&self) -> Mechanism {
        let (fixed, readings) = self.reads();
        let states: BTreeSet<usize> = readings.iter().flatten().map(|(state, _)| *state).collect();
        let seen: Vec<usize> = states.into_iter().collect();
        let number = |state: &usize| seen.binary_search(state).ok();
        let behind: Vec<Behind> = seen.iter().map(|state| self.behind(*state, &seen)).collect();
        let named: BTreeSet<NodeId> =
            behind.iter().flat_map(|behind| behind.functions.iter().copied()).collect();
        let named: Vec<NodeId> = named.into_iter().collect();
        let laws = behind.iter().zip(&seen).enumerate().map(|(own, (law, state))| {
            let common = |other: &Behind| !other.noises.is_disjoint(&law.noises);
            let common =
                behind.iter().enumerate().filter(|(_, other)| common(other)).map(|(number, _)| number);
            let states: BTreeSet<usize> = law.states.iter().filter_map(number).chain(common).collect();
            Law {
                start: self.bits(&self.at_start(*state)),
                change: self.bits(&law.vertices),
                states: states.into_iter().filter(|other| *other != own).collect(),
                functions: law.functions.iter().filter_map(|id| named.binary_search(id).ok()).collect(),
            }
        });
        let laws = laws.collect();
        let dated = |list: BTreeSet<(usize, When)>| {
            list.into_iter().filter_map(|(state, when)| Some((number(&state)?, when))).collect()
        };
        Mechanism {
            fixed,
            readings: readings.into_iter().map(dated).collect(),
            laws,
            functions: named.into_iter().map(|id| self.knots(id)).collect(),
            tokens: self.vertices.tokens.iter().map(|(vertex, _)| *vertex).collect(),
        }
    }

    /// For each vertex what it reads besides states, and which states when.
    fn reads(&self) -> (Vec<Bits>, Vec<BTreeSet<(usize, When)>>) {
        let size = self.vertices.parents.len();
        let mut fixed = vec![Bits::new(size); size];
        let mut readings = vec![BTreeSet::new(); size];
        for (vertex, reads) in self.draft.reads.iter().enumerate() {
            let Some(number) = self.number(vertex) else { continue };
            let (Some(row), Some(list)) = (fixed.get_mut(number), readings.get_mut(number)) else { continue };
            for &read in reads {
                match u32::try_from(read).ok().and_then(|read| self.draft.survey.reading(read)) {
                    Some(reading) => drop(list.insert(reading)),
                    None if self.is_noise(read) => {}
                    None => self.number(read).into_iter().for_each(|parent| row.insert(parent)),
                }
            }
            row.remove(number);
        }
        (fixed, readings)
    }

    /// What the change of a state reads, through states that are not seen.
    fn behind(&self, state: usize, seen: &[usize]) -> Behind {
        let mut behind = Behind::default();
        let mut found = BTreeSet::new();
        let change = self.draft.drives.get(state).map(|drive| &drive.change);
        let mut waiting: Vec<usize> = change.into_iter().flatten().copied().collect();
        while let Some(read) = waiting.pop() {
            let read = self.draft.state_of(read).unwrap_or(read);
            if !found.insert(read) {
                continue;
            }
            match self.draft.drives.get(read) {
                Some(_) if seen.binary_search(&read).is_ok() => drop(behind.states.insert(read)),
                Some(drive) => waiting.extend(drive.start.union(&drive.change)),
                None => match self.function(read) {
                    Some(function) => drop(behind.functions.insert(function)),
                    None if self.is_noise(read) => drop(behind.noises.insert(read)),
                    None => drop(behind.vertices.insert(read)),
                },
            }
        }
        // Of a function that is read as it runs, the readings are looked at that come before.
        let runs = |vertex: &usize| {
            let origin = self.draft.origin.get(*vertex).copied().flatten();
            origin.is_some_and(|(id, _)| behind.functions.contains(&id))
        };
        behind.vertices.retain(|vertex| !runs(vertex));
        behind
    }

    /// What the start of a state reads, through the starts of others.
    fn at_start(&self, state: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![state];
        while let Some(read) = waiting.pop() {
            let drive = self.draft.drives.get(read);
            waiting
                .extend(drive.into_iter().flat_map(|drive| &drive.start).filter(|read| found.insert(**read)));
        }
        found.retain(|read| self.draft.drives.get(*read).is_none() && !self.is_noise(*read));
        found
    }

    /// The readings of a function of time, and when they are.
    fn knots(&self, id: NodeId) -> Vec<(usize, When)> {
        let node = self.draft.model.node(id);
        let Some(&axis) = node.axes.last() else { return Vec::new() };
        let knot = |place: usize| {
            let vertex = self.number(self.draft.survey.vertex(id, place)?)?;
            Some((vertex, When::at_element(self.draft.model.axis(axis), axis, place)))
        };
        (0..self.draft.model.elements(node)).filter_map(knot).collect()
    }

    /// The function of time of which a vertex is what it is between its readings.
    fn function(&self, vertex: usize) -> Option<NodeId> {
        self.draft.survey.rests.iter().find(|(_, rest)| **rest == vertex).map(|(id, _)| *id)
    }

    /// Whether a vertex is random for a whole run of a dynamics, or a function between its readings.
    fn is_noise(&self, vertex: usize) -> bool {
        let origin = self.draft.origin.get(vertex).copied().flatten();
        self.draft.drives.shocks.contains(&vertex)
            || self.function(vertex).is_some()
            || origin.is_some_and(|(id, _)| self.draft.model.node(id).role == Role::Noise)
    }

    /// The number of what stands for a vertex.
    fn number(&self, vertex: usize) -> Option<usize> {
        let stands = self.draft.stand_in(vertex)?;
        self.vertices.number.get(stands).copied().flatten()
    }

    fn bits(&self, vertices: &BTreeSet<usize>) -> Bits {
        let mut bits = Bits::new(self.vertices.parents.len());
        vertices.iter().filter_map(|vertex| self.number(*vertex)).for_each(|number| bits.insert(number));
        bits
    }
}

fn set<T>(list: &mut [T], place: usize, value: T) {
    *list.get_mut(place).expect("vertices are numbered within their list") = value;
}
