//! From a checked model to a program: every element of every node becomes a value.
//!
//! Axes are unrolled. Reductions run through their axis from its first element to its last, one after the other.

use crate::absent::Soundness;
use crate::around::Around;
use crate::dataset::Extent;
use crate::error::TOO_LARGE;
use crate::evaluate::Plan;
use crate::jumps::Pauses;
use crate::motion::Motion;
use crate::process::Function;
use crate::rng::path_hash;
use crate::ssa::{MAX_VALUES, Op, Program, Value};
use sbi_model::natural;
use sbi_model::{AxisId, Definition, Dynamics, ExprId, Model, Node, NodeId, Role, Series, Solver};
use sbi_syntax::Diagnostic;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A model as a program, with the values of all elements of its nodes.
pub(crate) struct Lowered {
    pub program: Program,
    elements: Vec<Vec<Value>>,
    /// The outputs, each with whether a data set may lack it.
    pub shown: Vec<(Value, bool)>,
    /// Where a draw that failed may have gone wrong, the earliest first.
    pub signs: Vec<Sign>,
    /// The calls of programs from outside, each behind those that it reads.
    pub calls: Vec<Call>,
}

/// A call of a program from outside, for each draw.
#[derive(Clone)]
pub(crate) struct Call {
    /// Which of the model's externals.
    pub external: usize,
    /// The hash of the name of the first of what it gives: the seeds of its draws are its own.
    pub path: u64,
    /// How many times it is asked for each draw: once for each place along its axes.
    pub places: usize,
    /// What it is given, place by place.
    pub inputs: Vec<Value>,
    /// The sizes of what it gives.
    pub outputs: Vec<Vec<usize>>,
    /// The first of the columns that it gives, place by place.
    pub first: usize,
}

impl Call {
    /// How many numbers it gives at a place.
    pub fn width(&self) -> usize {
        self.outputs.iter().map(|sizes| sizes.iter().product::<usize>()).sum()
    }
}

/// What comes out of a simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// An element of a node, by its row-major number.
    Element(NodeId, usize),
    /// Where an element of an axis is, by its position.
    Coordinate(AxisId, usize),
    /// Of a model that takes failures as absent: 1 where something of the draw failed, else 0.
    Failed,
}

/// What is true of a draw that does not fail here.
pub(crate) struct Sign {
    /// The loop that is at fault: what reads it hangs on the sign.
    pub run: Value,
    pub sound: Value,
    /// What is said where it is not, and what to do about it.
    pub else_said: String,
    pub help: String,
}

impl Lowered {
    /// The values of elements of nodes, by their row-major numbers.
    pub fn values(&self, elements: &[(NodeId, usize)]) -> Vec<Value> {
        let value = |&(node, element): &(NodeId, usize)| {
            let elements = self.elements.get(node.0).and_then(|elements| elements.get(element));
            elements.copied().expect("an output is an element of its node")
        };
        elements.iter().map(value).collect()
    }
}

/// Turns a model into a program, node by node in the model's order.
///
/// # Errors
/// A diagnostic that names the node at which the program outgrew its bounds, or whose family is unknown.
pub(crate) fn lower(model: &Model, outputs: &[Output]) -> Result<Lowered, Diagnostic> {
    let mut pauses = vec![Pauses::default(); model.dynamics.len()];
    if model.dynamics.iter().any(|dynamics| matches!(dynamics.solver, Solver::Gillespie { .. })) {
        // What jumps is run from reading to reading: when these are is known once all has been looked at.
        pauses = Lower::of(model, pauses).all()?.pauses;
    }
    let mut lower = Lower::of(model, pauses).all()?;
    let soundness = lower.soundness();
    let shown: Vec<(Value, bool)> =
        outputs.iter().map(|output| lower.output(*output, soundness.as_ref())).collect();
    if let (true, Some(node)) = (lower.program.overflowed(), model.nodes.last()) {
        return Err(lower.too_large(node));
    }
    let called = lower.calls.iter().flat_map(|call| call.inputs.iter().copied());
    lower.keeps_little(&shown.iter().map(|(value, _)| *value).chain(called).collect::<Vec<_>>())?;
    let Lower { program, elements, signs, calls, .. } = lower;
    Ok(Lowered { program, elements, shown, signs, calls })
}

