//! `given x = 0.5`, `given x[2] = 1`, `given x from "file.csv" (…)`: which tokens are fixed, at what values.

use super::codes::{
    GIVEN_TWICE, LENGTH, NEVER_TRAINED, NOT_CONSTANT, OUTSIDE_SUPPORT, UNIT_MISMATCH, UNKNOWN_UNIT, VECTOR,
};
use super::constant::is_nothing;
use super::csv::outside;
use super::files::Files;
use super::index::count;
use super::names::Symbol;
use super::place::Selected;
use super::query::{Asked, Counted};
use super::shown::{shown, shown_arguments};
use super::units::unit_of;
use crate::units::{Factor, Measure, Unit, Units};
use crate::{AxisId, AxisKind, Definition, Family, NodeId, State, Support};
use sbi_syntax::tree::{self, Call, Expr, ExprKind, Source, UnaryOperator};
use sbi_syntax::{Diagnostic, Span};
use std::rc::Rc;

impl Asked<'_, '_> {
    /// Fixes the tokens that a `given` names.
    pub(super) fn given(&mut self, given: &tree::Given, files: &Files<'_>) {
        if let Err(told) = self.fix(given, files) {
            self.told.extend(told);
        }
    }

    fn fix(&mut self, given: &tree::Given, files: &Files<'_>) -> Result<(), Option<Diagnostic>> {
        let verb = if matches!(given.value, Source::From(_)) { "given from" } else { "given" };
        let mut selected = match self.select(&given.target, verb) {
            Ok(selected) => selected,
            Err(told) => {
                // What was to be given is not told to be absent as well.
                match self.looked.names.get(&given.target.name.text) {
                    Some(Symbol::Node(id)) => drop(self.touched.insert(id)),
                    _ => self.unread = true,
                }
                return Err(told);
            }
        };
        if let Source::Equals(value) = &given.value
            && let Err(told) = self.shorten(&mut selected, value)
        {
            self.touched.insert(selected.node);
            return Err(Some(told));
        }
        if let Source::Equals(Expr { kind: ExprKind::List(entries), span }) = &given.value
            && let Some(told) = self.count(&selected, vec![(String::new(), entries.len())], *span)
        {
            self.touched.insert(selected.node);
            return Err(Some(told));
        }
        if selected.whole {
            self.touched.insert(selected.node);
        }
        let span = given.target.span;
        let by_query = |id: &AxisId| self.placed.get(id).is_some_and(|placing| !placing.by_file);
        let values = match &given.value {
            // At places of the query a file gives what it has rows for.
            Source::From(table) if selected.axes.iter().any(by_query) => {
                let values = self.table(&selected, table, files);
                if values.is_err() {
                    // Which they are is not known: nothing more is said of any.
                    self.touched.insert(selected.node);
                }
                let values = values?;
                let filled = selected.tokens.iter().zip(&values).filter(|(_, value)| value.is_some());
                self.mention(filled.map(|(token, _)| *token), span).map_or(Ok(values), Err)?
            }
            source => {
                // That it is mentioned counts even where its value is wrong, so that nothing follows from that.
                self.mention(selected.tokens.iter().copied(), span).map_or(Ok(()), Err)?;
                match source {
                    Source::Equals(value) => self.written(&selected, value)?,
                    Source::From(table) => self.table(&selected, table, files)?,
                }
            }
        };
        for (token, value) in selected.tokens.iter().zip(values) {
            // What a file lacks is absent, where the model says that it may be.
            if let (Some(state), Some(value)) = (self.states.get_mut(*token), value) {
                *state = State::Given(value);
            }
        }
        Ok(())
    }

    /// Notes that tokens are given; says so where one of them was given already.
    fn mention(&mut self, tokens: impl Iterator<Item = usize>, span: Span) -> Option<Diagnostic> {
        let mut twice = None;
        for token in tokens {
            if let Some(first) = self.mentioned.insert(token, span) {
                twice = twice.or(Some((token, first)));
            }
        }
        let (token, first) = twice?;
        let message = format!("`{}` is given twice", self.graph.tokens.get(token).map_or("", |t| &t.name));
        Some(GIVEN_TWICE.at(span, message).label(first, "first here").help("remove one of them"))
    }

