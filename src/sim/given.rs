//! A model whose values come from a table, and what of it then has a density.

use crate::dist::measure;
use crate::lower::Output;
use sbi_model::{
    AxisId, AxisKind, ChangeKind, Definition, Draw, Expr, ExprId, Index, Model, Node, NodeId, Reducer, Role,
};
use sbi_syntax::{Diagnostic, Span};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

/// What is said of what has no density.
pub(crate) const NO_DENSITY: &str = "has no density";

/// Something of a model that is known by simulating alone: it has no density that could be computed, or no way to the
/// real line.
#[derive(Clone, Debug, PartialEq)]
pub struct Implicit {
    /// The node of which that is true.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// What stands in the way, in a sentence.
    pub message: String,
}

/// Why nothing was compiled.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Something has no density, or is not one-to-one with real numbers.
    Implicit(Implicit),
    /// The model takes too many steps.
    TooLarge(Box<Diagnostic>),
}

impl Implicit {
    pub(crate) fn new(node: &Node, reason: &str) -> Implicit {
        let message = format!("`{}` {reason}", node.name);
        Implicit { name: node.name.clone(), span: node.span, message }
    }
}

impl fmt::Display for Implicit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Implicit {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Implicit(implicit) => implicit.fmt(f),
            Refusal::TooLarge(told) => f.write_str(&told.message),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Implicit> for Refusal {
    fn from(implicit: Implicit) -> Refusal {
        Refusal::Implicit(implicit)
    }
}

impl From<Diagnostic> for Refusal {
    fn from(told: Diagnostic) -> Refusal {
        Refusal::TooLarge(Box::new(told))
    }
}

/// Which columns of a table have the values of what.
pub(crate) struct Given<'m> {
    model: &'m Model,
    /// The columns of all elements of a node.
    nodes: HashMap<NodeId, Vec<usize>>,
    /// The columns of all coordinates of an axis.
    axes: HashMap<AxisId, Vec<usize>>,
    /// Of data that merely equal something drawn: that, which then has their columns too.
    drawn: HashMap<NodeId, NodeId>,
}

