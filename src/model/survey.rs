//! What is known of every expression of a model, element by element: its constant value, the
//! drawn elements it reads, and whether it merely equals one of them.
//!
//! Deterministic nodes (`let`, computed parameters and latents) are substituted here. The walk is bottom-up
//! over the arena, so that shared expressions are looked at once and no depth can overflow the stack.

use crate::readings::{Readings, When};
use crate::steps::Steps;
use crate::values::{binary, reduce, unary};
use crate::{AxisId, Definition, Expr, ExprId, Gauge, Index, Model, Node, NodeId, Reducer, Role};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

/// What is known of an expression at one combination of elements of its axes.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Its value, where no draw enters.
    pub(crate) constant: Option<f64>,
    /// The elements of nodes it reads, numbered as in [`Survey::vertex`], rising.
    pub(crate) reads: Rc<[u32]>,
    /// The one element it is nothing but another name for.
    pub(crate) same: Option<u32>,
}

/// The facts of all expressions of a model.
pub(crate) struct Survey<'m> {
    model: &'m Model,
    /// The number of the first element of each node that is a vertex of the graph.
    first: Vec<Option<usize>>,
    /// The vertices of states, with the unit of the time of their dynamics.
    states: Vec<(Range<usize>, &'m Gauge)>,
    free: Vec<Vec<AxisId>>,
    exprs: Vec<Option<Vec<Facts>>>,
    /// The facts of the elements of nodes that are substituted.
    nodes: Vec<Vec<Facts>>,
    /// The recurrences that are looked at step by step.
    pub(crate) steps: Vec<Steps>,
    /// For each function of time that is drawn, the vertex of what it is between the places of its readings.
    pub(crate) rests: BTreeMap<NodeId, usize>,
    readings: Option<RefCell<Readings>>,
    nothing: Rc<[u32]>,
}

/// Whether the elements of a node are vertices of the graph: draws, and data however they come about.
pub(crate) fn is_vertex(node: &Node) -> bool {
    let drawn =
        matches!(node.definition, Definition::Draw(_) | Definition::Noise | Definition::External { .. });
    // States change with time: nothing is known of one but that it is itself.
    drawn || matches!(node.role, Role::Data | Role::State)
}

