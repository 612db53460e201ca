//! A model: its names first, then its definitions in the order in which they read each other, then what
//! can be checked only of the whole.

use super::arena::Arena;
use super::codes::{CYCLE, EMPTY_MODEL, NOT_YET, TOO_LARGE};
use super::constant::Constants;
use super::demand::Demanded;
use super::names::{Names, Symbol};
use super::outside::Outside;
use super::value::{Sort, Value};
use super::{axis, limits, walk};
use crate::vertices::Cycle;
use crate::{
    Axis, AxisId, Definition, ExprId, Graph, Mask, Model, Node, NodeId, Role, Support, Token, order,
};
use sbi_syntax::tree::{self, Statement};
use sbi_syntax::{Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A model that has been looked at, sound or not.
pub(super) struct Looked<'t> {
    pub(super) model: Model,
    pub(super) names: Names<'t>,
    pub(super) constants: Constants<'t>,
    /// The axes of each node; `None` where they were refused.
    pub(super) shapes: Vec<Option<Vec<AxisId>>>,
    sorts: Vec<Sort>,
    /// The tokens; where the model has no graph, those that its declarations would give it. None where there would be
    /// too many of them.
    pub(super) graph: Option<Graph>,
    /// The token that is an element of a node.
    tokens: HashMap<(NodeId, usize), usize>,
    pub(super) span: Span,
}

/// What a statement that defines a node says.
#[derive(Clone, Copy)]
pub(super) enum Written<'t> {
    Node(&'t tree::Node),
    Let(&'t tree::Let),
    Const(&'t tree::Const),
}

/// A model in the making.
pub(super) struct Builder<'t> {
    pub(super) outside: &'t Outside<'t>,
    pub(super) names: Names<'t>,
    pub(super) constants: Constants<'t>,
    pub(super) axes: Vec<Axis>,
    pub(super) nodes: Vec<Node>,
    /// What is written of each node.
    pub(super) written: Vec<Written<'t>>,
    /// The axes of each node; `None` where they were refused, so that no reading of it is checked.
    pub(super) shapes: Vec<Option<Vec<AxisId>>>,
    pub(super) sorts: Vec<Sort>,
    pub(super) arena: Arena,
    pub(super) told: Vec<Diagnostic>,
    /// What is sound but not run by this version.
    pub(super) later: Vec<Diagnostic>,
    pub(super) demands: Vec<Demanded>,
    /// Whether a NaN stands somewhere for an expression that has been refused.
    pub(super) patched: bool,
    /// The first unit that is written.
    pub(super) unit: Option<Span>,
    /// The functions being inlined, outermost first.
    pub(super) calls: Vec<&'t str>,
    /// The functions whose bodies are told to be wrong.
    pub(super) refused: BTreeSet<&'t str>,
    pub(super) inlined: HashMap<(&'t str, Vec<ExprId>), Value>,
}

/// Looks at a model; what is wrong goes to `told`.
pub(super) fn model<'t>(
    tree: &'t tree::Model,
    outside: &'t Outside<'t>,
    told: &mut Vec<Diagnostic>,
    unit: &mut Option<Span>,
) -> Looked<'t> {
    let mut builder = Builder::new(outside);
    builder.declare(&tree.body);
    builder.functions(&tree.body);
    let acyclic = builder.define();
    let depends = builder.depends(&tree.body);
    let model = Model {
        name: tree.name.text.clone(),
        axes: std::mem::take(&mut builder.axes),
        nodes: std::mem::take(&mut builder.nodes),
        exprs: std::mem::take(&mut builder.arena.exprs),
        order: Vec::new(),
        depends,
        later: std::mem::take(&mut builder.later),
    };
    let (model, graph) = builder.finish(model, acyclic, tree.name.span);
    let graph = graph.or_else(|| sketch(&model));
    *unit = unit.or(builder.unit);
    told.append(&mut builder.told);
    let tokens = graph.iter().flat_map(|graph| graph.tokens.iter().enumerate());
    let tokens = tokens.map(|(number, token)| ((token.node, token.element), number)).collect();
    let Builder { names, constants, shapes, sorts, .. } = builder;
    Looked { model, names, constants, shapes, sorts, graph, tokens, span: tree.name.span }
}

impl Looked<'_> {
    /// The number of the token that is an element of a node.
    pub(super) fn token(&self, node: NodeId, element: usize) -> Option<usize> {
        self.tokens.get(&(node, element)).copied()
    }
}

