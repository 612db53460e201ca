//! Functions of time and what is read through them: `pond.prey(t)`, `contact(5 day)`, `evidence.end`, and the fields of
//! records: `outcome[trial].rt`.

use super::call::Signature;
use super::codes::{
    ARGUMENT_EXTRA, AXIS_KIND, INDEX_COUNT, INDEX_MISSING, NESTED_DRAW, NOT_A_NUMBER, UNKNOWN_ARGUMENT,
    UNKNOWN_FUNCTION, UNKNOWN_MEMBER,
};
use super::dynamics::Run;
use super::expr::Scope;
use super::home::Drawn;
use super::index::count;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::{Symbol, list};
use super::shown::{left_side, shown, shown_arguments};
use super::value::{Read, Sort, Value};
use crate::units::Measure;
use crate::{AxisId, AxisKind, Expr, Index, NodeId, Role};
use sbi_syntax::tree::{self, Argument, Call, ExprKind, Name, Path};
use sbi_syntax::{Diagnostic, Span, library_draw, suggest};

/// Built-in functions of functions of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// `crossings(curve, level)`: how often it rises through a level.
    Crossings,
    /// `gained(curve, t)`: how much it rose since the instant before on the axis `t`.
    Gained,
}

const CROSSINGS: Signature = Signature {
    name: "crossings",
    needs: &["curve", "level"],
    may: &[],
    elsewhere: &[("threshold", "level"), ("at", "level")],
    example: "crossings(cell.v, level = 0)",
};
const GAINED: Signature = Signature {
    name: "gained",
    needs: &["curve", "over"],
    may: &[],
    elsewhere: &[("axis", "over"), ("since", "over")],
    example: "gained(epidemic.ill, t)",
};

impl Function {
    /// The function that a path names.
    pub(super) fn named(path: &Path) -> Option<Function> {
        match path.as_name()?.text.as_str() {
            "crossings" => Some(Function::Crossings),
            "gained" => Some(Function::Gained),
            _ => None,
        }
    }

    /// The names of all of them.
    pub(super) fn names() -> [&'static str; 2] {
        [CROSSINGS.name, GAINED.name]
    }
}

/// Something with parts.
enum Whole {
    /// A draw from a simulator, by its number, and which one.
    Record(usize, Vec<Index>),
    /// A dynamics, by its number, and which run.
    Run(usize, Vec<Index>),
}

/// A part of it.
enum Part {
    /// A node, and the index of what it belongs to.
    Node(NodeId, Vec<Index>),
    /// When the run ended.
    End(usize, Vec<Index>),
}

