//! The vertices of a model's graph: its tokens, its latent elements and the shared noise of its vectors, in
//! topological order with the parents of each.

use crate::bits::Bits;
use crate::survey::{Survey, is_vertex};
use crate::{Definition, Draw, ExprId, Index, Model, Node, NodeId, Reading, Role, Support, Token};
use crate::{natural, order};
use std::collections::{BTreeMap, BTreeSet};

/// Nodes that read each other in a circle: each reads the one after it, the last the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cycle(pub(crate) Vec<NodeId>);

/// Vertices, numbered so that parents come before children.
pub(crate) struct Vertices {
    /// The parents of each vertex.
    pub(crate) parents: Vec<Bits>,
    /// The vertices that are tokens, in order.
    pub(crate) tokens: Vec<(usize, Token)>,
}

/// The vertices while their parents are gathered, numbered node by node; noises come last.
struct Draft<'m> {
    model: &'m Model,
    survey: Survey<'m>,
    /// The element that is drawn or computed at a vertex; `None` for the noise of a vector.
    origin: Vec<Option<(NodeId, usize)>>,
    /// The element whose name it bears: its origin, or the datum or parameter that merely equals it.
    owner: Vec<Option<(NodeId, usize)>>,
    /// The vertex that stands for it: itself, or the element that it merely equals.
    stands: Vec<usize>,
    parents: Vec<BTreeSet<usize>>,
}

impl Vertices {
    /// # Errors
    /// A circle of nodes, which only `depends` statements can make in a model with an order.
    pub(crate) fn of(model: &Model) -> Result<Vertices, Cycle> {
        let mut draft = Draft::new(model, Survey::stepwise(model));
        draft.adopt();
        if !draft.steps_are_named() {
            draft = Draft::new(model, Survey::of(model));
            draft.adopt();
        }
        draft.derive();
        draft.stepwise();
        draft.driven();
        draft.overrule();
        draft.number()
    }
}