impl<'t> Builder<'t> {
    pub(super) fn new(outside: &'t Outside<'t>) -> Builder<'t> {
        Builder {
            outside,
            names: outside.names.clone(),
            constants: outside.constants.clone(),
            axes: Vec::new(),
            nodes: Vec::new(),
            written: Vec::new(),
            shapes: Vec::new(),
            sorts: Vec::new(),
            arena: Arena::default(),
            told: Vec::new(),
            later: Vec::new(),
            demands: Vec::new(),
            patched: false,
            unit: None,
            calls: Vec::new(),
            refused: outside.refused.clone(),
            inlined: HashMap::new(),
        }
    }

    /// A builder that knows what a finished model defines, to check expressions about it.
    pub(super) fn of(looked: &Looked<'t>, outside: &'t Outside<'t>) -> Builder<'t> {
        Builder {
            names: looked.names.clone(),
            constants: looked.constants.clone(),
            axes: looked.model.axes.clone(),
            nodes: looked.model.nodes.clone(),
            shapes: looked.shapes.clone(),
            sorts: looked.sorts.clone(),
            ..Builder::new(outside)
        }
    }

    /// Gives every name of the body its meaning: constants, then axes, then what stands on them.
    fn declare(&mut self, body: &'t [Statement]) {
        for statement in body {
            if let Statement::Const(constant) = statement {
                self.constants.add(constant);
            }
        }
        for statement in body {
            if let Statement::Axis(axis) = statement {
                self.declare_axis(axis);
            }
        }
        for statement in body {
            match statement {
                Statement::Axis(_) | Statement::Depends(_) => {}
                Statement::Node(node) => self.declare_node(Written::Node(node)),
                Statement::Let(binding) => self.declare_node(Written::Let(binding)),
                Statement::Const(constant) => self.declare_node(Written::Const(constant)),
                Statement::Function(function) => self.introduce(&function.name, Symbol::Function(function)),
                other => self.refuse(other),
            }
        }
    }

    fn introduce(&mut self, name: &'t tree::Name, symbol: Symbol<'t>) {
        self.told.extend(self.names.define(name, symbol).err());
    }

    fn declare_axis(&mut self, statement: &'t tree::Axis) {
        let id = match axis::axis(statement, &self.constants) {
            Ok(axis) => {
                if axis.is_row() {
                    let message = "only axes of the kind `index` are run in this version";
                    self.later.push(NOT_YET.at(statement.kind.span, message).help("write `index(10)`"));
                }
                self.unit = self.unit.or(axis.unit.is_some().then_some(statement.kind.span));
                self.axes.push(axis);
                Some(AxisId(self.axes.len() - 1))
            }
            Err(told) => {
                self.told.extend(told);
                None
            }
        };
        self.introduce(&statement.name, Symbol::Axis(id));
    }

    fn declare_node(&mut self, written: Written<'t>) {
        let (target, unit, doc) = match written {
            Written::Node(node) => (&node.target, &node.unit, &node.doc),
            Written::Let(binding) => (&binding.target, &binding.unit, &binding.doc),
            Written::Const(constant) => (&constant.target, &constant.unit, &constant.doc),
        };
        let role = match written {
            Written::Node(tree::Node { role: tree::Role::Param, .. }) => Role::Param,
            Written::Node(tree::Node { role: tree::Role::Latent, .. }) => Role::Latent,
            Written::Node(tree::Node { role: tree::Role::Data, .. }) => Role::Data,
            Written::Let(_) | Written::Const(_) => Role::Let,
        };
        let id = NodeId(self.nodes.len());
        if let Err(told) = self.names.define(&target.name, Symbol::Node(id)) {
            self.told.push(told);
            return;
        }
        let shape = self.target_axes(target);
        self.unit = self.unit.or(unit.as_ref().map(|unit| unit.span));
        self.nodes.push(Node {
            name: target.name.text.clone(),
            role,
            axes: shape.clone().unwrap_or_default(),
            definition: Definition::Table(Vec::new()),
            unit: unit.as_ref().map(|unit| unit.text.clone()),
            doc: doc.as_ref().map(|doc| doc.text.clone()),
            span: target.name.span,
        });
        self.written.push(written);
        self.shapes.push(shape);
        self.sorts.push(Sort::Number);
    }

    /// Says that a statement is not supported yet; its names are known as refused.
    fn refuse(&mut self, statement: &'t Statement) {
        let (what, span, name, help) = match statement {
            Statement::Dynamics(dynamics) => (
                "`dynamics` is",
                dynamics.span,
                Some(&dynamics.name),
                "until then write the steps as nodes: `latent y_2 ~ normal(y_1, 1)`",
            ),
            Statement::Modality(modality) => (
                "`modality` is",
                modality.span,
                Some(&modality.name),
                "until then write its data in the model itself: each is a token of its own",
            ),
            Statement::Missing(missing) => (
                "`missing` is",
                missing.span,
                None,
                "leave it out: a query need not mention all data, and what it does not mention is left out",
            ),
            Statement::Return(returned) => (
                "`return` outside a `simulator` is",
                returned.span,
                None,
                "a model returns nothing: remove it",
            ),
            Statement::Setting(setting) => ("settings of a model are", setting.span, None, "remove it"),
            // The parser has told of a bad line already.
            Statement::Bad(bad) => {
                bad.name.iter().for_each(|name| drop(self.names.define(name, Symbol::Refused)));
                return;
            }
            _ => return,
        };
        let at = name.map_or(span, |name| name.span);
        self.told.push(NOT_YET.at(at, format!("{what} not supported yet")).help(help));
        name.into_iter().for_each(|name| self.introduce(name, Symbol::Refused));
        if let Statement::Modality(modality) = statement {
            for inner in &modality.body {
                if let Statement::Node(node) = inner {
                    self.introduce(&node.target.name, Symbol::Refused);
                }
            }
        }
    }

    /// Checks all definitions, each after those it reads; says whether there was such an order.
    fn define(&mut self) -> bool {
        let mut reads: Vec<Vec<usize>> = (0..self.nodes.len()).map(|node| self.reads(node)).collect();
        let ranks: Vec<usize> = (0..reads.len()).collect();
        let mut acyclic = true;
        let order = loop {
            match order::order(&reads, &ranks) {
                Ok(order) => break order,
                Err(circle) => {
                    acyclic = false;
                    let told = self.circle(&circle, "reads");
                    self.told.push(told);
                    // The circle is cut at all its places, so that the next one is found.
                    for (place, node) in circle.iter().enumerate() {
                        let next = circle.get((place + 1) % circle.len());
                        reads
                            .get_mut(*node)
                            .into_iter()
                            .for_each(|list| list.retain(|read| Some(read) != next));
                    }
                }
            }
        };
        for node in order {
            self.define_node(NodeId(node));
        }
        acyclic
    }

    /// The nodes whose names the definition of a node reads, through functions too.
    fn reads(&self, node: usize) -> Vec<usize> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut names = Vec::new();
        match self.written.get(node) {
            Some(Written::Node(node)) => walk::defined(&node.definition, &mut |name| names.push(name)),
            Some(Written::Let(binding)) => walk::names(&binding.value, &mut |name| names.push(name)),
            Some(Written::Const(constant)) => walk::fixed(&constant.value, &mut |name| names.push(name)),
            None => {}
        }
        while let Some(name) = names.pop() {
            match self.names.get(name) {
                Some(Symbol::Node(id)) => drop(found.insert(id.0)),
                Some(Symbol::Function(function)) if seen.insert(name) => {
                    let is_input = |name: &str| function.inputs.iter().any(|input| input.name.text == name);
                    walk::names(&function.body, &mut |name| {
                        if !is_input(name) {
                            names.push(name);
                        }
                    });
                }
                _ => {}
            }
        }
        found.into_iter().collect()
    }

    fn circle(&self, circle: &[usize], reads: &str) -> Diagnostic {
        let nodes: Vec<&Node> = circle.iter().filter_map(|node| self.nodes.get(*node)).collect();
        describe_circle(&nodes, reads)
    }

    /// Orders, measures and tries the finished model.
    fn finish(&mut self, model: Model, acyclic: bool, span: Span) -> (Model, Option<Graph>) {
        let (mut model, number) = tidy(model);
        let demands = std::mem::take(&mut self.demands).into_iter();
        self.demands =
            demands.filter_map(|demanded| demanded.renumber(|id| number.get(&id).copied())).collect();
        if self.arena.full {
            self.told.push(too_many(span, &model.name));
        }
        if !acyclic || self.arena.full {
            return (model, None);
        }
        let reads: Vec<Vec<usize>> = model
            .numbered()
            .map(|(id, _)| model.reads(id).into_iter().map(|node| node.0).collect())
            .collect();
        model.order = match order::order(&reads, &model.ranks()) {
            Ok(order) => order.into_iter().map(NodeId).collect(),
            Err(_) => unreachable!("the tree was found to have no circle"),
        };
        if let Some(told) = limits::sizes(&model) {
            self.told.push(told);
            return (model, None);
        }
        self.demand(&model);
        if !model.later.is_empty() {
            return (model, None);
        }
        let graph = match Graph::try_of(&model) {
            Ok(graph) => graph,
            Err(Cycle(nodes)) => {
                let nodes: Vec<&Node> = nodes.into_iter().map(|node| model.node(node)).collect();
                self.told.push(describe_circle(&nodes, "depends on"));
                return (model, None);
            }
        };
        if let Some(told) = limits::tokens(&model, graph.tokens.len()) {
            self.told.push(told);
            return (model, None);
        }
        if graph.tokens.is_empty() && self.told.is_empty() {
            let message = format!("`{}` has neither parameters nor data", model.name);
            self.told.push(EMPTY_MODEL.at(span, message).help("add one: `param theta ~ uniform(-1, 1)`"));
        }
        (model, Some(graph))
    }
}

