//! Elements of nodes: which one an index means, and whether its axes are bound.

use super::builtin;
use super::codes::{
    AXIS_MISMATCH, AXIS_UNBOUND, INDEX_ARITHMETIC, INDEX_COUNT, INDEX_MISSING, INDEX_RANGE, UNKNOWN_AXIS,
};
use super::expr::Scope;
use super::model::{Builder, Written};
use super::names::{Symbol, list};
use super::shown::{shown, shown_arguments, shown_or_dots};
use super::value::Value;
use crate::{Axis, AxisId, AxisKind, Index, NodeId, Role};
use sbi_syntax::tree::{self, ExprKind, Name, UnaryOperator};
use sbi_syntax::{Diagnostic, Span};

impl<'t> Builder<'t> {
    /// A node that is named without an index.
    pub(super) fn bare(
        &mut self,
        id: NodeId,
        name: &Name,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let axes = self.shapes.get(id.0).cloned().flatten().ok_or(None)?;
        if axes.is_empty() {
            return Ok(self.element(id, Vec::new()));
        }
        let names = self.axis_names(&axes);
        let indexed = format!("{}[{}]", name.text, names.join(", "));
        let message = format!("`{}` runs over {}, and is read without its index", name.text, quoted(&names));
        let told = INDEX_MISSING.at(name.span, message);
        let unbound = axes.iter().zip(&names).find(|(axis, _)| !scope.bound.contains(axis));
        Err(Some(match unbound {
            None => told.help(format!("write `{indexed}`")),
            Some((_, axis)) => told.help(format!(
                "write one element, `{}[1]`, or reduce it: `mean over {axis} ({indexed})`",
                name.text
            )),
        }))
    }

    /// The value of one element of a node, from an index for each of its own axes.
    fn element(&mut self, id: NodeId, index: Vec<Index>) -> Value {
        let mut whole = self.around(id);
        whole.extend(index);
        self.read(id, whole)
    }

    /// The index of the draw that a node belongs to, where the statement in hand belongs to the same.
    pub(super) fn around(&self, id: NodeId) -> Vec<Index> {
        let all = self.nodes.get(id.0).map_or(&[][..], |node| &node.axes);
        let own = self.shapes.get(id.0).and_then(Option::as_ref).map_or(0, Vec::len);
        all.iter().take(all.len() - own).map(|axis| Index::Same(*axis)).collect()
    }

    /// All elements of a node, row-major, for axes of these sizes.
    pub(super) fn elements(&mut self, id: NodeId, sizes: &[usize]) -> Vec<Value> {
        let count: usize = sizes.iter().product();
        let place = |mut element: usize| {
            let mut index: Vec<Index> = Vec::new();
            for size in sizes.iter().rev() {
                index.insert(0, Index::At(element % size));
                element /= size;
            }
            index
        };
        (0..count).map(|element| self.element(id, place(element))).collect()
    }

