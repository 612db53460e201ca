//! What stands after `~`: a distribution with its arguments, by position or by name.

use super::codes::{
    ARGUMENT_EXTRA, ARGUMENT_TWICE, LENGTH, NESTED_DRAW, NOT_POSITIVE, SIMULATOR_BODY, UNKNOWN_DISTRIBUTION,
    VECTOR, WIDE_SPREAD,
};
use super::demand::Demanded;
use super::expr::Scope;
use super::family::{self, Demand, Entry, Shape, Slot, Turn, Way};
use super::index::count;
use super::mismatch::{Place, What};
use super::model::Builder;
use super::names::Symbol;
use super::shown::{shown, shown_or_dots};
use super::unfit::{entry, missing, needs_time, no_function, no_vector, unknown_label, wrapped};
use super::units::Operand;
use super::value::{Sort, Value};
use super::variate::raised;
use crate::units::{Measure, Unit};
use crate::{Argument, Binary, Definition, Draw, Expr, ExprId, Family, Kind, NodeId, Unary};
use sbi_syntax::tree::{self, Call, ExprKind, Name, Target};
use sbi_syntax::{Diagnostic, Span};

/// An argument as it is written, and how it is meant.
pub(super) type Written<'t> = (Way, &'t tree::Argument);

/// What is drawn: the left side of a `~`.
#[derive(Clone, Copy)]
pub(super) struct Left<'t> {
    pub(super) id: NodeId,
    pub(super) target: &'t Target,
}

/// A call while its arguments are read.
struct Reading<'s, 't> {
    left: Left<'t>,
    scope: &'s Scope<'t>,
    /// How many elements the axis has over which a vector is drawn.
    length: usize,
    /// What is drawn from.
    entry: &'static Entry,
    /// The unit of what is drawn: that of the left side, unless it is bent afterwards.
    own: Measure,
    /// Whether that follows from the arguments.
    follows: bool,
    /// Whether an argument with a unit fits it.
    fits: bool,
    within: Within,
}

/// What stands around a distribution.
#[derive(Clone, Copy)]
pub(super) struct Within {
    /// Whether what is drawn is bent afterwards.
    pub(super) bent: bool,
    /// Whether it is a part of a mixture.
    pub(super) mixture: bool,
}

/// Entries of a list or an array, each with where it is written.
pub(super) type Entries<'t> = Vec<(Value, &'t tree::Expr)>;

