//! A model: its names first, then its definitions in the order in which they read each other, then what
//! can be checked only of the whole.

use super::arena::Arena;
use super::codes::{CYCLE, EMPTY_MODEL, INDEX_ARITHMETIC, SIMULATOR_BODY, TOO_LARGE};
use super::constant::Constants;
use super::demand::Demanded;
use super::dynamics::Run;
use super::files::Files;
use super::fixed::fixed_ends;
use super::home::{Drawn, Home, HomeId};
use super::mismatch::Slip;
use super::names::{Names, Symbol};
use super::noted::Noted;
use super::readings::Readings;
use super::unrun::{named_as_the_fact, unlearned, unrun};
use super::value::{Sort, Value};
use super::{axis, limits, modality};
use crate::units::{Dimension, Measure, Scale, Unit};
use crate::vertices::Cycle;
use crate::{
    Axis, AxisId, Definition, Dynamics, Expr, ExprId, Graph, Mask, Model, Node, NodeId, Role, Support, Token,
    order,
};
use sbi_syntax::tree::{self, Statement};
use sbi_syntax::{Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// A model that has been looked at, sound or not.
pub(super) struct Looked<'t> {
    pub(super) model: Model,
    pub(super) names: Names<'t>,
    pub(super) constants: Constants<'t>,
    /// The axes of each node; `None` where they were refused.
    pub(super) shapes: Vec<Option<Vec<AxisId>>>,
    /// Whether some `missing` statement has been refused, so that nobody knows which data have gaps.
    pub(super) gaps_unknown: bool,
    /// Whether all of it was understood: what is not there may otherwise stand in a line that could not be read.
    pub(super) whole: bool,
    /// Whether some line that could not be read does not show what it defines.
    pub(super) nameless: bool,
    /// Whether the model has units.
    strict: bool,
    /// The units of nodes, and those of the coordinates of axes.
    pub(super) measures: Vec<Measure>,
    pub(super) coordinates: Vec<Measure>,
    declared: BTreeSet<NodeId>,
    unitless: BTreeSet<NodeId>,
    /// The unit of the time of each function of time.
    times: BTreeMap<NodeId, Measure>,
    views: BTreeMap<NodeId, Rc<Unit>>,
    sorts: Vec<Sort>,
    homes: Vec<Home<'t>>,
    home: HomeId,
    drawn: Vec<Drawn<'t>>,
    runs: Vec<Run<'t>>,
    nodes_of_runs: BTreeMap<NodeId, usize>,
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
    /// How a state starts.
    State(&'t tree::State),
    /// A noise; one statement may define several.
    Noise(&'t tree::Target),
    /// A field of what a simulator returns.
    Field(&'t tree::Output, &'t tree::Expr),
    /// An output of a program from outside: the draw, and which output.
    Output(usize, usize),
}

/// A model in the making.
pub(super) struct Builder<'t> {
    pub(super) files: &'t Files<'t>,
    /// The files read for constants, as written.
    pub(super) read: Vec<String>,
    /// What names mean where the statement in hand stands.
    pub(super) names: Names<'t>,
    /// The constants that can be named there.
    pub(super) constants: Constants<'t>,
    /// All homes; the names and constants of the one in hand stand above.
    pub(super) homes: Vec<Home<'t>>,
    pub(super) home: HomeId,
    /// The home of each node.
    pub(super) node_homes: Vec<HomeId>,
    /// The draws from simulators and externals.
    pub(super) drawn: Vec<Drawn<'t>>,
    /// The dynamics.
    pub(super) runs: Vec<Run<'t>>,
    /// The dynamics that a node is a member of.
    pub(super) nodes_of_runs: BTreeMap<NodeId, usize>,
    pub(super) externals: Vec<crate::External>,
    /// The external that a draw is from.
    pub(super) externals_of: BTreeMap<usize, usize>,
    /// The axes that are not there and have been told of.
    pub(super) strange_axes: BTreeSet<&'t str>,
    /// What the statements read.
    pub(super) readings: Readings<'t>,
    /// The simulators whose declarations have been told of: each is wrong once.
    pub(super) simulators: BTreeSet<(HomeId, &'t str)>,
    /// The expression of the time inside a dynamics.
    pub(super) clock: ExprId,
    pub(super) axes: Vec<Axis>,
    pub(super) nodes: Vec<Node>,
    /// What is written of each node.
    pub(super) written: Vec<Written<'t>>,
    /// The axes of each node; `None` where they were refused, so that no reading of it is checked.
    pub(super) shapes: Vec<Option<Vec<AxisId>>>,
    pub(super) sorts: Vec<Sort>,
    /// The units of nodes; nothing is known of those without one before they are defined.
    pub(super) measures: Vec<Measure>,
    /// The nodes that are declared in their units; the unit of others is that of their values.
    pub(super) declared: BTreeSet<NodeId>,
    /// The constants that are numbers without a unit.
    pub(super) unitless: BTreeSet<NodeId>,
    /// The units of the coordinates of axes.
    pub(super) coordinates: Vec<Measure>,
    /// The units of the times of dynamics, once they have been asked for, and those of other functions of time.
    pub(super) clocks: BTreeMap<usize, Measure>,
    pub(super) times: BTreeMap<NodeId, Measure>,
    /// The units in which names of functions of time are declared, where those are not their own.
    pub(super) views: BTreeMap<NodeId, Rc<Unit>>,
    /// Whether the model has units, and what lacks one is told.
    pub(super) strict: bool,
    /// The unit of the place in which the expression in hand stands.
    pub(super) place: Option<Rc<Unit>>,
    /// The inputs of the function that is being put in, with their units.
    pub(super) locals: Vec<(&'t str, Measure)>,
    /// What has been told of units.
    pub(super) slips: Vec<Slip>,
    pub(super) arena: Arena,
    pub(super) told: Vec<Diagnostic>,
    /// What is sound but not run by this version.
    pub(super) later: Vec<Diagnostic>,
    pub(super) unlearned: Vec<Diagnostic>,
    pub(super) demands: Vec<Demanded>,
    /// What is to be judged of the whole model.
    pub(super) noted: Vec<Noted>,
    /// Whether some `missing` statement has been refused.
    pub(super) gaps_unknown: bool,
    /// Whether a NaN stands somewhere for an expression that has been refused.
    pub(super) patched: bool,
    /// The functions being inlined, outermost first, with their homes.
    pub(super) calls: Vec<(HomeId, &'t str)>,
    pub(super) inlined: HashMap<Inlined<'t>, Value>,
    /// Whether what is checked is a query's, of a model that is finished.
    pub(super) asked: bool,
}

/// A function that is put in: its home, its name, and its arguments with their units, in base units, and with whether they
/// are numbers without any.
pub(super) type Inlined<'t> = (HomeId, &'t str, Vec<(ExprId, Option<(Dimension, Scale)>, bool)>);

/// Looks at a model, which may extend another; what is wrong goes to `told`. `strict` says whether it has units.
pub(super) fn model<'t>(
    tree: &'t tree::Model,
    extended: Option<&'t tree::Model>,
    homes: &[Home<'t>],
    files: &'t Files<'t>,
    told: &mut Vec<Diagnostic>,
    strict: bool,
) -> Looked<'t> {
    let mut builder = Builder::in_file(homes, 0, files, strict);
    let body = modality::flat(&tree.body);
    let body = || body.iter().copied();
    builder.declare(body());
    builder.functions(body());
    let acyclic = builder.define();
    let dynamics = builder.dynamics();
    let depends = builder.depends(body());
    let modalities = builder.modalities(body());
    let missing = builder.missing(body(), &modalities);
    let on_failure = builder.on_failure(body());
    let model = Model {
        name: tree.name.text.clone(),
        axes: std::mem::take(&mut builder.axes),
        nodes: std::mem::take(&mut builder.nodes),
        dynamics,
        externals: std::mem::take(&mut builder.externals),
        exprs: std::mem::take(&mut builder.arena.exprs),
        order: Vec::new(),
        depends,
        modalities,
        missing,
        on_failure,
        files: std::mem::take(&mut builder.read),
        later: std::mem::take(&mut builder.later),
        unlearned: std::mem::take(&mut builder.unlearned),
    };
    let bad =
        || body().filter_map(|statement| if let Statement::Bad(bad) = statement { Some(bad) } else { None });
    let nothing = builder.names.nodes().next().is_none();
    let nameless = bad().any(|bad| nothing || bad.names.is_empty());
    let lost = |statement: &&Statement| match statement {
        Statement::Dynamics(dynamics) => {
            dynamics.body.iter().any(|line| matches!(line, tree::DynamicsStatement::Bad(_)))
        }
        _ => false,
    };
    let whole =
        bad().next().is_none() && !body().any(|statement| lost(&statement)) && builder.told.is_empty();
    let (mut model, graph) = builder.finish(model, acyclic, tree.name.span, whole);
    model.later.extend(unrun(&model));
    model.unlearned.extend(unlearned(&model));
    builder.told.extend(named_as_the_fact(&model));
    builder.told.extend(fixed_ends(&model).into_iter().filter(|_| whole));
    let graph = graph.or_else(|| sketch(&model));
    if let Some(extended) = extended {
        builder.blame_own(tree, extended);
    }
    told.append(&mut builder.told);
    let tokens = graph.iter().flat_map(|graph| graph.tokens.iter().enumerate());
    let tokens = tokens.map(|(number, token)| ((token.node, token.element), number)).collect();
    let Builder { names, constants, shapes, sorts, homes, home, drawn, runs, nodes_of_runs, .. } = builder;
    let Builder { measures, declared, unitless, coordinates, times, views, .. } = builder;
    Looked {
        model,
        names,
        constants,
        shapes,
        gaps_unknown: builder.gaps_unknown,
        whole,
        nameless,
        strict,
        measures,
        declared,
        unitless,
        coordinates,
        times,
        views,
        sorts,
        homes,
        home,
        drawn,
        runs,
        nodes_of_runs,
        graph,
        tokens,
        span: tree.name.span,
    }
}

impl Looked<'_> {
    /// The number of the token that is an element of a node.
    pub(super) fn token(&self, node: NodeId, element: usize) -> Option<usize> {
        self.tokens.get(&(node, element)).copied()
    }
}

impl<'t> Builder<'t> {
    /// A builder of what stands in one of these files; a model stands in the first.
    pub(super) fn in_file(
        homes: &[Home<'t>],
        file: HomeId,
        files: &'t Files<'t>,
        strict: bool,
    ) -> Builder<'t> {
        let own = homes.get(file).cloned().unwrap_or_default();
        let mut arena = Arena::default();
        let clock = arena.add(Expr::Clock);
        Builder {
            files,
            read: own.read,
            names: own.names,
            constants: own.constants,
            homes: homes.iter().cloned().chain([Home::default()]).collect(),
            home: homes.len(),
            node_homes: Vec::new(),
            drawn: Vec::new(),
            runs: Vec::new(),
            nodes_of_runs: BTreeMap::new(),
            externals: Vec::new(),
            externals_of: BTreeMap::new(),
            strange_axes: BTreeSet::new(),
            readings: Readings::default(),
            simulators: BTreeSet::new(),
            clock,
            axes: Vec::new(),
            nodes: Vec::new(),
            written: Vec::new(),
            shapes: Vec::new(),
            sorts: Vec::new(),
            measures: Vec::new(),
            declared: BTreeSet::new(),
            unitless: BTreeSet::new(),
            coordinates: Vec::new(),
            clocks: BTreeMap::new(),
            times: BTreeMap::new(),
            views: BTreeMap::new(),
            strict,
            place: None,
            locals: Vec::new(),
            slips: Vec::new(),
            arena,
            told: Vec::new(),
            later: Vec::new(),
            unlearned: Vec::new(),
            demands: Vec::new(),
            noted: Vec::new(),
            gaps_unknown: false,
            patched: false,
            calls: Vec::new(),
            inlined: HashMap::new(),
            asked: false,
        }
    }

    /// A builder that knows what a finished model defines, to check expressions about it.
    pub(super) fn of(looked: &Looked<'t>, files: &'t Files<'t>) -> Builder<'t> {
        // What was passed to draws are expressions of the model, not of this builder.
        let drawn = looked.drawn.iter().map(|drawn| Drawn { values: None, ..drawn.clone() });
        Builder {
            names: looked.names.clone(),
            constants: looked.constants.clone(),
            homes: looked.homes.clone(),
            home: looked.home,
            drawn: drawn.collect(),
            runs: looked.runs.clone(),
            nodes_of_runs: looked.nodes_of_runs.clone(),
            axes: looked.model.axes.clone(),
            nodes: looked.model.nodes.clone(),
            shapes: looked.shapes.clone(),
            sorts: looked.sorts.clone(),
            measures: looked.measures.clone(),
            declared: looked.declared.clone(),
            unitless: looked.unitless.clone(),
            coordinates: looked.coordinates.clone(),
            times: looked.times.clone(),
            views: looked.views.clone(),
            asked: true,
            ..Builder::in_file(&[], 0, files, looked.strict)
        }
    }

    /// Gives every name of the body its meaning: constants, then axes, then what stands on them.
    pub(super) fn declare(&mut self, body: impl IntoIterator<Item = &'t Statement> + Clone) {
        for statement in body.clone() {
            self.readings.add(statement);
            if let Statement::Const(constant) = statement {
                self.add_constant(constant);
            }
        }
        for statement in body.clone() {
            match statement {
                Statement::Axis(axis) => {
                    let told = self.told.len();
                    self.declare_axis(axis);
                    axis::forget_lost(&mut self.told, told, axis, body.clone());
                    self.told
                        .iter_mut()
                        .skip(told)
                        .for_each(|told| axis::drawn_size(told, axis, body.clone()));
                }
                // The parser has told of a bad line already. It may be an axis on which others stand.
                Statement::Bad(bad) => bad.names.iter().for_each(|name| self.names.refuse(name)),
                _ => {}
            }
        }
        for statement in body {
            match statement {
                Statement::Axis(_)
                | Statement::Depends(_)
                | Statement::Missing(_)
                | Statement::Setting(_)
                | Statement::Bad(_) => {}
                Statement::Modality(modality) => self.introduce(&modality.name, Symbol::Modality),
                Statement::Node(node) => self.declare_node(Written::Node(node)),
                Statement::Let(binding) => self.declare_node(Written::Let(binding)),
                Statement::Const(constant) => self.declare_node(Written::Const(constant)),
                Statement::Function(function) => {
                    self.introduce(&function.name, Symbol::Function(function, self.home));
                }
                Statement::Dynamics(dynamics) => {
                    self.declare_dynamics(dynamics);
                    // A statement of the model that stands there by mistake is missed in the model.
                    let bad = dynamics.body.iter().flat_map(|statement| match statement {
                        tree::DynamicsStatement::Bad(bad) => bad.names.as_slice(),
                        _ => &[],
                    });
                    bad.for_each(|name| self.names.refuse(name));
                }
                // What a simulator returns is looked at with its fields.
                Statement::Return(_) if self.here().draw.is_some() => {}
                Statement::Return(returned) => {
                    let told = SIMULATOR_BODY.at(returned.span, "a model returns nothing");
                    self.told.push(told.help("remove it: what a query asks about is what comes out"));
                }
            }
        }
        // What stands in a dynamics may read all of the block around it.
        self.populate_runs();
    }

    pub(super) fn introduce(&mut self, name: &'t tree::Name, symbol: Symbol<'t>) {
        self.told.extend(self.names.define(name, symbol).err());
    }

    fn declare_axis(&mut self, statement: &'t tree::Axis) {
        let id = match axis::axis(statement, &self.constants) {
            Ok((axis, measure)) => {
                self.coordinates.push(match measure.unit() {
                    Some(_) => measure,
                    None => self.unmeasured(),
                });
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

    /// Declares what a statement defines, or what it draws from a simulator.
    pub(super) fn declare_node(&mut self, written: Written<'t>) {
        if let Written::Node(node) = written
            && let tree::Definition::Draw(draw) = &node.definition
            && self.declare_draw(node, draw)
        {
            return;
        }
        let (name, target, unit, doc) = match written {
            Written::Node(node) => (&node.target.name, &node.target, &node.unit, &node.doc),
            Written::Let(binding) => (&binding.target.name, &binding.target, &binding.unit, &binding.doc),
            Written::Const(constant) => {
                (&constant.target.name, &constant.target, &constant.unit, &constant.doc)
            }
            Written::State(state) => (&state.target.name, &state.target, &state.unit, &state.doc),
            Written::Noise(target) => (&target.name, target, &None, &None),
            Written::Field(..) | Written::Output(..) => unreachable!("fields are declared by their draw"),
        };
        let role = match written {
            Written::Node(tree::Node { role: tree::Role::Param, .. }) => Role::Param,
            Written::Node(tree::Node { role: tree::Role::Latent, .. }) => Role::Latent,
            Written::Node(tree::Node { role: tree::Role::Data, .. }) => Role::Data,
            Written::State(_) => Role::State,
            Written::Noise(_) => Role::Noise,
            _ => Role::Let,
        };
        if let Err(told) = self.names.define(name, Symbol::Node(NodeId(self.nodes.len()))) {
            self.told.push(told);
            return;
        }
        let own = self.written_axes(written);
        let id = self.add_node(name, role, own, written);
        self.declare_unit(id, unit.as_ref());
        self.declare_time(id, target);
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.doc = doc.as_ref().map(|doc| doc.text.clone());
            node.curve = target.formal.is_some();
        }
    }

    /// Adds a node that stands in the home in hand, on its own axes.
    pub(super) fn add_node(
        &mut self,
        name: &'t tree::Name,
        role: Role,
        own: Option<Vec<AxisId>>,
        written: Written<'t>,
    ) -> NodeId {
        let id = NodeId(self.nodes.len());
        let Home { prefix, axes, dynamics, .. } = self.here();
        let (name_here, dynamics) = (format!("{prefix}{}", name.text), *dynamics);
        let axes = axes.iter().copied().chain(own.iter().flatten().copied()).collect();
        self.nodes.push(Node {
            name: name_here,
            role,
            axes,
            curve: false,
            definition: Definition::Table(Vec::new()),
            unit: None,
            reduced: None,
            doc: None,
            span: name.span,
        });
        self.measures.push(Measure::Unknown);
        if let Some(dynamics) = dynamics {
            self.nodes_of_runs.insert(id, dynamics);
        }
        self.written.push(written);
        self.shapes.push(own);
        self.sorts.push(Sort::Number);
        self.node_homes.push(self.home);
        id
    }

    /// Checks all definitions, each after those it reads; says whether there was such an order.
    pub(super) fn define(&mut self) -> bool {
        let mut circles: Vec<Vec<usize>> = Vec::new();
        let mut reads: Vec<Vec<usize>> = (0..self.nodes.len()).map(|node| self.reads(node)).collect();
        let ranks: Vec<usize> = (0..reads.len()).collect();
        let order = loop {
            match order::order(&reads, &ranks) {
                Ok(order) => break order,
                Err(circle) => {
                    // The circle is cut at all its places, so that the next one is found.
                    for (place, node) in circle.iter().enumerate() {
                        let next = circle.get((place + 1) % circle.len());
                        reads
                            .get_mut(*node)
                            .into_iter()
                            .for_each(|list| list.retain(|read| Some(read) != next));
                    }
                    circles.push(circle);
                }
            }
        };
        let mut lagged = BTreeSet::new();
        for node in order {
            let told = self.told.len();
            self.define_node(NodeId(node));
            let mut told = self.told.iter().skip(told);
            lagged.extend(told.any(|told| told.code == INDEX_ARITHMETIC.name).then_some(node));
        }
        // A quantity with a computed index reads another element than its own: that is told of, and is no circle.
        let told = circles.iter().filter(|circle| !circle.iter().any(|node| lagged.contains(node)));
        let told: Vec<Diagnostic> = told.map(|circle| self.circle(circle, "reads")).collect();
        self.told.extend(told);
        circles.is_empty()
    }

    fn circle(&self, circle: &[usize], reads: &str) -> Diagnostic {
        let nodes: Vec<&Node> = circle.iter().filter_map(|node| self.nodes.get(*node)).collect();
        describe_circle(&nodes, reads)
    }

    /// Orders, measures and tries the finished model.
    fn finish(&mut self, model: Model, acyclic: bool, span: Span, whole: bool) -> (Model, Option<Graph>) {
        let (mut model, number) = tidy(model);
        let demands = std::mem::take(&mut self.demands).into_iter();
        self.demands =
            demands.filter_map(|demanded| demanded.renumber(|id| number.get(&id).copied())).collect();
        let noted = std::mem::take(&mut self.noted).into_iter();
        self.noted = noted.filter_map(|noted| noted.renumber(&number)).collect();
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
        let graph = match Graph::try_of(&model) {
            Ok(graph) => graph,
            Err(Cycle(nodes)) => {
                let nodes: Vec<&Node> = nodes.into_iter().map(|node| model.node(node)).collect();
                self.told.push(describe_circle(&nodes, "depends on"));
                return (model, None);
            }
        };
        if let Some(told) = limits::asked(&model, graph.tokens.len()) {
            self.told.push(told);
            return (model, None);
        }
        if graph.tokens.is_empty() && whole && self.told.is_empty() {
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
    /// Beyond this nothing of the model can be asked anyway.
    const MOST: usize = 65_536;
    if sizes.fold(0, usize::saturating_add) > MOST {
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
    Some(Graph { tokens: tokens.collect(), base: Mask::empty(0), order: Vec::new() })
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
    told.help(match nodes.iter().all(|node| node.role == Role::State) {
        true => "states that change by each other stand in one `dynamics`: write both into one",
        false => "a quantity may only read what can be known before it: let one of them not read the next",
    })
}

/// Drops the expressions that no node uses, those of functions that were only checked, and says how the
/// others are numbered now.
fn tidy(mut model: Model) -> (Model, BTreeMap<ExprId, ExprId>) {
    let mut used = vec![false; model.exprs.len()];
    let runs = model.dynamics.iter().flat_map(Dynamics::exprs);
    let roots: Vec<ExprId> = model.nodes.iter().flat_map(Node::exprs).chain(runs).collect();
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
    for id in model.dynamics.iter_mut().flat_map(Dynamics::exprs_mut) {
        *id = *number.get(id).expect("what a dynamics uses is kept");
    }
    (model, number)
}