    pub(super) fn indexed(
        &mut self,
        base: &'t tree::Expr,
        index: &'t [tree::Expr],
        span: Span,
        scope: &Scope<'t>,
    ) -> Result<Value, Option<Diagnostic>> {
        let path = match &base.kind {
            ExprKind::Path(path) => path,
            ExprKind::Member { .. } => return self.member_indexed(base, index, span, scope),
            ExprKind::Index { .. } => {
                let told = INDEX_COUNT.at(span, "axes stand side by side in one pair of brackets");
                let state = self.indexed_by_time(base, index);
                return Err(Some(told.help(match state {
                    Some(state) => format!("write `{state}`"),
                    None => "write `x[i, j]` in place of `x[i][j]`".to_owned(),
                })));
            }
            ExprKind::Apply { base: state, arguments } => {
                let told = INDEX_COUNT.at(span, "the index stands before the time");
                let (state, time) = (shown_or_dots(state), shown_arguments(arguments));
                let index = index.iter().map(shown_or_dots).collect::<Vec<_>>().join(", ");
                return Err(Some(told.help(format!("write `{state}[{index}]({time})`"))));
            }
            _ => {
                let told = INDEX_COUNT.at(span, "only what has a name has elements");
                return Err(Some(told.help("give it a name: `let y[i] = …`, and read `y[i]`")));
            }
        };
        let symbol = self.resolve(path)?;
        let name = path.segments.last().ok_or(None)?;
        let id = match symbol {
            Some(Symbol::Node(id)) => id,
            Some(Symbol::Refused | Symbol::Axis(None)) => return Err(None),
            Some(Symbol::Record(_) | Symbol::Dynamics(_)) => return Err(Some(self.not_a_member(name))),
            Some(_) => {
                let message = format!("`{}` has no elements", name.text);
                if let (Some(state), [time]) = (self.state_called(&name.text), index) {
                    let told = INDEX_COUNT.at(span, message);
                    return Err(Some(told.help(format!(
                        "a state is read of its dynamics, at a time: `{state}({})`",
                        shown_or_dots(time)
                    ))));
                }
                return Err(Some(
                    INDEX_COUNT.at(span, message).help("only what stands on axes takes an index"),
                ));
            }
            None => return Err(Some(self.unknown_name(name))),
        };
        let own = self.own_index(id, &name.text, index, span, scope)?;
        Ok(self.element(id, own))
    }

    /// The index of a node's own axes, as written.
    pub(super) fn own_index(
        &mut self,
        id: NodeId,
        name: &str,
        index: &'t [tree::Expr],
        span: Span,
        scope: &Scope<'t>,
    ) -> Result<Vec<Index>, Option<Diagnostic>> {
        let axes = self.shapes.get(id.0).cloned().flatten().ok_or(None)?;
        let names = self.axis_names(&axes);
        let whole = format!("{name}[{}]", names.join(", "));
        if let ([time], true) = (index, self.nodes.get(id.0).is_some_and(|node| node.curve)) {
            let told = INDEX_COUNT.at(span, format!("`{name}` is a function of time, and has no elements"));
            return Err(Some(told.help(format!("write `{name}({})`", shown_or_dots(time)))));
        }
        if axes.len() != index.len() {
            if names.is_empty() {
                let read = index.iter().map(shown_or_dots).collect::<Vec<_>>().join(", ");
                if let Some(told) = self.axes_forgotten(id, &format!("{name}[{read}]"), span) {
                    return Err(Some(told));
                }
            }
            let help = match (names.as_slice(), index) {
                _ if self.is_of_time(id) => self.at_which_time(id, name, &names, index),
                ([], _) => format!("write `{name}`"),
                _ => format!("write `{whole}`"),
            };
            let over = if names.is_empty() {
                "has no axes".to_owned()
            } else {
                format!("runs over {}", quoted(&names))
            };
            let message = format!("`{name}` {over}, and has {} here", count(index.len(), "index", "indices"));
            return Err(Some(INDEX_COUNT.at(span, message).help(help)));
        }
        self.indices(&axes, &whole, index, scope)
    }

    /// One entry of an index for each of these axes.
    pub(super) fn indices(
        &mut self,
        axes: &[AxisId],
        whole: &str,
        index: &'t [tree::Expr],
        scope: &Scope<'t>,
    ) -> Result<Vec<Index>, Option<Diagnostic>> {
        let places: Vec<Option<Index>> =
            axes.iter().zip(index).map(|(axis, index)| self.index(*axis, index, whole, scope)).collect();
        let places: Option<Vec<Index>> = places.into_iter().collect();
        places.ok_or(None)
    }

