//! Models and files, checked.

use crate::{
    Approximator, Axis, AxisId, Depends, Dynamics, Expr, ExprId, External, Index, Missing, Modality, Node,
    NodeId, OnFailure, Query, Role, natural,
};
use sbi_syntax::Diagnostic;
use std::collections::BTreeSet;

/// A checked model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its axes.
    pub axes: Vec<Axis>,
    /// Its nodes, in the order written.
    pub nodes: Vec<Node>,
    /// Its dynamics, in the order written.
    pub dynamics: Vec<Dynamics>,
    /// The programs from outside that it draws from, once for each draw.
    pub externals: Vec<External>,
    /// Its expressions; operands come before what uses them.
    pub exprs: Vec<Expr>,
    /// All nodes so that each comes after what it reads (Kahn, smallest natural name first).
    pub order: Vec<NodeId>,
    /// Its `depends` statements; each overrides what was derived for its target.
    pub depends: Vec<Depends>,
    /// Its modalities, in the order written. Data outside of them belong to none.
    pub modalities: Vec<Modality>,
    /// Its `missing` statements.
    pub missing: Vec<Missing>,
    /// What becomes of a draw that fails.
    pub on_failure: OnFailure,
    /// The files read for its constants, as written in the spec.
    pub files: Vec<String>,
    /// What in it this version checks but does not simulate: one error for each such thing, for commands that would.
    pub later: Vec<Diagnostic>,
    /// What in it this version simulates, and does not train on.
    pub unlearned: Vec<Diagnostic>,
}

/// A checked file: models, approximators and queries, with everything resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The models.
    pub models: Vec<Model>,
    /// The approximators, the default one included where a query needs it.
    pub approximators: Vec<Approximator>,
    /// The queries.
    pub queries: Vec<Query>,
}

impl Model {
    /// An axis of this model.
    pub fn axis(&self, id: AxisId) -> &Axis {
        self.axes.get(id.0).expect("an axis belongs to its model")
    }