pub(crate) struct Lower<'a> {
    pub(crate) model: &'a Model,
    pub(crate) program: Program,
    elements: Vec<Vec<Value>>,
    /// Where along each axis the current element stands, by axis; `None` off the axis.
    position: Vec<Option<usize>>,
    pub(crate) plans: HashMap<ExprId, Rc<Plan>>,
    /// Reductions computed before, at the same place along the axes they depend on.
    pub(crate) reductions: HashMap<(ExprId, Vec<Option<usize>>), Value>,
    /// The time, inside a dynamics.
    pub(crate) clock: Option<Value>,
    /// While one of several runs of a dynamics is written: which, and of how many. Each has an equal part of the elements
    /// of what the dynamics is made of.
    pub(crate) part: Option<(usize, usize)>,
    /// The program around the body of a loop, while that is written.
    pub(crate) around: Option<Around>,
    /// The dynamics that have been run.
    pub(crate) motions: Vec<Option<Rc<Motion>>>,
    /// See [`Lowered::signs`].
    pub(crate) signs: Vec<Sign>,
    /// See [`Lowered::calls`].
    pub(crate) calls: Vec<Call>,
    /// What a data set has of each axis.
    pub(crate) extents: Vec<Extent>,
    /// When each dynamics is read that is run jump by jump.
    pub(crate) pauses: Vec<Pauses>,
    /// The functions of time that have been drawn.
    functions: HashMap<NodeId, Rc<Function>>,
    /// The fixed functions of time.
    series: HashMap<NodeId, Arc<Series>>,
}

/// What a checked model says of everything that this engine does not run.
pub(crate) const NOT_RUN: &str = "`Model::later` names it, and no simulator is made of such a model";

impl<'a> Lower<'a> {
    pub(crate) fn of(model: &'a Model, pauses: Vec<Pauses>) -> Lower<'a> {
        Lower {
            model,
            program: Program::default(),
            elements: vec![Vec::new(); model.nodes.len()],
            position: vec![None; model.axes.len()],
            plans: HashMap::new(),
            reductions: HashMap::new(),
            clock: None,
            part: None,
            around: None,
            motions: model.dynamics.iter().map(|_| None).collect(),
            signs: Vec::new(),
            calls: Vec::new(),
            extents: Vec::new(),
            pauses,
            functions: HashMap::new(),
            series: HashMap::new(),
        }
    }

    /// Makes the values of all nodes.
    fn all(mut self) -> Result<Lower<'a>, Diagnostic> {
        self.draw_extents();
        for &id in &self.model.order {
            self.make(id)?;
        }
        Ok(self)
    }

    /// Makes the values of a node.
    pub(crate) fn make(&mut self, id: NodeId) -> Result<(), Diagnostic> {
        self.ready(id)?;
        let node = self.model.node(id);
        let values = match self.model.run_of(id) {
            None if node.curve => self.curve_of_time(id, node)?,
            Some(run) if node.role != Role::State => self.at_start(run, id),
            _ => self.node(node)?,
        };
        self.replace(id, values);
        Ok(())
    }

    /// What comes out, and whether a data set may lack it.
    fn output(&mut self, output: Output, soundness: Option<&Soundness>) -> (Value, bool) {
        let (value, present) = match output {
            Output::Element(node, element) => {
                let (value, present) = (self.value_of((node, element)), self.present(node, element));
                match soundness {
                    Some(soundness) if self.model.node(node).role == Role::Param => {
                        (self.never_absent(soundness, value), present)
                    }
                    Some(soundness) => {
                        let sound = self.sound(soundness, value);
                        (value, self.both(present, sound))
                    }
                    None => (value, present),
                }
            }
            Output::Failed => {
                let soundness = soundness.expect("of a model that takes no failure as absent none is told");
                (self.fact(soundness), None)
            }
            Output::Coordinate(axis, position) => {
                (self.coordinate_of(axis, position), self.has(axis, position))
            }
        };
        match present {
            Some(present) => (self.shown(value, present), true),
            None => (value, false),
        }
    }

    /// A function of time: its values where its readings stand, none where it has none.
    fn curve_of_time(&mut self, id: NodeId, node: &Node) -> Result<Vec<Value>, Diagnostic> {
        if let Definition::Series(series) = &node.definition {
            self.series.insert(id, Arc::new(series.clone()));
        } else {
            let function = self.process(id)?;
            self.functions.insert(id, function);
        }
        let Some(knot) = node.axes.first().copied() else { return Ok(vec![self.program.number(f64::NAN)]) };
        Ok(self.elements_of(id, |this| {
            let time = this.coordinate(knot);
            this.of_time(id, time)
        }))
    }

    /// A function of time outside of dynamics, at a time.
    pub(crate) fn of_time(&mut self, id: NodeId, time: Value) -> Value {
        if let Some(series) = self.series.get(&id).cloned() {
            return self.program.series(&series, time);
        }
        let function = self.functions.get(&id).cloned().expect("a function is drawn before it is read");
        self.function_at(&function, time)
    }

    /// The coordinate of the element of an axis where we stand.
    pub(crate) fn coordinate(&mut self, axis: AxisId) -> Value {
        self.coordinate_of(axis, self.position(axis))
    }

