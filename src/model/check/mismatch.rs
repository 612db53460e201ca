//! What is told of units that do not fit: both sides in the user's own words, and the edit that mends it.

use super::codes::UNIT_MISMATCH;
use super::lacking::literal;
use super::model::{Builder, Written};
use super::names::list;
use super::remedy::Sides;
use super::shown::{left_side, shown};
use super::units::{Operand, Together};
use super::value::{Read, Value};
use crate::units::{Dimension, Measure, Unit};
use crate::{ExprId, NodeId, Role};
use sbi_syntax::{Diagnostic, Span, tree};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A place with a unit of its own.
pub(super) struct Place<'p> {
    pub(super) measure: Measure,
    pub(super) what: What<'p>,
}

/// What kind of place it is.
#[derive(Clone, Copy)]
pub(super) enum What<'p> {
    /// The argument of a function that takes pure numbers.
    Pure(&'p str),
    /// What is a pure number by itself.
    Number(&'p str),
    /// A quantity that is declared here in a unit.
    Declared(&'p str, Span),
    /// An input of a function, a simulator or a program, declared here.
    Input(&'p str, &'p str, Span),
    /// An argument of a distribution, of a quantity; and whether another argument fits that quantity.
    Argument(&'p str, &'p str, &'p str, bool),
    /// The derivative of a state.
    Derivative(&'p str),
    /// The rate of a jump.
    Rate,
    /// A length of time, or another number in the unit of something.
    Time(&'p str),
    /// The time at which a function of time is read.
    At(&'p str),
    /// One side of an `if`.
    Chosen,
}

impl<'p> Place<'p> {
    pub(super) fn pure(who: &'p str) -> Place<'p> {
        Place { measure: Measure::pure(), what: What::Pure(who) }
    }

    pub(super) fn number(what: &'p str) -> Place<'p> {
        Place { measure: Measure::pure(), what: What::Number(what) }
    }

    /// Says in which unit the place is.
    fn says(&self, expected: &Unit) -> String {
        match self.what {
            What::Pure(who) => format!("{who} takes a number without unit"),
            What::Number(what) => format!("{what} is a number without unit"),
            _ if expected.is_plain() => match self.what {
                What::Argument(distribution, argument, ..) => {
                    format!("`{argument}` of `{distribution}` is a pure number")
                }
                What::Input(of, input, _) => format!("`{of}` takes `{input}` without unit"),
                What::Derivative(state) => format!("`{state}'` has no unit"),
                What::Declared(name, _) => format!("`{name}` has none"),
                What::Time(what) => format!("{what} has no unit"),
                What::At(name) => format!("the time of `{name}` has none"),
                What::Rate | What::Chosen | What::Pure(_) | What::Number(_) => {
                    "a number without unit is expected".to_owned()
                }
            },
            What::Declared(name, _) => format!("`{name}` is in `{expected}`"),
            What::Input(of, input, _) => format!("`{of}` takes `{input}` in `{expected}`"),
            What::Argument(_, argument, left, _) => format!("`{argument}` of `{left}` is in `{expected}`"),
            What::Derivative(state) => format!("`{state}'` is in `{expected}`"),
            What::Rate => format!("a rate is in `{expected}`"),
            What::Chosen => format!("`{expected}` is expected here"),
            What::Time(what) => format!("{what} is in `{expected}`"),
            What::At(name) => format!("`{name}` is read at times in `{expected}`"),
        }
    }
}

/// Two operands whose units do not fit.
pub(super) struct Clash<'v, 't> {
    pub(super) left: Operand<'v, 't>,
    pub(super) right: Operand<'v, 't>,
    pub(super) how: Together,
    /// The unit of the place in which the whole stands: the operand that does not fit there is at fault.
    pub(super) place: Option<&'v Rc<Unit>>,
}

/// A slip that has been told: what is lacking, what is read there, and where.
pub(super) struct Slip {
    lacking: Dimension,
    /// None of a number that stands alone: each is a slip of its own.
    read: BTreeSet<NodeId>,
    at: Span,
}

/// The unit of a side, none for a number that has none.
fn own(measure: &Measure) -> Unit {
    measure.unit().map_or_else(Unit::one, |unit| Unit::clone(unit))
}

/// `` `x + 1` is in `ms` ``, without the words where the text is long.
fn says(operand: Operand<'_, '_>) -> String {
    let what = shown(operand.tree).map_or_else(|| "this".to_owned(), |text| format!("`{text}`"));
    match operand.value.measure.text() {
        Some(unit) => format!("{what} is in `{unit}`"),
        None => format!("{what} has no unit"),
    }
}

/// The unit of a side as a label.
fn label(unit: &Unit) -> String {
    if unit.parts() == 0 { "no unit".to_owned() } else { unit.to_string() }
}

impl<'t> Builder<'t> {
    /// Says that a value stands in a place with a unit of another dimension.
    pub(super) fn misplaced(&mut self, operand: Operand<'_, 't>, place: &Place<'_>) {
        let Some(expected) = place.measure.unit().cloned() else { return };
        let found = own(&operand.value.measure);
        if !self.is_news(&expected, &found, operand, &[operand.value.raw]) {
            return;
        }
        let timeless = self.lacks_time(operand, &expected, &found);
        let told = timeless.or_else(|| self.lacks_unit(operand, &expected, &place.says(&expected)));
        let mut told = match told {
            Some(told) => told,
            None => {
                let what = Some(place.what);
                let sides = Sides { expected: &expected, found: &found, what, beside: None, compared: false };
                let help = self.remedy(operand, &sides);
                let message = format!("{}, and {}", says(operand), place.says(&expected));
                UNIT_MISMATCH
                    .at(operand.tree.span, message)
                    .label(operand.tree.span, label(&found))
                    .help(help)
            }
        };
        if let What::Declared(_, span) | What::Input(_, _, span) = place.what {
            told = told.label(span, label(&expected));
        }
        self.tell_where_passed(told, operand, &expected);
    }

    /// Says that two values of different dimensions are put together.
    pub(super) fn clash(&mut self, clash: Clash<'_, 't>) {
        let Clash { left, right, how, place } = clash;
        let (l, r) = (own(&left.value.measure), own(&right.value.measure));
        let bare = |value: &Value| matches!(value.measure, Measure::Bare { .. });
        if let Some(place) = place.filter(|place| !place.fits(&l) && !place.fits(&r))
            && !bare(left.value)
            && !bare(right.value)
        {
            // Neither says what the other should be in.
            let place = Place { measure: Measure::Of(place.clone()), what: What::Chosen };
            self.misplaced(left, &place);
            self.misplaced(right, &place);
            return;
        }
        let lacks = |value: &Value, unit: &Unit| unit.parts() == 0 && value.read.is_some();
        // The side at fault is the one that does not fit where the whole stands; else one without any unit.
        let left_is_wrong = match place {
            Some(place) if place.fits(&r) != place.fits(&l) => place.fits(&r),
            _ => {
                bare(left.value)
                    || (lacks(left.value, &l) && !bare(right.value))
                    || (l.parts() == 0 && r.parts() > 0)
            }
        };
        let (culprit, other, found, expected) =
            if left_is_wrong { (left, right, &l, &r) } else { (right, left, &r, &l) };
        if !self.is_news(expected, found, culprit, &[left.value.raw, right.value.raw]) {
            return;
        }
        let beside = match how {
            Together::Added => "what it is added to",
            Together::Subtracted if left_is_wrong => "what is subtracted from it",
            Together::Subtracted => "what it is subtracted from",
            Together::Compared => "what it is compared with",
            Together::Paired => "what stands beside it",
            Together::Chosen => "the other side",
        };
        let beside = match shown(other.tree) {
            Some(text) if text.len() <= 24 => format!("`{text}`"),
            _ => beside.to_owned(),
        };
        let there = match expected.parts() {
            0 => format!("{beside} has none"),
            _ => format!("{beside} is in `{}`", expected.proper()),
        };
        let timeless = self.lacks_time(culprit, expected, found);
        if timeless.is_some() {
            self.told.extend(timeless);
            return;
        }
        let told = match self.lacks_unit(culprit, expected, &there) {
            Some(told) => told,
            None => {
                let compared = how == Together::Compared;
                let sides = Sides { expected, found, what: None, beside: Some(other), compared };
                let help = self.remedy(culprit, &sides);
                let message = format!("{}, and {there}", says(culprit));
                UNIT_MISMATCH.at(culprit.tree.span, message).label(culprit.tree.span, label(found)).help(help)
            }
        };
        self.tell_where_passed(told.label(other.tree.span, label(expected)), culprit, expected);
    }

    /// Tells of a mismatch. In the body of a simulator, which is sound by itself, what is passed to it is at fault.
    fn tell_where_passed(&mut self, told: Diagnostic, operand: Operand<'_, 't>, expected: &Unit) {
        let mut home = self.home;
        let mut call = None;
        while let Some(drawn) = self.homes.get(home).and_then(|home| self.drawn.get(home.draw?)) {
            let Some(target) = drawn.target else { break };
            call = Some((drawn, target));
            home = drawn.home;
        }
        let Some((drawn, target)) = call else {
            self.told.push(told);
            return;
        };
        let read = operand.value.read;
        let of = &drawn.called;
        let values = || drawn.inputs.iter().zip(drawn.values.iter().flatten());
        let passed = |value: &Value| read.is_some() && value.read == read;
        let argument =
            values().find(|(_, value)| passed(value)).and_then(|(passed, _)| Some(passed.value?.0));
        let mapped = match (argument, argument.and_then(shown), read) {
            (Some(argument), Some(text), Some(Read::Node(id))) if expected.parts() > 0 => {
                let own = operand.value.measure.text();
                let has = own.map_or("has no unit".to_owned(), |own| format!("is in `{own}`"));
                let message = format!("`{text}` {has}, and `{of}` needs it in `{}`", expected.proper());
                let help = self.declaring(id, expected, false).or(told.help);
                let told = UNIT_MISMATCH.at(argument.span, message);
                told.help(help.unwrap_or_else(|| format!("pass a quantity in `{}`", expected.proper())))
            }
            _ => {
                let bare =
                    values().filter(|(_, value)| value.measure.unit().is_some_and(|unit| unit.parts() == 0));
                let bare = bare.filter_map(|(passed, value)| Some((passed.value?.0, value)));
                let alone = |expr: &tree::Expr| matches!(expr.kind, tree::ExprKind::Number(_));
                let bare: Vec<&tree::Expr> = bare
                    .filter(|(expr, value)| matches!(value.read, Some(Read::Node(_))) || alone(expr))
                    .map(|(expr, _)| expr)
                    .collect();
                let names: Vec<String> = bare.iter().filter_map(|argument| shown(argument)).collect();
                let message = format!("what is passed to `{of}` does not fit: in it, {}", told.message);
                match (bare.as_slice(), names.as_slice()) {
                    ([argument], [name]) => UNIT_MISMATCH
                        .at(argument.span, format!("`{name}` has no unit, and then {message}"))
                        .help(format!("say where it is declared in which unit it is: `{name} : …`")),
                    ([], _) => UNIT_MISMATCH
                        .at(target.span, message)
                        .help(format!("look at the units of what is passed: `{of}` is sound by itself")),
                    _ => UNIT_MISMATCH.at(target.span, message).help(format!(
                        "{} are passed without a unit: one of them lacks its own",
                        list(names.iter().map(String::as_str))
                    )),
                }
            }
        };
        self.told.push(mapped);
    }

    /// Says that a power of a quantity with a unit is not known beforehand.
    pub(super) fn unknown_power(&mut self, base: Operand<'_, 't>, exponent: Operand<'_, 't>) {
        if !self.strict {
            return;
        }
        let message = format!("{}, and its power is not known beforehand", says(base));
        let unit = own(&base.value.measure).proper();
        let told = UNIT_MISMATCH.at(exponent.tree.span, message).label(base.tree.span, label(&unit));
        let text = super::shown::factor(base.tree).unwrap_or_else(|| "x".to_owned());
        self.told.push(match unit.behind("1") {
            Some(one) => told.help(format!("raise a pure number: `({text} / {one})^…`")),
            None => told.help("raise a pure number: divide by a quantity in the same unit first"),
        });
    }

    /// Says of a quantity without a unit, which is read alone, that it lacks one, and which would fit.
    fn lacks_unit(&mut self, operand: Operand<'_, 't>, expected: &Unit, there: &str) -> Option<Diagnostic> {
        let read = operand
            .value
            .read
            .filter(|_| operand.value.measure.unit().is_some_and(|own| own.parts() == 0))?;
        if expected.parts() == 0 {
            return None;
        }
        let (name, declared, help) = match read {
            Read::Node(id) => {
                let node = self.nodes.get(id.0)?;
                // What changes with a time is more likely to lack a rate than a unit.
                let rate = node.role == Role::State && expected.is_rate();
                let help = self.declaring(id, expected, false).filter(|_| !rate)?;
                let name = node.name.rsplit('.').next().unwrap_or(&node.name).to_owned();
                (name, node.span, help)
            }
            Read::Axis(id) => {
                let axis = self.axes.get(id.0)?;
                let one = expected.behind("1")?;
                let help = format!("write its coordinates with their unit, each as `{one}`");
                (axis.name.clone(), axis.span, help)
            }
            Read::Clock(run) => return self.timeless(run, operand, expected, there),
        };
        self.forget(read);
        let message = format!("`{name}` has no unit, and {there}");
        let told = UNIT_MISMATCH.at(operand.tree.span, message).label(declared, "declared without a unit");
        Some(told.help(help))
    }

    /// How a quantity would be declared in a unit; none where it is no line of the model. It is named where it is one of
    /// several that are read.
    pub(super) fn declaring(&self, id: NodeId, unit: &Unit, named: bool) -> Option<String> {
        let unit = unit.proper();
        let (word, target, sign) = match self.written.get(id.0)? {
            Written::Node(node) => {
                let word = match node.role {
                    tree::Role::Param => "param",
                    tree::Role::Latent => "latent",
                    tree::Role::Data => "data",
                };
                let sign = if matches!(node.definition, tree::Definition::Draw(_)) { "~" } else { "=" };
                (word, &node.target, sign)
            }
            Written::Let(binding) => ("let", &binding.target, "="),
            Written::Const(constant) => ("const", &constant.target, "="),
            Written::State(state) => ("init", &state.target, "="),
            _ => return None,
        };
        let what = match self.nodes.get(id.0).is_some_and(|node| node.unit.is_some()) {
            true => "declare it in that".to_owned(),
            false if named => format!("give `{}` a unit where it is declared", target.name.text),
            false => "give it one where it is declared".to_owned(),
        };
        let left = match &target.formal {
            Some(formal) => format!("{}({})", target.name.text, formal.name.text),
            None => left_side(target),
        };
        Some(format!("{what}: `{word} {left} : {unit} {sign} …`"))
    }

    /// Says that the time over which a dynamics is solved has no unit.
    pub(super) fn timeless(
        &mut self,
        run: usize,
        operand: Operand<'_, 't>,
        time: &Unit,
        there: &str,
    ) -> Option<Diagnostic> {
        let over = self.runs.get(run)?.tree.over.as_ref()?;
        let tree::ExprKind::Range { low, high } = &over.kind else { return None };
        let (low, high) = (shown(low)?, shown(high)?);
        let (low, high) = (time.behind(&low)?, time.behind(&high)?);
        let (name, span) = (self.runs.get(run)?.tree.name.text.clone(), over.span);
        self.forget(Read::Clock(run));
        let message = format!("the time of `{name}` has no unit, and {there}");
        let told = UNIT_MISMATCH.at(span, message).label(operand.tree.span, "read here");
        Some(told.help(format!("write `over {low} .. {high}`")))
    }

    /// Takes what lacks a unit for something of which nothing is known: it has been told of.
    pub(super) fn forget(&mut self, read: Read) {
        match read {
            Read::Node(id) => self.measures.get_mut(id.0).into_iter().for_each(|own| *own = Measure::Unknown),
            Read::Axis(id) => {
                self.coordinates.get_mut(id.0).into_iter().for_each(|own| *own = Measure::Unknown)
            }
            Read::Clock(run) => drop(self.clocks.insert(run, Measure::Unknown)),
        }
    }

    /// Whether a mismatch is to be told: in a model with units, and where it is not the same slip as one before, which lacks
    /// the same and reads the same. Such a one is shown with that.
    fn is_news(&mut self, expected: &Unit, found: &Unit, culprit: Operand<'_, 't>, raws: &[ExprId]) -> bool {
        let Some(lacking) = expected.over(found).map(|ratio| *ratio.dimension()) else { return false };
        if !self.strict {
            return false;
        }
        let at = culprit.tree.span;
        let number = literal(culprit.tree).is_some();
        let read = if number { BTreeSet::new() } else { self.quantities(raws) };
        let inverse = lacking.to(crate::units::Power::ONE.negated());
        let same = |slip: &&Slip| {
            let alike = slip.lacking == lacking || Some(slip.lacking) == inverse;
            alike && if number { slip.at == at } else { !slip.read.is_disjoint(&read) }
        };
        if let Some(first) = self.slips.iter().find(same).map(|slip| slip.at) {
            self.show_with(first, at);
            return false;
        }
        self.slips.push(Slip { lacking, read, at });
        true
    }

    /// The quantities that expressions read. States are read everywhere: what they are read with is at fault.
    fn quantities(&self, raws: &[ExprId]) -> BTreeSet<NodeId> {
        let (mut read, mut seen, mut waiting) = (BTreeSet::new(), BTreeSet::new(), raws.to_vec());
        while let Some(id) = waiting.pop() {
            let Some(expr) = self.arena.exprs.get(id.0).filter(|_| seen.insert(id)) else { continue };
            if let crate::Expr::Element { node, .. } | crate::Expr::Curve { node, .. } = expr {
                let kept = self.nodes.get(node.0).is_some_and(|node| node.role != Role::State);
                read.extend(kept.then_some(*node));
            }
            waiting.extend(expr.operands());
        }
        read
    }

    /// Shows a place with what has been told of another.
    fn show_with(&mut self, first: Span, at: Span) {
        /// Of one slip that is read everywhere the first places say enough.
        const MOST: usize = 4;
        let is_first = |told: &&mut Diagnostic| {
            told.code == UNIT_MISMATCH.name
                && (told.span == first || told.labels.iter().any(|(span, _)| *span == first))
        };
        if let Some(told) = self.told.iter_mut().find(is_first)
            && told.labels.len() < MOST
            && told.span != at
            && told.labels.iter().all(|(span, _)| *span != at)
        {
            told.labels.push((at, "does not fit here either".to_owned()));
        }
    }
}
