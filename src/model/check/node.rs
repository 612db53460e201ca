//! `param`, `latent`, `data`, `let` and `const`: what a node stands on and how its values come about.

use super::codes::{AXIS_TWICE, AXIS_UNBOUND, LENGTH, NESTED_DRAW, UNKNOWN_AXIS, VECTOR};
use super::demand::Demanded;
use super::distribution::Left;
use super::expr::{self, Scope};
use super::family;
use super::given::{as_list, equals_file};
use super::index::count;
use super::mismatch::{Place, What};
use super::model::{Builder, Written};
use super::names::Symbol;
use super::shown::{left_side, shown_call};
use super::units::Operand;
use super::value::{Sort, Value};
use crate::units::Measure;
use crate::{Argument, AxisId, Definition, Draw, ExprId, Family, Kind, NodeId, Role};
use sbi_syntax::tree::{self, ExprKind, Source, Target};
use sbi_syntax::{Diagnostic, Span, suggest};

impl<'t> Builder<'t> {
    /// The axes that a target stands on, or `None` where they are refused.
    pub(super) fn target_axes(&mut self, target: &'t Target) -> Option<Vec<AxisId>> {
        let mut axes = Vec::new();
        for name in &target.axes {
            match self.names.get(&name.text) {
                Some(Symbol::Axis(Some(id))) if axes.contains(&id) => {
                    let message = format!("`{}` stands on `{}` twice", target.name.text, name.text);
                    self.told.push(
                        AXIS_TWICE
                            .at(name.span, message)
                            .help("declare a second axis of the same size for pairs"),
                    );
                    return None;
                }
                Some(Symbol::Axis(Some(id))) => axes.push(id),
                Some(Symbol::Axis(None) | Symbol::Refused) => return None,
                _ => {
                    let unit = expr::COMMON_UNITS.contains(&name.text.as_str());
                    let told = self.unknown_axis(name).map(|told| match unit && target.axes.len() == 1 {
                        true => told.help(format!(
                            "a unit follows a colon: `{0} : {1}`; an axis is declared: `axis {1} : index(10)`",
                            target.name.text, name.text
                        )),
                        false => told,
                    });
                    self.told.extend(told);
                    return None;
                }
            }
        }
        Some(axes)
    }

    /// Says that a name is no axis, and offers one; once for each name.
    pub(super) fn unknown_axis(&mut self, name: &'t tree::Name) -> Option<Diagnostic> {
        if !self.strange_axes.insert(&name.text) {
            return None;
        }
        let told = UNKNOWN_AXIS.at(name.span, format!("there is no axis `{}`", name.text));
        let told = match suggest(&name.text, self.names.axes()) {
            Some(similar) => told.did_you_mean(Some(similar)),
            None if let Some(axis) = self.axis_read_as(&name.text) => told.did_you_mean(Some(axis)),
            None => told.help(format!("declare it: `axis {} : {}`", name.text, self.kind_of(&name.text))),
        };
        if self.names.get(&name.text).is_none() {
            self.names.refuse(name);
        }
        Some(told)
    }

    /// Checks the definition of a node whose readings are defined.
    pub(super) fn define_node(&mut self, id: NodeId) {
        let home = self.node_homes.get(id.0).copied().unwrap_or(self.home);
        let told = self.told.len();
        self.within(home, |builder| builder.define_here(id));
        // Where an axis is forgotten on the left, nobody knows how many elements there are.
        if self.told.iter().skip(told).any(|told| told.code == AXIS_UNBOUND.name)
            && let Some(shape) = self.shapes.get_mut(id.0)
        {
            *shape = None;
        }
    }