impl<'m> Survey<'m> {
    /// Surveys a model whose sizes have been checked: see [`Survey::cost`].
    pub(crate) fn of(model: &'m Model) -> Survey<'m> {
        Survey::with(model, Vec::new(), None)
    }

    /// Recurrences that can be draws of their own at each step: see [`Steps`].
    pub(crate) fn recurrences(model: &Model) -> Vec<Steps> {
        Steps::all(model, &Survey::of(model))
    }

    /// Surveys with these recurrences step by step. Their vertices come behind those of nodes, and the rests of functions last.
    /// With `readings`, that of a state outside of its dynamics is kept as what it is.
    pub(crate) fn with(model: &'m Model, mut steps: Vec<Steps>, readings: Option<Readings>) -> Survey<'m> {
        let mut vertices = 0;
        let first = model.nodes.iter().map(|node| {
            is_vertex(node).then(|| {
                vertices += model.elements(node);
                vertices - model.elements(node)
            })
        });
        let first: Vec<Option<usize>> = first.collect();
        for steps in &mut steps {
            steps.first = vertices;
            vertices += steps.count;
        }
        let states = model.numbered().zip(&first).filter(|((_, node), _)| node.role == Role::State);
        let states = states.filter_map(|((id, node), first)| {
            let run = model.dynamics.get(model.run_of(id)?)?;
            Some(((*first)?..(*first)? + model.elements(node), &run.clock))
        });
        let states = states.collect();
        let functions = model.numbered().filter(|(_, node)| node.curve && is_vertex(node));
        let functions = functions.filter(|(id, _)| model.run_of(*id).is_none());
        let rests = functions.zip(vertices..).map(|((id, _), vertex)| (id, vertex)).collect();
        let mut survey = Survey {
            model,
            first,
            states,
            free: free_axes(model),
            exprs: vec![None; model.exprs.len()],
            nodes: vec![Vec::new(); model.nodes.len()],
            steps,
            rests,
            readings: readings.map(RefCell::new),
            nothing: Rc::from([]),
        };
        model.order.iter().for_each(|&id| survey.node(id));
        model.dynamics.iter().flat_map(|dynamics| dynamics.exprs()).for_each(|root| survey.expr(root));
        survey
    }

    /// How many facts a survey would hold, without making any of them; it saturates.
    pub(crate) fn cost(model: &Model) -> usize {
        let tables = free_axes(model).into_iter().map(|free| {
            free.iter().fold(1usize, |count, axis| count.saturating_mul(model.axis(*axis).size()))
        });
        tables.fold(0, usize::saturating_add)
    }

    /// The number of an element of a node, if the node is a vertex.
    pub(crate) fn vertex(&self, node: NodeId, element: usize) -> Option<usize> {
        self.first.get(node.0).copied().flatten().map(|first| first + element)
    }

    /// What is known of `expr` where it is read by an element of `node`.
    pub(crate) fn facts(&self, expr: ExprId, node: &Node, element: usize) -> &Facts {
        let at = self.model.positions(node, element);
        let table = self.exprs.get(expr.0).and_then(Option::as_ref);
        table
            .and_then(|table| table.get(self.entry(expr, &at)))
            .expect("every expression of a node is surveyed")
    }

    /// All that these expressions read where they are read by an element of `node`.
    pub(crate) fn reads(
        &self,
        exprs: impl Iterator<Item = ExprId>,
        node: &Node,
        element: usize,
    ) -> BTreeSet<usize> {
        exprs
            .flat_map(|expr| self.facts(expr, node, element).reads.iter().map(|&read| read as usize))
            .collect()
    }

    /// The value of `expr` at these positions along the axes, where no draw enters.
    pub(crate) fn constant_at(&self, expr: ExprId, at: &[usize]) -> Option<f64> {
        self.entry_of(expr, at).constant
    }

    /// The values of `expr` over all elements of its axes, where no draw enters.
    pub(crate) fn constants(&self, expr: ExprId) -> impl Iterator<Item = f64> {
        let table = self.exprs.get(expr.0).and_then(Option::as_ref);
        table.into_iter().flatten().filter_map(|facts| facts.constant)
    }

    /// The values of `expr` over all elements of its axes, if no draw enters any; none where nothing reads it.
    pub(crate) fn known(&self, expr: ExprId) -> Option<Vec<f64>> {
        let table = self.exprs.get(expr.0).and_then(Option::as_ref);
        table.into_iter().flatten().map(|facts| facts.constant).collect()
    }

    /// All positions along the axes at which `expr` stands.
    pub(crate) fn places(&self, expr: ExprId) -> impl Iterator<Item = Vec<usize>> {
        let free = self.free.get(expr.0).map_or(&[][..], Vec::as_slice);
        let sizes: Vec<usize> = free.iter().map(|axis| self.model.axis(*axis).size()).collect();
        (0..sizes.iter().product()).map(move |entry| {
            let mut at = vec![0; self.model.axes.len()];
            place(free, &sizes, entry, &mut at);
            at
        })
    }

    /// The drawn elements behind one element of any node: itself if it is a vertex.
    pub(crate) fn element(&self, node: NodeId, element: usize) -> Facts {
        if let Some(vertex) = self.vertex(node, element) {
            let vertex = u32::try_from(vertex).expect("the number of elements is bounded by the checker");
            return Facts { constant: None, reads: Rc::from([vertex]), same: Some(vertex) };
        }
        let table = self.nodes.get(node.0).and_then(|table| table.get(element));
        table.expect("nodes are surveyed after what they read").clone()
    }

    fn node(&mut self, id: NodeId) {
        let node = self.model.node(id);
        for root in node.exprs() {
            self.expr(root);
        }
        if is_vertex(node) {
            return;
        }
        let elements = 0..self.model.elements(node);
        let table = match &node.definition {
            Definition::Equals(expr) => {
                elements.map(|element| self.facts(*expr, node, element).clone()).collect()
            }
            Definition::Table(values) => values.iter().map(|&value| self.number(value)).collect(),
            // Known, but read at times, not as a number.
            Definition::Series(_) => vec![self.computed(None, &[])],
            Definition::Draw(_) | Definition::Noise | Definition::External { .. } => {
                unreachable!("a draw is a vertex")
            }
        };
        if let Some(place) = self.nodes.get_mut(id.0) {
            *place = table;
        }
    }

    /// Tabulates an expression after its operands.
    fn expr(&mut self, root: ExprId) {
        // Operands have smaller numbers than what uses them: rising order is an order of evaluation.
        for id in self.model.below([root], |id| self.exprs.get(id.0).is_some_and(Option::is_none)) {
            if let Some(place) = self.stepped(self.model.expr(id)) {
                self.unroll(place);
            }
            let table = self.tabulate(id);
            if let Some(place) = self.exprs.get_mut(id.0) {
                *place = Some(table);
            }
        }
    }

    /// Which of `steps` an expression reads at a time.
    fn stepped(&self, expr: &Expr) -> Option<usize> {
        let Expr::At(curve, _) = expr else { return None };
        let Expr::Curve { node, .. } = self.model.expr(*curve) else { return None };
        let run = self.model.run_of(*node)?;
        self.steps.iter().position(|steps| steps.run == run)
    }

    /// Finds what is known of a recurrence at each step, once.
    fn unroll(&mut self, place: usize) {
        let Some(mut steps) = self.steps.get(place).filter(|steps| !steps.is_known()).cloned() else {
            return;
        };
        let members = steps.members(self.model).flat_map(|id| self.model.node(id).exprs());
        let roots: Vec<ExprId> = members.chain(steps.changes(self.model)).collect();
        roots.into_iter().for_each(|root| self.expr(root));
        steps.follow(self.model, self);
        if let Some(known) = self.steps.get_mut(place) {
            *known = steps;
        }
    }

    /// The facts of an expression for every combination of its free axes, the last varying fastest.
    fn tabulate(&self, id: ExprId) -> Vec<Facts> {
        let free = self.free.get(id.0).map_or(&[][..], Vec::as_slice);
        let sizes: Vec<usize> = free.iter().map(|axis| self.model.axis(*axis).size()).collect();
        let mut at = vec![0; self.model.axes.len()];
        let entries = 0..sizes.iter().product();
        entries
            .map(|entry| {
                place(free, &sizes, entry, &mut at);
                self.derive(self.model.expr(id), &mut at)
            })
            .collect()
    }

    /// The facts of one expression at one place, from those of its operands.
    fn derive(&self, expr: &Expr, at: &mut [usize]) -> Facts {
        match *expr {
            Expr::Number(value) => self.number(value),
            Expr::Coordinate(axis) => match self.model.axis(axis).coordinate(position(at, axis)) {
                Some(value) => self.number(value),
                None => self.computed(None, &[]),
            },
            Expr::Element { node, ref index } => {
                self.element(node, self.model.element(node, index, |axis| position(at, axis)))
            }
            Expr::Clock => self.computed(None, &[]),
            Expr::End { dynamics, ref index } => self.end(dynamics, index, at),
            Expr::Curve { node, .. } if self.model.run_of(node).is_none() => self.whole(node),
            Expr::Curve { node, ref index } => {
                let element = self.model.element(node, index, |axis| position(at, axis));
                Facts { same: None, constant: None, ..self.element(node, element) }
            }
            Expr::At(curve, time) if self.stepped(expr).is_some() => {
                let steps = self.stepped(expr).and_then(|place| self.steps.get(place));
                let Expr::Curve { node, .. } = *self.model.expr(curve) else {
                    return self.computed(None, &[]);
                };
                let time = self.entry_of(time, at).constant;
                let facts = steps.zip(time).and_then(|(steps, time)| steps.at(self.model, node, time));
                facts.expect("steps are read at times that are known").clone()
            }
            Expr::At(curve, time) => match self.placed(curve, time, at) {
                Some((function, place)) => self.element(function, place),
                None => self.read_at(curve, time, at),
            },
            Expr::Crossings(curve, level) => {
                let (read, end) = (self.both(curve, level, at), self.end_of(curve, at));
                self.computed(None, &[&read.reads, &end.reads])
            }
            Expr::Gained { curve, time, .. } => self.read_at(curve, time, at),
            Expr::Unary(function, operand) => {
                let operand = self.entry_of(operand, at);
                let constant = operand.constant.map(|value| unary(function, value));
                self.computed(constant, &[&operand.reads])
            }
            Expr::Binary(function, left, right) => {
                let (left, right) = (self.entry_of(left, at), self.entry_of(right, at));
                let constant = left.constant.zip(right.constant).map(|(l, r)| binary(function, l, r));
                self.computed(constant, &[&left.reads, &right.reads])
            }
            Expr::Select { condition, yes, no } => {
                let (yes, no) = (self.entry_of(yes, at), self.entry_of(no, at));
                let condition = self.entry_of(condition, at);
                match condition.constant {
                    // A condition known beforehand, as `i == 1`, reads only the side it takes.
                    Some(value) => {
                        if value == 0.0 {
                            no.clone()
                        } else {
                            yes.clone()
                        }
                    }
                    None => self.computed(None, &[&condition.reads, &yes.reads, &no.reads]),
                }
            }
            Expr::Reduce { reducer, axis, body } => {
                let size = self.model.axis(axis).size();
                let parts: Vec<&Facts> = (0..size)
                    .map(|element| {
                        set(at, axis, element);
                        self.entry_of(body, at)
                    })
                    .collect();
                let constants: Option<Vec<f64>> = parts.iter().map(|part| part.constant).collect();
                let reads: Vec<&Rc<[u32]>> = parts.iter().map(|part| &part.reads).collect();
                let constants = constants.filter(|_| reducer != Reducer::Integral);
                self.computed(constants.map(|values| reduce(reducer, &values)), &reads)
            }
        }
    }

    /// The value of a curve at a time, or its rise until then; of states the readings, where they are kept.
    fn read_at(&self, curve: ExprId, time: ExprId, at: &[usize]) -> Facts {
        let Some(readings) = &self.readings else { return self.both(curve, time, at) };
        let constant = |expr| self.entry_of(expr, at).constant;
        let place = |axis| position(at, axis);
        let reading = |&vertex: &u32| match self.clock_of(vertex) {
            Some(clock) => {
                let when = When::of(self.model, time, clock, constant, place);
                readings.borrow_mut().number(vertex, when)
            }
            None => vertex,
        };
        let reads = self.entry_of(curve, at).reads.iter();
        let mut reads: Vec<u32> = reads.map(reading).collect();
        reads.sort_unstable();
        self.computed(None, &[&reads.into(), &self.entry_of(time, at).reads])
    }

    /// A number among what is read as the reading that it is, if readings are kept and it is one: of which state, and
    /// when. A state that is read otherwise is read as a path.
    pub(crate) fn reading(&self, number: u32) -> Option<(usize, When)> {
        let known = self.readings.as_ref()?.borrow().get(number);
        let path = || self.clock_of(number).map(|_| (number, When::EVER));
        known.or_else(path).map(|(state, when)| (state as usize, when))
    }

    /// The unit of the time of a vertex, if it is an element of a state.
    fn clock_of(&self, vertex: u32) -> Option<&'m Gauge> {
        let own = self.states.iter().find(|(states, _)| states.contains(&(vertex as usize)));
        own.map(|(_, clock)| *clock)
    }

    fn both(&self, left: ExprId, right: ExprId, at: &[usize]) -> Facts {
        self.computed(None, &[&self.entry_of(left, at).reads, &self.entry_of(right, at).reads])
    }

    /// A function of time as a whole: all its readings, and what it is between them.
    fn whole(&self, function: NodeId) -> Facts {
        let elements = 0..self.model.elements(self.model.node(function));
        let mut reads: Vec<_> = elements.map(|element| self.element(function, element).reads).collect();
        let rest = self.rests.get(&function).and_then(|vertex| u32::try_from(*vertex).ok());
        reads.extend(rest.map(|vertex| Rc::from([vertex])));
        self.computed(None, &reads.iter().collect::<Vec<_>>())
    }

    /// The reading of a function of time that its value at a time is, if one is placed there.
    fn placed(&self, curve: ExprId, time: ExprId, at: &[usize]) -> Option<(NodeId, usize)> {
        let Expr::Curve { node: function, .. } = *self.model.expr(curve) else { return None };
        self.rests.get(&function)?;
        let knots = *self.model.node(function).axes.last()?;
        if *self.model.expr(time) == Expr::Coordinate(knots) {
            return Some((function, position(at, knots)));
        }
        let (axis, time) = (self.model.axis(knots), self.entry_of(time, at).constant?);
        let same = |place: &usize| axis.coordinate(*place) == Some(time);
        (0..axis.size()).find(same).map(|place| (function, place))
    }

    fn number(&self, value: f64) -> Facts {
        Facts { constant: Some(value), reads: self.nothing.clone(), same: None }
    }

    /// When the dynamics of a curve ended: until then its crossings are counted.
    fn end_of(&self, curve: ExprId, at: &[usize]) -> Facts {
        let Expr::Curve { node, ref index } = *self.model.expr(curve) else {
            return self.computed(None, &[]);
        };
        let run = self.model.run_of(node);
        let dynamics = run.and_then(|run| Some((run, self.model.dynamics.get(run)?)));
        match dynamics {
            Some((run, dynamics)) => self.end(run, index.get(..dynamics.axes.len()).unwrap_or_default(), at),
            None => self.computed(None, &[]),
        }
    }

    /// When a dynamics ended: that hangs on all its states, at the place along the axes of its draw.
    fn end(&self, dynamics: usize, index: &[Index], at: &[usize]) -> Facts {
        let Some(dynamics) = self.model.dynamics.get(dynamics) else { return self.computed(None, &[]) };
        if dynamics.stops.is_empty() {
            return self.number(dynamics.over[1]);
        }
        let (mut place, mut places) = (0, 1);
        for (axis, index) in dynamics.axes.iter().zip(index) {
            let size = self.model.axis(*axis).size();
            let here = match *index {
                Index::Same(axis) => position(at, axis),
                Index::At(place) => place,
            };
            (place, places) = (place * size + here, places * size);
        }
        let mut reads = Vec::new();
        for &state in dynamics.members.iter().filter(|id| self.model.node(**id).role == Role::State) {
            let count = self.model.elements(self.model.node(state));
            let elements = count * place / places..count * (place + 1) / places;
            reads.extend(elements.map(|element| self.element(state, element).reads));
        }
        self.computed(None, &reads.iter().collect::<Vec<_>>())
    }

    pub(crate) fn computed(&self, constant: Option<f64>, reads: &[&Rc<[u32]>]) -> Facts {
        Facts { constant, reads: self.union(reads), same: None }
    }

    fn union(&self, sets: &[&Rc<[u32]>]) -> Rc<[u32]> {
        let mut full = sets.iter().copied().filter(|set| !set.is_empty());
        let Some(one) = full.next() else { return self.nothing.clone() };
        let others: Vec<_> = full.filter(|set| !Rc::ptr_eq(set, one)).collect();
        if others.is_empty() {
            return one.clone();
        }
        let mut all: Vec<u32> = others.into_iter().chain([one]).flat_map(|set| set.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all.into()
    }

    fn entry_of(&self, expr: ExprId, at: &[usize]) -> &Facts {
        let table = self.exprs.get(expr.0).and_then(Option::as_ref);
        table.and_then(|table| table.get(self.entry(expr, at))).expect("operands are surveyed first")
    }

    fn entry(&self, expr: ExprId, at: &[usize]) -> usize {
        let free = self.free.get(expr.0).map_or(&[][..], Vec::as_slice);
        free.iter().fold(0, |entry, &axis| entry * self.model.axis(axis).size() + position(at, axis))
    }
}

/// The axes each expression stands on, in the order of their numbers.
pub(crate) fn free_axes(model: &Model) -> Vec<Vec<AxisId>> {
    let mut free: Vec<Vec<AxisId>> = Vec::with_capacity(model.exprs.len());
    for expr in &model.exprs {
        let mut axes: Vec<AxisId> = match expr {
            Expr::Coordinate(axis) => vec![*axis],
            Expr::Element { index, .. } | Expr::Curve { index, .. } | Expr::End { index, .. } => index
                .iter()
                .filter_map(|index| if let Index::Same(axis) = index { Some(*axis) } else { None })
                .collect(),
            _ => expr.operands().filter_map(|operand| free.get(operand.0)).flatten().copied().collect(),
        };
        if let Expr::Reduce { axis, .. } = expr {
            axes.retain(|free| free != axis);
        }
        axes.sort_unstable();
        axes.dedup();
        free.push(axes);
    }
    free
}

fn position(at: &[usize], axis: AxisId) -> usize {
    at.get(axis.0).copied().expect("an axis belongs to its model")
}

fn set(at: &mut [usize], axis: AxisId, element: usize) {
    *at.get_mut(axis.0).expect("an axis belongs to its model") = element;
}

/// Writes the place of a row-major entry into the positions of its axes.
fn place(axes: &[AxisId], sizes: &[usize], entry: usize, at: &mut [usize]) {
    let mut rest = entry;
    for (&axis, &size) in axes.iter().zip(sizes).rev() {
        set(at, axis, rest % size);
        rest /= size;
    }
}
