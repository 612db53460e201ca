//! What each vertex of a model's graph reads, gathered statement by statement.

use crate::readings::Readings;
use crate::survey::{Survey, is_vertex};
use crate::trajectory::Drives;
use crate::{Definition, Draw, ExprId, Index, Model, Node, NodeId, Reading, Role, natural};
use std::collections::{BTreeMap, BTreeSet};

/// The vertices while what they read is gathered. Those of nodes come first, element by element, then steps and rests as
/// in [`Survey`], then what no node owns: noises and shocks.
pub(crate) struct Draft<'m> {
    pub(crate) model: &'m Model,
    pub(crate) survey: Survey<'m>,
    /// The element that is drawn or computed at a vertex; `None` for what no node owns.
    pub(crate) origin: Vec<Option<(NodeId, usize)>>,
    /// The element whose name it bears: its origin, or the datum or parameter that merely equals it.
    pub(crate) owner: Vec<Option<(NodeId, usize)>>,
    /// The vertex that stands for it: itself, or the element that it merely equals.
    pub(crate) stands: Vec<usize>,
    /// What each vertex reads, by the numbers of the survey: states and readings of states among them.
    pub(crate) reads: Vec<BTreeSet<usize>>,
    /// What makes states move.
    pub(crate) drives: Drives,
    /// The runs of programs from outside: which program, and what it is given, with the noise of the run.
    pub(crate) calls: Vec<(usize, BTreeSet<usize>)>,
}

impl<'m> Draft<'m> {
    /// Gathers the vertices of a model; with `timed`, when states are read is kept.
    pub(crate) fn of(model: &'m Model, timed: bool) -> Draft<'m> {
        let readings = || timed.then(Readings::default);
        let mut draft = Draft::new(model, Survey::with(model, Survey::recurrences(model), readings()));
        draft.adopt();
        if !draft.steps_are_named() {
            draft = Draft::new(model, Survey::with(model, Vec::new(), readings()));
            draft.adopt();
        }
        draft.derive();
        draft.stepwise();
        draft.overrule();
        draft
    }

    fn new(model: &'m Model, survey: Survey<'m>) -> Draft<'m> {
        let nodes = model.nodes.iter().enumerate().filter(|(_, node)| is_vertex(node));
        let origin = nodes
            .flat_map(|(id, node)| (0..model.elements(node)).map(move |element| Some((NodeId(id), element))));
        let steps: usize = survey.steps.iter().map(|steps| steps.count).sum();
        let unnamed = steps + survey.rests.len();
        let origin: Vec<_> = origin.chain(std::iter::repeat_n(None, unnamed)).collect();
        let stands = (0..origin.len()).collect();
        let reads = vec![BTreeSet::new(); origin.len()];
        let drives = Drives::of(model, &survey, origin.len());
        let mut draft =
            Draft { model, survey, owner: origin.clone(), origin, stands, reads, drives, calls: Vec::new() };
        draft
            .drives
            .shocks
            .clone()
            .for_each(|shock| assert_eq!(draft.hidden(), shock, "vertices are counted on"));
        draft
    }

