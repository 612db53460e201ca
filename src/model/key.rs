//! Keys of results: hashes over the normal form of what made them (`semantics.md`, "Keys").
//!
//! The normal form has names resolved and nothing that cannot change a result: no comments, no order of statements, no
//! names of models, axes, `let`s and `fn` arguments, no expression that nothing reads. Names of parameters, data and latents
//! stay: random streams are keyed by them. Every key has the version of this crate in it.

mod asked;
mod masks;
mod networks;

use crate::{
    Approximator, Argument, Axis, AxisId, AxisKind, Change, ChangeKind, Count, Definition, Draw, Dynamics,
    Estimator, Expr, ExprId, External, Graph, GraphRule, Index, Model, NodeId, OnFailure, Query, Reducer,
    Role, Series, State, Steps, Structure, Token, natural,
};
use blake3::{Hash, Hasher};
use std::collections::HashMap;
use std::fmt;

/// The name of a result by what made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(Hash);

impl fmt::Display for Key {
    /// 64 digits, lower-case hexadecimal: the name of a folder in the store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_hex().fmt(f)
    }
}

/// For each axis of scattered instants, in the order of the file, the first by name of what is read at it.
fn scattered(model: &Model) -> Vec<&str> {
    let axes = model.axes.iter().enumerate();
    let axes = axes.filter(|(_, axis)| matches!(axis.kind, AxisKind::Scattered { .. }));
    let first = |(number, _): (usize, &Axis)| {
        let own = model.nodes.iter().filter(|node| node.axes.contains(&AxisId(number)));
        own.map(|node| node.name.as_str()).min()
    };
    axes.filter_map(first).collect()
}

/// The rule by which an approximator's graph is read.
fn rule(approximator: &Approximator) -> GraphRule {
    match &approximator.estimator {
        Estimator::Joint(transformer) => transformer.graph,
        Estimator::Posterior(_) => GraphRule::Exact,
    }
}

impl Key {
    /// The key of a model's simulations: the model and the seed. The budget is a length, not a key.
    pub fn simulations(model: &Model, seed: u64) -> Key {
        let mut form = Form::new("simulations");
        let normal = Normal::of(model);
        form.hash(normal.model()).number(seed);
        // What data sets lack, and when they are read, is kept with them, in the order of axes.
        if let Some(masks) = normal.masks().filter(|_| !model.missing.is_empty()) {
            form.hash(masks);
        }
        for name in scattered(model) {
            form.text(name);
        }
        form.key()
    }

    /// The key of trained weights: the simulations, how many of them, what is trained with its name, how, and on what.
    /// `precision` and `device` are the kinds of computing that change results: `"f32"`, `"cpu"`.
    pub fn weights(model: &Model, approximator: &Approximator, precision: &str, device: &str) -> Key {
        let train = &approximator.train;
        let mut form = Form::new("weights");
        form.hash(Key::simulations(model, train.seed).0)
            .number(train.simulations as u64)
            .text(&approximator.name);
        form.estimator(&approximator.estimator)
            .reading(model, approximator)
            .graph(Structure::of(model, rule(approximator)).nominal());
        form.size(train.steps).size(train.batch).option(train.learning_rate.map(f64::to_bits));
        form.number(u64::from(train.online)).focus(train.focus.as_ref());
        if let Some(masks) = Normal::of(model).masks() {
            form.text("masks").hash(masks);
        }
        // Times of readings in units of one kind are told to a network on one scale.
        for axis in model.axes.iter().filter(|axis| matches!(axis.kind, AxisKind::Scattered { .. })) {
            form.text(&axis.gauge.reduced());
        }
        form.text(precision).text(device);
        form.key()
    }

    /// The digest of how an approximator reads its data, which the weights' key has in it.
    #[cfg(test)]
    pub(crate) fn reading(model: &Model, approximator: &Approximator) -> Key {
        let mut form = Form::new("reading");
        form.reading(model, approximator);
        form.key()
    }