    /// A data set may have fewer elements than its axis has at most: a list says how many.
    ///
    /// # Errors
    /// It has more or fewer than any data set can have.
    fn shorten(&self, selected: &mut Selected, value: &Expr) -> Result<(), Diagnostic> {
        let (ExprKind::List(entries), [axis, ..]) = (&value.kind, selected.axes.as_slice()) else {
            return Ok(());
        };
        let name = &selected.name;
        let own = self.looked.model.axis(*axis);
        if selected.whole
            && let Some(told) = self.crowded(name, own, *axis)
        {
            return Err(told);
        }
        if let (AxisKind::Scattered { count: seen, .. }, false, Some(placing)) =
            (own.kind, self.joint, self.placed.get(axis))
            && placing.at.len() < seen.least
        {
            let (places, most) = (placing.at.len(), seen.most);
            let message =
                format!("a flow takes as many readings as it saw, and `{}` is placed at {places}", own.name);
            let told = NEVER_TRAINED.at(placing.span, message).label(own.span, "declared here");
            return Err(told.help(format!("write `n = {places} .. {most}` in the axis")));
        }
        let AxisKind::Set(range) = own.kind else { return Ok(()) };
        let (least, most, found) = (range.least, range.most, entries.len());
        if !selected.whole || least == most {
            return Ok(());
        }
        if found < least || found > most {
            let message = format!("{}, and `{name}` has {least} to {most}", count(found, "value", "values"));
            return Err(LENGTH.at(value.span, message).help(format!("give {least} to {most} values")));
        }
        if let Some(length) = selected.lengths.first_mut() {
            let columns = selected.tokens.len() / (*length).max(1);
            *length = found;
            selected.tokens.truncate(found * columns);
        }
        Ok(())
    }

    /// Notes how many elements of an axis whose size may differ a datum has; others that run over it have as many.
    pub(super) fn count(
        &mut self,
        selected: &Selected,
        sets: Vec<(String, usize)>,
        span: Span,
    ) -> Option<Diagnostic> {
        let axis = *selected.axes.first().filter(|_| selected.whole)?;
        let own = self.looked.model.axis(axis);
        let AxisKind::Set(range) = own.kind else { return None };
        if range.least == range.most {
            return None;
        }
        let name = &selected.name;
        let Some(Counted { sets: known, datum, span: first }) = self.counted.get(&axis) else {
            self.counted.insert(axis, Counted { sets, datum: name.clone(), span });
            return None;
        };
        let other = |set: &str| known.iter().find(|(name, _)| name == set).map(|(_, count)| *count);
        let (set, found, other) = sets.iter().find_map(|(set, found)| {
            let other = other(set).filter(|other| other != found)?;
            Some((set, found, other))
        })?;
        let of = if set.is_empty() { String::new() } else { format!(" of `{set}`") };
        let axis = &own.name;
        let message = format!("`{name}` has {found} of `{axis}`{of}, and `{datum}` has {other}");
        let told = LENGTH.at(span, message).label(*first, format!("`{datum}` is given here"));
        Some(
            told.help(format!(
                "give both for every `{axis}`: a file keeps its rows, with empty cells for gaps"
            )),
        )
    }

    /// The values that are written, one for each selected token.
    fn written(&mut self, selected: &Selected, value: &Expr) -> Result<Vec<Option<f64>>, Option<Diagnostic>> {
        if let Some(told) = equals_file(value, &format!("given {}", selected.name)) {
            return Err(Some(told));
        }
        let mut leaves = Vec::new();
        self.leaves(value, &selected.lengths, &selected.name, &mut leaves)?;
        let occurring = self.occurring(selected.node);
        let mut values = Vec::new();
        for (leaf, &token) in leaves.iter().zip(&selected.tokens) {
            let Some(token) = self.graph.tokens.get(token) else { continue };
            let number = match leaf.kind {
                ExprKind::Truth(truth) if occurring(token.support).whole => f64::from(u8::from(truth)),
                _ => self.known_in(leaf, selected)?,
            };
            let support = occurring(token.support);
            if let Some(why) = outside(&token.name, number, &support) {
                let help = meant_otherwise(leaf, selected, &support);
                let help = help
                    .unwrap_or_else(|| "give a value that can occur, or change the distribution".to_owned());
                return Err(Some(OUTSIDE_SUPPORT.at(leaf.span, why).help(help)));
            }
            values.push(Some(number));
        }
        Ok(values)
    }

    /// The values of a node's support that occur: many distributions above zero never give zero itself.
    pub(super) fn occurring(&self, node: NodeId) -> impl Fn(Support) -> Support + use<> {
        let (mut open, mut reached) = (false, None);
        match &self.looked.model.node(node).definition {
            Definition::Draw(draw) => {
                let family = matches!(
                    draw.family,
                    Family::Exponential
                        | Family::Gamma
                        | Family::InverseGamma
                        | Family::Lognormal
                        | Family::Weibull
                );
                open = family && draw.transforms.is_empty();
            }
            Definition::Equals(_) => reached = Some(self.looked.reached(node)),
            _ => {}
        }
        move |support| match reached {
            Some(reached) => reached,
            None if open && support.low == 0.0 => Support { low: f64::MIN_POSITIVE, ..support },
            None => support,
        }
    }