    /// What a dynamics computes anew at every step, as it is when it starts: a state may start from it.
    fn at_start(&mut self, run: usize, id: NodeId) -> Vec<Value> {
        let [from, _] = self.dynamics(run).over;
        let from = self.program.number(from);
        match self.model.node(id).definition {
            Definition::Equals(expr) => {
                self.elements_of(id, |this| this.at_time(from, |this| this.expression(expr)))
            }
            // A noise is at rest.
            _ => self.elements_of(id, |this| this.program.number(0.0)),
        }
    }

    /// Runs the dynamics that a node reads.
    pub(crate) fn ready(&mut self, id: NodeId) -> Result<(), Diagnostic> {
        let model = self.model;
        if model.dynamics.is_empty() {
            return Ok(());
        }
        self.run_all(model.reads(id), model.run_of(id))
    }

    /// Runs the dynamics of these nodes that have not been run, save one.
    pub(crate) fn run_all(&mut self, nodes: BTreeSet<NodeId>, save: Option<usize>) -> Result<(), Diagnostic> {
        for number in nodes.into_iter().filter_map(|read| self.model.run_of(read)) {
            if Some(number) != save && self.motions.get(number).is_some_and(Option::is_none) {
                let motion = self.run(number)?;
                if let Some(place) = self.motions.get_mut(number) {
                    *place = Some(Rc::new(motion));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn dynamics(&self, number: usize) -> &'a Dynamics {
        self.model.dynamics.get(number).expect("a curve belongs to a dynamics of its model")
    }

    pub(crate) fn motion(&self, number: usize) -> Rc<Motion> {
        let motion = self.motions.get(number).and_then(Clone::clone);
        motion.expect("a dynamics is run before it is read")
    }

    // ---- values at hand ------------------------------------------------------------------------

    pub(crate) fn count(&self, id: NodeId) -> usize {
        self.model.elements(self.model.node(id))
    }

    pub(crate) fn value_of(&self, (id, element): (NodeId, usize)) -> Value {
        let elements = self.elements.get(id.0).expect("there is a place for each node");
        elements
            .get(element)
            .copied()
            .expect("an expression reads elements that exist, of nodes before its own")
    }

    pub(crate) fn set(&mut self, (id, element): (NodeId, usize), value: Value) {
        let elements = self.elements.get_mut(id.0).expect("there is a place for each node");
        *elements.get_mut(element).expect("a state keeps its elements") = value;
    }

    pub(crate) fn replace(&mut self, id: NodeId, values: Vec<Value>) {
        *self.elements.get_mut(id.0).expect("there is a place for each node") = values;
    }

    /// The elements of a node that are at hand: all, or those of one run of the dynamics that the node is part of.
    pub(crate) fn elements_here(&self, id: NodeId) -> Range<usize> {
        self.part_of(self.count(id))
    }

    fn part_of(&self, count: usize) -> Range<usize> {
        let (place, runs) = self.part.unwrap_or((0, 1));
        count * place / runs..count * (place + 1) / runs
    }

    /// What `make` gives for each element of a node at hand; we stand where we stood before.
    pub(crate) fn elements_of(&mut self, id: NodeId, mut make: impl FnMut(&mut Self) -> Value) -> Vec<Value> {
        let node = self.model.node(id);
        let before = self.position.clone();
        let values = self
            .elements_here(id)
            .map(|element| {
                self.stand_at(node, element);
                make(self)
            })
            .collect();
        self.position = before;
        values
    }

    // ---- nodes ---------------------------------------------------------------------------------

    fn node(&mut self, node: &Node) -> Result<Vec<Value>, Diagnostic> {
        let count = self.model.elements(node);
        if count > MAX_VALUES {
            return Err(self.too_large(node));
        }
        let values = match &node.definition {
            Definition::Table(numbers) => numbers.iter().map(|x| self.program.number(*x)).collect(),
            Definition::Equals(expr) => self.each(node, count, 1, |this, _| vec![this.expression(*expr)])?,
            Definition::Draw(draw) => self.draw(node, draw, &node.name)?,
            Definition::External { external, output, inputs } => self.outside(*external, *output, inputs),
            Definition::Series(_) | Definition::Noise => unreachable!("{NOT_RUN}"),
        };
        assert_eq!(values.len(), count, "`{}` has a value for each of its elements", node.name);
        Ok(values)
    }

    /// One output of a program from outside, which is called with the first of them.
    fn outside(&mut self, external: usize, output: usize, inputs: &[ExprId]) -> Vec<Value> {
        let axes = &self.model.externals.get(external).expect("a model has its externals").axes;
        let known = self.calls.iter().position(|call| call.external == external);
        let known = known.unwrap_or_else(|| {
            let places = axes.iter().map(|axis| self.size(*axis)).product();
            let mut given = Vec::new();
            for place in 0..places {
                self.stand_along(axes, Some(place));
                given.extend(inputs.iter().map(|input| self.expression(*input)));
            }
            self.stand_along(axes, None);
            let first = self.calls.iter().map(|call| call.places * call.width()).sum();
            let outputs = self.outputs_of(external, axes.len());
            let path = path_hash(self.name_of_call(external));
            self.calls.push(Call { external, path, places, inputs: given, outputs, first });
            self.calls.len() - 1
        });
        let call = self.calls.get(known).expect("it was found or made above");
        let size = |sizes: &Vec<usize>| sizes.iter().product::<usize>();
        let before: usize = call.outputs.iter().take(output).map(size).sum();
        let count = call.outputs.get(output).map_or(0, size);
        let (first, width, places) = (call.first, call.width(), call.places);
        let columns =
            (0..places).flat_map(|place| (0..count).map(move |k| first + place * width + before + k));
        columns.map(|column| self.program.leaf(Op::Given(column as u32))).collect()
    }

    /// The first of the nodes that a program from outside gives, by the natural order of their names.
    fn name_of_call(&self, external: usize) -> &str {
        let own = |node: &&Node| matches!(node.definition, Definition::External { external: of, .. } if of == external);
        let names = self.model.nodes.iter().filter(own).map(|node| node.name.as_str());
        names.min_by(|a, b| natural::compare(a, b)).unwrap_or_default()
    }

    /// The sizes of what a program from outside gives at a place of its draw, which has so many axes.
    fn outputs_of(&self, external: usize, around: usize) -> Vec<Vec<usize>> {
        let mut outputs = Vec::new();
        for node in &self.model.nodes {
            if let Definition::External { external: of, output, .. } = node.definition
                && of == external
            {
                let sizes = node.axes.iter().skip(around).map(|axis| self.size(*axis)).collect();
                outputs.push((output, sizes));
            }
        }
        outputs.sort_by_key(|(output, _)| *output);
        outputs.into_iter().map(|(_, sizes)| sizes).collect()
    }

    /// Calls `make` for every `width` elements of a node at hand, standing at the first of them.
    pub(crate) fn each(
        &mut self,
        node: &Node,
        count: usize,
        width: usize,
        mut make: impl FnMut(&mut Self, usize) -> Vec<Value>,
    ) -> Result<Vec<Value>, Diagnostic> {
        let before = self.position.clone();
        let mut values = Vec::with_capacity(count);
        for first in self.part_of(count).step_by(width) {
            self.stand_at(node, first);
            values.extend(make(self, first));
            self.bounded(node)?;
        }
        self.position = before;
        Ok(values)
    }

    /// Stands at an element of a node.
    fn stand_at(&mut self, node: &Node, element: usize) {
        self.stand_along(&node.axes, Some(element));
    }

    pub(crate) fn size(&self, axis: AxisId) -> usize {
        self.model.axis(axis).size()
    }

    pub(crate) fn position(&self, axis: AxisId) -> usize {
        self.position
            .get(axis.0)
            .copied()
            .flatten()
            .expect("the checker binds every axis that an expression uses")
    }

    /// Moves to a place along several axes, row-major, or off them.
    pub(crate) fn stand_along(&mut self, axes: &[AxisId], place: Option<usize>) {
        let mut rest = place;
        for axis in axes.iter().rev() {
            let size = self.size(*axis);
            self.stand(*axis, rest.map(|rest| rest % size));
            rest = rest.map(|rest| rest / size);
        }
    }

    /// Moves to another place along an axis; where we stood before.
    pub(crate) fn stand(&mut self, axis: AxisId, position: Option<usize>) -> Option<usize> {
        let place = self.position.get_mut(axis.0).expect("an axis id belongs to its model");
        std::mem::replace(place, position)
    }

    /// Fails where the program has outgrown its bounds, at a node.
    pub(crate) fn bounded(&self, node: &Node) -> Result<(), Diagnostic> {
        if self.program.overflowed() { Err(self.too_large(node)) } else { Ok(()) }
    }

    fn too_large(&self, node: &Node) -> Diagnostic {
        let axes = node.axes.iter().map(|axis| self.model.axis(*axis));
        let sizes: Vec<String> = axes.map(|axis| format!("`{}` with {}", axis.name, axis.size())).collect();
        let over = if sizes.is_empty() { String::new() } else { format!(" (over {})", sizes.join(", ")) };
        let message = format!(
            "with `{}`{over} the model takes more than {MAX_VALUES} steps to simulate, which is the limit",
            node.name
        );
        TOO_LARGE.at(node.span, message).help("give the axes fewer elements")
    }
}