    /// The key of a query's draws: the weights, the query with its name and the values that it gives, and the seed.
    pub fn draws(weights: Key, model: &Model, query: &Query, seed: u64) -> Key {
        let mut form = Form::new("draws");
        form.hash(asked::asked(model, query));
        form.hash(weights.0).text(&query.name).number(query.states.len() as u64);
        for state in &query.states {
            match state {
                State::Given(value) => form.number(1).number(value.to_bits()),
                State::Inferred => form.number(2),
                State::Absent => form.number(3),
            };
        }
        form.number(query.infer.len() as u64);
        for token in &query.infer {
            form.number(*token as u64);
        }
        form.number(query.draws as u64).number(query.steps.unwrap_or(0) as u64).number(seed);
        form.key()
    }

    /// The key of a network's scores on so many test sets with so many draws each, by the keys of its weights and of the
    /// simulations that are the test sets.
    pub fn scores(weights: &str, sets: &str, (count, draws): (usize, usize)) -> Key {
        let mut form = Form::new("scores");
        form.text(weights).text(sets).number(count as u64).number(draws as u64);
        form.key()
    }
}

/// Bytes on their way into a hash. Every part has a fixed length or states it, so that no two forms read the same.
struct Form(Hasher);

/// Raised with every change of the engine, of training or of its defaults that changes a result, so that what an
/// earlier one made is not taken for the new one's.
const REVISION: u64 = 18;

impl Form {
    fn new(kind: &str) -> Form {
        let mut form = Form(Hasher::new());
        form.text("sbi").text(env!("CARGO_PKG_VERSION")).number(REVISION).text(kind);
        form
    }

    /// A part of a larger form: no version, for the whole has it.
    fn part(tag: &str) -> Form {
        let mut form = Form(Hasher::new());
        form.text(tag);
        form
    }

