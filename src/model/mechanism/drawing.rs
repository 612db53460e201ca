//! A mechanism as it is drawn from what has been gathered of a model.

use super::{Curve, Law, Mechanism};
use crate::bits::Bits;
use crate::draft::Draft;
use crate::readings::When;
use crate::vertices::Vertices;
use crate::{NodeId, Role};
use std::collections::BTreeSet;

/// A mechanism while it is drawn from what has been gathered.
pub(super) struct Drawing<'a, 'm> {
    pub(super) draft: &'a Draft<'m>,
    pub(super) vertices: &'a Vertices,
}

/// What is behind a state, through states that nothing reads.
#[derive(Default)]
struct Behind {
    vertices: BTreeSet<usize>,
    states: BTreeSet<usize>,
    functions: BTreeSet<NodeId>,
    noises: BTreeSet<usize>,
}

impl Drawing<'_, '_> {
    pub(super) fn mechanism(&self) -> Mechanism {
        let (fixed, readings) = self.reads();
        let states: BTreeSet<usize> = readings.iter().flatten().map(|(state, _)| *state).collect();
        let seen: Vec<usize> = states.into_iter().collect();
        let number = |state: &usize| seen.binary_search(state).ok();
        let behind: Vec<Behind> = seen.iter().map(|state| self.behind(*state, &seen)).collect();
        let named: BTreeSet<NodeId> =
            behind.iter().flat_map(|behind| behind.functions.iter().copied()).collect();
        let named: Vec<NodeId> = named.into_iter().collect();
        let noises: BTreeSet<usize> =
            behind.iter().flat_map(|behind| behind.noises.iter().copied()).collect();
        let noises: Vec<usize> = noises.into_iter().collect();
        let laws = behind.iter().zip(&seen).enumerate().map(|(own, (law, state))| Law {
            start: self.bits(&self.at_start(*state)),
            change: self.bits(&law.vertices),
            states: law.states.iter().filter_map(number).filter(|other| *other != own).collect(),
            functions: law.functions.iter().filter_map(|id| named.binary_search(id).ok()).collect(),
            noises: law.noises.iter().filter_map(|noise| noises.binary_search(noise).ok()).collect(),
        });
        let laws = laws.collect();
        let dated = |list: BTreeSet<(usize, When)>| {
            list.into_iter().filter_map(|(state, when)| Some((number(&state)?, when))).collect()
        };
        Mechanism {
            fixed,
            readings: readings.into_iter().map(dated).collect(),
            laws,
            functions: named.into_iter().map(|id| self.curve(id)).collect(),
            noises: noises.len(),
            above: self.vertices.parents.clone(),
            tokens: self.vertices.tokens.iter().map(|(vertex, _)| *vertex).collect(),
        }
    }

    /// For each vertex what it reads besides states, and which states when.
    fn reads(&self) -> (Vec<Bits>, Vec<BTreeSet<(usize, When)>>) {
        let size = self.vertices.parents.len();
        let mut fixed = vec![Bits::new(size); size];
        let noises = (0..self.draft.reads.len()).filter(|vertex| self.is_noise(*vertex)).collect();
        let noises = self.bits(&noises);
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
            // What reads no state has the parents that it has by the exact rule.
            if list.is_empty()
                && let Some(parents) = self.vertices.parents.get(number)
            {
                row.union(parents);
                row.subtract(&noises);
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

    /// A function of time.
    fn curve(&self, id: NodeId) -> Curve {
        let rest = self.draft.survey.rests.get(&id).and_then(|rest| self.draft.reads.get(*rest));
        Curve {
            knots: self.knots(id),
            behind: rest.map_or_else(|| self.bits(&BTreeSet::new()), |rest| self.bits(rest)),
        }
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