impl<'m> Given<'m> {
    pub fn of(model: &'m Model, columns: &[Output]) -> Given<'m> {
        let place: HashMap<Output, usize> =
            columns.iter().enumerate().map(|(place, output)| (*output, place)).collect();
        let all = |count: usize, of: &dyn Fn(usize) -> Output| -> Option<Vec<usize>> {
            (0..count).map(|k| place.get(&of(k)).copied()).collect()
        };
        // A node of which the first element is not there is not given: most need not be looked at whole.
        // Readings of a function or a state do not tell it.
        let told = model.numbered().filter(|(id, node)| !node.curve && model.run_of(*id).is_none());
        let nodes = told.filter_map(|(id, node)| {
            place.get(&Output::Element(id, 0))?;
            Some((id, all(model.elements(node), &|k| Output::Element(id, k))?))
        });
        let axes = model.axes.iter().enumerate().filter_map(|(id, axis)| {
            place.get(&Output::Coordinate(AxisId(id), 0))?;
            Some((AxisId(id), all(axis.size(), &|k| Output::Coordinate(AxisId(id), k))?))
        });
        let (nodes, axes) = (nodes.collect(), axes.collect());
        let mut given = Given { model, nodes, axes, drawn: HashMap::new() };
        for (id, _) in model.numbered().filter(|(_, node)| node.role == Role::Data) {
            if let (Some(columns), Some(drawn)) = (given.nodes.get(&id).cloned(), given.merely(id))
                && !given.nodes.contains_key(&drawn)
            {
                given.nodes.insert(drawn, columns);
                given.drawn.insert(id, drawn);
            }
        }
        given
    }

    /// The draw that a computed node merely equals, element by element.
    fn merely(&self, mut id: NodeId) -> Option<NodeId> {
        let axes = &self.model.node(id).axes;
        while let Definition::Equals(expr) = self.model.node(id).definition {
            let Expr::Element { node, index } = self.model.expr(expr) else { return None };
            let same = axes.iter().map(|axis| Index::Same(*axis)).eq(index.iter().copied());
            if !same || self.model.node(*node).axes != *axes {
                return None;
            }
            id = *node;
        }
        let node = self.model.node(id);
        let drawn = matches!(node.definition, Definition::Draw(_)) && node.role == Role::Latent;
        drawn.then_some(id)
    }

    /// The columns of a node.
    pub fn columns(&self, id: NodeId) -> Option<&[usize]> {
        self.nodes.get(&id).map(Vec::as_slice)
    }

    /// The columns of an axis's coordinates.
    pub fn coordinates(&self, axis: AxisId) -> Option<&[usize]> {
        self.axes.get(&axis).map(Vec::as_slice)
    }

    /// Whether the values of a draw stand in the columns of a datum that equals it.
    pub fn stands_for_data(&self, id: NodeId) -> bool {
        self.drawn.values().any(|drawn| *drawn == id)
    }

    /// The draw that makes a node what it is, if its values are given.
    ///
    /// # Errors
    /// [`Implicit`] where there is none.
    pub fn draw_of(&self, id: NodeId) -> Result<(NodeId, &'m Draw), Implicit> {
        let node = self.model.node(id);
        let drawn = self.drawn.get(&id).copied().unwrap_or(id);
        let lacks = |reason: &str| Err(Implicit::new(node, &format!("{NO_DENSITY}: {reason}")));
        match &self.model.node(drawn).definition {
            Definition::Draw(draw) if !node.curve => match measure(draw) {
                _ if !self.nodes.contains_key(&id) => lacks("no values of it are given"),
                Some(_) => Ok((drawn, draw)),
                None => lacks("it mixes whole numbers and real ones"),
            },
            Definition::Draw(_) => lacks("it is a function of time"),
            Definition::External { .. } => lacks("a program from outside gives it"),
            _ => lacks("it is computed, not drawn"),
        }
    }

    /// All nodes that must be computed for the distributions of these draws, each behind the node that is told of.
    ///
    /// # Errors
    /// [`Implicit`] for the first that depends on what is random and not given, with what it `lacks` then.
    pub fn behind(&self, targets: &[(NodeId, NodeId)], lacks: &str) -> Result<BTreeSet<NodeId>, Implicit> {
        let mut needed = BTreeSet::new();
        for (told, drawn) in targets {
            let mut open = vec![*drawn];
            while let Some(id) = open.pop() {
                let reads = self.reads(id).map_err(|what| {
                    Implicit::new(self.model.node(*told), &format!("{lacks}: it depends on {what}"))
                })?;
                let reads = reads.into_iter().filter(|read| !self.nodes.contains_key(read));
                open.extend(reads.filter(|read| needed.insert(*read)));
            }
        }
        Ok(needed)
    }

    /// What a node reads, and its dynamics if it has one.
    ///
    /// # Errors
    /// What of it is random and not given.
    fn reads(&self, id: NodeId) -> Result<BTreeSet<NodeId>, String> {
        let mut reads = self.model.reads(id);
        let mut roots: Vec<ExprId> = self.model.node(id).exprs().collect();
        if let Some(run) = self.model.run_of(id) {
            reads.extend(self.model.reads_of_run(run));
            roots.extend(self.model.dynamics.get(run).into_iter().flat_map(|dynamics| dynamics.exprs()));
        }
        if let Some(axis) = self.unknown_axis(roots) {
            let name = &self.model.axis(axis).name;
            return Err(format!(
                "the elements of `{name}`, which differ between data sets and are not given"
            ));
        }
        for read in &reads {
            self.fixed(*read)?;
        }
        Ok(reads)
    }

    /// Fails with what a node is where it is random and not given.
    fn fixed(&self, id: NodeId) -> Result<(), String> {
        let node = self.model.node(id);
        let name = &node.name;
        if self.nodes.contains_key(&id) {
            return Ok(());
        }
        match node.definition {
            Definition::Draw(_) if node.curve => return Err(format!("`{name}`, a random function of time")),
            Definition::Draw(_) => return Err(format!("`{name}`, which is drawn and not given")),
            Definition::Noise => return Err(format!("`{name}`, a noise")),
            Definition::External { .. } => {
                return Err(format!("`{name}`, which a program from outside gives"));
            }
            Definition::Equals(_) | Definition::Table(_) | Definition::Series(_) => {}
        }
        let Some(dynamics) = self.model.run_of(id).and_then(|run| self.model.dynamics.get(run)) else {
            return Ok(());
        };
        let random = dynamics.changes.iter().any(|change| matches!(change.kind, ChangeKind::Draw(_)));
        match random || !dynamics.jumps.is_empty() {
            true => Err(format!("`{name}`, which changes at random")),
            false => Ok(()),
        }
    }

    /// An axis whose elements these expressions look at, where they are not known.
    fn unknown_axis(&self, mut open: Vec<ExprId>) -> Option<AxisId> {
        let mut seen = HashSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let expr = self.model.expr(id);
            let unknown = match *expr {
                Expr::Coordinate(axis) => self.unplaced(axis).then_some(axis),
                Expr::Reduce { reducer, axis, .. } => {
                    let unplaced = reducer == Reducer::Integral && self.unplaced(axis);
                    (unplaced || self.unsized_axis(axis)).then_some(axis)
                }
                _ => None,
            };
            if unknown.is_some() {
                return unknown;
            }
            open.extend(expr.operands());
        }
        None
    }

    fn unplaced(&self, axis: AxisId) -> bool {
        matches!(self.model.axis(axis).kind, AxisKind::Scattered { .. }) && !self.axes.contains_key(&axis)
    }

    fn unsized_axis(&self, axis: AxisId) -> bool {
        let over = |id: &NodeId| self.model.node(*id).axes.contains(&axis);
        self.model.axis(axis).varies() && !self.axes.contains_key(&axis) && !self.nodes.keys().any(over)
    }

    /// The columns that tell how many elements of an axis a data set has, each with its place along the axis: those of the
    /// elements that it has are no NaN.
    pub fn along(&self, axis: AxisId) -> Vec<(usize, usize)> {
        let coordinates = self.axes.get(&axis).into_iter().flatten().copied().enumerate();
        let mut along: Vec<(usize, usize)> = coordinates.collect();
        for (id, columns) in &self.nodes {
            let node = self.model.node(*id);
            let Some(depth) = node.axes.iter().position(|of| *of == axis) else { continue };
            let behind = node.axes.iter().skip(depth + 1);
            let stride: usize = behind.map(|axis| self.model.axis(*axis).size()).product();
            let size = self.model.axis(axis).size();
            along.extend(
                columns.iter().enumerate().map(|(element, column)| (element / stride % size, *column)),
            );
        }
        along.sort_unstable();
        along
    }
}
