//! A model statement by statement: what each defines, and what it reads.

use sbi_model::{AxisId, Definition, Dynamics, Expr, ExprId, Model, Node, NodeId, Role};
use std::collections::BTreeSet;

/// What can be read by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A node.
    Node(NodeId),
    /// The end of a dynamics that something ends, by its number.
    End(usize),
}

/// What kind of thing a statement defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Asked about.
    Param,
    /// Seen.
    Data,
    /// Drawn and integrated out.
    Latent,
    /// A name for an expression.
    Let,
    /// A number or a table.
    Const,
    /// A state of a dynamics.
    State,
    /// A noise of a dynamics.
    Noise,
    /// The end of a dynamics.
    End,
}

/// A statement of a model.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// What it defines.
    pub place: Place,
    /// Of what kind that is.
    pub word: Word,
    /// Its name: `pond.prey`.
    pub name: String,
    /// The axes it runs over; of a function of time that on which its readings are placed.
    pub axes: &'a [AxisId],
    /// Whether it is a parameter or a constant that is a function of time.
    pub function: bool,
    /// Whether it is computed from what it reads, not drawn.
    pub computed: bool,
    /// The unit as written in the file.
    pub unit: Option<&'a str>,
    /// The program from outside that gives it.
    pub program: Option<&'a str>,
    /// What it reads by name, itself apart, in the order of the file.
    pub reads: Vec<Place>,
}

impl Place {
    /// Its name: `pond.prey`, `walk.end`.
    pub fn name(self, model: &Model) -> String {
        match self {
            Place::Node(id) => model.node(id).name.clone(),
            Place::End(run) => {
                model.dynamics.get(run).map_or_else(String::new, |run| format!("{}.end", run.name))
            }
        }
    }
}

impl Word {
    /// Its name, as in a file where it stands there.
    pub fn name(self) -> &'static str {
        match self {
            Word::Param => "param",
            Word::Data => "data",
            Word::Latent => "latent",
            Word::Let => "let",
            Word::Const => "const",
            Word::State => "state",
            Word::Noise => "noise",
            Word::End => "end",
        }
    }
}

/// All statements of a model in the order of the file; those of a simulator that it draws from stand where it draws.
pub fn statements(model: &Model) -> Vec<Statement<'_>> {
    let mut before = 0;
    let mut nodes: Vec<(u32, Statement)> = Vec::new();
    for (id, node) in model.numbered() {
        // Only places in the file itself say what comes first.
        before = if node.span.file == 0 { node.span.start } else { before };
        nodes.push((before, of_node(model, id, node)));
    }
    for (number, dynamics) in model.dynamics.iter().enumerate().filter(|(_, run)| !run.stops.is_empty()) {
        let last = dynamics.members.iter().filter_map(|id| Some(nodes.get(id.0)?.0)).max();
        nodes.push((last.unwrap_or(before), of_end(model, number, dynamics)));
    }
    nodes.sort_by_key(|(start, _)| *start);
    nodes.into_iter().map(|(_, statement)| statement).collect()
}

fn of_node<'a>(model: &'a Model, id: NodeId, node: &'a Node) -> Statement<'a> {
    let place = Place::Node(id);
    let mut reads = read(model, id, node);
    reads.remove(&place);
    let program = match node.definition {
        Definition::External { external, .. } => model.externals.get(external).map(|own| own.name.as_str()),
        _ => None,
    };
    let known = matches!(node.definition, Definition::Table(_) | Definition::Series(_));
    let number = matches!(node.definition, Definition::Equals(_))
        && reads.is_empty()
        && node.axes.is_empty()
        && model.run_of(id).is_none();
    Statement {
        place,
        word: match node.role {
            Role::Param => Word::Param,
            Role::Data => Word::Data,
            Role::Latent => Word::Latent,
            Role::Let if known || number => Word::Const,
            Role::Let => Word::Let,
            Role::State => Word::State,
            Role::Noise => Word::Noise,
        },
        name: node.name.clone(),
        axes: &node.axes,
        function: node.curve && matches!(node.role, Role::Param | Role::Let) && model.run_of(id).is_none(),
        computed: matches!(node.definition, Definition::Equals(_)),
        unit: node.unit.as_deref(),
        program,
        reads: reads.into_iter().collect(),
    }
}

fn of_end<'a>(model: &'a Model, number: usize, dynamics: &'a Dynamics) -> Statement<'a> {
    Statement {
        place: Place::End(number),
        word: Word::End,
        name: format!("{}.end", dynamics.name),
        axes: &dynamics.axes,
        function: false,
        computed: true,
        unit: None,
        program: None,
        reads: named(model, dynamics.stops.iter().copied()).into_iter().collect(),
    }
}

/// What the definition of a node reads; of a state also what changes it, and when its run ends.
fn read(model: &Model, id: NodeId, node: &Node) -> BTreeSet<Place> {
    let mut told = model.depends.iter().filter(|depends| depends.target == id).peekable();
    if told.peek().is_some() {
        return told.flat_map(|depends| &depends.sources).map(|source| Place::Node(source.node)).collect();
    }
    if let Definition::External { external, output, ref inputs } = node.definition {
        let outputs = model.externals.get(external).map(|external| external.outputs.as_slice());
        let depends = outputs.and_then(|outputs| outputs.get(output)).map(|output| output.depends.as_slice());
        let inputs = depends.unwrap_or_default().iter().filter_map(|input| inputs.get(*input));
        return named(model, inputs.copied());
    }
    let run = model.run_of(id).filter(|_| node.role == Role::State);
    let Some((number, dynamics)) = run.and_then(|run| Some((run, model.dynamics.get(run)?))) else {
        return named(model, node.exprs());
    };
    let changes =
        dynamics.changes.iter().filter(|change| change.state == id).flat_map(|change| change.exprs());
    let events = dynamics.events.iter().chain(&dynamics.jumps).flat_map(|event| {
        let set = event.assignments.iter().filter(|(state, _)| *state == id);
        set.flat_map(|(_, value)| [event.trigger, *value])
    });
    let mut found = named(model, node.exprs().chain(changes).chain(events));
    // Behind the end states stay as they were.
    if !dynamics.stops.is_empty() {
        found.insert(Place::End(number));
    }
    found
}

/// What expressions read by name.
fn named(model: &Model, roots: impl Iterator<Item = ExprId>) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<ExprId> = roots.collect();
    let mut seen: BTreeSet<ExprId> = waiting.iter().copied().collect();
    while let Some(id) = waiting.pop() {
        match model.expr(id) {
            Expr::Element { node, .. } | Expr::Curve { node, .. } => {
                found.insert(Place::Node(*node));
            }
            Expr::End { dynamics, .. } => {
                let ends = model.dynamics.get(*dynamics).is_some_and(|run| !run.stops.is_empty());
                found.extend(ends.then_some(Place::End(*dynamics)));
            }
            other => waiting.extend(other.operands().filter(|operand| seen.insert(*operand))),
        }
    }
    found
}