    /// The numbers of a list that has one level for each selected axis.
    fn leaves<'e>(
        &self,
        value: &'e Expr,
        lengths: &[usize],
        name: &str,
        leaves: &mut Vec<&'e Expr>,
    ) -> Result<(), Diagnostic> {
        match (&value.kind, lengths.split_first()) {
            (ExprKind::List(entries), Some((length, deeper))) if entries.len() == *length => {
                entries.iter().try_for_each(|entry| self.leaves(entry, deeper, name, leaves))
            }
            (ExprKind::List(entries), Some((length, _))) => Err(LENGTH
                .at(
                    value.span,
                    format!("{}, and `{name}` has {length} here", count(entries.len(), "value", "values")),
                )
                .help(format!("give {}", shape(lengths)))),
            (ExprKind::List(entries), None) => Err(VECTOR
                .at(value.span, format!("a list stands where one number of `{name}` is expected"))
                .help(match entries.as_slice() {
                    [_] => "write it without brackets".to_owned(),
                    several => format!(
                        "give one number, or make it several in the model: `{name}[i]` with `axis i : index({})`",
                        several.len()
                    ),
                })),
            (ExprKind::Path(path), Some(_)) if is_nothing(&path.text()) => Err(VECTOR
                .at(value.span, format!("`{}` is no value", path.text()))
                .help("leave this line out: what is not mentioned is not known")),
            (_, Some((length, _))) => Err(match as_list(value) {
                Some(help) => VECTOR.at(value.span, "a call stands where values are expected").help(help),
                None => VECTOR
                    .at(value.span, format!("`{name}` has {length} elements, and one value is given"))
                    .help(format!("give {}, or one element: `{name}[1] = …`", shape(lengths))),
            }),
            (_, None) => {
                leaves.push(value);
                Ok(())
            }
        }
    }

    /// A given number in the unit of the quantity.
    fn known_in(&self, leaf: &Expr, selected: &Selected) -> Result<f64, Diagnostic> {
        let pure = Rc::new(Unit::one());
        let (own, what) = match (selected.measure.unit(), &selected.unit) {
            (Some(own), Some(unit)) => (own, format!("`{}` is in `{unit}`", selected.name)),
            (Some(own), None) => (own, format!("`{}` has none", selected.name)),
            (None, _) => (&pure, format!("`{}` has none", selected.name)),
        };
        self.looked.constants.number_in(leaf, Some(own), &what).map_err(|told| match selected.unit {
            None if told.code == UNIT_MISMATCH.name => {
                let help = told.help.clone().unwrap_or_default();
                told.help(format!("{help}, or say in the model in which unit `{}` is", selected.name))
            }
            _ => told,
        })
    }
}

/// What may be meant by a number outside of what can occur: the same in the unit of the quantity, or in percent.
fn meant_otherwise(leaf: &Expr, selected: &Selected, support: &Support) -> Option<String> {
    let (number, sign) = match &leaf.kind {
        ExprKind::Number(number) => (number, ""),
        ExprKind::Unary { operator: UnaryOperator::Neg, operand } => match &operand.kind {
            ExprKind::Number(number) => (number, "-"),
            _ => return None,
        },
        _ => return None,
    };
    let value = if sign.is_empty() { number.value } else { -number.value };
    match (&number.unit, &selected.unit) {
        (Some(written), Some(own)) if support.contains(value) && written.text != *own => {
            let unit = selected.measure.unit()?.behind(&format!("{sign}{}", number.value));
            let meant = unit.unwrap_or_else(|| format!("{sign}{}", number.value));
            Some(format!("did you mean `{meant}`? `{}` is in `{own}`", selected.name))
        }
        (None, None)
            if !number.percent && value > 1.0 && support.contains(value / 100.0) && support.high <= 1.0 =>
        {
            Some(format!("did you mean `{value}%`?"))
        }
        _ => None,
    }
}

/// What to write for a list made by a call of another language, `c(15, 10)` or `np.array([15, 10])`.
pub(super) fn as_list(value: &Expr) -> Option<String> {
    let (name, arguments) = match &value.kind {
        ExprKind::Call(call) => (call.path.text(), &call.arguments),
        ExprKind::Apply { base, arguments } => match &base.kind {
            ExprKind::Member { name, .. } => (name.text.clone(), arguments),
            _ => return None,
        },
        _ => return None,
    };
    list_of(&name, arguments).map(|list| format!("write `{list}`"))
}