    /// Lets data and parameters that merely equal an element of a latent take its place: they *are* that element. Of
    /// several such names the first by natural order takes it, and the others are computed from it.
    fn adopt(&mut self) {
        let mut nodes: Vec<(NodeId, &'m Node)> = self.model.numbered().collect();
        nodes.sort_by(|(_, a), (_, b)| natural::compare(&a.name, &b.name));
        for (id, node) in nodes {
            let Definition::Equals(expr) = node.definition else { continue };
            let same: Vec<Option<usize>> = (0..self.model.elements(node))
                .map(|element| self.survey.facts(expr, node, element).same.map(|vertex| vertex as usize))
                .map(|vertex| vertex.filter(|&vertex| self.is_free_latent(vertex)))
                .collect();
            let distinct: BTreeSet<usize> = same.iter().copied().flatten().collect();
            // A parameter is a token whole or not at all; a datum is one in any case.
            let adopts = match node.role {
                Role::Data => true,
                Role::Param => distinct.len() == same.len(),
                Role::Latent | Role::Let | Role::State | Role::Noise => false,
            };
            for (element, vertex) in same.into_iter().enumerate().filter(|_| adopts) {
                // Within a node, too, the first name of an element takes it.
                if let Some(vertex) = vertex.filter(|&vertex| self.is_free_latent(vertex)) {
                    set(&mut self.owner, vertex, Some((id, element)));
                    if let Some(own) = self.survey.vertex(id, element) {
                        set(&mut self.stands, own, vertex);
                    }
                }
            }
        }
    }

    fn is_free_latent(&self, vertex: usize) -> bool {
        match self.owner.get(vertex).copied().flatten() {
            Some((node, _)) => self.model.node(node).role == Role::Latent,
            // All that has no owner while names are given is a step.
            None => true,
        }
    }

    /// Whether each step of each recurrence has become an element of the same parameter or datum, in order. Else the
    /// elements of one node would stand between those of another, or before what they read.
    fn steps_are_named(&self) -> bool {
        self.survey.steps.iter().all(|steps| {
            let owners = self.owner.get(steps.first..steps.first + steps.count).unwrap_or_default();
            owners.iter().all(Option::is_some)
                && owners.is_sorted_by(|a, b| a.zip(*b).is_some_and(|(a, b)| a.0 == b.0 && a.1 < b.1))
        })
    }

    /// Whether the vertex stands for itself: it has not become another name of an element, and is no state.
    pub(crate) fn lives(&self, vertex: usize) -> bool {
        self.stands.get(vertex) == Some(&vertex) && self.drives.get(vertex).is_none()
    }

    /// The vertex that stands for one, if that lives.
    pub(crate) fn stand_in(&self, vertex: usize) -> Option<usize> {
        self.stands.get(vertex).copied().filter(|vertex| self.lives(*vertex))
    }

    /// The state of which something that is read is a reading.
    pub(crate) fn state_of(&self, read: usize) -> Option<usize> {
        let reading = self.survey.reading(u32::try_from(read).ok()?)?;
        Some(reading.0)
    }

    /// Gathers what each vertex reads.
    fn derive(&mut self) {
        let mut calls = BTreeMap::new();
        for (id, node) in self.model.numbered().filter(|(_, node)| is_vertex(node)) {
            match &node.definition {
                Definition::Draw(draw) if draw.family.is_joint() => self.vectors(id, node, draw),
                Definition::External { external, output, inputs } => {
                    let (external, output) = (*external, *output);
                    self.called(id, node, (external, output), inputs, &mut calls);
                }
                definition => {
                    for element in 0..self.model.elements(node) {
                        let reads = self.survey.reads(definition.exprs(), node, element);
                        self.put(id, element, reads);
                    }
                }
            }
        }
    }

    /// Each step of a recurrence reads what its distribution does.
    fn stepwise(&mut self) {
        for place in 0..self.survey.steps.len() {
            let Some(steps) = self.survey.steps.get(place) else { continue };
            let first = steps.first;
            for (place, reads) in self.reads.iter_mut().skip(first).zip(&steps.parents) {
                *place = reads.iter().map(|&vertex| vertex as usize).collect();
            }
        }
    }

    /// What a program from outside gives reads the inputs that it is said to depend on, and all that one run of it gives
    /// shares the noise of that run.
    fn called(
        &mut self,
        id: NodeId,
        node: &Node,
        (external, output): (usize, usize),
        inputs: &[ExprId],
        calls: &mut BTreeMap<(usize, usize), usize>,
    ) {
        let Some(program) = self.model.externals.get(external) else { return };
        let depends = program.outputs.get(output).map_or(&[][..], |output| output.depends.as_slice());
        let places: usize = program.axes.iter().map(|axis| self.model.axis(*axis).size()).product();
        let count = self.model.elements(node);
        for element in 0..count {
            let place = element * places / count;
            let noise = match calls.get(&(external, place)) {
                Some(noise) => *noise,
                None => {
                    let noise = self.hidden();
                    calls.insert((external, place), noise);
                    let mut given = self.survey.reads(inputs.iter().copied(), node, element);
                    given.insert(noise);
                    self.calls.push((external, given));
                    noise
                }
            };
            let read = inputs.iter().enumerate().filter(|(input, _)| depends.contains(input));
            let mut reads = self.survey.reads(read.map(|(_, expr)| *expr), node, element);
            reads.insert(noise);
            self.put(id, element, reads);
        }
    }

    /// Adds a vertex that no node owns: noise.
    fn hidden(&mut self) -> usize {
        let vertex = self.stands.len();
        self.stands.push(vertex);
        self.origin.push(None);
        self.owner.push(None);
        self.reads.push(BTreeSet::new());
        vertex
    }

    /// Each vector or function drawn at once reads all its arguments and shares one noise, which makes its elements siblings.
    /// What a function is between its readings hangs on them, and on what they hang on.
    fn vectors(&mut self, id: NodeId, node: &Node, draw: &Draw) {
        let length = node.axes.last().map_or(1, |axis| self.model.axis(*axis).size());
        for row in 0..self.model.elements(node) / length {
            let first = row * length;
            let mut reads = self.survey.reads(draw.exprs(), node, first);
            if let Some(rest) = self.survey.rests.get(&id).and_then(|rest| self.reads.get_mut(*rest)) {
                let places = (first..first + length).filter_map(|place| self.survey.vertex(id, place));
                *rest = places.chain(reads.iter().copied()).collect();
            }
            reads.insert(self.hidden());
            (first..first + length).for_each(|element| self.put(id, element, reads.clone()));
        }
    }

    fn put(&mut self, node: NodeId, element: usize, reads: BTreeSet<usize>) {
        let vertex = self.survey.vertex(node, element).expect("only vertices read");
        set(&mut self.reads, vertex, reads);
    }

    /// Replaces what was gathered for the targets of `depends` statements.
    fn overrule(&mut self) {
        for depends in &self.model.depends {
            let target = self.model.node(depends.target);
            for element in 0..self.model.elements(target) {
                let Some(vertex) = self.survey.element(depends.target, element).same else { continue };
                let Some(&vertex) = self.stands.get(vertex as usize) else { continue };
                let sources = depends.sources.iter();
                let reads = sources.flat_map(|source| self.told(source, depends.target, element)).collect();
                set(&mut self.reads, vertex, reads);
            }
        }
    }

    /// The vertices that one source of a `depends` statement names for one element of the target.
    fn told(&self, source: &Reading, target: NodeId, element: usize) -> BTreeSet<usize> {
        let node = self.model.node(source.node);
        let at = self.model.positions(self.model.node(target), element);
        let named = |other: &usize| {
            let there = self.model.positions(node, *other);
            node.axes.iter().zip(&source.index).all(|(axis, index)| match index {
                None => true,
                Some(Index::At(position)) => there.get(axis.0) == Some(position),
                Some(Index::Same(same)) => there.get(axis.0) == at.get(same.0),
            })
        };
        let end = if source.node == target { element } else { self.model.elements(node) };
        let elements = (0..end).filter(named);
        let reads = elements.flat_map(|other| self.survey.element(source.node, other).reads.to_vec());
        reads.map(|vertex| vertex as usize).collect()
    }
}

fn set<T>(list: &mut [T], vertex: usize, value: T) {
    *list.get_mut(vertex).expect("vertices are numbered within their list") = value;
}
