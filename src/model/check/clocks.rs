//! The units of quantities and of their times: what is declared, and what follows where nothing is.

use super::expr::Scope;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::Symbol;
use super::units::Operand;
use super::value::{Read, Value};
use crate::units::{Measure, Power, Unit as Reduced};
use crate::{AxisId, Definition, Expr, ExprId, NodeId, Role};
use sbi_syntax::Diagnostic;
use sbi_syntax::tree::{self, ExprKind, Target, Unit};

impl<'t> Builder<'t> {
    /// Notes the unit in which a quantity is declared.
    pub(super) fn declare_unit(&mut self, id: NodeId, unit: Option<&Unit>) {
        let Some(unit) = unit else { return };
        if self.type_as_unit(unit) {
            return;
        }
        let measure = self.measured(unit);
        self.declared.insert(id);
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.unit = Some(unit.text.clone());
            node.reduced = measure.unit().map(|unit| unit.reduced());
        }
        if let Some(own) = self.measures.get_mut(id.0) {
            *own = measure;
        }
    }

    /// The unit that follows for a quantity from its definition: that of what is shown is shown with it.
    pub(super) fn infer_unit(&mut self, id: NodeId, measure: Measure) {
        let Some(node) = self.nodes.get_mut(id.0).filter(|node| node.unit.is_none()) else { return };
        if !matches!(node.role, Role::Let) {
            node.unit = measure.text();
            node.reduced = node.unit.is_some().then(|| measure.unit().map(|unit| unit.reduced())).flatten();
        }
        if let Some(own) = self.measures.get_mut(id.0) {
            *own = measure;
        }
    }

    /// The unit of a node, as far as it is known by now.
    pub(super) fn measure_of(&mut self, id: NodeId) -> Measure {
        let noise = self.nodes.get(id.0).is_some_and(|node| node.role == Role::Noise);
        match self.nodes_of_runs.get(&id).copied().filter(|_| noise) {
            Some(run) => {
                self.clock(run);
                self.noise_unit(run)
            }
            None => self.measures.get(id.0).cloned().unwrap_or(Measure::Unknown),
        }
    }

    /// The unit of a noise: one over the root of the time.
    pub(super) fn noise_unit(&self, run: usize) -> Measure {
        let unit = self.clocks.get(&run).and_then(Measure::unit);
        let minus_half = Power::HALF.negated();
        unit.map_or(Measure::Unknown, |unit| Measure::of(unit.to(minus_half)))
    }

    /// The unit of the time of a dynamics, which is that of the ends between which it is solved.
    pub(super) fn clock(&mut self, run: usize) -> Measure {
        if let Some(known) = self.clocks.get(&run) {
            return known.clone();
        }
        let ends = self.runs.get(run).and_then(|run| match &run.tree.over.as_ref()?.kind {
            ExprKind::Range { low, high } => Some((&**low, &**high, run.home)),
            _ => None,
        });
        let measure = match ends {
            None => Measure::Unknown,
            Some((low, high, home)) => {
                let ends = self.within(home, |builder| [builder.unit_ahead(low), builder.unit_ahead(high)]);
                let known = ends.iter().find(|end| end.unit().is_some_and(|unit| !unit.is_plain()));
                match known.and_then(Measure::unit) {
                    Some(unit) => Measure::of(Some(unit.proper())),
                    None if ends.iter().any(|end| matches!(end, Measure::Unknown)) => Measure::Unknown,
                    None => self.unmeasured(),
                }
            }
        };
        self.clocks.insert(run, measure.clone());
        measure
    }

    /// The unit of a number that is known beforehand, before anything is defined.
    fn unit_ahead(&mut self, expr: &'t tree::Expr) -> Measure {
        if let Ok(known) = self.constants.quantity(expr) {
            return known.measure;
        }
        let ExprKind::Path(path) = &expr.kind else { return Measure::Unknown };
        let symbol = path.as_name().and_then(|name| self.names.get(&name.text));
        match symbol {
            Some(Symbol::Node(id)) => self.measures.get(id.0).cloned().unwrap_or(Measure::Unknown),
            Some(Symbol::Input(place)) => {
                let draw = self.here().draw;
                let passed = draw.and_then(|draw| self.drawn.get(draw)?.inputs.get(place).copied());
                let Some(passed) = passed else { return Measure::Unknown };
                match (&passed.input.unit, passed.value) {
                    (Some(unit), _) => self.measured_again(unit),
                    (None, Some((value, at))) => self.within(at, |builder| builder.unit_ahead(value)),
                    (None, None) => Measure::Unknown,
                }
            }
            _ => Measure::Unknown,
        }
    }

    /// Notes the unit of the time of a function of time: that of the axis on which its readings stand.
    pub(super) fn declare_time(&mut self, id: NodeId, target: &'t Target) {
        let Some(formal) = &target.formal else { return };
        let axis = self.nodes.get(id.0).and_then(|node| node.axes.last().copied());
        let placed = axis.and_then(|axis| self.coordinates.get(axis.0).cloned());
        let written = formal.unit.as_ref().map(|unit| self.measured(unit));
        let measure = match (placed, written) {
            // Where they do not fit, that is told with the axis, and with nothing that reads along it.
            (Some(Measure::Of(placed)), Some(Measure::Of(written))) if !placed.fits(&written) => {
                if placed.is_time() {
                    Measure::Of(placed)
                } else {
                    axis.into_iter().for_each(|axis| self.forget(Read::Axis(axis)));
                    Measure::Of(written)
                }
            }
            (Some(placed), _) => placed,
            (None, Some(written)) => written,
            (None, None) => self.unmeasured(),
        };
        self.times.insert(id, measure);
    }

    /// The node that a curve is, whatever it is called by.
    fn curve_node(&self, curve: ExprId) -> Option<NodeId> {
        let mut at = curve;
        // A name is defined by what stands before it, so that this ends.
        loop {
            match self.arena.exprs.get(at.0)? {
                Expr::Curve { node, .. } => return Some(*node),
                Expr::Element { node, .. } => match self.nodes.get(node.0)?.definition {
                    Definition::Equals(value) if value < at => at = value,
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// The name of a curve.
    pub(super) fn name_of_curve(&self, curve: ExprId) -> String {
        let node = self.curve_node(curve).and_then(|node| self.nodes.get(node.0));
        node.map_or_else(|| "this".to_owned(), |node| node.name.clone())
    }

    /// The unit of the time at which a curve is read.
    pub(super) fn time_of(&mut self, curve: ExprId) -> Measure {
        let Some(node) = self.curve_node(curve) else {
            return Measure::Unknown;
        };
        match self.nodes_of_runs.get(&node).copied() {
            Some(run) => self.clock(run),
            None => self.times.get(&node).cloned().unwrap_or(Measure::Unknown),
        }
    }

    /// What is named keeps its unit; where none is declared, that of its value.
    pub(super) fn named_value(&mut self, id: NodeId, value: Value) -> ExprId {
        let of_let = self.nodes.get(id.0).is_some_and(|node| node.role == Role::Let);
        let value = if of_let { self.kept(value) } else { self.settled(&value) };
        let measure = match value.measure {
            Measure::Bare { .. } => self.unmeasured(),
            other => other,
        };
        // Of what reads nothing with a unit in a model without any, nobody knows whether it has one.
        let measure = match measure {
            Measure::Of(unit) if unit.parts() == 0 && !self.strict => Measure::Unknown,
            other => other,
        };
        self.infer_unit(id, measure);
        value.raw
    }
}

impl<'t> Builder<'t> {
    /// A time at which a curve is read, in the unit of its time.
    pub(super) fn time_in(
        &mut self,
        expr: &'t tree::Expr,
        scope: &Scope<'t>,
        place: &Place<'_>,
        curve: ExprId,
    ) -> (ExprId, Value) {
        let value = self.number(expr, scope);
        let operand = Operand { value: &value, tree: expr };
        let run = self.curve_node(curve).and_then(|node| self.nodes_of_runs.get(&node).copied());
        let pure = |measure: &Measure| measure.unit().is_some_and(|unit| unit.is_pure());
        if let (Some(run), Some(unit)) = (run, value.measure.unit())
            && self.strict
            && pure(&place.measure)
            && !unit.is_pure()
        {
            let unit = unit.proper();
            let there = format!("it is read at a time in `{unit}`");
            let told = self.timeless(run, operand, &unit, &there);
            self.told.extend(told);
            return (self.settled(&value).raw, value);
        }
        (self.fit(operand, place), value)
    }

    /// Says that the time of a dynamics has no unit, where one side of a mismatch has a power of a time more than the other.
    pub(super) fn lacks_time(
        &mut self,
        operand: Operand<'_, 't>,
        expected: &Reduced,
        found: &Reduced,
    ) -> Option<Diagnostic> {
        let run = self.here().dynamics?;
        let clock = self.clock(run);
        clock.unit().filter(|unit| unit.is_pure())?;
        let one = expected.over(found)?.time()?;
        let there =
            format!("what changes in it is in `{}`", if found.parts() > 0 { found } else { expected });
        self.timeless(run, operand, &one, &there)
    }

    /// The coordinate of an axis at which `gained` reads a curve, in the unit of its time.
    pub(super) fn time_along(&mut self, axis: AxisId, over: &'t tree::Expr, curve: ExprId) -> ExprId {
        let along = self.coordinates.get(axis.0).cloned().unwrap_or(Measure::Unknown);
        let value = Value::declared(self.arena.add(Expr::Coordinate(axis)), along, Read::Axis(axis));
        let place = Place { measure: self.time_of(curve), what: What::Time("the time of what is read") };
        self.fit(Operand { value: &value, tree: over }, &place)
    }
}