    /// A node of this model.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0).expect("a node belongs to its model")
    }

    /// An expression of this model.
    pub fn expr(&self, id: ExprId) -> &Expr {
        self.exprs.get(id.0).expect("an expression belongs to its model")
    }

    /// The node of a name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.name == name).map(NodeId)
    }

    /// All nodes with what names them.
    pub fn numbered(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(id, node)| (NodeId(id), node))
    }

    /// The expressions that these are made of, themselves included, in rising order: operands first. Where `wanted`
    /// is false, neither an expression nor what only it is made of counts.
    pub(crate) fn below(
        &self,
        roots: impl IntoIterator<Item = ExprId>,
        wanted: impl Fn(ExprId) -> bool,
    ) -> BTreeSet<ExprId> {
        let mut found = BTreeSet::new();
        let mut waiting: Vec<ExprId> = roots.into_iter().collect();
        while let Some(id) = waiting.pop() {
            if wanted(id) && found.insert(id) {
                waiting.extend(self.expr(id).operands());
            }
        }
        found
    }

    /// The nodes that a node's expressions read, by their numbers. What reads a trajectory reads its dynamics whole.
    pub fn reads(&self, id: NodeId) -> BTreeSet<NodeId> {
        self.reads_of(self.node(id).exprs().collect())
    }

    /// The nodes that a dynamics is made of, and those that it reads.
    pub fn reads_of_run(&self, run: usize) -> BTreeSet<NodeId> {
        let Some(dynamics) = self.dynamics.get(run) else { return BTreeSet::new() };
        let members = dynamics.members.iter().flat_map(|id| self.node(*id).exprs());
        let mut found = self.reads_of(dynamics.exprs().into_iter().chain(members).collect());
        found.extend(&dynamics.members);
        found
    }

    fn reads_of(&self, mut roots: Vec<ExprId>) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        let mut runs = BTreeSet::new();
        while !roots.is_empty() {
            for id in self.below(std::mem::take(&mut roots), |_| true) {
                let run = match self.expr(id) {
                    Expr::Element { node, .. } => {
                        found.insert(*node);
                        continue;
                    }
                    Expr::Curve { node, .. } => {
                        found.insert(*node);
                        self.run_of(*node)
                    }
                    Expr::End { dynamics, .. } => Some(*dynamics),
                    _ => None,
                };
                let Some(dynamics) =
                    run.filter(|run| runs.insert(*run)).and_then(|run| self.dynamics.get(run))
                else {
                    continue;
                };
                found.extend(&dynamics.members);
                roots.extend(dynamics.exprs());
                roots.extend(dynamics.members.iter().flat_map(|id| self.node(*id).exprs()));
            }
        }
        found
    }

    /// The dynamics that a node is a member of, by its number.
    pub fn run_of(&self, node: NodeId) -> Option<usize> {
        self.dynamics.iter().position(|dynamics| dynamics.members.contains(&node))
    }

    /// Whether some failures of its draws are absent data, told by a column of their own.
    pub fn tells_failures(&self) -> bool {
        let own = self.externals.iter().filter_map(|external| external.on_failure);
        own.chain([self.on_failure]).any(|chosen| chosen == OnFailure::Absent)
    }

    /// A query to paste into a file that has none: all data given, all parameters inferred.
    pub fn sample_query(&self) -> String {
        let data = self.nodes.iter().filter(|node| node.role == Role::Data);
        let given: String = data.map(|node| format!("    given {} from \"data.csv\"\n", node.name)).collect();
        format!("query posterior {{\n{given}    infer params\n}}\n")
    }

    /// How many elements a node has; it saturates.
    pub fn elements(&self, node: &Node) -> usize {
        node.axes.iter().fold(1, |count: usize, axis| count.saturating_mul(self.axis(*axis).size()))
    }

    /// `x[2,3]` for an element of a node with axes, else the bare name; indices count from one.
    pub fn element_name(&self, node: &Node, element: usize) -> String {
        if node.axes.is_empty() {
            return node.name.clone();
        }
        let at = self.positions(node, element);
        let index =
            node.axes.iter().filter_map(|axis| at.get(axis.0)).map(|position| (position + 1).to_string());
        format!("{}[{}]", node.name, index.collect::<Vec<_>>().join(","))
    }

    /// Where an element of a node stands along each of its axes, from zero.
    pub fn places(&self, node: &Node, element: usize) -> Vec<usize> {
        let at = self.positions(node, element);
        node.axes.iter().filter_map(|axis| at.get(axis.0).copied()).collect()
    }

    /// Where an element of a node stands along each axis of the model, from zero; zero along axes it does not have.
    pub(crate) fn positions(&self, node: &Node, element: usize) -> Vec<usize> {
        let mut at = vec![0; self.axes.len()];
        let mut rest = element;
        for axis in node.axes.iter().rev() {
            let size = self.axis(*axis).size();
            if let Some(position) = at.get_mut(axis.0) {
                *position = rest % size;
            }
            rest /= size;
        }
        at
    }

    /// The row-major number of an element of a node, from an index for each of its axes.
    pub(crate) fn element(&self, node: NodeId, index: &[Index], same: impl Fn(AxisId) -> usize) -> usize {
        self.node(node).axes.iter().zip(index).fold(0, |element, (axis, index)| {
            let position = match *index {
                Index::Same(axis) => same(axis),
                Index::At(position) => position,
            };
            element * self.axis(*axis).size() + position
        })
    }

    /// The place of each node when all are sorted by the natural order of their names.
    pub(crate) fn ranks(&self) -> Vec<usize> {
        let mut sorted: Vec<(usize, &Node)> = self.nodes.iter().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| natural::compare(&a.name, &b.name));
        let mut ranks = vec![0; sorted.len()];
        for (rank, (id, _)) in sorted.into_iter().enumerate() {
            if let Some(place) = ranks.get_mut(id) {
                *place = rank;
            }
        }
        ranks
    }
}