    /// One entry of an index: an axis, or a fixed position. `whole` is the node with all its axes.
    fn index(
        &mut self,
        axis: AxisId,
        index: &'t tree::Expr,
        whole: &str,
        scope: &Scope<'t>,
    ) -> Option<Index> {
        let wanted = self.axes.get(axis.0)?.clone();
        if let ExprKind::Path(path) = &index.kind
            && let Some(name) = path.as_name()
            && let Some(Symbol::Axis(read)) = self.names.get(&name.text)
        {
            let read = read?;
            if read != axis {
                let message = format!("`{whole}` runs over `{}` here, not over `{}`", wanted.name, name.text);
                self.told.push(
                    AXIS_MISMATCH
                        .at(name.span, message)
                        .label(wanted.span, "it runs over this axis")
                        .help(format!("write `{whole}`")),
                );
                return None;
            }
            if !scope.bound.contains(&axis) {
                let told = self.unbound(axis, name, whole, scope);
                self.told.push(told);
                return None;
            }
            return Some(Index::Same(axis));
        }
        if let ExprKind::Path(path) = &index.kind
            && let Some(name) = path.as_name()
            && scope.local(path).is_none()
        {
            let known = self.names.get(&name.text);
            if known.is_none() && builtin::constant(&name.text).is_none() {
                let told = UNKNOWN_AXIS.at(name.span, format!("there is no axis `{}`", name.text));
                let told = told.label(wanted.span, format!("`{whole}` runs over `{}`", wanted.name));
                self.told.push(told.help(format!("write `{whole}`")));
            }
            if matches!(known, None | Some(Symbol::Refused)) {
                return None;
            }
        }
        let member = match &index.kind {
            ExprKind::Index { .. } => true,
            ExprKind::Path(path) => {
                matches!(self.resolve(path), Ok(Some(Symbol::Node(_)))) && !self.is_constant(index)
            }
            _ => false,
        };
        if member || !matches!(index.kind, ExprKind::Number(_) | ExprKind::Path(_)) {
            let told =
                INDEX_ARITHMETIC.at(index.span, "an index is an axis or a number, and is not computed");
            let help = match whole_place(index) {
                _ if let ExprKind::List(inner) = &index.kind
                    && let [inner] = inner.as_slice()
                    && let Some(inner) = shown(inner)
                    && let Some((name, _)) = whole.split_once('[') =>
                {
                    format!("write `{name}[{inner}]`, in one pair of brackets")
                }
                _ if member => self.membership(&wanted, whole, index, scope),
                Some(back) if back < 0.0 => from_the_end(&wanted, whole, -back),
                _ => "steps that read the one before them are written in `dynamics`".to_owned(),
            };
            self.told.push(told.help(help));
            return None;
        }
        let place = self.constants.number(index).and_then(|number| position(number, &wanted, index.span));
        let place = place.and_then(|place| match self.not_always_there(&wanted, place + 1, index.span) {
            Some(told) => Err(told),
            None => Ok(Index::At(place)),
        });
        place.map_err(|told| self.told.push(told)).ok()
    }

    /// Says that a product of two whole arrays, `design * b`, is meant to be summed along the axis that both have.
    pub(super) fn product_of_arrays(
        &self,
        left: &tree::Expr,
        right: &tree::Expr,
        scope: &Scope<'t>,
    ) -> Option<Diagnostic> {
        let array = |expr: &tree::Expr| {
            let ExprKind::Path(path) = &expr.kind else { return None };
            let Some(Symbol::Node(id)) = self.names.get(&path.as_name()?.text) else { return None };
            let axes = self.shapes.get(id.0)?.clone()?;
            (!self.is_of_time(id)).then(|| (path.text(), axes))
        };
        let ((a, left_axes), (b, right_axes)) = (array(left)?, array(right)?);
        let shared =
            left_axes.iter().find(|axis| right_axes.contains(axis) && !scope.bound.contains(axis))?;
        let shared = &self.axes.get(shared.0)?.name;
        let whole = |name: &str, axes: &[AxisId]| format!("{name}[{}]", self.axis_names(axes).join(", "));
        let message = format!("`{a}` and `{b}` run over `{shared}`, and are read without their indices");
        let product = format!("{} * {}", whole(&a, &left_axes), whole(&b, &right_axes));
        let told = INDEX_MISSING.at(left.span.to(right.span), message);
        Some(told.help(format!("write `sum over {shared} ({product})`")))
    }