/// An argument that is checked, in its own unit.
pub(super) enum Found<'t> {
    Scalar(Value, &'t tree::Expr),
    Vector(Entries<'t>),
    Matrix(Vec<Entries<'t>>),
    /// What has no unit of its own, or is looked at with its unit at once.
    Whole,
}

impl<'t> Builder<'t> {
    /// Checks what stands after a `~`. What is refused gives a draw too, so that the node keeps its place.
    pub(super) fn drawn(&mut self, left: Left<'t>, draw: &'t tree::Draw) -> Draw {
        let declared = self.nodes.get(left.id.0).is_some_and(|node| node.unit.is_some());
        let own = if declared && draw.pipes.is_empty() { self.measure_of(left.id) } else { Measure::Unknown };
        let within = Within { bent: !draw.pipes.is_empty(), mixture: false };
        let drawn = self.distribution(left, &draw.call, own, within);
        let (checked, measure) = drawn.map_or((None, Measure::Unknown), |(draw, own)| (Some(draw), own));
        let own = checked.as_ref().and_then(|draw| self.in_share(draw, &measure));
        let kind = checked.as_ref().map(|draw| (draw.kind(), draw.family));
        let vector = usize::from(kind.is_some_and(|(_, family)| family.is_vector()));
        let scope = self.target_scope(left.id, left.target, vector);
        let (mut transforms, measure) = self.transforms(left, kind, &draw.pipes, &scope, measure);
        transforms.extend(own);
        self.infer_unit(left.id, measure);
        match checked {
            Some(checked) => {
                if let Some(formal) = &left.target.formal
                    && checked.family != Family::GaussianProcess
                {
                    let axis = matches!(self.names.get(&formal.name.text), Some(Symbol::Axis(_)));
                    self.told.push(no_function(left, &draw.call, axis));
                }
                Draw { transforms, ..checked }
            }
            None => self.refused_draw(draw.span),
        }
    }

    /// Checks a distribution of numbers in a unit, or in one that follows, which is given with it; `None` where it is
    /// refused.
    fn distribution(
        &mut self,
        left: Left<'t>,
        call: &'t Call,
        own: Measure,
        within: Within,
    ) -> Option<(Draw, Measure)> {
        match self.resolve(&call.path) {
            Ok(Some(Symbol::Refused)) => return None,
            Ok(Some(Symbol::Simulator(..) | Symbol::External(_))) => {
                let message = "simulators are drawn from by `latent`, outside of dynamics";
                let help = format!("write `latent run ~ {}(…)`", call.path.text());
                self.told.push(SIMULATOR_BODY.at(call.span, message).help(help));
                return None;
            }
            Ok(None) if self.is_lost(&call.path) => return None,
            // A path that leads nowhere is told of with the distributions there are.
            _ => {}
        }
        if let Some(told) = wrapped(call) {
            self.told.push(told);
            return None;
        }
        let entry = entry(call, left, self.unread()).map_err(|told| self.told.extend(told)).ok()?;
        let written = self.assign(entry, call);
        if entry.family == Family::GaussianProcess && left.target.formal.is_none() {
            self.told.push(needs_time(left, call));
            self.shapes.get_mut(left.id.0).into_iter().for_each(|shape| *shape = None);
            return None;
        }
        let vector = entry.family.is_vector();
        let scope = self.target_scope(left.id, left.target, usize::from(vector));
        let length = if vector { self.vector_length(left, entry, &scope)? } else { 1 };
        let own = self.own_unit(left, entry, own, call, within);
        let mut reading =
            Reading { left, scope: &scope, length, entry, own, follows: false, fits: false, within };
        let told = self.told.len();
        let written = written?;
        let found = entry.slots.iter().zip(&written);
        let found: Vec<Option<Found<'t>>> =
            found.map(|(slot, written)| self.look(slot, *written, &reading)).collect();
        if matches!(reading.own, Measure::Unknown) {
            reading.own = self.unit_of_arguments(entry, &written, &found, within.bent);
            reading.follows = true;
        }
        // Of a mixture the other parts are in that unit.
        reading.fits = within.mixture
            || written.iter().zip(&found).any(|(written, found)| match (written, found) {
                (Some((way, _)), Some(Found::Scalar(value, _))) if way.power != 0 => {
                    let own = raised(&reading.own, way.power);
                    value.measure.unit().zip(own.unit()).is_some_and(|(unit, own)| unit.fits(own))
                }
                _ => false,
            });
        let slots = entry.slots.iter().zip(written).zip(found);
        let arguments: Vec<Option<Argument>> = slots
            .map(|((slot, written), found)| self.argument(slot, written, found?, &mut reading))
            .collect();
        self.other_axis(left, told);
        let arguments: Vec<Argument> = arguments.into_iter().collect::<Option<_>>()?;
        self.demand_together(left.id, entry, &arguments, call.span);
        self.swapped(entry, &arguments, call);
        self.told.extend(moments_of_the_logarithm(entry, call));
        Some((Draw { family: entry.family, arguments, transforms: Vec::new(), span: call.span }, reading.own))
    }

    /// How many elements the axis of a vector has.
    fn vector_length(&mut self, left: Left<'t>, entry: &Entry, scope: &Scope<'t>) -> Option<usize> {
        if let Some(axis) = scope.vector.and_then(|axis| self.axes.get(axis.0)) {
            return Some(axis.size());
        }
        if self.shapes.get(left.id.0).is_some_and(Option::is_some) && left.target.formal.is_none() {
            let name = &left.target.name.text;
            let message = format!("`{}` draws a vector, and `{name}` has no axis for it", entry.name);
            let help = format!("write `{name}[k]` with `axis k : index(2)`");
            self.told.push(VECTOR.at(left.target.span, message).help(help));
            // Nobody knows how many elements there are to be read.
            self.shapes.get_mut(left.id.0).into_iter().for_each(|shape| *shape = None);
        } else if left.target.formal.is_some() {
            self.told.push(no_vector(left, entry));
        }
        None
    }

    /// Where the vector and the matrix of a draw have other lengths than its axis, and both the same, the axis is at
    /// fault: that is told once, with the axis that was meant.
    fn other_axis(&mut self, left: Left<'t>, since: usize) {
        let [first, second] = self.told.get(since..).unwrap_or_default() else { return };
        if first.code != LENGTH.name || first.code != second.code || first.message != second.message {
            return;
        }
        let found =
            first.message.split(|c: char| !c.is_ascii_digit()).find_map(|part| part.parse::<usize>().ok());
        self.told.pop();
        let Some(found) = found else { return };
        let (name, own) = (&left.target.name.text, &left.target.axes);
        let fits = |axis: &&crate::Axis| axis.size() == found;
        // How many elements there are is not known then.
        self.shapes.get_mut(left.id.0).into_iter().for_each(|shape| *shape = None);
        let Some(axis) = self.axes.iter().find(fits) else { return };
        let others = own.iter().map(|own| own.text.as_str()).filter(|own| *own != axis.name);
        let whole: Vec<&str> = others.chain([axis.name.as_str()]).collect();
        let help = format!("a vector runs over the last axis: write `{name}[{}]`", whole.join(", "));
        self.told.last_mut().into_iter().for_each(|told| told.help = Some(help.clone()));
    }

    /// What the arguments of a distribution must satisfy together.
    fn demand_together(&mut self, id: NodeId, entry: &Entry, arguments: &[Argument], span: Span) {
        match (entry.family, arguments) {
            (Family::Uniform, [Argument::Scalar(low), Argument::Scalar(high)]) => {
                self.demands.push(Demanded::below(id, *low, *high, span, Some("uniform")));
            }
            (Family::TruncatedNormal, [_, _, Argument::Scalar(low), Argument::Scalar(high)]) => {
                self.demands.push(Demanded::below(id, *low, *high, span, None));
            }
            (Family::Mixture, [Argument::Vector(weights), Argument::Components(draws)])
                if weights.len() != draws.len() =>
            {
                let weights = count(weights.len(), "weight", "weights");
                let draws = count(draws.len(), "distribution", "distributions");
                self.told.push(
                    LENGTH
                        .at(span, format!("this mixture has {weights} for {draws}"))
                        .help("write one weight for each distribution"),
                );
            }
            _ => {}
        }
    }

    /// Notes how a binomial would be written the other way round, where its first number may be the probability.
    fn swapped(&mut self, entry: &Entry, arguments: &[Argument], call: &Call) {
        if let (Family::StudentT, [mean, scale, df]) = (entry.family, call.arguments.as_slice())
            && call.arguments.iter().all(|argument| argument.label.is_none())
            && let (Some(mean), Some(scale), Some(df)) =
                (shown(&mean.value), shown(&scale.value), shown(&df.value))
            && let Some(first) = self.demands.iter_mut().rev().nth(2)
        {
            // Of a scale that is wrong by itself nothing is said here.
            first.turned_round = Some(format!("`df` comes first: `student_t({df}, {mean}, {scale})`"));
            return;
        }
        let (Family::Binomial, [Argument::Scalar(trials), _]) = (entry.family, arguments) else { return };
        let [a, b] = call.arguments.as_slice() else { return };
        if a.label.is_some() || b.label.is_some() {
            return;
        }
        let counts = match self.arena.exprs.get(trials.0) {
            Some(Expr::Number(number)) => !(0.0..=1.0).contains(number),
            Some(Expr::Element { node, .. }) => match self.nodes.get(node.0).map(|node| &node.definition) {
                Some(Definition::Draw(draw)) => draw.kind() != Kind::Real,
                Some(Definition::Table(numbers)) => {
                    numbers.iter().any(|number| !(0.0..=1.0).contains(number))
                }
                _ => false,
            },
            _ => false,
        };
        let (Some(a), Some(b)) = (shown(&a.value), shown(&b.value)) else { return };
        if counts {
            return;
        }
        // The demands of both arguments have just been made.
        for demanded in self.demands.iter_mut().rev().take(2) {
            demanded.turned_round = Some(format!("the number of trials comes first: `binomial({b}, {a})`"));
        }
    }

    /// The arguments of a call in the order of the distribution's slots; what is wrong is told.
    pub(super) fn assign(
        &mut self,
        entry: &'static Entry,
        call: &'t Call,
    ) -> Option<Vec<Option<Written<'t>>>> {
        let mut slots: Vec<Option<Written<'t>>> = vec![None; entry.slots.len()];
        let before = self.told.len();
        for (place, argument) in call.arguments.iter().enumerate() {
            let meant = match &argument.label {
                Some(label) => entry.slot(&label.text),
                None => entry.slots.get(place).and_then(|slot| slot.ways.first()).map(|way| (place, *way)),
            };
            let told = match (meant, &argument.label) {
                (None, Some(label)) => Some(unknown_label(entry, label, call)),
                (None, None) => {
                    let takes = count(entry.slots.len(), "argument", "arguments");
                    let told = ARGUMENT_EXTRA.at(argument.span, format!("`{}` takes {takes}", entry.name));
                    Some(match decimals(call) {
                        Some((written, meant)) => told.help(format!(
                            "a comma parts arguments, and decimals have a point: `{meant}` for `{written}`"
                        )),
                        None => told.help(format!("it is written `{}`", entry.signature())),
                    })
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
            // Two names that say one thing in another way are one slip.
            let told =
                told.filter(|told| !self.told.iter().skip(before).any(|first| first.help == told.help));
            self.told.extend(told);
        }
        if self.told.len() == before {
            self.told.extend(missing(entry, &slots, call.span));
        }
        // With an argument too many, nobody knows which is which: `normal(0,0, 1,5)`.
        let extra = self.told.iter().skip(before).any(|told| told.code == ARGUMENT_EXTRA.name);
        let whole = !extra
            && entry
                .slots
                .iter()
                .zip(&slots)
                .all(|(slot, written)| written.is_some() || slot.default.is_some());
        whole.then_some(slots)
    }

    /// Checks what an argument is; `None` where it is refused.
    fn look(
        &mut self,
        slot: &Slot,
        written: Option<Written<'t>>,
        reading: &Reading<'_, 't>,
    ) -> Option<Found<'t>> {
        let Some((way, argument)) = written else { return Some(Found::Whole) };
        let value = &argument.value;
        match slot.shape {
            Shape::Scalar => {
                self.place = raised(&reading.own, way.power).unit().cloned();
                Some(Found::Scalar(self.number(value, reading.scope), value))
            }
            Shape::Matrix => self.matrix(value, reading.length, reading.scope).map(Found::Matrix),
            Shape::Vector => self.vector(value, reading.length, reading.scope).map(Found::Vector),
            Shape::Weights | Shape::Components | Shape::Kernel => Some(Found::Whole),
        }
    }

    /// What becomes of one argument; `None` where it is refused.
    fn argument(
        &mut self,
        slot: &Slot,
        written: Option<Written<'t>>,
        found: Found<'t>,
        reading: &mut Reading<'_, 't>,
    ) -> Option<Argument> {
        let Some((way, argument)) = written else {
            return slot.default.map(|value| Argument::Scalar(self.arena.number(value)));
        };
        let (left, value) = (reading.left, &argument.value);
        let name = &left.target.name.text;
        let place = Place {
            measure: raised(&reading.own, way.power),
            what: What::Argument(reading.entry.name, way.name, name, reading.fits),
        };
        match (found, slot.shape) {
            (Found::Scalar(found, tree), _) => {
                let operand = Operand { value: &found, tree };
                self.ensure_share(operand, &place, reading.follows);
                let mut expr = self.fit(operand, &place);
                // What gives angles takes them in radians.
                if let Some(unit) = place.measure.unit().filter(|_| reading.entry.is_pure()) {
                    expr = self.convert(expr, unit, &Unit::one());
                }
                Some(self.scalar(way, argument, left.id, expr))
            }
            (Found::Vector(entries), _) => {
                let entries: Vec<ExprId> = self.all_fit(entries, &place);
                let demanded = Demanded::each(left.id, way.demand, entries.clone(), argument.span, way.name);
                self.demands.push(demanded);
                Some(Argument::Vector(entries))
            }
            (Found::Matrix(rows), _) => {
                let rows: Vec<Vec<ExprId>> = rows.into_iter().map(|row| self.all_fit(row, &place)).collect();
                self.demands.push(Demanded::covariance(left.id, rows.clone(), value.span));
                Some(Argument::Matrix(rows))
            }
            (Found::Whole, Shape::Components) => self.components(value, reading).map(Argument::Components),
            (Found::Whole, Shape::Kernel) => {
                let own = reading.own.clone();
                let (kernel, numbers) = self.kernel(left, value, reading.scope, &own)?;
                Some(Argument::Kernel(kernel, numbers))
            }
            (Found::Whole, _) => {
                let entries = self.weights(value, reading.scope)?;
                let entries = self.all_fit(entries, &place);
                self.demands.push(Demanded::shares(left.id, entries.clone(), argument.span, way.name));
                Some(Argument::Vector(entries))
            }
        }
    }

    fn all_fit(&mut self, entries: Entries<'t>, place: &Place<'_>) -> Vec<ExprId> {
        entries.iter().map(|(value, tree)| self.fit(Operand { value, tree }, place)).collect()
    }

    fn scalar(&mut self, way: Way, argument: &'t tree::Argument, id: NodeId, expr: ExprId) -> Argument {
        if way.name == "median"
            && way.demand == Demand::Positive
            && let ExprKind::Call(call) = &argument.value.kind
            && call.path.text() == "log"
            && let [inner] = call.arguments.as_slice()
        {
            let message = "a median is a value itself, and this is its logarithm";
            let (log, plain) = (shown_or_dots(&argument.value), shown_or_dots(&inner.value));
            let help = format!("write `log_mean = {log}`, or the median without the logarithm: `{plain}`");
            self.told.push(NOT_POSITIVE.at(argument.value.span, message).help(help));
            return Argument::Scalar(expr);
        }
        self.demands.push(Demanded::argument(id, way.demand, expr, argument.span, way.name));
        Argument::Scalar(self.turned(way.turn, expr))
    }

    fn turned(&mut self, turn: Turn, expr: ExprId) -> ExprId {
        let over = |builder: &mut Self, divisor: ExprId| {
            let one = builder.arena.number(1.0);
            builder.arena.binary(Binary::Div, one, divisor)
        };
        match turn {
            Turn::Plain => expr,
            Turn::Root => self.arena.unary(Unary::Sqrt, expr),
            Turn::InverseRoot => {
                let root = self.arena.unary(Unary::Sqrt, expr);
                over(self, root)
            }
            Turn::Inverse => over(self, expr),
            Turn::Exp => self.arena.unary(Unary::Exp, expr),
            Turn::Logistic => self.arena.unary(Unary::Logistic, expr),
            Turn::Times(factor) => {
                let factor = self.arena.number(factor);
                self.arena.binary(Binary::Mul, factor, expr)
            }
        }
    }

    /// Probabilities, as many as are listed, or an array over one axis that is named without its index.
    fn weights(&mut self, value: &'t tree::Expr, scope: &Scope<'t>) -> Option<Entries<'t>> {
        match &value.kind {
            ExprKind::List(entries) if !entries.is_empty() => {
                Some(entries.iter().map(|entry| (self.number(entry, scope), entry)).collect())
            }
            ExprKind::Path(path) if path.as_name().is_some_and(|name| self.is_array(name)) => {
                let name = path.as_name()?;
                let Some(Symbol::Node(id)) = self.names.get(&name.text) else { return None };
                let axis = self.shapes.get(id.0).and_then(Option::as_ref).and_then(|axes| axes.first());
                let size = axis.and_then(|axis| self.axes.get(axis.0)).map(crate::Axis::size)?;
                let whole = self.whole(name, &[size]).map_err(|told| self.told.extend(told)).ok()?;
                Some(whole.into_iter().map(|entry| (entry, value)).collect())
            }
            _ => {
                let empty = matches!(value.kind, ExprKind::List(_));
                let refused = !empty && self.value(value, scope).sort == Sort::Refused;
                let told = VECTOR.at(value.span, "a list of probabilities is expected here");
                let help = "write a list like `[0.2, 0.8]`, or name an array without its index";
                self.told.extend((!refused).then(|| told.help(help)));
                None
            }
        }
    }

    /// The distributions of a mixture: a list of them.
    fn components(&mut self, value: &'t tree::Expr, reading: &mut Reading<'_, 't>) -> Option<Vec<Draw>> {
        const FORM: &str = "write `of = [normal(0, 1), normal(3, 0.5)]`";
        let ExprKind::List(entries) = &value.kind else {
            self.told.push(VECTOR.at(value.span, "a list of distributions is expected here").help(FORM));
            return None;
        };
        let draws: Vec<Option<Draw>> = entries
            .iter()
            .map(|entry| {
                let ExprKind::Call(call) = &entry.kind else {
                    let told = UNKNOWN_DISTRIBUTION.at(entry.span, "a distribution is expected here");
                    self.told.push(told.help(FORM));
                    return None;
                };
                let whole = family::find(&call.path.text())
                    .filter(|entry| entry.family.is_joint() || entry.family == Family::Mixture);
                if let Some(entry) = whole {
                    let message = format!("a mixture cannot be made of `{}`", entry.name);
                    self.told.push(NESTED_DRAW.at(call.path.span, message).help(match entry.family {
                        Family::Mixture => {
                            "write all distributions into one list, with all weights in another"
                        }
                        _ => "mix distributions of one number: `normal(0, 1)`",
                    }));
                    return None;
                }
                let within = Within { mixture: true, ..reading.within };
                let (draw, own) = self.distribution(reading.left, call, reading.own.clone(), within)?;
                // The first of them says the unit of all, where none is declared.
                if matches!(reading.own, Measure::Unknown) {
                    reading.own = own;
                }
                Some(draw)
            })
            .collect();
        if draws.is_empty() {
            self.told.push(VECTOR.at(value.span, "this mixture is made of nothing").help(FORM));
            return None;
        }
        draws.into_iter().collect()
    }

    /// One number for each element of the axis: a list, or an array named without its index.
    fn vector(&mut self, value: &'t tree::Expr, length: usize, scope: &Scope<'t>) -> Option<Entries<'t>> {
        let found = match &value.kind {
            ExprKind::List(entries) if entries.len() == length => {
                Ok(entries.iter().map(|entry| (self.number(entry, scope), entry)).collect())
            }
            ExprKind::List(entries) => Err(Some(wrong_length(entries.len(), length, value.span))),
            ExprKind::Path(path) if path.as_name().is_some_and(|name| self.is_array(name)) => {
                let whole = path.as_name().map_or(Err(None), |name| self.whole(name, &[length]));
                whole.map(|whole| whole.into_iter().map(|entry| (entry, value)).collect())
            }
            _ => Err(self.not_a_list("vector", value, length, scope)),
        };
        found.map_err(|told| self.told.extend(told)).ok()
    }

    /// A square matrix over the axis: a list of rows, or an array named without its indices.
    fn matrix(
        &mut self,
        value: &'t tree::Expr,
        length: usize,
        scope: &Scope<'t>,
    ) -> Option<Vec<Entries<'t>>> {
        match &value.kind {
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
                let rows = |entries: Vec<Value>| {
                    let rows = entries.chunks(length);
                    rows.map(|row| row.iter().map(|entry| (entry.clone(), value)).collect()).collect()
                };
                whole.map(rows)
            }
            _ => {
                let told = self.not_a_list("matrix", value, length, scope);
                self.told.extend(told);
                None
            }
        }
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

