//! What stands after `~`: a distribution with its arguments, by position or by name.

use super::builtin;
use super::codes::{
    ARGUMENT_EXTRA, ARGUMENT_MISSING, ARGUMENT_TWICE, LENGTH, NOT_YET, SIMULATOR_BODY, UNKNOWN_ARGUMENT,
    UNKNOWN_DISTRIBUTION, VECTOR,
};
use super::demand::Demanded;
use super::expr::Scope;
use super::family::{self, Entry, Shape, Slot, Turn, Way};
use super::index::count;
use super::model::Builder;
use super::names::{Symbol, list};
use super::value::{Sort, Value};
use crate::{Argument, Binary, Draw, ExprId, Family, NodeId, Unary};
use sbi_syntax::tree::{self, Call, ExprKind, Name, Target, Unit};
use sbi_syntax::{Diagnostic, Span, suggest};

/// An argument as it is written, and how it is meant.
type Written<'t> = (Way, &'t tree::Argument);

impl<'t> Builder<'t> {
    /// Checks what a node is drawn from; `None` where it is refused.
    pub(super) fn distribution(
        &mut self,
        id: NodeId,
        target: &'t Target,
        unit: Option<&Unit>,
        call: &'t Call,
    ) -> Option<Draw> {
        match self.resolve(&call.path) {
            Ok(Some(Symbol::Refused)) => return None,
            Ok(Some(Symbol::Simulator(..) | Symbol::External(_))) => {
                let message = "simulators are drawn from by `latent`, outside of dynamics";
                let help = format!("write `latent run ~ {}(…)`", call.path.text());
                self.told.push(SIMULATOR_BODY.at(call.span, message).help(help));
                return None;
            }
            Err(told) => {
                self.told.extend(told);
                return None;
            }
            Ok(_) => {}
        }
        let entry = match entry(call) {
            Ok(entry) => entry,
            Err(told) => {
                self.told.push(told);
                return None;
            }
        };
        let written = self.assign(entry, call);
        let vector = entry.slots.iter().any(|slot| slot.shape != Shape::Scalar);
        let scope = self.target_scope(id, target, usize::from(vector));
        let length = match scope.vector.and_then(|axis| self.axes.get(axis.0)) {
            Some(axis) => axis.size(),
            None if vector && self.shapes.get(id.0).is_some_and(Option::is_some) => {
                let name = &target.name.text;
                let message = format!("`{}` draws a vector, and `{name}` has no axis for it", entry.name);
                let help = format!("write `{name}[k]` with `axis k : index(2)`");
                self.told.push(VECTOR.at(target.span, message).help(help));
                return None;
            }
            None if vector => return None,
            None => 1,
        };
        let mut arguments = Vec::new();
        for (slot, written) in entry.slots.iter().zip(written?) {
            let (way, argument) = written;
            arguments.push(match slot.shape {
                Shape::Scalar => self.scalar(id, unit, slot, way, argument, &scope),
                Shape::Vector => self.vector(&argument.value, length, &scope).map(Argument::Vector),
                Shape::Matrix => self.matrix(id, &argument.value, length, &scope).map(Argument::Matrix),
            });
        }
        let arguments: Vec<Argument> = arguments.into_iter().collect::<Option<_>>()?;
        if let (Family::Uniform, [Argument::Scalar(low), Argument::Scalar(high)]) =
            (entry.family, arguments.as_slice())
        {
            self.demands.push(Demanded::below(id, *low, *high, call.span));
        }
        Some(Draw { family: entry.family, arguments, span: call.span })
    }