impl<'t> Builder<'t> {
    /// `whole.part`, read as it stands.
    pub(super) fn member(
        &mut self,
        expr: &'t tree::Expr,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        match self.part(expr, scope)? {
            Part::End(dynamics, index) => {
                let measure = self.clock(dynamics);
                let raw = self.arena.add(Expr::End { dynamics, index });
                Ok(Value::declared(raw, measure, Read::Clock(dynamics)))
            }
            Part::Node(id, prefix) => {
                let own = self.shapes.get(id.0).cloned().flatten().ok_or(None)?;
                if own.is_empty() {
                    return Ok(self.read(id, prefix));
                }
                let names = self.axis_names(&own);
                let name = self.nodes.get(id.0).map(|node| node.name.clone()).unwrap_or_default();
                let message = format!(
                    "`{name}` runs over {}, and is read without its index",
                    list(names.iter().map(String::as_str))
                );
                Err(Some(
                    INDEX_MISSING
                        .at(expr.span, message)
                        .help(format!("write `{name}[{}]`", names.join(", "))),
                ))
            }
        }
    }

    /// `whole.part[i]`.
    pub(super) fn member_indexed(
        &mut self,
        base: &'t tree::Expr,
        index: &'t [tree::Expr],
        span: Span,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        match self.part(base, scope)? {
            Part::Node(id, mut prefix) => {
                let name = self.nodes.get(id.0).map(|node| node.name.clone()).unwrap_or_default();
                prefix.extend(self.own_index(id, &name, index, span, scope)?);
                Ok(self.read(id, prefix))
            }
            Part::End(..) => {
                Err(Some(INDEX_COUNT.at(span, "when a run ended is one number").help("remove the index")))
            }
        }
    }

    /// A node with all of its index: a number, or a function of time.
    pub(super) fn read(&mut self, id: NodeId, index: Vec<Index>) -> Value {
        let own = self.sorts.get(id.0).copied().unwrap_or(Sort::Refused);
        let (expr, sort) = match self.is_of_time(id) {
            true if own == Sort::Refused => (Expr::Curve { node: id, index }, own),
            true => (Expr::Curve { node: id, index }, Sort::Curve),
            false => (Expr::Element { node: id, index }, own),
        };
        let measure = self.measure_of(id);
        let view = self.views.get(&id).cloned();
        let raw = self.arena.add(expr);
        let (declared, unitless) = (self.declared.contains(&id), self.unitless.contains(&id));
        Value { sort, declared, unitless, view, ..Value::declared(raw, measure, Read::Node(id)) }
    }

    /// Whether a node is a function of time where the statement in hand reads it. A member of a dynamics is a number
    /// inside of it, and a function of time from outside.
    pub(super) fn is_of_time(&self, id: NodeId) -> bool {
        let run = self.nodes_of_runs.get(&id).copied();
        let outside = run.is_some() && self.here().dynamics != run;
        outside || self.nodes.get(id.0).is_some_and(|node| node.curve)
    }

    /// A function of time that is named without a time.
    pub(super) fn curve(&mut self, id: NodeId) -> Result<Value, Option<Diagnostic>> {
        // The axis on which its readings are placed is none of the function itself.
        let sound = self.shapes.get(id.0).is_some_and(Option::is_some);
        if sound { Ok(self.read(id, self.around(id))) } else { Err(None) }
    }

    /// The part that `whole.part` means.
    fn part(&mut self, expr: &'t tree::Expr, scope: &Scope<'t>) -> Result<Part, Option<Diagnostic>> {
        let ExprKind::Member { base, name } = &expr.kind else { return Err(Some(self.no_parts(expr.span))) };
        match self.whole_of(base, name, scope)? {
            Whole::Run(run, index) if name.text == "end" => Ok(Part::End(run, index)),
            Whole::Run(run, index) => {
                let home = self.runs.get(run).map(|run| run.home).ok_or(None)?;
                let symbol = self.names_of(home).and_then(|names| names.get(&name.text));
                let member = match symbol {
                    Some(Symbol::Node(id)) if self.nodes_of_runs.get(&id) == Some(&run) => Some(id),
                    Some(Symbol::Refused) => return Err(None),
                    _ => None,
                };
                match member {
                    Some(id) if self.nodes.get(id.0).is_some_and(|node| node.role == Role::Noise) => {
                        let told = UNKNOWN_MEMBER.at(
                            name.span,
                            format!("`{}` is a noise, which has no value at a time", name.text),
                        );
                        Err(Some(told.help("read the states that it drives")))
                    }
                    Some(id) => Ok(Part::Node(id, index)),
                    None => Err(Some(self.unknown_state(run, name))),
                }
            }
            Whole::Record(draw, index) => {
                let drawn = self.drawn.get(draw).ok_or(None)?;
                let field = drawn.fields.iter().find(|(field, _)| field.text == name.text);
                match field {
                    Some((_, Some(id))) => Ok(Part::Node(*id, index)),
                    Some((_, None)) => Err(None),
                    None if drawn.fields.is_empty() => Err(None),
                    None => {
                        let whole = drawn.target.map_or("", |target| target.name.text.as_str());
                        let told =
                            UNKNOWN_MEMBER.at(name.span, format!("`{whole}` has no field `{}`", name.text));
                        let fields = || drawn.fields.iter().map(|(field, _)| field.text.as_str());
                        Err(Some(match suggest(&name.text, fields()) {
                            Some(similar) => told.did_you_mean(Some(similar)),
                            None => told.help(format!("it has {}", list(fields()))),
                        }))
                    }
                }
            }
        }
    }

    fn unknown_state(&self, run: usize, name: &Name) -> Diagnostic {
        let members = self.nodes_of_runs.iter().filter(|(_, of)| **of == run).filter_map(|(id, _)| {
            let node = self.nodes.get(id.0).filter(|node| node.role != Role::Noise)?;
            node.name.rsplit('.').next()
        });
        let mut members: Vec<&str> = members.chain(["end"]).collect();
        members.sort_unstable();
        let whole = self.runs.get(run).map_or("", |run| run.name.as_str());
        let told = UNKNOWN_MEMBER.at(name.span, format!("`{whole}` has no state `{}`", name.text));
        match suggest(&name.text, members.iter().copied()) {
            Some(similar) => told.did_you_mean(Some(similar)),
            None => told.help(format!("it has {}", list(members))),
        }
    }

    /// What stands before the dot, of which `part` is read.
    fn whole_of(
        &mut self,
        base: &'t tree::Expr,
        part: &Name,
        scope: &Scope<'t>,
    ) -> Result<Whole, Option<Diagnostic>> {
        let (path, index): (&Path, &'t [tree::Expr]) = match &base.kind {
            ExprKind::Path(path) => (path, &[]),
            ExprKind::Index { base, index } => match &base.kind {
                ExprKind::Path(path) => (path, index),
                _ => return Err(Some(self.no_parts(base.span))),
            },
            ExprKind::Call(call) => match (self.resolve(&call.path)?, call.path.segments.last()) {
                (Some(Symbol::Simulator(..) | Symbol::External(_)), Some(name)) => {
                    return Err(Some(self.drawn_inside(name, Some(call), &part.text, scope)));
                }
                _ => return Err(Some(self.no_parts(base.span))),
            },
            ExprKind::Member { base: library, .. } => return Err(Some(self.in_library(library, base.span))),
            _ => return Err(Some(self.no_parts(base.span))),
        };
        let name = path.segments.last().ok_or(None)?;
        match self.resolve(path)? {
            Some(Symbol::Dynamics(run)) if index.is_empty() => {
                let around = self.here().axes.iter().map(|axis| Index::Same(*axis)).collect();
                Ok(Whole::Run(run, around))
            }
            Some(Symbol::Dynamics(_)) => {
                let message = format!("`{}` runs once, and takes no index", name.text);
                Err(Some(
                    INDEX_COUNT
                        .at(base.span, message)
                        .help(format!("write `{}.x[i]` for a state over an axis", name.text)),
                ))
            }
            Some(Symbol::Record(draw)) => {
                let drawn = self.drawn.get(draw).ok_or(None)?;
                // Where its axes were refused, nobody knows what an element is.
                if drawn.target.is_some_and(|target| target.axes.len() != drawn.axes.len()) {
                    return Err(None);
                }
                // Nor where an axis is forgotten, which is told with what is passed.
                if drawn.axes.is_empty() && !index.is_empty() && self.passes_refused(draw) {
                    return Err(None);
                }
                let drawn = self.drawn.get(draw).ok_or(None)?;
                let (axes, target) =
                    (drawn.axes.clone(), drawn.target.map_or("", |target| target.name.text.as_str()));
                let mut all: Vec<Index> = self.here().axes.iter().map(|axis| Index::Same(*axis)).collect();
                all.extend(self.index_over(&axes, target, index, base.span, scope)?);
                Ok(Whole::Record(draw, all))
            }
            Some(Symbol::Refused) => Err(None),
            // It may be drawn from a simulator by a name that is not known.
            Some(Symbol::Node(id)) if self.sorts.get(id.0) == Some(&Sort::Refused) => Err(None),
            Some(_) => {
                let told = UNKNOWN_MEMBER.at(base.span, format!("`{}` has no parts", name.text));
                Err(Some(told.help(self.parts())))
            }
            None => Err(Some(self.unknown_whole(name, &part.text))),
        }
    }

    /// Says that there is nothing of this name to read a part of, and offers what has the part.
    fn unknown_whole(&self, name: &Name, part: &str) -> Diagnostic {
        let told = self.unknown_name(name);
        let has_state = |run: &&Run<'t>| {
            let symbol = self.names_of(run.home).and_then(|names| names.get(part));
            matches!(symbol, Some(Symbol::Node(id)) if self.nodes_of_runs.contains_key(&id))
        };
        let runs = self.runs.iter().filter(has_state).map(|run| (run.name.as_str(), "state"));
        let has_field = |drawn: &&Drawn<'t>| drawn.fields.iter().any(|(field, _)| field.text == part);
        let drawn = self.drawn.iter().filter(has_field).filter_map(|drawn| drawn.target);
        let mut known = runs.chain(drawn.map(|target| (target.name.text.as_str(), "field")));
        match (known.next(), known.next()) {
            (Some((whole, what)), None) if self.names.get(whole).is_some() => {
                told.help(format!("did you mean `{whole}`? it has a {what} `{part}`"))
            }
            _ => told,
        }
    }

    /// Says that a part of a part is read: of a library of Python, it may be.
    fn in_library(&self, library: &tree::Expr, span: Span) -> Diagnostic {
        match &library.kind {
            ExprKind::Path(path)
                if path.as_name().is_some_and(|name| self.names.get(&name.text).is_none()) =>
            {
                path.as_name().map_or_else(|| self.no_parts(span), |name| self.unknown_name(name))
            }
            _ => self.no_parts(span),
        }
    }

    /// Says that a draw of a library of Python stands where something is computed.
    fn library_draw(
        &self,
        base: &tree::Expr,
        arguments: &[Argument],
        scope: &Scope<'t>,
    ) -> Option<Diagnostic> {
        let text = format!("{}({})", shown(base)?, shown_arguments(arguments));
        let (draw, _) = library_draw(&text)?;
        let name = scope.target.map_or_else(|| "z".to_owned(), left_side);
        let told = NESTED_DRAW.at(base.span, "a draw cannot stand inside an expression");
        Some(told.help(format!("write it as a statement of its own: `param {name} ~ {draw}`")))
    }

    /// `base(time)` where the base is no name.
    pub(super) fn apply(
        &mut self,
        base: &'t tree::Expr,
        arguments: &'t [Argument],
        span: Span,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        if let Some(told) = self.library_draw(base, arguments, scope) {
            return Err(Some(told));
        }
        let value = self.value(base, scope);
        match value.sort {
            Sort::Refused => Err(None),
            Sort::Curve => self.at_time(value, arguments, span, scope),
            _ => {
                let told = UNKNOWN_FUNCTION.at(base.span, "this is a number, not a function of time");
                Err(Some(told.help("a product has its sign: `x * (…)`")))
            }
        }
    }

    /// `name(time)`.
    pub(super) fn applied(
        &mut self,
        value: Value,
        path: &Path,
        call: &'t Call,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        match value.sort {
            Sort::Refused => Err(None),
            // What a function is checked with passes for anything.
            Sort::Any | Sort::Curve => self.at_time(value, &call.arguments, call.span, scope),
            _ => {
                let name = path.text();
                let told = UNKNOWN_FUNCTION.at(path.span, format!("`{name}` is no function"));
                Err(Some(told.help(format!("a product has its sign: `{name} * (…)`"))))
            }
        }
    }

    fn at_time(
        &mut self,
        curve: Value,
        arguments: &'t [Argument],
        span: Span,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let [time] = arguments else {
            let told = ARGUMENT_EXTRA.at(span, "a function of time takes one argument: the time");
            let example = self.state_of("").unwrap_or_else(|| "contact(5)".to_owned());
            return Err(Some(told.help(format!("write `{example}`"))));
        };
        if let Some(label) = &time.label {
            let told = UNKNOWN_ARGUMENT.at(label.span, "the time stands without a name");
            return Err(Some(told.help(format!("remove `{} =`", label.text))));
        }
        let name = self.name_of_curve(curve.raw);
        let place = Place { measure: self.time_of(curve.raw), what: What::At(&name) };
        let (time_raw, at) = self.time_in(&time.value, scope, &place, curve.raw);
        let sort = if at.sort == Sort::Refused { Sort::Refused } else { Sort::Number };
        let raw = self.arena.add(Expr::At(curve.raw, time_raw));
        self.note(raw, time.value.span);
        Ok(self.viewed(Value { raw, sort, ..curve }))
    }

    /// A reading of a function of time in the unit in which that is declared.
    fn viewed(&mut self, value: Value) -> Value {
        match (&value.view, value.measure.unit()) {
            (Some(view), Some(own)) if view.fits(own) => {
                let view = view.clone();
                let own = own.clone();
                let raw = self.convert(value.raw, &own, &view);
                Value { raw, measure: Measure::Of(view), view: None, ..value }
            }
            _ => Value { view: None, ..value },
        }
    }

    /// `crossings(…)` and `gained(…)`.
    pub(super) fn functional(
        &mut self,
        function: Function,
        call: &'t Call,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let signature = match function {
            Function::Crossings => CROSSINGS,
            Function::Gained => GAINED,
        };
        let taken = signature.take(call).map_err(|told| {
            self.told.extend(told);
            None
        })?;
        let argument = |name| taken.get(name).expect("what a signature needs has been taken");
        let written = argument("curve");
        let curve = self.value(&written.value, scope);
        if !matches!(curve.sort, Sort::Curve | Sort::Any | Sort::Refused) {
            let message = format!("`{}` asks about a function of time", signature.name);
            let told = NOT_A_NUMBER.at(written.value.span, message);
            return Err(Some(told.help(format!("write `{}`", signature.example))));
        }
        let refused = curve.sort == Sort::Refused;
        let sort = |other: bool| if refused || other { Sort::Refused } else { Sort::Number };
        match function {
            Function::Crossings => {
                let measure = curve.view.clone().map_or_else(|| curve.measure.clone(), Measure::Of);
                let place = Place { measure, what: What::Time("what crosses it") };
                let (level_raw, level) = self.number_in(&argument("level").value, scope, &place);
                let level_raw = match (place.measure.unit(), curve.measure.unit()) {
                    (Some(view), Some(own)) if view.fits(own) => self.convert(level_raw, view, own),
                    _ => level_raw,
                };
                let raw = self.arena.add(Expr::Crossings(curve.raw, level_raw));
                Ok(Value { sort: sort(level.sort == Sort::Refused), ..Value::pure(raw) })
            }
            Function::Gained => {
                let over = &argument("over").value;
                let axis = self.bound_axis(over, scope)?;
                let instants = self.axes.get(axis.0).is_some_and(crate::Axis::is_time);
                if !instants {
                    let told =
                        AXIS_KIND.at(over.span, "`gained` compares instants, and this is no axis of time");
                    return Err(Some(
                        told.help("declare it so: `axis t : time(grid(from = 0, to = 10, step = 1))`"),
                    ));
                }
                let time = self.time_along(axis, over, curve.raw);
                let raw = self.arena.add(Expr::Gained { curve: curve.raw, axis, time });
                self.note(raw, over.span);
                Ok(self.viewed(Value { raw, sort: sort(false), ..curve }.unread()))
            }
        }
    }

    /// The axis that stands alone as an argument, bound by the statement.
    fn bound_axis(&mut self, expr: &'t tree::Expr, scope: &Scope<'t>) -> Result<AxisId, Option<Diagnostic>> {
        if let ExprKind::Path(path) = &expr.kind
            && let Some(name) = path.as_name()
            && let Some(Symbol::Axis(axis)) = self.names.get(&name.text)
        {
            let axis = axis.ok_or(None)?;
            let bound = scope.bound.contains(&axis);
            return if bound { Ok(axis) } else { Err(Some(self.unbound(axis, name, "…", scope))) };
        }
        let told = AXIS_KIND.at(expr.span, "an axis is expected here");
        Err(Some(told.help("name an axis of the left side")))
    }

    /// Says that a dynamics or a record stands where a number is expected.
    pub(super) fn not_a_member(&self, name: &Name) -> Diagnostic {
        let message = format!("`{}` has parts, and is no number itself", name.text);
        let told = NOT_A_NUMBER.at(name.span, message);
        match self.names.get(&name.text) {
            Some(Symbol::Record(draw)) => {
                let fields = self
                    .drawn
                    .get(draw)
                    .map(|drawn| drawn.fields.iter().map(|(field, _)| field.text.as_str()));
                told.help(format!("read a field of it: {}", list(fields.into_iter().flatten())))
            }
            _ => {
                let state = self.state_of(&name.text).unwrap_or_else(|| format!("{}.x(t)", name.text));
                told.help(format!("read a state of it at a time: `{state}`"))
            }
        }
    }

    /// Says that a quantity is integrated over something that has no coordinates.
    pub(super) fn ensure_coordinates(&mut self, axis: AxisId, name: &Name) {
        let kind = self.axes.get(axis.0).map(|axis| axis.kind);
        if matches!(kind, Some(AxisKind::Set(_) | AxisKind::Index { .. })) {
            let told =
                AXIS_KIND.at(name.span, format!("`{}` has no coordinates to integrate over", name.text));
            self.told.push(told.help(format!("write `sum over {} (…)`", name.text)));
        }
    }

    /// An index over these axes; without one, every axis must be missing.
    fn index_over(
        &mut self,
        axes: &[AxisId],
        name: &str,
        index: &'t [tree::Expr],
        span: Span,
        scope: &Scope<'t>,
    ) -> Result<Vec<Index>, Option<Diagnostic>> {
        let names = self.axis_names(axes);
        let whole = format!("{name}[{}]", names.join(", "));
        if axes.len() != index.len() {
            let here = count(index.len(), "index", "indices");
            return Err(Some(match names.is_empty() {
                true => INDEX_COUNT
                    .at(span, format!("`{name}` has no axes, and has {here} here"))
                    .help(format!("write `{name}`")),
                false => INDEX_MISSING
                    .at(
                        span,
                        format!(
                            "`{name}` runs over {}, and has {here} here",
                            list(names.iter().map(String::as_str))
                        ),
                    )
                    .help(format!("write `{whole}`")),
            }));
        }
        self.indices(axes, &whole, index, scope)
    }
}