impl<'m> Draft<'m> {
    fn new(model: &'m Model, survey: Survey<'m>) -> Draft<'m> {
        let nodes = model.nodes.iter().enumerate().filter(|(_, node)| is_vertex(node));
        let origin = nodes
            .flat_map(|(id, node)| (0..model.elements(node)).map(move |element| Some((NodeId(id), element))));
        let steps = survey.steps.iter().map(|steps| steps.count).sum();
        let origin: Vec<_> = origin.chain(std::iter::repeat_n(None, steps)).collect();
        let stands = (0..origin.len()).collect();
        let parents = vec![BTreeSet::new(); origin.len()];
        Draft { model, survey, owner: origin.clone(), origin, stands, parents }
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
                    put(&mut self.owner, vertex, Some((id, element)));
                    if let Some(own) = self.survey.vertex(id, element) {
                        put(&mut self.stands, own, vertex);
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

    /// Whether the vertex stands for itself: it has not become another name of an element.
    fn lives(&self, vertex: usize) -> bool {
        self.stands.get(vertex) == Some(&vertex)
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
                        let reads = definition
                            .exprs()
                            .map(|expr| self.survey.facts(expr, node, element).reads.clone());
                        let reads: BTreeSet<usize> = reads.flat_map(|reads| self.resolve(&reads)).collect();
                        self.set_parents(id, element, reads);
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
            let parents: Vec<BTreeSet<usize>> =
                steps.parents.iter().map(|reads| self.resolve(reads).into_iter().collect()).collect();
            for (step, parents) in parents.into_iter().enumerate() {
                put(&mut self.parents, first + step, parents);
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
                    noise
                }
            };
            let read = inputs.iter().enumerate().filter(|(input, _)| depends.contains(input));
            let reads = read.map(|(_, expr)| self.survey.facts(*expr, node, element).reads.clone());
            let mut reads: BTreeSet<usize> = reads.flat_map(|reads| self.resolve(&reads)).collect();
            reads.insert(noise);
            self.set_parents(id, element, reads);
        }
    }

    /// The states of a dynamics read whatever it reads, and share its noises: their readings hang together, and on all of
    /// that.
    fn driven(&mut self) {
        for run in 0..self.model.dynamics.len() {
            let own = |id: &NodeId| self.model.run_of(*id) == Some(run);
            let members = self.model.reads_of_run(run);
            let starts = members.iter().filter(|id| own(id)).flat_map(|id| self.model.reads(*id));
            let outside: BTreeSet<NodeId> =
                members.iter().copied().chain(starts).filter(|id| !own(id)).collect();
            // Each run of a draw over axes has noises of its own.
            let axes = self.model.dynamics.get(run).map_or(&[][..], |dynamics| dynamics.axes.as_slice());
            let runs: usize = axes.iter().map(|axis| self.model.axis(*axis).size()).product();
            let noises: Vec<usize> = (0..runs).map(|_| self.hidden()).collect();
            let mut read = BTreeSet::new();
            for id in outside {
                for element in 0..self.model.elements(self.model.node(id)) {
                    read.extend(self.resolve(&self.survey.element(id, element).reads));
                }
                // Of a chain of draws its steps are read, each by its own name.
                let steps = self.survey.steps.iter().find(|steps| self.model.run_of(id) == Some(steps.run));
                for vertex in steps.into_iter().flat_map(|steps| steps.first..steps.first + steps.count) {
                    read.extend(self.stands.get(vertex).copied());
                }
            }
            let states = members.iter().filter(|id| own(id) && self.model.node(**id).role == Role::State);
            for &id in states {
                let count = self.model.elements(self.model.node(id));
                for element in 0..count {
                    let vertex = self.survey.vertex(id, element).expect("states are vertices");
                    let noise = noises.get(element * runs / count);
                    let parents = self.parents.get_mut(vertex);
                    parents.into_iter().for_each(|parents| parents.extend(read.iter().chain(noise)));
                }
            }
        }
    }

    /// Adds a vertex that no node owns: noise.
    fn hidden(&mut self) -> usize {
        let vertex = self.stands.len();
        self.stands.push(vertex);
        self.origin.push(None);
        self.owner.push(None);
        self.parents.push(BTreeSet::new());
        vertex
    }

    /// Each vector or function drawn at once reads all its arguments and shares one noise, which makes its elements siblings.
    fn vectors(&mut self, id: NodeId, node: &Node, draw: &Draw) {
        let length = node.axes.last().map_or(1, |axis| self.model.axis(*axis).size());
        for row in 0..self.model.elements(node) / length {
            let first = row * length;
            let reads = draw.exprs().map(|expr| self.survey.facts(expr, node, first).reads.clone());
            let mut reads: BTreeSet<usize> = reads.flat_map(|reads| self.resolve(&reads)).collect();
            let noise = self.hidden();
            reads.insert(noise);
            (first..first + length).for_each(|element| self.set_parents(id, element, reads.clone()));
        }
    }

    fn resolve(&self, reads: &[u32]) -> Vec<usize> {
        reads.iter().filter_map(|&vertex| self.stands.get(vertex as usize).copied()).collect()
    }

    fn set_parents(&mut self, node: NodeId, element: usize, mut parents: BTreeSet<usize>) {
        let vertex = self.survey.vertex(node, element).expect("only vertices have parents");
        if self.lives(vertex) {
            parents.remove(&vertex);
            put(&mut self.parents, vertex, parents);
        }
    }

    /// Replaces what was gathered for the targets of `depends` statements.
    fn overrule(&mut self) {
        for depends in &self.model.depends {
            let target = self.model.node(depends.target);
            for element in 0..self.model.elements(target) {
                let Some(vertex) = self.survey.element(depends.target, element).same else { continue };
                let Some(&vertex) = self.stands.get(vertex as usize) else { continue };
                let sources = depends.sources.iter();
                let mut parents: BTreeSet<usize> =
                    sources.flat_map(|source| self.told(source, depends.target, element)).collect();
                parents.remove(&vertex);
                put(&mut self.parents, vertex, parents);
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
        elements.flat_map(|other| self.resolve(&self.survey.element(source.node, other).reads)).collect()
    }

    /// Numbers the vertices that live: noises first, then node by node in Kahn's order.
    fn number(self) -> Result<Vertices, Cycle> {
        let nodes = self.order()?;
        let mut members: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.model.nodes.len()];
        let mut sequence = Vec::new();
        for vertex in (0..self.stands.len()).filter(|&vertex| self.lives(vertex)) {
            match self.owner.get(vertex).copied().flatten() {
                Some((node, element)) => {
                    members.get_mut(node.0).into_iter().for_each(|list| list.push((element, vertex)))
                }
                None => sequence.push(vertex),
            }
        }
        for node in nodes {
            let Some(list) = members.get_mut(node.0) else { continue };
            list.sort_unstable();
            sequence.extend(list.iter().map(|(_, vertex)| *vertex));
        }
        let mut number = vec![0; self.stands.len()];
        sequence.iter().enumerate().for_each(|(place, &vertex)| put(&mut number, vertex, place));
        let mut parents = vec![Bits::new(sequence.len()); sequence.len()];
        for (&vertex, row) in sequence.iter().zip(&mut parents) {
            let reads = self.parents.get(vertex).into_iter().flatten();
            reads.filter_map(|parent| number.get(*parent)).for_each(|&parent| row.insert(parent));
        }
        let tokens = sequence.iter().enumerate();
        let tokens = tokens.filter_map(|(place, &vertex)| Some((place, self.token(vertex)?))).collect();
        Ok(Vertices { parents, tokens })
    }

    /// The nodes that own vertices, each after those it reads.
    fn order(&self) -> Result<Vec<NodeId>, Cycle> {
        let mut reads = vec![BTreeSet::new(); self.model.nodes.len()];
        for (parents, owner) in self.parents.iter().zip(&self.owner) {
            let Some((node, _)) = owner else { continue };
            let owners = parents.iter().filter_map(|parent| self.owner.get(*parent).copied().flatten());
            let others = owners.map(|(other, _)| other.0).filter(|other| *other != node.0);
            reads.get_mut(node.0).into_iter().for_each(|set| set.extend(others.clone()));
        }
        let reads: Vec<Vec<usize>> = reads.into_iter().map(|set| set.into_iter().collect()).collect();
        match order::order(&reads, &self.model.ranks()) {
            Ok(order) => Ok(order.into_iter().map(NodeId).collect()),
            Err(circle) => Err(Cycle(circle.into_iter().map(NodeId).collect())),
        }
    }

    fn token(&self, vertex: usize) -> Option<Token> {
        let (id, element) = self.owner.get(vertex).copied().flatten()?;
        let node = self.model.node(id);
        let is_token = matches!(node.role, Role::Param | Role::Data);
        is_token.then(|| Token {
            role: node.role,
            name: self.model.element_name(node, element),
            node: id,
            element,
            support: self.support(vertex),
        })
    }

    /// What is known of the values at a vertex: the range of its distribution where the arguments are constant.
    fn support(&self, vertex: usize) -> Support {
        let Some((id, element)) = self.origin.get(vertex).copied().flatten() else {
            let drawn = self.survey.steps.iter().find_map(|steps| steps.draw(self.model, vertex));
            let number = |expr| self.survey.known(expr).and_then(|values| values.first().copied());
            return drawn.map_or(Support::REAL, |draw| draw.support(&number));
        };
        let node = self.model.node(id);
        let Definition::Draw(draw) = &node.definition else { return Support::REAL };
        draw.support(&|expr| self.survey.facts(expr, node, element).constant)
    }
}

fn put<T>(list: &mut [T], place: usize, value: T) {
    *list.get_mut(place).expect("vertices are numbered within their list") = value;
}