    /// The arguments of a call in the order of the distribution's slots; what is wrong is told.
    fn assign(&mut self, entry: &'static Entry, call: &'t Call) -> Option<Vec<Written<'t>>> {
        let mut slots: Vec<Option<Written<'t>>> = vec![None; entry.slots.len()];
        let before = self.told.len();
        for (place, argument) in call.arguments.iter().enumerate() {
            let meant = match &argument.label {
                Some(label) => entry.slot(&label.text),
                None => entry.slots.get(place).and_then(|slot| slot.ways.first()).map(|way| (place, *way)),
            };
            let told = match (meant, &argument.label) {
                (None, Some(label)) => Some(unknown_label(entry, label)),
                (None, None) => {
                    let takes = count(entry.slots.len(), "argument", "arguments");
                    let told = ARGUMENT_EXTRA.at(argument.span, format!("`{}` takes {takes}", entry.name));
                    Some(told.help(format!("it is written `{}`", entry.signature())))
                }
                (Some((slot, way)), _) => match slots.get_mut(slot) {
                    Some(Some((first, at))) => {
                        let message = if first.name == way.name {
                            format!("`{}` is given twice", way.name)
                        } else {
                            format!("`{}` and `{}` say the same thing", first.name, way.name)
                        };
                        Some(
                            ARGUMENT_TWICE
                                .at(argument.span, message)
                                .label(at.span, "first here")
                                .help("remove one of them"),
                        )
                    }
                    Some(free) => {
                        *free = Some((way, argument));
                        None
                    }
                    None => unreachable!("a slot of the table is one of its slots"),
                },
            };
            self.told.extend(told);
        }
        if self.told.len() == before {
            self.told.extend(missing(entry, &slots, call.span));
        }
        slots.into_iter().collect()
    }

    fn scalar(
        &mut self,
        id: NodeId,
        unit: Option<&Unit>,
        slot: &Slot,
        way: Way,
        argument: &'t tree::Argument,
        scope: &Scope<'t>,
    ) -> Option<Argument> {
        let value = self.number(&argument.value, scope);
        if slot.measured && way.turn == Turn::Plain {
            self.agree(&value, argument.value.span, unit);
        }
        let expr = value.expr;
        self.demands.push(Demanded::argument(id, way.demand, expr, argument.span, way.name));
        let turned = match way.turn {
            Turn::Plain => expr,
            Turn::Root => self.arena.unary(Unary::Sqrt, expr),
            Turn::InverseRoot => {
                let (one, root) = (self.arena.number(1.0), self.arena.unary(Unary::Sqrt, expr));
                self.arena.binary(Binary::Div, one, root)
            }
        };
        Some(Argument::Scalar(turned))
    }

    /// One number for each element of the axis: a list, or an array named without its index.
    fn vector(&mut self, value: &'t tree::Expr, length: usize, scope: &Scope<'t>) -> Option<Vec<ExprId>> {
        let found = match &value.kind {
            ExprKind::List(entries) if entries.len() == length => {
                Ok(entries.iter().map(|entry| self.number(entry, scope).expr).collect())
            }
            ExprKind::List(entries) => Err(Some(wrong_length(entries.len(), length, value.span))),
            ExprKind::Path(path) if path.as_name().is_some_and(|name| self.is_array(name)) => {
                path.as_name().map_or(Err(None), |name| self.whole(name, &[length]))
            }
            _ => Err(self.not_a_list("vector", value, length, scope)),
        };
        found.map_err(|told| self.told.extend(told)).ok()
    }

    /// A square matrix over the axis: a list of rows, or an array named without its indices.
    fn matrix(
        &mut self,
        id: NodeId,
        value: &'t tree::Expr,
        length: usize,
        scope: &Scope<'t>,
    ) -> Option<Vec<Vec<ExprId>>> {
        let rows: Option<Vec<Vec<ExprId>>> = match &value.kind {
            ExprKind::List(rows) if rows.len() == length => {
                let rows: Vec<_> = rows.iter().map(|row| self.vector(row, length, scope)).collect();
                rows.into_iter().collect()
            }
            ExprKind::List(rows) => {
                self.told.push(wrong_length(rows.len(), length, value.span));
                None
            }
            ExprKind::Path(path) if path.as_name().is_some_and(|name| self.is_array(name)) => {
                let whole = path.as_name().map_or(Err(None), |name| self.whole(name, &[length, length]));
                let whole = whole.map_err(|told| self.told.extend(told)).ok();
                whole.map(|entries| entries.chunks(length).map(<[ExprId]>::to_vec).collect())
            }
            _ => {
                let told = self.not_a_list("matrix", value, length, scope);
                self.told.extend(told);
                None
            }
        };
        let rows = rows?;
        self.demands.push(Demanded::covariance(id, rows.clone(), value.span));
        Some(rows)
    }

    /// Whether a name is that of a node with axes.
    fn is_array(&self, name: &Name) -> bool {
        match self.names.get(&name.text) {
            Some(Symbol::Node(id)) => {
                self.shapes.get(id.0).and_then(Option::as_ref).is_some_and(|axes| !axes.is_empty())
            }
            _ => false,
        }
    }

    /// Says that a number stands where a list should, unless the expression itself has been refused.
    fn not_a_list(
        &mut self,
        what: &str,
        value: &'t tree::Expr,
        length: usize,
        scope: &Scope<'t>,
    ) -> Option<Diagnostic> {
        let Value { sort, .. } = self.value(value, scope);
        let numbers = vec!["0"; length.min(4)].join(", ");
        let form = match what {
            "vector" => format!("`[{numbers}]`"),
            _ => format!("`[{}]`", vec![format!("[{numbers}]"); length.min(4)].join(", ")),
        };
        (sort != Sort::Refused).then(|| {
            VECTOR
                .at(value.span, format!("a {what} over {length} elements is expected here"))
                .help(format!("write a list like {form}, or name an array without its index"))
        })
    }
}