    fn number(&mut self, number: u64) -> &mut Form {
        self.0.update(&number.to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Form {
        self.number(text.len() as u64).0.update(text.as_bytes());
        self
    }

    fn hash(&mut self, hash: Hash) -> &mut Form {
        self.0.update(hash.as_bytes());
        self
    }

    fn option(&mut self, number: Option<u64>) -> &mut Form {
        match number {
            Some(number) => self.number(1).number(number),
            None => self.number(0),
        }
    }

    fn size(&mut self, size: Option<usize>) -> &mut Form {
        self.option(size.map(|size| size as u64))
    }

    fn axis(&mut self, kind: &AxisKind) -> &mut Form {
        let count = |form: &mut Form, Count { least, most }: Count| {
            form.number(least as u64).number(most as u64);
        };
        let steps = |form: &mut Form, Steps { from, step, size }: Steps| {
            form.number(from.to_bits()).number(step.to_bits()).number(size as u64);
        };
        match *kind {
            AxisKind::Index { size } => {
                self.text("index").number(size as u64);
            }
            AxisKind::Ordered { size } => {
                self.text("ordered").number(size as u64);
            }
            AxisKind::Set(size) => count(self.text("set"), size),
            AxisKind::Instants(at) => steps(self.text("time"), at),
            AxisKind::Cells(at) => steps(self.text("grid"), at),
            AxisKind::Scattered { count: n, from, to } => {
                count(self.text("scattered"), n);
                self.number(from.to_bits()).number(to.to_bits());
            }
        }
        self
    }

    /// One output of a program from outside: what is run, what it takes, and what becomes of its failures.
    fn external(&mut self, external: &External, output: usize) {
        self.number(external.command.len() as u64);
        for word in &external.command {
            self.text(word);
        }
        for script in &external.scripts {
            self.text(script);
        }
        self.number(external.inputs.len() as u64);
        for input in &external.inputs {
            self.text(input);
        }
        let output = external.outputs.get(output);
        self.text(output.map_or("", |output| &output.name));
        for input in output.iter().flat_map(|output| &output.depends) {
            self.number(*input as u64);
        }
        self.text(&format!("{:?} {:?}", external.protocol, external.on_failure));
    }

    fn series(&mut self, series: &Series) -> &mut Form {
        self.text("series").number(series.times.len() as u64);
        let numbers = series.times.iter().chain(&series.values);
        numbers.fold(self, |form, number| form.number(number.to_bits()))
    }

    /// What training sees of the graph: `depends` statements change it, and no simulation.
    fn graph(&mut self, graph: &Graph) -> &mut Form {
        self.number(graph.tokens.len() as u64);
        for Token { name, support, .. } in graph.tokens.iter() {
            self.text(name).number(support.low.to_bits()).number(support.high.to_bits());
            self.number(u64::from(support.whole));
        }
        for row in 0..graph.base.size() {
            self.number(graph.base.row(row).count() as u64);
            for column in graph.base.row(row) {
                self.number(column as u64);
            }
        }
        self
    }

    fn finish(&self) -> Hash {
        self.0.finalize()
    }

    fn key(&self) -> Key {
        Key(self.finish())
    }
}

/// The normal form of a model.
struct Normal<'m> {
    model: &'m Model,
    /// The parameters, data and latents, by name.
    named: Vec<NodeId>,
    /// The number of each axis, by its first use from the named nodes on.
    axes: HashMap<AxisId, u64>,
    exprs: HashMap<ExprId, Hash>,
}

impl<'m> Normal<'m> {
    fn of(model: &'m Model) -> Normal<'m> {
        let mut named: Vec<NodeId> =
            model.numbered().filter(|(_, node)| node.role != Role::Let).map(|(id, _)| id).collect();
        named.sort_by(|a, b| natural::compare(&model.node(*a).name, &model.node(*b).name));
        let mut normal = Normal { model, named, axes: HashMap::new(), exprs: HashMap::new() };
        normal.number_axes();
        normal.digest();
        normal
    }

    /// Numbers the axes in the order in which they are met: first those of named nodes, then those of reductions and
    /// of what is read, definition by definition. Neither names of axes nor of `let`s, nor any order in the file, enter.
    fn number_axes(&mut self) {
        let mut met: Vec<AxisId> =
            self.named.iter().flat_map(|id| self.model.node(*id).axes.clone()).collect();
        let mut seen = vec![false; self.model.exprs.len()];
        let mut seen_lets = vec![false; self.model.nodes.len()];
        let mut dynamics: Vec<&Dynamics> = self.model.dynamics.iter().collect();
        dynamics.sort_by(|a, b| natural::compare(&a.name, &b.name));
        let nodes = self.named.iter().map(|id| self.model.node(*id).exprs().collect::<Vec<_>>());
        for mut waiting in nodes.chain(dynamics.into_iter().map(Dynamics::exprs)) {
            waiting.reverse();
            while let Some(id) = waiting.pop() {
                if seen.get_mut(id.0).is_none_or(|seen| std::mem::replace(seen, true)) {
                    continue;
                }
                let expr = self.model.expr(id);
                match expr {
                    Expr::Reduce { axis, .. } | Expr::Coordinate(axis) => met.push(*axis),
                    Expr::Element { node, .. } => {
                        let read = self.model.node(*node);
                        let fresh =
                            seen_lets.get_mut(node.0).is_some_and(|seen| !std::mem::replace(seen, true));
                        if read.role == Role::Let && fresh {
                            met.extend(&read.axes);
                            waiting.extend(read.exprs());
                        }
                    }
                    _ => {}
                }
                let operands: Vec<ExprId> = expr.operands().collect();
                waiting.extend(operands.into_iter().rev());
            }
        }
        for axis in met {
            let next = self.axes.len() as u64;
            self.axes.entry(axis).or_insert(next);
        }
    }

    fn axis(&self, axis: AxisId) -> u64 {
        // An axis that is not met belongs to something that nothing reads.
        self.axes.get(&axis).copied().unwrap_or(u64::MAX)
    }

    /// Digests all expressions, each after what it reads: lets in order, operands before their users.
    fn digest(&mut self) {
        for id in &self.model.order {
            self.digest_below(self.model.node(*id).exprs().collect());
        }
        for dynamics in &self.model.dynamics {
            self.digest_below(dynamics.exprs());
        }
    }

    fn digest_below(&mut self, roots: Vec<ExprId>) {
        for id in self.model.below(roots, |id| !self.exprs.contains_key(&id)) {
            let hash = self.expr(self.model.expr(id), |id| self.operand(id));
            self.exprs.insert(id, hash);
        }
    }

    fn operand(&self, id: ExprId) -> Hash {
        *self.exprs.get(&id).expect("operands are digested first")
    }

    fn expr(&self, expr: &Expr, operand: impl Fn(ExprId) -> Hash) -> Hash {
        let mut form = Form::part("expr");
        match expr {
            Expr::Number(value) => form.text("number").number(value.to_bits()),
            Expr::Coordinate(axis) => form.text("coordinate").number(self.axis(*axis)),
            Expr::Element { node, index } => return self.element(*node, index),
            Expr::Clock => form.text("clock"),
            Expr::Curve { node, index } => form.text("curve").hash(self.element(*node, index)),
            Expr::End { dynamics, index } => {
                let name = self.model.dynamics.get(*dynamics).map_or("", |dynamics| dynamics.name.as_str());
                index.iter().fold(form.text("end").text(name), |form, index| match index {
                    Index::Same(axis) => form.number(0).number(self.axis(*axis)),
                    Index::At(position) => form.number(1).number(*position as u64),
                })
            }
            Expr::At(curve, time) => form.text("at").hash(operand(*curve)).hash(operand(*time)),
            Expr::Crossings(curve, level) => {
                form.text("crossings").hash(operand(*curve)).hash(operand(*level))
            }
            Expr::Gained { curve, axis, time } => {
                form.text("gained").hash(operand(*curve)).number(self.axis(*axis)).hash(operand(*time))
            }
            // Names of functions, not their places in a table, so that a new function changes no hash.
            Expr::Unary(function, of) => form.text(&format!("{function:?}")).hash(operand(*of)),
            Expr::Binary(function, left, right) => {
                form.text(&format!("{function:?}")).hash(operand(*left)).hash(operand(*right))
            }
            Expr::Select { condition, yes, no } => {
                form.text("select").hash(operand(*condition)).hash(operand(*yes)).hash(operand(*no))
            }
            Expr::Reduce { reducer, axis, body } => {
                let how = match reducer {
                    Reducer::Sum => "sum",
                    Reducer::Mean => "mean",
                    Reducer::Max => "max over",
                    Reducer::Min => "min over",
                    Reducer::Count => "count",
                    Reducer::Integral => "integral",
                };
                form.text(how).number(self.axis(*axis)).hash(operand(*body))
            }
        };
        form.finish()
    }

    /// A reading of an element. A `let` that is read where it stands is its expression; its name never enters.
    fn element(&self, id: NodeId, index: &[Index]) -> Hash {
        let node = self.model.node(id);
        let own = node.axes.iter().zip(index).all(|(axis, index)| *index == Index::Same(*axis));
        let mut form = Form::part("element");
        match (&node.definition, node.role) {
            (Definition::Equals(expr), Role::Let) if own => return self.operand(*expr),
            (Definition::Equals(expr), Role::Let) => form.text("let").hash(self.operand(*expr)),
            (Definition::Table(values), Role::Let) => {
                values.iter().fold(form.text("table"), |form, value| form.number(value.to_bits()))
            }
            (Definition::Series(series), Role::Let) => form.series(series),
            _ => form.text("node").text(&node.name),
        };
        for (axis, index) in node.axes.iter().zip(index) {
            form.number(self.axis(*axis));
            match index {
                Index::Same(_) => form.number(0),
                Index::At(position) => form.number(*position as u64 + 1),
            };
        }
        form.finish()
    }

    fn model(&self) -> Hash {
        let mut form = Form::part("model");
        form.number(self.named.len() as u64);
        let mut axes: Vec<(u64, AxisId)> = self.axes.iter().map(|(axis, number)| (*number, *axis)).collect();
        axes.sort_unstable();
        form.number(axes.len() as u64);
        for (_, axis) in axes {
            form.axis(&self.model.axis(axis).kind);
        }
        for id in &self.named {
            form.hash(self.node(*id));
        }
        let mut dynamics: Vec<&Dynamics> = self.model.dynamics.iter().collect();
        dynamics.sort_by(|a, b| natural::compare(&a.name, &b.name));
        form.number(dynamics.len() as u64);
        for dynamics in dynamics {
            form.hash(self.dynamics(dynamics));
        }
        // What becomes of failed draws decides which draws there are; silence means `stop`.
        match self.model.on_failure {
            OnFailure::Stop => &mut form,
            OnFailure::Absent => form.text("absent"),
            OnFailure::Resample => form.text("resample"),
        };
        form.finish()
    }

    fn node(&self, id: NodeId) -> Hash {
        let node = self.model.node(id);
        let mut form = Form::part("node");
        form.text(&node.name).text(match node.role {
            Role::Param => "param",
            Role::Data => "data",
            Role::Latent => "latent",
            Role::State => "state",
            Role::Noise => "noise",
            Role::Let => unreachable!("a let has no name in the normal form"),
        });
        if node.curve {
            form.text("curve");
        }
        if let Some(unit) = &node.reduced {
            form.text("unit").text(unit);
        }
        form.number(node.axes.len() as u64);
        for axis in &node.axes {
            form.number(self.axis(*axis));
        }
        match &node.definition {
            Definition::Equals(expr) => form.text("=").hash(self.operand(*expr)),
            Definition::Noise => form.text("noise"),
            Definition::External { external, output, inputs } => {
                let external = self.model.externals.get(*external);
                external.into_iter().for_each(|external| form.external(external, *output));
                inputs.iter().fold(&mut form, |form, input| form.hash(self.operand(*input)))
            }
            Definition::Table(values) => {
                values.iter().fold(form.text("table"), |form, value| form.number(value.to_bits()))
            }
            Definition::Series(series) => form.series(series),
            Definition::Draw(draw) => form.hash(self.draw(draw)),
        };
        form.finish()
    }

    /// A distribution with its arguments, and what bends it. Its parts are told apart by their names and lengths.
    fn draw(&self, draw: &Draw) -> Hash {
        let mut form = Form::part("draw");
        form.text(draw.family.name());
        for argument in &draw.arguments {
            let shape = match argument {
                Argument::Scalar(_) => "scalar",
                Argument::Vector(_) => "vector",
                Argument::Matrix(_) => "matrix",
                Argument::Kernel(kernel, _) => &format!("{kernel:?}"),
                Argument::Components(draws) => {
                    form.text("components").number(draws.len() as u64);
                    for draw in draws {
                        form.hash(self.draw(draw));
                    }
                    continue;
                }
            };
            form.text(shape).number(argument.exprs().count() as u64);
            for expr in argument.exprs() {
                form.hash(self.operand(expr));
            }
        }
        for transform in &draw.transforms {
            form.text(transform.map.name()).number(transform.arguments.len() as u64);
            for expr in &transform.arguments {
                form.hash(self.operand(*expr));
            }
        }
        form.finish()
    }

    /// A dynamics without its members, which stand for themselves.
    fn dynamics(&self, dynamics: &Dynamics) -> Hash {
        let mut form = Form::part("dynamics");
        form.text(&dynamics.name).text(&format!("{:?}", dynamics.solver));
        for time in dynamics.over {
            form.number(time.to_bits());
        }
        form.number(u64::from(dynamics.corrected));
        let name = |id: NodeId| self.model.node(id).name.as_str();
        let mut changes: Vec<&Change> = dynamics.changes.iter().collect();
        changes.sort_by(|a, b| natural::compare(name(a.state), name(b.state)));
        form.number(changes.len() as u64);
        for change in changes {
            form.text(name(change.state));
            match &change.kind {
                ChangeKind::Derivative(value) => form.text("derivative").hash(self.operand(*value)),
                ChangeKind::Next(value) => form.text("next").hash(self.operand(*value)),
                ChangeKind::Draw(draw) => form.text("drawn").hash(self.draw(draw)),
            };
        }
        form.number(dynamics.stops.len() as u64);
        for stop in &dynamics.stops {
            form.hash(self.operand(*stop));
        }
        for events in [&dynamics.events, &dynamics.jumps] {
            form.number(events.len() as u64);
            for event in events {
                form.hash(self.operand(event.trigger)).number(event.assignments.len() as u64);
                for (state, value) in &event.assignments {
                    form.text(name(*state)).hash(self.operand(*value));
                }
            }
        }
        form.finish()
    }
}