    /// Whether an expression is a number that is known beforehand.
    fn is_constant(&self, expr: &tree::Expr) -> bool {
        self.constants.number(expr).is_ok()
    }

    /// How to write what is meant by `theta[group[i]]`: a table says who belongs to which element.
    fn membership(&self, axis: &Axis, whole: &str, index: &tree::Expr, scope: &Scope<'t>) -> String {
        let own = match &index.kind {
            ExprKind::Index { index, .. } => index.first().and_then(shown),
            _ => None,
        };
        let bound = || scope.bound.iter().find_map(|id| self.axes.get(id.0)).map(|axis| axis.name.clone());
        let group = &axis.name;
        let member = match own.or_else(bound) {
            Some(own) => format!("member[{own}, {group}]"),
            None => format!("member[{group}]"),
        };
        format!(
            "a table of 0 and 1 says who belongs where, `const {member} = …`: write `sum over {group} ({member} * {whole})`"
        )
    }

    /// Says that an axis is read where it is not bound; `read` is what a reduction over it would read.
    pub(super) fn unbound(&self, axis: AxisId, name: &Name, read: &str, scope: &Scope<'t>) -> Diagnostic {
        let told = AXIS_UNBOUND
            .at(name.span, format!("`{}` is read but not bound", name.text))
            .label(name.span, format!("`{}` is read here", name.text));
        if scope.function {
            return told.help("a function has no axes: pass the element to it as an argument");
        }
        if let Some(help) = self.while_running(axis, name, read) {
            return told.help(help);
        }
        let Some(target) = scope.target else {
            return told.help(format!("reduce it: `mean over {} ({read})`", name.text));
        };
        if scope.vector == Some(axis) {
            let help = format!(
                "a vector is drawn at once over `{0}`: name the array without `[{0}]`, or list its entries",
                name.text
            );
            return told.label(target.span, format!("`{}` is the axis of the vector", name.text)).help(help);
        }
        let bound: Vec<String> = target.axes.iter().map(|axis| axis.text.clone()).collect();
        let only = match bound.as_slice() {
            [] => "but no axis is bound".to_owned(),
            [one] => format!("but only `{one}` is bound"),
            several => format!("but only {} are bound", quoted(several)),
        };
        let told = told.label(target.span, only);
        if let [idle] = self.idle_axes(target).as_slice() {
            return told.help(self.exchanged(target, idle, name));
        }
        let wider: Vec<&str> = bound.iter().map(String::as_str).chain([name.text.as_str()]).collect();
        told.help(format!(
            "write `{}[{}]`, or reduce it: `mean over {} ({read})`",
            target.name.text,
            wider.join(", "),
            name.text
        ))
    }

    /// What to write where an axis of times is read in a dynamics, which has a time of its own.
    fn while_running(&self, axis: AxisId, name: &Name, read: &str) -> Option<String> {
        let axis = self.axes.get(axis.0)?;
        let run = self.runs.get(self.here().dynamics?)?;
        if !axis.is_time() && !matches!(axis.kind, AxisKind::Ordered { .. }) {
            return None;
        }
        let Some((node, _)) = read.split_once('[') else {
            let run = &run.tree.name.text;
            return Some(format!("the time within `{run}` is `t`: write `t` in place of `{}`", name.text));
        };
        let states = self.nodes_of_runs.iter().filter(|(_, run)| Some(**run) == self.here().dynamics);
        let states =
            states.filter_map(|(id, _)| self.nodes.get(id.0)).filter(|node| node.role == Role::State);
        let mut states = states.filter_map(|node| node.name.rsplit('.').next());
        Some(match (self.names.get(node), states.next(), states.next()) {
            (Some(Symbol::Node(id)), Some(state), None)
                if self.nodes.get(id.0).is_some_and(|node| node.role == Role::Data) =>
            {
                format!("what changes here is the state, which is read without an index: write `{state}`")
            }
            (Some(Symbol::Node(id)), ..)
                if self.nodes.get(id.0).is_some_and(|node| node.role == Role::Data) =>
            {
                "what changes here are the states, which are read without an index".to_owned()
            }
            _ => format!(
                "what changes in time is a function of it, `const {node}(t) from \"…\" (time = \"{}\")`, and read as `{node}(t)`",
                name.text
            ),
        })
    }