/// Says that the second number of a lognormal looks like its own standard deviation, `lognormal(200, 50)`.
fn moments_of_the_logarithm(entry: &Entry, call: &Call) -> Option<Diagnostic> {
    /// No logarithm of anything that is measured scatters as widely: a factor of a hundred and more either way.
    const WIDEST: f64 = 5.0;
    let (Family::Lognormal, [mean, sd]) = (entry.family, call.arguments.as_slice()) else { return None };
    let number = |argument: &tree::Argument| match &argument.value.kind {
        ExprKind::Number(number) if argument.label.is_none() => Some(number.value),
        _ => None,
    };
    let (median, wide) = (number(mean)?, number(sd).filter(|wide| *wide > WIDEST)?);
    let spread = ((1.0 + (wide / median).powi(2)).ln().sqrt() * 100.0).round() / 100.0;
    let told = WIDE_SPREAD.at(sd.span, "the second number is the standard deviation of the logarithm");
    (median > wide).then(|| {
        told.help(format!(
            "one of {wide} about {median} is `lognormal(median = {median}, spread = {spread})`; if it is meant, write `spread = {wide}`"
        ))
    })
}

/// Two numbers that were perhaps one, `0,5`: as written and as meant.
fn decimals(call: &Call) -> Option<(String, String)> {
    let whole = |argument: &tree::Argument| match &argument.value.kind {
        ExprKind::Number(number) if argument.label.is_none() => number.integer,
        _ => None,
    };
    call.arguments.iter().zip(call.arguments.iter().skip(1)).find_map(|(first, second)| {
        let glued = first.span.end + 1 == second.span.start;
        let (units, parts) = (whole(first)?, whole(second)?);
        glued.then(|| (format!("{units},{parts}"), format!("{units}.{parts}")))
    })
}

fn wrong_length(found: usize, wanted: usize, span: Span) -> Diagnostic {
    LENGTH
        .at(span, format!("this list has {}, and the axis has {wanted}", count(found, "entry", "entries")))
        .help("the lengths of a vector and of its axis must agree")
}
