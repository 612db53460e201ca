//! Keys of results: hashes over the normal form of what made them (`semantics.md`, "Keys").
//!
//! The normal form has names resolved and nothing that cannot change a result: no comments, no order of statements, no
//! names of models, axes, `let`s and `fn` arguments, no expression that nothing reads. Names of parameters, data and latents
//! stay: random streams are keyed by them. Every key has the version of this crate in it.

use crate::{
    Approximator, Argument, AxisId, AxisKind, Condition, Count, Coupling, DataSet, Definition, Encoder,
    Encoding, Estimator, Expr, ExprId, Family, Flow, Focus, Fusion, Graph, GraphRule, Index, Mask, MaskKind,
    Model, NodeId, Noise, Placed, Query, Reducer, Role, Stage, State, Steps, Token, natural,
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

impl Key {
    /// The key of a model's simulations: the model and the seed. The budget is a length, not a key.
    pub fn simulations(model: &Model, seed: u64) -> Key {
        let mut form = Form::new("simulations");
        form.hash(Normal::of(model).model()).number(seed);
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
        form.estimator(&approximator.estimator).reading(model, approximator).graph(&Graph::of(model));
        form.size(train.steps).size(train.batch).option(train.learning_rate.map(f64::to_bits));
        form.number(u64::from(train.online)).focus(train.focus.as_ref());
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
        form.hash(asked(model, query));
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
        form.number(query.draws as u64).number(seed);
        form.key()
    }
}

/// What a query asks beyond the states of tokens: where it places axes, what draws satisfy, and further data sets.
fn asked(model: &Model, query: &Query) -> Hash {
    let mut form = Form::part("asked");
    let mut normal = Normal::of(model);
    let mut placed: Vec<(u64, &Placed)> =
        query.placed.iter().map(|placed| (normal.axis(placed.axis), placed)).collect();
    placed.sort_by_key(|(axis, _)| *axis);
    form.number(placed.len() as u64);
    for (axis, Placed { at, .. }) in placed {
        form.number(axis).number(at.len() as u64);
        at.iter().fold(&mut form, |form, place| form.number(place.to_bits()));
    }
    let mut conditions: Vec<Hash> =
        query.conditions.iter().map(|condition| normal.condition(condition)).collect();
    // All of them hold: their order says nothing.
    conditions.sort_by_key(|hash| *hash.as_bytes());
    form.number(conditions.len() as u64);
    conditions.into_iter().fold(&mut form, Form::hash);
    form.number(query.computed.len() as u64);
    query.computed.iter().fold(&mut form, |form, id| form.text(&model.node(*id).name));
    form.number(query.sets.len() as u64);
    for DataSet { name, given } in &query.sets {
        let mut given = given.clone();
        given.sort_by_key(|(token, _)| *token);
        form.text(name).number(given.len() as u64);
        for (token, value) in given {
            form.number(token as u64).number(value.to_bits());
        }
    }
    form.finish()
}

/// Bytes on their way into a hash. Every part has a fixed length or states it, so that no two forms read the same.
struct Form(Hasher);

/// Raised with every change of the engine, of training or of its defaults that changes a result, so that what an
/// earlier one made is not taken for the new one's.
const REVISION: u64 = 3;

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

    fn estimator(&mut self, estimator: &Estimator) -> &mut Form {
        let network = match estimator {
            Estimator::Joint(network) => network,
            Estimator::Posterior(flow) => return self.flow(flow),
        };
        self.text("joint")
            .size(network.width)
            .size(network.layers)
            .size(network.heads)
            .size(network.widening);
        self.text(match network.mask {
            MaskKind::Undirected => "undirected",
            MaskKind::Directed => "directed",
            MaskKind::Faithful => "faithful",
            MaskKind::Dense => "dense",
        });
        self.text(match network.graph {
            GraphRule::Exact => "exact",
            GraphRule::Mechanistic => "mechanistic",
        });
        self.text(match network.noise {
            Noise::Edm => "edm",
            Noise::Ve => "ve",
            Noise::Vp => "vp",
        })
    }

    fn focus(&mut self, focus: Option<&Focus>) -> &mut Form {
        let Some(Focus { given, inferred }) = focus else { return self.number(0) };
        self.number(1);
        for tokens in [given, inferred] {
            self.number(tokens.len() as u64);
            for token in tokens {
                self.number(*token as u64);
            }
        }
        self
    }

    fn flow(&mut self, flow: &Flow) -> &mut Form {
        self.text("posterior").size(flow.couplings).text(match flow.coupling {
            Coupling::Affine => "affine",
            Coupling::Spline => "spline",
        });
        self.size(flow.bins).size(flow.width).size(flow.layers)
    }

    /// How an approximator reads its data. Modalities are known by their data: their names, which may be those of axes,
    /// do not enter.
    fn reading(&mut self, model: &Model, approximator: &Approximator) -> &mut Form {
        let names = |place: usize| {
            let nodes = approximator.groups.get(place).map_or(&[][..], |modality| &modality.nodes);
            let mut names: Vec<&str> = nodes.iter().map(|id| model.node(*id).name.as_str()).collect();
            names.sort_unstable();
            names
        };
        let data = |form: &mut Form, place: usize| {
            let names = names(place);
            form.number(names.len() as u64);
            for name in names {
                form.text(name);
            }
        };
        let mut encodings: Vec<&Encoding> = approximator.encodings.iter().collect();
        // Which is written first changes nothing.
        encodings.sort_by_key(|encoding| names(encoding.modality));
        self.number(encodings.len() as u64);
        for encoding in encodings {
            data(self, encoding.modality);
            self.number(encoding.stages.len() as u64);
            for Stage { axes, encoder } in &encoding.stages {
                self.number(axes.len() as u64).text(encoder.kind.name());
                let Encoder { kind: _, width, blocks, heads, patch, summary, tokens } = encoder;
                for size in [width, blocks, heads, patch, summary, tokens] {
                    self.size(*size);
                }
            }
        }
        match &approximator.fusion {
            None => {
                self.number(0);
            }
            Some(fusion) => self.number(1).fusion(fusion, &data),
        }
        self
    }

    fn fusion(&mut self, fusion: &Fusion, data: &dyn Fn(&mut Form, usize)) {
        match fusion {
            Fusion::Group(place) => data(self.text("modality"), *place),
            Fusion::Join { scheme, parts, pairing } => {
                self.text(scheme.name()).number(u64::from(*pairing)).number(parts.len() as u64);
                parts.iter().for_each(|part| self.fusion(part, data));
            }
        }
    }

    /// What training sees of the graph: `depends` statements change it, and no simulation.
    fn graph(&mut self, graph: &Graph) -> &mut Form {
        self.number(graph.tokens.len() as u64);
        for Token { name, support, .. } in &graph.tokens {
            self.text(name).number(support.low.to_bits()).number(support.high.to_bits());
            self.number(u64::from(support.whole));
        }
        self.0.update(&Mask::entries(&graph.base).iter().map(|entry| u8::from(*entry)).collect::<Vec<u8>>());
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
        for id in &self.named {
            let mut waiting: Vec<ExprId> = self.model.node(*id).exprs().collect();
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
            for id in self.model.below(self.model.node(*id).exprs(), |id| !self.exprs.contains_key(&id)) {
                let hash = self.expr(self.model.expr(id), |id| self.operand(id));
                self.exprs.insert(id, hash);
            }
        }
    }

    fn operand(&self, id: ExprId) -> Hash {
        *self.exprs.get(&id).expect("operands are digested first")
    }

    /// The digest of a condition, which has expressions of its own that read nodes of the model.
    fn condition(&mut self, condition: &Condition) -> Hash {
        let mut form = Form::part("condition");
        let before = self.axes.clone();
        for expr in &condition.exprs {
            if let Expr::Reduce { axis, .. } | Expr::Coordinate(axis) = expr {
                let next = self.axes.len() as u64;
                self.axes.entry(*axis).or_insert(next);
                form.axis(&self.model.axis(*axis).kind);
            }
        }
        let mut digested: Vec<Hash> = Vec::with_capacity(condition.exprs.len());
        for expr in &condition.exprs {
            let operand = |id: ExprId| *digested.get(id.0).expect("operands come before what uses them");
            let hash = self.expr(expr, operand);
            digested.push(hash);
        }
        // Axes that only a condition reads are numbered anew in each.
        self.axes = before;
        form.hash(*digested.get(condition.root.0).expect("a condition has its root"));
        form.finish()
    }

    fn expr(&self, expr: &Expr, operand: impl Fn(ExprId) -> Hash) -> Hash {
        let mut form = Form::part("expr");
        match expr {
            Expr::Number(value) => form.text("number").number(value.to_bits()),
            Expr::Coordinate(axis) => form.text("coordinate").number(self.axis(*axis)),
            Expr::Element { node, index } => return self.element(*node, index),
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
        form.finish()
    }

    fn node(&self, id: NodeId) -> Hash {
        let node = self.model.node(id);
        let mut form = Form::part("node");
        form.text(&node.name).text(match node.role {
            Role::Param => "param",
            Role::Data => "data",
            Role::Latent => "latent",
            Role::Let => unreachable!("a let has no name in the normal form"),
        });
        form.number(node.axes.len() as u64);
        for axis in &node.axes {
            form.number(self.axis(*axis));
        }
        match &node.definition {
            Definition::Equals(expr) => form.text("=").hash(self.operand(*expr)),
            Definition::Table(values) => {
                values.iter().fold(form.text("table"), |form, value| form.number(value.to_bits()))
            }
            Definition::Draw(draw) => {
                form.text(match draw.family {
                    Family::Uniform => "uniform",
                    Family::Normal => "normal",
                    Family::Bernoulli => "bernoulli",
                    Family::MultivariateNormal => "multivariate_normal",
                });
                draw.arguments.iter().fold(&mut form, |form, argument| {
                    let shape = match argument {
                        Argument::Scalar(_) => "scalar",
                        Argument::Vector(_) => "vector",
                        Argument::Matrix(_) => "matrix",
                    };
                    form.text(shape).number(argument.exprs().count() as u64);
                    argument.exprs().fold(form, |form, expr| form.hash(self.operand(expr)))
                })
            }
        };
        form.finish()
    }
}