    fn define_here(&mut self, id: NodeId) {
        let Some(written) = self.written.get(id.0).copied() else { return };
        let (definition, sort) = match written {
            Written::Node(tree::Node { target, definition, .. })
            | Written::State(tree::State { target, definition, .. }) => match definition {
                tree::Definition::Draw(draw) => {
                    let drawn = self.drawn(Left { id, target }, draw);
                    let sort = self.sort_of(draw, &drawn);
                    (Definition::Draw(drawn), sort)
                }
                tree::Definition::Equals(value) => self.equals(id, target, value),
            },
            Written::Field(output, value) => self.equals(id, &output.target, value),
            Written::Noise(_) => (Definition::Noise, Sort::Number),
            Written::Output(draw, output) => self.output(draw, output),
            Written::Let(binding) => self.equals(id, &binding.target, &binding.value),
            Written::Const(constant) => self.constant(id, constant),
        };
        if let Some(node) = self.nodes.get_mut(id.0) {
            node.definition = definition;
        }
        if let Some(place) = self.sorts.get_mut(id.0) {
            *place = sort;
        }
    }

    fn equals(&mut self, id: NodeId, target: &'t Target, value: &'t tree::Expr) -> (Definition, Sort) {
        if target.formal.is_some() {
            // Told with its left side: an argument makes a function, which is no node.
            return (Definition::Equals(self.refused_expr()), Sort::Refused);
        }
        let word = match self.nodes.get(id.0).map(|node| node.role) {
            Some(Role::Param) => "param ",
            Some(Role::Data) => "data ",
            Some(Role::Latent | Role::Let) => "latent ",
            Some(Role::State) => "init ",
            _ => "",
        };
        if let Some(told) = self.drawn_by_equals(word, target, value) {
            self.told.push(told);
            let refused = self.arena.number(f64::NAN);
            return (Definition::Equals(refused), Sort::Refused);
        }
        let scope = self.target_scope(id, target, 0);
        let declared = self.nodes.get(id.0).is_some_and(|node| node.unit.is_some());
        let measure = if declared { self.measure_of(id) } else { Measure::Unknown };
        let place = Place { measure, what: What::Declared(&target.name.text, target.name.span) };
        self.place = place.measure.unit().cloned();
        let mut found = self.value(value, &scope);
        // A `let` may name a function of time; what is drawn, seen or asked about is a number.
        if found.sort == Sort::Curve && matches!(word, "data " | "param " | "init ") {
            found = self.not_at_a_time(value, &scope);
        }
        let sort = if found.sort == Sort::Truth { Sort::Either } else { found.sort };
        let operand = Operand { value: &found, tree: value };
        let raw = match found.sort {
            // A function of time keeps its unit: its readings are converted.
            Sort::Curve => {
                self.ensure_fits(operand, &place);
                let raw = found.raw;
                if let Some(own) = place.measure.unit() {
                    self.views.insert(id, own.clone());
                }
                self.measures.get_mut(id.0).into_iter().for_each(|own| *own = found.measure.clone());
                raw
            }
            _ if declared => self.fit(operand, &place),
            Sort::Refused => found.raw,
            _ => {
                let fixed = self.nodes.get(id.0).is_some_and(|node| node.role == Role::Let);
                self.unitless.extend((fixed && found.unitless).then_some(id));
                self.named_value(id, found)
            }
        };
        (Definition::Equals(raw), sort)
    }

    /// Says that a distribution stands after `=`; `word` is what the statement starts with.
    pub(super) fn drawn_by_equals(
        &self,
        word: &str,
        target: &Target,
        value: &tree::Expr,
    ) -> Option<Diagnostic> {
        let ExprKind::Call(call) = &value.kind else { return None };
        if !self.draws(call) {
            return None;
        }
        let message = format!("`{}` is drawn from with `~`, not with `=`", call.path.text());
        let help = format!("write `{word}{} ~ {}`", left_side(target), shown_call(call));
        Some(NESTED_DRAW.at(call.path.span, message).help(help))
    }