/// The distribution that a call names.
fn entry(call: &Call) -> Result<&'static Entry, Diagnostic> {
    let name = call.path.text();
    if let Some(entry) = family::find(&name) {
        return Ok(entry);
    }
    let at = call.path.span;
    if family::LATER.contains(&name.as_str()) {
        return Err(NOT_YET
            .at(at, format!("`{name}` is not supported yet"))
            .help(format!("{} are", supported())));
    }
    if let Some(last) = call.path.segments.last().filter(|_| call.path.as_name().is_none()) {
        let told = UNKNOWN_DISTRIBUTION.at(at, format!("there is no `{name}` here"));
        return Err(
            told.help(format!("use it first, above the model: `use {name}`, then `~ {}(…)`", last.text))
        );
    }
    if builtin::function(&name).is_some() {
        let told =
            UNKNOWN_DISTRIBUTION.at(at, format!("`{name}` is a function, and `~` draws from a distribution"));
        return Err(told.help("what is computed is written with `=`"));
    }
    let told = UNKNOWN_DISTRIBUTION.at(at, format!("there is no distribution `{name}`"));
    let known = family::TABLE.iter().map(|entry| entry.name).chain(family::LATER);
    Err(match family::name_here(&name).or_else(|| suggest(&name, known)) {
        Some(similar) => told.did_you_mean(Some(similar)),
        None => told.help(format!("there are {}", supported())),
    })
}

fn supported() -> String {
    list(family::TABLE.iter().map(|entry| entry.name))
}

fn unknown_label(entry: &Entry, label: &Name) -> Diagnostic {
    let told = UNKNOWN_ARGUMENT.at(label.span, format!("`{}` has no argument `{}`", entry.name, label.text));
    let known = list(entry.labels());
    match entry.label_here(&label.text).or_else(|| suggest(&label.text, entry.labels())) {
        Some(here) => told.help(format!("write `{here} =`; it takes {known}")),
        None => told.help(format!("it takes {known}")),
    }
}

/// Says which arguments a call lacks.
fn missing(entry: &Entry, slots: &[Option<Written<'_>>], span: Span) -> Option<Diagnostic> {
    let lacking = entry.slots.iter().zip(slots).filter(|(_, written)| written.is_none());
    let names: Vec<&str> = lacking.filter_map(|(slot, _)| slot.ways.first()).map(|way| way.name).collect();
    if names.is_empty() {
        return None;
    }
    let told = ARGUMENT_MISSING.at(span, format!("`{}` needs {}", entry.name, list(names)));
    Some(told.help(format!("it is written `{}`", entry.signature())))
}

fn wrong_length(found: usize, wanted: usize, span: Span) -> Diagnostic {
    LENGTH
        .at(span, format!("this list has {}, and the axis has {wanted}", count(found, "entry", "entries")))
        .help("the lengths of a vector and of its axis must agree")
}
