//! What makes the states of dynamics move, element by element.
//!
//! A trajectory that nothing random enters is computed from what drives it, and so couples nothing that reads it. What is
//! random in one is a vertex of its own, a *shock*, one for a whole run: a noise, the draws of a recurrence, the moments
//! of a jump. Whatever reads a state at any time reads the shocks behind it.

use crate::survey::Survey;
use crate::{ChangeKind, Definition, Draw, Dynamics, Event, ExprId, Model, Node, NodeId, Role, order};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What drives one element of a state: vertices, those of other states among them.
pub(crate) struct Drive {
    /// The dynamics.
    run: usize,
    /// What its start reads.
    pub(crate) start: BTreeSet<usize>,
    /// What its changes read, and its shocks.
    pub(crate) change: BTreeSet<usize>,
}

/// The drives of all states of a model.
pub(crate) struct Drives {
    /// By the vertex of the state.
    of: BTreeMap<usize, Drive>,
    /// The vertices of shocks that have no node.
    pub(crate) shocks: Range<usize>,
}

impl Drives {
    /// The drives of a surveyed model; shocks without a node become vertices from `first` on.
    pub(crate) fn of(model: &Model, survey: &Survey<'_>, first: usize) -> Drives {
        let mut gathering = Gathering { model, survey, shocks: first..first, of: BTreeMap::new() };
        (0..model.dynamics.len()).for_each(|run| gathering.run(run));
        Drives { of: gathering.of, shocks: gathering.shocks }
    }

    /// The drive of a vertex, if it is a state.
    pub(crate) fn get(&self, state: usize) -> Option<&Drive> {
        self.of.get(&state)
    }

    /// Dynamics that read each other in a circle: of each a state that reads the next, the last the first.
    pub(crate) fn circle(&self, model: &Model, survey: &Survey<'_>) -> Option<Vec<NodeId>> {
        let mut reads = vec![BTreeMap::new(); model.dynamics.len()];
        for (id, node) in model.numbered().filter(|(_, node)| node.role == Role::State) {
            let drives =
                (0..model.elements(node)).filter_map(|element| self.get(survey.vertex(id, element)?));
            let read = drives.flat_map(|drive| drive.start.union(&drive.change));
            let runs = read.filter_map(|vertex| Some(self.get(*vertex)?.run));
            let own = model.run_of(id);
            let Some(others) = own.and_then(|run| reads.get_mut(run)) else { continue };
            for run in runs.filter(|run| Some(*run) != own) {
                others.entry(run).or_insert(id);
            }
        }
        let next: Vec<Vec<usize>> = reads.iter().map(|read| read.keys().copied().collect()).collect();
        let circle = order::order(&next, &(0..reads.len()).collect::<Vec<_>>()).err()?;
        let following = circle.iter().cycle().skip(1);
        let state = |(run, next): (&usize, &usize)| reads.get(*run)?.get(next).copied();
        circle.iter().zip(following).map(state).collect()
    }

    /// The vertices of states.
    pub(crate) fn states(&self) -> impl Iterator<Item = usize> + '_ {
        self.of.keys().copied()
    }

    /// All that the trajectory of a state hangs on, through whatever other states: vertices that are no states.
    pub(crate) fn behind(&self, state: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![state];
        while let Some(vertex) = waiting.pop() {
            if let Some(drive) = self.get(vertex) {
                let new = drive.start.union(&drive.change).filter(|read| found.insert(**read));
                waiting.extend(new);
            }
        }
        found.retain(|vertex| self.get(*vertex).is_none());
        found
    }
}

/// The drives while they are gathered.
struct Gathering<'a, 'm> {
    model: &'m Model,
    survey: &'a Survey<'m>,
    shocks: Range<usize>,
    of: BTreeMap<usize, Drive>,
}

impl<'m> Gathering<'_, 'm> {
    fn run(&mut self, run: usize) {
        let model = self.model;
        let Some(dynamics) = model.dynamics.get(run) else { return };
        // Of jumps, each run of a draw over axes has its own.
        let runs: usize = dynamics.axes.iter().map(|axis| model.axis(*axis).size()).product();
        let jumps: Vec<Range<usize>> = dynamics.jumps.iter().map(|_| self.shocks(runs)).collect();
        let states = dynamics.members.iter().copied().filter(|id| model.node(*id).role == Role::State);
        for id in states {
            let node = model.node(id);
            let count = model.elements(node);
            let starts = self.start_shocks(node, count);
            let draws = self.draw_shocks(dynamics, id, node, count);
            for element in 0..count {
                let vertex = self.survey.vertex(id, element).expect("states are vertices");
                let mut start = self.reads(node.definition.exprs(), node, element);
                start.extend(starts.map(|(first, each)| first + element / each));
                let mut change = self.reads(self.changes(dynamics, id), node, element);
                change.extend(draws.map(|(first, each)| first + element / each));
                let own = dynamics.jumps.iter().zip(&jumps).filter(|(jump, _)| sets(jump, id));
                change.extend(own.map(|(_, shocks)| shocks.start + element * runs / count));
                self.of.insert(vertex, Drive { run, start, change });
            }
        }
    }

    /// The shocks of the draws that a state starts with: the first, and how many elements share each.
    fn start_shocks(&mut self, node: &Node, count: usize) -> Option<(usize, usize)> {
        let Definition::Draw(draw) = &node.definition else { return None };
        Some(self.shocks_of(draw, node, count))
    }

    /// The same of the draws of its steps.
    fn draw_shocks(
        &mut self,
        dynamics: &Dynamics,
        state: NodeId,
        node: &Node,
        count: usize,
    ) -> Option<(usize, usize)> {
        let change = dynamics.changes.iter().find(|change| change.state == state)?;
        let ChangeKind::Draw(draw) = &change.kind else { return None };
        Some(self.shocks_of(draw, node, count))
    }

    /// Elements that are drawn at once share a shock.
    fn shocks_of(&mut self, draw: &Draw, node: &Node, count: usize) -> (usize, usize) {
        let last = node.axes.last().filter(|_| draw.family.is_joint());
        let each = last.map_or(1, |axis| self.model.axis(*axis).size());
        (self.shocks(count / each).start, each)
    }

    fn shocks(&mut self, count: usize) -> Range<usize> {
        let first = self.shocks.end;
        self.shocks.end += count;
        first..self.shocks.end
    }

    /// What expressions read; of a reading of a state, the state.
    fn reads(&self, exprs: impl Iterator<Item = ExprId>, node: &Node, element: usize) -> BTreeSet<usize> {
        let state = |read: usize| self.survey.reading(u32::try_from(read).ok()?).map(|(state, _)| state);
        let reads = self.survey.reads(exprs, node, element).into_iter();
        reads.map(|read| state(read).unwrap_or(read)).collect()
    }

    /// All expressions that a state's changes are made of. Where a run stops, every state stays as it is.
    fn changes(&self, dynamics: &'m Dynamics, state: NodeId) -> impl Iterator<Item = ExprId> + use<'m> {
        let own = dynamics.changes.iter().filter(move |change| change.state == state);
        let events = dynamics.events.iter().chain(&dynamics.jumps).filter(move |event| sets(event, state));
        let events = events.flat_map(move |event| {
            let values = event.assignments.iter().filter(move |(set, _)| *set == state);
            values.map(|(_, value)| *value).chain([event.trigger])
        });
        own.flat_map(|change| change.exprs()).chain(dynamics.stops.iter().copied()).chain(events)
    }
}

fn sets(event: &Event, state: NodeId) -> bool {
    event.assignments.iter().any(|(set, _)| *set == state)
}