    /// The scope of a definition: the axes on its left, but for the last `vector` ones.
    pub(super) fn target_scope(&self, id: NodeId, target: &'t Target, vector: usize) -> Scope<'t> {
        let axes = self.shapes.get(id.0).cloned().flatten();
        let mut scope = Scope::model();
        let kept = target.axes.len().saturating_sub(vector);
        // Where the axes were refused, all that are written count as bound, so that nothing more is said of them.
        for (place, name) in target.axes.iter().enumerate() {
            let axis = match &axes {
                Some(axes) => axes.get(place).copied(),
                None => match self.names.get(&name.text) {
                    Some(Symbol::Axis(axis)) => axis,
                    _ => None,
                },
            };
            if place < kept {
                scope.bound.extend(axis);
            } else {
                scope.vector = axis;
            }
        }
        let around = self.here().axes.iter().copied();
        scope.bound = around.chain(scope.bound).collect();
        scope.target = Some(target);
        if let Some(formal) = &target.formal {
            let measure = self.times.get(&id).cloned().unwrap_or(Measure::Unknown);
            scope.locals.push((&formal.name.text, Value::number(self.clock, measure)));
        }
        scope
    }

    /// One output of a program from outside.
    fn output(&mut self, draw: usize, output: usize) -> (Definition, Sort) {
        let around = self.drawn.get(draw).map_or(self.home, |drawn| drawn.home);
        if self.drawn.get(draw).is_some_and(|drawn| drawn.values.is_none()) {
            let values = self.within(around, |builder| builder.pass(draw));
            self.drawn.get_mut(draw).into_iter().for_each(|drawn| drawn.values = Some(values.clone()));
        }
        let values = self.drawn.get(draw).and_then(|drawn| drawn.values.as_ref());
        let values: Vec<Value> = values.into_iter().flatten().cloned().collect();
        let inputs: Vec<ExprId> = values.iter().map(|value| self.settled(value).raw).collect();
        let external = self.externals_of.get(&draw).copied().unwrap_or_default();
        (Definition::External { external, output, inputs }, Sort::Number)
    }

    /// What stands for a draw that has been refused: still a draw, so that the node keeps its place.
    pub(super) fn refused_draw(&mut self, span: Span) -> Draw {
        self.patched = true;
        let refused = self.arena.number(f64::NAN);
        let arguments = vec![Argument::Scalar(refused), Argument::Scalar(refused)];
        Draw { family: Family::Normal, arguments, transforms: Vec::new(), span }
    }

    /// What stands for an expression that has been refused.
    pub(super) fn refused_expr(&mut self) -> ExprId {
        self.patched = true;
        self.arena.number(f64::NAN)
    }

    /// What a draw gives in expressions: `bernoulli` passes for a condition too.
    fn sort_of(&self, draw: &tree::Draw, checked: &Draw) -> Sort {
        // What stands for a refused draw is of another family.
        let known = family::find(&draw.call.path.text());
        if known.is_none_or(|entry| entry.family != checked.family) {
            Sort::Refused
        } else if checked.kind() == Kind::Truth && checked.transforms.is_empty() {
            Sort::Either
        } else {
            Sort::Number
        }
    }

    fn constant(&mut self, id: NodeId, constant: &'t tree::Const) -> (Definition, Sort) {
        let value = match &constant.value {
            Source::Equals(value) => value,
            Source::From(table) => return self.constant_from(id, constant, table),
        };
        let names: Vec<&str> = constant.target.axes.iter().map(|name| name.text.as_str()).collect();
        let index = if names.is_empty() { String::new() } else { format!("[{}]", names.join(", ")) };
        if let Some(told) = equals_file(value, &format!("const {}{index}", constant.target.name.text)) {
            self.told.push(told);
            return (Definition::Equals(self.refused_expr()), Sort::Refused);
        }
        let shape = self.shapes.get(id.0).cloned().flatten();
        match shape {
            Some(axes) if !axes.is_empty() => {
                let sizes: Vec<usize> =
                    axes.iter().filter_map(|axis| self.axes.get(axis.0)).map(|a| a.size()).collect();
                let mut entries = Vec::new();
                self.entries(id, value, &sizes, &names, &mut entries);
                let whole: usize = sizes.iter().fold(1, |count, size| count.saturating_mul(*size));
                let unknown = self.measures.get(id.0).is_some_and(|own| matches!(own, Measure::Unknown));
                if unknown {
                    let measure = self.unmeasured();
                    self.infer_unit(id, measure);
                    self.unitless.insert(id);
                }
                if entries.len() == whole {
                    return (Definition::Table(entries), Sort::Number);
                }
                // A list was refused: the node stays, with nothing to say of its entries.
                let refused = self.arena.number(f64::NAN);
                (Definition::Equals(refused), Sort::Refused)
            }
            _ => {
                let (definition, sort) = self.equals(id, &constant.target, value);
                if let Definition::Equals(expr) = definition {
                    self.demands.push(Demanded::constant(id, expr, value.span, &constant.target.name.text));
                }
                (definition, sort)
            }
        }
    }

    /// Gathers the numbers of a list that has one level for each axis.
    fn entries(
        &mut self,
        id: NodeId,
        value: &tree::Expr,
        sizes: &[usize],
        axes: &[&str],
        entries: &mut Vec<f64>,
    ) {
        let Some((size, deeper)) = sizes.split_first() else {
            match self.entry(id, value) {
                Ok(number) => entries.push(number),
                Err(told) => self.told.push(told),
            }
            return;
        };
        let axis = axes.first().copied().unwrap_or_default();
        match &value.kind {
            ExprKind::List(list) if list.len() == *size => {
                let below = axes.get(1..).unwrap_or_default();
                list.iter().for_each(|entry| self.entries(id, entry, deeper, below, entries));
            }
            ExprKind::List(list) => self.told.push(
                LENGTH
                    .at(value.span, format!("this list has {} entries, and `{axis}` has {size}", list.len()))
                    .help(format!("write {size} entries, or `axis {axis} : index({})`", list.len())),
            ),
            _ => {
                let told = VECTOR.at(value.span, format!("a list over `{axis}` is expected here"));
                let help = as_list(value);
                self.told
                    .push(told.help(help.unwrap_or_else(|| format!("write {size} numbers: `[1, 2, …]`"))));
            }
        }
    }

    /// One entry of a table, in the unit of the constant: that which is declared, or that of the first entry with one.
    fn entry(&mut self, id: NodeId, value: &tree::Expr) -> Result<f64, Diagnostic> {
        let name = self.nodes.get(id.0).map(|node| node.name.clone()).unwrap_or_default();
        let own = self.measure_of(id);
        if let Some(own) = own.unit() {
            let what = match own.parts() {
                0 => format!("`{name}` has none"),
                _ => format!("`{name}` is in `{own}`"),
            };
            return self.constants.number_in(value, Some(own), &what);
        }
        let found = self.constants.quantity(value)?;
        let Some(unit) = found.measure.unit() else { return Ok(found.value) };
        let proper = unit.proper();
        let number = unit.factor(&proper).exact(found.value);
        self.infer_unit(id, Measure::of(Some(proper)));
        Ok(number)
    }

    /// All entries of an array that is named without its index, where its axes have these sizes.
    pub(super) fn whole(
        &mut self,
        name: &tree::Name,
        sizes: &[usize],
    ) -> Result<Vec<Value>, Option<Diagnostic>> {
        let id = match self.names.get(&name.text) {
            Some(Symbol::Node(id)) => id,
            Some(Symbol::Refused | Symbol::Axis(None)) => return Err(None),
            _ => return Err(Some(self.unknown_name(name))),
        };
        let Some(axes) = self.shapes.get(id.0).cloned().flatten() else { return Err(None) };
        let found: Vec<usize> =
            axes.iter().filter_map(|axis| self.axes.get(axis.0)).map(|axis| axis.size()).collect();
        if let Some(told) = axes.iter().find_map(|axis| self.not_always_whole(name, *axis)) {
            return Err(Some(told));
        }
        if found == sizes {
            return Ok(self.elements(id, &found));
        }
        let show = |sizes: &[usize]| sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" by ");
        if found.len() != sizes.len() {
            let kind = if sizes.len() == 1 { "a vector" } else { "a matrix" };
            let message =
                format!("`{}` has {}, and {kind} is expected", name.text, count(found.len(), "axis", "axes"));
            return Err(Some(
                VECTOR.at(name.span, message).help(format!("{kind} of {} numbers", show(sizes))),
            ));
        }
        let message =
            format!("`{}` has {} entries, and {} are expected", name.text, show(&found), show(sizes));
        Err(Some(LENGTH.at(name.span, message).help("the lengths of a vector and of its axis must agree")))
    }
}