/// A graph without edges over all that is declared as parameter or datum: enough to check the queries of a model that
/// has no graph of its own.
fn sketch(model: &Model) -> Option<Graph> {
    let declared = || model.numbered().filter(|(_, node)| matches!(node.role, Role::Param | Role::Data));
    let sizes = declared().map(|(_, node)| model.elements(node));
    if sizes.fold(0, usize::saturating_add) > limits::ELEMENTS {
        return None;
    }
    let tokens = declared().flat_map(|(id, node)| {
        (0..model.elements(node)).map(move |element| Token {
            name: model.element_name(node, element),
            role: node.role,
            node: id,
            element,
            support: Support::REAL,
        })
    });
    Some(Graph { tokens: tokens.collect(), base: Mask::empty(0) })
}

pub(super) fn too_many(span: Span, name: &str) -> Diagnostic {
    TOO_LARGE
        .at(span, format!("`{name}` has too many expressions: functions that call each other multiply them"))
        .help("name intermediate results with `let`, which are computed once")
}

fn describe_circle(nodes: &[&Node], reads: &str) -> Diagnostic {
    let first = nodes.first().expect("a circle has a node");
    if nodes.len() == 1 {
        return CYCLE
            .at(first.span, format!("`{}` {reads} itself", first.name))
            .help("what a quantity is at the step before can be read only in `dynamics`");
    }
    let names: Vec<String> = nodes.iter().chain([first]).map(|node| format!("`{}`", node.name)).collect();
    let mut told = CYCLE.at(first.span, format!("a circle: {}", names.join(&format!(" {reads} "))));
    for (node, next) in nodes.iter().zip(nodes.iter().skip(1).chain([first])) {
        told = told.label(node.span, format!("`{}` {reads} `{}`", node.name, next.name));
    }
    told.help("a quantity may only read what can be known before it: let one of them not read the next")
}

