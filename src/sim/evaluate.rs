//! Expressions, where we stand: every one becomes a value of the program.

use crate::lower::{Lower, NOT_RUN};
use crate::motion::Motion;
use crate::reading::When;
use crate::ssa::{MAX_VALUES, Value};
use sbi_model::{AxisId, Binary, Expr, ExprId, Index, NodeId, Reducer};
use std::collections::HashSet;
use std::rc::Rc;

/// How an expression is evaluated without recursion: what it needs, operands first.
pub(crate) struct Plan {
    /// The expression and all it is made of, short of the bodies of reductions, in ascending order.
    steps: Vec<ExprId>,
    /// The axes whose position its value depends on.
    axes: Vec<AxisId>,
}

impl Lower<'_> {
    /// The value of an expression where we stand.
    pub(crate) fn expression(&mut self, root: ExprId) -> Value {
        let plan = self.plan(root);
        let mut values: Vec<Value> = Vec::with_capacity(plan.steps.len());
        for &step in &plan.steps {
            let made = |id: ExprId| {
                let known = plan.steps.binary_search(&id).ok().and_then(|k| values.get(k));
                known.copied().expect("operands come before what uses them")
            };
            let value = match self.model.expr(step) {
                Expr::Number(x) => self.program.number(*x),
                Expr::Coordinate(axis) => self.coordinate(*axis),
                Expr::Clock => self.clock.expect("the time is read inside of a dynamics"),
                Expr::Curve { .. } => unreachable!("a curve is read by what it stands in"),
                Expr::At(curve, time) => self.at(*curve, *time, made(*time)),
                Expr::Crossings(curve, level) => self.crosses(*curve, made(*level)),
                Expr::Gained { curve, axis, time } => self.gained(*curve, *axis, *time, made(*time)),
                Expr::End { dynamics, index } => {
                    let motion = self.motion(*dynamics);
                    let place = self.place_along(&motion.axes, index);
                    self.around_loops(|this| this.end_of(&motion, place))
                }
                Expr::Element { node, index } => self.element(*node, index),
                Expr::Unary(op, x) => self.program.unary(*op, made(*x)),
                Expr::Binary(op, x, y) => self.program.binary(*op, made(*x), made(*y)),
                Expr::Select { condition, yes, no } => {
                    self.program.select(made(*condition), made(*yes), made(*no))
                }
                Expr::Reduce { reducer, axis, body } => self.reduce(step, *reducer, *axis, *body),
            };
            values.push(value);
        }
        values.pop().expect("the last step of a plan is the expression itself")
    }

    fn element(&mut self, node: NodeId, index: &[Index]) -> Value {
        let value = self.value_of((node, self.place(node, index)));
        // Inside of a loop, what stands around it is an input.
        match &mut self.around {
            Some(around) if !around.holds(self.model.run_of(node)) => around.inside(&mut self.program, value),
            _ => value,
        }
    }

    /// Which element an index means where we stand.
    pub(crate) fn place(&self, node: NodeId, index: &[Index]) -> usize {
        self.place_along(&self.model.node(node).axes, index)
    }

    pub(crate) fn place_along(&self, axes: &[AxisId], index: &[Index]) -> usize {
        index.iter().zip(axes).fold(0, |number, (index, axis)| {
            let position = match index {
                Index::Same(axis) => self.position(*axis),
                Index::At(position) => *position,
            };
            number * self.size(*axis) + position
        })
    }

    /// The motion that a curve is part of, and which of its elements is meant.
    fn curve(&self, curve: ExprId) -> (usize, Rc<Motion>, (NodeId, usize)) {
        let Expr::Curve { node, index } = self.model.expr(curve) else { unreachable!("{NOT_RUN}") };
        let number = self.model.run_of(*node).unwrap_or_else(|| unreachable!("{NOT_RUN}"));
        (number, self.motion(number), (*node, self.place(*node, index)))
    }

    /// The value of a curve at a time.
    fn at(&mut self, curve: ExprId, time: ExprId, when: Value) -> Value {
        if let Expr::Curve { node, .. } = self.model.expr(curve)
            && self.model.run_of(*node).is_none()
        {
            return self.of_time(*node, when);
        }
        let (number, motion, slot) = self.curve(curve);
        if let Expr::End { dynamics, index } = self.model.expr(time)
            && *dynamics == number
            && self.place_along(&motion.axes, index) == slot.1 * motion.runs.len() / self.count(slot.0)
        {
            return self.around_loops(|this| this.read(&motion, number, slot, When::End));
        }
        // What is known beforehand is read once, before the loop that is written.
        match self.program.known_number(when) {
            Some(time) => self.around_loops(|this| {
                let time = this.program.number(time);
                this.read(&motion, number, slot, When::At(time))
            }),
            None => self.read(&motion, number, slot, When::At(when)),
        }
    }

    fn crosses(&mut self, curve: ExprId, level: Value) -> Value {
        let (_, motion, slot) = self.curve(curve);
        self.crossings(&motion, slot, level)
    }

    /// How much a curve rose since the coordinate before on an axis, or since the dynamics started.
    fn gained(&mut self, curve: ExprId, axis: AxisId, time: ExprId, now: Value) -> Value {
        let (number, motion, slot) = self.curve(curve);
        let before = match self.position(axis).checked_sub(1) {
            Some(before) => {
                let here = self.stand(axis, Some(before));
                let time = self.expression(time);
                self.stand(axis, here);
                time
            }
            None => self.program.number(motion.pace.ends()[0]),
        };
        let [now, before] = [now, before].map(|time| self.read(&motion, number, slot, When::At(time)));
        self.program.sub(now, before)
    }

    /// A value of the program around the loop whose body is written, if one is, as the body reads it.
    fn around_loops(&mut self, make: impl FnOnce(&mut Self) -> Value) -> Value {
        let Some(mut around) = self.around.take() else { return make(self) };
        std::mem::swap(&mut self.program, around.program());
        let part = self.part.take();
        let value = make(self);
        self.part = part;
        std::mem::swap(&mut self.program, around.program());
        let value = around.inside(&mut self.program, value);
        self.around = Some(around);
        value
    }

    fn reduce(&mut self, id: ExprId, reducer: Reducer, axis: AxisId, body: ExprId) -> Value {
        let plan = self.plan(body);
        let place =
            plan.axes.iter().map(|a| if *a == axis { None } else { Some(self.position(*a)) }).collect();
        let key = (id, place);
        if let Some(value) = self.reductions.get(&key) {
            return *value;
        }
        let outside = self.stand(axis, None);
        let size = self.size(axis);
        if size > MAX_VALUES {
            self.program.overflow();
        }
        let mut total = None;
        for position in 0..size {
            self.stand(axis, Some(position));
            let mut value = self.expression(body);
            match reducer {
                Reducer::Count => {
                    let (one, zero) = (self.program.number(1.0), self.program.number(0.0));
                    value = self.program.select(value, one, zero);
                }
                Reducer::Integral => {
                    let weight = self.trapezoid(axis, position);
                    value = self.program.mul(value, weight);
                }
                _ => {}
            }
            // What a data set lacks takes no part.
            if let Some(has) = self.has(axis, position) {
                let nothing = self.program.number(neutral(reducer));
                value = self.program.select(has, value, nothing);
            }
            total = Some(match total {
                None => value,
                Some(sum) => self.program.binary(combination(reducer), sum, value),
            });
            if self.program.overflowed() {
                break;
            }
        }
        self.stand(axis, outside);
        let mut value = total.expect("an axis has an element");
        if reducer == Reducer::Mean {
            let count = self.size_of_axis(axis);
            value = self.program.div(value, count);
        }
        self.reductions.insert(key, value);
        value
    }

    /// Half of the distance between the neighbours of an element along its axis.
    fn trapezoid(&mut self, axis: AxisId, position: usize) -> Value {
        let last = self.size(axis) - 1;
        let here = self.coordinate_of(axis, position);
        let before = self.coordinate_of(axis, position.saturating_sub(1));
        let mut after = self.coordinate_of(axis, (position + 1).min(last));
        if let Some(has) = self.has(axis, position + 1) {
            after = self.program.select(has, after, here);
        }
        let (width, half) = (self.program.sub(after, before), self.program.number(0.5));
        self.program.mul(width, half)
    }

    fn plan(&mut self, root: ExprId) -> Rc<Plan> {
        if let Some(plan) = self.plans.get(&root) {
            return Rc::clone(plan);
        }
        let (mut steps, mut axes, mut open) = (Vec::new(), Vec::new(), vec![root]);
        let mut seen = HashSet::from([root]);
        while let Some(id) = open.pop() {
            steps.push(id);
            let expr = self.model.expr(id);
            let mut operands: Vec<ExprId> = expr.operands().collect();
            match expr {
                Expr::Coordinate(axis) => axes.push(*axis),
                Expr::Element { index, .. } | Expr::End { index, .. } => axes.extend(axes_of(index)),
                // What is reduced has a plan of its own.
                Expr::Reduce { axis, body, .. } => {
                    let (bound, body) = (*axis, *body);
                    axes.extend(self.plan(body).axes.iter().filter(|a| **a != bound));
                    operands.clear();
                }
                // A curve is no number: what reads it knows it by its place.
                Expr::At(curve, _) | Expr::Crossings(curve, _) | Expr::Gained { curve, .. } => {
                    if let Expr::Curve { index, .. } = self.model.expr(*curve) {
                        axes.extend(axes_of(index));
                    }
                    operands.retain(|operand| operand != curve);
                }
                _ => {}
            }
            open.extend(operands.into_iter().filter(|id| seen.insert(*id)));
        }
        steps.sort_unstable();
        axes.sort_unstable();
        axes.dedup();
        let plan = Rc::new(Plan { steps, axes });
        self.plans.insert(root, Rc::clone(&plan));
        plan
    }
}

/// The axes along which an index stands where we stand.
fn axes_of(index: &[Index]) -> impl Iterator<Item = AxisId> {
    index.iter().filter_map(|index| match index {
        Index::Same(axis) => Some(*axis),
        Index::At(_) => None,
    })
}

/// What changes nothing in a reduction.
fn neutral(reducer: Reducer) -> f64 {
    match reducer {
        Reducer::Sum | Reducer::Mean | Reducer::Count | Reducer::Integral => 0.0,
        Reducer::Max => f64::NEG_INFINITY,
        Reducer::Min => f64::INFINITY,
    }
}

fn combination(reducer: Reducer) -> Binary {
    match reducer {
        Reducer::Sum | Reducer::Mean | Reducer::Count | Reducer::Integral => Binary::Add,
        Reducer::Max => Binary::Max,
        Reducer::Min => Binary::Min,
    }
}
