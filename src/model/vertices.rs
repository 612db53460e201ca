//! The vertices of a model's graph by the exact rule: its tokens, its latent elements and what is random without a name,
//! in topological order with the parents of each.

use crate::accepted::accept;
use crate::bits::Bits;
use crate::draft::Draft;
use crate::{Definition, Model, NodeId, Role, Support, Token, order};
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
    /// The number of each vertex of the draft that lives.
    pub(crate) number: Vec<Option<usize>>,
}

impl Vertices {
    /// # Errors
    /// A circle of nodes, which only dynamics that read each other and `depends` statements can make in a model with an
    /// order.
    pub(crate) fn of(model: &Model) -> Result<Vertices, Cycle> {
        Vertices::exact(&Draft::of(model, false))
    }

    /// As [`Vertices::of`], of what has been gathered.
    pub(crate) fn exact(draft: &Draft<'_>) -> Result<Vertices, Cycle> {
        if let Some(circle) = draft.drives.circle(draft.model, &draft.survey) {
            return Err(Cycle(circle));
        }
        Exact::of(draft).number()
    }
}

/// What is behind each vertex by the exact rule.
struct Exact<'a, 'm> {
    draft: &'a Draft<'m>,
    parents: Vec<BTreeSet<usize>>,
}

impl<'a, 'm> Exact<'a, 'm> {
    /// States are what they hang on: those whose changes nothing random enters are computed, and couple nothing.
    fn of(draft: &'a Draft<'m>) -> Exact<'a, 'm> {
        let states = draft.drives.states().map(|state| (state, draft.drives.behind(state)));
        let trajectories: BTreeMap<usize, BTreeSet<usize>> = states.collect();
        let behind = |(vertex, reads): (usize, &BTreeSet<usize>)| {
            let mut parents = BTreeSet::new();
            for &read in reads.iter().filter(|_| draft.lives(vertex)) {
                match trajectories.get(&draft.state_of(read).unwrap_or(read)) {
                    Some(behind) => {
                        parents.extend(behind.iter().filter_map(|&vertex| draft.stand_in(vertex)))
                    }
                    None => parents.extend(draft.stand_in(read)),
                }
            }
            parents.remove(&vertex);
            parents
        };
        Exact { draft, parents: draft.reads.iter().enumerate().map(behind).collect() }
    }

    /// Numbers the vertices that live: what no node owns first, then node by node in Kahn's order.
    fn number(self) -> Result<Vertices, Cycle> {
        let nodes = self.order()?;
        let draft = self.draft;
        let rests: BTreeMap<usize, NodeId> =
            draft.survey.rests.iter().map(|(id, rest)| (*rest, *id)).collect();
        let mut members: Vec<Vec<(usize, usize)>> = vec![Vec::new(); draft.model.nodes.len()];
        let mut sequence = Vec::new();
        for (vertex, owner) in draft.owner.iter().enumerate().filter(|(vertex, _)| draft.lives(*vertex)) {
            // What a function is between its readings comes after them.
            let owner = owner.or_else(|| rests.get(&vertex).map(|id| (*id, usize::MAX)));
            match owner.and_then(|(node, element)| Some((members.get_mut(node.0)?, element))) {
                Some((list, element)) => list.push((element, vertex)),
                None => sequence.push(vertex),
            }
        }
        for node in nodes {
            let Some(list) = members.get_mut(node.0) else { continue };
            list.sort_unstable();
            sequence.extend(list.iter().map(|(_, vertex)| *vertex));
        }
        let mut number = vec![None; draft.stands.len()];
        for (place, &vertex) in sequence.iter().enumerate() {
            *number.get_mut(vertex).expect("vertices are numbered within their list") = Some(place);
        }
        let mut parents = vec![Bits::new(sequence.len()); sequence.len()];
        for (&vertex, row) in sequence.iter().zip(&mut parents) {
            let reads = self.parents.get(vertex).into_iter().flatten();
            reads.filter_map(|parent| *number.get(*parent)?).for_each(|parent| row.insert(parent));
        }
        accept(draft, &number, &mut parents);
        let tokens = sequence.iter().enumerate();
        let tokens = tokens.filter_map(|(place, &vertex)| Some((place, self.token(vertex)?))).collect();
        Ok(Vertices { parents, tokens, number })
    }

    /// The nodes that own vertices, each after those it reads.
    fn order(&self) -> Result<Vec<NodeId>, Cycle> {
        let owner = |vertex: usize| self.draft.owner.get(vertex).copied().flatten();
        let mut reads = vec![BTreeSet::new(); self.draft.model.nodes.len()];
        for (vertex, parents) in self.parents.iter().enumerate() {
            let Some((node, _)) = owner(vertex) else { continue };
            let owners = parents.iter().filter_map(|parent| owner(*parent));
            let others = owners.map(|(other, _)| other.0).filter(|other| *other != node.0);
            reads.get_mut(node.0).into_iter().for_each(|set| set.extend(others.clone()));
        }
        let reads: Vec<Vec<usize>> = reads.into_iter().map(|set| set.into_iter().collect()).collect();
        match order::order(&reads, &self.draft.model.ranks()) {
            Ok(order) => Ok(order.into_iter().map(NodeId).collect()),
            Err(circle) => Err(Cycle(circle.into_iter().map(NodeId).collect())),
        }
    }

    fn token(&self, vertex: usize) -> Option<Token> {
        let (id, element) = self.draft.owner.get(vertex).copied().flatten()?;
        let node = self.draft.model.node(id);
        let is_token = matches!(node.role, Role::Param | Role::Data);
        is_token.then(|| Token {
            role: node.role,
            name: self.draft.model.element_name(node, element),
            node: id,
            element,
            support: self.support(vertex),
        })
    }

    /// What is known of the values at a vertex: the range of its distribution where the arguments are constant.
    fn support(&self, vertex: usize) -> Support {
        let Some((id, element)) = self.draft.origin.get(vertex).copied().flatten() else {
            let drawn = self.draft.survey.steps.iter().find_map(|steps| steps.draw(self.draft.model, vertex));
            let number = |expr| self.draft.survey.known(expr).and_then(|values| values.first().copied());
            return drawn.map_or(Support::REAL, |draw| draw.support(&number));
        };
        let node = self.draft.model.node(id);
        let Definition::Draw(draw) = &node.definition else { return Support::REAL };
        draw.support(&|expr| self.draft.survey.facts(expr, node, element).constant)
    }
}