/// Drops the expressions that no node uses, those of functions that were only checked, and says how the
/// others are numbered now.
fn tidy(mut model: Model) -> (Model, BTreeMap<ExprId, ExprId>) {
    let mut used = vec![false; model.exprs.len()];
    let roots: Vec<ExprId> = model.nodes.iter().flat_map(Node::exprs).collect();
    let mark =
        |used: &mut Vec<bool>, id: ExprId| *used.get_mut(id.0).expect("an expression is in its arena") = true;
    roots.into_iter().for_each(|id| mark(&mut used, id));
    for (id, expr) in model.exprs.iter().enumerate().rev() {
        if used.get(id) == Some(&true) {
            expr.operands().for_each(|operand| mark(&mut used, operand));
        }
    }
    let mut number = BTreeMap::new();
    let kept = std::mem::take(&mut model.exprs)
        .into_iter()
        .enumerate()
        .filter(|(id, _)| used.get(*id) == Some(&true));
    for (place, (id, mut expr)) in kept.enumerate() {
        number.insert(ExprId(id), ExprId(place));
        let renumber = |id: &mut ExprId| *id = *number.get(id).expect("operands come first");
        expr.operands_mut().for_each(renumber);
        model.exprs.push(expr);
    }
    for node in &mut model.nodes {
        node.definition.exprs_mut().for_each(|id| *id = *number.get(id).expect("what a node uses is kept"));
    }
    (model, number)
}