/// The list that a call of another language makes: `c(15, 10)`, `np.array([15, 10])`, `rep(0.1, 2)`.
pub(super) fn list_of(name: &str, arguments: &[tree::Argument]) -> Option<String> {
    const LISTS: [&str; 9] =
        ["c", "list", "array", "asarray", "vector", "tuple", "tensor", "to_vector", "Array"];
    const LONGEST: usize = 20;
    let values: Vec<&Expr> = arguments.iter().map(|argument| &argument.value).collect();
    let listed = |entries: Vec<String>| format!("[{}]", entries.join(", "));
    match (name, values.as_slice()) {
        ("rep" | "rep_vector" | "replicate", [value, times]) => match &times.kind {
            ExprKind::Number(number) if (1.0..=LONGEST as f64).contains(&number.value) => {
                Some(listed(vec![shown(value)?; number.value as usize]))
            }
            _ => None,
        },
        (name, [first, ..]) if LISTS.contains(&name) => match &first.kind {
            ExprKind::List(_) => shown(first),
            _ => values.into_iter().map(shown).collect::<Option<_>>().map(listed),
        },
        _ => None,
    }
}

/// The file that is named where values stand: `"data/x.csv"`, `read.csv("data/x.csv")`, both also with what follows a file
/// here, `(column = "x")`.
fn file(value: &Expr) -> Option<&str> {
    let text = match &value.kind {
        ExprKind::Text(text) => text,
        ExprKind::Apply { base, .. } if file(base).is_some() => return file(base),
        ExprKind::Call(Call { arguments, .. }) | ExprKind::Apply { arguments, .. } => {
            match &arguments.first()?.value.kind {
                ExprKind::Text(text) => text,
                _ => return None,
            }
        }
        _ => return None,
    };
    let (_, ending) = text.rsplit_once('.')?;
    (!ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(text)
}

/// Says that a file is named after `=`; `left` is the statement before it.
pub(super) fn equals_file(value: &Expr, left: &str) -> Option<Diagnostic> {
    let path = file(value)?;
    let told = NOT_CONSTANT.at(value.span, "a file is read with `from`, not with `=`");
    let how = match &value.kind {
        ExprKind::Apply { base, arguments } if file(base).is_some() => {
            format!(" ({})", shown_arguments(arguments))
        }
        _ => String::new(),
    };
    Some(told.help(format!("write `{left} from \"{path}\"{how}`")))
}

/// What a written value of these lengths looks like: `a list of 2 lists of 3 values`.
fn shape(lengths: &[usize]) -> String {
    let Some((innermost, outer)) = lengths.split_last() else { return "one value".to_owned() };
    let lists = outer.iter().map(|length| count(*length, "list", "lists"));
    let levels: Vec<String> = lists.chain([count(*innermost, "value", "values")]).collect();
    format!("a list of {}", levels.join(" of "))
}

/// By how much numbers in a unit that is written as a text grow in that of the quantity of this name.
///
/// # Errors
/// It is no unit, or one of another kind.
pub(super) fn other_unit(
    text: &str,
    own: &Measure,
    name: &str,
    units: &Units,
    span: Span,
) -> Result<Factor, Diagnostic> {
    let Some(written) = sbi_syntax::unit(text) else {
        let told = UNKNOWN_UNIT.at(span, format!("`{text}` is no unit"));
        return Err(told.help("write one as behind a colon: `unit = \"mV/ms\"`"));
    };
    let found = unit_of(units, &written).map_err(|told| {
        let help = told.help.clone().unwrap_or_default();
        UNKNOWN_UNIT.at(span, told.message).help(help)
    })?;
    let pure = Rc::new(Unit::one());
    let own = own.unit().unwrap_or(&pure);
    if found.fits(own) {
        return Ok(found.factor(own));
    }
    let expected = match own.parts() {
        0 => "has no unit".to_owned(),
        _ => format!("is in `{own}`"),
    };
    let told = UNIT_MISMATCH.at(span, format!("`{name}` {expected}, and the file is said to be in `{text}`"));
    Err(told.help(match own.parts() {
        0 => {
            format!("say in the model in which unit `{name}` is: `{name} : {text}`, or leave `unit` out here")
        }
        _ => format!("write the unit of the file, one of the kind of `{own}`"),
    }))
}