    /// What to write where one axis stands on the left, and another in its place on the right.
    fn exchanged(&self, target: &tree::Target, idle: &Name, read: &Name) -> String {
        let axes = |each: &dyn Fn(&'_ str) -> String| {
            target.axes.iter().map(|axis| each(&axis.text)).collect::<Vec<_>>().join(", ")
        };
        let whole = |axes: String| format!("{}[{axes}]", target.name.text);
        let other = whole(axes(&|axis| if axis == idle.text { read.text.clone() } else { axis.to_owned() }));
        let times = [idle, read].iter().all(|name| match self.names.get(&name.text) {
            Some(Symbol::Axis(Some(axis))) => self.axes.get(axis.0).is_some_and(Axis::is_time),
            _ => false,
        });
        if !times {
            let both = whole(axes(&str::to_owned) + ", " + &read.text);
            return format!("write `{other}`, or `{both}` where each pair of the two has a value");
        }
        // The times of another datum were probably not meant for this one.
        let taken = self.written.iter().filter_map(|written| match written {
            Written::Node(node) => Some(&node.target),
            _ => None,
        });
        let mut taken = taken.flat_map(|target| &target.axes);
        match taken.any(|axis| axis.text == read.text) {
            true => format!("write `{}` in place of `{}`, or `{other}`", idle.text, read.text),
            false => format!("write `{other}`, or read at `{}`", idle.text),
        }
    }

    pub(super) fn axis_names(&self, axes: &[AxisId]) -> Vec<String> {
        axes.iter().filter_map(|axis| self.axes.get(axis.0)).map(|axis| axis.name.clone()).collect()
    }
}

/// A number as an index, with its sign.
fn whole_place(index: &tree::Expr) -> Option<f64> {
    match &index.kind {
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => whole_place(operand).map(|place| -place),
        ExprKind::Number(number) => Some(number.value),
        _ => None,
    }
}

/// How to write the element that others count from the end.
fn from_the_end(axis: &Axis, whole: &str, back: f64) -> String {
    let place = axis.size() as f64 + 1.0 - back;
    let (name, inside) = whole.split_once('[').unwrap_or((whole, ""));
    let inside = inside.trim_end_matches(']').split(", ");
    let inside: Vec<String> =
        inside.map(|other| if other == axis.name { place.to_string() } else { other.to_owned() }).collect();
    let which =
        if back == 1.0 { "the last element".to_owned() } else { format!("number {back} from the end") };
    format!("elements are counted from 1: {which} is `{name}[{}]`", inside.join(", "))
}

/// The place, from zero, that an index counted from one means.
///
/// # Errors
/// It lies outside the axis.
pub(super) fn position(number: f64, axis: &Axis, span: Span) -> Result<usize, Diagnostic> {
    let size = axis.size();
    if number.fract() == 0.0 && number >= 1.0 && number <= size as f64 {
        return Ok(number as usize - 1);
    }
    let told = INDEX_RANGE.at(span, format!("`{}` has no element {number}", axis.name));
    Err(told
        .label(axis.span, format!("`{}` has {size} elements", axis.name))
        .help(format!("indices run from 1 to {size}")))
}

fn quoted(names: &[String]) -> String {
    list(names.iter().map(String::as_str))
}

/// `1 index`, `2 indices`.
pub(super) fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}
